"""Strategies for bytes that are nearly right: what fuzz tests send."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

Bytes = st.SearchStrategy[bytes]

SPLINTERS: Sequence[bytes] = (
    b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xc0\xaf", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"%",
    b"%00", b"%zz", b"%ED%A0%80", b"%2F", b"+", b"-", b"1" * 400, b"9" * 20, b"1e999", b"-0", b"0x10", b"NaN", b"Infinity",
    b'"', b"'", b"\\", b"\\ud800", b"\\u0000", b"{", b"}", b"[", b"]", b"[" * 100, b'{"a":' * 100, b",", b":", b"=", b"&", b"#",
    b"null", b"true", b"A" * 5000, "é".encode(), "💥".encode(), "\u202e\u2028".encode(),
)  # fmt: skip
"""What is put into the middle of things."""


@st.composite
def damaged(draw: st.DrawFn, whole: bytes, most: int = 4) -> bytes:
    """``whole`` with a few places cut, doubled, moved, or replaced by something odd."""
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(whole)))
        end = draw(st.integers(start, min(len(whole), start + 40)))
        kind = draw(st.sampled_from(["put", "cut", "double", "end", "flip"]))
        if kind == "put":
            whole = whole[:start] + draw(st.sampled_from(SPLINTERS)) + whole[end:]
        elif kind == "cut":
            whole = whole[:start] + whole[end:]
        elif kind == "double":
            whole = whole[:end] + whole[start:end] + whole[end:]
        elif kind == "end":
            whole = whole[:start]
        elif whole:
            at = min(start, len(whole) - 1)
            whole = whole[:at] + bytes([whole[at] ^ draw(st.integers(1, 255))]) + whole[at + 1 :]
    return whole


_NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**53, 2**63, 2**64, 10**18, 10**300]),
    st.floats(allow_nan=False, allow_infinity=False),
)
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    _NUMBERS,
    st.text(max_size=12),
    st.sampled_from(
        ["1h", "0s", "-5m", "100y", "forever", "1e9h", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "ERROR", "h200", "*", "x" * 3000]
    ),
)  # fmt: skip


def values(keys: Sequence[str]) -> st.SearchStrategy[Any]:
    """JSON values; the keys of objects are often ones that mean something."""
    names = st.one_of(st.sampled_from(list(keys)), st.text(max_size=6))
    return st.recursive(
        LEAVES,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
        max_leaves=8,
    )


def bodies(keys: Sequence[str], good: Sequence[object]) -> Bytes:
    """Bodies of requests: objects of words that mean something, good ones with one word changed, and both damaged."""
    odd = values(keys)
    known = st.dictionaries(st.sampled_from(list(keys)), odd, max_size=4)
    changed = st.builds(lambda base, more: {**base, **more}, st.sampled_from(list(good)), known)
    whole = st.one_of(changed, known, odd).map(lambda value: json.dumps(value).encode())
    written = st.sampled_from([json.dumps(value).encode() for value in good])
    return st.one_of(whole, written.flatmap(damaged), whole.flatmap(damaged), st.binary(max_size=60))
