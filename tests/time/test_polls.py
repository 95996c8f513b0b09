"""auto_tick, and polls that would go on for ever: an error for each way of waiting, never a hang."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from time import sleep as real_sleep

import pytest

import tests.time.samples.modules as modules
from fakejobs.errors import ClockStuck
from fakejobs.handle import FakeJobs, Options, activated
from fakejobs.polls import Polls
from tests.time.support import In, elapsed, real_seconds_below, submit


@pytest.fixture
def hasty(fake: FakeJobs) -> FakeJobs:
    """A fake that loses its patience soon."""
    fake._polls.most_reads = 20
    fake._polls.longest_pause = 0.02
    fake._polls.most_futile_reads = 50
    fake._waits.stuck_after = 0.1
    return fake


def stage_of(fake: FakeJobs, job_id: str) -> str:
    return str(fake.api.inspect_job(job_id=job_id, namespace="fake-user").status.stage)


def spin(fake: FakeJobs, job_id: str, *stages: str, interval: float = 0) -> None:
    """A poll of somebody who has not thought of everything."""
    while stage_of(fake, job_id) not in (stages or ("COMPLETED",)):
        if interval:
            real_sleep(interval)


# auto_tick


def test_auto_tick_moves_time_before_the_second_read() -> None:
    with activated(Options(auto_tick="10s")) as fake:
        job = submit(fake, scheduling="30s", running="30s")
        seen = []
        while (stage := stage_of(fake, job.id)) != "COMPLETED":
            seen.append((stage, elapsed(fake)))
        assert seen == [("SCHEDULING", 0), ("SCHEDULING", 10), ("SCHEDULING", 20)] + [
            ("RUNNING", at) for at in (30, 40, 50)
        ]
        assert elapsed(fake) == 60
        assert stage_of(fake, job.id) == "COMPLETED"
        assert elapsed(fake) == 60, "what is over does not tick"


def test_auto_tick_can_be_switched_on_and_off(fake: FakeJobs) -> None:
    job = submit(fake, scheduling="1h")
    stage_of(fake, job.id)
    fake.clock.auto_tick("1m")
    stage_of(fake, job.id)
    assert elapsed(fake) == 60
    fake.clock.auto_tick(None)
    stage_of(fake, job.id)
    assert elapsed(fake) == 60


def test_auto_tick_serves_polls_of_lists() -> None:
    with activated(Options(auto_tick="10s")) as fake:
        submit(fake, scheduling=0, running="1m")
        while [job for job in fake.api.list_jobs() if job.status.stage == "RUNNING"]:
            pass
        assert elapsed(fake) == 60
        fake.api.list_jobs()
        assert elapsed(fake) == 60


def test_auto_tick_never_adds_to_a_sleep() -> None:
    with activated(Options(auto_tick="10s")) as fake:
        job = submit(fake, scheduling=0, running="1h")
        while stage_of(fake, job.id) == "RUNNING":
            fake.clock.sleep(7)
        assert elapsed(fake) == 3605  # the first multiple of seven


def test_auto_tick_passes_what_others_wait_for(in_thread: Callable[..., In]) -> None:
    with activated(Options(auto_tick="10s")) as fake:
        job = submit(fake, scheduling=0, running="1h")
        seen: list[float] = []
        ready = threading.Event()

        def other() -> None:
            fake.clock.sleep(0)
            ready.set()
            for _ in range(4):
                fake.clock.sleep(4)
                seen.append(elapsed(fake))

        thread = in_thread(other)
        ready.wait(5)
        while stage_of(fake, job.id) == "RUNNING":
            pass
        thread.done()
        assert seen == [4, 8, 12, 16]


def test_auto_tick_lets_a_test_read_several_jobs_at_one_instant() -> None:
    with activated(Options(auto_tick="10s")) as fake:
        jobs = [submit(fake, scheduling=0, running="1h") for _ in range(5)]
        assert [stage_of(fake, job.id) for job in jobs] == ["RUNNING"] * 5
        assert elapsed(fake) == 0


def test_auto_tick_works_through_asyncio_and_threads(in_thread: Callable[..., In]) -> None:
    with activated(Options(auto_tick="10s")) as fake:
        job = submit(fake, scheduling=0, running="10m")

        async def poll() -> None:
            while await asyncio.to_thread(stage_of, fake, job.id) == "RUNNING":
                await asyncio.sleep(0)

        asyncio.run(poll())
        assert elapsed(fake) == 600
        job = submit(fake, scheduling=0, running="10m")

        in_thread(spin, fake, job.id).done()
        assert elapsed(fake) == 1200


# What is no poll


def test_straight_code_may_read_as_often_as_it_likes(fake: FakeJobs) -> None:
    job = submit(fake, scheduling=0, running="1h")
    for _ in range(900):
        assert stage_of(fake, job.id) == "RUNNING"
    fake.clock.advance("2h")
    for _ in range(1500):
        assert stage_of(fake, job.id) == "COMPLETED"


def test_who_does_something_in_between_does_not_poll(hasty: FakeJobs) -> None:
    first = submit(hasty, scheduling=0, running="1h")
    for _ in range(60):
        submit(hasty, scheduling=0, running="1h")
        assert stage_of(hasty, first.id) == "RUNNING"
        assert len(list(hasty.api.list_jobs())) > 1


def test_who_sleeps_in_different_places_does_not_poll(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling=0, running="1h")
    stage_of(hasty, job.id)
    real_sleep(0.012)
    stage_of(hasty, job.id)
    real_sleep(0.012)
    stage_of(hasty, job.id)
    real_sleep(0.012)
    stage_of(hasty, job.id)
    real_sleep(0.012)
    stage_of(hasty, job.id)


def test_who_computes_does_not_sleep(hasty: FakeJobs) -> None:
    from time import thread_time

    job = submit(hasty, scheduling=0, running="1h")
    for _ in range(8):
        stage_of(hasty, job.id)
        until = thread_time() + 0.007
        while thread_time() < until:
            pass


def test_a_timeout_of_ones_own_is_no_poll_for_ever(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling="forever")
    with pytest.raises(TimeoutError):
        hasty.api.wait_for_job(job.id, timeout=300)
    hasty.clock.patch("tests.time.samples")
    with pytest.raises(TimeoutError):
        modules.poll(lambda: stage_of(hasty, job.id) == "RUNNING", interval=30, timeout=3 * 3600)
    assert elapsed(hasty) == 300 + 3 * 3600


def test_a_wait_until_another_thread_cancels_is_no_poll_for_ever(
    hasty: FakeJobs, in_thread: Callable[..., In]
) -> None:
    hasty._waits.stuck_after = 5  # the main thread may be given the processor late
    job = submit(hasty, scheduling="forever")
    ready = threading.Event()

    def wait() -> str:
        hasty.api.whoami()
        ready.set()
        return str(hasty.api.wait_for_job(job.id).status.stage)

    waiting = in_thread(wait)
    ready.wait(5)
    hasty.clock.sleep(300)
    hasty.api.cancel_job(job_id=job.id)
    assert waiting.done() == "CANCELED"


# What would go on for ever

here = r"test_polls\.py:\d+"
ways = r"\(1\) clock\.patch.*\(2\) clock\.auto_tick.*\(3\) clock\.advance"


def test_a_poll_without_an_interval(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling="1h")
    with pytest.raises(ClockStuck) as caught:
        spin(hasty, job.id)
    said = str(caught.value)
    line = stage_of.__code__.co_firstlineno + 1
    assert said == (
        f"{__file__}:{line} (thread 'MainThread') has read job {job.id} 21 times while the fake's clock stood still, and would go on "
        f'for ever; job {job.id} starts at 2026-01-01T01:00:00.000Z. Let time pass: (1) clock.patch("your_package") makes its '
        'sleeps virtual; (2) clock.auto_tick("10s") moves time with every such read; (3) clock.advance("1h") moves it by hand'
    )
    assert hasty.problems == [caught.value]
    hasty.problems.clear()


def test_a_poll_with_a_real_sleep(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling="1h")
    with pytest.raises(ClockStuck, match=f"{here}.*clock stood still.*{ways}"), real_seconds_below(2):
        spin(hasty, job.id, interval=0.009)


def test_a_poll_of_a_list(hasty: FakeJobs) -> None:
    def poll() -> None:
        while [job for job in hasty.api.list_jobs() if job.status.stage != "COMPLETED"]:
            pass

    submit(hasty, scheduling="1h")
    with pytest.raises(ClockStuck, match=f"{here}.*has read GET /api/jobs/fake-user .*starts at.*{ways}"):
        poll()


def test_a_poll_in_another_thread_is_told_there(hasty: FakeJobs, in_thread: Callable[..., In]) -> None:
    job = submit(hasty, scheduling="1h")

    def poll() -> None:
        spin(hasty, job.id)

    with pytest.raises(ClockStuck, match=rf"{here} \(thread 'poller'\)"):
        in_thread(poll, name="poller").done()


def test_a_poll_in_asyncio_names_the_task_that_waits(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling="1h")

    async def poll() -> None:
        while (
            await asyncio.to_thread(hasty.api.inspect_job, job_id=job.id, namespace="fake-user")
        ).status.stage != "COMPLETED":
            await asyncio.sleep(0)

    with pytest.raises(ClockStuck, match=f"{here}.*clock stood still.*{ways}"):
        asyncio.run(poll())


def test_a_poll_of_what_is_over(hasty: FakeJobs) -> None:
    """Waiting for COMPLETED or ERROR only, and never seeing CANCELED."""
    job = submit(hasty, scheduling="1h")
    hasty.api.cancel_job(job_id=job.id)
    with pytest.raises(ClockStuck, match=f"job {job.id} has been CANCELED since .*, and stays so"):
        spin(hasty, job.id, "COMPLETED", "ERROR")
    hasty.clock.patch("tests.time.samples")
    with pytest.raises(ClockStuck, match=r"has read job \w+ \d+ times in .* and nothing will ever change it"):
        modules.poll(lambda: stage_of(hasty, job.id) in ("COMPLETED", "ERROR"), interval=30)


def test_a_poll_of_logs_for_a_line_that_never_comes(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling=0, running="10m", logs=["a"])

    def poll() -> None:
        while "the end" not in list(hasty.api.fetch_job_logs(job_id=job.id, namespace="fake-user")):
            pass

    with pytest.raises(ClockStuck, match=f"has read logs of job {job.id}"):
        poll()


def test_wait_for_job_on_a_job_that_never_starts(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling="forever")
    with pytest.raises(
        ClockStuck, match=rf"{here}.*nothing will ever change it; job {job.id} waits in SCHEDULING for ever"
    ):
        hasty.api.wait_for_job(job.id)


def test_wait_for_job_on_a_job_that_never_starts_also_with_auto_tick(hasty: FakeJobs) -> None:
    hasty.clock.auto_tick("10s")
    job = submit(hasty, scheduling="forever")
    with pytest.raises(ClockStuck, match="waits in SCHEDULING for ever"):
        hasty.api.wait_for_job(job.id)
    with pytest.raises(ClockStuck, match="waits in SCHEDULING for ever"):
        spin(hasty, job.id)


def test_a_patched_poll_of_a_job_that_never_starts(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling="forever")
    hasty.clock.patch("tests.time.samples")

    def is_over() -> bool:
        return stage_of(hasty, job.id) == "COMPLETED"

    with pytest.raises(ClockStuck, match="waits in SCHEDULING for ever"):
        modules.poll(is_over, interval=30)
    with pytest.raises(ClockStuck, match="waits in SCHEDULING for ever"):
        asyncio.run(modules.apoll(is_over, interval=30))

    def poll() -> None:
        while not is_over():
            modules.wait_for_stop(threading.Event(), 30, 1)

    with pytest.raises(ClockStuck, match="waits in SCHEDULING for ever"):
        poll()


def test_following_a_job_that_never_starts(hasty: FakeJobs) -> None:
    job = submit(hasty, scheduling="forever")
    with pytest.raises(
        ClockStuck,
        match=rf"'MainThread'.*GET /api/jobs/fake-user/{job.id}/logs; job .* waits in SCHEDULING for ever",
    ):
        list(hasty.api.fetch_job_logs(job_id=job.id, follow=True))
    assert elapsed(hasty) == 0
    with pytest.raises(ClockStuck, match="waits in SCHEDULING for ever"):
        list(hasty.api.fetch_job_metrics(job_id=job.id, follow=True))


def test_a_job_that_runs_for_ever_ends_by_its_timeout(fake: FakeJobs) -> None:
    fake.when().then(scheduling=0, running="forever", logs=["a"])
    job = fake.api.run_job(image="x", command=["y"], timeout="2h")
    assert list(fake.api.fetch_job_logs(job_id=job.id, follow=True)) == ["a"]
    assert stage_of(fake, job.id) == "ERROR"
    assert elapsed(fake) == 7200


def test_the_place_in_the_queue_is_named(hasty: FakeJobs) -> None:
    from fakejobs.hub.settings import settings_from

    hasty.hub.configure(settings_from({"users": ["fake-user"], "flavors": {"cpu-basic": {"capacity": 1}}}))
    hasty.when().then(scheduling=0, running="1h")
    jobs = [hasty.api.run_job(image="x", command=["y"]) for _ in range(3)]
    with pytest.raises(
        ClockStuck, match=r"for a slot of cpu-basic: place 2 of 2 in the queue, 1 of 1 slots taken"
    ):
        spin(hasty, jobs[2].id)


def test_two_threads_that_poll_the_same_dead_end_are_both_told(
    hasty: FakeJobs, in_thread: Callable[..., In]
) -> None:
    job = submit(hasty, scheduling="forever")
    threads = [in_thread(hasty.api.wait_for_job, job.id) for _ in range(2)]
    for thread in threads:
        with pytest.raises(ClockStuck):
            thread.done()


# Live servers


def test_a_reader_that_is_no_thread(hasty: FakeJobs) -> None:
    polls: Polls = hasty._polls
    job = submit(hasty, scheduling="forever")
    target = f"/api/jobs/fake-user/{job.id}"
    for _ in range(3):
        polls.before("GET", target, reader="node at 127.0.0.1", tick=10_000)
    assert elapsed(hasty) == 20
    for _ in range(20):
        polls.before("GET", target, reader="curl at 127.0.0.1")
    with pytest.raises(ClockStuck, match=r"a client of the live server \(curl at 127.0.0.1\)"):
        polls.before("GET", target, reader="curl at 127.0.0.1")


def test_other_routes_are_not_watched(hasty: FakeJobs) -> None:
    for _ in range(60):
        hasty.api.whoami()
        hasty.api.list_jobs_hardware()
