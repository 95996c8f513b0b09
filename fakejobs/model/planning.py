"""From a script to a plan: the pure function that says when a job starts, ends, and how."""

from __future__ import annotations

from fakejobs.model.job import Spec, timeout_ms
from fakejobs.model.outcomes import Script, ending
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import JobStage

TIMEOUT_MESSAGE = "Job timeout"
"""``status.message`` of a job that ran into its timeout; its stage is ERROR (Hub documentation, "Manage Jobs")."""


def plan_for(
    script: Script,
    spec: Spec,
    quirks: Quirks,
    *,
    created: int,
    start: int,
    earlier: tuple[tuple[int, int], ...] = (),
) -> Plan:
    """The plan of a job that gets its hardware at ``start`` (`NEVER`: not as far as is known).

    A job that ends at the very instant of its timeout has made it in time.
    """
    stage, message = ending(script, image_pull_message=quirks.image_pull_message)
    if script.image_pull_error:
        return Plan(created, NEVER, start, stage, message, earlier=earlier)
    counted_from = start if quirks.timeout_counts_from == "running" else created
    limit = min(counted_from + timeout_ms(spec), NEVER)
    end = min(start + script.running, NEVER)
    if stage is JobStage.CANCELED and message is None and script.cancel_reason is None:
        message = quirks.cancel_message or None  # as if its user had cancelled it
    if limit >= end:
        return Plan(created, start, end, stage, message, script.cancel_reason, earlier)
    start = start if start < limit else NEVER
    return Plan(created, start, limit, JobStage.ERROR, TIMEOUT_MESSAGE, earlier=earlier)


def cut_by_timeout(plan: Plan, script: Script, spec: Spec, quirks: Quirks) -> bool:
    """Whether the timeout of a job ends it (or has ended it) before its script does.

    Told by the instants, not by the message, which a rule can say as well. A job that somebody ended before is not cut.
    """
    if script.image_pull_error or plan.end_stage is not JobStage.ERROR or plan.end >= NEVER:
        return False
    counted_from = plan.start if quirks.timeout_counts_from == "running" else plan.created
    if counted_from >= NEVER or plan.end != counted_from + timeout_ms(spec):
        return False
    return plan.start >= NEVER or plan.start + script.running > plan.end
