"""The use cases around jobs. Each is one look or one act, at one instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fakejobs.hub import accounts, attempts, money, queue
from fakejobs.hub.identity import allow, check_job, group_for, group_shown, groups_of
from fakejobs.hub.pending import Pending
from fakejobs.hub.plans import is_limited, note_plan, put_plan
from fakejobs.model.billing import exposing, has_ports
from fakejobs.model.draws import entity_id, object_id
from fakejobs.model.identity import Caller, Owner, token_digest
from fakejobs.model.job import (
    UNCOUNTED,
    Job,
    JobAt,
    Spec,
    Waiting,
    command_words,
    features,
    group_in,
    order_key,
)
from fakejobs.model.outcomes import Outcome, script_for, with_rest
from fakejobs.model.plan import NEVER
from fakejobs.model.planning import plan_for
from fakejobs.model.printed import printed_by
from fakejobs.model.refusal import Refusal
from fakejobs.model.rules import filling_in, newest_match
from fakejobs.model.stages import TERMINAL, JobStage, check_transition
from fakejobs.store import jobs as rows
from fakejobs.store.jobs import Position
from fakejobs.store.settings import next_number

if TYPE_CHECKING:
    from fakejobs.hub.state import State

PAGE_SIZE = 100
"""Jobs on a page of a list (huggingface_hub#4395); a client cannot choose."""

ALL = 2**40
"""As many jobs as there may be."""

ORIGIN = "fakejobs"


@dataclass(frozen=True)
class Page:
    """A page of a list.

    Attributes:
        jobs: newest first.
        next: where the next page begins, or None on the last one.
    """

    jobs: list[JobAt]
    next: Position | None


def submit(
    state: State,
    caller: Caller,
    namespace: str,
    spec: Spec,
    *,
    labels: Mapping[str, str],
    secrets: Mapping[str, str],
) -> JobAt:
    """Make a job of a valid spec. Of ``secrets``, only the names are kept."""
    with state.act() as now:
        owner = allow(state, caller, namespace, "write")
        spec, about = described(state, caller, owner, spec, secrets)
        job = create(state, owner.name, spec, labels, about, now)
        if secrets and state.secrets_listener is not None:
            state.secrets_listener(job.id, secrets)
        return JobAt(job, now)  # it waits for a slot only when its scheduling is over


def described(
    state: State, caller: Caller, owner: Owner, spec: Spec, secrets: Mapping[str, str]
) -> tuple[Spec, dict[str, object]]:
    """What is kept of what somebody asks for, and `Job.about`: who asks, for whom, with which token."""
    about: dict[str, object] = {**_about(caller, owner), "initiator": person(_owner_of(state, caller))}
    if group := group_for(state, caller, owner, spec):
        spec = {**spec, "resourceGroupId": group.id}
        about["resourceGroup"] = group_shown(group)
    if token := _token_among(state, caller, secrets):
        about["hfToken"] = token
    if secrets:
        spec = {**spec, "secrets": list(secrets)}
    return spec, about


def duplicate(state: State, caller: Caller, namespace: str, job_id: str) -> JobAt:
    """Make a new job with the spec and the labels of another."""
    with state.act() as now:
        owner = allow(state, caller, namespace, "write")
        original = find(state, caller, owner, job_id, now, "write")
        about: dict[str, object] = {
            **_about(caller, owner),
            "initiator": {"type": "duplicated-job", "id": original.id},
        }
        for key in ("resourceGroup", "hfToken"):
            if key in original.about:
                about[key] = original.about[key]
        job = create(state, owner.name, original.spec, original.labels, about, now)
        return JobAt(job, now)


def create(
    state: State,
    namespace: str,
    spec: Spec,
    labels: Mapping[str, str],
    about: Mapping[str, object],
    now: int,
    *,
    run_id: str | None = None,
) -> Job:
    """Make a job, within an act or a handler of the agenda: it follows the newest rule that matches it.

    Args:
        about: who owns, created and initiated it, as `Job.about` has it.
        now: when it is created.
        run_id: the id of a run that a schedule brought about, which is not counted; by default it gets the next one.

    Raises:
        Refusal: 402 or 403, if there is nothing left to pay it from: see `fakejobs.hub.money.check`.
    """
    paying = accounts.paying(state, namespace, group_in(about))
    if paying:
        money.check(state, namespace, group_in(about), now)
    seed = state.settings.seed
    number = next_number(state.database, "jobs") if run_id is None else UNCOUNTED
    job_id = object_id(now, seed, ORIGIN, number) if run_id is None else run_id
    known = features(spec, labels, namespace)
    rule = newest_match(state.rules, known)
    # How many matched before is read from the jobs themselves, so there is nothing to keep in step with them.
    earlier = rows.count_of_rule(state.database, rule.id, len(rule.outcomes) - 1) if rule else 0
    outcome = rule.outcome(earlier) if rule else Outcome()
    for other in filling_in(state.rules, known):
        outcome = with_rest(outcome, other.drawn(seed, order_key(number, job_id)))
    script = script_for(
        outcome,
        state.flavors.get(str(spec["flavor"])) or state.flavors["cpu-basic"],
        seed=seed,
        key=order_key(number, job_id),
        printed=printed_by(command_words(spec)),
    )
    if outcome.call is not None:
        # Until its function has returned it runs, and only its timeout can end it.
        script = replace(script, running=NEVER, lines=())
    ready_at = min(now + script.scheduling, NEVER)
    queues = is_limited(state, str(spec["flavor"]), namespace) and not script.image_pull_error
    job = Job(
        id=job_id,
        namespace=namespace,
        number=number,
        plan=plan_for(script, spec, state.settings.quirks, created=now, start=NEVER if queues else ready_at),
        spec=spec,
        labels=labels,
        about=about,
        rule=rule.id if rule else None,
    )
    if paying:
        accounts.replan(state, paying, None, job, now)
    rows.insert_job(state.database, job, script)
    if queues:
        queue.join(state, job, ready_at)
    else:
        note_plan(state, job)
    for name in paying:
        accounts.place(state, name, now)
    if rule is not None and outcome.call is not None:
        state.calls.add(job.id, Pending(rule.then_at(earlier), outcome.call), job.plan)
    return job


def read(state: State, caller: Caller, namespace: str, job_id: str) -> JobAt:
    """One job.

    Raises:
        Refusal: 404 without such a job in this namespace.
    """
    with state.look() as now:
        owner = allow(state, caller, namespace, "read")
        return seen(state, find(state, caller, owner, job_id, now, "read"), now)


def newest(
    state: State,
    caller: Caller,
    namespace: str,
    *,
    stages: Iterable[JobStage] = (),
    labels: Sequence[tuple[str, str]] = (),
    before: Position | None = None,
    limit: int = PAGE_SIZE,
) -> Page:
    """A page of the jobs of a namespace, newest first: in one of ``stages``, with all of ``labels``; ``limit`` at most."""
    with state.look() as now:
        owner = allow(state, caller, namespace, "read")
        stages = _visible(state, stages)
        if not stages:  # only deleted jobs are wanted, and those are hidden
            return Page([], None)
        found = rows.newest_jobs(
            state.database,
            owner.name,
            now,
            stages=stages,
            labels=labels,
            before=before,
            groups=groups_shown(state, caller, owner),
            limit=limit + 1,
        )
        page = all_seen(state, found[:limit], now)
    last = found[limit - 1] if len(found) > limit else None
    return Page(page, None if last is None else (last.plan.created, last.id))


def count(state: State, caller: Caller, namespace: str, stages: Iterable[JobStage] = ()) -> int:
    """How many jobs a namespace has, in one of ``stages``."""
    with state.look() as now:
        owner = allow(state, caller, namespace, "read")
        stages = _visible(state, stages)
        groups = groups_shown(state, caller, owner)
        return rows.count_jobs(state.database, owner.name, now, stages=stages, groups=groups) if stages else 0


def check_access(
    state: State, caller: Caller, namespace: str, permission: str, job_id: str | None = None
) -> tuple[Owner, Owner]:
    """The namespace's owner and the caller, if the caller has the permission (and the job is there)."""
    with state.look() as now:
        owner = allow(state, caller, namespace, permission)
        if job_id is not None:
            find(state, caller, owner, job_id, now, permission)
        return owner, _owner_of(state, caller)


def cancel(state: State, caller: Caller, namespace: str, job_id: str) -> JobAt:
    """Cancel a job; one that is over answers as `Quirks.cancel_finished` says."""
    with state.act() as now:
        owner = allow(state, caller, namespace, "write")
        job = find(state, caller, owner, job_id, now, "write")
        quirks = state.settings.quirks
        stage = job.plan.stage_at(now)
        if stage not in TERMINAL:
            job = _end(state, job, now, JobStage.CANCELED, message=quirks.cancel_message or None)
        elif quirks.cancel_finished == "404":
            raise Refusal(404, quirks.job_not_found)
        elif quirks.cancel_finished != "200":
            raise Refusal(int(quirks.cancel_finished), f"Job is already in a final stage: {stage}")
        return JobAt(job, now)


def relabel(state: State, caller: Caller, namespace: str, job_id: str, labels: Mapping[str, str]) -> JobAt:
    """Replace the labels of a job, whatever its stage."""
    with state.act() as now:
        owner = allow(state, caller, namespace, "write")
        job = find(state, caller, owner, job_id, now, "write")
        rows.set_labels(state.database, job.id, labels)
        return seen(state, replace(job, labels=labels), now)


def expose(
    state: State, caller: Caller, namespace: str, job_id: str, expose: Mapping[str, Sequence[int]]
) -> JobAt:
    """Replace the exposed ports of a running job; another answers as `Quirks.expose_not_running` says."""
    with state.act() as now:
        owner = allow(state, caller, namespace, "write")
        job = find(state, caller, owner, job_id, now, "write")
        stage = job.plan.stage_at(now)
        status = int(state.settings.quirks.expose_not_running)
        if stage is not JobStage.RUNNING and status != 200:
            raise Refusal(status, f"Ports can only be changed while the job is running; its stage is {stage}")
        spec = {key: value for key, value in job.spec.items() if key != "expose"}
        if expose["ports"]:
            spec["expose"] = dict(expose)
        before, exposed = job, exposing(job, now, ports=has_ports(spec))
        job = replace(job, spec=spec)
        rows.set_spec(state.database, job.id, spec)
        if exposed is not None:  # another price from now on
            job = replace(job, about={**job.about, "exposed": exposed})
            rows.set_about(state.database, job.id, job.about)
        paying = accounts.paying(state, job.namespace, job.resource_group)
        if paying:
            accounts.replan(state, paying, before, job, now)
        for name in paying:
            accounts.place(state, name, now)
        return JobAt(job, now)


def transition(
    state: State,
    job_id: str,
    stage: JobStage,
    *,
    message: str | None = None,
    cancel_reason: str | None = None,
) -> JobAt:
    """Put a job into another stage, now.

    To RUNNING, its script runs from now on; to SCHEDULING, it begins another attempt.

    Raises:
        IllegalTransition: the transition table does not lead there.
        Refusal: 404 without such a job.
        ValueError: there is no such stage; or a message for a job that goes on or is deleted, or a reason for one that is
            not cancelled.
    """
    stage = JobStage(stage)  # a plain string does as well
    with state.act() as now:
        job = rows.find_job(state.database, job_id)
        if job is None:
            raise Refusal(404, state.settings.quirks.job_not_found)
        check_transition(job.plan.stage_at(now), stage)
        if message is not None and stage not in TERMINAL:
            raise ValueError(f"message: only a job that is over has one, not one that goes to {stage}")
        if message is not None and stage is JobStage.DELETED:
            raise ValueError("message: a job that is deleted keeps the one that it ended with; leave it out")
        if cancel_reason is not None and stage is not JobStage.CANCELED:
            raise ValueError(f"cancel_reason: only a job in CANCELED has one, not one that goes to {stage}")
        if stage in TERMINAL:
            return JobAt(_end(state, job, now, stage, message=message, cancel_reason=cancel_reason), now)
        if stage is JobStage.SCHEDULING:
            job = attempts.next_attempt(state, job, now)
            if is_limited(state, job.flavor, job.namespace):
                queue.fill(state, now, flavor=job.flavor, namespace=job.namespace)
            return seen(state, job, now)
        return JobAt(_run_now(state, job, now), now)


def _run_now(state: State, job: Job, now: int) -> Job:
    script = replace(state.script_of(job.id).attempt(len(job.plan.earlier)), image_pull_error=False)
    plan = plan_for(
        script,
        job.spec,
        state.settings.quirks,
        created=job.plan.created,
        start=now,
        earlier=job.plan.earlier,
    )
    return replan(state, replace(job, plan=plan), now)


def _end(
    state: State,
    job: Job,
    now: int,
    stage: JobStage,
    *,
    message: str | None,
    cancel_reason: str | None = None,
) -> Job:
    plan = job.plan.ended(now, stage, message=message, cancel_reason=cancel_reason)
    return replan(state, replace(job, plan=plan), now)


def replan(state: State, job: Job, now: int) -> Job:
    """Give a job that ends or runs from now on the plan that it has here; its slot, or its place in the queue, is free."""
    put_plan(state, job, now)
    queue.leave(state, job)  # it may have joined under limits that are gone
    if is_limited(state, job.flavor, job.namespace):
        queue.fill(state, now, flavor=job.flavor, namespace=job.namespace)
    return job


def seen(state: State, job: Job, now: int) -> JobAt:
    """A job as it is at ``now``, and why it waits for a slot, if it does."""
    return JobAt(job, now, queue.waiting(state, job, now) if job.plan.start == NEVER else None)


def all_seen(state: State, found: Sequence[Job], now: int) -> list[JobAt]:
    """Jobs as they are at ``now``. The queue is gone through once, not for each of them that waits."""
    waits: dict[str, Waiting] = {}
    if any(job.plan.start == NEVER and now < job.plan.end for job in found):
        waits = {each.job: each.waiting for each in queue.queue(state, now)}
    return [JobAt(job, now, waits.get(job.id)) for job in found]


def find(state: State, caller: Caller, owner: Owner, job_id: str, now: int, permission: str) -> Job:
    """A job of a namespace that the caller was let into, if it may do with it what ``permission`` says.

    Raises:
        Refusal: 404 without such a job there, or if its resource group is hidden from the caller; 403 without the permission.
    """
    job = rows.find_job(state.database, job_id)
    quirks = state.settings.quirks
    if job is None or job.namespace != owner.name:
        raise Refusal(404, quirks.job_not_found)
    check_job(state, caller, owner, job, permission)
    if quirks.deleted_jobs == "hidden" and job.plan.stage_at(now) is JobStage.DELETED:
        raise Refusal(404, quirks.job_not_found)
    return job


def groups_shown(state: State, caller: Caller, owner: Owner) -> frozenset[str | None] | None:
    """The resource groups whose jobs a list shows; None: all jobs of the namespace."""
    groups = groups_of(state, caller, owner)
    return groups if owner.group is None else frozenset({owner.group.id})


def _visible(state: State, stages: Iterable[JobStage]) -> set[JobStage]:
    wanted = set(stages) or set(JobStage)
    return wanted - {JobStage.DELETED} if state.settings.quirks.deleted_jobs == "hidden" else wanted


def _about(caller: Caller, owner: Owner) -> dict[str, object]:
    user = caller.user.name
    return {"owner": person(owner), "createdBy": {"id": entity_id("user", user), "name": user}}


def person(owner: Owner) -> dict[str, object]:
    """A user or an organisation, as jobs show them."""
    return {"id": owner.id, "name": owner.name, "type": owner.type, "avatarUrl": owner.avatar_url}


def _owner_of(state: State, caller: Caller) -> Owner:
    owner = state.settings.identity.owner(caller.user.name)
    assert owner is not None, "a caller is one of the users"
    return owner


def _token_among(state: State, caller: Caller, secrets: Mapping[str, str]) -> dict[str, object] | None:
    """Describe the token that a job is handed in its secrets, if it is the caller's or a configured one."""
    known = {token.digest: token for token in (*state.settings.identity.tokens, caller.token)}
    for value in secrets.values():
        if token := known.get(token_digest(value)):
            return {"ownerName": token.user, "tokenRole": token.role}
    return None
