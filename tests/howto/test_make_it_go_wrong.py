"""How-to: Make it go wrong.

Most of what code around Jobs is for (retries, clean-up, messages to people) happens when something fails, and on the real Hub that is what is
hard to arrange. Here a rule says which jobs fail, how, and when: ``fakejobs.when(<which jobs>).then(<what they do>)``.

- ``when`` takes ``image``, ``command``, ``flavor``, ``namespace``, ``name``, ``labels`` and ``env``. A text is a shell-style pattern; a list is
  compared word for word; mappings match as subsets. The newest rule that matches a job is the one it follows.
- ``then`` takes ``scheduling`` and ``running`` (lengths of time), ``logs``, ``exit_code``, ``oom``, ``image_pull_error``, ``stage``, ``message``,
  ``cancel_reason`` and ``call``.

What a job does is settled when it is submitted: write the rules first.
"""

from __future__ import annotations

import pytest
from huggingface_hub import JobInfo, cancel_job, fetch_job_logs, inspect_job, list_jobs, run_job, wait_for_job
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, JobNotFoundError, LocalTokenNotFoundError

from fakejobs import FakeJobs, SubmittedJob


def run(command: str = "python train.py", **options: object) -> JobInfo:
    """Run a job to its end."""
    job = run_job(image="python:3.12", command=command.split(), **options)  # type: ignore[arg-type]
    return wait_for_job(job.id, poll_interval=60, namespace=job.owner.name)


# The program in the job fails. The messages are those of the Hub.


def test_the_program_fails(fakejobs: FakeJobs) -> None:
    fakejobs.when(command="python train.py *").then(running="2m", exit_code=1, logs=["KeyError: 'label'"])
    job = run("python train.py --epochs 3")
    assert (job.status.stage, job.status.message) == ("ERROR", "Job failed with exit code: 1. Reason: Error")
    assert list(fetch_job_logs(job_id=job.id)) == ["KeyError: 'label'"]


def test_it_is_out_of_memory_on_small_machines(fakejobs: FakeJobs) -> None:
    fakejobs.when(flavor="a10g-*").then(running="10m", oom=True)
    assert run(flavor="a10g-small").status.message == "Job failed with exit code: 137. Reason: OOMKilled"
    assert run(flavor="a100-large").status.stage == "COMPLETED"


def test_the_image_cannot_be_pulled(fakejobs: FakeJobs) -> None:
    fakejobs.when(image="*:3.12").then(image_pull_error=True)
    job = run()
    assert job.status.stage == "ERROR"
    assert job.started_at is None


# It takes too long. A job that says nothing may run for 30 minutes; then the Hub ends it.


def test_it_takes_longer_than_it_may(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="6h")
    job = run(timeout="2h")
    assert (job.status.stage, job.status.message) == ("ERROR", "Job timeout")
    assert fakejobs.clock.now().hour == 2


def test_the_hardware_is_taken(fakejobs: FakeJobs) -> None:
    fakejobs.when(flavor="h200*").then(scheduling="12h")
    job = run_job(image="python:3.12", command=["python", "train.py"], flavor="h200x8")
    with pytest.raises(TimeoutError):
        wait_for_job(job.id, timeout=3600, poll_interval=60)
    assert inspect_job(job_id=job.id).status.stage == "SCHEDULING"
    cancel_job(job_id=job.id)
    assert fakejobs.cost == 0


# Somebody else ends it: a colleague on the website, or the Hub, when the money has run out.


def test_a_colleague_cancels_it(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="6h")
    job = run_job(image="python:3.12", command=["python", "train.py"], timeout="8h")
    fakejobs.clock.call_at("1h", lambda: fakejobs.api.cancel_job(job_id=job.id))
    assert wait_for_job(job.id, poll_interval=60).status.stage == "CANCELED"


