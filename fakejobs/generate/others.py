"""What the API answers besides jobs: hardware, who is calling, and errors."""

from __future__ import annotations

from dataclasses import dataclass, field

from fakejobs.generate.source import Source, several
from fakejobs.generate.specs import Body
from fakejobs.generate.values import object_id, value
from fakejobs.model.draws import entity_id
from fakejobs.model.flavors import FLAVORS
from fakejobs.model.identity import avatar_url
from fakejobs.wire.encode import hardware_body
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.schema import LATEST, schema_at

_NAMES = ("fake-user", "ada", "grace-hopper")
_LISTED = hardware_body(FLAVORS)


@dataclass(frozen=True)
class ErrorAnswer:
    """An error as the Hub answers it.

    Attributes:
        status: the status code.
        body: the JSON body.
        headers: those that say something about the error.
    """

    status: int
    body: Body
    headers: dict[str, str] = field(default_factory=dict)


def hardware(source: Source, date: str = LATEST) -> Body:
    """An item of the hardware list: a flavor that is offered, or one that may be some day."""
    schema = schema_at("hardware", date)
    listed = source.pick(_LISTED)
    if source.chance(75):
        return {key: listed[key] for key in schema["properties"] if key in listed}  # type: ignore[misc]  # it is made of JSON
    made = _object(source, schema)
    made["name"] = source.word("abcdefghijklmnopqrstuvwxyz0123456789-", 1, 12)
    micro = source.integer(1, 1_000_000)
    made["unitCostMicroUSD"], made["unitCostUSD"], made["unitLabel"] = micro, micro / 1_000_000, "minute"
    if made["accelerator"] is not None:
        count, each = source.integer(1, 8), source.integer(16, 192)
        assert isinstance(made["accelerator"], dict)
        made["accelerator"].update(
            quantity=str(count), vram=f"{count * each} GB", model=source.pick(("B200", "TRN2"))
        )
    made["cpu"], made["ram"] = f"{source.integer(1, 256)} vCPU", f"{source.integer(1, 4096)} GB"
    if "ephemeralStorage" in made:
        made["ephemeralStorage"] = f"{source.integer(1, 24000)} GB"
    return made


def whoami(source: Source, date: str = LATEST) -> Body:
    """The answer of ``GET /api/whoami-v2`` for a user with a token."""
    made = _object(source, schema_at("whoami", date))
    name = source.pick(_NAMES)
    made.update(id=entity_id("user", name), name=name, fullname=name.title(), avatarUrl=avatar_url(name))
    made["auth"] = _auth(source, schema_at("whoami", date)["properties"]["auth"], name)
    orgs: list[Json] = []
    for index, org in enumerate(
        several(source, lambda: _object(source, schema_at("whoami", date)["properties"]["orgs"]["items"]))
    ):
        org_name = f"org-{index}"
        orgs.append(
            {
                **org,
                "id": entity_id("org", org_name),
                "name": org_name,
                "fullname": org_name.title(),
                "avatarUrl": avatar_url(org_name),
            }
        )
    made["orgs"] = orgs
    return made


def _auth(source: Source, schema: Schema, user: str) -> Body:
    auth: Body = {"type": "access_token"}
    token = schema["properties"]["accessToken"]["properties"]
    role = source.pick(("write", "read", "fineGrained"))
    made: Body = {"displayName": source.text(1), "role": role}
    if role == "fineGrained":
        scope: Body = {
            "entity": {"_id": entity_id("user", user), "type": "user", "name": user},
            "permissions": list(
                source.pick((["job.read"], ["job.read", "job.write"], ["repo.content.read"]))
            ),
        }
        made["fineGrained"] = {
            "scoped": [scope] if source.chance(80) else [],
            "canReadGatedRepos": source.chance(),
        }
    made["createdAt"] = value(source, token["createdAt"])
    auth["accessToken"] = made
    if source.chance(20):
        auth["expiresAt"] = value(source, schema["properties"]["expiresAt"])
    return auth


_ERRORS: tuple[tuple[int, str], ...] = (
    (404, "Job not found"),
    (400, "✖ Invalid input: expected string, received undefined\n  → at flavor"),
    (401, "Invalid username or password."),
    (402, "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."),
    (
        403,
        "You don't have the required permissions to complete this action on namespace acme-ai, missing permissions: job.write",
    ),
    (
        409,
        "Another job is already running at the same time, set `concurrency` to allow multiple instances of scheduled jobs to run concurrently",
    ),
    (429, "We had to rate limit you"),
    (500, "Internal Error - We're working hard to fix this as soon as possible!"),
    (503, "Service Unavailable"),
)
"""Texts that users were answered; see `fakejobs.model.quirks` for those that nobody has documented."""


def error(source: Source) -> ErrorAnswer:
    """An error, with the headers that clients read: ``X-Error-Message`` has the text too, ``X-Request-Id`` names the request."""
    status, text = source.pick(_ERRORS)
    if source.chance(20):
        text = source.text(1, 60)
    headers = {"X-Error-Message": "".join(char if " " <= char <= "~" else "?" for char in text)}
    headers["X-Request-Id"] = f"Root=1-{object_id(source)[:8]}-{object_id(source)}"
    if status == 429:
        wait = source.integer(1, 300)
        headers["RateLimit"] = f'"api";r=0;t={wait}'
        headers["RateLimit-Policy"] = '"fixed window";"api";q=1000;w=300'
        if source.chance():
            headers["Retry-After"] = str(wait)
    return ErrorAnswer(status, {"error": text}, headers)


def _object(source: Source, schema: Schema) -> Body:
    made = value(source, schema)
    assert isinstance(made, dict)
    return made
