"""When a job starts, ends and how: its plan over time.

A plan is made once, at submission, and rewritten only by commands (cancel, transition, ...). What a job *is* at any
instant follows from its plan and that instant, whoever looks and however often. Intervals are half-open: at its
end instant a job *is* terminal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fakejobs.model.stages import JobStage, check_transition

NEVER = 2**62
"""The instant that does not come: unknown, or never. Every instant is in milliseconds since the epoch."""


@dataclass(frozen=True)
class Plan:
    """When a job will be what.

    Attributes:
        created: when it was submitted.
        start: the first instant at which it is RUNNING; `NEVER` if it does not run, or waits for a slot.
        end: the first instant at which it is terminal; `NEVER` if nothing ends it.
        end_stage: the terminal stage that it has from ``end`` on.
        message: ``status.message`` from ``end`` on; until then it is null.
        cancel_reason: ``status.cancelReason`` from ``end`` on, for a job that the platform cancelled.
        earlier: (start, end) of the attempts before this one.
    """

    created: int
    start: int
    end: int
    end_stage: JobStage
    message: str | None = None
    cancel_reason: str | None = None
    earlier: tuple[tuple[int, int], ...] = ()

    def stage_at(self, now: int) -> JobStage:
        """The stage at the instant ``now``."""
        if now >= self.end:
            return self.end_stage
        return JobStage.RUNNING if now >= self.start else JobStage.SCHEDULING

    def next_change(self, now: int) -> int:
        """The first instant after ``now`` at which the stage changes; `NEVER` if it does not."""
        if now >= self.end:
            return NEVER
        return self.end if now >= self.start else min(self.start, self.end)

    def started_at(self, now: int) -> int | None:
        """When it started running, as far as that is known at ``now``: None while it waits, or if it never ran."""
        return self.start if self.start <= min(now, self.end) else None

    def ended(
        self, now: int, stage: JobStage, *, message: str | None = None, cancel_reason: str | None = None
    ) -> Plan:
        """The plan of a job that becomes terminal at ``now`` instead of what was planned.

        Raises:
            IllegalTransition: the transition table does not lead to ``stage`` from the stage at ``now``.
        """
        check_transition(self.stage_at(now), stage)
        if stage is JobStage.DELETED:
            return replace(self, end_stage=stage)
        # A start that has not come never comes: the job ended while it waited.
        start = self.start if self.start <= now else NEVER
        return replace(
            self, start=start, end=now, end_stage=stage, message=message, cancel_reason=cancel_reason
        )
