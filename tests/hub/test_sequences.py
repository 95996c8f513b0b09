"""`.then(a).then(b)`: the n-th matching job takes the n-th outcome, and the last repeats."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import Settings
from fakejobs.model.quirks import Quirks
from fakejobs.model.rules import MatchFailed
from fakejobs.scenario import open_hub, scenario_from
from tests.conftest import START, frozen_hub
from tests.support.play import ME, body, look, stage, submit


def ends(hub: FakeHub, jobs: list[str]) -> list[str]:
    hub.clock.advance(10**9)
    return [stage(hub, job) for job in jobs]


def test_a_retry_succeeds(hub: FakeHub) -> None:
    hub.when(name="train").then(oom=True).then(exit_code=2).then(running="5m")
    jobs = [submit(hub, labels={"name": "train"}) for _ in range(5)]
    assert ends(hub, jobs) == ["ERROR", "ERROR", "COMPLETED", "COMPLETED", "COMPLETED"]
    messages = [look(hub, job).job.plan.message for job in jobs[:2]]
    assert messages == [
        "Job failed with exit code: 137. Reason: OOMKilled",
        "Job failed with exit code: 2. Reason: Error",
    ]


def test_it_is_one_rule(hub: FakeHub) -> None:
    first = hub.when(flavor="t4*").then(exit_code=1)
    both = first.then(running=7)
    assert both is first
    (rule,) = hub.rules()
    assert (rule.id, rule.then) == (first.id, [{"exit_code": 1}, {"running": 7}])
    assert first.when == {"flavor": "t4*"}
    assert first.outcomes == [{"exit_code": 1}, {"running": 7}]
    assert first.source == "user"
    assert first.matched == 0
    submit(hub, flavor="t4-small")
    submit(hub)
    assert (first.matched, hub.matched(rule.id)) == (1, 1)


def test_only_jobs_that_follow_the_rule_count(hub: FakeHub) -> None:
    rule = hub.when().then(exit_code=1).then()
    newer = hub.when(name="other").then(exit_code=9)
    jobs = [submit(hub, labels={"name": name}) for name in ("other", "a", "other", "b")]
    assert ends(hub, jobs) == ["ERROR", "ERROR", "ERROR", "COMPLETED"]
    assert (rule.matched, newer.matched) == (2, 2)


def test_a_duplicate_is_one_more_match(hub: FakeHub) -> None:
    hub.when().then(exit_code=1).then()
    first = submit(hub)
    second = hub.duplicate(hub.caller("x"), ME, first).job.id
    assert ends(hub, [first, second]) == ["ERROR", "COMPLETED"]


def test_a_step_that_is_added_later_is_for_later_jobs(hub: FakeHub) -> None:
    rule = hub.when().then(exit_code=1)
    jobs = [submit(hub), submit(hub)]
    rule.then()
    assert ends(hub, [*jobs, submit(hub)]) == ["ERROR", "ERROR", "COMPLETED"]


def test_a_mistake_changes_nothing(hub: FakeHub) -> None:
    rule = hub.when().then(exit_code=1)
    before = hub.snapshot()
    with pytest.raises(ValueError, match=r"then\[1\]\.exit_code: 300"):
        rule.then(exit_code=300)
    assert hub.snapshot() == before
    hub.delete_rules(rule.id)
    with pytest.raises(ValueError, match="there is no rule 1; was it deleted, or the hub reset"):
        rule.then()


def test_the_count_survives_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "jobs.db")
    hub = FakeHub(file, anchor=Anchor(START, START, frozen=True))
    hub.when().then(exit_code=1).then(exit_code=2).then(exit_code=3)
    submit(hub)
    snapshot = hub.snapshot()
    hub.close()
    hub = FakeHub(file)
    assert hub.snapshot() == snapshot
    jobs = [submit(hub), submit(hub), submit(hub)]
    hub.clock.advance(10**9)
    codes = [re.findall(r"\d", look(hub, job).job.plan.message or "")[0] for job in jobs]
    assert codes == ["2", "3", "3"]
    hub.close()


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3), max_size=12))
def test_looking_does_not_count(looks: list[int]) -> None:
    quiet, watched = frozen_hub(), frozen_hub()
    for hub in (quiet, watched):
        hub.when().then(running=5).then(running=6, exit_code=1).then(running=7)
    for count in looks:
        for hub in (quiet, watched):
            submit(hub)
        for _ in range(count):
            watched.all_jobs()
            watched.matched(1)
    assert quiet.snapshot() == watched.snapshot()
    quiet.close()
    watched.close()


def test_a_scenario_has_lists(tmp_path: Path) -> None:
    file = str(tmp_path / "jobs.db")
    words = {"rules": [{"when": {"env": {"AB": "1"}}, "then": [{"exit_code": 1}, {}]}]}
    hub = open_hub(file, scenario=scenario_from(words))
    (rule,) = hub.rules()
    submit(hub, environment={"AB": "1"})
    hub.close()
    hub = open_hub(file, scenario=scenario_from(words))
    assert hub.rules() == [rule], "the same rules stay where they are"
    assert hub.matched(rule.id) == 1
    hub.close()
    for then, message in (
        ([], "rules[0].then: give a table"),
        (
            [{}, {"call": "x"}],
            "rules[0].then[1].call: 'x' is no function; `call` can only be given in Python",
        ),
        ("x", "rules[0]: `when` is a table, and `then` a table or a list of tables"),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            scenario_from({"rules": [{"then": then}]})


def test_how_a_job_ends_on_the_wire(hub: FakeHub) -> None:
    hub.when().then(running=60, stage="CANCELED", cancel_reason="NO_CREDITS").then(stage="DELETED")
    canceled, deleted = submit(hub), submit(hub)
    hub.clock.advance(10**7)
    assert body(hub, canceled)["status"] == {
        "stage": "CANCELED",
        "message": None,
        "cancelReason": "NO_CREDITS",
        "failureCount": 0,
    }
    assert len(hub.jobs(hub.caller("x"), ME).jobs) == (1 if Quirks().deleted_jobs == "hidden" else 2)
    (seen,) = [seen for seen in hub.all_jobs() if seen.job.id == deleted]
    assert seen.stage == "DELETED"


def test_a_rule_that_says_canceled_says_what_the_quirk_says() -> None:
    hub = FakeHub(
        settings=Settings(quirks=Quirks(cancel_message="Canceled by user")), anchor=Anchor(START, START)
    )
    hub.when().then(stage="CANCELED", running=0).then(stage="CANCELED", cancel_reason="NO_CREDITS")
    messages = [look(hub, submit(hub)).job.plan.message for _ in range(2)]
    assert messages == ["Canceled by user", None]
    hub.close()


def test_rules_with_functions_stay_in_memory(tmp_path: Path) -> None:
    file = str(tmp_path / "jobs.db")
    hub = FakeHub(file)
    rule = hub.when(command=re.compile("train")).then(exit_code=1).then(exit_code=2)
    other = hub.when(name="x").then(exit_code=3)
    job = submit(hub)
    assert (look(hub, job).job.rule, rule.matched) == (rule.id, 1)
    assert [each.id for each in hub.rules()] == [rule.id, other.id]
    hub.close()
    hub = FakeHub(file)
    assert [each.id for each in hub.rules()] == [other.id]
    assert look(hub, job).job.rule == rule.id, "the jobs keep what they have"
    assert hub.when().then().id > other.id
    assert hub.delete_rules() == 2
    hub.close()


def test_rules_with_functions_are_deleted_like_others(hub: FakeHub) -> None:
    first = hub.when(command=str.isupper).then()
    second = hub.when(name="x").then()
    hub.add_rule({"image": lambda _image: True}, {}, source="scenario")
    assert hub.delete_rules(first.id) == 1
    assert hub.delete_rules(first.id) == 0
    assert hub.delete_rules(source="scenario") == 1
    assert [rule.id for rule in hub.rules()] == [second.id]
    hub.reset()
    assert hub.rules() == []


def test_a_function_that_raises_submits_nothing(hub: FakeHub) -> None:
    hub.when(env=lambda env: env["X"] == "1").then()
    before = hub.snapshot()
    with pytest.raises(MatchFailed, match=r"when\.env raised KeyError"):
        submit(hub)
    assert hub.snapshot() == before


def test_what_a_timeout_cuts_can_be_told(hub: FakeHub) -> None:
    hub.when().then(running="2h").then(running="10m")
    long, short = submit(hub, timeoutSeconds=3600), submit(hub, timeoutSeconds=3600)
    assert (hub.cut_by_timeout(long), hub.cut_by_timeout(short)) == (True, False)
    hub.clock.advance(10**8)
    assert (hub.cut_by_timeout(long), hub.cut_by_timeout(short)) == (True, False)
