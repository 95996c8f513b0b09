"""uvicorn's protocol on a connection that is cut off: whoever is still answering writes nothing more to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytest.importorskip("httptools")
uvicorn = pytest.importorskip("uvicorn")

from uvicorn.server import ServerState  # noqa: E402  # only where it is installed

from fakejobs.drivers.heads import BoundedHeads  # noqa: E402  # likewise

GOOD = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
NO_HTTP = b"\x00\r\n\r\n"


class Wire(asyncio.Transport):
    """Where bytes go; once it is closed, writing is an error, as uvloop has it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed, f"written after the end: {data!r}"
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close


def talk(*pieces: bytes) -> bytes:
    """What an app that answers in two parts has written when ``pieces`` came, the second after the first part of its answer."""
    wire = Wire()

    async def run() -> None:
        begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def app(_scope: object, _receive: object, send: Callable[[Any], Awaitable[None]]) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            begun.set()
            await go_on.wait()
            await send({"type": "http.response.body", "body": b"two"})
            done.set()

        config = uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off")
        protocol = BoundedHeads(config, ServerState(), {})
        protocol.connection_made(wire)
        for piece in pieces:
            protocol.data_received(piece)
            await begun.wait()
        go_on.set()
        await done.wait()  # never, if writing was an error
        protocol.connection_lost(None)

    asyncio.run(asyncio.wait_for(run(), 10))
    return wire.written


def test_in_the_middle_of_an_answer() -> None:
    written = talk(GOOD, NO_HTTP)
    assert written.startswith(b"HTTP/1.1 200")
    assert b"one" in written
    assert b"two" not in written
    assert b" 400 " not in written


def test_before_the_answer_has_begun() -> None:
    written = talk(GOOD + NO_HTTP)
    assert written.startswith(b"HTTP/1.1 400")
    assert b" 200 " not in written


def test_without_an_error_the_answer_is_whole() -> None:
    assert b"two" in talk(GOOD)
