"""The accounts that jobs are paid from: the credits of a namespace, and what a resource group may spend in a month.

What the jobs of an account cost together is a function of their plans and the time, so when an account is used up is known in advance: it is found by
bisection, and is one entry in the agenda, which is put where it belongs whenever a plan changes. Most of the time there is enough for all that is
planned, so there is no entry, and no look at the other jobs: what is planned is known as a sum.

A plan changes from an instant on, and with it nothing of what was paid before. So what has been spent is reckoned from the plans and kept
as of some instant: no later than that of the last change, and of each job until it begins to wait for a slot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fakejobs.hub.agenda import note
from fakejobs.model.billing import billed_spans, meter, month_of
from fakejobs.model.job import Job
from fakejobs.model.plan import NEVER
from fakejobs.store.jobs import any_job, billed_jobs
from fakejobs.store.money import Account, all_accounts, delete_account, find_account, put_account
from fakejobs.store.settings import Due, delete_due

if TYPE_CHECKING:
    from fakejobs.hub.settings import Settings
    from fakejobs.hub.state import State

USED_UP = "used up"
"""An account was to be used up, or a month was to be over; the key is its name."""

_LIMITS = 1
_A_WHILE = 3_600_000
_GROUP = "group "


def paying(state: State, namespace: str, group: str | None) -> list[str]:
    """The accounts that a job of this namespace, in this resource group, is paid from; most of the time there is none."""
    names: list[str] = []
    if namespace in state.settings.credits:
        names.append(namespace)
    if group is not None and group in state.settings.group_limits:
        names.append(_GROUP + group)
    return names


def group_of(name: str) -> str | None:
    """The id of the resource group whose account this is; None: it is that of a namespace."""
    return name[len(_GROUP) :] if name.startswith(_GROUP) else None


def left(state: State, name: str, now: int) -> int:
    """How much there is left at ``now``, in micro-dollars; below zero, if the minutes that run now have cost more than there was."""
    account = _account(state, name)
    return _limit(state, account) - _spent(state, account, now)


def live(state: State, name: str, at: int) -> list[Job]:
    """The jobs of an account that are not over at ``at``."""
    return _jobs(state, name, at, started=False)


def is_left(state: State, name: str, now: int) -> bool:
    """Whether there is anything left at ``now``."""
    account = _account(state, name)
    return _planned(state, account) < _limit(state, account) or left(state, name, now) > 0


def charge(state: State, name: str, at: int) -> None:
    """Bring an account up to date, before ``at`` is the past of something that costs differently from then on."""
    account = _account(state, name)
    spent = _spent(state, account, at)
    if account.given is None and month_of(at)[0] > account.at:
        state.planned.pop(name, None)  # what was spent in another month is in it
    if (spent, at) != (account.spent, account.at):
        put_account(state.database, replace(account, spent=spent, at=at))


def replan(state: State, names: Sequence[str], before: Job | None, job: Job, at: int) -> None:
    """A job of these accounts is about to have another plan, or other ports, from ``at`` on.

    Args:
        before: the job as it was; None: it is new, and what it has cost until ``at`` is not taken from what there is.
    """
    change = _ahead(state, job, at) - (0 if before is None else _ahead(state, before, at))
    for name in names:
        if job.plan.start == NEVER and job.plan.earlier:
            charge(state, name, at)  # while it waits, nobody looks at what it cost before
        if name in state.planned:
            state.planned[name] += change


def place(state: State, name: str, at: int) -> None:
    """Put the entry of an account into the agenda, where it belongs from ``at`` on."""
    account = _account(state, name)
    enough = _planned(state, account) < _limit(state, account)
    if not enough or at - account.at > _A_WHILE:  # now and then, so that what has been spent is soon told
        charge(state, name, at)
        account = _account(state, name)
    due = None if enough else used_up(state, name, at)
    if due == account.due:
        return
    if account.due is not None:
        delete_due(state.database, _entry(account.name, account.due))
    if due is not None:
        note(state, _entry(account.name, due))
    put_account(state.database, replace(account, due=due))


def handled(state: State, due: Due) -> bool:
    """Note that the entry of an account has been taken from the agenda; False if the account has no such entry any more."""
    account = find_account(state.database, due.key)
    if account is None or account.due != due.at:
        return False
    put_account(state.database, replace(account, due=None))
    return True


def used_up(state: State, name: str, at: int) -> int | None:
    """The first instant from ``at`` on at which another minute of a job is to be paid and nothing is left; None: not with these plans.

    So minutes that have begun are run to their end, and an account is overdrawn by no more than what begins at one instant: a
    minute of each of its jobs. That of a resource group is looked at again when the month is over.
    """
    account = _account(state, name)
    jobs, quirks = _jobs(state, name, at), state.settings.quirks
    if not jobs:
        return None
    cost, limit = meter(jobs, state.flavors, quirks), _limit(state, account)
    before = account.spent - cost(at)

    def spent(instant: int) -> int:
        return before + cost(instant)

    over = max(job.plan.end for job in jobs)
    last = over if account.given is not None else min(over, month_of(at)[1])
    # What is used up in this month is there again in the next.
    not_yet = last if last < over else None
    if (most := spent(last)) < limit:
        return not_yet
    first = _first(at, last, lambda instant: spent(instant) >= limit)
    if quirks.partial_minutes == "free":
        # A minute is paid when it is over, so whatever runs then is not paid for.
        spans = (span for job in jobs for span in billed_spans(job.plan, last, quirks))
        return min((max(start, first) for start, end in spans if max(start, first) < end), default=not_yet)
    reached = spent(first)
    if reached == most:
        return not_yet
    return _first(first, last, lambda instant: spent(instant + 1) > reached)


def before_change(state: State, settings: Settings, now: int) -> None:
    """Bring all accounts up to date, if what they depend on is about to change."""
    if _money(settings) != _money(state.settings) and any_job(state.database):
        for account in all_accounts(state.database):
            charge(state, account.name, now)


def adapt(state: State, before: Settings, now: int) -> None:
    """Go on under other settings: accounts begin, end, or have something else to give."""
    wanted = [*state.settings.credits, *(_GROUP + group for group in state.settings.group_limits)]
    if not wanted and not before.credits and not before.group_limits:
        return
    known = {account.name for account in all_accounts(state.database)}
    for name in sorted(known.difference(wanted)):
        close(state, name)
    for name in wanted:
        given = state.settings.credits.get(name)
        if name not in known or given != before.credits.get(name):
            open_account(state, name, given, now)
        elif _money(before) != _money(state.settings):
            place(state, name, now)


def open_account(state: State, name: str, given: int | None, now: int) -> None:
    """Begin an account, or begin it anew."""
    close(state, name)
    at = now if given is not None else month_of(now)[0]
    jobs = any_job(state.database)
    put_account(state.database, Account(name, given, 0, at if jobs else 0))
    if jobs:  # before there is one, time may still be set back
        charge(state, name, now)
        place(state, name, now)


def close(state: State, name: str) -> None:
    """Do without an account, if it is there."""
    account = find_account(state.database, name)
    if account is not None and account.due is not None:
        delete_due(state.database, _entry(name, account.due))
    delete_account(state.database, name)
    state.planned.pop(name, None)


def _account(state: State, name: str) -> Account:
    account = find_account(state.database, name)
    assert account is not None, f"whatever the settings limit has an account: {name}"
    return account


def _entry(name: str, at: int) -> Due:
    return Due(at, _LIMITS, name, USED_UP)


def _limit(state: State, account: Account) -> int:
    if account.given is not None:
        return account.given
    return state.settings.group_limits[str(group_of(account.name))].micro_usd


def _spent(state: State, account: Account, at: int) -> int:
    """What has been spent at ``at``; of a resource group, in that month."""
    since, spent = account.at, account.spent
    if account.given is None and (start := month_of(at)[0]) > since:
        since, spent = start, 0
    return spent if at <= since else spent + _costs(state, account, since, at)


def _costs(state: State, account: Account, since: int, until: int) -> int:
    """What the jobs of an account cost from one instant to another."""
    jobs = _jobs(state, account.name, since, started=account.given is not None)
    cost = meter(jobs, state.flavors, state.settings.quirks)
    return cost(until) - cost(since)


def _planned(state: State, account: Account) -> int:
    """What will have been spent when all plans are over, and no less than what is spent in any month. Reckoned once; from then on, what changes."""
    planned = state.planned.get(account.name)
    if planned is None:
        planned = account.spent + _costs(state, account, account.at, NEVER)
        state.planned[account.name] = planned
    return planned


def _ahead(state: State, job: Job, at: int) -> int:
    """What a job costs from ``at`` on."""
    cost = meter([job], state.flavors, state.settings.quirks)
    return cost(NEVER) - cost(at)


def _jobs(state: State, name: str, since: int, *, started: bool = True) -> list[Job]:
    """The jobs of an account that were not over at ``since``.

    Args:
        started: leave out those that have no start yet, if they cost nothing. An account that is begun within a month has to have those,
            too, as they may have had other attempts in it.
    """
    group = group_of(name)
    namespace = name if group is None else state.settings.group_limits[group].namespace
    started = started and state.settings.quirks.billed_from == "start"
    jobs = billed_jobs(state.database, namespace, since, started=started)
    return jobs if group is None else [job for job in jobs if job.resource_group == group]


def _money(settings: Settings) -> tuple[object, ...]:
    """The settings that decide what is paid, and from what."""
    quirks = settings.quirks
    return settings.credits, settings.group_limits, quirks.billed_from, quirks.partial_minutes


def _first(low: int, high: int, is_so: Callable[[int], bool]) -> int:
    """The first instant from ``low`` to ``high`` at which something is so that stays so; at ``high`` it is."""
    high = min(high, NEVER)
    while low < high:
        middle = (low + high) // 2
        if is_so(middle):
            high = middle
        else:
            low = middle + 1
    return low
