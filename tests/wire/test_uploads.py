"""What the bodies of uploads have in common."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.refusal import Refusal
from fakejobs.wire.uploads import problem_with_path, read_lines, read_visibility


def test_a_json_object_on_each_line() -> None:
    assert list(read_lines(b'{"a": 1}\n\n \r\n{"b": "\xc3\xbc"}\r\n')) == [
        ("line 1", {"a": 1}),
        ("line 4", {"b": "ü"}),
    ]
    assert list(read_lines(b"")) == []


@pytest.mark.parametrize(
    ("raw", "status", "why"),
    [
        (b'{"a": 1}\nodd', 400, "line 2: The body is not valid JSON"),
        (b'{"a": 1}\n[]', 400, "line 2: a JSON object was expected"),
        (b"\xff", 400, "line 1: The body is not UTF-8"),
        (b"{}\n" + b" " * 20 + b"1", 413, "line 2: The body has 21 bytes; at most 20 are allowed"),
    ],
)
def test_a_line_that_is_none_is_named(raw: bytes, status: int, why: str) -> None:
    with pytest.raises(Refusal, match=why) as caught:
        list(read_lines(raw, limit=20))
    assert caught.value.status == status


@given(st.lists(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers())))
def test_lines_are_read_as_they_were_written(written: list[dict[str, int]]) -> None:
    raw = "\n".join(json.dumps(each, ensure_ascii=False) for each in written).encode()
    assert [fields for _, fields in read_lines(raw)] == written


@pytest.mark.parametrize(
    ("fields", "private"),
    [
        ({}, False),
        ({"private": None, "visibility": None}, False),
        ({"private": True}, True),
        ({"visibility": "private"}, True),
        ({"visibility": "public", "private": True}, False),
    ],
)
def test_who_may_see_it(fields: dict[str, bool | str | None], private: bool) -> None:
    assert read_visibility({**fields}) is private


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"private": "yes"}, 'the body: "private" has to be true or false'),
        ({"private": 1}, 'the body: "private" has to be true or false'),
        ({"visibility": "secret"}, 'the body: "visibility" has to be "public" or "private"'),
        ({"visibility": True}, 'the body: "visibility" has to be a string'),
    ],
)
def test_other_words_are_refused(fields: dict[str, bool | str], why: str) -> None:
    with pytest.raises(Refusal, match=why) as caught:
        read_visibility({**fields})
    assert caught.value.status == 400


@pytest.mark.parametrize("path", ["a", "a/b.txt", " ", "...", "a..b/.c", "é" * 1_024, "日本/%41"])
def test_paths(path: str) -> None:
    assert problem_with_path(path) is None


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", ".", "a/./b", "../a", "a/..", "a\nb", "a\0", "\x7f"]
)
def test_what_is_no_path(path: str) -> None:
    assert problem_with_path(path) is not None
    assert problem_with_path("x" * 1_025) == "a path has 1 to 1,024 characters"
