"""What was expected and what was seen: comparing, and keeping what differs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from fakejobs.model.quirks import Quirks

ABSENT = "(absent)"
"""What is expected or seen of a key that is not there."""


@dataclass(frozen=True)
class Difference:
    """Something that is not as a fact says.

    Attributes:
        what: of what.
        expected: by the fact, and the quirks that were assumed.
        seen: on the server.
        quirk: the quirk that decides it, if one does.
        matches: the values of that quirk which would have been right.
    """

    what: str
    expected: str
    seen: str
    quirk: str = ""
    matches: tuple[str, ...] = ()


class Undecided(Exception):
    """A fact that this server gives no occasion to try; the message says why."""


@dataclass
class Trial:
    """What one fact has found out so far.

    Attributes:
        differences: what is not as expected.
        compared: how many things were compared.
        submitted: how many requests for a job were sent.
    """

    differences: list[Difference] = field(default_factory=list)
    compared: int = 0
    submitted: int = 0


class Comparing:
    """Compares what facts expect with what they see, and goes on.

    Attributes:
        quirks: what is expected where nothing is certain.
        trial: what the fact that is being tried has found out.
    """

    def __init__(self, quirks: Quirks) -> None:
        self.quirks = quirks
        self.trial = Trial()

    def same(self, what: str, expected: object, seen: object) -> None:
        """Compare; types count, and the order of keys does not."""
        self.holds(what, expected, seen, _same(expected, seen))

    def holds(self, what: str, expected: object, seen: object, yes: bool) -> None:
        """Something that no single value says."""
        self.trial.compared += 1
        if not yes:
            self.differs(what, expected, seen)

    def by_quirk(self, name: str, what: str, choices: Mapping[str, object], seen: object) -> None:
        """Compare with what follows from the value of a quirk: ``choices`` has it for each."""
        expected = choices[getattr(self.quirks, name)]
        self.trial.compared += 1
        if not _same(expected, seen):
            matches = tuple(value for value, each in choices.items() if _same(each, seen))
            self.differs(what, expected, seen, name, matches)

    def text_of_quirk(self, name: str, what: str, seen: str | None) -> None:
        """Compare with the text that a quirk holds; empty stands for none."""
        expected = getattr(self.quirks, name) or None
        self.trial.compared += 1
        if expected != seen:
            self.differs(what, expected, seen, name, (seen or "",))

    def differs(
        self, what: str, expected: object, seen: object, quirk: str = "", matches: tuple[str, ...] = ()
    ) -> None:
        """Note a difference."""
        self.trial.differences.append(Difference(what, said(expected), said(seen), quirk, matches))


def _same(expected: object, seen: object) -> bool:
    return expected == seen and type(expected) is type(seen)


def said(value: object) -> str:
    """A value as the table shows it: JSON, cut."""
    if isinstance(value, str) and value.startswith("("):
        return value
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 300 else f"{text[:297]}..."
