"""Checks every response of the app against our own schema, which is closed: an unknown key is a violation."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path

from flask import Response, request

from fakejobs.clock import Step, Stream
from fakejobs.drivers.threads import block_drive
from fakejobs.web.app import create_app
from fakejobs.web.context import DRIVE_KEY, dialect_in
from fakejobs.wire.schema import GONE, ROUTES, Route, routes_at
from fakejobs.wire.validate import problems

VIOLATIONS_FILE = "FAKEJOBS_TEST_VIOLATIONS"
"""Environment variable: where a server in a process of its own writes what it found."""

violations: list[str] = []
"""What was found in this process; the fixture `schema_holds` looks after each test."""

_SAYS_MORE = re.compile("/api/buckets/[^/]+/[^/]+(/batch)?|/api/repos/create")
"""Routes outside our schema, whose 409 and 422 have more in them than ``error``; `tests/web` looks at these in `test_buckets.py` and
`test_datasets.py`."""

_PATTERNS = [(re.compile(re.sub(r"{\w+}", "[^/]+", route.path)), route) for route in (*ROUTES, *GONE)]


def check_all_responses() -> None:
    """Check the responses of this process's app from now on; to be called before its first request."""
    app = create_app()
    app.before_request(_check_stream)
    app.after_request(_check)


def _check(answer: Response) -> Response:
    if request.path.startswith("/_fakejobs") or request.method == "HEAD":
        return answer
    route = _route()
    if answer.status_code >= 400:
        if answer.status_code not in (409, 422) or not _SAYS_MORE.fullmatch(request.path):
            _validate(
                dict(route.errors).get(answer.status_code, "error") if route else "error",
                answer.get_data(),
                _date(),
            )
        if "X-Error-Message" not in answer.headers:
            _report("no X-Error-Message header")
    elif route is not None and request.method == route.method:
        if answer.status_code != 200:
            _report(f"status {answer.status_code}, not 200")
        if route.kind != "sse" and route.reply is not None:
            _validate(route.reply, answer.get_data(), _date(), owners=dialect_in(request.environ).owners)
    return answer


def _route() -> Route | None:
    there = routes_at(_date())
    for pattern, route in _PATTERNS:
        if pattern.fullmatch(request.path) and route.method == request.method and route in there:
            return route
    return None


def _date() -> str:
    """As of which day the client is answered, and so which schema holds."""
    return dialect_in(request.environ).date


def _check_stream() -> None:
    """Look at the frames of a stream before any driver has them: not every driver sends them through Flask."""
    route = _route()
    if route is None or route.kind != "sse":
        return
    drive: Callable[[Stream], Iterable[bytes]] = request.environ.get(DRIVE_KEY) or block_drive(
        request.environ
    )
    piece, where, date = route.reply or "", f"{request.method} {request.path}", _date()

    def checked(stream: Stream) -> Iterable[bytes]:
        return drive(replace(stream, steps=_checked_steps(stream.steps, piece, where, date)))

    request.environ[DRIVE_KEY] = checked


def _checked_steps(
    steps: Generator[Step, None, None], piece: str, where: str, date: str
) -> Generator[Step, None, None]:
    try:
        for step in steps:
            if isinstance(step, bytes):
                _check_frames(step, piece, where, date)
            yield step
    finally:
        steps.close()


def _check_frames(chunk: bytes, piece: str, where: str, date: str) -> None:
    if not chunk.endswith(b"\n\n"):
        _report(f"half a frame: {chunk[-80:]!r}", where)
    for line in chunk.decode("ascii").split("\n"):
        if line.startswith("data: "):
            _validate(piece, line.removeprefix("data: ").encode(), date, where)
        elif line and line != "event: metric":
            _report(f"unknown line in a stream: {line[:80]!r}", where)


def _validate(piece: str, body: bytes, date: str, where: str = "", *, owners: str | None = None) -> None:
    try:
        value = json.loads(body)
    except ValueError:
        _report(f"not JSON: {body[:80]!r}", where)
        return
    for problem in problems(piece, value, date=date):
        if owners is not None and re.match(r"(\[\d+\]\.)?(owner|initiator)\b", problem.path):
            continue  # of another day than the rest
        _report(f"{piece}: {problem.sentence} at {problem.path or 'the root'}", where)


def _report(text: str, where: str = "") -> None:
    violation = f"{where or f'{request.method} {request.path}'}: {text}"
    violations.append(violation)
    if path := os.environ.get(VIOLATIONS_FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(violation + "\n")
