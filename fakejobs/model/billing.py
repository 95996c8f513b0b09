"""What a job costs: so much for each minute, in micro-dollars, as a pure function of the job and the instant.

Jobs are billed by the minute while "Starting" or "Running", and not during the build; exposing ports adds $0.01 an hour, flat per job; all of
it is taken from prepaid credits (Hub documentation, "Pricing and Billing" of Jobs). The API has no stage for the former, so here a job
costs from when it runs (`Quirks.billed_from`), in every attempt, each minute that it has begun (`Quirks.partial_minutes`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation

from fakejobs.model.flavors import Flavor
from fakejobs.model.job import Job
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.quirks import Quirks
from fakejobs.model.units import short

MINUTE = 60_000
"""Milliseconds."""

EXPOSED_MICRO_USD = 167
"""A minute with exposed ports, in micro-dollars, whatever their number. It is $0.01 an hour; the Hub's hardware list rounds that price, which is
also that of cpu-basic, to this."""

MOST_DOLLARS = 1_000_000_000
"""More than anybody has."""

Span = tuple[int, int]
"""From, to, in milliseconds: ``[from, to)``."""

_DEFAULT = Quirks()


@dataclass(frozen=True)
class UsedJob:
    """What a job has used in a period.

    Attributes:
        job: the job.
        minutes: that were billed in the period.
        micro_usd: what they cost.
        started: from when on it has been billed, in milliseconds.
        completed: when it was over; None: it is not.
    """

    job: Job
    minutes: int
    micro_usd: int
    started: int
    completed: int | None


@dataclass(frozen=True)
class JobsUsage:
    """What the jobs of a namespace have used in a period.

    Attributes:
        start: the first instant of the period, in milliseconds.
        end: the first one after it.
        jobs: newest first.
        has_access: whether the namespace could submit another.
    """

    start: int
    end: int
    jobs: list[UsedJob]
    has_access: bool


def dollars(micro: int) -> Decimal:
    """Micro-dollars as dollars."""
    return Decimal(micro) / 1_000_000


def micro_from(amount: object) -> int:
    """Micro-dollars of an amount in dollars: a number, or a text such as ``"1.50"``.

    Raises:
        ValueError: it is none, is below 0 or above a billion, or has more than six decimals.
    """
    try:
        if isinstance(amount, bool) or not isinstance(amount, (int, float, str, Decimal)):
            raise InvalidOperation
        exact = Decimal(str(amount).strip()) * 1_000_000
        if 0 <= exact <= MOST_DOLLARS * 1_000_000 and exact == int(exact):
            return int(exact)
    except InvalidOperation:
        pass
    raise ValueError(f"{short(amount)}: give dollars, from 0 to {MOST_DOLLARS}, with six decimals at most")


def month_of(now: int) -> Span:
    """The calendar month in UTC that an instant is in: the period over which usage, and the limits of resource groups, count.

    The Hub documents that there is a period, and not which.
    """
    at = datetime.fromtimestamp(now // 1000, tz=timezone.utc)
    start = datetime(at.year, at.month, 1, tzinfo=timezone.utc)
    later = start.year + start.month // 12, start.month % 12 + 1
    end = NEVER if later[0] > 9999 else int(datetime(*later, 1, tzinfo=timezone.utc).timestamp()) * 1000
    return int(start.timestamp()) * 1000, end


def billed_spans(plan: Plan, now: int, quirks: Quirks = _DEFAULT) -> list[Span]:
    """From when to when a job has been billed, as far as that is the past at ``now``: its attempts, oldest first."""
    if quirks.billed_from == "creation":
        spans: Sequence[Span] = ((plan.created, plan.end),)
    else:
        spans = (*plan.earlier, (plan.start, plan.end))
    return [(start, min(end, now)) for start, end in spans if start <= min(end, now)]


def minutes(plan: Plan, now: int, quirks: Quirks = _DEFAULT) -> int:
    """How many minutes of a job have been billed at ``now``."""
    return sum(_minutes(end - start, quirks) for start, end in billed_spans(plan, now, quirks))


def micro_usd(
    flavor: Flavor, plan: Plan, now: int, *, exposed: Iterable[Span] = (), quirks: Quirks = _DEFAULT
) -> int:
    """What a job has cost at ``now``, in micro-dollars. It never gets less as time passes.

    Args:
        flavor: the hardware.
        plan: the plan of the job.
        now: the instant.
        exposed: from when to when it had exposed ports, oldest first.
        quirks: undocumented behaviours.
    """
    spans = billed_spans(plan, now, quirks)
    cost = sum(_minutes(end - start, quirks) for start, end in spans) * flavor.micro_usd
    if exposed:
        cost += _exposed_minutes(spans, exposed, quirks) * EXPOSED_MICRO_USD
    return cost


def cost_at(job: Job, flavors: Mapping[str, Flavor], now: int, quirks: Quirks = _DEFAULT) -> int:
    """What a job has cost at ``now``, in micro-dollars. Hardware that the Hub does not list has no price; it costs nothing here."""
    flavor = flavors.get(job.flavor)
    if flavor is None:
        return 0
    return micro_usd(flavor, job.plan, now, exposed=exposed_spans(job), quirks=quirks)


def meter(jobs: Iterable[Job], flavors: Mapping[str, Flavor], quirks: Quirks) -> Callable[[int], int]:
    """What jobs have cost together, as `cost_at` says of each; for many instants."""
    usual: list[tuple[int, int, int]] = []
    others: list[Job] = []
    for job in jobs:
        flavor = flavors.get(job.flavor)
        if flavor is None or quirks.partial_minutes == "free" or exposed_spans(job):
            others.append(job)
        else:
            spans = billed_spans(job.plan, NEVER, quirks)
            usual += [(start, end, flavor.micro_usd) for start, end in spans if start < end]

    def cost(now: int) -> int:
        # In one go, as there may be thousands, and an instant is looked for among many.
        each = [price * -((start - min(end, now)) // MINUTE) for start, end, price in usual if start < now]
        return sum(each) + sum(cost_at(job, flavors, now, quirks) for job in others)

    return cost


def exposed_spans(job: Job) -> list[Span]:
    """From when to when a job has, or will have had, exposed ports."""
    changes = job.about.get("exposed")
    if not isinstance(changes, list):
        return [(job.plan.created, NEVER)] if has_ports(job.spec) else []
    return [
        (at, *(changes[2 * index + 1 : 2 * index + 2] or [NEVER])) for index, at in enumerate(changes[::2])
    ]


def exposing(job: Job, now: int, *, ports: bool) -> list[int] | None:
    """The instants at which a job's ports were exposed, hidden, exposed, ... if they are, or are not, from ``now`` on.

    None: nothing changes. It is what ``about["exposed"]`` of the job is to be.
    """
    if ports == has_ports(job.spec):
        return None
    changes = job.about.get("exposed")
    if not isinstance(changes, list):
        changes = [job.plan.created] if has_ports(job.spec) else []
    return [*changes, now]


def has_ports(spec: Mapping[str, object]) -> bool:
    """Whether a job exposes ports."""
    expose = spec.get("expose")
    return isinstance(expose, Mapping) and bool(expose.get("ports"))


def _minutes(length: int, quirks: Quirks) -> int:
    return length // MINUTE if quirks.partial_minutes == "free" else -(-length // MINUTE)


def _exposed_minutes(spans: Iterable[Span], exposed: Iterable[Span], quirks: Quirks) -> int:
    count = 0
    for start, end in spans:
        counted = 0  # minutes of this span, from its start
        for shown, hidden in exposed:
            since, until = max(shown, start), min(hidden, end)
            if since >= until:
                continue
            first = max((since - start) // MINUTE, counted)
            last = _minutes(until - start, quirks)
            if last > first:
                count += last - first
                counted = last
    return count
