"""Watching for polls: readers who ask again and again for what does not change.

One rule serves both `auto_tick` and `ClockStuck`. A reader asks again for an unfinished job, and the clock has not moved since its last read:
with `auto_tick`, time moves by that much before it is answered; without, such reads are counted, and too many are an error instead of a hang.
A poll whose own sleeps move time is counted too: when nothing is left that could ever change what it reads, it is an error as well.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, CoroutineType, FrameType

from fakejobs.drivers.pace import monotonic
from fakejobs.errors import ClockStuck
from fakejobs.hub import FakeHub
from fakejobs.model.job import Job
from fakejobs.model.plan import NEVER
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.model.times import to_iso
from fakejobs.model.units import words
from fakejobs.store.jobs import find_job
from fakejobs.waits import Waits

MOST_READS = 1_000
"""Reads of the same thing by one reader, at one instant and with no command in between, that are still taken for something else than a poll.
Of what is over, ten times as many: reading that again is odd, and not yet wrong."""

LONGEST_PAUSE = 2.0
"""Real seconds that a reader may sleep at one instant, between reads from the same place in the code. Seconds of computing do not count."""

FEWEST_PAUSES = 2
"""Sleeps from the same place that make a poll of it."""

MOST_FUTILE_READS = 10_000
"""Reads of what will never change by itself, while only the reader's own sleeps move time, that are still taken for a deadline's."""

MORE_PATIENCE = 20
"""How many times as many a reader may have who looks at the time in between, as one with a deadline does, or while others are due."""

_PAUSE = 0.005
_MOST_COMPUTING = 0.2
_JOBS = "/api/jobs/"
_SCHEDULED = "/api/scheduled-jobs/"
_TARGET = re.compile(
    r"/api/jobs/(?P<namespace>[^/?]+)(?:/(?P<job>[0-9A-Fa-f]{24})|/count)?(?P<stream>/\w+)?(?:\?.*)?"
)

_INTERNAL = frozenset(
    [
        "fakejobs",
        "pytest_fakejobs",
        "huggingface_hub",
        "httpx",
        "httpx2",
        "httpcore",
        "httpcore2",
        "requests",
        "urllib3",
        "flask",
        "werkzeug",
        "threading",
        "contextlib",
        "concurrent",
        "asyncio",
        "selectors",
        "functools",
        "contextvars",
    ]
)


@dataclass(eq=False)
class _Reads:
    """What one reader has read of one thing, at one instant and before.

    Attributes:
        at: the instant of the last read.
        commands: how many commands there had been.
        began: real seconds at the first read at this instant.
        last: real seconds at the last one.
        same: reads at this instant.
        moves: reads at other instants.
        looks: how often the reader had looked at the time when those began to be counted.
        since: the instant then.
        counted: real seconds then.
        place: where in the code the last sleep was.
        cpu: seconds that the reader's thread had computed by then.
        pauses: sleeps in a row from there.
        paused: how many real seconds those took.
    """

    at: int
    commands: int
    began: float
    last: float
    looks: int
    since: int
    counted: float
    same: int = 1
    moves: int = 0
    place: object = None
    cpu: float = 0.0
    pauses: int = 0
    paused: float = 0.0


class Polls:
    """The reads of one fake, by reader and thing.

    Args:
        hub: what is read.
        waits: who moves its time.
        tick: see below.
        real: real seconds.

    Attributes:
        tick: how far time moves before a poll is answered, in milliseconds; None: polls are counted.
        looks: how often this thread has asked what time it is.
        most_reads: see `MOST_READS`.
        longest_pause: see `LONGEST_PAUSE`.
        most_futile_reads: see `MOST_FUTILE_READS`.
    """

    def __init__(
        self,
        hub: FakeHub,
        waits: Waits,
        *,
        tick: int | None = None,
        real: Callable[[], float] = monotonic,
    ) -> None:
        self.tick = tick
        self.looks: Callable[[], int] = lambda: 0
        self.most_reads = MOST_READS
        self.longest_pause = LONGEST_PAUSE
        self.most_futile_reads = MOST_FUTILE_READS
        self._hub = hub
        self._waits = waits
        self._clock = hub.clock
        self._real = real
        self._commands = 0
        self._reads: dict[tuple[object, str], _Reads] = {}
        waits.describe = self.describe

    def before(self, method: str, target: str, *, reader: object = None, tick: int | None = None) -> None:
        """Called before a request is answered: moves time if it is a poll and `auto_tick` is on, and stops one that would go on for ever.

        Args:
            method: GET, POST, ...
            target: path and query.
            reader: who asks, if not this thread: for a live server, what tells clients apart (see `reader_of`).
            tick: how far time moves if `tick` is None; for a live server, where nobody can see how a client waits.

        Raises:
            ClockStuck: the same reader asks for what will never change.
        """
        if method != "GET":
            self._commands += 1
            return
        if not target.startswith((_JOBS, _SCHEDULED)) or target.startswith("/api/jobs/hardware"):
            return
        key = (reader or threading.current_thread(), target)
        now = self._clock.now()
        reads = self._reads.get(key)
        try:
            if reads is None or reads.commands != self._commands:
                self._reads[key] = self._new(now)
            elif reads.at != now:
                self._moved(reads, now, target)
            else:
                self._again(reads, target, reader, self.tick or tick)
        except ClockStuck:
            # Who goes on after this begins anew, also with what else the same loop has read.
            self._reads = {each: value for each, value in list(self._reads.items()) if each[0] != key[0]}
            raise

    def over(self, job_id: str) -> bool:
        """Whether a job is over, or gone."""
        with self._hub.state.look() as now:
            job = find_job(self._hub.state.database, job_id)
            return job is None or job.plan.stage_at(now) in TERMINAL

    def describe(self, job_id: str) -> str:
        """What is to be expected of a job, as people say it: its stage and plan, and its place in the queue."""
        with self._hub.state.look() as now:
            job = find_job(self._hub.state.database, job_id)
            return f"there is no job {job_id}" if job is None else self._plan(job, now)

    def _plan(self, job: Job, now: int) -> str:
        plan, stage = job.plan, job.plan.stage_at(now)
        if stage in TERMINAL:
            return f"job {job.id} has been {stage.value} since {to_iso(plan.end)}, and stays so"
        if stage is JobStage.RUNNING:
            return (
                f"job {job.id} runs until {to_iso(plan.end)}"
                if plan.end < NEVER
                else f"job {job.id} runs for ever"
            )
        if plan.start < NEVER:
            return f"job {job.id} starts at {to_iso(plan.start)}"
        if plan.end < NEVER:
            return f"job {job.id} waits in SCHEDULING and ends at {to_iso(plan.end)}"
        flavor = self._hub.state.flavors.get(job.flavor)
        if flavor is None or flavor.capacity is None:
            return f"job {job.id} waits in SCHEDULING for ever"
        same = [seen for seen in self._hub.all_jobs() if seen.job.flavor == job.flavor]
        queue = [
            seen.job.id for seen in same if seen.stage is JobStage.SCHEDULING and seen.job.plan.start == NEVER
        ]
        running = sum(seen.stage is JobStage.RUNNING for seen in same)
        return (
            f"job {job.id} waits in SCHEDULING for a slot of {job.flavor}: place {queue.index(job.id) + 1} of {len(queue)} in the "
            f"queue, {running} of {flavor.capacity} slots taken"
        )

    def _new(self, now: int) -> _Reads:
        real = self._real()
        return _Reads(
            at=now,
            commands=self._commands,
            began=real,
            last=real,
            looks=self.looks(),
            since=now,
            counted=real,
        )

    def _moved(self, reads: _Reads, now: int, target: str) -> None:
        """Time has moved since the last read."""
        reads.at = now
        reads.last = reads.began = self._real()
        reads.same = 1
        reads.place = None
        reads.moves += 1
        if reads.moves % self.most_futile_reads == 0:
            self._check_futile(reads, now, target)

    def _again(self, reads: _Reads, target: str, reader: object, tick: int | None) -> None:
        """Time has not moved since the last read."""
        if tick is not None and self._unfinished(target):
            self._waits.until(self._clock.now() + tick, lambda: f"auto_tick before GET {target}")
            self._moved(reads, self._clock.now(), target)
            return
        reads.same += 1
        real = self._real()
        if real - reads.last > _PAUSE:
            self._note_pause(reads, real - reads.last, reader)
        reads.last = real
        # A machine that is busy with others makes a pause now and then; a poll makes one before every read.
        slept = reads.pauses >= max(FEWEST_PAUSES, reads.same // 2) and reads.paused > self.longest_pause
        if reads.same <= self.most_reads and not slept:
            return
        if reads.same <= self.most_reads * 10 and not slept and not self._unfinished(target):
            return
        # Somebody else who is busy may still move time.
        if real - reads.began < self._waits.stuck_after and not self._waits.alone():
            return
        raise ClockStuck(
            f"{self._who(reader)} has read {_what(target)} {reads.same} times while the fake's clock stood still, and would go on for "
            f'ever; {self._state_of(target)}. Let time pass: (1) clock.patch("your_package") makes its sleeps virtual; (2) '
            'clock.auto_tick("10s") moves time with every such read; (3) clock.advance("1h") moves it by hand'
        )

    def _note_pause(self, reads: _Reads, gap: float, reader: object) -> None:
        place = "elsewhere" if reader is not None else _stack()
        cpu = 0.0 if reader is not None else time.thread_time()
        computed = cpu - reads.cpu
        if place is not None and place == reads.place and computed < gap * _MOST_COMPUTING:
            reads.pauses += 1
            reads.paused += gap - computed
        else:
            reads.place, reads.pauses, reads.paused = place, 0, 0.0
        reads.cpu = cpu

    def _check_futile(self, reads: _Reads, now: int, target: str) -> None:
        looks, counted = self.looks() - reads.looks, self._real() - reads.counted
        deadline = looks >= reads.moves // 2 or self._waits.others_are_due()
        if self._may_change(target):
            reads.moves, reads.looks, reads.since, reads.counted = 0, self.looks(), now, self._real()
            return
        if deadline and reads.moves < self.most_futile_reads * MORE_PATIENCE:
            return
        if counted < self._waits.stuck_after and not self._waits.alone():
            return
        raise ClockStuck(
            f"{self._who(None)} has read {_what(target)} {reads.moves} times in {words(now - reads.since)} of the fake's time, and "
            f"nothing will ever change it; {self._state_of(target)}. Give the wait a timeout, cancel the job, or script an end for it"
        )

    def _unfinished(self, target: str) -> bool:
        """Whether a GET of ``target`` asks for an unfinished job; of a list, whether its namespace has one, or will by its schedules."""
        match = _TARGET.fullmatch(target)
        if (match is None or match["job"] is None) and self._next_run() is not None:
            return True
        if match is None or match["stream"] is not None:
            return False
        with self._hub.state.look() as now:
            if match["job"] is not None:
                job = find_job(self._hub.state.database, match["job"].lower())
                return job is not None and job.plan.stage_at(now) not in TERMINAL
            return any(
                seen.job.namespace == match["namespace"] and seen.stage not in TERMINAL
                for seen in self._hub.all_jobs()
            )

    def _next_run(self) -> int | None:
        """The next tick of all schedules that are not suspended."""
        scheduled = self._hub.all_scheduled_jobs()
        return min((each.following for each in scheduled if not each.schedule.suspended), default=None)

    def _may_change(self, target: str) -> bool:
        """Whether time alone can change what a GET of ``target`` says, or any other job."""
        state = self._hub.state
        match = _TARGET.fullmatch(target)
        with state.look() as now:
            if min(state.next_due, state.next_tick) < NEVER:
                return True
            if match is not None and match["job"] is not None:
                job = find_job(state.database, match["job"].lower())
                if job is not None and job.plan.stage_at(now) not in TERMINAL:
                    return job.plan.next_change(now) < NEVER
            # A loop over several jobs reads those that are over as well.
            return any(seen.job.plan.next_change(now) < NEVER for seen in self._hub.all_jobs())

    def _state_of(self, target: str) -> str:
        match = _TARGET.fullmatch(target)
        if match is not None and match["job"] is not None:
            return self.describe(match["job"].lower())
        with self._hub.state.look() as now:
            live = [seen.job for seen in self._hub.all_jobs() if seen.stage not in TERMINAL]
            if not live:
                following = self._next_run()
                scheduled = (
                    "" if following is None else f", and the next scheduled one comes at {to_iso(following)}"
                )
                return f"no job is unfinished{scheduled}"
            more = f", and {len(live) - 3} more" if len(live) > 3 else ""
            return ", ".join(self._plan(job, now) for job in live[:3]) + more

    def _who(self, reader: object) -> str:
        if reader is not None:
            return f"a client of the live server ({reader})"
        return f"{caller()} (thread {self._waits.me().name!r})"


def reader_of(host: str, user_agent: str) -> str:
    """What tells the clients of a live server apart, as far as it can be told: command-line clients have a new connection for every call."""
    return f"{user_agent or 'unnamed'} at {host}"


def caller() -> str:
    """File and line of the code that called the client, from the stack of this thread, or from the tasks that wait for it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not _is_internal(frame):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return _waiting_tasks() or "code without a frame in Python"


