"""The stages and the one table between them."""

from __future__ import annotations

import json
import pickle

import pytest

from fakejobs.model.stages import TERMINAL, TRANSITIONS, IllegalTransition, JobStage, check_transition

S, R, C, E, X, D = (
    JobStage(name) for name in ("SCHEDULING", "RUNNING", "COMPLETED", "ERROR", "CANCELED", "DELETED")
)

TABLE = {
    #   to: S R C E X D
    S: "      . x . x x .",
    R: "      x . x x x .",
    C: "      . . . . . x",
    E: "      . . . . . x",
    X: "      . . . . . x",
    D: "      . . . . . .",
}


@pytest.mark.parametrize("current", list(JobStage))
@pytest.mark.parametrize("wanted", list(JobStage))
def test_the_table(current: JobStage, wanted: JobStage) -> None:
    allowed = TABLE[current].split()[[S, R, C, E, X, D].index(wanted)] == "x"
    if allowed:
        check_transition(current, wanted)
        return
    with pytest.raises(IllegalTransition) as refused:
        check_transition(current, wanted)
    assert f"from {current} to {wanted}" in str(refused.value)
    assert (refused.value.current, refused.value.wanted) == (current, wanted)
    assert set(refused.value.allowed) == TRANSITIONS[current]
    for stage in TRANSITIONS[current]:
        assert stage.value in str(refused.value)


def test_the_error_says_what_is_allowed() -> None:
    with pytest.raises(IllegalTransition) as refused:
        check_transition(S, C)
    assert str(refused.value) == (
        "a job cannot go from SCHEDULING to COMPLETED; allowed from SCHEDULING: RUNNING, ERROR, CANCELED"
    )
    with pytest.raises(IllegalTransition, match="allowed from DELETED: nothing: the stage is final"):
        check_transition(D, R)


def test_terminal_stages_lead_to_nothing_but_being_deleted() -> None:
    assert {C, E, X, D} == TERMINAL
    assert all(TRANSITIONS[stage] <= {D} for stage in TERMINAL)
    assert set(TRANSITIONS) == set(JobStage)


def test_a_stage_is_its_string() -> None:
    assert JobStage.RUNNING == "RUNNING"
    assert "RUNNING" in {JobStage.RUNNING, JobStage.ERROR}
    assert f"{JobStage.CANCELED}" == str(JobStage.CANCELED) == "CANCELED"
    assert json.dumps(JobStage.ERROR) == '"ERROR"'
    assert pickle.loads(pickle.dumps(JobStage.ERROR)) is JobStage.ERROR
