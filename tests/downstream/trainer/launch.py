"""Trainings that are tried again on a bigger machine, and trainings that must be done by a deadline."""

from __future__ import annotations

import time
from dataclasses import dataclass

from huggingface_hub import JobInfo, cancel_job, fetch_job_logs, inspect_job, run_job

FLAVORS = ("a10g-small", "a100-large", "h200")
"""What a training is tried on, smallest first."""

FINISHED = ("COMPLETED", "ERROR", "CANCELED", "DELETED")

POLL = 30
"""Seconds between two looks at a job."""


class TrainingFailed(Exception):
    """The training ended, and another machine would not help."""


@dataclass(frozen=True)
class Result:
    """A training that worked."""

    job: JobInfo
    last_line: str
    attempts: int


def train_until_it_works(timeout: str) -> Result:
    """Train on the smallest machine whose memory is enough."""
    for attempt, flavor in enumerate(FLAVORS, start=1):
        submitted = run_job(
            image="pytorch/pytorch:2.8.0-cuda12.8-cudnn9-runtime",
            command=["python", "train.py", "--epochs", "3"],
            env={"PROJECT": "sentiment", "ATTEMPT": str(attempt)},
            flavor=flavor,
            timeout=timeout,
        )
        job = _finished(submitted.id)
        if job.status.stage == "COMPLETED":
            *_, last_line = fetch_job_logs(job_id=job.id)
            return Result(job, last_line, attempt)
        if "OOMKilled" not in (job.status.message or ""):
            raise TrainingFailed(f"{job.status.stage} on {flavor}: {job.status.message}")
    raise TrainingFailed(f"out of memory even on {FLAVORS[-1]}")


def _finished(job_id: str) -> JobInfo:
    while True:
        job = inspect_job(job_id=job_id)
        if job.status.stage in FINISHED:
            return job
        time.sleep(POLL)


def run_or_cancel(command: list[str], *, flavor: str, seconds: float) -> str:
    """Run a command, and cancel it when it is not done ``seconds`` after it was submitted; returns the stage it ended in."""
    job = run_job(image="python:3.12", command=command, flavor=flavor, timeout="2d")
    deadline = time.monotonic() + seconds
    while (stage := inspect_job(job_id=job.id).status.stage) not in FINISHED:
        left = deadline - time.monotonic()
        if left <= 0:
            cancel_job(job_id=job.id)
            return inspect_job(job_id=job.id).status.stage
        time.sleep(min(POLL, left))
    return stage
