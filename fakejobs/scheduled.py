"""The scheduled jobs that code under test made, as its test sees them."""

from __future__ import annotations

from datetime import datetime

from fakejobs.model.cron import Cron
from fakejobs.model.schedules import ScheduleAt
from fakejobs.model.times import to_datetime
from fakejobs.submitted import Book, SubmittedJob


class ScheduledJob:
    """A scheduled job, as it was when it was asked for. Its jobs are as they are now.

    Attributes:
        id: 24 hex digits.
        namespace: whose it is.
        created_at: when it was made.
        schedule: when it runs, as it was given.
        cron: the same, to compute with.
        suspended: whether it is paused.
        suspend_reason: why, if the platform has paused it.
        concurrency: whether a job of it may begin while another is not over.
        flavor: the hardware of its jobs.
        labels: the labels of its jobs.
        next_run: its next tick, also while it is paused.
    """

    def __init__(self, book: Book, seen: ScheduleAt) -> None:
        schedule = seen.schedule
        self.seen = seen
        self.id = schedule.id
        self.namespace = schedule.namespace
        self.created_at: datetime = to_datetime(schedule.created)
        self.schedule = schedule.schedule
        self.cron: Cron = schedule.cron
        self.suspended = schedule.suspended
        self.suspend_reason = schedule.suspend_reason
        self.concurrency = schedule.concurrency
        self.flavor = schedule.flavor
        self.labels = dict(schedule.labels)
        self.next_run: datetime = to_datetime(seen.following)
        self._book = book

    @property
    def last_job(self) -> SubmittedJob | None:
        """The last job that it had brought about."""
        return None if self.seen.last is None else SubmittedJob(self._book, self.seen.last[0])

    @property
    def jobs(self) -> list[SubmittedJob]:
        """All jobs that it has brought about, oldest first."""
        mine = {"type": "scheduled-job", "id": self.id}
        return [
            SubmittedJob(self._book, seen.job.id)
            for seen in self._book.all()
            if seen.job.about["initiator"] == mine
        ]

    def __repr__(self) -> str:
        paused = ", paused" if self.suspended else ""
        return self._book.redact(f"<scheduled job {self.id} {self.schedule}, {self.flavor}{paused}>")
