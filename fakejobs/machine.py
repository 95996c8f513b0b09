"""A state machine for Hypothesis to inherit: the fake against a model of twenty lines, and your client between them.

`JobsMachine` draws programs: it submits, cancels, duplicates, relabels, exposes, follows, lists, counts and inspects jobs, lets time pass,
and compares every answer with what its model says. Out of the box it speaks HTTP in process and so tests the fake. A subclass puts a client
in that place, by overriding the methods ``do_...``, and adds rules and invariants of its own; what then fails is shrunk to a short program.

    class MyClientMachine(JobsMachine):
        def do_inspect(self, job_id):
            return self.client.inspect(job_id)

    TestMyClient = MyClientMachine.TestCase
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, multiple, rule

from fakejobs.activation import activate
from fakejobs.drivers.inprocess import Call, ReadTimedOut, Reply
from fakejobs.errors import FakeJobsError
from fakejobs.generate.values import Body
from fakejobs.handle import FakeJobs
from fakejobs.machine_facts import UNTOLD, Seen, differences, expected, seen_in
from fakejobs.machine_model import Model, ModelJob, Then
from fakejobs.model.stages import JobStage
from fakejobs.strategies import create_bodies, labels
from fakejobs.wire.times import to_iso, to_iso_seconds, to_words
from fakejobs.wire.validate import problems

__all__ = ["UNTOLD", "Answer", "JobsMachine", "Model", "ModelJob", "Refused", "Seen", "Then", "outcomes"]

T = TypeVar("T")

PAGE = 100
"""Jobs on a page of a list (huggingface_hub#4395)."""

LONGEST_WAIT = 30 * 86_400_000
"""How far a rule lets time run to where a job starts or ends, in milliseconds."""

_STAGES = [stage.value for stage in JobStage]
_VERBS = ("inspect", "cancel", "duplicate", "relabel", "expose", "read_log", "follow")
_UNKNOWN_IDS = ("0" * 24, "f" * 24, "nonsense")
_BAD_LABELS: tuple[dict[str, str], ...] = ({"": "x"}, {"a b": "x"}, {"key": "ü"}, {"key": "a/b"}, {"k" * 101: ""}, {"key": "v" * 101})  # fmt: skip
_BAD_PORTS: tuple[dict[str, list[int]], ...] = ({"ports": [0]}, {"ports": [65536]}, {"ports": [8000] * 21}, {"ports": [8000], "portsPublic": [8001]})  # fmt: skip
_NEXT = re.compile(r'<([^<>]+)>; rel="next"')


class Refused(Exception):
    """The API answered with an error; raised by the default ``do_...`` methods.

    Attributes:
        status: its status.
        message: its text.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(f"{status}: {message}")


@dataclass(frozen=True)
class Answer:
    """An answer of the API.

    Attributes:
        status: its status.
        headers: its headers, by name in lower case.
        body: its JSON.
    """

    status: int
    headers: Mapping[str, str]
    body: Any


@st.composite
def outcomes(draw: st.DrawFn) -> Then:
    """What jobs are scripted to do: words of ``then`` (`fakejobs.model.outcomes.outcome_from`) that leave nothing to chance.

    Lengths are seconds, to the millisecond, or ``"forever"``, and logs have offsets, so that a model can tell what will be when. Simplest: a job that starts
    and ends at once.
    """
    then: dict[str, object] = {"scheduling": draw(_LENGTHS)}
    ending = draw(_ENDINGS)
    if "image_pull_error" in ending:
        return {**then, **ending}
    then["running"] = running = draw(_LENGTHS)
    longest = 3600 if running == "forever" else running
    assert isinstance(longest, (int, float))
    offsets = sorted(min(longest, offset) for offset in draw(_OFFSETS))
    if offsets:
        then["logs"] = [[offset, draw(_TEXTS)] for offset in offsets]
    return {**then, **ending}


_SECONDS = st.sampled_from((0, 5, 60, 3600, 0.001, 1.999, 1801))
_LENGTHS: st.SearchStrategy[object] = st.one_of(_SECONDS, st.just("forever"))
_OFFSETS = st.lists(_SECONDS, max_size=3)
_TEXTS = st.sampled_from(("a", "b", "", "100%|████| 3/3\r", "\x1b[31mé\u2028"))
_ENDINGS: st.SearchStrategy[Mapping[str, object]] = st.sampled_from(
    (
        {},
        {},
        {},
        {"exit_code": 1},
        {"exit_code": 52, "message": "the disk is full"},
        {"oom": True},
        {"image_pull_error": True},
        {"message": "done"},
        {"stage": "CANCELED"},
        {"stage": "CANCELED", "cancel_reason": "NO_CREDITS"},
        {"stage": "DELETED"},
    )
)


_SHORT: st.SearchStrategy[Body] = st.fixed_dictionaries(
    {"dockerImage": st.just("python:3.12"), "flavor": st.just("cpu-basic")},
    optional={
        "timeoutSeconds": st.sampled_from((60, 1, 3600)),
        "attempts": st.sampled_from((2, 3)),
        "labels": st.sampled_from(({"name": "train"}, {"name": "eval", "team": ""})),
    },
)


def _own(name: str) -> st.SearchStrategy[Any]:
    """The strategy that the machine has as this attribute, so that a subclass can have another."""
    return st.runner().flatmap(lambda machine: getattr(machine, name))


class JobsMachine(RuleBasedStateMachine):
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
    bodies: st.SearchStrategy[Body] = st.one_of(_SHORT, _SHORT, create_bodies())
    outcomes: st.SearchStrategy[Then] = outcomes()
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
                self._compare_list("at the end, the list", JobsMachine.do_list(self, (), {}), (), {})
        finally:
            self._activation.__exit__(*sys.exc_info())

    # What can be put in the place of ours

    def call(self, method: str, path: str, reply: str, body: object = None) -> Answer:
        """One request; every default ``do_...`` makes its requests here.

        Args:
            method: GET, POST, ...
            path: path and query.
            reply: the piece of the schema for the body of a 200.
            body: JSON to send.

        Raises:
            Refused: the answer is an error.
            AssertionError: the answer is none that the schema allows.
        """
        answer = self.send(method, path, body)
        if found := problems(reply if answer.status == 200 else "error", answer.body):
            wrong = "; ".join(f"{each.sentence} at {each.path or 'the root'}" for each in found)
            raise AssertionError(f"{method} {path} answers what the schema does not allow: {wrong}")
        if answer.status != 200:
            raise Refused(answer.status, answer.body["error"])
        return answer

    def send(self, method: str, path: str, body: object = None) -> Answer:
        """Send a request and read the answer: in process, without a client. Override it to test an HTTP library."""
        reply = self._request(method, path, b"" if body is None else json.dumps(body).encode())
        raw = b"".join(reply.chunks)
        headers = {key.lower(): value for key, value in reply.headers}
        return Answer(reply.status, headers, json.loads(raw))

    def do_submit(self, body: Body) -> object:
        """Submit a job; it must say at least the id."""
        return self.call("POST", self._path(), "job", body).body

    def do_duplicate(self, job_id: str) -> object:
        """Submit a job like another; it must say at least the id of the new one."""
        return self.call("POST", self._path(job_id, "duplicate"), "job").body

    def do_cancel(self, job_id: str) -> object:
        """Cancel a job."""
        return self.call("POST", self._path(job_id, "cancel"), "job").body

    def do_relabel(self, job_id: str, labels: dict[str, str]) -> object:
        """Replace the labels of a job."""
        return self.call("PUT", self._path(job_id, "labels"), "job", {"labels": labels}).body

    def do_expose(self, job_id: str, expose: dict[str, list[int]]) -> object:
        """Replace the ports of a job; ``expose`` has ``ports``, and perhaps ``portsPublic``."""
        return self.call("PUT", self._path(job_id, "expose"), "job", expose).body

    def do_inspect(self, job_id: str) -> object:
        """One job."""
        return self.call("GET", self._path(job_id), "job").body

    def do_list(self, stages: Sequence[str], labels: Mapping[str, str]) -> Iterable[object]:
        """All jobs in one of ``stages`` (none given: in any) with all of ``labels``, newest first, of all pages."""
        pairs = [("label", f"{key}={value}") for key, value in labels.items()]
        path = f"{self._path()}?{urlencode([*pairs, *(('stage', stage) for stage in stages)])}"
        found: list[object] = []
        while path:
            answer = self.call("GET", path, "job-list")
            following = _NEXT.fullmatch(answer.headers.get("link", ""))
            size = len(answer.body)
            assert size <= PAGE, f"a page of {size} jobs"
            assert following is None or size == PAGE, f"a page of {size} jobs, and another one follows"
            found += answer.body
            path = ""
            if following is not None:
                parts = urlsplit(following[1])
                path = f"{parts.path}?{parts.query}"
        return found

    def do_count(self, stages: Sequence[str]) -> int:
        """How many jobs there are in one of ``stages`` (none given: in any)."""
        query = urlencode([("stage", stage) for stage in stages])
        return int(self.call("GET", f"{self._path()}/count?{query}", "count").body["count"])

    def do_read_log(self, job_id: str, tail: int | None) -> list[str]:
        """The lines of a log so far, without the platform's own; the last ``tail`` if that is given. It does not wait for more."""
        return self._log(job_id, tail, wait=False)

    def do_follow(self, job_id: str, tail: int | None) -> list[str]:
        """The lines of a log until the job is over, without the platform's own; of those that are there already, the last ``tail``."""
        before, job = self.model.now, self.job(job_id)
        lines = self._log(job_id, tail, wait=True)
        if self.model.quirks.logs_while_scheduling == "hold" or job is None:
            return lines
        # The stream of a job that waits ends at once, so one has to come back.
        while (now := self.fake.hub.clock.now()) < job.end:
            self.fake.clock.advance(f"{_next_change(job, now) - now}ms")
            self._log(job_id, None, wait=True)
        lines, there = self._log(job_id, None, wait=True), self.model.log(job, before)
        count = sum(text is not None for _, text in there)
        return _last(lines[:count], tail) + lines[count:]

    def status_of(self, error: Exception) -> int | None:
        """The status that an error of the client stands for; None: it is no answer of the API, and the test fails with it.

        By default that of `Refused`, or ``error.response.status_code``, as the errors of httpx, requests and huggingface_hub have it.
        """
        if isinstance(error, Refused):
            return error.status
        status = getattr(getattr(error, "response", None), "status_code", None)
        return status if isinstance(status, int) else None

    # Rules

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

        def change() -> int:
            job.labels = dict(labels)
            return 200

        self._command("relabel", job, change, lambda: self.do_relabel(job.id, dict(labels)))

    @rule(job=jobs, labels=st.sampled_from(_BAD_LABELS))
    def relabel_badly(self, job: ModelJob, labels: dict[str, str]) -> None:
        """Try to give a job labels that are not allowed."""
        self._command("relabel", job, lambda: 400, lambda: self.do_relabel(job.id, dict(labels)))

    @rule(job=jobs, ports=st.lists(st.integers(1, 65535), max_size=3), public=st.booleans())
    def expose(self, job: ModelJob, ports: list[int], public: bool) -> None:
        """Replace the ports of a job, which has to run; with ``public``, the first is."""
        expose = {"ports": ports, "portsPublic": ports[:1]} if public else {"ports": ports}
        self._command(
            "expose", job, lambda: self.model.expose(job, expose), lambda: self.do_expose(job.id, expose)
        )

    @rule(job=jobs, expose=st.sampled_from(_BAD_PORTS))
    def expose_badly(self, job: ModelJob, expose: dict[str, list[int]]) -> None:
        """Try to expose ports that are not allowed."""
        self._command("expose", job, lambda: 400, lambda: self.do_expose(job.id, expose))

    @rule(job=jobs)
    def inspect(self, job: ModelJob) -> None:
        """Look at a job."""
        self._command("inspect", job, lambda: 200, lambda: self.do_inspect(job.id))

    @rule(verb=st.sampled_from(_VERBS), job_id=st.sampled_from(_UNKNOWN_IDS))
    def ask_for_unknown(self, verb: str, job_id: str) -> None:
        """Do something to a job that is not there."""
        asks: dict[str, Callable[[], object]] = {
            "inspect": lambda: self.do_inspect(job_id),
            "cancel": lambda: self.do_cancel(job_id),
            "duplicate": lambda: self.do_duplicate(job_id),
            "relabel": lambda: self.do_relabel(job_id, {}),
            "expose": lambda: self.do_expose(job_id, {"ports": [8000]}),
            "read_log": lambda: self.do_read_log(job_id, None),
            "follow": lambda: self.do_follow(job_id, None),
        }
        wanted = 404 if len(job_id) == 24 else int(self.model.quirks.malformed_job_id)
        self._ask(f"{verb} of {job_id}", wanted, asks[verb])

    @rule(
        stages=st.lists(st.sampled_from(_STAGES), max_size=2, unique=True),
        labels=st.runner().flatmap(lambda machine: machine._some_labels()),
    )
    def list_jobs(self, stages: list[str], labels: dict[str, str]) -> None:
        """List jobs, those of some stages or with some labels."""
        what = f"list of stages {stages} and labels {labels}"
        found = self._ask(what, 200, lambda: list(self.do_list(stages, labels)))
        if found is not None:
            self._compare_list(what, found, stages, labels)

    @rule(stages=st.lists(st.sampled_from(_STAGES), max_size=2, unique=True))
    def count(self, stages: list[str]) -> None:
        """Count jobs."""
        wanted = len(self.model.listed(stages))
        found = self._ask(f"count of stages {stages}", 200, lambda: self.do_count(stages))
        assert found is None or found == wanted, f"count of stages {stages}: expected {wanted}, seen {found}"

    @rule(job=jobs, tail=st.none() | st.integers(0, 3))
    def read_log(self, job: ModelJob, tail: int | None) -> None:
        """Read what a log has so far. The client may wait a little for more."""
        if not self._vanishes(job):
            before, what = self._take_time(), f"log of {job}, tail {tail}"
            found = self._ask(what, 200, lambda: list(self.do_read_log(job.id, tail)), may_wait=True)
            self._compare_log(what, job, found, before, self._take_time(), tail)

    @rule(job=jobs, tail=st.none() | st.integers(0, 3))
    def follow(self, job: ModelJob, tail: int | None) -> None:
        """Follow a log to its end, which takes the time that the job takes."""
        before, what = self._take_time(), f"following {job}, tail {tail}"
        if not self._vanishes(job) and job.end <= before + LONGEST_WAIT:
            found = self._ask(what, 200, lambda: list(self.do_follow(job.id, tail)), may_wait=True)
            assert self._take_time() >= job.end, f"{what}: it ended before the job did"
            self._compare_log(what, job, found, before, self.model.now, tail, whole=True)

    @rule(seconds=st.sampled_from((1, 0.001, 5, 60, 3600, 86400)) | st.integers(0, 7200))
    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._take_time()
        self._pass(round(seconds * 1000))

    @rule(job=jobs, before=st.sampled_from((0, 1)))
    def advance_to(self, job: ModelJob, before: int) -> None:
        """Let time pass to where the stage of a job changes, or to so many milliseconds before; unless that is past, or far away."""
        self._take_time()
        wait = _next_change(job, self.model.now + before) - before - self.model.now
        if wait <= LONGEST_WAIT:
            self._pass(int(wait))

    # How it is done

    def job(self, job_id: str) -> ModelJob | None:
        """The job of the model with this id."""
        return next((job for job in self.model.jobs if job.id == job_id), None)

    def _submit(self, body: Body, then: Then) -> ModelJob:
        self._script(then)
        answer = self._ask("submit", 200, lambda: self.do_submit(deepcopy(body)))
        seen = seen_in(answer)
        labels: Any = body.get("labels") or {}
        expose: Any = body.get("expose") or {}
        job = self.model.submit(self._new_id(seen), body, labels, expose, then)
        self._compare("submit", job, seen)
        return job

    def _script(self, then: Then) -> None:
        """Let the jobs that are submitted from now on do what ``then`` says."""
        if self._rule is not None:
            self.fake.hub.delete_rules(self._rule)
        words = (
            then if "image_pull_error" in then else {"logs": [], **then}
        )  # else the command says what is logged
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
        found: list[str] | None,
        before: int,
        after: int,
        tail: int | None,
        *,
        whole: bool = False,
    ) -> None:
        """Compare lines that somebody has read between two instants; ``whole``: all that came until the second."""
        there = [text for _, text in self.model.log(job, before) if text is not None]
        wanted = [text for _, text in self.model.log(job, after) if text is not None]
        coming = wanted[len(there) :]
        wanted = _last(there, tail) + coming
        least = len(wanted) if whole else len(wanted) - len(coming)
        if found is not None and (len(found) < least or found != wanted[: len(found)]):
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
        return job.ends_in == "DELETED" and self.model.quirks.deleted_jobs == "hidden"

    def _new_id(self, seen: Seen) -> str:
        if not isinstance(seen.id, str) or self.job(seen.id) is not None:
            raise AssertionError(f"a new job needs an id of its own, not {seen.id!r}")
        return seen.id

    def _some_labels(self) -> st.SearchStrategy[dict[str, str]]:
        """What a list can be filtered by: mostly labels that a job has."""
        own = [job.labels for job in self.model.jobs[-20:]]
        pairs = [{key: value} for each in own for key, value in each.items()]
        return st.sampled_from([{}, *pairs, *own, {"name": "nobody"}])

    def _path(self, *parts: str) -> str:
        return "/".join(["/api/jobs", *(quote(part) for part in (self.namespace, *parts))])

    def _request(self, method: str, path: str, body: bytes, read_timeout: float | None = None) -> Reply:
        headers = [("Authorization", f"Bearer {self.fake.token}"), ("Content-Type", "application/json")]
        call = Call(method, "https", "huggingface.co", 443, path, headers, body, read_timeout)
        reply = self.fake.answer(call)
        assert reply is not None, "this host is always the fake"
        return reply

    def _log(self, job_id: str, tail: int | None, *, wait: bool) -> list[str]:
        """Read the stream of a log, to its end or to where it would wait, and compare it, to the instant of each line."""
        before = self.fake.hub.clock.now()
        path = self._path(job_id, "logs") + ("" if tail is None else f"?tail={tail}")
        reply, raw = self._request("GET", path, b"", None if wait else 0), b""
        try:
            for chunk in reply.chunks:
                raw += chunk
        except ReadTimedOut:
            pass
        finally:
            reply.close()
        if reply.status != 200:
            raise Refused(reply.status, json.loads(raw)["error"])
        job = self.job(job_id)
        assert job is not None, f"there is a log of {job_id}, which nobody has submitted"
        frames = [
            json.loads(line[len("data: ") :])
            for line in raw.decode("ascii").split("\n")
            if line.startswith("data: ")
        ]
        for frame in frames:
            assert not (found := problems("log-event", frame)), f"{frame}: {found}"
        there, entries = self.model.log(job, before), self.model.log(job, self.fake.hub.clock.now())
        if tail is not None:  # the first start, the last lines, and what came
            lines = [entry for entry in there if entry[1] is not None]
            entries = there[:1] + _last(lines, tail) + entries[len(there) :]
        seen = [(frame["timestamp"], frame["data"]) for frame in frames]
        wanted = [_frame(at, text) for at, text in entries]
        assert seen == wanted, f"log of {job}, tail {tail}: expected {wanted}, seen {seen}"
        return [text for _, text in entries if text is not None]


def _frame(at: int, text: str | None) -> tuple[str, str]:
    if text is not None:
        return to_iso(at), text
    return to_iso_seconds(at), f"===== Job started at {to_words(at)} ====="


def _next_change(job: ModelJob, now: int) -> float:
    """The first instant after ``now`` at which an attempt starts or ends."""
    return min((at for attempt in job.attempts for at in attempt if at > now), default=inf)


def _last(lines: list[T], count: int | None) -> list[T]:
    return lines if count is None else lines[max(0, len(lines) - count) :]
