"""How-to: My code waits.

A job on real hardware takes minutes or days, so code that uses Jobs spends most of its life waiting. In a test with ``fakejobs``, time is
virtual: it stands still until somebody waits, and then it moves to exactly where they wait for. No test takes longer because a job does.

What you have to say depends on how your code waits:

| how does your code wait?                                               | what the test says                            |
|------------------------------------------------------------------------|-----------------------------------------------|
| ``wait_for_job(...)``, ``fetch_job_logs(..., follow=True)``            | nothing                                       |
| ``time.sleep``, ``from time import sleep``, deadlines by ``monotonic`` | ``fakejobs.clock.patch("my_package")``        |
| ``await asyncio.sleep(...)``                                           | ``fakejobs.clock.patch("my_package")``        |
| ``threading.Event().wait(timeout)``                                    | ``fakejobs.clock.patch("my_package")``        |
| it takes its clock as an argument                                      | pass ``fakejobs.clock.sleep`` (``.monotonic``, ``.asleep``) |
| it asks again and again without a pause                                | ``fakejobs.clock.auto_tick("10s")``           |
| in another process, or another language                                | the fixture ``fakejobs_server``: it ticks by itself |
| it does not wait, the test does                                        | ``fakejobs.clock.advance("6h")``              |

Each row is a test below. ``waiting``, whose functions they call, stands for your code: it knows huggingface_hub and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from huggingface_hub import cancel_job, fetch_job_logs, inspect_job, run_job, wait_for_job

from fakejobs import ClockStuck, FakeJobs
from tests.downstream.trainer import waiting

MY_PACKAGE = "tests.downstream.trainer"


def submit() -> str:
    """A job that may run for 12 hours; how long it does run is said by the rules below."""
    return run_job(image="python:3.12", command=["python", "train.py"], timeout="12h").id


# Time stands still until somebody waits. It begins at an instant that is the same in every run; the marker chooses another one.


def test_time_stands_still(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling="20m", running="6h")
    job_id = submit()
    assert fakejobs.clock.now() == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert inspect_job(job_id=job_id).status.stage == "SCHEDULING"  # today, and for as long as nobody waits


@pytest.mark.fakejobs(start="2027-02-28T23:59:00Z")
def test_another_beginning(fakejobs: FakeJobs) -> None:
    fakejobs.clock.advance("1m")
    assert fakejobs.clock.now() == datetime(2027, 3, 1, tzinfo=timezone.utc)


# The test can move it. Looking never does, and nothing but the time has to be said: the job knows what it does when.


def test_the_test_moves_time(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling="20m", running="6h")
    job_id = submit()
    fakejobs.clock.advance("20m")
    assert inspect_job(job_id=job_id).status.stage == "RUNNING"
    fakejobs.clock.advance("6h")
    assert inspect_job(job_id=job_id).status.stage == "COMPLETED"


# The client's own waiting moves it without a word. Following a log takes the time that the job takes, and each line comes at its instant.


def test_following_a_log(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling="20m", running="6h", logs=[["1h", "epoch 1"], ["5h", "epoch 2"]])
    lines = [(line, fakejobs.clock.now().hour) for line in fetch_job_logs(job_id=submit(), follow=True)]
    assert lines == [("epoch 1", 1), ("epoch 2", 5)]
    assert fakejobs.clock.now().hour == 6


def test_wait_for_job_and_its_timeout(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling="20m", running="6h")
    job_id = submit()
    began = fakejobs.clock.now()
    with pytest.raises(TimeoutError):
        wait_for_job(job_id, timeout=100)
    assert fakejobs.clock.now() - began == timedelta(seconds=100)  # to the millisecond
    assert wait_for_job(job_id, poll_interval=60).status.stage == "COMPLETED"


# Your own sleeps are real until you say otherwise. `patch` makes them virtual in all loaded modules of a package, for this test.


def test_my_code_sleeps(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling="20m", running="6h")
    fakejobs.clock.patch(MY_PACKAGE)
    assert waiting.with_time_sleep(submit()) == "COMPLETED"
    assert waiting.with_imported_sleep(submit(), poll=600) == "COMPLETED"


def test_my_code_waits_for_an_event(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling="20m", running="6h")
    fakejobs.clock.patch(MY_PACKAGE)
    assert waiting.with_event(submit(), threading.Event(), poll=600) == "COMPLETED"


# With asyncio, virtual sleeps let other tasks run, and calls of the client in other threads are waited for.


@pytest.mark.asyncio
async def test_my_code_is_asynchronous(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling="20m", running="6h")
    fakejobs.clock.patch(MY_PACKAGE)
    began = fakejobs.clock.now()
    stages = await asyncio.gather(*(waiting.with_to_thread(submit(), poll=600) for _ in range(3)))
    assert stages == ["COMPLETED"] * 3
    assert fakejobs.clock.now() - began == timedelta(hours=6, minutes=20)  # side by side


# Code that is given its clock needs no patching.


def test_my_code_is_given_its_clock(fakejobs: FakeJobs) -> None:
    def wait(job_id: str, *, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> str:
        deadline = monotonic() + 3600
        while (stage := inspect_job(job_id=job_id).status.stage) != "COMPLETED" and monotonic() < deadline:
            sleep(30)
        return stage

    fakejobs.when().then(scheduling=0, running="6h")
    assert wait(submit(), sleep=fakejobs.clock.sleep, monotonic=fakejobs.clock.monotonic) == "RUNNING"
    assert fakejobs.clock.now().hour == 1


# Where there is no sleep to patch, `auto_tick` helps: whoever asks again for an unfinished job, while time stood still since the last answer,
# finds it so much later. It removes no real sleep, and adds nothing to a virtual one.


@pytest.mark.fakejobs(auto_tick="10s")
def test_my_code_asks_again_and_again(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="1h")
    assert waiting.without_a_break(submit()) == "COMPLETED"
    assert fakejobs.clock.now().hour == 1


def test_my_code_is_another_process(fakejobs_server: FakeJobs) -> None:
    fakejobs_server.when().then(scheduling=0, running="10m")
    program = f"from huggingface_hub import *; wait_for_job({submit()!r}, poll_interval=0.001)"
    subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **fakejobs_server.env}, check=True, timeout=60
    )
    assert fakejobs_server.jobs[0].stage == "COMPLETED"


# If you forgot to say something, the test does not hang. What would wait for ever is an error that says where, and the ways out.
# (`expect_problems` is only here because this page expects it; without it, the test fails with that error.)


def test_i_forgot_to_say_anything(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="6h")
    with fakejobs.expect_problems(ClockStuck) as problems:
        waiting.without_a_break(submit())
    message = str(problems[0])
    assert "waiting.py:" in message
    assert all(way in message for way in ("clock.patch", "clock.auto_tick", "clock.advance"))


# Something may happen while your code waits. `call_at` says what and when: at an instant, or so long from now.


def test_something_happens_meanwhile(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="6h")
    fakejobs.clock.patch(MY_PACKAGE)
    job_id = submit()
    fakejobs.clock.call_at("2h", lambda: cancel_job(job_id=job_id))
    assert waiting.with_time_sleep(job_id) == "CANCELED"
    assert fakejobs.clock.now().hour == 2


# With several threads, time moves when all of them wait, to the earliest of what they wait for. So nobody runs ahead of somebody who is
# about to act, and the result is the same in every run.


def test_several_threads(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="6h", logs=[[f"{n}m", f"step {n}"] for n in range(1, 360)])
    job_id = submit()
    lines: list[str] = []
    follower = threading.Thread(target=lambda: lines.extend(fetch_job_logs(job_id=job_id, follow=True)))
    follower.start()
    fakejobs.clock.sleep(600)
    cancel_job(job_id=job_id)
    follower.join()
    assert lines == [f"step {n}" for n in range(1, 11)]
