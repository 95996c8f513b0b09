"""The clock as a test uses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

from fakejobs.bridge import BridgedTime
from fakejobs.clock import Clock
from fakejobs.errors import FakeJobsError
from fakejobs.loops import Loops
from fakejobs.model.times import from_datetime, from_iso, to_datetime
from fakejobs.model.units import milliseconds
from fakejobs.patching import Patches
from fakejobs.polls import Polls
from fakejobs.waits import Waits

Length = float | str
"""Seconds, or a text such as ``"90s"``, ``"5m"``, ``"1.5h"``, ``"2d"``."""


def tick_of(by: Length | None) -> int | None:
    """What `VirtualClock.auto_tick` takes, in milliseconds.

    Raises:
        ValueError: see there.
    """
    if by is None:
        return None
    try:
        length = milliseconds(by)
    except ValueError as error:
        raise ValueError(f"auto_tick: {error}") from None
    if length == 0:  # a poll would go on for ever, and seem to be looked after
        raise ValueError(f'auto_tick: {by!r} moves nothing; give a length of time such as "10s", or None')
    return length


class VirtualClock:
    """The time of a fake: it stands still until a wait, or the test, moves it.

    ``sleep``, ``time``, ``monotonic`` and ``asleep`` are for code that takes its clock as an argument.
    """

    def __init__(self, clock: Clock, waits: Waits, polls: Polls) -> None:
        self._clock = clock
        self._waits = waits
        self._polls = polls
        self.bridge = BridgedTime(clock, waits)
        self._loops = Loops(clock, waits)
        self._patches = Patches(clock, waits, self.bridge, self._loops)
        polls.looks = self.bridge.looks

    def now(self) -> datetime:
        """What time it is, in UTC."""
        self._waits.sync()
        return to_datetime(self._clock.now())

    def advance(self, by: Length) -> datetime:
        """Let time pass. It stops at everything that somebody waits for on the way, earliest first; returns the new time.

        Raises:
            ValueError: this is no length of time.
        """
        length = milliseconds(by)
        self._waits.seen()
        self._waits.until(self._clock.now() + length, lambda: f"advance({by!r})")
        return self.now()

    def patch(self, package: str) -> list[str]:
        """Make the waits of a package virtual until the fake is closed: in all of its modules that are loaded.

        - ``time.sleep``, ``time.time``, ``time.monotonic``, ``time.perf_counter`` and their ``_ns`` forms, whether the module is used or names
          were imported from it, under whatever name;
        - ``asyncio.sleep``, likewise;
        - ``wait`` and ``wait_for`` of `threading.Event` and `threading.Condition`, with a timeout, where the package calls them.

        Everything else stays real: `queue.Queue.get`, `threading.Thread.join`, `asyncio.wait_for` and ``timeout``, timers, default arguments of functions
        (``def poll(sleep=time.sleep)``), other packages that the package waits with.

        Args:
            package: the name of a module or package, as in ``import``.

        Returns:
            The names that were replaced, such as ``"my_package.train.time"``.

        Raises:
            FakeJobsError: there is no such module, or none of it is loaded.
        """
        return self._patches.patch(package)

    def call_at(self, when: Length | datetime, function: Callable[[], object]) -> None:
        """Call ``function`` when time comes by: at an instant, or so long from now. Time stands still while it runs.

        Raises:
            ValueError: this is no instant and no length of time.
            FakeJobsError: the instant is past.
        """
        self._waits.seen()
        instant = self._instant(when)
        if instant < self._clock.now():
            raise FakeJobsError(f"call_at: {when} is past; it is {self.now().isoformat()}")
        self._waits.call_at(instant, function)

    def auto_tick(self, by: Length | None) -> None:
        """Move time by this much whenever somebody asks again for an unfinished job while it stood still; None: do not.

        Raises:
            ValueError: this is no length of time, or it is nothing.
        """
        self._polls.tick = tick_of(by)

    def sleep(self, seconds: float) -> None:
        """Let seconds pass, as `time.sleep` does."""
        self._waits.seen()
        self.bridge.sleep(seconds)

    def time(self) -> float:
        """Seconds since the epoch, as `time.time`."""
        return self.bridge.time()

    def monotonic(self) -> float:
        """Seconds since the fake began, as `time.monotonic`."""
        return self.bridge.monotonic()

    async def asleep(self, seconds: float) -> None:
        """Let seconds pass, as `asyncio.sleep` does; other tasks run meanwhile."""
        await self._loops.sleep(seconds)

    def close(self) -> None:
        """Undo all `patch`es, and give event loops back."""
        self._patches.close()
        self._loops.close()

    def _instant(self, when: Length | datetime) -> int:
        if isinstance(when, datetime):
            return from_datetime(when)
        if isinstance(when, str) and "T" in when:
            return from_iso(when)
        return self._clock.now() + milliseconds(when)

    def __repr__(self) -> str:
        return f"<VirtualClock {self.now().astimezone(timezone.utc).isoformat()}>"
