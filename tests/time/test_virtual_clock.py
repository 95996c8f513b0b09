"""`fakejobs.clock`, as a test uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from time import perf_counter
from time import sleep as real_sleep

import pytest

from fakejobs.errors import ClockStuck, FakeClosed
from fakejobs.handle import FakeJobs, Options, activated
from tests.time.support import In, elapsed, real_seconds_below, submit

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_time_stands_still_until_somebody_moves_it(fake: FakeJobs) -> None:
    assert fake.clock.now() == START
    real_sleep(0.003)
    assert fake.clock.now() == START
    assert fake.clock.advance("1.5h") == START + timedelta(hours=1.5)
    assert fake.clock.advance(0.25) == START + timedelta(hours=1.5, milliseconds=250)


@pytest.mark.parametrize("length", ["-1s", -1, "soon", None])
def test_what_is_no_length_of_time_is_refused(fake: FakeJobs, length: str) -> None:
    with pytest.raises(ValueError, match=r"length of time|negative"):
        fake.clock.advance(length)


def test_sleep_time_and_monotonic_can_be_passed_in(fake: FakeJobs) -> None:
    def wait_half_an_hour(sleep: Callable[[float], None], now: Callable[[], float]) -> int:
        deadline, rounds = now() + 1800, 0
        while now() < deadline:
            sleep(10)
            rounds += 1
        return rounds

    assert wait_half_an_hour(fake.clock.sleep, fake.clock.monotonic) == 180
    assert wait_half_an_hour(fake.clock.sleep, fake.clock.time) == 180
    assert elapsed(fake) == 3600


def test_call_at_takes_an_instant_or_a_length(fake: FakeJobs) -> None:
    seen: list[float] = []
    fake.clock.call_at(START + timedelta(minutes=1), lambda: seen.append(elapsed(fake)))
    fake.clock.call_at("2026-01-01T00:02:00Z", lambda: seen.append(elapsed(fake)))
    fake.clock.call_at("3m", lambda: seen.append(elapsed(fake)))
    fake.clock.advance("1h")
    assert seen == [60, 120, 180]


def test_asyncio_sleeps_cost_no_real_time(fake: FakeJobs) -> None:
    async def nap() -> None:
        for _ in range(720):
            await fake.clock.asleep(30)

    with real_seconds_below(3):
        asyncio.run(nap())
    assert elapsed(fake) == 6 * 3600


def test_sleeping_tasks_wake_in_the_order_of_their_instants(fake: FakeJobs) -> None:
    seen: list[tuple[str, float]] = []

    async def nap(name: str, *lengths: float) -> None:
        for length in lengths:
            await fake.clock.asleep(length)
            seen.append((name, elapsed(fake)))

    async def main() -> None:
        await asyncio.gather(nap("a", 3, 1), nap("b", 1, 1, 1), nap("c", 0.5), nap("d", 3))

    asyncio.run(main())
    assert seen == [("c", 0.5), ("b", 1), ("b", 2), ("a", 3), ("d", 3), ("b", 3), ("a", 4)]


def test_other_tasks_run_while_one_sleeps(fake: FakeJobs) -> None:
    seen: list[float] = []

    async def main() -> None:
        sleeper = asyncio.create_task(fake.clock.asleep(60))
        for _ in range(5):
            await asyncio.sleep(0)
            seen.append(elapsed(fake))
        await sleeper

    asyncio.run(main())
    assert seen == [0] * 5
    assert elapsed(fake) == 60


def test_a_cancelled_sleep_moves_nothing(fake: FakeJobs) -> None:
    async def main() -> None:
        long = asyncio.create_task(fake.clock.asleep(3600))
        await fake.clock.asleep(1)
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        await fake.clock.asleep(1)

    asyncio.run(main())
    assert elapsed(fake) == 2


def test_a_sleep_of_nothing_lets_others_run(fake: FakeJobs) -> None:
    async def main() -> list[str]:
        seen: list[str] = []

        async def other() -> None:
            seen.append("other")

        task = asyncio.create_task(other())
        await fake.clock.asleep(0)
        seen.append("main")
        await task
        return seen

    assert asyncio.run(main()) == ["other", "main"]
    assert elapsed(fake) == 0


def test_a_call_in_a_thread_waits_in_virtual_time_while_the_loop_sleeps(fake: FakeJobs) -> None:
    job = submit(fake, scheduling=0, running="6h")
    beats: list[float] = []

    async def beat() -> None:
        while True:
            await fake.clock.asleep(60)
            beats.append(elapsed(fake))

    async def main() -> str:
        heart = asyncio.create_task(beat())
        waiting = asyncio.create_task(asyncio.to_thread(fake.api.wait_for_job, job.id))
        await fake.clock.asleep(630)
        await asyncio.to_thread(fake.api.cancel_job, job_id=job.id)
        done = await waiting
        heart.cancel()
        return str(done.status.stage)

    with real_seconds_below(10):
        assert asyncio.run(main()) == "CANCELED"
    assert 630 <= elapsed(fake) <= 631
    assert beats == [60.0 * index for index in range(1, 11)]


def test_each_step_of_a_poll_in_a_thread_costs_no_patience(fake: FakeJobs) -> None:
    job = submit(fake, scheduling=0, running="1h")

    async def main() -> int:
        polls = 0
        while (await asyncio.to_thread(fake.api.inspect_job, job_id=job.id)).status.stage == "RUNNING":
            polls += 1
            await fake.clock.asleep(30)
        return polls

    with real_seconds_below(3):  # a patience of 50 ms a step would be 6 seconds
        assert asyncio.run(main()) == 120
    assert elapsed(fake) == 3600


def test_a_call_that_was_handed_to_a_thread_comes_before_the_next_sleep_ends(fake: FakeJobs) -> None:
    job = submit(fake, scheduling=0, running="6h")

    async def main() -> float:
        started: list[float] = []

        def slow_start() -> None:
            real_sleep(0.02)
            started.append(elapsed(fake))
            fake.api.inspect_job(job_id=job.id)

        await fake.clock.asleep(1)
        await asyncio.gather(asyncio.to_thread(slow_start), fake.clock.asleep(30))
        return started[0]

    assert asyncio.run(main()) == 1


def test_real_timers_and_callbacks_of_the_loop_go_on(fake: FakeJobs) -> None:
    seen: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.002, seen.append, "timer")
        await asyncio.sleep(0.004)
        await fake.clock.asleep(10)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.002)

    asyncio.run(main())
    assert seen == ["timer"]
    assert elapsed(fake) == 10


def test_sockets_interrupt_a_sleep_that_cannot_end_yet(fake: FakeJobs, in_thread: Callable[..., In]) -> None:
    fake._waits.silent_after = 5
    import socket
    import threading

    ready, go = threading.Event(), threading.Event()

    def busy() -> None:
        fake.clock.sleep(0)
        ready.set()
        go.wait(5)

    in_thread(busy)
    ready.wait(5)

    async def main() -> float:
        here, there = socket.socketpair()
        here.setblocking(False)
        sleeper = asyncio.create_task(fake.clock.asleep(60))
        threading.Timer(0.02, there.send, [b"x"]).start()
        await asyncio.get_running_loop().sock_recv(here, 1)
        at = elapsed(fake)
        here.close()
        there.close()
        go.set()
        await sleeper
        return at

    assert asyncio.run(main()) == 0
    assert elapsed(fake) == 60


def test_what_a_function_raises_on_the_way_comes_out_where_a_task_sleeps(fake: FakeJobs) -> None:
    def fail() -> None:
        raise LookupError("oops")

    fake.clock.call_at("1s", fail)

    async def main() -> None:
        with pytest.raises(LookupError, match="oops"):
            await fake.clock.asleep(60)
        await fake.clock.asleep(1)

    asyncio.run(main())
    assert elapsed(fake) == 2


def test_two_loops_in_two_threads_sleep_in_one_time(fake: FakeJobs, in_thread: Callable[..., In]) -> None:
    import threading

    barrier = threading.Barrier(2)

    def run(step: int) -> list[float]:
        async def main() -> list[float]:
            seen = []
            for _ in range(60 // step):
                await fake.clock.asleep(step)
                seen.append(elapsed(fake))
            return seen

        fake.clock.sleep(0)
        barrier.wait(5)
        return asyncio.run(main())

    threads = [in_thread(run, step) for step in (4, 10)]
    assert threads[0].done() == [4.0 * index for index in range(1, 16)]
    assert threads[1].done() == [10.0 * index for index in range(1, 7)]


def test_a_loop_is_given_back_when_the_fake_ends() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        selector = loop._selector  # type: ignore[attr-defined]
        with activated(Options()) as fake:
            await fake.clock.asleep(1)
            assert "select" in vars(selector)
        assert "select" not in vars(selector)
        assert "run_in_executor" not in vars(loop)
        assert await asyncio.to_thread(lambda: 1) == 1

    asyncio.run(main())


def test_a_sleep_that_is_left_when_the_fake_ends_is_refused() -> None:
    async def main() -> None:
        with activated(Options()) as fake:
            sleeper = asyncio.create_task(fake.clock.asleep(3600))
            await asyncio.sleep(0)
        with pytest.raises(FakeClosed):
            await sleeper
        with pytest.raises(FakeClosed):
            await fake.clock.asleep(1)

    asyncio.run(main())


def test_a_loop_without_a_selector_sleeps_too(fake: FakeJobs) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> list[float]:
        seen: list[float] = []

        async def nap(length: float) -> None:
            await fake.clock.asleep(length)
            seen.append(elapsed(fake))

        await asyncio.gather(nap(2), nap(1))
        return seen

    loop = uvloop.new_event_loop()
    try:
        assert loop.run_until_complete(main()) == [1, 2]
    finally:
        loop.close()


def test_an_asyncio_sleep_beyond_the_end_of_time_is_stuck(fake: FakeJobs) -> None:
    async def main() -> None:
        await fake.clock.asleep(1e13)

    with pytest.raises(ClockStuck, match=r"asyncio sleep\(1e\+13\)"):
        asyncio.run(main())


def test_waiting_in_a_pool_of_threads_costs_no_patience(fake: FakeJobs) -> None:
    from concurrent.futures import ThreadPoolExecutor

    job = submit(fake, scheduling=0, running="1h")
    with ThreadPoolExecutor(3) as pool:
        began = perf_counter()
        while pool.submit(fake.api.inspect_job, job_id=job.id).result().status.stage == "RUNNING":
            fake.clock.sleep(30)
    assert perf_counter() - began < 3  # 50 ms a step would be 6 seconds
    assert elapsed(fake) == 3600
