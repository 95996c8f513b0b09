"""The Flask app: one in a process, whatever the number of hubs. It finds the hub of a request in the WSGI environ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from string import printable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote_plus

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.routing import MapAdapter

from fakejobs.hub import FakeHub, RequestRecord
from fakejobs.model.times import to_http_date
from fakejobs.web.admin import admin
from fakejobs.web.answers import register_errors
from fakejobs.web.billing import billing
from fakejobs.web.context import BODY_KEY, HUB_KEY
from fakejobs.web.faults import FAULT_KEY, Faulty
from fakejobs.web.identity import identity
from fakejobs.web.jobs import jobs
from fakejobs.web.rate_limits import USAGE_KEY, limit_rate
from fakejobs.web.scheduled import scheduled
from fakejobs.web.webhooks import webhooks
from fakejobs.wire.redact import redact_text

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


Result = TypeVar("Result")

_NO_SESSION = NullSession()


class _NoSessions(SessionInterface):
    """The API has no sessions, so there is one that is nobody's, instead of a new one in every call."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:  # noqa: ARG002
        return _NO_SESSION

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing is ever in it."""


class _App(Flask):
    session_interface = _NoSessions()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What matches the request: by path and method alone, so nothing has to be made of the host."""
        if request is None:
            return None
        path = request.environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        return MapAdapter(self.url_map, "localhost", "/", "", "http", path, request.method)

    def ensure_sync(self, func: Callable[..., Result]) -> Callable[..., Result]:
        """The same: no view is a coroutine, so Flask need not look into each at every call."""
        return func

    def make_default_options_response(self) -> Response:
        # It has no body, so it has no type either, and is no HTML page.
        answer = super().make_default_options_response()
        del answer.headers["Content-Type"]
        return answer


@cache
def create_app() -> Flask:
    """The app of this process."""
    app = _App("fakejobs", static_folder=None)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    for blueprint in (jobs, identity, scheduled, admin, billing, webhooks):
        app.register_blueprint(blueprint)
    app.before_request(limit_rate)
    register_errors(app)
    return app


def wsgi_app(hub: FakeHub) -> WSGIApplication:
    """A WSGI application that serves one hub."""
    app = create_app()
    state = hub.state
    faulty = Faulty(app, state)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[HUB_KEY] = hub
        if not environ.get("QUERY_STRING", "").isascii():
            # Bytes that ought to have been escaped; werkzeug fails on those that are not UTF-8.
            environ["QUERY_STRING"] = quote(environ["QUERY_STRING"], printable, "latin-1", "replace")

        def start(
            status: str, headers: list[tuple[str, str]], error: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            now = state.clock.now()
            # The one Date header: clients compare it with the times of log lines.
            headers.append(("Date", to_http_date(now)))
            if not environ["PATH_INFO"].startswith("/_fakejobs/"):
                request_id = state.next_request_id(now)
                headers.append(("X-Request-Id", request_id))
                if USAGE_KEY in environ:
                    headers.extend(environ[USAGE_KEY].headers())
                state.journal.append(_record(environ, now, request_id, int(status[:3])))
            return (
                start_response(status, headers) if error is None else start_response(status, headers, error)
            )

        if state.faults and environ["PATH_INFO"].startswith("/api/"):

            def broken() -> None:
                now = state.clock.now()
                state.journal.append(_record(environ, now, state.next_request_id(now), 0))

            return faulty(environ, start, broken)
        return app(environ, start)

    return serve


def _record(environ: WSGIEnvironment, now: int, request_id: str, status: int) -> RequestRecord:
    path, search = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    if "%" in search and (plain := unquote_plus(search)) != (hidden := redact_text(plain)):
        search = hidden  # a token may be written with escapes; without one, the query stays as it was sent
    if not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "replace")
    return RequestRecord(
        at=now,
        request_id=request_id,
        method=environ["REQUEST_METHOD"],
        path=redact_text(f"{path}?{search}" if search else path),
        status=status,
        user_agent=redact_text(environ.get("HTTP_USER_AGENT", "")),
        body=environ.get(BODY_KEY),
        fault=redact_text(environ[FAULT_KEY]) if FAULT_KEY in environ else None,
    )
