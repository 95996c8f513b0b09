"""Reading what lies elsewhere: a document from a file or an address, and answers of a server. Limited in size and time."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes that are read at most. The Hub's whole document has a few million."""

SECONDS = 60.0
"""Real seconds that one request may take."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class CannotRead(ValueError):
    """It cannot be read; the message says what, and why. Neither tokens nor the query of an address are in it."""


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: the HTTP status.
        content_type: the media type, without parameters.
        body: the whole body.
    """

    status: int
    content_type: str
    body: bytes


def read_source(source: str, *, limit: int = SIZE_LIMIT, seconds: float = SECONDS) -> bytes:
    """The bytes of a file, or of what ``http://`` or ``https://`` leads to.

    Raises:
        CannotRead: there is nothing, it is too large, or it takes too long.
    """
    if "://" in source:
        answer = get(source, limit=limit, seconds=seconds)
        if answer.status != 200:
            raise CannotRead(f"{shown(source)}: answered {answer.status}; a document comes with 200")
        return answer.body
    path = Path(source)
    try:
        if not path.is_file():
            raise CannotRead(f"{source}: there is no such file")
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, CannotRead):
            raise
        raise CannotRead(
            f"{source}: cannot be read ({getattr(error, 'strerror', None) or 'no path'})"
        ) from None
    if len(raw) > limit:
        raise CannotRead(f"{source}: has more than {limit:,} bytes, too much for a document of an API")
    return raw


def get(url: str, *, token: str | None = None, limit: int = SIZE_LIMIT, seconds: float = SECONDS) -> Answer:
    """One GET. Redirects are followed only without a token, so that it goes nowhere else.

    Raises:
        CannotRead: no such address, nobody answers, or too much or too slowly.
    """
    check_url(url)
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token and token):
        raise CannotRead("the token is none: it has to be printable ASCII without spaces")
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "fakejobs"})  # noqa: S310 - http and https only: `check_url`
    if token is not None:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    handlers: list[urllib.request.BaseHandler] = [_Redirects()]
    if urlsplit(url).hostname in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    until = time.monotonic() + seconds
    try:
        try:
            reply = urllib.request.build_opener(*handlers).open(request, timeout=seconds)
        except urllib.error.HTTPError as error:  # an answer all the same
            reply = error
        with reply:
            body = _read(reply, url, limit, until)
            headers: Message = reply.headers
            return Answer(int(reply.status or 0), headers.get_content_type(), body)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        if isinstance(error, CannotRead):
            raise
        raise CannotRead(f"{shown(url)}: cannot be reached ({_reason(error)})") from None


def check_url(url: str) -> None:
    """Is it an address that is read?

    Raises:
        CannotRead: it is not, or a user and password are in it.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise CannotRead("that is no address; give one such as http://127.0.0.1:8484") from None
    if parts.username is not None or parts.password is not None:
        raise CannotRead(f"{parts.scheme}://…@{host}: leave user and password out of the address")
    if (
        parts.scheme not in ("http", "https")
        or not host
        or not (url.isascii() and url.isprintable())
        or " " in url
    ):
        raise CannotRead(f"{shown(url)!r}: give an address that begins with http:// or https://, or a file")


def shown(url: str) -> str:
    """``url`` as it is printed: without its query, which may hold what is nobody's business."""
    return url.partition("?")[0].partition("#")[0]


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """To http and https alone, and never with a token; else the redirect itself is the answer."""
        if req.has_header("Authorization") or urlsplit(newurl).scheme not in ("http", "https"):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read(reply: IO[bytes], url: str, limit: int, until: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := reply.read1(1 << 16) if hasattr(reply, "read1") else reply.read(1 << 16):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise CannotRead(f"{shown(url)}: sends more than {limit:,} bytes")
        if time.monotonic() > until:
            raise CannotRead(f"{shown(url)}: takes too long")
    return b"".join(parts)


def _reason(error: Exception) -> str:
    """What went wrong, without what was asked for."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "it takes too long"
    if isinstance(cause, OSError):
        return cause.strerror or type(cause).__name__
    return type(cause).__name__
