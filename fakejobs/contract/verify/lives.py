"""Jobs whose lives several facts look at."""

from __future__ import annotations

from fakejobs.contract.verify.facts import Ask
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.seen import Life
from fakejobs.wire.json_types import Json

PRINTS = Ask("prints", once="prints")
FAILS = Ask("fails", once="fails")
NO_IMAGE = Ask("no-image", once="no-image")
TIMES_OUT = Ask("sleeps", timeout=30, once="times-out")
RETRIED = Ask("fails", attempts=2, once="retried")
CANCELED = Ask("sleeps", count=2, once="canceled")


def prints(probe: Probe) -> Life:
    """A job that prints some lines and succeeds."""
    return probe.once("prints", lambda: probe.life("prints"))


def fails(probe: Probe) -> Life:
    """A job that exits with 3."""
    return probe.once("fails", lambda: probe.life("fails"))


def without_image(probe: Probe) -> Life:
    """A job whose image is nowhere."""
    return probe.once("no-image", lambda: probe.life("no-image"))


def times_out(probe: Probe) -> Life:
    """A job that is still running when its thirty seconds are over."""
    return probe.once("times-out", lambda: probe.life("sleeps", timeoutSeconds=30))


def retried(probe: Probe) -> Life:
    """A job that fails, is tried again, and fails."""
    return probe.once("retried", lambda: probe.life("fails", attempts=2))


def log_lines(probe: Probe, job_id: str) -> list[str]:
    """The lines of the log of a job that is over; “(start)” for each line of the start."""
    with probe.follow(f"/{job_id}/logs") as stream:
        lines = [str(frame.data.get("data")) for frame in stream.rest()]
    return ["(start)" if line.startswith("===== Job started at ") else line for line in lines]


def canceled(probe: Probe) -> tuple[Json, Json]:
    """The answers to cancelling a job that waits, and one that runs."""

    def make() -> tuple[Json, Json]:
        waiting = probe.post(f"/{probe.new('sleeps')}/cancel").object
        running = probe.post(f"/{probe.running('sleeps')}/cancel").object
        return waiting, running

    return probe.once("canceled", make)
