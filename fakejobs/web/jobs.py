"""The routes under ``/api/jobs``."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request
from werkzeug.sansio.utils import get_host

from fakejobs.hub import Page
from fakejobs.hub.jobs import ALL, PAGE_SIZE
from fakejobs.model.api_dates import before as is_before
from fakejobs.model.identity import Caller
from fakejobs.model.job import JobAt
from fakejobs.model.refusal import Refusal
from fakejobs.model.stages import JobStage
from fakejobs.web.context import (
    answer,
    caller,
    dialect,
    hub,
    hub_and_caller,
    json_answer,
    json_body,
    query,
    stream_answer,
)
from fakejobs.wire.cursor import read_cursor, write_cursor
from fakejobs.wire.dates import SCHEDULING_SINCE
from fakejobs.wire.decode import Invalid, read_expose, read_labels, read_submission
from fakejobs.wire.encode import access_body, hardware_body, job_bodies, job_body
from fakejobs.wire.json_types import Json
from fakejobs.wire.pieces import PIECES
from fakejobs.wire.sse import event_frame, log_frames, metric_frame
from fakejobs.wire.validate import Problem, problems

_JOB_ID = re.compile(PIECES["job-id"]["pattern"])

jobs = Blueprint("jobs", __name__)


@jobs.get("/api/jobs/hardware")
def hardware() -> Response:
    """The hardware list; no token is needed."""
    return answer("hardware-list", hardware_body(hub().hardware))


@jobs.post("/api/jobs/<namespace>")
def create(namespace: str) -> Response:
    """Start a job: 200, not 201."""
    who = caller()
    hub().allow(who, namespace, "write")
    job = read_submission(json_body(), hub().settings.quirks, date=dialect().date)
    return _job(hub().submit(who, namespace, job.spec, labels=job.labels, secrets=job.secrets))


@jobs.get("/api/jobs/<namespace>")
def list_jobs(namespace: str) -> Response:
    """A page of jobs, newest first, with a ``Link`` to the next."""
    who = caller()
    hub().allow(who, namespace, "read")
    wanted = query("list-query")
    try:
        before = read_cursor(str(wanted["cursor"])) if "cursor" in wanted else None
    except ValueError as error:
        raise Invalid([Problem("cursor", str(error))]) from None
    labels = [tuple(label.split("=", 1)) for label in _texts(wanted.get("label"))]
    page = hub().jobs(
        who,
        namespace,
        stages=_stages(wanted),
        labels=[(key, value) for key, value in labels],
        before=before,
        limit=PAGE_SIZE if dialect().paged else ALL,
    )
    listed = answer("job-list", job_bodies(page.jobs, hub().settings.quirks))
    if page.next is not None:
        listed.headers["Link"] = f'<{_next_url(wanted, page)}>; rel="next"'
    return listed


@jobs.get("/api/jobs/<namespace>/count")
def count(namespace: str) -> Response:
    """How many jobs there are."""
    who = caller()
    hub().allow(who, namespace, "read")
    stages = _stages(query("count-query"))
    if JobStage.RUNNING in stages and is_before(dialect().date, SCHEDULING_SINCE):
        stages.append(JobStage.SCHEDULING)  # what waited was counted as running
    return json_answer({"count": hub().count(who, namespace, stages)})


@jobs.get("/api/jobs/<namespace>/<job_id>")
def inspect(namespace: str, job_id: str) -> Response:
    """One job."""
    fake, who = hub_and_caller()
    return answer("job", job_body(fake.job(who, namespace, _id(job_id)), fake.settings.quirks))


@jobs.get("/api/jobs/<namespace>/<job_id>/logs-stream", endpoint="logs_stream")
@jobs.get("/api/jobs/<namespace>/<job_id>/logs")
def logs(namespace: str, job_id: str) -> Response:
    """The log, as events."""
    who, job_id = caller(), _id(job_id)
    hub().job(who, namespace, job_id)
    tail = query("logs-query").get("tail")
    steps = hub().logs(who, namespace, job_id, tail=tail if isinstance(tail, int) else None)
    return stream_answer(steps, job_id, log_frames)


@jobs.get("/api/jobs/<namespace>/<job_id>/metrics-stream", endpoint="metrics_stream")
@jobs.get("/api/jobs/<namespace>/<job_id>/metrics")
def metrics(namespace: str, job_id: str) -> Response:
    """The metrics, as events, one a second."""
    who, job_id = caller(), _id(job_id)
    refusal = dialect().finished_metrics
    return stream_answer(hub().metrics(who, namespace, job_id, refusal=refusal), job_id, metric_frame)


@jobs.get("/api/jobs/<namespace>/<job_id>/events")
def events(namespace: str, job_id: str) -> Response:
    """The changes of stage, as events."""
    who, job_id = caller(), _id(job_id)
    date = dialect().date
    return stream_answer(
        hub().events(who, namespace, job_id), job_id, lambda event: event_frame(event, date=date)
    )


@jobs.post("/api/jobs/<namespace>/<job_id>/cancel")
def cancel(namespace: str, job_id: str) -> Response:
    """Cancel a job."""
    return _job(hub().cancel(caller(), namespace, _id(job_id)))


@jobs.post("/api/jobs/<namespace>/<job_id>/duplicate")
def duplicate(namespace: str, job_id: str) -> Response:
    """Run a job again: a new one with the same spec."""
    return _job(hub().duplicate(caller(), namespace, _id(job_id)))


@jobs.put("/api/jobs/<namespace>/<job_id>/labels")
def labels(namespace: str, job_id: str) -> Response:
    """Replace all labels."""
    who, job_id = caller(), _id(job_id)
    hub().allow(who, namespace, "write")
    hub().job(who, namespace, job_id)
    return _job(hub().relabel(who, namespace, job_id, read_labels(json_body(), hub().settings.quirks)))


@jobs.put("/api/jobs/<namespace>/<job_id>/expose")
def expose(namespace: str, job_id: str) -> Response:
    """Replace the exposed ports."""
    who, job_id = caller(), _id(job_id)
    hub().allow(who, namespace, "write")
    hub().job(who, namespace, job_id)
    return _job(hub().expose(who, namespace, job_id, read_expose(json_body(), hub().settings.quirks)))


@jobs.post("/api/jobs/<namespace>/auth-check/<perms>")
def auth_check(namespace: str, perms: str) -> Response:
    """Whether the caller may read or write the jobs of a namespace."""
    who = caller()
    return json_answer(access_body(*hub().check_access(who, namespace, _permission(who, namespace, perms))))


@jobs.post("/api/jobs/<namespace>/<job_id>/auth-check/<perms>")
def job_auth_check(namespace: str, job_id: str, perms: str) -> Response:
    """Whether the caller may read or write a job."""
    who, job_id = caller(), _id(job_id)
    permission = _permission(who, namespace, perms)
    return json_answer(access_body(*hub().check_access(who, namespace, permission, job_id)))


def _job(seen: JobAt) -> Response:
    return answer("job", job_body(seen, hub().settings.quirks))


def _id(job_id: str) -> str:
    if not _JOB_ID.fullmatch(job_id):
        quirks = hub().settings.quirks
        status = int(quirks.malformed_job_id)
        text = quirks.job_not_found if status == 404 else "Invalid job id: it must be 24 hexadecimal digits"
        raise Refusal(status, text, hint="an id of a job has 24 hexadecimal digits")
    return job_id.lower()


def _permission(who: Caller, namespace: str, perms: str) -> str:
    if found := problems("perms", perms, at="perms"):
        hub().allow(who, namespace, "read")  # the address before what it ends in
        raise Invalid(found)
    return perms


def _stages(wanted: dict[str, Json]) -> list[JobStage]:
    return [JobStage(stage) for stage in _texts(wanted.get("stage"))]


def _texts(value: Json) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _next_url(wanted: dict[str, Json], page: Page) -> str:
    """An absolute address that repeats the filters: clients ask for it as it is (huggingface_hub's ``paginate``)."""
    assert page.next is not None
    pairs = [(key, text) for key in ("label", "stage") for text in _texts(wanted.get(key))]
    pairs.append(("cursor", write_cursor(page.next)))
    # A Host header that is none would make an address that leads nowhere.
    host = request.host or get_host(request.scheme, None, request.server)
    return f"{request.scheme}://{host}{quote(request.path)}?{urlencode(pairs)}"
