"""Faults in front of the app: what becomes of a request that meets some, and of the answer that it would have got.

All that happens to a connection is told to its driver as the steps of a stream (`fakejobs.clock.Stream`): waiting before the answer begins,
bytes, silence, and the end of the connection. So the same faults work in process, in threads and in asyncio.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

from fakejobs.clock import Abort, Pause, Step, Stream
from fakejobs.hub.faults import Met, meet, meet_stream
from fakejobs.hub.state import State
from fakejobs.model.faults import ANSWER_WORDS, Asked, Fault, asked
from fakejobs.model.rate_limits import FREE, WINDOW, Usage
from fakejobs.model.refusal import Refusal
from fakejobs.web.context import DRIVE_KEY, Drive, drive_of
from fakejobs.web.spoilt import slowly, spoilt

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FAULT_KEY = "fakejobs.fault"
"""Key of the WSGI environ under which the journal finds the faults that fired on a request."""

Headers = list[tuple[str, str]]

_MESSAGES = {
    401: "Invalid username or password.",
    402: "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs.",
    403: "You don't have the required permissions to complete this action on namespace {namespace}, missing permissions: job.{permission}",
    404: "Sorry, we can't find the page you are looking for.",
    # As users quote it: huggingface/datasets#7516, huggingface/parler-tts#90.
    500: "Internal Error - We're working hard to fix this as soon as possible!",
}

_PAGE = "<html>\r\n<head><title>{status} {phrase}</title></head>\r\n<body>\r\n<center><h1>{status} {phrase}</h1></center>\r\n</body>\r\n</html>\r\n"


class Faulty:
    """The app of one hub, with the hub's faults in front of it.

    Args:
        app: what answers.
        state: the hub's state.
    """

    def __init__(self, app: WSGIApplication, state: State) -> None:
        self._app = app
        self._state = state

    def __call__(
        self, environ: WSGIEnvironment, start: StartResponse, broken: Callable[[], object]
    ) -> Iterable[bytes]:
        """Answer a request of the API, or do not.

        Args:
            environ: the request.
            start: begins the answer.
            broken: called if the connection breaks before that.
        """
        state = self._state
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        request = asked(environ["REQUEST_METHOD"], path)
        drive = drive_of(environ)
        if state.outage.on:
            environ[FAULT_KEY] = "the listener is closed"
            _drain(environ)
            broken()
            return drive(Stream(_only(Abort("refused")), "", state.clock))
        with suppress(Refusal):  # it cannot be counted: the disk is full, for one
            met = meet(state, request)
            if request.is_stream and any(fault.is_for_streams for fault in state.faults):
                environ[DRIVE_KEY] = _Spoiling(state, environ, request, drive)
            if met:
                _name(environ, met)
                steps = self._steps(environ, request, start, broken, met)
                return drive(Stream(steps, request.job or "", state.clock))
        return self._app(environ, start)

    def _steps(
        self,
        environ: WSGIEnvironment,
        request: Asked,
        start: StartResponse,
        broken: Callable[[], object],
        met: Sequence[Met],
    ) -> Generator[Step, None, None]:
        clock = self._state.clock
        told = _Told(start, broken)
        changed = next((each.fault for each in met if each.fault.kind in ANSWER_WORDS), None)
        in_vain = changed is not None and changed.when == "before" and changed.kind in _REPLACED
        late = {
            when: sum(each.delay for each in met if _delayed(each.fault) == when)
            for when in ("before", "after")
        }
        try:
            if late["before"]:
                yield Pause(clock.now() + late["before"])
            if in_vain and changed is not None:
                _drain(environ)
                if late["after"]:
                    yield Pause(clock.now() + late["after"])
                yield from _instead(changed, request, clock.now(), told)
                return
            answer = self._answer(environ)
            try:
                if late["after"]:
                    yield Pause(clock.now() + late["after"])
                if changed is not None and changed.kind in _REPLACED:
                    yield from _instead(changed, request, clock.now(), told)
                else:
                    yield from _sent(answer, changed, told, clock.now)
            finally:
                answer.close()
        finally:
            if not told.begun:
                broken()

    def _answer(self, environ: WSGIEnvironment) -> _Answer:
        """What the app answers, without a word of it being sent."""
        streams: list[Stream] = []

        def capture(stream: Stream) -> Iterable[bytes]:
            streams.append(stream)
            return iter(())  # of a sequence, the length would be said in the head

        drive = environ.get(DRIVE_KEY)
        if isinstance(drive, _Spoiling):
            drive.to = capture
        else:
            environ[DRIVE_KEY] = capture
        head: list[tuple[str, Headers]] = []

        def begin(
            status: str, headers: Headers, _error: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            head.append((status, headers))
            return lambda _bytes: None

        body = self._app(environ, begin)
        status, headers = head[-1]
        return _Answer(status, headers, body, streams[0] if streams else None)


class _Spoiling:
    """Drives the event stream that a request is answered with; faults fire on it only then."""

    def __init__(self, state: State, environ: WSGIEnvironment, request: Asked, to: Drive) -> None:
        self._state = state
        self._environ = environ
        self._request = request
        self.to = to

    def __call__(self, stream: Stream) -> Iterable[bytes]:
        met = meet_stream(self._state, self._request)
        _name(self._environ, met)
        steps = stream.steps
        for each in met:
            steps = spoilt(steps, each.fault, stream.clock)
        return self.to(replace(stream, steps=steps))


_REPLACED = ("status", "reset", "hang_up")
"""Faults after which nothing is left of the answer."""


class _Answer(NamedTuple):
    status: str
    headers: Headers
    body: Iterable[bytes]
    stream: Stream | None

    def close(self) -> None:
        if self.stream is not None:
            self.stream.steps.close()
        close = getattr(self.body, "close", None)
        if close is not None:
            close()


class _Told:
    """Whether the client has been told anything."""

    def __init__(self, start: StartResponse, broken: Callable[[], object]) -> None:
        self._start = start
        self.begun = False
        self.broken = broken

    def start(self, status: str, headers: Headers) -> None:
        self.begun = True
        self._start(status, headers)


def _sent(
    answer: _Answer, fault: Fault | None, told: _Told, now: Callable[[], int]
) -> Generator[Step, None, None]:
    """The answer, as far as it comes."""
    steps: Iterable[Step]
    headers = answer.headers
    if answer.stream is not None:
        steps = answer.stream.steps
    else:
        body = b"".join(answer.body)
        if fault is not None and fault.kind == "truncate_after" and fault.length == "actual":
            body = body[: int(fault.amount)]
            headers = _measured(headers, len(body))
            fault = None
        steps = [body]
    told.start(answer.status, headers)
    yield b""
    if fault is None:
        yield from steps
    elif fault.kind == "bytes_per_second":
        yield from slowly(steps, fault.amount, now)
    else:
        yield from _first_bytes(steps, fault)


def _first_bytes(steps: Iterable[Step], fault: Fault) -> Generator[Step, None, None]:
    """So many bytes, and then the connection breaks; a body that is no longer comes as a whole."""
    left = int(fault.amount)
    for step in steps:
        if not isinstance(step, bytes):
            yield step
            continue
        yield step[:left]
        if len(step) > left:
            if fault.length == "promised":  # else it is a stream, which ends too soon
                yield Abort("reset" if fault.kind == "reset_after" else "closed")
            return
        left -= len(step)


def _instead(fault: Fault, request: Asked, now: int, told: _Told) -> Generator[Step, None, None]:
    """What the client gets instead of an answer."""
    if fault.kind == "status":
        status, headers, body = error(fault, request, now)
        told.start(status, headers)
        yield body if request.method != "HEAD" else b""
    else:
        yield Abort("reset" if fault.kind == "reset" else "closed")


def error(fault: Fault, request: Asked, now: int) -> tuple[str, Headers, bytes]:
    """The status line, the headers and the body of an error, as the Hub, or what stands before it, answers.

    Args:
        fault: one with a ``status``.
        request: what was asked.
        now: what time it is, in milliseconds.
    """
    status = int(fault.amount)
    phrase = _phrase(status)
    headers: Headers = []
    message = fault.message
    if message is None:
        message = _message(status, request, fault, now)
    if fault.body == "json":
        body = json.dumps({"error": message}).encode()
        headers.append(("Content-Type", "application/json; charset=utf-8"))
        headers.append(("X-Error-Message", "".join(each if " " <= each <= "~" else "?" for each in message)))
    elif fault.body == "html":
        body = _PAGE.format(status=status, phrase=phrase).encode()
        headers.append(("Content-Type", "text/html"))
    elif fault.body == "empty":
        body = b""
    else:
        body = fault.body.encode()
        headers.append(("Content-Type", _type_of(fault.body)))
    headers.append(("Content-Length", str(len(body))))
    if status == 429:
        headers += _used_up(fault, now).headers()
    elif fault.retry_after is not None:
        headers.append(("Retry-After", str(fault.retry_after)))
    return f"{status} {phrase}", headers, body


def _message(status: int, request: Asked, fault: Fault, now: int) -> str:
    if status == 429:
        return _used_up(fault, now).sentence(None)
    if status == 403 and request.namespace is None:
        return _phrase(status)
    permission = "read" if request.method in ("GET", "HEAD") else "write"
    text = _MESSAGES.get(status, _phrase(status))
    return text.format(namespace=request.namespace, permission=permission)


def _used_up(fault: Fault, now: int) -> Usage:
    """The window of a user who has used all of it. It ends when the Hub's own would, unless the fault says when."""
    ends = (now // WINDOW + 1) * WINDOW if fault.retry_after is None else now + fault.retry_after * 1000
    return Usage(FREE, FREE + 1, ends, now, WINDOW)


def _type_of(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        return "text/html" if text.lstrip().startswith("<") else "text/plain; charset=utf-8"
    return "application/json; charset=utf-8"


def _phrase(status: int) -> str:
    with suppress(ValueError):
        return HTTPStatus(status).phrase
    return "Unknown"


def _measured(headers: Headers, length: int) -> Headers:
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return [*kept, ("Content-Length", str(length))]


def _delayed(fault: Fault) -> str:
    """Whether the delay of a fault comes before the request takes effect or after; for what has no choice, before."""
    return fault.when if fault.latency is not None else ""


def _only(step: Step) -> Generator[Step, None, None]:
    yield step


def _name(environ: WSGIEnvironment, met: Sequence[Met]) -> None:
    names = "; ".join(str(each.fault) for each in met)
    if names:
        before = environ.get(FAULT_KEY)
        environ[FAULT_KEY] = names if before is None else f"{before}; {names}"


def _drain(environ: WSGIEnvironment) -> None:
    """Read what the client sends: were it still sending, it would meet another error than the one that is meant."""
    with suppress(OSError, ClientDisconnected):
        stream = get_input_stream(environ)
        while stream.read(65536):
            pass
