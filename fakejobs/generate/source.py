"""Where generators get their choices from.

A generator is written once, as a function of a `Source`. `Seeded` makes it a fast, repeatable stream (``fakejobs payloads``);
`fakejobs.strategies` draws the same choices from Hypothesis, which can then shrink them: so each method says which of its
answers is the simplest, and generators put the simplest alternative where that is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")

ODD_TEXT = (
    " ", "\t", "\n", "\r", "\x00", "\x1b[31m", "\x7f", "'", '"', "\\", "<", "&", "%", "é", "ß", "—", "漢", "\u0627", "\u200d",
    "\u2028", "\ufeff", "\uffff", "👩\u200d🚀", "\U0010ffff",
)  # fmt: skip
"""What texts go wrong with: white space, control characters, quotes, and characters of two to four bytes."""

_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_./:="


class Source(Protocol):
    """Choices. The simplest is what Hypothesis shrinks to."""

    def integer(self, least: int, most: int) -> int:
        """A whole number from ``least`` to ``most``, both included. Simplest: ``least``."""

    def chance(self, percent: int = 50) -> bool:
        """True in about ``percent`` of 100 cases. Simplest: False."""

    def pick(self, options: Sequence[T]) -> T:
        """One of ``options``, of which there must be one. Simplest: the first."""

    def text(self, shortest: int = 0, longest: int = 20) -> str:
        """A text of any characters that JSON can hold (no lone surrogates). Simplest: the shortest."""

    def word(self, alphabet: str, shortest: int, longest: int) -> str:
        """A text of characters of ``alphabet``. Simplest: the shortest, of the plainest character."""


def several(source: Source, make: Callable[[], T], least: int = 0, most: int = 3) -> list[T]:
    """From ``least`` to ``most`` things. Simplest: the fewest.

    After each, "one more?" is asked again, so that Hypothesis can drop any of them.
    """
    made = [make() for _ in range(least)]
    while len(made) < most and source.chance():
        made.append(make())
    return made


class Seeded:
    """Choices that follow from a seed, without Hypothesis: the same seed gives the same ones on every machine and every Python.

    Only ``random()`` and ``getrandbits()`` are used: what the other methods make of them is not the same in all versions.

    Args:
        seed: any whole number; its sign does not matter.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - what is wanted is repeatable data

    def integer(self, least: int, most: int) -> int:
        """See `Source.integer`. Often one of the ends, where mistakes are."""
        drawn = self._random.random()
        if drawn < 0.125:
            return least if drawn < 0.0625 else most
        span = most - least + 1
        if span <= 2**50:
            return least + int(self._random.random() * span)
        return least + self._random.getrandbits(span.bit_length() + 32) % span

    def chance(self, percent: int = 50) -> bool:
        """See `Source.chance`."""
        return self._random.random() * 100 < percent

    def pick(self, options: Sequence[T]) -> T:
        """See `Source.pick`."""
        return options[int(self._random.random() * len(options))]

    def text(self, shortest: int = 0, longest: int = 20) -> str:
        """See `Source.text`. Two in three are plain words; the others have some of `ODD_TEXT`."""
        text = self.word(_PLAIN, shortest, longest)
        if text and self._random.random() < 1 / 3:
            at = int(self._random.random() * len(text))
            text = (text[:at] + self.pick(ODD_TEXT) + text[at + 1 :])[: max(longest, 1)]
            text += "x" * (shortest - len(text))
        return text

    def word(self, alphabet: str, shortest: int, longest: int) -> str:
        """See `Source.word`."""
        chance = self._random.random
        length = shortest + int(chance() * (longest - shortest + 1))
        count = len(alphabet)
        return "".join([alphabet[int(chance() * count)] for _ in range(length)])
