"""The facts hold for the fake: this is what defines its behaviour, and what `contract verify` puts to the Hub."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from fakejobs.contract.verify import (
    account,
    changes,
    creation,
    errors,
    ledger,
    lifecycle,
    limits,
    lists,
    permissions,
    schedules,
    streams,
    ticks,
    usage,
    webhooks,
)
from fakejobs.contract.verify.facts import Fact
from fakejobs.contract.verify.plan import jobs_of
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.suite import FACTS
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import TERMINAL
from fakejobs.model.times import from_iso
from tests.contract.verifying import TOKEN, a_hub, tried

VERIFIED = Path(__file__).parents[2] / "fixtures" / "verified.json"


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_fact(fact: Fact) -> None:
    with a_hub(fact.needs) as hub:
        before = hub.settings.words
        hub.clock.unfreeze()
        report = tried(hub, [fact])
        (result,) = report.results
        assert result.outcome == "holds", (result.reason, result.differences)
        assert result.compared > 0, "it looks at something"
        assert result.submitted <= jobs_of([fact]), "its cost is known before"
        assert hub.count_all() <= result.submitted
        assert all(job.stage in TERMINAL for job in hub.all_jobs()), "what it submitted is over"
        assert not hub.all_scheduled_jobs(), "what would make jobs is deleted"
        assert not hub.webhooks(hub.caller(TOKEN))
        assert hub.settings.words == before, "what was arranged is as before"
        assert not hub.rules(), "what the programs do is forgotten"
        assert not hub.clock.frozen, "time runs again"
        assert not report.left


def test_a_run_of_all_facts_submits_what_was_said() -> None:
    with a_hub() as hub:
        report = tried(hub)
    assert [result.fact for result in report.results] == list(FACTS)
    undecided = [result.fact for result in report.results if result.outcome != "holds"]
    assert [(fact.name, fact.needs) for fact in undecided] == [("message-of-a-job-in-a-queue", "limits")]
    assert sum(result.submitted for result in report.results) <= jobs_of(FACTS)


@pytest.mark.parametrize(
    "instant",
    ["2026-05-31T23:40:00Z", "2026-12-31T23:59:58Z", "2028-02-29T23:50:00Z", "2026-05-28T10:58:10Z"],
)
def test_the_facts_hold_whenever_they_are_tried(instant: str) -> None:
    """Also when an hour, a day, a month or a year ends meanwhile."""
    with a_hub() as hub:
        hub.clock.set(from_iso(instant))
        report = tried(hub)
    assert {result.fact.name: result.differences for result in report.differing} == {}
    assert report.left == ()


def test_every_fact_is_in_the_suite_under_a_name_of_its_own() -> None:
    of_jobs = (account, errors, creation, lifecycle, changes, streams, lists)
    modules = (*of_jobs, schedules, ticks, webhooks, permissions, usage, limits)
    written = {id(each) for module in modules for each in vars(module).values() if isinstance(each, Fact)}
    assert written == {id(each) for each in FACTS}
    assert len({fact.name for fact in FACTS}) == len(FACTS)


def test_every_fact_says_what_is_so_and_where_that_is_from() -> None:
    for fact in FACTS:
        assert fact.sentence.endswith((".", "”")), fact.name
        assert fact.source, fact.name
        assert all(ask.program in PROGRAMS for ask in fact.asks), fact.name


def test_every_quirk_is_what_a_fact_depends_on() -> None:
    quirks = [quirk.name for quirk in fields(Quirks)]
    named = {quirk for fact in FACTS for quirk in fact.quirks}
    assert named == set(quirks)


def test_shared_jobs_are_asked_for_in_the_same_words() -> None:
    asks = {ask for fact in FACTS for ask in fact.asks if ask.once}
    assert len({ask.once for ask in asks}) == len(asks)


def test_the_committed_record_has_every_fact() -> None:
    record = ledger.read(VERIFIED)
    blank = ledger.empty(FACTS)
    entries, facts = record["facts"], blank["facts"]
    assert isinstance(entries, dict)
    assert isinstance(facts, dict)
    remedy = "run: fakejobs contract verify --url … --record fixtures/verified.json"
    assert list(entries) == list(facts), remedy
    for name, entry in entries.items():
        fresh = facts[name]
        assert isinstance(entry, dict)
        assert isinstance(fresh, dict)
        for key in ("says", "source", "quirks"):
            assert entry.get(key) == fresh.get(key), f"{name}: {remedy}"


def test_the_committed_record_holds_no_secrets_and_no_addresses_of_machines() -> None:
    text = VERIFIED.read_text(encoding="utf-8")
    assert "hf_of" not in text
    assert "127.0.0.1" not in text
    for entry in json.loads(text)["facts"].values():
        for kind in ("hub", "fakejobs"):
            if entry[kind] is not None:
                assert entry[kind]["outcome"] in ("holds", "differs")
