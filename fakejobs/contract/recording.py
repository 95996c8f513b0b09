"""Recordings: one readable JSON file for each exchange of a request and its answer, in a directory.

``fakejobs record`` writes them, ``fakejobs replay`` and ``fakejobs contract check --recordings`` read them; they are plain enough to be
read, compared and changed by hand (`fakejobs.contract.recording_files`). The format is described in ``fakejobs/docs/contract.md``.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal
from urllib.parse import unquote

from fakejobs.wire.json_types import Json
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
                return cls("body", json.loads(text, parse_constant=no_constant))
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


def one_line(header: str) -> str:
    """The value of a header as it is kept: on one line, and without what cannot be shown."""
    return " ".join("".join(each if each.isprintable() else " " for each in header).split())


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


def no_constant(_name: str) -> Json:
    """For ``parse_constant`` of `json.loads`: refuse what is no JSON."""
    raise ValueError("NaN and Infinity are no JSON")


@cache
def _patterns() -> list[tuple[re.Pattern[str], Route]]:
    return [(re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)), route) for route in ROUTES]
