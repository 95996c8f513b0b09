"""What a job costs."""

from __future__ import annotations

from decimal import Decimal

from fakejobs.model.flavors import Flavor
from fakejobs.model.plan import Plan

_MINUTE = 60_000


def micro_usd(flavor: Flavor, plan: Plan, now: int) -> int:
    """What a job has cost at ``now``, in micro-dollars: each minute that it has begun to run, of every attempt.

    Jobs are billed by the minute while "Starting" or "Running", and not during the build (Hub documentation, "Pricing and Billing").
    The API has no stage for the former, so here only running counts.
    """
    spans = list(plan.earlier)
    if (started := plan.started_at(now)) is not None:
        spans.append((started, min(now, plan.end)))
    return sum(-(-(end - start) // _MINUTE) for start, end in spans) * flavor.micro_usd


def dollars(micro: int) -> Decimal:
    """Micro-dollars as dollars."""
    return Decimal(micro) / 1_000_000
