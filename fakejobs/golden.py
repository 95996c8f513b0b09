"""Golden payloads: what the API answered on each day on which it changed, as files for suites in any language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from werkzeug.test import Client, TestResponse

from fakejobs.clock import Anchor
from fakejobs.drivers.hurried import hurried
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.api_dates import before
from fakejobs.model.stages import JobStage
from fakejobs.model.times import from_iso
from fakejobs.web.app import wsgi_app
from fakejobs.web.context import DRIVE_KEY
from fakejobs.wire.history import CHANGES
from fakejobs.wire.json_types import Json
from fakejobs.wire.schema import routes_at

DAYS: tuple[str, ...] = tuple(dict.fromkeys(change.day for change in CHANGES))
"""The days that have payloads: each on which something is known to have changed. The last one is today's API."""

TITLE = "# Golden payloads"
_TOKEN = "hf_golden"  # noqa: S105 - any token will do
_JOB: dict[str, Json] = {
    "dockerImage": "python:3.12",
    "command": ["python", "train.py"],
    "arguments": [],
    "environment": {"EPOCHS": "3"},
    "flavor": "t4-small",
}
# What a job may ask for, as far as the day knows it.
_MORE: dict[str, Json] = {
    "arguments": ["--lr", "3e-4"],
    "secrets": {"API_KEY": "never shown", "HF_TOKEN": _TOKEN},
    "timeoutSeconds": 7200,
    "timeout": 7200,
    "attempts": 2,
    "labels": {"name": "train-0", "team": "nlp"},
    "volumes": [
        {"type": "dataset", "source": "ada/data", "mountPath": "/data"},
        {"type": "bucket", "source": "ada/out", "mountPath": "/out", "readOnly": False, "path": "run-1"},
    ],
    "ssh": {"enabled": True},
    "network": {"group": "team", "aliases": ["head"]},
}
_PORTS: Json = {"ports": [8000, 9000], "portsPublic": [9000]}
_SCHEDULED: dict[str, Json] = {"schedule": "@daily", "jobSpec": _JOB}


def payloads(day: str) -> dict[str, Json]:
    """The payloads of one day, by name: bodies as they are, and streams and errors with what belongs to them.

    The same day gives the same payloads, always: they come from a hub of its own, whose time begins at noon.

    Args:
        day: an ISO date, or ``latest``.

    Raises:
        ValueError: it is no such date.
    """
    at = from_iso(f"{CHANGES[-1].day if day == 'latest' else day}T12:00:00.000Z")
    orgs = [{"name": "acme", "groups": [{"name": "nlp"}]}]
    settings = settings_from({"api": day, "users": ["ada"], "orgs": orgs})
    hub = FakeHub(settings=settings, anchor=Anchor(at, at, frozen=True))
    with closing(hub):
        return dict(_made(_Asking(hub, day)))


def write(folder: Path) -> int:
    """Write the payloads of all days: ``folder/<day>/<name>.json``, and a README; returns how many files.

    In the folders of its days, files of payloads that there are no more are removed.

    Raises:
        OSError: the folder cannot be written.
        ValueError: it has a README of something else; nothing was written.
    """
    page = folder / "README.md"
    if page.exists() and not page.read_text(encoding="utf-8", errors="replace").startswith(TITLE):
        raise ValueError(f"{page} is not about golden payloads; give a folder of their own")
    kept: set[Path] = set()
    for day in DAYS:
        (folder / day).mkdir(parents=True, exist_ok=True)
        for name, payload in payloads(day).items():
            path = folder / day / f"{name}.json"
            path.write_text(text(payload), encoding="utf-8", newline="\n")
            kept.add(path)
        for path in (folder / day).glob("*.json"):
            if path not in kept:
                path.unlink()
    page.write_text(readme(), encoding="utf-8", newline="\n")
    return len(kept)


def text(payload: Json) -> str:
    """A payload as a file has it."""
    return json.dumps(payload, indent=2, ensure_ascii=False) + "\n"


