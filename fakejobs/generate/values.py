"""Any value that a piece of the schema allows: what no generator knows better comes out of the schema itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from fakejobs.generate.source import Source, several
from fakejobs.model.api_dates import LATEST
from fakejobs.model.times import to_iso
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.pieces import CRON, MAX_SAFE_INTEGER, OBJECT_ID, UTC_TIME
from fakejobs.wire.schema import shared_schema

Body = dict[str, Json]
Maker = Callable[[Source, Schema], Json]
"""Makes a value that a schema allows, but knows better than the schema what it means."""

DIGITS = "0123456789"
HEX = DIGITS + "abcdef"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
LABEL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

FIRST_INSTANT = 1_767_225_600_000  # 2026-01-01
LAST_INSTANT = 4_102_444_800_000  # 2100-01-01
"""Between these, generated instants lie; the first is the simplest."""

CRON_ALIASES = ("@daily", "@hourly", "@weekly", "@monthly", "@yearly", "@annually")

_FIELD_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))  # minute, hour, day, month, weekday


def cron(source: Source) -> str:
    """A schedule in the Hub's grammar: an alias, or five to seven fields with a space between them.

    All fields are within what clocks and calendars have. The Hub's pattern lets more through (``*****``, minute 99, ``*-5``).
    """
    if not source.chance(80):
        return source.pick(CRON_ALIASES)
    fields = [_cron_field(source, low, high) for low, high in _FIELD_RANGES]
    if source.chance(15):
        fields.insert(0, _cron_field(source, 0, 59))  # seconds
        if source.chance(50):
            fields.append(_cron_field(source, 2026, 2030))  # a year
    return " ".join(fields)


def _cron_field(source: Source, low: int, high: int) -> str:
    kind = source.integer(0, 9)
    if kind <= 4:
        return "*"
    if kind == 5:
        start = "*" if source.chance(80) else source.integer(low, high)
        return f"{start}/{source.integer(1, min(high, 30))}"
    first = source.integer(low, high)
    if kind <= 7:
        return str(first)
    if kind == 8:
        return f"{first}-{source.integer(first, high)}"
    rest = several(source, lambda: source.integer(low, high), 1, 3)
    return ",".join(str(each) for each in sorted({first, *rest})) if {first} != set(rest) else str(first)


def object_id(source: Source) -> str:
    """24 hexadecimal digits."""
    return source.word(HEX, 24, 24)


def instant(source: Source) -> int:
    """An instant in milliseconds, from 2026 on: whole seconds are the simplest."""
    seconds = source.integer(FIRST_INSTANT // 1000, LAST_INSTANT // 1000)
    return seconds * 1000 + (source.integer(0, 999) if source.chance() else 0)


LABEL_KEYS = ("name", "team", "experiment")


def label_key(source: Source) -> str:
    """A key of a label. ``name`` is the one whose value the Hub shows as a job's name."""
    if source.chance(60):
        return source.word(LABEL, 1, 100 if source.chance(5) else 12)
    return source.pick(LABEL_KEYS)


def label_value(source: Source) -> str:
    """A value of a label; it may be empty."""
    return source.word(LABEL, 0, 100 if source.chance(3) else 12)


def _name(source: Source, shortest: int) -> str:
    return source.word(LETTERS, 1, 1) + source.word(LETTERS + DIGITS + "_", shortest - 1, 12)


def _path(source: Source) -> str:
    return "/" + source.word(LABEL + "/", 0, 20)


PATTERNS: Mapping[str, Callable[[Source], str]] = {
    OBJECT_ID: object_id,
    "^[0-9a-fA-F]{24}$": object_id,
    UTC_TIME: lambda source: to_iso(instant(source)),
    CRON: cron,
    "^[a-zA-Z0-9._-]+$": label_key,
    "^[a-zA-Z0-9._-]*$": label_value,
    "^[a-zA-Z0-9._-]+=[a-zA-Z0-9._-]*$": lambda source: f"{label_key(source)}={label_value(source)}",
    "^[a-zA-Z][_a-zA-Z0-9]+$": lambda source: _name(source, 2),
    "^[a-zA-Z][_a-zA-Z0-9]*$": lambda source: _name(source, 1),
    r"^\/.*": _path,
    r"^[\x20-\x7F]*$": lambda source: source.word(LETTERS + DIGITS + " !~", 0, 20),
}
"""How to make a text of each pattern of the schema."""


def schema_of(piece: str, date: str = LATEST) -> Schema:
    """A piece of the schema as it was on a day. It is shared by all who ask: not to be changed."""
    return shared_schema(piece, date)


def value(source: Source, schema: Schema) -> Json:
    """A value that ``schema`` allows, as `fakejobs.wire.schema.schema_at` gives it.

    Optional keys are absent in the simplest case.

    Raises:
        ValueError: the schema has a pattern that is not in `PATTERNS`.
    """
    if "const" in schema:
        constant: Json = schema["const"]
        return constant
    if "enum" in schema:
        member: Json = source.pick(schema["enum"])
        return member
    if "anyOf" in schema:
        return value(source, source.pick(schema["anyOf"]))
    kinds = schema["type"]
    if isinstance(kinds, list):
        if "null" in kinds and not source.chance(70):
            return None
        kinds = next(kind for kind in kinds if kind != "null")
    return _MAKERS[kinds](source, schema)


def filled(
    source: Source,
    schema: Schema,
    own: Mapping[str, Maker] = {},
    percent: Mapping[str, int] = {},
    without: Collection[str] = (),
) -> Body:
    """An object that ``schema`` allows, its keys in the order of the schema.

    Args:
        source: where the choices come from.
        schema: of an object.
        own: what makes the values of these keys, in place of `value`.
        percent: how often an optional key is there, in 100 cases; 50 if nothing is said.
        without: keys that are not wanted.
    """
    required = schema.get("required", ())
    made: Body = {
        key: own.get(key, value)(source, member)
        for key, member in schema.get("properties", {}).items()
        if key not in without and (key in required or source.chance(percent.get(key, 50)))
    }
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        names = schema.get("propertyNames", {"type": "string"})
        made.update(several(source, lambda: (str(value(source, names)), value(source, others))))
    return made


def _text(source: Source, schema: Schema) -> Json:
    pattern = schema.get("pattern")
    if schema.get("format") == "uri":
        return f"https://{source.word(LETTERS, 1, 12)}.example{_path(source)}"
    if pattern is None:
        return source.text(schema.get("minLength", 0), min(schema.get("maxLength", 20), 200))
    if pattern not in PATTERNS:
        raise ValueError(f"no generator for texts of the pattern {pattern}; add it to PATTERNS in {__name__}")
    return PATTERNS[pattern](source)


def _number(source: Source, schema: Schema) -> Json:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    most = schema.get("maximum", MAX_SAFE_INTEGER)
    if source.chance(90):
        most = min(most, least + 100_000)
    whole = source.integer(least, most)
    return whole if schema["type"] != "number" or source.chance(90) else whole + source.integer(1, 3) / 4


def _array(source: Source, schema: Schema) -> Json:
    fewest = schema.get("minItems", 0)
    most = min(schema.get("maxItems", 3), fewest + 3)
    return several(source, lambda: value(source, schema["items"]), fewest, most)


def _object(source: Source, schema: Schema) -> Json:
    return filled(source, schema)


def _boolean(source: Source, _schema: Schema) -> Json:
    return source.chance()


_MAKERS: Mapping[str, Callable[[Source, Schema], Json]] = {
    "string": _text,
    "number": _number,
    "integer": _number,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}
