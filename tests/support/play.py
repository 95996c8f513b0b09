"""Short hands for playing with a hub and the app over it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TypeVar

from werkzeug.test import Client, TestResponse

from fakejobs.clock import WaitUntil
from fakejobs.hub import FakeHub
from fakejobs.model.job import JobAt
from fakejobs.model.plan import NEVER
from fakejobs.wire.encode import job_body
from tests.conftest import JOB, TOKEN

ME = "fake-user"
"""The namespace of the default user."""

Step = TypeVar("Step")


def submit(
    hub: FakeHub,
    *,
    namespace: str = ME,
    labels: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    **spec: object,
) -> str:
    """Submit `JOB` with changes; returns its id."""
    caller = hub.caller("hf_any")
    full = {**JOB, "environment": {}, **spec}
    return hub.submit(caller, namespace, full, labels=labels, secrets=secrets).job.id


def look(hub: FakeHub, job_id: str, namespace: str = ME) -> JobAt:
    """The job as it is now."""
    return hub.job(hub.caller("hf_any"), namespace, job_id)


def body(hub: FakeHub, job_id: str, namespace: str = ME) -> dict[str, object]:
    """The job as it is on the wire now."""
    return job_body(look(hub, job_id, namespace), hub.settings.quirks)


def stage(hub: FakeHub, job_id: str) -> str:
    """The stage of the job now."""
    return look(hub, job_id).stage.value


def drain(
    hub: FakeHub, steps: Generator[Step | WaitUntil, None, None], until: int = NEVER
) -> list[tuple[int, Step]]:
    """What the stream says and when, with the clock set to each instant that it waits for, up to ``until``."""
    said: list[tuple[int, Step]] = []
    for step in steps:
        if not isinstance(step, WaitUntil):
            said.append((hub.clock.now(), step))
        elif step.instant > until or step.instant >= NEVER:
            steps.close()
            break
        else:
            assert step.instant > hub.clock.now(), "a stream must not wait for what is past"
            hub.clock.set(step.instant)
    return said


def create(web: Client, **spec: object) -> str:
    """POST `JOB` with changes; returns its id."""
    answer = post(web, f"/api/jobs/{ME}", {**JOB, **spec})
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["id"])


def get(web: Client, path: str, **headers: str) -> TestResponse:
    """GET with a token."""
    return web.get(path, headers={**TOKEN, **headers})


def post(web: Client, path: str, json: object = None) -> TestResponse:
    """POST with a token."""
    return web.post(path, headers=TOKEN, json=json)


def put(web: Client, path: str, json: object) -> TestResponse:
    """PUT with a token."""
    return web.put(path, headers=TOKEN, json=json)
