"""Watching for polls: readers who ask again for an unfinished job while time stands still.

One rule serves both: with `auto_tick`, time moves by that much before such a reader is answered; without, such reads are
counted, and too many are an error instead of a hang.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from fakejobs.clock import Clock
from fakejobs.errors import ClockStuck

MOST_READS = 200
"""Reads of one unfinished job by one reader at one instant that are still taken for something else than a poll."""

LONGEST_POLL = 2.0
"""Real seconds after which `FEWEST_READS` such reads are a poll too: the reader sleeps in real time between them."""

FEWEST_READS = 3

_INTERNAL = (
    "fakejobs",
    "huggingface_hub",
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "requests",
    "urllib3",
    "flask",
    "werkzeug",
)


@dataclass
class _Poll:
    at: int
    began: float
    reads: int = 1


class Polls:
    """The reads of unfinished jobs, by reader and job.

    Attributes:
        tick: how far time moves before a poll is answered, in milliseconds; None: polls are counted.
    """

    def __init__(
        self, clock: Clock, *, tick: int | None = None, real: Callable[[], float] = time.monotonic
    ) -> None:
        self.tick = tick
        self._clock = clock
        self._real = real
        self._polls: dict[tuple[object, str], _Poll] = {}

    def before(self, reader: object, job_id: str, move: Callable[[int], None]) -> None:
        """Called before ``reader`` is told about an unfinished job.

        Args:
            reader: who asks; a thread, or a connection.
            job_id: what for.
            move: moves time by so many milliseconds.

        Raises:
            ClockStuck: the same reader has asked too often while time stood still.
        """
        key = (reader, job_id)
        now = self._clock.now()
        poll = self._polls.get(key)
        if poll is None or poll.at != now:
            self._polls[key] = _Poll(now, self._real())
            return
        if self.tick is not None:
            move(self.tick)
            self._polls[key] = _Poll(self._clock.now(), self._real())
            return
        poll.reads += 1
        if poll.reads > MOST_READS or (
            poll.reads > FEWEST_READS and self._real() - poll.began > LONGEST_POLL
        ):
            del self._polls[key]
            raise ClockStuck(
                f"{caller()} has read the unfinished job {job_id} {poll.reads} times while the fake's clock stood still, and "
                'would go on for ever. Let time pass: (1) clock.patch("your_package") makes its sleeps virtual; (2) '
                'clock.auto_tick("10s") moves time with every read; (3) clock.advance("1h") moves it by hand'
            )


def caller() -> str:
    """File and line of the code that called the client, from the stack of this thread."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _INTERNAL and not module.startswith(
            ("threading", "contextlib", "concurrent")
        ):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return "code in another process"
