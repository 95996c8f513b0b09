"""What a load generator reports, and how figures are written in the table."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TypedDict

Row = tuple[str, str, str]
"""A row of the table: what was measured, the result, the aim."""


class Load(TypedDict):
    """What a load generator saw in one round of GETs.

    Attributes:
        rate: answers a second.
        latencies: seconds that each answer took, sorted.
        answers: how many there were, those before the measured time included.
    """

    rate: float
    latencies: list[float]
    answers: int


class Round(Load):
    """One round of GETs.

    Attributes:
        cpu: seconds of CPU time that the server took for all ``answers``.
    """

    cpu: float


class Followed(TypedDict):
    """What the followers of one run saw.

    Attributes:
        followers: how many there were.
        complete: how many got every line, in order, and then the clean end of the stream.
        ended: how many saw a clean end of the stream, whatever came before it.
        first_gap: what the first incomplete one saw, for the reader; empty if there is none.
        polls: seconds that each poll took, sorted.
    """

    followers: int
    complete: int
    ended: int
    first_gap: str
    polls: list[float]


def percentile(sorted_values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` of the sorted values do not exceed (nearest rank)."""
    rank = -(-len(sorted_values) * percent // 100)
    return sorted_values[max(int(rank), 1) - 1]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.1f} ms"


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs"


def ratio_of(ours: Sequence[float], others: Sequence[float]) -> str:
    """The median of the ratios of neighbouring measurements, and the middle half of them."""
    ratios = sorted(a / b for a, b in zip(ours, others, strict=True))
    quarters = f"{percentile(ratios, 25):.2f} to {percentile(ratios, 75):.2f}"
    return f"{median(ratios):.2f} (the middle half of {len(ratios)} pairs: {quarters})"


def rounds_row(rounds: Sequence[Round]) -> str:
    """The median of several rounds' rates, and the percentiles of all their answers."""
    latencies = sorted(latency for each in rounds for latency in each["latencies"])
    rate = median(each["rate"] for each in rounds)
    return (
        f"{rate:,.0f} req/s, p50 {milliseconds(percentile(latencies, 50))}, "
        f"p99 {milliseconds(percentile(latencies, 99))}, {median(map(_cost, rounds)) * 1e6:.0f} µs of CPU time"
    )


def _cost(each: Round) -> float:
    return each["cpu"] / each["answers"]


def ratio_row(ours: Sequence[Round], bare: Sequence[Round]) -> str:
    """The median of the ratios of neighbouring rounds: what slows the machine down for a while slows both."""
    ratios = sorted(a["rate"] / b["rate"] for a, b in zip(ours, bare, strict=True))
    by_cpu = median(_cost(b) / _cost(a) for a, b in zip(ours, bare, strict=True))
    return (
        f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} pairs of rounds); "
        f"{by_cpu:.2f} by CPU time"
    )


def table(rows: Sequence[Row]) -> str:
    """The rows under a head, as a Markdown table that is also readable as plain text."""
    lines = [("Measured", "Result", "Aim"), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    written = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written)
