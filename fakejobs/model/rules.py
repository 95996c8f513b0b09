"""Rules: which jobs (``when``) do what (``then``). The newest rule that matches a job is the one it follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from typing import TypedDict, cast

from fakejobs.model.draws import draw
from fakejobs.model.flavors import FLAVORS, UNLISTED
from fakejobs.model.outcomes import Outcome, Then, outcomes_from
from fakejobs.model.units import check_text, did_you_mean, short


class _Words(TypedDict, total=False):
    words: Sequence[str]


class Features(_Words):
    """What a job shows to the rules: the words of ``when`` and the job's values for them.

    ``command`` is the words of the command and the arguments, joined by spaces; ``words`` (if left out: ``command``, split there) is
    what a list is compared with.
    """

    image: str
    command: str
    flavor: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]


TEXTS = ("image", "command", "flavor", "namespace", "name")
MAPPINGS = ("labels", "environment")
ALIASES = {"env": "environment"}
WHEN_WORDS = (*TEXTS, *MAPPINGS, *ALIASES)
"""The words of ``when``."""

PATTERN_KINDS = (
    "a text with a shell-style pattern, a compiled pattern, or a function of the value that says yes or no"
)


class MatchFailed(Exception):
    """A function of a rule's ``when`` raised; the message names rule, word and error."""


# As fnmatch reads them: "[]" and "[!]" are no sets but literal text.
_GLOB = re.compile(r"\[(?:!|(?!!))(?:\][^\]]*|[^\]]+)\]|[*?]")
_EMPTY_SET = translate("[b-a]")


@dataclass(frozen=True)
class Rule:
    """One rule, with its words as they were given.

    Attributes:
        id: its number within the hub; a higher one is newer.
        when: what a job must be; every given word must match, so an empty one matches every job.
        then: what such a job does; a list of such mappings says what the first, the second, ... does, and the last all others.
        outcomes: ``then``, read.
        source: who put it there: ``"scenario"``, ``"user"``, or what it is part of: ``"preset …"``, ``"chaos"``.
    """

    id: int
    when: Mapping[str, object]
    then: Then
    outcomes: tuple[Outcome, ...]
    source: str = "user"

    def matches(self, job: Features) -> bool:
        """Whether a job with these features follows the rule, if no newer one does.

        Raises:
            MatchFailed: a function of ``when`` raised.
        """
        return all(self._word_matches(word, wanted, job) for word, wanted in self.when.items())

    @property
    def fills_in(self) -> bool:
        """Whether it only says what a job's own rule leaves unsaid: those of presets and of chaos."""
        return self.source == "chaos" or self.source.startswith("preset ")

    def drawn(self, seed: int, key: str) -> Outcome:
        """One of its outcomes, drawn for the job with this order key."""
        return self.outcomes[self.drawn_index(seed, key)]

    def drawn_index(self, seed: int, key: str) -> int:
        """Which one that is; `then_at` has its words."""
        return int(draw(seed, key, f"rule {self.id}", 0) * len(self.outcomes))

    def outcome(self, earlier: int) -> Outcome:
        """The outcome of a job that matches after ``earlier`` others did."""
        return self.outcomes[min(earlier, len(self.outcomes) - 1)]

    def then_at(self, earlier: int) -> Mapping[str, object]:
        """The words of that outcome."""
        if isinstance(self.then, Mapping):
            return self.then
        return self.then[min(earlier, len(self.then) - 1)]

    @property
    def only_here(self) -> bool:
        """Whether it has what only this process can keep: a compiled pattern or a function."""
        steps = [self.then] if isinstance(self.then, Mapping) else self.then
        return any(outcome.call is not None for outcome in self.outcomes) or not all(
            _is_plain(each) for each in (self.when, *steps)
        )

    def _word_matches(self, word: str, wanted: object, job: Features) -> bool:
        value = job[ALIASES.get(word, word)]  # type: ignore[literal-required]  # one of the words that were checked
        try:
            if isinstance(wanted, list):
                return wanted == list(job.get("words", str(value).split(" ")))
            if isinstance(wanted, Mapping):
                return all(key in value and _matches(pattern, value[key]) for key, pattern in wanted.items())
            return _matches(wanted, value)
        except Exception as error:
            raise MatchFailed(
                f"the function that rule {self.id} has for when.{word} raised {type(error).__name__}: {error}"
            ) from error


