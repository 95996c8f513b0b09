"""The same test, whatever the door: in process (``fakejobs``), and through a live server (``fakejobs_server``)."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from subprocess import PIPE, run

import pytest
from huggingface_hub import (
    HfApi,
    cancel_job,
    fetch_job_logs,
    get_token,
    inspect_job,
    list_jobs,
    run_job,
    wait_for_job,
    whoami,
)
from huggingface_hub.errors import JobNotFoundError

from fakejobs import FakeJobs
from tests.downstream import trainer
from tests.downstream.trainer.launch import train_until_it_works
from tests.downstream.trainer.waiting import with_time_sleep, without_a_break

PACKAGE = "tests.downstream.trainer"


@pytest.fixture(params=["fakejobs", "fakejobs_server"])
def jobs(request: pytest.FixtureRequest) -> FakeJobs:
    """The handle, for one door and then for the other."""
    handle: FakeJobs = request.getfixturevalue(request.param)
    return handle


def submit(*command: str) -> str:
    return run_job(image="python:3.12", command=list(command), timeout="12h").id


def other_process(jobs: FakeJobs, program: str) -> list[str]:
    """What a Python of its own prints, word by word."""
    environment = {**os.environ, **jobs.env}
    done = run(
        [sys.executable, "-c", program], env=environment, stdout=PIPE, text=True, timeout=60, check=True
    )
    return done.stdout.split()


def test_a_whole_life(jobs: FakeJobs) -> None:
    jobs.when(command="*train.py").then(scheduling="1m", running="5h", logs=["one", "two 🤗"])
    job_id = submit("python", "train.py")
    assert inspect_job(job_id=job_id).status.stage == "SCHEDULING"
    jobs.clock.advance("2m")
    assert inspect_job(job_id=job_id).status.stage == "RUNNING"
    assert list(fetch_job_logs(job_id=job_id, follow=True)) == ["one", "two 🤗"]
    done = inspect_job(job_id=job_id)
    assert done.status.stage == "COMPLETED"
    assert done.durations is not None
    assert (done.durations.scheduling_secs, done.durations.running_secs) == (60, 5 * 3600)


def test_following_takes_the_time_that_the_job_takes(jobs: FakeJobs) -> None:
    jobs.when().then(scheduling="1h", running="5h", logs=["one"])
    began = jobs.clock.now()
    assert list(fetch_job_logs(job_id=submit("python", "train.py"), follow=True)) == ["one"]
    assert jobs.clock.now() - began == timedelta(hours=6)


def test_waiting_and_cancelling(jobs: FakeJobs) -> None:
    jobs.when(command="sleep *").then(scheduling=0, running="forever")
    jobs.when(command="true").then(scheduling=0, running="10m")
    forever, short = submit("sleep", "infinity"), submit("true")
    assert wait_for_job(short).status.stage == "COMPLETED"
    cancel_job(job_id=forever)
    assert [job.status.stage for job in list_jobs()] == ["COMPLETED", "CANCELED"]
    assert [job.stage for job in jobs.submitted()] == ["CANCELED", "COMPLETED"]
    jobs.assert_nothing_running()


def test_code_that_sleeps_and_retries(jobs: FakeJobs) -> None:
    jobs.when(flavor="a10g-small").then(scheduling=0, running="4m", oom=True)
    jobs.when(flavor="a100-large").then(scheduling="20m", running="1h", logs=["loss 0.9", "loss 0.1"])
    jobs.clock.patch(PACKAGE)
    assert train_until_it_works(timeout="12h").last_line == "loss 0.1"
    assert [job.stage for job in jobs.submitted()] == ["ERROR", "COMPLETED"]
    assert jobs.cost < 20


def test_polling_with_and_without_a_pause(jobs: FakeJobs) -> None:
    jobs.clock.patch(PACKAGE)
    jobs.clock.auto_tick("10s")
    jobs.when().then(scheduling="1m", running="10m")
    assert with_time_sleep(submit("true")) == "COMPLETED"
    assert without_a_break(submit("true")) == "COMPLETED"


def test_following_in_a_thread(jobs: FakeJobs) -> None:
    jobs.when().then(scheduling=0, running="6h", logs=[["1h", "one"], ["2h", "two"], ["5h", "three"]])
    job_id = submit("python", "train.py")
    lines: list[str] = []
    follower = trainer.LogFollower(job_id, lines.append)
    follower.start()
    jobs.clock.advance("3h")
    cancel_job(job_id=job_id)
    follower.join()
    assert lines == ["one", "two"]


def test_who_is_logged_in(jobs: FakeJobs) -> None:
    assert whoami()["name"] == HfApi(token="hf_another").whoami()["name"] == "fake-user"
    assert (
        run_job(image="python:3.12", command=["true"], secrets={"TOKEN": get_token()}).owner.name
        == "fake-user"
    )
    (job,) = jobs.submitted()
    assert job.secrets["TOKEN"] == get_token()


def test_a_job_that_is_not_there(jobs: FakeJobs) -> None:
    with pytest.raises(JobNotFoundError):
        inspect_job(job_id="0123456789abcdef01234567")


def test_a_route_beside_jobs(jobs: FakeJobs) -> None:
    jobs.route("POST", "/api/repos/create", lambda _: {"url": f"{HfApi().endpoint}/fake-user/sentiment"})
    repo, _ = trainer.train_into_new_repo("sentiment")
    assert repo == "fake-user/sentiment"


def test_another_process_sees_the_same_jobs(jobs: FakeJobs) -> None:
    job_id = submit("true")
    program = "import huggingface_hub; print(*[job.id for job in huggingface_hub.list_jobs()])"
    assert other_process(jobs, program) == [job_id]


def test_another_process_waits_in_virtual_time(jobs: FakeJobs) -> None:
    jobs.when().then(scheduling="1m", running="9m", logs=["one", "two"])
    program = (
        "from huggingface_hub import *; job = run_job(image='python:3.12', command=['true'], timeout='2h'); "
        "print(*fetch_job_logs(job_id=job.id, follow=True), wait_for_job(job.id).status.stage); "
        "job = run_job(image='python:3.12', command=['true'], timeout='2h'); "
        "print(wait_for_job(job.id, poll_interval=0.001).status.stage)"
    )
    began = jobs.clock.now()
    assert other_process(jobs, program) == ["one", "two", "COMPLETED", "COMPLETED"]
    assert jobs.clock.now() - began == timedelta(minutes=20)
