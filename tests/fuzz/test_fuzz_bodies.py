"""JSON bodies that are nearly right: for the API, and for the admin API."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from fakejobs.hub import FakeHub
from fakejobs.hub.webhooks import WebhookChange
from fakejobs.model.webhooks import Watched
from fakejobs.wire.read_json import BODY_LIMIT
from fakejobs.wire.schema import ROUTES, Route
from tests.conftest import JOB, TOKEN, frozen_hub
from tests.fuzz.bytes_of import bodies
from tests.fuzz.served import check_answer, in_virtual_time, refused_or_done, unharmed
from tests.fuzz.size import share
from tests.support.play import ME, submit

FULL = {
    **JOB,
    "arguments": ["-x"],
    "environment": {"AB": "1"},
    "secrets": {"S": "v"},
    "arch": "amd64",
    "timeoutSeconds": 60,
    "attempts": 2,
    "labels": {"a": "b"},
    "volumes": [{"type": "model", "source": "a/b", "mountPath": "/m"}],
    "expose": {"ports": [80], "portsPublic": [80]},
    "ssh": {"enabled": True},
    "network": {"group": "g", "aliases": ["x"]},
    "resourceGroupId": "a" * 24,
}
API_WORDS = (
    *FULL, "spaceId", "labels", "ports", "portsPublic", "enabled", "type", "source", "mountPath", "group", "aliases", "jobSpec",
    "schedule", "suspend", "concurrency", "watched", "domains", "url", "job", "jobSourceId", "secret",
)  # fmt: skip
API = [
    FULL,
    JOB,
    {"labels": {"a": "b"}},
    {"ports": [80], "portsPublic": []},
    {"jobSpec": JOB, "schedule": "@daily"},
    {"watched": [{"type": "dataset", "name": "a/b"}], "domains": ["repo"], "job": JOB, "secret": "s"},
    {
        "watched": [{"type": "user", "name": "a"}],
        "domains": ["repo"],
        "url": "https://example.org",
        "secrets": {"S": "v"},
    },
]

ADMIN_WORDS = (
    "when", "then", "advance", "set", "freeze", "speed", "stage", "message", "cancel_reason", "seed", "users", "orgs", "tokens",
    "quirks", "flavors", "start", "image", "flavor", "labels", "environment", "name", "scheduling", "running", "logs", "exit_code",
    "oom", "image_pull_error", "between", "age", "attempts", "timeout", "namespace", "command", "capacity", "token", "user", "role",
    "members", "plan", "cancel_finished", "job_not_found", "h200", "cpu-basic",
)  # fmt: skip
RULE = {
    "when": {"flavor": "h200*"},
    "then": {"scheduling": {"between": ["1m", "2m"]}, "running": "1h", "logs": ["a", "b"], "exit_code": 1},
}
ADMIN: dict[str, list[object]] = {
    "rules": [RULE, {"then": [{"running": 5}, {"oom": True}]}],
    "rules/1/then": [RULE["then"]],
    "clock": [{"advance": "1h"}, {"set": "2027-01-01T00:00:00Z"}, {"freeze": True}, {"speed": 60}],
    "reset": [{}, {"seed": 4, "users": ["ada"], "orgs": [{"name": "o", "members": {"ada": "admin"}}], "start": "2026-01-01T00:00:00Z"},
              {"quirks": {"cancel_finished": "200"}, "flavors": {"h200": {"capacity": 1}}, "tokens": [{"token": "t", "user": "fake-user"}]}],
    "jobs": [{"stage": "ERROR", "age": "90m", "message": "out of disk"}, {"stage": "RUNNING", "flavor": "h200", "labels": {"a": "b"}}],
    "jobs/{job}/transition": [{"stage": "ERROR", "message": "m"}, {"stage": "CANCELED", "cancel_reason": "NO_CREDITS"}],
}  # fmt: skip


def fresh() -> tuple[FakeHub, Client, str]:
    hub = frozen_hub()
    hub.when().then(scheduling=0, running="1h", logs=["a"])
    return hub, Client(in_virtual_time(hub)), submit(hub)


def webhook_of(hub: FakeHub, job: str) -> str:
    """A webhook that starts the job again; returns its id."""
    change = WebhookChange((Watched("user", ME),), ("repo",), source=job)
    return hub.add_webhook(hub.caller("hf_any"), change).id


def use(web: Client) -> None:
    """What was accepted can be lived with: a job can be made, looked at, followed and repeated."""
    made = web.post(f"/api/jobs/{ME}", headers=TOKEN, json=JOB)
    check_answer(made)
    paths = ["", "/count"]
    if made.status_code == 200:
        job = made.get_json()["id"]
        paths += [f"/{job}", f"/{job}/events", f"/{job}/logs?tail=5", f"/{job}/metrics", f"/{job}/logs"]
    for path in paths:
        check_answer(web.get(f"/api/jobs/{ME}{path}", headers=TOKEN))
    unharmed(web)


_TYPES = st.sampled_from(
    ["application/json"] * 8
    + [
        "application/json; charset=utf-16",
        "Application/JSON;x=\x80",
        "text/plain",
        "",
        "application/x+json",
        "a/b;" * 500,
    ]
)


@share(100)
@given(
    body=bodies(API_WORDS, API), route=st.sampled_from([each for each in ROUTES if each.body]), kind=_TYPES
)
def test_bodies_of_the_api(body: bytes, route: Route, kind: str) -> None:
    hub, web, job = fresh()
    path = route.path.format(namespace=ME, jobId=job, webhookId=webhook_of(hub, job))
    answer = refused_or_done(
        hub, lambda: web.open(path, method=route.method, data=body, headers=TOKEN, content_type=kind)
    )
    if answer.status_code == 200:
        use(web)
    unharmed(web)
    hub.close()


@share(100)
@given(data=st.data(), where=st.sampled_from(sorted(ADMIN)))
def test_bodies_of_the_admin_api(data: st.DataObject, where: str) -> None:
    body = data.draw(bodies(ADMIN_WORDS, ADMIN[where]))
    hub, web, job = fresh()
    path = f"/_fakejobs/{where.format(job=job)}"
    answer = refused_or_done(hub, lambda: web.post(path, data=body, content_type="application/json"))
    if answer.status_code == 200:
        use(web)
    unharmed(web)
    hub.close()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * BODY_LIMIT,
        b'{"a":' * (BODY_LIMIT // 5),
        b'{"labels":{' + b",".join(b'"%d":0' % number for number in range(60_000)) + b"}}",
        b'{"command":[' + b'"",' * 200_000 + b'""]}',
        b'{"flavor":"' + b"x" * (BODY_LIMIT - 20) + b'"}',
        b'{"attempts":' + b"9" * (BODY_LIMIT - 20) + b"}",
        b'{"environment":{"AB":"' + b"\\u00e9" * 170_000 + b'"}}',
        json.dumps({**JOB, "command": ["x" * 1000] * 1000}).encode(),
    ],
    ids=["arrays", "objects", "labels", "words", "a text", "a number", "escapes", "a large job"],
)
def test_the_largest_bodies_take_no_more_memory_than_is_stated(body: bytes) -> None:
    hub, web, _job = fresh()
    tracemalloc.start()
    try:
        answer = web.post(f"/api/jobs/{ME}", data=body, headers=TOKEN, content_type="application/json")
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    check_answer(answer)
    assert most < 100 * BODY_LIMIT
    unharmed(web)
    hub.close()
