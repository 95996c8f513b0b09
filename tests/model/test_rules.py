"""Rules: which jobs they match, and what cannot be a rule."""

from __future__ import annotations

import string
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.rules import Features, newest_match, rule_from

JOB: Features = {
    "image": "ghcr.io/astral-sh/uv:python3.12",
    "command": "python train.py --lr 0.1",
    "flavor": "h200x8",
    "namespace": "acme",
    "name": "run-7",
    "labels": {"name": "run-7", "team": "vision", "empty": ""},
    "environment": {"LR": "0.1", "DEBUG": ""},
}


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ({}, True),
        ({"flavor": "h200x8"}, True),
        ({"flavor": "h200*"}, True),
        ({"flavor": "h200"}, False),
        ({"flavor": "h200x[48]"}, True),
        ({"flavor": "h200x[!8]"}, False),
        ({"image": "ghcr.io/*:python3.??"}, True),
        ({"image": "uv"}, False),
        ({"command": "python*"}, True),
        ({"command": "*--lr 0.1"}, True),
        ({"command": "Python*"}, False),
        ({"namespace": "acme"}, True),
        ({"name": "run-?"}, True),
        ({"name": "run-??"}, False),
        ({"labels": {"team": "vis*"}}, True),
        ({"labels": {"team": "vis*", "empty": ""}}, True),
        ({"labels": {"team": "vis*", "other": "*"}}, False),
        ({"labels": {}}, True),
        ({"environment": {"LR": "0.?"}}, True),
        ({"environment": {"DEBUG": "1"}}, False),
        ({"environment": {"MISSING": "*"}}, False),
        ({"flavor": "h200*", "namespace": "acme", "labels": {"team": "vision"}}, True),
        ({"flavor": "h200*", "namespace": "other"}, False),
    ],
)
def test_what_matches(when: dict[str, object], matches: bool) -> None:
    assert rule_from(1, when, {}).matches(JOB) is matches


@pytest.mark.parametrize(
    ("when", "complaint"),
    [
        ({"flavour": "x"}, r"when\.flavour: unknown word; did you mean 'flavor'"),
        ({"xyz": "x"}, r"when\.xyz: unknown word; there are: image, command"),
        ({"flavor": "h300"}, r"when\.flavor: 'h300' matches no flavor; did you mean 'h200'"),
        ({"flavor": "H200"}, r"'H200' matches no flavor"),
        ({"flavor": ""}, "'' matches no flavor"),
        ({"flavor": "*y*"}, "matches no flavor"),
        ({"flavor": 5}, r"when\.flavor: .*int is none"),
        ({"name": "a b"}, r"when\.name: 'a b' can never match: labels have only"),
        ({"name": "x" * 101}, "labels have at most 100 characters"),
        ({"namespace": "a/b*"}, r"when\.namespace: 'a/b\*' can never match"),
        ({"namespace": "é"}, "can never match"),
        ({"image": ""}, "the empty pattern can never match"),
        ({"labels": "team"}, r"when\.labels: give a mapping"),
        ({"labels": {"a b": "x"}}, r"when\.labels\.a b: no job can have a label of that name"),
        ({"labels": {"": "x"}}, "no job can have a label of that name"),
        ({"labels": {"x" * 101: "x"}}, "no job can have a label of that name"),
        ({"labels": {"team": "a/b"}}, r"when\.labels\.team: 'a/b' can never match"),
        ({"labels": {"team": None}}, r"when\.labels\.team: .*NoneType is none"),
        ({"environment": {"A": "x"}}, "no job can have a variable of that name"),
        ({"environment": {"_AB": "x"}}, "no job can have a variable of that name"),
        ({"environment": {"AB": 1}}, "int is none"),
        ({"command": "\ud800"}, "half of a surrogate pair"),
        ({"name": "[]"}, r"'\[\]' can never match: labels have only"),
        ({"labels": {"team": "[!]"}}, r"when\.labels\.team: '\[!\]' can never match"),
        ({"command": "python [z-a]*"}, r"can never match: no character is in \[z-a\]"),
    ],
)
def test_what_can_never_match_or_is_no_pattern(when: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        rule_from(1, when, {})


@pytest.mark.parametrize(
    "when",
    [{"flavor": "sprx8"}, {"flavor": "*"}, {"labels": {"team": ""}}, {"environment": {"AB": "é*"}}, {"image": "*"}, {"command": ""},
     {"name": "[a-z]*"}, {"namespace": "?"}, {"labels": {"a.b-c_d": "*"}}, {"name": "x" * 100}, {"name": "[!x]"},
     {"name": ""}, {"name": "[!z-a]"}, {"command": "[]"}, {"command": "[(?!)]"}, {"command": "[]]"}],
)  # fmt: skip
def test_what_may_match(when: dict[str, object]) -> None:
    rule_from(1, when, {})


def test_the_empty_name_is_that_of_jobs_without_one() -> None:
    rule = rule_from(1, {"name": ""}, {})
    assert not rule.matches(JOB)
    assert rule.matches({**JOB, "name": ""})


def test_an_impossible_outcome_is_named_too() -> None:
    with pytest.raises(ValueError, match=r"then\.exit_code"):
        rule_from(1, {}, {"exit_code": 300})


def test_the_newest_that_matches_wins() -> None:
    rules = [
        rule_from(1, {}, {}),
        rule_from(2, {"flavor": "h200*"}, {}),
        rule_from(3, {"namespace": "other"}, {}),
        rule_from(5, {"name": "run*"}, {}),
        rule_from(4, {}, {}),
    ]
    found = newest_match(rules, JOB)
    assert found is not None
    assert found.id == 5, "newest by its number, wherever it stands"
    assert newest_match(rules[2:3], JOB) is None
    assert newest_match([], JOB) is None


LABEL = st.text(alphabet=string.ascii_letters + string.digits + "._-", min_size=1, max_size=8)


@given(value=LABEL, pattern=st.text(alphabet="ab.*?[]!-", min_size=1, max_size=6))
def test_a_pattern_that_is_refused_matches_no_label(value: str, pattern: str) -> None:
    try:
        rule = rule_from(1, {"name": pattern}, {})
    except ValueError:
        assert not fnmatchcase(value, pattern)
    else:
        assert rule.matches({**JOB, "name": value}) is fnmatchcase(value, pattern)