def rule_from(rule_id: int, when: Mapping[str, object], then: Then, source: str = "user") -> Rule:
    """Check the words of a rule and make it.

    A text is a shell-style pattern for the whole value: ``*``, ``?``, ``[seq]``, case counts. ``command`` is the words of the command
    and the arguments, joined by spaces, or, if a list is given, exactly these words; ``image`` is the Docker image, or the Space's
    id; ``name`` is the label ``name`` (``""``: of jobs without one); ``labels`` and ``environment`` (or ``env``) give a pattern for
    some of a job's labels or variables.

    In Python, a pattern may also be a compiled one, which is *searched* for (anchor it with ``^`` and ``$``), or a function that gets the
    value and says yes or no; it only looks at the value: it must not use the fake. For ``labels`` and ``environment``, a function
    may stand for one value, or for the whole mapping.

    Raises:
        ValueError: an unknown word, a value that is no pattern, a pattern that can never match, or an impossible outcome;
            the message names it.
    """
    for word, value in when.items():
        if word not in WHEN_WORDS:
            raise ValueError(f"when.{word}: unknown word{did_you_mean(str(word), WHEN_WORDS)}")
        if (alias := ALIASES.get(word)) in when:
            raise ValueError(f"when.{word}: this is `{alias}` by another name; give one of the two")
        if word in TEXTS:
            _check_pattern(f"when.{word}", word, value)
            continue
        if callable(value):
            continue
        if not isinstance(value, Mapping):
            raise ValueError(f'when.{word}: give a mapping, such as {{"team": "vision*"}}')
        for key, pattern in value.items():
            _check_key(f"when.{word}.{key}", word, key)
            _check_pattern(f"when.{word}.{key}", word, pattern)
    outcomes = outcomes_from(then)
    kept: Then = dict(then) if isinstance(then, Mapping) else [dict(words) for words in then]
    lists = {word: list(value) for word, value in when.items() if isinstance(value, (list, tuple))}
    return Rule(rule_id, {**when, **lists}, kept, outcomes, source)


def extended(rule: Rule, then: Mapping[str, object]) -> Rule:
    """The rule with one more outcome, for the matching jobs after those that it has outcomes for.

    Raises:
        ValueError: as `rule_from`.
    """
    steps = [rule.then] if isinstance(rule.then, Mapping) else rule.then
    return rule_from(rule.id, rule.when, [*steps, then], rule.source)


def shown(value: object) -> object:
    """What a rule's words are in JSON, where compiled patterns and functions can only be described."""
    if isinstance(value, Mapping):
        return {str(key): shown(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(each) for each in value]
    if isinstance(value, re.Pattern):
        return f"<pattern {value.pattern}>"
    if callable(value):
        return f"<function {getattr(value, '__name__', type(value).__name__)}>"
    return value


def newest_match(rules: Iterable[Rule], job: Features) -> Rule | None:
    """The newest of ``rules`` that matches, or None; one that only fills in is none that a job follows."""
    newest: Rule | None = None
    for rule in rules:
        if not rule.fills_in and rule.matches(job) and (newest is None or rule.id > newest.id):
            newest = rule
    return newest


def filling_in(rules: Iterable[Rule], job: Features) -> list[Rule]:
    """The rules that match and fill in what a job's own rule leaves unsaid, newest first."""
    return [rule for rule in reversed(list(rules)) if rule.fills_in and rule.matches(job)]


def _matches(wanted: object, value: object) -> bool:
    if isinstance(wanted, str):
        return fnmatchcase(str(value), wanted)
    if isinstance(wanted, re.Pattern):
        return wanted.search(str(value)) is not None
    return bool(cast("Callable[[object], object]", wanted)(value))


def _is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_is_plain(each) for each in value.values())
    return not callable(value) and not isinstance(value, re.Pattern)


def _check_pattern(where: str, word: str, value: object) -> None:
    if word == "command" and isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            if not isinstance(each, str):
                raise ValueError(f"{where}[{index}]: give a text; the words are compared literally")
            check_text(f"{where}[{index}]", each)
        if not value:
            raise ValueError(f"{where}: give at least one word; without `command`, every command matches")
        return
    if isinstance(value, re.Pattern) and isinstance(value.pattern, bytes):
        raise ValueError(f"{where}: this pattern is for bytes; compile a text")
    if isinstance(value, re.Pattern) or callable(value):
        return
    if isinstance(value, (list, tuple)):
        raise ValueError(f"{where}: only `command` may be a list of words; give {PATTERN_KINDS}")
    if not isinstance(value, str):
        raise ValueError(f'{where}: give a pattern, such as "h200*"; {type(value).__name__} is none')
    check_text(where, value)
    if word == "flavor":
        known = [flavor.name for flavor in FLAVORS] + list(UNLISTED)
        if not any(fnmatchcase(name, value) for name in known):
            raise ValueError(f"{where}: {short(value)} matches no flavor{did_you_mean(value, known)}")
    for each in _GLOB.findall(value):
        if translate(each) == _EMPTY_SET:
            raise ValueError(f"{where}: {short(value)} can never match: no character is in {each}")
    literal = _GLOB.sub("", value)
    alphabet = _ALPHABETS.get(word)
    if alphabet is not None and not alphabet[0](literal):
        raise ValueError(f"{where}: {short(value)} can never match: {alphabet[1]}")
    if word in ("image", "namespace") and value == "":  # a job may well have no name
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
