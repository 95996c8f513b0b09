"""Environments of client releases: `install` makes them with `.ci/clients` and `.ci/node`, `run` runs the suite in one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

from tests.matrix.doors import IN_PROCESS, OVER_LOOPBACK
from tests.matrix.releases import JAVASCRIPT, Release
from tests.matrix.scenario import scenario_file, scenario_text
from tests.support.programs import run_program

ROOT = Path(__file__).parents[2]
LATEST, AUTO, OWN_DAY = "latest", "auto", "own day"
COLUMNS = (LATEST, AUTO, OWN_DAY)
"""The dates of the API that each release meets."""

Outcomes = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Door → column → row → outcome."""

_KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG")
_PATIENCE = 300


def home(release: Release) -> Path:
    """The environment of a release."""
    return ROOT / (".node" if release.client == JAVASCRIPT else f".venv-clients/{release.name}")


def is_installed(release: Release) -> bool:
    """Whether the environment of a release is complete."""
    if release.client == JAVASCRIPT:
        package = home(release) / "node_modules" / JAVASCRIPT / "package.json"
        return package.exists() and shutil.which("node") is not None
    return (home(release) / "complete").exists()


def install(releases: Sequence[Release]) -> None:
    """Make the environments that are not complete, two at a time.

    Raises:
        CalledProcessError: one cannot be made.
    """
    python = [each.name for each in releases if each.client != JAVASCRIPT]
    if python:
        subprocess.run(["bash", ".ci/clients", *python], cwd=ROOT, check=True)
    if len(python) < len(releases):
        subprocess.run(["bash", ".ci/node"], cwd=ROOT, check=True)


def run(release: Release) -> Outcomes:
    """What comes of every row, through both doors, against the API of every date: all of that at the same time.

    Raises:
        RuntimeError: the suite itself failed; the message is what it printed.
    """
    dates = {LATEST: LATEST, AUTO: AUTO, OWN_DAY: release.day}
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(len(dates) + 1) as threads:
        folder = Path(name)
        for date in dates.values():
            scenario_file(folder, date).write_text(scenario_text(date), encoding="utf-8")
        doors = {
            OVER_LOOPBACK: [threads.submit(_over_loopback, release, folder, each) for each in dates.values()]
        }
        if release.client != JAVASCRIPT:  # which is no part of any process of ours
            doors[IN_PROCESS] = [threads.submit(_in_process, release, folder, list(dates.values()))]
        found = {
            door: {date: rows for future in futures for date, rows in future.result().items()}
            for door, futures in doors.items()
        }
    return {
        door: {column: dates_of[date] for column, date in dates.items()} for door, dates_of in found.items()
    }


def _in_process(release: Release, folder: Path, dates: list[str]) -> dict[str, dict[str, str]]:
    suite = [_python(release), "-m", "tests.matrix.suite", IN_PROCESS]
    return _run(suite, folder / "in-process.json", dates, {"HF_HUB_OFFLINE": "1"})


def _over_loopback(release: Release, folder: Path, date: str) -> dict[str, dict[str, str]]:
    server = ["-m", "fakejobs", "exec", "--scenario", str(scenario_file(folder, date)), "--"]
    if release.client == JAVASCRIPT:
        command = [sys.executable, *server, "node", "tests/matrix/suite.mjs"]
    else:
        python = _python(release)
        command = [python, *server, python, "-m", "tests.matrix.suite", OVER_LOOPBACK]
    return _run(command, folder / f"over-loopback-{date}.json", [date], {})


def _python(release: Release) -> str:
    return str(home(release) / "bin/python")


def _run(
    command: list[str], out: Path, dates: list[str], variables: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    own = out.with_suffix("")
    own.mkdir()
    environment = {
        **{key: os.environ[key] for key in _KEPT if key in os.environ},
        "HOME": str(own),
        "HF_HOME": str(own / "hf"),
        "HF_TOKEN": "hf_matrix",
        "NO_COLOR": "1",
        "COLUMNS": "250",
        "PYTHONUTF8": "1",
        **variables,
    }
    done = run_program(
        [*command, str(out), *dates],
        cwd=ROOT,
        env=environment,
        timeout=_PATIENCE,
    )
    if done.returncode != 0 or not out.exists():
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return cast("dict[str, dict[str, str]]", json.loads(out.read_text(encoding="utf-8")))
