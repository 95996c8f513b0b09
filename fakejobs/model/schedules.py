"""Schedules that bring about jobs, and what their runs are: functions of (schedule, tick)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from fakejobs.model.cron import Cron, cron_from
from fakejobs.model.draws import between, digest, drawer
from fakejobs.model.flavors import FLAVORS, Flavor
from fakejobs.model.job import UNCOUNTED, Job, Spec, command_words, timeout_ms
from fakejobs.model.outcomes import Outcome, Script, script_for
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.planning import plan_for
from fakejobs.model.printed import printed_by
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import JobStage
from fakejobs.model.units import in_milliseconds

NO_PLAN = Plan(0, NEVER, NEVER, JobStage.COMPLETED)
"""The plan of what is no job."""

_A_WHILE = 86_400_000


@dataclass(frozen=True)
class Schedule:
    """A scheduled job.

    Attributes:
        id: 24 hex digits.
        namespace: the name of its owner.
        created: when it was made, in milliseconds.
        schedule: when it runs, as it was given.
        sixth: what the sixth field of six is: one of `fakejobs.model.cron.SIXTH`.
        suspended: whether it is paused.
        suspend_reason: why, if the platform has paused it.
        concurrency: whether a run may begin while another is not over.
        spec: what its jobs ask for, as `Job.spec`.
        labels: the labels of its jobs.
        about: as `Job.about`; ``initiator`` is who made the schedule.
        since: up to this instant, all its ticks have been dealt with, or did not count.
        last: the id of the last job that it brought about, or None.
        last_at: when that was.
    """

    id: str
    namespace: str
    created: int
    schedule: str
    sixth: str
    suspended: bool
    suspend_reason: str | None
    concurrency: bool
    spec: Spec
    labels: Mapping[str, str]
    about: Mapping[str, object]
    since: int
    last: str | None = None
    last_at: int | None = None

    @property
    def cron(self) -> Cron:
        """Its ticks."""
        return cron_from(self.schedule, self.sixth)

    @property
    def flavor(self) -> str:
        """The flavor of its jobs."""
        return str(self.spec["flavor"])

    @property
    def as_job(self) -> Job:
        """A job of it that does not run: what rules and permissions see."""
        return Job(self.id, self.namespace, UNCOUNTED, NO_PLAN, self.spec, self.labels, self.about)

    @property
    def run_about(self) -> dict[str, object]:
        """`Job.about` of its jobs."""
        return {**self.about, "initiator": {"type": "scheduled-job", "id": self.id}}


@dataclass(frozen=True)
class ScheduleAt:
    """A scheduled job as it is at an instant.

    Attributes:
        schedule: the scheduled job.
        last: (id, created) of the last job that it brought about, or None.
        following: its first tick after the instant, even if it is suspended; if there is none any more, its last one.
    """

    schedule: Schedule
    last: tuple[str, int] | None
    following: int


@dataclass(frozen=True)
class Template:
    """What the runs of a schedule have in common while nothing about it is changed.

    Attributes:
        seed: what every draw depends on.
        schedule: the id of the schedule.
        namespace: the name of its owner.
        spec: as `Job.spec`.
        labels: as `Job.labels`.
        about: as `Job.about`.
        rule: as `Job.rule`.
        outcome: what they do; it says how long they schedule and run, also where that is as the flavor says.
    """

    seed: int
    schedule: str
    namespace: str
    spec: Spec
    labels: Mapping[str, str]
    about: Mapping[str, object]
    rule: int | None
    outcome: Outcome

    def script(self, run_id: str) -> Script:
        """The script of one run."""
        return script_for(
            self.outcome,
            FLAVORS[0],  # the outcome leaves nothing to it
            seed=self.seed,
            key=run_id,
            printed=printed_by(command_words(self.spec)),
        )

    def job(self, run_id: str, plan: Plan) -> Job:
        """The job that one run is."""
        return Job(run_id, self.namespace, UNCOUNTED, plan, self.spec, self.labels, self.about, self.rule)


class Run(NamedTuple):
    """A job that a schedule brings about: what `Plan` says, and its id.

    Attributes:
        id: 24 hex digits.
        created: the tick.
        start: as `Plan.start`.
        end: as `Plan.end`.
        end_stage: the name of `Plan.end_stage`.
        message: as `Plan.message`.
        cancel_reason: as `Plan.cancel_reason`.
    """

    id: str
    created: int
    start: int
    end: int
    end_stage: str
    message: str | None
    cancel_reason: str | None


def settled(outcome: Outcome, flavor: Flavor) -> Outcome:
    """An outcome of a job without further attempts that leaves nothing to its flavor."""
    low, high = outcome.running or in_milliseconds(flavor.running)
    if outcome.running is None and outcome.timed_lines:
        # As `script_for`: every line is seen.
        last = outcome.timed_lines[-1][0]
        low, high = max(low, last), max(high, last)
    scheduling = outcome.scheduling or in_milliseconds(flavor.scheduling)
    return replace(outcome, scheduling=scheduling, running=(low, high), later=(), said=frozenset())


def run_ids(seed: int, schedule: str) -> Callable[[int], str]:
    """The id of the run at a tick: an ObjectId, as `fakejobs.model.draws.object_id` makes them, with a counter that counts minutes."""
    key = digest(seed, schedule, "runs")
    middle, first = key[:5].hex(), int.from_bytes(key[5:], "big")

    def run_id(tick: int) -> str:
        second = tick // 1000
        return f"{second % 2**32:08x}{middle}{(first + second // 60) % 2**24:06x}"

    return run_id


def planner(template: Template, quirks: Quirks) -> Callable[[int], Run]:
    """The run at a tick."""
    run_id = run_ids(template.seed, template.schedule)
    outcome, seed = template.outcome, template.seed
    scheduling, running, lag = outcome.scheduling, outcome.running, outcome.status_lag
    assert scheduling is not None
    assert running is not None
    draw_scheduling, draw_running = drawer(seed, "scheduling"), drawer(seed, "running")
    draw_lag = drawer(seed, "status lag")
    script = replace(template.script(run_id(0)), lines=(), status_lag=0)
    timeout = timeout_ms(template.spec)

    def plan(tick: int) -> Run:
        job_id = run_id(tick)
        waits = between(*scheduling, draw_scheduling(job_id))
        length = between(*running, draw_running(job_id))
        planned = plan_for(
            replace(script, scheduling=waits, running=length, status_lag=between(*lag, draw_lag(job_id))),
            template.spec,
            quirks,
            created=tick,
            start=min(tick + waits, NEVER),
        )
        return Run(
            job_id,
            tick,
            planned.start,
            planned.end,
            planned.end_stage.value,
            planned.message,
            planned.cancel_reason,
        )

    if script.image_pull_error or lag[1] or scheduling[1] + running[1] > timeout:
        return plan
    # Nothing is cut short: how a run ends is the same for all.
    usual = plan_for(replace(script, running=0), template.spec, quirks, created=0, start=0)
    ending = (usual.end_stage.value, usual.message, usual.cancel_reason)

    def plan_usual(tick: int) -> Run:
        job_id = run_id(tick)
        start = tick + between(*scheduling, draw_scheduling(job_id))
        end = start + between(*running, draw_running(job_id))
        return Run(job_id, tick, start, end, *ending)

    return plan_usual


def runs(
    cron: Cron, plan: Callable[[int], Run], *, concurrency: bool, since: int, free: int, until: int
) -> Iterator[Run]:
    """The runs after ``since``, up to and including ``until``, in order.

    Args:
        plan: what a run would be: see `planner`.
        concurrency: whether they may overlap. If not, a tick is skipped while the run before it is not over.
        free: when the job is over that the schedule brought about last.
    """
    if concurrency:
        yield from map(plan, cron.ticks(since, until))
        return
    while free <= until:
        for tick in cron.ticks(max(since, free - 1), until):
            if tick >= free:
                run = plan(tick)
                yield run
                since, free = tick, run.end
            elif free - tick > _A_WHILE:
                break  # rather than through every tick until then
        else:
            return


def last_run(
    cron: Cron,
    plan: Callable[[int], Run],
    *,
    concurrency: bool,
    since: int,
    free: int,
    until: int,
    lengths: tuple[int, int],
) -> Run | None:
    """The last of `runs`, without going through all of them where that can be helped.

    Where runs may not overlap, which ticks are skipped depends on all runs before. But going on from all the ticks at which there
    may have been a run a while ago, one soon comes to the same runs, whichever of them it was.

    Args:
        lengths: how long a run lasts from its tick on, at least and at most: see `run_lengths`.
    """
    if concurrency:
        tick = cron.last_until(until)
        return None if tick is None or tick <= since else plan(tick)
    steps = _Steps(cron, plan, *lengths)
    span, most = _A_WHILE // 24, _A_WHILE + 64 * lengths[1]
    while span <= most and (start := until - span - lengths[1]) > max(since, free):
        maybe = steps.first_after(start)
        while len(maybe) > 1 and max(maybe) <= until:
            tick = min(maybe)
            maybe.remove(tick)
            maybe.add(steps.following(tick))
        if len(maybe) == 1 and max(maybe) <= until:
            return plan(steps.last(maybe.pop(), until))
        span *= 4
    first = steps.next_from(max(since + 1, free))
    return None if first > until else plan(steps.last(first, until))


class _Steps:
    """From run to run, where they may not overlap."""

    def __init__(self, cron: Cron, plan: Callable[[int], Run], shortest: int, longest: int) -> None:
        self._cron = cron
        self._plan = plan
        self._shortest = shortest
        self._longest = longest

    def next_from(self, instant: int) -> int:
        """The first tick from ``instant`` on; `NEVER` if there is none."""
        tick = self._cron.next_after(instant - 1)
        return NEVER if tick is None else tick

    def following(self, tick: int) -> int:
        """The tick of the run after the one at ``tick``."""
        certain = self._certain(tick)
        return self._after(tick) if certain is None else certain

    def _after(self, tick: int) -> int:
        # A run that takes no time is over at its own tick, which is not the next one.
        return self.next_from(max(self._plan(tick).end, tick + 1))

    def first_after(self, start: int) -> set[int]:
        """Every tick that can be the first one after ``start`` with a run, whatever ran before."""
        ends = (self._plan(tick).end for tick in self._cron.ticks(start - self._longest, start))
        return {self.next_from(start + 1), *(self.next_from(end) for end in ends if end > start)}

    def last(self, tick: int, until: int) -> int:
        """The tick of the last run up to ``until``, beginning with the one at ``tick``."""
        before: dict[int, int] | None = {} if self._cron.every_day else None
        while True:
            following = self._certain(tick)
            if before is not None and following is not None:
                # The same time of another day: what is certain repeats itself.
                earlier = before.setdefault(tick % _A_WHILE, tick)
                if earlier < tick:
                    tick += (until - tick) // (tick - earlier) * (tick - earlier)
                    before = None
                    continue
            elif before:
                before = {}
            if following is None:
                following = self._after(tick)
            if following > until:
                return tick
            tick = following

    def _certain(self, tick: int) -> int | None:
        """As `following`, if that is the same however long the run is."""
        soonest = self.next_from(tick + max(self._shortest, 1))
        if soonest >= tick + self._longest or self._longest == self._shortest:
            return soonest
        return None


def run_lengths(template: Template, quirks: Quirks) -> tuple[int, int]:
    """How long a run lasts from its tick on, at least and at most; `NEVER` if it does not end."""
    outcome, script = template.outcome, replace(template.script(""), status_lag=0)
    assert outcome.scheduling is not None
    assert outcome.running is not None
    shortest, longest = (
        plan_for(replace(script, running=running), template.spec, quirks, created=0, start=scheduling).end
        for scheduling, running in zip(outcome.scheduling, outcome.running, strict=True)
    )
    # What its timeout cuts short does not lag behind; it is no longer for that.
    return shortest, min(longest + outcome.status_lag[1], NEVER)
