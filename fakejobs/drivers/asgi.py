"""The bridge from asyncio servers to the WSGI app: short calls inline, streams without a thread.

Calls of the app are short, so they run on the event loop: a thread for each would cost more than it gives. An
event stream is a task that sleeps until its instant, a ring of its bell or its next keep-alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from fakejobs.clock import Abort, Breaking, Pause, Step, Stream, WaitUntil
from fakejobs.drivers.environ import Message, environ_of
from fakejobs.drivers.pace import KEEP_ALIVE, KEEP_ALIVE_SECONDS, in_batches, seconds_to_wait

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_Error: TypeAlias = "tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]"

BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of a request's body above which the app is not even asked: those of the largest xorb. The app's other limits are lower."""

_log = logging.getLogger("fakejobs.server")

# Stands in the response's iterable where the stream goes; known by identity, so its bytes do not matter.
_PLACE = bytes(bytearray(b"the stream"))
_NO_BODY = frozenset([204, 304])
# For the server to say, not the app (PEP 3333). "Connection" stays: servers understand its "close".
_HOP_BY_HOP = frozenset(
    [b"keep-alive", b"proxy-authenticate", b"te", b"trailer", b"transfer-encoding", b"upgrade"]
)


class Bridge:
    """An ASGI app that serves a WSGI app.

    Args:
        app: the WSGI app. It finds `fakejobs.drive` in its environ and gives its event streams to it.
        keep_alive: seconds of silence before an event stream sends a keep-alive.
        body_limit: bytes above which a request's body is refused (413) without being kept.
    """

    def __init__(
        self, app: WSGIApplication, *, keep_alive: float = KEEP_ALIVE_SECONDS, body_limit: int = BODY_LIMIT
    ) -> None:
        self._app = app
        self._keep_alive = keep_alive
        self._body_limit = body_limit
        self._followers: set[_Follower] = set()
        self._stopped = False

    def stop(self) -> None:
        """End all open streams, and later ones before their first wait. To be called on the event loop."""
        self._stopped = True
        for follower in self._followers:
            follower.end()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ValueError: the scope is not HTTP (servers take that as: no lifespan, no WebSockets here).
        """
        if scope["type"] != "http":
            raise ValueError(f"only HTTP is served here, not {scope['type']}")
        try:
            body = await self._body(scope, receive)
        except _BodyTooLargeError:
            await _refuse(send, self._body_limit)
            return
        except _ClientGoneError:
            return
        call = _Call(self._app, environ_of(scope, body))
        try:
            streaming = call.run()
            if not streaming:
                await send(call.start(whole=True))
                await send({"type": "http.response.body", "body": call.taken()})
            else:
                if call.has_head:  # else a fault keeps it back
                    await send(call.start(whole=False))
                await self._stream(call, receive, send)
        except _BrokenError as error:
            await _break(error.how, receive, send)
        except Exception:
            _log.exception("%s %s failed in mid-response", scope["method"], scope["path"])
            raise  # the server cuts the connection, so that the client cannot take it for the end
        finally:
            call.close()

    async def _body(self, scope: Message, receive: Receive) -> bytes:
        expected = False
        for name, value in scope["headers"]:
            if name == b"content-length":
                if len(value) > 18 or int(value) > self._body_limit:
                    raise _BodyTooLargeError
                expected = value != b"0"
            elif name == b"transfer-encoding":
                expected = True
        if not expected:
            return b""
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientGoneError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._body_limit:
                raise _BodyTooLargeError
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    async def _stream(self, call: _Call, receive: Receive, send: Send) -> None:
        while call.stream is not None:
            if before := call.taken():
                await send({"type": "http.response.body", "body": before, "more_body": True})
            if not await self._follow(call, call.stream, receive, send) and not call.may_end_early:
                raise _BrokenError("closed")
            call.stream = None
            call.more()
        if not call.started:
            await send(call.start(whole=False))
        await send({"type": "http.response.body", "body": call.taken()})

    async def _follow(self, call: _Call, stream: Stream, receive: Receive, send: Send) -> bool:
        """Send a stream; says whether it came to its end, for the client may go, and the server stop."""
        loop = asyncio.get_running_loop()
        follower = _Follower(loop, self._stopped)
        self._followers.add(follower)
        watcher = loop.create_task(_watch(receive, follower))
        # Subscribe, then look, then wait: a ring in between is kept by the follower.
        unsubscribe = stream.clock.bell.subscribe(stream.topic, follower.wake)
        try:
            sent = loop.time()
            steps: Generator[Step, None, None] = in_batches(stream.steps)
            for step in steps:
                if isinstance(step, Abort):
                    raise _BrokenError(step.how)
                if isinstance(step, Pause):
                    await follower.pause(stream, step)
                if isinstance(step, bytes):
                    if not call.started:
                        await send(call.start(whole=False))
                    await send({"type": "http.response.body", "body": step, "more_body": True})
                    sent = loop.time()
                    # Sending waits only for a full buffer; the others want their turn as well.
                    await asyncio.sleep(0)
                while isinstance(step, WaitUntil) and not follower.over:
                    silence = sent + self._keep_alive - loop.time()
                    if silence <= 0:
                        await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
                        sent = loop.time()
                        continue
                    woken = await follower.wait(seconds_to_wait(stream.clock, step.instant, silence))
                    if woken or stream.clock.seconds_until(step.instant) == 0:
                        break
                if follower.over:
                    return False
            return True
        finally:
            unsubscribe()
            stream.steps.close()
            watcher.cancel()
            self._followers.discard(follower)


class _BodyTooLargeError(Exception):
    pass


class _ClientGoneError(Exception):
    pass


class _BrokenError(Exception):
    """A fault breaks the connection."""

    def __init__(self, how: Breaking) -> None:
        self.how = how
        super().__init__(how)


async def _break(how: Breaking, receive: Receive, send: Send) -> None:
    """Break the connection. ASGI has no word for that, so uvicorn's transport is taken; another server sees a response without an end."""
    transport: asyncio.Transport | None = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        return
    if how == "closed":
        transport.close()
    else:
        sock: socket.socket | None = transport.get_extra_info("socket")
        with contextlib.suppress(OSError, ValueError):  # the client was quicker; uvloop has no socket then
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _watch(receive: Receive, follower: _Follower) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.end()


