"""The fuzz tests, with many times their ordinary number of examples, and new ones."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

from tests.fuzz.size import SEED, TIMES

ROOT = Path(__file__).parents[2]


def run_fuzz(times: int) -> int:
    """Run them; what they find is printed, after the words that repeat the run. Returns the exit code of pytest."""
    seed = os.environ.get(SEED) or str(secrets.randbelow(1_000_000))
    print(f"  to repeat it: {SEED}={seed} python -m tests.nightly fuzz", flush=True)
    command = [sys.executable, "-m", "pytest", "tests/fuzz", "-q", "--durations=15", "-p", "no:randomly"]
    command += [f"--hypothesis-seed={seed}"]
    environment = {**os.environ, TIMES: str(times), SEED: seed}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
