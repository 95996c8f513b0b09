"""The machine: programs that use Jobs, played on a fake and on a model, and what both say compared."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, multiple, rule

from fakejobs.activation import activate
from fakejobs.errors import FakeJobsError
from fakejobs.generate.values import Body
from fakejobs.handle import FakeJobs
from fakejobs.machine import programs
from fakejobs.machine.facts import Seen, differences, expected, seen_in
from fakejobs.machine.model import Model, ModelJob
from fakejobs.machine.over_http import PAGE, OverHttp, last
from fakejobs.machine.scripted import Then
from fakejobs.strategies import create_bodies, labels
from fakejobs.wire.times import to_iso

T = TypeVar("T")

LONGEST_WAIT = 30 * 86_400_000
"""How far a rule lets time run to where a job starts or ends, in milliseconds."""


def _own(name: str) -> st.SearchStrategy[Any]:
    """The strategy that the machine has as this attribute, so that a subclass can have another."""
    return st.runner().flatmap(lambda machine: getattr(machine, name))


_ASKS: Mapping[str, Callable[[OverHttp, str], object]] = {
    "inspect": lambda client, job_id: client.do_inspect(job_id),
    "cancel": lambda client, job_id: client.do_cancel(job_id),
    "duplicate": lambda client, job_id: client.do_duplicate(job_id),
    "relabel": lambda client, job_id: client.do_relabel(job_id, {}),
    "expose": lambda client, job_id: client.do_expose(job_id, {"ports": [8000]}),
    "read_log": lambda client, job_id: list(client.do_read_log(job_id, None)),
    "follow": lambda client, job_id: list(client.do_follow(job_id, None)),
}
"""What can be done to a job by its id alone."""


class JobsMachine(OverHttp, RuleBasedStateMachine):
    """Programs that use Jobs, played on a fake and on a model.

    To put a client in the place of ours, override methods ``do_...``: those that the client has; the others go on speaking HTTP. They
    return what the client says: a body of the API, an object with the attributes of huggingface_hub's ``JobInfo``, a `Seen`, or None.
    An error of the client is compared by its status: see `status_of`. To leave a rule out, set it to None.

    Attributes:
        options: words for `fakejobs.activate`: ``seed``, ``quirks``, ``user``, ``start``, ...
        namespace: whose jobs; empty: those of the user who is logged in.
        bodies: strategy of what is submitted: mostly short bodies whose timeouts and attempts matter, and all that `create_bodies` yields.
        outcomes: strategy of what jobs do.
        labels: strategy of what they are labelled with.
        fake: the fake, with client, clock and rules; a new one for each program. It is in place from ``__init__`` on.
        model: the model.
        jobs: the bundle of the jobs that were submitted, each a `ModelJob`.
    """

    options: ClassVar[Mapping[str, Any]] = {}
    namespace: str = ""
    bodies: st.SearchStrategy[Body] = st.one_of(programs.SHORT_BODIES, programs.SHORT_BODIES, create_bodies())
    outcomes: st.SearchStrategy[Then] = programs.outcomes()
    labels: st.SearchStrategy[dict[str, str]] = labels()

    jobs: ClassVar[Bundle[ModelJob]] = Bundle("jobs")

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
        self.model = Model(hub.clock.now(), hub.settings.quirks)
        self._rule: int | None = None

    def _check_fake(self) -> None:
        hub = self.fake.hub
        limited = [flavor.name for flavor in hub.hardware if flavor.capacity is not None]
        if limited := [*limited, *hub.settings.running_limits]:
            raise FakeJobsError(
                f"JobsMachine: its model knows no queues; take the limits from the scenario ({', '.join(limited)})"
            )
        if hub.count_all():
            raise FakeJobsError("JobsMachine: its model begins without jobs; take `jobs` from the scenario")

    def teardown(self) -> None:
        """Compare all jobs a last time, if nothing has failed, and let go of the fake. A subclass that overrides it calls it at the end."""
        try:
            if sys.exc_info()[0] is None:
                self._take_time()
                self._compare_list("at the end, the list", OverHttp.do_list(self, (), {}), (), {})
        finally:
            self._activation.__exit__(*sys.exc_info())

    # Commands

    @rule(target=jobs, body=_own("bodies"), then=_own("outcomes"))
    def submit(self, body: Body, then: Then) -> ModelJob:
        """Submit a job, which does what ``then`` says."""
        return self._submit(body, then)

    @rule(
        target=jobs,
        body=_own("bodies"),
        then=_own("outcomes"),
        count=st.sampled_from((2,) * 10 + (3,) * 9 + (PAGE + 1,)),
    )
    def submit_many(self, body: Body, then: Then, count: int) -> MultipleResults[ModelJob]:
        """Submit several jobs at one instant; sometimes, more than fit on a page."""
        made = [self._submit(body, then) for _ in range(count)]
        return multiple(made[0], made[-1])

    @rule(target=jobs, job=jobs, then=_own("outcomes"))
    def duplicate(self, job: ModelJob, then: Then) -> ModelJob | MultipleResults[ModelJob]:
        """Submit a job like another one."""
        wanted = 200 if self.model.visible(job) else 404
        self._script(then)
        answer = self._ask(f"duplicate of {job}", wanted, lambda: self.do_duplicate(job.id))
        if wanted != 200:
            return multiple()
        seen = seen_in(answer)
        made = self.model.submit(self._new_id(seen), job.body, job.labels, job.expose, then)
        made.duplicate_of = job.id
        self._compare(f"duplicate of {job}", made, seen)
        return made

    @rule(job=jobs)
    def cancel(self, job: ModelJob) -> None:
        """Cancel a job, whatever its stage."""
        self._command("cancel", job, lambda: self.model.cancel(job), lambda: self.do_cancel(job.id))

    @rule(job=jobs, labels=_own("labels"))
    def relabel(self, job: ModelJob, labels: dict[str, str]) -> None:
        """Replace the labels of a job."""
        self._command(
            "relabel",
            job,
            lambda: self.model.relabel(job, labels),
            lambda: self.do_relabel(job.id, dict(labels)),
        )

    @rule(job=jobs, labels=programs.BAD_LABELS)
    def relabel_badly(self, job: ModelJob, labels: dict[str, str]) -> None:
        """Try to give a job labels that are not allowed."""
        self._command("relabel", job, lambda: 400, lambda: self.do_relabel(job.id, dict(labels)))

    @rule(job=jobs, expose=programs.PORTS)
    def expose(self, job: ModelJob, expose: dict[str, list[int]]) -> None:
        """Replace the ports of a job, which has to run."""
        self._command(
            "expose", job, lambda: self.model.expose(job, expose), lambda: self.do_expose(job.id, expose)
        )

    @rule(job=jobs, expose=programs.BAD_PORTS)
    def expose_badly(self, job: ModelJob, expose: dict[str, list[int]]) -> None:
        """Try to expose ports that are not allowed."""
        self._command("expose", job, lambda: 400, lambda: self.do_expose(job.id, expose))

    # Questions

    @rule(job=jobs)
    def inspect(self, job: ModelJob) -> None:
        """Look at a job."""
        self._command("inspect", job, lambda: 200, lambda: self.do_inspect(job.id))

    @rule(verb=st.sampled_from(list(_ASKS)), job_id=programs.UNKNOWN_IDS)
    def ask_for_unknown(self, verb: str, job_id: str) -> None:
        """Do something to a job that is not there."""
        wanted = 404 if len(job_id) == 24 else int(self.model.quirks.malformed_job_id)
        self._ask(f"{verb} of {job_id}", wanted, lambda: _ASKS[verb](self, job_id))

    @rule(stages=programs.STAGES, labels=st.runner().flatmap(lambda machine: machine._some_labels()))
    def list_jobs(self, stages: list[str], labels: dict[str, str]) -> None:
        """List jobs, those of some stages or with some labels."""
        what = f"list of stages {stages} and labels {labels}"
        found = self._ask(what, 200, lambda: list(self.do_list(stages, labels)))
        self._compare_list(what, found or [], stages, labels)

    @rule(stages=programs.STAGES)
    def count(self, stages: list[str]) -> None:
        """Count jobs."""
        wanted = len(self.model.listed(stages))
        found = self._ask(f"count of stages {stages}", 200, lambda: self.do_count(stages))
        assert found == wanted, f"count of stages {stages}: expected {wanted}, seen {found}"

    @rule(job=jobs, tail=programs.TAILS)
    def read_log(self, job: ModelJob, tail: int | None) -> None:
        """Read what a log has so far. The client may wait a little for more."""
        if not self._vanishes(job):
            before, what = self._take_time(), f"log of {job}, tail {tail}"
            found = self._ask(what, 200, lambda: list(self.do_read_log(job.id, tail)), may_wait=True)
            self._compare_log(what, job, found or [], before, tail)

    @rule(job=jobs, tail=programs.TAILS)
    def follow(self, job: ModelJob, tail: int | None) -> None:
        """Follow a log to its end, which takes the time that the job takes."""
        before, what = self._take_time(), f"following {job}, tail {tail}"
        # With the quirk "close", the stream of a job that waits, now or between two attempts, ends at once.
        waits = before < min(job.attempts[-1][0], job.end)
        closes = waits and self.model.quirks.logs_while_scheduling == "close"
        if self._vanishes(job) or closes or job.end > before + LONGEST_WAIT:
            return
        found = self._ask(what, 200, lambda: list(self.do_follow(job.id, tail)), may_wait=True)
        assert self._take_time() >= job.end, f"{what}: it ended before the job did"
        self._compare_log(what, job, found or [], before, tail, whole=True)

    # Time

    @rule(seconds=st.sampled_from((1, 0.001, 5, 60, 3600, 86400)) | st.integers(0, 7200))
    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._take_time()
        self._pass(round(seconds * 1000))

    @rule(job=jobs, before=st.sampled_from((0, 1)))
    def advance_to(self, job: ModelJob, before: int) -> None:
        """Let time pass to where the stage of a job changes, or to so many milliseconds before; unless that is past, or far away."""
        now = self._take_time()
        wait = job.next_change(now + before) - before - now
        if wait <= LONGEST_WAIT:
            self._pass(int(wait))

    # How it is done

    def _submit(self, body: Body, then: Then) -> ModelJob:
        self._script(then)
        labels: Any = body.get("labels") or {}
        if self.model.refuses(labels):
            labels, body = {}, {**body, "labels": {}}
        seen = seen_in(self._ask("submit", 200, lambda: self.do_submit(deepcopy(body))))
        expose: Any = body.get("expose") or {}
        job = self.model.submit(self._new_id(seen), body, labels, expose, then)
        self._compare("submit", job, seen)
        return job

    def _script(self, then: Then) -> None:
        """Let the jobs that are submitted from now on do what ``then`` says."""
        if self._rule is not None:
            self.fake.hub.delete_rules(self._rule)
        # Without lines, the command would say what is logged.
        words = then if "image_pull_error" in then else {"logs": [], **then}
        self._rule = self.fake.hub.when().then(**words).id

    def _command(
        self, verb: str, job: ModelJob, change: Callable[[], int], ask: Callable[[], object]
    ) -> None:
        self._take_time()
        what = f"{verb} of {job}"
        wanted = change() if self.model.visible(job) else 404
        answer = self._ask(what, wanted, ask)
        if wanted == 200:
            self._compare(what, job, seen_in(answer))

    def _ask(self, what: str, wanted: int, ask: Callable[[], T], *, may_wait: bool = False) -> T | None:
        """Make a call and compare its status; returns what it returns, or None if it was refused, as it should be."""
        self._take_time()
        answer, status, cause = None, 200, None
        try:
            answer = ask()
        except Exception as error:
            found = self.status_of(error)
            if found is None:
                raise
            status, cause = found, error
        if not may_wait and (moved := self.fake.hub.clock.now() - self.model.now):
            raise AssertionError(
                f"{what} took {moved / 1000:g} s of virtual time, so what it says is of no instant that could be compared; "
                "put calls that wait into rules of your own"
            )
        if status != wanted:
            raise AssertionError(f"{what}: expected status {wanted}, seen {status}") from cause
        return answer

    def _compare(self, what: str, job: ModelJob, seen: Seen) -> None:
        if found := differences(expected(self.model, job), seen):
            raise AssertionError("\n".join([f"{what}, at {to_iso(self.model.now)}:", *found]))

    def _compare_list(
        self, what: str, found: Iterable[object], stages: Sequence[str], labels: Mapping[str, str]
    ) -> None:
        wanted, seen = self.model.listed(stages, labels), [seen_in(each) for each in found]
        ids = [job.id for job in wanted]
        if [each.id for each in seen] != ids:
            raise AssertionError(f"{what}: expected {ids}, seen {[each.id for each in seen]}")
        for job, each in zip(wanted, seen, strict=True):
            self._compare(what, job, each)

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
        by_now = [text for _, text in self.model.log(job, self._take_time()) if text is not None]
        already = last(there, tail)
        wanted = already + by_now[len(there) :]
        least = len(wanted) if whole else len(already)
        if len(found) < least or found != wanted[: len(found)]:
            raise AssertionError(f"{what}: expected {wanted}, seen {found}")

    def _take_time(self) -> int:
        """Let the model's clock follow the fake's, which rules of a subclass may have moved."""
        self.model.now = self.fake.hub.clock.now()
        return self.model.now

    def _pass(self, milliseconds: int) -> None:
        self.fake.clock.advance(f"{milliseconds}ms")
        self.model.now += milliseconds
        assert self.fake.hub.clock.now() == self.model.now, "the fake's clock is not where it was put"

    def _vanishes(self, job: ModelJob) -> bool:
        """Whether a job is hidden once it is over; what becomes of its log then is not said."""
        return job.ending.stage == "DELETED" and self.model.quirks.deleted_jobs == "hidden"

    def _new_id(self, seen: Seen) -> str:
        if not isinstance(seen.id, str) or self.model.job(seen.id) is not None:
            raise AssertionError(f"a new job needs an id of its own, not {seen.id!r}")
        return seen.id

    def _some_labels(self) -> st.SearchStrategy[dict[str, str]]:
        """What a list can be filtered by: mostly labels that a job has."""
        own = [job.labels for job in self.model.jobs[-20:]]
        pairs = [{key: value} for each in own for key, value in each.items()]
        return st.sampled_from([{}, *pairs, *own, {"name": "nobody"}])
