"""Putting jobs there that were submitted before anybody looked."""

from __future__ import annotations

from collections.abc import Mapping

from fakejobs.hub import accounts, queue, schedules, ticks
from fakejobs.hub.identity import group_shown
from fakejobs.hub.jobs import ORIGIN, person, seen
from fakejobs.hub.plans import is_limited, note_plan
from fakejobs.hub.state import State
from fakejobs.model.draws import entity_id, object_id
from fakejobs.model.identity import Owner
from fakejobs.model.job import Job, JobAt, Spec
from fakejobs.model.past import past_job_from, past_plan, past_schedule_from
from fakejobs.model.plan import NEVER
from fakejobs.model.schedules import ScheduleAt
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.model.units import did_you_mean, short
from fakejobs.model.units import words as said
from fakejobs.store import jobs as rows
from fakejobs.store.settings import next_number


def add_job(state: State, words: Mapping[str, object]) -> JobAt:
    """Put a job there. It follows no rule; its id and its place in every list are those of when it was created.

    From now on it is a job like any other. Of a limited flavor, one that waits queues, and one that runs has a slot, even if there was
    none left.

    Raises:
        ValueError: see `fakejobs.model.past.past_job_from`.
    """
    wanted = past_job_from(words)
    with state.act() as now:
        owner, user = _people(state, wanted.namespace)
        number = next_number(state.database, "jobs")
        flavor = state.flavors.get(str(wanted.spec["flavor"])) or state.flavors["cpu-basic"]
        seed, quirks = state.settings.seed, state.settings.quirks
        limited = is_limited(state, flavor.name, owner.name)
        queues = limited and wanted.stage is JobStage.SCHEDULING and not wanted.outcome.image_pull_error
        spec, script, plan = past_plan(
            wanted, flavor, quirks, seed=seed, key=str(number), now=now, queues=queues
        )
        job = Job(
            id=object_id(plan.created, seed, ORIGIN, number),
            namespace=owner.name,
            number=number,
            plan=plan,
            spec=_in_group(spec, owner),
            labels=wanted.labels,
            about=_about(owner, user),
        )
        paying = accounts.paying(state, job.namespace, job.resource_group)
        for name in paying:  # what it has cost until now is not taken from what there is now
            accounts.charge(state, name, now)
        if paying:
            accounts.replan(state, paying, None, job, now)
        rows.insert_job(state.database, job, script)
        state.running.forget(job.flavor, job.namespace)
        if queues:
            queue.join(state, job, min(max(plan.created + script.scheduling, now), NEVER))
        elif wanted.stage not in TERMINAL:
            note_plan(state, job)
        for name in paying:
            accounts.place(state, name, now)
        return seen(state, job, now)


def add_scheduled_job(state: State, words: Mapping[str, object]) -> ScheduleAt:
    """Put a scheduled job there; its ticks since it was made have brought about jobs, if these depend on nothing else.

    Raises:
        ValueError: see `fakejobs.model.past.past_schedule_from`.
    """
    with state.act() as now:
        sixth = state.settings.quirks.cron_sixth
        wanted = past_schedule_from(words, sixth)
        owner, user = _people(state, wanted.job.namespace)
        if wanted.age > now:
            raise ValueError(f"age: {said(wanted.age)} ago was before 1970")
        try:
            schedules.read_cron(wanted.schedule, sixth, now)
        except ValueError as error:
            raise ValueError(f"schedule: {error}") from None
        made = schedules.put(
            state,
            now - wanted.age,
            owner.name,
            _in_group(wanted.job.spec, owner),
            wanted.schedule,
            suspend=wanted.suspend,
            concurrency=wanted.concurrency,
            labels=wanted.job.labels,
            about=_about(owner, user),
        )
        return ticks.schedule_at(state, ticks.begin(state, made, now), now)


def _about(owner: Owner, user: Owner) -> dict[str, object]:
    about = {
        "owner": person(owner),
        "createdBy": {"id": entity_id("user", user.name), "name": user.name},
        "initiator": person(user),
    }
    return about if owner.group is None else {**about, "resourceGroup": group_shown(owner.group)}


def _in_group(spec: Spec, owner: Owner) -> Spec:
    """A spec, in the resource group whose id was given for the namespace, if it was one."""
    return spec if owner.group is None else {**spec, "resourceGroupId": owner.group.id}


def _people(state: State, namespace: str | None) -> tuple[Owner, Owner]:
    """The owner of the namespace, and the user who submitted the job: the owner, or for an organisation the first user."""
    identity = state.settings.identity
    first = identity.owner(identity.users[0].name)
    owner = first if namespace is None else identity.owner(namespace)
    if owner is None or first is None:
        raise ValueError(
            f"namespace: there is no {short(namespace)} here{did_you_mean(str(namespace), identity.namespaces())}"
        )
    return owner, owner if owner.type == "user" else first
