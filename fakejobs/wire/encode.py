"""From what the hub answers to JSON: the one place that lists keys, in the Hub's order.

A missing value is an absent key, except for ``status.message``, which is null (real payloads; the Hub's schema of responses is
closed and allows null nowhere else).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fakejobs.model.billing import JobsUsage, UsedJob
from fakejobs.model.draws import entity_id
from fakejobs.model.flavors import Flavor
from fakejobs.model.identity import Caller, Identity, Org, Owner, Token, avatar_url, restrictions_of
from fakejobs.model.job import DEFAULT_TIMEOUT_MS, Job, JobAt, Spec
from fakejobs.model.quirks import Quirks
from fakejobs.model.schedules import ScheduleAt
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.model.times import to_iso
from fakejobs.model.webhooks import KEPT, Webhook

JobBody = dict[str, object]

_BEFORE_FLAVOR = ("environment", "command", "arguments", "arch")
_AFTER_DURATIONS = ("volumes", "expose", "network")
_SCHEDULED_OWNER = ("id", "name", "avatarUrl", "type")


def job_body(seen: JobAt, quirks: Quirks) -> JobBody:
    """A job: the answer of every route that gives one, and the items of a list."""
    job, stage = seen.job, seen.stage
    spec, about, plan = job.spec, job.about, job.plan
    over = stage in TERMINAL
    body: JobBody = {"id": job.id, "createdAt": to_iso(plan.created)}
    _add_spec(body, spec, quirks)
    body["createdBy"] = about["createdBy"]
    _add_group_and_retry(body, spec, quirks)
    _add_times(body, seen, stage, over=over)
    for key in _AFTER_DURATIONS:
        if key in spec:
            body[key] = spec[key]
    body["type"] = "job"
    body["owner"] = about["owner"]
    if "resourceGroup" in about:
        body["resourceGroup"] = about["resourceGroup"]
    body["initiator"] = about["initiator"]
    body["status"] = _status(seen, stage, quirks, over=over)
    _add_rest(body, job, quirks)
    return body


def job_bodies(found: Iterable[JobAt], quirks: Quirks) -> list[JobBody]:
    """The jobs of a list. A year has half a million minutes: what runs of one schedule have in common is put together once."""
    bodies: list[JobBody] = []
    previous: JobAt | None = None
    for seen in found:
        if previous is not None and _differ_in_times(previous, seen):
            body = bodies[-1].copy()
            body["id"] = seen.job.id
            body["createdAt"] = to_iso(seen.job.plan.created)
            _add_times(body, seen, seen.job.plan.end_stage, over=True)
        else:
            body = job_body(seen, quirks)
        bodies.append(body)
        previous = seen
    return bodies


def _differ_in_times(one: JobAt, other: JobAt) -> bool:
    """Whether two jobs that are over, and have run, differ in their ids and times only. Said only of those that share their spec."""
    job, plan, also = one.job, one.job.plan, other.job.plan
    return (
        job.spec is other.job.spec
        and job.labels is other.job.labels
        and job.about is other.job.about
        and plan.start <= plan.end <= one.now
        and also.start <= also.end <= other.now
        and plan.end_stage is also.end_stage
        and plan.message == also.message
        and plan.cancel_reason == also.cancel_reason
        and plan.earlier == also.earlier
        and "expose" not in job.spec
        and "ssh" not in job.spec
    )


def scheduled_job_body(seen: ScheduleAt, quirks: Quirks) -> JobBody:
    """A scheduled job: the answer of every route that gives one, and the items of a list."""
    schedule = seen.schedule
    about = schedule.about
    body: JobBody = {
        "id": schedule.id,
        "createdAt": to_iso(schedule.created),
        "schedule": schedule.schedule,
        "suspend": schedule.suspended,
    }
    if schedule.suspend_reason is not None:
        body["suspendReason"] = schedule.suspend_reason
    body["concurrency"] = schedule.concurrency
    last = None if seen.last is None else {"id": seen.last[0], "at": to_iso(seen.last[1])}
    body["status"] = {"lastJob": last, "nextJobRunAt": to_iso(seen.following)}
    body["type"] = "scheduled-job"
    for key in ("owner", "initiator"):
        person = about[key]
        assert isinstance(person, dict)
        body[key] = {name: person[name] for name in _SCHEDULED_OWNER}
    spec: JobBody = {}
    _add_spec(spec, schedule.spec, quirks)
    _add_group_and_retry(spec, schedule.spec, quirks)
    for key in ("volumes", "expose"):
        if key in schedule.spec:
            spec[key] = schedule.spec[key]
    if "resourceGroup" in about:
        spec["resourceGroup"] = about["resourceGroup"]
    _add_rest(spec, schedule.as_job, quirks)
    body["jobSpec"] = spec
    return body


def _add_spec(body: JobBody, spec: Spec, quirks: Quirks) -> None:
    """Add what was asked for, up to the flavor."""
    if "spaceId" in spec:
        body["spaceId"] = spec["spaceId"]
    if "dockerImage" in spec:
        body["dockerImage"] = spec["dockerImage"]
    if "timeoutSeconds" in spec:
        body["timeout"] = spec["timeoutSeconds"]
    elif quirks.default_timeout_shown == "yes":
        body["timeout"] = DEFAULT_TIMEOUT_MS // 1000
    for key in _BEFORE_FLAVOR:
        if key in spec:
            body[key] = spec[key]
    body["flavor"] = spec["flavor"]


def _add_group_and_retry(body: JobBody, spec: Spec, quirks: Quirks) -> None:
    if "resourceGroupId" in spec:
        body["resourceGroupId"] = spec["resourceGroupId"]
    if isinstance(attempts := spec.get("attempts"), int):
        body["retry"] = attempts - 1 if quirks.retry_says == "retries" else attempts


def _add_rest(body: JobBody, job: Job, quirks: Quirks) -> None:
    if "secrets" in job.spec:
        body["secrets"] = job.spec["secrets"]
    if job.labels or quirks.cleared_labels == "empty":
        body["labels"] = job.labels
    if "hfToken" in job.about:
        body["hfToken"] = job.about["hfToken"]


def _add_times(body: JobBody, seen: JobAt, stage: JobStage, *, over: bool) -> None:
    """Add ``startedAt``, ``finishedAt`` and ``durations``, whole seconds rounded down (huggingface_hub#4211).

    A cancelled job, and a deleted one, has neither an end nor durations (kabartay/jobwatch, checked live in October 2026).
    """
    plan = seen.job.plan
    started = plan.started_at(seen.now)
    if started is not None:
        body["startedAt"] = to_iso(started)
    if stage is JobStage.CANCELED or stage is JobStage.DELETED:
        return
    until = seen.now
    if over:
        until = plan.end
        body["finishedAt"] = to_iso(until)
    durations: dict[str, int] = {}
    if started is not None:
        durations["schedulingSecs"] = (started - plan.created) // 1000
        durations["runningSecs"] = (until - started) // 1000
    durations["totalSecs"] = (until - plan.created) // 1000
    body["durations"] = durations


def _status(seen: JobAt, stage: JobStage, quirks: Quirks, *, over: bool) -> JobBody:
    job, message = seen.job, seen.job.plan.message if over else None
    if seen.waiting is not None and quirks.queued_message == "why":
        message = str(seen.waiting)
    status: JobBody = {"stage": stage.value, "message": message}
    if over and job.plan.cancel_reason is not None:
        status["cancelReason"] = job.plan.cancel_reason
    failed = over and stage is JobStage.ERROR and quirks.last_failure_counted == "yes"
    status["failureCount"] = len(job.plan.earlier) + failed
    expose, ssh = job.spec.get("expose"), job.spec.get("ssh")
    # Both are there from the first answer on (Hub documentation, "Configuration").
    if isinstance(expose, dict) and expose["ports"]:
        status["exposeUrls"] = [f"https://{job.id}--{port}.hf.jobs" for port in expose["ports"]]
    if isinstance(ssh, dict) and ssh.get("enabled"):
        status["sshUrl"] = f"ssh://{job.id}@ssh.hf.jobs"
    return status


def hardware_body(flavors: Iterable[Flavor]) -> list[JobBody]:
    """The hardware list."""
    return [
        {
            "name": flavor.name,
            "prettyName": flavor.pretty_name,
            "cpu": f"{flavor.vcpu} vCPU",
            "ram": f"{flavor.ram} GB",
            "ephemeralStorage": f"{flavor.storage} GB",
            "accelerator": None
            if flavor.accelerator is None
            else {
                "type": "gpu",
                "model": flavor.accelerator.model,
                "quantity": str(flavor.accelerator.quantity),
                "vram": f"{flavor.accelerator.vram} GB",
                "manufacturer": "Nvidia",
            },
            "unitCostMicroUSD": flavor.micro_usd,
            "unitCostUSD": flavor.micro_usd / 1_000_000,
            "unitLabel": "minute",
        }
        for flavor in flavors
    ]


def whoami_body(caller: Caller, identity: Identity) -> JobBody:
    """Who is calling: ``GET /api/whoami-v2``."""
    user = caller.user
    body: JobBody = {
        "type": "user",
        "id": entity_id("user", user.name),
        "name": user.name,
        "fullname": user.fullname or user.name,
    }
    if user.email is not None:
        body["email"] = user.email
        body["emailVerified"] = True
    body["canPay"] = True
    body["billingMode"] = "prepaid"
    body["isPro"] = user.is_pro
    body["avatarUrl"] = avatar_url(user.name)
    body["orgs"] = [
        _org(org, role, caller) for org in identity.orgs if (role := org.role_of(user.name)) is not None
    ]
    body["auth"] = _auth(caller.token, identity)
    return body


def _auth(token: Token, identity: Identity) -> JobBody:
    """The token, in the order of keys that the Hub answers in, which is not that of its schema."""
    access: JobBody = {
        "displayName": token.name,
        "role": token.role,
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    if token.permissions is not None:
        access["fineGrained"] = _fine_grained(token, token.permissions, identity)
    auth: JobBody = {"type": "access_token", "accessToken": access}
    if token.expires is not None:
        auth["expiresAt"] = to_iso(token.expires)
    return auth


def _fine_grained(token: Token, permissions: Mapping[str, tuple[str, ...]], identity: Identity) -> JobBody:
    body: JobBody = {}
    if token.can_read_gated_repos is not None:
        body["canReadGatedRepos"] = token.can_read_gated_repos
    if token.global_permissions:
        body["global"] = list(token.global_permissions)
    body["scoped"] = [
        {"entity": _entity(place, identity), "permissions": list(each)} for place, each in permissions.items()
    ]
    return body


def _entity(place: str, identity: Identity) -> JobBody:
    """What a fine-grained token has permissions in: a user, an organisation, or ``organisation/group``."""
    owner = identity.owner(place)
    if owner is not None:
        return {"_id": owner.id, "type": owner.type, "name": place}
    org, _, name = place.partition("/")
    found = identity.org(org)
    group_id = next(group.id for group in (found.groups if found else ()) if group.name == name)
    return {"_id": group_id, "type": "resource-group", "name": name}


def _org(org: Org, role: str, caller: Caller) -> JobBody:
    body: JobBody = {
        "type": "org",
        "id": entity_id("org", org.name),
        "name": org.name,
        "fullname": org.fullname or org.name,
        "canPay": True,
        "billingMode": "prepaid",
        "avatarUrl": avatar_url(org.name),
    }
    if org.plan is not None:
        body["plan"] = org.plan
    body["roleInOrg"] = role
    if restrictions := restrictions_of(org, caller.token):
        body["securityRestrictions"] = list(restrictions)
    groups = [
        {"id": group.id, "name": group.name, "role": in_group}
        for group in org.groups
        if (in_group := org.role_of(caller.user.name, group)) is not None
    ]
    if groups:
        body["resourceGroups"] = groups
    return body


def webhook_body(webhook: Webhook) -> JobBody:
    """A webhook; of its secrets, the names."""
    body: JobBody = {"id": webhook.id}
    if webhook.url is not None:
        body["url"] = webhook.url
    if webhook.job is not None:
        spec: JobBody = {"timeoutSeconds": None, **webhook.job}
        job: JobBody = {key: spec[key] for key in KEPT if key in spec}
        if webhook.labels:
            job["labels"] = webhook.labels
        if webhook.secrets:
            job["secrets"] = list(webhook.secrets)
        body["job"] = job
    if webhook.source is not None:
        body["jobSourceId"] = webhook.source
    body["disabled"] = webhook.disabled
    body["watched"] = [
        {"name": each.name, "type": each.type}
        | ({"avatarUrl": avatar_url(each.name)} if each.type in ("user", "org") else {})
        for each in webhook.watched
    ]
    body["hasSecret"] = webhook.has_secret
    body["domains"] = list(webhook.domains)
    if webhook.last_trigger is not None:
        body["lastTriggerAt"] = to_iso(webhook.last_trigger)
    return body


def access_body(namespace: Owner, user: Owner) -> JobBody:
    """The answer of the auth-check routes."""
    return {
        "namespace": {"id": namespace.id, "name": namespace.name},
        "user": {"id": user.id, "name": user.name},
    }


def usage_body(usage: JobsUsage) -> JobBody:
    """What jobs have used: ``GET /api/settings/billing/usage/jobs``."""
    return {
        "usage": {
            "usedMicroUsd": sum(each.micro_usd for each in usage.jobs),
            "totalMinutes": sum(each.minutes for each in usage.jobs),
            "periodStart": to_iso(usage.start),
            "periodEnd": to_iso(usage.end),
            "jobDetails": [_used_job(each) for each in usage.jobs],
        },
        "hasAccess": usage.has_access,
    }


def _used_job(used: UsedJob) -> JobBody:
    body: JobBody = {
        "jobId": used.job.id,
        "hardwareFlavor": used.job.flavor,
        "totalMinutes": used.minutes,
        "totalCostMicroUsd": used.micro_usd,
        "startedAt": to_iso(used.started),
    }
    if used.completed is not None:
        body["completedAt"] = to_iso(used.completed)
    return body
