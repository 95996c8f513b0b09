"""Reading JSON that a stranger sent: sizes, depths and oddities are refused here, in words, once for all routes."""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn, cast

from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import join_index, join_key

BODY_LIMIT = 1_048_576
"""Bytes of a body that are read at most (1 MiB)."""

DEPTH_LIMIT = 64
"""Arrays and objects may stand inside each other this many levels deep."""


class BadJson(ValueError):
    """A body cannot be read. The text never quotes the body, which may hold secrets.

    Attributes:
        status: the HTTP status of the answer: 413 for a body that is too large, 400 otherwise.
        sentence: what was wrong, and where; ASCII, one line.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def read_json(raw: bytes, *, limit: int = BODY_LIMIT, depth: int = DEPTH_LIMIT) -> Json:
    """Parse ``raw`` as JSON.

    Whole floats (``1.0``) stay floats and integers stay integers. Of a key that appears twice the last one
    counts, as in JavaScript. A byte order mark is skipped.

    Args:
        raw: the body.
        limit: the most bytes it may have.
        depth: the most levels of nesting it may have.

    Raises:
        BadJson: too large, not UTF-8, not JSON, nested too deeply, or holding a number or a text that JSON
            readers disagree about: NaN, Infinity, a number outside the range of a double, a lone surrogate.
    """
    if len(raw) > limit:
        raise BadJson(413, f"The body has {len(raw):,} bytes; at most {limit:,} are allowed.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadJson(
            400, f"The body is not UTF-8: byte {error.start + 1} is part of no character."
        ) from None
    if not text.strip(" \t\r\n"):
        raise BadJson(400, "The body is empty; JSON was expected.")
    _check_depth(raw, depth)
    try:
        value = cast(Json, _decoder.decode(text))
    except json.JSONDecodeError as error:
        raise BadJson(400, _malformed(error)) from None
    except RecursionError:  # an interpreter with a small stack
        raise BadJson(400, _too_deep(depth)) from None
    # UTF-8 itself cannot carry half a character; only an escape can.
    if _surrogate_escape.search(raw):
        _check_texts(value)
    return value


_brackets = b"[]{}"
_all_but_brackets = bytes(byte for byte in range(256) if byte not in _brackets)
# The closing quote is optional so that text that never ends is skipped in one go, not tried again at each quote in it.
_json_text = re.compile(rb'"(?:[^"\\]+|\\.)*"?', re.DOTALL)


def _check_depth(raw: bytes, depth: int) -> None:
    if raw.count(b"[") + raw.count(b"{") <= depth:
        return
    level = 0
    for byte in _json_text.sub(b"", raw).translate(None, _all_but_brackets):
        if byte in b"[{":
            level += 1
            if level > depth:
                raise BadJson(400, _too_deep(depth))
        else:
            level -= 1


def _too_deep(depth: int) -> str:
    return f"The body is nested too deeply: more than {depth} levels of arrays and objects."


# The parser's own messages differ between Python versions and some quote the text.
_reasons = (
    ("Extra data", "something follows the end of the JSON value"),
    ("Unterminated string", "a string that starts here has no end"),
    ("Invalid control character", "a string holds an unescaped control character"),
    ("Invalid \\", "a string holds an unknown or incomplete escape"),
    ("Expecting property name", "a key in double quotes was expected"),
    ("Expecting ':'", "a colon was expected"),
    ("Expecting ','", "a comma or the end of the array or object was expected"),
    ("Expecting value", "a value was expected"),
    ("Illegal trailing comma", "a comma before the end of an array or object is not allowed"),
)


def _malformed(error: json.JSONDecodeError) -> str:
    reason = next((ours for theirs, ours in _reasons if error.msg.startswith(theirs)), "this is not JSON")
    return f"The body is not valid JSON: {reason} (line {error.lineno}, column {error.colno})."


def _refuse_constant(_name: str) -> NoReturn:
    raise BadJson(400, "The body is not valid JSON: NaN, Infinity and -Infinity are not JSON numbers.")


# A double has at most 309 digits before the point; texts within that are exact and cheap to read.
_digits_of_largest_double = 309


def _read_int(text: str) -> int:
    if len(text) >= _digits_of_largest_double and math.isinf(float(text)):
        _refuse_number()
    return int(text)


def _read_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        _refuse_number()
    return value


def _refuse_number() -> NoReturn:
    raise BadJson(400, "The body holds a number that is too large: beyond 1.7976931348623157e308.")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_read_int, parse_float=_read_float)

_surrogate_escape = re.compile(rb"\\u[dD][89a-fA-F]")
_surrogate = re.compile("[\ud800-\udfff]")


def _check_texts(value: Json) -> None:
    waiting: list[tuple[str, Json]] = [("", value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if _surrogate.search(value):
                raise BadJson(
                    400, f"Half of a surrogate pair, which is no character, in the text{_at(path)}."
                )
        elif isinstance(value, dict):
            for key, member in value.items():
                if _surrogate.search(key):
                    raise BadJson(
                        400, f"Half of a surrogate pair, which is no character, in a key{_at(path)}."
                    )
                waiting.append((join_key(path, key), member))
        elif isinstance(value, list):
            waiting.extend((join_index(path, index), item) for index, item in enumerate(value))


def _at(path: str) -> str:
    return f" at {path}" if path else ""
