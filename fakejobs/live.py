"""A fake over sockets: for code in other processes and languages.

Time is virtual there, too: a followed stream moves the clock when nobody else is busy, and so does a reader who asks
again for an unfinished job, since nobody can see how such a reader waits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

from fakejobs.drivers.inprocess import Broken, Call, ReadTimedOut, Reply
from fakejobs.drivers.threads import BREAK_KEY
from fakejobs.errors import FakeClosed, FakeJobsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from fakejobs.handle import FakeJobs

TICK = "10s"
"""How far a repeated read of an unfinished job moves time over a socket, unless `Options.auto_tick` says otherwise."""


def live_app(current: Callable[[], FakeJobs | None]) -> WSGIApplication:
    """The WSGI application of a live server.

    Args:
        current: gives the fake whose turn it is; None between tests.
    """

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        fake = current()
        try:
            if fake is None:
                raise FakeClosed("no test that uses this server is running")
            reply = fake.answer_live(_call(environ))
        except _NoBodyError:
            reply = _error(400, "The body cannot be read: it ends too soon, or its chunks are malformed")
        except (Broken, ReadTimedOut) as error:
            raise _broken(environ, error) from None
        except FakeJobsError as error:
            reply = _error(503 if isinstance(error, FakeClosed) else 500, f"{type(error).__name__}: {error}")
        start_response(f"{reply.status} {_phrase(reply.status)}", reply.headers)
        return _Body(reply, environ)

    return serve


class _NoBodyError(Exception):
    """The body of a request is not what its headers say."""


class _Body:
    """The body of a reply, let go of when the connection is."""

    def __init__(self, reply: Reply, environ: WSGIEnvironment) -> None:
        self._reply = reply
        self._environ = environ

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._reply.chunks
        except Broken as error:
            raise _broken(self._environ, error) from None
        except (ReadTimedOut, FakeJobsError) as error:
            # The headers are out; all that is left is to break the connection. The problem is noted where it arose.
            raise ConnectionAbortedError(str(error)) from None

    def close(self) -> None:
        self._reply.close()


def _broken(environ: WSGIEnvironment, error: Broken | ReadTimedOut) -> ConnectionAbortedError:
    """Have the connection broken as a fault says; returns what is to be raised for that."""
    if isinstance(error, Broken) and BREAK_KEY in environ:
        environ[BREAK_KEY](error.how)
    return ConnectionAbortedError(str(error))


def _call(environ: WSGIEnvironment) -> Call:
    host, _, port = str(environ.get("HTTP_HOST", "")).partition(":")
    target = quote(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
    if query := environ.get("QUERY_STRING"):
        target += f"?{query}"
    headers = [
        (key[5:].replace("_", "-").title(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", environ["CONTENT_TYPE"]))
    return Call(
        method=environ["REQUEST_METHOD"],
        scheme="http",
        host=host,
        port=int(port) if port.isdigit() else 80,
        target=target,
        headers=headers,
        body=_body(environ),
        read_timeout=None,
    )


def _body(environ: WSGIEnvironment) -> bytes:
    try:
        return get_input_stream(environ).read()
    except (OSError, ClientDisconnected):
        raise _NoBodyError from None


def _error(status: int, text: str) -> Reply:
    body = json.dumps({"error": text}).encode()
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Error-Message", text.replace("\n", " ").encode("ascii", "replace").decode()),
    ]
    return Reply(status, headers, [body])


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
