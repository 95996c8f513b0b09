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

NOTE = f"""Calls alternate between those that answer, in batches; ratios are medians over neighbouring batches. Per test: the time from the
end of test {suites.WARM_UP} to the end of the last, less that of tests that do nothing; the peers share one session for the file.

Where an aim is missed, the profile says:

- Following: the static frames cost 4 to 5 µs each, nearly all of it the client's reading. Of a line of the fake, about 40 µs, three tenths are
  two steps of the clock (a keep-alive comes between two lines that are a minute apart, and goes through the client as well), a quarter is
  looking at the job under the hub's lock and reckoning what is new, and most of the rest is the reading of twice as many chunks.
- Per test: to open and close a fake in a loop is about 0.4 ms, of which two fifths are its hub (a new database: SQLite reads the schema at the
  first statement of a connection) and two fifths are putting it under the client and hiding the developer's settings; pytest's own share
  and the reading of the options come on top. The first call of a test, on a session that the client makes anew, is another 0.5 ms.
- Collecting: to import the plugin takes about 0.7 ms with its bytecode cached; registering it, its options and its fixtures is the rest, and
  the difference of two runs is hardly larger than their noise.
"""


def measured(size: Size) -> list[Row]:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        return [*in_process.rows(size.calls), *suites.rows(Path(name), size.suites)]
