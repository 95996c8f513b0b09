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

    Args:
        script: the script of this attempt.
        spec: what was asked for.
        quirks: undocumented behaviours.
        created: when the job was submitted.
        start: when this attempt begins to run.
        earlier: (start, end) of the attempts before it.
    """
    stage, message = ending(script, image_pull_message=quirks.image_pull_message)
    if script.image_pull_error:
        return Plan(created, NEVER, start, stage, message, earlier=earlier)
    limit = min(_counted_from(created, start, earlier, quirks) + timeout_ms(spec), NEVER)
    end = min(start + script.running, NEVER)
    if stage is JobStage.CANCELED and message is None and script.cancel_reason is None:
        message = quirks.cancel_message or None  # as if its user had cancelled it
    if limit >= end:
        end = min(end + script.status_lag, NEVER)  # the program has made it, whenever that is noticed
        return Plan(created, start, end, stage, message, script.cancel_reason, earlier)
    start = start if start < limit else NEVER
    # A job may have no time left for another attempt: its last one was over before that.
    end = max(limit, earlier[-1][1]) if earlier else limit
    return Plan(created, start, end, JobStage.ERROR, TIMEOUT_MESSAGE, earlier=earlier)


def _counted_from(created: int, start: int, earlier: tuple[tuple[int, int], ...], quirks: Quirks) -> int:
    """The instant from which the timeout of an attempt is counted."""
    if quirks.timeout_per == "job":
        start = min([start, *(began for began, _ended in earlier)])
    elif earlier:
        created = earlier[-1][1]
    return start if quirks.timeout_counts_from == "running" else created


def is_retried(plan: Plan, script: Script, spec: Spec, quirks: Quirks) -> bool:
    """Whether another attempt follows the one that ``plan`` ends with.

    An attempt that fails is followed by another as long as there are any (Hub OpenAPI, August 2026: "retried up to n-1 times"). A
    job that is cancelled, or whose image cannot be pulled, is over.

    Args:
        plan: the plan of the attempt, as it was made from ``script``.
        script: the script of the attempt.
        spec: what was asked for.
        quirks: undocumented behaviours.
    """
    attempts = spec.get("attempts", 1)
    if not isinstance(attempts, int) or len(plan.earlier) + 1 >= attempts:
        return False
    if plan.end_stage is not JobStage.ERROR or not plan.start < plan.end < NEVER or script.image_pull_error:
        return False
    return quirks.timeout_retried == "yes" or not cut_by_timeout(plan, script, spec, quirks)


def program_end(plan: Plan, script: Script) -> int:
    """When the program of the attempt that ``plan`` ends with is over: at its end, or before that if the status lags behind.

    Args:
        plan: the plan, as it is now.
        script: the script of that attempt.
    """
    over = plan.start + script.running
    # Somebody who ended the job in between has ended it at that instant.
    return over if script.status_lag and plan.end == over + script.status_lag else plan.end


def cut_by_timeout(plan: Plan, script: Script, spec: Spec, quirks: Quirks) -> bool:
    """Whether the timeout of a job ends it (or has ended it) before the script of its attempt does.

    Told by the instants, not by the message, which a rule can say as well. A job that somebody ended before is not cut.
    """
    if script.image_pull_error or plan.end_stage is not JobStage.ERROR or plan.end >= NEVER:
        return False
    counted_from = _counted_from(plan.created, plan.start, plan.earlier, quirks)
    if counted_from >= NEVER or plan.end != counted_from + timeout_ms(spec):
        return False
    return plan.start >= NEVER or plan.start + script.running > plan.end