class _Follower:
    """How one task waits for its stream."""

    __slots__ = ("_future", "_loop", "_thread", "_woken", "over")

    def __init__(self, loop: asyncio.AbstractEventLoop, over: bool) -> None:
        self.over = over
        self._loop = loop
        self._thread = threading.get_ident()
        self._woken = False
        self._future: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """End the wait, or the next one. From any thread: the bell is rung wherever a job changes."""
        if self._woken:
            return
        self._woken = True
        if threading.get_ident() == self._thread:
            self._release()
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._release)

    def end(self) -> None:
        """There is nobody to send to any more. On the event loop only."""
        self.over = True
        self._release()

    async def wait(self, seconds: float) -> bool:
        """Wait that long, or until woken or over; says whether it was woken since the last wait."""
        if not self._woken and not self.over:
            self._future = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._release)
            try:
                await self._future
            finally:
                timer.cancel()
                self._future = None
        woken = self._woken
        if woken:  # else a ring of this very moment would be lost
            self._woken = False
        return woken

    async def pause(self, stream: Stream, pause: Pause) -> None:
        """Be silent until the instant comes, or the connection is over."""
        while not self.over and stream.clock.seconds_until(pause.instant) != 0:
            await self.wait(seconds_to_wait(stream.clock, pause.instant, KEEP_ALIVE_SECONDS))

    def _release(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


class _Place:
    """The response's iterable that a view gets for its stream: `_PLACE`, where the bridge puts the stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter((_PLACE,))

    def close(self) -> None:
        self._stream.steps.close()


class _Call:
    """One call of the WSGI app.

    Attributes:
        stream: the stream to be sent after what was `taken`, while there is one.
    """

    __slots__ = (
        "_app",
        "_chunks",
        "_environ",
        "_given",
        "_headers",
        "_iterator",
        "_started",
        "_status",
        "_taken",
        "stream",
    )

    def __init__(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        self.stream: Stream | None = None
        self._app = app
        self._environ = environ
        self._given: list[Stream] = []
        self._status: int | None = None
        self._headers: list[tuple[str, str]] = []
        self._taken: list[bytes] = []
        self._started = False
        self._chunks: Iterable[bytes] = ()
        self._iterator: Iterator[bytes] = iter(())

    def run(self) -> bool:
        """Call the app; says whether it answers with a stream."""
        self._environ["fakejobs.drive"] = self._drive
        try:
            self._chunks = self._app(self._environ, self._start_response)
            self._iterator = iter(self._chunks)
            self.more()
            assert self.has_head or self.stream is not None, "the WSGI app did not call start_response"
        except Exception:  # noqa: BLE001  whatever it is, it is one request's failure, not the server's
            _log.exception("%s %s failed", self._environ["REQUEST_METHOD"], self._environ["PATH_INFO"])
            self.stream = None
            self._status = 500
            self._headers = [("Content-Type", "application/json; charset=utf-8")]
            self._taken = [b'{"error": "Internal Server Error"}']
        return self.stream is not None

    @property
    def has_head(self) -> bool:
        """Whether the app has said how its answer begins; with a fault, it may do so as late as just before the first bytes."""
        return self._status is not None

    @property
    def started(self) -> bool:
        """Whether the client has been told."""
        return self._started

    @property
    def may_end_early(self) -> bool:
        """Whether its end may come at any time without anything being missing: it has begun, and has not said how long it is."""
        return self.has_head and not any(_header_name(name) == b"content-length" for name, _ in self._headers)

    def more(self) -> None:
        """Take the response up to the next stream, or to its end."""
        for chunk in self._iterator:
            if chunk is _PLACE and self._given:
                self.stream = self._given.pop(0)
                return
            self._taken.append(chunk)

    def taken(self) -> bytes:
        """What is to be sent now."""
        taken = self._taken
        self._taken = []
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def start(self, *, whole: bool) -> Message:
        """The message that starts the response; a ``whole`` one gets its length."""
        assert self._status is not None
        headers = []
        measured = not whole or self._status in _NO_BODY or self._environ["REQUEST_METHOD"] == "HEAD"
        for name, value in self._headers:
            key = _header_name(name)
            if key == b"content-length":
                measured = True
            elif key in _HOP_BY_HOP:
                continue
            headers.append((key, value.encode("latin-1")))
        if not measured:
            headers.append((b"content-length", str(sum(map(len, self._taken))).encode()))
        self._started = True
        return {"type": "http.response.start", "status": self._status, "headers": headers}

    def close(self) -> None:
        """Close the app's iterable, as PEP 3333 demands, and streams that were never sent (HEAD)."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
        for stream in self._given:
            stream.steps.close()
        # It leads back here: without it, what a call leaves behind goes at once and not with the next collection.
        del self._environ["fakejobs.drive"]

    def _drive(self, stream: Stream) -> _Place:
        self._given.append(stream)
        return _Place(stream)

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: _Error | None = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None:
            try:
                if self._started and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
            self._taken.clear()
        elif self._status is not None:
            raise AssertionError("start_response was called twice")
        self._status = int(status[:3])
        self._headers = headers
        return self._taken_by_write

    def _taken_by_write(self, data: bytes) -> None:
        self._taken.append(data)


@lru_cache(256)
def _header_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


async def _refuse(send: Send, limit: int) -> None:
    text = f"Request body too large: more than {limit // 1024} KiB"
    body = json.dumps({"error": text}).encode()
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-error-message", text.encode()),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
