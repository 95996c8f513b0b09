"""``python -m tests.benchmarks.get_load``: one round of GETs, as fast as the server answers, from a process of its own.

Plain sockets and one selector, because a generator that costs more than the server would measure itself.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from typing import TypedDict

from tests.benchmarks.figures import Load

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Wanted(TypedDict):
    """One round.

    Attributes:
        port: where, on 127.0.0.1.
        path: what to GET.
        body: the body that every answer must have.
        connections: how many are kept busy, each with one request at a time.
        warm_up: seconds at the beginning that do not count.
        seconds: seconds that do.
    """

    port: int
    path: str
    body: str
    connections: int
    warm_up: float
    seconds: float


class _Connection:
    """One connection, and after it another if the server closes it after each answer, as werkzeug's does."""

    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self.asked = 0.0
        self._port = port
        self._selector = selector
        self._received = b""
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> None:
        self.asked = time.perf_counter()
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(self._socket, selectors.EVENT_READ, self)
        self._socket.sendall(request)

    def answer(self) -> bytes | None:
        """The body, once all of it is there."""
        assert self._socket is not None
        chunk = self._socket.recv(65536)
        if not chunk:
            raise SystemExit("the server closed a connection in the middle of an answer")
        self._received += chunk
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = _LENGTH.search(head)
        if length is None or not head.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"not the answer that was wanted: {head.decode('latin-1')}")
        if len(body) < int(length[1]):
            return None
        self._received = b""
        if b"\r\nconnection: close" in head.lower():
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None
        return body


def measure(wanted: Wanted) -> Load:
    """Keep all connections busy for the whole time, and check every answer."""
    request = (
        f"GET {wanted['path']} HTTP/1.1\r\nHost: 127.0.0.1:{wanted['port']}\r\n"
        "User-Agent: benchmark\r\nAccept: */*\r\nAuthorization: Bearer hf_benchmark\r\n\r\n"
    ).encode()
    body = wanted["body"].encode()
    selector = selectors.DefaultSelector()
    for _ in range(wanted["connections"]):
        _Connection(wanted["port"], selector).ask(request)
    latencies: list[float] = []
    answers = 0
    begin = time.perf_counter() + wanted["warm_up"]
    end = begin + wanted["seconds"]
    now = 0.0
    while now < end:
        ready = selector.select(30)
        if not ready:
            raise SystemExit("no answer in 30 seconds")
        for key, _ in ready:
            connection: _Connection = key.data
            answer = connection.answer()
            if answer is None:
                continue
            if answer != body:
                raise SystemExit(f"not the body that was wanted: {answer[:200]!r}")
            answers += 1
            now = time.perf_counter()
            if begin <= now < end:
                latencies.append(now - connection.asked)
            connection.ask(request)
    return {
        "rate": len(latencies) / wanted["seconds"],
        "latencies": sorted(latencies),
        "answers": answers,
    }


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
