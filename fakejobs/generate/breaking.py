"""Values that break one rule of a schema and no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import cache

from fakejobs.generate.source import ODD_TEXT
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.pieces import MAX_SAFE_INTEGER
from fakejobs.wire.validate import checker


def breaking(keyword: str, schema: Schema) -> tuple[Json, ...]:
    """Values that break ``keyword`` of ``schema`` and nothing else of it, simplest first; none if there are none."""
    return _values_breaking(keyword, json.dumps(schema))


@cache
def _values_breaking(keyword: str, schema_text: str) -> tuple[Json, ...]:
    schema: Schema = json.loads(schema_text)
    without = {name: each for name, each in schema.items() if name != keyword}
    if keyword == "integer":
        without["type"] = "number"
    wrong, otherwise_wrong = checker(schema), checker(without)
    return tuple(
        each
        for each in CANDIDATES[keyword](schema)
        if [problem.path for problem in wrong(each)] == [""]
        and (keyword in ("type", "enum") or not otherwise_wrong(each))
    )


_EVERY_KIND: tuple[Json, ...] = (
    None, True, False, 0, 7, -1, 1.5, "", "text", "7", "true", "null", [], ["text"], [[]], {}, {"key": "value"},
)  # fmt: skip

_NO_MATCHES = (
    "", " ", "-", "=", "1BAD", "_BAD", "A", "a b", "A=B", "=value", "no-equals-sign", "a=b=c", "a/b", "relative/path", " PATH", "PATH ",
    "${PATH}", "line\nbreak", "end\n", "é", "٣", "漢=字", "../..", "0" * 23 + "g", "g" * 24, "0" * 23 + "\n",
    *ODD_TEXT, *(f"a{odd}b" for odd in ODD_TEXT),
)  # fmt: skip
"""Texts of which every pattern of the schema refuses some."""


def _other_kinds(schema: Schema) -> list[Json]:
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    numeric = "integer" in allowed  # 1.5 is the rule `integer`
    wrong = checker({"type": allowed})
    return [each for each in _EVERY_KIND if wrong(each) and not (numeric and type(each) is float)]


def _no_members(schema: Schema) -> list[Json]:
    first = str(schema["enum"][0])
    near: list[Json] = [
        first.upper(),
        first.lower(),
        f" {first}",
        f"{first}\n",
        f"{first}s",
        first[:-1],
        [first],
    ]
    return ["no-such-value", *near, *_EVERY_KIND]


CANDIDATES: Mapping[str, Callable[[Schema], Collection[Json]]] = {
    "type": _other_kinds,
    "enum": _no_members,
    "pattern": lambda schema: [*_NO_MATCHES, " " * schema.get("minLength", 1)],
    "minLength": lambda schema: [letter * (schema["minLength"] - 1) for letter in "a0/"],
    "maxLength": lambda schema: [
        letter * (schema["maxLength"] + more) for letter in "a0/" for more in (1, 2, 1000)
    ],
    "integer": lambda schema: [schema.get("minimum", 1) + part for part in (0.5, 0.25, 1e-9, 1000.5)],
    "minimum": lambda schema: [schema["minimum"] - less for less in (1, 2, 1000, MAX_SAFE_INTEGER, 10**30)],
    "exclusiveMinimum": lambda schema: [
        schema["exclusiveMinimum"] - less for less in (0, 1, 1000, MAX_SAFE_INTEGER, 10**30)
    ],
    "maximum": lambda schema: [
        *(schema["maximum"] + more for more in (1, 2, 1000, MAX_SAFE_INTEGER, 10**30)),
        float(schema["maximum"] + 1),
        1e300,
    ],
    "minItems": lambda _schema: (),
    "maxItems": lambda _schema: (),
}
"""The rules for a value, with what could break them; lists of a wrong length are made by `fakejobs.generate.invalid`."""
