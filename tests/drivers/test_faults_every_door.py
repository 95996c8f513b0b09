"""Whatever faults there are together, requests see the same in process and over sockets of both servers, byte for byte."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.drivers import asgi, threads
from fakejobs.drivers.inprocess import Broken, Call, perform
from fakejobs.drivers.pace import KEEP_ALIVE
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.model.plan import NEVER
from fakejobs.strategies import fault_plans
from fakejobs.waits import Waits
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, frozen_hub
from tests.support.in_uvicorn import in_uvicorn
from tests.support.moving import moving
from tests.support.play import ME, submit

HEADERS = {"Authorization": "Bearer hf_any", "Content-Type": "application/json"}
REQUESTS = ("GET", "GET /logs", "GET /events", "HEAD /logs", "POST", "OPTIONS", "GET hardware")
MOVING = moving(NEVER)

Seen = tuple[int, bytes, str | None]
"""Status, body, and how the connection broke, if it did."""

Door = Callable[[str, str, bytes], Seen]
"""Asks: (method, path, body)."""


def in_process(hub: FakeHub) -> Door:
    def ask(method: str, path: str, body: bytes) -> Seen:
        call = Call(method, "http", "localhost", 80, path, list(HEADERS.items()), body, None)
        status, got = 0, b""
        try:
            reply = perform(wsgi_app(hub), call, Waits(hub.clock))
            status = reply.status
            for chunk in reply.chunks:
                got += chunk
            reply.close()
        except Broken as error:
            return status, got, error.how
        return status, got, None

    return ask


def over_a_socket(address: tuple[str, int]) -> Door:
    def ask(method: str, path: str, body: bytes) -> Seen:
        connection = http.client.HTTPConnection(*address, timeout=20)
        status, got = 0, b""
        try:
            connection.request(method, path, body or None, HEADERS)
            with connection.getresponse() as response:
                status = response.status
                while piece := response.read1():
                    got += piece
                return status, got, "closed" if response.length else None
        except http.client.IncompleteRead as error:
            return status, got + error.partial, "closed"
        except http.client.RemoteDisconnected:
            return status, got, "closed"
        except ConnectionResetError:
            return status, got, "reset"
        except ConnectionRefusedError:
            return status, got, "refused"
        finally:
            connection.close()

    return ask


def played(hub: FakeHub, ask: Door, plan: Sequence[Mapping[str, object]], requests: Sequence[str]) -> object:
    """All that there is to be seen of a sequence of requests, alternately about a job that runs and one that is over."""
    hub.when().then(scheduling=2, running=30, logs=[[1, "one"], [5, "two"], [20, "three"]])
    over = submit(hub)
    hub.clock.advance(60_000)
    jobs = [submit(hub), over]
    hub.clock.advance(4_000)
    for words in plan:
        hub.fault(**words)
    seen: list[object] = []
    for number, request in enumerate(requests):
        method, _, what = request.partition(" ")
        path = f"/api/jobs/{ME}"
        if what == "hardware":
            path = "/api/jobs/hardware"
        elif what or method == "GET":
            path += f"/{jobs[number % 2]}{what}"
        status, body, broke = ask(method, path, json.dumps(JOB).encode() if method == "POST" else b"")
        if broke in (
            "reset",
            "refused",
        ):  # what was sent before a reset may be lost; without a door there is nothing to close
            status, body, broke = 0, b"", "reset"
        seen.append((request, status, body.replace(KEEP_ALIVE, b""), broke, hub.clock.now()))
    seen += [(fault.matched, fault.fired) for fault in hub.faults()]
    seen += [
        (each.method, each.path, each.status, each.fault)
        for each in hub.requests
        if each.fault != "the listener is closed"  # who is refused has asked nobody
    ]
    return seen, hub.snapshot()


@contextmanager
def fresh_hub() -> Iterator[FakeHub]:
    hub = frozen_hub()
    try:
        yield hub
    finally:
        hub.close()


@pytest.fixture(scope="module")
def uvicorn() -> Iterator[tuple[tuple[str, int], list[FakeHub]]]:
    """Its address, and a list for the hub that it is to serve."""
    pytest.importorskip("uvicorn")
    hubs: list[FakeHub] = []
    with in_uvicorn(lambda: hubs[-1]) as address:
        yield address, hubs


@given(plan=fault_plans(), requests=st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_every_door_shows_the_same(
    uvicorn: tuple[tuple[str, int], list[FakeHub]],
    plan: list[dict[str, object]],
    requests: list[str],
) -> None:
    address, hubs = uvicorn
    with fresh_hub() as hub:
        expected = played(hub, in_process(hub), plan, requests)
    with (
        fresh_hub() as hub,
        patch.object(threads, "seconds_to_wait", MOVING),
        serve_in_thread(wsgi_app(hub), outage=hub.outage) as server,
    ):
        assert played(hub, over_a_socket((server.host, server.port)), plan, requests) == expected
    with fresh_hub() as hub, patch.object(asgi, "seconds_to_wait", MOVING):
        hubs[:] = [hub]
        assert played(hub, over_a_socket(address), plan, requests) == expected
