"""The app in process, with streams that take no time: their waits move the clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from werkzeug.test import Client, TestResponse

from fakejobs.clock import LAST_INSTANT, Stream, WaitUntil
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from fakejobs.web.context import DRIVE_KEY
from fakejobs.wire.read_json import BODY_LIMIT
from fakejobs.wire.validate import problems

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_STEPS = 50
"""Steps of a stream after which its reader has seen enough: metrics, for one, go on for ever."""

LARGEST_ANSWER = 2 * BODY_LIMIT
"""Bytes that an answer to one odd request may have: what it sent comes back once, and a list of what is wrong with it."""

REFUSALS = {400, 401, 403, 404, 405, 406, 409, 413, 415}


def in_virtual_time(hub: FakeHub) -> WSGIApplication:
    """The app over ``hub``, which stands still; a stream that waits sets its clock to what it waits for."""
    app = wsgi_app(hub)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[DRIVE_KEY] = _drive
        return app(environ, start_response)

    return serve


class _Driven:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._chunks = self._read()

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        self._chunks.close()
        self._stream.steps.close()

    def _read(self) -> Generator[bytes, None, None]:
        clock = self._stream.clock
        for number, step in enumerate(self._stream.steps):
            if isinstance(step, bytes):
                yield step
            elif not isinstance(step, WaitUntil) or step.instant > LAST_INSTANT:
                return
            elif step.instant > clock.now():
                clock.set(step.instant)
            if number >= MOST_STEPS:
                return


def _drive(stream: Stream) -> _Driven:
    return _Driven(stream)


def check_answer(answer: TestResponse) -> None:
    """What holds for every answer to whatever was sent: it is JSON or a stream, says why it refuses, and shows nothing of the code."""
    text = answer.get_data()
    said = f"{answer.request.method} {answer.request.path[:200]}: {answer.status_code} {text[:500]!r}"
    assert len(text) <= LARGEST_ANSWER, said
    assert b"Traceback" not in text, said
    assert b"<html" not in text.lower(), said
    if answer.status_code < 400:
        assert answer.status_code == 200, said
        return
    assert answer.status_code in REFUSALS or answer.status_code == 501, said
    assert answer.content_type == "application/json; charset=utf-8", said
    assert answer.headers["X-Error-Message"], said
    if answer.request.method != "HEAD":
        body = json.loads(text)
        if not answer.request.path.startswith("/_fakejobs"):
            assert problems("error", body) == [], said
        assert body["error"], said


def unharmed(web: Client) -> None:
    """The app goes on as before."""
    assert web.get("/_fakejobs/health").status_code == 200
    assert web.get("/_fakejobs/requests").status_code == 200


def refused_or_done(hub: FakeHub, ask: Callable[[], TestResponse]) -> TestResponse:
    """Ask, and check the answer; one that refuses has changed nothing."""
    before = hub.snapshot()
    answer = ask()
    check_answer(answer)
    if answer.status_code >= 400:
        assert hub.snapshot() == before
    return answer
