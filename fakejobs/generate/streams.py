"""Lines of logs, and streams of them as bytes that arrive in pieces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

from fakejobs.generate.source import ODD_TEXT, Source, several
from fakejobs.generate.values import instant
from fakejobs.wire.times import to_iso, to_iso_seconds

_LINES = (
    "",
    "loss 0.9",
    "  File \"train.py\", line 7, in <module>",
    "data: not an event",
    ": not a comment",
    "\x1b[32mINFO\x1b[0m step 10",
    "\r 10%|█         | 1/10\r 20%|██        | 2/10",
    " leading and trailing ",
    "id: 7",
    "tab\there",
    "[DONE]",
    "naïve café — 漢字 👩\u200d🚀",
    "nul \x00 and \u2028 and \x85",
)  # fmt: skip


@dataclass(frozen=True)
class StreamCase:
    """A log stream, cut into pieces, and what is in it.

    Attributes:
        chunks: the bytes as they arrive. A piece may end anywhere, also within a character.
        events: the data of each event, parsed: ``data`` and ``timestamp``.
    """

    chunks: tuple[bytes, ...]
    events: tuple[dict[str, str], ...]

    @property
    def lines(self) -> list[str]:
        """The lines of the log, the ``===== Job started`` of the platform included."""
        return [event["data"] for event in self.events]

    @property
    def body(self) -> bytes:
        """The whole stream."""
        return b"".join(self.chunks)


def log_line(source: Source) -> str:
    """A line of a log, without the line break: anything that programs print, and what readers of streams go wrong with."""
    kind = source.integer(0, 9)
    if kind <= 3:
        return source.pick(_LINES)
    if kind == 4:
        return source.text(0, 200)
    if kind == 5:
        return source.pick(ODD_TEXT) + source.pick(_LINES)
    if kind == 6 and source.chance(10):
        return source.pick(("x", "é", "漢 ")) * source.pick((1_000, 66_000))
    return f"step {source.integer(0, 10_000)}"


def sse_stream(source: Source, any_sse: bool = False) -> StreamCase:
    """A log stream of a job that is over: the start of the job, its lines, now and then a ``: keep-alive``.

    Args:
        source: where the choices come from.
        any_sse: also what the Hub does not send and the standard allows: ``event``, ``id`` and ``retry`` fields, other comments, other line
            breaks, no space after the colon, several ``data`` fields to an event, a byte order mark, and an event that is cut off at the
            end, which does not count.
    """
    at = instant(source)
    second = at // 1000 * 1000
    started = f"===== Job started at {to_iso_seconds(second)[:-1].replace('T', ' ')} ====="
    events = [{"data": started, "timestamp": to_iso_seconds(second)}]
    for line in several(source, lambda: log_line(source), 0, 8):
        at += source.pick((0, 1, 250, 1000, 30_000))
        events.append({"data": line, "timestamp": to_iso(at)})
    raw = source.chance()  # escaped or not, it is the same JSON
    line_break = source.pick(("\n", "\r\n", "\r")) if any_sse else "\n"
    text = "\ufeff" if any_sse and source.chance(10) else ""
    for event in events:
        text += _comments(source, any_sse, line_break) + _frame(source, event, raw, any_sse, line_break)
    text += _comments(source, any_sse, line_break)
    if any_sse and source.chance(10):
        text += f'data: {{"data":"cut off","timestamp":"{to_iso(at)}"}}'
    return StreamCase(tuple(chunked(source, text.encode())), tuple(events))


def _comments(source: Source, any_sse: bool, line_break: str) -> str:
    if not source.chance(20):
        return ""
    comment = source.pick((": keep-alive", ":", ":x: y")) if any_sse else ": keep-alive"
    return comment + line_break * 2


def _frame(source: Source, event: dict[str, str], raw: bool, any_sse: bool, line_break: str) -> str:
    text = json.dumps(event, ensure_ascii=not raw, separators=(",", ":"))
    fields = [f"data: {text}"]
    if any_sse:
        if source.chance(20):
            fields = [f"data:{text}"]
        elif source.chance(20):  # the parts are joined by a line break, which is white space to JSON
            at = text.index(",")
            fields = (
                [f"data: {text[: at + 1]}", f"data: {text[at + 1 :]}"]
                if text[at + 1 :].startswith('"timestamp"')
                else fields
            )
        if source.chance(20):
            fields.insert(0, source.pick(("event: log", "id: 7", "retry: 10", "unknown: field", "event")))
    return line_break.join(fields) + line_break * 2


def chunked(source: Source, body: bytes) -> list[bytes]:
    """``body`` cut into pieces, none of them empty. Simplest: one piece."""
    if source.chance(10) and len(body) <= 2000:
        return [body[index : index + 1] for index in range(len(body))]
    cuts = sorted(set(several(source, lambda: source.integer(1, max(len(body) - 1, 1)), 0, 8)))
    edges = [0, *(cut for cut in cuts if cut < len(body)), len(body)]
    return [body[start:end] for start, end in pairwise(edges) if start < end]
