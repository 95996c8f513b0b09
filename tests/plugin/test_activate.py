"""`fakejobs.activate`, with and without pytest."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import (
    HfApi,
    constants,
    list_jobs,
    run_job,
    set_client_factory,
    wait_for_job,
    whoami,
)
from huggingface_hub.utils import _http
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_fakejobs.config import WORDS as PLUGIN_WORDS

import fakejobs
from fakejobs import CheckFailed, FakeJobs, FakeJobsError
from fakejobs.drivers.inprocess import Call
from fakejobs.options import WORDS, Options
from tests.downstream.trainer import waiting


def swallow_a_refusal() -> None:
    with contextlib.suppress(Exception):
        HfApi(endpoint="https://elsewhere.example").whoami()


def test_as_a_context_manager() -> None:
    before = dict(vars(constants))
    with fakejobs.activate(user="ada", seed=3) as fake:
        assert isinstance(fake, FakeJobs)
        assert whoami()["name"] == "ada"
        run_job(image="x", command=["true"])
        assert len(fake.submitted()) == 1
    assert dict(vars(constants)) == before


def test_as_a_decorator_with_and_without_the_handle() -> None:
    @fakejobs.activate(user="ada")
    def with_it(number: int, fakejobs: FakeJobs) -> int:
        run_job(image="x", command=["true"])
        return number + len(fakejobs.jobs)

    @fakejobs.activate
    def without_it() -> str:
        return str(whoami()["name"])

    assert with_it(1) == 2  # type: ignore[call-arg]
    assert with_it(1) == 2  # type: ignore[call-arg]
    assert without_it() == "fake-user"
    assert list(inspect.signature(with_it).parameters) == ["number"]


def test_async_functions() -> None:
    @fakejobs.activate()
    async def work(fakejobs: FakeJobs) -> str:
        job = await asyncio.to_thread(run_job, image="x", command=["true"])
        await fakejobs.clock.asleep(3600)
        return fakejobs.submitted()[0].stage + str(job.id == fakejobs.submitted()[0].id)

    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(work()) == "COMPLETEDTrue"  # type: ignore[call-arg]


@fakejobs.activate
def test_pytest_tests_may_be_decorated(fakejobs: FakeJobs) -> None:
    run_job(image="x", command=["true"])
    assert len(fakejobs.submitted()) == 1


@settings(max_examples=20)
@given(count=st.integers(0, 3))
def test_each_example_of_hypothesis_has_a_fake_of_its_own(count: int) -> None:
    with fakejobs.activate() as fake:
        for _ in range(count):
            run_job(image="x", command=["true"])
        assert len(fake.submitted()) == len(list(list_jobs())) == count


def test_classes_and_generators_are_refused() -> None:
    with pytest.raises(FakeJobsError, match="decorate each test"):
        fakejobs.activate()(dict)
    with pytest.raises(FakeJobsError, match=r"with fakejobs\.activate"):
        fakejobs.activate(lambda: (yield))


def test_misspelt_and_impossible_options() -> None:
    with pytest.raises(ValueError, match="sed: unknown option; did you mean 'seed'"):
        fakejobs.activate(sed=1)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="orgs: give a list of names, such as \\[\"acme\"\\], not 'acme'"):
        fakejobs.activate(orgs="acme")


def test_problems_that_were_swallowed_are_raised_at_the_end() -> None:
    with pytest.raises(CheckFailed, match=r"(?s)1 problem while.*elsewhere\.example"), fakejobs.activate():
        swallow_a_refusal()
    with fakejobs.activate() as fake, fake.expect_problems():
        swallow_a_refusal()


def test_an_error_is_told_with_the_report_and_nothing_else() -> None:
    def careless() -> None:
        with fakejobs.activate():
            swallow_a_refusal()
            raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        careless()
    (note,) = caught.value.__notes__
    assert "clock: 2026-01-01T00:00:00.000Z" in note
    assert "NetworkRefused: GET https://elsewhere.example" in note


def test_strict() -> None:
    with pytest.raises(CheckFailed, match=r"strict: still SCHEDULING"), fakejobs.activate(strict=True):
        run_job(image="x", command=["true"])


def test_fakes_inside_of_fakes_keep_apart() -> None:
    with fakejobs.activate(user="outer") as outer:
        run_job(image="x", command=["true"])
        with fakejobs.activate(user="inner") as inner:
            assert whoami()["name"] == "inner"
            assert inner.submitted() == []
        assert whoami()["name"] == "outer"
        assert len(outer.submitted()) == 1


def test_time_of_a_fake_inside_of_a_fake_is_its_own() -> None:
    real = vars(waiting)["time"], vars(waiting)["asyncio"]
    with fakejobs.activate() as outer:
        outer.clock.patch(waiting.__name__)
        patched = vars(waiting)["time"]
        with fakejobs.activate() as inner:
            inner.when().then(scheduling="1m", running="10m")
            inner.clock.patch(waiting.__name__)
            vars(waiting)["time"].sleep(5)
            with pytest.raises(TimeoutError):
                wait_for_job(job_id=run_job(image="x", command=["true"]).id, timeout=100)
            assert inner.clock.monotonic() == 105
        assert outer.clock.monotonic() == 0
        assert vars(waiting)["time"] is patched
        vars(waiting)["time"].sleep(7)
        assert outer.clock.monotonic() == 7
    assert (vars(waiting)["time"], vars(waiting)["asyncio"]) == real


def test_one_event_loop_sleeps_for_a_fake_and_for_one_inside_of_it() -> None:
    async def main() -> None:
        with fakejobs.activate() as outer:
            await outer.clock.asleep(100)
            with fakejobs.activate() as inner:
                await inner.clock.asleep(50)
            await outer.clock.asleep(10)
            assert (outer.clock.monotonic(), inner.hub.clock.now() - inner.start) == (110, 50_000)
        assert "run_in_executor" not in vars(asyncio.get_running_loop())

    asyncio.run(main())


def test_a_client_factory_that_is_set_meanwhile_reaches_nothing() -> None:
    asked: list[str] = []

    def real_connections() -> Any:
        asked.append("a session")
        raise OSError("this would be the real Hub")

    before = _http._GLOBAL_CLIENT_FACTORY
    with fakejobs.activate() as outer:
        set_client_factory(real_connections)
        run_job(image="x", command=["true"])
        with fakejobs.activate() as inner:
            set_client_factory(real_connections)
            run_job(image="x", command=["true"])
        _http.close_session()  # as the client does after an error of TLS
        run_job(image="x", command=["true"])
    assert (len(outer.submitted()), len(inner.submitted()), asked) == (2, 1, [])
    assert before is _http._GLOBAL_CLIENT_FACTORY


def test_the_handle_may_have_any_place_among_the_parameters() -> None:
    @fakejobs.activate(user="ada")
    def check(fakejobs: FakeJobs, number: int, *more: int) -> tuple[str, int, tuple[int, ...]]:
        return fakejobs.api.whoami()["name"], number, more

    call: Callable[..., object] = check
    assert call(3, 4) == ("ada", 3, (4,))
    assert call(number=3) == ("ada", 3, ())


def test_a_closed_fake_tells_and_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    with fakejobs.activate() as fake:
        fake.when().then(running="5h")
        job = run_job(image="x", command=["true"], timeout="1h")
        wait_for_job(job_id=job.id, poll_interval=60)
        wait_for_job(job_id=run_job(image="x", command=["true"], timeout="6h").id, poll_interval=60)
    assert fake.report().count("cut by timeout") == 1
    for late in (fake.log_out, fake.when, lambda: fake.url, lambda: fake.add_job(stage="ERROR")):
        with pytest.raises(fakejobs.FakeClosed):
            late()
    assert os.environ["HF_TOKEN"] == "hf_mine"


@pytest.mark.parametrize("nothing", [0, "0s", -1, "soon"])
def test_auto_tick_moves_time_or_is_refused(nothing: float | str) -> None:
    with pytest.raises(ValueError, match="auto_tick"), fakejobs.activate(auto_tick=nothing):
        pass
    with fakejobs.activate() as fake, pytest.raises(ValueError, match="auto_tick"):
        fake.clock.auto_tick(nothing)


def test_a_late_caller_is_refused() -> None:
    with fakejobs.activate() as fake:
        pass
    with pytest.raises(fakejobs.FakeClosed):
        fake.answer(Call("GET", "https", "huggingface.co", 443, "/api/whoami-v2", [], b"", None))
    assert fake.problems == []


def test_opening_a_fake_is_cheap() -> None:
    times = []
    for _ in range(60):
        began = time.perf_counter()
        with fakejobs.activate():
            pass
        times.append(time.perf_counter() - began)
    # About half a millisecond on an idle machine; this one may be busy.
    assert statistics.quantiles(times, n=10)[0] < 0.005


def test_the_options_are_the_same_everywhere() -> None:
    assert sorted(word.name for word in PLUGIN_WORDS) == sorted(
        word for word in WORDS if word not in ("endpoint", "quirks", "users", "tokens", "credits")
    )
    assert Options() == Options(**{word: getattr(Options(), word) for word in WORDS})
