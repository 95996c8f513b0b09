"""The fuzz tests, with many times their ordinary number of examples, and new ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fuzz.size import TIMES

ROOT = Path(__file__).parents[2]


def run_fuzz(times: int) -> int:
    """Run them; what they find is printed. Returns the exit code of pytest."""
    command = [sys.executable, "-m", "pytest", "tests/fuzz", "-q", "--durations=15"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, TIMES: str(times)}, check=False).returncode
