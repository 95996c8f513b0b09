"""How requests reach a server: what the probe needs of HTTP, and that over a socket."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Protocol
from urllib.parse import urlsplit

from fakejobs.contract.fetch import check_url, shown
from fakejobs.wire.json_types import Json
from fakejobs.wire.redact import HIDDEN

SIZE_LIMIT = 16 * 1024 * 1024
"""Bytes of an answer that are read at most. A page of a hundred jobs has some hundred thousand."""

_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 20
_SHORTEST_SECRET = 8


class NoAnswer(Exception):
    """A request that got no answer: nobody there, too slow, too large. The message has no token in it."""


class NotAsExpected(Exception):
    """An answer that a fact cannot go on with.

    Attributes:
        expected: what it needed.
        seen: what it got.
    """

    def __init__(self, expected: str, seen: str) -> None:
        self.expected = expected
        self.seen = seen
        super().__init__(f"expected {expected}, got {seen}")


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: the HTTP status.
        headers: all headers, in the order in which they came.
        body: the whole body.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The first header of that name, if there is one."""
        return next(iter(self.all(name)), None)

    @cached_property
    def json(self) -> Json:
        """The body as JSON.

        Raises:
            NotAsExpected: it is something else.
        """
        try:
            value: Json = json.loads(self.body)
        except (ValueError, RecursionError):
            raise NotAsExpected("a body in JSON", self.in_short) from None
        return value

    @property
    def object(self) -> dict[str, Json]:
        """The body of a 200, which is a JSON object: a job, most often.

        Raises:
            NotAsExpected: the status or the body is another.
        """
        value = self.json if self.status == 200 else None
        if not isinstance(value, dict):
            raise NotAsExpected("200 and a JSON object", self.in_short)
        return value

    @property
    def items(self) -> list[dict[str, Json]]:
        """The body of a 200, which is a list of JSON objects.

        Raises:
            NotAsExpected: the status or the body is another.
        """
        value = self.json if self.status == 200 else None
        if not isinstance(value, list):
            raise NotAsExpected("200 and a JSON list", self.in_short)
        found = [each for each in value if isinstance(each, dict)]
        if len(found) < len(value):
            raise NotAsExpected("a list of JSON objects", self.in_short)
        return found

    @property
    def error(self) -> str | None:
        """The text of an error; None if there is none in the body."""
        value = self.json if self.status >= 400 else None
        text = value.get("error") if isinstance(value, dict) else None
        return text if isinstance(text, str) else None

    @property
    def date(self) -> int:
        """The ``Date`` header in seconds since the epoch.

        Raises:
            NotAsExpected: there is none, or it cannot be read.
        """
        text = self.header("Date")
        try:
            return int(parsedate_to_datetime(text or "").timestamp())
        except (TypeError, ValueError):
            raise NotAsExpected("a Date header", repr(text)) from None

    @property
    def in_short(self) -> str:
        """Status and the beginning of the body, for people."""
        body = self.body[:200].decode("utf-8", "replace")
        return f"{self.status} {body}".strip()


