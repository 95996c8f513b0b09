"""Recordings: one readable JSON file for each exchange of a request and its answer, in a directory.

``fakejobs record`` writes them, ``fakejobs replay`` and ``fakejobs contract check --recordings`` read them; they are plain enough to be
read, compared and changed by hand. The format is described in ``fakejobs/docs/contract.md``.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import join_index, join_key
from fakejobs.wire.schema import ROUTES, Route

PLACEHOLDER = "https://huggingface.co"
"""What stands in the files for the address of the server that was recorded."""

BODY_LIMIT = 8 * 1024 * 1024
"""Bytes of a body, or of all frames of a stream, that are kept at most."""

MOST_EXCHANGES = 9_999
"""Exchanges of one recording; the numbers of the files have four digits."""

KEPT_OF_REQUEST = ("authorization", "accept", "content-type", "user-agent")
"""Headers of a request that are kept; of ``authorization`` only that there was a token, and which of several."""

KEPT_OF_RESPONSE = (
    "content-type", "date", "link", "location", "retry-after", "x-error-code", "x-error-message",
)  # fmt: skip
"""Headers of an answer that are kept. Cookies and ids of requests never are."""

BodyKind = Literal["body", "text", "base64", "omitted"]

_NAME = re.compile(r"(\d{4})-[A-Z]+-.*\.json")
_REQUEST_KEYS = ("method", "path", "query", "headers", "body", "text", "base64", "omitted")
_RESPONSE_KEYS = (
    "status", "headers", "body", "text", "base64", "omitted", "frames", "truncated", "cut", "failed",
)  # fmt: skip
_BODY_KEYS: tuple[BodyKind, ...] = ("body", "text", "base64", "omitted")


class BadRecording(ValueError):
    """A directory or a file of recordings cannot be used; one sentence with the file and the place in it."""


@dataclass(frozen=True)
class Body:
    """A body.

    Attributes:
        kind: ``body``: JSON; ``text``: UTF-8; ``base64``: other bytes; ``omitted``: not kept.
        value: the JSON, the text, the base64, or why it was not kept.
    """

    kind: BodyKind
    value: Json

    @classmethod
    def of(cls, raw: bytes) -> Body:
        """The body with these bytes, whatever they were said to be: JSON if they are JSON."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return cls("base64", b64encode(raw).decode())
        if text.lstrip()[:1] in ("{", "["):
            try:
                return cls("body", json.loads(text, parse_constant=_no_constant))
            except (ValueError, RecursionError):
                pass
        return cls("text", text)

    def raw(self) -> bytes:
        """The bytes to send; of one that was omitted, none."""
        if self.kind == "body":
            return dumps(self.value)
        if self.kind == "text":
            return str(self.value).encode("utf-8", "surrogatepass")
        return b64decode(str(self.value)) if self.kind == "base64" else b""


@dataclass(frozen=True)
class Frame:
    """A piece of a stream: one event, with the blank line behind it, or one line.

    Attributes:
        at: when it was whole, in real milliseconds since the headers of the answer.
        text: what it was; bytes that are no UTF-8 stand there as U+FFFD.
    """

    at: int
    text: str


@dataclass(frozen=True)
class Cut:
    """An answer that did not end by itself.

    Attributes:
        by: ``client``: the client let go of it; ``upstream``: the connection to the server that was recorded broke.
        at: when, in real milliseconds since the headers of the answer.
    """

    by: Literal["client", "upstream"]
    at: int


@dataclass(frozen=True)
class Request:
    """What was asked. ``query`` is decoded, in the order of the address; names of headers are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None


@dataclass(frozen=True)
class Response:
    """What was answered.

    Attributes:
        status: the HTTP status.
        headers: those that are kept, with names in lower case.
        body: the body, if there was one and it was no stream.
        frames: the stream, if it was one.
        truncated: whether only the beginning of the frames was kept.
        cut: how it was cut off, if it was.
        failed: why the server could not be asked; the answer is then the proxy's own.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    frames: tuple[Frame, ...] | None = None
    truncated: bool = False
    cut: Cut | None = None
    failed: str | None = None


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    request: Request
    response: Response


