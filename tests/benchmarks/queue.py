"""Jobs that wait for slots: how many changes of stage the engine makes in a second of CPU time, which it has one thread of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.stages import JobStage
from tests.benchmarks.figures import Row

USER, FLAVOR = "fake-user", "t4-small"
START = 1_780_000_000_000
SPEC = {"flavor": FLAVOR, "dockerImage": "python:3.12", "command": ["python", "train.py"], "environment": {}}


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: runs of each, of which the median counts.
        jobs: how many are submitted.
        capacity: how many run at a time.
    """

    rounds: int
    jobs: int
    capacity: int


WHOLE = Size(rounds=7, jobs=10_000, capacity=100)
QUICK = Size(rounds=1, jobs=200, capacity=10)


def measured(size: Size) -> list[Row]:
    """The rows of the table."""
    what = f"{size.jobs:,} jobs through a flavor of capacity {size.capacity}"
    runs = [_run(size) for _ in range(size.rounds)]
    return [
        (f"{what}: submitted", _rate(size.jobs, [each.submitted for each in runs], "submissions"), ""),
        (
            f"{what}: advanced to the end",
            _rate(2 * size.jobs, [each.advanced for each in runs], "starts and ends"),
            "",
        ),
        (
            "... both together",
            _rate(3 * size.jobs, [each.submitted + each.advanced for each in runs], "transitions"),
            "at least 20,000/s",
        ),
    ]


@dataclass(frozen=True)
class _Took:
    submitted: float
    advanced: float


def _run(size: Size) -> _Took:
    hub = FakeHub(
        settings=settings_from({"flavors": {FLAVOR: {"capacity": size.capacity}}}),
        anchor=Anchor(START, START, frozen=True),
    )
    hub.when().then(scheduling={"between": [1, 30]}, running={"between": [20, 90]})
    caller = hub.caller("hf_any")
    begin = time.process_time()
    for _ in range(size.jobs):
        hub.submit(caller, USER, SPEC)
    submitted = time.process_time()
    hub.clock.advance(size.jobs * 90_000)
    completed = hub.count(caller, USER, [JobStage.COMPLETED])
    advanced = time.process_time()
    assert completed == size.jobs
    hub.close()
    return _Took(submitted - begin, advanced - submitted)


def _rate(count: int, seconds: list[float], what: str) -> str:
    return f"{count / median(seconds):,.0f} {what}/s ({median(seconds):.2f} s; fastest {min(seconds):.2f} s)"
