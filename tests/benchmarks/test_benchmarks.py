"""The benchmark still runs; what it measures is for people to judge."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.benchmarks.figures import Round, percentile, ratio_row, table
from tests.benchmarks.processes import ROOT


@pytest.mark.skipif(os.name != "posix", reason="stops a server with SIGTERM")
def test_a_quick_run_prints_every_row() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    results = _results(done)
    assert len(results) == 9
    for words in (
        "bare Flask",
        "fakejobs serve",
        "share of bare Flask",
        "werkzeug",
        "Polling",
        "Threads",
        "Memory",
    ):
        assert any(words in name for name in results), words
    assert results["Followers that got every line, in order, and a clean end"] == "100 of 100"
    assert "exit code 0" in results["Stop by SIGTERM with 100 log followers"]


def test_a_quick_run_about_the_plugin_prints_every_row() -> None:
    pytest.importorskip("huggingface_hub", minversion="2")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "plugin", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    results = _results(done)
    assert len(results) == 17
    for words in (
        "static `MockTransport`",
        "bare Flask route",
        "against the bare route",
        "against the static mock",
        "followed, 360 events",
        "against the static frames",
        "`wait_for_job`, 181 polls",
        "Net cost per test: `fakejobs`, no call",
        "`respx`",
        "`pytest-httpserver`",
        "`moto`",
        "Collecting 100 tests",
    ):
        assert any(words in name for name in results), words
    assert all(results.values())


def test_a_quick_run_about_strategies_prints_every_row() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "strategies", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    results = _results(done)
    assert len(results) == 6
    for words in ("job_payloads()", "create_bodies()", "timelines()", "fakejobs payloads"):
        assert any(words in name for name in results), words


def test_a_quick_run_about_the_queue_prints_every_row() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "queue", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    results = _results(done)
    assert len(results) == 3
    for words in ("submitted", "advanced to the end", "both together"):
        assert any(words in name for name in results), words


def test_a_quick_run_about_schedules_prints_every_row() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "schedules", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    results = _results(done)
    assert len(results) == 8
    for words in ("scheduled jobs", "skipped", "derived and written", "page by page", "`Link`", "Memory"):
        assert any(words in name for name in results), words


def _results(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stderr
    head, line, *rows = done.stdout.split("\n\n")[0].splitlines()
    assert head.split("|")[1].strip() == "Measured"
    assert set(line) == {"|", "-"}
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {name: result for name, result, _aim in cells}


def test_a_percentile_is_the_value_at_the_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 50) == 50
    assert percentile(values, 99) == 99
    assert percentile([7.0], 99) == 7
    assert percentile([1.0, 2.0, 3.0], 99) == 3


def test_a_share_is_the_median_over_neighbouring_rounds() -> None:
    bare = [_round(100, cpu=1), _round(50, cpu=2), _round(100, cpu=1)]
    ours = [_round(80, cpu=2), _round(45, cpu=2.5), _round(10, cpu=4)]
    assert ratio_row(ours, bare) == "0.80 (0.10 to 0.90 in 3 pairs of rounds); 0.50 by CPU time"


def _round(rate: float, cpu: float) -> Round:
    return {"rate": rate, "latencies": [], "answers": 1000, "cpu": cpu}


def test_the_table_is_markdown() -> None:
    assert table([("a", "long result", "")]).splitlines() == [
        "| Measured | Result      | Aim |",
        "|----------|-------------|-----|",
        "| a        | long result |     |",
    ]
