"""Who moves virtual time.

Every wait (a stream with nothing to say, a bridged sleep, a client's read timeout, `advance`) registers its instant. Time moves to
the earliest of them when every *known* party waits. Known is a thread that opened the fake or called it, is alive, and has not been silent
for 50 real milliseconds. So one lone thread never waits in real time, and of several none runs ahead of another that is about to act.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fakejobs.clock import LAST_INSTANT, Clock
from fakejobs.drivers.pace import monotonic
from fakejobs.errors import ClockStuck, FakeClosed, FakeJobsError
from fakejobs.freezers import Freezers, may_be_frozen
from fakejobs.model.plan import NEVER
from fakejobs.parties import Party, Work, left_over, refuse_left_over, this_party

SILENT_AFTER = 0.05
"""Real seconds after which a thread that neither calls nor waits is no longer waited for."""

STUCK_AFTER = 5.0
"""Real seconds that a silent thread has to end a wait that virtual time cannot end."""

_ON_ITS_WAY = 0.5
"""Real seconds that work may take to get from a loop to a thread, or its result to get back: short, unless all threads are taken."""

_LOOK_AGAIN = 0.01
"""Real seconds after which a thread that waits for another looks whether that one is still alive."""


class Listener:
    """Hears the rings of a topic, from `Waits.listen` on. A ring is kept until it is cleared, so none is lost between looking and waiting.

    Attributes:
        rung: whether there was a ring since the last look; at first, yes, since somebody looked before.
    """

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.rung = True
        self.close: Callable[[], None] = lambda: None


@dataclass(eq=False)
class Wait:
    """One party's wait.

    Attributes:
        thread: who waits.
        instant: until when; `NEVER` for until something rings.
        what: what for, as people say it.
        soft: an earlier end that is no reason to move time: if time only went from one of these to the next, nothing would ever happen.
        listener: what else ends it.
        pause: how to wait in real time, up to so many seconds; says whether it was interrupted. None: until it is woken.
        poke: ends a ``pause`` from another thread, without blocking.
        ready: whether something else has ended it, before its thread has had time to see that.
        interrupted: whether a ``pause`` was.
        excused: real seconds by which the others may be silent for longer.
    """

    thread: Party
    instant: int
    what: Callable[[], str]
    soft: int = NEVER
    listener: Listener | None = None
    pause: Callable[[float], bool] | None = None
    poke: Callable[[], None] | None = None
    ready: Callable[[], bool] | None = None
    interrupted: bool = False
    excused: float = 0.0
    _condition: threading.Condition | None = field(default=None, repr=False)

    def over(self, now: int) -> bool:
        """Whether it has ended."""
        return (
            now >= self.instant
            or now >= self.soft
            or self.interrupted
            or (self.listener is not None and self.listener.rung)
        )

    def sleep(self, lock: threading.RLock, seconds: float) -> None:
        """Pass up to so many real seconds, without the lock; `wake` ends it."""
        if self.pause is None:
            if self._condition is None:
                self._condition = threading.Condition(lock)
            self._condition.wait(seconds)
            return
        lock.release()
        try:
            interrupted = self.pause(seconds)
        finally:
            lock.acquire()
        self.interrupted = self.interrupted or interrupted

    def wake(self) -> None:
        """Let its thread look again. With the lock held."""
        if self.poke is not None:
            self.poke()
        elif self._condition is not None:
            self._condition.notify()


class Waits:
    """The waits of one fake.

    Args:
        clock: the clock that is moved.
        real: real seconds, for the silence of threads.
        silent_after: see `SILENT_AFTER`.
        stuck_after: see `STUCK_AFTER`.

    Attributes:
        problem: told of every error of the fake that a wait ends with.
        describe: what people want to know of a job that somebody waits for in vain.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        real: Callable[[], float] = monotonic,
        silent_after: float = SILENT_AFTER,
        stuck_after: float = STUCK_AFTER,
    ) -> None:
        self.silent_after = silent_after
        self.stuck_after = stuck_after
        self.problem: Callable[[FakeJobsError], None] = lambda _error: None
        self.describe: Callable[[str], str] = lambda _job_id: ""
        self._clock = clock
        self._real = real
        # The hub's own lock, so that there is no second one to take in the wrong order.
        self._lock = clock.lock
        self._seen: dict[Party, float] = {}
        self._waiting: dict[Party, Wait] = {}
        self._working: dict[Party, float] = {}
        self._order = itertools.count()
        self._calls: list[tuple[int, int, Callable[[], object]]] = []
        self._closed: str | None = None
        self._moving = False
        self._local = threading.local()
        self._freezers = Freezers(clock)
        self._opener = this_party()
        self._stop_listening = clock.bell.subscribe("", self._time_was_moved)
        self.seen()

    @property
    def closed(self) -> str | None:
        """Why nobody may wait any more; None while they may."""
        return self._closed

    @property
    def rewound(self) -> int:
        """By how many milliseconds a freezer has set the clock back since the fake began."""
        return self._freezers.rewound

    def me(self) -> Party:
        """Who this is."""
        work: Work | None = getattr(self._local, "work", None)
        return this_party() if work is None else work

    def seen(self) -> None:
        """Note that this thread has just used the fake.

        Raises:
            FakeClosed: the fake is closed, or this thread is left over from an earlier one.
        """
        if self._closed is not None:
            raise FakeClosed(self._closed)
        me = self.me()
        if me not in self._seen:
            refuse_left_over()
        self._seen[me] = self._real()
        self.sync()

    def is_over_for_me(self) -> bool:
        """Whether the fake is closed, and this thread has nothing to do with it any more: what is left of it is to do nothing.

        Raises:
            FakeClosed: this thread is left over from it.
        """
        if self._closed is None:
            return False
        refuse_left_over()
        return True

    def sync(self) -> None:
        """Follow freezegun and time-machine, if one of them is at work. Everybody and everything due on the way gets its turn."""
        if not may_be_frozen() or getattr(self._local, "following", False) or self._closed is not None:
            return
        with self._lock:
            target = self._freezers.target()
            if target is None:
                return
            if not self._waiting and not self._calls:
                self._clock.set(target)
                return
        self._local.following = True
        try:
            self.until(target, lambda: "a frozen time that was moved")
        finally:
            self._local.following = False

    def until(self, instant: int, what: Callable[[], str], *, topic: str | None = None) -> None:
        """Return when it is ``instant``, or (with a ``topic``) when something has rung, moving time if nobody else is busy.

        Raises:
            ClockStuck: nothing can end this wait.
            FakeClosed: the fake was closed meanwhile.
        """
        listener = None
        if topic is not None:
            listener = self.listen(topic)
            listener.rung = False
        try:
            self.wait(Wait(self.me(), instant, what, listener=listener))
        finally:
            if listener is not None:
                listener.close()

    def wait(self, wait: Wait) -> None:
        """Return when ``wait`` is over. See `until`."""
        try:
            with self._lock:
                if wait.thread not in self._seen:
                    refuse_left_over()
                if self._go_alone(wait):
                    return
                outer = self._waiting.get(wait.thread)
                self._waiting[wait.thread] = wait
                try:
                    self._wait(wait)
                finally:
                    if outer is None:
                        del self._waiting[wait.thread]
                    else:
                        self._waiting[wait.thread] = outer
                    self._seen[wait.thread] = self._real()
        except FakeJobsError as error:
            self.problem(error)
            raise

    def listen(self, topic: str) -> Listener:
        """Hear the rings of a topic; to be closed."""
        listener = Listener(topic)

        def ring() -> None:
            # That time moves, everybody who waits for an instant sees by itself.
            if self._moving:
                return
            listener.rung = True
            with self._lock:
                for wait in self._waiting.values():
                    if wait.listener is listener:
                        wait.wake()

        listener.close = self._clock.bell.subscribe(topic, ring)
        return listener

    def call_at(self, instant: int, function: Callable[[], object]) -> None:
        """Call ``function`` when time comes to ``instant``, in the thread that moves it; those of one instant in this order."""
        with self._lock:
            heapq.heappush(self._calls, (instant, next(self._order), function))

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let time stand while this thread runs the block, unless it waits itself: it is not silent, but busy.

        For no longer than `STUCK_AFTER`, since it may be waiting for another thread in a way that is not seen.
        """
        me = self.me()
        with self._lock:
            outer = self._working.get(me)
            self._seen[me] = self._working[me] = self._real()
        try:
            yield
        finally:
            with self._lock:
                if outer is None:
                    self._working.pop(me, None)
                else:
                    self._working[me] = outer
                self._seen[me] = self._real()

    def hand_over(self, name: str) -> Work:
        """Somebody is about to do a piece of work: from now on it is waited for, even if no thread has begun with it."""
        work = Work(name)
        self._seen[work] = self._real()
        return work

    @contextmanager
    def doing(self, work: Work) -> Iterator[None]:
        """Be ``work`` in this thread while the block runs."""
        outer = getattr(self._local, "work", None)
        work.doer, work.running = this_party(), True
        self._local.work = work
        if not work.over and self._closed is None:
            self._seen[work] = self._real()
        try:
            yield
        finally:
            self._local.work = outer
            work.running = False
            if not work.over:
                self._seen[work] = self._real()

    def taken(self, work: Work) -> None:
        """The result of ``work`` has come to where it was wanted."""
        work.over = True
        self._seen.pop(work, None)

    def forget(self) -> None:
        """This thread is idle: it is not waited for, until it uses the fake again."""
        self._seen.pop(self.me(), None)

    def alone(self) -> bool:
        """Whether nobody else is there who could do something: every other party waits, too."""
        me = self.me()
        with self._lock:
            return not any(party is not me and party not in self._waiting for party in self.known())

    def others_are_due(self) -> bool:
        """Whether virtual time will bring something that is not this thread's."""
        me = self.me()
        with self._lock:
            return bool(self._calls) or any(
                wait.thread is not me and wait.instant <= LAST_INSTANT for wait in self._waiting.values()
            )

    def known(self) -> list[Party]:
        """Who has used the fake and is alive."""
        return [party for party in list(self._seen) if party.is_alive()]

    def close(self, why: str) -> list[Wait]:
        """End every wait with `FakeClosed`, and refuse those to come, from threads of this fake also in fakes to come.

        Returns:
            What the threads that are left over were doing.
        """
        with self._lock:
            self._closed = why
            self._stop_listening()
            left: list[Wait] = []
            mine = (this_party(), self._opener, threading.main_thread())
            for party in self.known():
                doer = party.doer if isinstance(party, Work) else party
                if doer is None or doer in mine or not doer.is_alive():
                    continue
                left_over[doer] = why
                left.append(self._waiting.get(party) or Wait(doer, NEVER, lambda: "it is busy elsewhere"))
            for wait in self._waiting.values():
                wait.wake()
            self._calls.clear()
            return left

    def _go_alone(self, wait: Wait) -> bool:
        """End a wait at once if nobody else has ever used the fake, as in most tests: what `_wait` comes to then, for a third of the price."""
        if self._waiting or self._calls or self._closed is not None or wait.instant > LAST_INSTANT:
            return False
        if wait.pause is not None or len(self._seen) != 1 or wait.thread not in self._seen:
            return False
        if not wait.over(self._clock.now()):
            self._move(min(wait.instant, wait.soft))
            self._seen[wait.thread] = self._real()
        return True

    def _wait(self, wait: Wait) -> None:
        began: float | None = None
        while True:
            if self._closed is not None:
                raise FakeClosed(self._closed)
            now = self._clock.now()
            if self._calls and self._calls[0][0] <= now:
                self._call_next(wait.thread)
                continue
            if wait.over(now):
                return
            patience = self._patience(wait, now)
            if patience <= 0:
                earliest = self._earliest()
                if self._calls and self._calls[0][0] <= earliest:
                    self._move(self._calls[0][0])
                    continue
                if earliest < NEVER:
                    self._move(earliest)
                    continue
                real = self._real()
                began = real if began is None else began
                patience = began + self.stuck_after - real
                if patience <= 0 or self.alone():
                    raise ClockStuck(self._explanation(wait))
            asleep, began_to_sleep = min(patience, _LOOK_AGAIN), self._real()
            wait.sleep(self._lock, asleep)
            # Who slept for too long was on a machine that is busy, and so were those whom it takes for silent.
            wait.excused += max(0.0, self._real() - began_to_sleep - asleep)

    def _earliest(self) -> int:
        """Where time goes next; `NEVER` if nobody waits for an instant."""
        earliest = soft = NEVER
        for each in self._waiting.values():
            earliest = min(earliest, each.instant)
            soft = min(soft, each.soft)
        if earliest > LAST_INSTANT and not self._calls:
            return NEVER
        earliest = min(earliest, soft)
        return earliest if earliest <= LAST_INSTANT else NEVER

    def _move(self, instant: int) -> None:
        self._moving = True
        try:
            now = self._clock.set(max(instant, self._clock.now()))
        finally:
            self._moving = False
        for wait in self._waiting.values():
            if wait.over(now):
                wait.wake()

    def _time_was_moved(self) -> None:
        # By somebody else: the admin API, or the hub's own clock.
        if not self._moving:
            with self._lock:
                for wait in self._waiting.values():
                    wait.wake()

    def _call_next(self, me: Party) -> None:
        _, _, function = heapq.heappop(self._calls)
        # Without the lock: the function may use the fake, also from other threads. Meanwhile this thread does not wait.
        wait = self._waiting.pop(me)
        try:
            with self.working():
                self._lock.release()
                try:
                    function()
                finally:
                    self._lock.acquire()
        finally:
            self._waiting[me] = wait

    def _patience(self, wait: Wait, now: int) -> float:
        """Real seconds until nobody is busy any more, as far as can be told now; 0 if nobody is."""
        real, patience = self._real(), 0.0
        for other in self._waiting.values():
            if other is not wait and (other.over(now) or (other.ready is not None and other.ready())):
                # Its wait is over, and it has not been given the processor yet.
                patience = self.silent_after
        for party, last in list(self._seen.items()):
            if party in self._waiting:
                continue
            if not party.is_alive():
                self._seen.pop(party, None)
                continue
            busy = last + self.silent_after + wait.excused
            if isinstance(party, Work) and not party.running:
                busy = last + max(self.silent_after, _ON_ITS_WAY)
            if party in self._working:
                busy = max(busy, self._working[party] + self.stuck_after)
            patience = max(patience, busy - real)
        return patience

    def _explanation(self, wait: Wait) -> str:
        lines = [f"thread {wait.thread.name!r} waits for what nothing will end: {self._said(wait)}"]
        lines += [
            f"  thread {each.thread.name!r} waits too: {self._said(each)}"
            for each in self._waiting.values()
            if each is not wait
        ]
        return "\n".join(lines)

    def _said(self, wait: Wait) -> str:
        about = self.describe(wait.listener.topic) if wait.listener is not None else ""
        return f"{wait.what()}; {about}" if about else wait.what()
