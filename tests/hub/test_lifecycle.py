"""A job's life at exact milliseconds: what it has and lacks in each stage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.hub import FakeHub
from fakejobs.model.identity import Caller
from fakejobs.model.logs import LogEntry
from fakejobs.model.refusal import Refusal
from fakejobs.model.stages import IllegalTransition, JobStage
from tests.conftest import START, frozen_hub
from tests.support.play import ME, body, drain, look, stage, submit

TIMES = ("startedAt", "finishedAt", "durations")


def times(hub: FakeHub, job_id: str) -> dict[str, object]:
    found = body(hub, job_id)
    return {key: found[key] for key in TIMES if key in found}


def test_a_waiting_job_has_only_a_growing_total(hub: FakeHub) -> None:
    hub.when().then(scheduling=60)
    job_id = submit(hub)
    assert body(hub, job_id)["status"] == {"stage": "SCHEDULING", "message": None, "failureCount": 0}
    assert times(hub, job_id) == {"durations": {"totalSecs": 0}}
    hub.clock.advance(59_999)
    assert times(hub, job_id) == {"durations": {"totalSecs": 59}}


def test_a_running_job_has_a_start_and_three_durations(hub: FakeHub) -> None:
    hub.when().then(scheduling=6, running=60)
    job_id = submit(hub)
    hub.clock.advance(8_000)
    assert body(hub, job_id)["status"] == {"stage": "RUNNING", "message": None, "failureCount": 0}
    assert times(hub, job_id) == {
        "startedAt": "2026-05-28T20:26:46.000Z",
        "durations": {"schedulingSecs": 6, "runningSecs": 2, "totalSecs": 8},
    }


def test_a_finished_job_keeps_its_times_for_ever(hub: FakeHub) -> None:
    hub.when().then(scheduling=6, running=60)
    job_id = submit(hub)
    hub.clock.advance(66_000)
    finished = {
        "startedAt": "2026-05-28T20:26:46.000Z",
        "finishedAt": "2026-05-28T20:27:46.000Z",
        "durations": {"schedulingSecs": 6, "runningSecs": 60, "totalSecs": 66},
    }
    assert (stage(hub, job_id), times(hub, job_id)) == ("COMPLETED", finished)
    hub.clock.advance(10**9)
    assert (stage(hub, job_id), times(hub, job_id)) == ("COMPLETED", finished)


def test_stages_change_at_the_exact_millisecond(hub: FakeHub) -> None:
    hub.when().then(scheduling="1500ms", running="2500ms")
    job_id = submit(hub)
    stages = []
    for offset in (0, 1_499, 1_500, 3_999, 4_000):
        hub.clock.set(START + offset)
        stages.append(stage(hub, job_id))
    assert stages == ["SCHEDULING", "SCHEDULING", "RUNNING", "RUNNING", "COMPLETED"]


@pytest.mark.parametrize(
    ("then", "end_stage", "message"),
    [
        ({}, "COMPLETED", None),
        ({"exit_code": 1}, "ERROR", "Job failed with exit code: 1. Reason: Error"),
        ({"exit_code": 52}, "ERROR", "Job failed with exit code: 52. Reason: Error"),
        ({"oom": True}, "ERROR", "Job failed with exit code: 137. Reason: OOMKilled"),
        ({"exit_code": 143}, "ERROR", "Job failed with exit code: 143. Reason: Error"),
        ({"exit_code": 1, "message": "the disk is full"}, "ERROR", "the disk is full"),
        ({"message": "done"}, "COMPLETED", "done"),
    ],
)
def test_how_a_job_ends(hub: FakeHub, then: dict[str, object], end_stage: str, message: str | None) -> None:
    hub.when().then(scheduling=1, running=1, **then)
    job_id = submit(hub)
    hub.clock.advance(1_999)
    assert body(hub, job_id)["status"] == {"stage": "RUNNING", "message": None, "failureCount": 0}
    hub.clock.advance(1)
    assert body(hub, job_id)["status"] == {"stage": end_stage, "message": message, "failureCount": 0}


def test_a_job_whose_image_cannot_be_pulled_never_runs(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, image_pull_error=True)
    job_id = submit(hub)
    hub.clock.advance(4_999)
    assert stage(hub, job_id) == "SCHEDULING"
    hub.clock.advance(1)
    assert body(hub, job_id)["status"] == {
        "stage": "ERROR",
        "message": "Failed to pull image",
        "failureCount": 0,
    }
    assert times(hub, job_id) == {"finishedAt": "2026-05-28T20:26:45.000Z", "durations": {"totalSecs": 5}}


def test_a_job_that_runs_for_no_time_has_run(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=0, logs=["one", "two"])
    job_id = submit(hub)
    assert stage(hub, job_id) == "COMPLETED"
    assert times(hub, job_id)["durations"] == {"schedulingSecs": 0, "runningSecs": 0, "totalSecs": 0}
    assert [entry.text for entry in log_of(hub, job_id)][1:] == ["one", "two"]


# ------------------------------------------------------------------------------------------------- timeouts


def test_a_job_without_a_timeout_has_thirty_minutes_of_running(hub: FakeHub) -> None:
    hub.when().then(scheduling="2h", running="forever")
    job_id = submit(hub)
    hub.clock.advance(2 * 3_600_000 + 1_799_999)
    assert stage(hub, job_id) == "RUNNING"
    hub.clock.advance(1)
    assert body(hub, job_id)["status"] == {"stage": "ERROR", "message": "Job timeout", "failureCount": 0}
    assert times(hub, job_id)["durations"] == {
        "schedulingSecs": 7200,
        "runningSecs": 1800,
        "totalSecs": 9000,
    }


def test_the_timeout_of_the_job_is_kept_and_cuts_the_log(hub: FakeHub) -> None:
    hub.when().then(scheduling=1, logs=[[0, "a"], [10, "at the end"], [11, "never seen"]])
    job_id = submit(hub, timeoutSeconds=10)
    hub.clock.advance(60_000)
    assert body(hub, job_id)["timeout"] == 10
    assert body(hub, job_id)["status"] == {"stage": "ERROR", "message": "Job timeout", "failureCount": 0}
    assert [entry.text for entry in log_of(hub, job_id)][1:] == ["a", "at the end"]


def test_ending_at_the_very_instant_of_the_timeout_is_in_time(hub: FakeHub) -> None:
    hub.when().then(scheduling=1, running=10)
    job_id = submit(hub, timeoutSeconds=10)
    hub.clock.advance(11_000)
    assert stage(hub, job_id) == "COMPLETED"


def test_the_timeout_can_be_counted_from_creation() -> None:
    hub = frozen_hub(quirks={"timeout_counts_from": "creation"})
    hub.when(name="slow").then(scheduling=20, running=1)
    hub.when(name="long").then(scheduling=4, running="forever")
    slow = submit(hub, timeoutSeconds=10, labels={"name": "slow"})
    long = submit(hub, timeoutSeconds=10, labels={"name": "long"})
    hub.clock.advance(9_999)
    assert (stage(hub, slow), stage(hub, long)) == ("SCHEDULING", "RUNNING")
    hub.clock.advance(1)
    assert (stage(hub, slow), stage(hub, long)) == ("ERROR", "ERROR")
    assert times(hub, slow) == {"finishedAt": "2026-05-28T20:26:50.000Z", "durations": {"totalSecs": 10}}
    assert times(hub, long)["durations"] == {"schedulingSecs": 4, "runningSecs": 6, "totalSecs": 10}


def test_the_longest_timeout_does_not_overflow(hub: FakeHub) -> None:
    hub.when().then(scheduling=1, running="forever")
    job_id = submit(hub, timeoutSeconds=2**53 - 1)
    hub.clock.set(253_402_300_799_999)
    assert stage(hub, job_id) == "RUNNING"


# --------------------------------------------------------------------------------------------------- cancel


def test_a_cancelled_job_has_neither_an_end_nor_durations(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=5, running=60, logs=[[0, "a"], [30, "b"]])
    running, waiting = submit(hub), submit(hub)
    hub.cancel(caller, ME, waiting)
    hub.clock.advance(10_000)
    hub.cancel(caller, ME, running)
    for job_id in (running, waiting):
        assert body(hub, job_id)["status"] == {"stage": "CANCELED", "message": None, "failureCount": 0}
    assert times(hub, running) == {"startedAt": "2026-05-28T20:26:45.000Z"}
    assert times(hub, waiting) == {}
    hub.clock.advance(10**8)
    assert stage(hub, running) == "CANCELED"
    assert [entry.text for entry in log_of(hub, running)][1:] == ["a"]
    assert log_of(hub, waiting) == []


def test_cancelling_at_the_instant_of_the_end_comes_too_late(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=5, running=60)
    job_id = submit(hub)
    hub.clock.advance(65_000)
    with pytest.raises(Refusal) as refused:
        hub.cancel(caller, ME, job_id)
    assert refused.value.status == 409
    assert stage(hub, job_id) == "COMPLETED"


def test_a_job_that_is_cancelled_the_moment_it_starts_has_started(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=5, running=60, logs=[[0, "at once"], [1, "never"]])
    job_id = submit(hub)
    hub.clock.advance(5_000)
    seen = log_of(hub, job_id, until=hub.clock.now())
    before = times(hub, job_id)
    hub.cancel(caller, ME, job_id)
    assert times(hub, job_id) == {"startedAt": before["startedAt"]}
    assert log_of(hub, job_id) == seen, "what was seen stays"
    assert [entry.text for entry in seen][1:] == ["at once"]


# ----------------------------------------------------------------------------------------------- transition


def test_every_pair_of_stages_follows_the_table(hub: FakeHub) -> None:
    reach: dict[JobStage, list[JobStage]] = {
        JobStage.SCHEDULING: [],
        JobStage.RUNNING: [JobStage.RUNNING],
        JobStage.COMPLETED: [JobStage.RUNNING, JobStage.COMPLETED],
        JobStage.ERROR: [JobStage.ERROR],
        JobStage.CANCELED: [JobStage.CANCELED],
        JobStage.DELETED: [JobStage.ERROR, JobStage.DELETED],
    }
    allowed = {
        JobStage.SCHEDULING: {"RUNNING", "ERROR", "CANCELED"},
        JobStage.RUNNING: {"SCHEDULING", "COMPLETED", "ERROR", "CANCELED"},
        JobStage.COMPLETED: {"DELETED"},
        JobStage.ERROR: {"DELETED"},
        JobStage.CANCELED: {"DELETED"},
        JobStage.DELETED: set(),
    }
    hub.when().then(scheduling=60, running=60)
    for current, way in reach.items():
        for wanted in JobStage:
            job_id = submit(hub)
            for each in way:
                hub.transition(job_id, each)
            assert look(hub, job_id).stage is current
            if wanted in allowed[current]:
                assert hub.transition(job_id, wanted).stage is wanted
                assert look(hub, job_id).stage is wanted
            else:
                before = hub.snapshot()
                with pytest.raises(IllegalTransition, match=f"from {current} to {wanted}"):
                    hub.transition(job_id, wanted)
                assert hub.snapshot() == before


def test_running_now_instead_of_later(hub: FakeHub) -> None:
    hub.when().then(scheduling="12h", running=60, logs=[[30, "half"]])
    job_id = submit(hub)
    hub.clock.advance(7_000)
    hub.transition(job_id, JobStage.RUNNING)
    assert times(hub, job_id)["startedAt"] == "2026-05-28T20:26:47.000Z"
    hub.clock.advance(60_000)
    assert stage(hub, job_id) == "COMPLETED"
    assert [entry.text for entry in log_of(hub, job_id)][1:] == ["half"]


def test_another_attempt_runs_the_script_again(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=60, logs=[[10, "ten"], [40, "forty"]])
    job_id = submit(hub)
    hub.clock.advance(25_000)
    hub.transition(job_id, JobStage.SCHEDULING)
    assert body(hub, job_id)["status"] == {"stage": "SCHEDULING", "message": None, "failureCount": 1}
    assert times(hub, job_id) == {"durations": {"totalSecs": 25}}
    hub.clock.advance(5_000)
    assert stage(hub, job_id) == "RUNNING"
    assert times(hub, job_id)["startedAt"] == "2026-05-28T20:27:10.000Z"
    hub.clock.advance(60_000)
    assert body(hub, job_id)["status"] == {"stage": "COMPLETED", "message": None, "failureCount": 1}
    assert [entry.text for entry in log_of(hub, job_id)] == [
        "===== Job started at 2026-05-28 20:26:45 =====",
        "ten",
        "===== Job started at 2026-05-28 20:27:10 =====",
        "ten",
        "forty",
    ]


def test_a_platform_can_cancel_with_a_reason(hub: FakeHub) -> None:
    job_id = submit(hub)
    hub.transition(job_id, JobStage.CANCELED, message="no credits left", cancel_reason="NO_CREDITS")
    assert body(hub, job_id)["status"] == {
        "stage": "CANCELED",
        "message": "no credits left",
        "cancelReason": "NO_CREDITS",
        "failureCount": 0,
    }


def test_a_deleted_job_says_so_and_has_no_times(hub: FakeHub) -> None:
    hub.when().then(scheduling=1, running=1)
    job_id = submit(hub)
    hub.clock.advance(2_000)
    hub.transition(job_id, JobStage.DELETED)
    assert stage(hub, job_id) == "DELETED"
    assert set(times(hub, job_id)) == {"startedAt"}


def test_only_a_job_that_is_over_has_a_message(hub: FakeHub) -> None:
    job_id = submit(hub)
    with pytest.raises(ValueError, match="message: only a job that is over"):
        hub.transition(job_id, JobStage.RUNNING, message="hello")
    assert stage(hub, job_id) == "SCHEDULING"


def test_a_transition_of_no_job_is_refused(hub: FakeHub) -> None:
    with pytest.raises(Refusal, match="404"):
        hub.transition("0" * 24, JobStage.ERROR)


def test_a_stage_may_be_given_as_a_plain_string(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=60)
    job_id = submit(hub)
    hub.transition(job_id, "RUNNING")  # type: ignore[arg-type]
    assert hub.transition(job_id, "SCHEDULING").stage is JobStage.SCHEDULING  # type: ignore[arg-type]
    assert hub.transition(job_id, "ERROR").stage is JobStage.ERROR  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------- labels and ports


def test_labels_can_be_changed_in_every_stage(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=1, running=1)
    job_id = submit(hub, labels={"team": "a", "name": "n"})
    for index in range(3):
        hub.relabel(caller, ME, job_id, {"round": str(index)})
        assert body(hub, job_id)["labels"] == {"round": str(index)}
        hub.clock.advance(1_000)
    hub.relabel(caller, ME, job_id, {})
    assert "labels" not in body(hub, job_id)


def test_ports_can_be_changed_only_while_running(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=1, running=1)
    job_id = submit(hub, expose={"ports": [80]})
    with pytest.raises(Refusal, match="its stage is SCHEDULING"):
        hub.expose(caller, ME, job_id, {"ports": [8000]})
    hub.clock.advance(1_000)
    hub.expose(caller, ME, job_id, {"ports": [8000, 22], "portsPublic": [22]})
    changed = body(hub, job_id)
    assert changed["expose"] == {"ports": [8000, 22], "portsPublic": [22]}
    status = changed["status"]
    assert isinstance(status, dict)
    assert status["exposeUrls"] == [f"https://{job_id}--8000.hf.jobs", f"https://{job_id}--22.hf.jobs"]
    hub.expose(caller, ME, job_id, {"ports": []})
    assert "expose" not in body(hub, job_id)
    hub.clock.advance(1_000)
    with pytest.raises(Refusal, match="its stage is COMPLETED"):
        hub.expose(caller, ME, job_id, {"ports": [8000]})


def test_a_duplicate_is_a_new_job_with_the_same_spec(hub: FakeHub, caller: Caller) -> None:
    original = submit(hub, labels={"team": "a"}, secrets={"KEY": "v"}, environment={"LR": "1"}, attempts=3)
    hub.clock.advance(1_000)
    copy = hub.duplicate(caller, ME, original).job.id
    first, second = body(hub, original), body(hub, copy)
    assert second["id"] != first["id"]
    assert second["initiator"] == {"type": "duplicated-job", "id": original}
    for key in ("environment", "labels", "secrets", "retry", "flavor", "command", "dockerImage"):
        assert second[key] == first[key]


@given(
    scheduling=st.integers(0, 5_000), running=st.integers(0, 5_000), offsets=st.lists(st.integers(0, 12_000))
)
def test_stages_only_move_forward(scheduling: int, running: int, offsets: list[int]) -> None:
    hub = frozen_hub()
    hub.when().then(scheduling=f"{scheduling}ms", running=f"{running}ms")
    job_id = submit(hub)
    for offset in sorted(offsets):
        hub.clock.set(START + offset)
        expected = (
            "SCHEDULING"
            if offset < scheduling and scheduling + running > offset
            else "RUNNING"
            if offset < scheduling + running
            else "COMPLETED"
        )
        assert stage(hub, job_id) == expected
    hub.close()


def log_of(hub: FakeHub, job_id: str, until: int = START + 10**9) -> list[LogEntry]:
    """Everything that a new follower is told up to ``until``."""
    steps = hub.logs(hub.caller("hf_any"), ME, job_id)
    return [entry for _, entries in drain(hub, steps, until) for entry in entries]


def test_a_deleted_job_keeps_the_message_that_it_ended_with(hub: FakeHub) -> None:
    job_id = submit(hub)
    hub.transition(job_id, JobStage.ERROR, message="out of disk")
    with pytest.raises(ValueError, match="message: a job that is deleted keeps"):
        hub.transition(job_id, JobStage.DELETED, message="tidied up")
    assert stage(hub, job_id) == "ERROR"
    hub.transition(job_id, JobStage.DELETED)
    assert body(hub, job_id)["status"] == {"stage": "DELETED", "message": "out of disk", "failureCount": 0}


@pytest.mark.parametrize("wanted", [JobStage.ERROR, JobStage.RUNNING])
def test_only_a_cancelled_job_has_a_reason(hub: FakeHub, wanted: JobStage) -> None:
    job_id = submit(hub)
    with pytest.raises(ValueError, match="cancel_reason: only a job in CANCELED has one"):
        hub.transition(job_id, wanted, cancel_reason="NO_CREDITS")
    assert stage(hub, job_id) == "SCHEDULING"
