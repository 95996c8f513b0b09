"""Waiting for a slot of a flavor with a limited capacity: first in, first out.

A job of such a flavor has no start until it gets a slot. Two kinds of entries in the agenda move the queue: a job is ready (its
scheduling is over), and a slot is freed (a job's planned end). Nothing is planned again when the queue moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakejobs.model.job import Job
from fakejobs.model.plan import NEVER
from fakejobs.model.planning import plan_for
from fakejobs.model.stages import JobStage
from fakejobs.store.jobs import any_job, count_running, find_job, find_script, planned_ends, set_plan
from fakejobs.store.settings import Due, add_waiting, delete_dues, first_waiting, insert_due, remove_waiting

if TYPE_CHECKING:
    from fakejobs.hub.state import State

READY = "ready"
FREED = "freed"
_RANK = {FREED: 0, READY: 3}


def is_limited(state: State, flavor: str) -> bool:
    """Whether jobs of this flavor wait for slots."""
    known = state.flavors.get(flavor)
    return known is not None and known.capacity is not None


def join(state: State, job: Job, ready_at: int) -> None:
    """Let a new job of a limited flavor queue from ``ready_at`` on; never, if its scheduling lasts for ever."""
    if ready_at < NEVER:
        insert_due(state.database, Due(ready_at, _RANK[READY], job.id, READY))


def leave(state: State, job: Job) -> None:
    """Take a job out of the queue, whether it waits for a slot by now or was still to do so."""
    remove_waiting(state.database, job.id)
    delete_dues(state.database, job.id, READY)


def ready(state: State, due: Due) -> None:
    """A job has waited as long as its flavor takes anyway; now it needs a slot."""
    job = find_job(state.database, due.key)
    if job is not None and _waits(job, due.at):
        add_waiting(state.database, job)
        fill(state, job.flavor, due.at)


def freed(state: State, due: Due) -> None:
    """A job of the flavor that the entry names was planned to end."""
    fill(state, due.key, due.at)


def fill(state: State, flavor: str, at: int) -> None:
    """Start waiting jobs of ``flavor`` at ``at`` for as long as a slot is free."""
    capacity = state.flavors[flavor].capacity
    while capacity is None or count_running(state.database, flavor, at) < capacity:
        job_id = first_waiting(state.database, flavor)
        if job_id is None:
            return
        remove_waiting(state.database, job_id)
        job = find_job(state.database, job_id)
        if job is not None and _waits(job, at):
            _start(state, job, at)


def adapt(state: State, now: int) -> None:
    """Go on with the queues under other capacities: what was not limited has noted no ends, and there may be new slots."""
    if not any_job(state.database):
        return
    for name, flavor in state.flavors.items():
        if flavor.capacity is not None:
            for end in planned_ends(state.database, name, now):
                note_end(state, name, end)
        fill(state, name, now)


def _start(state: State, job: Job, at: int) -> None:
    script = find_script(state.database, job.id)
    plan = plan_for(
        script, job.spec, state.settings.quirks, created=job.plan.created, start=at, earlier=job.plan.earlier
    )
    set_plan(state.database, job.id, plan)
    state.calls.replanned(job.id, plan, at)
    note_end(state, job.flavor, plan.end)
    state.ring(job.id)


def note_end(state: State, flavor: str, end: int) -> None:
    """Look at the queue of ``flavor`` again when a job of it ends."""
    if end < NEVER:
        insert_due(state.database, Due(end, _RANK[FREED], flavor, FREED))


def _waits(job: Job, at: int) -> bool:
    return job.plan.start == NEVER and job.plan.stage_at(at) is JobStage.SCHEDULING
