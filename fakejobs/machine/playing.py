"""What all rules of a machine need: the fake, the model, and how what both say is compared."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from fakejobs.activation import activate
from fakejobs.errors import FakeJobsError
from fakejobs.generate.values import Body
from fakejobs.handle import FakeJobs
from fakejobs.machine import programs
from fakejobs.machine.facts import (
    Seen,
    SeenSchedule,
    differences,
    expected,
    expected_schedule,
    schedule_seen_in,
    seen_in,
)
from fakejobs.machine.model import Model, ModelJob, ModelSchedule
from fakejobs.machine.over_http import OverHttp, last_of
from fakejobs.machine.scripted import Then
from fakejobs.model.times import to_iso
from fakejobs.strategies import create_bodies, labels

T = TypeVar("T")

LONGEST_WAIT = 30 * 86_400_000
"""How far a rule lets time run to where a job starts or ends, in milliseconds."""

MOST_TICKS = 50
"""How many ticks of schedules a rule lets pass; each may bring about a job, which all lists have from then on."""


def own(name: str) -> st.SearchStrategy[Any]:
    """The strategy that the machine has as this attribute, so that a subclass can have another."""
    return st.runner().flatmap(lambda machine: getattr(machine, name))


class Playing(OverHttp, RuleBasedStateMachine):
    """A fake and a model, and how they are compared. The attributes are those of `fakejobs.machine.JobsMachine`."""

    options: ClassVar[Mapping[str, Any]] = {}
    namespace: str = ""
    bodies: st.SearchStrategy[Body] = st.one_of(programs.SHORT_BODIES, programs.SHORT_BODIES, create_bodies())
    outcomes: st.SearchStrategy[Then] = programs.outcomes()
    labels: st.SearchStrategy[dict[str, str]] = labels()
    crons: st.SearchStrategy[str] = programs.SCHEDULES

    jobs: ClassVar[Bundle[ModelJob]] = Bundle("jobs")
    schedules: ClassVar[Bundle[ModelSchedule]] = Bundle("schedules")

    fake: FakeJobs
    model: Model

    def __init__(self) -> None:
        super().__init__()
        self._activation = activate(**self.options)
        self.fake = self._activation.__enter__()
        try:
            self._check_fake()
        except BaseException:
            self._activation.__exit__(*sys.exc_info())
            raise
        hub = self.fake.hub
        self.namespace = self.namespace or hub.settings.identity.users[0].name
        self.model = Model(hub.clock.now, hub.settings.quirks)
        self._rule: int | None = None

    def _check_fake(self) -> None:
        hub = self.fake.hub
        limited = [flavor.name for flavor in hub.hardware if flavor.capacity is not None]
        if limited := [*limited, *hub.settings.running_limits]:
            raise FakeJobsError(
                f"JobsMachine: its model knows no queues; take the limits from the scenario ({', '.join(limited)})"
            )
        if hub.count_all() or hub.all_scheduled_jobs():
            raise FakeJobsError(
                "JobsMachine: its model begins without jobs; take `jobs` and `scheduled_jobs` from the scenario"
            )

    def teardown(self) -> None:
        """Compare all jobs a last time, if nothing has failed, and let go of the fake. A subclass that overrides it calls it at the end."""
        try:
            if sys.exc_info()[0] is None:
                self._compare_list("at the end, the list", OverHttp.do_list(self, (), {}), (), {})
                if self.model.schedules:
                    schedules = OverHttp.do_list_schedules(self, None)
                    self._compare_schedules("at the end, the list of scheduled jobs", schedules, None)
        finally:
            self._activation.__exit__(*sys.exc_info())

    # Requests

    def _ask(self, what: str, wanted: int, ask: Callable[[], T], *, may_wait: bool = False) -> T | None:
        """Make a call and compare its status; returns what it returns, or None if it was refused, as it should be."""
        answer, status, cause = self._told(what, ask, may_wait=may_wait)
        if status != wanted:
            raise AssertionError(f"{what}: expected status {wanted}, seen {status}") from cause
        return answer

    def _told(
        self, what: str, ask: Callable[[], T], *, may_wait: bool = False
    ) -> tuple[T | None, int, Exception | None]:
        """Make a call; returns what it returns, or the status of its error and the error."""
        before = self.model.now
        answer: T | None = None
        status = 200
        cause: Exception | None = None
        try:
            answer = ask()
        except Exception as error:
            found = self.status_of(error)
            if found is None:
                raise
            status, cause = found, error
        if not may_wait and (moved := self.model.now - before):
            raise AssertionError(
                f"{what} took {moved / 1000:g} s of virtual time, so what it says is of no instant that could be compared; "
                "put calls that wait into rules of your own"
            )
        return answer, status, cause

    def _submit(self, body: Body, then: Then) -> ModelJob:
        self._script(then)
        body, labels = self._labelled(body)
        seen = seen_in(self._ask("submit", 200, lambda: self.do_submit(deepcopy(body))))
        job = self.model.submit(self._new_id(seen), body, labels, exposed(body), then)
        self._compare("submit", job, seen)
        return job

    def _labelled(self, body: Body) -> tuple[Body, dict[str, str]]:
        """A body without labels that are refused; and the labels."""
        labels: Any = body.get("labels") or {}
        return ({**body, "labels": {}}, {}) if self.model.refuses(labels) else (body, labels)

    def _script(self, then: Then) -> None:
        """Let the jobs that begin from now on do what ``then`` says."""
        if self._rule is not None:
            self.fake.hub.delete_rules(self._rule)
        # Without lines, the command would say what is logged.
        words = then if "image_pull_error" in then else {"logs": [], **then}
        self._rule = self.fake.hub.when().then(**words).id
        self.model.let(then)

    def _command(
        self, verb: str, job: ModelJob, change: Callable[[], int], ask: Callable[[], object]
    ) -> None:
        what = f"{verb} of {job}"
        wanted = change() if self.model.visible(job) else 404
        answer = self._ask(what, wanted, ask)
        if wanted == 200:
            self._compare(what, job, seen_in(answer))

    # Comparisons

    def _compare(self, what: str, job: ModelJob, seen: Seen) -> None:
        self._agree(what, expected(self.model, job), seen)

    def _compare_schedule(self, what: str, schedule: ModelSchedule, answer: object) -> None:
        last = self.model.last_of(schedule)
        if last is not None and not last.id:
            self._name_jobs()
        self._agree(what, expected_schedule(self.model, schedule), schedule_seen_in(answer))

    def _agree(self, what: str, wanted: Seen | SeenSchedule, seen: Seen | SeenSchedule) -> None:
        if lines := differences(wanted, seen):
            raise AssertionError("\n".join([f"{what}, at {to_iso(self.model.now)}:", *lines]))

    def _compare_list(
        self, what: str, found: Iterable[object], stages: Sequence[str], labels: Mapping[str, str]
    ) -> None:
        self._name_jobs()
        wanted, seen = self.model.listed(stages, labels), [seen_in(each) for each in found]
        ids = [job.id for job in wanted]
        if [each.id for each in seen] != ids:
            raise AssertionError(f"{what}: expected {ids}, seen {[each.id for each in seen]}")
        for job, each in zip(wanted, seen, strict=True):
            self._compare(what, job, each)

    def _compare_schedules(self, what: str, found: Iterable[object], label: tuple[str, str] | None) -> None:
        wanted = [each for each in self.model.schedules if label is None or label in each.labels.items()]
        wanted.sort(key=lambda each: (each.created, each.id), reverse=True)
        seen = [schedule_seen_in(each) for each in found]
        ids = [each.id for each in wanted]
        if [each.id for each in seen] != ids:
            raise AssertionError(f"{what}: expected {ids}, seen {[each.id for each in seen]}")
        for schedule, each in zip(wanted, seen, strict=True):
            self._compare_schedule(what, schedule, each)

    def _compare_log(
        self,
        what: str,
        job: ModelJob,
        found: list[str],
        before: int,
        tail: int | None,
        *,
        whole: bool = False,
    ) -> None:
        """Compare lines that somebody has read from an instant until now; ``whole``: all that came, and not only the first of it."""
        there = [text for _, text in self.model.log(job, before) if text is not None]
        by_now = [text for _, text in self.model.log(job, self.model.now) if text is not None]
        already = last_of(there, tail)
        wanted = already + by_now[len(there) :]
        least = len(wanted) if whole else len(already)
        if len(found) < least or found != wanted[: len(found)]:
            raise AssertionError(f"{what}: expected {wanted}, seen {found}")

    def _name_jobs(self) -> None:
        """Tell the model the ids of the jobs that nobody has heard of: by what has brought them about, and when."""
        nameless = [job for job in self.model.jobs if not job.id]
        if not nameless:
            return
        known = {job.id for job in self.model.jobs}
        found = [seen.job for seen in self.fake.hub.all_jobs() if seen.job.id not in known]
        for job in nameless:
            for each in found:
                initiator: Any = each.about["initiator"]
                by = initiator["id"] if initiator["type"] == "scheduled-job" else None
                if (by, each.plan.created) == (job.scheduled_by, job.created):
                    job.id = each.id
                    found.remove(each)
                    break

    # Time

    @rule(seconds=st.sampled_from((1, 0.001, 5, 60, 3600, 86400)) | st.integers(0, 7200))
    def advance(self, seconds: float) -> None:
        """Let time pass; only a minute, if schedules would bring about too many jobs."""
        milliseconds = round(seconds * 1000)
        self._pass(milliseconds if self._is_soon(self.model.now + milliseconds) else 60_000)

    def _pass(self, milliseconds: int) -> None:
        before = self.model.now
        self.fake.clock.advance(f"{milliseconds}ms")
        assert self.model.now == before + milliseconds, "the fake's clock is not where it was put"

    def _is_soon(self, instant: float) -> bool:
        """Whether a program may wait for an instant."""
        return instant <= self.model.now + LONGEST_WAIT and self.model.ticks_until(instant) <= MOST_TICKS

    # Jobs

    def _vanishes(self, job: ModelJob) -> bool:
        """Whether a job is hidden once it is over; what becomes of its log then is not said."""
        return job.ending.stage == "DELETED" and self.model.quirks.deleted_jobs == "hidden"

    def _new_id(self, seen: Seen) -> str:
        if not isinstance(seen.id, str) or self.model.job(seen.id) is not None:
            raise AssertionError(f"a new job needs an id of its own, not {seen.id!r}")
        return seen.id

    def _some_labels(self) -> st.SearchStrategy[dict[str, str]]:
        """What a list can be filtered by: mostly labels that a job has."""
        mine = [job.labels for job in self.model.jobs[-20:]]
        pairs = [{key: value} for each in mine for key, value in each.items()]
        return st.sampled_from([{}, *pairs, *mine, {"name": "nobody"}])


def exposed(body: Body) -> Any:
    """The ports of a body."""
    return body.get("expose") or {}
