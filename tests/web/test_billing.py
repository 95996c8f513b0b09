"""Money on the wire: the 402, the usage of a month, and credits through the admin API, the remote client and scenario files."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from werkzeug.test import Client

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.model.stages import JobStage
from fakejobs.remote import RemoteError, RemoteHub
from fakejobs.scenario import load_scenario, open_hub, scenario_from
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, frozen_hub
from tests.support.play import ME, create, get, post, submit

USAGE = "/api/settings/billing/usage/jobs"
CREDITS = "/_fakejobs/credits"


def test_a_submission_without_credits(hub: FakeHub, web: Client) -> None:
    hub.set_credits(0)
    answer = post(web, f"/api/jobs/{ME}", JOB)
    text = "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."
    assert (answer.status_code, answer.get_json()) == (402, {"error": text})
    assert answer.headers["X-Error-Message"] == text
    assert get(web, f"/api/jobs/{ME}").get_json() == []
    assert get(web, "/api/jobs/hardware").status_code == 200


def test_what_is_wrong_with_a_submission_is_said_before_that_nobody_pays_for_it(
    hub: FakeHub, web: Client
) -> None:
    hub.set_credits(0)
    assert web.post(f"/api/jobs/{ME}", json={}).status_code == 401
    assert post(web, "/api/jobs/nobody", {}).status_code == 404
    assert post(web, f"/api/jobs/{ME}", {}).status_code == 400
    assert post(web, f"/api/jobs/{ME}", JOB).status_code == 402


def test_usage_of_the_month(hub: FakeHub, web: Client) -> None:
    hub.when(name="short").then(scheduling=10, running=90)
    hub.when(name="long").then(scheduling=5, running="4h", logs=[])
    first = create(web, flavor="t4-small", labels={"name": "short"})
    hub.clock.advance(1_000)
    second = create(web, flavor="a100-large", labels={"name": "long"}, expose={"ports": [8000]})
    create(web, labels={"name": "long"}, flavor="h200")
    hub.transition(hub.all_jobs()[-1].job.id, JobStage.CANCELED)
    hub.clock.advance(200_000)
    body = get(web, USAGE).get_json()
    assert list(body) == ["usage", "hasAccess"]
    assert list(body["usage"]) == ["usedMicroUsd", "totalMinutes", "periodStart", "periodEnd", "jobDetails"]
    assert body == {
        "usage": {
            "usedMicroUsd": 2 * 6667 + 4 * (41667 + 167),
            "totalMinutes": 6,
            "periodStart": "2026-05-01T00:00:00.000Z",
            "periodEnd": "2026-06-01T00:00:00.000Z",
            "jobDetails": [
                {
                    "jobId": second,
                    "hardwareFlavor": "a100-large",
                    "totalMinutes": 4,
                    "totalCostMicroUsd": 4 * (41667 + 167),
                    "startedAt": "2026-05-28T20:26:46.000Z",
                },
                {
                    "jobId": first,
                    "hardwareFlavor": "t4-small",
                    "totalMinutes": 2,
                    "totalCostMicroUsd": 2 * 6667,
                    "startedAt": "2026-05-28T20:26:50.000Z",
                    "completedAt": "2026-05-28T20:28:20.000Z",
                },
            ],
        },
        "hasAccess": True,
    }
    assert list(body["usage"]["jobDetails"][1]) == [
        "jobId",
        "hardwareFlavor",
        "totalMinutes",
        "totalCostMicroUsd",
        "startedAt",
        "completedAt",
    ]


def test_a_month_has_what_was_used_in_it(hub: FakeHub, web: Client) -> None:
    hub.when().then(scheduling=0, running="10m")
    hub.clock.set(1_780_271_700_000)  # 2026-05-31T23:55:00Z
    create(web)
    hub.clock.advance(600_000)
    usage = get(web, USAGE).get_json()["usage"]
    assert (usage["periodStart"], usage["periodEnd"]) == (
        "2026-06-01T00:00:00.000Z",
        "2026-07-01T00:00:00.000Z",
    )
    assert (usage["totalMinutes"], usage["usedMicroUsd"]) == (5, 5 * 167)
    assert usage["jobDetails"][0]["startedAt"] == "2026-05-31T23:55:00.000Z"
    hub.clock.set(1_798_761_600_000)  # 2027-01-01T00:00:00Z
    usage = get(web, USAGE).get_json()["usage"]
    assert (usage["jobDetails"], usage["periodEnd"]) == ([], "2027-02-01T00:00:00.000Z")


def test_usage_is_the_callers_own() -> None:
    hub = frozen_hub(
        users=["ada", "bob"],
        orgs=["acme"],
        tokens=[{"token": "hf_ada", "user": "ada"}, {"token": "hf_bob", "user": "bob"}],
        namespaces={"bob": {"credits": 0}},
    )
    hub.when().then(scheduling=0)
    for namespace in ("ada", "acme"):
        hub.submit(hub.caller("hf_ada"), namespace, {**JOB, "environment": {}})
    hub.clock.advance(1)
    web = Client(wsgi_app(hub))
    seen = {
        token: web.get(USAGE, headers={"Authorization": f"Bearer {token}"}).get_json()
        for token in ("hf_ada", "hf_bob")
    }
    assert [len(each["usage"]["jobDetails"]) for each in seen.values()] == [1, 0]
    assert [each["hasAccess"] for each in seen.values()] == [True, False]
    assert web.get(USAGE).status_code == 401


def test_credits_through_the_admin_api(hub: FakeHub, web: Client) -> None:
    assert web.get(CREDITS).get_json() == {"namespace": ME, "credits": None}
    assert web.post(CREDITS, json={"set": 1.5}).get_json() == {"namespace": ME, "credits": "1.5"}
    added = web.post(CREDITS, json={"namespace": ME, "add": "0.000001"})
    assert added.get_json() == {"namespace": ME, "credits": "1.500001"}
    assert hub.credits() == Decimal("1.500001")
    assert web.post(CREDITS, json={"set": None}).get_json()["credits"] is None
    web.post("/_fakejobs/settings", json={"namespaces": {ME: {"credits": 2}}})
    assert web.get(f"{CREDITS}?namespace={ME}").get_json()["credits"] == "2"
    web.post("/_fakejobs/reset", json={"namespaces": {}})
    assert hub.credits() is None


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({}, "exactly one of"),
        ({"add": 1, "set": 1}, "exactly one of"),
        ({"add": None}, "exactly one of"),
        ({"set": True}, "True: give dollars"),
        ({"set": -1}, "-1: give dollars"),
        ({"set": 1, "namespace": "nobody"}, "there is no 'nobody' here"),
        ({"set": 1, "namespace": 7}, "namespace: give a text"),
        ({"add": 1}, "no limit"),
        ({"give": 1}, "give: unknown word"),
    ],
)
def test_mistakes_are_named(web: Client, words: dict[str, object], complaint: str) -> None:
    answer = web.post(CREDITS, json=words)
    assert (answer.status_code, complaint in answer.get_json()["error"]) == (400, True), answer.text
    assert web.get(f"{CREDITS}?namespace=nobody").status_code == 400


@pytest.fixture
def remote(hub: FakeHub) -> Iterator[RemoteHub]:
    with serve_in_thread(wsgi_app(hub)) as server:
        yield RemoteHub(server.url)


def test_credits_from_another_process(hub: FakeHub, remote: RemoteHub) -> None:
    assert remote.credits() is None
    remote.set_credits(Decimal("0.01"))
    assert remote.add_credits("0.000334", ME) == Decimal("0.010334") == remote.credits(ME)
    hub.when().then(scheduling=0, running="1h")
    submit(hub, flavor="t4-small")
    remote.clock.advance("1h")
    assert remote.credits() == Decimal("0.010334") - 2 * Decimal("0.006667")
    remote.set_credits(None)
    assert hub.credits() is None
    with pytest.raises(RemoteError, match="there is no 'nobody' here"):
        remote.credits("nobody")


def test_credits_in_a_scenario_are_for_a_new_hub_and_top_ups_outlive_a_restart(tmp_path: Path) -> None:
    file, path = tmp_path / "scenario.toml", str(tmp_path / "hub.db")
    file.write_text(f'start = "2026-01-01T00:00:00Z"\nfrozen = true\n[namespaces.{ME}]\ncredits = 1.50\n')
    hub = open_hub(path, scenario=load_scenario(file))
    assert hub.credits() == Decimal("1.5")
    hub.add_credits("0.25")
    hub.close()
    hub = open_hub(path, scenario=load_scenario(file))
    assert hub.credits() == Decimal("1.75")
    hub.close()
    hub = open_hub(path, scenario=scenario_from({"namespaces": {ME: {"credits": 9}}}))
    assert hub.credits() == 9
    hub.close()
    hub = open_hub(path, scenario=scenario_from({"namespaces": {}}))
    assert hub.credits() is None
    hub.close()
