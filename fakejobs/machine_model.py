"""What `fakejobs.machine.JobsMachine` believes of the Hub: a model small enough to be read and believed.

It knows a job by the instants at which its attempts start and end, and says from its own clock what it is. It shares no code with the fake but
the names of the quirks; so where the two agree, they agree for a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from fakejobs.generate.values import Body
from fakejobs.model.quirks import Quirks

Then = Mapping[str, Any]
"""What a job is scripted to do: words of ``then``, with ``scheduling`` and ``running`` in seconds or ``"forever"``, and ``logs`` with offsets."""

Expose = Mapping[str, list[int]]
"""Exposed ports, as ``expose`` of a body has them."""

Attempt = tuple[float, float]
"""When an attempt starts to run and when it is over; `math.inf`: never."""


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
        ends_in: the stage that it has when the last is over.
        message: ``status.message`` then.
        cancel_reason: ``status.cancelReason`` then.
        lines: what each attempt logs: milliseconds from its start, and texts.
        duplicate_of: the id of the job that it is a duplicate of.
    """

    id: str
    body: Body
    labels: Mapping[str, str]
    expose: Expose
    created: int
    attempts: list[Attempt]
    ends_in: str
    message: str | None
    cancel_reason: str | None
    lines: list[tuple[float, str]]
    duplicate_of: str | None = None

    @property
    def end(self) -> float:
        """When it is over."""
        return self.attempts[-1][1]

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

    def submit(
        self, job_id: str, body: Body, labels: Mapping[str, str], expose: Expose, then: Then
    ) -> ModelJob:
        """A new job, which does what ``then`` says."""
        attempts, ends_in, message, reason = planned(body, then, self.now, self.quirks)
        lines = [(_ms(offset), text) for offset, text in then.get("logs", ())]
        job = ModelJob(
            job_id, body, labels, _ports(expose), self.now, attempts, ends_in, message, reason, lines
        )
        self.jobs.append(job)
        return job

    def cancel(self, job: ModelJob) -> int:
        """Cancel a job; returns the status of the answer."""
        if self.now >= job.end:
            return int(self.quirks.cancel_finished)
        number, start = self.failures(job), self.started(job)
        job.attempts[number:] = [(inf if start is None else start, self.now)]
        job.ends_in, job.message, job.cancel_reason = "CANCELED", self.quirks.cancel_message or None, None
        return 200

    def expose(self, job: ModelJob, ports: Expose) -> int:
        """Replace the ports of a job; returns the status of the answer."""
        if self.stage(job) != "RUNNING" and self.quirks.expose_not_running != "200":
            return int(self.quirks.expose_not_running)
        job.expose = _ports(ports)
        return 200

    def failures(self, job: ModelJob) -> int:
        """How many attempts have failed so far and were followed by another."""
        return sum(end <= self.now for _, end in job.attempts[:-1])

    def started(self, job: ModelJob) -> int | None:
        """When the attempt of now, or the last, started to run; None if it has not, or never did."""
        start, end = job.attempts[self.failures(job)]
        return int(start) if start <= min(self.now, end) else None

    def stage(self, job: ModelJob) -> str:
        """The stage of a job now."""
        if self.now >= job.end:
            return job.ends_in
        return "SCHEDULING" if self.started(job) is None else "RUNNING"

    def log(self, job: ModelJob, at: float) -> list[tuple[int, str | None]]:
        """The log of a job at an instant: instants and texts; None: an attempt starts."""
        lines: list[tuple[int, str | None]] = []
        for start, end in job.attempts:
            each = [(0, None), *job.lines]
            lines += [
                (int(start + offset), text)
                for offset, text in each
                if start <= end and start + offset <= min(end, at)
            ]
        return lines

    def visible(self, job: ModelJob) -> bool:
        """Whether reads and lists show a job."""
        return self.stage(job) != "DELETED" or self.quirks.deleted_jobs == "listed"

    def listed(self, stages: Iterable[str] = (), labels: Mapping[str, str] | None = None) -> list[ModelJob]:
        """The jobs in one of ``stages`` (none given: in any) with all of ``labels``, newest first."""
        wanted, pairs = set(stages), (labels or {}).items()
        found = [job for job in self.jobs if self.visible(job) and pairs <= job.labels.items()]
        found = [job for job in found if not wanted or self.stage(job) in wanted]
        return sorted(found, key=lambda job: (job.created, job.id), reverse=True)


def planned(
    body: Body, then: Then, created: int, quirks: Quirks
) -> tuple[list[Attempt], str, str | None, str | None]:
    """All attempts of a job that is submitted now; stage, message and reason at its end."""
    scheduling, running = _ms(then["scheduling"]), _ms(then.get("running", 0))
    stage, message = _ending(then, quirks)
    if then.get("image_pull_error"):
        return [(inf, created + scheduling)], stage, message, None
    timeout, most = _ms(body.get("timeoutSeconds") or 1800), body.get("attempts", 1)
    assert isinstance(most, int)
    attempts: list[Attempt] = []
    while True:
        since = int(attempts[-1][1]) if attempts else created
        start = since + scheduling
        end = start + running
        counts = (start, since)
        if quirks.timeout_per == "job":
            counts = (attempts[0][0] if attempts else start, created)
        limit = timeout + (counts[0] if quirks.timeout_counts_from == "running" else counts[1])
        cut = limit < end
        if cut:
            start, end = start if start < limit else inf, max(limit, since)
        attempts.append((start, end))
        failed = stage == "ERROR" if not cut else quirks.timeout_retried == "yes"
        # An attempt that takes no time is the last, or else a job could fail for ever without time to do it.
        if not failed or len(attempts) >= most or not start < end < inf:
            break
    return (
        (attempts, "ERROR", "Job timeout", None)
        if cut
        else (attempts, stage, message, then.get("cancel_reason"))
    )


def _ending(then: Then, quirks: Quirks) -> tuple[str, str | None]:
    message: str | None = then.get("message")
    if then.get("image_pull_error"):
        return "ERROR", message or quirks.image_pull_message
    if then.get("oom"):
        return "ERROR", message or "Job failed with exit code: 137. Reason: OOMKilled"
    if then.get("exit_code"):
        return "ERROR", message or f"Job failed with exit code: {then['exit_code']}. Reason: Error"
    if then.get("stage") == "CANCELED" and message is None and "cancel_reason" not in then:
        message = quirks.cancel_message or None
    return str(then.get("stage", "COMPLETED")), message


def _ms(seconds: Any) -> float:
    return inf if seconds == "forever" else round(1000 * seconds)


def _ports(expose: Expose) -> Expose:
    return expose if expose.get("ports") else {}
