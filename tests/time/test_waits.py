"""Who moves virtual time, and how far."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from time import sleep as real_sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.clock import Anchor, Clock
from fakejobs.errors import ClockStuck, FakeJobsError
from fakejobs.handle import FakeJobs, Options, activated
from fakejobs.model.plan import NEVER
from fakejobs.waits import Waits
from tests.time.support import In, elapsed, real_seconds_below, submit


def frozen_waits(at: int = 0, *, silent_after: float = 0.05, stuck_after: float = 5.0) -> tuple[Clock, Waits]:
    clock = Clock(Anchor(at, 0, frozen=True), source=lambda: 0)
    return clock, Waits(clock, silent_after=silent_after, stuck_after=stuck_after)


@given(st.lists(st.integers(0, 10**7), max_size=20))
def test_a_lone_thread_moves_time_by_exactly_what_it_waits(lengths: list[int]) -> None:
    clock, waits = frozen_waits(5)
    began = perf_counter()
    for length in lengths:
        before = clock.now()
        waits.until(before + length, lambda: "a wait")
        assert clock.now() == before + length
    assert perf_counter() - began < 1


def test_following_a_job_of_six_hours_takes_no_time(fake: FakeJobs) -> None:
    job = submit(fake, scheduling="20m", running="6h", logs=[f"step {index}" for index in range(360)])
    with real_seconds_below(2):
        lines = list(fake.api.fetch_job_logs(job_id=job.id, follow=True))
    assert lines == [f"step {index}" for index in range(360)]
    assert elapsed(fake) == 6 * 3600 + 1200


@pytest.mark.parametrize("_round", range(30))
def test_a_follower_and_a_main_thread_that_cancels_after_ten_minutes(
    fake: FakeJobs, in_thread: Callable[..., In], _round: int
) -> None:
    job = submit(
        fake, scheduling=0, running="6h", logs=[[60 * index, f"step {index}"] for index in range(360)]
    )

    def follow() -> list[tuple[str, float]]:
        return [(line, elapsed(fake)) for line in fake.api.fetch_job_logs(job_id=job.id, follow=True)]

    # However busy the machine is: neither thread is given up for silent while the other runs.
    fake._waits.silent_after = 10
    follower = in_thread(follow)
    fake.clock.sleep(600)
    fake.api.cancel_job(job_id=job.id)
    seen = follower.done()
    assert isinstance(seen, list)
    assert [line for line, _ in seen] == [f"step {index}" for index in range(11)]
    assert all(at <= 600 for _, at in seen)
    assert elapsed(fake) == 600


def test_a_follower_sees_each_line_at_its_instant_while_another_thread_sleeps(
    fake: FakeJobs, in_thread: Callable[..., In]
) -> None:
    job = submit(fake, scheduling=0, running="1h", logs=[[60 * index, str(index)] for index in range(1, 20)])
    following = threading.Event()

    def follow() -> list[tuple[str, float]]:
        fake.api.whoami()
        following.set()
        return [(line, elapsed(fake)) for line in fake.api.fetch_job_logs(job_id=job.id, follow=True)]

    follower = in_thread(follow)
    following.wait(5)
    for _ in range(100):
        fake.clock.sleep(7)
    fake.api.cancel_job(job_id=job.id)
    assert follower.done() == [(str(index), 60.0 * index) for index in range(1, 12)]
    assert elapsed(fake) == 700


@pytest.mark.parametrize("auto_tick", [None, "10s", "7ms"])
@pytest.mark.parametrize("start", ["0", "12.345", "0.001", "86399.999"])
@pytest.mark.parametrize("poll_interval", [1.0, 0.3, 7, 1000])
def test_wait_for_job_ends_at_its_timeout_exactly(
    auto_tick: str | None, start: str, poll_interval: float
) -> None:
    with activated(Options(auto_tick=auto_tick)) as fake:
        fake.clock.advance(start + "s")
        job = submit(fake, scheduling=0, running="1h")
        began = fake.clock.now()
        with pytest.raises(TimeoutError, match="after 100 seconds"):
            fake.api.wait_for_job(job.id, timeout=100, poll_interval=poll_interval)
        assert fake.clock.now() - began == timedelta(seconds=100)


def test_wait_for_job_ends_at_its_timeout_also_when_its_first_read_is_a_poll() -> None:
    with activated(Options(auto_tick="10s")) as fake:
        job = submit(fake, scheduling=0, running="1h")
        fake.api.inspect_job(job_id=job.id)
        began = fake.clock.now()
        with pytest.raises(TimeoutError):
            fake.api.wait_for_job(job.id, timeout=100)
        assert fake.clock.now() - began == timedelta(seconds=100)


def test_four_threads_that_poll_each_second_end_with_their_jobs(
    fake: FakeJobs, in_thread: Callable[..., In]
) -> None:
    fake.when(name="*").then(scheduling=0, running="400s")
    jobs = []
    for seconds in (100, 200, 300, 400):
        fake.when(name=f"job-{seconds}").then(scheduling=0, running=seconds)
        jobs.append(
            fake.api.run_job(image="x", command=["y"], labels={"name": f"job-{seconds}"}, timeout="1h")
        )
    barrier = threading.Barrier(4)

    def wait(job_id: str) -> float:
        fake.api.whoami()
        barrier.wait(5)
        while fake.api.inspect_job(job_id=job_id).status.stage == "RUNNING":
            fake.clock.sleep(1)
        return elapsed(fake)

    threads = [in_thread(wait, job.id, name=f"poll {job.id}") for job in jobs]
    assert [thread.done() for thread in threads] == [100, 200, 300, 400]


def test_four_timeouts_in_four_threads(fake: FakeJobs, in_thread: Callable[..., In]) -> None:
    job = submit(fake, scheduling="1h", running="1h")
    barrier = threading.Barrier(4)

    def wait(seconds: int) -> float:
        fake.api.whoami()
        barrier.wait(5)
        with pytest.raises(TimeoutError):
            fake.api.wait_for_job(job.id, timeout=seconds)
        return elapsed(fake)

    threads = [in_thread(wait, seconds) for seconds in (400, 100, 300, 200)]
    assert [thread.done() for thread in threads] == [400, 100, 300, 200]


def test_metrics_move_time_to_the_end_of_the_job_and_not_past_it(fake: FakeJobs) -> None:
    job = submit(fake, scheduling="30s", running="90s")
    samples = list(fake.api.fetch_job_metrics(job_id=job.id, follow=True))
    assert len(samples) == 90
    assert elapsed(fake) == 120
    assert fake.api.inspect_job(job_id=job.id).status.stage == "COMPLETED"
    assert list(fake.api.fetch_job_metrics(job_id=job.id, follow=True)) == []
    assert elapsed(fake) == 120


@pytest.mark.parametrize("quirk", ["406", "500", "empty"])
def test_metrics_of_a_finished_job_end_at_once(quirk: str) -> None:
    with activated(Options(quirks={"metrics_of_finished": quirk})) as fake:
        job = submit(fake, scheduling=0, running="10s")
        fake.clock.advance("1m")
        assert list(fake.api.fetch_job_metrics(job_id=job.id, follow=True)) == []
        assert elapsed(fake) == 60


def test_a_cancelled_job_ends_its_metrics_where_it_was_cancelled(
    fake: FakeJobs, in_thread: Callable[..., In]
) -> None:
    job = submit(fake, scheduling=0, running="6h")
    follower = in_thread(lambda: len(list(fake.api.fetch_job_metrics(job_id=job.id, follow=True))))
    fake.clock.sleep(100)
    fake.api.cancel_job(job_id=job.id)
    follower.done()
    assert elapsed(fake) == 100


def test_logs_that_are_not_followed_do_not_wait_for_the_end(fake: FakeJobs) -> None:
    job = submit(fake, scheduling=0, running="6h", logs=[["1m", "first"], ["2h", "second"]])
    fake.clock.advance("10m")
    assert list(fake.api.fetch_job_logs(job_id=job.id)) == ["first"]
    assert elapsed(fake) <= 605


def test_advance_stops_at_everything_that_somebody_waits_for(
    fake: FakeJobs, in_thread: Callable[..., In]
) -> None:
    fake._waits.silent_after = 30  # however slowly the other thread gets the processor
    seen: list[float] = []
    ready = threading.Event()

    def tick() -> None:
        fake.clock.sleep(0)
        ready.set()
        for _ in range(5):
            fake.clock.sleep(10)
            seen.append(elapsed(fake))

    thread = in_thread(tick)
    ready.wait(5)
    fake.clock.advance("1m")
    assert elapsed(fake) == 60
    thread.done()
    assert seen == [10, 20, 30, 40, 50]


def test_functions_are_called_at_their_instants_in_order(fake: FakeJobs) -> None:
    seen: list[tuple[str, float]] = []
    for when, name in (("2s", "c"), ("1s", "a"), ("1s", "b"), ("1h", "late")):
        fake.clock.call_at(when, lambda name=name: seen.append((name, elapsed(fake))))  # type: ignore[misc]
    fake.clock.advance("1m")
    assert seen == [("a", 1), ("b", 1), ("c", 2)]


def test_a_function_may_use_the_client_and_wait(fake: FakeJobs) -> None:
    job = submit(fake, scheduling=0, running="6h")
    stages: list[str] = []

    def cancel() -> None:
        fake.clock.sleep(5)
        fake.api.cancel_job(job_id=job.id)
        fake.clock.call_at("10s", lambda: stages.append(fake.api.inspect_job(job_id=job.id).status.stage))

    fake.clock.call_at("1m", cancel)
    assert fake.api.wait_for_job(job.id).status.stage == "CANCELED"
    assert elapsed(fake) == 65
    fake.clock.advance("1h")
    assert stages == ["CANCELED"]


def test_time_stands_still_while_a_function_runs(fake: FakeJobs, in_thread: Callable[..., In]) -> None:
    ready = threading.Event()

    def sleep() -> None:
        fake.clock.sleep(0)
        ready.set()
        fake.clock.sleep(100)

    at: list[float] = []

    def slow() -> None:
        at.append(elapsed(fake))
        real_sleep(0.08)
        at.append(elapsed(fake))

    fake.clock.call_at("1s", slow)
    thread = in_thread(sleep)
    ready.wait(5)
    fake.clock.sleep(200)
    thread.done()
    assert at == [1, 1]


def test_what_a_function_raises_comes_out_of_the_wait(fake: FakeJobs) -> None:
    def fail() -> None:
        raise LookupError("oops")

    fake.clock.call_at("1s", fail)
    with pytest.raises(LookupError, match="oops"):
        fake.clock.advance("1m")
    assert elapsed(fake) == 1
    fake.clock.advance("1m")
    assert elapsed(fake) == 61


def test_a_function_in_the_past_is_refused(fake: FakeJobs) -> None:
    with pytest.raises(FakeJobsError, match="is past"):
        fake.clock.call_at("2020-01-01T00:00:00Z", print)


def test_a_ring_before_the_wait_is_not_lost() -> None:
    clock, waits = frozen_waits()
    listener = waits.listen("job")
    listener.rung = False
    clock.bell.ring("job")
    assert listener.rung
    listener.close()
    clock.bell.ring("job")


def test_a_cancelled_job_ends_a_stream_that_was_opened_before_and_read_after(fake: FakeJobs) -> None:
    job = submit(fake, scheduling=0, running="6h", logs=[["1s", "one"], ["5h", "two"]])
    lines = iter(fake.api.fetch_job_logs(job_id=job.id, follow=True))
    fake.clock.advance("10s")
    assert next(lines) == "one"
    fake.api.cancel_job(job_id=job.id)
    assert list(lines) == []
    assert elapsed(fake) == 10


def test_waiters_of_one_instant_all_end_at_it(fake: FakeJobs, in_thread: Callable[..., In]) -> None:
    barrier = threading.Barrier(8)

    def sleep() -> float:
        fake.clock.sleep(0)
        barrier.wait(5)
        fake.clock.sleep(60)
        return elapsed(fake)

    threads = [in_thread(sleep) for _ in range(8)]
    assert {thread.done() for thread in threads} == {60}


def test_time_does_not_move_while_a_known_thread_is_about_to_act(in_thread: Callable[..., In]) -> None:
    clock, waits = frozen_waits(silent_after=0.5)
    ready, go = threading.Event(), threading.Event()

    def act() -> int:
        waits.seen()
        ready.set()
        go.wait(5)
        return clock.now()

    busy = in_thread(act)
    ready.wait(5)
    waiter = in_thread(lambda: waits.until(clock.now() + 1000, lambda: "a wait"))
    real_sleep(0.03)
    assert clock.now() == 0
    go.set()
    assert busy.done() == 0
    waits.forget()
    waiter.done()
    assert clock.now() == 1000


def test_a_thread_that_ended_is_not_waited_for(in_thread: Callable[..., In]) -> None:
    clock, waits = frozen_waits(silent_after=30)
    in_thread(waits.seen).done()
    with real_seconds_below(5):
        waits.until(1000, lambda: "a wait")
    assert clock.now() == 1000


def test_a_silent_thread_is_waited_for_only_so_long(in_thread: Callable[..., In]) -> None:
    _, waits = frozen_waits(silent_after=0.05)
    ready, end = threading.Event(), threading.Event()

    def silent() -> None:
        waits.seen()
        ready.set()
        end.wait(5)

    in_thread(silent)
    ready.wait(5)
    began = perf_counter()
    waits.until(1000, lambda: "a wait")
    assert 0.02 < perf_counter() - began < 2
    waits.until(2000, lambda: "it stays silent, so this takes no time")
    end.set()


def test_a_wait_that_nothing_can_end_says_so_at_once() -> None:
    _, waits = frozen_waits()
    problems: list[FakeJobsError] = []
    waits.problem = problems.append
    waits.describe = lambda job_id: f"job {job_id} waits in SCHEDULING for ever"
    with pytest.raises(ClockStuck) as caught:
        waits.until(NEVER, lambda: "GET /logs", topic="j1")
    assert str(caught.value) == (
        "thread 'MainThread' waits for what nothing will end: GET /logs; job j1 waits in SCHEDULING for ever"
    )
    assert problems == [caught.value]


def test_a_silent_thread_may_still_end_such_a_wait(in_thread: Callable[..., In]) -> None:
    clock, waits = frozen_waits(stuck_after=5)
    ready, go = threading.Event(), threading.Event()

    def ring() -> None:
        waits.seen()
        ready.set()
        go.wait(5)
        clock.bell.ring("j1")

    ringer = in_thread(ring)
    ready.wait(5)
    threading.Timer(0.07, go.set).start()
    waits.until(NEVER, lambda: "news", topic="j1")
    ringer.done()


def test_a_silent_thread_has_only_so_long(in_thread: Callable[..., In]) -> None:
    _, waits = frozen_waits(stuck_after=0.08, silent_after=0.01)
    ready, end = threading.Event(), threading.Event()

    def silent() -> None:
        waits.seen()
        ready.set()
        end.wait(5)

    in_thread(silent)
    ready.wait(5)
    with pytest.raises(ClockStuck):
        waits.until(NEVER, lambda: "news", topic="j1")
    end.set()


def test_two_threads_that_wait_for_each_other_for_ever_are_both_told(in_thread: Callable[..., In]) -> None:
    _, waits = frozen_waits()
    both = threading.Barrier(2)

    def wait() -> None:
        waits.seen()
        both.wait(5)
        waits.until(NEVER, lambda: "the other")

    threads = [in_thread(wait, name=name) for name in ("one", "two")]
    waits.forget()
    for thread in threads:
        with pytest.raises(ClockStuck, match="waits for what nothing will end: the other"):
            thread.done()


def test_the_year_9999_is_the_end(fake: FakeJobs) -> None:
    for _ in range(79):
        fake.clock.advance("36500d")
    with pytest.raises(ClockStuck, match=r"sleep\(1e\+12\)"):
        fake.clock.sleep(1e12)


def test_time_that_the_hub_moves_by_itself_ends_waits(in_thread: Callable[..., In]) -> None:
    clock, waits = frozen_waits(silent_after=0.3)
    waiting = in_thread(waits.until, 1000, lambda: "a wait")
    real_sleep(0.01)
    clock.advance(1000)
    waiting.done()
    assert clock.now() == 1000


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(1, 2000), min_size=1, max_size=6), min_size=1, max_size=4),
)
def test_every_sleeper_wakes_at_its_own_instants(naps: list[list[int]]) -> None:
    clock, waits = frozen_waits(silent_after=5)
    ready = threading.Barrier(len(naps))

    def sleeper(lengths: list[int]) -> list[int]:
        waits.seen()
        ready.wait(5)
        seen = []
        for length in lengths:
            waits.until(clock.now() + length, lambda: "a nap")
            seen.append(clock.now())
        return seen

    waits.forget()
    threads = [In(sleeper, lengths, name="sleeper") for lengths in naps]
    for thread in threads:
        thread.start()
    for thread, lengths in zip(threads, naps, strict=True):
        assert thread.done() == [sum(lengths[: index + 1]) for index in range(len(lengths))]
