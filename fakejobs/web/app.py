"""The Flask app: one in a process, whatever the number of hubs. It finds the hub of a request in the WSGI environ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from string import printable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote_plus

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.routing import Map, MapAdapter

from fakejobs.hub import FakeHub, RequestRecord
from fakejobs.model.api_dates import LATEST
from fakejobs.model.times import to_http_date
from fakejobs.web.admin import admin
from fakejobs.web.answers import register_errors
from fakejobs.web.billing import billing
from fakejobs.web.buckets import buckets
from fakejobs.web.cas import cas
from fakejobs.web.context import BODY_KEY, DIALECT_KEY, HUB_KEY, dialect_in
from fakejobs.web.datasets import datasets
from fakejobs.web.faults import FAULT_KEY, Faulty
from fakejobs.web.identity import identity
from fakejobs.web.jobs import jobs
from fakejobs.web.rate_limits import USAGE_KEY, limit_rate
from fakejobs.web.scheduled import scheduled
from fakejobs.web.uploads import uploads
from fakejobs.web.webhooks import webhooks
from fakejobs.wire.dialects import dialect_of
from fakejobs.wire.redact import redact_text
from fakejobs.wire.schema import GONE, ROUTES, epoch, routes_at

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


Result = TypeVar("Result")

_NO_SESSION = NullSession()


class _NoSessions(SessionInterface):
    """The API has no sessions, so there is one that is nobody's, instead of a new one in every call."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:  # noqa: ARG002 - Flask's signature
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
        date = dialect_in(request.environ).date
        routes = self._routes.get(date)
        if routes is None:
            in_epoch = epoch(date)
            routes = self._routes.get(in_epoch) or self._routes.setdefault(
                in_epoch, self._routes_in(in_epoch)
            )
            self._routes[date] = routes
        return MapAdapter(routes, "localhost", "/", "", "http", path, request.method)

    @cached_property
    def _routes(self) -> dict[str, Map]:
        return {}

    def _routes_in(self, in_epoch: str) -> Map:
        """The routes that there were then: others are as unknown as any path."""
        there = {(route.method, _words(route.path)) for route in routes_at(in_epoch)}
        ever = {(route.method, _words(route.path)) for route in (*ROUTES, *GONE)}
        missing = ever - there
        routes = Map(strict_slashes=True, merge_slashes=False)
        for rule in self.url_map.iter_rules():
            if not any((method, _words(rule.rule)) in missing for method in rule.methods or ()):
                copy = rule.empty()
                # Flask's own mark, without which it does not answer OPTIONS by itself.
                copy.provide_automatic_options = rule.provide_automatic_options  # type: ignore[attr-defined]  # set by add_url_rule
                routes.add(copy)
        return routes

    def ensure_sync(self, func: Callable[..., Result]) -> Callable[..., Result]:
        """The same: no view is a coroutine, so Flask need not look into each at every call."""
        return func

    def make_default_options_response(self) -> Response:
        # It has no body, so it has no type either, and is no HTML page.
        answer = super().make_default_options_response()
        del answer.headers["Content-Type"]
        return answer


def _words(path: str) -> str:
    """A path with its parameters without names, which are not the same in the schema and in a view."""
    return re.sub(r"[<{]\w+[>}]", "*", path)


@cache
def create_app() -> Flask:
    """The app of this process."""
    app = _App("fakejobs", static_folder=None)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    for blueprint in (jobs, identity, scheduled, admin, billing, webhooks, datasets, buckets, cas, uploads):
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
        if (api := hub.settings.api) != LATEST:
            environ[DIALECT_KEY] = dialect_of(api, environ.get("HTTP_USER_AGENT", ""))
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
