"""Errors, in the Hub's shape: status, JSON ``error``, ``X-Error-Message``, ``X-Error-Code`` where one is known."""

from __future__ import annotations

import logging
import re

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from fakejobs.model.refusal import Refusal
from fakejobs.model.rules import MatchFailed
from fakejobs.web.context import dialect, hub, json_answer
from fakejobs.wire.decode import Invalid
from fakejobs.wire.redact import redact_text
from fakejobs.wire.schema import GONE, ROUTES, Route, routes_at
from fakejobs.wire.validate import format_problems, one_line

logger = logging.getLogger("fakejobs")


def error_answer(
    status: int, message: str, *, header: str | None = None, code: str | None = None, hint: str | None = None
) -> Response:
    """An error with ``message`` in body and header.

    Args:
        header: the text of the header, where ``message`` does not fit one (several lines, or beyond ASCII).
        code: ``X-Error-Code``.
        hint: what this fake has to add for people: ``X-Fakejobs-Hint``.
    """
    message = redact_text(message)  # some repeat a path or a word of the request
    answer = json_answer({"error": message}, status)
    answer.headers["X-Error-Message"] = _header(message if header is None else redact_text(header))
    if code is not None:
        answer.headers["X-Error-Code"] = code
    if hint is not None:
        answer.headers["X-Fakejobs-Hint"] = _header(redact_text(hint))
    return answer


def register_errors(app: Flask) -> None:
    """Answer every error of the app in JSON."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(Invalid, _invalid)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(MatchFailed, _match_failed)
    app.register_error_handler(Exception, _bug)


def _refused(refusal: Refusal) -> Response:
    return error_answer(refusal.status, refusal.message, code=refusal.code, hint=refusal.hint)


def _invalid(invalid: Invalid) -> Response:
    line = one_line(invalid.found)
    text = line if hub().settings.quirks.validation_layout == "plain" else format_problems(invalid.found)
    return error_answer(400, text, header=line)


_PARTLY = ("/api/buckets/", "/api/datasets/", "/api/repos/", "/api/validate-yaml")
"""Parts of the Hub that are emulated as far as uploads for jobs need them."""


def _http(error: HTTPException) -> Response:
    if isinstance(error, MethodNotAllowed) and request.path.startswith(_PARTLY):
        return _unknown()  # the Hub has that method there
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        answer = error_answer(405, f"Method not allowed: {request.method}; allowed here: {allowed}")
        answer.headers["Allow"] = allowed
        return answer
    if error.code == 404:
        return _unknown()
    return error_answer(error.code or 500, error.description or error.name)


def _unknown() -> Response:
    """A route that is not ours: not there at all, or a part of the Hub that is not emulated."""
    path = request.path
    if path == "/api/agent-harnesses":
        # A 200 would be kept for a day in the client's cache folder (huggingface_hub from 1.19.0 on).
        return error_answer(404, _NO_PAGE)
    if (route := _of_another_day()) is not None:
        days = f"exists since {route.since}" if route.since else f"existed until {route.until}"
        as_of = f"this is the API of {dialect().date}"
        return error_answer(404, _NO_PAGE, hint=f"{route.method} {route.path} {days}; {as_of}")
    if path.startswith("/api/") and not path.startswith("/api/jobs"):
        return error_answer(
            501,
            "fakejobs emulates Jobs, and of buckets and datasets what uploads for Jobs need, "
            f"not {request.method} {path}: answer it in the test, with "
            f'fakejobs.route("{request.method}", "{path}", ...), or leave the call out',
        )
    return error_answer(404, _NO_PAGE, hint=f"no route {path}")


_NO_PAGE = "Sorry, we can't find the page you are looking for."


def _of_another_day() -> Route | None:
    """The route that is asked for, if there was none, or is none any more, on the day that the client is answered for."""
    there = set(routes_at(dialect().date))
    for route in (*ROUTES, *GONE):
        pattern = re.sub(r"{\w+}", "[^/]+", route.path)
        asked = {"HEAD": "GET", "OPTIONS": route.method}.get(request.method, request.method)
        if route not in there and route.method == asked and re.fullmatch(pattern, request.path):
            return route
    return None


def _match_failed(error: MatchFailed) -> Response:
    logger.error("%s", error, exc_info=error.__cause__)
    return error_answer(
        500, str(error), hint="fix the function in the rule; the server's log has the traceback"
    )


def _bug(error: Exception) -> Response:
    logger.error("a bug in fakejobs: %s %s", request.method, request.path, exc_info=error)
    return error_answer(
        500,
        "Internal Error: this is a bug in fakejobs, not in what was asked of it",
        hint=f"{type(error).__name__}; the server's log has the traceback",
    )


def _header(text: str) -> str:
    """``text`` as a header can carry it: one line of printable ASCII."""
    return "".join(each if " " <= each <= "~" else "?" for each in text.replace("\n", "; "))[:2000]
