"""`trainer` under every preset: where it copes, and what happens where it does not. So would its authors find out, before their users do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import pytest
from huggingface_hub import fetch_job_logs, inspect_job, run_job, wait_for_job

from fakejobs import ClockStuck, FakeJobs
from fakejobs.model.presets import PRESETS
from tests.downstream.trainer.launch import train_until_it_works

PACKAGE = "tests.downstream.trainer"
LINES = ["one", "two", "three", "four", "five"]


class Expected(NamedTuple):
    """What becomes of three programs.

    Attributes:
        trained: the last line that `train_until_it_works` gives after an out-of-memory failure on the smallest machine; or what is raised.
        followed: the lines that a follower of a job with five lines gets, and the stage that it reads at once afterwards; or what is raised.
        waited: the stage that ``wait_for_job`` gives; or what is raised.
    """

    trained: str
    followed: tuple[list[str], str] | str
    waited: str


WELL = Expected("loss 0.1", (LINES, "COMPLETED"), "COMPLETED")
NOTHING_WORKS = "HfHubHTTPError"

EXPECTED = {
    # It copes, or is only late.
    "stuck_scheduling": WELL,
    "logs_before_start": WELL,
    "status_lag": WELL,
    "slow_hub": WELL,
    "metrics_broken": WELL,
    # The client follows a log again after a connection that broke; it reads a log only once, and what is left of it is lost, or an error.
    "stream_drop": WELL._replace(trained="RemoteProtocolError"),
    "stream_ends_early": WELL._replace(trained="loss 0.9"),
    # Nothing tells a log that fell silent from one that has ended: of both kinds of reading, lines are missing, and nobody is told.
    "stream_stall": WELL._replace(trained="loss 0.7", followed=(LINES[:2], "COMPLETED")),
    "lost_lines": WELL._replace(trained="loss 0.5"),
    # Neither the client nor the trainer tries a submission again. That is as well: with `lost_answer`, there is a job already.
    "flaky_submit": Expected(NOTHING_WORKS, NOTHING_WORKS, NOTHING_WORKS),
    "lost_answer": Expected("RemoteProtocolError", "RemoteProtocolError", "RemoteProtocolError"),
    # The reads that the client does not try again.
    "flaky_reads": Expected(NOTHING_WORKS, NOTHING_WORKS, NOTHING_WORKS),
    "torn_answer": Expected("RemoteProtocolError", "RemoteProtocolError", "RemoteProtocolError"),
    # Nobody can do anything about these, but say so.
    "no_credits": Expected(NOTHING_WORKS, NOTHING_WORKS, NOTHING_WORKS),
    "no_permission": Expected(NOTHING_WORKS, NOTHING_WORKS, NOTHING_WORKS),
    "logged_out": Expected(NOTHING_WORKS, NOTHING_WORKS, NOTHING_WORKS),
    "rate_limited": Expected(NOTHING_WORKS, NOTHING_WORKS, NOTHING_WORKS),
    "hub_down": Expected(NOTHING_WORKS, NOTHING_WORKS, NOTHING_WORKS),
    "unreachable": Expected("ConnectError", "ConnectError", "ConnectError"),
    "runs_dry": Expected("TrainingFailed", (LINES, "CANCELED"), "CANCELED"),
    # A bigger machine is tried as long as there is one, and no longer.
    "out_of_memory": Expected("TrainingFailed", (LINES, "ERROR"), "ERROR"),
    "bad_image": Expected("TrainingFailed", ([], "ERROR"), "ERROR"),
    # The first machine is scripted to run out of memory in time, the second to finish; only the others run until their timeout.
    "never_ends": Expected("loss 0.1", (LINES, "ERROR"), "ERROR"),
    # What would wait for ever is told so.
    "never_scheduled": Expected("ClockStuck", "ClockStuck", "ClockStuck"),
}

LIKELY = {"flaky_submit": {"probability": 1}, "flaky_reads": {"probability": 1}}
"""What chance decides happens here."""


def train() -> str:
    return train_until_it_works(timeout="12h").last_line


def follow() -> tuple[list[str], str]:
    job = run_job(image="python:3.12", command=["python"], timeout="2d")
    lines = list(fetch_job_logs(job_id=job.id, follow=True))
    return lines, inspect_job(job_id=job.id).status.stage


def wait() -> str:
    job = run_job(image="python:3.12", command=["python"], timeout="2d")
    return wait_for_job(job.id, poll_interval=60).status.stage


def outcome(program: Callable[[], object]) -> object:
    try:
        return program()
    except Exception as error:  # noqa: BLE001 - which one it is, is the outcome
        return type(error).__name__


@contextmanager
def meant(jobs: FakeJobs, name: str) -> Iterator[None]:
    if name == "never_scheduled":
        with jobs.expect_problems(ClockStuck):
            yield
    else:
        yield


PROGRAMS: list[Callable[[], object]] = [train, follow, wait]

# That nothing will ever happen is found out by asking ten thousand times: once is enough.
TRIED = [
    (door, name, program)
    for name in PRESETS
    for program in PROGRAMS
    for door in ("fakejobs", "fakejobs_server")
    if name != "never_scheduled" or program is follow or (program, door) == (wait, "fakejobs")
]


@pytest.mark.parametrize(("door", "name", "program"), TRIED)
def test_every_preset(
    request: pytest.FixtureRequest, door: str, name: str, program: Callable[[], object]
) -> None:
    jobs: FakeJobs = request.getfixturevalue(door)
    jobs.when(flavor="a10g-small").then(running="40m", oom=True)
    jobs.when(flavor="a100-large").then(
        running="6h", logs=["loss 0.9", "loss 0.7", "loss 0.5", "loss 0.3", "loss 0.1"]
    )
    jobs.when(flavor="cpu-basic").then(logs=LINES)
    jobs.preset(name, **LIKELY.get(name, {}))
    jobs.clock.patch(PACKAGE)
    with meant(jobs, name):
        seen = outcome(program)
    assert seen == EXPECTED[name][PROGRAMS.index(program)]


def test_how_late_it_is(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(running="1h", logs=LINES)
    fakejobs.preset("stuck_scheduling", scheduling="3h")
    fakejobs.preset("status_lag", status_lag="2m")
    began = fakejobs.clock.now()
    assert wait() == "COMPLETED"
    assert timedelta(hours=4, minutes=2) <= fakejobs.clock.now() - began <= timedelta(hours=4, minutes=3)


def test_who_tries_again_after_a_lost_answer_pays_twice(fakejobs: FakeJobs) -> None:
    fakejobs.clock.patch(PACKAGE)
    fakejobs.preset("lost_answer")
    assert outcome(train) == "RemoteProtocolError"
    train()
    first, second = fakejobs.submitted()
    assert (first.env, first.flavor) == (second.env, second.flavor)


def test_presets_combine(fakejobs: FakeJobs) -> None:
    """Slow answers and streams that break, together: by the second break the job is over, so the client takes that for the end of its log."""
    fakejobs.when().then(logs=LINES)
    fakejobs.preset("stream_drop", cut_after=2, times=3)
    assert follow() == (LINES, "COMPLETED")
    fakejobs.preset("slow_hub")
    fakejobs.preset("stream_drop", cut_after=2, times=3)
    assert follow() == (["one"], "COMPLETED")
