"""Lines of logs, and streams of them as bytes that arrive in pieces."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise

from fakejobs.generate.source import ODD_TEXT, Source, several
from fakejobs.generate.values import instant
from fakejobs.model.times import to_iso, to_iso_seconds

_LINES = (
    "loss 0.9",
    "",
    " ",
    "  File \"train.py\", line 7, in <module>",
    "trailing space ",
    "tab\there\t",
    "data: not an event",
    ": not a comment",
    "id: 7",
    "[DONE]",
    '{"data":"not an event","timestamp":"2026-01-01T00:00:00.000Z"}',
    "\x1b[32mINFO\x1b[0m step 10",
    "\r 10%|█         | 1/10\r 20%|██        | 2/10",
    "carriage return at the end\r",
    "naïve café — 漢字 👩\u200d🚀",
    "nul \x00 and bell \x07",
    "\ufeffbyte order mark",
    "other line breaks: \x0b \x0c \x1c \x85 \u2028 \u2029 .",
    "back\\slash and \"quotes\" \\n",
)  # fmt: skip
"""What programs print, and what readers of streams go wrong with."""

_TORN = {ord(each): f"\\u{ord(each):04x}" for each in "\x7f\x85\u2028\u2029"}
"""Where `str.splitlines` and its like end a line, or terminals stumble, and JSON does not ask for an escape."""


@dataclass(frozen=True)
class StreamCase:
    """The log of a job as an event stream, cut into pieces, and what is in it.

    Attributes:
        chunks: the bytes as they arrive. A piece may end anywhere, also inside a character; none is empty.
        events: the data of each event, parsed: ``data`` and ``timestamp``.
    """

    chunks: tuple[bytes, ...]
    events: tuple[dict[str, str], ...]

    @property
    def lines(self) -> list[str]:
        """The lines of the log; the first is the ``===== Job started`` of the platform."""
        return [event["data"] for event in self.events]

    @property
    def body(self) -> bytes:
        """The whole stream."""
        return b"".join(self.chunks)


def log_line(source: Source) -> str:
    """A line of a log, without the line feed that ends it. Now and then 66,000 characters."""
    kind = source.integer(0, 9)
    if kind <= 3:
        return f"step {source.integer(0, 10_000)}"
    if kind <= 7:
        return source.pick(_LINES)
    if kind == 8 and source.chance(10):
        return source.pick(("x", "é", "漢 ", "\x1b[0m")) * source.pick((1_000, 66_000))
    odd = source.pick(ODD_TEXT) if source.chance() else ""
    return (odd + source.text(0, 200)).replace("\n", "")


def sse_stream(source: Source, any_sse: bool = False) -> StreamCase:
    """The log of a job that is over: the ``===== Job started`` of the platform, lines, now and then a ``: keep-alive``.

    JSON comes in both its forms: in ASCII with escapes, as this fake writes it, and in UTF-8, as JavaScript does. Escaped in both are those
    few characters at which many readers end a line though the standard does not (U+0085, U+2028, U+2029).

    Args:
        source: where the choices come from.
        any_sse: everything that the standard of server-sent events allows, also what the Hub was never seen to send: ``event``, ``id``,
            ``retry`` and unknown fields, any comments, events without data, further empty lines, CRLF and CR as line breaks, no or two
            spaces after the colon, data on several lines, a byte order mark, the three characters above as they are, and an event that
            is cut off at the end, which does not count.
    """
    at = instant(source)
    in_ascii = source.chance()

    def framed(event: dict[str, str]) -> tuple[dict[str, str], list[str]]:
        text = json.dumps(event, ensure_ascii=in_ascii, separators=(",", ":"))
        return event, _any_frame(source, text) if any_sse else _frame(source, text.translate(_TORN))

    def line() -> tuple[dict[str, str], list[str]]:
        nonlocal at
        at += source.pick((0, 1, 250, 1000, 30_000))
        return framed({"data": log_line(source), "timestamp": to_iso(at)})

    made = [framed(_started(at)), *several(source, line, 0, 8)]
    parts = [part for _event, frame in made for part in frame]
    if source.chance(20):
        parts.append(": keep-alive\n\n")
    if any_sse:
        if source.chance(10):
            parts.insert(0, "\ufeff")
        if source.chance(20):
            parts.append(_cut_off(source, at))
    events = tuple(event for event, _parts in made)
    return StreamCase(tuple(chunked(source, "".join(parts).encode())), events)


def _started(at: int) -> dict[str, str]:
    words = to_iso_seconds(at)
    return {"data": f"===== Job started at {words[:-1].replace('T', ' ')} =====", "timestamp": words}


def _frame(source: Source, text: str) -> list[str]:
    frame = f"data: {text}\n\n"
    return [": keep-alive\n\n", frame] if source.chance(10) else [frame]


_OTHER_FIELDS = (
    "event: message",
    "event:",
    "event",
    "id: 7",
    "id",
    "retry: 10",
    "retry: soon",
    "unknown: field",
    ":",
    ":x",
)
_NO_EVENTS = (": keep-alive", ":", "", "event: ping", "id: 8", "retry: 5", ":data: x")


def _any_frame(source: Source, text: str) -> list[str]:
    """An event in any of the forms that the standard allows, perhaps with something before it that is none."""
    # One line break for each frame: a CR before the LF of another would be a CRLF.
    line_break = source.pick(("\n", "\r\n", "\r"))
    parts = [source.pick(_NO_EVENTS) + line_break * 2] if source.chance(20) else []
    fields = [f"data:{source.pick((' ', '', '  '))}{text}"]
    if source.chance(20):  # the lines are joined by a line feed, which is white space to JSON
        fields = ["data: {", f"data:{text[1:-1]}", "data: }"]
    for field in several(source, lambda: source.pick(_OTHER_FIELDS), 0, 2) if source.chance(20) else ():
        fields.insert(source.integer(0, len(fields)), field)
    return [*parts, line_break.join(fields) + line_break * 2]


def _cut_off(source: Source, at: int) -> str:
    text = f'data: {{"data":"cut off","timestamp":"{to_iso(at)}"}}'
    return source.pick((text + "\n", text, "data", 'data: {"data":"cut'))


_DELICATE = re.compile(rb"[\x80-\xbf]|(?<=[\r\n])[\r\n]|(?<=\n)(?=d)|(?<=data)|(?<=data:)|(?<=\\)")
"""Before these bytes, a cut is most likely to hurt: inside a character, a line break, an empty line, a name, an escape."""


_BACK = (0, 0, 0, 0, 3, 2000)


def chunked(source: Source, body: bytes) -> list[bytes]:
    """``body`` cut into pieces, none of them empty. Simplest: one piece.

    Half of the cuts are where readers stumble, inside a character or between two line breaks. Some come with cuts between all of the
    bytes before them.
    """
    delicate = [found.start() for found in _DELICATE.finditer(body[:10_000])]

    def cuts() -> range:
        last = len(body) - 1
        at = source.pick(delicate) if source.chance() else source.integer(min(1, last), last)
        return range(max(at - source.pick(_BACK), 1), at + 1)

    edges = {0, len(body)}.union(*several(source, cuts, 0, 8))
    return [body[start:end] for start, end in pairwise(sorted(edges)) if start < end]
