"""The words of ``then``, and the script that one job gets from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.flavors import hardware
from fakejobs.model.outcomes import Outcome, Script, ending, outcome_from, script_for, spread
from fakejobs.model.plan import NEVER
from fakejobs.model.stages import JobStage

BASIC = hardware()["cpu-basic"]


def script(**then: object) -> Script:
    return script_for(outcome_from(then), BASIC, seed=0, key="1", printed=("printed",))


def test_no_words_leave_everything_to_the_flavor() -> None:
    assert outcome_from({}) == Outcome()
    made = script()
    assert 5_000 <= made.scheduling <= 8_000
    assert 5_000 <= made.running <= 20_000
    assert (made.exit_code, made.message, made.oom, made.image_pull_error) == (0, None, False, False)
    assert [line for _, line in made.lines] == ["printed"]


def test_lengths() -> None:
    made = script(scheduling="12h", running={"between": [5, 5]})
    assert (made.scheduling, made.running) == (43_200_000, 5_000)
    assert script(scheduling="forever", running="forever").running == NEVER


def test_lines_are_spread_evenly_or_come_one_a_second_if_there_is_no_end() -> None:
    assert script(running=4, logs=["a", "b", "c"]).lines == ((1_000, "a"), (2_000, "b"), (3_000, "c"))
    assert script(running="forever", logs=["a", "b"]).lines == ((1_000, "a"), (2_000, "b"))
    assert script(logs=[]).lines == ()


def test_timed_lines_are_kept_and_an_unscripted_length_reaches_to_the_last() -> None:
    made = script(logs=[[0, "a"], ["1m", "b"], ["1m", "c"]])
    assert made.lines == ((0, "a"), (60_000, "b"), (60_000, "c"))
    assert made.running >= 60_000
    assert script(running="2m", logs=[[0.5, "x"]]).running == 120_000


def test_a_job_whose_image_cannot_be_pulled_has_no_log() -> None:
    assert script(image_pull_error=True).lines == ()


@pytest.mark.parametrize(
    ("then", "complaint"),
    [
        ({"exit": 1}, r"then\.exit: unknown word; did you mean 'exit_code'"),
        ({"schedule": 1}, r"then\.schedule: unknown word; did you mean 'scheduling'"),
        ({"scheduling": "soon"}, r"then\.scheduling: 'soon' is no length of time.*or \"forever\""),
        ({"running": -5}, r"then\.running: -5 is negative"),
        ({"running": {"between": [9, 1]}}, r"then\.running: \"between\" goes backwards"),
        ({"logs": "line"}, r"then\.logs: give a list of lines"),
        ({"logs": 5}, r"then\.logs: give a list of lines"),
        ({"logs": ["a", [1, "b"]]}, r"then\.logs\[0\]: give either only lines"),
        ({"logs": [[1, "a"], "b"]}, r"then\.logs\[1\]: give either only lines"),
        ({"logs": [[1]]}, r"then\.logs\[0\]: give either"),
        ({"logs": [[1, 2]]}, r"then\.logs\[0\]: give either"),
        ({"logs": [["x", "a"]]}, r"then\.logs\[0\]\[0\]: 'x' is no length of time"),
        ({"logs": [[2, "a"], [1, "b"]]}, "the offsets must not go backwards"),
        ({"logs": [[10, "a"]], "running": 5}, "the line at 10s comes after the end of running"),
        ({"logs": ["\ud800"]}, r"then\.logs\[0\]: half of a surrogate pair"),
        ({"exit_code": 256}, r"then\.exit_code: 256 is no exit code; give a whole number from 0 to 255"),
        ({"exit_code": -1}, r"then\.exit_code: -1"),
        ({"exit_code": "1"}, r"then\.exit_code: '1'"),
        ({"exit_code": True}, r"then\.exit_code: True"),
        ({"message": 5}, r"then\.message: 5 is no text"),
        ({"message": "\udfff"}, r"then\.message: half of a surrogate pair"),
        ({"oom": 1}, r"then\.oom: 1 is neither true nor false"),
        ({"oom": True, "exit_code": 1}, r"then\.oom: a job out of memory exits with 137, not 1"),
        ({"image_pull_error": True, "running": 5}, "such a job never runs, so it has no `running`"),
        ({"image_pull_error": True, "logs": ["x"]}, "such a job never runs, so it has no `logs`"),
        ({"image_pull_error": True, "oom": True}, "such a job never runs, so it has no `oom`"),
        ({"image_pull_error": "yes"}, "'yes' is neither true nor false"),
    ],
)
def test_what_cannot_be_is_named(then: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        outcome_from(then)


@pytest.mark.parametrize(
    ("then", "stage", "message"),
    [
        ({}, JobStage.COMPLETED, None),
        ({"exit_code": 2}, JobStage.ERROR, "Job failed with exit code: 2. Reason: Error"),
        ({"oom": True}, JobStage.ERROR, "Job failed with exit code: 137. Reason: OOMKilled"),
        ({"exit_code": 137}, JobStage.ERROR, "Job failed with exit code: 137. Reason: Error"),
        ({"image_pull_error": True}, JobStage.ERROR, "no such image"),
        ({"image_pull_error": True, "message": "m"}, JobStage.ERROR, "m"),
        ({"exit_code": 2, "message": "m"}, JobStage.ERROR, "m"),
    ],
)
def test_endings(then: dict[str, object], stage: JobStage, message: str | None) -> None:
    assert ending(script(**then), image_pull_message="no such image")[:2] == (stage, message)


@given(lines=st.lists(st.text(max_size=3), max_size=30), length=st.integers(0, 10**9))
def test_spread_lines_keep_their_order_and_come_before_the_end(lines: list[str], length: int) -> None:
    made = spread(lines, length)
    assert [line for _, line in made] == lines
    offsets = [offset for offset, _ in made]
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= length for offset in offsets)


def test_jobs_differ_and_one_job_is_always_the_same() -> None:
    def made(key: int) -> Script:
        return script_for(Outcome(), BASIC, seed=0, key=str(key), printed=())

    assert made(1) == made(1)
    assert len({made(key).running for key in range(30)}) > 20
