"""A job's next attempt, after one that failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fakejobs.hub import queue
from fakejobs.hub.plans import goes_on, is_limited, put_plan
from fakejobs.model.job import Job
from fakejobs.model.plan import NEVER
from fakejobs.model.planning import plan_for
from fakejobs.store.jobs import find_job
from fakejobs.store.settings import Due

if TYPE_CHECKING:
    from fakejobs.hub.state import State


def retry(state: State, due: Due) -> None:
    """An attempt of the job that the entry names was planned to fail, and there are more."""
    job = find_job(state.database, due.key)
    if job is not None and job.plan.end == due.at and goes_on(state, job):  # else it was cancelled, for one
        next_attempt(state, job, due.at)


def next_attempt(state: State, job: Job, at: int) -> Job:
    """Send a job that has begun to run to SCHEDULING; it goes to the back of the queue, if there is one."""
    earlier = (*job.plan.earlier, (job.plan.start, at))
    script = state.script_of(job.id).attempt(len(earlier))
    if state.calls.again(job.id):  # until its function has returned it runs, and only its timeout can end it
        script = replace(script, running=NEVER, lines=())
    # That the image cannot be pulled, it would have found out before it ran.
    script = replace(script, image_pull_error=False)
    state.set_script(job.id, state.script_of(job.id).with_attempt(len(earlier), script))
    ready_at = min(at + script.scheduling, NEVER)
    queues = is_limited(state, job.flavor, job.namespace)
    plan = plan_for(
        script,
        job.spec,
        state.settings.quirks,
        created=job.plan.created,
        start=NEVER if queues else ready_at,
        earlier=earlier,
    )
    job = replace(job, plan=plan)
    put_plan(state, job, at)
    if queues:
        queue.join(state, job, ready_at)
    return job