def _is_internal(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] in _INTERNAL


def _what(target: str) -> str:
    match = _TARGET.fullmatch(target)
    if match is None or match["job"] is None:
        return f"GET {target}"
    return (
        f"job {match['job']}" if match["stream"] is None else f"{match['stream'][1:]} of job {match['job']}"
    )


def _stack() -> tuple[tuple[CodeType, int], ...] | None:
    """Where in the code this thread is; None if a person is at a debugger's prompt."""
    places: list[tuple[CodeType, int]] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == "bdb":
            return None
        places.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(places)


def _waiting_tasks() -> str:
    """Where asyncio tasks wait for threads, which is where calls without a frame of their own come from."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return ""
    found: list[str] = []
    tasks = getattr(asyncio.tasks, "_all_tasks", None) or getattr(asyncio.tasks, "_scheduled_tasks", None)
    for task in list(tasks or ()):
        place, threads = None, False
        coroutine = task.get_coro()
        while isinstance(coroutine, CoroutineType) and coroutine.cr_frame is not None:
            threads = threads or coroutine.__name__ == "to_thread"
            if not _is_internal(coroutine.cr_frame):
                place = f"{coroutine.cr_frame.f_code.co_filename}:{coroutine.cr_frame.f_lineno}"
            coroutine = coroutine.cr_await
        if place is not None and (threads or coroutine is not None):
            found.append(place)
    return " or ".join(sorted(set(found))[:3])
