"""What `fakejobs.machine.JobsMachine` believes of the Hub: a model small enough to be read and believed.

It knows a job by the instants at which its attempts start and end, and says from the time what it is. What is scheduled it plays minute by minute.
It shares no code with the fake but the names of the quirks; so where the two agree, they agree for a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from fakejobs.generate.values import Body
from fakejobs.machine.scripted import Attempt, Ending, Then, life, logged
from fakejobs.machine.ticks import next_tick, ticks
from fakejobs.model.quirks import Quirks

Expose = Mapping[str, list[int]]
"""Exposed ports, as ``expose`` of a body has them."""


@dataclass(eq=False)
class ModelJob:
    """A job of the model. Instants are milliseconds since the epoch.

    Attributes:
        id: its id; empty as long as nobody has heard it: of what a tick has brought about, or a request whose answer was lost.
        body: what it was submitted with.
        labels: its labels now.
        expose: its ports now; empty without any.
        created: when it was submitted.
        attempts: all of its attempts, those to come too.
        ending: what it is when the last is over.
        lines: what each attempt logs: milliseconds from its start, and texts.
        duplicate_of: the id of the job that it is a duplicate of.
        scheduled_by: the id of the scheduled job that it comes from.
    """

    id: str
    body: Body
    labels: Mapping[str, str]
    expose: Expose
    created: int
    attempts: list[Attempt]
    ending: Ending
    lines: list[tuple[float, str]]
    duplicate_of: str | None = None
    scheduled_by: str | None = None

    @property
    def end(self) -> float:
        """When it is over."""
        return self.attempts[-1][1]

    def next_change(self, now: int) -> float:
        """The first instant after ``now`` at which an attempt starts or ends."""
        return min((at for attempt in self.attempts for at in attempt if at > now), default=inf)

    def __repr__(self) -> str:
        return f"<job {self.id}>"


@dataclass(eq=False)
class ModelSchedule:
    """A scheduled job of the model.

    Attributes:
        id: its id.
        schedule: when it runs.
        body: what its jobs are submitted with.
        labels: the labels of its jobs.
        created: when it was made, in milliseconds since the epoch.
        suspended: whether it is paused.
        concurrency: whether a job of it may begin while another is not over.
        deleted: whether it is gone.
        last: the last job that it has brought about.
    """

    id: str
    schedule: str
    body: Body
    labels: Mapping[str, str]
    created: int
    suspended: bool
    concurrency: bool
    deleted: bool = False
    last: ModelJob | None = None

    def is_free(self, at: int) -> bool:
        """Whether a job of it may begin."""
        return self.concurrency or self.last is None or self.last.end <= at

    def __repr__(self) -> str:
        return f"<scheduled job {self.id}>"


class Model:
    """The model: a clock, jobs, schedules, and what becomes of them.

    Args:
        clock: the time, in milliseconds since the epoch.
        quirks: the behaviours of the Hub that are settings.

    Attributes:
        quirks: likewise.
        then: what jobs that begin from now on do.
    """

    def __init__(self, clock: Callable[[], int], quirks: Quirks | None = None) -> None:
        self.quirks = quirks or Quirks()
        self.then: Then = {"scheduling": 0}
        self._clock = clock
        self._past = clock()
        self._jobs: list[ModelJob] = []
        self._schedules: list[ModelSchedule] = []

    @property
    def now(self) -> int:
        """The time."""
        return self._clock()

    @property
    def jobs(self) -> list[ModelJob]:
        """All jobs, oldest first."""
        self._catch_up()
        return self._jobs

    @property
    def schedules(self) -> list[ModelSchedule]:
        """All scheduled jobs that are not deleted, oldest first."""
        self._catch_up()
        return [each for each in self._schedules if not each.deleted]

    def _catch_up(self) -> None:
        """Let the ticks bring about their jobs that have come since somebody looked."""
        since, self._past = self._past, self.now
        if since == self._past:
            return
        due = [
            (tick, schedule)
            for schedule in self._schedules
            if not schedule.suspended and not schedule.deleted
            for tick in ticks(schedule.schedule, since, self._past)
        ]
        for tick, schedule in sorted(due, key=lambda each: each[0]):
            if schedule.is_free(tick):
                self._run(schedule, "", tick)

    # What is asked of it.

    def job(self, job_id: object) -> ModelJob | None:
        """The job with this id."""
        return next((job for job in self.jobs if job.id == job_id), None)

    def last_of(self, schedule: ModelSchedule) -> ModelJob | None:
        """The last job that a scheduled one has brought about."""
        self._catch_up()
        return schedule.last

    def next_run(self, schedule: ModelSchedule, after: int | None = None) -> int:
        """The first tick of a schedule after an instant, after now if none is given; also while it is suspended."""
        return next_tick(schedule.schedule, self.now if after is None else after)

    def ticks_until(self, until: float) -> int:
        """How many ticks will have come by then."""
        active = [each.schedule for each in self.schedules if not each.suspended]
        return sum(len(ticks(each, self.now, int(until))) for each in active)

    def stage(self, job: ModelJob) -> str:
        """The stage of a job now."""
        if self.now >= job.end:
            return job.ending.stage
        return "SCHEDULING" if self.started(job) is None else "RUNNING"

    def failures(self, job: ModelJob) -> int:
        """How many attempts have failed so far and were followed by another."""
        return sum(end <= self.now for _, end in job.attempts[:-1])

    def started(self, job: ModelJob) -> int | None:
        """When the attempt of now, or the last, started to run; None if it has not, or never did."""
        start, end = job.attempts[self.failures(job)]
        return int(start) if start <= min(self.now, end) else None

    def visible(self, job: ModelJob) -> bool:
        """Whether reads and lists show a job."""
        return self.stage(job) != "DELETED" or self.quirks.deleted_jobs == "listed"

    def listed(self, stages: Iterable[str] = (), labels: Mapping[str, str] | None = None) -> list[ModelJob]:
        """The jobs in one of ``stages`` (none given: in any) with all of ``labels``, newest first."""
        wanted, pairs = set(stages), (labels or {}).items()
        found = [job for job in self.jobs if self.visible(job) and pairs <= job.labels.items()]
        found = [job for job in found if not wanted or self.stage(job) in wanted]
        return sorted(found, key=lambda job: (job.created, job.id), reverse=True)

    def log(self, job: ModelJob, at: float) -> list[tuple[int, str | None]]:
        """The log of a job at an instant: instants and texts; None: an attempt starts."""
        return [
            (int(start + offset), text)
            for start, end in job.attempts
            for offset, text in [(0, None), *job.lines]
            if start <= end and start + offset <= min(end, at)
        ]

    # What is done to it. What can be refused returns the status of the answer.

    def submit(
        self,
        job_id: str,
        body: Body,
        labels: Mapping[str, str],
        expose: Expose,
        then: Then,
        created: int | None = None,
    ) -> ModelJob:
        """A new job, which does what ``then`` says."""
        self._catch_up()
        created = self.now if created is None else created
        attempts, ending = life(body, then, created, self.quirks)
        job = ModelJob(job_id, body, labels, _ports(expose), created, attempts, ending, logged(then))
        self._jobs.append(job)
        return job

    def let(self, then: Then) -> None:
        """Let jobs that begin from now on do what ``then`` says."""
        self._catch_up()
        self.then = then

    def cancel(self, job: ModelJob) -> int:
        """Cancel a job."""
        self._catch_up()
        if self.now >= job.end:
            return int(self.quirks.cancel_finished)
        start = self.started(job)
        job.attempts[self.failures(job) :] = [(inf if start is None else start, self.now)]
        job.ending = Ending("CANCELED", self.quirks.cancel_message or None)
        return 200

    def relabel(self, job: ModelJob | ModelSchedule, labels: Mapping[str, str]) -> int:
        """Replace the labels of a job, whatever its stage; or those of the jobs to come of a scheduled one."""
        if self.refuses(labels):
            return 400
        self._catch_up()
        job.labels = dict(labels)
        return 200

    def refuses(self, labels: Mapping[str, str]) -> bool:
        """Whether labels have a dot, and those are refused."""
        return self.quirks.label_dots == "refuse" and "." in "".join([*labels, *labels.values()])

    def schedule(
        self,
        schedule_id: str,
        schedule: str,
        body: Body,
        labels: Mapping[str, str],
        *,
        suspended: bool,
        concurrency: bool,
    ) -> ModelSchedule:
        """A new scheduled job, whose ticks count from now on."""
        self._catch_up()
        made = ModelSchedule(schedule_id, schedule, body, labels, self.now, suspended, concurrency)
        self._schedules.append(made)
        return made

    def suspend(self, schedule: ModelSchedule, *, suspended: bool) -> int:
        """Pause a scheduled job, or go on with it."""
        self._catch_up()
        schedule.suspended = suspended
        return 200

    def reschedule(self, schedule: ModelSchedule, cron: str) -> int:
        """Give a scheduled job another schedule, whose ticks count from now on."""
        self._catch_up()
        schedule.schedule = cron
        return 200

    def delete(self, schedule: ModelSchedule) -> int:
        """Delete a scheduled job."""
        self._catch_up()
        schedule.deleted = True
        return 200

    def run(self, schedule: ModelSchedule, job_id: str = "") -> int:
        """Run a scheduled job now."""
        self._catch_up()
        if not schedule.is_free(self.now):
            return 409
        self._run(schedule, job_id, self.now)
        return 200

    def _run(self, schedule: ModelSchedule, job_id: str, at: int) -> None:
        expose: Any = schedule.body.get("expose") or {}
        job = self.submit(job_id, schedule.body, schedule.labels, expose, self.then, at)
        job.scheduled_by, schedule.last = schedule.id, job

    def expose(self, job: ModelJob, ports: Expose) -> int:
        """Replace the ports of a job, which has to run; public ports are ports."""
        beyond = set(ports.get("portsPublic", ())) - set(ports["ports"])
        if beyond and self.quirks.public_ports_beyond_ports == "refuse":
            return 400
        if self.stage(job) != "RUNNING" and self.quirks.expose_not_running != "200":
            return int(self.quirks.expose_not_running)
        job.expose = _ports(ports)
        return 200


def _ports(expose: Expose) -> Expose:
    return expose if expose.get("ports") else {}
