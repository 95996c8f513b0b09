"""Attempts: a job that fails is tried again, up to n-1 times, and goes to the back of the queue each time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.hub import FakeHub
from fakejobs.model.billing import micro_usd
from fakejobs.model.outcomes import outcome_from
from tests.conftest import START, frozen_hub
from tests.support.play import ME, body, drain, look, stage, submit

FAILS = "Job failed with exit code: 1. Reason: Error"


def status(hub: FakeHub, job_id: str) -> tuple[object, object, object]:
    found = body(hub, job_id)["status"]
    assert isinstance(found, dict)
    return found["stage"], found["message"], found["failureCount"]


def test_a_job_that_fails_is_tried_again_until_nothing_is_left(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=10, exit_code=1)
    job = submit(hub, attempts=3)
    seen = []
    for _ in range(10):
        seen.append(status(hub, job))
        hub.clock.advance(5_000)
    assert seen == [
        ("SCHEDULING", None, 0),
        ("RUNNING", None, 0),
        ("RUNNING", None, 0),
        ("SCHEDULING", None, 1),
        ("RUNNING", None, 1),
        ("RUNNING", None, 1),
        ("SCHEDULING", None, 2),
        ("RUNNING", None, 2),
        ("RUNNING", None, 2),
        ("ERROR", FAILS, 2),
    ]


def test_an_attempt_that_succeeds_is_the_last(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=10, attempts=[{"exit_code": 1}, {"running": 20, "logs": ["fine"]}])
    job = submit(hub, attempts=5)
    hub.clock.advance(30_000)
    assert status(hub, job) == ("COMPLETED", None, 1)
    assert look(hub, job).job.plan.end == START + 30_000


def test_the_log_has_every_attempt_with_a_start_of_its_own(hub: FakeHub) -> None:
    hub.when().then(
        scheduling=10, running=20, attempts=[{"logs": ["boom"], "exit_code": 1}, {"logs": ["fine"]}]
    )
    job = submit(hub, attempts=2)
    said = drain(hub, hub.logs(hub.caller("x"), ME, job))
    assert [entry.text for _at, entries in said for entry in entries] == [
        "===== Job started at 2026-05-28 20:26:50 =====",
        "boom",
        "===== Job started at 2026-05-28 20:27:20 =====",
        "fine",
    ]


def test_each_attempt_is_paid_for(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=61, exit_code=1)
    job = submit(hub, attempts=2)
    hub.clock.advance(1_000_000)
    seen = look(hub, job)
    assert micro_usd(hub.settings.flavors["cpu-basic"], seen.job.plan, seen.now) == 2 * 2 * 167


def test_a_cancelled_job_is_not_tried_again(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=10, exit_code=1)
    job = submit(hub, attempts=9)
    hub.clock.advance(15_000)
    hub.cancel(hub.caller("x"), ME, job)
    hub.clock.advance(1_000_000)
    assert status(hub, job) == ("CANCELED", None, 1)


def test_a_job_whose_image_cannot_be_pulled_is_not_tried_again(hub: FakeHub) -> None:
    hub.when().then(scheduling=5, image_pull_error=True)
    job = submit(hub, attempts=3)
    hub.clock.advance(5_000)
    assert stage(hub, job) == "ERROR"


@pytest.mark.parametrize(("retried", "per", "failures", "ended"), [
    ("no", "attempt", 0, 10), ("yes", "attempt", 2, 30), ("yes", "job", 1, 10),
])  # fmt: skip
def test_what_a_timeout_means_for_the_attempts_is_a_quirk(
    retried: str, per: str, failures: int, ended: int
) -> None:
    hub = frozen_hub(quirks={"timeout_retried": retried, "timeout_per": per})
    hub.when().then(scheduling=0, running="forever")
    job = submit(hub, attempts=3, timeoutSeconds=10)
    hub.clock.advance(1_000_000)
    assert status(hub, job) == ("ERROR", "Job timeout", failures)
    assert look(hub, job).job.plan.end == START + ended * 1000


def test_a_retry_goes_to_the_back_of_the_queue() -> None:
    hub = frozen_hub(flavors={"t4-small": {"capacity": 1}})
    hub.when(name="fails").then(scheduling=0, running=10, exit_code=1)
    hub.when(name="works").then(scheduling=0, running=10)
    names = ("fails", "works", "works")
    jobs = [submit(hub, flavor="t4-small", labels={"name": name}, attempts=2) for name in names]
    hub.clock.advance(1_000_000)
    plans = [look(hub, job).job.plan for job in jobs]
    assert [(plan.start - START) // 1000 for plan in plans] == [30, 10, 20]


def test_a_restarted_server_goes_on_with_the_attempts(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("db") / "hub.db")
    hub = FakeHub(path)
    hub.clock.freeze()
    hub.when().then(scheduling=0, running=10, attempts=[{"exit_code": 1}, {"exit_code": 7}, {}])
    job = submit(hub, attempts=3)
    hub.clock.advance(15_000)
    hub.close()
    hub = FakeHub(path)
    assert status(hub, job) == ("RUNNING", None, 1)
    hub.clock.advance(15_000)
    assert status(hub, job) == ("COMPLETED", None, 2)
    hub.close()


@given(st.integers(1, 4), st.lists(st.booleans(), min_size=1, max_size=5), st.integers(0, 40))
def test_looking_changes_nothing(attempts: int, fails: list[bool], looks: int) -> None:
    def play(looks: int) -> object:
        hub = frozen_hub()
        hub.when().then(
            scheduling=3, running=7, attempts=[{"exit_code": 1} if each else {} for each in fails]
        )
        job = submit(hub, attempts=attempts)
        for _ in range(looks):
            hub.clock.advance(5 * 60_000 // looks)
            look(hub, job)
        hub.clock.set(START + 5 * 60_000)
        found = body(hub, job), hub.snapshot()
        hub.close()
        return found

    assert play(0) == play(looks)


@pytest.mark.parametrize(
    ("attempts", "problem"),
    [
        ([], "then.attempts: give a list"),
        ("x", "then.attempts: give a list"),
        ([7], r"then.attempts\[0\]: give a table"),
        ([{}, {"exit_code": 300}], r"then.attempts\[1\].exit_code: 300"),
        ([{"attempts": [{}]}], r"then.attempts\[0\].attempts: cannot"),
    ],
)
def test_impossible_attempts_are_named(attempts: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        outcome_from({"attempts": attempts})


def test_a_namespace_may_be_limited_and_lets_others_pass() -> None:
    hub = frozen_hub(orgs=["acme"], namespaces={ME: {"running": 1}}, flavors={"t4-small": {"capacity": 2}})
    hub.when().then(scheduling=0, running=10)
    mine = [submit(hub, flavor="t4-small"), submit(hub, flavor="t4-medium")]
    caller = hub.caller("x")
    theirs = hub.submit(caller, "acme", {"dockerImage": "x", "flavor": "t4-small", "environment": {}}).job.id
    assert [stage(hub, job) for job in mine] == ["RUNNING", "SCHEDULING"]
    assert hub.job(caller, "acme", theirs).stage == "RUNNING"
    waits = "Waiting for a slot: fake-user may run 1 at once; 0 jobs ahead"
    assert status(hub, mine[1]) == ("SCHEDULING", waits, 0)
    assert [(each.job, str(each.waiting)) for each in hub.queue()] == [(mine[1], waits)]
    hub.clock.advance(10_000)
    assert stage(hub, mine[1]) == "RUNNING"
    assert hub.queue() == []


def test_why_a_job_waits_for_hardware() -> None:
    hub = frozen_hub(flavors={"h200": {"capacity": 1}})
    hub.when().then(scheduling=0, running="1h")
    jobs = [submit(hub, flavor="h200") for _ in range(3)]
    assert [status(hub, job)[1] for job in jobs] == [
        None,
        "Waiting for hardware: all 1 h200 are in use; 0 jobs ahead",
        "Waiting for hardware: all 1 h200 are in use; 1 job ahead",
    ]
