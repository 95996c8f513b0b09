"""Who uses a fake: threads, and the pieces of work that pools of threads do one after another."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from types import FrameType
from typing import Protocol
from weakref import WeakKeyDictionary

from fakejobs.errors import FakeClosed


class Party(Protocol):
    """Who uses a fake: a thread, or a piece of work."""

    @property
    def name(self) -> str:
        """What errors call it."""

    def is_alive(self) -> bool:
        """Whether it may still do something."""


class _Future(Protocol):
    def done(self) -> bool: ...


@dataclass(eq=False)
class PoolWork:
    """What a thread of a `ThreadPoolExecutor` is working on. When that is done, the idle thread is nobody.

    Attributes:
        thread: the thread.
        future: where the result goes.
    """

    thread: threading.Thread
    future: _Future

    @property
    def name(self) -> str:
        """The name of the thread."""
        return self.thread.name

    def is_alive(self) -> bool:
        """Whether it is not done."""
        return self.thread.is_alive() and not self.future.done()


@dataclass(eq=False)
class Work:
    """A piece of work that an event loop hands to a thread: a party from when it is handed over until the loop has its result.

    Attributes:
        name: what errors call it.
        doer: who does it, once somebody does.
        running: whether somebody is doing it.
        over: whether the loop has the result.
    """

    name: str
    doer: Party | None = None
    running: bool = False
    over: bool = False

    def is_alive(self) -> bool:
        """Whether the loop has no result yet."""
        return not self.over


left_over: WeakKeyDictionary[Party, str] = WeakKeyDictionary()
"""Who was still busy when a fake ended, and why it is refused by all others."""

_local = threading.local()


def refuse_left_over() -> None:
    """Keep those out who were busy with an earlier fake, and still are.

    Raises:
        FakeClosed: this is one of them.
    """
    party = this_party()
    why = left_over.get(party)
    if why is not None:
        raise FakeClosed(f"thread {party.name!r} is left over from an earlier test: {why}")


def this_party() -> Party:
    """The thread that asks, or what it does for its pool."""
    thread = threading.current_thread()
    if not hasattr(_local, "worker"):
        _local.worker, _local.work = _worker_frame(), None
    if _local.worker is None:
        return thread
    values = _local.worker.f_locals
    future = getattr(values.get("work_item"), "future", None)
    if type(values) is dict:  # a copy (before Python 3.13), which would keep alive what the pool lets go of
        values.clear()
    if future is None:
        return thread
    work: PoolWork | None = _local.work
    if work is None or work.future is not future:
        work = _local.work = PoolWork(thread, future)
    return work


def _worker_frame() -> FrameType | None:
    """The frame in which a thread of a pool takes one piece of work after another. The pool itself does not say what it works on."""
    pools = sys.modules.get("concurrent.futures.thread")
    code = getattr(getattr(pools, "_worker", None), "__code__", None)
    frame: FrameType | None = sys._getframe(1) if code is not None else None
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame
