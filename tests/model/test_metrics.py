"""Metrics: plausible for the flavor, drawn by keys, with the figures of the one public sample."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.flavors import FLAVORS, hardware
from fakejobs.model.metrics import metrics_at

NAMES = [each.name for each in FLAVORS]


def test_the_totals_are_those_of_the_public_sample() -> None:
    sample = metrics_at(hardware()["a10g-small"], seed=0, key="1", second=30)
    assert sample["cpu_millicores"] == 3500
    assert sample["memory_total_bytes"] == 15_032_385_536
    (card,) = sample["gpus"].values()
    assert card["memory_total_bytes"] == 22_836_000_000
    cpu = metrics_at(hardware()["cpu-basic"], seed=0, key="1", second=30)
    assert (cpu["cpu_millicores"], cpu["memory_total_bytes"], cpu["gpus"]) == (2000, 17_179_869_184, {})


@given(
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 5),
    key=st.integers(1, 50),
    second=st.integers(0, 100_000),
)
def test_every_sample_is_plausible(name: str, seed: int, key: int, second: int) -> None:
    flavor = hardware()[name]
    sample = metrics_at(flavor, seed=seed, key=str(key), second=second)
    assert 0 <= sample["cpu_usage_pct"] <= 100
    assert 0 < sample["memory_used_bytes"] <= sample["memory_total_bytes"]
    assert sample["rx_bps"] >= sample["tx_bps"] >= 0
    assert re.fullmatch("[0-9a-z]{5}", sample["replica"])
    assert len(sample["gpus"]) == (flavor.accelerator.quantity if flavor.accelerator else 0)
    for card, values in sample["gpus"].items():
        assert re.fullmatch("[0-9a-f]{8}", card)
        assert 0 <= values["utilization"] <= 100
        assert 0 <= values["memory_used_bytes"] <= values["memory_total_bytes"]
    assert all(isinstance(value, (int, str, dict)) for value in sample.values())
    assert sample == metrics_at(flavor, seed=seed, key=str(key), second=second)


@pytest.mark.parametrize("name", NAMES)
def test_load_rises_from_nothing_and_stays_in_the_range_of_the_flavor(name: str) -> None:
    flavor = hardware()[name]
    first = metrics_at(flavor, seed=0, key="1", second=0)
    assert first["cpu_usage_pct"] == 0
    assert first["memory_used_bytes"] == 1_417_216
    later = [metrics_at(flavor, seed=0, key="1", second=second) for second in range(30, 600, 7)]
    low, high = flavor.cpu_load
    assert all(low <= each["cpu_usage_pct"] <= high for each in later)
    assert len({each["cpu_usage_pct"] for each in later}) > 5
    assert [each["memory_used_bytes"] for each in later] == sorted(
        each["memory_used_bytes"] for each in later
    )


def test_jobs_differ_and_a_job_keeps_its_replica_and_cards() -> None:
    flavor = hardware()["l4x4"]
    one = [metrics_at(flavor, seed=0, key="1", second=second) for second in range(5)]
    other = metrics_at(flavor, seed=0, key="2", second=3)
    assert len({each["replica"] for each in one}) == 1
    assert len({tuple(each["gpus"]) for each in one}) == 1
    assert other["replica"] != one[3]["replica"]
    assert set(other["gpus"]).isdisjoint(one[3]["gpus"])
