"""Bodies that strangers send: what can be read is read, and the rest is refused with a reason, at once."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.wire.json_types import Json
from fakejobs.wire.read_json import BadJson, read_json

texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


def refusal(raw: bytes, **options: int) -> BadJson:
    with pytest.raises(BadJson) as caught:
        read_json(raw, **options)
    assert str(caught.value) == caught.value.sentence
    assert caught.value.sentence.isascii()
    assert caught.value.sentence.isprintable()
    return caught.value


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


# ---------------------------------------------------------------------------------------------- what is read


@given(values, st.booleans())
def test_json_is_read_as_it_was_written(value: Json, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()

    assert repr(read_json(raw, depth=10_000)) == repr(value)


def test_whole_floats_stay_floats_and_integers_stay_integers() -> None:
    assert repr(read_json(b"[1.0, 1, 1e2, -0.0, 1000000000000000000000000000000]")) == (
        "[1.0, 1, 100.0, -0.0, 1000000000000000000000000000000]"
    )


def test_of_two_equal_keys_the_last_counts() -> None:
    assert read_json(b'{"a": 1, "a": 2}') == {"a": 2}


def test_a_byte_order_mark_is_skipped() -> None:
    assert read_json(b"\xef\xbb\xbf{}") == {}


def test_escaped_pairs_are_one_character() -> None:
    assert read_json(rb'{"\ud83d\ude00": "\ud83d\ude00", "b": "\\ud800"}') == {"😀": "😀", "b": "\\ud800"}


def test_limits_are_inclusive() -> None:
    assert read_json(b'"abc"', limit=5) == "abc"
    assert refusal(b'"abcd"', limit=5).status == 413
    read_json(nested(64))
    assert refusal(nested(65)).status == 400


def test_brackets_inside_texts_do_not_count() -> None:
    body = {"a": "[" * 1000, 'b"': '\\"[[[' * 100, "c\\": "{" * 1000}

    assert read_json(json.dumps(body).encode()) == body


def test_many_brackets_side_by_side_are_no_depth() -> None:
    assert read_json(b"[" + b"[]," * 1000 + b"{}]", depth=2) == [[]] * 1000 + [{}]


# -------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "The body is empty; JSON was expected."),
        (b" \n", "The body is empty; JSON was expected."),
        (b'{"a": "\xff"}', "The body is not UTF-8: byte 8 is part of no character."),
        (b'{"a":\n tok}', "The body is not valid JSON: a value was expected (line 2, column 2)."),
        (b"{} {}", "The body is not valid JSON: something follows the end of the JSON value (line 1, column 4)."),
        (b'{"a" 1}', "The body is not valid JSON: a colon was expected (line 1, column 6)."),
        (b"{a: 1}", "The body is not valid JSON: a key in double quotes was expected (line 1, column 2)."),
        (b'["a', "The body is not valid JSON: a string that starts here has no end (line 1, column 2)."),
        (b'["\\x"]', "The body is not valid JSON: a string holds an unknown or incomplete escape (line 1, column 3)."),
        (b'["\n"]', "The body is not valid JSON: a string holds an unescaped control character (line 1, column 3)."),
        (b"NaN", "The body is not valid JSON: NaN, Infinity and -Infinity are not JSON numbers."),
        (b"[-Infinity]", "The body is not valid JSON: NaN, Infinity and -Infinity are not JSON numbers."),
        (b"[1e999]", "The body holds a number that is too large: beyond 1.7976931348623157e308."),
        (b"[-1e999]", "The body holds a number that is too large: beyond 1.7976931348623157e308."),
        (b"9" * 5000, "The body holds a number that is too large: beyond 1.7976931348623157e308."),
        (rb'["\ud800"]', "Half of a surrogate pair, which is no character, in the text at [0]."),
        (rb'"\udc00\ud800"', "Half of a surrogate pair, which is no character, in the text."),
        (rb'{"a":{"\uDC00":1}}', "Half of a surrogate pair, which is no character, in a key at a."),
        (nested(65), "The body is nested too deeply: more than 64 levels of arrays and objects."),
    ],
    ids=lambda value: None if isinstance(value, str) else ascii(value[:12]),
)  # fmt: skip
def test_each_refusal_says_why_and_where(raw: bytes, sentence: str) -> None:
    assert (refusal(raw).sentence, refusal(raw).status) == (sentence, 400)


def test_a_trailing_comma_is_refused_on_every_python() -> None:
    assert "(line 1, column " in refusal(b"[1,]").sentence


def test_a_body_over_the_limit_is_refused_with_both_sizes() -> None:
    error = refusal(b" " * 1_048_577)

    assert error.status == 413
    assert error.sentence == "The body has 1,048,577 bytes; at most 1,048,576 are allowed."


@pytest.mark.parametrize("raw", [b'{"TOKEN": "hf_SECRET', b'{"hf_SECRET"', b"hf_SECRET", b'["\\hf_SECRET"]'])
def test_no_refusal_quotes_the_body(raw: bytes) -> None:
    assert "SECRET" not in refusal(raw).sentence


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\u0dDe8NaI-1. ', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(BadJson):
        value = read_json(raw)
        # Read means: every JSON reader would take it, and it can be sent on.
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 70 + b'"' + b'\\"' * 500_000,
        b'"' * 1_000_000,
        b"[" + b"[]," * 349_000 + b"[]]",
        b"9" * 1_000_000,
        b"1." + b"9" * 1_000_000,
        b"[" + rb'"\ud83d\ude00",' * 60_000 + rb'"\ud83d"]',
    ],
    ids=["arrays", "objects", "escaped quotes", "quotes", "siblings", "digits", "decimals", "pairs"],
)
def test_nothing_within_the_limit_takes_long(raw: bytes) -> None:
    start = time.process_time()
    with contextlib.suppress(BadJson):
        read_json(raw)

    assert time.process_time() - start < 2  # at most about 0.2 s
