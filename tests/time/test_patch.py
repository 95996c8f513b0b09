"""`clock.patch`: the waits of a package, as its author wrote them. `tests.time.samples` stands for that package."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from time import perf_counter

import pytest

import tests.time.samples.modules as modules
import tests.time.samples.names as names
from fakejobs.errors import FakeJobsError
from fakejobs.handle import FakeJobs, Options, activated
from tests.time.support import In, elapsed, real_seconds_below, submit

PACKAGE = "tests.time.samples"


@pytest.fixture
def patched(fake: FakeJobs) -> FakeJobs:
    fake.clock.patch(PACKAGE)
    return fake


def test_it_says_what_it_replaced(fake: FakeJobs) -> None:
    assert fake.clock.patch(PACKAGE) == [
        "tests.time.samples.modules.asyncio",
        "tests.time.samples.modules.time",
        "tests.time.samples.names.asleep",
        "tests.time.samples.names.monotonic",
        "tests.time.samples.names.nap",
        "tests.time.samples.names.perf_counter",
        "tests.time.samples.names.sleep",
        "tests.time.samples.names.time",
        "tests.time.samples.names.time_ns",
    ]
    assert fake.clock.patch(PACKAGE) == []


def test_one_module_of_a_package_can_be_patched_alone(fake: FakeJobs) -> None:
    fake.clock.patch("tests.time.samples.modules")
    assert vars(modules)["time"] is fake.clock.bridge
    assert vars(names)["sleep"] is time.sleep


def test_all_is_put_back_when_the_fake_ends() -> None:
    before = {module: dict(vars(module)) for module in (modules, names)}
    methods = threading.Event.wait, threading.Condition.wait, threading.Condition.wait_for

    def test() -> None:
        with activated(Options()) as fake:
            fake.clock.patch(PACKAGE)
            assert vars(names)["sleep"] is not time.sleep
            raise LookupError

    with pytest.raises(LookupError):
        test()
    assert {module: dict(vars(module)) for module in (modules, names)} == before
    assert methods == (threading.Event.wait, threading.Condition.wait, threading.Condition.wait_for)


def test_what_somebody_else_put_there_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(_seconds: float) -> None:
        pass

    with activated(Options()) as fake:
        fake.clock.patch(PACKAGE)
        monkeypatch.setattr(names, "nap", quick)
    assert vars(names)["nap"] is quick
    monkeypatch.undo()  # puts back what it found, which is of a fake that is closed by now
    began = perf_counter()
    vars(names)["nap"](0.003)
    assert 0.002 < perf_counter() - began < 1
    setattr(names, "nap", time.sleep)  # noqa: B010


def test_a_poll_takes_virtual_time(patched: FakeJobs) -> None:
    job = submit(patched, scheduling="20m", running="6h")
    is_over = lambda: patched.api.inspect_job(job_id=job.id).status.stage == "COMPLETED"  # noqa: E731
    with real_seconds_below(5):
        assert modules.poll(is_over, interval=30) == 22_800
    with pytest.raises(TimeoutError):
        modules.poll(lambda: False, interval=0.7, timeout=10.5)
    assert elapsed(patched) == 22_810.5


def test_imported_names_agree_with_the_clock(patched: FakeJobs) -> None:
    names.rest(90)
    monotonic, perf_counter_, now, now_ns = names.times()
    assert monotonic == perf_counter_ == elapsed(patched) == 90
    assert now == patched.clock.now().timestamp()
    assert now_ns == now * 1e9


def test_a_poll_in_asyncio_takes_virtual_time(patched: FakeJobs) -> None:
    job = submit(patched, scheduling=0, running="1h")
    is_over = lambda: patched.api.inspect_job(job_id=job.id).status.stage == "COMPLETED"  # noqa: E731
    with real_seconds_below(3):
        assert asyncio.run(modules.apoll(is_over, interval=30)) == 3600
    assert asyncio.run(names.arest(5)) == "rested"
    assert elapsed(patched) == 3605


def test_several_polls_in_asyncio_interleave(patched: FakeJobs) -> None:
    jobs = [submit(patched, scheduling=0, running=seconds) for seconds in (100, 200, 300, 400)]

    async def watch(job_id: str) -> float:
        await modules.apoll(
            lambda: patched.api.inspect_job(job_id=job_id).status.stage == "COMPLETED", interval=10
        )
        return elapsed(patched)

    async def main() -> list[float]:
        return await asyncio.gather(*(watch(job.id) for job in jobs))

    assert asyncio.run(main()) == [100, 200, 300, 400]


def test_an_event_times_out_in_virtual_time(patched: FakeJobs) -> None:
    with real_seconds_below(1):
        assert modules.wait_for_stop(threading.Event(), interval=60, rounds=10) == 10
        assert not names.wait_for_done(30)
    assert elapsed(patched) == 630


def test_an_event_that_is_set_ends_the_wait_where_time_is(
    patched: FakeJobs, in_thread: Callable[..., In]
) -> None:
    stop, begun = threading.Event(), threading.Event()

    def wait() -> int:
        patched.clock.sleep(0)
        begun.set()
        return modules.wait_for_stop(stop, interval=60, rounds=1000)

    waiting = in_thread(wait)
    begun.wait(5)
    patched.clock.sleep(150)
    stop.set()
    patched.clock.sleep(1)
    assert waiting.done() == 2
    assert elapsed(patched) == 151


def test_an_event_that_is_set_already_ends_the_wait_at_once(patched: FakeJobs) -> None:
    stop = threading.Event()
    stop.set()
    assert modules.wait_for_stop(stop, interval=60, rounds=10) == 0
    assert elapsed(patched) == 0


def test_a_condition_times_out_in_virtual_time(patched: FakeJobs) -> None:
    assert not modules.wait_for_news(threading.Condition(), 90)
    assert elapsed(patched) == 90
    assert not modules.wait_until(threading.Condition(), lambda: False, 30)
    assert elapsed(patched) == 120
    assert modules.wait_until(threading.Condition(), lambda: True, 30)
    assert elapsed(patched) == 120


def test_a_notified_condition_ends_the_wait(patched: FakeJobs, in_thread: Callable[..., In]) -> None:
    said: list[str] = []
    news, begun = threading.Condition(), threading.Event()

    def wait() -> bool:
        patched.clock.sleep(0)
        begun.set()
        return modules.wait_until(news, lambda: bool(said), 3600)

    waiting = in_thread(wait)
    begun.wait(5)
    patched.clock.sleep(10)
    with news:
        said.append("it")
        news.notify_all()
    patched.clock.sleep(1)
    assert waiting.done() is True
    assert elapsed(patched) == 11


def test_other_packages_wait_in_real_time(patched: FakeJobs) -> None:
    began = perf_counter()
    assert not threading.Event().wait(0.003)
    with (news := threading.Condition()):
        assert not news.wait(0.003)
        assert not news.wait_for(lambda: False, 0.003)
    time.sleep(0.003)
    assert perf_counter() - began > 0.011
    assert elapsed(patched) == 0


def test_a_module_that_does_not_exist_is_named(fake: FakeJobs) -> None:
    with pytest.raises(FakeJobsError, match=r"clock.patch\('my_package'\): there is no such module"):
        fake.clock.patch("my_package")
    with pytest.raises(FakeJobsError, match="did you mean 'fakejobs'"):
        fake.clock.patch("fakejob")
    with pytest.raises(FakeJobsError, match=r"did you mean 'tests\.time\.samples'"):
        fake.clock.patch("tests.time.sample")


@pytest.mark.parametrize("name", ["", ".", "a..b", "tests.time.samples.nothing"])
def test_what_is_no_module_is_refused(fake: FakeJobs, name: str) -> None:
    with pytest.raises(FakeJobsError, match="there is no such module"):
        fake.clock.patch(name)


def test_a_module_that_is_not_loaded_is_to_be_imported_first(fake: FakeJobs) -> None:
    with pytest.raises(FakeJobsError, match="none of its modules is loaded yet; import it first"):
        fake.clock.patch("antigravity")
