"""The Flask app: one in a process, whatever the number of hubs. It finds the hub of a request in the WSGI environ."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from fakejobs.hub import FakeHub, RequestRecord
from fakejobs.web.admin import admin
from fakejobs.web.answers import register_errors
from fakejobs.web.context import HUB_KEY, hub
from fakejobs.web.identity import identity
from fakejobs.web.jobs import jobs
from fakejobs.web.scheduled import scheduled
from fakejobs.wire.redact import redact_text
from fakejobs.wire.times import to_http_date

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@cache
def create_app() -> Flask:
    """The app of this process."""
    app = Flask("fakejobs", static_folder=None)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    for blueprint in (jobs, identity, scheduled, admin):
        app.register_blueprint(blueprint)
    register_errors(app)
    app.after_request(_sign)
    return app


def wsgi_app(hub: FakeHub) -> WSGIApplication:
    """A WSGI application that serves one hub."""
    app = create_app()

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[HUB_KEY] = hub
        return app(environ, start_response)

    return serve


def _sign(answer: Response) -> Response:
    """Put the hub's time and a request id on every answer, and the request into the journal."""
    state = hub().state
    now = state.clock.now()
    answer.headers["Date"] = to_http_date(now)
    if request.path.startswith("/_fakejobs/"):
        return answer
    request_id = answer.headers["X-Request-Id"] = state.next_request_id(now)
    path, search = request.path, request.query_string
    state.journal.append(
        RequestRecord(
            at=now,
            request_id=request_id,
            method=request.method,
            path=redact_text(f"{path}?{search.decode('latin-1')}" if search else path),
            status=answer.status_code,
            user_agent=redact_text(request.headers.get("User-Agent", "")),
            body=g.get("body"),
        )
    )
    return answer
