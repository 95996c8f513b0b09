"""The clock of a hub, and the bell that wakes whoever waits for it.

Time is only ever read: nothing here ticks. `Clock.now` is a line through an anchor,

    now = anchor + (source - source_anchor) * speed          (integer milliseconds)

so freezing is speed 0, and setting, advancing or changing the speed put down a new anchor.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Literal

from fakejobs.model.plan import NEVER

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def source_ms() -> int:
    """The time of the process in milliseconds, as freezegun or time-machine want it to be.

    freezegun is asked directly: its patched functions give real time to shallow code and to other
    threads' library calls. time-machine patches `time.time_ns` itself, so it needs no special case.
    """
    freezegun = sys.modules.get("freezegun.api")
    if freezegun is not None and freezegun.freeze_factories:
        frozen: datetime = freezegun.freeze_factories[-1]()
        return (frozen.replace(tzinfo=timezone.utc) - _EPOCH) // _MILLISECOND
    return time.time_ns() // 1_000_000


_MILLISECOND = datetime(1970, 1, 1, 0, 0, 0, 1000) - datetime(1970, 1, 1)


@dataclass(frozen=True)
class Anchor:
    """Where a clock stands: all that a store keeps of it.

    Attributes:
        at: the hub's time at the anchor, in milliseconds since the epoch.
        source: the source's time at the anchor, in milliseconds since the epoch.
        speed: simulated seconds per second of the source; what `frozen` resumes with.
        frozen: whether time stands still.
    """

    at: int
    source: int
    speed: float = 1.0
    frozen: bool = False


class Bell:
    """Wakes those who wait, by topic: a job's id, or everybody.

    The law of its use: subscribe, *then* look, then wait. A ring between looking and waiting is kept by the
    subscriber's own event, so that no wake-up is lost.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wakes: dict[str, list[Callable[[], None]]] = {}

    def subscribe(self, topic: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` (from any thread, never blocking) on each ring of ``topic``; returns the way to stop."""
        with self._lock:
            self._wakes.setdefault(topic, []).append(wake)

        def unsubscribe() -> None:
            with self._lock:
                wakes = self._wakes.get(topic, [])
                if wake in wakes:
                    wakes.remove(wake)
                if not wakes:
                    self._wakes.pop(topic, None)

        return unsubscribe

    def ring(self, topic: str | None = None) -> None:
        """Wake the waiters of ``topic``, or all of them."""
        with self._lock:
            if topic is None:
                wakes = [wake for group in self._wakes.values() for wake in group]
            else:
                wakes = list(self._wakes.get(topic, ()))
        for wake in wakes:
            wake()

    def __len__(self) -> int:
        """How many are subscribed."""
        with self._lock:
            return sum(len(wakes) for wakes in self._wakes.values())


class Clock:
    """The time of one hub, in integer milliseconds since the epoch.

    It never goes back by itself: when its source does (a corrected system clock, a second freeze in the past), it stands
    still until the source has caught up. `set` may go back only while ``may_go_back`` says so.

    Args:
        anchor: where to start; by default at the source's time, running at speed 1.
        source: gives the source's time in milliseconds; by default `source_ms`.
        keep: called with each new anchor, so that a store can keep it.
        may_go_back: says whether `set` may go back (a hub: only while it has no jobs).
        lock: what guards the clock; a hub gives its own, so that there is one order of locking.
        not_before: time does not start before this instant (a hub: the creation of its newest job).
    """

    def __init__(
        self,
        anchor: Anchor | None = None,
        *,
        source: Callable[[], int] = source_ms,
        keep: Callable[[Anchor], None] = lambda _anchor: None,
        may_go_back: Callable[[], bool] = lambda: True,
        lock: threading.RLock | None = None,
        not_before: int = 0,
    ) -> None:
        self._source = source
        self._keep = keep
        self._may_go_back = may_go_back
        self.lock = lock or threading.RLock()
        self._anchor = anchor or Anchor(at=(start := source()), source=start)
        self._latest = max(self._anchor.at, not_before)
        self.bell = Bell()

    @property
    def anchor(self) -> Anchor:
        """Where the clock stands."""
        return self._anchor

    @property
    def speed(self) -> float:
        """Simulated seconds per second of the source, when not frozen."""
        return self._anchor.speed

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return self._anchor.frozen

    def now(self) -> int:
        """The hub's time. Reading it changes nothing that anybody could see."""
        if self._anchor.frozen:
            # Without the lock: the clock of a test stands still, and is read many times in a call.
            return self._latest
        with self.lock:
            anchor = self._anchor
            if not anchor.frozen:
                elapsed = self._source() - anchor.source
                now = anchor.at + (elapsed if anchor.speed == 1 else int(elapsed * anchor.speed))
                self._latest = max(self._latest, min(now, LAST_INSTANT))
            return self._latest

    def seconds_until(self, instant: int) -> float | None:
        """Seconds of the source until ``instant``; 0 when it is past, None when it never comes by itself."""
        missing = instant - self.now()
        if missing <= 0:
            return 0.0
        if self.frozen or instant >= NEVER:
            return None
        return missing / 1000 / self.speed

    def advance(self, by: int) -> int:
        """Move time forward by ``by`` milliseconds and wake everybody; returns the new time.

        Raises:
            ValueError: ``by`` is negative.
        """
        if by < 0:
            raise ValueError(f"time only goes forward: cannot advance by {by} ms")
        with self.lock:
            return self._put(replace(self._anchor, at=self._limit(self.now() + by)))

    def set(self, instant: int) -> int:
        """Make it ``instant`` (milliseconds) and wake everybody; returns the new time.

        Raises:
            ValueError: that is in the past, and the hub has jobs that would be from the future.
        """
        with self.lock:
            now = self.now()
            if instant < now and not self._may_go_back():
                raise ValueError(
                    f"time cannot go back by {now - instant} ms: there are jobs already; reset first"
                )
            anchor = self._anchor
            # By hand, as replace() costs as much as all else here, and waits in virtual time pay for it.
            return self._put(Anchor(self._limit(instant), anchor.source, anchor.speed, anchor.frozen))

    def freeze(self) -> int:
        """Stop time where it is; returns that instant."""
        with self.lock:
            return self._put(replace(self._anchor, at=self.now(), frozen=True))

    def unfreeze(self) -> int:
        """Let time run again, at the speed that it had; returns the instant."""
        with self.lock:
            return self._put(replace(self._anchor, at=self.now(), frozen=False))

    def run_at(self, speed: float) -> int:
        """Let time run at ``speed`` simulated seconds per second of the source (60: a minute a second).

        Raises:
            ValueError: the speed is not above 0 (to stop time, `freeze`) or above a million.
        """
        if not 0 < speed <= 1_000_000:
            raise ValueError(
                f"speed must be above 0 and at most 1000000, not {speed}; to stop time, freeze it"
            )
        with self.lock:
            return self._put(replace(self._anchor, at=self.now(), speed=speed))

    def restart(self, anchor: Anchor) -> None:
        """Stand at ``anchor`` from now on, wherever the clock stood, and wake everybody."""
        with self.lock:
            self._put(anchor)

    def _limit(self, instant: int) -> int:
        if not 0 <= instant <= LAST_INSTANT:
            raise ValueError("the clock goes from 1970-01-01 to 9999-12-31")
        return instant

    def _put(self, anchor: Anchor) -> int:
        # The latest instant first: whoever sees a frozen anchor reads it without the lock.
        self._latest = anchor.at
        self._anchor = Anchor(anchor.at, self._source(), anchor.speed, anchor.frozen)
        self._keep(self._anchor)
        self.bell.ring()
        return self._anchor.at


class Outage:
    """Whether the hub's listener is closed: from when a fault says so until an instant of its clock.

    Whoever listens on a socket for the hub subscribes, and is told when it begins and when it is called off; when it is over by itself, the
    clock says.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.until = 0
        self._told: list[Callable[[], None]] = []

    @property
    def on(self) -> bool:
        """Whether the listener is closed now."""
        return self.until != 0 and self.clock.now() < self.until

    def last(self, until: int) -> None:
        """Let it last until an instant from now on; 0: it is over."""
        if until != self.until:
            self.until = until
            for told in tuple(self._told):
                told()

    def subscribe(self, told: Callable[[], None]) -> Callable[[], None]:
        """Call ``told`` whenever it begins or is called off, in the thread that does so; returns the way to stop."""
        self._told.append(told)
        return lambda: self._told.remove(told)


LAST_INSTANT = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z: the last instant that a timestamp can say."""


@dataclass(frozen=True)
class WaitUntil:
    """What a stream yields when it has nothing to say before ``instant`` (or a ring of its topic)."""

    instant: int


@dataclass(frozen=True)
class Pause:
    """What a stream with a fault yields to be silent until ``instant``: no ring ends it, and no keep-alive is sent meanwhile."""

    instant: int


Breaking = Literal["reset", "closed", "refused"]
"""How a connection breaks: a TCP reset; closed before everything that was promised is there; or it was never made."""


@dataclass(frozen=True)
class Abort:
    """What a stream with a fault yields to break its connection. Nothing comes after it."""

    how: Breaking


Step = bytes | WaitUntil | Pause | Abort
"""A step of a stream. No bytes (``b""``) send off the head of the answer."""


@dataclass(frozen=True)
class Stream:
    """One connection's stream, before a driver has put it on the wire.

    Attributes:
        steps: yields bytes to send, or `WaitUntil` when there is nothing to say yet. It never blocks, and holds no lock
            between steps; it is to be closed when the connection goes away. With faults, there are `Pause` and `Abort` as well, and the
            answer's ``start_response`` may be called as late as just before the first bytes, or never.
        topic: the topic of the clock's bell that may bring news before the instant (a job's id).
        clock: the clock that the instants are of.
    """

    steps: Generator[Step, None, None]
    topic: str
    clock: Clock
