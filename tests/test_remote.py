"""The admin client against a server on a socket: the same verbs as on the hub."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.remote import RemoteError, RemoteHub
from fakejobs.web.app import wsgi_app
from tests.support.play import ME, look, stage, submit


@pytest.fixture
def remote(hub: FakeHub) -> Iterator[RemoteHub]:
    with serve_in_thread(wsgi_app(hub)) as server:
        yield RemoteHub(server.url)


def test_health(hub: FakeHub, remote: RemoteHub) -> None:
    submit(hub)
    health = remote.health()
    assert (health["status"], health["jobs"], health["now"]) == ("ok", 1, "2026-05-28T20:26:40.000Z")


def test_rules_with_the_same_words(hub: FakeHub, remote: RemoteHub) -> None:
    rule = remote.when(flavor="h200*", labels={"team": "a*"}).then(scheduling="12h", logs=[[1, "x"]])
    assert rule.body["when"] == {"flavor": "h200*", "labels": {"team": "a*"}}
    job = submit(hub, flavor="h200x2", labels={"team": "abc"})
    plan = look(hub, job).job.plan
    assert plan.start - plan.created == 12 * 3_600_000
    second = remote.add_rule({}, {"exit_code": 1})
    assert [each["id"] for each in remote.rules()] == [rule.id, second["id"]]
    assert remote.delete_rules(rule.id) == 1
    assert remote.delete_rules() == 1
    assert remote.rules() == []


def test_faults(hub: FakeHub, remote: RemoteHub) -> None:
    fault = remote.fault(status=503, path="/api/jobs/*", times=2)
    remote.add_fault({"cut_after": 3})
    assert [each.words for each in hub.faults()] == [fault.body["words"], {"cut_after": 3}]
    assert (fault.matched, fault.fired) == (0, 0)
    assert [each["id"] for each in remote.faults()] == [1, 2]
    fault.delete()
    with pytest.raises(KeyError, match="there is no fault 1"):
        _ = fault.fired
    assert remote.delete_faults() == 1
    with pytest.raises(RemoteError, match="probability: 2 is none"):
        remote.fault(status=503, probability=2)
    with pytest.raises(ValueError, match=r"fault\.path: a compiled pattern cannot be sent"):
        remote.fault(status=503, path=re.compile("x"))


def test_the_clock(hub: FakeHub, remote: RemoteHub) -> None:
    clock = remote.clock
    assert clock.now() == "2026-05-28T20:26:40.000Z"
    assert clock.advance(90) == "2026-05-28T20:28:10.000Z"
    assert clock.advance("1h") == "2026-05-28T21:28:10.000Z"
    assert clock.set("2027-01-01T00:00:00Z") == "2027-01-01T00:00:00.000Z"
    assert clock.run_at(60) == "2027-01-01T00:00:00.000Z"
    assert clock.read() == {"now": "2027-01-01T00:00:00.000Z", "frozen": True, "speed": 60.0}
    clock.unfreeze()
    assert not hub.clock.frozen
    clock.freeze()
    assert hub.clock.frozen


def test_transitions(hub: FakeHub, remote: RemoteHub) -> None:
    job = submit(hub)
    assert remote.transition(job, "RUNNING")["id"] == job
    failed = remote.transition(job, "CANCELED", message="out of money", cancel_reason="NO_CREDITS")
    assert failed["status"] == {
        "stage": "CANCELED",
        "message": "out of money",
        "cancelReason": "NO_CREDITS",
        "failureCount": 0,
    }
    with pytest.raises(RemoteError, match="cannot go from CANCELED to RUNNING") as refused:
        remote.transition(job, "RUNNING")
    assert (refused.value.status, refused.value.allowed) == (409, ("DELETED",))
    with pytest.raises(RemoteError) as missing:
        remote.transition("0" * 24, "ERROR")
    assert missing.value.status == 404
    assert stage(hub, job) == "CANCELED"


def test_reset_and_requests(hub: FakeHub, remote: RemoteHub) -> None:
    submit(hub)
    remote.reset(seed=4, start="2026-01-01T00:00:00Z", orgs=["acme"])
    assert hub.all_jobs() == []
    assert hub.settings.seed == 4
    assert remote.clock.now() == "2026-01-01T00:00:00.000Z"
    assert remote.requests == []


def test_what_the_server_refuses_is_said_in_its_words(remote: RemoteHub) -> None:
    with pytest.raises(RemoteError, match=r"when\.flavour: unknown word; did you mean 'flavor'") as refused:
        remote.when(flavour="x").then()
    assert refused.value.status == 400
    with pytest.raises(RemoteError, match="advance: -1 is negative"):
        remote.clock.advance(-1)
    with pytest.raises(RemoteError, match="there is no rule 7"):
        remote.delete_rules(7)
    with pytest.raises(RemoteError, match=r"quirks\.image"):
        remote.reset(quirks={"image": "none"})


def test_where_there_is_no_server() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        remote = RemoteHub(f"http://127.0.0.1:{taken.getsockname()[1]}", timeout=2)
        with pytest.raises(ConnectionError, match="start one: fakejobs serve"):
            remote.health()


def test_where_there_is_another_server(hub: FakeHub) -> None:
    def other(_environ: object, start_response: object) -> list[bytes]:
        assert callable(start_response)
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "6")])
        return [b"<html>"]

    with serve_in_thread(other) as server, pytest.raises(ConnectionError, match="is no fakejobs server"):
        RemoteHub(server.url).health()


@pytest.mark.parametrize("url", ["", "localhost:8484", "ftp://x", "https://huggingface.co", "http://"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="is not the address of a fakejobs server"):
        RemoteHub(url)


@pytest.mark.parametrize("suffix", ["", "/"])
def test_a_slash_at_the_end_does_not_matter(hub: FakeHub, suffix: str) -> None:
    with serve_in_thread(wsgi_app(hub)) as server:
        assert RemoteHub(server.url + suffix).health()["status"] == "ok"


def test_proxies_of_the_environment_are_not_used(remote: RemoteHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert remote.health()["status"] == "ok"
    assert remote.clock.now().startswith("2026-05-28")
    assert f"/api/jobs/{ME}" not in str(remote.requests)


def test_a_limit_that_is_lowered_stops_nothing_and_the_queue_says_who_waits(
    remote: RemoteHub, hub: FakeHub
) -> None:
    hub.when().then(scheduling=0, running="1h")
    running = [submit(hub, flavor="h200") for _ in range(2)]
    remote.configure(flavors={"h200": {"capacity": 1}})
    waits = submit(hub, flavor="h200")
    assert [stage(hub, job) for job in (*running, waits)] == ["RUNNING", "RUNNING", "SCHEDULING"]
    assert [(each["job"], each["waiting"]) for each in remote.queue("h200")] == [
        (waits, "Waiting for hardware: all 1 h200 are in use; 0 jobs ahead")
    ]
    remote.configure(flavors={})
    assert (stage(hub, waits), remote.queue()) == ("RUNNING", [])
