"""Flavors with a limited capacity: never more jobs than slots, first in, first out, and nobody waits for ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.plan import NEVER
from fakejobs.model.stages import JobStage
from tests.conftest import START, frozen_hub
from tests.support.play import ME, body, look, stage, submit


def limited(capacity: int = 1, **words: object) -> FakeHub:
    return frozen_hub(flavors={"t4-small": {"capacity": capacity}}, **words)


def starts(hub: FakeHub, jobs: list[str]) -> list[int | None]:
    """When the jobs started, in seconds from the beginning; None for those that did not."""
    plans = [look(hub, job).job.plan for job in jobs]
    return [None if plan.start == NEVER else (plan.start - START) // 1000 for plan in plans]


def test_jobs_take_turns() -> None:
    hub = limited()
    hub.when().then(scheduling=5, running=60)
    jobs = [submit(hub, flavor="t4-small") for _ in range(3)]
    other = submit(hub, flavor="t4-medium")
    hub.clock.advance(10_000)
    assert [stage(hub, job) for job in jobs] == ["RUNNING", "SCHEDULING", "SCHEDULING"]
    assert stage(hub, other) == "RUNNING", "another flavor has its own slots"
    hub.clock.advance(1_000_000)
    assert starts(hub, jobs) == [5, 65, 125]


def test_a_slot_is_taken_at_the_instant_at_which_it_is_freed() -> None:
    hub = limited(capacity=2)
    hub.when(name="short").then(scheduling=0, running=10)
    hub.when(name="long").then(scheduling=0, running=25)
    jobs = [
        submit(hub, flavor="t4-small", labels={"name": name}) for name in ("short", "long", "short", "short")
    ]
    hub.clock.advance(100_000)
    assert starts(hub, jobs) == [0, 0, 10, 20]


def test_a_cancelled_job_frees_its_slot_at_once() -> None:
    hub = limited()
    hub.when().then(scheduling=0, running="1h")
    first, second, third = (submit(hub, flavor="t4-small") for _ in range(3))
    hub.clock.advance(7_000)
    hub.cancel(hub.caller("x"), ME, second)
    hub.clock.advance(1_000)
    hub.cancel(hub.caller("x"), ME, first)
    assert starts(hub, [first, second, third]) == [0, None, 8]
    assert [stage(hub, job) for job in (first, second, third)] == ["CANCELED", "CANCELED", "RUNNING"]


def test_a_job_that_fails_or_runs_out_of_time_frees_its_slot() -> None:
    hub = limited()
    hub.when().then(scheduling=0, running="forever")
    jobs = [submit(hub, flavor="t4-small", timeoutSeconds=10) for _ in range(2)]
    hub.clock.advance(4_000)
    hub.transition(jobs[0], JobStage.ERROR)
    hub.clock.advance(100_000)
    assert starts(hub, jobs) == [0, 4]
    assert [stage(hub, job) for job in jobs] == ["ERROR", "ERROR"]


def test_who_is_ready_first_goes_first() -> None:
    hub = limited()
    hub.when().then(scheduling=0, running=10)
    hub.when(name="slow").then(scheduling=19, running=10)
    jobs = [submit(hub, flavor="t4-small", labels={"name": name}) for name in ("slow", "a", "b", "c")]
    hub.clock.advance(100_000)
    assert starts(hub, jobs) == [20, 0, 10, 30], "at 20 the slow one is ready, and was submitted before c"


def test_a_job_that_waits_can_run_into_a_timeout_from_creation() -> None:
    hub = limited(quirks={"timeout_counts_from": "creation"})
    hub.when().then(scheduling=0, running=60)
    jobs = [submit(hub, flavor="t4-small", timeoutSeconds=90) for _ in range(3)]
    hub.clock.advance(1_000_000)
    assert [stage(hub, job) for job in jobs] == ["COMPLETED", "ERROR", "ERROR"]
    assert starts(hub, jobs) == [0, 60, None]
    assert body(hub, jobs[1])["durations"] == {"schedulingSecs": 60, "runningSecs": 30, "totalSecs": 90}


def test_a_job_whose_time_is_over_while_it_waits_leaves_the_queue() -> None:
    hub = limited(quirks={"timeout_counts_from": "creation"})
    hub.when().then(scheduling=0, running="1h")
    _, short, last = (submit(hub, flavor="t4-small", timeoutSeconds=each) for each in (7200, 60, 7200))
    hub.clock.advance(60_000)
    assert stage(hub, short) == "ERROR"
    assert [(each.job, each.waiting.ahead) for each in hub.queue()] == [(last, 0)]
    assert "0 jobs ahead" in str(look(hub, last).waiting)


def test_a_restart_puts_nothing_into_the_agenda(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    words = {"quirks": {"timeout_counts_from": "creation"}, "flavors": {"t4-small": {"capacity": 1}}}
    hub = FakeHub(path, settings=settings_from(words), anchor=Anchor(START, START, frozen=True))
    hub.when().then(scheduling=5, running=60)
    for _ in range(3):
        submit(hub, flavor="t4-small")
    hub.clock.advance(10_000)
    before = hub.snapshot()
    hub.close()
    hub = FakeHub(path)
    assert hub.snapshot() == before
    hub.close()


def test_a_job_joins_the_queue_anew_when_a_limit_was_gone_meanwhile() -> None:
    hub = limited()
    hub.when().then(scheduling=60, running=10)
    job = submit(hub, flavor="t4-small")
    hub.configure(settings_from({}))
    hub.clock.advance(20_000)
    hub.transition(job, JobStage.RUNNING)
    hub.clock.advance(5_000)
    hub.transition(job, JobStage.SCHEDULING)
    hub.configure(settings_from({"flavors": {"t4-small": {"capacity": 1}}}))
    hub.clock.advance(1_000_000)
    assert starts(hub, [job]) == [85], "not when its first attempt would have been ready"


def test_every_list_says_the_same_of_who_waits() -> None:
    hub = limited()
    hub.when().then(scheduling=0, running=60)
    jobs = [submit(hub, flavor="t4-small") for _ in range(4)]
    hub.clock.advance(1)
    each = [look(hub, job).waiting for job in jobs]
    assert [seen.waiting for seen in hub.all_jobs()] == each
    assert [seen.waiting for seen in hub.jobs(hub.caller("x"), ME).jobs] == each[::-1]
    assert [seen.waiting for seen in hub.queue()] == each[1:]


def test_a_flavor_without_slots_runs_nothing() -> None:
    hub = limited(capacity=0)
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(10**10)
    assert stage(hub, job) == "SCHEDULING"


def test_a_job_whose_image_cannot_be_pulled_takes_no_slot() -> None:
    hub = limited()
    hub.when(name="bad").then(scheduling=5, image_pull_error=True)
    hub.when(name="good").then(scheduling=5, running=60)
    bad, good = (submit(hub, flavor="t4-small", labels={"name": name}) for name in ("bad", "good"))
    hub.clock.advance(5_000)
    assert [stage(hub, bad), stage(hub, good)] == ["ERROR", "RUNNING"]


def test_another_attempt_queues_again() -> None:
    hub = limited()
    hub.when().then(scheduling=5, running=60)
    first, second = (submit(hub, flavor="t4-small") for _ in range(2))
    hub.clock.advance(10_000)
    hub.transition(first, JobStage.SCHEDULING)
    hub.clock.advance(10_000)
    assert [stage(hub, first), stage(hub, second)] == ["SCHEDULING", "RUNNING"]
    hub.clock.advance(1_000_000)
    assert starts(hub, [first, second]) == [70, 10]


def test_a_job_that_is_put_to_running_and_back_waits_only_from_then() -> None:
    hub = limited()
    hub.when().then(scheduling=60, running=10)
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(30_000)
    hub.transition(job, JobStage.RUNNING)
    hub.clock.advance(1_000)
    hub.transition(job, JobStage.SCHEDULING)
    hub.clock.advance(1_000_000)
    assert starts(hub, [job]) == [91]


def test_more_slots_start_more_jobs_at_once() -> None:
    hub = limited()
    hub.when().then(scheduling=0, running=60)
    jobs = [submit(hub, flavor="t4-small") for _ in range(4)]
    hub.clock.advance(10_000)
    hub.configure(settings_from({"flavors": {"t4-small": {"capacity": 2}}}))
    hub.clock.advance(10_000)
    hub.configure(settings_from({}))
    assert starts(hub, jobs) == [0, 10, 20, 20]


def test_a_new_limit_counts_the_jobs_that_run_already() -> None:
    hub = frozen_hub()
    hub.when().then(scheduling=0, running=60)
    first = submit(hub, flavor="t4-small")
    hub.configure(settings_from({"flavors": {"t4-small": {"capacity": 1}}}))
    second = submit(hub, flavor="t4-small")
    hub.clock.advance(10_000)
    assert stage(hub, second) == "SCHEDULING"
    hub.clock.advance(50_000)
    assert starts(hub, [first, second]) == [0, 60]


JOBS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 10), st.integers(0, 12), st.sampled_from([None, 3, 9])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(capacity=st.integers(1, 3), jobs=JOBS)
def test_the_queue_against_the_rules_of_queues(
    capacity: int, jobs: list[tuple[int, int, int, int | None]]
) -> None:
    """Jobs of (pause before, scheduling, running, cancelled after), in seconds."""
    hub = FakeHub(
        settings=settings_from({"flavors": {"t4-small": {"capacity": capacity}}}),
        anchor=Anchor(START, START, frozen=True),
    )
    commands: list[tuple[int, int, str]] = []
    now = 0
    for number, (pause, scheduling, running, cancelled) in enumerate(jobs):
        now += pause
        commands.append((now, number, "submit"))
        hub.when(name=f"job-{number}").then(scheduling=scheduling, running=running)
        if cancelled is not None:
            commands.append((now + cancelled, number, "cancel"))
    ids: dict[int, str] = {}
    for at, number, verb in sorted(commands, key=lambda command: command[0]):
        hub.clock.set(START + at * 1000)
        if verb == "submit":
            ids[number] = submit(hub, flavor="t4-small", labels={"name": f"job-{number}"})
        elif stage(hub, ids[number]) in ("SCHEDULING", "RUNNING"):
            hub.cancel(hub.caller("x"), ME, ids[number])
    hub.clock.advance(1_000_000)
    plans = {number: look(hub, job).job.plan for number, job in ids.items()}
    ran = {number: plan for number, plan in plans.items() if plan.start < NEVER}

    for instant in {plan.start for plan in ran.values()}:
        running_then = sum(plan.start <= instant < plan.end for plan in ran.values())
        assert running_then <= capacity, "never more jobs than slots"
    for number, plan in plans.items():
        assert plan.end < NEVER, "nobody waits for ever"
        ready = plan.created + jobs[number][1] * 1000
        until = min(plan.start, plan.end)
        # From when it was ready to when it started (or was cancelled), every slot was taken by somebody else.
        for instant in range(ready, until, 1000):
            taken = sum(other.start <= instant < other.end for other in ran.values())
            assert taken == capacity, f"job {number} waits at {instant - START} with a slot free"
        for rival, other in ran.items():
            rival_ready = other.created + jobs[rival][1] * 1000
            if number < rival and max(ready, rival_ready) < other.start < until:
                raise AssertionError(f"job {rival} overtook job {number}")
    hub.close()


def test_the_same_settings_again_change_nothing() -> None:
    hub = limited()
    hub.when().then(scheduling=3, running=60)
    for _ in range(3):
        submit(hub, flavor="t4-small")
    hub.clock.advance(10_000)
    before = hub.snapshot()
    hub.configure(replace(hub.settings))
    assert hub.snapshot() == before
