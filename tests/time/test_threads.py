"""Threads that outlive their fake: they are named, their streams end, and they never meet the next one."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from fakejobs.errors import FakeClosed
from fakejobs.handle import FakeJobs, Options, activated
from tests.time.support import In, elapsed, submit

pytestmark = pytest.mark.filterwarnings("ignore::fakejobs.errors.LeftOverThread")


def known_to(fake: FakeJobs) -> None:
    """Let this thread be one that has used the fake."""
    fake.clock.sleep(0)


def test_a_stream_that_is_open_at_the_end_raises_in_its_reader() -> None:
    with activated(Options()) as fake:
        job = submit(fake, scheduling=0, running="6h", logs=[["1m", "one"], ["2m", "two"]])
        lines = iter(fake.api.fetch_job_logs(job_id=job.id, follow=True))
        assert next(lines) == "one"
    with pytest.raises(FakeClosed, match="the test that this fake belongs to is over"):
        next(lines)


def test_a_reader_that_waits_at_the_end_is_told(in_thread: Callable[..., In]) -> None:
    with activated(Options()) as fake:
        job = submit(fake, scheduling="forever")
        reading = threading.Event()

        def follow() -> None:
            known_to(fake)
            reading.set()
            list(fake.api.fetch_job_logs(job_id=job.id, follow=True))

        follower = in_thread(follow)
        reading.wait(5)
    with pytest.raises(FakeClosed):
        follower.done()


def test_a_sleep_at_the_end_is_over(in_thread: Callable[..., In]) -> None:
    with activated(Options()) as fake:
        fake._waits.silent_after = 30  # so that the main thread is waited for
        asleep = threading.Event()

        def sleep() -> None:
            known_to(fake)
            asleep.set()
            fake.clock.sleep(3600)

        sleeper = in_thread(sleep)
        asleep.wait(5)
    with pytest.raises(FakeClosed):
        sleeper.done()
    assert fake.hub.clock.now() == 1_767_225_600_000


def test_threads_that_are_left_over_are_named(in_thread: Callable[..., In]) -> None:
    go = threading.Event()
    with activated(Options()) as fake:
        ready = threading.Barrier(3)

        def stay() -> None:
            known_to(fake)
            ready.wait(5)
            go.wait(5)

        def end() -> None:
            known_to(fake)

        in_thread(end, name="ended").join(5)
        in_thread(stay, name="first")
        in_thread(stay, name="second")
        ready.wait(5)
        left = fake._waits.close("over")
        assert sorted((wait.thread.name, wait.what()) for wait in left) == [
            ("first", "it is busy elsewhere"),
            ("second", "it is busy elsewhere"),
        ]
    go.set()


def test_what_a_waiting_thread_waited_for_is_named(in_thread: Callable[..., In]) -> None:
    with activated(Options()) as fake:
        fake._waits.silent_after = 30
        ready = threading.Event()

        def sleep() -> None:
            known_to(fake)
            ready.set()
            fake.clock.sleep(90)

        sleeper = in_thread(sleep, name="sleeper")
        ready.wait(5)
        while not fake._waits._waiting:
            pass
        (left,) = fake._waits.close("over")
        assert (left.thread.name, left.what()) == ("sleeper", "sleep(90)")
    with pytest.raises(FakeClosed):
        sleeper.done()


def test_a_thread_that_is_left_over_never_meets_the_next_fake(in_thread: Callable[..., In]) -> None:
    ready, go = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    with activated(Options()) as first:
        job = submit(first, scheduling=0, running="6h")

        def linger() -> None:
            first.api.inspect_job(job_id=job.id)
            ready.set()
            go.wait(5)
            from huggingface_hub import HfApi, list_jobs

            for call in (
                lambda: first.api.inspect_job(job_id=job.id),
                lambda: HfApi().run_job(image="x", command=["y"]),
                lambda: list(list_jobs()),
                lambda: second.clock.sleep(60),
                lambda: second.clock.advance("1h"),
            ):
                try:
                    call()
                except FakeClosed as error:  # noqa: PERF203
                    errors.append(error)

        lingering = in_thread(linger, name="lingering")
        ready.wait(5)
    with activated(Options()) as second:
        go.set()
        lingering.done()
        assert len(errors) == 5
        assert "thread 'lingering' is left over from an earlier test" in str(errors[1])
        assert second.jobs == []
        assert second.requests == []
        assert elapsed(second) == 0


def test_a_pool_of_threads_may_serve_one_test_after_another() -> None:
    with ThreadPoolExecutor(1) as pool:
        for _ in range(3):
            with activated(Options()) as fake, warnings.catch_warnings():
                warnings.simplefilter("error")
                pool.submit(submit, fake).result()
                assert len(fake.jobs) == 1


def test_a_pool_that_is_busy_at_the_end_serves_the_next_test_with_its_next_work() -> None:
    ready, go = threading.Event(), threading.Event()

    def linger(fake: FakeJobs) -> None:
        known_to(fake)
        ready.set()
        go.wait(5)
        list(fake.api.list_jobs())

    with ThreadPoolExecutor(1) as pool:
        with activated(Options()) as first:
            left = pool.submit(linger, first)
            ready.wait(5)
        with activated(Options()) as second:
            go.set()
            assert isinstance(left.exception(5), FakeClosed)
            pool.submit(submit, second).result()
            assert len(second.jobs) == 1


def test_a_closed_fake_refuses_everything(fake: FakeJobs) -> None:
    fake.close()
    for call in (
        lambda: list(fake.api.list_jobs()),
        lambda: fake.clock.sleep(1),
        lambda: fake.clock.advance("1s"),
    ):
        with pytest.raises(FakeClosed):
            call()
    fake.close()


def test_a_stream_that_is_closed_early_listens_no_more(fake: FakeJobs) -> None:
    job = submit(fake, scheduling=0, running="6h", logs=["a", "b"])
    before = len(fake.hub.clock.bell)
    for _ in range(3):
        for line in fake.api.fetch_job_logs(job_id=job.id, follow=True):
            assert line == "a"
            break
    assert len(fake.hub.clock.bell) == before