@dataclass(frozen=True)
class Recording:
    """An exchange, and the name of its file."""

    name: str
    exchange: Exchange


def dumps(value: Json) -> bytes:
    """JSON as the Hub writes it: compact, in UTF-8."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can carry
        return json.dumps(value, separators=(",", ":")).encode()


def route_of(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of the contract that a request is for, and the values in its path; None: it is for something else."""
    for pattern, route in _patterns():
        if route.method == method and (match := pattern.fullmatch(path)):
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    return None


def readdressed(raw: bytes, old: str, new: str) -> bytes:
    """A JSON text in which values that are addresses of ``old`` have become addresses of ``new``.

    Only whole values, and no avatars: those are pictures for people, on another host mostly, and no client asks for them.
    """
    pattern = rb'(?<!"avatarUrl":)(?<!"avatarUrl": )"' + re.escape(old.encode()) + rb'(?=[/"?])'
    return re.sub(pattern, lambda _match: b'"' + new.encode(), raw)


# ---------------------------------------------------------------------------------------------- writing


def file_name(number: int, request: Request) -> str:
    """``0003-POST-api-jobs-user-1.json``."""
    words = re.sub(r"[^A-Za-z0-9._]+", "-", request.path).strip("-.")[:80].rstrip("-.")
    return f"{number:04d}-{request.method}-{words or 'root'}.json"


def file_text(exchange: Exchange) -> str:
    """The text of the file of an exchange."""
    request, response = exchange.request, exchange.response
    asked: dict[str, Json] = {"method": request.method, "path": request.path}
    if request.query:
        asked["query"] = [list(pair) for pair in request.query]
    asked["headers"] = dict(request.headers)
    if request.body is not None:
        asked[request.body.kind] = request.body.value
    answered: dict[str, Json] = {"status": response.status, "headers": dict(response.headers)}
    if response.body is not None:
        answered[response.body.kind] = response.body.value
    if response.frames is not None:
        answered["frames"] = [{"at": frame.at, "text": frame.text} for frame in response.frames]
    if response.truncated:
        answered["truncated"] = True
    if response.cut is not None:
        answered["cut"] = {"by": response.cut.by, "at": response.cut.at}
    if response.failed is not None:
        answered["failed"] = response.failed
    value = {"request": asked, "response": answered}
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    return text + "\n"


def write_file(directory: Path, name: str, text: str) -> None:
    """Write a file in one step, so that nobody ever reads half of it."""
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=".fakejobs-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(directory / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


# ---------------------------------------------------------------------------------------------- reading


def read_recordings(directory: str | Path) -> list[Recording]:
    """The recordings of a directory, in their order.

    Raises:
        BadRecording: there are none, or one cannot be read; a sentence with the file and the place.
    """
    folder = Path(directory)
    try:
        names = sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError as error:
        raise BadRecording(f"{directory}: cannot be read ({error.strerror})") from None
    if not names:
        raise BadRecording(
            f"{directory}: has no recordings; `fakejobs record --dir {directory} -- COMMAND` makes some"
        )
    return [Recording(name, _read_file(folder / name)) for name in names]


