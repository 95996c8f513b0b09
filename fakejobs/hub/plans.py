"""Giving a job a plan, with all that follows from it for the agenda."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakejobs.hub import accounts
from fakejobs.hub.agenda import note
from fakejobs.model.job import Job
from fakejobs.model.plan import NEVER
from fakejobs.model.planning import is_retried
from fakejobs.store.jobs import find_job, set_plan
from fakejobs.store.settings import Due

if TYPE_CHECKING:
    from fakejobs.hub.state import State

FREED = "freed"
"""A job that had a slot was planned to end; the key is "flavor namespace"."""

RETRY = "retry"
"""An attempt was planned to fail, and there are more; the key is the job."""

ENDS = 0
"""The rank of what comes first within an instant."""


def is_limited(state: State, flavor: str, namespace: str) -> bool:
    """Whether jobs of this flavor in this namespace wait for slots."""
    known = state.flavors.get(flavor)
    return (known is not None and known.capacity is not None) or namespace in state.settings.running_limits


def put_plan(state: State, job: Job, at: int, *, place: bool = True) -> None:
    """Give a job the plan that it has here, and everybody who waits for it, or behind it, the news.

    Args:
        place: also put the entries of the accounts that it is paid from where they belong; else the caller does.
    """
    paying = accounts.paying(state, job.namespace, job.resource_group)
    if paying:
        accounts.replan(state, paying, find_job(state.database, job.id), job, at)
    state.running.forget(job.flavor, job.namespace)
    set_plan(state.database, job.id, job.plan)
    state.calls.replanned(job.id, job.plan, at)
    state.ring(job.id)
    note_plan(state, job)
    for name in paying if place else ():
        accounts.place(state, name, at)


def note_plan(state: State, job: Job) -> None:
    """Put into the agenda what the end of its plan brings about."""
    if is_limited(state, job.flavor, job.namespace):
        note_freed(state, job)
    if job.plan.end < NEVER and goes_on(state, job):
        note(state, Due(job.plan.end, ENDS, job.id, RETRY))


def note_freed(state: State, job: Job) -> None:
    """Put into the agenda when a job that is limited frees its slot, if it has one, or had: one that waits has none."""
    if job.plan.start < NEVER and job.plan.end < NEVER:
        note(state, Due(job.plan.end, ENDS, f"{job.flavor} {job.namespace}", FREED))


def goes_on(state: State, job: Job) -> bool:
    """Whether another attempt follows the one that the plan of this job ends with."""
    attempts = job.spec.get("attempts")
    if not isinstance(attempts, int) or attempts < 2:
        return False  # most jobs; and the script need not be read
    script = state.script_of(job.id).attempt(len(job.plan.earlier))
    return is_retried(job.plan, script, job.spec, state.settings.quirks)
