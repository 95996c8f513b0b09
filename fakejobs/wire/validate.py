"""Checking data against the schema, and saying what is wrong in the words that the Hub's users know.

jsonschema-rs decides whether data is valid (a few microseconds). Only when it is not, a walk over the data and the
schema collects the problems. The walk is our own because jsonschema-rs copies the whole instance into every error (4,000
bad names in one map took 3.5 GB), puts values into its messages, gives no errors for integers of thousands of digits that
it rightly calls invalid, and raises on lone surrogates.

The sentences are those of zod 4 (English), which the Hub uses; checked against zod 4.6.7.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import jsonschema_rs

from fakejobs.model.api_dates import LATEST
from fakejobs.wire.json_types import Schema
from fakejobs.wire.paths import join_index, join_key, quote
from fakejobs.wire.pieces import MAX_SAFE_INTEGER
from fakejobs.wire.schema import epoch, schema_at

MAX_PROBLEMS = 1000
"""`problems` reports at most this many, and one more that says so."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        path: where: ``expose.ports[1]``, ``environment.1BAD (key)`` for a name, empty for the whole. Printable ASCII.
        sentence: what, without the value that was found. Printable ASCII.
    """

    path: str
    sentence: str


def problems(piece_name: str, instance: object, *, at: str = "", date: str = LATEST) -> list[Problem]:
    """Everything that is wrong with ``instance``, those nearest to the root first; empty if it is valid.

    Args:
        piece_name: the piece of the schema, a name in `fakejobs.wire.pieces.PIECES`.
        instance: JSON as `fakejobs.wire.read_json.read_json` returns it. Data of other origin is safe here too (never an
            exception), but only what the schema speaks of is looked at.
        at: the path of ``instance`` in a larger whole, to begin all paths with.
        date: check against the contract of that day (ISO), or `LATEST`.

    Raises:
        KeyError: there is no such piece.
        ValueError: ``date`` is not a date.
    """
    day = epoch(date)
    return _problems(_validator(piece_name, day), _schema(piece_name, day), instance, at)


def checker(schema: Schema) -> Callable[[object], list[Problem]]:
    """A function that finds what is wrong with data, as `problems` does, by a schema that is no piece.

    Args:
        schema: JSON Schema 2020-12 without references. What breaks a keyword that no piece uses gets a sentence that does not name it.

    Raises:
        ValueError: it is no such schema, or has a pattern that the engine of linear time cannot read.
    """
    validator = _compile(schema)
    return lambda instance: _problems(validator, schema, instance, "", "Invalid input")


def _problems(
    validator: jsonschema_rs.Validator,
    schema: Schema,
    instance: object,
    at: str,
    otherwise: str = "Invalid input: not JSON, or nested too deeply",
) -> list[Problem]:
    try:
        if validator.is_valid(instance):
            return []
    except ValueError:
        pass  # not JSON: a lone surrogate in a name, a key that is no text, nesting without end
    found: list[_Found] = []
    for one in _explain(schema, instance, at, 0):
        if len(found) == MAX_PROBLEMS:
            found.append((0, Problem(at, f"Too many problems: only {MAX_PROBLEMS:,} are listed")))
            break
        found.append(one)
    if not found:
        return [Problem(at, otherwise)]
    found.sort(key=lambda one: one[0])
    return [problem for _depth, problem in found]


def format_problems(found: Sequence[Problem], *, most: int = 100) -> str:
    """``found`` in the layout of zod's ``prettifyError``: a line for each problem, and one for its place.

    At most ``most`` are written out; a last line counts the others.
    """
    lines: list[str] = []
    for problem in found[:most]:
        lines.append(f"✖ {problem.sentence}")
        if problem.path:
            lines.append(f"  → at {problem.path}")
    if len(found) > most:
        lines.append(f"✖ … and {len(found) - most:,} more")
    return "\n".join(lines)


def one_line(found: Sequence[Problem], *, longest: int = 2000) -> str:
    """``found`` on one line of printable ASCII, for a header: ``{sentence} at {path}; {sentence}; …``.

    At most ``longest`` characters (64 at least); what does not fit is counted: ``... and 3 more``.
    """
    longest = max(longest, 64)
    parts = [
        f"{problem.sentence} at {problem.path}" if problem.path else problem.sentence for problem in found
    ]
    line = ""
    for index, part in enumerate(parts):
        longer = "; ".join(filter(None, (line, _printable(part))))
        if len(longer) + len(_and_more(len(parts) - index - 1)) > longest:
            break
        line = longer
    else:
        return line
    if line:
        return line + _and_more(len(parts) - index)
    rest = "..." + _and_more(len(parts) - 1)
    return longer[: longest - len(rest)] + rest


def _and_more(count: int) -> str:
    return f"; ... and {count:,} more" if count else ""


def _printable(text: str) -> str:
    escaped = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(char if " " <= char <= "~" else f"\\x{ord(char):02x}" for char in escaped)


# ------------------------------------------------------------------------------------------- is it valid?


@cache
def _schema(piece_name: str, day: str) -> Schema:
    return schema_at(piece_name, day)


@cache
def _validator(piece_name: str, day: str) -> jsonschema_rs.Validator:
    return _compile(_schema(piece_name, day))


def _compile(schema: Schema) -> jsonschema_rs.Validator:
    # The plain regex engine takes linear time; the default one backtracks. Formats are off unless asked for.
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
    )


@cache
def _text_check(keyword: str, value: str) -> Callable[[str], bool]:
    """Does a text satisfy this ``pattern`` or ``format``? The same engine as above, so the same answer."""
    is_valid = _compile({keyword: value}).is_valid

    def check(text: str) -> bool:
        try:
            return is_valid(text)
        except ValueError:  # a lone surrogate
            return False

    return check


# ------------------------------------------------------------------------------------------ what is wrong?

_Found = tuple[int, Problem]  # depth below the root, for sorting


class _Undefined:
    """The value of a key that is missing."""


_undefined = _Undefined()


def _explain(schema: Schema, value: object, path: str, depth: int) -> Iterator[_Found]:
    """The problems of ``value``, for exactly the keywords that the pieces use."""
    if "enum" in schema:
        # Those of the pieces are texts; of other schemas, 1 and true are not the same.
        if not any(type(value) is type(each) and value == each for each in schema["enum"]):
            yield depth, Problem(path, _choice(schema["enum"]))
    elif "const" in schema:
        if value != schema["const"]:
            yield depth, Problem(path, _choice([schema["const"]]))
    elif "anyOf" in schema:
        # Only in responses. Which member was meant cannot be known, and zod says no more than this either.
        if all(_first(_explain(member, value, path, depth)) for member in schema["anyOf"]):
            yield depth, Problem(path, "Invalid input")
    elif "type" in schema:
        wrong_type = _type_problem(schema, value)
        if wrong_type:
            yield depth, Problem(path, wrong_type)
        elif isinstance(value, str):
            yield from ((depth, Problem(path, sentence)) for sentence in _text_problems(schema, value))
        elif isinstance(value, (int, float)):
            yield from ((depth, Problem(path, sentence)) for sentence in _number_problems(schema, value))
        elif isinstance(value, (list, tuple)):
            yield from _array_problems(schema, value, path, depth)
        elif isinstance(value, dict):
            yield from _object_problems(schema, value, path, depth)


def _first(found: Iterable[_Found]) -> bool:
    return any(True for _one in found)


def _choice(options: Sequence[str]) -> str:
    if len(options) == 1:
        return f"Invalid input: expected {json.dumps(options[0])}"
    return "Invalid option: expected one of " + "|".join(json.dumps(option) for option in options)


def _type_problem(schema: Schema, value: object) -> str | None:
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    received = _json_type(value)
    if received in allowed:
        return None
    if received == "number" and "integer" in allowed:
        assert isinstance(value, (int, float))
        if value == math.floor(value):
            return None
        return "Invalid input: expected int, received number"
    expected = str(next((name for name in allowed if name != "null"), "null"))
    if expected == "integer":
        expected = "number"
    elif expected == "object" and "properties" not in schema and "additionalProperties" in schema:
        expected = "record"
    return f"Invalid input: expected {expected}, received {received}"


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, (list, tuple)):
        return "array"
    if isinstance(value, dict):
        return "object"
    return "undefined" if value is _undefined else "something that is not JSON"


def _text_problems(schema: Schema, value: str) -> Iterator[str]:
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if shortest is not None and len(value) < shortest:
        yield f"Too small: expected string to have {_at_least(shortest, longest)} characters"
    if longest is not None and len(value) > longest:
        yield f"Too big: expected string to have {_at_most(shortest, longest)} characters"
    if "format" in schema and not _text_check("format", schema["format"])(value):
        yield "Invalid ISO datetime" if schema["format"] == "date-time" else f"Invalid {schema['format']}"
    elif "pattern" in schema and not _text_check("pattern", schema["pattern"])(value):
        yield f"Invalid string: must match pattern /{schema['pattern']}/"


def _number_problems(schema: Schema, value: int | float) -> Iterator[str]:
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        yield f"Too small: expected number to be >{schema['exclusiveMinimum']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"Too small: expected number to be >={schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        kind = "int" if schema["maximum"] == MAX_SAFE_INTEGER else "number"
        yield f"Too big: expected {kind} to be <={schema['maximum']}"


def _at_least(least: int, most: int | None) -> str:
    return f"exactly {least}" if least == most else f">={least}"


def _at_most(least: int | None, most: int) -> str:
    return f"exactly {most}" if least == most else f"<={most}"


def _array_problems(schema: Schema, value: Sequence[object], path: str, depth: int) -> Iterator[_Found]:
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if fewest is not None and len(value) < fewest:
        yield depth, Problem(path, f"Too small: expected array to have {_at_least(fewest, most)} items")
    if most is not None and len(value) > most:
        yield depth, Problem(path, f"Too big: expected array to have {_at_most(fewest, most)} items")
    if "items" in schema:
        for index, item in enumerate(value):
            yield from _explain(schema["items"], item, join_index(path, index), depth + 1)


def _object_problems(schema: Schema, value: dict[object, object], path: str, depth: int) -> Iterator[_Found]:
    properties: dict[str, Schema] = schema.get("properties", {})
    required = schema.get("required", ())
    for name, member in properties.items():
        if name in value or name in required:
            yield from _explain(member, value.get(name, _undefined), join_key(path, name), depth + 1)
    if len(properties) < len(value) or not properties.keys() >= value.keys():
        yield from _other_members(schema, properties, value, path, depth)


def _other_members(
    schema: Schema, properties: dict[str, Schema], value: dict[object, object], path: str, depth: int
) -> Iterator[_Found]:
    names: Schema | None = schema.get("propertyNames")
    others: Schema | bool = schema.get("additionalProperties", True)
    unknown: list[str] = []
    for key, member in value.items():
        if not isinstance(key, str):
            yield depth, Problem(path, "Invalid input: expected all keys to be strings")
            continue
        if key in properties:
            continue
        if names is not None:
            for _depth, problem in _explain(names, key, f"{join_key(path, key)} (key)", depth + 1):
                yield depth + 1, problem
        if others is False:
            unknown.append(key)
        elif isinstance(others, dict):
            yield from _explain(others, member, join_key(path, key), depth + 1)
    if unknown:
        listed = ", ".join(quote(key) for key in unknown[:10])
        more = f" and {len(unknown) - 10:,} more" if len(unknown) > 10 else ""
        yield depth, Problem(path, f"Unrecognized key{'s' if len(unknown) > 1 else ''}: {listed}{more}")
