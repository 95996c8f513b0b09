"""Plans: what a job is at an instant, and how a command rewrites what comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.stages import TERMINAL, IllegalTransition, JobStage

S, R = JobStage.SCHEDULING, JobStage.RUNNING
DONE, ERROR, CANCELED, DELETED = JobStage.COMPLETED, JobStage.ERROR, JobStage.CANCELED, JobStage.DELETED

PLAN = Plan(created=100, start=200, end=300, end_stage=DONE)


@pytest.mark.parametrize(
    ("now", "stage", "change", "started"),
    [
        (100, S, 200, None),
        (199, S, 200, None),
        (200, R, 300, 200),
        (299, R, 300, 200),
        (300, DONE, NEVER, 200),
        (10**15, DONE, NEVER, 200),
    ],
)
def test_intervals_are_half_open(now: int, stage: JobStage, change: int, started: int | None) -> None:
    assert PLAN.stage_at(now) is stage
    assert PLAN.next_change(now) == change
    assert PLAN.started_at(now) == started


def test_a_plan_that_waits_for_a_slot_waits_for_ever() -> None:
    waiting = Plan(100, NEVER, NEVER, DONE)
    assert waiting.stage_at(10**15) is S
    assert waiting.next_change(10**15) == NEVER
    assert waiting.started_at(10**15) is None


def test_a_job_that_fails_instead_of_starting_never_started() -> None:
    failed = Plan(100, NEVER, 200, ERROR)
    assert (failed.stage_at(199), failed.stage_at(200)) == (S, ERROR)
    assert failed.started_at(10**15) is None


def test_ending_while_waiting() -> None:
    ended = PLAN.ended(150, CANCELED)
    assert (ended.start, ended.end, ended.end_stage) == (NEVER, 150, CANCELED)
    assert ended.stage_at(150) is CANCELED
    assert ended.stage_at(250) is CANCELED, "the start that was planned does not come"


def test_ending_while_running() -> None:
    ended = PLAN.ended(250, ERROR, message="because", cancel_reason="NO_CREDITS")
    assert (ended.start, ended.end, ended.message, ended.cancel_reason) == (200, 250, "because", "NO_CREDITS")


def test_ending_at_the_very_start() -> None:
    ended = PLAN.ended(200, CANCELED)
    assert ended.stage_at(200) is CANCELED
    assert ended.started_at(200) == 200


def test_deleting_changes_the_stage_and_nothing_else() -> None:
    deleted = PLAN.ended(400, DELETED)
    assert deleted.stage_at(400) is DELETED
    assert (deleted.start, deleted.end) == (200, 300)


@pytest.mark.parametrize(("now", "wanted"), [(150, DONE), (250, DELETED), (350, CANCELED), (350, DONE)])
def test_an_end_that_the_table_does_not_allow(now: int, wanted: JobStage) -> None:
    with pytest.raises(IllegalTransition):
        PLAN.ended(now, wanted)


INSTANTS = st.one_of(st.integers(0, 50), st.just(NEVER))


@given(
    start=INSTANTS,
    end=INSTANTS,
    end_stage=st.sampled_from([DONE, ERROR, CANCELED]),
    now=st.integers(0, 60),
    later=st.integers(0, 60),
)
def test_the_next_change_is_the_next_change(
    start: int, end: int, end_stage: JobStage, now: int, later: int
) -> None:
    plan = Plan(0, start, end, end_stage)
    change = plan.next_change(now)
    assert change > now
    if now <= later < change:
        assert plan.stage_at(later) is plan.stage_at(now)
    if change < NEVER:
        assert plan.stage_at(change) is not plan.stage_at(now)
    if plan.stage_at(now) in TERMINAL:
        assert change == NEVER
