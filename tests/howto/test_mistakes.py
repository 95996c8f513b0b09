"""Mistakes that hand-written mocks hide.

A mock answers what its author believes that the Hub answers, so a test with it passes as long as code and mock share a belief. Each test
below shows such a belief, the mock under which it passes, if that is short, and what happens under the fake, as it would on the Hub. The
code that is wrong stands in a function called ``wrong``; the code that is right is in ``right``.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from unittest.mock import Mock

import huggingface_hub
import pytest
from huggingface_hub import (
    JobInfo,
    JobStage,
    cancel_job,
    fetch_job_logs,
    inspect_job,
    list_jobs,
    run_job,
    wait_for_job,
)
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, JobNotFoundError

from fakejobs import FakeJobs


def submit(**options: str) -> JobInfo:
    return run_job(image="python:3.12", command=["python", "train.py"], timeout="12h", labels=options or None)


# The stage is a plain str, although the client has an enum for it. Who builds a mock takes the enum, and `.value` works.


def test_the_stage_has_no_value(fakejobs: FakeJobs) -> None:
    def wrong(job: JobInfo) -> str:
        return job.status.stage.value  # type: ignore[attr-defined, no-any-return, unused-ignore]

    def right(job: JobInfo) -> bool:
        return job.status.stage == JobStage.COMPLETED  # the enum's members are equal to their texts

    mock = Mock(status=SimpleNamespace(stage=JobStage.COMPLETED))
    assert wrong(mock) == "COMPLETED"

    fakejobs.when().then(running="1m")
    job = wait_for_job(submit().id)
    with pytest.raises(AttributeError, match="'str' object has no attribute 'value'"):
        wrong(job)
    assert right(job)
    assert job.status.stage is not JobStage.COMPLETED


# A job ends in four ways. Whoever waits for two of them waits in vain when somebody cancels the job: until a deadline if there is one, and else
# for ever (which under the fake is the error `ClockStuck`). A mock whose stages are a list (RUNNING, RUNNING, COMPLETED) always gets there.


def test_a_job_that_neither_completes_nor_fails(fakejobs: FakeJobs) -> None:
    clock = fakejobs.clock

    def wrong(job_id: str) -> str:
        deadline = clock.monotonic() + 12 * 3600
        while (stage := inspect_job(job_id=job_id).status.stage) not in ("COMPLETED", "ERROR"):
            if clock.monotonic() >= deadline:
                raise TimeoutError(stage)
            clock.sleep(60)
        return stage

    def right(job_id: str) -> str:
        return wait_for_job(job_id, poll_interval=60, timeout=12 * 3600).status.stage  # knows all four

    fakejobs.when().then(scheduling=0, running="6h")
    job = submit()
    clock.call_at("1h", lambda: cancel_job(job_id=job.id))
    assert right(job.id) == "CANCELED"
    assert clock.now().hour == 1
    with pytest.raises(TimeoutError, match="CANCELED"):
        wrong(job.id)
    assert clock.now().hour == 13


# CANCELED is spelt with one l. In a mock, both the code and the answer say "CANCELLED".


def test_cancelled_with_two_l(fakejobs: FakeJobs) -> None:
    def wrong(job: JobInfo) -> bool:
        return job.status.stage.lower() == "cancelled"

    def right(job: JobInfo) -> bool:
        return job.status.stage == JobStage.CANCELED

    assert wrong(Mock(status=SimpleNamespace(stage="CANCELLED")))

    job = submit()
    cancel_job(job_id=job.id)
    assert not wrong(inspect_job(job_id=job.id))
    assert right(inspect_job(job_id=job.id))
    assert [each.id for each in list_jobs(status="CANCELED")] == [job.id]
    with pytest.raises(BadRequestError):  # the Hub knows no such stage
        list(list_jobs(status="CANCELLED"))


# Without `follow=True`, the client gives what has been printed so far and stops. A mock that returns a list of lines gives all of them.


def test_logs_without_follow_are_what_there_is_so_far(fakejobs: FakeJobs) -> None:
    def wrong(job_id: str) -> list[str]:
        return list(fetch_job_logs(job_id=job_id))

    def right(job_id: str) -> list[str]:
        return list(fetch_job_logs(job_id=job_id, follow=True))

    fakejobs.when().then(scheduling="5m", running="6h", logs=[["1h", "loss 0.9"], ["6h", "loss 0.1"]])
    job = submit()
    assert wrong(job.id) == []  # it has not even begun
    fakejobs.clock.advance("2h")
    assert wrong(job.id) == ["loss 0.9"]
    assert right(job.id) == ["loss 0.9", "loss 0.1"]


# Since release 2.0, the client raises errors of httpx2, not of httpx. A mock raises whatever the code catches.


@pytest.mark.skipif(int(huggingface_hub.__version__.split(".")[0]) < 2, reason="the client uses httpx")
def test_errors_of_the_other_httpx(fakejobs: FakeJobs) -> None:
    httpx = pytest.importorskip("httpx")
    missing = "0123456789abcdef01234567"

    def wrong(job_id: str) -> str | None:
        try:
            return inspect_job(job_id=job_id).status.stage
        except httpx.HTTPError:
            return None

    def right(job_id: str) -> str | None:
        try:
            return inspect_job(job_id=job_id).status.stage
        except HfHubHTTPError:  # the client's own, whatever it is built on
            return None

    with pytest.raises(JobNotFoundError):
        wrong(missing)
    assert right(missing) is None


# The last line of a program says that it is done, until the day when it is killed before it gets there. And a line that says
# "done" is no proof: what comes after it can still fail. The stage is what counts.


def test_an_end_marker_that_never_comes(fakejobs: FakeJobs) -> None:
    def wrong(job_id: str) -> bool:
        for _ in range(24):
            if "### DONE" in fetch_job_logs(job_id=job_id):
                return True
            fakejobs.clock.sleep(3600)
        return False

    fakejobs.when().then(scheduling=0, running="2h", oom=True, logs=["epoch 1"])
    job = submit()
    assert not wrong(job.id)
    assert fakejobs.clock.now().day == 2  # it was over after two hours
    assert inspect_job(job_id=job.id).status.stage == "ERROR"


def test_an_end_marker_that_comes_too_early(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(running="2h", exit_code=1, logs=["epoch 1", "### DONE", "upload failed: 403"])
    job = submit()
    assert "### DONE" in fetch_job_logs(job_id=job.id, follow=True)
    assert wait_for_job(job.id, poll_interval=60).status.stage == "ERROR"


# Now some that are not about waiting.


# A `JobInfo` is how the job was when it was asked for. It does not change, and a mock that is one object for all calls makes it seem so.


def test_what_run_job_returns_does_not_change(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="1h")
    job = submit()
    fakejobs.clock.advance("2h")
    assert job.status.stage == "RUNNING"
    assert inspect_job(job_id=job.id).status.stage == "COMPLETED"


# Who says nothing of a timeout gets 30 minutes. Mocks have no clock, so nothing is ever cut short in them.


def test_a_training_without_a_timeout_is_cut_short(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="6h", logs=["loss 0.9", "loss 0.1"])
    job = run_job(image="python:3.12", command=["python", "train.py"])
    assert list(fetch_job_logs(job_id=job.id, follow=True)) == []
    done = inspect_job(job_id=job.id)
    assert (done.status.stage, done.status.message) == ("ERROR", "Job timeout")
    assert fakejobs.clock.now().minute == 30


# The message is None unless something went wrong, and times and durations are None until there are any.


def test_there_is_not_always_a_message(fakejobs: FakeJobs) -> None:
    def wrong(job: JobInfo) -> bool:
        return "OOMKilled" in job.status.message  # type: ignore[operator]

    def right(job: JobInfo) -> bool:
        return "OOMKilled" in (job.status.message or "")

    job = submit()
    assert job.started_at is None
    with pytest.raises(TypeError):
        wrong(job)
    assert not right(wait_for_job(job.id))


# `list_jobs` is a generator: it is always true, has no length, can be gone through once, and asks for nothing before that. A mock returns a list.


def test_a_list_of_jobs_is_no_list(fakejobs: FakeJobs) -> None:
    def wrong(jobs: Iterable[JobInfo]) -> str:
        return "busy" if jobs else "idle"

    def right(jobs: Iterable[JobInfo]) -> str:
        return "busy" if any(True for _ in jobs) else "idle"

    assert wrong([]) == "idle"
    assert wrong(list_jobs(status="RUNNING")) == "busy"
    assert right(list_jobs(status="RUNNING")) == "idle"

    submit()
    jobs = list_jobs()
    assert (len(list(jobs)), len(list(jobs))) == (1, 0)


# Labels have an alphabet. A model's name with its slash, or a learning rate with its plus, is refused; a mock takes anything.


def test_a_label_with_a_slash(fakejobs: FakeJobs) -> None:
    with pytest.raises(BadRequestError, match=r"must match pattern.* at labels\.model"):
        submit(model="meta-llama/Llama-3.1-8B")
    assert fakejobs.submitted() == []


# Secrets do not come back: a job shows their names. What a mock gave back was the dictionary that it was given.


def test_secrets_do_not_come_back(fakejobs: FakeJobs) -> None:
    job = run_job(image="python:3.12", command=["true"], secrets={"WANDB_API_KEY": "correct horse battery"})
    assert list(inspect_job(job_id=job.id).secrets or ()) == ["WANDB_API_KEY"]
