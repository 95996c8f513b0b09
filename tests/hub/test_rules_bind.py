"""Rules bind at submission: what a job does is settled when it is made."""

from __future__ import annotations

import pytest

from fakejobs.hub import FakeHub
from fakejobs.model.identity import Caller
from tests.support.play import ME, body, drain, look, stage, submit


def test_the_newest_rule_that_matches_wins(hub: FakeHub) -> None:
    hub.when().then(exit_code=1)
    special = hub.when(name="a*").then(exit_code=2)
    hub.when(name="b*").then(exit_code=3)
    job = submit(hub, labels={"name": "abc"})
    hub.clock.advance(10**6)
    assert look(hub, job).job.rule == special.id
    status = body(hub, job)["status"]
    assert isinstance(status, dict)
    assert status["message"] == "Job failed with exit code: 2. Reason: Error"


def test_later_rules_do_not_change_a_job(hub: FakeHub) -> None:
    hub.when().then(scheduling=10, running=10)
    job = submit(hub)
    hub.when().then(scheduling=0, running=0, exit_code=1)
    hub.clock.advance(5_000)
    assert stage(hub, job) == "SCHEDULING"
    hub.clock.advance(15_000)
    assert stage(hub, job) == "COMPLETED"


def test_deleting_rules_does_not_change_a_job(hub: FakeHub) -> None:
    hub.when().then(scheduling=10, running=10, exit_code=1)
    job = submit(hub)
    assert hub.delete_rules() == 1
    assert hub.rules() == []
    hub.clock.advance(20_000)
    assert stage(hub, job) == "ERROR"


def test_new_labels_do_not_change_what_a_job_does_but_a_copy_follows_them(
    hub: FakeHub, caller: Caller
) -> None:
    hub.when(labels={"mood": "bad"}).then(scheduling=0, running=0, exit_code=1)
    hub.when(labels={"mood": "good"}).then(scheduling=0, running=0)
    job = submit(hub, labels={"mood": "good"})
    hub.relabel(caller, ME, job, {"mood": "bad"})
    assert stage(hub, job) == "COMPLETED"
    copy = hub.duplicate(caller, ME, job).job.id
    assert stage(hub, copy) == "ERROR"


def test_without_a_rule_a_job_succeeds_and_prints_what_its_command_would(
    hub: FakeHub, caller: Caller
) -> None:
    said = {}
    for command in (["echo", "hello", "world"], ["python", "-c", "print('hi')"], ["make", "all"]):
        job = submit(hub, command=command)
        steps = hub.logs(caller, ME, job)
        said[command[0]] = [entry.text for _, entries in drain(hub, steps) for entry in entries][1:]
        assert stage(hub, job) == "COMPLETED"
    assert said == {
        "echo": ["hello world"],
        "python": ["hi"],
        "make": ["[fakejobs] simulated, not run: make all"],
    }


def test_every_flavor_has_a_plausible_life(hub: FakeHub) -> None:
    for flavor in hub.hardware:
        plan = look(hub, submit(hub, flavor=flavor.name)).job.plan
        low, high = flavor.scheduling
        assert low * 1000 <= plan.start - plan.created <= high * 1000
        low, high = flavor.running
        assert low * 1000 <= plan.end - plan.start <= high * 1000


def test_a_mistake_shows_where_it_is_made(hub: FakeHub) -> None:
    with pytest.raises(ValueError, match=r"when\.flavour: unknown word; did you mean 'flavor'"):
        hub.when(flavour="t4*")
    when = hub.when(flavor="t4*")
    before = hub.snapshot()
    with pytest.raises(ValueError, match=r"then\.exit_code: 300"):
        when.then(exit_code=300)
    assert hub.rules() == []
    assert hub.snapshot() == before


def test_a_range_is_drawn_for_each_job(hub: FakeHub) -> None:
    hub.when().then(scheduling={"between": [10, 30]}, running=1)
    waits = set()
    for _ in range(40):
        plan = look(hub, submit(hub)).job.plan
        waits.add(plan.start - plan.created)
    assert len(waits) > 20
    assert all(10_000 <= wait <= 30_000 for wait in waits)
