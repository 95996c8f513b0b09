"""Modules of the client that are loaded while a fake is there wait in its time, too: its command line is, for one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.programs import run_program

PROGRAM = """
import sys, fakejobs
from unittest import mock

with fakejobs.activate() as fake:
    fake.when().then(scheduling="2h", running="20m", logs=["one", "two"])
    from huggingface_hub.cli.hf import main  # not before: so its modules have the real time

    with mock.patch.object(sys, "argv", ["hf", "jobs", "run", "python:3.12", "python", "train.py"]):
        try:
            main()
        except SystemExit as end:
            assert not end.code, end.code
    print(fake.clock.now().isoformat())
"""


def test_the_command_line_waits_in_virtual_time(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    done = run_program(
        [sys.executable, "-c", PROGRAM],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "one\ntwo\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2026-01-01T02:20:0")
