"""Virtual sleeps on asyncio's event loops: other tasks run meanwhile, and time moves when the loop has nothing else to do.

A loop is idle when its selector is asked to block and nothing is ready. That is where its thread waits in virtual time, like any
other thread, until the earliest sleep of its tasks; whatever the selector reports, or a thread hands to the loop, ends the wait early.
What the loop hands to threads (`asyncio.to_thread`) is waited for as well, until its result has arrived.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

from fakejobs.bridge import whole_milliseconds
from fakejobs.clock import Clock
from fakejobs.errors import FakeClosed, FakeJobsError
from fakejobs.parties import Work
from fakejobs.waits import Wait, Waits


class Loops:
    """The virtual sleeps of one fake, on all loops that have any."""

    def __init__(self, clock: Clock, waits: Waits) -> None:
        self._clock = clock
        self._waits = waits
        self._sleeps: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopSleeps | ThreadSleeps] = (
            WeakKeyDictionary()
        )

    async def sleep(self, seconds: float) -> None:
        """Let ``seconds`` of virtual time pass, as `asyncio.sleep` does.

        Raises:
            ClockStuck: nothing can end this wait.
            FakeClosed: the fake was closed meanwhile.
        """
        self._waits.seen()
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        # A shorter one must still end some time; there is nothing below a millisecond.
        length = max(1, whole_milliseconds(seconds)[0])
        loop = asyncio.get_running_loop()
        sleeps = self._sleeps.get(loop)
        if sleeps is None:
            idles = hasattr(getattr(loop, "_selector", None), "select")
            sleeps = (LoopSleeps if idles else ThreadSleeps)(loop, self._clock, self._waits)
            self._sleeps[loop] = sleeps
        await sleeps.until(self._clock.now() + length, seconds)

    def close(self) -> None:
        """Give the loops back; sleeps that are left end with `FakeClosed`."""
        for sleeps in list(self._sleeps.values()):
            sleeps.close()
        self._sleeps.clear()


class LoopSleeps:
    """The virtual sleeps of one loop that has a selector: all of asyncio's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, waits: Waits) -> None:
        self._loop = loop
        self._clock = clock
        self._waits = waits
        self._sleeping: list[tuple[int, int, asyncio.Future[None], float]] = []
        self._order = itertools.count()
        self._events: list[object] = []
        self._selector: Any = loop._selector  # type: ignore[attr-defined]  # asyncio has no name for it
        self._select: Callable[[float | None], list[object]] = self._selector.select
        self._run_in_executor: Callable[..., asyncio.Future[Any]] = loop.run_in_executor
        # On the objects, not on their classes: other loops are left alone. A fake around this one has been here before.
        self._around = vars(self._selector).get("select"), vars(loop).get("run_in_executor")
        self._selector.select = self._idle_select
        loop.run_in_executor = self._run_known  # type: ignore[assignment,method-assign]  # for the time of the fake

    async def until(self, instant: int, seconds: float) -> None:
        """Let other tasks run until ``instant``."""
        future = self._loop.create_future()
        heapq.heappush(self._sleeping, (instant, next(self._order), future, seconds))
        await future

    def close(self) -> None:
        """Take the loop's selector and executor back, and end the sleeps that are left."""
        select, run_in_executor = self._around
        _put_back(self._selector, "select", self._idle_select, select)
        _put_back(self._loop, "run_in_executor", self._run_known, run_in_executor)
        if not self._loop.is_closed() and self._sleeping:
            self._loop.call_soon_threadsafe(
                self._fail, FakeClosed(self._waits.closed or "the fake is closed")
            )

    def _run_known(
        self, executor: Any, function: Callable[..., object], *args: object
    ) -> asyncio.Future[Any]:
        if (executor is not None and not isinstance(executor, ThreadPoolExecutor)) or self._waits.closed:
            return self._run_in_executor(executor, function, *args)
        work = self._waits.hand_over(f"a call from {threading.current_thread().name}")

        def do() -> object:
            with self._waits.doing(work):
                return function(*args)

        try:
            future = self._run_in_executor(executor, do)
        except BaseException:
            self._waits.taken(work)
            raise
        future.add_done_callback(lambda _future: self._waits.taken(work))
        return future

    def _idle_select(self, timeout: float | None = None) -> list[object]:
        while self._sleeping and self._sleeping[0][2].done():  # cancelled
            heapq.heappop(self._sleeping)
        if self._waits.closed is not None or (timeout is not None and timeout <= 0):
            return self._select(timeout)
        if events := self._select(0):
            return events
        if not self._sleeping:
            # Whatever wakes it, is somebody else or a timer of the real world.
            self._waits.forget()
            return self._select(timeout)
        # Idle: there is nothing to do before the earliest sleep ends, unless somebody else has something for us.
        until = None if timeout is None else self._loop.time() + timeout
        instant, _, _, seconds = self._sleeping[0]
        wait = Wait(
            self._waits.me(),
            instant,
            lambda: f"asyncio sleep({seconds:g})",
            pause=lambda pause: self._pause(pause, until),
            poke=self._poke,
        )
        self._events = []
        try:
            self._waits.wait(wait)
        except FakeJobsError as error:
            self._fail(error)
        except BaseException as error:  # noqa: BLE001 - handed on to the task that sleeps
            # A function that was due at an instant on the way: its error comes out where the task sleeps.
            self._sleeping[0][2].set_exception(error)
            heapq.heappop(self._sleeping)
        self._end(self._clock.now())
        return self._events

    def _pause(self, seconds: float, until: float | None) -> bool:
        if until is not None:
            seconds = max(0.0, min(seconds, until - self._loop.time()))
        self._events = self._select(seconds)
        return bool(self._events) or (until is not None and self._loop.time() >= until)

    def _poke(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_nothing)

    def _end(self, now: int) -> None:
        while self._sleeping and (self._sleeping[0][0] <= now or self._sleeping[0][2].done()):
            future = heapq.heappop(self._sleeping)[2]
            if not future.done():
                future.set_result(None)

    def _fail(self, error: FakeJobsError) -> None:
        sleeping, self._sleeping = self._sleeping, []
        for _, _, future, _ in sleeping:
            if not future.done():
                future.set_exception(error)


