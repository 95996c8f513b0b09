"""An OpenAPI document of the Hub, read with care: which operations it has, and what each takes and answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fakejobs.contract.fetch import read_source, shown
from fakejobs.contract.resolve import DocumentError, Resolver, expect, printable
from fakejobs.wire.json_types import Schema
from fakejobs.wire.openapi import TITLE
from fakejobs.wire.paths import quote
from fakejobs.wire.read_json import BadJson, read_json

NESTING_LIMIT = 100
"""Levels of arrays and objects that a document may have. The Hub's has about 25."""

JOBS = re.compile(
    r"/api/(jobs|scheduled-jobs|settings/webhooks)(/.*)?|/api/whoami-v2|/api/settings/billing/usage/jobs"
)
"""The paths of a document that are about Jobs; all others are ignored, unless a list of explained differences names them."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class Operation:
    """What a document says of one route.

    Attributes:
        method: in capitals.
        path: as the document writes it.
        parameters: the schema of each path parameter.
        query: an object schema: query parameters by name.
        headers: an object schema: the headers that it asks for.
        body: the schema of a JSON body, if it takes one.
        replies: by status (``200``, ``default``): the schema of the JSON body, or None where there is no such body.
        streams: by status: the schema of what an event stream says, ``{}`` if the document does not say.
    """

    method: str
    path: str
    parameters: Mapping[str, Schema] = field(default_factory=dict)
    query: Schema = field(default_factory=dict)
    headers: Schema = field(default_factory=dict)
    body: Schema | None = None
    replies: Mapping[str, Schema | None] = field(default_factory=dict)
    streams: Mapping[str, Schema] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """``GET /api/jobs/{namespace}``."""
        return f"{self.method} {printable(self.path)}"

    @property
    def shape(self) -> str:
        """The same, without the names of path parameters: what tells routes apart."""
        return shape(self.method, self.path)


@dataclass(frozen=True)
class Document:
    """The part of a document that counts.

    Attributes:
        source: where it was read, without what is private in an address.
        ours: whether a fakejobs made it.
        operations: by `Operation.shape`, in the order of the document.
        others: how many operations are about something else.
    """

    source: str
    ours: bool
    operations: Mapping[str, Operation]
    others: int


def shape(method: str, path: str) -> str:
    """A route without the names of its parameters: ``GET /api/jobs/{}``."""
    return f"{method.upper()} {re.sub(r'{[^/{}]*}', '{}', path)}"


def load_document(source: str, also: Collection[str] = ()) -> Document:
    """Read the document in a file or at an address.

    Args:
        source: the file, or an address that begins with http:// or https://.
        also: labels (``GET /api/buckets/{namespace}``) of operations that count besides those about Jobs.

    Raises:
        ValueError: it cannot be read, or is no OpenAPI document; a sentence says why.
    """
    name = shown(source) if "://" in source else source
    raw = read_source(source)
    try:
        parsed = read_json(raw, limit=len(raw), depth=NESTING_LIMIT)
    except BadJson as error:
        raise DocumentError(f"{name}: {error.sentence.replace('The body', 'The document', 1)}") from None
    try:
        return document_from(parsed, name, also)
    except DocumentError as error:
        raise DocumentError(f"{name}: {error}") from None


def document_from(parsed: object, source: str = "the document", also: Collection[str] = ()) -> Document:
    """The part that counts of a document that is parsed already.

    Raises:
        DocumentError: it is no OpenAPI document, or says what no such document can say.
    """
    root = _root(parsed)
    resolver = Resolver(root)
    wanted = {shape(*label.split(" ", 1)) for label in also if " " in label}
    operations: dict[str, Operation] = {}
    others = 0
    for path, item in root["paths"].items():
        if not path.startswith("/"):
            continue
        counts = JOBS.fullmatch(path) is not None
        if not counts and not any(shape(method, path) in wanted for method in METHODS):
            others += 1
            continue
        place = f"paths.{printable(path)}"
        item = resolver.part(item, place)
        shared = item.get("parameters", [])
        for method in METHODS:
            if method in item and (counts or shape(method, path) in wanted):
                operation = _operation(
                    resolver, method.upper(), path, item[method], shared, f"{place}.{method}"
                )
                if operation.shape in operations:
                    raise DocumentError(f"{place}: the same route as another but for the names in braces")
                operations[operation.shape] = operation
    info = root.get("info")
    ours = isinstance(info, dict) and info.get("title") == TITLE
    return Document(source, ours, operations, others)


def _root(parsed: object) -> dict[str, Any]:
    if not isinstance(parsed, dict):
        raise DocumentError("this is no OpenAPI document: an object was expected")
    version = parsed.get("openapi")
    if not isinstance(version, str):
        older = "; Swagger 2.0 is not read" if "swagger" in parsed else ""
        raise DocumentError(f'this is no OpenAPI document: it has no text under "openapi"{older}')
    if not version.startswith("3."):
        raise DocumentError(f"this is OpenAPI {quote(version)}; only versions 3.x are read")
    expect(parsed.get("paths"), dict, "paths")
    return parsed


def _operation(
    resolver: Resolver, method: str, path: str, value: object, shared: object, place: str
) -> Operation:
    given = resolver.part(value, place)
    by_place: dict[str, dict[str, Schema]] = {"path": {}, "query": {}, "header": {}}
    required: dict[str, list[str]] = {"path": [], "query": [], "header": []}
    lists = [(shared, f"{place} (shared) parameters"), (given.get("parameters", []), f"{place}.parameters")]
    for values, at in lists:
        for number, each in enumerate(expect(values, list, at)):
            here = f"{at}[{number}]"
            parameter = resolver.part(each, here)
            name, where = expect(parameter.get("name"), str, f"{here}.name"), parameter.get("in")
            if where == "cookie":
                continue
            if not isinstance(where, str) or where not in by_place:
                raise DocumentError(f"{here}.in: path, query, header or cookie was expected there")
            schema = parameter.get("schema", {})
            if "content" in parameter:
                schema = next(_contents(resolver, parameter, here), ("", {}))[1]
            by_place[where][name] = resolver.schema(schema, f"{here}.schema")
            if name in required[where]:  # the operation's own parameter replaces the shared one
                required[where].remove(name)
            if parameter.get("required") is True:
                required[where].append(name)
    replies, streams = _replies(resolver, given, f"{place}.responses")
    return Operation(
        method,
        path,
        by_place["path"],
        _as_object(by_place["query"], required["query"]),
        _as_object(by_place["header"], required["header"]),
        _body(resolver, given, f"{place}.requestBody"),
        replies,
        streams,
    )


def _as_object(members: dict[str, Schema], required: list[str]) -> Schema:
    return {"type": "object", "properties": members, "required": required} if members else {}


def _body(resolver: Resolver, given: dict[str, Any], place: str) -> Schema | None:
    if "requestBody" not in given:
        return None
    body = resolver.part(given["requestBody"], place)
    return next(
        (resolver.schema(each, place) for kind, each in _contents(resolver, body, place) if _json(kind)), {}
    )


def _replies(
    resolver: Resolver, given: dict[str, Any], place: str
) -> tuple[dict[str, Schema | None], dict[str, Schema]]:
    replies: dict[str, Schema | None] = {}
    streams: dict[str, Schema] = {}
    for status, each in expect(given.get("responses", {}), dict, place).items():
        if not re.fullmatch(r"[1-5]([0-9]{2}|XX)|default", status):
            raise DocumentError(f"{place}.{printable(status)}: a status or default was expected there")
        at = f"{place}.{status}"
        replies[status] = None
        for kind, schema in _contents(resolver, resolver.part(each, at), at):
            if _json(kind) and replies[status] is None:
                replies[status] = resolver.schema(schema, at)
            elif kind == "text/event-stream":
                streams[status] = resolver.schema(schema, at)
    return replies, streams


def _contents(resolver: Resolver, part: dict[str, Any], place: str) -> Iterator[tuple[str, object]]:
    """The media types of a body, plain, with the schema of each."""
    for kind, media in expect(part.get("content", {}), dict, f"{place}.content").items():
        found = resolver.part(media, f"{place}.content")
        schema = _event_data(found["itemSchema"]) if "itemSchema" in found else found.get("schema", {})
        yield kind.partition(";")[0].strip().lower(), schema


def _event_data(item: object) -> object:
    """The JSON in the events of a stream, where the schema of its items (OpenAPI 3.2) tells; our own documents do."""
    for key in ("properties", "data", "contentSchema"):
        if not isinstance(item, dict) or key not in item:
            return {}
        item = item[key]
    return item


def _json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
