"""What the API answers besides jobs: hardware, who is calling, and errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fakejobs.generate.source import Source, several
from fakejobs.generate.values import Body, Maker, filled, object_id, schema_of
from fakejobs.model.api_dates import LATEST
from fakejobs.model.draws import entity_id
from fakejobs.model.flavors import FLAVORS
from fakejobs.model.identity import avatar_url
from fakejobs.wire.encode import JobBody, hardware_body
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.schema import schema_at

_USERS = ("fake-user", "ada", "grace-hopper")
_ROLES = ("write", "read", "fineGrained", "god")
_PERMISSIONS = (["job.read"], ["job.read", "job.write"], ["repo.content.read"])


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
    schema = schema_of("hardware", date)
    if source.chance(25):
        return _invented(source, schema)
    # Chosen here and not copied: a nested object that two bodies share would be changed in both.
    (listed,) = hardware_body((source.pick(FLAVORS),))
    return _of_the_day(listed, schema)


def _invented(source: Source, schema: Schema) -> Body:
    count, each = source.integer(1, 8), source.integer(16, 192)
    kind, maker = source.pick((("gpu", "Nvidia"), ("neuron", "AWS")))
    micro = source.integer(1, 1_000_000)
    texts: dict[str, Json] = {
        "name": f"new-{source.word('abcdefghijklmnopqrstuvwxyz0123456789-', 1, 12)}",
        "cpu": f"{source.integer(1, 256)} vCPU",
        "ram": f"{source.integer(1, 4096)} GB",
        "ephemeralStorage": f"{source.integer(1, 24000)} GB",
        "unitCostMicroUSD": micro,
        "unitCostUSD": micro / 1_000_000,
        "unitLabel": "minute",
        "accelerator": {
            "type": kind,
            "model": source.pick(("B200", "TRN2")),
            "quantity": str(count),
            "vram": f"{count * each} GB",
            "manufacturer": maker,
        }
        if source.chance()
        else None,
    }
    return filled(source, schema, {key: _constant(text) for key, text in texts.items()})


def _of_the_day(body: JobBody, schema: Schema) -> Body:
    return {key: body[key] for key in schema["properties"] if key in body}  # type: ignore[misc]  # it is made of JSON


def whoami(source: Source, date: str = LATEST) -> Body:
    """The answer of ``GET /api/whoami-v2``: a user, its organisations, and the token that it called with."""
    name = source.pick(_USERS)
    orgs = ("acme-ai", "fine.tuners", "lab")

    def make_orgs(source: Source, schema: Schema) -> Json:
        count = len(several(source, lambda: None, 0, len(orgs)))
        return [filled(source, schema["items"], _who("org", org)) for org in orgs[:count]]

    own: dict[str, Maker] = {
        **_who("user", name),
        "orgs": make_orgs,
        "auth": lambda source, schema: _auth(source, schema, name),
    }
    return filled(source, schema_of("whoami", date), own)


def _who(kind: str, name: str) -> dict[str, Maker]:
    texts = {
        "id": entity_id(kind, name),
        "name": name,
        "fullname": name.title(),
        "avatarUrl": avatar_url(name),
    }
    return {
        **{key: _constant(text) for key, text in texts.items()},
        "email": lambda source, _schema: f"{name}@example.com" if source.chance(80) else None,
    }


def _auth(source: Source, schema: Schema, user: str) -> Body:
    role = source.pick(_ROLES)

    def token(source: Source, schema: Schema) -> Json:
        own: dict[str, Maker] = {
            "displayName": lambda source, _schema: source.text(1),
            "role": _constant(role),
            "fineGrained": lambda source, schema: filled(
                source, schema, {"scoped": lambda source, schema: _scoped(source, schema, user)}
            ),
        }
        percent = {"fineGrained": 100}
        return filled(source, schema, own, percent, without=() if role == "fineGrained" else ("fineGrained",))

    own: dict[str, Maker] = {"type": _constant("access_token"), "accessToken": token}
    return filled(source, schema, own, {"accessToken": 90, "expiresAt": 20, "resource": 20})


def _scoped(source: Source, schema: Schema, user: str) -> Json:
    own: dict[str, Maker] = {"permissions": lambda source, _schema: list(source.pick(_PERMISSIONS))}
    entity: Mapping[str, Json] = {"_id": entity_id("user", user), "name": user, "type": "user"}
    scopes: list[Json] = [{"entity": {**entity}, "permissions": list(source.pick(_PERMISSIONS))}]
    # Beside the user itself, anything that a token may be for.
    return scopes + several(source, lambda: filled(source, schema["items"], own), 0, 2)


_CONFLICT: str = schema_at("run-conflict")["properties"]["error"]["const"]
_ERRORS: tuple[tuple[int, str], ...] = (
    (404, "Job not found"),
    (400, "✖ Invalid input: expected string, received undefined\n  → at flavor"),
    (401, "Invalid username or password."),
    (402, "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."),
    (
        403,
        "You don't have the required permissions to complete this action on namespace acme-ai, missing permissions: job.write",
    ),
    (409, _CONFLICT),
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
    headers = {
        # As a header can carry it: one line of printable ASCII.
        "X-Error-Message": "".join(char if " " <= char <= "~" else "?" for char in text.replace("\n", "; ")),
        "X-Request-Id": f"Root=1-{object_id(source)[:8]}-{object_id(source)}",
    }
    if status == 429:
        wait = source.integer(1, 300)
        headers["RateLimit"] = f'"api";r=0;t={wait}'
        headers["RateLimit-Policy"] = '"fixed window";"api";q=1000;w=300'
        if source.chance():
            headers["Retry-After"] = str(wait)
    return ErrorAnswer(status, {"error": text}, headers)


def _constant(each: Json) -> Maker:
    return lambda _source, _schema: each
