"""What a fact tries a server with: requests that are kept safe, jobs that are cleaned up, and what was expected and seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast
from urllib.parse import quote, urlencode

from fakejobs.contract.verify.money import Purse, attempts_of, timeout_of
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.server import Pace
from fakejobs.contract.verify.stream import Reading
from fakejobs.contract.verify.transport import Answer, NoAnswer, NotAsExpected, Transport
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import TERMINAL
from fakejobs.wire.json_types import Json
from fakejobs.wire.pieces import FLAVORS
from fakejobs.wire.redact import HIDDEN
from fakejobs.wire.times import from_iso

MARK = "fakejobs-verify"
"""The label of every job that a run submits; its value is the run's id."""

OVER = frozenset(stage.value for stage in TERMINAL)
GONE = "0" * 24
"""The id of no job."""

ABSENT = "(absent)"
"""What is expected or seen of a key that is not there."""

LEAVE_OUT = object()
"""Instead of a value in the body of a job: without this key."""

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Difference:
    """Something that is not as a fact says.

    Attributes:
        what: of what.
        expected: by the fact, and the quirks that were assumed.
        seen: on the server.
        quirk: the quirk that decides it, if one does.
        matches: the values of that quirk which would have been right.
    """

    what: str
    expected: str
    seen: str
    quirk: str = ""
    matches: tuple[str, ...] = ()


class Undecided(Exception):
    """A fact that this server gives no occasion to try; the message says why."""


@dataclass(frozen=True)
class Life:
    """A job from its submission to its end.

    Attributes:
        created: the answer to its submission.
        seen: every answer of asking for it, in order, to the first that it was over in, if it was.
    """

    created: Answer
    seen: tuple[Answer, ...]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.created.object["id"])

    @property
    def final(self) -> dict[str, Json]:
        """The job at its end, or as it was seen last.

        Raises:
            NotAsExpected: it was not over in time.
        """
        job = self.seen[-1].object
        if stage_of(job) not in OVER:
            raise NotAsExpected("a job that ends", f"{stage_of(job)} after a long time")
        return job

    @property
    def stages(self) -> list[str]:
        """The stages that it was seen in, in order, without repetitions."""
        stages = [stage_of(answer.object) for answer in (self.created, *self.seen)]
        return [stage for number, stage in enumerate(stages) if number == 0 or stages[number - 1] != stage]

    def first_in(self, stage: str) -> dict[str, Json]:
        """The job as it was when it was first seen in ``stage``.

        Raises:
            NotAsExpected: it never was.
        """
        for answer in (self.created, *self.seen):
            if stage_of(answer.object) == stage:
                return answer.object
        raise NotAsExpected(f"a job that is seen in {stage}", " → ".join(self.stages))


@dataclass
class _Submitted:
    id: str
    flavor: str
    created: int
    shared: bool
    over: bool = False


@dataclass
class Trial:
    """What one fact has found out so far.

    Attributes:
        differences: what is not as expected.
        compared: how many things were compared.
        submitted: how many requests for a job were sent.
    """

    differences: list[Difference] = field(default_factory=list)
    compared: int = 0
    submitted: int = 0


