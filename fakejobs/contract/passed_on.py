"""Answers on their way back: read as they come, passed on piece by piece, and put together to what is kept of them."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Literal

from fakejobs.contract.recording import BODY_LIMIT, KEPT_OF_RESPONSE, Body, Cut, Frame, Response, one_line
from fakejobs.drivers.waiters import SocketWaiter

_CHUNK = 64 * 1024
_ENDS = (b"\r\n\r\n", b"\n\n", b"\r\r")
_LINES = ("text/plain", "application/x-ndjson", "application/jsonl")


class Incoming:
    """The body of an answer, as it comes.

    Attributes:
        complete: whether it is known to be whole. Never, of one that ends with its connection.
    """

    def __init__(self, reply: HTTPResponse) -> None:
        self._reply = reply
        self._left = None if reply.chunked else reply.length
        self.complete = self._left == 0

    def read(self) -> bytes:
        """The next bytes, as soon as there are some; none: it is over.

        Raises:
            OSError: the connection broke.
            HTTPException: it ended before the answer did.
        """
        if self.complete:
            return b""
        chunk = self._reply.read1(_CHUNK if self._left is None else min(_CHUNK, self._left))
        if self._left is not None:
            if not chunk:
                raise IncompleteRead(b"", self._left)
            self._left -= len(chunk)
        self.complete = self._left == 0 or (not chunk and self._reply.chunked)
        return chunk


class PassedOn:
    """The iterable of an answer that is passed on piece by piece.

    Args:
        reply: the answer.
        body: its body.
        before: what has been read of the body already.
        finish: told what is kept of the answer, when it is over.
        client: the connection of the client, if it can be watched.
        server: the connection to the server, which ends when the client hangs up.
    """

    def __init__(
        self,
        reply: HTTPResponse,
        body: Incoming,
        before: Sequence[bytes],
        finish: Callable[[Response], None],
        client: socket.socket | None,
        server: socket.socket | None,
    ) -> None:
        self._reply = reply
        self._body = body
        self._before = before
        self._tell = finish
        self._began = time.monotonic()
        self._framer = _framer_of(reply)
        self._raw: list[bytes] = []
        self._size = 0
        self._finished = False
        self._watch = _Watch(client, server) if client is not None else None

    def __iter__(self) -> Iterator[bytes]:
        yield b""  # so that the headers go out now, however long the first piece takes
        for chunk in self._before:
            self._keep(chunk)
        yield from self._before
        try:
            while chunk := self._body.read():
                self._keep(chunk)
                if self._body.complete:
                    self._finish()  # a client that has all of it may hang up at once
                yield chunk
        except (OSError, HTTPException, ValueError):
            if self._hung_up:
                return
            self._finish("upstream")
            # The headers are out; all that is left is to break the connection to the client, too.
            raise ConnectionAbortedError("the server cut the answer off") from None
        if self._body.complete or not self._hung_up:
            self._finish()

    def close(self) -> None:
        """It is over, at its end or because the client hung up."""
        self._finish("client")
        if self._watch is not None:
            self._watch.stop()

    @property
    def _hung_up(self) -> bool:
        return self._watch is not None and self._watch.hung_up

    def _keep(self, chunk: bytes) -> None:
        if self._framer is not None:
            self._framer.feed(chunk, self._at())
            return
        self._size += len(chunk)
        if self._size > BODY_LIMIT:
            self._raw.clear()
        else:
            self._raw.append(chunk)

    def _at(self) -> int:
        return int((time.monotonic() - self._began) * 1000)

    def _finish(self, cut_by: Literal["client", "upstream"] | None = None) -> None:
        if self._finished:
            return
        self._finished = True
        body = frames = None
        if self._framer is not None:
            self._framer.finish()
            frames = tuple(self._framer.frames)
        elif self._size > BODY_LIMIT:
            body = Body("omitted", too_large(None))
        elif cut_by is not None:
            body = Body("omitted", "it was cut off")
        else:
            body = kept_body(self._reply, b"".join(self._raw))
        self._tell(
            Response(
                self._reply.status,
                kept_headers(self._reply),
                body=body,
                frames=frames,
                truncated=self._framer is not None and self._framer.truncated,
                cut=None if cut_by is None else Cut(cut_by, self._at()),
            )
        )


class _Watch:
    """Waits for the client to hang up, and ends the request to the server then, which its reader notices at once."""

    def __init__(self, client: socket.socket, server: socket.socket | None) -> None:
        self.hung_up = False
        self._server = server
        self._stopping = False
        self._waiter = SocketWaiter(client)
        self._thread = threading.Thread(target=self._run, name="fakejobs record watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The answer is over."""
        self._stopping = True
        self._waiter.end()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._waiter.over:
                self._waiter.wait(3600)
            if not self._stopping and self._server is not None:
                self.hung_up = True
                with contextlib.suppress(OSError):
                    # Of the plain socket: another thread may be reading from the TLS around it.
                    socket.socket.shutdown(self._server, socket.SHUT_RDWR)
        finally:
            self._waiter.close()


class Framer:
    """Puts the chunks of a stream together to frames: events, or lines.

    Args:
        events: whether a frame ends at a blank line, or at each line.
    """

    def __init__(self, *, events: bool) -> None:
        self.frames: list[Frame] = []
        self.truncated = False
        self._ends = _ENDS if events else (b"\n",)
        self._rest = b""
        self._size = 0
        self._at = 0

    def feed(self, chunk: bytes, at: int) -> None:
        """The next bytes, which came ``at`` milliseconds after the headers."""
        if self.truncated:
            return
        self._at = at
        self._size += len(chunk)
        if self._size > BODY_LIMIT:
            self.truncated, self._rest = True, b""
            return
        self._rest += chunk
        while (end := self._end()) is not None:
            self._add(self._rest[:end])
            self._rest = self._rest[end:]

    def finish(self) -> None:
        """The stream is over: what is left is a frame, too."""
        if self._rest:
            self._add(self._rest)
            self._rest = b""

    def _end(self) -> int | None:
        ends = [index + len(mark) for mark in self._ends if (index := self._rest.find(mark)) >= 0]
        return min(ends, default=None)

    def _add(self, frame: bytes) -> None:
        self.frames.append(Frame(self._at, frame.decode("utf-8", "replace")))


def _framer_of(reply: HTTPResponse) -> Framer | None:
    """What makes frames of a body; None: it is no stream."""
    kind = (reply.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return Framer(events=True)
    lines = kind in _LINES and reply.getheader("Content-Length") is None
    return Framer(events=False) if lines else None


def kept_body(reply: HTTPResponse, raw: bytes) -> Body | None:
    """What is kept of a body."""
    if not raw:
        return None
    encoding = reply.getheader("Content-Encoding") or "identity"
    if encoding != "identity":
        return Body("omitted", f"it came compressed ({encoding}), which nobody had asked for")
    return Body.of(raw)


def kept_headers(reply: HTTPResponse) -> dict[str, str]:
    """What is kept of the headers."""
    return {
        name: one_line(value) for name in KEPT_OF_RESPONSE if (value := reply.getheader(name)) is not None
    }


def too_large(size: int | None) -> str:
    """Why a body of that many bytes was not kept; None: too many to say."""
    has = "it is too large" if size is None else f"it has {size:,} bytes"
    return f"{has}; at most {BODY_LIMIT:,} bytes are kept"
