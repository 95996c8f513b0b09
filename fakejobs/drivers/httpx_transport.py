"""The in-process transport for httpx and httpx2: the same code for both, over whichever module is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from fakejobs.drivers.inprocess import REFUSED, RESET, Broken, Call, ReadTimedOut, Reply

Answer = Callable[[Call], "Reply | None"]
"""How a transport gets an answer: the fake's reply, or None if the request may go out."""


def make_transport(httpx: ModuleType, answer: Answer, real: Callable[[], Any]) -> Any:
    """A transport of ``httpx`` (the module httpx or httpx2) that asks ``answer`` for every request.

    Args:
        real: makes the transport for requests that may go out.
    """
    return _transport_class(httpx)(answer, real)


def _raised(httpx: Any, error: ReadTimedOut | Broken, request: object, *, in_body: bool) -> Exception:
    """What httpx raises over a socket when this happens to the connection."""
    how = "timeout" if isinstance(error, ReadTimedOut) else error.how
    kinds: dict[str, tuple[Any, str]] = {
        "timeout": (httpx.ReadTimeout, "The read operation timed out"),
        "refused": (httpx.ConnectError, str(OSError(*REFUSED))),
        "reset": (httpx.ReadError, str(OSError(*RESET))),
        "closed": (httpx.RemoteProtocolError, "Server disconnected without sending a response."),
    }
    kind, text = kinds[how]
    if how == "closed" and in_body:
        text = "peer closed connection without sending complete message body"
    raised: Exception = kind(text, request=request)
    return raised


@cache
def _transport_class(httpx: ModuleType) -> Any:
    """Made once, as to make two classes costs as much as a call of the API, and every test has its own transport."""

    class FakeJobsStream(httpx.SyncByteStream):  # type: ignore[name-defined,misc]  # of httpx or httpx2
        def __init__(self, reply: Reply, request: object) -> None:
            self._reply = reply
            self._request = request

        def __iter__(self) -> Iterator[bytes]:
            try:
                yield from self._reply.chunks
            except (ReadTimedOut, Broken) as error:
                raise _raised(httpx, error, self._request, in_body=True) from None

        def close(self) -> None:
            self._reply.close()

    class FakeJobsTransport(httpx.BaseTransport):  # type: ignore[name-defined,misc]  # of httpx or httpx2
        def __init__(self, answer: Answer, make_real: Callable[[], Any]) -> None:
            self._answer = answer
            self._make_real = make_real
            self._real: Any = None

        def handle_request(self, request: Any) -> object:
            url = request.url
            call = Call(
                method=request.method,
                scheme=url.scheme,
                host=url.host,
                port=url.port or (443 if url.scheme == "https" else 80),
                target=url.raw_path.decode("ascii"),
                headers=[
                    (key.decode("latin-1"), value.decode("latin-1")) for key, value in request.headers.raw
                ],
                body=request.read(),
                read_timeout=request.extensions.get("timeout", {}).get("read"),
            )
            try:
                reply = self._answer(call)
            except (ReadTimedOut, Broken) as error:
                raise _raised(httpx, error, request, in_body=False) from None
            if reply is None:
                if self._real is None:
                    self._real = self._make_real()
                return self._real.handle_request(request)
            return httpx.Response(
                reply.status, headers=reply.headers, stream=FakeJobsStream(reply, request), request=request
            )

        def close(self) -> None:
            if self._real is not None:
                self._real.close()

    return FakeJobsTransport
