"""Bytes on a socket, before both servers: what is no HTTP is refused or cut off, and hurts nobody else."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from itertools import pairwise

import psutil  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.heads import GOOD, REQUESTS, connected, talk
from tests.fuzz.size import share
from tests.support.raw import ask
from tests.support.server import ServeProcess, serving

MEGABYTE = 1024 * 1024
MOST_GROWTH = 64 * MEGABYTE
REFUSALS = {400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 431, 501, 505}
"""501 and 505 are for methods and versions that a server does not know."""


@pytest.fixture(scope="module", params=["uvicorn", "werkzeug"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServeProcess]:
    if request.param == "uvicorn":
        pytest.importorskip("uvicorn")
    with serving(tmp_path_factory.mktemp("served"), "--server", request.param) as running:
        yield running
        assert "Traceback" not in running.output


def serves(server: ServeProcess) -> None:
    """A good request is answered, and the process is the same."""
    answer = ask(server.url, "GET", "/api/jobs/hardware")
    assert answer.status == 200
    assert server.process.poll() is None


def check(server: ServeProcess, pieces: Sequence[bytes]) -> list[int]:
    heard = talk(server.url, pieces)
    assert set(heard.statuses) <= REFUSALS | {100, 200}, (pieces, heard)
    assert b"Traceback" not in heard.said
    assert b"<html" not in heard.said.lower(), heard.said[:500]
    return heard.statuses


@share(120)
@given(
    requests=st.lists(REQUESTS, min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 300), max_size=2),
)
def test_bytes_that_are_nearly_http(server: ServeProcess, requests: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(requests)
    places = [0, *sorted(cuts), len(whole)]
    check(server, [whole[start:end] for start, end in pairwise(places)])
    serves(server)


@pytest.mark.parametrize("request_bytes", GOOD, ids=lambda each: each[:25].decode())
def test_good_requests_are_answered(server: ServeProcess, request_bytes: bytes) -> None:
    """So that what is sent above begins with what is right."""
    assert check(server, [request_bytes]) == [200]


def test_one_after_the_other_on_one_connection(server: ServeProcess) -> None:
    last = GOOD[0].replace(b"Host: a", b"Host: a\r\nConnection: close")
    heard = talk(server.url, [GOOD[3] + GOOD[4] + last], half_closed=False)
    # werkzeug's server closes after each answer, and says so.
    assert heard.statuses in ([200, 200, 200], [200])
    assert (len(heard.statuses) == 3) is not (
        b"connection: close" in heard.said.lower().partition(b"\r\n\r\n")[0]
    )


def test_requests_that_never_end_hold_up_nobody(server: ServeProcess) -> None:
    halves = [request[: len(request) * 2 // 3] for request in GOOD] + [
        b"GET /",
        b"",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhi",
    ]
    with contextlib.ExitStack() as open_ones:
        for half in halves * 5:
            open_ones.enter_context(connected(server.url)).sendall(half)
        serves(server)
    serves(server)


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"GET /", b"x" * 65_536),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 10_000),
        (b"GET / HTTP/1.1\r\nX: ", b"y" * 65_536),
        (b"POST /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", b" " * 65_536),
        (b"POST /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n"),
        (b"POST /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"e" * 65_536),
        (b"POST /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"T: y\r\n" * 10_000),
    ],
    ids=["path", "headers", "header", "body", "chunks", "extension", "trailers"],
)  # fmt: skip
def test_what_does_not_stop_takes_no_more_memory_than_is_stated(
    server: ServeProcess, head: bytes, more: bytes
) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with connected(server.url) as sock, contextlib.suppress(ConnectionError, TimeoutError):
        sock.settimeout(1.0)  # one that does not read any more does not keep anything either
        sock.sendall(head)
        for _ in range(40 * MEGABYTE // len(more)):
            sock.sendall(more)
        sock.shutdown(socket.SHUT_WR)
    assert process.memory_info().rss - before < MOST_GROWTH
    serves(server)