def _read_file(path: Path) -> Exchange:
    try:
        value = json.loads(path.read_bytes(), parse_constant=_no_constant)
    except OSError as error:
        raise BadRecording(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise BadRecording(f"{path}: byte {error.start + 1} is part of no character of UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadRecording(f"{path}:{error.lineno}:{error.colno}: no JSON ({error.msg})") from None
    except (ValueError, RecursionError):
        raise BadRecording(f"{path}: no JSON that can be read") from None
    try:
        return _exchange(value)
    except BadRecording as error:
        raise BadRecording(f"{path}: {error}") from None


def _exchange(value: Json) -> Exchange:
    whole = _table(value, "", ("request", "response"))
    asked = _table(whole.get("request"), "request", _REQUEST_KEYS)
    answered = _table(whole.get("response"), "response", _RESPONSE_KEYS)
    path = _text(asked, "request", "path")
    if not path.startswith("/"):
        raise BadRecording('request.path: begins with "/"')
    status = _number(answered.get("status"), "response.status")
    if not 200 <= status <= 599:
        raise BadRecording("response.status: is no status of an answer; give 200 to 599")
    failed = answered.get("failed")
    if failed is not None and not isinstance(failed, str):
        raise BadRecording("response.failed: give a text")
    truncated = answered.get("truncated", False)
    if not isinstance(truncated, bool):
        raise BadRecording("response.truncated: give true or false")
    return Exchange(
        Request(
            method=_text(asked, "request", "method"),
            path=path,
            query=_query(asked.get("query", [])),
            headers=_headers(asked.get("headers", {}), "request.headers"),
            body=_body(asked, "request"),
        ),
        Response(
            status=status,
            headers=_headers(answered.get("headers", {}), "response.headers"),
            body=_body(answered, "response"),
            frames=_frames(answered["frames"]) if "frames" in answered else None,
            truncated=truncated,
            cut=_cut(answered["cut"]) if "cut" in answered else None,
            failed=failed,
        ),
    )


def _table(value: Json, where: str, keys: Sequence[str]) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise BadRecording(f"{where or 'the whole'}: give an object with {', '.join(keys)}")
    for key in value:
        if key not in keys:
            raise BadRecording(f"{join_key(where, key)}: unknown key; there are: {', '.join(keys)}")
    return value


def _text(table: dict[str, Json], where: str, key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise BadRecording(f"{where}.{key}: give a text")
    return value


def _number(value: Json, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise BadRecording(f"{where}: give a whole number")
    return value


def _query(value: Json) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        raise BadRecording("request.query: give a list of pairs of texts")
    pairs = []
    for index, pair in enumerate(value):
        match pair:
            case [str() as name, str() as text]:
                pairs.append((name, text))
            case _:
                raise BadRecording(f"{join_index('request.query', index)}: give a pair of texts")
    return tuple(pairs)


def _headers(value: Json, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadRecording(f"{where}: give an object of texts")
    headers = {}
    for name, text in value.items():
        if not isinstance(text, str) or not re.fullmatch(r"[!-9;-~]+", name) or not text.isprintable():
            raise BadRecording(f"{join_key(where, name)}: give a header on one line")
        headers[name.lower()] = text
    return headers


def _body(table: dict[str, Json], where: str) -> Body | None:
    given = [kind for kind in _BODY_KEYS if kind in table]
    if not given:
        return None
    if len(given) > 1 or "frames" in table:
        raise BadRecording(f"{where}: has several bodies ({', '.join(given)}); leave one of them")
    kind = given[0]
    value = table[kind]
    if kind != "body" and not isinstance(value, str):
        raise BadRecording(f"{where}.{kind}: give a text")
    if kind == "base64":
        try:
            b64decode(str(value), validate=True)
        except (Error, ValueError):
            raise BadRecording(f"{where}.base64: is no base64") from None
    return Body(kind, value)


def _frames(value: Json) -> tuple[Frame, ...]:
    if not isinstance(value, list):
        raise BadRecording("response.frames: give a list")
    frames: list[Frame] = []
    for index, each in enumerate(value):
        where = join_index("response.frames", index)
        frame = _table(each, where, ("at", "text"))
        at = _number(frame.get("at"), f"{where}.at")
        if frames and at < frames[-1].at:
            raise BadRecording(f"{where}.at: is before the frame before it; times must not go backwards")
        frames.append(Frame(at, _text(frame, where, "text")))
    return tuple(frames)


def _cut(value: Json) -> Cut:
    cut = _table(value, "response.cut", ("by", "at"))
    at = _number(cut.get("at"), "response.cut.at")
    match cut.get("by"):
        case "client":
            return Cut("client", at)
        case "upstream":
            return Cut("upstream", at)
    raise BadRecording('response.cut.by: give "client" or "upstream"')


def _no_constant(_name: str) -> Json:
    raise ValueError("NaN and Infinity are no JSON")


@cache
def _patterns() -> list[tuple[re.Pattern[str], Route]]:
    return [(re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)), route) for route in ROUTES]
