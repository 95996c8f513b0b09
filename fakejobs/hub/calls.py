"""Functions that play a job (``then(call=...)``): which one is due, and what its job does afterwards.

Until its function has returned, such a job runs, up to its timeout; its outcome is decided then. The function is called outside
the hub, without its lock: see `fakejobs.workers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fakejobs.hub.plans import put_plan
from fakejobs.hub.state import State
from fakejobs.model.job import JobAt
from fakejobs.model.outcomes import Call, Outcome, Script, script_for, spread
from fakejobs.model.plan import NEVER
from fakejobs.model.planning import plan_for
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.store import jobs as rows


@dataclass(frozen=True)
class Started:
    """A job that has begun to run and has to be played.

    Attributes:
        seen: the job, as it is now.
        then: the words of its outcome.
        call: the function among them.
        resets: how often the hub had been reset.
    """

    seen: JobAt
    then: Mapping[str, object]
    call: Call
    resets: int


def begin(state: State) -> Started | None:
    """The next job that runs and whose function has not been called, or None. It is given once."""
    if not state.calls:
        return None
    with state.act() as now:
        while (found := state.calls.pop(now)) is not None:
            job_id, pending = found
            job = rows.find_job(state.database, job_id)
            if job is not None and job.plan.stage_at(now) is JobStage.RUNNING:
                return Started(JobAt(job, now), pending.then, pending.call, state.resets)
            state.calls.done(job_id)  # it was cancelled, or time was set to after its timeout
    return None


def finish(state: State, started: Started, outcome: Outcome) -> None:
    """The function has returned: from now on the job does what ``outcome`` says.

    Its length counts from the start of running, but what has passed while the function ran has passed. A job that has ended meanwhile
    stays as it is; what was printed stands at its end.
    """
    with state.act() as now:
        state.calls.done(started.seen.job.id)
        job = rows.find_job(state.database, started.seen.job.id)
        if job is None or state.resets != started.resets:
            return
        script = script_for(
            outcome,
            state.flavors.get(job.flavor) or state.flavors["cpu-basic"],
            seed=state.settings.seed,
            key=job.order_key,
            printed=(),
        )
        stage, plan = job.plan.stage_at(now), job.plan
        scripts, attempt = state.script_of(job.id), len(plan.earlier)
        if "status_lag" not in outcome.said:  # then a preset may have said it
            script = replace(script, status_lag=scripts.attempt(attempt).status_lag)
        if stage in TERMINAL:
            ran = max(plan.end - plan.start, 0)
            script = replace(script, lines=tuple((ran, line) for _, line in script.lines))
            state.set_script(job.id, scripts.with_attempt(attempt, script))
            return
        if plan.start < now:
            script = _from(script, now - plan.start, timed=outcome.timed_lines is not None)
        state.set_script(job.id, scripts.with_attempt(attempt, script))
        plan = plan_for(
            script,
            job.spec,
            state.settings.quirks,
            created=plan.created,
            start=plan.start,
            earlier=plan.earlier,
        )
        put_plan(state, replace(job, plan=plan), now)


def _from(script: Script, passed: int, *, timed: bool) -> Script:
    """The script with nothing before ``passed``, which is the past already."""
    running = max(script.running, passed)
    if timed:
        lines = tuple((max(offset, passed), line) for offset, line in script.lines)
    else:
        left = NEVER if running >= NEVER else running - passed
        lines = tuple(
            (passed + offset, line) for offset, line in spread([each for _, each in script.lines], left)
        )
    return replace(script, running=running, lines=lines)
