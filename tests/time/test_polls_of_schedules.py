"""Waiting for what a schedule will bring about, in the ways that code waits."""

from __future__ import annotations

import time

import pytest
from huggingface_hub import HfApi

from fakejobs import ClockStuck, FakeJobs, activate


def schedule() -> str:
    made = HfApi().create_scheduled_job(image="python:3.12", command=["true"], schedule="@hourly")
    return made.id


def test_a_loop_that_sleeps_until_there_is_a_job() -> None:
    with activate() as fake:
        fake.clock.patch(__name__)
        schedule()
        while not list(HfApi().list_jobs()):
            time.sleep(30)
        assert fake.clock.now().minute == 0
        assert len(fake.jobs) == 1


@pytest.mark.parametrize("listing", [True, False])
def test_a_loop_without_a_pause(listing: bool) -> None:
    def has_run() -> bool:
        if listing:
            return bool(list(HfApi().list_jobs()))
        return HfApi().inspect_scheduled_job(scheduled_job_id=one).status.last_job is not None

    def wait(fake: FakeJobs) -> None:
        while not has_run():
            pass

    with activate(auto_tick="1m") as fake:
        one = schedule()
        wait(fake)
        assert len(fake.jobs) == 1
    with activate() as fake:
        one = schedule()
        with fake.expect_problems(ClockStuck) as problems:
            wait(fake)
        assert "the next scheduled one comes at 2026-01-01T01:00:00.000Z" in str(problems[0])


def test_a_long_wait_is_no_endless_one() -> None:
    with activate() as fake:
        fake.clock.patch(__name__)
        HfApi().create_scheduled_job(image="python:3.12", command=["true"], schedule="@yearly")
        api = HfApi()
        fake._polls.most_futile_reads = 50
        for _ in range(1_100):
            time.sleep(60)
            if api.list_scheduled_jobs()[0].status.last_job is not None:
                break
        assert fake.jobs == []
