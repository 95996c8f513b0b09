"""Credits and what resource groups may spend: who is refused, what is cancelled, and when exactly."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from fakejobs.clock import Anchor
from fakejobs.cost import cost_of_all
from fakejobs.hub import FakeHub
from fakejobs.hub.money import INSUFFICIENT
from fakejobs.hub.settings import settings_from
from fakejobs.model.job import JobAt
from fakejobs.model.plan import NEVER
from fakejobs.model.refusal import Refusal
from fakejobs.model.stages import JobStage
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, START, frozen_hub
from tests.support.play import ME, body, drain, get, look, post, stage, submit

MINUTE = 60_000
T4 = Decimal("0.006667")
"""Dollars a minute of t4-small."""


def with_credits(amount: object, **words: object) -> FakeHub:
    hub = frozen_hub(namespaces={ME: {"credits": amount}}, **words)
    hub.when().then(scheduling=0, running="1h")
    return hub


def ran(hub: FakeHub, job: str, namespace: str = ME) -> float:
    """How many minutes a job ran that is over; -1 if it never did."""
    plan = look(hub, job, namespace).job.plan
    assert plan.end <= hub.clock.now()
    return -1 if plan.start == NEVER else (plan.end - plan.start) / MINUTE


# Refused


def test_without_credits_nothing_is_created_and_reads_still_work() -> None:
    hub = with_credits(0)
    before = hub.snapshot()
    with pytest.raises(Refusal) as refused:
        submit(hub)
    assert (refused.value.status, refused.value.message) == (402, INSUFFICIENT)
    assert hub.snapshot() == before
    caller = hub.caller("x")
    assert hub.jobs(caller, ME).jobs == []
    assert hub.usage(caller).has_access is False


def test_the_least_of_credits_is_enough_to_begin() -> None:
    hub = with_credits("0.000001")
    job = submit(hub, flavor="h200x8")
    hub.clock.advance(MINUTE)
    assert (stage(hub, job), ran(hub, job)) == ("CANCELED", 1)
    assert hub.credits() == Decimal("0.000001") - Decimal("0.666667")


def test_a_duplicate_costs_too() -> None:
    hub = with_credits(T4)
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(1)
    assert hub.credits() == 0
    with pytest.raises(Refusal, match="402"):
        hub.duplicate(hub.caller("x"), ME, job)
    hub.add_credits(T4)
    hub.duplicate(hub.caller("x"), ME, job)
    assert hub.count_all() == 2


def test_who_has_no_limit_has_no_account(hub: FakeHub) -> None:
    assert hub.credits() is None
    submit(hub)
    hub.clock.advance(10**9)
    assert hub.credits() is None
    assert hub.snapshot()["accounts"] == []


# Cancelled


@pytest.mark.parametrize(
    ("given", "minutes"),
    [(T4 * 5, 5), (T4 * 5 + Decimal("0.000001"), 6), (T4 * 5 - Decimal("0.000001"), 5), (T4 / 2, 1), (1, 60)],
)
def test_a_job_is_cancelled_when_the_last_minute_that_was_paid_for_is_over(
    given: Decimal, minutes: int
) -> None:
    hub = with_credits(round(given, 6))
    job = submit(hub, flavor="t4-small", timeoutSeconds=7200)
    hub.clock.advance(minutes * MINUTE - 1)
    assert stage(hub, job) == "RUNNING"
    hub.clock.advance(1)
    seen = look(hub, job)
    if minutes == 60:
        assert (seen.stage, seen.job.plan.cancel_reason) == ("COMPLETED", None)
    else:
        assert (seen.stage, seen.job.plan.cancel_reason) == ("CANCELED", "NO_CREDITS")
        assert body(hub, job)["status"] == {
            "stage": "CANCELED",
            "message": None,
            "cancelReason": "NO_CREDITS",
            "failureCount": 0,
        }
    assert ran(hub, job) == minutes
    assert hub.credits() == round(given, 6) - minutes * T4


def test_all_jobs_of_the_namespace_are_cancelled_at_the_same_instant() -> None:
    hub = with_credits(T4 * 6, orgs=["acme"], flavors={"a100-large": {"capacity": 0}})
    hub.when(name="later").then(scheduling="30m", running="1h")
    first = submit(hub, flavor="t4-small")
    hub.clock.advance(30_000)
    second = submit(hub, flavor="t4-small")
    waits = submit(hub, labels={"name": "later"})
    queues = submit(hub, flavor="a100-large")
    other = submit(hub, flavor="t4-small", namespace="acme")
    hub.clock.advance(10 * MINUTE)
    # Six minutes are paid for when the third of the second begins, at 2.5; the first wants its fourth at 3.
    assert [ran(hub, job) for job in (first, second, waits, queues)] == [3, 2.5, -1, -1]
    assert [stage(hub, job) for job in (first, second, waits, queues)] == ["CANCELED"] * 4
    assert look(hub, other, "acme").stage == "RUNNING"
    assert hub.credits() == 0


def test_those_that_wait_can_be_left_alone() -> None:
    hub = with_credits(T4, quirks={"no_credits_cancels": "running"}, flavors={"t4-small": {"capacity": 1}})
    first, second, third = (submit(hub, flavor="t4-small") for _ in range(3))
    hub.when(name="later").then(scheduling="30m", running="1h")
    later = submit(hub, labels={"name": "later"})
    hub.clock.advance(MINUTE)
    # What was queued got the slot, and had nothing to run on.
    assert [ran(hub, job) for job in (first, second, third)] == [1, 0, 0]
    assert stage(hub, later) == "SCHEDULING"
    hub.add_credits(1)
    hub.clock.advance(40 * MINUTE)
    assert stage(hub, later) == "RUNNING"


def test_the_slot_of_a_job_that_is_cancelled_goes_to_somebody_else() -> None:
    hub = frozen_hub(
        orgs=["acme"],
        flavors={"t4-small": {"capacity": 1}},
        namespaces={"acme": {"credits": float(2 * T4)}},
    )
    hub.when().then(scheduling=0, running="1h")
    poor, also_poor = (submit(hub, flavor="t4-small", namespace="acme") for _ in range(2))
    mine = submit(hub, flavor="t4-small")
    hub.clock.advance(5 * MINUTE)
    assert [ran(hub, job, "acme") for job in (poor, also_poor)] == [2, -1]
    assert look(hub, mine).job.plan.start == START + 2 * MINUTE


def test_a_follower_of_the_log_sees_the_end() -> None:
    hub = with_credits(T4 * 3)
    job = submit(hub, flavor="t4-small")
    drain(hub, hub.logs(hub.caller("x"), ME, job))
    assert hub.clock.now() == START + 3 * MINUTE


def test_a_top_up_in_time_lets_it_go_on_and_one_that_comes_late_does_not() -> None:
    hub = with_credits(T4 * 3)
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(3 * MINUTE - 1)
    assert hub.add_credits(T4) == T4
    hub.clock.advance(5 * MINUTE)
    assert ran(hub, job) == 4
    hub.add_credits(1)
    assert stage(hub, job) == "CANCELED"


def test_a_job_that_ends_early_leaves_its_share_to_the_others() -> None:
    hub = with_credits(T4 * 10)
    first, second = submit(hub, flavor="t4-small"), submit(hub, flavor="t4-small")
    hub.clock.advance(2 * MINUTE)
    hub.cancel(hub.caller("x"), ME, first)
    hub.clock.advance(MINUTE * 60)
    assert (ran(hub, first), ran(hub, second)) == (2, 8)
    assert hub.credits() == 0


def test_every_attempt_is_paid_for_and_a_job_that_has_run_out_is_not_tried_again() -> None:
    hub = with_credits(T4 * 7)
    hub.when(name="fails").then(scheduling=30, running="3m", exit_code=1)
    job = submit(hub, flavor="t4-small", attempts=5, labels={"name": "fails"})
    hub.clock.advance(60 * MINUTE)
    plan = look(hub, job).job.plan
    assert [end - start for start, end in plan.earlier] == [3 * MINUTE] * 2
    assert (plan.end - plan.start, plan.cancel_reason) == (MINUTE, "NO_CREDITS")


def test_credits_can_be_taken_away() -> None:
    hub = with_credits(100)
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(90_000)
    hub.set_credits(0)
    assert stage(hub, job) == "RUNNING"
    hub.clock.advance(30_000)
    assert ran(hub, job) == 2
    hub.set_credits(None)
    assert (hub.credits(), stage(hub, submit(hub))) == (None, "RUNNING")


def test_what_is_billed_from_creation_is_cancelled_while_it_waits() -> None:
    hub = with_credits(T4 * 4, quirks={"billed_from": "creation"}, flavors={"t4-small": {"capacity": 0}})
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(4 * MINUTE)
    assert stage(hub, job) == "CANCELED"
    assert hub.credits() == 0


def test_minutes_that_are_free_until_they_are_over() -> None:
    hub = with_credits(T4 * 4, quirks={"partial_minutes": "free"})
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(MINUTE - 1)
    assert hub.credits() == T4 * 4
    hub.clock.advance(10 * MINUTE)
    assert ran(hub, job) == 4


def test_with_nothing_left_a_job_that_was_left_alone_does_not_begin_either() -> None:
    hub = with_credits(T4 * 4, quirks={"partial_minutes": "free", "no_credits_cancels": "running"})
    hub.when(name="later").then(scheduling="30m", running="1h")
    job = submit(hub, flavor="t4-small")
    later = submit(hub, flavor="t4-small", labels={"name": "later"})
    hub.clock.advance(10 * MINUTE)
    assert (ran(hub, job), stage(hub, later)) == (4, "SCHEDULING")
    hub.clock.advance(30 * MINUTE)
    assert (ran(hub, later), look(hub, later).job.plan.end) == (0, START + 30 * MINUTE)


def test_what_the_attempts_before_have_cost_is_told_while_a_job_waits() -> None:
    hub = with_credits(2, flavors={"t4-small": {"capacity": 1}})
    hub.when(name="fails").then(scheduling=0, running="90s", exit_code=1)
    job = submit(hub, flavor="t4-small", attempts=2, labels={"name": "fails"})
    submit(hub, flavor="t4-small")
    hub.clock.advance(5 * MINUTE)
    assert stage(hub, job) == "SCHEDULING"
    assert hub.credits() == 2 - (2 + 4) * T4


def test_how_much_is_left_can_be_told_after_a_long_time_without_a_look() -> None:
    hub = with_credits(2, flavors={"t4-small": {"capacity": 1}})
    hub.when(name="fails").then(scheduling="2h", running="90s", exit_code=1)
    submit(hub, flavor="t4-small", attempts=3, labels={"name": "fails"})
    for _ in range(3):
        submit(hub, flavor="t4-small")
    hub.clock.advance(100 * 60 * MINUTE)
    assert hub.credits() == 2 - (3 * 30 + 3 * 2) * T4


def test_a_hidden_port_costs_nothing_more() -> None:
    hub = with_credits(1)
    caller = hub.caller("x")
    job = submit(hub, expose={"ports": [8000, 8001]})
    hub.clock.advance(10 * MINUTE)
    assert hub.credits() == 1 - 10 * 2 * Decimal("0.000167"), "flat, whatever the number of ports"
    hub.expose(caller, ME, job, {"ports": []})
    hub.clock.advance(5 * MINUTE)
    hub.expose(caller, ME, job, {"ports": [1, 2, 3]})
    hub.clock.advance(30_000)
    hub.expose(caller, ME, job, {"ports": []})
    hub.expose(caller, ME, job, {"ports": [4]})
    hub.clock.advance(30_000)
    assert hub.credits() == 1 - (16 + 11) * Decimal("0.000167")
    (used,) = hub.usage(caller).jobs
    assert (used.minutes, used.micro_usd) == (16, 27 * 167)


def test_jobs_from_the_past_are_paid_for_until_now() -> None:
    hub = with_credits(T4 * 3)
    job = hub.add_job(stage="RUNNING", age="90m", flavor="t4-small", running="5h", scheduling=0).job.id
    assert hub.credits() == T4 * 3
    hub.clock.advance(10 * MINUTE)
    assert look(hub, job).job.plan.end == START + 3 * MINUTE
    assert hub.credits() == 0


def test_a_schedule_whose_tick_nobody_pays_is_suspended_and_says_why() -> None:
    hub = with_credits(0.000167)
    hub.when().then(scheduling=0, running="10s")
    web = Client(wsgi_app(hub))
    path = f"/api/scheduled-jobs/{ME}"
    made = post(web, path, {"jobSpec": JOB, "schedule": "*/5 * * * *"}).get_json()
    hub.clock.advance(3_600_000)
    assert hub.count_all() == 1, "the second tick found nothing left"
    shown = get(web, f"{path}/{made['id']}").get_json()
    assert (shown["suspend"], shown["suspendReason"]) == (True, INSUFFICIENT)
    assert post(web, f"{path}/{made['id']}/run").status_code == 402
    assert post(web, f"{path}/{made['id']}/resume").status_code == 402
    hub.add_credits(1)
    assert post(web, f"{path}/{made['id']}/resume").status_code == 200
    hub.clock.advance(3_600_000)
    assert hub.count_all() == 13


# Resource groups

GROUP = "65a1b2c3d4e5f60718293a4b"


def with_group(limit: float, **words: object) -> FakeHub:
    group = {"name": "vision", "id": GROUP, "limit": limit}
    hub = frozen_hub(orgs=[{"name": "acme", "groups": [group]}], **words)
    hub.when().then(scheduling=0, running="1h")
    return hub


def test_a_group_that_has_spent_what_it_may() -> None:
    hub = with_group(float(T4 * 4))
    mine = submit(hub, namespace="acme", flavor="t4-small")
    named = submit(hub, namespace="acme", flavor="t4-small", resourceGroupId=GROUP)
    addressed = submit(hub, namespace=GROUP, flavor="t4-small")
    hub.clock.advance(2 * MINUTE)
    with pytest.raises(Refusal) as refused:
        submit(hub, namespace="acme", resourceGroupId=GROUP)
    assert (refused.value.status, refused.value.message) == (403, "Resource group spend limit reached")
    with pytest.raises(Refusal, match="403"):
        hub.duplicate(hub.caller("x"), "acme", named)
    assert [look(hub, job, "acme").stage for job in (mine, named, addressed)] == [
        "RUNNING",
        "CANCELED",
        "CANCELED",
    ]
    assert body(hub, named, "acme")["status"] == {
        "stage": "CANCELED",
        "message": "Resource group spend limit reached",
        "cancelReason": "RESOURCE_GROUP_LIMIT",
        "failureCount": 0,
    }


def test_a_new_month_is_a_new_limit() -> None:
    # The month ends three days and a half after the start.
    hub = with_group(float(T4 * 60))
    hub.clock.set(START + 3 * 86_400_000 + 3 * 3_600_000)  # 2026-05-31T23:26:40Z
    first = submit(hub, namespace=GROUP, flavor="t4-small", timeoutSeconds=7200)
    second = submit(hub, namespace=GROUP, flavor="t4-small", timeoutSeconds=7200)
    # 67 begun minutes until midnight would be too many; they are cancelled with sixty paid for.
    hub.clock.advance(120 * MINUTE)
    assert [ran(hub, job, "acme") for job in (first, second)] == [30, 30]
    third = submit(hub, namespace=GROUP, flavor="t4-small", timeoutSeconds=7200)
    hub.clock.advance(120 * MINUTE)
    assert (ran(hub, third, "acme"), look(hub, third, "acme").stage) == (60, "COMPLETED")


def test_a_job_that_runs_into_a_new_month_goes_on() -> None:
    hub = with_group(float(T4 * 40))
    hub.clock.set(START + 3 * 86_400_000 + 3 * 3_600_000)  # 33 minutes and 20 seconds before midnight
    job = submit(hub, namespace=GROUP, flavor="t4-small", timeoutSeconds=7200)
    hub.clock.advance(120 * MINUTE)
    assert (look(hub, job, "acme").stage, ran(hub, job, "acme")) == ("COMPLETED", 60)


def test_a_limit_that_is_set_later_counts_the_month_so_far() -> None:
    hub = with_group(1_000_000)
    job = submit(hub, namespace=GROUP, flavor="t4-small")
    hub.clock.advance(10 * MINUTE)
    group = {"name": "vision", "id": GROUP, "limit": float(T4 * 12)}
    hub.configure(settings_from({"orgs": [{"name": "acme", "groups": [group]}]}))
    hub.clock.advance(10 * MINUTE)
    assert ran(hub, job, "acme") == 12


def test_a_job_of_a_group_is_paid_from_both() -> None:
    hub = with_group(1, namespaces={"acme": {"credits": float(T4 * 3)}})
    job = submit(hub, namespace=GROUP, flavor="t4-small")
    hub.clock.advance(10 * MINUTE)
    assert look(hub, job, "acme").job.plan.cancel_reason == "NO_CREDITS"
    assert ran(hub, job, "acme") == 3


# What stays


def test_the_same_settings_again_change_nothing() -> None:
    hub = with_credits(1)
    submit(hub, flavor="t4-small")
    hub.clock.advance(90_000)
    before = hub.snapshot()
    hub.configure(replace(hub.settings))
    assert hub.snapshot() == before


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    words = {"namespaces": {ME: {"credits": float(T4 * 5)}}}
    path = str(tmp_path / "hub.db")
    hub = FakeHub(path, settings=settings_from(words), anchor=Anchor(START, START, frozen=True))
    hub.when().then(scheduling=0, running="1h")
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(90_000)
    hub.add_credits(T4)
    before = hub.snapshot()
    hub.close()
    hub = FakeHub(path, settings=settings_from(words))
    assert hub.snapshot() == before
    hub.clock.advance(60 * MINUTE)
    assert ran(hub, job) == 6
    hub.close()


def test_time_may_go_back_before_there_is_a_job_and_credits_are_none_the_worse() -> None:
    hub = with_credits(T4 * 2)
    hub.clock.advance(10**9)
    hub.add_credits(T4)
    hub.clock.set(START - 10**9)
    job = submit(hub, flavor="t4-small")
    hub.clock.advance(60 * MINUTE)
    assert ran(hub, job) == 3
    assert hub.credits() == 0


def test_a_reset_gives_what_there_was_at_the_beginning() -> None:
    hub = with_credits(T4)
    submit(hub)
    hub.clock.advance(10**7)
    hub.reset(anchor=Anchor(START - 10**9, START, frozen=True))
    assert hub.credits() == T4
    assert stage(hub, submit(hub, flavor="t4-small")) == "SCHEDULING"


@pytest.mark.parametrize(
    ("amount", "complaint"),
    [
        (-1, "-1: give dollars"),
        ("1.5 USD", "give dollars"),
        (True, "True"),
        ("nan", "nan"),
        (1e-7, "six decimals"),
    ],
)
def test_amounts_that_are_none(hub: FakeHub, amount: float, complaint: str) -> None:
    for change in (hub.set_credits, hub.add_credits):
        with pytest.raises(ValueError, match=complaint):
            change(amount)
    with pytest.raises(ValueError, match=f"namespaces.{ME}.credits: .*{complaint}"):
        settings_from({"namespaces": {ME: {"credits": amount}}})


def test_mistakes_are_named(hub: FakeHub) -> None:
    with pytest.raises(ValueError, match=r"its credits have no limit.*set_credits"):
        hub.add_credits(1)
    with pytest.raises(ValueError, match="namespace: there is no 'fake-usr' here; did you mean 'fake-user'"):
        hub.credits("fake-usr")
    with pytest.raises(ValueError, match="unknown word; there are: running, credits"):
        settings_from({"namespaces": {ME: {"credit": 1}}})


# Against another way to reckon

JOBS = st.lists(
    st.tuples(
        st.sampled_from(["t4-small", "cpu-basic", "a10g-small"]),
        st.integers(0, 12),  # pause before, in steps of 10 s
        st.integers(0, 9),  # scheduling, likewise
        st.integers(1, 60),  # running, likewise
    ),
    min_size=1,
    max_size=8,
)


class MinuteByMinute:
    """Pays minutes one after another as they begin; when one begins and nothing is left, everything ends."""

    def __init__(self, micro_usd: int) -> None:
        self.left = micro_usd
        self.out = NEVER
        self.begin: Counter[int] = Counter()

    def add(self, start: int, end: int, price: int) -> None:
        self.begin.update(dict.fromkeys(range(start, end, MINUTE), price))

    def go_on_until(self, now: int) -> None:
        for at in sorted(at for at in self.begin if at <= now):
            if self.left <= 0:
                self.out = at
                self.begin.clear()
                return
            if at < now:
                self.left -= self.begin.pop(at)


@settings(max_examples=100)
@given(jobs=JOBS, given=st.integers(1, 400_000))
@example(jobs=[("t4-small", 0, 0, 60), ("t4-small", 0, 0, 60)], given=6667 * 3)
def test_the_instant_is_the_one_that_paying_minute_by_minute_comes_to(
    jobs: list[tuple[str, int, int, int]], given: int
) -> None:
    hub = frozen_hub(namespaces={ME: {"credits": given / 1_000_000}})
    account = MinuteByMinute(given)
    planned: dict[str, tuple[int, int]] = {}
    now = START
    for number, (flavor, pause, scheduling, running) in enumerate(jobs):
        hub.when(name=f"job-{number}").then(scheduling=scheduling * 10, running=running * 10)
        now += pause * 10_000
        hub.clock.set(now)
        account.go_on_until(now)
        if account.left <= 0:
            with pytest.raises(Refusal, match="402"):
                submit(hub, flavor=flavor)
            continue
        job = submit(hub, flavor=flavor, labels={"name": f"job-{number}"})
        start = now + scheduling * 10_000
        planned[job] = start, start + running * 10_000
        account.add(*planned[job], hub.settings.flavors[flavor].micro_usd)
    hub.clock.advance(10**7)
    account.go_on_until(hub.clock.now())
    assert hub.credits() == Decimal(account.left) / 1_000_000
    for job, (start, end) in planned.items():
        plan = look(hub, job).job.plan
        assert plan.end == min(end, account.out)
        assert (plan.end_stage is JobStage.CANCELED) == (account.out < end)
        assert plan.start == (start if start <= plan.end else NEVER)


def test_cost_is_what_was_spent_and_what_the_route_says() -> None:
    hub = with_credits(1)
    hub.when(name="retried").then(scheduling=7, running=95, exit_code=1)
    for number, flavor in enumerate(("t4-small", "cpu-basic", "a10g-large", "t4-small")):
        submit(hub, flavor=flavor, attempts=2, labels={"name": "retried" if number % 2 else "plain"})
        hub.clock.advance(77_777)
    caller = hub.caller("x")
    for _ in range(5):
        jobs: list[JobAt] = hub.all_jobs()
        cost = cost_of_all(jobs, hub.settings.flavors, hub.settings.quirks)
        assert hub.credits() == 1 - cost
        assert sum(each.micro_usd for each in hub.usage(caller).jobs) == cost * 1_000_000
        hub.clock.advance(123_456)
