"""Reaching the app without a socket: one WSGI call, and streams that wait in virtual time."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from fakejobs.clock import Abort, Breaking, Pause, Stream, WaitUntil
from fakejobs.drivers.pace import KEEP_ALIVE, KEEP_ALIVE_SECONDS
from fakejobs.errors import FakeClosed
from fakejobs.model.plan import NEVER
from fakejobs.waits import Wait, Waits
from fakejobs.web.context import DRIVE_KEY

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]

RESET, REFUSED = ((number, os.strerror(number)) for number in (errno.ECONNRESET, errno.ECONNREFUSED))
"""What the operating system says of a connection that is reset, and of one that is refused."""


class ReadTimedOut(Exception):
    """The client's read timeout passed, in virtual time, before there was anything to read."""


class Broken(Exception):
    """The connection broke, by a fault; the transport raises what its HTTP library would.

    Attributes:
        how: see `fakejobs.clock.Breaking`.
    """

    def __init__(self, how: Breaking) -> None:
        self.how = how
        super().__init__(f"a fault broke the connection: {how}")


@dataclass(frozen=True)
class Call:
    """One request, as any HTTP library has it.

    Attributes:
        method: GET, POST, ...
        scheme: http or https.
        host: the name in the URL.
        port: the port in the URL, or the scheme's own.
        target: path and query as they are sent, percent-encoded.
        headers: the headers, as text.
        body: the whole body.
        read_timeout: seconds that the client waits for the next bytes; None for ever.
    """

    method: str
    scheme: str
    host: str
    port: int
    target: str
    headers: Headers
    body: bytes
    read_timeout: float | None


class Reply:
    """The answer: ``chunks`` are pulled as they are read, and `close` lets go of a stream."""

    def __init__(self, status: int, headers: Headers, chunks: Iterable[bytes]) -> None:
        self.status = status
        self.headers = headers
        self.chunks = iter(chunks)
        self._iterable = chunks

    def close(self) -> None:
        """Stop reading; a stream ends."""
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()


def perform(
    app: WSGIApplication, call: Call, waits: Waits, *, over: Callable[[str], bool] | None = None
) -> Reply:
    """Call the app in this thread. Reading the reply's chunks waits in virtual time, and raises `ReadTimedOut` or `Broken`.

    Args:
        over: whether a job is over, so that its metrics, whose stream does not end, will never say anything more.

    Raises:
        FakeClosed: the fake is closed, or was meanwhile.
        ReadTimedOut: a fault kept the answer back for longer than the client waits.
        Broken: a fault broke the connection before there was an answer.
    """
    waits.seen()
    environ = _environ(call)
    following: Following | None = None

    def drive(stream: Stream) -> Following:
        nonlocal following
        endless = call.target.partition("?")[0].endswith("/metrics")
        what = f"{call.method} {call.target}"
        following = Following(stream, waits, call.read_timeout, what, over if endless else None)
        return following

    environ[DRIVE_KEY] = drive
    status, headers = 0, Headers()

    def start_response(
        line: str, given: Headers, _error: OptExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        nonlocal status, headers
        status, headers = int(line[:3]), given
        return _no_write

    chunks = app(environ, start_response)
    if status == 0 and following is not None:  # a fault keeps back the head
        following.begin()
    if waits.closed is not None:  # so what it says is of a hub that is no more
        raise FakeClosed(waits.closed)
    return Reply(status, headers, chunks)


class Following:
    """A stream that is driven in virtual time: its waits, its keep-alives, and the read timeout of its reader.

    Args:
        stream: what is followed.
        waits: who moves time.
        read_timeout: seconds that the reader waits for the next bytes; None for ever.
        what: the request, as errors call it.
        over: see `perform`.
    """

    def __init__(
        self,
        stream: Stream,
        waits: Waits,
        read_timeout: float | None,
        what: str,
        over: Callable[[str], bool] | None = None,
    ) -> None:
        self._stream = stream
        self._waits = waits
        self._patience = NEVER if read_timeout is None else round(read_timeout * 1000)
        self._what = what
        self._over = over
        self._listener = waits.listen(stream.topic)
        self._steps = self._follow()
        self._chunks: Iterator[bytes] = self._steps

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def begin(self) -> None:
        """Wait for the head of the answer, which comes with the first bytes.

        Raises:
            ReadTimedOut: it does not come in time.
            Broken: it does not come at all.
        """
        chunks = self._chunks
        try:
            first = next(chunks, b"")
        except BaseException:
            self.close()
            raise
        self._chunks = chain((first,), chunks)

    def close(self) -> None:
        """Stop following."""
        with suppress(ValueError):  # being closed from within its own step
            self._steps.close()
            self._stream.steps.close()
        self._listener.close()

    def _follow(self) -> Generator[bytes, None, None]:
        clock, listener = self._stream.clock, self._listener
        last = clock.now()
        while True:
            try:
                self._waits.seen()
                step = next(self._stream.steps, None)
            except Exception:
                if self._waits.closed is not None:  # so its hub is gone
                    raise FakeClosed(self._waits.closed) from None
                raise
            if step is None:
                return
            if isinstance(step, Abort):
                raise Broken(step.how)
            if isinstance(step, Pause):
                self._pause(step.instant, last)
                continue
            if not isinstance(step, WaitUntil):
                yield step  # no bytes are the head, and that is something to read as well
                last = clock.now()
                continue
            while not listener.rung and (now := clock.now()) < step.instant:
                if now >= last + self._patience:
                    raise ReadTimedOut
                if now >= last + _KEEP_ALIVE_MS:
                    yield KEEP_ALIVE
                    last = clock.now()
                elif self._over is None or not self._over(self._stream.topic):
                    self._wait(step.instant, last)
                elif self._patience < NEVER:
                    # The reader would wait in vain until its timeout. That is no reason to let time pass the job's end.
                    raise ReadTimedOut
                else:
                    self._wait(NEVER, last)
            listener.rung = False

    def _pause(self, instant: int, last: int) -> None:
        """Be silent until ``instant``, or for as long as the reader has patience."""
        clock, waits, gives_up = self._stream.clock, self._waits, last + self._patience
        until = min(instant, gives_up)
        if clock.now() < until:
            waits.wait(Wait(waits.me(), until, lambda: f"{self._what}, which a fault keeps silent"))
        if clock.now() < instant:
            raise ReadTimedOut

    def _wait(self, instant: int, last: int) -> None:
        waits = self._waits
        gives_up, keep_alive = last + self._patience, last + _KEEP_ALIVE_MS
        if gives_up <= keep_alive:
            instant = min(instant, gives_up)
        waits.wait(Wait(waits.me(), instant, lambda: self._what, soft=keep_alive, listener=self._listener))


_KEEP_ALIVE_MS = int(KEEP_ALIVE_SECONDS * 1000)


def _no_write(_chunk: bytes) -> object:
    raise RuntimeError("this app does not use write()")


def _environ(call: Call) -> WSGIEnvironment:
    path, _, query = call.target.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": call.host,
        "SERVER_PORT": str(call.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": call.scheme,
        "wsgi.input": io.BytesIO(call.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in call.headers:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            environ[f"HTTP_{key}"] = value
    environ["CONTENT_LENGTH"] = str(len(call.body))
    return environ
