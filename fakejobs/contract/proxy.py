"""A reverse proxy that records: what it gets goes to the server at once, and so does what comes back.

A stream stays one: each chunk is passed on when it comes, and a client that hangs up ends the request to the server.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

from fakejobs.contract.passed_on import Incoming, PassedOn, kept_body, kept_headers, too_large
from fakejobs.contract.recorder import Recorder
from fakejobs.contract.recording import BODY_LIMIT, Body, Exchange, Request, Response, one_line, readdressed
from fakejobs.contract.upstream import Upstream, reason

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_AT_ONCE = 200
"""Requests that are passed on at the same time; each has a thread, and a stream two."""

_CHUNK = 64 * 1024
_HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
# Not passed on either: the server has its own name, and what it sends must be readable.
_REPLACED = frozenset({"host", "accept-encoding", "expect", "content-length"})

Headers = list[tuple[str, str]]


def proxy_app(upstream: Upstream, recorder: Recorder) -> WSGIApplication:
    """A WSGI application that passes everything on to a server, and records it."""
    slots = threading.BoundedSemaphore(MOST_AT_ONCE)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not slots.acquire(blocking=False):
            return _own_answer(
                start_response, 503, f"fakejobs record: {MOST_AT_ONCE} requests are under way already"
            )
        passing = _Passing(upstream, recorder, environ, slots.release)
        try:
            return passing.answer(start_response)
        except BaseException:
            passing.close()
            raise

    return serve


class _Passing:
    """One exchange on its way."""

    def __init__(
        self, upstream: Upstream, recorder: Recorder, environ: WSGIEnvironment, release: Callable[[], None]
    ) -> None:
        self._upstream = upstream
        self._recorder = recorder
        self._environ = environ
        self._release = release
        self._number = recorder.begin()
        self._own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
        self._request = Request(environ["REQUEST_METHOD"], "/")
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._done = False

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Ask the server, and begin to answer."""
        target, headers, body = self._read()
        try:
            self._connection = connection = self._upstream.connect()
            self._socket = connection.sock  # the connection lets go of it, if the server will close it
            connection.request(self._request.method, target, body=body, headers=headers)
            reply = connection.getresponse()
            incoming = Incoming(reply)
            whole, before = self._whole(reply, incoming)
        except (OSError, HTTPException) as error:
            return self._failed(start_response, error)
        status = f"{reply.status} {reply.reason or _phrase(reply.status)}"
        if whole is None:
            client = self._environ.get("werkzeug.socket")
            passed_on = PassedOn(reply, incoming, before, self.finish, client, self._socket)
            start_response(status, self._headers(reply))
            return passed_on
        self.finish(Response(reply.status, kept_headers(reply), body=kept_body(reply, whole)))
        given = readdressed(whole, self._upstream.url, self._own) if _is_json(reply) else whole
        answered = self._headers(reply)
        if self._request.method != "HEAD" and reply.status not in (204, 304):
            answered = [pair for pair in answered if pair[0].lower() != "content-length"]
            answered.append(("Content-Length", str(len(given))))
        start_response(status, answered)
        return [given] if given else []

    def finish(self, response: Response) -> None:
        """It is over."""
        if not self._done:
            self._done = True
            self._recorder.finish(self._number, Exchange(self._request, response))
            self.close()

    def close(self) -> None:
        """Let go of the connection, and of the place among those that are under way."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        release, self._release = self._release, _nothing
        release()

    def _read(self) -> tuple[str, dict[str, str], bytes | Iterator[bytes] | None]:
        """The request: what to ask for, with which headers, and the body."""
        environ = self._environ
        target = _target(environ)
        path, _, query = target.partition("?")
        headers = {
            key[5:].replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
        sent = {
            name: value.replace(self._own, self._upstream.url)
            for name, value in headers.items()
            if name not in _HOP_BY_HOP | _REPLACED | named
        }
        body, kept = self._read_body()
        if isinstance(body, bytes):
            body = readdressed(body, self._own, self._upstream.url)
        elif body is not None and (length := environ.get("CONTENT_LENGTH")):
            sent["content-length"] = length
        self._request = Request(
            method=environ["REQUEST_METHOD"],
            path=quote(unquote(path), safe="/@:!$&'()*+,;=~") or "/",
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers={name: one_line(value) for name, value in headers.items()},
            body=kept,
        )
        return self._upstream.prefix + target, sent, body

    def _read_body(self) -> tuple[bytes | Iterator[bytes] | None, Body | None]:
        environ = self._environ
        stream = environ["wsgi.input"]
        length = environ.get("CONTENT_LENGTH") or ""
        if environ.get("wsgi.input_terminated"):
            left = None
        elif length.isdigit():
            left = int(length)
        else:
            return None, None

        def chunks() -> Iterator[bytes]:
            remaining = left
            while remaining is None or remaining > 0:
                chunk = stream.read(_CHUNK if remaining is None else min(_CHUNK, remaining))
                if not chunk:
                    return
                if remaining is not None:
                    remaining -= len(chunk)
                yield chunk

        parts, size, more = [], 0, chunks()
        for chunk in more:
            parts.append(chunk)
            size += len(chunk)
            if size > BODY_LIMIT:
                return _chained(parts, more), Body("omitted", too_large(left))
        raw = b"".join(parts)
        if not raw:
            return (b"" if left == 0 else None), None
        return raw, Body.of(raw)

    def _whole(self, reply: HTTPResponse, incoming: Incoming) -> tuple[bytes | None, list[bytes]]:
        """The body, if it is one of JSON, or none; else None, and what has been read of it: it is passed on piece by piece."""
        if self._request.method == "HEAD" or reply.status in (204, 304):
            return b"", []
        if not _is_json(reply):
            return None, []
        if reply.length is None and not reply.chunked:
            return None, []  # it ends with the connection, or has broken off: nobody can tell
        parts, size = [], 0
        while chunk := incoming.read():
            parts.append(chunk)
            size += len(chunk)
            if size > BODY_LIMIT:
                return None, parts
        return b"".join(parts), []

    def _headers(self, reply: HTTPResponse) -> Headers:
        """The headers for the client, with addresses of the server as ours."""
        named = {name.strip().lower() for name in (reply.getheader("Connection") or "").split(",")}
        headers = []
        for name, value in reply.getheaders():
            lowered = name.lower()
            if lowered in _HOP_BY_HOP or lowered in named:
                continue
            if lowered in ("link", "location", "content-location"):
                value = value.replace(self._upstream.url + "/", self._own + "/")
            headers.append((name, value))
        return headers

    def _failed(self, start_response: StartResponse, error: Exception) -> Iterable[bytes]:
        why = f"{self._upstream.url} {reason(error)}"
        text = f"fakejobs record: {why}"
        body = Body("body", {"error": text})
        headers = {"content-type": "application/json; charset=utf-8"}
        self.finish(Response(502, headers, body=body, failed=why))
        return _own_answer(start_response, 502, text)


def _is_json(reply: HTTPResponse) -> bool:
    return (
        (reply.getheader("Content-Type") or "").partition(";")[0].strip().lower().endswith(("/json", "+json"))
    )


def _target(environ: WSGIEnvironment) -> str:
    """The target of the request, as the client sent it: path and query."""
    target: str = environ.get("RAW_URI") or ""
    if not target:
        target = quote(environ["PATH_INFO"].encode("latin-1"), safe="/@:!$&'()*+,;=~")
        if environ.get("QUERY_STRING"):
            target += f"?{environ['QUERY_STRING']}"
    if not target.startswith("/") and "://" in target:  # absolute, as sent to a proxy
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    return (
        quote(target.encode("latin-1"), safe="/?@:!$&'()*+,;=~%[]|\"<>^`{}\\")
        if not target.isascii()
        else target
    )


def _chained(parts: Sequence[bytes], more: Iterator[bytes]) -> Iterator[bytes]:
    yield from parts
    yield from more


def _own_answer(start_response: StartResponse, status: int, text: str) -> Iterable[bytes]:
    """An answer of the proxy itself."""
    body = json.dumps({"error": text}).encode()
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Error-Message", text.encode("ascii", "replace").decode()),
    ]
    start_response(f"{status} {_phrase(status)}", headers)
    return [body]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _nothing() -> None:
    pass
