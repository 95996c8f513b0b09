"""Credits, what resource groups may spend, and what has been used: the use cases around money."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from fakejobs.hub import accounts, queue
from fakejobs.hub.plans import is_limited as has_slots
from fakejobs.hub.plans import put_plan
from fakejobs.model.billing import (
    JobsUsage,
    UsedJob,
    billed_spans,
    cost_at,
    dollars,
    micro_from,
    minutes,
    month_of,
)
from fakejobs.model.identity import Caller
from fakejobs.model.job import Job
from fakejobs.model.refusal import Refusal
from fakejobs.model.stages import JobStage
from fakejobs.model.units import did_you_mean, short
from fakejobs.store.jobs import any_job, billed_jobs
from fakejobs.store.money import find_account, put_account
from fakejobs.store.settings import Due

if TYPE_CHECKING:
    from fakejobs.hub.state import State

NO_CREDITS = "NO_CREDITS"
RESOURCE_GROUP_LIMIT = "RESOURCE_GROUP_LIMIT"

INSUFFICIENT = "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."
"""Text of the 402, as reported by users since 2025 (huggingface/ml-intern#125)."""


def is_limited(state: State, namespace: str) -> bool:
    """Whether a submission in this namespace may be refused for want of money."""
    limits = state.settings.group_limits.values()
    return namespace in state.settings.credits or any(limit.namespace == namespace for limit in limits)


def check(state: State, namespace: str, group: str | None, now: int) -> None:
    """Whether a job of this namespace, in this resource group, may be created at ``now``: something must be left, however little.

    Raises:
        Refusal: 402 without credits; 403 for a resource group that has spent what it may.
    """
    for name in accounts.paying(state, namespace, group):
        if accounts.is_left(state, name, now):
            continue
        balance = accounts.left(state, name, now)
        if accounts.group_of(name) is None:
            raise Refusal(402, INSUFFICIENT, hint=f"{namespace} has {dollars(balance)} dollars left")
        raise Refusal(
            403,
            state.settings.quirks.resource_group_limit_refused,
            hint=f"the resource group {group} has {dollars(balance)} dollars left in this month",
        )


def used_up(state: State, due: Due) -> None:
    """An account was planned to be used up: its jobs are cancelled. Or a month is over, and it is not."""
    if not accounts.handled(state, due):
        return
    name, at = due.key, due.at
    accounts.charge(state, name, at)
    if accounts.used_up(state, name, at) != at:
        accounts.place(state, name, at)
        return
    reason, message = _why(state, name)
    ending = [job for job in accounts.live(state, name, at) if _is_cancelled(state, job, at)]
    # Those that wait first, so that none gets the slot of another.
    ending.sort(key=lambda job: (job.plan.start <= at, job.plan.created, job.id))
    touched = {each for job in ending for each in accounts.paying(state, job.namespace, job.resource_group)}
    for job in ending:
        plan = job.plan.ended(at, JobStage.CANCELED, message=message or None, cancel_reason=reason)
        put_plan(state, job.with_plan(plan), at, place=False)
        queue.leave(state, job)
    for flavor, namespace in sorted({(job.flavor, job.namespace) for job in ending}):
        if has_slots(state, flavor, namespace):
            queue.fill(state, at, flavor=flavor, namespace=namespace)
    for each in sorted({name, *touched}):
        accounts.place(state, each, at)


def credits_of(state: State, namespace: str) -> Decimal | None:
    """The dollars that a namespace has left, exactly; None: its credits have no limit.

    Raises:
        ValueError: there is no such namespace.
    """
    with state.look() as now:
        _check_namespace(state, namespace)
        if namespace not in state.settings.credits:
            return None
        return dollars(accounts.left(state, namespace, now))


def add_credits(state: State, namespace: str, amount: object) -> Decimal:
    """Add dollars to what a namespace has; returns what it has then. Jobs that were cancelled stay so.

    Raises:
        ValueError: there is no such namespace, its credits have no limit, or it is no amount.
    """
    micro = micro_from(amount)
    with state.act() as now:
        _check_namespace(state, namespace)
        if namespace not in state.settings.credits:
            raise ValueError(
                f"{namespace}: its credits have no limit, so there is nothing to add to; give it some: set_credits"
            )
        account = find_account(state.database, namespace)
        assert account is not None
        assert account.given is not None
        put_account(state.database, replace(account, given=account.given + micro))
        if any_job(state.database):  # before there is one, time may still be set back
            accounts.place(state, namespace, now)
        return dollars(accounts.left(state, namespace, now))


def set_credits(state: State, namespace: str, amount: object) -> None:
    """Let a namespace have so many dollars from now on, whatever it had; None: without limit.

    Raises:
        ValueError: there is no such namespace, or it is no amount.
    """
    micro = None if amount is None else micro_from(amount)
    with state.act() as now:
        _check_namespace(state, namespace)
        namespaces = dict(state.settings.namespaces)
        words = {word: each for word, each in namespaces.get(namespace, {}).items() if word != "credits"}
        if micro is not None:
            words["credits"] = float(dollars(micro))
        namespaces[namespace] = words
        state.configure(replace(state.settings, namespaces={k: v for k, v in namespaces.items() if v}))
        if micro is not None:  # the settings may have said the same before
            accounts.open_account(state, namespace, micro, now)


def usage(state: State, caller: Caller) -> JobsUsage:
    """What the caller's own jobs have used in this month, those that run included."""
    namespace = caller.user.name
    with state.look() as now:
        start, end = month_of(now)
        jobs = billed_jobs(state.database, namespace, start, started=False)
        used = [each for job in jobs if (each := _used(state, job, start, now)) is not None]
        limited = namespace in state.settings.credits
        access = not limited or accounts.left(state, namespace, now) > 0
        return JobsUsage(start, end, used, access)


def _used(state: State, job: Job, since: int, now: int) -> UsedJob | None:
    quirks, flavors = state.settings.quirks, state.flavors
    spans = billed_spans(job.plan, now, quirks)
    if not spans:
        return None
    return UsedJob(
        job,
        minutes(job.plan, now, quirks) - minutes(job.plan, since, quirks),
        cost_at(job, flavors, now, quirks) - cost_at(job, flavors, since, quirks),
        spans[0][0],
        job.plan.end if job.plan.end <= now else None,
    )


def _why(state: State, name: str) -> tuple[str, str]:
    if accounts.group_of(name) is None:
        return NO_CREDITS, state.settings.quirks.no_credits_message
    return RESOURCE_GROUP_LIMIT, state.settings.quirks.resource_group_limit_message


def _is_cancelled(state: State, job: Job, at: int) -> bool:
    quirks = state.settings.quirks
    if quirks.no_credits_cancels == "all" or quirks.billed_from == "creation":
        return True
    return job.plan.stage_at(at) is JobStage.RUNNING


def _check_namespace(state: State, namespace: str) -> None:
    known = state.settings.identity.namespaces()
    if namespace not in known:
        raise ValueError(f"namespace: there is no {short(namespace)} here{did_you_mean(namespace, known)}")
