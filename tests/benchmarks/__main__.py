"""``python -m tests.benchmarks [server|plugin|strategies|queue|schedules] [--quick]``: measures, side by side with peers, and prints one table.

``server`` (the default) is `fakejobs serve` beside a bare Flask app; ``plugin`` is the pytest plugin and its in-process transport;
``strategies`` is generated payloads, with Hypothesis and without; ``queue`` is the engine alone, with jobs that wait for slots;
``schedules`` is what schedules have done in a year.

Nothing is asserted about time: figures of different machines, or of different runs, are not to be compared. What is measured in one
run alternates (A B B A A B ...), so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.figures import Round, Row, milliseconds, percentile, ratio_row, rounds_row, table
from tests.benchmarks.processes import (
    Server,
    Watch,
    following,
    get_round,
    serving,
    serving_bare,
)

JOB = {
    "flavor": "a10g-small",
    "dockerImage": "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime",
    "command": ["python", "train.py", "--epochs", "3"],
    "environment": {"MODEL": "meta-llama/Llama-3.2-1B", "BATCH_SIZE": "32"},
    "secrets": {"WANDB_API_KEY": "not a secret"},
    "labels": {"team": "vision", "name": "train"},
    "timeoutSeconds": 3600,
}
"""The job that is asked for: a plausible one, long over, so that its bytes never change."""

CONNECTIONS = 16
DELIVERIES_A_SECOND = 100
FOLLOWERS_OF_A_JOB = 10


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: pairs of rounds of GETs.
        round_seconds: how long each takes.
        threaded_rounds: rounds against the threaded server.
        followers: how many followers, of a tenth as many jobs.
        lines: how many lines each of these jobs writes.
        polls_a_second: how often one job is asked for meanwhile.
    """

    rounds: int
    round_seconds: float
    threaded_rounds: int
    followers: int
    lines: int
    polls_a_second: int

    @property
    def interval(self) -> float:
        """Seconds between two lines of a job, such that all followers together get 100 lines a second."""
        return self.followers / DELIVERIES_A_SECOND


WHOLE = Size(rounds=12, round_seconds=0.8, threaded_rounds=3, followers=1000, lines=3, polls_a_second=50)
QUICK = Size(rounds=1, round_seconds=0.3, threaded_rounds=1, followers=100, lines=3, polls_a_second=50)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "part", nargs="?", choices=("server", "plugin", "strategies", "queue", "schedules"), default="server"
    )
    parser.add_argument("--quick", action="store_true", help="a few seconds in all; figures of no use")
    given = parser.parse_args()
    if given.part == "plugin":
        _plugin(quick=given.quick)
    elif given.part == "strategies":
        _strategies(quick=given.quick)
    elif given.part == "queue":
        _queue(quick=given.quick)
    elif given.part == "schedules":
        _schedules(quick=given.quick)
    else:
        _server(QUICK if given.quick else WHOLE)


def _plugin(*, quick: bool) -> None:
    from tests.benchmarks import plugin  # needs huggingface_hub

    begin, busy = time.monotonic(), _load()
    print(table(plugin.measured(plugin.QUICK if quick else plugin.WHOLE)))
    print()
    print(f"{_machine(begin, busy)} {plugin.NOTE}", end="")


def _strategies(*, quick: bool) -> None:
    from tests.benchmarks import strategies

    begin, busy = time.monotonic(), _load()
    print(table(strategies.measured(strategies.QUICK if quick else strategies.WHOLE)))
    print()
    print(f"{_machine(begin, busy)} Hypothesis {version('hypothesis')}. Rates are the median of all runs.")


def _queue(*, quick: bool) -> None:
    from tests.benchmarks import queue

    begin, busy, size = time.monotonic(), _load(), queue.QUICK if quick else queue.WHOLE
    print(table(queue.measured(size)))
    print()
    print(
        f"{_machine(begin, busy)} In one thread, in memory; seconds are those of its CPU time. Rates are the median of {size.rounds} runs."
    )


def _schedules(*, quick: bool) -> None:
    from tests.benchmarks import schedules

    begin, busy, size = time.monotonic(), _load(), schedules.QUICK if quick else schedules.WHOLE
    print(table(schedules.measured(size)))
    print()
    print(f"{_machine(begin, busy)} In one thread. Times are the median of {size.rounds} runs.")


def _machine(begin: float, busy: str) -> str:
    return (
        f"Python {platform.python_version()}, Flask {version('flask')}, "
        f"{os.cpu_count()} CPUs, load {busy} before and {_load()} after, {time.monotonic() - begin:.0f} s in all."
    )


def _server(size: Size) -> None:
    begin, busy = time.monotonic(), _load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [*one_job(folder, size), *followers(folder, size)]
    print(table(rows))
    print()
    print(
        f"{_machine(begin, busy)} uvicorn {version('uvicorn')}. "
        f"Rates are the median of {size.rounds} rounds of {size.round_seconds:g} s, which alternate between the servers; "
        "percentiles are those of all rounds together; the share is the median over neighbouring rounds."
    )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def one_job(folder: Path, size: Size) -> list[Row]:
    """GET one job: against a bare Flask app on the same server, and on the threaded server."""
    with serving(folder) as ours:
        path, body = _finished_job(ours)
        with serving_bare(folder, body) as bare:
            rounds = _alternate({"ours": (ours, path), "bare": (bare, path)}, body, size)
    with serving(folder, "--server", "werkzeug") as threaded:
        path, body = _finished_job(threaded)
        slow = [_round(threaded, path, body, size) for _ in range(size.threaded_rounds)]
    what = f"GET one job ({len(body)} bytes, {CONNECTIONS} connections)"
    return [
        (f"{what}: bare Flask", rounds_row(rounds["bare"]), ""),
        (f"{what}: `fakejobs serve`", rounds_row(rounds["ours"]), ""),
        ("... as a share of bare Flask", ratio_row(rounds["ours"], rounds["bare"]), "at least 0.8"),
        (f"{what}: `fakejobs serve --server werkzeug`", rounds_row(slow), ""),
    ]


