"""``fakejobs replay``: a server that answers as it was recorded."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from fakejobs.clock import Anchor, Clock, Stream, WaitUntil, source_ms
from fakejobs.contract.recording import (
    BODY_LIMIT,
    PLACEHOLDER,
    Body,
    Recording,
    Response,
    readdressed,
    route_of,
)
from fakejobs.contract.recording_files import read_recordings
from fakejobs.drivers.threads import block_drive
from fakejobs.model.plan import NEVER
from fakejobs.web.context import DRIVE_KEY
from fakejobs.wire.redact import redact

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_NEAR_MISSES = 3
"""An answer to what was not recorded names this many recordings that come near."""

Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Missed:
    """Nothing was recorded for a request; the sentence says what comes near."""

    sentence: str


class Replay:
    """The answers of recordings, in their order.

    Args:
        recordings: of one directory.
    """

    def __init__(self, recordings: Sequence[Recording]) -> None:
        self._lock = threading.Lock()
        self._groups: dict[Key, list[Recording]] = {}
        self._given: dict[tuple[Key, str], int] = {}
        for recording in recordings:
            request = recording.exchange.request
            key = request.method, request.path, tuple(sorted(request.query))
            self._groups.setdefault(key, []).append(recording)

    def find(
        self, method: str, path: str, query: Iterable[tuple[str, str]], body: Body | None
    ) -> Response | Missed:
        """The next answer for a request; the last one is given again and again.

        A body counts only where requests of the same address were recorded with different ones. The values of secrets never count, nor does
        the end of a name that the client made of the command line: names in that are replaced in recordings, so it differs.
        """
        key = method, path, tuple(sorted(query))
        group = self._groups.get(key)
        if group is None:
            return Missed(self._near(key))
        spelled = ""
        if len({_spelled(each.exchange.request.body) for each in group}) > 1:
            spelled = _spelled(body)
            matching = [each for each in group if _spelled(each.exchange.request.body) == spelled]
            if not matching:
                return Missed(self._near_body(group, body))
            group = matching
        with self._lock:
            number = self._given.get((key, spelled), 0)
            self._given[key, spelled] = number + 1
        return group[min(number, len(group) - 1)].exchange.response

    def _near(self, key: Key) -> str:
        method, path, query = key
        ranked = sorted(self._groups, key=lambda other: -_nearness(key, other))[:MOST_NEAR_MISSES]
        near = [
            f"{self._groups[other][0].name} ({_difference(key, other)})"
            for other in ranked
            if _nearness(key, other) > 1
        ]
        asked = f"{method} {path}" + (f"?{_written(query)}" if query else "")
        return f"{asked} was not recorded" + (f"; near misses: {'; '.join(near)}" if near else "")

    def _near_body(self, group: Sequence[Recording], body: Body | None) -> str:
        request = group[0].exchange.request
        near = [
            f"{each.name} ({_body_difference(body, each.exchange.request.body)})"
            for each in group[:MOST_NEAR_MISSES]
        ]
        return (
            f"{request.method} {request.path} was not recorded with this body; near misses: {'; '.join(near)}"
        )


def replay_app(directory: str | Path, *, speed: float = 1.0) -> WSGIApplication:
    """A WSGI application that serves the recordings of a directory. Any token will do.

    Args:
        directory: what ``fakejobs record`` wrote.
        speed: how fast streams go, as a multiple of what was recorded; 0: at once, except that a stream which its client
            left stays open until it is left again.

    Raises:
        BadRecording: there are none, or one cannot be read.
    """
    recordings = read_recordings(directory)
    replay = Replay(recordings)
    start = source_ms()
    clock = Clock(Anchor(start, start, speed or 1.0))

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/@:!$&'()*+,;=~")
        query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        raw = _read(environ)
        found = replay.find(environ["REQUEST_METHOD"], path, query, Body.of(raw) if raw else None)
        if isinstance(found, Missed):
            found = _refusal(found.sentence)
        elif found.body is not None and found.body.kind == "omitted":
            found = _refusal(f"the body of this answer was not recorded: {found.body.value}")
        own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST') or environ['SERVER_NAME']}"
        headers = [
            (name, value.replace(f"{PLACEHOLDER}/", f"{own}/") if name in ("link", "location") else value)
            for name, value in found.headers.items()
        ]
        body = b"" if found.body is None else found.body.raw()
        if found.body is not None and found.body.kind == "body":
            body = readdressed(body, PLACEHOLDER, own)
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        if found.frames is None and found.status not in (204, 304) and not is_head:
            headers.append(("Content-Length", str(len(body))))
        start_response(f"{found.status} {_phrase(found.status)}", _sendable(headers))
        if found.frames is None or is_head:
            return [body] if body and not is_head else []
        drive = environ.get(DRIVE_KEY) or block_drive(environ)
        stream: Iterable[bytes] = drive(Stream(_steps(found, clock, speed), "replay", clock))
        return stream

    return serve


def _steps(response: Response, clock: Clock, speed: float) -> Generator[bytes | WaitUntil, None, None]:
    """A stream, frame by frame; the clock runs at the speed of the replay."""
    began = clock.now()

    def waits(at: int) -> bool:
        return speed > 0 and clock.now() < began + at

    for frame in response.frames or ():
        while waits(frame.at):
            yield WaitUntil(began + frame.at)
        yield frame.text.encode("utf-8", "surrogatepass")
    if response.cut is not None and response.cut.by == "client":
        # It had not ended: whoever left it then, will now.
        while True:
            yield WaitUntil(NEVER)
    if response.cut is not None:
        while waits(response.cut.at):
            yield WaitUntil(began + response.cut.at)
        raise ConnectionAbortedError("the recorded stream was cut off here")


def _read(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or ""
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read(BODY_LIMIT))
    return bytes(stream.read(min(int(length), BODY_LIMIT))) if length.isdigit() else b""


def _refusal(sentence: str) -> Response:
    # Not 404, which says that there is no such job; nor one of those that clients try again.
    text = f"fakejobs replay: {sentence}"
    headers = {"content-type": "application/json; charset=utf-8", "x-error-message": text}
    return Response(501, headers, body=Body("body", {"error": text}))


def _sendable(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (name, value.encode("latin-1", "replace").decode("latin-1").replace("\n", " "))
        for name, value in headers
    ]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _spelled(body: Body | None) -> str:
    """A body in one spelling, without what does not count."""
    if body is None:
        return ""
    return json.dumps(_plain(body), sort_keys=True)


def _plain(body: Body) -> object:
    if body.kind != "body":
        return body.value
    value = redact(body.value)
    labels = value.get("labels") if isinstance(value, dict) else None
    if isinstance(labels, dict) and isinstance(name := labels.get("name"), str):
        labels["name"] = re.sub(r"-[0-9a-f]{8}\Z", "", name)
    return value


def _nearness(one: Key, other: Key) -> float:
    near = 1.0 if one[0] == other[0] else 0.0
    near += 1.0 if one[1] == other[1] else SequenceMatcher(None, one[1], other[1]).ratio()
    routes = [route_of(each[0], each[1]) for each in (one, other)]
    if routes[0] is not None and routes[1] is not None and routes[0][0] == routes[1][0]:
        near += 1.0
    return near + SequenceMatcher(None, one[2], other[2]).ratio() / 2


def _difference(one: Key, other: Key) -> str:
    differences = []
    if one[0] != other[0]:
        differences.append(f"method {other[0]}")
    if one[1] != other[1]:
        differences.append(f"path {other[1]}")
    if one[2] != other[2]:
        names = sorted({name for name, _ in {*one[2]} ^ {*other[2]}})
        differences.append(f"query {_written(other[2]) or 'empty'}: {', '.join(names)} differ")
    return ", ".join(differences)


def _body_difference(body: Body | None, recorded: Body | None) -> str:
    if body is None or recorded is None:
        return "without a body" if recorded is None else "with a body"
    ours, theirs = _plain(body), _plain(recorded)
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return "another body"
    keys = [
        key for key in {**theirs, **ours} if key not in ours or key not in theirs or ours[key] != theirs[key]
    ]
    return f"{', '.join(keys)} differ"


def _written(query: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in query)
