"""Presets as data: each is made of what there is, takes its words, and says what cannot be."""

from __future__ import annotations

import re

import pytest

from fakejobs.model.faults import fault_from
from fakejobs.model.outcomes import Outcome, outcome_from, with_rest
from fakejobs.model.presets import PRESETS, Preset, named, page, preset_from
from fakejobs.model.quirks import quirks_from
from fakejobs.model.rules import rule_from


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_each_is_made_of_faults_rules_and_quirks_that_can_be(preset: Preset) -> None:
    for words in preset.faults:
        fault_from(1, words, preset.label)
    for when, then in preset.rules:
        assert rule_from(1, when, then, preset.label).fills_in
    quirks_from(preset.quirks)
    assert preset.faults or preset.rules or preset.quirks
    assert not (preset.faults and preset.rules), "otherwise it would not be clear what a word is for"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_each_has_a_sentence_and_a_source(preset: Preset) -> None:
    assert re.fullmatch(r"[A-Z].*[^.]\.", preset.sentence)
    assert preset.source
    assert f"## {preset.name}\n\n{preset.sentence}\n" in page()
    assert f"Met in: {preset.source}.\n" in page()


def test_words_of_a_fault_hold_for_each_of_its_faults() -> None:
    preset = preset_from("no_credits", {"namespace": "acme", "times": 2})
    assert len(preset.faults) == 3
    assert all(
        (each["namespace"], each["times"], each["status"]) == ("acme", 2, 402) for each in preset.faults
    )
    assert preset_from("no_credits") == PRESETS["no_credits"]


def test_words_of_a_rule_go_where_they_belong() -> None:
    ((when, then),) = preset_from(
        "stuck_scheduling", {"flavor": "h200*", "scheduling": "3h", "oom": True}
    ).rules
    assert (when, then) == ({"flavor": "h200*"}, {"scheduling": "3h", "oom": True})


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("strem_drop", {}, r"^preset 'strem_drop': there is none \(`fakejobs presets` lists all\); did you mean 'stream_drop'\?$"),
        (7, {}, r"^preset 7: there is none"),
        ("stream_drop", {"cut_afer": 3}, r"^preset stream_drop: cut_afer: unknown word; did you mean 'cut_after'\?$"),
        ("stream_drop", {"oom": True}, r"^preset stream_drop: oom: unknown word"),
        ("stream_drop", {"cut_after": "x"}, r"^preset stream_drop: cut_after: 'x' is no whole number"),
        ("stream_drop", {"stall_after": 3}, r"^preset stream_drop: stall_after: a fault does one thing, and this one has `cut_after`"),
        ("out_of_memory", {"status": 500}, r"^preset out_of_memory: status: unknown word"),
        ("out_of_memory", {"running": "x"}, r"^preset out_of_memory: then\.running: "),
        ("out_of_memory", {"flavor": "h300"}, r"^preset out_of_memory: when\.flavor: 'h300' matches no flavor"),
        ("logs_before_start", {"times": 1}, r"^preset logs_before_start: it takes no words, and 'times' was given$"),
    ],
)  # fmt: skip
def test_what_cannot_be(name: str, words: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        preset_from(name, words)


def test_a_list_of_them() -> None:
    assert named(["hub_down", {"name": "stream_drop", "times": 3}]) == [
        ("hub_down", {}),
        ("stream_drop", {"times": 3}),
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hub_down", r'^presets: give a list of names, such as \["stream_drop"\]$'),
        ({"name": "hub_down"}, r"^presets: give a list of names"),
        ([3], r"^presets\[0\]: give a name, or a table such as"),
        ([{}], r"^presets\[0\]: give a name, or a table such as"),
        (["hub_down", "hub_up"], r"^presets\[1\]: preset 'hub_up': there is none"),
        ([{"name": "hub_down", "lasts": 0, "x": 1}], r"^presets\[0\]: preset hub_down: x: unknown word"),
    ],
)
def test_what_is_no_list_of_them(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        named(value)


# What a job's own rule leaves unsaid.


def filled(own: dict[str, object], rest: dict[str, object]) -> Outcome:
    return with_rest(outcome_from(own), outcome_from(rest))


@pytest.mark.parametrize(
    ("own", "rest", "both"),
    [
        ({}, {"scheduling": "1h", "oom": True}, {"scheduling": "1h", "oom": True}),
        ({"scheduling": 0}, {"scheduling": "1h"}, {"scheduling": 0}),
        ({"running": "2h"}, {"running": "5m", "oom": True}, {"running": "2h", "oom": True}),
        # How a job ends is one thing.
        ({"exit_code": 3}, {"running": "5m", "oom": True}, {"running": "5m", "exit_code": 3}),
        ({"message": "saved"}, {"exit_code": 1}, {"message": "saved"}),
        ({}, {"stage": "ERROR"}, {"stage": "ERROR"}),
        ({"stage": "COMPLETED"}, {"image_pull_error": True}, {"stage": "COMPLETED"}),
        # Also who says what is so anyway has said it.
        ({"exit_code": 0}, {"oom": True}, {"exit_code": 0}),
        ({"oom": False}, {"exit_code": 1}, {}),
        ({"status_lag": 0}, {"status_lag": "5s"}, {}),
        ({"exit_code": 1}, {"status_lag": "5s"}, {"exit_code": 1, "status_lag": "5s"}),
        # A log with times is as long as the job.
        ({"logs": [[5, "x"]]}, {"running": "1s"}, {"logs": [[5, "x"]]}),
        ({"logs": ["x"]}, {"running": "1s", "logs": ["y"]}, {"logs": ["x"], "running": "1s"}),
        ({}, {"logs": [[1, "y"]]}, {"logs": [[1, "y"]]}),
        # What never runs has no status that lags.
        ({"image_pull_error": True}, {"status_lag": "5s"}, {"image_pull_error": True}),
        ({"status_lag": "5s"}, {"image_pull_error": True}, {"image_pull_error": True}),
        # Attempt by attempt.
        ({"attempts": [{"exit_code": 1}, {}]}, {"oom": True}, {"attempts": [{"exit_code": 1}, {"oom": True}]}),
        ({"running": 5}, {"attempts": [{"oom": True}, {}]}, {"attempts": [{"running": 5, "oom": True}, {"running": 5}]}),
        (
            {"attempts": [{"exit_code": 1}, {"exit_code": 2}, {}]},
            {"attempts": [{"running": 1}, {"running": 2}]},
            {"attempts": [{"exit_code": 1, "running": 1}, {"exit_code": 2, "running": 2}, {"running": 2}]},
        ),
    ],
)  # fmt: skip
def test_what_is_left_unsaid_is_filled_in(
    own: dict[str, object], rest: dict[str, object], both: dict[str, object]
) -> None:
    assert filled(own, rest) == outcome_from(both)


def test_a_function_says_all_but_how_long_its_job_waits_and_lags() -> None:
    def played(_job: object) -> None: ...

    filled_in = filled(
        {"call": played},
        {"scheduling": "1h", "running": "5m", "logs": ["x"], "status_lag": "5s", "attempts": [{"oom": True}, {}]},
    )  # fmt: skip
    assert filled_in == outcome_from({"call": played, "scheduling": "1h", "status_lag": "5s"})
