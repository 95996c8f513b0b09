"""The use cases around rules."""

from __future__ import annotations

from collections.abc import Mapping

from fakejobs.hub.state import State
from fakejobs.model.rules import Rule, rule_from
from fakejobs.store.settings import all_rules, delete_rules, insert_rule, next_number


class When:
    """The first half of a rule, waiting for its ``then``."""

    def __init__(self, state: State, words: Mapping[str, object]) -> None:
        self._state = state
        self._words = words
        rule_from(0, words, {})  # a mistake shows where it was made

    def then(self, **words: object) -> Rule:
        """Finish and add the rule. See `fakejobs.model.outcomes.outcome_from` for the words.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        return add(self._state, self._words, words)


def add(state: State, when: Mapping[str, object], then: Mapping[str, object], source: str = "user") -> Rule:
    """Add a rule; it holds for jobs that are submitted from now on."""
    rule_from(0, when, then)
    with state.lock:
        with state.act():
            rule = rule_from(next_number(state.database, "rules"), when, then, source)
            insert_rule(state.database, rule)
        state.rules.append(rule)
        return rule


def delete(state: State, rule_id: int | None = None, source: str | None = None) -> int:
    """Delete one rule, those of one source, or all; returns how many."""
    with state.lock:
        with state.act():
            deleted = delete_rules(state.database, rule_id=rule_id, source=source)
        state.rules = all_rules(state.database)
        return deleted
