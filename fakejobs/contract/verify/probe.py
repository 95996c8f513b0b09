"""What a fact tries a server with: requests that are kept safe, and jobs that are kept account of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast
from urllib.parse import quote, urlencode

from fakejobs.contract.verify.findings import Comparing
from fakejobs.contract.verify.money import Purse, attempts_of, timeout_of
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.seen import OVER, Life, stage_of
from fakejobs.contract.verify.server import Pace
from fakejobs.contract.verify.stream import Reading
from fakejobs.contract.verify.transport import Answer, NoAnswer, NotAsExpected, Transport
from fakejobs.contract.verify.upkeep import Upkeep
from fakejobs.model.quirks import Quirks
from fakejobs.wire.json_types import Json
from fakejobs.wire.pieces import FLAVORS

MARK = "fakejobs-verify"
"""The label of every job that a run submits; its value is the run's id."""

GONE = "0" * 24
"""The id of no job."""

LEAVE_OUT = object()
"""Instead of a value in the body of a job: without this key."""

_Made = TypeVar("_Made")


class Probe(Comparing):
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
        super().__init__(quirks)
        self.namespace = namespace
        self.me = me
        self.run_id = run_id
        self.foreign = foreign
        self.purse = purse
        self._transport = transport
        self._token = token
        self._pace = pace
        self._upkeep = Upkeep(
            purse, lambda job_id: self.send("POST", self._below(f"/{quote(job_id, safe='')}/cancel"))
        )
        self._once: dict[str, object] = {}
        self._making_shared = False

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
        self._upkeep.note(answer)
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
        return self._make(
            "",
            body,
            flavor=flavor if flavor in FLAVORS else "cpu-basic",  # what is no flavor is refused
            timeout=timeout_of(body),
            attempts=attempts_of(body),
            exposed="expose" in body,
        )

    def duplicate(self, job_id: str) -> Answer:
        """Ask for a job like another of `body`, which may have been asked for with ports and three attempts.

        Raises:
            TooDear: as for `submit`.
        """
        return self._make(
            f"/{job_id}/duplicate", None, flavor="cpu-basic", timeout=120, attempts=3, exposed=True
        )

    def _make(
        self, path: str, body: object, *, flavor: str, timeout: int, attempts: int, exposed: bool
    ) -> Answer:
        cost = self.purse.upper(flavor, timeout, attempts=attempts, exposed=exposed)

        def send() -> Answer:
            self.trial.submitted += 1
            return self.send("POST", self._below(path), body)

        return self._upkeep.make(cost, flavor, attempts, send, shared=self._making_shared)

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
        self._upkeep.note(answer)
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
        self._upkeep.note(answers[-1])
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

    # ---------------------------------------------------------------------------------------- cleaning up

    def tidy(self, *, shared: bool) -> list[str]:
        """Cancel the jobs that facts have submitted; those for several facts only if ``shared``. Returns what went wrong."""
        return self._upkeep.tidy(shared=shared)

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
            found = [str(job.get("id")) for job in jobs if str(job.get("id")) not in seen]
            if not found:
                break
            for job_id in found:
                self._upkeep.cancel(job_id, wrong)
            seen.update(found)
        return wrong
