"""What a schema says, in one spelling, and in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from zlib import crc32

from fakejobs.contract.resolve import UNKNOWN, merged, printable
from fakejobs.wire.json_types import Schema
from fakejobs.wire.pieces import PIECES

NULLABLE = "nullable"
"""The keyword by which `normal` says that null is allowed."""

LONGEST_VALUE = 300
"""Values of a document with more characters than this are cut, and marked with a checksum."""

_NULL: Schema = {"type": "null"}
_SAYS_NOTHING: tuple[tuple[str, object], ...] = (
    ("additionalProperties", {}),
    ("propertyNames", {"type": "string"}),
    ("propertyNames", {}),
    ("items", {}),
    ("required", []),
    ("properties", {}),
)


def normal(schema: Schema) -> Schema:
    """``schema`` in one spelling, on its first level, for what has several.

    A single value is an ``enum``, whose values say their type; null is allowed by `NULLABLE`, whether a type, a value or an
    alternative says so; ``type`` is a list; a lone alternative is no alternative, and plain types as alternatives are one
    list; a query parameter that may be given once or repeated is a list. Descriptions are gone.
    """
    if "anyOf" in schema:
        schema = _without_needless_alternatives(schema)
    plain = {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in ("description", "$schema", "const", "type")
        and (keyword, value) not in _SAYS_NOTHING
    }
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    nullable = schema.get(NULLABLE, "null" in kinds)
    if values is not None:
        nullable = nullable or None in values
        plain["enum"] = [value for value in values if value is not None]
    elif kinds := [kind for kind in kinds if kind != "null"] or kinds:
        plain["type"] = kinds
    if nullable and plain.get("type") != ["null"]:
        plain[NULLABLE] = True
    return plain


def _without_needless_alternatives(schema: Schema) -> Schema:
    rest = {keyword: value for keyword, value in schema.items() if keyword != "anyOf"}
    members = [normal(member) for member in schema["anyOf"]]
    nullable = _NULL_ONLY in members or any(member.get(NULLABLE) for member in members)
    members = [
        {keyword: value for keyword, value in member.items() if keyword != NULLABLE}
        for member in members
        if member != _NULL_ONLY
    ]
    members = [member for number, member in enumerate(members) if member not in members[:number]]
    if len(members) == 2 and members[1].get("type") == ["array"] and _repeats(members[1], members[0]):
        members = members[1:]
    for keyword in ("type", "enum"):
        if members and all(member.keys() == {keyword} for member in members):
            members = [{keyword: [each for member in members for each in member[keyword]]}]
    if not members:
        return merged(_NULL, rest)
    if len(members) == 1:
        one = merged(members[0], rest)
    elif rest.keys() - {"description", "$schema", "default"}:
        # What stands beside alternatives holds for each.
        kept = {keyword: value for keyword, value in rest.items() if keyword != "default"}
        one = {"anyOf": [merged(kept, member) for member in members]}
        one |= {"default": rest["default"]} if "default" in rest else {}
    else:
        one = {**rest, "anyOf": members}
    return {**one, NULLABLE: True} if nullable else one


_NULL_ONLY: Schema = {"type": ["null"]}


def _repeats(array: Schema, item: Schema) -> bool:
    return normal(array.get("items", {})) == item and array.keys() <= {"type", "items"}


# ---------------------------------------------------------------------------------------------- the pieces


@cache
def _homes() -> dict[str, str]:
    """Places of one piece that are another piece: ``job-list[]`` is ``job``."""
    found: dict[str, str] = {}

    def look(schema: object, place: str) -> None:
        if not isinstance(schema, dict):
            return
        if "$ref" in schema:
            found[place] = schema["$ref"]
        for key, member in schema.get("properties", {}).items():
            look(member, f"{place}.{key}")
        look(schema.get("items"), f"{place}[]")
        look(schema.get("additionalProperties"), f"{place}.*")

    for name, piece in PIECES.items():
        look(piece, name)
    return found


def home(place: str) -> str:
    """``place`` from the piece that it is written in: ``job-list[].owner`` is ``job.owner``."""
    for outer, inner in _homes().items():
        if place == outer or place.startswith((f"{outer}.", f"{outer}[", f"{outer} ", f"{outer}|")):
            return home(inner + place[len(outer) :])
    return place


def piece_of(place: str) -> str | None:
    """The piece that a place of `home` begins with; None if it is in no piece of ours."""
    name = place
    for mark in ".[ |":
        name = name.partition(mark)[0]
    return name if name in PIECES else None


# ------------------------------------------------------------------------------------------------- in words


def said(value: object) -> str:
    """A value out of a document: JSON on one line, printable ASCII, cut if it is long."""
    text = json.dumps(value)
    # JSON leaves DEL as it is.
    text = text.replace("\x7f", "\\u007f")
    if len(text) > LONGEST_VALUE:
        return f"{text[:LONGEST_VALUE]}... (checksum {crc32(text.encode()):08x})"
    return text


def in_words(schema: Schema) -> str:
    """``schema`` in a few words: ``enum: asc, desc``; ``object with group (required), aliases``."""
    return _in_words(schema, 0)


def _in_words(schema: Schema, depth: int) -> str:
    schema = normal(schema)
    if "enum" in schema:
        members = [printable(each) if isinstance(each, str) else said(each) for each in schema["enum"]]
        text = f"enum: {_listed(members)}" if len(members) > 1 else f"always {''.join(members) or 'null'}"
    elif "anyOf" in schema:
        text = f"one of {len(schema['anyOf'])} alternatives"
    else:
        kinds = schema.get("type", [])
        text = " or ".join(kinds) or "anything"
        if kinds == ["object"] and "properties" in schema:
            required = set(schema.get("required", ()))
            keys = [
                printable(key) + (" (required)" if key in required else "") for key in schema["properties"]
            ]
            text = f"object with {_listed(keys)}"
        elif kinds == ["object"] and isinstance(schema.get("additionalProperties"), dict) and depth < 3:
            text = f"map of {_in_words(schema['additionalProperties'], depth + 1)}"
        elif kinds == ["array"] and "items" in schema and depth < 3:
            text = f"array of {_in_words(schema['items'], depth + 1)}"
        limits = [f"{keyword} {said(schema[keyword])}" for keyword in SCALARS if keyword in schema]
        text = ", ".join([text, *limits])
    return f"{text}, or null" if schema.get(NULLABLE) and schema.get("type") != ["null"] else text


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


SCALARS = (
    "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minItems", "maxItems", "minProperties", "maxProperties", "default",
)  # fmt: skip
"""Keywords that are compared as a whole."""

NESTED = (
    "type",
    NULLABLE,
    "enum",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "propertyNames",
    "anyOf",
    "not",
    UNKNOWN,
)
"""The other keywords that `normal` leaves: each is compared in its own way."""
