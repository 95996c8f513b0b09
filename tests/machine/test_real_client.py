"""`JobsMachine` with the real client of huggingface_hub in the place of ours, for all that it can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

pytest.importorskip("huggingface_hub", minversion="2.4.0")

from hypothesis import HealthCheck, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from fakejobs.machine import JobsMachine, programs
from fakejobs.machine.model import ModelJob


class RealClient(JobsMachine):
    def do_duplicate(self, job_id: str) -> object:
        return self.fake.api.rerun_job(job_id=job_id)

    def do_cancel(self, job_id: str) -> object:
        self.fake.api.cancel_job(job_id=job_id)
        return None

    def do_relabel(self, job_id: str, labels: dict[str, str]) -> object:
        return self.fake.api.update_job_labels(job_id=job_id, labels=labels)

    # Public ports are ports for it, whatever it is given: nothing is wrong with what it sends.
    expose_badly = None  # type: ignore[assignment]  # as documented, this leaves the rule out

    @rule(job=JobsMachine.jobs, expose=programs.PORTS)
    def expose(self, job: ModelJob, expose: dict[str, list[int]]) -> None:
        """Replace the ports of a job. The client always says which are public, and that those are ports."""
        public = expose.get("portsPublic", [])
        wanted = {"ports": list(dict.fromkeys([*expose["ports"], *public])), "portsPublic": public}
        self._command(
            "expose", job, lambda: self.model.expose(job, wanted), lambda: self.do_expose(job.id, wanted)
        )

    def do_expose(self, job_id: str, expose: dict[str, list[int]]) -> object:
        return self.fake.api.update_job_expose(
            job_id=job_id, expose=expose["ports"], expose_public=expose.get("portsPublic")
        )

    def do_inspect(self, job_id: str) -> object:
        return self.fake.api.inspect_job(job_id=job_id)

    def do_list(self, stages: Sequence[str], labels: Mapping[str, str]) -> Iterable[object]:
        status: Any = list(stages) or None
        return self.fake.api.list_jobs(status=status, labels=dict(labels) or None)

    def do_suspend(self, schedule_id: str) -> object:
        self.fake.api.suspend_scheduled_job(scheduled_job_id=schedule_id)
        return None

    def do_resume(self, schedule_id: str) -> object:
        self.fake.api.resume_scheduled_job(scheduled_job_id=schedule_id)
        return None

    def do_run_scheduled(self, schedule_id: str) -> object:
        return self.fake.api.trigger_scheduled_job(scheduled_job_id=schedule_id)

    def do_reschedule(self, schedule_id: str, schedule: str) -> object:
        return self.fake.api.update_scheduled_job_schedule(scheduled_job_id=schedule_id, schedule=schedule)

    def do_relabel_schedule(self, schedule_id: str, labels: dict[str, str]) -> object:
        return self.fake.api.update_scheduled_job_labels(scheduled_job_id=schedule_id, labels=labels)

    def do_delete_schedule(self, schedule_id: str) -> object:
        self.fake.api.delete_scheduled_job(scheduled_job_id=schedule_id)
        return None

    def do_inspect_schedule(self, schedule_id: str) -> object:
        return self.fake.api.inspect_scheduled_job(scheduled_job_id=schedule_id)

    def do_list_schedules(self, label: tuple[str, str] | None) -> Iterable[object]:
        return self.fake.api.list_scheduled_jobs(labels=None if label is None else dict([label]))

    def do_follow(self, job_id: str, tail: int | None) -> list[str]:
        return list(self.fake.api.fetch_job_logs(job_id=job_id, follow=True, tail=tail))

    def do_read_log(self, job_id: str, tail: int | None) -> list[str]:
        return list(self.fake.api.fetch_job_logs(job_id=job_id, tail=tail))


def test_the_real_client_does_what_the_model_says() -> None:
    run_state_machine_as_test(
        RealClient,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
