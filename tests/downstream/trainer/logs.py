"""Showing what a job prints while the program does something else."""

from __future__ import annotations

import threading
from collections.abc import Callable

from huggingface_hub import HfApi


class LogFollower(threading.Thread):
    """Follows the log of a job in a thread of its own and gives each line to a function."""

    def __init__(self, job_id: str, on_line: Callable[[str], object]) -> None:
        super().__init__(name=f"log of {job_id}")
        self._job_id = job_id
        self._on_line = on_line
        self._api = HfApi()

    def run(self) -> None:
        """Until the job ends."""
        for line in self._api.fetch_job_logs(job_id=self._job_id, follow=True):
            self._on_line(line)
