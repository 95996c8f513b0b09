"""What is compared of a job, or a scheduled job: the facts of it that somebody was told, and the place where they differ from the model's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from fakejobs.generate.values import Body
from fakejobs.machine.model import Model, ModelJob, ModelSchedule
from fakejobs.machine.scripted import DEFAULT_TIMEOUT
from fakejobs.model.times import from_datetime, from_iso, to_iso


class _Untold:
    """The value of a fact that a client does not tell."""

    def __repr__(self) -> str:
        return "UNTOLD"


UNTOLD = _Untold()

_ECHOED = ("environment", "command", "arguments", "arch", "flavor", "dockerImage", "spaceId", "resourceGroupId", "volumes", "network")  # fmt: skip
"""Keys of the submission that come back as they were."""


@dataclass(frozen=True)
class Seen:
    """What somebody was told of a job. None is told as well: that there is none; what is not told is not compared.

    Attributes:
        id: its id.
        stage: ``status.stage``.
        message: ``status.message``.
        cancel_reason: ``status.cancelReason``.
        failure_count: ``status.failureCount``.
        labels: its labels.
        ports: exposed ports.
        public_ports: those that are public.
        expose_urls: where they are reached.
        created_at: when it was submitted, as ISO text, aware datetime, or milliseconds since the epoch.
        started_at: when it began to run, likewise.
        finished_at: when it ended, likewise.
        durations: seconds of scheduling, of running, and in total.
        duplicate_of: the id of the job that it was made from.
        scheduled_by: the id of the scheduled job that it comes from.
        spec: the other keys, those that come back as they were sent, and ``timeout``, ``retry``, ``secrets`` and ``sshUrl``.
    """

    id: object = UNTOLD
    stage: object = UNTOLD
    message: object = UNTOLD
    cancel_reason: object = UNTOLD
    failure_count: object = UNTOLD
    labels: object = UNTOLD
    ports: object = UNTOLD
    public_ports: object = UNTOLD
    expose_urls: object = UNTOLD
    created_at: object = UNTOLD
    started_at: object = UNTOLD
    finished_at: object = UNTOLD
    durations: object = UNTOLD
    duplicate_of: object = UNTOLD
    scheduled_by: object = UNTOLD
    spec: object = UNTOLD


@dataclass(frozen=True)
class SeenSchedule:
    """What somebody was told of a scheduled job, likewise.

    Attributes:
        id: its id.
        schedule: when it runs, as it was given.
        suspended: whether it is paused.
        concurrency: whether its jobs may overlap.
        created_at: when it was made, as for `Seen`.
        last_job: the id of the last job that it has brought about.
        last_at: when that was.
        next_at: its next tick.
        labels: the labels of its jobs.
        spec: as for `Seen`.
    """

    id: object = UNTOLD
    schedule: object = UNTOLD
    suspended: object = UNTOLD
    concurrency: object = UNTOLD
    created_at: object = UNTOLD
    last_job: object = UNTOLD
    last_at: object = UNTOLD
    next_at: object = UNTOLD
    labels: object = UNTOLD
    spec: object = UNTOLD


def seen_in(answer: object) -> Seen:
    """What an answer says of a job: `Seen` itself, a body of the API, or an object such as the ``JobInfo`` of huggingface_hub; None says nothing."""
    if isinstance(answer, Seen):
        return answer
    if isinstance(answer, Mapping):
        return _from_wire(answer)
    if answer is None:
        return Seen()
    status, durations = getattr(answer, "status", UNTOLD), getattr(answer, "durations", UNTOLD)
    if durations not in (None, UNTOLD):
        durations = tuple(getattr(durations, f"{name}_secs") for name in ("scheduling", "running", "total"))
    return Seen(
        id=getattr(answer, "id", UNTOLD),
        stage=getattr(status, "stage", UNTOLD),
        message=getattr(status, "message", UNTOLD),
        labels=getattr(answer, "labels", UNTOLD),
        ports=getattr(answer, "expose", UNTOLD),
        public_ports=getattr(answer, "expose_public", UNTOLD),
        expose_urls=getattr(status, "expose_urls", UNTOLD),
        created_at=getattr(answer, "created_at", UNTOLD),
        started_at=getattr(answer, "started_at", UNTOLD),
        finished_at=getattr(answer, "finished_at", UNTOLD),
        durations=durations,
        scheduled_by=_initiated(getattr(answer, "initiator", UNTOLD), "scheduled-job"),
    )


def _initiated(initiator: object, kind: str) -> object:
    """The id of whatever of this kind has brought about a job."""
    if isinstance(initiator, _Untold):
        return UNTOLD
    if isinstance(initiator, Mapping):
        return initiator.get("id") if initiator.get("type") == kind else None
    return getattr(initiator, "id", None) if getattr(initiator, "type", None) == kind else None


def schedule_seen_in(answer: object) -> SeenSchedule:
    """What an answer says of a scheduled job, as `seen_in`; an object is one such as the ``ScheduledJobInfo`` of huggingface_hub."""
    if isinstance(answer, SeenSchedule):
        return answer
    if isinstance(answer, Mapping):
        return _schedule_from_wire(answer)
    if answer is None:
        return SeenSchedule()
    status = getattr(answer, "status", UNTOLD)
    last = getattr(status, "last_job", UNTOLD)
    return SeenSchedule(
        id=getattr(answer, "id", UNTOLD),
        schedule=getattr(answer, "schedule", UNTOLD),
        suspended=getattr(answer, "suspend", UNTOLD),
        concurrency=getattr(answer, "concurrency", UNTOLD),
        created_at=getattr(answer, "created_at", UNTOLD),
        last_job=None if last is None else getattr(last, "id", UNTOLD),
        last_at=None if last is None else getattr(last, "at", UNTOLD),
        next_at=getattr(status, "next_job_run_at", UNTOLD),
        labels=getattr(getattr(answer, "job_spec", UNTOLD), "labels", UNTOLD),
    )


def _schedule_from_wire(body: Mapping[str, object]) -> SeenSchedule:
    get, status, job = body.get, body.get("status"), body.get("jobSpec")
    assert isinstance(status, Mapping), "no status"
    assert isinstance(job, Mapping), "no jobSpec"
    last = status.get("lastJob") or {}
    return SeenSchedule(
        id=get("id"),
        schedule=get("schedule"),
        suspended=get("suspend"),
        concurrency=get("concurrency"),
        created_at=get("createdAt"),
        last_job=last.get("id"),
        last_at=last.get("at"),
        next_at=status.get("nextJobRunAt"),
        labels=job.get("labels"),
        spec=_spec_in(job),
    )


def _spec_in(body: Mapping[str, object]) -> dict[str, object]:
    return {key: body[key] for key in (*_ECHOED, "timeout", "retry", "secrets") if key in body}


def _from_wire(body: Mapping[str, object]) -> Seen:
    get = body.get
    status, expose, durations = get("status"), get("expose"), get("durations")
    assert isinstance(status, Mapping), "no status"
    ports = expose if isinstance(expose, Mapping) else {}
    spec = _spec_in(body)
    if "sshUrl" in status:
        spec["sshUrl"] = status["sshUrl"]
    return Seen(
        id=get("id"),
        stage=status.get("stage"),
        message=status.get("message"),
        cancel_reason=status.get("cancelReason"),
        failure_count=status.get("failureCount"),
        labels=get("labels"),
        ports=ports.get("ports"),
        public_ports=ports.get("portsPublic"),
        expose_urls=status.get("exposeUrls"),
        created_at=get("createdAt"),
        started_at=get("startedAt"),
        finished_at=get("finishedAt"),
        durations=tuple(durations.get(f"{name}Secs") for name in ("scheduling", "running", "total"))
        if isinstance(durations, Mapping)
        else None,
        duplicate_of=_initiated(get("initiator"), "duplicated-job"),
        scheduled_by=_initiated(get("initiator"), "scheduled-job"),
        spec=spec,
    )


def expected(model: Model, job: ModelJob) -> Seen:
    """What the model says of a job."""
    now = model.now
    stage, over, started = model.stage(job), now >= job.end, model.started(job)
    until = int(job.end) if over else now
    # One that was cancelled has neither an end nor durations.
    timed = stage not in ("CANCELED", "DELETED")
    scheduling = None if started is None else (started - job.created) // 1000
    running = None if started is None else (until - started) // 1000
    last = over and stage == "ERROR" and model.quirks.last_failure_counted == "yes"
    return Seen(
        id=job.id,
        stage=stage,
        message=job.ending.message if over else None,
        cancel_reason=job.ending.cancel_reason if over else None,
        failure_count=model.failures(job) + last,
        labels=_labels(model, job.labels),
        ports=job.expose.get("ports"),
        public_ports=job.expose.get("portsPublic"),
        expose_urls=[f"https://{job.id}--{port}.hf.jobs" for port in job.expose.get("ports", ())] or None,
        created_at=job.created,
        started_at=started,
        finished_at=until if over and timed else None,
        durations=(scheduling, running, (until - job.created) // 1000) if timed else None,
        duplicate_of=job.duplicate_of,
        scheduled_by=job.scheduled_by,
        spec=_spec(model, job.body, job.id),
    )


def expected_schedule(model: Model, schedule: ModelSchedule) -> SeenSchedule:
    """What the model says of a scheduled job."""
    last = model.last_of(schedule)
    return SeenSchedule(
        id=schedule.id,
        schedule=schedule.schedule,
        suspended=schedule.suspended,
        concurrency=schedule.concurrency,
        created_at=schedule.created,
        last_job=None if last is None else last.id,
        last_at=None if last is None else last.created,
        next_at=model.next_run(schedule),
        labels=_labels(model, schedule.labels),
        # The API does not tell the network of a scheduled job, but for those that it brings about.
        spec=_spec(model, {key: each for key, each in schedule.body.items() if key != "network"}),
    )


def _labels(model: Model, labels: Mapping[str, str]) -> Mapping[str, str] | None:
    return labels or (None if model.quirks.cleared_labels == "absent" else {})


def _spec(model: Model, body: Body, job_id: str | None = None) -> dict[str, object]:
    quirks = model.quirks
    spec: dict[str, object] = {"environment": {}, **{key: body[key] for key in _ECHOED if key in body}}
    shown = DEFAULT_TIMEOUT if quirks.default_timeout_shown == "yes" else None
    if timeout := body.get("timeoutSeconds") or shown:
        spec["timeout"] = timeout
    if isinstance(attempts := body.get("attempts"), int):
        spec["retry"] = attempts - 1 if quirks.retry_says == "retries" else attempts
    if isinstance(secrets := body.get("secrets"), Mapping) and secrets:
        spec["secrets"] = list(secrets)
    if job_id is not None and isinstance(ssh := body.get("ssh"), Mapping) and ssh.get("enabled"):
        spec["sshUrl"] = f"ssh://{job_id}@ssh.hf.jobs"
    return spec


def differences(wanted: Seen | SeenSchedule, seen: Seen | SeenSchedule) -> list[str]:
    """What of ``seen`` is not as ``wanted``, a line for each fact; what is not told is not compared."""
    lines = []
    for name in (each.name for each in fields(wanted)):
        told = getattr(seen, name)
        if told is UNTOLD:
            continue
        right = getattr(wanted, name)
        if name.endswith("_at"):
            told, right = _instant(told), right if right is None else to_iso(right)
        if told != right:
            lines.append(f"{name}: expected {_shown(right)}, seen {_shown(told)}")
    return lines


def _instant(told: object) -> object:
    """An instant as the API writes it."""
    if isinstance(told, datetime):
        return to_iso(from_datetime(told))
    if isinstance(told, str):
        return to_iso(from_iso(told))
    return to_iso(told) if isinstance(told, int) else told


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "..."
