"""Faults of the handle: in the report, with ``strict``, and for other processes, through its live server."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from huggingface_hub import inspect_job, list_jobs, run_job, whoami

import fakejobs as package
from fakejobs import ClockStuck, FakeClosed, FakeJobs
from fakejobs.errors import CheckFailed

SCENARIO = """
[[faults]]
status = 503
path = "/api/jobs/*"
times = 1
"""


def ask(url: str, path: str = "/api/jobs/hardware") -> int | str:
    """The status, or how the connection broke, over a real socket."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.request("GET", path, headers={"Authorization": "Bearer hf_any"})
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


@pytest.fixture(params=["fakejobs", "fakejobs_server"])
def fake(request: pytest.FixtureRequest) -> FakeJobs:
    """The handle of each fixture."""
    handle: FakeJobs = request.getfixturevalue(request.param)
    return handle


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ({"status": 503}, 503),
        ({"reset": True}, "ConnectionResetError"),
        ({"hang_up": True}, "RemoteDisconnected"),
        ({"reset_after": 10}, "ConnectionResetError"),
        ({"truncate_after": 10}, "IncompleteRead"),
        ({"truncate_after": 10, "length": "actual"}, 200),
        ({"latency": "1h"}, 200),  # virtual time: nobody has to wait for it
        ({"bytes_per_second": 1}, 200),
    ],
)
def test_other_processes_meet_the_same(fake: FakeJobs, words: dict[str, object], seen: object) -> None:
    fault = fake.fault(**words)
    assert ask(fake.url) == seen
    assert (fault.matched, fault.fired) == (1, 1)


def test_streams_of_other_processes(fake: FakeJobs) -> None:
    fake.when().then(scheduling=0, running="20m", logs=["one", "two"])
    path = f"/api/jobs/fake-user/{run_job(image='x', command=['y']).id}/logs"
    fake.fault(cut_after=2, times=1)
    fake.fault(stall_after=1, stall_for="1h")
    assert [ask(fake.url, path), ask(fake.url, path)] == ["IncompleteRead", 200]


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 100\r\n\r\n{",
        b"Content-Length: 99999999999999999999\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\nnone\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_body_that_is_none_is_a_mistake_of_its_sender(fake: FakeJobs, rest: bytes) -> None:
    host, _, port = fake.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 20) as sock, sock.makefile("rb") as reader:
        sock.sendall(b"POST /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\n" + rest)
        sock.shutdown(socket.SHUT_WR)
        assert reader.read().startswith(b"HTTP/1.1 400 ")


def test_a_listener_that_is_closed_resets_and_each_call_moves_time(fake: FakeJobs) -> None:
    fake.fault(down="30s")
    assert [ask(fake.url) for _ in range(4)] == [*["ConnectionResetError"] * 3, 200]
    assert fake.clock.now().second == 30


@pytest.mark.parametrize("words", [{"down": "30s"}, {"status": 503, "lasts": "30s"}, {"reset": True}])
def test_who_tries_again_without_a_pause_is_told_so(fakejobs: FakeJobs, words: dict[str, object]) -> None:
    fakejobs.fault(**words)

    def is_stuck() -> bool:
        with pytest.raises(Exception, match=r".") as raised:
            whoami()
        return isinstance(raised.value, ClockStuck)

    with fakejobs.expect_problems(ClockStuck) as problems:
        while not is_stuck():
            pass
    assert "1001 requests in a row have met faults while the fake's clock stood still" in str(problems[0])


def test_auto_tick_moves_time_between_attempts(fakejobs: FakeJobs) -> None:
    fakejobs.clock.auto_tick("10s")
    fakejobs.fault(status=503, lasts="30s")
    for _ in range(3):
        with pytest.raises(Exception, match="503"):
            whoami()
    assert whoami()["name"] == "fake-user"