def _alternate(servers: dict[str, tuple[Server, str]], body: bytes, size: Size) -> dict[str, list[Round]]:
    rounds: dict[str, list[Round]] = {name: [] for name in servers}
    for number in range(size.rounds):
        # A B, B A, A B: neither is always the first one.
        for name in sorted(servers, reverse=number % 2 == 1):
            server, path = servers[name]
            rounds[name].append(_round(server, path, body, size))
    return rounds


def _round(server: Server, path: str, body: bytes, size: Size) -> Round:
    return get_round(
        server,
        {
            "port": server.port,
            "path": path,
            "body": body.decode(),
            "connections": CONNECTIONS,
            "warm_up": 0.2,
            "seconds": size.round_seconds,
        },
    )


def _finished_job(server: Server) -> tuple[str, bytes]:
    """The path of a job that is over, and its bytes."""
    job = json.loads(server.call("POST", "/api/jobs/fake-user", JOB))
    server.call("POST", "/_fakejobs/clock", {"advance": "2d"})
    path = f"/api/jobs/fake-user/{job['id']}"
    return path, server.call("GET", path)


def followers(folder: Path, size: Size) -> list[Row]:
    """Many followers of the logs of a tenth as many jobs; and what a poller, and an observer, see meanwhile."""
    crowd = f"{size.followers:,} log followers"
    with serving(folder) as server:
        paths, lines = _jobs_that_write(server, size)
        # While all are connected: up to the end of the first job, with its last line.
        calm = size.interval * (size.lines - 1)
        with following(
            {
                "port": server.port,
                "paths": [path + "/logs" for path in paths for _ in range(FOLLOWERS_OF_A_JOB)],
                "lines": [each for each in lines for _ in range(FOLLOWERS_OF_A_JOB)],
                "poll_path": paths[0],
                "polls_a_second": size.polls_a_second,
                "poll_seconds": calm,
            }
        ) as generator:
            with Watch(server.process.pid) as watch:
                server.call("POST", "/_fakejobs/clock", {"freeze": False})
                generator.poll()
                time.sleep(calm)
            seen = generator.result()
        stopping, code, ended = _stop(server, size)
    gap = f"; one of the others saw {seen['first_gap'][:200]}" if seen["first_gap"] else ""
    return [
        (
            f"Polling one job beside {crowd} ({DELIVERIES_A_SECOND} lines/s in all)",
            _polls(seen["polls"]),
            "p99 below 20 ms",
        ),
        (f"Threads of the server with {crowd}", f"{watch.threads}", "at most 16"),
        (f"Memory of the server (RSS) with {crowd}", f"{watch.memory / 1e6:.0f} MB", "at most 100 MB"),
        (
            "Followers that got every line, in order, and a clean end",
            f"{seen['complete']:,} of {seen['followers']:,}{gap}",
            "all",
        ),
        (
            f"Stop by SIGTERM with {crowd}",
            f"{stopping:.2f} s, exit code {code}, {ended:,} streams ended cleanly",
            "below 2 s",
        ),
    ]


def _polls(took: Sequence[float]) -> str:
    return (
        f"p50 {milliseconds(percentile(took, 50))}, p99 {milliseconds(percentile(took, 99))}, "
        f"longest {milliseconds(took[-1])} of {len(took):,} polls"
    )


def _jobs_that_write(server: Server, size: Size) -> tuple[list[str], list[list[str]]]:
    """Jobs whose lines come one after another, never two at once; each ends with its last. The clock stands still until they run."""
    server.call("POST", "/_fakejobs/clock", {"freeze": True})
    count = size.followers // FOLLOWERS_OF_A_JOB
    paths, texts = [], []
    for number in range(count):
        first = size.interval * number / count
        lines = [
            [
                round(first + size.interval * index, 3),
                f"job {number}: step {index} of {size.lines}, loss 0.{index}",
            ]
            for index in range(size.lines)
        ]
        paths.append(_job(server, f"writes-{number}", {"logs": lines, "running": lines[-1][0]}))
        texts.append([str(text) for _, text in lines])
    return paths, texts


def _job(server: Server, name: str, then: dict[str, object]) -> str:
    rule = {"when": {"name": name}, "then": {"scheduling": 0, **then}}
    server.call("POST", "/_fakejobs/rules", rule)
    job = json.loads(server.call("POST", "/api/jobs/fake-user", {**JOB, "labels": {"name": name}}))
    return f"/api/jobs/fake-user/{job['id']}"


def _stop(server: Server, size: Size) -> tuple[float, int, int]:
    """Seconds that the server takes to stop while as many other followers are connected, its exit code, and clean ends."""
    count = size.followers // FOLLOWERS_OF_A_JOB
    paths = [_job(server, f"runs-{number}", {"running": "forever", "logs": []}) for number in range(count)]
    with following(
        {
            "port": server.port,
            "paths": [path + "/logs" for path in paths for _ in range(FOLLOWERS_OF_A_JOB)],
            "lines": [[] for _ in range(size.followers)],
            "poll_path": "",
            "polls_a_second": 0,
            "poll_seconds": 0,
        }
    ) as generator:
        begin = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(30)
        took = time.monotonic() - begin
        generator.poll()
        ended = generator.result()["ended"]
    return took, code, ended


if __name__ == "__main__":
    main()