class _Asking:
    """Asks a hub, as of one day."""

    def __init__(self, hub: FakeHub, day: str) -> None:
        self.hub = hub
        self.day = day
        self.routes = {route.name: route for route in routes_at(day)}
        self._client = Client(wsgi_app(hub))

    def answer(
        self,
        name: str,
        namespace: str = "ada",
        job_id: str = "0" * 24,
        *,
        body: Json = None,
        token: str | None = _TOKEN,
    ) -> TestResponse:
        route = self.routes[name]
        values = {"namespace": namespace, "jobId": job_id}
        path = "/".join(values[part[1:-1]] if part[:1] == "{" else part for part in route.path.split("/"))
        return self._client.open(
            path,
            method=route.method,
            json=body if route.body else None,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            environ_overrides={DRIVE_KEY: hurried},
        )

    def body(self, name: str, namespace: str = "ada", job_id: str = "", *, body: Json = None) -> Json:
        found: Json = self.answer(name, namespace, job_id, body=body).get_json()
        return found


def _made(ask: _Asking) -> Iterator[tuple[str, Json]]:
    hub, day = ask.hub, ask.day
    hub.when(command="*train.py*").then(
        scheduling="10s", running="5m", logs=["epoch 1", "epoch 2 🤗", "done"]
    )
    hub.when(command="*fail.py").then(scheduling="10s", running="90s", exit_code=1, logs=["about to fail"])
    yield "whoami", ask.body("whoami")
    if "hardware" in ask.routes:
        yield "hardware", ask.body("hardware")

    waiting = ask.body("create", body=_JOB)
    train, fail, stop = (
        _id(waiting),
        _id(ask.body("create", body=_spec("fail.py"))),
        _id(ask.body("create", body=_JOB)),
    )
    expose: Json = {"enabled": True} if before(day, "2026-06-09") else _PORTS
    (group,) = hub.settings.identity.orgs[0].groups
    full = _id(
        ask.body("create", "acme", body={**_JOB, **_MORE, "expose": expose, "resourceGroupId": group.id})
    )
    again = _id(ask.body("duplicate", job_id=stop))
    yield "job-submitted", waiting
    hub.clock.advance(30_000)
    yield "job-running", ask.body("inspect", job_id=train)
    yield "job-with-everything", ask.body("inspect", "acme", full)
    yield "job-duplicated", ask.body("inspect", job_id=again)
    yield (
        "metrics",
        _frames(ask.answer("metrics-stream" if "metrics-stream" in ask.routes else "metrics", job_id=train)),
    )
    hub.clock.advance(30_000)
    ask.body("cancel", job_id=stop)
    hub.clock.advance(600_000)
    for stage, job_id in (("completed", train), ("error", fail), ("canceled", stop)):
        yield f"job-{stage}", ask.body("inspect", job_id=job_id)
    hub.transition(again, JobStage.DELETED)
    yield "job-deleted", ask.body("inspect", job_id=again)
    yield "logs", _frames(ask.answer("logs-stream" if "logs-stream" in ask.routes else "logs", job_id=train))
    yield "job-list", ask.body("list")
    yield "count", ask.body("count")
    yield from _scheduled(ask)
    yield "errors", list(_errors(ask, train))


def _scheduled(ask: _Asking) -> Iterator[tuple[str, Json]]:
    if "scheduled-create" not in ask.routes:
        return
    made = ask.body("scheduled-create", body=_SCHEDULED)
    yield "scheduled-job-new", made
    ask.hub.clock.advance(86_400_000)
    yield "scheduled-job", ask.body("scheduled-inspect", job_id=_id(made))
    yield "scheduled-job-list", ask.body("scheduled-list")
    yield "job-of-schedule", ask.body("scheduled-run", job_id=_id(made))


