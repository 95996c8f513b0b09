"""The log of a job, derived from its script and plan: the same entries in the same order for everybody.

Each attempt begins with the platform's ``===== Job started at ... =====`` (huggingface_hub#4202), then come the lines of
the script that fit before its end. Entries are addressed by their index in the whole log.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from fakejobs.model.outcomes import Line
from fakejobs.model.plan import NEVER, Plan


@dataclass(frozen=True)
class LogEntry:
    """One frame of a log.

    Attributes:
        at: its instant in milliseconds; of a start marker, a whole second.
        text: the line.
        is_start: whether it is the platform's start marker, whose timestamp has no milliseconds on the wire.
    """

    at: int
    text: str
    is_start: bool = False


class Log:
    """A job's log, for reading piece by piece.

    Args:
        lines: the lines of the script, with offsets that do not go backwards.
        plan: the job's plan, as it is now.
        later: the lines of the second attempt, the third, ..., the last of these for all others; empty: ``lines`` for each.
    """

    def __init__(self, lines: Sequence[Line], plan: Plan, later: Sequence[Sequence[Line]] = ()) -> None:
        self._plan = plan
        spans = (*plan.earlier, (plan.start, plan.end))
        self._attempts = [
            (start, end, later[min(index, len(later)) - 1] if index and later else lines)
            for index, (start, end) in enumerate(spans)
        ]

    def length(self, now: int) -> int:
        """How many entries there are at ``now``."""
        return sum(_count(start, end, lines, now) for start, end, lines in self._attempts)

    def entries(self, first: int, last: int) -> Iterator[LogEntry]:
        """The entries from index ``first`` up to ``last``, which is not included."""
        base = 0
        for start, end, lines in self._attempts:
            count = _count(start, end, lines, NEVER)
            for index in range(max(first - base, 0), min(last - base, count)):
                yield _entry(start, lines, index)
            base += count

    def tail(self, now: int, lines: int) -> Iterator[LogEntry]:
        """The first start marker and the last ``lines`` other entries at ``now``: what ``?tail=N`` begins with."""
        total = self.length(now)
        if total == 0:
            return
        yield next(self.entries(0, 1))
        if lines > 0:
            # A log has one marker an attempt, so this reaches back far enough whatever is among the last entries.
            from_index = max(0, total - lines - len(self._attempts))
            last = [entry for entry in self.entries(from_index, total) if not entry.is_start]
            yield from last[-lines:]

    def next_change(self, now: int) -> int:
        """When the next entry comes or the job ends, whichever is first; `NEVER` if it is over."""
        plan = self._plan
        if not plan.start <= now < plan.end:
            return plan.next_change(now)
        lines = self._attempts[-1][2]
        index = bisect_right(lines, now - plan.start, key=_offset)
        following = plan.start + lines[index][0] if index < len(lines) else NEVER
        return min(following, plan.end)


def _count(start: int, end: int, lines: Sequence[Line], now: int) -> int:
    if start > min(now, end):
        return 0
    # A line that is due at the very instant of the end is still written: ends come after lines.
    return 1 + bisect_right(lines, min(now, end) - start, key=_offset)


def _entry(start: int, lines: Sequence[Line], index: int) -> LogEntry:
    if index == 0:
        second = start // 1000 * 1000
        words = datetime.fromtimestamp(second // 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
        return LogEntry(second, f"===== Job started at {words} =====", is_start=True)
    offset, text = lines[index - 1]
    return LogEntry(start + offset, text)


def _offset(line: Line) -> int:
    return line[0]
