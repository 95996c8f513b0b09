"""Our contract against the Hub's own OpenAPI document, where a copy lies beside the checkout.

Both sides are taken apart into small facts, such as ``job.status.stage has value "RUNNING"``. Every fact must be on
both sides or in `DIFFERENCES` with its reason, and every entry there must still be needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakejobs.wire.pieces import PIECES
from fakejobs.wire.schema import PATH_PIECES, ROUTES, Route, schema_at

DOCUMENT = Path(__file__).resolve().parents[3] / "shared" / "facts" / "hub-jobs.openapi.json"

NETWORK = "newer than the document: huggingface_hub 1.32.0 (2026-09-17) sends it and reads it back"
ID_CHECK = "the document takes any text; ids are ObjectIds, and what cannot be one is refused by name"
NOT_YET = "not yet offered"
FRAMES = "the document has no schema for streams; ours follows frames that were published"

DIFFERENCES = {
    # Ours, not theirs.
    "job-spec has key network": NETWORK,
    "job-spec.network is object": NETWORK,
    "job-spec.network has key group": NETWORK,
    "job-spec.network requires group": NETWORK,
    "job-spec.network.group is string": NETWORK,
    "job-spec.network has key aliases": NETWORK,
    "job-spec.network.aliases is array": NETWORK,
    "job-spec.network.aliases[] is string": NETWORK,
    "job has key network": NETWORK,
    "job.network is object": NETWORK,
    "job.network is closed": NETWORK,
    "job.network has key group": NETWORK,
    "job.network requires group": NETWORK,
    "job.network.group is string": NETWORK,
    "job.network has key aliases": NETWORK,
    "job.network.aliases is array": NETWORK,
    "job.network.aliases[] is string": NETWORK,
    "job-id pattern ^[0-9a-fA-F]{24}$": ID_CHECK,
    "GET /api/jobs/{namespace}/{jobId}/logs replies log-event": FRAMES,
    "GET /api/jobs/{namespace}/{jobId}/metrics replies metric-event": FRAMES,
    "GET /api/jobs/{namespace}/{jobId}/events replies job-event": "no frame was ever published: any object",
    # Theirs, not ours.
    "GET /api/settings/webhooks": NOT_YET,
    "POST /api/settings/webhooks": NOT_YET,
    "GET /api/settings/webhooks/{webhookId}": NOT_YET,
    "POST /api/settings/webhooks/{webhookId}": NOT_YET,
    "DELETE /api/settings/webhooks/{webhookId}": NOT_YET,
    "POST /api/settings/webhooks/{webhookId}/{action}": NOT_YET,
    "POST /api/settings/webhooks/{webhookId}/replay/{logId}": NOT_YET,
    "GET /api/settings/billing/usage/jobs": NOT_YET,
    "POST /api/buckets/{namespace}/{repo}/lfs-files/duplicate": NOT_YET,
    "GET /api/buckets/{namespace}/{repo}/xet-write-token": NOT_YET,
    "GET /api/buckets/{namespace}/{repo}/xet-read-token": NOT_YET,
    "POST /api/buckets/{namespace}/{repo}/resource-group": NOT_YET,
    "GET /api/buckets/{namespace}/{repo}/resource-group": NOT_YET,
    "POST /api/buckets/{namespace}/{repo}": NOT_YET,
    "DELETE /api/buckets/{namespace}/{repo}": NOT_YET,
    "GET /api/buckets/{namespace}/{repo}": NOT_YET,
    "PUT /api/buckets/{namespace}/{repo}/settings": NOT_YET,
    "GET /api/buckets/{namespace}": NOT_YET,
    "GET /buckets/{namespace}/{repo}/resolve/{path}": NOT_YET,
    "POST /api/buckets/{namespace}/{repo}/batch": NOT_YET,
    "GET /api/buckets/{namespace}/{repo}/tree/{path}": NOT_YET,
    "POST /api/buckets/{namespace}/{repo}/paths-info": NOT_YET,
}


# ----------------------------------------------------------------------------- a schema as a set of facts


def normal(schema: dict[str, Any]) -> dict[str, Any]:
    """One spelling for what has several: a nullable type, a parameter that may be repeated, a lone alternative."""
    members = [member for member in schema.get("anyOf", []) if member != {"type": "null"}]
    if len(members) == 1:
        rest = {keyword: value for keyword, value in schema.items() if keyword != "anyOf"}
        merged = {**members[0], **rest}
        if len(schema["anyOf"]) > 1:
            merged["type"] = [merged["type"], "null"]
        return merged
    if len(members) == 2 and members[1].get("type") == "array" and members[1]["items"] == members[0]:
        return dict(members[1])
    if "enum" in schema:  # its values say that they are text
        return {keyword: value for keyword, value in schema.items() if keyword != "type"}
    return schema


def facts(schema: dict[str, Any], place: str) -> Iterator[str]:
    schema = normal(schema)
    for keyword, value in schema.items():
        if keyword in ("$schema", "description"):
            continue
        if keyword == "type":
            yield from (f"{place} is {kind}" for kind in ([value] if isinstance(value, str) else value))
        elif keyword == "enum":
            yield from (f"{place} has value {json.dumps(member)}" for member in value)
        elif keyword == "properties":
            for key, member in value.items():
                yield f"{place} has key {key}"
                yield from facts(member, f"{place}.{key}")
        elif keyword == "required":
            yield from (f"{place} requires {key}" for key in value)
        elif keyword == "items":
            yield from facts(value, f"{place}[]")
        elif keyword == "propertyNames":
            yield from facts(value, f"{place} (key)")
        elif keyword == "additionalProperties" and value is False:
            yield f"{place} is closed"
        elif keyword == "additionalProperties":
            yield from facts(value, f"{place}.*")
        elif keyword == "anyOf":
            for number, member in enumerate(value):
                yield from facts(member, f"{place}|{number}")
        else:
            assert keyword in KNOWN_KEYWORDS, f"{place}: teach this test about {keyword!r}"
            yield f"{place} {keyword} {value if isinstance(value, str) else json.dumps(value)}"


KNOWN_KEYWORDS = {
    "const", "default", "exclusiveMinimum", "format", "maximum", "maxItems", "maxLength", "minimum", "minItems",
    "minLength", "pattern",
}  # fmt: skip


# --------------------------------------------------------------------------------- both sides, by route


def hub_document() -> dict[str, Any]:
    if not DOCUMENT.exists():
        pytest.skip("the Hub's OpenAPI document does not lie beside this checkout")
    document: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return document


def hub_operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, operations in hub_document()["paths"].items()
        for method, operation in operations.items()
    }


def body_schema(part: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = part["content"]["application/json"]["schema"]
    return schema


def hub_facts(route: Route, operation: dict[str, Any]) -> Iterator[str]:
    """What the document says about ``route``, with our names for its bodies."""
    label = f"{route.method} {route.path}"
    yield label
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "path":
            yield f"{label} has {{{name}}}"
            yield from facts(parameter["schema"], PATH_PIECES[name])
        else:
            yield f"{label} takes ?{name}"
            assert not parameter["required"]
            yield from facts(parameter["schema"], f"{route.query}.{name}")
    if "requestBody" in operation:
        yield f"{label} takes {route.body}"
        yield from facts(body_schema(operation["requestBody"]), str(route.body))
    for status, response in operation.get("responses", {}).items():
        if status == "200":
            yield f"{label} replies {route.reply}"
            yield from facts(body_schema(response), str(route.reply))
        else:
            piece = dict(route.errors).get(int(status))
            yield f"{label} answers {status} with {piece}"
            yield from facts(body_schema(response), str(piece))


def our_facts(route: Route) -> Iterator[str]:
    label = f"{route.method} {route.path}"
    yield label
    for name in route.parameters:
        yield f"{label} has {{{name}}}"
        yield from facts(schema_at(PATH_PIECES[name]), PATH_PIECES[name])
    if route.query:
        for name, schema in schema_at(route.query)["properties"].items():
            yield f"{label} takes ?{name}"
            yield from facts(schema, f"{route.query}.{name}")
    if route.body:
        yield f"{label} takes {route.body}"
        yield from facts(schema_at(route.body), route.body)
    if route.reply:
        yield f"{label} replies {route.reply}"
        if route.kind == "json":
            yield from facts(schema_at(route.reply), route.reply)
    for status, piece in route.errors:
        yield f"{label} answers {status} with {piece}"
        yield from facts(schema_at(piece), piece)


def allowed(fact: str) -> str:
    """The key of `DIFFERENCES` that speaks of ``fact``: lists and scheduled jobs hold the same jobs and specs."""
    for outer, inner in (("job-list[]", "job"), ("scheduled-job-body.jobSpec", "job-spec")):
        if fact.startswith((outer + ".", outer + " ")):
            fact = inner + fact[len(outer) :]
    return fact


def differing_facts() -> dict[str, str]:
    """Every fact that one side alone has, and which side."""
    operations = hub_operations()
    ours = {f"{route.method} {route.path}": route for route in ROUTES}
    differing = dict.fromkeys(operations.keys() - ours.keys(), "only the Hub's")
    for label, route in ours.items():
        if label not in operations:
            differing[label] = "only ours"
            continue
        theirs_here, ours_here = set(hub_facts(route, operations[label])), set(our_facts(route))
        differing.update(dict.fromkeys(theirs_here - ours_here, "only the Hub's"))
        differing.update(dict.fromkeys(ours_here - theirs_here, "only ours"))
    return differing


def test_every_difference_from_the_hub_is_listed_with_its_reason() -> None:
    surprises = {fact: side for fact, side in differing_facts().items() if allowed(fact) not in DIFFERENCES}

    assert surprises == {}


def test_every_listed_difference_is_still_there() -> None:
    seen = {allowed(fact) for fact in differing_facts()}

    assert sorted(DIFFERENCES.keys() - seen) == []


def test_keys_and_required_keys_stand_in_the_order_of_the_hub() -> None:
    operations = hub_operations()

    def compare(ours: dict[str, Any], theirs: dict[str, Any], place: str) -> None:
        ours, theirs = normal(ours), normal(theirs)
        for keyword in ("properties", "required"):
            known = [key for key in ours.get(keyword, ()) if key in theirs.get(keyword, ())]
            assert known == list(theirs.get(keyword, ())), f"{place}: {keyword}"
        for key, member in theirs.get("properties", {}).items():
            compare(ours["properties"][key], member, f"{place}.{key}")
        for keyword in ("items", "additionalProperties"):
            if isinstance(theirs.get(keyword), dict):
                compare(ours[keyword], theirs[keyword], f"{place}.{keyword}")
        for number, member in enumerate(theirs.get("anyOf", ())):
            compare(ours["anyOf"][number], member, f"{place}|{number}")

    for route in ROUTES:
        operation = operations[f"{route.method} {route.path}"]
        if route.body:
            compare(schema_at(route.body), body_schema(operation["requestBody"]), route.name)
        if route.reply and route.kind == "json":
            compare(schema_at(route.reply), body_schema(operation["responses"]["200"]), route.name)


def test_values_of_an_enum_stand_in_the_order_of_the_hub() -> None:
    def enums(schema: object) -> Iterator[list[str]]:
        if isinstance(schema, dict):
            if isinstance(schema.get("enum"), list):
                yield schema["enum"]
            for value in schema.values():
                yield from enums(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from enums(value)

    theirs = list(enums(hub_document()["paths"]))

    for piece in PIECES:
        for values in enums(schema_at(piece)):
            assert values in theirs, f"{piece}: {values}"
