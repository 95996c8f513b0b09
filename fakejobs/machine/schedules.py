"""The rules about scheduled jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, multiple, rule

from fakejobs.generate.values import Body
from fakejobs.machine import programs
from fakejobs.machine.facts import schedule_seen_in, seen_in
from fakejobs.machine.model import ModelJob, ModelSchedule
from fakejobs.machine.over_http import OverHttp
from fakejobs.machine.playing import Playing, own
from fakejobs.machine.scripted import Then

_ASKS: Mapping[str, Callable[[OverHttp, str], object]] = {
    "inspect": lambda client, schedule_id: client.do_inspect_schedule(schedule_id),
    "suspend": lambda client, schedule_id: client.do_suspend(schedule_id),
    "resume": lambda client, schedule_id: client.do_resume(schedule_id),
    "run": lambda client, schedule_id: client.do_run_scheduled(schedule_id),
    "reschedule": lambda client, schedule_id: client.do_reschedule(schedule_id, "@daily"),
    "relabel": lambda client, schedule_id: client.do_relabel_schedule(schedule_id, {}),
    "delete": lambda client, schedule_id: client.do_delete_schedule(schedule_id),
}
"""What can be done to a scheduled job by its id alone."""


class ScheduleRules(Playing):
    """What can be done to scheduled jobs. The jobs that they bring about are in all lists, counts and logs."""

    @rule(
        target=Playing.schedules,
        body=own("bodies"),
        cron=own("crons"),
        then=own("outcomes"),
        suspend=st.sampled_from((None, False, True)),
        concurrency=st.sampled_from((None, False, True)),
    )
    def create_schedule(
        self, body: Body, cron: str, then: Then, suspend: bool | None, concurrency: bool | None
    ) -> ModelSchedule:
        """Make a scheduled job. From now on, jobs do what ``then`` says."""
        self._script(then)
        body, labels = self._labelled(body)
        words = {"suspend": suspend, "concurrency": concurrency}
        sent: Body = {"jobSpec": body, "schedule": cron}
        sent.update({key: each for key, each in words.items() if each is not None})
        what = "making of a scheduled job"
        seen = schedule_seen_in(self._ask(what, 200, lambda: self.do_schedule(sent)))
        if not isinstance(seen.id, str):
            raise AssertionError(f"a new scheduled job needs an id, not {seen.id!r}")
        made = self.model.schedule(
            seen.id, cron, body, labels, suspended=bool(suspend), concurrency=bool(concurrency)
        )
        self._compare_schedule(what, made, seen)
        return made

    @rule(body=own("bodies"), cron=programs.BAD_SCHEDULES)
    def create_schedule_badly(self, body: Body, cron: str) -> None:
        """Try to make a scheduled job that would never run."""
        body = self._labelled(body)[0]
        what = f"making of a scheduled job with {cron!r}"
        self._ask(what, 400, lambda: self.do_schedule({"jobSpec": body, "schedule": cron}))

    @rule(schedule=Playing.schedules)
    def suspend(self, schedule: ModelSchedule) -> None:
        """Pause a scheduled job."""
        self._do(
            "suspend",
            schedule,
            lambda: self.model.suspend(schedule, suspended=True),
            lambda: self.do_suspend(schedule.id),
        )

    @rule(schedule=Playing.schedules)
    def resume(self, schedule: ModelSchedule) -> None:
        """Go on with a scheduled job."""
        self._do(
            "resume",
            schedule,
            lambda: self.model.suspend(schedule, suspended=False),
            lambda: self.do_resume(schedule.id),
        )

    @rule(schedule=Playing.schedules, cron=own("crons"))
    def reschedule(self, schedule: ModelSchedule, cron: str) -> None:
        """Give a scheduled job another schedule."""
        self._do(
            "reschedule",
            schedule,
            lambda: self.model.reschedule(schedule, cron),
            lambda: self.do_reschedule(schedule.id, cron),
        )

    @rule(schedule=Playing.schedules, cron=programs.BAD_SCHEDULES)
    def reschedule_badly(self, schedule: ModelSchedule, cron: str) -> None:
        """Try to give a scheduled job a schedule that it could not have."""
        self._do("reschedule", schedule, lambda: 400, lambda: self.do_reschedule(schedule.id, cron))

    @rule(schedule=Playing.schedules, labels=own("labels"))
    def relabel_schedule(self, schedule: ModelSchedule, labels: dict[str, str]) -> None:
        """Replace the labels of the jobs to come."""
        self._do(
            "relabel",
            schedule,
            lambda: self.model.relabel(schedule, labels),
            lambda: self.do_relabel_schedule(schedule.id, dict(labels)),
        )

    @rule(schedule=Playing.schedules)
    def delete_schedule(self, schedule: ModelSchedule) -> None:
        """Delete a scheduled job. What it has brought about stays."""
        self._do(
            "delete",
            schedule,
            lambda: self.model.delete(schedule),
            lambda: self.do_delete_schedule(schedule.id),
        )

    @rule(target=Playing.jobs, schedule=Playing.schedules, then=own("outcomes"))
    def run_scheduled(self, schedule: ModelSchedule, then: Then) -> ModelJob | MultipleResults[ModelJob]:
        """Run a scheduled job now, which is refused while a job of it is not over."""
        self._script(then)
        wanted = 404 if schedule.deleted else self.model.run(schedule)
        answer = self._ask(f"run of {schedule}", wanted, lambda: self.do_run_scheduled(schedule.id))
        if wanted != 200 or schedule.last is None:
            return multiple()
        seen = seen_in(answer)
        schedule.last.id = self._new_id(seen)
        self._compare(f"run of {schedule}", schedule.last, seen)
        return schedule.last

    @rule(schedule=Playing.schedules)
    def inspect_schedule(self, schedule: ModelSchedule) -> None:
        """Look at a scheduled job."""
        self._do("inspect", schedule, lambda: 200, lambda: self.do_inspect_schedule(schedule.id))

    @rule(target=Playing.jobs, schedule=Playing.schedules)
    def find_last_job(self, schedule: ModelSchedule) -> ModelJob | MultipleResults[ModelJob]:
        """Look at the last job of a scheduled one, which nobody may have listed so far."""
        job = self.model.last_of(schedule)
        if job is None or schedule.deleted:
            return multiple()
        what = f"inspect of {schedule}"
        seen = schedule_seen_in(self._ask(what, 200, lambda: self.do_inspect_schedule(schedule.id)))
        if not job.id and isinstance(seen.last_job, str):
            job.id = self._new_id(seen_in({"id": seen.last_job, "status": {}}))
        self._compare_schedule(what, schedule, seen)
        self._command("inspect", job, lambda: 200, lambda: self.do_inspect(job.id))
        return job

    @rule(label=st.runner().flatmap(lambda machine: machine._some_schedule_label()))
    def list_schedules(self, label: tuple[str, str] | None) -> None:
        """List scheduled jobs, or those with a label."""
        what = f"list of scheduled jobs with label {label}"
        found = self._ask(what, 200, lambda: list(self.do_list_schedules(label)))
        self._compare_schedules(what, found or [], label)

    @rule(verb=st.sampled_from(list(_ASKS)), schedule_id=programs.UNKNOWN_IDS)
    def ask_for_unknown_schedule(self, verb: str, schedule_id: str) -> None:
        """Do something to a scheduled job that is not there."""
        wanted = 404 if len(schedule_id) == 24 else int(self.model.quirks.malformed_job_id)
        self._ask(f"{verb} of scheduled job {schedule_id}", wanted, lambda: _ASKS[verb](self, schedule_id))

    @rule(schedule=Playing.schedules, count=st.integers(1, 4), before=st.sampled_from((0, 1)))
    def advance_to_tick(self, schedule: ModelSchedule, count: int, before: int) -> None:
        """Let time pass to the next tick of a schedule, or one after that, or to a millisecond before."""
        now = self.model.now
        instant = now
        for _ in range(count):
            instant = self.model.next_run(schedule, instant)
        if now < instant - before and self._is_soon(instant):
            self._pass(instant - before - now)

    def _do(
        self, verb: str, schedule: ModelSchedule, change: Callable[[], int], ask: Callable[[], object]
    ) -> None:
        what = f"{verb} of {schedule}"
        wanted = 404 if schedule.deleted else change()
        answer = self._ask(what, wanted, ask)
        if wanted == 200:
            self._compare_schedule(what, schedule, answer)

    def _some_schedule_label(self) -> st.SearchStrategy[tuple[str, str] | None]:
        """What a list can be filtered by: mostly a label that a scheduled job has."""
        own = [pair for each in self.model.schedules for pair in each.labels.items()]
        return st.sampled_from([None, *own, ("name", "nobody")])
