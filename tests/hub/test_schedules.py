"""Scheduled jobs: what they bring about, when, and that it does not matter who looks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.cron import cron_from
from fakejobs.model.refusal import Refusal
from fakejobs.model.schedules import ScheduleAt
from fakejobs.model.stages import JobStage
from fakejobs.model.times import from_iso, to_iso
from tests.conftest import JOB, START, frozen_hub
from tests.support.play import ME, body, look, stage, submit

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SPEC = {**JOB, "environment": {}}


def schedule(hub: FakeHub, text: str = "*/5 * * * *", *, labels: dict[str, str] | None = None, suspend: bool = False,
             concurrency: bool = False, **spec: object) -> str:  # fmt: skip
    """Make a scheduled job of `JOB` with changes; returns its id."""
    made = hub.schedule(
        hub.caller("hf_any"),
        ME,
        {**SPEC, **spec},
        text,
        labels=labels,
        suspend=suspend,
        concurrency=concurrency,
    )
    return made.schedule.id


def seen(hub: FakeHub, schedule_id: str) -> ScheduleAt:
    return hub.scheduled_job(hub.caller("hf_any"), ME, schedule_id)


def created(hub: FakeHub, schedule_id: str | None = None) -> list[str]:
    """When the jobs were created that a schedule (or anybody) has brought about, oldest first."""
    mine = {"type": "scheduled-job", "id": schedule_id}
    return [
        to_iso(each.job.plan.created)[5:-5]
        for each in hub.all_jobs()
        if schedule_id is None or each.job.about["initiator"] == mine
    ]


def refused(hub: FakeHub, schedule_id: str) -> int:
    with pytest.raises(Refusal) as refusal:
        hub.run_scheduled(hub.caller("hf_any"), ME, schedule_id)
    return refusal.value.status


def test_advance_a_month_and_the_jobs_are_there(hub: FakeHub) -> None:
    each = schedule(hub, "0 9 * * 1-5", labels={"name": "report"})
    hub.clock.advance(30 * DAY)
    page = hub.jobs(hub.caller("hf_any"), ME)
    assert len(page.jobs) == 21
    newest = page.jobs[0]
    assert to_iso(newest.job.plan.created) == "2026-06-26T09:00:00.000Z"
    assert to_iso(page.jobs[-1].job.plan.created) == "2026-05-29T09:00:00.000Z"
    assert newest.job.about["initiator"] == {"type": "scheduled-job", "id": each}
    assert newest.job.labels == {"name": "report"}
    assert {job.stage for job in page.jobs} == {JobStage.COMPLETED}
    now = seen(hub, each)
    assert now.last == (newest.job.id, newest.job.plan.created)
    assert to_iso(now.following) == "2026-06-29T09:00:00.000Z"


def test_a_run_can_be_read_before_anybody_has_listed_it(hub: FakeHub) -> None:
    each = schedule(hub)
    hub.clock.advance(DAY)
    last = seen(hub, each).last
    assert last is not None
    assert hub.count_all() == 288
    fresh = frozen_hub()
    schedule(fresh)
    fresh.clock.advance(DAY)
    assert look(fresh, last[0]).job.plan.created == last[1]
    assert fresh.job(fresh.caller("hf_any"), ME, last[0]).job.spec == SPEC
    fresh.close()


def test_reading_schedules_writes_nothing(hub: FakeHub) -> None:
    each = schedule(hub, "* * * * *")
    hub.clock.advance(DAY)
    changes = hub.state.changes
    assert to_iso(seen(hub, each).following) == "2026-05-29T20:27:00.000Z"
    assert len(hub.scheduled_jobs(hub.caller("hf_any"), ME)) == 1
    assert hub.state.changes == changes


def test_a_tick_is_skipped_while_a_job_of_it_is_not_over(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running="12m")
    each, both = schedule(hub), schedule(hub, concurrency=True)
    hub.clock.advance(HOUR)
    assert created(hub, each) == [f"05-28T{at}:00" for at in ("20:30", "20:45", "21:00", "21:15")]
    assert len(created(hub, both)) == 12


def test_a_run_that_is_cancelled_makes_room(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running="29m")
    each = schedule(hub)
    hub.clock.advance(10 * MINUTE)
    last = seen(hub, each).last
    assert last is not None
    hub.cancel(hub.caller("hf_any"), ME, last[0])
    assert stage(hub, last[0]) == "CANCELED"
    hub.clock.advance(25 * MINUTE)
    assert created(hub, each) == ["05-28T20:30:00", "05-28T20:40:00"]


def test_suspended_time_has_no_runs(hub: FakeHub) -> None:
    caller, each = hub.caller("hf_any"), schedule(hub)
    hub.clock.advance(10 * MINUTE)
    hub.suspend(caller, ME, each)
    hub.suspend(caller, ME, each)
    hub.clock.advance(DAY)
    assert seen(hub, each).schedule.suspended
    assert to_iso(seen(hub, each).following) == "2026-05-29T20:40:00.000Z"
    hub.resume(caller, ME, each)
    hub.resume(caller, ME, each)
    hub.clock.advance(10 * MINUTE)
    assert created(hub, each) == [
        "05-28T20:30:00",
        "05-28T20:35:00",
        "05-29T20:40:00",
        "05-29T20:45:00",
    ]


def test_one_that_begins_suspended_does_not_run(hub: FakeHub) -> None:
    each = schedule(hub, suspend=True)
    hub.clock.advance(DAY)
    assert hub.all_jobs() == []
    hub.run_scheduled(hub.caller("hf_any"), ME, each)
    assert len(created(hub, each)) == 1


def test_another_schedule_holds_from_now_on(hub: FakeHub) -> None:
    each = schedule(hub)
    hub.clock.advance(10 * MINUTE)
    answer = hub.reschedule(hub.caller("hf_any"), ME, each, "@hourly")
    assert to_iso(answer.following) == "2026-05-28T21:00:00.000Z"
    hub.relabel_scheduled(hub.caller("hf_any"), ME, each, {"name": "later"})
    hub.clock.advance(HOUR)
    assert [(to_iso(job.job.plan.created)[11:16], job.job.labels) for job in hub.all_jobs()] == [
        ("20:30", {}),
        ("20:35", {}),
        ("21:00", {"name": "later"}),
    ]


def test_what_runs_goes_on_when_the_schedule_is_deleted(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running="10m")
    each = schedule(hub)
    hub.clock.advance(5 * MINUTE)
    hub.delete_scheduled_job(hub.caller("hf_any"), ME, each)
    hub.clock.advance(HOUR)
    assert created(hub, each) == ["05-28T20:30:00"]
    assert {job.stage for job in hub.all_jobs()} == {JobStage.COMPLETED}
    assert hub.all_scheduled_jobs() == []


def test_run_makes_a_job_now_and_leaves_the_schedule(hub: FakeHub) -> None:
    each, caller = schedule(hub), hub.caller("hf_any")
    job = hub.run_scheduled(caller, ME, each).job
    assert job.about["initiator"] == {"type": "scheduled-job", "id": each}
    assert seen(hub, each).last == (job.id, START)
    assert refused(hub, each) == 409
    hub.clock.advance(2 * MINUTE)
    hub.run_scheduled(caller, ME, each)
    hub.clock.advance(3 * MINUTE)
    assert created(hub, each) == ["05-28T20:26:40", "05-28T20:28:40", "05-28T20:30:00"]


def test_a_job_that_was_run_by_hand_takes_the_place_of_the_next(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running="4m")
    each = schedule(hub)
    hub.run_scheduled(hub.caller("hf_any"), ME, each)
    hub.clock.advance(10 * MINUTE)
    assert created(hub, each) == ["05-28T20:26:40", "05-28T20:35:00"]


def test_rules_hold_for_the_ticks_after_them(hub: FakeHub) -> None:
    each = schedule(hub)
    hub.clock.advance(10 * MINUTE)
    rule = hub.when(command="python *").then(exit_code=3, logs=["no"]).then(oom=True)
    hub.clock.advance(15 * MINUTE)
    hub.delete_rules()
    hub.clock.advance(5 * MINUTE)
    hub.clock.advance(MINUTE)
    assert [(job.stage.value, job.job.plan.message) for job in hub.all_jobs()] == [
        ("COMPLETED", None),
        ("COMPLETED", None),
        ("ERROR", "Job failed with exit code: 3. Reason: Error"),
        ("ERROR", "Job failed with exit code: 137. Reason: OOMKilled"),
        ("ERROR", "Job failed with exit code: 137. Reason: OOMKilled"),
        ("COMPLETED", None),
    ]
    assert hub.matched(rule.id) == 3
    assert len(created(hub, each)) == 6


def test_runs_of_limited_hardware_queue(hub: FakeHub) -> None:
    hub.configure(settings_from({"flavors": {"cpu-basic": {"capacity": 1}}}))
    hub.when().then(scheduling=0, running="4m")
    first, second = schedule(hub), schedule(hub)
    hub.clock.advance(5 * MINUTE)
    jobs = {job.job.about["initiator"]["id"]: job for job in hub.all_jobs()}  # type: ignore[index]
    assert sorted(job.stage.value for job in jobs.values()) == ["RUNNING", "SCHEDULING"]
    assert [each.waiting.ahead for each in hub.queue()] == [0]
    hub.clock.advance(25 * MINUTE)
    # Six ticks each, and a job of four minutes that waits for another one is not always over at the next.
    assert [len(created(hub, each)) for each in (first, second)] == [3, 5]
    running: list[tuple[int, int]] = sorted((job.job.plan.start, job.job.plan.end) for job in hub.all_jobs())
    assert all(end <= start for (_, end), (start, _) in pairwise(running))


def test_a_limit_also_holds_for_what_runs_already(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running="20m")
    schedule(hub, "30 * * * *")
    hub.clock.advance(4 * MINUTE)
    hub.configure(settings_from({"flavors": {"cpu-basic": {"capacity": 1}}}))
    waiting = submit(hub)
    hub.clock.advance(10 * MINUTE)
    assert stage(hub, waiting) == "SCHEDULING"
    hub.clock.advance(10 * MINUTE)
    assert stage(hub, waiting) == "RUNNING"


def test_without_credits_it_is_suspended_and_says_why(hub: FakeHub) -> None:
    each = schedule(hub)
    hub.configure(settings_from({"namespaces": {ME: {"credits": 0}}}))
    hub.clock.advance(10 * MINUTE)
    now = seen(hub, each).schedule
    assert now.suspended
    assert "credit balance is insufficient" in str(now.suspend_reason)
    with pytest.raises(Refusal, match="credit balance"):
        hub.resume(hub.caller("hf_any"), ME, each)
    hub.configure(settings_from({"namespaces": {}}))
    hub.resume(hub.caller("hf_any"), ME, each)
    hub.clock.advance(10 * MINUTE)
    assert len(created(hub, each)) == 2
    assert seen(hub, each).schedule.suspend_reason is None


def test_a_rule_that_fails_does_not_stop_whoever_looks(hub: FakeHub) -> None:
    each = schedule(hub)
    hub.when(name=lambda name: name["no"]).then(oom=True)
    hub.clock.advance(10 * MINUTE)
    assert hub.all_jobs() == []
    assert "the function that rule 1 has for when.name raised" in str(seen(hub, each).schedule.suspend_reason)


def test_attempts_of_runs(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=10, attempts=[{"exit_code": 1}, {"exit_code": 0}])
    each = schedule(hub, attempts=2)
    hub.clock.advance(5 * MINUTE)
    (job,) = hub.all_jobs()
    assert (job.stage, len(job.job.plan.earlier)) == (JobStage.COMPLETED, 1)
    assert created(hub, each) == ["05-28T20:30:00"]


def test_schedules_that_name_no_instant_are_refused(hub: FakeHub) -> None:
    for text, why in (
        ("0 0 0 1 1 * 2020", "Invalid schedule: it would never run any more"),
        ("0 0 30 2 *", "Invalid schedule: there is no such day, so it would never run"),
        ("75 * * * *", "Invalid schedule: minute: 75 is beyond 0 to 59"),
    ):
        with pytest.raises(Refusal, match=why) as refusal:
            schedule(hub, text)
        assert refusal.value.status == 400
    assert hub.all_scheduled_jobs() == []


def test_after_its_last_year_the_next_run_is_the_last(hub: FakeHub) -> None:
    each = schedule(hub, "0 0 12 28 5 * 2027")
    hub.clock.advance(600 * DAY)
    assert created(hub, each) == ["05-28T12:00:00"]
    assert to_iso(seen(hub, each).following) == "2027-05-28T12:00:00.000Z"


def test_one_from_the_past_has_its_jobs(hub: FakeHub) -> None:
    hub.add_scheduled_job(schedule="@daily", age="30d", name="nightly", command=["python", "train.py"])
    assert len(hub.all_jobs()) == 30
    assert created(hub)[0] == "04-29T00:00:00"
    with pytest.raises(ValueError, match="schedul: unknown word; did you mean 'schedule'"):
        hub.add_scheduled_job(schedul="@daily")
    for words, why in (
        ({}, "schedule: say when it runs"),
        ({"schedule": "@daily", "concurrency": 1}, "concurrency: give true or false"),
        ({"schedule": "61 * * * *"}, "schedule: minute: 61 is beyond 0 to 59"),
        ({"schedule": "@daily", "age": "30000d"}, "age: .* ago was before 1970"),
        ({"schedule": "@daily", "flavor": "x"}, "flavor: "),
    ):
        with pytest.raises(ValueError, match=why):
            hub.add_scheduled_job(**words)


def test_the_sixth_field_stays_what_it_was(hub: FakeHub) -> None:
    each = schedule(hub, "30 * * * * *")
    hub.configure(settings_from({"quirks": {"cron_sixth": "year"}}))
    assert to_iso(seen(hub, each).following) == "2026-05-28T20:27:30.000Z"
    late = schedule(hub, "0 0 1 1 * 2030")
    assert to_iso(seen(hub, late).following) == "2030-01-01T00:00:00.000Z"


def test_others_do_not_see_it(hub: FakeHub) -> None:
    hub.configure(settings_from({"users": ["fake-user", "ada"]}))
    each, ada = schedule(hub), hub.caller("hf_any")
    with pytest.raises(Refusal) as refusal:
        hub.scheduled_job(ada, "ada", each)
    assert refusal.value.status in (403, 404)


def test_what_is_changed_of_a_run_stays_changed(hub: FakeHub) -> None:
    each, caller = schedule(hub), hub.caller("hf_any")
    hub.clock.advance(10 * MINUTE)
    last = seen(hub, each).last
    assert last is not None
    hub.relabel(caller, ME, last[0], {"a": "b"})
    assert [job.job.id for job in hub.jobs(caller, ME, labels=[("a", "b")]).jobs] == [last[0]]
    assert hub.state.script_of(last[0]).lines == hub.state.script_of(last[0]).lines
    assert [job.job.labels for job in hub.jobs(caller, ME).jobs] == [{"a": "b"}, {}]
    assert hub.count(caller, ME) == 2


def test_filters_reach_runs(hub: FakeHub) -> None:
    caller = hub.caller("hf_any")
    schedule(hub, "* * * * *", labels={"team": "a"})
    schedule(hub, "*/2 * * * *", labels={"team": "b"}, concurrency=True)
    hub.clock.advance(from_iso("2026-05-28T20:40:01Z") - START)
    of_a = hub.jobs(caller, ME, labels=[("team", "a")]).jobs
    assert [to_iso(job.job.plan.created)[14:16] for job in of_a] == [
        str(minute) for minute in range(40, 26, -1)
    ]
    assert len(hub.jobs(caller, ME, labels=[("team", "b")]).jobs) == 7
    live = hub.jobs(caller, ME, stages=[JobStage.SCHEDULING]).jobs
    assert [to_iso(job.job.plan.created)[14:16] for job in live] == ["40", "40"]
    assert hub.count(caller, ME, [JobStage.COMPLETED]) == 19
    hub.clock.advance(3 * HOUR)
    first = hub.jobs(caller, ME)
    rest = hub.jobs(caller, ME, before=first.next)
    ids = [job.job.id for job in (*first.jobs, *rest.jobs)]
    assert len(set(ids)) == 200


# --------------------------------------------------------------------------------------------------- the laws


@dataclass(frozen=True)
class Command:
    after: int
    verb: str
    which: int
    choice: int


TEXTS = ("* * * * *", "*/2 * * * *", "*/20 * * * * *", "3,4,9 * * * *")
FLAVORS = ("cpu-basic", "t4-small")
VERBS = (
    "schedule", "schedule", "suspend", "resume", "run", "reschedule", "relabel", "delete", "cancel", "label job",
    "rule", "rules", "no rules", "limit", "no limit", "credits", "submit", "wait", "wait", "wait",
)  # fmt: skip
commands = st.lists(
    st.builds(
        Command,
        st.sampled_from([0, 10_000, 20_000, MINUTE, 150_000, 10 * MINUTE]),
        st.sampled_from(VERBS),
        st.integers(0, 10),
        st.integers(0, 11),
    ),
    min_size=2,
    max_size=12,
)
reads = st.lists(st.lists(st.integers(0, 7), max_size=3), min_size=12, max_size=12)
RULES: tuple[dict[str, object], ...] = (
    {"scheduling": 0, "running": "90s"},
    {"running": {"between": ["10s", "5m"]}},
    {"scheduling": {"between": [0, 100]}, "exit_code": 1},
    {"running": "forever", "logs": ["a", "b"], "status_lag": {"between": [0, 30]}},
)


class Play:
    """A hub with schedules, and commands on it; with a file, it is closed and opened again before each."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = None if path is None else str(path / "hub.db")
        self.hub = self._open(settings_from({"flavors": {}}))
        self.schedules: list[str] = []
        self.answers: list[str] = []

    def _open(self, chosen: object = None) -> FakeHub:
        return FakeHub(
            self.path or ":memory:",
            settings=chosen,  # type: ignore[arg-type]
            anchor=Anchor(START, START, frozen=True),
        )

    def do(self, command: Command) -> None:
        if self.path is not None:
            self.hub.close()
            self.hub = self._open()
        self.hub.clock.advance(command.after)
        try:
            self.answers.append(str(self._do(command)))
        except Refusal as refusal:
            self.answers.append(str(refusal))

    def _do(self, command: Command) -> object:
        hub, caller, choice = self.hub, self.hub.caller("hf_any"), command.choice
        words: dict[str, object] = dict(hub.settings.words)
        if command.verb == "schedule":
            spec = {**SPEC, "flavor": FLAVORS[choice % 2], "timeoutSeconds": 200}
            made = hub.schedule(
                caller, ME, spec, TEXTS[choice % 4], suspend=choice == 11, concurrency=command.which % 2 == 1
            )
            self.schedules.append(made.schedule.id)
            return made
        if command.verb == "rule":
            return hub.add_rule({"flavor": FLAVORS[choice % 2]}, RULES[choice % 4])
        if command.verb == "rules":
            return hub.add_rule({}, list(RULES[: 2 + choice % 2]))
        if command.verb == "no rules":
            return hub.delete_rules()
        if command.verb == "limit":
            hub.configure(settings_from({**words, "flavors": {"t4-small": {"capacity": choice % 3}}}))
        elif command.verb == "no limit":
            hub.configure(settings_from({**words, "flavors": {}, "namespaces": {}}))
        elif command.verb == "credits":
            hub.configure(settings_from({**words, "namespaces": {ME: {"credits": choice * 2 / 1000}}}))
        elif command.verb == "submit":
            return submit(hub, flavor=FLAVORS[choice % 2])
        elif command.verb in ("cancel", "label job"):
            jobs = hub.all_jobs()
            if jobs:
                job_id = jobs[-1 - command.which % len(jobs)].job.id
                if command.verb == "cancel":
                    return hub.cancel(caller, ME, job_id)
                return hub.relabel(caller, ME, job_id, {"n": str(choice)})
        elif self.schedules and command.verb != "wait":
            return self._change(command, self.schedules[command.which % len(self.schedules)])
        return None

    def _change(self, command: Command, each: str) -> object:
        hub, caller = self.hub, self.hub.caller("hf_any")
        match command.verb:
            case "suspend":
                hub.suspend(caller, ME, each)
            case "resume":
                hub.resume(caller, ME, each)
            case "run":
                return hub.run_scheduled(caller, ME, each)
            case "reschedule":
                return hub.reschedule(caller, ME, each, TEXTS[command.choice % 4])
            case "relabel":
                return hub.relabel_scheduled(caller, ME, each, {"name": str(command.choice)})
            case "delete":
                hub.delete_scheduled_job(caller, ME, each)
        return None

    def read(self, kind: int) -> None:
        hub, caller = self.hub, self.hub.caller("hf_any")
        if kind in (0, 1):
            hub.jobs(caller, ME)
        elif kind == 2:
            hub.count(caller, ME, [JobStage.RUNNING])
        elif kind in (3, 4):
            for each in hub.scheduled_jobs(caller, ME):
                if each.last is not None:
                    last = hub.job(caller, ME, each.last[0]).job
                    assert (last.id, last.plan.created) == each.last
        elif kind == 5:
            hub.queue()
        elif kind == 6:
            for job in hub.all_jobs()[-2:]:
                hub.state.script_of(job.job.id)
        else:
            hub.snapshot()


