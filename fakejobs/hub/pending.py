"""Jobs whose rule has a ``call``: what is to be called when they begin to run. Kept in memory, since a function cannot be stored."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fakejobs.model.outcomes import Call
from fakejobs.model.plan import NEVER, Plan


@dataclass(frozen=True)
class Pending:
    """What a job that has yet to begin will do.

    Attributes:
        then: the words of its outcome.
        call: the function among them.
    """

    then: Mapping[str, object]
    call: Call


class PendingCalls:
    """The jobs that have a function to call, until it has returned.

    The hub never calls one itself: it does not know who moves time. It tells a listener when the next one is due, and that one
    then asks `fakejobs.hub.calls.begin`. All of it happens with the hub's lock held, and the listener must not wait.

    Attributes:
        listener: called with the next instant at which to ask, after each change that may have brought one. None: nobody can call.
    """

    def __init__(self) -> None:
        self.listener: Callable[[int], None] | None = None
        self.clear()

    def clear(self) -> None:
        """Forget all jobs, but not the listener."""
        self._pending: dict[str, Pending] = {}
        self._start: dict[str, int] = {}
        self._starts: list[tuple[int, str]] = []
        self._waiting: set[str] = set()
        self._played: dict[str, Pending] = {}  # for another attempt
        self._playing: set[str] = set()

    def __contains__(self, job_id: object) -> bool:
        """Whether the function of this job has yet to return."""
        return job_id in self._pending or job_id in self._playing

    def __bool__(self) -> bool:
        """Whether there is a job whose function has yet to be called."""
        return bool(self._pending)

    def add(self, job_id: str, pending: Pending, plan: Plan) -> None:
        """A job has been submitted."""
        self._pending[job_id] = pending
        self._put(job_id, plan.start)

    def replanned(self, job_id: str, plan: Plan, now: int) -> None:
        """A job, of any kind, has another plan."""
        if job_id not in self._pending:
            return
        if now >= plan.end:
            self._drop(job_id)
        else:
            self._put(job_id, plan.start)

    def pop(self, now: int) -> tuple[str, Pending] | None:
        """The job that was to begin first, if that is no later than ``now``; it is not pending any more, until `done`."""
        self._tidy()
        if not self._starts or self._starts[0][0] > now:
            return None
        job_id = self._starts[0][1]
        pending = self._played[job_id] = self._pending[job_id]
        self._drop(job_id)
        self._playing.add(job_id)
        return job_id, pending

    def done(self, job_id: str) -> None:
        """The function of the job has returned, or will not be called."""
        self._playing.discard(job_id)

    def again(self, job_id: str) -> bool:
        """A job begins another attempt, in which its function is called again; False if it has none."""
        if job_id in self:  # it has not returned: what it will say is for this attempt
            return True
        if job_id not in self._played:
            return False
        self._pending[job_id] = self._played[job_id]
        return True

    def next_instant(self, next_due: int) -> int:
        """When to ask again: the first start that is known, or the head of the agenda while a job waits for a slot."""
        self._tidy()
        first = self._starts[0][0] if self._starts else NEVER
        return min(first, next_due) if self._waiting else first

    def tell(self, next_due: int) -> None:
        """Tell the listener, after a change."""
        if self._pending and self.listener is not None:
            instant = self.next_instant(next_due)
            if instant < NEVER:
                self.listener(instant)

    def _put(self, job_id: str, start: int) -> None:
        self._start[job_id] = start
        if start < NEVER:
            heapq.heappush(self._starts, (start, job_id))
            self._waiting.discard(job_id)
        else:
            self._waiting.add(job_id)

    def _drop(self, job_id: str) -> None:
        self._pending.pop(job_id, None)
        self._start.pop(job_id, None)
        self._waiting.discard(job_id)

    def _tidy(self) -> None:
        # A job whose start was moved has an entry for each start that it had.
        while self._starts and self._start.get(self._starts[0][1]) != self._starts[0][0]:
            heapq.heappop(self._starts)
