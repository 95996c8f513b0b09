"""Schedules that have run for a year: how long it takes to say what they did, and what that takes of memory."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson
import psutil  # type: ignore[import-untyped]  # has no types
from werkzeug.test import Client

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from fakejobs.wire.encode import job_bodies
from tests.benchmarks.figures import Row

USER = "fake-user"
START = 1_767_225_600_000  # 2026-01-01
DAY = 86_400_000
SPEC = {
    "flavor": "cpu-basic",
    "dockerImage": "python:3.12",
    "command": ["python", "report.py"],
    "environment": {},
}
HEADERS = {"Authorization": "Bearer hf_any"}


Time = tuple[float, float]
"""Seconds on the wall, and of the processor."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: runs of each, of which the median counts.
        schedules: how many schedules of five minutes are listed.
        days: how long they have run.
    """

    rounds: int
    schedules: int
    days: int


WHOLE = Size(rounds=3, schedules=100, days=365)
QUICK = Size(rounds=1, schedules=5, days=3)


def measured(size: Size) -> list[Row]:
    """The rows of the table."""
    after = f"after {size.days} days"
    # First, as what a process has once taken it may use again.
    with tempfile.TemporaryDirectory() as folder:
        stored = _list_jobs(size, str(Path(folder) / "hub.db"), _pages_of_the_web)
    web = [_list_jobs(size, ":memory:", _pages_of_the_web) for _ in range(size.rounds)]
    listing = f"GET the list of {size.schedules} scheduled jobs, `*/5 * * * *`, {after}"
    overlapping = "... whose runs last one to twenty-five minutes, so that ticks are skipped"
    rows = [
        (listing, _seconds([_list_schedules(size) for _ in range(size.rounds)]), "under 1 s"),
        (
            overlapping,
            _seconds([_list_schedules(size, skipping=True) for _ in range(size.rounds)]),
            "under 1 s",
        ),
    ]
    jobs = size.days * 1440
    what = f"All {jobs:,} jobs of a schedule of every minute, {after}"
    engine = [_list_jobs(size, ":memory:", _pages) for _ in range(size.rounds)]
    return [
        *rows,
        (
            f"{what}: derived and written, when first asked for",
            _seconds([each.written for each in engine]),
            "",
        ),
        (f"{what}: listed page by page, to JSON", _seconds([each.listed for each in engine]), "under 6 s"),
        ("... both together", _seconds([_both(each) for each in engine]), ""),
        (
            f"{what}: listed through the app, following `Link`",
            _seconds([each.listed for each in web]),
            "under 6 s",
        ),
        (
            "Memory: what writing them takes, and what listing takes on top",
            f"{web[0].memory:.0f} MB, {web[0].more:.0f} MB",
            "flat",
        ),
        (
            "... with the database in a file",
            f"{stored.memory:.0f} MB, {stored.more:.0f} MB",
            "flat",
        ),
    ]


@dataclass(frozen=True)
class _Took:
    written: Time
    listed: Time
    memory: float
    more: float


def _hub(path: str = ":memory:") -> FakeHub:
    return FakeHub(path, anchor=Anchor(START, START, frozen=True))


def _now() -> Time:
    return time.perf_counter(), time.process_time()


def _since(begin: Time) -> Time:
    return time.perf_counter() - begin[0], time.process_time() - begin[1]


def _list_schedules(size: Size, *, skipping: bool = False) -> Time:
    hub = _hub()
    if skipping:
        hub.when().then(running={"between": ["1m", "25m"]})
    for _ in range(size.schedules):
        hub.schedule(hub.caller("hf_any"), USER, SPEC, "*/5 * * * *")
    hub.clock.advance(size.days * DAY)
    web = Client(wsgi_app(hub))
    begin = _now()
    answer = web.get(f"/api/scheduled-jobs/{USER}", headers=HEADERS)
    took = _since(begin)
    assert len(answer.get_json()) == size.schedules
    hub.close()
    return took


def _list_jobs(size: Size, path: str, pages: Callable[[FakeHub], int]) -> _Took:
    hub = _hub(path)
    hub.schedule(hub.caller("hf_any"), USER, SPEC, "* * * * *")
    hub.clock.advance(size.days * DAY)
    memory = [_resident()]
    begin = _now()
    count = hub.count(hub.caller("hf_any"), USER)
    written = _since(begin)
    memory.append(_resident())
    begin = _now()
    assert pages(hub) == count == size.days * 1440
    listed = _since(begin)
    memory.append(_resident())
    hub.close()
    return _Took(written, listed, memory[1] - memory[0], memory[2] - memory[1])


def _pages(hub: FakeHub) -> int:
    caller, quirks, count = hub.caller("hf_any"), hub.settings.quirks, 0
    page = hub.jobs(caller, USER)
    while True:
        orjson.dumps(job_bodies(page.jobs, quirks))
        count += len(page.jobs)
        if page.next is None:
            return count
        page = hub.jobs(caller, USER, before=page.next)


def _pages_of_the_web(hub: FakeHub) -> int:
    web, count, address = Client(wsgi_app(hub)), 0, f"/api/jobs/{USER}"
    while True:
        answer = web.get(address, headers=HEADERS)
        count += int(answer.data.count(b'"type":"job"'))
        if "Link" not in answer.headers:
            return count
        address = answer.headers["Link"].split(">")[0][len("<http://localhost") :]


def _both(took: _Took) -> Time:
    return took.written[0] + took.listed[0], took.written[1] + took.listed[1]


def _resident() -> float:
    return float(psutil.Process(os.getpid()).memory_info().rss) / 1e6


def _seconds(found: list[Time]) -> str:
    wall, cpu = [each[0] for each in found], [each[1] for each in found]
    return f"{median(wall):.2f} s (fastest {min(wall):.2f} s; of the processor {median(cpu):.2f} s)"
