"""Programs in processes of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE = 60.0
"""Seconds after which a program hangs."""


def run_program(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; what it prints is in ``stdout`` and ``stderr``.

    Args:
        command: the program and its arguments.
        env: its environment; by default that of this process.
        cwd: where it runs.
        stdin: what it reads.
        timeout: seconds after which it is an error.
    """
    return subprocess.run(
        command,
        env=env,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
