"""What the API answers about jobs. Every body is consistent: its times, durations, stage, owner and addresses agree."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from fakejobs.generate.source import Source
from fakejobs.generate.specs import Body, job_spec, resource_group
from fakejobs.generate.values import HEX, cron, instant, object_id, value
from fakejobs.model.draws import entity_id
from fakejobs.model.identity import avatar_url
from fakejobs.model.job import Job, JobAt, timeout_ms
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.planning import TIMEOUT_MESSAGE
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.wire.encode import job_body
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.schema import LATEST, epoch, schema_at
from fakejobs.wire.times import to_iso

USERS = ("fake-user", "ada", "grace-hopper", "x")
ORGS = ("acme-ai", "fine.tuners")
_LAGS = (0, 1, 999, 1000, 6000, 61_000, 3_600_000)
_QUIRKS = Quirks()


def stages(date: str = LATEST) -> list[JobStage]:
    """The stages that there were on a day, simplest first."""
    names = _schema("job-status", epoch(date))["properties"]["stage"]["enum"]
    return [JobStage(name) for name in names]


def check_stage(stage: JobStage | str | None, date: str = LATEST) -> None:
    """Raise a `ValueError` if there is no such stage, or was none on that day. None is any."""
    known = stages(date)
    if stage is not None and stage not in known:
        raise ValueError(f"stage: {str(stage)!r} is none of {', '.join(known)} (API of {date})")


def job(source: Source, stage: JobStage | str | None = None, date: str = LATEST) -> Body:
    """A job, as every route answers it that answers one.

    Args:
        source: where the choices come from.
        stage: the stage that it is in; None: any.
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: there is no such stage, or there was none on that day.
    """
    check_stage(stage, date)
    if stage is None:
        stage = source.pick(stages(date))
    made, extra = _job(source, date)
    made, now = _until(source, made, JobStage(stage))
    return _body(source, made, now, extra, date)


def timeline(source: Source, date: str = LATEST) -> list[Body]:
    """What somebody who polls a job sees of it: one body for each stage that it goes through, oldest first.

    It may be tried several times: RUNNING is followed by SCHEDULING then, with one more failure in ``failureCount``.
    """
    made, extra = _job(source, date)
    created = made.plan.created
    seen: list[tuple[Plan, int]] = []
    earlier: tuple[tuple[int, int], ...] = ()
    ready = created
    retries = source.integer(0, min(_retries(made), 2))
    for attempt in range(retries + 1):
        start = ready + _lag(source)
        end = start + 1 + _lag(source)
        waits = Plan(created, start, end, JobStage.ERROR, earlier=earlier)
        if attempt or source.chance(80):  # a poller may miss it
            seen.append((waits, ready))
        if start > ready and attempt == retries and source.chance(10):  # it ends before it runs
            stage, message, reason = _ending(source, JobStage.CANCELED, made)
            seen.append((Plan(created, NEVER, start, stage, message, reason, earlier), start))
            break
        seen.append((waits, start + source.integer(0, end - start - 1)))
        if attempt < retries:
            earlier, ready = (*earlier, (start, end)), end
            continue
        if source.chance(90):
            stage = source.pick((JobStage.COMPLETED, JobStage.ERROR, JobStage.CANCELED))
            stage, message, reason = _ending(source, stage, made)
            seen.append((Plan(created, start, end, stage, message, reason, earlier), end))
    return [
        _body(source, replace(made, plan=plan), now, extra, date, whole=True)
        for plan, now in seen
        if plan.stage_at(now) in stages(date)
    ]


def scheduled_job(source: Source, date: str = LATEST) -> Body:
    """A scheduled job, as every route answers it that answers one."""
    schema = _schema("scheduled-job", epoch(date))
    made, extra = _job(source, date)
    created = made.plan.created
    last = created + _lag(source) if source.chance() else None
    following = max(last or 0, created) + 60_000 * source.integer(1, 1440)
    body: Body = {
        "id": made.id,
        "createdAt": to_iso(created),
        "schedule": cron(source),
        "suspend": source.chance(30),
        "concurrency": source.chance(30),
        "status": {
            "lastJob": None if last is None else {"id": _id(source, last), "at": to_iso(last)},
            "nextJobRunAt": to_iso(following),
        },
        "type": "scheduled-job",
    }
    if body["suspend"] and source.chance():
        body["suspendReason"] = source.pick(("NO_CREDITS", "The credits of this account are used up"))
    for key in ("owner", "initiator"):
        person = made.about["owner"] if key == "owner" else _person("user", _creator(made))
        assert isinstance(person, dict)
        if key == "owner" or source.chance():
            body[key] = {name: person[name] for name in schema["properties"][key]["properties"]}
    whole = _body(source, made, created, extra, date)
    spec_schema = _schema("scheduled-job-spec", epoch(date))
    unseen = ("startedAt", "finishedAt", "durations")  # of a job that runs, and never in a spec that was seen
    body["jobSpec"] = {
        key: whole[key] for key in spec_schema["properties"] if key in whole and key not in unseen
    }
    return _known(source, body, schema)


def _job(source: Source, date: str) -> tuple[Job, Body]:
    """A job without a plan yet, and the keys that are not in the spec."""
    spec = dict(job_spec(source, date))
    created = instant(source)
    user = source.pick(USERS)
    org = source.pick(ORGS) if source.chance(30) else None
    owner = _person("org", org) if org else _person("user", user)
    about: dict[str, object] = {"owner": owner, "createdBy": {"id": entity_id("user", user), "name": user}}
    kind = source.integer(0, 7)
    if kind == 1:
        about["initiator"] = {"type": "scheduled-job", "id": object_id(source)}
    elif kind == 2:
        about["initiator"] = {"type": "duplicated-job", "id": object_id(source)}
    elif kind == 3:
        about["initiator"] = {"type": "webhook", "id": object_id(source)}
    elif kind == 4 and org is not None:
        about["initiator"] = owner
    else:
        about["initiator"] = _person("user", user)
    labels = spec.pop("labels", {})
    assert isinstance(labels, dict)
    secrets = spec.pop("secrets", None)
    if isinstance(secrets, dict):
        spec["secrets"] = list(secrets)
        if secrets and source.chance():
            about["hfToken"] = _hf_token(source, user, org)
    extra: Body = {}
    if "resourceGroupId" in spec and source.chance():
        extra["resourceGroup"] = {**resource_group(source), "id": spec["resourceGroupId"]}
    expose = spec.get("expose")
    if isinstance(expose, dict) and "ports" not in expose:  # until June 2026, and never in a response
        del spec["expose"]
    spec.setdefault("environment", {})
    if spec.get("timeoutSeconds", 0) is None:
        del spec["timeoutSeconds"]
    plan = Plan(created, NEVER, NEVER, JobStage.COMPLETED)
    names = {str(key): str(each) for key, each in labels.items()}
    return Job(_id(source, created), str(owner["name"]), 1, plan, spec, names, about), extra


def _until(source: Source, made: Job, stage: JobStage) -> tuple[Job, int]:
    """The job with a plan that has it in ``stage`` at the instant that comes with it."""
    created = made.plan.created
    earlier: tuple[tuple[int, int], ...] = ()
    ready = created
    if (retries := _retries(made)) and source.chance(30):
        for _ in range(source.integer(1, min(retries, 3))):
            start = ready + _lag(source)
            ready = start + 1 + _lag(source)
            earlier = (*earlier, (start, ready))
    start = ready + _lag(source)
    if stage is JobStage.SCHEDULING:
        return replace(made, plan=Plan(created, start + 1, NEVER, stage, earlier=earlier)), start
    running = 1 + _lag(source)
    if stage is JobStage.RUNNING:
        return replace(made, plan=Plan(created, start, NEVER, stage, earlier=earlier)), start + running - 1
    ended, message, reason = _ending(source, stage, made)
    if message == TIMEOUT_MESSAGE:
        running = timeout_ms(made.spec)
    end = start + running
    never_ran = stage is not JobStage.COMPLETED and message != TIMEOUT_MESSAGE and source.chance(20)
    if never_ran and stage is JobStage.ERROR:
        message = "Failed to pull image"
    plan = Plan(created, NEVER if never_ran else start, end, ended, message, reason, earlier)
    return replace(made, plan=plan), end + _lag(source)


def _ending(source: Source, stage: JobStage, made: Job) -> tuple[JobStage, str | None, str | None]:
    """(stage, message, cancel reason) of a job that ends."""
    if stage is JobStage.ERROR:
        kind = source.integer(0, 3)
        if kind == 1:
            return stage, "Job failed with exit code: 137. Reason: OOMKilled", None
        if kind == 2 and timeout_ms(made.spec) < 10**9:
            return stage, TIMEOUT_MESSAGE, None
        code = source.integer(1, 255)
        return stage, f"Job failed with exit code: {code}. Reason: Error", None
    if stage is JobStage.CANCELED and source.chance(40):
        reasons = ("NO_CREDITS", "NO_SUBSCRIPTION", "RESOURCE_GROUP_LIMIT", "a reason that nobody knows yet")
        return stage, None, source.pick(reasons)
    return stage, None, None


def _body(source: Source, made: Job, now: int, extra: Body, date: str, *, whole: bool = False) -> Body:
    """The body, with the keys of the day. Unless ``whole``, some that need not be there are left out."""
    body: Body = {**job_body(JobAt(made, now), _QUIRKS), **extra}  # type: ignore[dict-item]  # it is made of JSON
    stage = made.plan.stage_at(now)
    status = body["status"]
    assert isinstance(status, dict)
    if not whole:
        if stage in TERMINAL and source.chance(10):  # of before May 2026
            for key in ("startedAt", "finishedAt", "durations"):
                body.pop(key, None)
        if isinstance(durations := body.get("durations"), dict) and source.chance(5):
            del durations["totalSecs"]  # each of the three may be missing
        if not made.plan.earlier and source.chance(20):
            del status["failureCount"]
        if source.chance(10):
            body.pop("initiator", None)
        if "labels" not in body and source.chance(10):
            body["labels"] = {}
    return _known(source, body, _schema("job", epoch(date)))


def _known(source: Source, body: Body, schema: Schema) -> Body:
    """``body`` with the keys that the schema has, in its order; what no generator here knows comes out of the schema."""
    properties: dict[str, Schema] = schema["properties"]
    known: Body = {}
    for key, member in properties.items():
        if key in body:
            known[key] = _pruned(body[key], member)
        elif key in schema["required"] or (key not in _OURS and source.chance()):
            known[key] = value(source, member)
    return known


def _pruned(each: Json, schema: Schema) -> Json:
    if isinstance(each, dict) and schema.get("additionalProperties") is False:
        properties = schema["properties"]
        return {key: _pruned(each[key], properties[key]) for key in properties if key in each}
    if isinstance(each, list) and "items" in schema:
        return [_pruned(item, schema["items"]) for item in each]
    return each


_OURS = frozenset(
    (
        "id", "createdAt", "spaceId", "dockerImage", "timeout", "environment", "command", "arguments", "arch", "flavor", "createdBy",
        "resourceGroupId", "retry", "startedAt", "finishedAt", "durations", "volumes", "expose", "network", "type", "owner",
        "resourceGroup", "initiator", "status", "secrets", "labels", "hfToken",
        "schedule", "suspend", "suspendReason", "concurrency", "jobSpec",
    )
)  # fmt: skip
"""The keys that are decided on here. One that the schema gets later comes out of the schema until somebody knows better."""


def _person(kind: str, name: str) -> dict[str, Json]:
    return {"id": entity_id(kind, name), "name": name, "type": kind, "avatarUrl": avatar_url(name)}


def _creator(made: Job) -> str:
    creator = made.about["createdBy"]
    assert isinstance(creator, dict)
    return str(creator["name"])


def _hf_token(source: Source, user: str, org: str | None) -> Body:
    token: Body = {"ownerName": user}
    if org is not None and source.chance():
        token["orgName"] = org
    if source.chance():
        token["tokenRole"] = source.pick(("read", "write", "fineGrained"))
    if source.chance():
        token["tokenId"] = object_id(source)
        token["settingsUrl"] = "https://huggingface.co/settings/tokens"
    return token


def _id(source: Source, created: int) -> str:
    """An ObjectId: its first 8 digits are the second of the creation."""
    return f"{created // 1000:08x}{source.word(HEX, 16, 16)}"


def _lag(source: Source) -> int:
    return source.pick(_LAGS) if source.chance(70) else source.integer(0, 86_400_000)


def _retries(made: Job) -> int:
    attempts = made.spec.get("attempts", 1)
    return attempts - 1 if isinstance(attempts, int) else 0


@cache
def _schema(piece: str, in_epoch: str) -> Schema:
    return schema_at(piece, in_epoch)
