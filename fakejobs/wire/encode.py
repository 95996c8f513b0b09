"""From what the hub answers to JSON: the one place that lists keys, in the Hub's order.

A missing value is an absent key, except for ``status.message``, which is null (real payloads; the Hub's schema of responses is
closed and allows null nowhere else).
"""

from __future__ import annotations

from collections.abc import Iterable

from fakejobs.model.draws import entity_id
from fakejobs.model.flavors import Flavor
from fakejobs.model.identity import Caller, Identity, Org, Owner, avatar_url
from fakejobs.model.job import DEFAULT_TIMEOUT_MS, JobAt
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.wire.times import to_iso

JobBody = dict[str, object]

_BEFORE_FLAVOR = ("environment", "command", "arguments", "arch")
_AFTER_DURATIONS = ("volumes", "expose", "network")


def job_body(seen: JobAt, quirks: Quirks) -> JobBody:
    """A job: the answer of every route that gives one, and the items of a list."""
    job, stage = seen.job, seen.stage
    spec, about, plan = job.spec, job.about, job.plan
    over = stage in TERMINAL
    body: JobBody = {"id": job.id, "createdAt": to_iso(plan.created)}
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
    body["createdBy"] = about["createdBy"]
    if "resourceGroupId" in spec:
        body["resourceGroupId"] = spec["resourceGroupId"]
    if isinstance(attempts := spec.get("attempts"), int):
        body["retry"] = attempts - 1 if quirks.retry_says == "retries" else attempts
    _add_times(body, seen, stage, over=over)
    for key in _AFTER_DURATIONS:
        if key in spec:
            body[key] = spec[key]
    body["type"] = "job"
    body["owner"] = about["owner"]
    body["initiator"] = about["initiator"]
    body["status"] = _status(seen, stage, quirks, over=over)
    if "secrets" in spec:
        body["secrets"] = spec["secrets"]
    if job.labels or quirks.cleared_labels == "empty":
        body["labels"] = job.labels
    if "hfToken" in about:
        body["hfToken"] = about["hfToken"]
    return body


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
    body["orgs"] = [_org(org, role) for org in identity.orgs if (role := org.role_of(user.name)) is not None]
    body["auth"] = {
        "type": "access_token",
        "accessToken": {
            "displayName": caller.token.name,
            "role": caller.token.role,
            "createdAt": "2026-01-01T00:00:00.000Z",
        },
    }
    return body


def _org(org: Org, role: str) -> JobBody:
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
    return body


def access_body(namespace: Owner, user: Owner) -> JobBody:
    """The answer of the auth-check routes."""
    return {
        "namespace": {"id": namespace.id, "name": namespace.name},
        "user": {"id": user.id, "name": user.name},
    }
