"""What is compared of a job: the facts of it that somebody was told, and the place where they differ from the model's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from fakejobs.machine.model import Model, ModelJob
from fakejobs.machine.scripted import DEFAULT_TIMEOUT
from fakejobs.wire.times import from_datetime, from_iso, to_iso


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
    spec: object = UNTOLD


_FACTS = [each.name for each in fields(Seen)]


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
    )


def _from_wire(body: Mapping[str, object]) -> Seen:
    get = body.get
    status, expose, durations, initiator = get("status"), get("expose"), get("durations"), get("initiator")
    assert isinstance(status, Mapping), "no status"
    ports = expose if isinstance(expose, Mapping) else {}
    spec = {key: body[key] for key in (*_ECHOED, "timeout", "retry", "secrets") if key in body}
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
        duplicate_of=initiator.get("id")
        if isinstance(initiator, Mapping) and initiator.get("type") == "duplicated-job"
        else None,
        spec=spec,
    )


def expected(model: Model, job: ModelJob) -> Seen:
    """What the model says of a job."""
    stage, over, started = model.stage(job), model.now >= job.end, model.started(job)
    until = int(job.end) if over else model.now
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
        labels=job.labels or (None if model.quirks.cleared_labels == "absent" else {}),
        ports=job.expose.get("ports"),
        public_ports=job.expose.get("portsPublic"),
        expose_urls=[f"https://{job.id}--{port}.hf.jobs" for port in job.expose.get("ports", ())] or None,
        created_at=job.created,
        started_at=started,
        finished_at=until if over and timed else None,
        durations=(scheduling, running, (until - job.created) // 1000) if timed else None,
        duplicate_of=job.duplicate_of,
        spec=_spec(model, job),
    )


def _spec(model: Model, job: ModelJob) -> dict[str, object]:
    body, quirks = job.body, model.quirks
    spec: dict[str, object] = {"environment": {}, **{key: body[key] for key in _ECHOED if key in body}}
    shown = DEFAULT_TIMEOUT if quirks.default_timeout_shown == "yes" else None
    if timeout := body.get("timeoutSeconds") or shown:
        spec["timeout"] = timeout
    if isinstance(attempts := body.get("attempts"), int):
        spec["retry"] = attempts - 1 if quirks.retry_says == "retries" else attempts
    if isinstance(secrets := body.get("secrets"), Mapping) and secrets:
        spec["secrets"] = list(secrets)
    if isinstance(ssh := body.get("ssh"), Mapping) and ssh.get("enabled"):
        spec["sshUrl"] = f"ssh://{job.id}@ssh.hf.jobs"
    return spec


def differences(wanted: Seen, seen: Seen) -> list[str]:
    """What of ``seen`` is not as ``wanted``, a line for each fact; what is not told is not compared."""
    lines = []
    for name in _FACTS:
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
