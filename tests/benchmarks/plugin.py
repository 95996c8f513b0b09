"""``python -m tests.benchmarks plugin [--quick]``: measures what the pytest plugin and the in-process transport cost."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import in_process, suites
from tests.benchmarks.figures import Row


@dataclass(frozen=True)
class Size:
    """How much is measured, by part."""

    calls: in_process.Size
    suites: suites.Size


WHOLE = Size(
    in_process.Size(batches=60, follows=20, waits=2, hours=6),
    suites.Size(tests=300, runs=5, collected=1000, collections=31),
)
QUICK = Size(
    in_process.Size(batches=2, follows=1, waits=1, hours=0.05),
    suites.Size(tests=20, runs=1, collected=100, collections=2),
)

NOTE = (
    "Calls alternate between the ones that answer, in batches; ratios are medians over neighbouring batches. Per test: the time from the "
    f"end of test {suites.WARM_UP} to the end of the last, less that of tests that do nothing; the others share one session for the file."
)


def measured(size: Size) -> list[Row]:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        return [*in_process.rows(size.calls), *suites.rows(Path(name), size.suites)]
