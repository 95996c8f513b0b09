"""The streams of a job, step by step, with the time that each step takes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.clock import WaitUntil
from fakejobs.hub import FakeHub
from fakejobs.model.events import StageEvent
from fakejobs.model.identity import Caller
from fakejobs.model.logs import LogEntry
from fakejobs.model.plan import NEVER
from fakejobs.model.refusal import Refusal
from fakejobs.model.stages import JobStage
from tests.conftest import START, frozen_hub
from tests.support.play import ME, drain, stage, submit


def lines(hub: FakeHub, job_id: str, tail: int | None = None, until: int = NEVER) -> list[tuple[int, str]]:
    """What a new follower is told: (seconds from the beginning, text)."""
    said = drain(hub, hub.logs(hub.caller("x"), ME, job_id, tail=tail), until)
    return [((at - START) // 1000, entry.text) for at, entries in said for entry in entries]


def test_a_follower_from_the_start_hears_each_line_when_it_comes(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=30, logs=["a", "b"])
    assert lines(hub, submit(hub)) == [
        (5, "===== Job started at 2026-05-28 20:26:45 ====="),
        (15, "a"),
        (25, "b"),
    ]
    assert hub.clock.now() == START + 35_000, "the stream ends with the job, not before"


def test_every_connection_replays_the_same(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=30, logs=["a", "b", "c"])
    job = submit(hub)
    hub.clock.advance(20_000)
    early = [text for _, text in lines(hub, job)]
    assert early == [text for _, text in lines(hub, job)]
    assert early[1:] == ["a", "b", "c"]


def test_the_last_line_comes_before_the_end(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=0, logs=[[10, "last"]], running=10)
    job = submit(hub)
    steps = hub.logs(caller, ME, job)
    assert [entry.is_start for entry in _entries(next(steps))] == [True]
    assert next(steps) == WaitUntil(START + 10_000)
    hub.clock.advance(10_000)
    assert stage(hub, job) == "COMPLETED"
    assert [entry.text for entry in _entries(next(steps))] == ["last"]
    with pytest.raises(StopIteration):
        next(steps)


def test_when_the_stream_has_ended_the_stage_is_terminal_for_everybody(hub: FakeHub) -> None:
    hub.when().then(scheduling=1, running=10, logs=["a"])
    job = submit(hub)
    for _ in hub.logs(hub.caller("x"), ME, job):
        assert hub.clock.now() <= START + 11_000
        if stage(hub, job) not in ("SCHEDULING", "RUNNING"):
            break
        hub.clock.advance(1_000)
    assert stage(hub, job) == "COMPLETED"


@pytest.mark.parametrize(
    ("tail", "expected"),
    [(0, []), (1, ["c"]), (2, ["b", "c"]), (3, ["a", "b", "c"]), (2**53 - 1, ["a", "b", "c"])],
)
def test_tail_is_the_marker_and_the_last_lines(hub: FakeHub, tail: int, expected: list[str]) -> None:
    hub.when().then(scheduling=5, running=40, logs=["a", "b", "c"])
    job = submit(hub)
    hub.clock.advance(45_000)
    said = [text for _, text in lines(hub, job, tail)]
    assert said[0].startswith("===== Job started at")
    assert said[1:] == expected


def test_a_tail_of_a_running_job_goes_on(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=40, logs=["a", "b", "c"])
    job = submit(hub)
    hub.clock.advance(26_000)
    assert [text for _, text in lines(hub, job, 1)][1:] == ["b", "c"]


def test_a_tail_of_a_waiting_job_is_everything_that_comes(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=40, logs=["a", "b"])
    said = [text for _, text in lines(hub, submit(hub), 1)]
    assert said[0].startswith("=====")
    assert said[1:] == ["a", "b"]


def test_a_cancelled_job_ends_its_streams(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=5, running="forever")
    job = submit(hub)
    logs, events = hub.logs(caller, ME, job), hub.events(caller, ME, job)
    assert next(logs) == WaitUntil(START + 5_000)
    next(events)
    hub.cancel(caller, ME, job)
    assert list(logs) == []
    said = [step for step in events if not isinstance(step, WaitUntil)]
    assert said == [StageEvent(START, JobStage.CANCELED, None)]


def test_a_stream_whose_hub_is_reset_ends_even_if_the_id_comes_again(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=5, running=60, logs=["of before"])
    job = submit(hub)
    streams = [hub.logs(caller, ME, job), hub.metrics(caller, ME, job), hub.events(caller, ME, job)]
    for stream in streams:
        next(stream)
    hub.reset()
    assert submit(hub, command=["echo", "of now"]) == job, "same seed, same instant, same number"
    for stream in streams:
        assert [step for step in stream if not isinstance(step, WaitUntil)] == []


def test_a_job_that_waits_for_a_slot_is_heard_when_it_gets_one() -> None:
    hub = frozen_hub(flavors={"t4-small": {"capacity": 1}})
    hub.when().then(scheduling=0, running=60, logs=["a"])
    submit(hub, flavor="t4-small")
    assert [at for at, _ in lines(hub, submit(hub, flavor="t4-small"))] == [60, 90]


def test_a_long_history_comes_in_pieces(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=0, running=100, logs=[str(number) for number in range(2_500)])
    job = submit(hub)
    hub.clock.advance(100_000)
    pieces = [_entries(step) for step in hub.logs(caller, ME, job)]
    assert [len(piece) for piece in pieces] == [1000, 1000, 501]
    assert [entry.text for piece in pieces for entry in piece][1:] == [str(number) for number in range(2_500)]


def test_metrics_come_once_a_second_and_do_not_end(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=5, running="4500ms")
    said = drain(hub, hub.metrics(caller, ME, submit(hub)))
    assert [(at - START) // 1000 for at, _ in said] == [5, 6, 7, 8, 9]
    assert hub.clock.now() == START + 9_500


def test_metrics_are_the_same_for_everybody_and_only_from_now_on(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=0, running=10)
    job = submit(hub)
    first = hub.metrics(caller, ME, job)
    samples = {}
    for step in first:
        if isinstance(step, WaitUntil):
            if step.instant >= START + 4_000:
                break
            hub.clock.set(step.instant)
        else:
            samples[hub.clock.now()] = step
    late = next(iter(hub.metrics(caller, ME, job)))
    assert late == samples[START + 3_000]


def test_metrics_of_a_second_attempt_start_anew_though_nobody_saw_the_pause(
    hub: FakeHub, caller: Caller
) -> None:
    hub.when().then(scheduling=0, running=60)
    job = submit(hub)
    steps = hub.metrics(caller, ME, job)
    hub.clock.advance(30_000)
    assert not isinstance(next(steps), WaitUntil)
    next(steps)
    hub.transition(job, JobStage.SCHEDULING)
    hub.clock.advance(1_000)
    assert not isinstance(next(steps), WaitUntil), "one second into the second attempt there is a sample"


def test_a_closed_hold_on_a_waiting_job() -> None:
    hub = frozen_hub(quirks={"logs_while_scheduling": "close"})
    assert list(hub.logs(hub.caller("x"), ME, submit(hub))) == []


@pytest.mark.parametrize("quirk", ["406", "500"])
def test_metrics_of_a_finished_job_are_refused(quirk: str) -> None:
    hub = frozen_hub(quirks={"metrics_of_finished": quirk})
    job = submit(hub)
    hub.transition(job, JobStage.CANCELED)
    with pytest.raises(Refusal, match=quirk):
        hub.metrics(hub.caller("x"), ME, job)


def test_or_they_are_empty() -> None:
    hub = frozen_hub(quirks={"metrics_of_finished": "empty"})
    job = submit(hub)
    hub.transition(job, JobStage.CANCELED)
    assert list(hub.metrics(hub.caller("x"), ME, job)) == []


def test_events_tell_the_whole_story(hub: FakeHub, caller: Caller) -> None:
    hub.when().then(scheduling=5, running=10, exit_code=3)
    job = submit(hub)
    said = drain(hub, hub.events(caller, ME, job))
    assert [at - START for at, _ in said] == [0, 5_000, 15_000]
    assert [event for _, event in said] == [
        StageEvent(START, JobStage.SCHEDULING, None),
        StageEvent(START + 5_000, JobStage.RUNNING, None),
        StageEvent(START + 15_000, JobStage.ERROR, "Job failed with exit code: 3. Reason: Error"),
    ]


def test_no_stream_of_no_job(hub: FakeHub, caller: Caller) -> None:
    for stream in (hub.logs, hub.metrics, hub.events):
        with pytest.raises(Refusal, match="404"):
            stream(caller, ME, "0" * 24)


@settings(max_examples=60)
@given(
    offsets=st.lists(st.integers(0, 20), max_size=6).map(sorted),
    pauses=st.lists(st.integers(0, 9_000), max_size=8),
    cut=st.integers(0, 30),
    tail=st.one_of(st.none(), st.integers(0, 4)),
)
def test_a_follower_who_is_woken_at_random_hears_everything_once_in_order(
    offsets: list[int], pauses: list[int], cut: int, tail: int | None
) -> None:
    hub = frozen_hub()
    hub.when().then(
        scheduling=2, running=20, logs=[[offset, f"{index}"] for index, offset in enumerate(offsets)]
    )
    job = submit(hub)
    caller = hub.caller("x")
    steps = hub.logs(caller, ME, job, tail=tail)
    heard: list[LogEntry] = []
    waits = iter([*pauses, *[1_000] * 60])
    cut_at = START + cut * 1_000
    for step in steps:
        if isinstance(step, WaitUntil):
            now = hub.clock.now() + next(waits)
            if hub.clock.now() < cut_at <= now and stage(hub, job) in ("SCHEDULING", "RUNNING"):
                hub.clock.set(cut_at)
                if stage(hub, job) in ("SCHEDULING", "RUNNING"):
                    hub.cancel(caller, ME, job)
            else:
                hub.clock.set(now)
        else:
            heard.extend(step)
    replay = [entry for step in hub.logs(caller, ME, job) for entry in _entries(step)]
    assert heard == replay
    hub.close()


def _entries(step: list[LogEntry] | WaitUntil) -> list[LogEntry]:
    assert not isinstance(step, WaitUntil)
    return step


@pytest.mark.parametrize("again", [False, True])
def test_a_reset_before_the_first_step_leaves_nothing_to_say(
    hub: FakeHub, caller: Caller, again: bool
) -> None:
    job = submit(hub)
    streams = [hub.logs(caller, ME, job), hub.logs(caller, ME, job, tail=1)]
    hub.reset()
    if again:
        assert submit(hub) == job, "another job may have the id of before"
    assert [list(steps) for steps in streams] == [[], []]
