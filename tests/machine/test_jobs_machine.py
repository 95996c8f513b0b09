"""The fake against the model: CI runs a fortieth of the nightly size (2,000 runs of 50 steps)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

import fakejobs
from fakejobs.errors import FakeJobsError
from fakejobs.machine import JobsMachine
from tests.nightly.machine import other_quirks, run

RUNS, STEPS = 50, 50


def test_the_fake_does_what_the_model_says() -> None:
    run(RUNS, STEPS)


@pytest.mark.parametrize(("quirk", "value"), [*other_quirks()])
def test_it_does_so_with_every_quirk_the_other_way(quirk: str, value: str) -> None:
    run(5, 30, **{quirk: value})


def test_a_log_that_closes_before_its_job_begins_is_not_followed() -> None:
    class Closing(JobsMachine):
        options: ClassVar = {"quirks": {"logs_while_scheduling": "close"}}

    machine = Closing()
    body, then = {"dockerImage": "python:3.12", "flavor": "cpu-basic"}, {"scheduling": 5, "running": 0}
    job = machine.submit(body=body, then=then)
    machine.follow(job=job, tail=None)
    machine.advance(seconds=5)
    machine.follow(job=job, tail=None)
    machine.teardown()


@pytest.mark.parametrize(
    ("scenario", "why"),
    [
        ("[flavors.h200]\ncapacity = 1", r"its model knows no queues; .* \(h200\)"),
        ('[[jobs]]\nstage = "ERROR"\nage = "90m"', "its model begins without jobs"),
        ('[[scheduled_jobs]]\nschedule = "@daily"\nage = "90m"', "its model begins without jobs"),
    ],
    ids=["queue", "jobs", "schedules"],
)
def test_a_fake_that_the_model_does_not_understand_is_refused(
    scenario: str, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(scenario)

    class Scripted(JobsMachine):
        options: ClassVar = {"scenario": file}

    with pytest.raises(FakeJobsError, match=why):
        Scripted()
    with fakejobs.activate() as fake:  # the one of the machine is gone
        assert fake.jobs == []
