"""Reaching the app without a socket: one WSGI call, and streams that wait in virtual time."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from fakejobs.clock import Stream, WaitUntil
from fakejobs.drivers.pace import KEEP_ALIVE, KEEP_ALIVE_SECONDS
from fakejobs.model.plan import NEVER
from fakejobs.waits import Waits
from fakejobs.web.context import DRIVE_KEY

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]


class ReadTimedOut(Exception):
    """The client's read timeout passed, in virtual time, before there was anything to read."""


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


def perform(app: WSGIApplication, call: Call, waits: Waits) -> Reply:
    """Call the app in this thread. Reading the reply's chunks waits in virtual time, and raises `ReadTimedOut`."""
    waits.seen()
    environ = _environ(call)

    def drive(stream: Stream) -> Iterator[bytes]:
        return follow(stream, waits, call.read_timeout, f"{call.method} {call.target}")

    environ[DRIVE_KEY] = drive
    status, headers = 500, Headers()

    def start_response(
        line: str, given: Headers, _error: OptExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        nonlocal status, headers
        status, headers = int(line[:3]), given
        return _no_write

    chunks = app(environ, start_response)
    return Reply(status, headers, chunks)


def follow(stream: Stream, waits: Waits, read_timeout: float | None, what: str) -> Iterator[bytes]:
    """Drive a stream in virtual time: its waits, its keep-alives, and the read timeout of its reader."""
    clock = stream.clock
    patience = None if read_timeout is None else round(read_timeout * 1000)
    last = clock.now()
    try:
        for step in stream.steps:
            if not isinstance(step, WaitUntil):
                yield step
                last = clock.now()
                continue
            keep_alive = last + int(KEEP_ALIVE_SECONDS * 1000)
            gives_up = NEVER if patience is None else last + patience
            waits.until(min(step.instant, keep_alive, gives_up), lambda: what, topic=stream.topic)
            now = clock.now()
            if now >= step.instant:
                continue
            if now >= gives_up:
                raise ReadTimedOut
            if now >= keep_alive:
                # The step is asked for again after this; a stream that has no news waits for the same instant.
                yield KEEP_ALIVE
                last = clock.now()
    finally:
        with suppress(ValueError):  # being closed from within its own step
            stream.steps.close()


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
