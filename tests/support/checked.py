"""Checks every response of the app against our own schema, which is closed: an unknown key is a violation."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import Response, request

from fakejobs.web.app import create_app
from fakejobs.wire.schema import ROUTES, Route
from fakejobs.wire.validate import problems

VIOLATIONS_FILE = "FAKEJOBS_TEST_VIOLATIONS"
"""Environment variable: where a server in a process of its own writes what it found."""

violations: list[str] = []
"""What was found in this process; the fixture `schema_holds` looks after each test."""

_PATTERNS = [(re.compile(re.sub(r"{\w+}", "[^/]+", route.path)), route) for route in ROUTES]


def check_all_responses() -> None:
    """Check the responses of this process's app from now on; to be called before its first request."""
    create_app().after_request(_check)


def _check(answer: Response) -> Response:
    if request.path.startswith("/_fakejobs") or request.method == "HEAD":
        return answer
    route = _route()
    if answer.status_code >= 400:
        _validate(
            dict(route.errors).get(answer.status_code, "error") if route else "error", answer.get_data()
        )
        for header in ("X-Error-Message", "X-Request-Id", "Date"):
            if header not in answer.headers:
                _report(f"no {header} header")
    elif route is not None and request.method == route.method:
        if answer.status_code != 200:
            _report(f"status {answer.status_code}, not 200")
        if route.kind == "sse":
            answer.response = _checked_frames(answer.response, route)  # type: ignore[assignment]
        elif route.reply is not None:
            _validate(route.reply, answer.get_data())
    return answer


def _route() -> Route | None:
    for pattern, route in _PATTERNS:
        if pattern.fullmatch(request.path) and route.method == request.method:
            return route
    return None


def _checked_frames(chunks: object, route: Route) -> object:
    if not isinstance(chunks, Iterator) and not isinstance(chunks, Iterable):
        return chunks
    return _Checked(chunks, route.reply or "", f"{request.method} {request.path}")


class _Checked:
    """An iterable of frames that looks at each and passes it on; `close` goes through."""

    def __init__(self, chunks: Iterable[bytes], piece: str, where: str) -> None:
        self._chunks = chunks
        self._piece = piece
        self._where = where

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            for frame in chunk.decode("ascii").split("\n\n"):
                for line in frame.split("\n"):
                    if line.startswith("data: "):
                        _validate(self._piece, line.removeprefix("data: ").encode(), self._where)
                    elif line and line not in (": keep-alive", "event: metric"):
                        _report(f"unknown line in a stream: {line[:80]!r}", self._where)
            yield chunk

    def close(self) -> None:
        if hasattr(self._chunks, "close"):
            self._chunks.close()


def _validate(piece: str, body: bytes, where: str = "") -> None:
    try:
        value = json.loads(body)
    except ValueError:
        _report(f"not JSON: {body[:80]!r}", where)
        return
    for problem in problems(piece, value):
        _report(f"{piece}: {problem.sentence} at {problem.path or 'the root'}", where)


def _report(text: str, where: str = "") -> None:
    violation = f"{where or f'{request.method} {request.path}'}: {text}"
    violations.append(violation)
    if path := os.environ.get(VIOLATIONS_FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(violation + "\n")
