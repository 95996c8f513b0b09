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
    """

    def __init__(self, lines: Sequence[Line], plan: Plan) -> None:
        self._lines = lines
        self._plan = plan
        self._attempts = (*plan.earlier, (plan.start, plan.end))

    def length(self, now: int) -> int:
        """How many entries there are at ``now``."""
        return sum(self._count(start, end, now) for start, end in self._attempts)

    def entries(self, first: int, last: int) -> Iterator[LogEntry]:
        """The entries from index ``first`` up to ``last``, which is not included."""
        base = 0
        for start, end in self._attempts:
            count = self._count(start, end, NEVER)
            for index in range(max(first - base, 0), min(last - base, count)):
                yield self._entry(start, index)
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
        index = bisect_right(self._lines, now - plan.start, key=_offset)
        following = plan.start + self._lines[index][0] if index < len(self._lines) else NEVER
        return min(following, plan.end)

    def _count(self, start: int, end: int, now: int) -> int:
        if start > min(now, end):
            return 0
        # A line that is due at the very instant of the end is still written: ends come after lines.
        return 1 + bisect_right(self._lines, min(now, end) - start, key=_offset)

    def _entry(self, start: int, index: int) -> LogEntry:
        if index == 0:
            second = start // 1000 * 1000
            words = datetime.fromtimestamp(second // 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
            return LogEntry(second, f"===== Job started at {words} =====", is_start=True)
        offset, text = self._lines[index - 1]
        return LogEntry(start + offset, text)


def _offset(line: Line) -> int:
    return line[0]
