"""Jobs of a run: made within what may be spent, looked at, and kept account of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast
from urllib.parse import quote

from fakejobs.contract.verify.asking import Asking
from fakejobs.contract.verify.money import Purse, attempts_of, timeout_of
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.seen import OVER, Life, stage_of
from fakejobs.contract.verify.server import Pace
from fakejobs.contract.verify.transport import Answer, NotAsExpected, Transport
from fakejobs.contract.verify.upkeep import Upkeep
from fakejobs.model.quirks import Quirks
from fakejobs.wire.json_types import Json
from fakejobs.wire.pieces import FLAVORS

MARK = "fakejobs-verify"
"""The label of every job that a run submits; its value is the run's id."""

LEAVE_OUT = object()
"""Instead of a value in a body: without this key."""

_Made = TypeVar("_Made")


class Jobs(Asking):
    """Submits jobs to a server, and watches them.

    Args:
        transport: how it is reached.
        token: whose jobs they are.
        namespace: where jobs are submitted.
        me: the answer of whoami-v2.
        quirks: what is expected where nothing is certain.
        pace: how time passes there.
        purse: what may be spent.
        run_id: the value of the label `MARK`: short, of lower-case letters and digits.
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
    ) -> None:
        super().__init__(transport, token=token, namespace=namespace, quirks=quirks)
        self.me = me
        self.run_id = run_id
        self.purse = purse
        self._pace = pace
        self._upkeep = Upkeep(purse, self._cancel)
        self._elsewhere: dict[str, str] = {}
        self._once: dict[str, object] = {}
        self._making_shared = False

    @property
    def made(self) -> frozenset[str]:
        """The names of what `once` has made."""
        return frozenset(self._once)

    def post(self, path: str, body: object = None) -> Answer:
        """POST below ``/api/jobs/{namespace}``. New jobs come from `submit` and `duplicate`, which keep account of them."""
        assert path, "this would make a job that nobody cancels"
        answer = self.send("POST", self._below(path), body)
        self._upkeep.note(answer)
        return answer

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

    def submit_as_it_is(self, body: Mapping[str, object], namespace: str | None = None) -> Answer:
        """The same with a whole body, and perhaps elsewhere."""
        flavor = str(body.get("flavor", "cpu-basic"))
        return self._make(
            self._below("") if namespace is None else f"/api/jobs/{quote(namespace, safe='')}",
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
        target = self._below(f"/{job_id}/duplicate")
        return self._make(target, None, flavor="cpu-basic", timeout=120, attempts=3, exposed=True)

    def _make(
        self, target: str, body: object, *, flavor: str, timeout: int, attempts: int, exposed: bool
    ) -> Answer:
        cost = self.purse.upper(flavor, timeout, attempts=attempts, exposed=exposed)

        def send() -> Answer:
            self.trial.submitted += 1
            answer = self.send("POST", target, body)
            if answer.status == 200 and not target.startswith(self.jobs_path):
                self._elsewhere[self.id_of(answer)] = target.replace("/api/scheduled-jobs/", "/api/jobs/")
            return answer

        return self._upkeep.make(cost, flavor, attempts, send, shared=self._making_shared)

    def _cancel(self, job_id: str) -> Answer:
        # A run of a schedule is below the schedule; its namespace is the fourth part, as everywhere.
        namespace = "/".join(self._elsewhere.get(job_id, self.jobs_path).split("/")[:4])
        return self.send("POST", f"{namespace}/{quote(job_id, safe='')}/cancel")

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

    def until(self, seconds: float, is_so: Callable[[], bool]) -> bool:
        """Look about once a second whether something is so, for that many seconds at most; whether it was."""
        until = self._pace.elapsed() + seconds
        while not is_so():
            if self._pace.elapsed() >= until:
                return False
            self._pace.pause(1)
        return True
