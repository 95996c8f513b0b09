"""What a mutation is: a behaviour of the fake, flipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]  # JSON that is changed: every part has its own shape
Patches = Mapping[str, object]

CHECK = "contract check"
"""What catches a mutation instead of a fact: live answers, held against the schema."""


@dataclass(frozen=True)
class Mutation:
    """A behaviour, flipped.

    Attributes:
        behaviour: what is so.
        flipped: what is so instead.
        patches: what is put in whose place, by the path of the attribute.
        by: facts that must catch it, or `CHECK`.
    """

    behaviour: str
    flipped: str
    patches: Patches
    by: tuple[str, ...]
