"""What the API answers about jobs. Every body is consistent: its times, durations, stage, owner and addresses agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from fakejobs.generate.source import Source
from fakejobs.generate.specs import job_spec, resource_group
from fakejobs.generate.values import HEX, Body, cron, instant, object_id, schema_of, value
from fakejobs.model.api_dates import LATEST
from fakejobs.model.draws import entity_id
from fakejobs.model.events import stage_events
from fakejobs.model.identity import avatar_url
from fakejobs.model.job import Job, JobAt, timeout_ms
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.planning import TIMEOUT_MESSAGE
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.model.times import to_iso
from fakejobs.wire.encode import job_body
from fakejobs.wire.history import body_on
from fakejobs.wire.json_types import Schema
from fakejobs.wire.schema import epoch
from fakejobs.wire.sse import event_body

USERS = ("fake-user", "ada", "grace-hopper", "x")
ORGS = ("acme-ai", "fine.tuners")
CANCEL_REASONS = (
    "NO_CREDITS",
    "NO_SUBSCRIPTION",
    "RESOURCE_GROUP_LIMIT",
    "a reason that nobody knows yet",
)
_LAGS = (0, 1, 999, 1000, 6000, 61_000, 3_600_000)
_DAY = 86_400_000
_QUIRKS = Quirks()


@dataclass(frozen=True)
class _Made:
    """A job without times, and what a body has beyond what the hub keeps of it."""

    job: Job
    extra: Body


def stages(date: str = LATEST) -> tuple[JobStage, ...]:
    """The stages that there were on a day, in the order of a life: the first is the simplest."""
    return _stages(epoch(date))


def check_stage(stage: JobStage | str | None, date: str = LATEST) -> None:
    """See to it that there was such a stage on that day; None is any.

    Raises:
        ValueError: there was not.
    """
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
    wanted = source.pick(stages(date)) if stage is None else JobStage(stage)
    made = _make(source, date)
    failures = source.integer(1, min(retries, 3)) if (retries := _retries(made)) and source.chance(30) else 0
    plan = _plan(source, made, wanted, failures)
    since = {JobStage.SCHEDULING: _ready(plan), JobStage.RUNNING: plan.start}.get(wanted, plan.end)
    now = since + (_run(source, made) - 1 if wanted is JobStage.RUNNING else _lag(source))
    return _body(source, made, plan, now, date, whole=False)


def timeline(source: Source, date: str = LATEST) -> list[Body]:
    """What somebody who polls a job sees of it, oldest first: one look or two at each of its stages.

    It may be tried several times: RUNNING is followed by SCHEDULING then, with one more failure in ``failureCount``. The poller may come late
    (the first SCHEDULING is missing) or leave early (the job is not over).
    """
    made = _make(source, date)
    failures = source.integer(0, min(_retries(made), 2))
    final = source.pick((JobStage.RUNNING, JobStage.COMPLETED, JobStage.ERROR, JobStage.CANCELED))
    plan = _plan(source, made, final, failures)
    looks: list[tuple[Plan, int]] = []
    ready = plan.created
    for index, (start, end) in enumerate(plan.earlier):
        attempt = Plan(plan.created, start, end, JobStage.ERROR, earlier=plan.earlier[:index])
        looks += _looks(source, attempt, (ready, start, end))
        ready = end
    # The stages that are left: until it starts, until it ends, and since then.
    changes = [ready, *(each for each in (plan.start, plan.end) if each < NEVER)]
    last = changes[-1] + (_run(source, made) if final is JobStage.RUNNING else _DAY)
    looks += _looks(source, plan, (*changes, last))
    if final is not JobStage.RUNNING and source.chance(10):
        looks.append((replace(plan, end_stage=JobStage.DELETED, message=None, cancel_reason=None), last))
    if len(looks) > 1 and source.chance(20):
        del looks[0]
    known = stages(date)
    return [
        _body(source, made, seen, now, date, whole=True) for seen, now in looks if seen.stage_at(now) in known
    ]


def events(source: Source, date: str = LATEST) -> list[Body]:
    """What ``GET .../events`` says of a job so far: the data of each change of its stage, oldest first."""
    made = _make(source, date)
    failures = source.integer(0, min(_retries(made), 2))
    final = source.pick([stage for stage in stages(date) if stage is not JobStage.DELETED])
    plan = _plan(source, made, final, failures)
    now = (plan.start if plan.end >= NEVER else plan.end) if plan.start < NEVER else plan.end
    now = _ready(plan) if now >= NEVER else now
    return [{**event_body(event)} for event in stage_events(JobAt(replace(made.job, plan=plan), now))]


def scheduled_job(source: Source, date: str = LATEST) -> Body:
    """A scheduled job, as every route answers it that answers one."""
    schema = schema_of("scheduled-job", date)
    made = _make(source, date)
    created = made.job.plan.created
    last = created + _lag(source) if source.chance() else None
    following = max(last or 0, created) + 60_000 * source.integer(1, 1440)
    body: Body = {
        "id": made.job.id,
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
    persons = {"owner": made.job.about["owner"], "initiator": _person("user", _creator(made))}
    for key, person in persons.items():
        if key == "owner" or source.chance():
            assert isinstance(person, dict)
            body[key] = {name: person[name] for name in schema["properties"][key]["properties"]}
    # A spec has no times: it is that of a job which does not run.
    whole = _body(source, made, Plan(created, NEVER, NEVER, JobStage.COMPLETED), created, LATEST, whole=True)
    spec_schema = schema_of("scheduled-job-spec", date)
    spec: Body = {key: whole[key] for key in spec_schema["properties"] if key in whole and key != "durations"}
    body["jobSpec"] = spec
    return _known(source, body, schema)


def _make(source: Source, date: str) -> _Made:
    flavors: list[str] = schema_of("job-spec", date)["properties"]["flavor"]["enum"]
    spec: dict[str, object] = {**job_spec(source, date, flavors)}
    created = instant(source)
    user = source.pick(USERS)
    org = source.pick(ORGS) if source.chance(30) else None
    owner = _person("user", user) if org is None else _person("org", org)
    about: dict[str, object] = {
        "owner": owner,
        "createdBy": {"id": entity_id("user", user), "name": user},
        "initiator": _initiator(source, user, owner),
    }
    labels = spec.pop("labels", {})
    assert isinstance(labels, dict)
    secrets = spec.pop("secrets", None)
    if isinstance(secrets, dict):
        spec["secrets"] = list(secrets)
        if secrets and source.chance():
            about["hfToken"] = _hf_token(source, user, org)
    extra: Body = {}
    if org is None:
        spec.pop("resourceGroupId", None)  # organisations have them
    elif "resourceGroupId" in spec and source.chance():
        extra["resourceGroup"] = {**resource_group(source), "id": str(spec["resourceGroupId"])}
    expose = spec.get("expose")
    if isinstance(expose, dict) and "ports" not in expose:  # until June 2026, and never in a response
        del spec["expose"]
    spec.setdefault("environment", {})
    if spec.get("timeoutSeconds", 0) is None:
        del spec["timeoutSeconds"]
    plan = Plan(created, NEVER, NEVER, JobStage.COMPLETED)
    return _Made(Job(_id(source, created), str(owner["name"]), 1, plan, spec, labels, about), extra)


def _plan(source: Source, made: _Made, stage: JobStage, failures: int) -> Plan:
    """When the job does what, so that it comes to ``stage`` and stays there. Its stage after a failure is SCHEDULING for a while."""
    created = made.job.plan.created
    plan = Plan(created, NEVER, NEVER, JobStage.COMPLETED)
    for _ in range(failures):
        start = _ready(plan) + 1 + _lag(source)
        plan = replace(plan, earlier=(*plan.earlier, (start, start + _run(source, made))))
    if stage is JobStage.SCHEDULING:
        return plan
    start = _ready(plan) + _lag(source) + (1 if failures else 0)
    if stage is JobStage.RUNNING:
        return replace(plan, start=start)
    if stage is not JobStage.COMPLETED and start > _ready(plan) and source.chance(20):  # it never ran
        message = _QUIRKS.image_pull_message if stage is JobStage.ERROR else None
        return replace(plan, end=start, end_stage=stage, message=message)
    end = start + _run(source, made)
    message = reason = None
    if stage is JobStage.ERROR:
        code, kind, limit = source.integer(1, 255), source.integer(0, 3), timeout_ms(made.job.spec)
        message = f"Job failed with exit code: {code}. Reason: Error"
        if kind == 1:
            message = "Job failed with exit code: 137. Reason: OOMKilled"
        elif kind == 2 and limit <= 30 * _DAY:
            message, end = TIMEOUT_MESSAGE, start + limit
    elif stage is JobStage.CANCELED and source.chance(40):
        reason = source.pick(CANCEL_REASONS)
    return replace(plan, start=start, end=end, end_stage=stage, message=message, cancel_reason=reason)


def _looks(source: Source, plan: Plan, changes: tuple[int, ...]) -> list[tuple[Plan, int]]:
    """One instant, or two, between each two changes that are not the same."""
    looks = []
    for since, until in pairwise(changes):
        if since < until:
            looks.append((plan, since))
            if until - since > 1 and source.chance(30):
                looks.append((plan, source.integer(since + 1, until - 1)))
    return looks


def _body(source: Source, made: _Made, plan: Plan, now: int, date: str, *, whole: bool) -> Body:
    """The body, with the keys of the day. Unless ``whole``, some that need not be there are left out."""
    seen = JobAt(replace(made.job, plan=plan), now)
    body: Body = {**job_body(seen, _QUIRKS), **made.extra}  # type: ignore[dict-item]  # it is made of JSON
    status = body["status"]
    assert isinstance(status, dict)
    if not whole:
        if seen.stage in TERMINAL and source.chance(10):  # its end is not known: those of before May 2026
            for key in ("startedAt", "finishedAt", "durations"):
                body.pop(key, None)
        if isinstance(durations := body.get("durations"), dict) and source.chance(5):
            del durations["totalSecs"]  # each of the three may be missing
        if not plan.earlier and source.chance(20):
            del status["failureCount"]
        if source.chance(10):
            del body["initiator"]
        if "labels" not in body and source.chance(10):
            body["labels"] = {}
    return _known(source, body_on("job", body, date), schema_of("job", date))


def _known(source: Source, body: Body, schema: Schema, at: str = "") -> Body:
    """``body`` with the keys that the schema has, in its order; what no generator here knows comes out of the schema."""
    properties: dict[str, Schema] = schema["properties"]
    known: Body = {}
    for key, member in properties.items():
        if key not in body:
            if key in schema.get("required", ()) or (at + key not in _OURS and source.chance()):
                known[key] = value(source, member)
            continue
        each = body[key]
        # Copied, all of it: the bodies of a timeline come from one job, and a test may change each of them.
        if isinstance(each, dict):
            each = (
                _known(source, each, member, f"{at}{key}.") if "properties" in member else dict(each.items())
            )
        elif isinstance(each, list) and "properties" in member.get("items", ()):
            each = [_known(source, item, member["items"], f"{at}{key}.") for item in each]  # type: ignore[arg-type]  # objects
        elif isinstance(each, list):
            each = list(each)
        known[key] = each
    return known


_OF_AUTHORS = "_id fullname isPro isHf isHfAdmin isMod isEnterprise followerCount"
_OURS = frozenset(
    f"{at}{key}"
    for at, keys in {
        "": "id createdAt spaceId dockerImage timeout environment command arguments arch flavor createdBy resourceGroupId retry "
        "startedAt finishedAt durations volumes expose network type owner resourceGroup initiator status secrets labels hfToken "
        "schedule suspend suspendReason concurrency jobSpec",
        "createdBy.": "id name",
        "durations.": "schedulingSecs runningSecs totalSecs",
        "volumes.": "type source mountPath revision readOnly path",
        "expose.": "ports portsPublic",
        "network.": "group aliases",
        "owner.": f"id name type avatarUrl {_OF_AUTHORS}",
        "metadata.owner.": f"id name type avatarUrl {_OF_AUTHORS}",
        "initiator.": "id name type avatarUrl",
        "resourceGroup.": "id name numUsers",
        "status.": "stage message cancelReason failureCount exposeUrls sshUrl lastJob nextJobRunAt",
        "hfToken.": "ownerName orgName tokenRole tokenId settingsUrl",
    }.items()
    for key in keys.split()
)
_OURS |= {f"{part}.{key}" for part in ("jobSpec", "spec") for key in _OURS}
"""The keys that are decided on here. One that the schema gets later comes out of the schema until somebody knows better."""


def _initiator(source: Source, user: str, owner: Body) -> Body:
    kind = source.integer(0, 7)
    if kind in (1, 2, 3):
        types = ("scheduled-job", "duplicated-job", "webhook")
        return {"type": types[kind - 1], "id": object_id(source)}
    return owner if kind == 4 else _person("user", user)


def _person(kind: str, name: str) -> Body:
    return {"id": entity_id(kind, name), "name": name, "type": kind, "avatarUrl": avatar_url(name)}


def _creator(made: _Made) -> str:
    creator = made.job.about["createdBy"]
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
    """Milliseconds that something takes."""
    return source.pick(_LAGS) if source.chance(70) else source.integer(0, _DAY)


def _run(source: Source, made: _Made) -> int:
    """Milliseconds that an attempt runs: one at least, and no longer than its timeout."""
    return min(1 + _lag(source), timeout_ms(made.job.spec))


def _ready(plan: Plan) -> int:
    """Since when the latest attempt waits."""
    return plan.earlier[-1][1] if plan.earlier else plan.created


def _retries(made: _Made) -> int:
    attempts = made.job.spec.get("attempts", 1)
    return attempts - 1 if isinstance(attempts, int) else 0


@cache
def _stages(in_epoch: str) -> tuple[JobStage, ...]:
    known = schema_of("job-status", in_epoch)["properties"]["stage"]["enum"]
    return tuple(stage for stage in JobStage if stage in known)
