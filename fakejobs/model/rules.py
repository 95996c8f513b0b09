"""Rules: which jobs (``when``) do what (``then``). The newest rule that matches a job is the one it follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypedDict

from fakejobs.model.flavors import FLAVORS, UNLISTED
from fakejobs.model.outcomes import Outcome, outcome_from
from fakejobs.model.units import check_text, did_you_mean


class Features(TypedDict):
    """What a job shows to the rules: the words of ``when`` and the job's values for them."""

    image: str
    command: str
    flavor: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]


TEXTS = ("image", "command", "flavor", "namespace", "name")
MAPPINGS = ("labels", "environment")
WHEN_WORDS = TEXTS + MAPPINGS
"""The words of ``when``."""

_GLOB = re.compile(r"\[!?\]?[^\]]*\]|[*?]")


@dataclass(frozen=True)
class Rule:
    """One rule, with its words as they were given.

    Attributes:
        id: its number within the hub; a higher one is newer.
        when: what a job must be; every given word must match, so an empty one matches every job.
        then: what such a job does.
        outcome: ``then``, read.
        source: who put it there: ``"scenario"`` or ``"user"``.
    """

    id: int
    when: Mapping[str, object]
    then: Mapping[str, object]
    outcome: Outcome
    source: str = "user"

    def matches(self, job: Features) -> bool:
        """Whether a job with these features follows the rule, if no newer one does."""
        for word in TEXTS:
            pattern = self.when.get(word)
            if pattern is not None and not fnmatchcase(job[word], str(pattern)):  # type: ignore[literal-required]
                return False
        for word in MAPPINGS:
            patterns = self.when.get(word)
            if isinstance(patterns, Mapping) and not _matches_all(patterns, job[word]):  # type: ignore[literal-required]
                return False
        return True


def rule_from(
    rule_id: int, when: Mapping[str, object], then: Mapping[str, object], source: str = "user"
) -> Rule:
    """Check the words of a rule and make it.

    Patterns are shell-style: ``*``, ``?``, ``[seq]``, case counts. ``command`` is the words of the command and the arguments, joined by
    spaces; ``image`` is the Docker image, or the Space's id; ``name`` is the label ``name``; ``labels`` and ``environment`` give a
    pattern for some of a job's labels or variables.

    Raises:
        ValueError: an unknown word, a value that is no pattern, a pattern that can never match, or an impossible outcome;
            the message names it.
    """
    for word, value in when.items():
        if word not in WHEN_WORDS:
            raise ValueError(f"when.{word}: unknown word{did_you_mean(word, WHEN_WORDS)}")
        if word in TEXTS:
            _check_pattern(f"when.{word}", word, value)
            continue
        if not isinstance(value, Mapping):
            raise ValueError(f'when.{word}: give a mapping, such as {{"team": "vision*"}}')
        for key, pattern in value.items():
            _check_key(f"when.{word}.{key}", word, key)
            _check_pattern(f"when.{word}.{key}", word, pattern)
    return Rule(rule_id, dict(when), dict(then), outcome_from(then), source)


def newest_match(rules: Iterable[Rule], job: Features) -> Rule | None:
    """The newest of ``rules`` that matches, or None."""
    matching = (rule for rule in rules if rule.matches(job))
    return max(matching, key=lambda rule: rule.id, default=None)


def _matches_all(patterns: Mapping[object, object], values: Mapping[str, str]) -> bool:
    return all(
        str(key) in values and fnmatchcase(values[str(key)], str(pattern))
        for key, pattern in patterns.items()
    )


def _check_pattern(where: str, word: str, value: object) -> None:
    if not isinstance(value, str):
        raise ValueError(f'{where}: give a pattern, such as "h200*"; {type(value).__name__} is none')
    check_text(where, value)
    if word == "flavor":
        known = [flavor.name for flavor in FLAVORS] + list(UNLISTED)
        if not any(fnmatchcase(name, value) for name in known):
            raise ValueError(f"{where}: {value!r} matches no flavor{did_you_mean(value, known)}")
    literal = _GLOB.sub("", value)
    alphabet = _ALPHABETS.get(word)
    if alphabet is not None and not alphabet[0](literal):
        raise ValueError(f"{where}: {value!r} can never match: {alphabet[1]}")
    if word in ("image", "namespace", "name") and value == "":
        raise ValueError(f"{where}: the empty pattern can never match")
    if word in ("labels", "name") and len(literal) > 100:
        raise ValueError(f"{where}: the pattern can never match: labels have at most 100 characters")


def _check_key(where: str, word: str, key: object) -> None:
    grammar = r"[a-zA-Z0-9._-]{1,100}" if word == "labels" else r"[a-zA-Z][_a-zA-Z0-9]+"
    if not isinstance(key, str) or not re.fullmatch(grammar, key):
        kind = "label" if word == "labels" else "variable"
        raise ValueError(f"{where}: no job can have a {kind} of that name; it must match ^{grammar}$")


def _only(characters: str) -> Callable[[str], bool]:
    pattern = re.compile(f"[{characters}]*")
    return lambda literal: pattern.fullmatch(literal) is not None


_LABEL_RULE = "labels have only letters, digits, dots, dashes and underscores"
_ALPHABETS: dict[str, tuple[Callable[[str], bool], str]] = {
    "labels": (_only("a-zA-Z0-9._-"), _LABEL_RULE),
    "name": (_only("a-zA-Z0-9._-"), _LABEL_RULE),
    "namespace": (
        _only(r"a-zA-Z0-9._-"),
        "namespaces have only letters, digits, dots, dashes and underscores",
    ),
}
