"""The stages of a job and the one table of transitions between them."""

from __future__ import annotations

from enum import Enum


class JobStage(str, Enum):
    """The stage of a job, as ``status.stage`` has it on the wire (Hub OpenAPI, August 2026).

    A member *is* its string: ``JobStage.RUNNING == "RUNNING"``. There is one L in ``CANCELED``.
    """

    SCHEDULING = "SCHEDULING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    CANCELED = "CANCELED"
    DELETED = "DELETED"

    def __str__(self) -> str:
        return self.value


TERMINAL: frozenset[JobStage] = frozenset(
    {JobStage.COMPLETED, JobStage.ERROR, JobStage.CANCELED, JobStage.DELETED}
)
"""Stages in which a job will never run again (Hub documentation, "Manage Jobs")."""

# A retry (RUNNING back to SCHEDULING) belongs here from the start: plans with several attempts use it.
TRANSITIONS: dict[JobStage, frozenset[JobStage]] = {
    JobStage.SCHEDULING: frozenset({JobStage.RUNNING, JobStage.ERROR, JobStage.CANCELED}),
    JobStage.RUNNING: frozenset({JobStage.SCHEDULING, JobStage.COMPLETED, JobStage.ERROR, JobStage.CANCELED}),
    JobStage.COMPLETED: frozenset({JobStage.DELETED}),
    JobStage.ERROR: frozenset({JobStage.DELETED}),
    JobStage.CANCELED: frozenset({JobStage.DELETED}),
    JobStage.DELETED: frozenset(),
}
"""Where a job may go from each stage. Everything that changes a stage asks this table."""


class IllegalTransition(ValueError):
    """A job was told to go where its stage does not lead.

    Attributes:
        current: the stage that the job is in.
        wanted: the stage that was asked for.
        allowed: the stages that it could go to instead, in the order of `JobStage`.
    """

    def __init__(self, current: JobStage, wanted: JobStage) -> None:
        self.current = current
        self.wanted = wanted
        self.allowed = tuple(stage for stage in JobStage if stage in TRANSITIONS[current])
        choices = ", ".join(self.allowed) if self.allowed else "nothing: the stage is final"
        super().__init__(f"a job cannot go from {current} to {wanted}; allowed from {current}: {choices}")


def check_transition(current: JobStage, wanted: JobStage) -> None:
    """Raise `IllegalTransition` unless the table leads from ``current`` to ``wanted``."""
    if wanted not in TRANSITIONS[current]:
        raise IllegalTransition(current, wanted)
