"""What a job costs: every minute that it has begun to run."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.billing import EXPOSED_MICRO_USD, cost_at, dollars, meter, micro_from, micro_usd, month_of
from fakejobs.model.flavors import hardware
from fakejobs.model.job import Job
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.quirks import Quirks
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


INSTANTS = st.integers(0, 600_000)
SPANS = st.lists(INSTANTS, min_size=2, max_size=6, unique=True).map(sorted)


@given(
    times=SPANS,
    exposed=st.one_of(st.none(), st.lists(INSTANTS, max_size=5, unique=True).map(sorted)),
    billed_from=st.sampled_from(["start", "creation"]),
    partial=st.sampled_from(["billed", "free"]),
    looks=st.lists(st.integers(0, 700_000), min_size=1, max_size=5),
)
def test_a_meter_says_what_a_job_costs_and_never_goes_back(
    times: list[int], exposed: list[int] | None, billed_from: str, partial: str, looks: list[int]
) -> None:
    quirks = Quirks(billed_from=billed_from, partial_minutes=partial)
    spans = list(zip(times[::2], times[1::2], strict=False))
    plan = Plan(0, *spans[-1], JobStage.COMPLETED, earlier=tuple(spans[:-1]))
    about: dict[str, object] = {} if exposed is None else {"exposed": exposed}
    job = Job("0" * 24, "me", 1, plan, {"flavor": "t4-small"}, {}, about)
    cost = meter([job], hardware(), quirks)
    seen = [cost(now) for now in sorted(looks)]
    assert seen == [cost_at(job, hardware(), now, quirks) for now in sorted(looks)]
    assert seen == sorted(seen)


def test_ports_cost_the_minutes_in_which_they_are_exposed() -> None:
    spec = {"flavor": "cpu-basic", "expose": {"ports": [1, 2]}}
    plan = Plan(0, 0, 600_000, JobStage.COMPLETED)
    job = Job("0" * 24, "me", 1, plan, spec, {}, {})
    assert cost_at(job, hardware(), 600_000) == 10 * (167 + EXPOSED_MICRO_USD)
    shown = replace(job, about={"exposed": [90_000, 100_000, 110_000, 130_000, 500_000]})
    assert cost_at(shown, hardware(), 600_000) == 10 * 167 + (2 + 2) * EXPOSED_MICRO_USD


def test_ports_that_are_exposed_at_the_end_cost_nothing() -> None:
    plan = Plan(0, 0, 90_000, JobStage.CANCELED)
    job = Job("0" * 24, "me", 1, plan, {"flavor": "cpu-basic"}, {}, {"exposed": [90_000]})
    assert cost_at(job, hardware(), 90_000) == cost_at(job, hardware(), 600_000) == 2 * 167
    before = replace(job, about={"exposed": [89_999]})
    assert cost_at(before, hardware(), 90_000) == 2 * 167 + EXPOSED_MICRO_USD


@pytest.mark.parametrize(
    ("amount", "micro"), [(1.5, 1_500_000), ("0.000001", 1), (0, 0), (Decimal("2.25"), 2_250_000), (1e-6, 1)]
)
def test_amounts(amount: object, micro: int) -> None:
    assert micro_from(amount) == micro


@pytest.mark.parametrize("amount", [-1, "1,5", None, True, 1e10, "inf", "0.0000001", [1]])
def test_amounts_that_are_none(amount: object) -> None:
    with pytest.raises(ValueError, match="give dollars, from 0 to 1000000000, with six decimals at most"):
        micro_from(amount)


def test_months() -> None:
    assert month_of(1_780_000_000_000) == (1_777_593_600_000, 1_780_272_000_000)
    assert month_of(1_780_271_999_999)[1] == month_of(1_780_272_000_000)[0] == 1_780_272_000_000


def test_dollars_are_exact() -> None:
    assert dollars(391_666) == Decimal("0.391666")
    assert dollars(0) == 0
