"""`fakejobs.activate`, with and without pytest."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import statistics
import time

import pytest
from huggingface_hub import HfApi, constants, list_jobs, run_job, whoami
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_fakejobs.config import WORDS as PLUGIN_WORDS

import fakejobs
from fakejobs import CheckFailed, FakeJobs, FakeJobsError
from fakejobs.drivers.inprocess import Call
from fakejobs.options import WORDS, Options


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
    assert [word.name for word in PLUGIN_WORDS] == [
        word for word in WORDS if word not in ("endpoint", "quirks")
    ]
    assert Options() == Options(**{word: getattr(Options(), word) for word in WORDS})