class Probe:
    """A server, as facts try it.

    Args:
        transport: how it is reached.
        token: whose jobs they are.
        namespace: where jobs are submitted.
        me: the answer of whoami-v2.
        quirks: what is expected where nothing is certain.
        pace: how time passes there.
        purse: what may be spent.
        run_id: the value of the label `MARK`: short, of lower-case letters and digits.
        foreign: a namespace of somebody else, in which the token may do nothing.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        token: str,
        namespace: str,
        me: Mapping[str, Json],
        quirks: Quirks,
        pace: Pace,
        purse: Purse,
        run_id: str,
        foreign: str | None = None,
    ) -> None:
        self.namespace = namespace
        self.me = me
        self.quirks = quirks
        self.run_id = run_id
        self.foreign = foreign
        self.purse = purse
        self.trial = Trial()
        self._transport = transport
        self._token = token
        self._pace = pace
        self._jobs: dict[str, _Submitted] = {}
        self._once: dict[str, object] = {}
        self._making_shared = False
        self._reservations = 0

    # ------------------------------------------------------------------------------------------ requests

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._transport.url

    @property
    def made(self) -> frozenset[str]:
        """The names of what `once` has made."""
        return frozenset(self._once)

    @property
    def jobs_path(self) -> str:
        """``/api/jobs/{namespace}``."""
        return f"/api/jobs/{quote(self.namespace, safe='')}"

    def send(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        token: str | None = "",
        raw: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """One request to any path.

        Args:
            method: GET, POST, ...
            target: path and query.
            body: JSON to send; None: no body.
            token: another token; None: none.
            raw: bytes to send as body instead.
            content_type: what they are said to be.
        """
        payload = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = self._headers(self._token if token == "" else token)
        if payload is not None:
            headers["Content-Type"] = content_type
        return self._transport.send(method, target, headers, payload)

    def get(self, path: str, **query: Sequence[str]) -> Answer:
        """GET below ``/api/jobs/{namespace}``; a query parameter has a list of values."""
        return self.send("GET", self._below(path, query))

    def post(self, path: str, body: object = None) -> Answer:
        """POST below ``/api/jobs/{namespace}``. New jobs come from `submit` and `duplicate`, which keep account of them."""
        assert path, "this would make a job that nobody cancels"
        answer = self.send("POST", self._below(path), body)
        self._note_end(answer)
        return answer

    def put(self, path: str, body: object) -> Answer:
        """PUT below ``/api/jobs/{namespace}``."""
        return self.send("PUT", self._below(path), body)

    def follow(self, path: str, **query: Sequence[str]) -> Reading:
        """GET a stream below ``/api/jobs/{namespace}``; to be used in a ``with`` block."""
        headers = {**self._headers(self._token), "Accept": "text/event-stream"}
        return Reading(self._transport.follow(self._below(path, query), headers))

    def _below(self, path: str, query: Mapping[str, Sequence[str]] | None = None) -> str:
        search = urlencode([(name, value) for name, values in (query or {}).items() for value in values])
        return f"{self.jobs_path}{path}{'?' + search if search else ''}"

    def _headers(self, token: str | None) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "fakejobs-verify"}
        return headers if token is None else {**headers, "Authorization": f"Bearer {token}"}

    # ---------------------------------------------------------------------------------------------- jobs

    def body(self, program: str, **changes: object) -> dict[str, object]:
        """The body of a job: cpu-basic, two minutes at most, labelled; with ``changes`` (`LEAVE_OUT`: without a key)."""
        runs = PROGRAMS[program]
        body: dict[str, object] = {
            "flavor": "cpu-basic",
            "dockerImage": runs.image,
            "command": list(runs.command),
            "timeoutSeconds": 120,
            **changes,
        }
        labels = changes.get("labels")
        body["labels"] = {MARK: self.run_id, **labels} if isinstance(labels, dict) else {MARK: self.run_id}
        return {key: value for key, value in body.items() if value is not LEAVE_OUT}

    def submit(self, program: str, **changes: object) -> Answer:
        """Ask for a job; `body` says what is asked for.

        Raises:
            TooDear: it could cost more than is left; then nothing is sent.
        """
        return self.submit_as_it_is(self.body(program, **changes))

    def submit_as_it_is(self, body: Mapping[str, object]) -> Answer:
        """The same with a whole body."""
        flavor = str(body.get("flavor", "cpu-basic"))
        priced = flavor if flavor in FLAVORS else "cpu-basic"  # what is no flavor is refused
        cost = self.purse.upper(
            priced, timeout_of(body), attempts=attempts_of(body), exposed="expose" in body
        )
        return self._make("", body, cost, priced)

    def duplicate(self, job_id: str) -> Answer:
        """Ask for a job like another of `body`.

        Raises:
            TooDear: as for `submit`.
        """
        return self._make(
            f"/{job_id}/duplicate", None, self.purse.upper("cpu-basic", 120, attempts=3, exposed=True)
        )

    def _make(self, path: str, body: object, cost: int, flavor: str = "cpu-basic") -> Answer:
        self.purse.check(cost)
        self._reservations += 1
        key = f"request {self._reservations}"
        self.purse.hold(key, cost)  # it stays so if no answer comes: there may be a job
        self.trial.submitted += 1
        answer = self.send("POST", self._below(path), body)
        if self._take_in(answer, flavor):
            self.purse.rename(key, str(answer.object["id"]))
        else:
            self.purse.release(key)
        return answer

    def new(self, program: str, **changes: object) -> str:
        """The id of a new job.

        Raises:
            NotAsExpected: it was refused.
        """
        return self.id_of(self.submit(program, **changes))

    def id_of(self, answer: Answer) -> str:
        """The id of the job in ``answer``."""
        return str(answer.object["id"])

    def job(self, job_id: str) -> dict[str, Json]:
        """A job, as it is now."""
        answer = self.get(f"/{job_id}")
        self._note_end(answer)
        return answer.object

    def once(self, name: str, make: Callable[[], _Made]) -> _Made:
        """What ``make`` made when it was first asked for, for all facts; its jobs are kept to the end of the run."""
        if name not in self._once:
            self._making_shared = True
            try:
                self._once[name] = make()
            finally:
                self._making_shared = False
        return cast("_Made", self._once[name])

    def life(self, program: str, *, limit: float = 400, **changes: object) -> Life:
        """A job that runs ``program``, watched to its end."""
        created = self.submit(program, **changes)
        return Life(created, tuple(self.watch(self.id_of(created), OVER, limit=limit)))

    def watch(self, job_id: str, stages: frozenset[str] | set[str], *, limit: float = 300) -> list[Answer]:
        """Ask for a job about once a second until it is in one of ``stages``, at most ``limit`` seconds; every answer."""
        answers = [self.get(f"/{job_id}")]
        until, step = self._pace.elapsed() + limit, 1.0
        while stage_of(answers[-1].object) not in stages and self._pace.elapsed() < until:
            self._pace.pause(step)
            if len(answers) >= 40:
                step = min(step * 1.5, 20.0)
            answers.append(self.get(f"/{job_id}"))
        self._note_end(answers[-1])
        return answers

    def running(self, program: str, **changes: object) -> str:
        """The id of a new job that runs.

        Raises:
            NotAsExpected: it does not run in time.
        """
        job_id = self.new(program, **changes)
        answers = self.watch(job_id, {"RUNNING", *OVER})
        if stage_of(answers[-1].object) != "RUNNING":
            raise NotAsExpected("a job that runs", stage_of(answers[-1].object))
        return job_id

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self._pace.pause(seconds)

    # ------------------------------------------------------------------------------ what is expected and seen

    def same(self, what: str, expected: object, seen: object) -> None:
        """Compare; types count, and the order of keys does not."""
        self.trial.compared += 1
        if expected != seen or type(expected) is not type(seen):
            self.differs(what, expected, seen)

    def holds(self, what: str, expected: str, seen: object, yes: bool) -> None:
        """Something that no single value says."""
        self.trial.compared += 1
        if not yes:
            self.differs(what, expected, seen)

    def by_quirk(self, name: str, what: str, choices: Mapping[str, object], seen: object) -> None:
        """Compare with what follows from the value of a quirk: ``choices`` has it for each."""
        expected = choices[getattr(self.quirks, name)]
        self.trial.compared += 1
        if expected != seen or type(expected) is not type(seen):
            matches = tuple(value for value, each in choices.items() if each == seen)
            self._found(Difference(what, said(expected), said(seen), name, matches))

    def text_of_quirk(self, name: str, what: str, seen: str | None) -> None:
        """Compare with the text that a quirk holds; empty stands for none."""
        expected = getattr(self.quirks, name) or None
        self.trial.compared += 1
        if expected != seen:
            self._found(Difference(what, said(expected), said(seen), name, (seen or "",)))

    def differs(self, what: str, expected: object, seen: object) -> None:
        """Note a difference."""
        self._found(Difference(what, said(expected), said(seen)))

    def _found(self, difference: Difference) -> None:
        self.trial.differences.append(difference)

    def without_token(self, text: str) -> str:
        """``text`` without the token."""
        return text.replace(self._token, HIDDEN) if self._token else text

    # ---------------------------------------------------------------------------------------- cleaning up

    def tidy(self, *, shared: bool) -> list[str]:
        """Cancel the jobs that facts have submitted; those for several facts only if ``shared``. Returns what went wrong."""
        wrong: list[str] = []
        for job in list(self._jobs.values()):
            if job.over or (job.shared and not shared):
                continue
            answer = self._cancelled(job.id, wrong)
            # Whatever it was answered, it is no job of ours to be cancelled again; unless it may still be running.
            job.over = answer is not None and (answer.status < 500)
            if answer is not None and answer.status == 200:
                self._settle(job, answer)
        return wrong

    def left_over(self) -> list[str]:
        """Cancel jobs with the label of this run that no answer told of. Returns what went wrong."""
        wrong: list[str] = []
        seen: set[str] = set()
        for _page in range(10):
            try:
                jobs = self.get("", label=[f"{MARK}={self.run_id}"], stage=["SCHEDULING", "RUNNING"]).items
            except (NoAnswer, NotAsExpected) as error:
                wrong.append(f"could not list the jobs labelled {MARK}={self.run_id}: {error}")
                break
            found = [
                job_id for job in jobs if isinstance(job_id := job.get("id"), str) and job_id not in seen
            ]
            if not found:
                break
            for job_id in found:
                self._cancelled(job_id, wrong)
            seen.update(found)
        return wrong

    def _cancelled(self, job_id: str, wrong: list[str]) -> Answer | None:
        try:
            answer = self.send("POST", self._below(f"/{quote(job_id, safe='')}/cancel"))
        except NoAnswer as error:
            wrong.append(f"job {job_id} may still run: {error}")
            return None
        if answer.status >= 500:
            wrong.append(f"job {job_id} may still run: {answer.in_short}")
        return answer

    def _take_in(self, answer: Answer, flavor: str = "cpu-basic") -> bool:
        """Keep account of a job that was made; False if none was."""
        value = answer.json if answer.status == 200 else None
        job_id = value.get("id") if isinstance(value, dict) else None
        if not isinstance(job_id, str):
            return False
        created = _second(value, answer)
        self._jobs[job_id] = _Submitted(job_id, flavor, created, self._making_shared)
        return True

    def _note_end(self, answer: Answer) -> None:
        value = answer.json if answer.status == 200 else None
        job_id = value.get("id") if isinstance(value, dict) else None
        job = self._jobs.get(job_id) if isinstance(job_id, str) else None
        if job is not None and isinstance(value, dict) and stage_of(value) in OVER:
            job.over = True
            self._settle(job, answer)

    def _settle(self, job: _Submitted, answer: Answer) -> None:
        if answer.header("Date") is not None:
            self.purse.settle(job.id, job.flavor, answer.date - job.created)


def _second(value: Json, answer: Answer) -> int:
    created = value.get("createdAt") if isinstance(value, dict) else None
    try:
        return from_iso(str(created)) // 1000
    except ValueError:
        return answer.date if answer.header("Date") else 0


def stage_of(job: Mapping[str, Json]) -> str:
    """The stage of a job.

    Raises:
        NotAsExpected: it has none.
    """
    status = job.get("status")
    stage = status.get("stage") if isinstance(status, dict) else None
    if not isinstance(stage, str):
        raise NotAsExpected("a job with status.stage", said(status))
    return stage


def said(value: object) -> str:
    """A value as the table shows it: JSON, cut."""
    if isinstance(value, str) and value.startswith("("):
        return value
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 300 else f"{text[:297]}..."
