"""What `when` can match and `then` can say beyond the first words: lists, patterns, functions, endings, sequences."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.flavors import FLAVORS
from fakejobs.model.job import features
from fakejobs.model.outcomes import Outcome, outcome_after_call, outcome_from, outcomes_from, script_for
from fakejobs.model.plan import Plan
from fakejobs.model.planning import TIMEOUT_MESSAGE, cut_by_timeout, plan_for
from fakejobs.model.quirks import Quirks
from fakejobs.model.rules import MatchFailed, extended, rule_from, shown
from fakejobs.model.stages import JobStage


def matches(when: Mapping[str, object], **spec: object) -> bool:
    full = {"dockerImage": "python:3.12", "flavor": "cpu-basic", "environment": {}, **spec}
    labels = full.pop("labels", {})
    assert isinstance(labels, dict)
    return rule_from(1, when, {}).matches(features(full, labels, "ada"))


TRAIN = ["python", "train.py", "--name", "a b"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python train.py*", True),
        ("train.py", False),  # a pattern is for the whole text
        (TRAIN, True),
        (["python", "train.py"], False),
        (["python", "train.py", "--name", "a", "b"], False),  # word for word, not joined
        (["python", "*"], False),  # literally
        (re.compile("train"), True),  # searched for
        (re.compile("^train"), False),
        (re.compile(r"b$"), True),
        (lambda text: text.count(" ") == 4, True),
        (lambda _text: False, False),
    ],
)
def test_a_command_is_matched_by_pattern_by_words_and_by_function(command: object, expected: bool) -> None:
    assert matches({"command": command}, command=TRAIN) is expected


def test_the_words_of_a_command_are_those_of_the_arguments_too() -> None:
    assert matches({"command": ["python", "[a]*"]}, command=["python"], arguments=["[a]*"])
    assert matches({"command": ("python",)}, command=["python"]), "a tuple is a list"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_a_list_matches_exactly_its_own_words(words: list[str]) -> None:
    assert matches({"command": words}, command=words)
    assert not matches({"command": words}, command=[*words, "more"])
    assert not matches({"command": [*words, "more"]}, command=words)


def test_mappings_match_as_subsets_and_env_is_environment() -> None:
    env = {"EPOCHS": "3", "SEED": "7"}
    for word in ("env", "environment"):
        assert matches({word: {"EPOCHS": "3"}}, environment=env)
        assert matches({word: {"EPOCHS": str.isdigit, "SEED": re.compile("7")}}, environment=env)
        assert not matches({word: {"EPOCHS": "3", "OTHER": "*"}}, environment=env)
        assert matches({word: lambda values: set(values) == {"EPOCHS", "SEED"}}, environment=env)
    assert matches({"labels": lambda labels: "team" not in labels})


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"flavour": "t4*"}, "when.flavour: unknown word; did you mean 'flavor'?"),
        ({"enviroment": {}}, "when.enviroment: unknown word; did you mean 'environment'?"),
        (
            {"env": {}, "environment": {}},
            "when.env: this is `environment` by another name; give one of the two",
        ),
        ({"flavor": ["t4-small"]}, "when.flavor: only `command` may be a list of words"),
        ({"command": []}, "when.command: give at least one word"),
        ({"command": ["python", 3]}, "when.command[1]: give a text"),
        ({"command": re.compile(b"x")}, "when.command: this pattern is for bytes"),
        ({"env": {"EPOCHS": 3}}, "when.env.EPOCHS: give a pattern"),
        ({"env": {"1": "x"}}, "when.env.1: no job can have"),
    ],
)
def test_a_mistake_in_when_is_named(when: Mapping[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        rule_from(1, when, {})


def test_a_function_that_raises_is_named() -> None:
    with pytest.raises(MatchFailed, match=r"the function that rule 1 has for when\.env raised KeyError: 'X'"):
        matches({"env": lambda env: env["X"] == "1"})


def test_what_cannot_be_stored_is_known_and_shown() -> None:
    rule = rule_from(1, {"command": re.compile("a.*"), "env": {"AB": str.isdigit}}, {})
    assert rule.only_here
    assert shown(rule.when) == {"command": "<pattern a.*>", "env": {"AB": "<function isdigit>"}}
    assert rule_from(1, {}, [{}, {"call": print}]).only_here
    assert not rule_from(1, {"command": ["a"], "env": {"AB": "*"}}, [{"oom": True}, {}]).only_here


def ending(**then: object) -> tuple[str, str | None, str | None]:
    script = script_for(outcome_from(then), FLAVORS[0], seed=0, key="1", printed=())
    plan = plan_for(script, {"flavor": "cpu-basic"}, Quirks(), created=0, start=1000)
    return plan.end_stage.value, plan.message, plan.cancel_reason


FAILED = "Job failed with exit code: {}. Reason: {}"


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ({}, ("COMPLETED", None, None)),
        ({"stage": "COMPLETED"}, ("COMPLETED", None, None)),
        ({"stage": "COMPLETED", "exit_code": 0, "message": "done"}, ("COMPLETED", "done", None)),
        ({"stage": "ERROR"}, ("ERROR", FAILED.format(1, "Error"), None)),
        ({"stage": "ERROR", "exit_code": 3}, ("ERROR", FAILED.format(3, "Error"), None)),
        ({"stage": "ERROR", "oom": True}, ("ERROR", FAILED.format(137, "OOMKilled"), None)),
        ({"stage": "ERROR", "image_pull_error": True}, ("ERROR", "Failed to pull image", None)),
        ({"stage": "ERROR", "message": "lost"}, ("ERROR", "lost", None)),
        ({"stage": "CANCELED"}, ("CANCELED", None, None)),
        (
            {"stage": "CANCELED", "cancel_reason": "NO_CREDITS", "message": "broke"},
            ("CANCELED", "broke", "NO_CREDITS"),
        ),
        ({"stage": JobStage.DELETED}, ("DELETED", None, None)),
    ],
)
def test_a_job_ends_as_its_stage_says(
    then: Mapping[str, object], expected: tuple[str, str | None, str | None]
) -> None:
    assert ending(**then) == expected


@pytest.mark.parametrize(
    ("then", "message"),
    [
        (
            {"stage": "COMPLETED", "exit_code": 1},
            "then.stage: a job with `exit_code` = 1 ends in ERROR, not in COMPLETED",
        ),
        (
            {"stage": "CANCELED", "oom": True},
            "then.stage: a job with `oom` = True ends in ERROR, not in CANCELED",
        ),
        ({"stage": "DELETED", "image_pull_error": True}, "then.stage: a job with `image_pull_error`"),
        ({"stage": "ERROR", "exit_code": 0}, "then.stage: a job that ends in ERROR has no exit_code 0"),
        ({"cancel_reason": "NO_CREDITS"}, "then.cancel_reason: only a job that ends in CANCELED has one"),
        (
            {"stage": "ERROR", "cancel_reason": "x"},
            "then.cancel_reason: only a job that ends in CANCELED has one",
        ),
        ({"stage": "RUNNING"}, "then.stage: 'RUNNING' is no stage that a job ends in"),
        ({"stage": "CANCELLED"}, "did you mean 'CANCELED'?"),
        ({"stage": "error"}, "did you mean 'ERROR'?"),
        ({"stage": 3}, "then.stage: 3 is no stage"),
        ({"stages": "ERROR"}, "then.stages: unknown word; did you mean 'stage'?"),
        ({"call": "train.py"}, "then.call: 'train.py' is no function; `call` can only be given in Python"),
        ({"call": print, "logs": ["a"]}, "then.logs: what the function of `call` prints is the log"),
        ({"call": print, "image_pull_error": True}, "then.call: a job with `image_pull_error` never runs"),
    ],
)
def test_words_that_contradict_each_other_are_named(then: Mapping[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        outcome_from(then)


@pytest.mark.parametrize(
    ("then", "message"),
    [
        ([], "then: give a table of words, or a list with at least one"),
        ("oom", "then: give a table"),
        ([{}, "oom"], "then[1]: give a table of words"),
        ([{}, {"exit_code": 300}], "then[1].exit_code: 300 is no exit code"),
        ([{"stage": "COMPLETED", "oom": True}], "then[0].stage: a job with `oom`"),
    ],
)
def test_a_mistake_in_a_list_says_where(then: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        outcomes_from(then)


@given(st.integers(1, 5), st.integers(0, 20))
def test_the_nth_job_takes_the_nth_outcome_and_the_last_repeats(length: int, earlier: int) -> None:
    steps: list[dict[str, object]] = [{"exit_code": index} for index in range(length)]
    rule = rule_from(1, {}, steps)
    assert rule.outcome(earlier).exit_code == min(earlier, length - 1)
    assert rule.then_at(earlier) == steps[min(earlier, length - 1)]
    longer = extended(rule, {"exit_code": 99})
    assert longer.then == [*steps, {"exit_code": 99}]
    assert longer.outcome(length).exit_code == 99


def test_what_a_function_returned_comes_first() -> None:
    then = {"call": print, "scheduling": 5, "running": "2h", "exit_code": 3, "message": "no"}
    plain = outcome_after_call(then, None, ["a"])
    assert plain == Outcome(running=(7_200_000,) * 2, lines=("a",), exit_code=3, message="no")
    assert outcome_after_call(then, {"running": 1}, []).exit_code == 3, (
        "an ending that is not returned is the rule's"
    )
    ended = outcome_after_call(then, {"stage": "COMPLETED"}, ["a"])
    assert (ended.exit_code, ended.message) == (0, None), "one that is returned replaces all of it"
    assert outcome_after_call(then, {"logs": ["b"]}, ["a"]).lines == ("b",)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (3, "call: the function returned 3; return nothing, or a mapping"),
        ({"scheduling": 3}, "call: the function returned `scheduling`, and its job runs already"),
        (
            {"exitcode": 3},
            "call: the function returned then.exitcode: unknown word; did you mean 'exit_code'?",
        ),
    ],
)
def test_what_a_function_cannot_return_is_named(returned: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        outcome_after_call({}, returned, [])


@given(st.integers(0, 200), st.integers(1, 200), st.sampled_from(["running", "creation"]))
def test_cut_by_timeout_is_what_the_plan_did(running: int, timeout: int, counts_from: str) -> None:
    quirks = Quirks(timeout_counts_from=counts_from)
    spec = {"flavor": "cpu-basic", "timeoutSeconds": timeout}
    script = script_for(
        outcome_from({"running": running, "exit_code": 1, "message": TIMEOUT_MESSAGE}),
        FLAVORS[0],
        seed=0,
        key="1",
        printed=(),
    )
    plan = plan_for(script, spec, quirks, created=0, start=10_000)
    waited = 10 if counts_from == "creation" else 0
    assert cut_by_timeout(plan, script, spec, quirks) == (running + waited > timeout)


def test_a_job_that_was_cancelled_is_not_cut() -> None:
    script = script_for(outcome_from({"running": "forever"}), FLAVORS[0], seed=0, key="1", printed=())
    spec = {"flavor": "cpu-basic", "timeoutSeconds": 10}
    plan: Plan = plan_for(script, spec, Quirks(), created=0, start=0)
    assert cut_by_timeout(plan, script, spec, Quirks())
    assert not cut_by_timeout(plan.ended(5000, JobStage.CANCELED), script, spec, Quirks())
    assert not cut_by_timeout(plan.ended(5000, JobStage.ERROR), script, spec, Quirks())
