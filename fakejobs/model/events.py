"""The changes of a job's stage, derived from its plan."""

from __future__ import annotations

from dataclasses import dataclass

from fakejobs.model.job import JobAt
from fakejobs.model.stages import TERMINAL, JobStage


@dataclass(frozen=True)
class StageEvent:
    """A change of stage, as the stream of events tells it: when, to what, and ``status.message`` then."""

    at: int
    stage: JobStage
    message: str | None


def stage_events(seen: JobAt) -> list[StageEvent]:
    """What has happened to the job so far, oldest first."""
    plan = seen.job.plan
    history = [StageEvent(plan.created, JobStage.SCHEDULING, None)]
    for start, end in plan.earlier:
        history.append(StageEvent(start, JobStage.RUNNING, None))
        history.append(StageEvent(end, JobStage.SCHEDULING, None))
    if (started := plan.started_at(seen.now)) is not None:
        history.append(StageEvent(started, JobStage.RUNNING, None))
    if seen.stage in TERMINAL:
        history.append(StageEvent(plan.end, plan.end_stage, plan.message))
    return history
