"""The in-process transport for requests: an adapter to mount on ``http://`` and ``https://``."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from http.client import IncompleteRead, RemoteDisconnected, responses
from typing import Any
from urllib.parse import urlsplit

from fakejobs.drivers.httpx_transport import Answer
from fakejobs.drivers.inprocess import REFUSED, RESET, Broken, Call, ReadTimedOut, Reply


def make_adapter(answer: Answer, real: Callable[[], Any]) -> Any:
    """An `requests.adapters.HTTPAdapter` that asks ``answer`` for every request.

    Args:
        real: makes the adapter for requests that may go out.
    """
    import requests
    from urllib3 import HTTPHeaderDict
    from urllib3.exceptions import ProtocolError, ReadTimeoutError
    from urllib3.response import HTTPResponse

    class Body(io.RawIOBase):
        """The chunks of a reply as a file, pulled as they are read."""

        def __init__(self, reply: Reply, url: str) -> None:
            self._reply = reply
            self._url = url
            self._rest = b""

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            try:
                # An empty chunk is no end: it only sends the headers off.
                while not self._rest and (chunk := next(self._reply.chunks, None)) is not None:
                    self._rest = chunk
            except ReadTimedOut:
                raise ReadTimeoutError(None, self._url, "Read timed out.") from None  # type: ignore[arg-type]  # there is no pool
            except Broken as error:
                # urllib3 and requests make of these what they make of a broken socket.
                raise ConnectionResetError(*RESET) if error.how == "reset" else IncompleteRead(b"") from None
            size = min(len(buffer), len(self._rest))
            buffer[:size] = self._rest[:size]
            self._rest = self._rest[size:]
            return size

        def close(self) -> None:
            self._reply.close()
            super().close()

    def _broken(error: Broken) -> Exception:
        """What urllib3 says of a connection that breaks before there is an answer."""
        if error.how == "refused":
            return ConnectionRefusedError(*REFUSED)
        closed = RemoteDisconnected("Remote end closed connection without response")
        return ProtocolError(
            "Connection aborted.", ConnectionResetError(*RESET) if error.how == "reset" else closed
        )

    class FakeJobsAdapter(requests.adapters.BaseAdapter):
        def __init__(self) -> None:
            super().__init__()
            self._real: Any = None

        def send(  # type: ignore[override]  # arguments that requests passes by name
            self,
            request: requests.PreparedRequest,
            stream: bool = False,
            timeout: float | tuple[float | None, float | None] | None = None,
            **options: object,
        ) -> requests.Response:
            parts = urlsplit(request.url or "")
            body = request.body or b""
            call = Call(
                method=request.method or "GET",
                scheme=parts.scheme,
                host=parts.hostname or "",
                port=parts.port or (443 if parts.scheme == "https" else 80),
                target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                headers=[(key, _text(value)) for key, value in request.headers.items()],
                body=_bytes(body),
                read_timeout=timeout[1] if isinstance(timeout, tuple) else timeout,
            )
            try:
                reply = answer(call)
            except ReadTimedOut:
                timed_out = ReadTimeoutError(None, request.url, "Read timed out.")  # type: ignore[arg-type]  # there is no pool
                raise requests.exceptions.ReadTimeout(timed_out, request=request) from None
            except Broken as error:
                raise requests.exceptions.ConnectionError(_broken(error), request=request) from None
            if reply is None:
                if self._real is None:
                    self._real = real()
                response: requests.Response = self._real.send(
                    request, stream=stream, timeout=timeout, **options
                )
                return response
            raw = HTTPResponse(
                body=Body(reply, request.url or ""),
                headers=HTTPHeaderDict(reply.headers),
                status=reply.status,
                reason=responses.get(reply.status),
                request_method=request.method,
                preload_content=False,
            )
            return requests.adapters.HTTPAdapter().build_response(request, raw)

        def close(self) -> None:
            if self._real is not None:
                self._real.close()

    return FakeJobsAdapter()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    read = getattr(body, "read", None)
    if read is not None:
        data: bytes | str = read()
        return data.encode() if isinstance(data, str) else data
    return b"".join(_pieces(body))


def _pieces(body: object) -> Iterator[bytes]:
    for piece in body:  # type: ignore[attr-defined]  # an iterable, as what is left
        yield piece if isinstance(piece, bytes) else str(piece).encode()
