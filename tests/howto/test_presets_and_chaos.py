"""How-to: Does my code survive what happened to others, and a bad day?

A *preset* is something that users of Jobs have met, by its name: ``fakejobs.preset("stream_drop")``. *Chaos* is a mix of them, drawn from a seed. The
*rate limiter* is the Hub's. Each is one line; none of them needs to know how your code works.

- All presets, with what each does and where it was met: fakejobs/docs/presets.md, or the command ``fakejobs presets``.
- For a whole test run, without a change in any test: ``pytest --fakejobs-presets lost_answer``, ``pytest --fakejobs-chaos medium``.
- If you know exactly what is to go wrong, say that: test_faults.py, and for what jobs do test_make_it_go_wrong.py.
"""

from __future__ import annotations

from time import sleep

import pytest
from huggingface_hub import JobInfo, inspect_job, list_jobs, run_job
from huggingface_hub.errors import HfHubHTTPError

import fakejobs as fake_hub
from fakejobs import FakeJobs

LABEL = "launch"


def launch_once(key: str, attempts: int = 20) -> JobInfo:
    """Code under test: whatever goes wrong, look whether the job is there, and if not, try again."""
    try:
        known = [job for job in list_jobs() if (job.labels or {}).get(LABEL) == key]
        return known[0] if known else run_job(image="python:3.12", command=["train"], labels={LABEL: key})
    except Exception:
        if attempts == 1:
            raise
        sleep(30)
        return launch_once(key, attempts - 1)


def wait(job: JobInfo) -> str:
    """Code under test: ask every minute, and do not mind an error now and then."""
    while True:
        try:
            stage = inspect_job(job_id=job.id).status.stage
            if stage not in ("SCHEDULING", "RUNNING"):
                return str(stage)
        except Exception as error:  # noqa: BLE001 - it might be anything
            print(f"asked in vain: {error}")
        sleep(60)


@pytest.fixture(autouse=True)
def virtual_sleeps(fakejobs: FakeJobs) -> None:
    fakejobs.clock.patch(__name__)


# Presets: each of these has cost somebody money or a night.


def test_the_answer_is_lost_and_we_pay_once(fakejobs: FakeJobs) -> None:
    fakejobs.preset("lost_answer")
    launch_once("nightly")
    assert len(fakejobs.submitted()) == 1


def test_hardware_is_scarce_and_the_hub_is_down_for_an_hour(fakejobs: FakeJobs) -> None:
    fakejobs.preset("stuck_scheduling", scheduling="3h")  # words of its own, instead of the preset's
    fakejobs.preset("hub_down", after=5, lasts="1h")
    assert wait(launch_once("nightly")) == "COMPLETED"


def test_without_credits_we_say_so(fakejobs: FakeJobs) -> None:
    fakejobs.preset("no_credits")
    with pytest.raises(HfHubHTTPError, match="402"):
        launch_once("nightly", attempts=3)


def test_only_big_machines_run_out_of_memory(fakejobs: FakeJobs) -> None:
    fakejobs.preset("out_of_memory", flavor="a100*")
    assert wait(launch_once("small")) == "COMPLETED"
    assert wait(run_job(image="python:3.12", command=["train"], flavor="a100-large")) == "ERROR"


def test_what_a_test_says_of_its_jobs_goes_before_what_a_preset_says(fakejobs: FakeJobs) -> None:
    fakejobs.preset("out_of_memory")
    fakejobs.when().then(running="20m", exit_code=3)
    job = launch_once("nightly")
    wait(job)
    assert inspect_job(job_id=job.id).status.message == "Job failed with exit code: 3. Reason: Error"


# Chaos: not one of them, but some, and not the same ones on the next day. A test that fails prints the line that repeats it.


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("level", ["low", "medium"])
def test_a_bad_day(fakejobs: FakeJobs, level: str, seed: int) -> None:
    fakejobs.chaos(seed, level)
    assert wait(launch_once("nightly")) in ("COMPLETED", "ERROR")
    assert len(fakejobs.submitted()) == 1


def test_the_same_seed_is_the_same_day() -> None:
    def day() -> list[str | None]:
        with fake_hub.activate(chaos={"level": "high", "seed": 7}) as fake:
            fake.clock.patch(__name__)
            wait(launch_once("nightly", attempts=100))
            return [each.fault for each in fake.requests]

    assert day() == day()


# The rate limiter of the Hub: it counts, and everybody has a quota.


def test_we_do_not_ask_too_often(fakejobs: FakeJobs) -> None:
    fakejobs.configure(rate_limit=True)  # as the Hub has it; or {"requests": 5, "window": "1m"}
    fakejobs.when().then(running="25m")
    assert wait(launch_once("nightly")) == "COMPLETED"
    assert {each.status for each in fakejobs.requests} == {200}


def test_somebody_else_has_used_it_up(fakejobs: FakeJobs) -> None:
    job = launch_once("nightly")
    fakejobs.configure(rate_limit={"requests": 2})
    for _ in range(2):  # without a namespace, each call would first ask who calls, and that counts
        inspect_job(job_id=job.id, namespace="fake-user")
    with pytest.raises(HfHubHTTPError, match="you hit the quota of 2 api requests per 5 minutes period"):
        inspect_job(job_id=job.id, namespace="fake-user")
    fakejobs.clock.advance("5m")
    assert inspect_job(job_id=job.id, namespace="fake-user").status.stage == "COMPLETED"
