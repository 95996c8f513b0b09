"""What the API looked like on earlier days: answers in the shape of then, and requests of then as they would be asked today.

What exists on a day is in the schema (`fakejobs.wire.schema.schema_at`); here is what a schema cannot say: another shape of the same
thing. Answers are made as they are today and then taken back to their day, so that nothing else has to know of dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar, cast

from fakejobs.model.api_dates import FIRST_DAY, LATEST, before
from fakejobs.wire.dates import (
    AUTHOR_SINCE,
    FLAT_SINCE,
    HARDWARE_SINCE,
    LABELS_SINCE,
    NAMED_LOGS_SINCE,
    NETWORK_SINCE,
    NOT_ACCEPTABLE_SINCE,
    OWNER_SINCE,
    PAGES_SINCE,
    SCHEDULED_SINCE,
    SCHEDULING_SINCE,
    TIMEOUT_SECONDS_SINCE,
    VOLUMES_SINCE,
    WEBHOOK_JOBS_SINCE,
    WEBHOOK_SECRETS_SINCE,
)
from fakejobs.wire.json_types import Schema
from fakejobs.wire.pieces import FLAVORS
from fakejobs.wire.schema import epoch, shared_schema


class Change(NamedTuple):
    """Something that came, went or changed.

    Attributes:
        day: the first day of the new state (ISO).
        text: what changed.
        source: where that is known from.
    """

    day: str
    text: str
    source: str

    @property
    def certain(self) -> bool:
        """Whether it is known to have been that day. If not, it is the latest that it can have been: that of the first client that knows it."""
        return self.source in _CERTAIN


_DOCUMENT = "the Hub's OpenAPI document, its state of that day"
_CERTAIN = (_DOCUMENT, "huggingface_hub#3283", "huggingface_hub#3291")

CHANGES: tuple[Change, ...] = (
    Change(FIRST_DAY, "The record begins. A job is {metadata, spec, status}.", "hfjobs 0.5.0"),
    Change(
        TIMEOUT_SECONDS_SINCE,
        "The timeout of a new job is `timeoutSeconds`, no longer `timeout`.",
        "hfjobs 0.5.3",
    ),
    Change(FLAT_SINCE, "The keys of a job are all on one level.", "hfjobs 0.6.0"),
    Change(
        NAMED_LOGS_SINCE,
        "Streams are at `/logs` and `/metrics`, no longer at `/logs-stream` and `/metrics-stream`.",
        "hfjobs 0.6.1",
    ),
    Change(
        AUTHOR_SINCE,
        "The owner of a job is an author: `_id`, `fullname` and more; no `id`.",
        "huggingface_hub#3283",
    ),
    Change(
        OWNER_SINCE, "The owner of a job has `id`, `name`, `type` and `avatarUrl`.", "huggingface_hub#3291"
    ),
    Change(SCHEDULED_SINCE, "Scheduled jobs.", "huggingface_hub 0.35.0"),
    Change(
        SCHEDULED_SINCE,
        "`initiator` of jobs.",
        "assumed: it tells schedules from users; huggingface_hub 1.16.0 is the first that reads it",
    ),
    Change(WEBHOOK_JOBS_SINCE, "Webhooks can start jobs: `job` and `jobSourceId`.", "huggingface_hub 0.36.0"),
    Change(HARDWARE_SINCE, "`GET /api/jobs/hardware`.", "huggingface_hub 1.3.3"),
    Change(LABELS_SINCE, "`labels` of jobs, and the filter `label` of lists.", "huggingface_hub 1.4.0"),
    Change(VOLUMES_SINCE, "`volumes` of jobs.", "huggingface_hub 1.8.0"),
    Change(SCHEDULING_SINCE, "A job that waits says SCHEDULING; before, RUNNING.", _DOCUMENT),
    Change("2026-04-07", "`status.cancelReason` of jobs, `suspendReason` of scheduled jobs.", _DOCUMENT),
    Change("2026-05-05", "`startedAt`, `finishedAt` and `durations`; `PUT .../labels`.", _DOCUMENT),
    Change("2026-05-11", "`tail` of logs.", _DOCUMENT),
    Change("2026-05-19", "`ephemeralStorage` of hardware.", _DOCUMENT),
    Change("2026-05-20", "The flavors rtx-pro-6000.", _DOCUMENT),
    Change("2026-05-28", "`auth-check`; `expose.enabled` of new jobs.", _DOCUMENT),
    Change("2026-06-09", "`expose.ports` instead of `expose.enabled`; `status.exposeUrls`.", _DOCUMENT),
    Change("2026-06-12", "`ssh` of new jobs, `status.sshUrl`.", _DOCUMENT),
    Change(
        PAGES_SINCE,
        "Lists come in pages: `cursor` and `Link`; the filter `stage`, and several `label`.",
        _DOCUMENT,
    ),
    Change("2026-07-20", "`PUT .../expose`, `portsPublic`, and `expose` in answers.", _DOCUMENT),
    Change("2026-07-27", "`resourceGroupId` and `resourceGroup`.", _DOCUMENT),
    Change("2026-08-14", "`RESOURCE_GROUP_LIMIT`, a new `cancelReason`.", _DOCUMENT),
    Change(NETWORK_SINCE, "`network` of jobs.", "huggingface_hub 1.32.0"),
    Change(WEBHOOK_SECRETS_SINCE, "`secrets` of webhooks.", "huggingface_hub 2.1.1"),
    Change(
        NOT_ACCEPTABLE_SINCE,
        "Metrics of a job that is over are refused with 406; before, 500.",
        "huggingface_hub 2.2.0",
    ),
)
"""All that is known to have changed, oldest first."""


Body = TypeVar("Body")
Object = Mapping[str, object]


def body_on(piece: str, body: Body, date: str) -> Body:
    """An answer of today, as it would have been on ``date``. The one that is given is not changed.

    Args:
        piece: the piece of the schema that it is an instance of.
        body: the answer.
        date: an ISO date, or `LATEST`.
    """
    if date == LATEST or epoch(date) == epoch(LATEST):
        return body
    shape = _SHAPES.get(piece)
    shaped = body if shape is None else shape(body, date)
    return cast("Body", _pruned(shaped, shared_schema(piece, date)))


def owners_on(piece: str, body: Body, date: str) -> Body:
    """Jobs of today, with owners as they would have been on ``date``; what is not of the piece ``job`` or ``job-list`` as it is."""
    if piece == "job-list":
        return cast("Body", [_owned(each, date) for each in cast("list[Object]", body)])
    return cast("Body", _owned(cast("Object", body), date)) if piece == "job" else body


def stage_on(stage: str, date: str) -> str:
    """What was said, on ``date``, of a job in ``stage``."""
    return "RUNNING" if stage == "SCHEDULING" and before(date, SCHEDULING_SINCE) else stage


def owner_on(owner: Object, date: str) -> Object:
    """A user or an organisation, as the owner of a job."""
    if before(date, AUTHOR_SINCE):
        return {"id": owner["id"], "name": owner["name"]}
    if not before(date, OWNER_SINCE):
        return owner
    user = owner["type"] == "user"
    return {
        **({"_id": owner["id"]} if user else {}),
        "avatarUrl": owner["avatarUrl"],
        "fullname": owner["name"],
        "name": owner["name"],
        "type": owner["type"],
        **({"isPro": False} if user else {}),
        "isHf": False,
        "isHfAdmin": False,
        **({"isMod": False} if user else {"isMod": False, "isEnterprise": False}),
        "followerCount": 0,
    }


def asked_today(spec: Object, date: str) -> dict[str, object]:
    """What a job was asked for on ``date``, in the words of today."""
    asked = dict(spec)
    if before(date, TIMEOUT_SECONDS_SINCE) and "timeout" in asked:
        asked["timeoutSeconds"] = asked.pop("timeout")
    expose = asked.get("expose")
    if isinstance(expose, dict) and "ports" not in expose:  # which port `enabled` meant is not known
        del asked["expose"]
    return asked


def _job_on(body: object, date: str) -> object:
    job = _owned(cast("Object", body), date)
    job["status"] = _status_on(job["status"], date)
    if before(date, FLAT_SINCE):
        return {
            "metadata": {"jobId": job["id"], "owner": job["owner"], "createdAt": job["createdAt"]},
            "spec": job,
            "status": job["status"],
        }
    return job


def _owned(job: Object, date: str) -> dict[str, object]:
    return {**job, "owner": owner_on(cast("Object", job["owner"]), date)}


def _status_on(status: object, date: str) -> Object:
    said = cast("Object", status)
    return {**said, "stage": stage_on(str(said["stage"]), date)}


def _hardware_on(listed: object, date: str) -> object:
    then = shared_schema("job-spec", date)["properties"]["flavor"]["enum"]
    return [
        each for each in cast("list[Object]", listed) if each["name"] in then or each["name"] not in FLAVORS
    ]


_SHAPES: Mapping[str, Callable[[object, str], object]] = {
    "job": _job_on,
    "job-list": lambda jobs, date: [_job_on(each, date) for each in cast("list[object]", jobs)],
    "job-event": lambda event, date: _status_on(event, date),
    "hardware-list": _hardware_on,
}


def _pruned(value: object, schema: Schema) -> object:
    """``value`` without the keys that the schema does not have."""
    if isinstance(value, list) and "items" in schema:
        return [_pruned(each, schema["items"]) for each in value]
    if isinstance(value, dict):
        if "anyOf" in schema:
            schema = next((each for each in schema["anyOf"] if _fits(value, each)), {})
        if "properties" in schema:
            known = schema["properties"]
            return {key: _pruned(each, known[key]) for key, each in value.items() if key in known}
    return value


def _fits(value: Object, schema: Schema) -> bool:
    type_of = schema.get("properties", {}).get("type", {})
    return set(schema.get("required", ())) <= value.keys() and type_of.get(
        "const", value.get("type")
    ) == value.get("type")
