"""Waiting for a slot: of a flavor with a limited capacity, of a namespace that may only run so many jobs, or of both.

A job that needs one has no start until it gets it. Two kinds of entries in the agenda move the queue: a job is ready (its
scheduling is over), and a slot is freed (a job's planned end). Who goes first is who has queued longest: since it was
submitted, or since its last attempt failed. A job that only its namespace holds back lets others pass. One whose timeout counts from its
creation may be over before it gets a slot: then it leaves the queue. Nothing is planned again when the queue moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fakejobs.hub.agenda import note
from fakejobs.hub.plans import ENDS, is_limited, note_freed, put_plan
from fakejobs.model.job import Job, Waiting
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.planning import plan_for
from fakejobs.model.stages import JobStage
from fakejobs.store.jobs import count_ended, count_running, find_job, live_jobs
from fakejobs.store.queue import (
    Place,
    add_waiting,
    all_waiting,
    count_ahead,
    first_waiting,
    place_to_take,
    remove_waiting,
)
from fakejobs.store.settings import Due, delete_dues

if TYPE_CHECKING:
    from fakejobs.hub.state import State

READY = "ready"
"""A job has scheduled for as long as its flavor takes; the key is the job."""

GIVES_UP = "gives up"
"""A job was planned to be over by then if it got no slot; the key is the job."""

_STARTS = 3


@dataclass(frozen=True)
class Queued:
    """A job that waits for a slot.

    Attributes:
        job: its id.
        namespace: whose it is.
        flavor: what it waits for.
        since: since when it has its place: its submission, or the end of its last attempt, in milliseconds.
        waiting: why it waits.
    """

    job: str
    namespace: str
    flavor: str
    since: int
    waiting: Waiting


def join(state: State, job: Job, ready_at: int) -> None:
    """Let a job queue from ``ready_at`` on; never, if its scheduling lasts for ever."""
    if ready_at < NEVER:
        note(state, Due(ready_at, _STARTS, job.id, READY))


def leave(state: State, job: Job) -> None:
    """Take a job out of the queue, whether it waits for a slot by now or was still to do so."""
    remove_waiting(state.database, _place(job))
    delete_dues(state.database, job.id, READY)


def ready(state: State, due: Due) -> None:
    """A job has waited as long as its flavor takes anyway; now it needs a slot."""
    if taken := place_to_take(state.database, due.key, due.at):
        place, end = taken
        add_waiting(state.database, place)
        if end < NEVER:
            note(state, Due(end, ENDS, place.job, GIVES_UP))
        if state.running.is_full(state, due.at, flavor=place.flavor):
            return  # whatever else it needs, there is nothing new for anybody
        fill(state, due.at, flavor=place.flavor, namespace=place.namespace)


def gives_up(state: State, due: Due) -> None:
    """A job that waited was planned to be over now, without having had a slot."""
    job = find_job(state.database, due.key)
    if job is not None and job.plan.end <= due.at:  # else it has got one
        leave(state, job)


def freed(state: State, due: Due) -> None:
    """A job that had a slot was planned to end."""
    flavor, namespace = due.key.split(" ")
    fill(state, due.at, flavor=flavor, namespace=namespace)


def fill(state: State, at: int, *, flavor: str, namespace: str) -> None:
    """Start waiting jobs at ``at`` that need a slot of this flavor or in this namespace, for as long as they get one."""
    full_flavors: set[str] = set()
    full_namespaces: set[str] = set()
    # Only where a namespace is limited can a slot of it let a job of another flavor start.
    anywhere = namespace if namespace in state.settings.running_limits else None
    while place := first_waiting(
        state.database, flavor=flavor, namespace=anywhere, but=(full_flavors, full_namespaces)
    ):
        if state.running.is_full(state, at, flavor=place.flavor):
            if anywhere is None:  # all who are looked at wait for this one
                break
            full_flavors.add(place.flavor)
        elif state.running.is_full(state, at, namespace=place.namespace):
            full_namespaces.add(place.namespace)
        else:
            remove_waiting(state.database, place)
            job = find_job(state.database, place.job)
            if job is not None and _waits(job, at):
                state.running.start(state, job.with_plan(_planned(state, job, at)), at)


def adapt(state: State, now: int) -> None:
    """Go on under other limits: what was not limited has noted no end, or is to start by itself; and there may be new slots."""
    state.running.clear()
    for job in live_jobs(state.database, now):
        if is_limited(state, job.flavor, job.namespace):
            if now < job.plan.start < NEVER:
                ready_at, job = job.plan.start, job.with_plan(_held(state, job))
                join(state, job, ready_at)
                put_plan(state, job, now)
            else:
                note_freed(state, job)
    for flavor, namespace in {(place.flavor, place.namespace) for place in all_waiting(state.database)}:
        fill(state, now, flavor=flavor, namespace=namespace)


def waiting(state: State, job: Job, now: int) -> Waiting | None:
    """Why a job waits for a slot at ``now``; None if it does not."""
    if job.plan.start != NEVER or now >= job.plan.end:
        return None
    place = _place(job)
    ahead = count_ahead(state.database, place)
    return None if ahead is None else _why(state, place, ahead, now)


def queue(state: State, now: int, flavor: str | None = None) -> list[Queued]:
    """Who waits for a slot at ``now``, first come first; of one flavor, or of all."""
    queued: list[Queued] = []
    ahead: dict[str, int] = {}
    for place in all_waiting(state.database):
        if flavor in (None, place.flavor):
            why = _why(state, place, ahead.get(place.flavor, 0), now)
            queued.append(Queued(place.job, place.namespace, place.flavor, place.since, why))
        ahead[place.flavor] = ahead.get(place.flavor, 0) + 1
    return queued


def _why(state: State, place: Place, ahead: int, now: int) -> Waiting:
    known = state.flavors.get(place.flavor)
    if (
        known is not None
        and known.capacity is not None
        and state.running.is_full(state, now, flavor=place.flavor)
    ):
        return Waiting(place.flavor, None, known.capacity, ahead)
    limit = state.settings.running_limits.get(place.namespace, 0)
    return Waiting(place.flavor, place.namespace, limit, ahead)


class Running:
    """How many jobs of a flavor, or in a namespace, run. Those that are limited are counted once, and from then on what changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, str | None], tuple[int, int]] = {}

    def clear(self) -> None:
        """Count anew, whatever is asked for next."""
        self._known.clear()

    def forget(self, flavor: str, namespace: str) -> None:
        """A plan of a job of theirs changes."""
        self._known.pop((flavor, None), None)
        self._known.pop((None, namespace), None)

    def is_full(
        self, state: State, at: int, *, flavor: str | None = None, namespace: str | None = None
    ) -> bool:
        """Whether as many run at ``at`` as may, or more: the limit may be less than it was."""
        if flavor is not None:
            known = state.flavors.get(flavor)
            limit = None if known is None else known.capacity
        else:
            limit = state.settings.running_limits.get(str(namespace))
        return limit is not None and self._count(state, at, flavor, namespace) >= limit

    def start(self, state: State, job: Job, at: int) -> None:
        """Give a job, whose flavor and namespace are not full, the plan that it has here: it starts at ``at``."""
        keys = (job.flavor, None), (None, job.namespace)
        counted = {key: self._known[key][1] for key in keys if key in self._known}
        put_plan(state, job, at)
        for key, count in counted.items():
            self._known[key] = at, count + (at < job.plan.end)

    def _count(self, state: State, at: int, flavor: str | None, namespace: str | None) -> int:
        database, counted = state.database, self._known.get((flavor, namespace))
        if counted is None or counted[0] > at:
            count = count_running(database, at, flavor=flavor, namespace=namespace)
        elif counted[0] == at:
            return counted[1]
        else:
            count = counted[1] - count_ended(database, counted[0], at, flavor=flavor, namespace=namespace)
        self._known[flavor, namespace] = at, count
        return count


def _place(job: Job) -> Place:
    """The place that a job has, or would have, in the queue: an attempt that failed goes to the back."""
    since = job.plan.earlier[-1][1] if job.plan.earlier else job.plan.created
    return Place(since, job.id, job.flavor, job.namespace)


def _held(state: State, job: Job) -> Plan:
    return _planned(state, job, NEVER)


def _planned(state: State, job: Job, start: int) -> Plan:
    script = state.script_of(job.id).attempt(len(job.plan.earlier))
    return plan_for(
        script,
        job.spec,
        state.settings.quirks,
        created=job.plan.created,
        start=start,
        earlier=job.plan.earlier,
    )


def _waits(job: Job, at: int) -> bool:
    return job.plan.start == NEVER and job.plan.stage_at(at) is JobStage.SCHEDULING