def test_other_processes_wait_until_a_fault_is_over(fake: FakeJobs) -> None:
    fake.fault(status=503, lasts="30s")
    assert [ask(fake.url) for _ in range(5)] == [503, 503, 503, 200, 200]
    assert fake.clock.now().second == 30


def test_a_job_can_be_given_for_its_id(fakejobs: FakeJobs) -> None:
    one = run_job(image="x", command=["y"])
    fault = fakejobs.fault(status=500, job=one)
    with pytest.raises(Exception, match="500"):
        inspect_job(job_id=one.id)
    assert fault.words == {"status": 500, "job": one.id}
    fault.delete()
    assert inspect_job(job_id=one.id).id == one.id


def test_the_report_names_faults_and_what_they_fired_on(fakejobs: FakeJobs) -> None:
    fakejobs.fault(reset=True, times=1)
    fakejobs.fault(cut_after=1)
    for _ in range(3):
        list(list_jobs(namespace="fake-user"))
    lines = [line.strip() for line in fakejobs.report().splitlines()]
    assert "fault 1: reset=True, times=1: fired on 1 of 4 requests" in lines
    assert "fault 2: cut_after=1: fired on 0 of 0 requests" in lines
    assert "+0s  GET    /api/jobs/fake-user -> no answer (fault 1)" in lines
    assert [each.fault for each in fakejobs.requests][:2] == ["fault 1: reset=True, times=1", None]


def test_the_report_says_what_a_fault_was_that_is_gone(fakejobs: FakeJobs) -> None:
    fault = fakejobs.fault(status=500, times=1)
    with pytest.raises(Exception, match="500"):
        whoami()
    fault.delete()
    lines = [line.strip() for line in fakejobs.report().splitlines()]
    assert "+0s  GET    /api/whoami-v2 -> 500 (fault 1: status=500, times=1)" in lines


def test_strict_tells_of_a_fault_that_nobody_met() -> None:
    @package.activate(strict=True)
    def mistaken(fakejobs: FakeJobs) -> None:
        fakejobs.fault(status=500, path="/api/job/*")
        fakejobs.hub.add_fault({"reset": True, "probability": 0}, source="a set of faults")

    # Of a set of faults, nobody expects that all are met.
    with pytest.raises(CheckFailed, match=r"strict: no request met fault 1: status=500, path='/api/job/\*'$"):
        mistaken()  # type: ignore[call-arg]  # the decorator gives it


def test_a_scenario_has_faults(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    with package.activate(scenario=tmp_path / "scenario.toml") as fake:
        with pytest.raises(Exception, match="503"):
            run_job(image="x", command=["y"])
        run_job(image="x", command=["y"])
        assert [each.source for each in fake.hub.faults()] == ["scenario"]


def test_a_closed_fake_takes_no_faults() -> None:
    with package.activate() as fake:
        pass
    with pytest.raises(FakeClosed):
        fake.fault(status=500)


def test_a_mistake_is_said_where_it_was_made(fakejobs: FakeJobs) -> None:
    with pytest.raises(ValueError, match=r"^statsu: unknown word; did you mean"):
        fakejobs.fault(statsu=500)
    assert fakejobs.hub.faults() == []


def test_the_port_is_the_same_when_the_listener_is_open_again() -> None:
    from fakejobs.drivers.threads import serve_in_thread
    from fakejobs.hub import FakeHub
    from fakejobs.web.app import wsgi_app
    from tests.conftest import frozen_hub

    hub: FakeHub = frozen_hub()
    with serve_in_thread(wsgi_app(hub), outage=hub.outage) as server:
        for _ in range(3):
            hub.fault(down="10s")
            assert ask(server.url) == "ConnectionRefusedError"
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind((server.host, server.port))  # nobody else gets it meanwhile
            hub.clock.advance(10_000)
            assert ask(server.url) == 200
        hub.fault(down="10s")
    assert ask(server.url) == "ConnectionRefusedError"  # it stops also while it is closed
    hub.close()
