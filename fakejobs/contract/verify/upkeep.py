"""What a run has made: what its jobs may cost, and that neither they nor schedules and webhooks are left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fakejobs.contract.verify.money import Purse
from fakejobs.contract.verify.seen import OVER, stage_of
from fakejobs.contract.verify.transport import Answer, NoAnswer, NotAsExpected
from fakejobs.model.times import from_iso
from fakejobs.wire.json_types import Json

_SILENT = 3
"""Requests without an answer, one after the other, after which no more are sent."""


@dataclass
class _Submitted:
    id: str
    flavor: str
    attempts: int
    created: int
    shared: bool
    over: bool = False


@dataclass
class _Made:
    what: str
    remove: Callable[[], Answer]
    shared: bool
    gone: bool = False


class Upkeep:
    """Keeps account of jobs, and cancels them; and of schedules and webhooks, and deletes them.

    Args:
        purse: what may be spent.
        cancel: sends the request that cancels a job.
    """

    def __init__(self, purse: Purse, cancel: Callable[[str], Answer]) -> None:
        self._purse = purse
        self._cancel = cancel
        self._jobs: dict[str, _Submitted] = {}
        self._made: list[_Made] = []
        self._requests = 0

    def make(
        self, cost: int, flavor: str, attempts: int, send: Callable[[], Answer], *, shared: bool
    ) -> Answer:
        """Send a request for a job, if it may be spent what that could cost.

        Raises:
            TooDear: it may not; then nothing is sent.
        """
        self._purse.check(cost)
        self._requests += 1
        key = f"request {self._requests}"
        self._purse.hold(key, cost)  # it stays so if no answer comes: there may be a job
        answer = send()
        job = _job_in(answer)
        job_id = job.get("id")
        if isinstance(job_id, str):
            self._jobs[job_id] = _Submitted(job_id, flavor, attempts, _second(job, answer), shared)
            self._purse.rename(key, job_id)
        elif answer.status in range(400, 500):
            self._purse.release(key)
        return answer

    def hold(self, what: str, cost: int) -> None:
        """Count what jobs may cost that nobody submits, such as those of a schedule.

        Raises:
            TooDear: that may not be spent.
        """
        self._purse.check(cost)
        self._requests += 1
        self._purse.hold(f"{what} {self._requests}", cost)

    def to_remove(self, what: str, remove: Callable[[], Answer], *, shared: bool) -> None:
        """Something was made that has to be removed in the end: ``scheduled job 1234``."""
        self._made.append(_Made(what, remove, shared))

    def note(self, answer: Answer) -> None:
        """Is it a job of ours that is over?"""
        found = _job_in(answer)
        job = self._jobs.get(str(found.get("id")))
        try:
            over = job is not None and stage_of(found) in OVER
        except NotAsExpected:
            over = False
        if job is not None and over:
            self._over(job, answer)

    def tidy(self, *, shared: bool) -> list[str]:
        """Remove what was made, and cancel jobs that are not over; what is for several facts only if ``shared``.

        Returns:
            What went wrong.
        """
        wrong: list[str] = []
        silent = 0
        for each in self._made:
            if each.gone or (each.shared and not shared):
                continue
            each.gone = True
            if silent == _SILENT:
                wrong.append(f"{each.what} may still be there: the server answers no more")
                continue
            silent = 0 if self.remove(each.what, each.remove, wrong) else silent + 1
        for job in self._jobs.values():
            if job.over or (job.shared and not shared):
                continue
            if silent == _SILENT:
                wrong.append(f"job {job.id} may still run: the server answers no more")
                continue
            answer = self.cancel(job.id, wrong)
            silent = silent + 1 if answer is None else 0
            # Whatever else it was answered: it need not be cancelled again.
            if answer is not None and answer.status < 500:
                self._over(job, answer)
        return wrong

    def remove(self, what: str, remove: Callable[[], Answer], wrong: list[str]) -> bool:
        """Remove something; what went wrong is added to ``wrong``. Returns whether there was an answer."""
        try:
            answer = remove()
        except NoAnswer as error:
            wrong.append(f"{what} may still be there: {error}")
            return False
        if answer.status not in (200, 204, 404):
            wrong.append(f"{what} may still be there: {answer.in_short}")
        return True

    def cancel(self, job_id: str, wrong: list[str]) -> Answer | None:
        """Cancel a job; what went wrong is added to ``wrong``."""
        try:
            answer = self._cancel(job_id)
        except NoAnswer as error:
            wrong.append(f"job {job_id} may still run: {error}")
            return None
        # Refused with 4xx: it is over already, or gone.
        if answer.status >= 500:
            wrong.append(f"job {job_id} may still run: {answer.in_short}")
        return answer

    def _over(self, job: _Submitted, answer: Answer) -> None:
        job.over = True
        if answer.status == 200 and answer.header("Date") is not None:
            # Each attempt is billed by the begun minute.
            seconds = answer.date - job.created + 60 * (job.attempts - 1)
            self._purse.settle(job.id, job.flavor, seconds)


def _job_in(answer: Answer) -> dict[str, Json]:
    try:
        return answer.object
    except NotAsExpected:
        return {}


def _second(job: dict[str, Json], answer: Answer) -> int:
    try:
        return from_iso(str(job.get("createdAt"))) // 1000
    except ValueError:
        return answer.date if answer.header("Date") else 0
