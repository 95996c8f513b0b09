"""One test body for both doors and every release of the client since jobs can be read: nothing in it is younger than 0.36.

tests/clients/test_in_process_generations.py runs this file in the environments of other releases, too.
"""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest
from huggingface_hub import HfApi, cancel_job, fetch_job_logs, inspect_job, list_jobs, run_job, whoami

from fakejobs import FakeJobs
from tests.downstream.trainer import launch

api = HfApi()
FOLLOW: dict[str, Any] = {"follow": True} if "follow" in inspect.signature(fetch_job_logs).parameters else {}


@pytest.fixture(params=["fakejobs", "fakejobs_server"])
def jobs(request: pytest.FixtureRequest) -> FakeJobs:
    """The handle, for one door and then for the other."""
    handle: FakeJobs = request.getfixturevalue(request.param)
    return handle


def submit(*command: str) -> str:
    return run_job(image="python:3.12", command=list(command), timeout="12h").id


def test_run_follow_inspect(jobs: FakeJobs) -> None:
    jobs.when(command="*train.py").then(scheduling="1h", running="5h", logs=["one", "two 🤗"])
    began = jobs.clock.now()
    job_id = submit("python", "train.py")
    assert inspect_job(job_id=job_id).status.stage == "SCHEDULING"
    assert list(fetch_job_logs(job_id=job_id, **FOLLOW)) == ["one", "two 🤗"]
    assert api.inspect_job(job_id=job_id).status.stage == "COMPLETED"
    assert jobs.clock.now() - began == timedelta(hours=6)


def test_cancel_and_list(jobs: FakeJobs) -> None:
    jobs.when().then(scheduling=0, running="forever")
    first, second = submit("sleep", "1"), submit("sleep", "2")
    cancel_job(job_id=first)
    assert [(job.id, job.status.stage) for job in list_jobs()] == [(second, "RUNNING"), (first, "CANCELED")]
    assert [job.stage for job in jobs.submitted()] == ["CANCELED", "RUNNING"]
    assert whoami()["name"] == "fake-user"


def test_retry_after_oom(jobs: FakeJobs) -> None:
    jobs.when(flavor="a10g-small").then(scheduling=0, running="4m", oom=True)
    jobs.when(flavor="a100-large").then(scheduling="20m", running="1h", logs=["loss 0.9", "loss 0.1"])
    jobs.clock.patch("tests.downstream.trainer")
    assert launch.train_until_it_works(timeout="12h").last_line == "loss 0.1"
    small, large = jobs.submitted()
    assert (small.stage, large.stage) == ("ERROR", "COMPLETED")
    assert jobs.cost < 5
