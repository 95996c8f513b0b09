"""Calls whose answers are checked: every route of a fake in this process, or what is safe to ask of another server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

from werkzeug.test import Client

from fakejobs.clock import Anchor
from fakejobs.contract.fetch import CannotRead, get, shown
from fakejobs.contract.live import Live, value_of
from fakejobs.drivers.hurried import hurried
from fakejobs.generate.source import Seeded
from fakejobs.generate.specs import expose_body, job_spec, labels_body, scheduled_body
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.api_dates import LATEST
from fakejobs.model.stages import JobStage
from fakejobs.web.app import wsgi_app
from fakejobs.web.context import DRIVE_KEY
from fakejobs.wire.json_types import Json
from fakejobs.wire.pieces import PIECES, STAGES
from fakejobs.wire.schema import ROUTES, routes_at

START = 1_780_000_000_000
"""2026-05-28T20:26:40.000Z: when the tour begins, in virtual time."""

GENERATED = 40
"""Jobs of the tour that are drawn, besides those in which something special happens."""

PER_STAGE = 2
"""Jobs of each stage that are looked at on another server."""

_UNKNOWN_ID = "0" * 24


class _Guide:
    """Calls the fake, keeps the answers, and moves its time."""

    def __init__(self, hub: FakeHub) -> None:
        self.hub = hub
        self.answers: list[Live] = []
        self.routes = {route.name: route for route in routes_at(hub.settings.api)}
        self._client = Client(wsgi_app(hub))
        self.webhook = {"webhookId": _UNKNOWN_ID, "action": "disable", "logId": _UNKNOWN_ID}

    def call(
        self,
        name: str,
        namespace: str = "fake-user",
        job_id: str = _UNKNOWN_ID,
        *,
        perms: str = "read",
        query: str = "",
        body: Json = None,
        token: str | None = "hf_tour",  # noqa: S107 - any token will do
    ) -> Json:
        """Call a route, if it was there on the day of the hub; returns the JSON of its answer, if it is JSON."""
        if name not in self.routes:
            return None
        route = self.routes[name]
        values = {"namespace": namespace, "jobId": job_id, "perms": perms, **self.webhook}
        path = "/".join(values[part[1:-1]] if part[:1] == "{" else part for part in route.path.split("/"))
        answer = self._client.open(
            path,
            method=route.method,
            query_string=query,
            json=body if route.body else None,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            environ_overrides={DRIVE_KEY: hurried},
        )
        with closing(answer):
            live = Live(name, answer.status_code, answer.get_data())
        self.answers.append(live)
        return value_of(live.body)

    def make(self, spec: Json, namespace: str = "fake-user") -> str:
        """Submit a job; returns its id."""
        job = self.call("create", namespace, body=spec)
        return (_ids([job]) or [_UNKNOWN_ID])[0]

    def advance(self, minutes: int) -> None:
        """Let virtual time pass."""
        self.hub.clock.advance(minutes * 60_000)


def fake_answers(date: str = LATEST) -> Iterator[Live]:
    """The answers of a fake in this process, to calls of every route: jobs of all kinds in every stage, errors, streams.

    Args:
        date: as of which day it answers, ISO or ``latest``.
    """
    settings = settings_from(
        {
            "api": date,
            "orgs": ["tour-org", {"name": "tour-poor", "groups": [{"name": "tour-group", "limit": 0.0002}]}],
            "namespaces": {"tour-poor": {"credits": 0.002}},
        }
    )
    hub = FakeHub(settings=settings, anchor=Anchor(START, START, frozen=True))
    with closing(hub):
        guide = _Guide(hub)
        _tour(guide)
        yield from guide.answers


_PLAIN: dict[str, Json] = {
    "flavor": "cpu-basic",
    "dockerImage": "python:3.12",
    "command": ["python", "train.py"],
    "timeoutSeconds": 86_400,
    "timeout": 86_400,  # as it was once called
}


def _spec(word: str) -> dict[str, Json]:
    """A job that does what the rule of this word says: ``ends``, ``fails`` or ``stays``."""
    return {**_PLAIN, "command": ["python", f"{word}.py"], "labels": {"tour": word}}


def _tour(guide: _Guide) -> None:
    source, hub = Seeded(0), guide.hub
    hub.when(command="*ends.py").then(running="2m", logs=["epoch 1", "epoch 2", "done"])
    hub.when(command="*fails.py").then(running="1m", exit_code=3, logs=["about to fail"])
    hub.when(command="*stays.py").then(scheduling="1m", running="forever")

    def made(word: str, **more: Json) -> str:
        return guide.make({**_spec(word), **more})

    guide.call("whoami")
    guide.call("hardware", token=None)
    ended, failed, stays = made("ends"), made("fails", attempts=2), made("stays")
    handed = made("stays", secrets={"HF_TOKEN": "hf_tour"})
    exposed = made("stays", expose={"ports": [8000, 9000], "portsPublic": [9000]}, ssh={"enabled": True})
    unpaid, deleted = made("stays"), made("stays")
    mine = [ended, failed, stays, handed, exposed, unpaid, deleted]
    mine += [guide.make(job_spec(source)) for _ in range(GENERATED // 2)]
    org = [guide.make(job_spec(source), "tour-org") for _ in range(GENERATED // 2)]
    for stage in STAGES:
        hub.add_job(stage=stage, age="3h", **({"running": "forever"} if stage == "RUNNING" else {}))
    hub.transition(unpaid, JobStage.CANCELED, cancel_reason="NO_CREDITS")
    hub.transition(deleted, JobStage.CANCELED)
    hub.transition(deleted, JobStage.DELETED)
    for minutes in (0, 2, 60):
        guide.advance(minutes)
        _look(guide, mine, org)
    for name in ("logs", "events"):
        guide.call(name, job_id=ended)
        guide.call(name, job_id=failed)
    guide.call("logs", job_id=ended, query="tail=2")
    guide.call("metrics", job_id=stays)
    guide.call("labels", job_id=stays, body=labels_body(source))
    guide.call("expose", job_id=exposed, body=expose_body(source))
    again = guide.call("duplicate", job_id=failed)
    guide.call("cancel", job_id=exposed)
    for perms in ("read", "write"):
        guide.call("auth-check", "tour-org", perms=perms)
        guide.call("job-auth-check", job_id=stays, perms=perms)
    _look(guide, [stays, exposed, *_ids([again])], [])
    _schedules(guide, scheduled_body(source))
    _webhooks(guide, ended)
    _without_money(guide)
    guide.call("jobs-usage")
    _errors(guide, stays)


def _look(guide: _Guide, mine: list[str], org: list[str]) -> None:
    """Every job, and all lists and counts."""
    for namespace, job_ids in (("fake-user", mine), ("tour-org", org)):
        for job_id in job_ids:
            guide.call("inspect", namespace, job_id)
        for query in ("", *(f"stage={stage}" for stage in STAGES)):
            guide.call("list", namespace, query=query)
            guide.call("count", namespace, query=query)


def _schedules(guide: _Guide, body: Json) -> None:
    if "scheduled-create" not in guide.routes:
        return
    made = guide.call("scheduled-create", body=body)
    scheduled = str(made["id"]) if isinstance(made, dict) and "id" in made else _UNKNOWN_ID
    runs = guide.call(
        "scheduled-create",
        body={
            "jobSpec": _spec("ends"),
            "schedule": "*/5 * * * *",
            "concurrency": True,
        },
    )
    guide.advance(60)
    for query in ("", "label=tour%3Dends", "label=none"):
        guide.call("scheduled-list", query=query)
    for each in _ids([made, runs]):
        guide.call("scheduled-inspect", job_id=each)
    guide.call("scheduled-run", job_id=_ids([runs])[0])
    guide.call("scheduled-suspend", job_id=_ids([runs])[0])
    guide.call("scheduled-create", body={"jobSpec": {"flavor": "none"}, "schedule": "@midnight"})
    guide.call("scheduled-schedule", job_id=scheduled, body={"schedule": "75 * * * *"})
    guide.call("scheduled-schedule", job_id=scheduled, body={"schedule": "@daily"})
    guide.call("scheduled-labels", job_id=scheduled, body={"labels": {"tour": "labels"}})
    for name in (
        "scheduled-suspend",
        "scheduled-resume",
        "scheduled-run",
        "scheduled-run",
        "scheduled-delete",
    ):
        guide.call(name, job_id=scheduled)


def _webhooks(guide: _Guide, source_id: str) -> None:
    watched: Json = {"watched": [{"type": "user", "name": "fake-user"}], "domains": ["repo", "discussion"]}
    assert isinstance(watched, dict)
    spec: Json = {**_spec("ends"), "secrets": {"KEY": "value"}, "arguments": ["--quick"]}
    guide.call("webhook-create", body={**watched, "url": "https://example.org/hook", "secret": "hush"})
    guide.call("webhook-create", body={**watched, "jobSourceId": source_id})
    made = guide.call("webhook-create", body={**watched, "job": spec})
    webhook = (
        made.get("webhook") if isinstance(made, dict) else None
    )  # an error, before they could start jobs
    if isinstance(webhook, dict):
        guide.webhook["webhookId"] = str(webhook["id"])
    delivery = guide.hub.fire_event(repo="fake-user/data", type="dataset")[-1]
    guide.webhook["logId"] = delivery.id
    guide.call("webhook-replay")
    guide.call("webhook-list")
    guide.call("webhook-inspect")
    guide.call(
        "webhook-update", body={**watched, "job": {"flavor": "cpu-basic", "spaceId": "fake-user/space"}}
    )
    for action in ("disable", "enable"):
        guide.webhook["action"] = action
        guide.call("webhook-action")
    guide.call("webhook-delete")


def _without_money(guide: _Guide) -> None:
    """Credits that are used up, in the middle of a job and at a tick, and a resource group that has spent its limit."""
    (org,) = [each for each in guide.hub.settings.identity.orgs if each.groups]
    stays = _spec("stays")
    made = guide.call("scheduled-create", org.name, body={"jobSpec": stays, "schedule": "@hourly"})
    jobs = [guide.make(stays, org.name)]
    jobs.append(guide.make({**stays, "resourceGroupId": org.groups[0].id}, org.name))
    for minutes in (2, 120):
        guide.advance(minutes)
        for job_id in jobs:
            guide.call("inspect", org.name, job_id)
        for scheduled in _ids([made]):
            guide.call("scheduled-inspect", org.name, scheduled)
    guide.make(stays, org.name)
    guide.call("duplicate", org.name, jobs[0])
    for name in ("scheduled-run", "scheduled-resume"):
        for scheduled in _ids([made]):
            guide.call(name, org.name, scheduled)
    guide.call("list", org.name)


def _errors(guide: _Guide, job_id: str) -> None:
    for route in guide.routes.values():
        guide.call(route.name, token=None, job_id=job_id)
        guide.call(route.name, "no-such-user", job_id=job_id)
        if "{jobId}" in route.path:
            guide.call(route.name)  # no such job
            guide.call(route.name, job_id="no-id")
    guide.call("create", body={**_PLAIN, "flavor": "no-such-flavor", "attempts": 0})
    guide.call("create", body=[])
    guide.call("labels", job_id=job_id, body={"labels": {"no label": ""}})
    guide.call("expose", job_id=job_id, body={"ports": [0]})
    guide.call("list", query="stage=NO_SUCH_STAGE")
    guide.call("list", query="cursor=none")
    guide.call("logs", job_id=job_id, query="tail=-1")


# ---------------------------------------------------------------------------------------- another server


def server_answers(url: str, token: str | None) -> Iterator[Live]:
    """The answers of a server to what is safe to ask: GET requests, each with an answer that ends.

    Who is calling, hardware, the jobs of the caller (all, and by stage), how many there are, the first of each stage, scheduled
    jobs, webhooks, what jobs have used. Nothing is made or changed.

    Raises:
        ValueError: nobody answers there, or the token is not known; a sentence says so, and never the token.
    """
    url = url.rstrip("/")
    routes = {route.name: route for route in ROUTES}

    def ask(name: str, namespace: str = "", job_id: str = "", query: str = "") -> Live:
        path = routes[name].path.replace("{namespace}", quote(namespace, safe="")).replace("{jobId}", job_id)
        answer = get(f"{url}{path}{'?' + query if query else ''}", token=token)
        return Live(name, answer.status, answer.body)

    me = ask("whoami")
    if me.status in (401, 403):
        raise CannotRead(
            f"{shown(url)}: does not say who is calling ({me.status}); give a token: --token, or HF_TOKEN"
        )
    if 300 <= me.status < 400:
        raise CannotRead(f"{shown(url)}: leads elsewhere ({me.status}); give the address that it leads to")
    yield me
    yield ask("hardware")
    who = value_of(me.body)
    namespace = who.get("name") if isinstance(who, dict) else None
    if not isinstance(namespace, str) or not namespace:
        return  # and the check of `me` says what is wrong
    yield ask("list", namespace)
    yield ask("count", namespace)
    for stage in STAGES:
        page = ask("list", namespace, query=f"stage={stage}")
        yield page
        yield ask("count", namespace, query=f"stage={stage}")
        for job_id in _ids(value_of(page.body))[:PER_STAGE]:
            yield ask("inspect", namespace, job_id)
    yield ask("jobs-usage")
    yield ask("webhook-list")
    scheduled = ask("scheduled-list", namespace)
    yield scheduled
    for job_id in _ids(value_of(scheduled.body))[:PER_STAGE]:
        yield ask("scheduled-inspect", namespace, job_id)


def _ids(jobs: Json) -> list[str]:
    """The ids in a list of jobs: only what can be one goes into an address."""
    given = [job for job in jobs if isinstance(job, dict)] if isinstance(jobs, list) else []
    # Of the first jobs, the id was in their metadata.
    parts = [about if isinstance(about := job.get("metadata"), dict) else job for job in given]
    found = [each.get("id", each.get("jobId")) for each in parts]
    return [each for each in found if isinstance(each, str) and _ID.fullmatch(each)]


_ID = re.compile(PIECES["job-id"]["pattern"])
