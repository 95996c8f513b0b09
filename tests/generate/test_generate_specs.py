"""Bodies that clients send: the fake takes them as they are, and answers what they ask for."""

from __future__ import annotations

from typing import Any

from fakejobs.generate import others, specs
from fakejobs.generate.source import Seeded
from fakejobs.hub import FakeHub
from fakejobs.model.flavors import FLAVORS, UNLISTED
from fakejobs.web.app import wsgi_app
from fakejobs.wire.json_types import Json
from fakejobs.wire.schema import schema_at
from fakejobs.wire.validate import problems
from tests.conftest import TOKEN, frozen_hub
from tests.support.play import ME

JOBS = f"/api/jobs/{ME}"


def send(hub: FakeHub, method: str, path: str, body: Json) -> Any:
    from werkzeug.test import Client

    answer = Client(wsgi_app(hub)).open(path, method=method, json=body, headers=TOKEN)
    assert answer.status_code == 200, (body, answer.text)
    return answer.get_json()


def test_the_fake_takes_them_and_answers_what_they_ask_for(hub: FakeHub) -> None:
    choices = Seeded(1)
    for _ in range(300):
        body = specs.job_spec(choices)
        job = send(hub, "POST", JOBS, body)
        for key in ("spaceId", "dockerImage", "command", "arguments", "arch", "flavor", "expose", "network"):
            assert job.get(key) == body.get(key), key
        assert job["environment"] == body.get("environment", {})
        assert job.get("timeout") == body.get("timeoutSeconds")
        assert job.get("labels", {}) == body.get("labels", {})
        assert job.get("secrets", []) == list(body.get("secrets", {}))  # type: ignore[arg-type]  # a mapping


def test_the_fake_takes_labels_and_ports(hub: FakeHub) -> None:
    choices = Seeded(2)
    hub.when().then(scheduling=0, running="forever")
    job = send(hub, "POST", JOBS, {"flavor": "cpu-basic", "dockerImage": "ubuntu"})
    for _ in range(100):
        labels, expose = specs.labels_body(choices), specs.expose_body(choices)
        assert send(hub, "PUT", f"{JOBS}/{job['id']}/labels", labels).get("labels", {}) == labels["labels"]
        assert send(hub, "PUT", f"{JOBS}/{job['id']}/expose", expose)["expose"] == expose


def test_what_the_schema_alone_allows_needs_a_fake_that_accepts_more() -> None:
    choices, seen = Seeded(0), [specs.any_job_spec(Seeded(seed)) for seed in range(400)]
    assert {str(body["flavor"]) for body in seen} == set(
        schema_at("job-spec")["properties"]["flavor"]["enum"]
    )
    assert {("dockerImage" in body, "spaceId" in body) for body in seen} == {
        (True, False), (False, True), (True, True), (False, False),
    }  # fmt: skip
    quirks = {"image": "any", "unlisted_flavors": "accept", "public_ports_beyond_ports": "accept"}
    hub = frozen_hub(quirks=quirks)
    for _ in range(200):
        send(hub, "POST", JOBS, specs.any_job_spec(choices))
    hub.close()


def test_only_hardware_that_is_offered_is_asked_for() -> None:
    choices = Seeded(0)
    asked = {str(specs.job_spec(choices)["flavor"]) for _ in range(600)}
    assert asked == {flavor.name for flavor in FLAVORS}
    assert not asked & set(UNLISTED)


def test_other_bodies_are_valid() -> None:
    choices = Seeded(0)
    for _ in range(300):
        assert problems("scheduled-job-body", specs.scheduled_body(choices)) == []
        assert problems("schedule-body", specs.schedule_body(choices)) == []
        assert problems("hardware", others.hardware(choices)) == []


def test_whoami_is_one_user_with_a_token_of_any_role() -> None:
    choices, roles, sizes = Seeded(0), set(), set()
    for _ in range(400):
        me: dict[str, Any] = others.whoami(choices)
        assert problems("whoami", me) == []
        names = [org["name"] for org in me["orgs"]]
        assert len(set(names)) == len(names)
        sizes.add(len(names))
        token = me["auth"].get("accessToken")
        roles.add(token and token["role"])
        if token:
            assert ("fineGrained" in token) == (token["role"] == "fineGrained")
        if token and "fineGrained" in token:
            assert token["fineGrained"]["scoped"][0]["entity"]["_id"] == me["id"]
    assert roles == {None, "read", "write", "fineGrained", "god"}
    assert sizes == {0, 1, 2, 3}


def test_hardware_is_what_is_offered_and_what_may_be_some_day() -> None:
    choices = Seeded(0)
    made: list[dict[str, Any]] = [others.hardware(choices) for _ in range(1500)]
    known = {flavor.name for flavor in FLAVORS}
    assert known < {each["name"] for each in made}
    for each in made:
        assert each["unitCostUSD"] == each["unitCostMicroUSD"] / 1_000_000
        if each["accelerator"]:
            kind = (each["accelerator"]["type"], each["accelerator"]["manufacturer"])
            assert kind in (("gpu", "Nvidia"), ("neuron", "AWS"))


def test_errors_have_the_headers_that_clients_read() -> None:
    choices = Seeded(0)
    for _ in range(300):
        error = others.error(choices)
        assert problems("error", error.body) == []
        assert error.headers["X-Error-Message"].isascii()
        assert error.headers["X-Error-Message"].isprintable()
        assert ("RateLimit" in error.headers) == (error.status == 429)
