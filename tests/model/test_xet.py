"""Chunks, xorbs and hashes, against what hf_xet 1.8.0 really made of the same content."""

from __future__ import annotations

import contextlib
from base64 import b64decode
from hashlib import sha256
from itertools import accumulate

import lz4.frame  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.xet import (
    EMPTY_FILE,
    MOST_CHUNK_BYTES,
    MOST_CHUNKS,
    MOST_XORB_BYTES,
    Chunk,
    Segment,
    chunk_hash,
    chunks_of,
    contents,
    cut,
    file_hash,
    hash_bytes,
    hash_text,
    pack,
    read_chunks,
    read_segments,
    write_chunks,
    write_segments,
    xorb_hash,
)

# The xorb of an upload of two files: one packed as LZ4, one with the bytes of its numbers grouped first.
TEXT = b"the same line again\n" * 50
NUMBERS = b"".join((1_000_000 + i * i).to_bytes(4, "little") for i in range(512))
UPLOADED = b64decode(
    "ADIAAAHoAwAEIk0YYECCIwAAAP8FdGhlIHNhbWUgbGluZSBhZ2FpbgoUAP///75gYWdhaW4KAAAAAACzAgACAAgABCJNGGBAgqQCAAD/cUBBRElQWWRx"
    "gJGkudDpBCFAYYSp0PkkUYCx5BlQicQBQIHECVCZ5DGA0SR50CmE4UChBGnQOaQRgPFk2VDJRMFAwUTJUNlk8YARpDnQaQShQOGEKdB5JNGAMeSZUAnE"
    "gUABxIlQGeSxgFEk+dCphGFAIQTp0LmkkYBxZFlQSURBgAD/bhlCAQATQwEA///iRERERERFRUVFRkZGRkdHR0dISEhJSUlKSkpLS0xMTE1NTk5OT09Q"
    "UFFRUlJTU1RUVVVWV1dYWFlaWltbXF1dXl9fYGFhYmNkZGVmZ2doaWpqa2xtbm5vcHFyc3R1dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkZKTlJWW"
    "l5iam5ydnqChoqOlpqeoqqusra+wsbO0tbe4ubu8vr/AwsPFxsfJyszNz9DS09XW2Nnb3N7g4ePk5ujp6+zu8PHz9fb4+vv9/wECBAYICQsNDxASFBYY"
    "GRsdHyEjJScoKiwuMDI0Njg6PD5AQkRGSEpMTlBSVFZYWlxfYWNlZ2lrbXBydHZ4e31/gYSGiIqNj5GTlpianZ+hpKaoq62wsrS3uby+wMPFyMrNz9LU"
    "19nc3uHj5unr7vDz9vj7/QADBQgLDRATFRgbHiAjJikrLjE0Njk8P0JER0pNUFNWWVteYWRnam1wc3Z5fH+ChYiLjpGUl5qdoKOmqa2ws7a5vL/CxsnM"
    "z9LW2dzf4+bp7PDz9vn9AAMHCg0RFBcbHiIlKCwvMzY5PUBER0tOUlVZXGBjZ2pucnV5fICEh4uOkpaZnaGkqKyvs7e7vsLGys3R1dnc4OTo7O/z9/v/"
    "AwcLDhIWGh4iJiouMjY6Pg8PDw8PDwYAxB8QAQBhHxEBAEIfEgEANBsTAQAfAAEA/+dgAAAAAAAAAAAAAA=="
)

# A file that its client cut into these chunks, and the hashes it had.
LONG = b"".join(sha256(b"%d" % i).digest() for i in range(30_000))
CUT = [
    *(30_094, 27_086, 12_811, 111_372, 121_806, 9_763, 38_233, 24_165, 72_504, 64_219, 131_072, 131_072),
    *(88_047, 36_169, 10_902, 9_124, 41_561),
]
LONG_FILE = "dbc0502838f7d0a145f0437b88c5ccc7bde403e7b65ecef8a152537788da861d"
LONG_XORB = "37cc71236c1158817e5a577dbaf9be198801875e0349f5da439beecc17eb483b"


def test_a_xorb_of_a_client_is_read() -> None:
    assert [content for content, _ in contents(UPLOADED)] == [TEXT, NUMBERS]
    chunks = chunks_of(UPLOADED)
    assert xorb_hash(chunks) == "7246b2b05f8ea361a5371ab93257ec004a81944aa45187a2669fe61f778a04bf"
    assert file_hash(chunks[:1]) == "0ef652b79fc7dab943f59f7a2a4954ef29a45435cee25d8f646f030f5af5e63c"
    assert file_hash(chunks[1:]) == "9a5db9ded004e0a75080a0dfc05a2f595d5db2874eff9d4cf24ebc478c9628bc"


def test_hashes_of_many_chunks() -> None:
    ends = list(accumulate(CUT))
    pieces = [LONG[end - size : end] for end, size in zip(ends, CUT, strict=True)]
    chunks = chunks_of(pack(pieces))
    assert xorb_hash(chunks) == LONG_XORB
    assert file_hash(chunks) == LONG_FILE


