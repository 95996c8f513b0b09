"""uvicorn's HTTP, with three things that it leaves out: an end to heads that have none, errors in JSON, and silence after the end."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 64 * 1024
"""Bytes that may come without being part of a body before a head (or a chunk's, or the trailers) has to be at its end."""


class _Closable:
    """A transport that takes no more bytes once it is closed.

    The protocol hears of that a moment later. Until then uvloop would raise an error for each write, with a traceback in the
    server's log whenever a follower hangs up at the wrong time.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)


class BoundedHeads(HttpToolsProtocol):
    """One connection. Without the limit, a client could fill the memory with headers, or with what comes between chunks."""

    _idle_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin."""
        super().connection_made(_Closable(transport))  # type: ignore[arg-type]  # it has all that a transport has

    def data_received(self, data: bytes) -> None:
        """Count, until something is complete."""
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._idle_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        self._idle_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        self._idle_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  the server's words, which are not JSON
        """Refuse what is no HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _refuse(self, status: HTTPStatus) -> None:
        cycle = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.abort()  # in the middle of an answer there is no place for another
            return
        text = f"{status.phrase}: {status.description}" if status.description else status.phrase
        body = json.dumps({"error": text})
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nX-Error-Message: {text}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write((head + body).encode("ascii"))
        self.transport.close()
