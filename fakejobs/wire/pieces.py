"""The JSON Schema (2020-12) pieces of the Jobs API, each written once.

Source of names, types, limits and key order: the Hub's OpenAPI document as published in August 2026, and its
history for the dates. What clients send or read beyond it is marked where it stands.

Conventions on top of plain JSON Schema:

- ``{"$ref": "name"}`` names another piece of this file; keywords beside it are added to that piece.
- ``x-since`` / ``x-until`` (ISO dates) on a property or on a member of ``anyOf``: it exists from that day on / up to, not
  including, that day. ``x-since-of`` / ``x-until-of`` beside ``enum`` map members to dates. ``x-before`` maps dates to whole
  schemas: before that day, it was this one. `fakejobs.wire.schema.schema_at` resolves all of these.
- Where no public document gives the day of a change, it is the release day of the first client that knows of it, which is the latest that
  it can be. What has no date was there when the record begins (`fakejobs.wire.schema.FIRST_DAY`), or nobody has said since when it is.
- Request pieces are open (unknown keys are accepted, as by the Hub), have no ``anyOf``, and every integer has a
  maximum. Response pieces are closed, as the Hub's are: no unknown key may appear.
- In query pieces a parameter that may be repeated is an array; `fakejobs.wire.read_query.read_query` makes such instances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fakejobs.wire.dates import (
    AUTHOR_SINCE,
    FLAT_SINCE,
    LABELS_SINCE,
    NETWORK_SINCE,
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

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that the Hub accepts anywhere: beyond it JavaScript's numbers are no longer exact."""

OBJECT_ID = "^[0-9a-f]{24}$"
"""Ids of jobs, users, organizations, groups and tokens: 24 hexadecimal digits, the first 8 a time in seconds."""

# JavaScript writes this pattern into its ISO date-times: real calendar days, seconds, optional fraction, always Z.
UTC_TIME = (
    r"^((\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|"
    r"\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|(02)-(0[1-9]|1\d|2[0-8])))"
    r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z)$"
)

CRON = r"^(?:(@(annually|yearly|monthly|weekly|daily|hourly))|((((\d+,)+\d+|((\*|\d+)(\/|-)\d+)|\d+|\*) ?){5,7}))$"
"""The Hub's whole grammar of schedules. Only for engines of linear time: it backtracks without end elsewhere."""

STAGES = ("COMPLETED", "CANCELED", "ERROR", "DELETED", "RUNNING", "SCHEDULING")

FLAVORS = (
    "cpu-basic", "cpu-upgrade", "cpu-performance", "cpu-xl", "sprx8", "zero-a10g", "t4-small", "t4-medium",
    "l4x1", "l4x4", "l40sx1", "l40sx4", "l40sx8", "a10g-small", "a10g-large", "a10g-largex2", "a10g-largex4",
    "a100-large", "a100x4", "a100x8", "h200", "h200x2", "h200x4", "h200x8",
    "rtx-pro-6000", "rtx-pro-6000x2", "rtx-pro-6000x4", "rtx-pro-6000x8", "inf2x6",
)  # fmt: skip
"""Flavors that pass the schema; ``GET /api/jobs/hardware`` offers all but sprx8, zero-a10g and inf2x6."""


