"""The demonstration: three jobs, driven by the real huggingface_hub client over HTTP, each step checked."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.model.billing import dollars, micro_usd
from fakejobs.scenario import Scenario, open_hub
from fakejobs.web.app import wsgi_app

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo

SPEED = 60
_CLIENT = "huggingface_hub 1.20 or newer: pip install 'fakejobs[client]'"
_IMAGE = "python:3.12"


class DemoFailed(Exception):
    """The demonstration did not go as it should; the message says what was expected and what was seen."""


@dataclass(frozen=True)
class _Row:
    name: str
    job_id: str
    expected: tuple[str, str | None]


def run_demo(say: Callable[[str], None]) -> None:
    """Run it, telling each step to ``say``.

    Raises:
        DemoFailed: something was not as expected, or the client is missing.
    """
    began = time.monotonic()
    hub = open_hub(scenario=Scenario(speed=SPEED))
    try:
        with serve_in_thread(wsgi_app(hub)) as server, _client(server.url) as api:
            say(f"fakejobs serves the Jobs API on {server.url}, one simulated minute a second.")
            rows = _three_jobs(hub, api, say)
            say("")
            for line in _table(hub, rows):
                say(line)
    except DemoFailed:
        raise
    except Exception as error:
        raise DemoFailed(f"the client raised {type(error).__name__}: {error}") from error
    finally:
        hub.close()
    say(f"\nAll as expected, in {time.monotonic() - began:.1f} s.")


def _three_jobs(hub: FakeHub, api: HfApi, say: Callable[[str], None]) -> list[_Row]:
    hub.when(name="train").then(
        scheduling="20s",
        running="2m",
        logs=["loading data", "epoch 1: loss 0.90", "epoch 2: loss 0.10", "saved"],
    )
    hub.when(name="evaluate").then(
        scheduling="2m", running="30s", logs=["Traceback: no such file"], exit_code=1
    )
    hub.when(name="serve").then(scheduling="5s", running="forever")

    train = _submit(api, "train", "cpu-upgrade", say)
    evaluate = _submit(api, "evaluate", "a10g-small", say)
    serve = _submit(api, "serve", "h200", say)

    say("\nFollowing the log of train:")
    lines = []
    for line in api.fetch_job_logs(job_id=train.id, follow=True):
        say(f"  | {line}")
        lines.append(line)
    expected = ["loading data", "epoch 1: loss 0.90", "epoch 2: loss 0.10", "saved"]
    _expect("the log of train", expected, lines)
    _expect(
        "the stage of train when its log ends",
        "COMPLETED",
        str(api.inspect_job(job_id=train.id).status.stage),
    )

    say("\nWaiting for evaluate ...")
    _expect(
        "the stage of evaluate", "ERROR", str(api.wait_for_job(job_id=evaluate.id, timeout=60).status.stage)
    )
    say("Cancelling serve ...")
    _expect("the stage of serve before", "RUNNING", str(api.inspect_job(job_id=serve.id).status.stage))
    api.cancel_job(job_id=serve.id)

    listed = [job.id for job in api.list_jobs()]
    _expect("the list, newest first", [serve.id, evaluate.id, train.id], listed)
    rows = [
        _Row("train", train.id, ("COMPLETED", None)),
        _Row("evaluate", evaluate.id, ("ERROR", "Job failed with exit code: 1. Reason: Error")),
        _Row("serve", serve.id, ("CANCELED", None)),
    ]
    for row in rows:
        status = api.inspect_job(job_id=row.job_id).status
        _expect(f"the status of {row.name}", row.expected, (str(status.stage), status.message))
    return rows


def _submit(api: HfApi, name: str, flavor: str, say: Callable[[str], None]) -> JobInfo:
    job = api.run_job(image=_IMAGE, command=["python", f"{name}.py"], flavor=flavor, labels={"name": name})
    _expect(f"the stage of {name} when it is submitted", "SCHEDULING", str(job.status.stage))
    say(f"  {name}: {job.url} on {flavor}")
    return job


def _table(hub: FakeHub, rows: list[_Row]) -> Iterator[str]:
    yield f"{'job':<10}{'flavor':<14}{'stage':<11}{'waited':>7}{'ran':>7}{'cost':>10}  message"
    flavors = {flavor.name: flavor for flavor in hub.hardware}
    total = 0
    jobs = {seen.job.id: seen for seen in hub.all_jobs()}
    for row in rows:
        seen = jobs[row.job_id]
        plan = seen.job.plan
        started = plan.started_at(seen.now)
        cost = micro_usd(flavors[seen.job.flavor], plan, seen.now)
        total += cost
        waited, ran = (
            (0, 0) if started is None else (started - plan.created, min(plan.end, seen.now) - started)
        )
        yield (
            f"{row.name:<10}{seen.job.flavor:<14}{seen.stage:<11}{waited // 1000:>6}s{ran // 1000:>6}s"
            f"{f'${dollars(cost):.4f}':>10}  {plan.message or ''}"
        )
    yield f"On the Hub this would have cost ${dollars(total):.4f}; here it was free."


def _expect(what: str, expected: object, seen: object) -> None:
    if expected != seen:
        raise DemoFailed(f"{what}: expected {expected!r}, saw {seen!r}")


@contextmanager
def _client(url: str) -> Iterator[HfApi]:
    """The real client, away from the developer's own settings, cache and token."""
    with tempfile.TemporaryDirectory(prefix="fakejobs-demo-") as home:
        settings = {
            "HF_HOME": home,
            "HF_ENDPOINT": url,
            "HF_TOKEN": "hf_fakejobs",
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        before = {key: os.environ.get(key) for key in settings}
        os.environ.update(settings)
        try:
            try:
                from huggingface_hub import HfApi
            except ImportError:
                raise DemoFailed(f"the demonstration needs {_CLIENT}") from None
            if not hasattr(HfApi, "wait_for_job"):
                raise DemoFailed(f"the client is too old; the demonstration needs {_CLIENT}")
            yield HfApi(endpoint=url, token="hf_fakejobs")  # noqa: S106 - any token will do
        finally:
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value
