"""The routes under ``/api/scheduled-jobs``."""

from __future__ import annotations

import re

from flask import Blueprint, Response

from fakejobs.model.refusal import Refusal
from fakejobs.model.schedules import ScheduleAt
from fakejobs.web.context import answer, caller, dialect, hub, json_body, query
from fakejobs.wire.decode import read_labels, read_schedule, read_scheduled
from fakejobs.wire.encode import job_body, scheduled_job_body
from fakejobs.wire.pieces import PIECES

_ID = re.compile(PIECES["job-id"]["pattern"])

scheduled = Blueprint("scheduled", __name__)


@scheduled.post("/api/scheduled-jobs/<namespace>")
def create(namespace: str) -> Response:
    """Make a scheduled job: 200, not 201."""
    who = caller()
    hub().allow(who, namespace, "write")
    body = read_scheduled(json_body(), hub().settings.quirks, date=dialect().date)
    return _scheduled_job(
        hub().schedule(
            who,
            namespace,
            body.job.spec,
            body.schedule,
            suspend=body.suspend,
            concurrency=body.concurrency,
            labels=body.job.labels,
            secrets=body.job.secrets,
        )
    )


@scheduled.get("/api/scheduled-jobs/<namespace>")
def list_scheduled(namespace: str) -> Response:
    """All scheduled jobs, newest first, on one page."""
    who = caller()
    hub().allow(who, namespace, "read")
    label = query("scheduled-list-query").get("label")
    key, _, value = str(label).partition("=")
    found = hub().scheduled_jobs(who, namespace, label=None if label is None else (key, value))
    return answer("scheduled-job-list", [scheduled_job_body(each, hub().settings.quirks) for each in found])


@scheduled.get("/api/scheduled-jobs/<namespace>/<job_id>")
def inspect(namespace: str, job_id: str) -> Response:
    """One scheduled job."""
    return _scheduled_job(hub().scheduled_job(caller(), namespace, _id(job_id)))


@scheduled.delete("/api/scheduled-jobs/<namespace>/<job_id>")
def delete(namespace: str, job_id: str) -> Response:
    """Delete a scheduled job; what runs goes on."""
    hub().delete_scheduled_job(caller(), namespace, _id(job_id))
    return _done()


@scheduled.post("/api/scheduled-jobs/<namespace>/<job_id>/suspend")
def suspend(namespace: str, job_id: str) -> Response:
    """Pause a scheduled job."""
    hub().suspend(caller(), namespace, _id(job_id))
    return _done()


@scheduled.post("/api/scheduled-jobs/<namespace>/<job_id>/resume")
def resume(namespace: str, job_id: str) -> Response:
    """Go on with a scheduled job."""
    hub().resume(caller(), namespace, _id(job_id))
    return _done()


@scheduled.post("/api/scheduled-jobs/<namespace>/<job_id>/run")
def run(namespace: str, job_id: str) -> Response:
    """Make a job of it now; its schedule stays."""
    fake = hub()
    return answer("job", job_body(fake.run_scheduled(caller(), namespace, _id(job_id)), fake.settings.quirks))


@scheduled.post("/api/scheduled-jobs/<namespace>/<job_id>/schedule")
def schedule(namespace: str, job_id: str) -> Response:
    """Give it another schedule."""
    who, job_id = caller(), _id(job_id)
    hub().allow(who, namespace, "write")
    hub().scheduled_job(who, namespace, job_id)
    wanted = read_schedule(json_body(), hub().settings.quirks)
    return _scheduled_job(hub().reschedule(who, namespace, job_id, wanted))


@scheduled.put("/api/scheduled-jobs/<namespace>/<job_id>/labels")
def labels(namespace: str, job_id: str) -> Response:
    """Replace all labels of the jobs that it will make."""
    who, job_id = caller(), _id(job_id)
    hub().allow(who, namespace, "write")
    hub().scheduled_job(who, namespace, job_id)
    wanted = read_labels(json_body(), hub().settings.quirks)
    return _scheduled_job(hub().relabel_scheduled(who, namespace, job_id, wanted))


def _scheduled_job(seen: ScheduleAt) -> Response:
    return answer("scheduled-job", scheduled_job_body(seen, hub().settings.quirks))


def _done() -> Response:
    return Response(hub().settings.quirks.scheduled_body, content_type="text/plain; charset=utf-8")


def _id(job_id: str) -> str:
    if not _ID.fullmatch(job_id):
        quirks = hub().settings.quirks
        status = int(quirks.malformed_job_id)
        text = (
            quirks.scheduled_job_not_found
            if status == 404
            else "Invalid job id: it must be 24 hexadecimal digits"
        )
        raise Refusal(status, text, hint="an id of a scheduled job has 24 hexadecimal digits")
    return job_id.lower()
