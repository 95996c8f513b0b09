"""What `fakejobs.machine.JobsMachine` believes of the Hub: a model small enough to be read and believed.

It knows a job by the instants at which its attempts start and end, and says from its own clock what it is. It shares no code with the fake but
the names of the quirks; so where the two agree, they agree for a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from fakejobs.generate.values import Body
from fakejobs.machine.scripted import Attempt, Ending, Then, life, logged
from fakejobs.model.quirks import Quirks

Expose = Mapping[str, list[int]]
"""Exposed ports, as ``expose`` of a body has them."""


@dataclass(eq=False)
class ModelJob:
    """A job of the model. Instants are milliseconds since the epoch.

    Attributes:
        id: its id.
        body: what it was submitted with.
        labels: its labels now.
        expose: its ports now; empty without any.
        created: when it was submitted.
        attempts: all of its attempts, those to come too.
        ending: what it is when the last is over.
        lines: what each attempt logs: milliseconds from its start, and texts.
        duplicate_of: the id of the job that it is a duplicate of.
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

    @property
    def end(self) -> float:
        """When it is over."""
        return self.attempts[-1][1]

    def next_change(self, now: int) -> float:
        """The first instant after ``now`` at which an attempt starts or ends."""
        return min((at for attempt in self.attempts for at in attempt if at > now), default=inf)

    def __repr__(self) -> str:
        return f"<job {self.id}>"


@dataclass
class Model:
    """The model: a clock, jobs, and what becomes of them.

    Attributes:
        now: its time, in milliseconds since the epoch.
        quirks: the behaviours of the Hub that are settings.
        jobs: all jobs, oldest first.
    """

    now: int
    quirks: Quirks = field(default_factory=Quirks)
    jobs: list[ModelJob] = field(default_factory=list)

    # What is asked of it.

    def job(self, job_id: object) -> ModelJob | None:
        """The job with this id."""
        return next((job for job in self.jobs if job.id == job_id), None)

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
        self, job_id: str, body: Body, labels: Mapping[str, str], expose: Expose, then: Then
    ) -> ModelJob:
        """A new job, which does what ``then`` says."""
        attempts, ending = life(body, then, self.now, self.quirks)
        job = ModelJob(job_id, body, labels, _ports(expose), self.now, attempts, ending, logged(then))
        self.jobs.append(job)
        return job

    def cancel(self, job: ModelJob) -> int:
        """Cancel a job."""
        if self.now >= job.end:
            return int(self.quirks.cancel_finished)
        start = self.started(job)
        job.attempts[self.failures(job) :] = [(inf if start is None else start, self.now)]
        job.ending = Ending("CANCELED", self.quirks.cancel_message or None)
        return 200

    def relabel(self, job: ModelJob, labels: Mapping[str, str]) -> int:
        """Replace the labels of a job, whatever its stage."""
        if self.refuses(labels):
            return 400
        job.labels = dict(labels)
        return 200

    def refuses(self, labels: Mapping[str, str]) -> bool:
        """Whether labels have a dot, and those are refused."""
        return self.quirks.label_dots == "refuse" and "." in "".join([*labels, *labels.values()])

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
