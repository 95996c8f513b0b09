"""Shards, and answers to what a file consists of."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.xet import FileParts, Segment, Term
from fakejobs.wire.xet import SHARD_TAG, read_shard, reconstruction_body, write_shard

hashes = st.binary(min_size=32, max_size=32).filter(lambda raw: raw != b"\xff" * 32).map(bytes.hex)
numbers = st.integers(0, 2**32 - 1)
segments = st.builds(Segment, hashes, numbers, numbers, numbers)


@st.composite
def files(draw: st.DrawFn) -> FileParts:
    parts = tuple(draw(st.lists(segments, max_size=4)))
    proofs = draw(st.just(()) | st.tuples(*[hashes] * len(parts)))
    return FileParts(draw(hashes), parts, proofs)


@given(st.lists(files(), max_size=4), st.binary(max_size=100))
def test_a_shard_is_read_as_it_was_written(written: list[FileParts], after: bytes) -> None:
    assert read_shard(write_shard(written) + after) == written


A = "ab" * 32
SHARD = write_shard([FileParts(A, (Segment(A, 0, 1, 5), Segment(A, 3, 7, 9)), (A, A))])


@given(st.integers(0, len(SHARD)), st.binary(max_size=200))
def test_hostile_bytes_are_refused(kept: int, more: bytes) -> None:
    for raw in (SHARD[:kept] + more, more):
        with contextlib.suppress(ValueError):  # and nothing else
            assert len(read_shard(raw)) <= len(raw)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "it is shorter than its header"),
        (b"x" * 48, "it does not begin like one"),
        (SHARD_TAG + b"\3" + bytes(15), "it is of version 3"),
        (SHARD[:48], "it ends at byte 48"),
        (SHARD[:100], "it ends within the file at byte 48"),
        (
            SHARD_TAG + b"\2" + bytes(15) + bytes(32) + b"\0\0\0\0\xff\xff\xff\xff" + bytes(8),
            "within the file",
        ),
    ],
)
def test_what_is_wrong_with_a_shard(raw: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_shard(raw)


def test_a_shard_of_too_many_segments_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakejobs.wire.xet.MOST_SHARD_CHUNKS", 2)
    assert len(read_shard(SHARD)) == 1
    two = write_shard([FileParts(A, (Segment(A, 0, 1, 5),) * count) for count in (2, 1)])
    with pytest.raises(ValueError, match="its files have more than 2 segments"):
        read_shard(two)


TERMS = [
    Term(Segment("a", 0, 2, 100), 0, 60),
    Term(Segment("b", 4, 5, 50), 200, 230),
    Term(Segment("a", 0, 2, 100), 0, 60),
]


def body(first: int, after: int) -> dict[str, Any]:
    return reconstruction_body(TERMS, first, after, lambda name: f"http://here/{name}")


def test_what_a_file_consists_of() -> None:
    assert body(0, 250) == {
        "offset_into_first_range": 0,
        "terms": [
            {"hash": "a", "unpacked_length": 100, "range": {"start": 0, "end": 2}},
            {"hash": "b", "unpacked_length": 50, "range": {"start": 4, "end": 5}},
            {"hash": "a", "unpacked_length": 100, "range": {"start": 0, "end": 2}},
        ],
        "fetch_info": {
            "a": [
                {
                    "range": {"start": 0, "end": 2},
                    "url": "http://here/a",
                    "url_range": {"start": 0, "end": 59},
                }
            ],
            "b": [
                {
                    "range": {"start": 4, "end": 5},
                    "url": "http://here/b",
                    "url_range": {"start": 200, "end": 229},
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("first", "after", "offset", "terms"),
    [(0, 1, 0, "a"), (99, 101, 99, "ab"), (100, 150, 0, "b"), (149, 151, 49, "ba"), (160, 999, 10, "a")],
)
def test_a_part_of_a_file(first: int, after: int, offset: int, terms: str) -> None:
    part = body(first, after)
    assert part["offset_into_first_range"] == offset
    assert "".join(each["hash"] for each in part["terms"]) == terms
    assert set(part["fetch_info"]) == set(terms)


def test_what_overlaps_is_fetched_as_one() -> None:
    segments = [("a", 3, 5), ("a", 0, 1), ("b", 7, 8), ("a", 0, 2), ("a", 9, 10), ("a", 1, 3)]
    terms = [Term(Segment(xorb, start, end, 1), start * 10, end * 10) for xorb, start, end in segments]
    plan: Any = reconstruction_body(terms, 0, len(terms), lambda name: f"http://here/{name}")
    assert len(plan["terms"]) == len(terms)
    assert {
        xorb: [(each["range"]["start"], each["range"]["end"], each["url_range"]["end"]) for each in pieces]
        for xorb, pieces in plan["fetch_info"].items()
    } == {"a": [(0, 5, 49), (9, 10, 99)], "b": [(7, 8, 79)]}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=12))
def test_every_term_is_in_one_piece_and_pieces_do_not_touch(parts: list[tuple[int, int]]) -> None:
    terms = [Term(Segment("a", start, start + size, 1), start, start + size) for start, size in parts]
    plan: Any = reconstruction_body(terms, 0, len(terms), str)
    pieces = [(each["range"]["start"], each["range"]["end"]) for each in plan["fetch_info"].get("a", [])]
    assert all(before[1] < after[0] for before, after in pairwise(pieces))
    for term in terms:
        assert sum(a <= term.segment.start and term.segment.end <= b for a, b in pieces) == 1