def _errors(ask: _Asking, job_id: str) -> Iterator[Json]:
    """Refusals, with what was asked: status, the headers that clients look at, and the body."""
    asked: tuple[tuple[str, TestResponse], ...] = (
        ("no token", ask.answer("inspect", job_id=job_id, token=None)),
        ("no such job", ask.answer("inspect")),
        ("no such namespace", ask.answer("list", "nobody-of-that-name")),
        ("no flavor", ask.answer("create", body={"dockerImage": "python:3.12"})),
        ("a flavor that there is not", ask.answer("create", body={**_JOB, "flavor": "abacus"})),
        (
            "metrics of a job that is over",
            ask.answer("metrics-stream" if "metrics-stream" in ask.routes else "metrics", job_id=job_id),
        ),
    )
    for what, answer in asked:
        headers = {
            name: answer.headers[name]
            for name in ("X-Error-Message", "X-Error-Code")
            if name in answer.headers
        }
        yield {"asked": what, "status": answer.status_code, "headers": {**headers}, "body": answer.get_json()}


def _spec(script: str) -> dict[str, Json]:
    return {**_JOB, "command": ["python", script]}


def _frames(answer: TestResponse) -> Json:
    with closing(answer):
        frames = answer.get_data(as_text=True).split("\n\n")
    return {"content-type": answer.content_type, "frames": [f"{frame}\n\n" for frame in frames if frame]}


def _id(job: Json) -> str:
    assert isinstance(job, dict)
    about = job.get("metadata", job)
    assert isinstance(about, dict)
    return str(about.get("id", about.get("jobId")))


_FILES = (
    ("job-submitted", "the answer to a submission: a job that waits"),
    ("job-running", "a job that runs"),
    ("job-completed, job-error, job-canceled, job-deleted", "jobs that are over"),
    ("job-with-everything", "a running job of an organisation that asked for all that the day knows"),
    ("job-duplicated, job-of-schedule", "jobs that another job, or a schedule, brought about"),
    ("job-list, count", "a page of jobs, and how many there are"),
    (
        "scheduled-job-new, scheduled-job, scheduled-job-list",
        "a scheduled job before and after its first run",
    ),
    ("hardware, whoami", "the hardware list, and who is calling"),
    ("logs, metrics", "streams: `content-type`, and `frames` as they are sent"),
    ("errors", "refusals: what was `asked`, `status`, the `headers` that clients look at, `body`"),
)


def readme() -> str:
    """The page beside the payloads."""
    files = "\n".join(f"| `{'.json`, `'.join(names.split(', '))}.json` | {what} |" for names, what in _FILES)
    rows = "\n".join(
        f"| [{change.day}]({change.day}) | {change.text} | {change.source} | {'certain' if change.certain else 'at the latest'} |"
        for change in CHANGES
    )
    return f"""{TITLE}

What the Jobs API answered on each day on which it changed, for suites in any language. Take the folder of the last day that is not after yours; the last one is
today's API. A file is the body of an answer, indented; streams and errors have what belongs to them.

| file | what it is |
|---|---|
{files}

A file is missing on days that did not have its route.

## Where they are from

No server of the Hub was asked: they are answers of a fake, with seed 0, whose time begins at noon of the day, and the same command makes the same bytes:

```sh
fakejobs api payloads fixtures/payloads
```

- **Names, types, order of keys, and which of them may be missing**: certain as of August 2026, from the Hub's OpenAPI document; what came after is from clients.
- **What exists on which day**: see below. *Certain* is a day that a public document or thread gives; *at the latest* is the release day of the first client that
  knows of the change. Keys without a day of their own are in all folders, although some of them may have come later.
- **The first three folders**: of these jobs, only what hfjobs 0.5 and drbh/hfjobs-menubar read is known; the rest of `spec` is what was asked for.
- **Authors** (2025-08-02): the keys are certain (huggingface_hub#3283), flags and counts are made up.
- **Values** (ids, times, delays, metrics) are simulated. Texts of errors are those that clients and threads show; see the quirks of fakejobs for what is known of each.

| from | what changed that day | source | the day is |
|---|---|---|---|
{rows}
"""