@settings(max_examples=150)
@given(commands, reads)
@example(
    [Command(0, "schedule", 0, 1), Command(600_000, "limit", 0, 1), Command(600_000, "no limit", 0, 0)],
    [[0]] * 12,
)
def test_looking_changes_nothing(todo: list[Command], looks: list[list[int]]) -> None:
    alone, watched = Play(), Play()
    for command, kinds in zip(todo, looks, strict=False):
        alone.do(command)
        watched.do(command)
        for kind in kinds:
            watched.read(kind)
            if command.after:
                # Both clocks go the same way, one of them with somebody looking half-way.
                watched.hub.clock.advance(command.after // 2)
                watched.read(kind)
                alone.hub.clock.advance(command.after // 2)
    for play in (alone, watched):
        play.hub.clock.advance(20 * MINUTE)
    assert watched.answers == alone.answers
    assert watched.hub.snapshot() == alone.hub.snapshot()
    alone.hub.close()
    watched.hub.close()


@settings(max_examples=40)
@given(commands)
def test_a_file_goes_on_where_it_was(tmp_path_factory: pytest.TempPathFactory, todo: list[Command]) -> None:
    straight, stored = Play(), Play(tmp_path_factory.mktemp("hub"))
    for command in todo:
        straight.do(command)
        stored.do(command)
    assert stored.answers == straight.answers
    assert {**stored.hub.snapshot(), "meta": []} == {**straight.hub.snapshot(), "meta": []}
    straight.hub.close()
    stored.hub.close()


@settings(max_examples=60)
@given(commands)
def test_the_list_of_schedules_says_what_was_written(todo: list[Command]) -> None:
    play = Play()
    for command in todo:
        play.do(command)
        play.hub.clock.advance(7 * MINUTE)
        before = [(each.schedule.id, each.last, each.following) for each in play.hub.all_scheduled_jobs()]
        play.hub.count_all()
        assert [
            (each.schedule.id, each.last, each.following) for each in play.hub.all_scheduled_jobs()
        ] == before
    play.hub.close()


@settings(max_examples=60)
@given(
    st.sampled_from(TEXTS),
    st.booleans(),
    st.sampled_from(["1s", "59s", "61s", "3m", "20m"]),
    st.lists(st.integers(1, 40), max_size=5),
    st.sampled_from([None, 1]),
)
def test_a_tick_has_a_run_unless_one_is_not_over(
    text: str, concurrency: bool, running: str, cancels: list[int], capacity: int | None
) -> None:
    """The law, told from the jobs alone, with and without the agenda; some runs are cancelled on the way."""
    hub = frozen_hub(flavors={} if capacity is None else {"cpu-basic": {"capacity": capacity}})
    hub.when().then(scheduling={"between": [0, 2]}, running={"between": [1, running]})
    schedule(hub, text, concurrency=concurrency)
    for steps in cancels:
        hub.clock.advance(steps * 37_001)
        for job in hub.all_jobs()[-1:]:
            if job.stage in (JobStage.RUNNING, JobStage.SCHEDULING):
                hub.cancel(hub.caller("hf_any"), ME, job.job.id)
    hub.clock.advance(30 * MINUTE)
    runs = {job.job.plan.created: job.job.plan for job in hub.all_jobs()}
    for tick in cron_from(text).ticks(START, hub.clock.now()):
        live = any(created < tick < plan.end for created, plan in runs.items())
        assert (tick in runs) == (concurrency or not live)
    assert all(cron_from(text).last_until(created) == created for created in runs)
    hub.close()


@settings(max_examples=30)
@given(st.sampled_from(TEXTS), st.booleans(), st.sampled_from(RULES))
def test_the_agenda_brings_about_the_same(text: str, concurrency: bool, rule: dict[str, object]) -> None:
    """Where there is room for all, a schedule that goes through the agenda has the runs of one that does not."""
    found = []
    for flavors in ({}, {"cpu-basic": {"capacity": 1_000_000}}):
        hub = frozen_hub(flavors=flavors)
        hub.add_rule({}, rule)
        schedule(hub, text, concurrency=concurrency)
        hub.clock.advance(40 * MINUTE)
        jobs = hub.all_jobs()
        # Of what is planned, one that waits for its slot does not say as much.
        found.append([(job.job.id, job.stage, body(hub, job.job.id)) for job in jobs])
        hub.close()
    assert found[0] == found[1]
