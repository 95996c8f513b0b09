"""`contract verify` finds every quirk that a server has otherwise, names it, and says which value matches."""

from __future__ import annotations

from dataclasses import asdict, fields

import pytest

from fakejobs.contract.verify.run import Report
from fakejobs.contract.verify.suite import FACTS
from fakejobs.contract.verify.table import quirks_that_match
from fakejobs.model.quirks import Quirks
from tests.contract.verifying import a_hub, tried

OTHERS = [
    (quirk.name, other)
    for quirk in fields(Quirks)
    for other in (quirk.metadata["choices"][1:] or ("Something else: é",))
]


def _tried_with(name: str, value: str, expected: dict[str, str] | None = None) -> Report:
    """The facts that depend on a quirk, tried on a hub that has this value of it."""
    facts = [fact for fact in FACTS if name in fact.quirks]
    needs = [fact.needs for fact in facts]
    with a_hub(*needs, **{name: value}) as hub:
        return tried(hub, facts, expected)


@pytest.mark.parametrize(("name", "value"), OTHERS)
def test_another_quirk_is_found_and_named(name: str, value: str) -> None:
    report = _tried_with(name, value)
    differences = [each for result in report.results for each in result.differences]
    assert differences
    assert {each.quirk for each in differences} == {name}
    assert all(value in each.matches for each in differences)
    (line,) = quirks_that_match(report.results)
    assert line.startswith(f'quirks.{name} = "{value}" matches what was seen (')
    assert all(result.fact.name in line for result in report.differing)


@pytest.mark.parametrize(("name", "value"), OTHERS)
def test_a_quirk_that_is_expected_is_no_difference(name: str, value: str) -> None:
    report = _tried_with(name, value, {name: value})
    assert [(result.fact.name, result.differences) for result in report.results if result.differences] == []


def test_nothing_else_depends_on_a_quirk() -> None:
    """All quirks otherwise, and expected so: every other fact holds all the same."""
    with a_hub(**dict(OTHERS)) as hub:
        report = tried(hub, expected=dict(OTHERS))
    assert [(result.fact.name, result.differences) for result in report.results if result.differences] == []


def test_other_quirks_do_not_spoil_other_facts() -> None:
    """All quirks otherwise, and none of it expected: what differs is due to quirks alone, and each is named."""
    with a_hub(**dict(OTHERS)) as hub:
        report = tried(hub)
    named = {each.quirk for result in report.differing for each in result.differences}
    # Nothing waits for a slot here, attempts that share a timeout leave no time for another, and a job that is billed while it waits
    # cannot be spared when the credits are used up.
    assert named == set(asdict(Quirks())) - {"queued_message", "timeout_retried", "no_credits_cancels"}
    assert all(result.fact.quirks for result in report.differing)
