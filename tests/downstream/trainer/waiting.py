"""The ways in which programs wait for a job. Each returns the stage that the job ended in."""

from __future__ import annotations

import asyncio
import threading
import time
from time import sleep

from huggingface_hub import HfApi, inspect_job, wait_for_job

FINISHED = {"COMPLETED", "ERROR", "CANCELED", "DELETED"}

# Made when the module is imported, as in many programs: long before any test begins.
api = HfApi()


def with_time_sleep(job_id: str, poll: float = 30) -> str:
    """`time.sleep` in a loop."""
    while (stage := inspect_job(job_id=job_id).status.stage) not in FINISHED:
        time.sleep(poll)
    return stage


def with_imported_sleep(job_id: str, poll: float = 30) -> str:
    """``from time import sleep``."""
    while (stage := api.inspect_job(job_id=job_id).status.stage) not in FINISHED:
        sleep(poll)
    return stage


def with_event(job_id: str, stop: threading.Event, poll: float = 30) -> str:
    """An event that is waited for with a timeout, so that another thread can stop the loop."""
    while (stage := inspect_job(job_id=job_id).status.stage) not in FINISHED:
        if stop.wait(timeout=poll):
            return "STOPPED"
    return stage


async def with_asyncio_sleep(job_id: str, poll: float = 30) -> str:
    """`asyncio.sleep` between calls that are made in the loop's own thread."""
    while (stage := inspect_job(job_id=job_id).status.stage) not in FINISHED:
        await asyncio.sleep(poll)
    return stage


async def with_to_thread(job_id: str, poll: float = 30) -> str:
    """`asyncio.sleep` between calls that are made in other threads."""
    while (stage := (await asyncio.to_thread(inspect_job, job_id=job_id)).status.stage) not in FINISHED:
        await asyncio.sleep(poll)
    return stage


def with_the_client(job_id: str, timeout: float | None = None) -> str:
    """What the client has for it."""
    return wait_for_job(job_id, timeout=timeout).status.stage


def without_a_break(job_id: str) -> str:
    """As fast as the Hub answers."""
    while (stage := inspect_job(job_id=job_id).status.stage) not in FINISHED:
        pass
    return stage
