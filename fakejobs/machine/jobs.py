"""The rules about jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, multiple, rule

from fakejobs.generate.values import Body
from fakejobs.machine import programs
from fakejobs.machine.facts import seen_in
from fakejobs.machine.model import ModelJob
from fakejobs.machine.over_http import PAGE, OverHttp
from fakejobs.machine.playing import Playing, own
from fakejobs.machine.scripted import Then

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


class JobRules(Playing):
    """What can be done to jobs, and to time."""

    # Commands

    @rule(target=Playing.jobs, body=own("bodies"), then=own("outcomes"))
    def submit(self, body: Body, then: Then) -> ModelJob:
        """Submit a job, which does what ``then`` says."""
        return self._submit(body, then)

    @rule(
        target=Playing.jobs,
        body=own("bodies"),
        then=own("outcomes"),
        count=st.sampled_from((2,) * 10 + (3,) * 9 + (PAGE + 1,)),
    )
    def submit_many(self, body: Body, then: Then, count: int) -> MultipleResults[ModelJob]:
        """Submit several jobs at one instant; sometimes, more than fit on a page."""
        made = [self._submit(body, then) for _ in range(count)]
        return multiple(made[0], made[-1])

    @rule(target=Playing.jobs, job=Playing.jobs, then=own("outcomes"))
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

    @rule(job=Playing.jobs)
    def cancel(self, job: ModelJob) -> None:
        """Cancel a job, whatever its stage."""
        self._command("cancel", job, lambda: self.model.cancel(job), lambda: self.do_cancel(job.id))

    @rule(job=Playing.jobs, labels=own("labels"))
    def relabel(self, job: ModelJob, labels: dict[str, str]) -> None:
        """Replace the labels of a job."""
        self._command(
            "relabel",
            job,
            lambda: self.model.relabel(job, labels),
            lambda: self.do_relabel(job.id, dict(labels)),
        )

    @rule(job=Playing.jobs, labels=programs.BAD_LABELS)
    def relabel_badly(self, job: ModelJob, labels: dict[str, str]) -> None:
        """Try to give a job labels that are not allowed."""
        self._command("relabel", job, lambda: 400, lambda: self.do_relabel(job.id, dict(labels)))

    @rule(job=Playing.jobs, expose=programs.PORTS)
    def expose(self, job: ModelJob, expose: dict[str, list[int]]) -> None:
        """Replace the ports of a job, which has to run."""
        self._command(
            "expose", job, lambda: self.model.expose(job, expose), lambda: self.do_expose(job.id, expose)
        )

    @rule(job=Playing.jobs, expose=programs.BAD_PORTS)
    def expose_badly(self, job: ModelJob, expose: dict[str, list[int]]) -> None:
        """Try to expose ports that are not allowed."""
        self._command("expose", job, lambda: 400, lambda: self.do_expose(job.id, expose))

    # Questions

    @rule(job=Playing.jobs)
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

    @rule(job=Playing.jobs, tail=programs.TAILS)
    def read_log(self, job: ModelJob, tail: int | None) -> None:
        """Read what a log has so far. The client may wait a little for more."""
        if not self._vanishes(job):
            before, what = self.model.now, f"log of {job}, tail {tail}"
            found = self._ask(what, 200, lambda: list(self.do_read_log(job.id, tail)), may_wait=True)
            self._compare_log(what, job, found or [], before, tail)

    @rule(job=Playing.jobs, tail=programs.TAILS)
    def follow(self, job: ModelJob, tail: int | None) -> None:
        """Follow a log to its end, which takes the time that the job takes."""
        before, what = self.model.now, f"following {job}, tail {tail}"
        # With the quirk "close", the stream of a job that waits, now or between two attempts, ends at once.
        waits = before < min(job.attempts[-1][0], job.end)
        closes = waits and self.model.quirks.logs_while_scheduling == "close"
        if self._vanishes(job) or closes or not self._is_soon(job.end):
            return
        found = self._ask(what, 200, lambda: list(self.do_follow(job.id, tail)), may_wait=True)
        assert self.model.now >= job.end, f"{what}: it ended before the job did"
        self._compare_log(what, job, found or [], before, tail, whole=True)

    # Time

    @rule(job=Playing.jobs, before=st.sampled_from((0, 1)))
    def advance_to(self, job: ModelJob, before: int) -> None:
        """Let time pass to where the stage of a job changes, or to so many milliseconds before; unless that is past, or far away."""
        now = self.model.now
        instant = job.next_change(now + before) - before
        if self._is_soon(instant):
            self._pass(int(instant) - now)
