"""Who moves virtual time.

Every wait (a stream with nothing to say, a bridged sleep, a client's read timeout, `advance`) registers its instant. Time moves to
the earliest of them when every *known* thread waits. Known is a thread that opened the fake or called it, is alive, and has not been silent
for 50 real milliseconds. So one lone thread never waits in real time, and of several none runs ahead of another that is about to act.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from fakejobs.clock import Clock
from fakejobs.errors import ClockStuck, FakeClosed
from fakejobs.model.plan import NEVER

SILENT_AFTER = 0.05
"""Real seconds after which a thread that neither calls nor waits is no longer waited for."""

STUCK_AFTER = 5.0
"""Real seconds that a silent thread has to end a wait that virtual time cannot end."""


@dataclass
class Wait:
    """One thread's wait.

    Attributes:
        thread: who waits.
        instant: until when; `NEVER` for until something rings.
        what: what for, as people say it.
        rung: whether its topic rang.
    """

    thread: threading.Thread
    instant: int
    what: Callable[[], str]
    rung: bool = False


class Waits:
    """The waits of one fake.

    Args:
        clock: the clock that is moved.
        real: real seconds, for the silence of threads.
    """

    def __init__(self, clock: Clock, *, real: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._real = real
        # The hub's own lock, so that there is no second one to take in the wrong order.
        self._condition = threading.Condition(clock.lock)
        self._seen: dict[threading.Thread, float] = {}
        self._waiting: dict[threading.Thread, Wait] = {}
        self._order = itertools.count()
        self._calls: list[tuple[int, int, Callable[[], object]]] = []
        self._closed: str | None = None
        self.seen()

    def seen(self) -> None:
        """Note that this thread has just used the fake.

        Raises:
            FakeClosed: the fake is closed.
        """
        if self._closed is not None:
            raise FakeClosed(self._closed)
        self._seen[threading.current_thread()] = self._real()

    def until(self, instant: int, what: Callable[[], str], *, topic: str | None = None) -> None:
        """Return when it is ``instant``, or (with a ``topic``) when something has rung, moving time if nobody else is busy.

        Raises:
            ClockStuck: nothing can end this wait.
            FakeClosed: the fake was closed meanwhile.
        """
        me = threading.current_thread()
        wait = Wait(me, instant, what)

        def ring() -> None:
            wait.rung = True
            with self._condition:
                self._condition.notify_all()

        unsubscribe = self._clock.bell.subscribe(topic, ring) if topic is not None else lambda: None
        try:
            with self._condition:
                self._waiting[me] = wait
                self._wait(wait)
        finally:
            unsubscribe()
            with self._condition:
                self._waiting.pop(me, None)
                self._seen[me] = self._real()
                self._condition.notify_all()

    def call_at(self, instant: int, function: Callable[[], object]) -> None:
        """Call ``function`` when time comes to ``instant``, in the thread that moves it; those of one instant in this order."""
        with self._condition:
            heapq.heappush(self._calls, (instant, next(self._order), function))

    def close(self, why: str) -> list[Wait]:
        """End every wait with `FakeClosed` and refuse those to come; returns the waits that there were."""
        with self._condition:
            self._closed = why
            self._condition.notify_all()
            return list(self._waiting.values())

    def known(self) -> list[threading.Thread]:
        """The threads that have used the fake and are alive."""
        return [thread for thread in list(self._seen) if thread.is_alive()]

    def _wait(self, wait: Wait) -> None:
        began = self._real()
        while True:
            if self._closed is not None:
                raise FakeClosed(self._closed)
            if wait.rung or self._clock.now() >= wait.instant:
                return
            patience = self._patience(wait)
            if patience > 0:
                self._condition.wait(patience)
                continue
            earliest = min(each.instant for each in self._waiting.values())
            if self._calls and self._calls[0][0] <= earliest:
                self._call_next()
                continue
            if earliest < NEVER:
                self._move(earliest)
                continue
            others = [thread for thread in self.known() if thread is not wait.thread]
            left = began + STUCK_AFTER - self._real()
            if not others or left <= 0:
                raise ClockStuck(self._explanation(wait))
            self._condition.wait(left)

    def _move(self, instant: int) -> None:
        # Rings everybody who waits on a topic; their rings take the condition's lock, which is re-entrant.
        with suppress(ValueError):
            self._clock.set(max(instant, self._clock.now()))
        self._condition.notify_all()

    def _call_next(self) -> None:
        instant, _, function = heapq.heappop(self._calls)
        self._move(instant)
        # Without the lock: the function may use the fake, also from other threads. Meanwhile this thread does not wait.
        me = threading.current_thread()
        wait = self._waiting.pop(me)
        self._condition.release()
        try:
            function()
        finally:
            self._condition.acquire()
            self._waiting[me] = wait

    def _patience(self, wait: Wait) -> float:
        """Real seconds until nobody is busy any more, as far as can be told now; 0 if nobody is."""
        now, real, patience = self._clock.now(), self._real(), 0.0
        for thread, last in list(self._seen.items()):
            if thread is wait.thread:
                continue
            other = self._waiting.get(thread)
            if other is not None and not other.rung and other.instant > now:
                continue
            if not thread.is_alive():
                self._seen.pop(thread, None)
                continue
            if other is not None:
                # Its wait is over, and it has not been given the processor yet.
                patience = max(patience, SILENT_AFTER)
                continue
            patience = max(patience, last + SILENT_AFTER - real)
        return patience

    def _explanation(self, wait: Wait) -> str:
        lines = [f"thread {wait.thread.name!r} waits for what nothing will end: {wait.what()}"]
        lines += [
            f"  thread {each.thread.name!r} waits too: {each.what()}"
            for each in self._waiting.values()
            if each is not wait
        ]
        return "\n".join(lines)
