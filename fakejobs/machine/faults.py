"""The rules about requests that the Hub answers with an error: what has become of the jobs then."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, multiple, rule

from fakejobs.generate.values import Body
from fakejobs.machine.facts import seen_in
from fakejobs.machine.model import ModelJob, ModelSchedule
from fakejobs.machine.over_http import OverHttp
from fakejobs.machine.playing import Playing, T, exposed, own
from fakejobs.machine.scripted import Then

When = Literal["before", "after"]
"""Whether a request fails before it takes effect, or after that: then its answer is lost and nothing else."""

_WHEN: st.SearchStrategy[When] = st.sampled_from(("before", "after"))
_FAILED = 503


class FaultRules(Playing):
    """Requests that are answered with 503, once. A client says so, or asks again; then what that says has to be true."""

    @rule(target=Playing.jobs, body=own("bodies"), then=own("outcomes"), when=_WHEN)
    def lose_submit(self, body: Body, then: Then, when: When) -> ModelJob | MultipleResults[ModelJob]:
        """Submit a job and get a 503."""
        self._script(then)
        body, labels = self._labelled(body)
        what = _named("submit", when)
        status, answer = self._lose(what, "POST", "/api/jobs/*", when, lambda: self.do_submit(deepcopy(body)))
        if status == _FAILED and when == "before":
            self._compare_count(what)
            return multiple()
        if status == _FAILED:
            job = self.model.submit("", body, labels, exposed(body), then)
        else:
            job = self.model.submit(self._new_id(seen_in(answer)), body, labels, exposed(body), then)
            _check(what, 200, status)
        self._compare_count(what)
        self._compare_now(what, job)
        return job

    @rule(job=Playing.jobs, when=_WHEN)
    def lose_cancel(self, job: ModelJob, when: When) -> None:
        """Cancel a job and get a 503."""
        self._lose_command(
            "cancel", "POST", job, when, lambda: self.model.cancel(job), lambda: self.do_cancel(job.id)
        )

    @rule(job=Playing.jobs, labels=own("labels"), when=_WHEN)
    def lose_relabel(self, job: ModelJob, labels: dict[str, str], when: When) -> None:
        """Replace the labels of a job and get a 503."""
        self._lose_command(
            "labels",
            "PUT",
            job,
            when,
            lambda: self.model.relabel(job, labels),
            lambda: self.do_relabel(job.id, dict(labels)),
        )

    @rule(schedule=Playing.schedules, then=own("outcomes"), when=_WHEN)
    def lose_run(self, schedule: ModelSchedule, then: Then, when: When) -> None:
        """Run a scheduled job now and get a 503."""
        self._script(then)
        what = _named(f"run of {schedule}", when)
        status, answer = self._lose(
            what,
            "POST",
            "/api/scheduled-jobs/*/*/run",
            when,
            lambda: self.do_run_scheduled(schedule.id),
        )
        if status == _FAILED and when == "before":
            self._compare_count(what)
            return
        usual = 404 if schedule.deleted else self.model.run(schedule)
        if status != _FAILED:
            _check(what, usual, status)
            if status == 200 and schedule.last is not None:
                schedule.last.id = self._new_id(seen_in(answer))
        if usual == 200 and schedule.last is not None:
            self._compare_now(what, schedule.last)

    def _lose_command(
        self,
        verb: str,
        method: str,
        job: ModelJob,
        when: When,
        change: Callable[[], int],
        ask: Callable[[], object],
    ) -> None:
        what = _named(f"{verb} of {job}", when)
        status, answer = self._lose(what, method, f"/api/jobs/*/*/{verb}", when, ask)
        if status != _FAILED or when == "after":
            usual = change() if self.model.visible(job) else 404
            if status != _FAILED:
                _check(what, usual, status)
            if status == 200:
                self._compare(what, job, seen_in(answer))
        self._compare_now(what, job)

    def _lose(
        self, what: str, method: str, path: str, when: When, ask: Callable[[], T]
    ) -> tuple[int, T | None]:
        """Make a request that fails the first time; returns what it comes to: 503, unless the client asks again."""
        self._name_jobs()  # what has no name after this is what the request has made
        fault = self.fake.fault(status=_FAILED, method=method, path=path, when=when, times=1)
        try:
            answer, status, _ = self._told(what, ask)
            if fault.matched == 1:
                _check(what, _FAILED, status)
        finally:
            fault.delete()
        return status, answer

    def _compare_now(self, what: str, job: ModelJob) -> None:
        """See that a job is as it has to be, whatever the client says: over HTTP."""
        self._name_jobs()
        if not job.id:
            raise AssertionError(f"{what}: there is no such job")
        if self.model.visible(job):
            self._compare(what, job, seen_in(OverHttp.do_inspect(self, job.id)))

    def _compare_count(self, what: str) -> None:
        wanted, found = len(self.model.listed()), OverHttp.do_count(self, ())
        assert found == wanted, f"{what}: expected {wanted} jobs, seen {found}"


def _named(verb: str, when: When) -> str:
    return f"{verb} that fails {when} it takes effect"


def _check(what: str, wanted: int, status: int) -> None:
    assert status == wanted, f"{what}: expected status {wanted}, seen {status}"
