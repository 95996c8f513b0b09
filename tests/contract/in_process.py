"""The transport of the verified-fake suite without a socket: straight into the app over a hub."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from fakejobs.clock import Stream
from fakejobs.contract.verify.transport import Answer
from fakejobs.drivers.threads import Following
from fakejobs.drivers.waiters import EventWaiter
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from fakejobs.web.context import DRIVE_KEY

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIEnvironment

Headers = tuple[tuple[str, str], ...]

_KEEP_ALIVE = 0.001
"""Real seconds of silence before a keep-alive, so that a stream which is held open says so at once."""


class InProcess:
    """A server that is a hub in this process.

    Args:
        hub: the hub.
        admin: whether its admin API can be reached; without it, it looks like any other server.
        url: the address that it is to have.
    """

    def __init__(self, hub: FakeHub, *, admin: bool = True, url: str = "http://127.0.0.1:8484") -> None:
        self.url = url
        self.sent: list[tuple[str, str]] = []
        self._app = wsgi_app(hub)
        self._admin = admin

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        self.sent.append((method, target))
        if target.startswith("/_fakejobs") and not self._admin:
            return Answer(404, (), b"{}")
        status, given, chunks = self._call(method, target, headers, body)
        try:
            return Answer(status, given, b"".join(chunks))
        finally:
            _close(chunks)

    def follow(self, target: str, headers: Mapping[str, str]) -> InProcessFollowing:
        self.sent.append(("GET", target))
        return InProcessFollowing(*self._call("GET", target, headers, None))

    def _call(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, Headers, Iterable[bytes]]:
        path, _, query = target.partition("?")
        host, _, port = self.url.split("/")[2].partition(":")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": port or "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": self.url.split("/")[2],
            "CONTENT_LENGTH": str(len(body or b"")),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.url.split(":")[0],
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            DRIVE_KEY: _drive,
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        status, given = 500, Headers()

        def start(
            line: str, fields: list[tuple[str, str]], _error: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            nonlocal status, given
            status, given = int(line[:3]), tuple(fields)
            return lambda _chunk: None

        chunks = self._app(environ, start)
        return status, given, chunks


class InProcessFollowing:
    """A stream of it. Like a socket, it has what was there when it was opened, whatever happens before it is read."""

    def __init__(self, status: int, headers: Headers, chunks: Iterable[bytes]) -> None:
        self.status = status
        self.headers = headers
        self._source = chunks
        self._chunks = iter(chunks)
        self._buffer = b""
        self._ended = False
        self._pull()

    def line(self, seconds: float) -> bytes | None:
        until = time.monotonic() + seconds
        while b"\n" not in self._buffer and not self._ended:
            if time.monotonic() > until:
                return None
            self._pull()
        line, mark, self._buffer = self._buffer.partition(b"\n")
        return line + mark

    def close(self) -> None:
        _close(self._source)

    def _pull(self) -> None:
        chunk = next(self._chunks, None)
        self._ended = chunk is None
        self._buffer += chunk or b""


def _drive(stream: Stream) -> Following:
    return Following(stream, EventWaiter, keep_alive=_KEEP_ALIVE)


def _close(chunks: Iterable[bytes]) -> None:
    with suppress(AttributeError):
        chunks.close()  # type: ignore[attr-defined]  # an iterable of WSGI may have it