class ThreadSleeps:
    """The virtual sleeps of a loop without a selector (uvloop): each has a thread that waits for it.

    It costs more, and up to 50 real milliseconds whenever the loop's own thread has just used the fake, as nobody can see it idle.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, _clock: Clock, waits: Waits) -> None:
        self._loop = loop
        self._waits = waits

    async def until(self, instant: int, seconds: float) -> None:
        """Let other tasks run until ``instant``."""
        future: asyncio.Future[None] = self._loop.create_future()

        def end(error: FakeJobsError | None, news: Work) -> None:
            # From here on it is the loop's thread that is about to act.
            self._waits.taken(news)
            if self._waits.closed is None:
                self._waits.seen()
            if not future.done():
                future.set_result(None) if error is None else future.set_exception(error)

        def wait() -> None:
            error: FakeJobsError | None = None
            try:
                self._waits.until(instant, lambda: f"asyncio sleep({seconds:g})")
            except FakeJobsError as caught:
                error = caught
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(end, error, self._waits.hand_over("the end of a sleep"))

        threading.Thread(target=wait, name="fakejobs sleep", daemon=True).start()
        await future

    def close(self) -> None:
        """Nothing was changed."""


def _put_back(owner: object, name: str, mine: object, before: object) -> None:
    # Unless somebody else has put something there meanwhile.
    if vars(owner).get(name) != mine:
        return
    if before is None:
        delattr(owner, name)
    else:
        setattr(owner, name, before)


def _nothing() -> None:
    pass
