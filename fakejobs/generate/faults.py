"""Faults: what `FakeJobs.fault` and ``[[faults]]`` take."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fakejobs.generate.source import Source, several
from fakejobs.model.faults import ANSWER_WORDS, STREAM_WORDS, STREAMS

Words = dict[str, object]
"""The words of one fault."""

MOST_TIMES = 3
"""How often each fault of a plan fires at most."""

_STATUSES = (500, 503, 502, 504, 429, 408, 401, 402, 403, 404, 409)
_PATHS = (
    "/api/jobs/*",
    "/api/jobs/*/*",
    "/api/jobs/*/*/cancel",
    "/api/jobs/**",
    "/api/whoami-v2",
    "/api/scheduled-jobs/**",
)
_METHODS = ("GET", "POST", "PUT", "DELETE")
_SECONDS = (1, 5, 10, 30, 60)
_GARBAGE = ("data: {not json", "data:", "<html>", "event: error")


def plan(source: Source, most: int = 3) -> list[Words]:
    """Up to ``most`` faults. Simplest: none; then one 500."""
    return several(source, lambda: fault(source), 0, most)


def fault(source: Source) -> Words:
    """The words of a fault that fires a few times and is over then. Simplest: one 500."""
    kind = source.pick((*ANSWER_WORDS, "latency", *STREAM_WORDS, "down"))
    words = _MAKERS[kind](source)
    if kind in ANSWER_WORDS and source.chance(20):
        words["latency"] = _latency(source)
    if kind in ("reset", "hang_up", "latency") and source.chance():
        words["when"] = "after"
    if kind in STREAM_WORDS:
        if source.chance(25):
            words["path"] = source.pick(STREAMS)
    elif kind != "down":
        if source.chance():
            words["path"] = source.pick(_PATHS)
        if source.chance(25):
            words["method"] = source.pick(_METHODS)
        if source.chance(15):
            words["lasts"] = source.pick(_SECONDS)
    words["times"] = source.integer(1, MOST_TIMES)
    if source.chance(25):
        words["after"] = source.integer(1, 5)
    if source.chance(25):
        words["probability"] = source.pick((0.5, 0.1, 0.9, 0, 1))
    return words


def _status(source: Source) -> Words:
    words: Words = {"status": source.pick(_STATUSES)}
    body = source.pick((None, "json", "html", "empty", "<html>oops</html>", "null", "[]"))
    if body is not None:
        words["body"] = body
    elif source.chance(25):
        words["message"] = source.text(1, 20)
    if words["status"] in (429, 503) and source.chance():
        words["retry_after"] = source.pick(_SECONDS)
    if source.chance():
        words["when"] = "after"
    return words


def _truncated(source: Source) -> Words:
    words: Words = {"truncate_after": source.integer(0, 200)}
    return {**words, "length": "actual"} if source.chance() else words


def _latency(source: Source) -> object:
    seconds = source.pick(_SECONDS)
    if source.chance(75):
        return seconds
    if source.chance():
        return {"between": [seconds, seconds * source.integer(1, 10)]}
    return {"median": seconds, "sigma": source.pick((0.5, 0, 1))}


def _garbage(source: Source) -> Words:
    words: Words = {"garbage_after": source.integer(0, 5)}
    return {**words, "garbage": source.pick(_GARBAGE)} if source.chance() else words


_MAKERS: Mapping[str, Callable[[Source], Words]] = {
    "status": _status,
    "reset": lambda _source: {"reset": True},
    "hang_up": lambda _source: {"hang_up": True},
    "reset_after": lambda source: {"reset_after": source.integer(0, 200)},
    "truncate_after": _truncated,
    "bytes_per_second": lambda source: {"bytes_per_second": source.pick((1000, 100, 10, 0.5))},
    "latency": lambda source: {"latency": _latency(source)},
    "down": lambda source: {"down": source.pick(_SECONDS)},
    "cut_after": lambda source: {"cut_after": source.integer(0, 5)},
    "end_after": lambda source: {"end_after": source.integer(0, 5)},
    "stall_after": lambda source: {"stall_after": source.integer(0, 5), "stall_for": source.pick(_SECONDS)},
    "duplicate": lambda source: {"duplicate": source.integer(1, 5)},
    "reorder": lambda source: {"reorder": source.integer(1, 5)},
    "garbage_after": _garbage,
    "replay_loses": lambda source: {"replay_loses": source.integer(1, 5)},
}
