"""Bytes on a socket, before both servers: what is no HTTP is refused or cut off, and hurts nobody else."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import psutil  # type: ignore[import-untyped]  # it has no types of its own
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.heads import ENDED, GOOD, REQUESTS, RUNNING, connected, talk
from tests.fuzz.size import share
from tests.support.raw import ask
from tests.support.server import ServeProcess, serving

MEGABYTE = 1024 * 1024
MOST_GROWTH = 64 * MEGABYTE
REFUSALS = {400, 401, 403, 404, 405, 406, 408, 411, 413, 414, 415, 417, 431, 501, 505}
"""501 and 505 are for methods and versions that a server does not know."""


@dataclass(frozen=True)
class Server:
    """A running server, and the ids of its jobs by what is sent instead of them."""

    served: ServeProcess
    ids: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.served.url

    @property
    def memory(self) -> int:
        """Bytes that the process has now."""
        found: int = psutil.Process(self.served.process.pid).memory_info().rss
        return found

    def named(self, request: bytes) -> bytes:
        """The request, with the ids that there are."""
        for word, job_id in self.ids.items():
            request = request.replace(word.encode(), job_id.encode())
        return request


@pytest.fixture(scope="module", params=["uvicorn", "werkzeug"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if request.param == "uvicorn":
        pytest.importorskip("uvicorn")
    with serving(tmp_path_factory.mktemp("served"), "--server", request.param) as running:
        made = Server(
            running,
            {ENDED: job(running, stage="COMPLETED"), RUNNING: job(running, stage="RUNNING", running="1d")},
        )
        serves(made)
        before = made.memory
        yield made
        assert "Traceback" not in running.output
        assert made.memory - before < MOST_GROWTH


def job(served: ServeProcess, **words: object) -> str:
    words["logs"] = ["one", "two", "three"]
    job_id: str = ask(served.url, "POST", "/_fakejobs/jobs", words).json()["id"]
    return job_id


def serves(server: Server) -> None:
    """A good request is answered, and the process is the same."""
    answer = ask(server.url, "GET", "/api/jobs/hardware")
    assert answer.status == 200
    assert server.served.process.poll() is None


def check(server: Server, pieces: Sequence[bytes]) -> list[int]:
    """What is said is HTTP, each refusal in JSON, with a reason; returns the statuses."""
    heard = talk(server.url, [server.named(piece) for piece in pieces])
    assert set(heard.statuses) <= REFUSALS | {100, 200}, (pieces, heard)
    for status, headers in heard.heads:
        if status >= 400:
            assert b"content-type: application/json; charset=utf-8\r\n" in headers, (pieces, heard)
            assert b"x-error-message: " in headers, (pieces, heard)
    assert heard.said.startswith(b"HTTP/1.") or not heard.said, (pieces, heard)
    assert b"Traceback" not in heard.said
    assert b"<html" not in heard.said.lower(), heard.said[:500]
    return heard.statuses


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failing example
@share(150)
@given(
    requests=st.lists(REQUESTS, min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 300), max_size=2),
)
def test_bytes_that_are_nearly_http(server: Server, requests: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(requests)
    places = [0, *sorted(cuts), len(whole)]
    check(server, [whole[start:end] for start, end in pairwise(places)])
    serves(server)


@pytest.mark.parametrize("request_bytes", GOOD, ids=lambda each: each[:25].decode())
def test_good_requests_are_answered(server: Server, request_bytes: bytes) -> None:
    """So that what is sent above begins with what is right."""
    assert check(server, [request_bytes]) == [200]


def test_one_after_the_other_on_one_connection(server: Server) -> None:
    last = GOOD[0].replace(b"Host: a", b"Host: a\r\nConnection: close")
    heard = talk(server.url, [GOOD[3] + GOOD[4] + last], half_closed=False)
    # werkzeug's server closes after each answer, and says so.
    assert heard.statuses in ([200, 200, 200], [200])
    assert (len(heard.statuses) == 3) is not (
        b"connection: close" in heard.said.lower().partition(b"\r\n\r\n")[0]
    )


def test_requests_that_never_end_hold_up_nobody(server: Server) -> None:
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
    server: Server, head: bytes, more: bytes
) -> None:
    before = server.memory
    with connected(server.url) as sock, contextlib.suppress(ConnectionError, TimeoutError):
        sock.settimeout(1.0)  # one that does not read any more does not keep anything either
        sock.sendall(head)
        for _ in range(40 * MEGABYTE // len(more)):
            sock.sendall(more)
        sock.shutdown(socket.SHUT_WR)
    assert server.memory - before < MOST_GROWTH
    serves(server)
