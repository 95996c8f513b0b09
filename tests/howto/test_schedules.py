"""How-to: My code schedules jobs.

A scheduled job runs by itself, at the times that its schedule names. Nothing has to wait for them: a test advances the clock, and the
jobs that should have run are there.

| what do you want to know?                          | what the test says                                                 |
|----------------------------------------------------|--------------------------------------------------------------------|
| did my code schedule the right thing?              | ``fakejobs.scheduled_jobs``                                        |
| when does it run?                                  | ``.next_run``, ``.cron.ticks(after, until)``                       |
| what has run after a month?                        | ``fakejobs.clock.advance("30d")``, then ``.jobs``, ``.last_job``   |
| what if a run takes longer than the schedule?      | ``fakejobs.when(...).then(running="7m")``                          |
| what if last night's run failed?                   | ``fakejobs.when(...).then(exit_code=1)``                           |
| what if there has been a schedule for a month?     | ``fakejobs.add_scheduled_job(schedule="@daily", age="30d")``       |
| what if the credits run out?                       | ``fakejobs.set_credits(0)``                                        |
"""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from fakejobs import FakeJobs


def schedule_report(schedule: str = "*/5 * * * *") -> str:
    """Your code."""
    made = HfApi().create_scheduled_job(
        image="python:3.12", command=["python", "report.py"], schedule=schedule
    )
    return made.id


def failed_runs() -> int:
    """Your code: how many of its jobs failed."""
    return sum(job.status.stage == "ERROR" for job in HfApi().list_jobs())


def test_it_schedules_the_right_thing(fakejobs: FakeJobs) -> None:
    schedule_report("0 3 * * 1-5")
    (report,) = fakejobs.scheduled_jobs
    assert (report.schedule, report.flavor, report.concurrency) == ("0 3 * * 1-5", "cpu-basic", False)
    assert report.next_run == datetime(2026, 1, 1, 3, tzinfo=timezone.utc)


def test_a_month_later(fakejobs: FakeJobs) -> None:
    schedule_report("0 3 * * 1-5")
    fakejobs.clock.advance("30d")
    (report,) = fakejobs.scheduled_jobs
    assert len(report.jobs) == 22
    assert report.last_job is not None
    assert report.last_job.created_at == datetime(2026, 1, 30, 3, tzinfo=timezone.utc)
    assert fakejobs.submitted(command="python report.py") == report.jobs


def test_a_run_that_takes_longer_than_its_schedule(fakejobs: FakeJobs) -> None:
    fakejobs.when(command="python report.py").then(scheduling=0, running="7m")
    schedule_report("*/5 * * * *")
    fakejobs.clock.advance("1h")
    (report,) = fakejobs.scheduled_jobs
    assert len(report.jobs) == 6  # every other tick is skipped


def test_runs_that_fail(fakejobs: FakeJobs) -> None:
    schedule_report("@daily")
    fakejobs.clock.advance("3d")
    fakejobs.when(command="python report.py").then(oom=True)  # from now on
    fakejobs.clock.advance("2d")
    fakejobs.clock.advance("1h")
    assert failed_runs() == 2


def test_a_schedule_that_has_been_there_for_a_month(fakejobs: FakeJobs) -> None:
    old = fakejobs.add_scheduled_job(schedule="@daily", age="30d", command=["python", "report.py"])
    assert len(old.jobs) == 30
    assert failed_runs() == 0


def test_one_at_a_time(fakejobs: FakeJobs) -> None:
    report = schedule_report()
    HfApi().trigger_scheduled_job(scheduled_job_id=report)
    with pytest.raises(HfHubHTTPError, match="Another job is already running at the same time"):
        HfApi().trigger_scheduled_job(scheduled_job_id=report)


def test_credits_run_out(fakejobs: FakeJobs) -> None:
    schedule_report("@daily")
    fakejobs.set_credits(0)
    fakejobs.clock.advance("3d")
    (report,) = fakejobs.scheduled_jobs
    assert report.suspended
    assert report.jobs == []
    assert "credit balance is insufficient" in (report.suspend_reason or "")
