"""A reverse proxy that records: what it gets goes to the server at once, and so does what comes back.

A stream stays one: each chunk is passed on when it comes, and a client that hangs up ends the request to the server.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from fakejobs.contract.fetch import check_url, shown
from fakejobs.contract.recorder import Framer, Recorder
from fakejobs.contract.recording import (
    BODY_LIMIT,
    KEPT_OF_RESPONSE,
    Body,
    Cut,
    Exchange,
    Request,
    Response,
    readdressed,
)
from fakejobs.drivers.waiters import SocketWaiter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_AT_ONCE = 200
"""Requests that are passed on at the same time; each has a thread, and a stream two."""

CONNECT_SECONDS = 30.0
"""Real seconds that a connection to the server may take."""

READ_SECONDS = 600.0
"""Real seconds that the server may be silent: a follower of a log gets a keep-alive every half minute."""

_CHUNK = 64 * 1024
_HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
# Not passed on either: the server has its own name, and what it sends must be readable.
_REPLACED = frozenset({"host", "accept-encoding", "expect", "content-length"})
_LINES = ("text/plain", "application/x-ndjson", "application/jsonl")

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Upstream:
    """The server that is recorded.

    Attributes:
        url: its address, without a slash at its end.
        secure: whether it is ``https``; its certificate is verified then.
        host: its name.
        port: its port.
        prefix: what its paths begin with, if it is not at the root.
    """

    url: str
    secure: bool
    host: str
    port: int
    prefix: str

    @classmethod
    def at(cls, url: str) -> Upstream:
        """The server at this address.

        Raises:
            ValueError: it is no address, or has a user or a query in it.
        """
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"--upstream {shown(url)}: give an address such as https://huggingface.co")
        check_url(url)
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            raise ValueError("--upstream: give an address without ? and #, such as https://huggingface.co")
        secure = parts.scheme == "https"
        return cls(
            url.rstrip("/"),
            secure,
            parts.hostname or "",
            parts.port or (443 if secure else 80),
            parts.path.rstrip("/"),
        )

    def connect(self) -> HTTPConnection:
        """A new connection.

        Raises:
            OSError: it cannot be had.
        """
        connection = (
            HTTPSConnection(
                self.host, self.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
            )
            if self.secure
            else HTTPConnection(self.host, self.port, timeout=CONNECT_SECONDS)
        )
        connection.connect()
        connection.sock.settimeout(READ_SECONDS)
        return connection


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
            whole, before = self._whole(reply)
        except (OSError, HTTPException) as error:
            return self._failed(start_response, error)
        status = f"{reply.status} {reply.reason or _phrase(reply.status)}"
        if whole is None:
            stream = _Stream(self, reply, before, self._environ.get("werkzeug.socket"), self._socket)
            start_response(status, self._headers(reply))
            return stream
        self.finish(Response(reply.status, _kept(reply), body=kept_body(reply, whole)))
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
            headers=headers,
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
                return _chained(parts, more), Body("omitted", _too_large(left))
        raw = b"".join(parts)
        if not raw:
            return (b"" if left == 0 else None), None
        return raw, Body.of(raw)

    def _whole(self, reply: HTTPResponse) -> tuple[bytes | None, list[bytes]]:
        """The body, if it is one of JSON, or none; else None, and what has been read of it: it is passed on piece by piece."""
        if self._request.method == "HEAD" or reply.status in (204, 304):
            return b"", []
        if not _is_json(reply):
            return None, []
        if reply.length is None and not reply.chunked:
            return None, []  # it ends with the connection, or has broken off: nobody can tell
        parts, size = [], 0
        while chunk := reply.read1(_CHUNK):
            parts.append(chunk)
            size += len(chunk)
            if size > BODY_LIMIT:
                return None, parts
        if reply.length:
            raise IncompleteRead(b"".join(parts), reply.length)
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
        why = f"{self._upstream.url} {_reason(error)}"
        text = f"fakejobs record: {why}"
        body = Body("body", {"error": text})
        headers = {"content-type": "application/json; charset=utf-8"}
        self.finish(Response(502, headers, body=body, failed=why))
        return _own_answer(start_response, 502, text)


class _Stream:
    """An answer that is passed on piece by piece."""

    def __init__(
        self,
        passing: _Passing,
        reply: HTTPResponse,
        before: list[bytes],
        client: socket.socket | None,
        server: socket.socket | None,
    ) -> None:
        self._passing = passing
        self._before = before
        self._reply = reply
        self._began = time.monotonic()
        kind = (reply.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        events = kind == "text/event-stream"
        lines = kind in _LINES and reply.getheader("Content-Length") is None
        self._framer = Framer(events=events) if events or lines else None
        self._raw: list[bytes] = []
        self._size = 0
        self._response: Response | None = None
        self._watch = _Watch(client, server) if client is not None else None

    def __iter__(self) -> Iterator[bytes]:
        yield b""  # so that the headers go out now, however long the first piece takes
        for chunk in self._before:
            self._keep(chunk)
            yield chunk
        broken = False
        while True:
            try:
                chunk = self._reply.read1(_CHUNK)
            except (OSError, HTTPException, ValueError):
                chunk, broken = b"", True
            if not chunk:
                broken = broken or bool(self._reply.length)  # less than was announced
                break
            self._keep(chunk)
            yield chunk
        if self._watch is not None and self._watch.hung_up:
            return
        self._finish("upstream" if broken else None)
        if broken:
            # The headers are out; all that is left is to break the connection to the client, too.
            raise ConnectionAbortedError("the server cut the answer off")

    def close(self) -> None:
        """It is over, at its end or because the client hung up."""
        self._finish("client")
        if self._watch is not None:
            self._watch.stop()

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

    def _finish(self, cut: str | None) -> None:
        if self._response is not None:
            return
        at = self._at()
        by = {"client": Cut("client", at), "upstream": Cut("upstream", at)}.get(cut or "")
        body = frames = None
        if self._framer is not None:
            self._framer.finish()
            frames = tuple(self._framer.frames)
        elif self._size > BODY_LIMIT:
            body = Body("omitted", _too_large(None))
        elif by is not None:
            body = Body("omitted", "it was cut off")
        else:
            body = kept_body(self._reply, b"".join(self._raw))
        self._response = Response(
            self._reply.status,
            _kept(self._reply),
            body=body,
            frames=frames,
            truncated=self._framer is not None and self._framer.truncated,
            cut=by,
        )
        self._passing.finish(self._response)


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


def kept_body(reply: HTTPResponse, raw: bytes) -> Body | None:
    """What is kept of a body."""
    if not raw:
        return None
    encoding = reply.getheader("Content-Encoding") or "identity"
    if encoding != "identity":
        return Body("omitted", f"it came compressed ({encoding}), which nobody had asked for")
    return Body.of(raw)


def _kept(reply: HTTPResponse) -> dict[str, str]:
    return {
        name: " ".join(value.split())
        for name in KEPT_OF_RESPONSE
        if (value := reply.getheader(name)) is not None
    }


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


def _too_large(size: int | None) -> str:
    has = "it is too large" if size is None else f"it has {size:,} bytes"
    return f"{has}; at most {BODY_LIMIT:,} bytes are kept"


def _reason(error: Exception) -> str:
    """Why a server could not be asked, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that cannot be trusted ({error.verify_message})"
    if isinstance(error, socket.gaierror):
        return "cannot be found: no such host"
    if isinstance(error, TimeoutError):
        return "does not answer"
    if isinstance(error, OSError):
        return f"cannot be reached ({error.strerror or type(error).__name__})"
    return f"broke off its answer ({type(error).__name__})"


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
