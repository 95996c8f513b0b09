"""`fakejobs serve` in a process of its own, as its users start it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.checked import VIOLATIONS_FILE

ROOT = Path(__file__).parents[2]


class ServeProcess:
    """A running server.

    Attributes:
        url: where it serves.
        process: the process.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        ready = folder / "ready"
        self._violations = folder / "violations.txt"
        self._output = folder / "output.txt"
        ready.unlink(missing_ok=True)  # of a server in this folder that was killed
        with self._output.open("a") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.support.serve",
                    "serve",
                    "--port",
                    "0",
                    "--ready-file",
                    str(ready),
                    *options,
                ],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, VIOLATIONS_FILE: str(self._violations), "PYTHONWARNINGS": "error"},
            )
        deadline = time.monotonic() + 30
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"the server did not start:\n{self.output}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
        self.url = ready.read_text().strip()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text()

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(sign)
        return self.process.wait(10)

    def check(self) -> None:
        """Fail if a response was outside the schema since the last check."""
        if self._violations.exists():
            found = self._violations.read_text()
            self._violations.unlink()
            raise AssertionError("responses outside the schema:\n" + found)


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[ServeProcess]:
    """`fakejobs serve --port 0` with further options, until the block ends."""
    server = ServeProcess(folder, *options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)
    server.check()
