"""What schedules bring about, and when that is written down.

The runs of most schedules are functions of (schedule, tick), so nothing ticks: they are written when somebody looks at jobs, and before
any command; those of all namespaces, as each is written once, whoever looks first, and whether there are any is then one comparison.
A schedule whose runs depend on other jobs has an entry in the agenda for its next tick instead: its hardware, its namespace or its money
is limited, its rule counts jobs or calls a function, or a run may have several attempts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from fakejobs.hub import jobs, money
from fakejobs.hub.agenda import note
from fakejobs.hub.plans import is_limited
from fakejobs.model.job import UNCOUNTED, Job, features
from fakejobs.model.outcomes import Outcome, with_rest
from fakejobs.model.plan import NEVER
from fakejobs.model.refusal import Refusal
from fakejobs.model.rules import MatchFailed, Rule, filling_in, newest_match
from fakejobs.model.schedules import (
    Schedule,
    ScheduleAt,
    Template,
    last_run,
    planner,
    run_ids,
    run_lengths,
    runs,
    settled,
)
from fakejobs.store.jobs import find_job, live_jobs, make_whole
from fakejobs.store.runs import insert_runs, put_template
from fakejobs.store.schedules import (
    all_schedules,
    find_schedule,
    set_next,
    ticked_schedules,
    update_schedule,
)
from fakejobs.store.settings import Due, delete_dues

if TYPE_CHECKING:
    from fakejobs.hub.state import State

TICK = "tick"
"""A tick of a schedule whose runs depend on other jobs; the key is the schedule."""

_TICKS = 2
_BATCH = 10_000


def write_runs(state: State, now: int) -> None:
    """Write the runs of all ticks up to and including ``now`` that are not in the agenda."""
    for schedule in ticked_schedules(state.database, now):
        template = _template(state, schedule)
        found = runs(
            schedule.cron,
            planner(template, state.settings.quirks),
            concurrency=schedule.concurrency,
            since=schedule.since,
            free=free_at(state, schedule),
            until=now,
        )
        while batch := list(islice(found, _BATCH)):
            template_id = put_template(state.database, template)
            insert_runs(state.database, template, template_id, batch)
            schedule = replace(schedule, last=batch[-1].id, last_at=batch[-1].created)
        # As it is whoever looks and however often: every tick until now has been dealt with.
        since = schedule.cron.last_until(now)
        schedule = replace(schedule, since=schedule.since if since is None else max(since, schedule.since))
        update_schedule(state.database, schedule)
        set_next(state.database, schedule.id, _next_tick(schedule))


def tick(state: State, due: Due) -> None:
    """A schedule with an entry in the agenda has a tick: it runs, if it may."""
    schedule = find_schedule(state.database, due.key)
    if schedule is None:
        return
    schedule = replace(schedule, since=due.at)
    if schedule.concurrency or free_at(state, schedule) <= due.at:
        try:
            schedule = run_now(state, schedule, due.at, run_ids(state.settings.seed, schedule.id)(due.at))[0]
        except (Refusal, MatchFailed) as refusal:
            # Whoever looked next would get the error, again and again.
            reason = refusal.message if isinstance(refusal, Refusal) else str(refusal)
            schedule = replace(schedule, suspended=True, suspend_reason=reason)
    update_schedule(state.database, schedule)
    note_next(state, schedule, state.rules)


def run_now(state: State, schedule: Schedule, now: int, run_id: str | None = None) -> tuple[Schedule, Job]:
    """Make a job of a schedule; returns the schedule as it then is, which is not stored yet, and the job.

    Raises:
        Refusal: there is no money left.
    """
    about = schedule.run_about
    job = jobs.create(state, schedule.namespace, schedule.spec, schedule.labels, about, now, run_id=run_id)
    return replace(schedule, last=job.id, last_at=now), job


def free_at(state: State, schedule: Schedule) -> int:
    """When the job is over that a schedule brought about last."""
    last = None if schedule.last is None else find_job(state.database, schedule.last)
    return 0 if last is None else last.plan.end


def note_next(state: State, schedule: Schedule, rules: Sequence[Rule]) -> None:
    """Put the next tick of a schedule where it belongs: into the agenda, or not."""
    delete_dues(state.database, schedule.id, TICK)
    following = NEVER if schedule.suspended else _next_tick(schedule)
    derived = following == NEVER or not _depends(state, schedule, rules)
    if not derived:
        note(state, Due(following, _TICKS, schedule.id, TICK))
    set_next(state.database, schedule.id, following if derived else NEVER)


def begin(state: State, schedule: Schedule, now: int) -> Schedule:
    """Let a schedule that was made in the past begin to run: now, if its runs depend on other jobs, whose past is over."""
    if schedule.suspended or _depends(state, schedule, state.rules):
        schedule = replace(schedule, since=now)
        update_schedule(state.database, schedule)
        note_next(state, schedule, state.rules)
    write_runs(state, now)
    return find_schedule(state.database, schedule.id) or schedule


def adapt(state: State, rules: Sequence[Rule]) -> None:
    """Go on with other rules: from now on, runs may depend on other jobs, or not any more. All ticks until now are dealt with."""
    for schedule in all_schedules(state.database):
        note_next(state, schedule, rules)


def adapt_to_limits(state: State, now: int) -> None:
    """Go on under other limits: likewise; and runs that are not over, and have not been limited, take part in all that."""
    adapt(state, state.rules)
    for job in live_jobs(state.database, now):
        if job.number == UNCOUNTED and _is_limited(state, job.flavor, job.namespace):
            make_whole(state.database, job.id)


def schedule_at(state: State, schedule: Schedule, now: int) -> ScheduleAt:
    """A schedule as it is at ``now``. What it has brought about need not have been written for that, and is not."""
    cron = schedule.cron
    last = None if schedule.last is None or schedule.last_at is None else (schedule.last, schedule.last_at)
    following = cron.next_after(now)
    if not schedule.suspended and _next_tick(schedule) <= now:
        template = _template(state, schedule)
        run = last_run(
            cron,
            planner(template, state.settings.quirks),
            concurrency=schedule.concurrency,
            since=schedule.since,
            free=free_at(state, schedule),
            until=now,
            lengths=run_lengths(template, state.settings.quirks),
        )
        last = last if run is None else (run.id, run.created)
    if following is None:
        following = cron.last_until(now)
        assert following is not None, "a schedule that never runs is refused"
    return ScheduleAt(schedule, last, following)


def _next_tick(schedule: Schedule) -> int:
    following = schedule.cron.next_after(schedule.since)
    return NEVER if following is None else following


def _template(state: State, schedule: Schedule) -> Template:
    known = features(schedule.spec, schedule.labels, schedule.namespace)
    rule = newest_match(state.rules, known)
    outcome = rule.outcomes[0] if rule else Outcome()
    for other in filling_in(state.rules, known):
        outcome = with_rest(outcome, other.outcomes[0])
    flavor = state.flavors.get(schedule.flavor) or state.flavors["cpu-basic"]
    return Template(
        seed=state.settings.seed,
        schedule=schedule.id,
        namespace=schedule.namespace,
        spec=schedule.spec,
        labels=schedule.labels,
        about=schedule.run_about,
        rule=rule.id if rule else None,
        outcome=settled(outcome, flavor),
    )


def _depends(state: State, schedule: Schedule, rules: Sequence[Rule]) -> bool:
    """Whether the runs of a schedule depend on anything but the schedule and the tick."""
    attempts = schedule.spec.get("attempts", 1)
    if attempts != 1 or _is_limited(state, schedule.flavor, schedule.namespace):
        return True
    known = features(schedule.spec, schedule.labels, schedule.namespace)
    if any(rule.only_here for rule in rules):  # a function may say something else each time
        return True
    own = newest_match(rules, known)
    return any(len(rule.outcomes) > 1 for rule in (*filling_in(rules, known), *([own] if own else ())))


def _is_limited(state: State, flavor: str, namespace: str) -> bool:
    return is_limited(state, flavor, namespace) or money.is_limited(state, namespace)
