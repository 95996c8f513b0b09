"""Chaos as data: what is drawn of a seed and a level."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.chaos import LEVELS, chaos, chaos_from
from fakejobs.model.outcomes import outcome_from
from fakejobs.model.presets import PRESETS, preset_from

SEEDS = st.integers(-(2**63), 2**63 - 1)


@given(SEEDS, st.sampled_from(LEVELS))
def test_the_same_seed_and_level_are_the_same_mix_and_it_can_be(seed: int, level: str) -> None:
    drawn = chaos(seed, level)
    assert drawn == chaos(seed, level)
    assert len(drawn.presets) == len(dict(drawn.presets)) == {"low": 3, "medium": 6, "high": 10}[level]
    for name, words in drawn.presets:
        preset = preset_from(name, words)
        assert preset.faults
        assert not preset.quirks, "what is drawn can be taken away again"
        probability = words.get("probability", 0.0)
        assert isinstance(probability, float)
        assert 0 <= probability < {"low": 0.13, "medium": 0.23, "high": 0.46}[level]
    for words in drawn.outcomes:
        outcome_from(words)


def drawn_names(level: str) -> set[str]:
    return {name for seed in range(300) for name, _words in chaos(seed, level).presets}


def drawn_fates(level: str) -> set[str]:
    return {str(words) for seed in range(300) for words in chaos(seed, level).outcomes}


def test_over_many_seeds_everything_is_drawn_and_a_higher_level_has_all_of_a_lower_one() -> None:
    low, medium, high = map(drawn_names, LEVELS)
    assert low == {"flaky_submit", "flaky_reads", "slow_hub", "stream_drop", "rate_limited"}
    assert medium == low | {
        "stream_stall",
        "stream_ends_early",
        "torn_answer",
        "lost_answer",
        "metrics_broken",
    }
    assert high == medium | {"lost_lines", "hub_down", "unreachable", "no_credits", "logged_out"}
    assert high <= set(PRESETS)
    low_fates, medium_fates, high_fates = map(drawn_fates, LEVELS)
    assert (len(low_fates), len(medium_fates), len(high_fates)) == (3, 6, 9)
    assert low_fates < medium_fates < high_fates


def test_a_higher_level_has_more_unlucky_jobs() -> None:
    unlucky = [
        sum(1 for seed in range(100) for each in chaos(seed, level).outcomes if each) for level in LEVELS
    ]
    assert 0.1 < unlucky[0] / 3_000 < 0.22
    assert unlucky == sorted(unlucky)
    assert 0.5 < unlucky[2] / 3_000 < 0.7


def test_seeds_differ() -> None:
    assert len({str(chaos(seed)) for seed in range(50)}) == 50


@pytest.mark.parametrize(
    ("seed", "level", "said"),
    [
        (0, "hgih", r"^chaos: there is no level 'hgih'; did you mean 'high'\?$"),
        (0, 7, r"^chaos: there is no level 7; there are: low, medium, high$"),
        (2**63, "low", "^chaos: seed: give a whole number of at most 64 bits$"),
        (True, "low", "^chaos: seed: "),
        ("7", "low", "^chaos: seed: "),
    ],
)
def test_what_cannot_be(seed: int, level: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        chaos(seed, level)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("high", ("high", None)),
        ({"level": "low", "seed": 7}, ("low", 7)),
        ({"seed": 7}, ("medium", 7)),
        ({}, ("medium", None)),
    ],
)
def test_as_options_and_files_have_it(value: object, read: object) -> None:
    assert chaos_from(value) == read


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7, "^chaos: give a level, such as"),
        ({"levl": "low"}, r"^chaos\.levl: unknown word; did you mean 'level'\?$"),
        ({"level": 3}, "^chaos: the level is a text"),
        ({"seed": "x"}, "^chaos: the level is a text, and the seed a whole number$"),
        ({"seed": True}, "^chaos: seed: "),
        ("", "^chaos: there is no level ''"),
    ],
)
def test_as_they_cannot_have_it(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        chaos_from(value)
