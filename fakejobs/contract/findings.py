"""What a check has to say: one dataclass for every kind of finding, and one printer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

MOST_PLACES = 3
"""A finding that holds in many places names this many of them, and counts the others."""


@dataclass(frozen=True)
class Finding:
    """One thing on which two sides do not agree.

    Attributes:
        kind: what sort of thing, one word: ``added``, ``removed``, ``changed`` (a document), ``answer`` (an answer outside a
            schema), ``stale`` (an explanation that nothing needs), or a kind of another check.
        at: the exact place, and what is there: ``job.status.stage "PAUSED"``. With ``kind`` it names the finding, in lists of explained ones too.
        sentence: what is the matter, for people. It never quotes a value of an answer.
        where: every place where it was met: ``GET /api/jobs/{namespace} → query → sort``.
        todo: what to do about it.
        reason: why it is to be expected; empty: it is not.
    """

    kind: str
    at: str
    sentence: str
    where: tuple[str, ...] = ()
    todo: str = ""
    reason: str = ""

    @property
    def key(self) -> str:
        """What lists of explained findings call it: ``added job.status.stage "PAUSED"``."""
        return f"{self.kind} {self.at}"


def in_json(finding: Finding) -> dict[str, object]:
    """A finding for machines: its attributes by name, without those that are empty."""
    words: dict[str, object] = {"kind": finding.kind, "at": finding.at, "sentence": finding.sentence}
    rest = {"where": list(finding.where), "todo": finding.todo, "reason": finding.reason}
    return words | {word: value for word, value in rest.items() if value}


def print_findings(title: str, findings: Sequence[Finding], echo: Callable[[str], object]) -> None:
    """Print a section: its title with the number of findings, then each; nothing at all if there are none."""
    if not findings:
        return
    echo(f"{title} ({len(findings)})")
    for finding in findings:
        for line in lines_of(finding):
            echo(f"  {line}")
    echo("")


def lines_of(finding: Finding) -> Iterable[str]:
    """A finding as lines of text: its key, what is the matter, where, why, and what to do."""
    yield finding.key
    yield f"    {finding.sentence}"
    for place in finding.where[:MOST_PLACES]:
        yield f"    in {place}"
    if len(finding.where) > MOST_PLACES:
        yield f"    and in {len(finding.where) - MOST_PLACES} more (--json lists all)"
    if finding.reason:
        yield f"    explained: {finding.reason}"
    if finding.todo:
        yield f"    → {finding.todo}"
