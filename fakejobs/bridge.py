"""The sleep bridge: a stand-in for the module `time`, in which time is the fake's.

It replaces the *name* ``time`` in chosen modules and nothing else: socket timeouts, subprocesses and `datetime.now` stay real.
"""

from __future__ import annotations

import threading
import time
from types import ModuleType

from fakejobs.clock import Clock
from fakejobs.waits import Waits


class BridgedTime(ModuleType):
    """`time`, with ``sleep``, ``time`` and ``monotonic`` (and their ``_ns`` forms, and ``perf_counter``) of the fake's clock.

    A sleep moves time by exactly what was asked for. Times are whole milliseconds in the store; what a caller's floating-point
    sums leave below that is kept for its thread, so that a deadline is reached when its remainder has been slept.
    """

    def __init__(self, clock: Clock, waits: Waits) -> None:
        super().__init__("time", "The module time, with the fake's clock.")
        self._clock = clock
        self._waits = waits
        self._start = clock.now()
        self._rest = threading.local()

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass.

        Raises:
            ValueError: they are negative, as with the real one.
        """
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        exact = seconds + self._remainder()
        # The nearest millisecond, if a sum of floats just missed it.
        length = int(exact * 1000 + 1e-6)
        self._rest.seconds = max(0.0, exact - length / 1000)
        if length:
            self._waits.until(self._clock.now() + length, lambda: f"sleep({seconds:g})")
        else:
            self._waits.seen()

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._clock.now() / 1000 + self._remainder()

    def monotonic(self) -> float:
        """Seconds since the fake began."""
        return (self._clock.now() - self._start) / 1000 + self._remainder()

    def perf_counter(self) -> float:
        """As `monotonic`."""
        return self.monotonic()

    def time_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return self._clock.now() * 1_000_000

    def monotonic_ns(self) -> int:
        """Nanoseconds since the fake began."""
        return (self._clock.now() - self._start) * 1_000_000

    def perf_counter_ns(self) -> int:
        """As `monotonic_ns`."""
        return self.monotonic_ns()

    def _remainder(self) -> float:
        rest: float = getattr(self._rest, "seconds", 0.0)
        return rest
