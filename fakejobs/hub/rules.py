"""The use cases around rules."""

from __future__ import annotations

from collections.abc import Mapping

from fakejobs.hub import ticks
from fakejobs.hub.state import State
from fakejobs.model.outcomes import Then
from fakejobs.model.rules import Rule, extended, rule_from
from fakejobs.store.jobs import count_of_rule
from fakejobs.store.settings import delete_rules, insert_rule, next_number, update_rule


class When:
    """The first half of a rule, waiting for its ``then``."""

    def __init__(self, state: State, words: Mapping[str, object]) -> None:
        self._state = state
        self._words = words
        rule_from(0, words, {})  # a mistake shows where it was made

    def then(self, /, **words: object) -> AddedRule:
        """Finish and add the rule. See `fakejobs.model.outcomes.outcome_from` for the words.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        return AddedRule(self._state, add(self._state, self._words, words).id)


class AddedRule:
    """A rule that a hub has: ``hub.when(name="train").then(oom=True).then(running="6h")``.

    Each further `then` belongs to the same rule: the n-th matching job does what the n-th says, and all further ones what the last
    says.

    Attributes:
        id: its number within the hub.
    """

    def __init__(self, state: State, rule_id: int) -> None:
        self._state = state
        self.id = rule_id

    def then(self, /, **words: object) -> AddedRule:
        """What the next matching job, and all after it, does; returns this rule.

        Raises:
            ValueError: an unknown word or an impossible value, or the rule has been deleted.
        """
        extend(self._state, self.id, words)
        return self

    @property
    def rule(self) -> Rule:
        """The rule, as it is now.

        Raises:
            ValueError: it has been deleted.
        """
        return find(self._state, self.id)

    @property
    def when(self) -> Mapping[str, object]:
        """What a job must be."""
        return self.rule.when

    @property
    def outcomes(self) -> list[Mapping[str, object]]:
        """The words of each ``then``, in order."""
        then = self.rule.then
        return [then] if isinstance(then, Mapping) else list(then)

    @property
    def source(self) -> str:
        """Who put it there."""
        return self.rule.source

    @property
    def matched(self) -> int:
        """How many jobs follow it."""
        return matched(self._state, self.id)

    def __repr__(self) -> str:
        return f"<rule {self.id}>"


def add(state: State, when: Mapping[str, object], then: Then, source: str = "user") -> Rule:
    """Add a rule; it holds for jobs that are submitted from now on."""
    _check_calls(state, rule_from(0, when, then))
    with state.lock:
        with state.act():
            rule = rule_from(next_number(state.database, "rules"), when, then, source)
            if not rule.only_here:
                insert_rule(state.database, rule)
            ticks.adapt(state, [*state.rules, rule])
        state.rules.append(rule)
        return rule


def extend(state: State, rule_id: int, then: Mapping[str, object]) -> Rule:
    """Give a rule one more outcome, for the matching jobs after those that it has outcomes for.

    Raises:
        ValueError: an unknown word or an impossible value; or there is no such rule.
    """
    with state.lock:
        old = find(state, rule_id)
        rule = extended(old, then)
        _check_calls(state, rule)
        with state.act():
            if not rule.only_here:
                update_rule(state.database, rule)
            elif not old.only_here:
                delete_rules(state.database, rule_id=rule_id)
            rules = [rule if each.id == rule_id else each for each in state.rules]
            ticks.adapt(state, rules)
        state.rules = rules
        return rule


def find(state: State, rule_id: int) -> Rule:
    """The rule with this number.

    Raises:
        ValueError: there is none.
    """
    for rule in state.rules:
        if rule.id == rule_id:
            return rule
    raise ValueError(f"there is no rule {rule_id}; was it deleted, or the hub reset?")


def matched(state: State, rule_id: int) -> int:
    """How many jobs follow a rule."""
    with state.look():
        return count_of_rule(state.database, rule_id)


def delete(state: State, rule_id: int | None = None, source: str | None = None) -> int:
    """Delete one rule, those of one source, or all; returns how many."""
    with state.lock:
        kept = [
            rule
            for rule in state.rules
            if (rule_id is not None and rule.id != rule_id) or (source is not None and rule.source != source)
        ]
        with state.act():
            delete_rules(state.database, rule_id=rule_id, source=source)
            ticks.adapt(state, kept)
        deleted, state.rules = len(state.rules) - len(kept), kept
        return deleted


def _check_calls(state: State, rule: Rule) -> None:
    if state.calls.listener is None and any(outcome.call is not None for outcome in rule.outcomes):
        raise ValueError(
            "then.call: nobody could call the function: this hub does not move its own time. Use the fixture `fakejobs`, or "
            "`fakejobs.activate`"
        )
