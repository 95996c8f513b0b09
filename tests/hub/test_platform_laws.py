"""The laws of the platform around jobs, whatever is done to it in whatever order, on a hub in a file that is closed and opened again:

- no flavor and no namespace ever starts more jobs than it may run, who came first goes first, and nobody waits for ever;
- no minute is paid for when nothing is left, so credits never go below zero by more than a minute of each running job, what was spent is what jobs cost, and
  no resource group spends more in a month than it may, but for such minutes;
- the stages of a job follow the transition table, and its durations add up;
- looking changes nothing, and the same commands at the same instants give the same bytes, in memory and without the restarts.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fakejobs.clock import Anchor
from fakejobs.cost import cost_of
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import Settings, settings_from
from fakejobs.model.billing import EXPOSED_MICRO_USD, MINUTE, dollars, exposed_spans, month_of
from fakejobs.model.identity import Caller
from fakejobs.model.job import Job, JobAt
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.refusal import Refusal
from fakejobs.model.stages import TERMINAL, TRANSITIONS, IllegalTransition, JobStage
from fakejobs.model.times import from_iso
from fakejobs.wire.encode import job_body
from tests.conftest import JOB

ADA, ACME = "ada", "acme"
GROUP = "65a1b2c3d4e5f60718293a4b"
"""A resource group of acme."""

BEGIN = from_iso("2026-05-31T23:35:00Z")
"""So that many programs go on into another month."""

FLAVORS = ("t4-small", "a10g-small", "cpu-basic")
"""The first two are limited."""

ASKED = ("t4-small", "t4-small", "t4-small", "a10g-small", "cpu-basic")

WORDS: dict[str, object] = {
    "users": [ADA],
    "orgs": [{"name": ACME, "groups": [{"name": "vision", "id": GROUP, "limit": 0.05}]}],
    "flavors": {"t4-small": {"capacity": 1}, "a10g-small": {"capacity": 2}},
    "namespaces": {ADA: {"credits": 0.03}},
}


@dataclass(frozen=True)
class Command:
    """What is done, after so many milliseconds; numbers are taken modulo what there is."""

    after: int
    verb: str
    one: int = 0
    two: int = 0
    three: int = 0


VERBS = (
    *("cancel", "fail", "again", "duplicate", "expose", "slots", "running", "add credits", "add credits"),
    *("set credits", "group limit", "suspend", "resume", "run", "delete schedule"),
)

SCHEDULES = ("*/3 * * * *", "*/10 * * * *", "7,8 * * * *", "*/30 * 0 * * *")


ON_SCHEDULES: Mapping[str, Callable[[FakeHub, Caller, str, str], object]] = {
    "suspend": FakeHub.suspend,
    "resume": FakeHub.resume,
    "run": FakeHub.run_scheduled,
    "delete schedule": FakeHub.delete_scheduled_job,
}

PAUSE = st.integers(0, 12).map(lambda steps: steps * 5_000)


def begin(hub: FakeHub) -> None:
    """What jobs do."""
    hub.when().then(scheduling={"between": [0, 40]}, running={"between": [1, 300]})
    hub.when(name="fails").then(scheduling=10, running={"between": [1, 100]}, exit_code=1)


def do(hub: FakeHub, command: Command) -> str:
    """Do it; returns the answer, or why not."""
    hub.clock.advance(command.after)
    try:
        return str(_do(hub, command))
    except (Refusal, IllegalTransition) as refusal:
        return str(refusal)


def _do(hub: FakeHub, command: Command) -> object:
    caller, one, two, three = hub.caller("hf_any"), command.one, command.two, command.three
    namespace = (ADA, ACME)[one % 2]
    if command.verb == "nothing":
        return None
    if command.verb in ("submit", "schedule"):
        spec: dict[str, object] = {
            **JOB,
            "flavor": ASKED[two % 5],
            "environment": {},
            "timeoutSeconds": 400,
        }
        if three % 4 == 1:
            spec["attempts"] = 3
        if three % 4 == 2:
            spec["expose"] = {"ports": [8000]}
        if namespace == ACME and two % 2:
            spec["resourceGroupId"] = GROUP
        labels = {"name": "fails"} if three % 8 in (5, 7) else {}
        if command.verb == "submit":
            return hub.submit(caller, namespace, spec, labels=labels)
        text, concurrency = SCHEDULES[three % 4], two % 3 == 0
        return hub.schedule(caller, namespace, spec, text, labels=labels, concurrency=concurrency)
    if command.verb == "slots":
        flavor, capacity = FLAVORS[one % 2], (0, 1, 2, 3, None)[two % 5]
        changed: dict[str, object] = {} if capacity is None else {"capacity": capacity}
        hub.configure(replace(hub.settings, profiles={**hub.settings.profiles, flavor: changed}))
        return capacity
    if command.verb == "running":
        words = {
            word: each
            for word, each in hub.settings.namespaces.get(namespace, {}).items()
            if word != "running"
        }
        if two % 4 < 3:
            words["running"] = two % 4
        hub.configure(replace(hub.settings, namespaces={**hub.settings.namespaces, namespace: words}))
        return words
    if command.verb == "set credits":
        hub.set_credits((0, "0.000001", "0.04", "0.3", None)[two % 5], namespace)
        return hub.credits(namespace)
    if command.verb == "add credits":
        with contextlib.suppress(ValueError):  # it may be without limit
            return hub.add_credits(("0.006667", "0.05")[two % 2], namespace)
        return None
    if command.verb == "group limit":
        limit = (None, 0, 0.02, 0.1, 1)[two % 5]
        group = {"name": "vision", "id": GROUP, **({} if limit is None else {"limit": limit})}
        hub.configure(settings_from({**hub.settings.words, "orgs": [{"name": ACME, "groups": [group]}]}))
        return limit
    if command.verb == "delete schedules":
        for each in hub.all_scheduled_jobs():
            hub.delete_scheduled_job(caller, each.schedule.namespace, each.schedule.id)
        return None
    if command.verb in ON_SCHEDULES:
        schedules = hub.all_scheduled_jobs()
        if not schedules:
            return None
        schedule = schedules[one % len(schedules)].schedule
        return ON_SCHEDULES[command.verb](hub, caller, schedule.namespace, schedule.id)
    jobs = hub.all_jobs()
    if not jobs:
        return None
    job = jobs[one % len(jobs)].job
    if command.verb == "fail":
        return hub.transition(job.id, JobStage.ERROR)
    if command.verb == "again":
        return hub.transition(job.id, JobStage.SCHEDULING)
    if command.verb == "cancel":
        return hub.cancel(caller, job.namespace, job.id)
    if command.verb == "expose":
        return hub.expose(caller, job.namespace, job.id, {"ports": [8000] * (two % 2)})
    assert command.verb == "duplicate"
    return hub.duplicate(caller, job.namespace, job.id)


def rows(hub: FakeHub) -> dict[str, object]:
    """Everything but the clock, which only a file has."""
    return {table: found for table, found in hub.snapshot().items() if table != "meta"}


@cache
def all_settings() -> Settings:
    return settings_from(WORDS)


class Platform(RuleBasedStateMachine):
    """A hub, commands, reads, restarts; and what the laws need to know of the past."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="fakejobs-laws-"))
        self.done: list[tuple[Command, str]] = []
        self.stages: dict[str, JobStage] = {}
        # What may run, by flavor and by namespace, and what a namespace had, each from an instant on.
        self.slots: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.had: dict[str, list[tuple[int, Decimal | None]]] = defaultdict(list)
        self.may_spend: list[tuple[int, int]] = []
        self.hub = self._open(all_settings())
        begin(self.hub)
        self._note_limits()
        for name in (ADA, ACME):
            self.had[name].append((BEGIN, self.hub.credits(name)))

    def teardown(self) -> None:
        try:
            self._nobody_waits_for_ever()
            self._the_same_in_memory()
        finally:
            self.hub.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self, words: Settings | None) -> FakeHub:
        anchor = Anchor(BEGIN, BEGIN, frozen=True)
        return FakeHub(str(self.folder / "hub.db"), settings=words, anchor=anchor)

    @rule(after=PAUSE, one=st.integers(0, 1), two=st.integers(0, 4), three=st.integers(0, 7))
    def submit(self, after: int, one: int, two: int, three: int) -> None:
        self._do(Command(after, "submit", one, two, three))

    @rule(after=PAUSE, whose=st.sampled_from([0, 0, 0, 1]), two=st.sampled_from([0, 3, 5]))
    def submit_to_the_same_queue(self, after: int, whose: int, two: int) -> None:
        self._do(Command(after, "submit", whose, 0, two))

    @rule(after=PAUSE, one=st.integers(0, 1), two=st.integers(0, 5), three=st.integers(0, 7))
    def schedule(self, after: int, one: int, two: int, three: int) -> None:
        self._do(Command(after, "schedule", one, two, three))

    @rule(after=PAUSE, verb=st.sampled_from(VERBS), one=st.integers(0, 20), two=st.integers(0, 20))
    def command(self, after: int, verb: str, one: int, two: int) -> None:
        self._do(Command(after, verb, one, two))

    def _do(self, command: Command) -> None:
        self.done.append((command, do(self.hub, command)))
        self._note_limits()
        if command.verb in ("set credits", "add credits"):
            name = (ADA, ACME)[command.one % 2]
            self.had[name].append((self.hub.clock.now(), self.hub.credits(name)))

    @rule(after=st.integers(1, 300_000))
    def time_passes(self, after: int) -> None:
        self._do(Command(after, "nothing"))

    @rule()
    def restart(self) -> None:
        before = rows(self.hub)
        self.hub.close()
        self.hub = self._open(None)
        assert rows(self.hub) == before

    @precondition(lambda self: self.stages)
    @rule(which=st.integers(0, 20))
    def look(self, which: int) -> None:
        caller, jobs = self.hub.caller("hf_any"), self.hub.all_jobs()
        job = jobs[which % len(jobs)].job
        before = self.hub.snapshot()
        self.hub.job(caller, job.namespace, job.id)
        self.hub.jobs(caller, job.namespace, stages=[JobStage.RUNNING])
        self.hub.queue()
        self.hub.all_scheduled_jobs()
        self.hub.usage(caller)
        self.hub.credits(job.namespace)
        next(self.hub.logs(caller, job.namespace, job.id), None)
        assert self.hub.snapshot() == before

    # The laws

    @invariant()
    def stages_follow_the_table_and_durations_add_up(self) -> None:
        for seen in self.hub.all_jobs():
            last = self.stages.get(seen.job.id, JobStage.SCHEDULING)
            assert seen.stage in reachable(last), f"{seen.job.id}: {last} to {seen.stage}"
            self.stages[seen.job.id] = seen.stage
            durations = job_body(seen, self.hub.settings.quirks).get("durations")
            if isinstance(durations, dict) and "runningSecs" in durations:
                parts = durations["schedulingSecs"] + durations["runningSecs"]
                assert durations["totalSecs"] - parts in (0, 1)

    @invariant()
    def never_more_start_than_may_run(self) -> None:
        jobs = [seen.job for seen in self.hub.all_jobs()]
        for limited, limits in self.slots.items():
            runs = [
                run for job in jobs if limited in (job.flavor, job.namespace) for run in runs_of(job.plan)
            ]
            for start, _end in runs:
                at_once = sum(begun <= start < over for begun, over in runs)
                # Of two limits at the same instant, what was due came before the second.
                before = [limit for since, limit in limits if since < start][-1:]
                most = max(before + [limit for since, limit in limits if since == start])
                assert at_once <= most, f"{at_once} of {limited} at {start - BEGIN}"

    @invariant()
    def who_came_first_goes_first(self) -> None:
        queues: dict[tuple[str, str], list[tuple[tuple[int, str], int, Plan]]] = defaultdict(list)
        for seen in self.hub.all_jobs():
            job, plan = seen.job, seen.job.plan
            since = plan.earlier[-1][1] if plan.earlier else plan.created
            ready = since + self.hub.state.script_of(job.id).attempt(len(plan.earlier)).scheduling
            queues[job.flavor, job.namespace].append(((since, job.id), ready, plan))
        for waiting in queues.values():
            for place, ready, plan in waiting:
                for other, other_ready, other_plan in waiting:
                    overtook = max(ready, other_ready) < other_plan.start < min(plan.start, plan.end)
                    assert not (place < other and overtook), f"{other} overtook {place}"

    @invariant()
    def nothing_is_paid_from_nothing(self) -> None:
        now, flavors = self.hub.clock.now(), self.hub.settings.flavors
        for name, had in self.had.items():
            charges: Counter[int] = Counter()
            for seen in self.hub.all_jobs():
                if seen.job.namespace == name:
                    for at, micro in charges_of(seen.job, flavors[seen.job.flavor].micro_usd, now):
                        charges[at] += micro
            left: Decimal | None = None
            for at in sorted({*charges, *(since for since, _ in had)}):
                for since, amount in had:
                    left = amount if since == at else left
                if left is not None and charges[at]:
                    assert left > 0, f"{name} pays at {at - BEGIN} and has {left}"
                    left -= dollars(charges[at])
            assert self.hub.credits(name) == left

    @invariant()
    def no_group_spends_more_in_a_month_than_it_may(self) -> None:
        now, flavors = self.hub.clock.now(), self.hub.settings.flavors
        charges: Counter[int] = Counter()
        for seen in self.hub.all_jobs():
            if seen.job.resource_group == GROUP:
                for at, micro in charges_of(seen.job, flavors[seen.job.flavor].micro_usd, now):
                    charges[at] += micro
        spent: Counter[int] = Counter()
        for at in sorted(charges):
            limit = [each for since, each in self.may_spend if since <= at][-1]
            month = month_of(at)[0]
            assert spent[month] < limit, f"{spent[month]} spent at {at - BEGIN}"
            spent[month] += charges[at]
        for seen in self.hub.all_jobs():
            if seen.job.plan.cancel_reason == "RESOURCE_GROUP_LIMIT":
                at = seen.job.plan.end
                before = sum(each for when, each in charges.items() if month_of(at)[0] <= when < at)
                limits = [each for since, each in self.may_spend if since < at][-1:]
                least = min(limits + [each for since, each in self.may_spend if since == at])
                assert before >= least, f"cancelled at {at - BEGIN}, with {before} spent"

    @invariant()
    def usage_is_cost(self) -> None:
        usage = self.hub.usage(self.hub.caller("hf_any"))
        used, jobs, flavors = usage.jobs, self.hub.all_jobs(), self.hub.settings.flavors
        cost = {
            seen.job.id: cost_of(seen, flavors) - cost_of(JobAt(seen.job, usage.start), flavors)
            for seen in jobs
            if seen.job.namespace == ADA
        }
        assert sum(map(dollars, (each.micro_usd for each in used)), Decimal(0)) == sum(
            cost.values(), Decimal(0)
        )
        assert all(dollars(each.micro_usd) == cost[each.job.id] for each in used)

    def _nobody_waits_for_ever(self) -> None:
        self._do(Command(0, "delete schedules"))
        one_each = {flavor: {"capacity": 1} for flavor in FLAVORS}
        self.hub.configure(replace(self.hub.settings, profiles=one_each, namespaces={}))
        self.hub.clock.advance((len(self.stages) + 1) * 3 * 500_000)
        assert all(seen.stage in TERMINAL for seen in self.hub.all_jobs())

    def _the_same_in_memory(self) -> None:
        hub = FakeHub(settings=all_settings(), anchor=Anchor(BEGIN, BEGIN, frozen=True))
        begin(hub)
        for command, answer in self.done:
            assert do(hub, command) == answer
        hub.configure(self.hub.settings)
        hub.clock.set(self.hub.clock.now())
        assert rows(hub) == rows(self.hub)
        hub.close()

    def _note_limits(self) -> None:
        now, known = self.hub.clock.now(), self.hub.settings
        limits: dict[str, int | None] = {name: known.flavors[name].capacity for name in FLAVORS}
        limits |= {name: known.running_limits.get(name) for name in (ADA, ACME)}
        for name, limit in limits.items():
            self.slots[name].append((now, NEVER if limit is None else limit))
        group = known.group_limits.get(GROUP)
        self.may_spend.append((now, NEVER if group is None else group.micro_usd))


def reachable(stage: JobStage) -> set[JobStage]:
    """The stages to which the table leads, in however many steps."""
    found, new = {stage}, {stage}
    while new:
        new = {after for each in new for after in TRANSITIONS[each]} - found
        found |= new
    return found


def runs_of(plan: Plan) -> list[tuple[int, int]]:
    """From when to when each attempt ran, or will run; those that ended as they began took no slot."""
    runs = [*plan.earlier, (plan.start, plan.end)]
    return [(start, end) for start, end in runs if start < min(end, NEVER)]


def charges_of(job: Job, price: int, now: int) -> Iterator[tuple[int, int]]:
    """When a minute of a job was paid, and what it cost: when it began, and its ports when they were exposed in it."""
    for start, end in runs_of(job.plan):
        for minute in range(start, min(end, now), MINUTE):
            yield minute, price
            shown = [
                max(minute, since)
                for since, until in exposed_spans(job)
                if since < min(minute + MINUTE, end, now) and until > minute
            ]
            if shown:
                yield min(shown), EXPOSED_MICRO_USD


TestPlatform = Platform.TestCase
TestPlatform.settings = settings(max_examples=40, stateful_step_count=40)
