"""The contract suite is worth something: flip a behaviour of the fake, and it is caught by the facts about it."""

from __future__ import annotations

import pytest

from fakejobs.contract.verify.suite import FACTS
from tests.contract import mutations
from tests.contract.mutation import CHECK, Mutation
from tests.contract.mutations import MUTATIONS, caught_by_check, caught_by_facts, flipped


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.behaviour}: {each.flipped}")
def test_a_flipped_behaviour_is_caught(mutation: Mutation) -> None:
    facts = [name for name in mutation.by if name != CHECK]
    assert facts, "a fact is about it"
    with flipped(mutation):
        assert sorted(caught_by_facts(facts)) == sorted(facts)
        assert CHECK not in mutation.by or caught_by_check()


def test_nothing_is_caught_where_nothing_is_flipped() -> None:
    assert caught_by_facts() == []
    assert not caught_by_check()


def test_there_are_enough_mutations_each_about_something_else() -> None:
    assert len(MUTATIONS) >= 80
    assert len({(each.behaviour, each.flipped) for each in MUTATIONS}) == len(MUTATIONS)
    names = {fact.name for fact in FACTS}
    assert all(name in {*names, CHECK} for each in MUTATIONS for name in each.by)


def test_the_table_says_what_caught_what(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    retry = next(each for each in MUTATIONS if each.behaviour == "failureCount counts failures")
    nothing = Mutation("nothing", "nothing", {}, ("retries",))
    monkeypatch.setattr(mutations, "MUTATIONS", (retry, nothing))
    assert mutations.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("failureCount counts failures")
    assert lines[1].split()[-1] == "retries"
    assert lines[2].split()[-1] == "NOTHING"
    assert lines[3] == "2 mutations, 1 not caught; unmutated: clean"
