"""How the authors of `trainer` test it: with the fixture ``fakejobs`` and what it gives, and nothing else of fakejobs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from huggingface_hub import get_token, inspect_job, run_job

from fakejobs import ClockStuck, FakeJobs
from tests.downstream import trainer
from tests.downstream.trainer import publish, waiting
from tests.downstream.trainer.launch import Result, TrainingFailed, train_until_it_works

PACKAGE = "tests.downstream.trainer"

Way = Callable[[str], str]

WAYS: dict[str, Way] = {
    "time.sleep": waiting.with_time_sleep,
    "from time import sleep": waiting.with_imported_sleep,
    "Event.wait": lambda job_id: waiting.with_event(job_id, threading.Event()),
    "asyncio.sleep": lambda job_id: asyncio.run(waiting.with_asyncio_sleep(job_id)),
    "asyncio.to_thread": lambda job_id: asyncio.run(waiting.with_to_thread(job_id)),
    "wait_for_job": waiting.with_the_client,
}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)

WAYS_WITHOUT_SLEEP: dict[str, Way] = {
    "no break": waiting.without_a_break,
    "time.sleep(0)": lambda job_id: waiting.with_time_sleep(job_id, poll=0),
    "asyncio.sleep(0)": lambda job_id: asyncio.run(waiting.with_asyncio_sleep(job_id, poll=0)),
    "asyncio.to_thread": lambda job_id: asyncio.run(waiting.with_to_thread(job_id, poll=0)),
    "Event.wait(0)": lambda job_id: waiting.with_event(job_id, threading.Event(), poll=0),
}
each_way_without_sleep = pytest.mark.parametrize("way", WAYS_WITHOUT_SLEEP.values(), ids=WAYS_WITHOUT_SLEEP)


def submit(*command: str) -> str:
    return run_job(image="python:3.12", command=list(command or ("python", "train.py"))).id


# Training until it works


def test_retries_on_a_bigger_gpu_after_oom(fakejobs: FakeJobs) -> None:
    fakejobs.when(flavor="a10g-small").then(running="40m", oom=True)
    fakejobs.when(flavor="a100-large").then(scheduling="20m", running="6h", logs=["loss 0.9", "loss 0.1"])
    fakejobs.clock.patch(PACKAGE)
    result = train_until_it_works(timeout="12h")
    small, large = fakejobs.submitted()
    assert (small.stage, large.stage) == ("ERROR", "COMPLETED")
    assert result.last_line == "loss 0.1"
    assert fakejobs.cost < 20


def test_seven_hours_pass_and_take_no_time(fakejobs: FakeJobs) -> None:
    fakejobs.when(flavor="a10g-small").then(scheduling=0, running="40m", oom=True)
    fakejobs.when(flavor="a100-large").then(scheduling="20m", running="6h", logs=["done"])
    fakejobs.clock.patch(PACKAGE)
    began, really_began = fakejobs.clock.now(), time.monotonic()
    train_until_it_works(timeout="12h")
    assert fakejobs.clock.now() - began == timedelta(hours=7)
    assert time.monotonic() - really_began < 60


def test_each_attempt_asks_for_what_it_should(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(running="4m", oom=True).then(running="10m", logs=["done"])
    fakejobs.clock.patch(PACKAGE)
    result: Result = train_until_it_works(timeout="12h")
    first, second = fakejobs.submitted(env={"PROJECT": "sentiment"})
    assert (first.env["ATTEMPT"], second.env["ATTEMPT"]) == ("1", "2")
    assert first.timeout == second.timeout == 12 * 3600
    assert (second.id, second.flavor) == (result.job.id, "a100-large")


def test_another_failure_is_not_tried_again(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(running="5m", exit_code=1, logs=["KeyError: 'label'"])
    fakejobs.clock.patch(PACKAGE)
    with pytest.raises(
        TrainingFailed, match=r"ERROR on a10g-small: Job failed with exit code: 1\. Reason: Error"
    ):
        train_until_it_works(timeout="12h")
    assert len(fakejobs.submitted()) == 1


def test_no_machine_is_big_enough(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(running="5m", oom=True)
    fakejobs.clock.patch(PACKAGE)
    with pytest.raises(TrainingFailed, match="out of memory even on h200"):
        train_until_it_works(timeout="12h")
    assert [job.flavor for job in fakejobs.submitted()] == ["a10g-small", "a100-large", "h200"]
    assert set(fakejobs.cost.by_flavor) == {"a10g-small", "a100-large", "h200"}


def test_somebody_cancels_it_on_the_website(fakejobs: FakeJobs) -> None:
    fakejobs.clock.patch(PACKAGE)
    fakejobs.when().then(scheduling="1m", running="1h")
    fakejobs.clock.call_at("30m", lambda: fakejobs.api.cancel_job(job_id=fakejobs.submitted()[0].id))
    with pytest.raises(TrainingFailed, match="CANCELED on a10g-small"):
        train_until_it_works(timeout="12h")


# Waiting


@each_way
def test_each_way_of_waiting_takes_exactly_as_long_as_the_job(fakejobs: FakeJobs, way: Way) -> None:
    fakejobs.clock.patch(PACKAGE)
    fakejobs.when().then(scheduling="1m", running="10m")
    began = fakejobs.clock.now()
    assert way(submit()) == "COMPLETED"
    assert fakejobs.clock.now() - began == timedelta(minutes=11)


@each_way_without_sleep
def test_polling_without_a_pause_comes_to_an_end_with_auto_tick(fakejobs: FakeJobs, way: Way) -> None:
    fakejobs.clock.auto_tick("10s")
    fakejobs.when().then(scheduling="1m", running="10m")
    began = fakejobs.clock.now()
    assert way(submit()) == "COMPLETED"
    assert fakejobs.clock.now() - began == timedelta(minutes=11)


@pytest.mark.fakejobs(auto_tick="10s")
@each_way
def test_auto_tick_adds_nothing_to_sleeps_that_are_patched(fakejobs: FakeJobs, way: Way) -> None:
    fakejobs.clock.patch(PACKAGE)
    fakejobs.when().then(scheduling="1m", running="10m")
    began = fakejobs.clock.now()
    assert way(submit()) == "COMPLETED"
    assert fakejobs.clock.now() - began == timedelta(minutes=11)


@pytest.mark.parametrize("way", ["no break", "asyncio.sleep(0)"])
def test_what_would_poll_for_ever_is_told_so(fakejobs: FakeJobs, way: str) -> None:
    with fakejobs.expect_problems(ClockStuck) as problems:
        WAYS_WITHOUT_SLEEP[way](submit())
    assert "waiting.py:" in str(problems[0])


def test_waiting_can_be_stopped_from_another_thread(fakejobs: FakeJobs) -> None:
    fakejobs.clock.patch(PACKAGE)
    fakejobs.when().then(scheduling=0, running="forever")
    stop = threading.Event()
    fakejobs.clock.call_at("10m", stop.set)
    assert waiting.with_event(submit(), stop) == "STOPPED"


# Deadlines


def test_a_command_that_takes_too_long_is_cancelled(fakejobs: FakeJobs) -> None:
    fakejobs.clock.patch(PACKAGE)
    fakejobs.when(command="python crawl.py").then(scheduling=0, running="1d")
    began = fakejobs.clock.now()
    stage = trainer.run_or_cancel(["python", "crawl.py"], flavor="cpu-upgrade", seconds=3605)
    assert stage == "CANCELED"
    assert fakejobs.clock.now() - began == timedelta(seconds=3605)
    fakejobs.assert_nothing_running()


def test_a_command_that_is_done_in_time_is_not_cancelled(fakejobs: FakeJobs) -> None:
    fakejobs.clock.patch(PACKAGE)
    fakejobs.when(command="python crawl.py").then(scheduling=0, running="20m")
    assert trainer.run_or_cancel(["python", "crawl.py"], flavor="cpu-upgrade", seconds=3600) == "COMPLETED"
    assert not [request for request in fakejobs.requests if request.path.endswith("/cancel")]


# Logs in a thread


def test_lines_come_at_their_times_while_the_main_thread_does_something_else(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="25m", logs=[["5m", "one"], ["10m", "two"], ["20m", "three"]])
    began = fakejobs.clock.now()
    seen: list[tuple[int, str]] = []

    def note(line: str) -> None:
        seen.append(((fakejobs.clock.now() - began) // timedelta(minutes=1), line))

    follower = trainer.LogFollower(submit(), note)
    follower.start()
    follower.join()
    assert seen == [(5, "one"), (10, "two"), (20, "three")]
    assert fakejobs.clock.now() - began == timedelta(minutes=25)


def test_a_follower_does_not_run_ahead_of_who_wants_to_cancel(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="6h", logs=[[f"{n}m", f"step {n}"] for n in range(1, 360)])
    job_id = run_job(image="python:3.12", command=["python", "train.py"], timeout="1d").id
    lines: list[str] = []
    follower = trainer.LogFollower(job_id, lines.append)
    follower.start()
    fakejobs.clock.advance("10m")
    fakejobs.api.cancel_job(job_id=job_id)
    follower.join()
    assert lines == [f"step {n}" for n in range(1, 11)]
    assert inspect_job(job_id=job_id).status.stage == "CANCELED"


# Money


def test_what_could_cost_too_much_is_not_even_submitted(fakejobs: FakeJobs) -> None:
    with pytest.raises(
        trainer.TooExpensive, match=r"10 hours of h200 cost up to \$50\.00, and the budget is \$20\.00"
    ):
        trainer.submit_within(20, ["python", "train.py"], flavor="h200", hours=10)
    assert fakejobs.submitted() == []


def test_the_budget_holds_whatever_the_job_does(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(running="forever")
    job = trainer.submit_within(20, ["python", "train.py"], flavor="h200", hours=3)
    fakejobs.clock.advance("2d")
    assert inspect_job(job_id=job.id).status.message == "Job timeout"
    assert 14 < fakejobs.cost <= 20


def test_the_cheapest_machine_with_enough_memory(fakejobs: FakeJobs) -> None:
    assert trainer.cheapest_gpu(24) == "l4x1"
    assert trainer.cheapest_gpu(80) == "a100-large"


# Beside Jobs


@pytest.mark.filterwarnings("ignore:'HfApi.run_uv_job' is experimental")
def test_a_local_script_is_shipped_with_its_job(fakejobs: FakeJobs) -> None:
    trainer.finetune("stanfordnlp/imdb")
    (job,) = fakejobs.submitted(flavor="a10g-large")
    assert job.uv is not None
    assert job.uv.script == publish.SCRIPT.read_text(encoding="utf-8")
    assert job.uv.arguments == ["--dataset", "stanfordnlp/imdb"]
    assert (job.uv.dependencies, job.uv.python) == (["trl", "datasets"], "3.12")
    assert job.timeout == 4 * 3600
    assert job.secrets["HF_TOKEN"] == get_token()
    assert str(job.secrets) == "{'HF_TOKEN': <secret HF_TOKEN>}"


def test_a_repository_is_made_for_the_model(fakejobs: FakeJobs) -> None:
    fakejobs.route("POST", "/api/repos/create", {"url": "https://huggingface.co/fake-user/sentiment"})
    repo, job = trainer.train_into_new_repo("sentiment")
    assert repo == "fake-user/sentiment"
    (submitted,) = fakejobs.submitted(command=["python", "train.py", "--push-to", repo])
    assert (submitted.id, submitted.env["MODEL_REPO"]) == (job.id, repo)
