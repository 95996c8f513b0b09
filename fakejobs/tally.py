"""What all fakes of a process did together: for ``--fakejobs-summary`` and ``fakejobs exec``. Imports nothing of weight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Line = list[int]
"""Of one flavor: jobs, milliseconds of running, micro-dollars."""


@dataclass
class Tally:
    """Sums over jobs.

    Attributes:
        fakes: how many fakes there were.
        flavors: jobs, milliseconds of running and micro-dollars, by flavor; plain numbers, so that they can be sent.
    """

    fakes: int = 0
    flavors: dict[str, Line] = field(default_factory=dict)

    def add(self, flavor: str, jobs: int, running_ms: int, micro_usd: int) -> None:
        """Add jobs of one flavor."""
        line = self.flavors.setdefault(flavor, [0, 0, 0])
        for index, value in enumerate((jobs, running_ms, micro_usd)):
            line[index] += value

    def merge(self, fakes: int, flavors: Mapping[str, Iterable[int]]) -> None:
        """Add what another process has summed up."""
        self.fakes += fakes
        for flavor, line in flavors.items():
            jobs, running, micro = line
            self.add(flavor, jobs, running, micro)

    def lines(self) -> list[str]:
        """For people: one line for everything, one for each flavor."""
        jobs, running, micro = (sum(line[index] for line in self.flavors.values()) for index in range(3))
        first = f"{jobs} job{'' if jobs == 1 else 's'} ran for {_hours(running)} virtual hours and would have cost ${_dollars(micro)}"
        if not jobs:
            return ["no jobs"]
        width = max(map(len, self.flavors))
        return [first] + [
            f"  {flavor:<{width}}  {line[0]:>5} job{' ' if line[0] == 1 else 's'}  {_hours(line[1]):>10} h  ${_dollars(line[2])}"
            for flavor, line in sorted(self.flavors.items(), key=lambda item: -item[1][2])
        ]


current: Tally | None = None
"""Where fakes add their jobs when they end; None: nobody is counting."""


def _hours(milliseconds: int) -> str:
    return f"{milliseconds / 3_600_000:.2f}"


def _dollars(micro: int) -> str:
    return f"{micro / 1_000_000:.2f}"
