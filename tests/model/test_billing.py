"""What a job costs: every minute that it has begun to run."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.billing import dollars, micro_usd
from fakejobs.model.flavors import hardware
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.stages import JobStage

T4 = hardware()["t4-small"]
PLAN = Plan(0, 100_000, 100_000 + 90_000, JobStage.COMPLETED)


@pytest.mark.parametrize(
    ("now", "minutes"),
    [(0, 0), (99_999, 0), (100_000, 0), (100_001, 1), (160_000, 1), (160_001, 2), (190_000, 2), (10**9, 2)],
)
def test_minutes_that_have_begun(now: int, minutes: int) -> None:
    assert micro_usd(T4, PLAN, now) == minutes * 6667


def test_waiting_costs_nothing() -> None:
    assert micro_usd(T4, Plan(0, NEVER, NEVER, JobStage.COMPLETED), 10**12) == 0
    assert micro_usd(T4, Plan(0, NEVER, 5_000, JobStage.CANCELED), 10**12) == 0


def test_every_attempt_costs() -> None:
    plan = Plan(0, 200_000, 260_000, JobStage.COMPLETED, earlier=((0, 30_000), (60_000, 121_000)))
    assert micro_usd(T4, plan, 10**9) == (1 + 2 + 1) * 6667
    assert micro_usd(T4, plan, 199_999) == (1 + 2) * 6667


@given(st.lists(st.integers(0, 500_000), min_size=2))
def test_it_never_gets_cheaper(times: list[int]) -> None:
    costs = [micro_usd(T4, PLAN, now) for now in sorted(times)]
    assert costs == sorted(costs)


def test_dollars_are_exact() -> None:
    assert dollars(391_666) == Decimal("0.391666")
    assert dollars(0) == 0