def test_the_money_runs_out(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(running="20m", stage="CANCELED", cancel_reason="NO_CREDITS")
    assert run().status.stage == "CANCELED"
    (job,) = fakejobs.submitted()
    assert job.status.cancel_reason == "NO_CREDITS"


# It goes wrong the first time only. Each further `then` is for the next job that matches; the last one is for all that follow.


def test_the_third_attempt_works(fakejobs: FakeJobs) -> None:
    fakejobs.when(name="nightly").then(exit_code=1).then(oom=True).then(running="5m")
    assert [run(name="nightly").status.stage for _ in range(4)] == [
        "ERROR",
        "ERROR",
        "COMPLETED",
        "COMPLETED",
    ]


# What goes wrong depends on what was submitted: patterns and functions in `when`, or a function that plays the job.


def test_only_a_large_batch_is_too_much(fakejobs: FakeJobs) -> None:
    fakejobs.when(env={"BATCH_SIZE": lambda size: int(size) > 32}).then(oom=True)
    assert run(env={"BATCH_SIZE": "64"}).status.stage == "ERROR"
    assert run(env={"BATCH_SIZE": "32"}).status.stage == "COMPLETED"


def test_a_function_plays_the_job(fakejobs: FakeJobs) -> None:
    def worker(job: SubmittedJob) -> None:
        print("batch size", job.env["BATCH_SIZE"])
        raise RuntimeError("CUDA error")

    fakejobs.when(command="python train.py").then(running="10m", call=worker)
    job = run(env={"BATCH_SIZE": "64"})
    first, *_, last = fetch_job_logs(job_id=job.id)
    assert (first, last) == ("batch size 64", "RuntimeError: CUDA error")
    assert job.status.message == "Job failed with exit code: 1. Reason: Error"


# It went wrong before your code was there: `add_job` puts a job from the past among those that can be listed and inspected.


def test_it_went_wrong_last_night(fakejobs: FakeJobs) -> None:
    fakejobs.add_job(stage="ERROR", age="9h", message="out of disk", name="nightly")
    run(name="nightly")
    failed = [job for job in list_jobs(labels={"name": "nightly"}) if job.status.stage == "ERROR"]
    assert [job.status.message for job in failed] == ["out of disk"]
    assert len(fakejobs.submitted()) == 1  # what your code did


# The request itself is refused. What the Hub would refuse, the fake refuses, with the Hub's words.


def test_there_is_no_such_flavor(fakejobs: FakeJobs) -> None:
    with pytest.raises(BadRequestError, match="expected one of"):
        run(flavor="h100")
    assert fakejobs.submitted() == []


def test_there_is_no_such_job(fakejobs: FakeJobs) -> None:
    with pytest.raises(JobNotFoundError):
        inspect_job(job_id="0123456789abcdef01234567")


def test_nobody_is_logged_in(fakejobs: FakeJobs) -> None:
    fakejobs.log_out()
    with pytest.raises(LocalTokenNotFoundError):
        run()


@pytest.mark.fakejobs(user="ana", orgs=["acme"])
def test_a_namespace_that_is_not_mine(fakejobs: FakeJobs) -> None:
    assert run(namespace="acme").owner.name == "acme"
    with pytest.raises(HfHubHTTPError, match="404"):
        run(namespace="acmee")


# What only happens on the Hub's side is a route that you answer instead of the fake: with a status, a body, or a function.


def test_nobody_pays(fakejobs: FakeJobs) -> None:
    broke = "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."
    fakejobs.route("POST", "/api/jobs/{namespace}", (402, {"error": broke}))
    with pytest.raises(HfHubHTTPError, match="Pre-paid credit balance is insufficient"):
        run()
    assert list(list_jobs()) == []


def test_the_hub_has_a_bad_day(fakejobs: FakeJobs) -> None:
    fakejobs.route("POST", "/api/jobs/{namespace}", 500)
    with pytest.raises(HfHubHTTPError, match="500"):
        run()


# And the reverse: a test that must not leave anything behind says so.


@pytest.mark.fakejobs(strict=True)
def test_nothing_is_left_running(fakejobs: FakeJobs) -> None:
    fakejobs.when(command="sleep *").then(running="forever")
    job = run_job(image="python:3.12", command=["sleep", "infinity"])
    with pytest.raises(AssertionError, match="sleep infinity"):
        fakejobs.assert_nothing_running()
    cancel_job(job_id=job.id)  # or the test would fail at its end
