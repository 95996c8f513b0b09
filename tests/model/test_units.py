"""Lengths of time as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.plan import NEVER
from fakejobs.model.units import did_you_mean, length_range, milliseconds, words


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, 0), (90, 90_000), (1.5, 1_500), (0.001, 1), ("90", 90_000), ("90s", 90_000), ("5m", 300_000),
        ("1.5h", 5_400_000), ("2d", 172_800_000), ("250ms", 250), (" 5 m ", 300_000), ("0", 0), ("12h", 43_200_000),
    ],
)  # fmt: skip
def test_lengths(length: object, expected: int) -> None:
    assert milliseconds(length) == expected


@pytest.mark.parametrize(
    "length",
    [-1, "-1", "", "h", "1h30m", "1 hour", "1,5h", "1e3", "soon", None, True, [1], {}, float("nan"), float("inf"),
     "٣s", "1_000", "forever", "0x10", "9" * 400],
)  # fmt: skip
def test_what_is_no_length(length: object) -> None:
    with pytest.raises(ValueError, match=r"give seconds, or a text such as|negative") as refused:
        milliseconds(length)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("length", [10**11, 10**30, 1e300, "40000d", "999999999999h"])
def test_what_is_too_long(length: object) -> None:
    with pytest.raises(ValueError, match="longer than a hundred years"):
        milliseconds(length)


def test_forever_only_where_it_is_allowed() -> None:
    assert milliseconds("forever", forever=True) == NEVER
    with pytest.raises(ValueError, match='or "forever"'):
        milliseconds("for ever", forever=True)


def test_ranges() -> None:
    assert length_range({"between": ["1s", 5]}) == (1_000, 5_000)
    assert length_range("1m") == (60_000, 60_000)
    assert length_range({"between": [2, 2]}) == (2_000, 2_000)
    assert length_range("forever", forever=True) == (NEVER, NEVER)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"between": [5, 1]}, "goes backwards: 5s is longer than 1s"),
        ({"between": ["2h", "90m"]}, "goes backwards: 2h is longer than 1h 30m"),
        ({"between": [1]}, "needs two lengths"),
        ({"between": "15"}, "needs two lengths"),
        ({"between": [1, 2], "x": 1}, "a range is written"),
        ({"from": 1, "to": 2}, "a range is written"),
        ({"between": [1, "forever"]}, "'forever' is no length of time"),
    ],
)
def test_ranges_that_are_none(value: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        length_range(value, forever=True)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "0s"),
        (250, "0.25s"),
        (2_500, "2.5s"),
        (60_000, "1m"),
        (5_400_000, "1h 30m"),
        (90_061_000, "1d 1h"),
        (NEVER, "forever"),
    ],
)
def test_lengths_in_words(length: int, expected: str) -> None:
    assert words(length) == expected


@given(st.integers(0, 10**9))
def test_milliseconds_go_round(length: int) -> None:
    assert milliseconds(f"{length}ms") == length
    assert milliseconds(length) == length * 1000


def test_near_words_are_suggested() -> None:
    assert did_you_mean("flavour", ["image", "flavor"]) == "; did you mean 'flavor'?"
    assert did_you_mean("xyz", ["image", "flavor"]) == "; there are: image, flavor"
