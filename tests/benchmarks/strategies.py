"""How many payloads a second: inside ``@given``, and from `fakejobs payloads`."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs import strategies
from tests.benchmarks.figures import Row
from tests.benchmarks.processes import ROOT


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: runs of each, of which the median counts.
        examples: examples in a run of ``@given``.
        lines: lines that the command prints.
    """

    rounds: int
    examples: int
    lines: int


WHOLE = Size(rounds=7, examples=1000, lines=50_000)
QUICK = Size(rounds=1, examples=50, lines=500)

STRATEGIES: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "job_payloads()": strategies.job_payloads,
    'job_payloads("ERROR")': lambda: strategies.job_payloads("ERROR"),
    "create_bodies()": strategies.create_bodies,
    "timelines()": strategies.timelines,
}


def measured(size: Size) -> list[Row]:
    """The rows of the table; a health check that warns is an error."""
    rows = [
        (f"`{name}` inside `@given`", _rate([_given(make(), size.examples) for _ in range(size.rounds)]), aim)
        for (name, make), aim in zip(STRATEGIES.items(), ("at least 150/s", "", "", ""), strict=True)
    ]
    for words, aim in (((), "at least 5,000/s"), (("--kind", "create-body"), "")):
        what = " ".join(("fakejobs payloads", *words))
        rates = [_printed(words, size.lines) for _ in range(size.rounds)]
        rows.append((f"`{what} --count {size.lines}`, its start included", _rate(rates), aim))
    return rows


def _given(strategy: st.SearchStrategy[Any], examples: int) -> float:
    """Examples a second, with the settings that everybody has."""
    seen = 0

    # No database: what an earlier run failed with has no place here. No deadline: the machine may be busy.
    @settings(max_examples=examples, database=None, deadline=None)
    @given(strategy)
    def example(_each: object) -> None:
        nonlocal seen
        seen += 1

    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        example()
    return seen / (time.perf_counter() - begin)


def _printed(words: tuple[str, ...], lines: int) -> float:
    """Lines a second of a whole run of the command."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "fakejobs", "payloads", "--count", str(lines), *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return lines / (time.perf_counter() - begin)


def _rate(rates: list[float]) -> str:
    return f"{median(rates):,.0f}/s ({min(rates):,.0f} to {max(rates):,.0f} in {len(rates)} runs)"