def _object(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """An open object: what is not listed is accepted and ignored."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    return schema


def _closed(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    return {**_object(properties, required), "additionalProperties": False}


def _map(values: Schema, keys: Schema | None = None) -> Schema:
    return {"type": "object", "propertyNames": keys or {"type": "string"}, "additionalProperties": values}


def _array(items: Schema, **limits: int) -> Schema:
    return {**limits, "type": "array", "items": items}


def _text(pattern: str | None = None, **limits: int) -> Schema:
    return {"type": "string", **limits, **({"pattern": pattern} if pattern else {})}


def _integer(minimum: int, maximum: int = MAX_SAFE_INTEGER) -> Schema:
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def _one_of(*members: str) -> Schema:
    return {"enum": list(members)}


def _about(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}


def _since(date: str, schema: Schema) -> Schema:
    return {**schema, "x-since": date}


_string = _text()
_number: Schema = {"type": "number"}
_boolean: Schema = {"type": "boolean"}
_nullable_string: Schema = {"type": ["string", "null"]}
_nullable_number: Schema = {"type": ["number", "null"]}
_object_id = _text(OBJECT_ID, minLength=24, maxLength=24)
_time: Schema = {"type": "string", "format": "date-time", "pattern": UTC_TIME}

_stage: Schema = {**_one_of(*STAGES), "x-since-of": {"SCHEDULING": SCHEDULING_SINCE}}
_flavor: Schema = {
    **_one_of(*FLAVORS),
    "x-since-of": {name: "2026-05-20" for name in FLAVORS if name.startswith("rtx-pro-6000")},
}
_arch = _one_of("amd64", "arm64")
_role = _one_of("admin", "write", "contributor", "read", "no_access")
_billing_mode = _one_of("prepaid", "postpaid")

_port_list = _array(_integer(1, 65535), maxItems=20)
_public_ports = _since("2026-07-20", _about("Which of `ports` need no token.", _port_list))


# ------------------------------------------------------------------------------------------------ requests

_label_key = _text("^[a-zA-Z0-9._-]+$", maxLength=100)
_label_value = _text("^[a-zA-Z0-9._-]*$", maxLength=100)
_labels = _map(_label_value, _label_key)
_label_filter = _text("^[a-zA-Z0-9._-]+=[a-zA-Z0-9._-]*$")

# Until 2026-06-09 a job was exposed by {"enabled": true}; since then by naming its ports.
_expose_request = _object(
    {
        "enabled": {"type": "boolean", "x-since": "2026-05-28", "x-until": "2026-06-09"},
        "ports": _since("2026-06-09", _port_list),
        "portsPublic": _public_ports,
    },
    ["ports"],
)

_volume_request = _object(
    {
        "type": _one_of("bucket", "model", "dataset", "space"),
        "source": _about("What to mount, as `owner/name`.", _string),
        "mountPath": _about("Absolute path inside the container.", _text(r"^\/.*")),
        "revision": _about("Git revision of a repository; `main` when absent.", _string),
        "readOnly": _about(
            "Repositories are read-only whatever this says; buckets only if it is true.", _boolean
        ),
        "path": _about("Mount only this folder of the source.", _string),
    },
    ["type", "source", "mountPath"],
)

_network_properties: dict[str, Schema] = {
    "group": _about("Jobs of one group reach each other.", _string),
    "aliases": _about("Names under which the group finds this job.", _array(_string)),
}

_timeout: Schema = {
    "default": None,
    "type": ["integer", "null"],
    "exclusiveMinimum": 0,
    "maximum": MAX_SAFE_INTEGER,
}

_JOB_SPEC = _object(
    {
        "spaceId": _about("Take the image of this Space, instead of `dockerImage`.", _string),
        "dockerImage": _string,
        "arguments": _array(_string),
        "command": _array(_text(minLength=1), minItems=1),
        # Two characters at least and no leading underscore, unlike the names of secrets: as on the Hub.
        "environment": {"default": {}, **_map(_string, _text("^[a-zA-Z][_a-zA-Z0-9]+$"))},
        "secrets": _map(_string, _text("^[a-zA-Z][_a-zA-Z0-9]*$")),
        "flavor": _flavor,
        "arch": _arch,
        "timeoutSeconds": _since(TIMEOUT_SECONDS_SINCE, _timeout),
        "timeout": {**_timeout, "x-until": TIMEOUT_SECONDS_SINCE},
        "attempts": _about("Runs at most, the first one included.", {"default": 1, **_integer(1)}),
        "labels": _since(LABELS_SINCE, _labels),
        "volumes": _since(VOLUMES_SINCE, _array(_volume_request, minItems=1)),
        "expose": _since(
            "2026-05-28",
            _about("Ports to reach from outside, at `https://<job id>--<port>.hf.jobs`.", _expose_request),
        ),
        "ssh": _since("2026-06-12", _object({"enabled": {"default": False, **_boolean}})),
        "network": _since(NETWORK_SINCE, _object(_network_properties, ["group"])),
        "resourceGroupId": _since("2026-07-27", _text("^[0-9a-fA-F]{24}$", minLength=24, maxLength=24)),
    },
    ["flavor"],
)

_watched_type = _one_of("dataset", "model", "space", "bucket", "kernel", "user", "org")
_watched = _object({"type": _watched_type, "name": _string}, ["type", "name"])

_schedule = _about("An alias such as `@daily`, or 5 to 7 cron fields of digits.", _text(CRON))

_REQUESTS: dict[str, Schema] = {
    "job-spec": _JOB_SPEC,
    "labels-body": _object(
        {"labels": _about("All labels from now on; those not given are removed.", _labels)}, ["labels"]
    ),
    "expose-body": _object({"ports": _port_list, "portsPublic": _public_ports}, ["ports"]),
    "scheduled-job-body": _object(
        {
            "jobSpec": {"$ref": "job-spec"},
            "schedule": _schedule,
            "suspend": _about("Start paused.", {"default": False, **_boolean}),
            "concurrency": _about("May runs overlap?", {"default": False, **_boolean}),
        },
        ["jobSpec", "schedule"],
    ),
    "schedule-body": _object({"schedule": _schedule}, ["schedule"]),
    "webhook-body": _object(
        {
            "watched": _array(_watched, minItems=1),
            "url": {"type": "string", "format": "uri"},
            "job": _since(WEBHOOK_JOBS_SINCE, {"$ref": "job-spec"}),
            "jobSourceId": _since(
                WEBHOOK_JOBS_SINCE, _about("Run what this job, or scheduled job, runs.", _string)
            ),
            "domains": _array(_one_of("repo", "discussion"), minItems=1),
            "secret": _text(r"^[\x20-\x7F]*$"),
            "secrets": _since(
                WEBHOOK_SECRETS_SINCE,
                _about(
                    "Secrets of the jobs that it starts; in an update, an empty value takes one away.",
                    _map(_string, _text("^[a-zA-Z][_a-zA-Z0-9]*$")),
                ),
            ),
        },
        ["watched", "domains"],
    ),
}

_PARAMETERS: dict[str, Schema] = {
    "list-query": _object(
        {
            # A single label was possible before 2026-06-22; since then a job must have all that are given.
            "label": _since(
                LABELS_SINCE,
                _about(
                    "Only jobs with this `key=value`; repeat it for several, which must all match.",
                    _array(_label_filter),
                ),
            ),
            "stage": _since(
                PAGES_SINCE, _about("Only jobs in this stage; repeat it for several.", _array(_stage))
            ),
            "cursor": _since(
                PAGES_SINCE,
                _about("Taken from the `Link` header of the page before.", _text(maxLength=2048)),
            ),
        }
    ),
    "count-query": _object(
        {"stage": _about("Count only this stage; repeat it for several.", _array(_stage))}
    ),
    "logs-query": _object(
        {"tail": _since("2026-05-11", _about("Only the last lines, this many.", _integer(0)))}
    ),
    "scheduled-list-query": _object(
        {"label": _since(LABELS_SINCE, _about("Only scheduled jobs with this `key=value`.", _label_filter))}
    ),
    "namespace": _string,
    "job-id": _text("^[0-9a-fA-F]{24}$"),
    "perms": _one_of("read", "write"),
    "webhook-id": _string,
    "webhook-action": _one_of("enable", "disable"),
    "webhook-log-id": _string,
}


# ----------------------------------------------------------------------------------------------- responses

_expose = _closed({"ports": _port_list, "portsPublic": _public_ports}, ["ports"])
_volume = _closed(
    {
        "type": _string,
        "source": _string,
        "mountPath": _string,
        "revision": _string,
        "readOnly": _boolean,
        "path": _string,
    },
    ["type", "source", "mountPath"],
)
_durations = _closed({"schedulingSecs": _number, "runningSecs": _number, "totalSecs": _number})
_network = _closed(_network_properties, ["group"])
_resource_group = _closed({"id": _object_id, "name": _string, "numUsers": _number}, ["id", "name"])
_hf_token = _closed(
    {
        "ownerName": _string,
        "orgName": _string,
        "tokenRole": _one_of("read", "write", "fineGrained"),
        "tokenId": _object_id,
        "settingsUrl": _string,
    },
    ["ownerName"],
)
_id_and_name = _closed({"id": _string, "name": _string}, ["id", "name"])
_account_type = _one_of("user", "org")

# An author, as the Hub shows one outside of Jobs: those of users have `_id` and `isPro`, those of organisations `isEnterprise`.
_author = _closed(
    {
        "_id": _object_id,
        "avatarUrl": _string,
        "fullname": _string,
        "name": _string,
        "type": _account_type,
        "isPro": _boolean,
        "isHf": _boolean,
        "isHfAdmin": _boolean,
        "isMod": _boolean,
        "isEnterprise": _boolean,
        "followerCount": _number,
    },
    ["avatarUrl", "fullname", "name", "type", "isHf", "isHfAdmin", "isMod", "followerCount"],
)
_owner = _closed(
    {"id": _object_id, "name": _string, "type": _account_type, "avatarUrl": _string},
    ["id", "name", "type", "avatarUrl"],
)
_owner["x-before"] = {
    AUTHOR_SINCE: _closed({"id": _object_id, "name": _string}, ["id", "name"]),
    OWNER_SINCE: _author,
}
# The same four keys, in the other order that scheduled jobs have.
_scheduled_owner = _closed(
    {"id": _object_id, "name": _string, "avatarUrl": _string, "type": _account_type},
    ["id", "name", "avatarUrl", "type"],
)


def _initiated_by(what: str) -> Schema:
    return _closed({"type": {"const": what}, "id": _string}, ["type", "id"])


_status = _closed(
    {
        "stage": _stage,
        "message": _nullable_string,
        "cancelReason": {
            "anyOf": [
                {
                    **_one_of("NO_CREDITS", "NO_SUBSCRIPTION", "RESOURCE_GROUP_LIMIT"),
                    "x-since-of": {"RESOURCE_GROUP_LIMIT": "2026-08-14"},
                },
                _string,
            ],
            "x-since": "2026-04-07",
        },
        "failureCount": _number,
        "exposeUrls": _since(
            "2026-06-09", _about("One URL per exposed port, in their order.", _array(_string))
        ),
        "sshUrl": _since("2026-06-12", _string),
    },
    ["stage", "message"],
)

# What a job and the spec inside a scheduled job have in common, in three runs, because order is part of the contract.
_spec_start: dict[str, Schema] = {
    "spaceId": _string,
    "dockerImage": _string,
    "timeout": _about("Seconds.", _number),
    "environment": _map(_string),
    "command": _array(_string),
    "arguments": _array(_string),
    "arch": _arch,
    "flavor": _flavor,
}
_spec_middle: dict[str, Schema] = {
    "resourceGroupId": _since("2026-07-27", _string),
    "retry": _number,
    "startedAt": _since("2026-05-05", _time),
    "finishedAt": _since("2026-05-05", _time),
    "durations": _since("2026-05-05", _durations),
    "volumes": _since(VOLUMES_SINCE, _array(_volume)),
    "expose": _since("2026-07-20", _expose),
}
_resource_group_since = _since("2026-07-27", _resource_group)
_spec_end: dict[str, Schema] = {
    "secrets": _about("Names only; values never come back.", _array(_string)),
    "labels": _since(LABELS_SINCE, _map(_string)),
    "hfToken": _hf_token,
}

_JOB = _closed(
    {
        "id": _string,
        "createdAt": _time,
        **_spec_start,
        "createdBy": _id_and_name,
        **_spec_middle,
        # No public document has this key; it stands beside `expose`, the other key about the network.
        "network": _since(NETWORK_SINCE, _network),
        "type": {"const": "job"},
        "owner": _owner,
        "resourceGroup": _resource_group_since,
        # It tells users from schedules, so there was no use for it before there were any. When it came, nobody has said.
        "initiator": {
            "anyOf": [
                _owner,
                _initiated_by("scheduled-job"),
                _initiated_by("duplicated-job"),
                _initiated_by("webhook"),
            ],
            "x-since": SCHEDULED_SINCE,
        },
        "status": _status,
        **_spec_end,
    },
    ["id", "createdAt", "environment", "flavor", "createdBy", "type", "owner", "status"],
)
# The names in `metadata` are those that drbh/hfjobs-menubar reads (its commit 590cfac).
_JOB["x-before"] = {
    FLAT_SINCE: _closed(
        {
            "metadata": _closed(
                {"jobId": _string, "owner": _owner, "createdAt": _time}, ["jobId", "owner", "createdAt"]
            ),
            "spec": _closed({**_spec_start, "secrets": _spec_end["secrets"]}, ["environment", "flavor"]),
            "status": _status,
        },
        ["metadata", "spec", "status"],
    )
}

_SCHEDULED_SPEC = _closed(
    {**_spec_start, **_spec_middle, "resourceGroup": _resource_group_since, **_spec_end},
    ["environment", "flavor"],
)

_SCHEDULED_STATUS = _closed(
    {
        "lastJob": {**_closed({"id": _string, "at": _time}, ["id", "at"]), "type": ["object", "null"]},
        "nextJobRunAt": _time,
    },
    ["lastJob", "nextJobRunAt"],
)

_SCHEDULED_JOB = _closed(
    {
        "id": _string,
        "createdAt": _time,
        "schedule": _string,
        "suspend": _boolean,
        "suspendReason": _since("2026-04-07", _string),
        "concurrency": _boolean,
        "status": {"$ref": "scheduled-job-status"},
        "type": {"const": "scheduled-job"},
        "owner": _scheduled_owner,
        "initiator": _scheduled_owner,
        "jobSpec": {"$ref": "scheduled-job-spec"},
    },
    ["id", "createdAt", "schedule", "suspend", "concurrency", "status", "type", "owner", "jobSpec"],
)

_accelerator: Schema = {
    **_closed(
        {
            "type": _one_of("gpu", "neuron"),
            "model": _string,
            "quantity": _about("A number, as text.", _string),
            "vram": _about("Of all cards together.", _string),
            "manufacturer": _one_of("Nvidia", "AWS"),
        },
        ["type", "model", "quantity", "vram", "manufacturer"],
    ),
    "type": ["object", "null"],
}
_HARDWARE = _closed(
    {
        "name": _string,
        "prettyName": _string,
        "cpu": _string,
        "ram": _string,
        "ephemeralStorage": _since("2026-05-19", _string),
        "accelerator": _accelerator,
        "unitCostMicroUSD": _number,
        "unitCostUSD": _number,
        "unitLabel": _string,
    },
    [
        "name", "prettyName", "cpu", "ram", "ephemeralStorage", "accelerator",
        "unitCostMicroUSD", "unitCostUSD", "unitLabel",
    ],
)  # fmt: skip

_fine_grained = _closed(
    {
        "scoped": _array(
            _closed(
                {
                    "entity": _closed(
                        {
                            "_id": _object_id,
                            "name": _string,
                            "type": _one_of(
                                "dataset", "model", "space", "bucket", "kernel", "collection", "org", "user",
                                "resource-group", "oauth-app",
                            ),
                        },
                        ["_id", "type"],
                    ),
                    "permissions": _array(_string),
                },
                ["entity", "permissions"],
            )
        ),
        "global": _array(_one_of("discussion.write", "post.write")),
        "canReadGatedRepos": _boolean,
    },
    ["scoped"],
)  # fmt: skip
_auth = _closed(
    {
        "type": _string,
        "accessToken": _closed(
            {
                "displayName": _string,
                "role": _one_of("read", "write", "god", "fineGrained"),
                "fineGrained": _fine_grained,
                "createdAt": _time,
            },
            ["displayName", "role", "createdAt"],
        ),
        "expiresAt": _time,
        "resource": _closed({"sub": _string}, ["sub"]),
    },
    ["type"],
)
_organization = _closed(
    {
        "type": {"const": "org"},
        "id": _string,
        "name": _string,
        "fullname": _string,
        "email": _nullable_string,
        "canPay": _boolean,
        "billingMode": _billing_mode,
        "avatarUrl": _string,
        "periodEnd": _nullable_number,
        "plan": _one_of("team", "enterprise", "plus", "academia"),
        "roleInOrg": _role,
        "securityRestrictions": _array(_one_of("mfa", "token-policy", "token-revoked", "sso", "ip")),
        "resourceGroups": _array(
            _closed({"id": _object_id, "name": _string, "role": _role}, ["id", "name", "role"])
        ),
    },
    ["type", "id", "name", "fullname", "avatarUrl"],
)
_WHOAMI = _closed(
    {
        "auth": _auth,
        "type": {"const": "user"},
        "id": _string,
        "name": _string,
        "fullname": _string,
        "email": _nullable_string,
        "canPay": _boolean,
        "billingMode": _billing_mode,
        "avatarUrl": _string,
        "periodEnd": _nullable_number,
        "emailVerified": _boolean,
        "isPro": _boolean,
        "orgs": _array(_organization),
    },
    ["auth", "type", "id", "name", "fullname", "avatarUrl", "isPro", "orgs"],
)

_USED_JOB = _closed(
    {
        "jobId": _string,
        "hardwareFlavor": _string,
        "totalMinutes": _number,
        "totalCostMicroUsd": _number,
        "startedAt": _time,
        "completedAt": _time,
    },
    ["jobId", "hardwareFlavor", "totalMinutes", "totalCostMicroUsd", "startedAt"],
)

_JOBS_USAGE = _closed(
    {
        "usage": _closed(
            {
                "usedMicroUsd": _number,
                "totalMinutes": _number,
                "periodStart": _time,
                "periodEnd": _time,
                "jobDetails": _array(_USED_JOB),
            },
            ["usedMicroUsd", "totalMinutes", "periodStart", "periodEnd", "jobDetails"],
        ),
        "hasAccess": _boolean,
    },
    ["usage", "hasAccess"],
)

_WEBHOOK = _closed(
    {
        "id": _object_id,
        "url": {"type": "string", "format": "uri"},
        "job": _since(
            WEBHOOK_JOBS_SINCE,
            _closed(
                {
                    # Unlike a job, in the keys of the request: this is what will be asked for.
                    **{
                        key: _JOB_SPEC["properties"][key]
                        for key in (
                            "dockerImage",
                            "spaceId",
                            "environment",
                            "arguments",
                            "command",
                            "flavor",
                            "timeoutSeconds",
                            "labels",
                        )
                    },
                    "secrets": _about("Names only; values never come back.", _array(_string)),
                },
                ["environment", "flavor", "timeoutSeconds"],
            ),
        ),
        "jobSourceId": _since(WEBHOOK_JOBS_SINCE, _string),
        "disabled": {"anyOf": [_boolean, {"const": "suspended-after-failure"}]},
        "watched": _array(
            _closed({"name": _string, "type": _watched_type, "avatarUrl": _string}, ["name", "type"])
        ),
        "hasSecret": _about("The secret itself is never returned.", _boolean),
        "domains": _array(_one_of("repo", "discussion")),
        "lastTriggerAt": _time,
    },
    ["id", "disabled", "watched", "hasSecret", "domains"],
)

_RESPONSES: dict[str, Schema] = {
    "job": _JOB,
    "job-status": _status,
    "job-list": _array({"$ref": "job"}),
    "count": _closed({"count": _number}, ["count"]),
    "hardware": _HARDWARE,
    "hardware-list": _array({"$ref": "hardware"}),
    "auth-check": _closed({"namespace": _id_and_name, "user": _id_and_name}, ["namespace", "user"]),
    "scheduled-job": _SCHEDULED_JOB,
    "scheduled-job-status": _SCHEDULED_STATUS,
    "scheduled-job-spec": _SCHEDULED_SPEC,
    "scheduled-job-list": _array({"$ref": "scheduled-job"}),
    "whoami": _WHOAMI,
    "webhook": _WEBHOOK,
    "webhook-list": _array({"$ref": "webhook"}),
    "webhook-answer": _closed({"webhook": {"$ref": "webhook"}}, ["webhook"]),
    "webhook-deleted": _closed({}),
    "webhook-replayed": _closed({"status": _number}, ["status"]),
    "jobs-usage": _JOBS_USAGE,
    "error": _closed({"error": _string}, ["error"]),
    # The one error that the Hub's document spells out.
    "run-conflict": _closed(
        {
            "error": {
                "const": "Another job is already running at the same time, set `concurrency` to allow multiple "
                "instances of scheduled jobs to run concurrently"
            }
        },
        ["error"],
    ),
}

# The data of server-sent events. Streams have no schema in the Hub's document: these follow recorded frames
# (huggingface_hub#4202 for logs; the docstring of `fetch_job_metrics` for metrics).
_EVENTS: dict[str, Schema] = {
    "log-event": _closed({"data": _string, "timestamp": _time}, ["data", "timestamp"]),
    "metric-event": _closed(
        {
            "cpu_usage_pct": _number,
            "cpu_millicores": _number,
            "memory_used_bytes": _number,
            "memory_total_bytes": _number,
            "rx_bps": _number,
            "tx_bps": _number,
            "gpus": _map(
                _closed(
                    {"utilization": _number, "memory_used_bytes": _number, "memory_total_bytes": _number},
                    ["utilization", "memory_used_bytes", "memory_total_bytes"],
                )
            ),
            "replica": _string,
        },
        [
            "cpu_usage_pct", "cpu_millicores", "memory_used_bytes", "memory_total_bytes", "rx_bps", "tx_bps",
            "gpus", "replica",
        ],
    ),
    # No frame of /events was ever published, so the contract says no more than that it is an object.
    "job-event": {"type": "object"},
}  # fmt: skip

PIECES: Mapping[str, Schema] = {**_REQUESTS, **_PARAMETERS, **_RESPONSES, **_EVENTS}
"""Every piece by name, dates included. Use `fakejobs.wire.schema.schema_at` for plain JSON Schema."""

REQUEST_PIECES = frozenset(_REQUESTS) | frozenset(_PARAMETERS)
"""Names of the pieces that describe what clients send; all others describe what is answered."""