def test_hashes_of_next_to_nothing() -> None:
    assert chunk_hash(b"x") == "06ce6a7a21b7b0a1d5f78961c0121bad538b70f033b096dfa588f37bc0805276"
    assert file_hash(chunks_of(pack([b"x"]))) == (
        "ee8f129a399d20f10cae506c65e70831a63945b2cf619d39bb4eae90736fd8d7"
    )
    assert file_hash([]) == EMPTY_FILE == "0" * 64
    assert cut(b"") == []


def test_how_a_hash_is_written() -> None:
    # The example of the specification.
    text = "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
    assert hash_text(bytes(range(32))) == text
    assert hash_bytes(text) == bytes(range(32))


@given(st.binary(max_size=200_000))
def test_what_is_packed_is_found_again(content: bytes) -> None:
    xorb = pack(cut(content))
    assert b"".join(piece for piece, _ in contents(xorb)) == content
    assert b"".join(piece for piece, _ in contents(xorb + b"XETBLOB and so on")) == content


@given(st.binary(min_size=1, max_size=5_000), st.booleans())
def test_compressed_chunks(content: bytes, grouped: bool) -> None:
    stored = b"".join(content[first::4] for first in range(4)) if grouped else content
    packed = lz4.frame.compress(stored)
    head = b"\0" + len(packed).to_bytes(3, "little") + (b"\2" if grouped else b"\1")
    xorb = head + len(content).to_bytes(3, "little") + packed
    assert list(contents(xorb)) == [(content, len(xorb))]


@given(st.binary(max_size=300) | st.builds(lambda a, b: UPLOADED[:a] + b, st.integers(0, 757), st.binary()))
def test_hostile_bytes_are_refused(raw: bytes) -> None:
    with contextlib.suppress(ValueError):  # and nothing else
        assert all(0 < chunk.size <= MOST_CHUNK_BYTES for chunk in chunks_of(raw))


def test_a_chunk_that_would_unpack_to_gigabytes_is_refused() -> None:
    bomb = lz4.frame.compress(bytes(50_000_000))
    head = b"\0" + len(bomb).to_bytes(3, "little") + b"\1" + (100_000).to_bytes(3, "little")
    with pytest.raises(ValueError, match="cannot be unpacked to 100,000 bytes"):
        chunks_of(head + bomb)


def test_a_xorb_has_so_many_chunks_and_no_more() -> None:
    full = pack([b"x"] * MOST_CHUNKS)
    assert len(chunks_of(full)) == MOST_CHUNKS == 8_192
    with pytest.raises(ValueError, match="more than 8,192 chunks"):
        chunks_of(full + pack([b"x"]))


def test_a_small_xorb_that_would_unpack_to_a_gigabyte_is_refused() -> None:
    zeros = lz4.frame.compress(bytes(MOST_CHUNK_BYTES))
    sizes = len(zeros).to_bytes(3, "little") + b"\1" + MOST_CHUNK_BYTES.to_bytes(3, "little")
    xorb = (b"\0" + sizes + zeros) * MOST_CHUNKS
    assert len(xorb) < 8_000_000
    with pytest.raises(ValueError, match=f"the chunks have more than {MOST_XORB_BYTES:,} bytes"):
        sum(len(content) for content, _ in contents(xorb))


names = st.binary(min_size=32, max_size=32).map(hash_text)
numbers = st.integers(0, 2**32 - 1)


@given(st.lists(st.builds(Chunk, names, numbers, numbers)), st.integers(0, 9), st.integers(0, 9))
def test_chunks_are_kept_in_few_bytes(chunks: list[Chunk], start: int, end: int) -> None:
    written = write_chunks(chunks)
    assert len(written) == 40 * len(chunks)
    assert read_chunks(written, start, end) == chunks[start:end]


@given(st.lists(st.builds(Segment, names, numbers, numbers, numbers)))
def test_segments_are_kept_in_few_bytes(segments: list[Segment]) -> None:
    assert read_segments(write_segments(segments)) == segments


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\1\0\0\0\0\0\0\0", "the chunk at byte 0 is of version 1"),
        (b"\0\1\0\0\0\1\0\0", "the xorb ends within the chunk at byte 0"),
        (b"\0\1\0\0", "the xorb ends within the header of a chunk, at byte 0"),
        (b"\0\0\0\0\0\0\0\0", "the chunk at byte 0 has 0 bytes"),
        (b"\0\1\0\0\0\xff\xff\xffx", "the chunk at byte 0 has 16,777,215 bytes"),
        (b"\0\1\0\0\0\2\0\0x", r"cannot be unpacked to 2 bytes \(scheme 0\)"),
        (b"\0\1\0\0\1\1\0\0x", r"cannot be unpacked to 1 bytes \(scheme 1\)"),
        (b"\0\1\0\0\7\1\0\0x", r"cannot be unpacked to 1 bytes \(scheme 7\)"),
    ],
)
def test_what_is_wrong_with_a_xorb(raw: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        chunks_of(raw)
