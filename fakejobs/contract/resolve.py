"""Plain schemas out of a stranger's document: references put in, ``allOf`` merged, one dialect, everything checked.

What comes out is JSON Schema 2020-12 without ``$ref``, safe to walk and to compile. Keywords that say nothing about data are dropped;
those that this room does not understand are kept as text under `UNKNOWN`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from fakejobs.wire.json_types import Schema
from fakejobs.wire.paths import quote

UNKNOWN = "x-unknown"
"""The keyword under which `Resolver.schema` keeps what it does not understand: text by keyword."""

DEPTH_LIMIT = 50
"""Schemas may stand inside each other this many levels deep, references followed."""

PARTS_LIMIT = 200_000
"""Parts that a document's schemas may unfold to. Those of the Hub's routes of Jobs had 1,617 in August 2026."""

ALTERNATIVES_LIMIT = 100
"""Schemas that one ``anyOf``, ``oneOf`` or ``allOf`` may list."""

TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")

_SAY_NOTHING = frozenset(
    (
        "$schema", "$id", "id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "example", "examples",
        "deprecated", "externalDocs", "xml", "discriminator", "readOnly", "writeOnly",
    )
)  # fmt: skip
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_TEXTS = ("pattern", "format")


class DocumentError(ValueError):
    """A document cannot be used; the message says what is wrong with it, and where."""


class Resolver:
    """The parts of one document, by reference.

    Args:
        root: the whole document.
    """

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._parts = 0

    def part(self, value: object, place: str) -> dict[str, Any]:
        """The object at ``place``, or what it refers to: a path item, a parameter, a body, a response.

        Raises:
            DocumentError: it is none, or its references lead nowhere.
        """
        for _ in range(20):
            found: dict[str, Any] = expect(value, dict, place)
            if "$ref" not in found:
                return found
            value = self._pointed(found["$ref"], place)
        raise DocumentError(f"{place}: its references lead in a circle")

    def schema(self, value: object, place: str, inside: tuple[str, ...] = (), depth: int = 0) -> Schema:
        """The schema at ``place``, plain. Where it contains itself, the inner one allows anything.

        Args:
            value: what stands there.
            place: where, for messages.
            inside: the references that were followed to get there.
            depth: the levels above it.

        Raises:
            DocumentError: it is not a schema, leads out of the document, or unfolds without end.
        """
        self._parts += 1
        if self._parts > PARTS_LIMIT:
            raise DocumentError(f"its schemas unfold to more than {PARTS_LIMIT:,} parts")
        if depth > DEPTH_LIMIT:
            raise DocumentError(f"{place}: schemas are nested more than {DEPTH_LIMIT} levels deep")
        if isinstance(value, bool):
            return {} if value else {"not": {}}
        given = expect(value, dict, place)
        if "$ref" not in given:
            return self._plain(given, place, inside, depth)
        reference = given["$ref"]
        beside = self._plain(
            {key: each for key, each in given.items() if key != "$ref"}, place, inside, depth
        )
        target = self._pointed(reference, place)
        if reference in inside:
            return beside
        return merged(self.schema(target, place, (*inside, reference), depth + 1), beside)

    def _pointed(self, reference: object, place: str) -> object:
        text = expect(reference, str, f"{place}.$ref")
        if not (text == "#" or text.startswith("#/")):
            raise DocumentError(f"{place}: refers to {quote(text)}, which is not in the document")
        found: object = self._root
        for step in text.split("/")[1:]:
            step = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and step in found:
                found = found[step]
            elif isinstance(found, list) and re.fullmatch("[0-9]{1,6}", step) and int(step) < len(found):
                found = found[int(step)]
            else:
                raise DocumentError(f"{place}: refers to {quote(text)}, which is not in the document")
        return found

    def _plain(self, given: dict[str, Any], place: str, inside: tuple[str, ...], depth: int) -> Schema:
        def sub(value: object, step: str) -> Schema:
            return self.schema(value, f"{place}.{step}", inside, depth + 1)

        def subs(value: object, keyword: str) -> list[Schema]:
            members = expect(value, list, f"{place}.{keyword}")
            if not members:
                raise DocumentError(f"{place}.{keyword}: is empty")
            if len(members) > ALTERNATIVES_LIMIT:
                raise DocumentError(f"{place}.{keyword}: more than {ALTERNATIVES_LIMIT} schemas")
            return [sub(member, f"{keyword}[{number}]") for number, member in enumerate(members)]

        plain: Schema = {}
        unknown: dict[str, str] = {}
        wholes: list[Schema] = []
        for keyword, value in given.items():
            at = f"{place}.{printable(keyword)}"
            if keyword == "type":
                plain[keyword] = _type(value, at)
            elif keyword == "properties":
                members = expect(value, dict, at)
                plain[keyword] = {
                    key: sub(each, f"properties.{printable(key)}") for key, each in members.items()
                }
            elif keyword in ("items", "propertyNames", "not"):
                plain[keyword] = sub(value, keyword)
            elif keyword == "additionalProperties":
                plain[keyword] = False if value is False else sub(value, keyword)
            elif keyword == "anyOf" or (keyword == "oneOf" and "anyOf" not in given):
                plain["anyOf"] = subs(value, keyword)
            elif keyword == "allOf":
                wholes += subs(value, keyword)
            elif keyword == "required":
                keys = [expect(key, str, at) for key in expect(value, list, at)]
                plain[keyword] = list(dict.fromkeys(keys))
            elif keyword == "enum":
                if not expect(value, list, at):
                    raise DocumentError(f"{at}: is empty")
                plain[keyword] = value
            elif keyword in ("const", "default"):
                plain[keyword] = value
            elif keyword in _COUNTS:
                plain[keyword] = _number(value, at, least=0, whole=True)
            elif keyword in _NUMBERS:
                if isinstance(value, bool) and keyword.startswith("exclusive"):
                    continue  # OpenAPI 3.0: a flag beside minimum or maximum
                plain[keyword] = _number(value, at)
            elif keyword in _TEXTS:
                plain[keyword] = expect(value, str, at)
            elif keyword != "nullable" and keyword not in _SAY_NOTHING and not keyword.startswith("x-"):
                unknown[printable(keyword)] = _text(value)
        _flags_of_3_0(given, plain)
        if unknown:
            plain[UNKNOWN] = unknown
        for whole in wholes:
            plain = merged(whole, plain)
        return plain


def merged(one: Schema, other: Schema) -> Schema:
    """What satisfies both, for keywords of which that can be said; of others the second's. Keys keep the order of the first."""
    both = dict(one)
    for keyword, value in other.items():
        if keyword not in one:
            both[keyword] = value
        elif keyword == "properties":
            mine = one[keyword]
            both[keyword] = mine | {
                key: merged(mine[key], each) if key in mine else each for key, each in value.items()
            }
        elif keyword == "required":
            both[keyword] = list(dict.fromkeys([*one[keyword], *value]))
        elif keyword == UNKNOWN:
            both[keyword] = one[keyword] | value
        elif keyword == "additionalProperties" and one[keyword] is False:
            both[keyword] = False
        elif keyword in _COMBINE:
            both[keyword] = _COMBINE[keyword](one[keyword], value)
        else:
            both[keyword] = value
    return both


_COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum"), max),
    **dict.fromkeys(("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"), min),
}


def expect(value: object, kind: type, place: str) -> Any:
    """``value``, if it is of that kind.

    Raises:
        DocumentError: it is not.
    """
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DocumentError(f"{place}: {_KINDS[kind]} was expected there")
    return value


_KINDS: dict[type, str] = {dict: "an object", list: "a list", str: "a text"}


def printable(text: str) -> str:
    """A name out of the document, as it can be printed: quoted if it is not plain."""
    return text if re.fullmatch(r"[ -!#-~]{1,200}", text) else quote(text)


def _type(value: object, place: str) -> str | list[str]:
    kinds = value if isinstance(value, list) else [value]
    if not kinds or any(kind not in TYPES for kind in kinds if isinstance(kind, str)):
        raise DocumentError(f"{place}: give one or several of {', '.join(TYPES)}")
    for kind in kinds:
        expect(kind, str, place)
    kinds = list(dict.fromkeys(kinds))
    return str(kinds[0]) if len(kinds) == 1 else [str(kind) for kind in kinds]


def _number(value: object, place: str, *, least: float = -math.inf, whole: bool = False) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least:
        raise DocumentError(f"{place}: a number was expected there")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if whole and not isinstance(value, int):
        raise DocumentError(f"{place}: a whole number was expected there")
    return value


def _flags_of_3_0(given: dict[str, Any], plain: Schema) -> None:
    for keyword, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if given.get(keyword) is True and limit in plain:
            plain[keyword] = plain.pop(limit)
    if given.get("nullable") is True:
        if "enum" in plain and None not in plain["enum"]:
            plain["enum"] = [*plain["enum"], None]
        if "anyOf" in plain:
            plain["anyOf"] = [*plain["anyOf"], {"type": "null"}]
        if "type" in plain:
            kinds = plain["type"] if isinstance(plain["type"], list) else [plain["type"]]
            plain["type"] = [*kinds, "null"] if "null" not in kinds else kinds


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
