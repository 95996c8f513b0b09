"""Keyed draws: even over their keys, independent of order; ids that are ObjectIds."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.draws import between, digest, draw, entity_id, object_id


def test_draws_are_even_over_keys() -> None:
    buckets = [0] * 10
    for key in range(10_000):
        u = draw(7, str(key), "scheduling")
        assert 0 <= u < 1
        buckets[int(u * 10)] += 1
    assert all(850 <= count <= 1150 for count in buckets)


def test_draws_of_neighbours_have_nothing_to_do_with_each_other() -> None:
    for one, other in (
        ([draw(0, str(k), "a") for k in range(2_000)], [draw(0, str(k), "b") for k in range(2_000)]),
        ([draw(0, str(k), "a") for k in range(2_000)], [draw(1, str(k), "a") for k in range(2_000)]),
        ([draw(0, str(k), "a") for k in range(2_000)], [draw(0, str(k + 1), "a") for k in range(2_000)]),
        ([draw(0, "x", "a", k) for k in range(2_000)], [draw(0, "x", "a", k + 1) for k in range(2_000)]),
    ):
        mean = sum((a - 0.5) * (b - 0.5) for a, b in zip(one, other, strict=True)) / 2_000
        assert abs(mean * 12) < 0.1, "no correlation to speak of"


def test_the_order_of_drawing_does_not_matter() -> None:
    keys = [(str(key), purpose, index) for key in range(20) for purpose in "ab" for index in range(3)]
    straight = {key: draw(3, *key) for key in keys}
    random.Random(0).shuffle(keys)
    assert {key: draw(3, *key) for key in keys} == straight


def test_draws_are_the_same_on_every_machine_and_in_every_release() -> None:
    assert digest(0, "1", "scheduling").hex() == "b204cb7392d74531"
    assert draw(0, "1", "scheduling") == pytest.approx(0.6953856618, abs=1e-9)


@given(low=st.integers(0, 10**9), spread=st.integers(0, 10**9), u=st.floats(0, 1, exclude_max=True))
def test_between_stays_between(low: int, spread: int, u: float) -> None:
    assert low <= between(low, low + spread, u) <= low + spread


def test_between_reaches_both_ends() -> None:
    assert {between(1, 3, n / 300) for n in range(300)} == {1, 2, 3}
    assert {between(0, 3, n / 400) for n in range(400)} == {0, 1, 2, 3}
    assert between(5, 5, 0.9) == 5
    assert between(1_000, 64_000, 0.5) == 8_000, "wide ranges are even over their logarithm"


@given(
    created=st.integers(0, 253_402_300_799_999),
    seed=st.integers(),
    number=st.integers(1, 2**30),
    origin=st.text(max_size=5),
)
def test_ids_are_object_ids(created: int, seed: int, number: int, origin: str) -> None:
    made = object_id(created, seed, origin, number)
    assert re.fullmatch("[0-9a-f]{24}", made)
    assert int(made[:8], 16) == created // 1000 % 2**32
    assert int(made[18:], 16) == number % 2**24


@given(jobs=st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 5)), min_size=2, max_size=20))
def test_ids_sort_by_second_then_by_submission(jobs: list[tuple[int, int]]) -> None:
    now, made = 1_780_000_000_000, []
    for number, (pause, _) in enumerate(jobs, 1):
        now += pause
        made.append((now, object_id(now, 0, "fakejobs", number)))
    assert made == sorted(made)
    assert [job_id for _, job_id in made] == sorted(job_id for _, job_id in made)


def test_other_seeds_and_origins_give_other_ids() -> None:
    ids = {object_id(0, seed, origin, 1) for seed in range(10) for origin in ("a", "b")}
    assert len(ids) == 20


def test_ids_of_people_follow_from_their_names() -> None:
    assert entity_id("user", "ada") == entity_id("user", "ada")
    assert entity_id("user", "ada") != entity_id("org", "ada")
    assert re.fullmatch("[0-9a-f]{24}", entity_id("user", "ada"))
