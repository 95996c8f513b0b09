"""Plans of faults shrink to what is simple, and there is everything in them."""

from __future__ import annotations

from hypothesis import find, settings

from fakejobs.generate.faults import MOST_TIMES, fault, plan
from fakejobs.generate.source import Seeded
from fakejobs.model.faults import DETAIL_WORDS, KINDS, WORDS, fault_from
from fakejobs.strategies import fault_plans

QUIETLY = settings(database=None, max_examples=2_000)


def test_the_simplest_plan_is_none_and_then_a_single_500() -> None:
    assert find(fault_plans(), lambda _plan: True, settings=QUIETLY) == []
    assert find(fault_plans(), lambda plan: len(plan) == 1, settings=QUIETLY) == [{"status": 500, "times": 1}]


def test_a_plan_has_as_many_faults_as_wanted() -> None:
    lengths = {len(plan(Seeded(seed), 2)) for seed in range(200)}
    assert lengths == {0, 1, 2}


def test_every_word_is_drawn_and_every_fault_is_valid_and_ends() -> None:
    words: set[str] = set()
    for seed in range(3_000):
        drawn = fault(Seeded(seed))
        made = fault_from(1, drawn)
        assert made.times is not None
        assert made.times <= MOST_TIMES
        words |= set(drawn)
    assert words == set(WORDS) - {"namespace", "job"}  # whose they are, a plan cannot know
    assert set(KINDS) | set(DETAIL_WORDS) <= words