class Following(Protocol):
    """A stream that is being read."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def line(self, seconds: float) -> bytes | None:
        """The next line with its end; empty at the end of the stream; None if nothing comes for that many real seconds."""

    def close(self) -> None:
        """Stop reading."""


class Transport(Protocol):
    """What carries requests to one server."""

    url: str
    """Where the server is, without a slash at the end."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request, and its whole answer. Redirects are not followed.

        Raises:
            NoAnswer: there is none.
        """

    def follow(self, target: str, headers: Mapping[str, str]) -> Following:
        """GET a stream.

        Raises:
            NoAnswer: there is none.
        """


class WithoutToken:
    """A transport whose answers never have the token in them, so that nothing that is made of them has.

    Args:
        transport: what carries the requests.
        token: the token.
    """

    def __init__(self, transport: Transport, token: str) -> None:
        self.url = transport.url
        self._transport = transport
        # A fakejobs takes any token: one so short is no secret, and a part of many words.
        self._token = token if len(token) >= _SHORTEST_SECRET else None

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """See `Transport`."""
        answer = self._transport.send(method, target, headers, body)
        if self._token is None:
            return answer
        hidden = tuple((key, value.replace(self._token, HIDDEN)) for key, value in answer.headers)
        return Answer(answer.status, hidden, self._hide(answer.body))

    def follow(self, target: str, headers: Mapping[str, str]) -> Following:
        """See `Transport`."""
        return _FollowingWithoutToken(self._transport.follow(target, headers), self._hide)

    def _hide(self, raw: bytes) -> bytes:
        return raw if self._token is None else raw.replace(self._token.encode(), HIDDEN.encode())


class _FollowingWithoutToken:
    def __init__(self, following: Following, hide: Callable[[bytes], bytes]) -> None:
        self.status = following.status
        self.headers = following.headers
        self.close = following.close
        self._following = following
        self._hide = hide

    def line(self, seconds: float) -> bytes | None:
        line = self._following.line(seconds)
        return None if line is None else self._hide(line)


class HttpTransport:
    """A server behind a socket, one connection for each request. Proxies of the environment are not used.

    Args:
        url: ``http://`` or ``https://`` and a host; a path may follow.
        seconds: real seconds that one answer may take.

    Raises:
        CannotRead: it is no such address.
    """

    def __init__(self, url: str, *, seconds: float = 60.0) -> None:
        check_url(url)
        self.url = shown(url).rstrip("/")
        self._parts = urlsplit(self.url)
        self._seconds = seconds

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """See `Transport`."""
        until = time.monotonic() + self._seconds
        connection = self._connect(self._seconds)
        try:
            connection.request(method, self._parts.path + target, body, dict(headers))
            response = connection.getresponse()
            with contextlib.closing(response):
                return Answer(response.status, tuple(response.getheaders()), _whole(response, until))
        except (OSError, HTTPException) as error:
            raise NoAnswer(f"{method} {shown(target)}: no answer ({_reason(error)})") from None
        finally:
            connection.close()

    def follow(self, target: str, headers: Mapping[str, str]) -> HttpFollowing:
        """See `Transport`."""
        # Longer than the thirty seconds after which a silent stream says that it is alive.
        connection = self._connect(max(self._seconds, 60.0))
        try:
            connection.request("GET", self._parts.path + target, headers=dict(headers))
            opened: socket.socket = connection.sock  # a response that ends with its connection takes it away
            return HttpFollowing(connection, opened, connection.getresponse())
        except (OSError, HTTPException) as error:
            connection.close()
            raise NoAnswer(f"GET {shown(target)}: no answer ({_reason(error)})") from None

    def _connect(self, seconds: float) -> HTTPConnection:
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        return kind(self._parts.hostname or "", self._parts.port, timeout=seconds)


class HttpFollowing:
    """A stream over a socket: a thread reads its lines, so that waiting for one can be given up without losing it."""

    def __init__(self, connection: HTTPConnection, opened: socket.socket, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = tuple(response.getheaders())
        self._connection = connection
        self._response = response
        self._socket = opened
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._ended = False
        self._thread = threading.Thread(target=self._read, name="fakejobs verify stream", daemon=True)
        self._thread.start()

    def line(self, seconds: float) -> bytes | None:
        """See `Following`."""
        if self._ended:
            return b""
        try:
            line = self._lines.get(timeout=max(seconds, 0.0)) if seconds > 0 else self._lines.get_nowait()
        except queue.Empty:
            return None
        self._ended = line == b""
        return line

    def close(self) -> None:
        """See `Following`."""
        with contextlib.suppress(OSError):  # wakes the thread that reads
            self._socket.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        self._thread.join(5)
        self._response.close()

    def _read(self) -> None:
        try:
            while line := self._response.readline(_LONGEST_LINE):
                self._lines.put(line)
        except (OSError, HTTPException, ValueError, AttributeError):
            pass  # closed under the reader, or broken off: for a reader both are the end
        self._lines.put(b"")


def _whole(response: HTTPResponse, until: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := response.read1(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > SIZE_LIMIT:
            raise HTTPException(f"more than {SIZE_LIMIT:,} bytes")
        if time.monotonic() > until:
            raise HTTPException("too slow")
    return b"".join(parts)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "too slow"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if type(error) is HTTPException else type(error).__name__
