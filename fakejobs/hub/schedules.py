"""The use cases around scheduled jobs. Each is one look or one act, at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fakejobs.hub import money, ticks
from fakejobs.hub.identity import allow, check_job
from fakejobs.hub.jobs import described, groups_shown, seen
from fakejobs.model.cron import Cron, cron_from
from fakejobs.model.draws import object_id
from fakejobs.model.identity import Caller, Owner
from fakejobs.model.job import JobAt, Spec
from fakejobs.model.refusal import Refusal
from fakejobs.model.schedules import Schedule, ScheduleAt
from fakejobs.store import schedules as rows
from fakejobs.store.settings import delete_dues, next_number

if TYPE_CHECKING:
    from fakejobs.hub.state import State

_ORIGIN = "fakejobs schedules"

RUN_CONFLICT = (
    "Another job is already running at the same time, set `concurrency` to allow multiple "
    "instances of scheduled jobs to run concurrently"
)
"""Text of the 409 (Hub OpenAPI, August 2026)."""


def create(
    state: State,
    caller: Caller,
    namespace: str,
    spec: Spec,
    schedule: str,
    *,
    suspend: bool = False,
    concurrency: bool = False,
    labels: Mapping[str, str],
    secrets: Mapping[str, str],
) -> ScheduleAt:
    """Make a scheduled job of a valid spec. Of ``secrets``, only the names are kept.

    Raises:
        Refusal: 400 for a schedule that names no instant from now on, or none at all.
    """
    with state.act() as now:
        owner = allow(state, caller, namespace, "write")
        sixth = state.settings.quirks.cron_sixth
        _check(schedule, sixth, now)
        spec, about = described(state, caller, owner, spec, secrets)
        made = put(
            state,
            now,
            owner.name,
            spec,
            schedule,
            suspend=suspend,
            concurrency=concurrency,
            labels=labels,
            about=about,
        )
        if secrets and state.secrets_listener is not None:
            state.secrets_listener(made.id, secrets)
        return ticks.schedule_at(state, made, now)


def put(
    state: State,
    at: int,
    namespace: str,
    spec: Spec,
    schedule: str,
    *,
    suspend: bool,
    concurrency: bool,
    labels: Mapping[str, str],
    about: Mapping[str, object],
) -> Schedule:
    """Put a scheduled job there that was made at ``at``."""
    made = Schedule(
        id=object_id(at, state.settings.seed, _ORIGIN, next_number(state.database, "schedules")),
        namespace=namespace,
        created=at,
        schedule=schedule,
        sixth=state.settings.quirks.cron_sixth,
        suspended=suspend,
        suspend_reason=None,
        concurrency=concurrency,
        spec=spec,
        labels=labels,
        about=about,
        since=at,
    )
    rows.insert_schedule(state.database, made)
    ticks.note_next(state, made, state.rules)
    return made


def listed(
    state: State, caller: Caller, namespace: str, label: tuple[str, str] | None = None
) -> list[ScheduleAt]:
    """The scheduled jobs of a namespace, newest first, those that are suspended included."""
    with state.look(runs=False) as now:
        owner = allow(state, caller, namespace, "read")
        groups = groups_shown(state, caller, owner)
        return [
            ticks.schedule_at(state, each, now)
            for each in rows.schedules_of(state.database, owner.name)
            if (label is None or each.labels.get(label[0]) == label[1])
            and (groups is None or each.as_job.resource_group in groups)
        ]


def everywhere(state: State) -> list[ScheduleAt]:
    """The scheduled jobs of all namespaces, oldest first."""
    with state.look(runs=False) as now:
        return [ticks.schedule_at(state, each, now) for each in rows.all_schedules(state.database)]


def read(state: State, caller: Caller, namespace: str, schedule_id: str) -> ScheduleAt:
    """One scheduled job.

    Raises:
        Refusal: 404 without such a scheduled job in this namespace.
    """
    with state.look(runs=False) as now:
        owner = allow(state, caller, namespace, "read")
        return ticks.schedule_at(state, _find(state, caller, owner, schedule_id, "read"), now)


def delete(state: State, caller: Caller, namespace: str, schedule_id: str) -> None:
    """Delete a scheduled job. Its jobs stay; what runs goes on."""
    with state.act():
        schedule = _find(state, caller, allow(state, caller, namespace, "write"), schedule_id, "write")
        delete_dues(state.database, schedule.id, ticks.TICK)
        rows.delete_schedule(state.database, schedule.id)


def suspend(state: State, caller: Caller, namespace: str, schedule_id: str) -> None:
    """Pause a scheduled job: ticks from now on do not count, until it is resumed."""
    with state.act() as now:
        schedule = _find(state, caller, allow(state, caller, namespace, "write"), schedule_id, "write")
        _put(state, replace(schedule, suspended=True, suspend_reason=None), now)


def resume(state: State, caller: Caller, namespace: str, schedule_id: str) -> None:
    """Go on with a scheduled job: the ticks after now count again. It does nothing to one that is not paused.

    Raises:
        Refusal: 402 or 403 if there is no money for a job.
    """
    with state.act() as now:
        schedule = _find(state, caller, allow(state, caller, namespace, "write"), schedule_id, "write")
        if schedule.suspended:
            money.check(state, schedule.namespace, schedule.as_job.resource_group, now)
            _put(state, replace(schedule, suspended=False, suspend_reason=None, since=now), now)


def run(state: State, caller: Caller, namespace: str, schedule_id: str) -> JobAt:
    """Make a job of a scheduled one now, whatever its schedule says, also while it is suspended.

    Raises:
        Refusal: 409 while a job of it is not over, if they may not run at the same time.
    """
    with state.act() as now:
        schedule = _find(state, caller, allow(state, caller, namespace, "write"), schedule_id, "write")
        if not schedule.concurrency and ticks.free_at(state, schedule) > now:
            raise Refusal(409, RUN_CONFLICT)
        schedule, job = ticks.run_now(state, schedule, now)
        rows.update_schedule(state.database, schedule)
        return seen(state, job, now)


def reschedule(state: State, caller: Caller, namespace: str, schedule_id: str, schedule: str) -> ScheduleAt:
    """Give a scheduled job other ticks from now on.

    Raises:
        Refusal: 400, as for `create`.
    """
    with state.act() as now:
        old = _find(state, caller, allow(state, caller, namespace, "write"), schedule_id, "write")
        sixth = state.settings.quirks.cron_sixth
        _check(schedule, sixth, now)
        return _put(state, replace(old, schedule=schedule, sixth=sixth, since=now), now)


def relabel(
    state: State, caller: Caller, namespace: str, schedule_id: str, labels: Mapping[str, str]
) -> ScheduleAt:
    """Replace the labels that the jobs of a scheduled one have from now on."""
    with state.act() as now:
        schedule = _find(state, caller, allow(state, caller, namespace, "write"), schedule_id, "write")
        return _put(state, replace(schedule, labels=labels), now)


def _put(state: State, schedule: Schedule, now: int) -> ScheduleAt:
    rows.update_schedule(state.database, schedule)
    ticks.note_next(state, schedule, state.rules)
    return ticks.schedule_at(state, schedule, now)


def read_cron(schedule: str, sixth: str, now: int) -> Cron:
    """The ticks of a schedule that has some after ``now``.

    Raises:
        ValueError: it has none, or it is no schedule.
    """
    cron = cron_from(schedule, sixth)
    if cron.next_after(now) is None:
        raise ValueError("it would never run any more")
    return cron


def _check(schedule: str, sixth: str, now: int) -> None:
    try:
        read_cron(schedule, sixth, now)
    except ValueError as error:
        raise Refusal(400, f"Invalid schedule: {error}") from None


def _find(state: State, caller: Caller, owner: Owner, schedule_id: str, permission: str) -> Schedule:
    schedule = rows.find_schedule(state.database, schedule_id)
    if schedule is None or schedule.namespace != owner.name:
        raise Refusal(404, state.settings.quirks.scheduled_job_not_found)
    check_job(state, caller, owner, schedule.as_job, permission)
    return schedule
