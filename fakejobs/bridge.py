"""The sleep bridge: a stand-in for the module `time`, in which time is the fake's.

It replaces the *name* ``time`` in chosen modules and nothing else: socket timeouts, subprocesses and `datetime.now` stay real.
"""

from __future__ import annotations

import math
import threading
import time
from types import ModuleType

from fakejobs.clock import Clock
from fakejobs.errors import ClockStuck
from fakejobs.waits import Waits


class BridgedTime(ModuleType):
    """`time`, with ``sleep``, ``time`` and ``monotonic`` (and their ``_ns`` forms, and ``perf_counter``) of the fake's clock.

    A sleep moves time by exactly what was asked for. Times are whole milliseconds in the store; what a caller's floating-point
    sums leave below that is kept for its thread, so that a deadline is reached when its remainder has been slept.

    Attributes:
        most_looks: how often one thread may ask for the time at one instant. More is a loop that waits without sleeping.

    When its fake is closed it is the real module: it may have been left somewhere, by somebody who patched after it and undid that later.
    """

    def __init__(self, clock: Clock, waits: Waits) -> None:
        super().__init__("time", "The module time, with the fake's clock.")
        self._clock = clock
        self._waits = waits
        self._start = clock.now()
        self._local = threading.local()
        self.most_looks = 1_000_000

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass.

        Raises:
            ValueError: they are negative, as with the real one.
            ClockStuck: time would go beyond the year 9999.
            FakeClosed: the fake is closed, and this thread is left over from it.
        """
        if self._waits.is_over_for_me():
            time.sleep(seconds)
            return
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self._waits.seen()
        length, self._local.rest = whole_milliseconds(seconds + self._rest())
        if length:
            self._waits.until(self._clock.now() + length, lambda: f"sleep({seconds:g})")

    def time(self) -> float:
        """Seconds since the epoch."""
        if self._waits.closed is not None:
            return time.time()
        return self._look() / 1000 + self._rest()

    def monotonic(self) -> float:
        """Seconds since the fake began."""
        if self._waits.closed is not None:
            return time.monotonic()
        return (self._look() - self._origin()) / 1000 + self._rest()

    def perf_counter(self) -> float:
        """As `monotonic`."""
        return self.monotonic()

    def time_ns(self) -> int:
        """Nanoseconds since the epoch."""
        if self._waits.closed is not None:
            return time.time_ns()
        return self._look() * 1_000_000

    def monotonic_ns(self) -> int:
        """Nanoseconds since the fake began."""
        if self._waits.closed is not None:
            return time.monotonic_ns()
        return (self._look() - self._origin()) * 1_000_000

    def perf_counter_ns(self) -> int:
        """As `monotonic_ns`."""
        return self.monotonic_ns()

    def looks(self) -> int:
        """How often this thread has asked what time it is."""
        looks: int = getattr(self._local, "looks", 0)
        return looks

    def _look(self) -> int:
        local = self._local
        local.looks = self.looks() + 1
        self._waits.sync()
        now = self._clock.now()
        if getattr(local, "at", None) != now:
            local.at, local.first = now, local.looks
        elif local.looks - local.first >= self.most_looks:
            raise ClockStuck(
                f"thread {self._waits.me().name!r} has asked {self.most_looks} times what time it is, while the fake's clock stood still: "
                "a loop that waits for a time has to sleep in between"
            )
        return now

    def _origin(self) -> int:
        return self._start - self._waits.rewound

    def _rest(self) -> float:
        rest: float = getattr(self._local, "rest", 0.0)
        return rest


def whole_milliseconds(seconds: float) -> tuple[int, float]:
    """Whole milliseconds, and the seconds that are left. What a sum of floats just missed (by a microsecond) counts as whole.

    Raises:
        ValueError: it is no number.
        OverflowError: it is infinite.
    """
    if math.isnan(seconds):
        raise ValueError("Invalid value NaN (not a number)")
    length = int(seconds * 1000 + 1e-3)
    return length, max(0.0, seconds - length / 1000)
