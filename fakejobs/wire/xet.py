"""How the content store speaks: shards, in which a client says what its files consist of, and the answer to what a file consists of.

(The Xet protocol's public specification.)
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from fakejobs.model.xet import MOST_SHARD_CHUNKS, FileParts, Segment, Term, hash_bytes, hash_text
from fakejobs.wire.json_types import Json

SHARD_TAG = b"HFRepoMetaData\x00" + bytes(
    (85, 105, 103, 69, 106, 123, 129, 87, 131, 165, 189, 217, 92, 205, 209, 74, 169)
)
"""How a shard begins."""

_ENTRY = 48
_HEAD = struct.Struct("<32sQQ")
_FILE = struct.Struct("<32sII8x")
_SEGMENT = struct.Struct("<32sIIII")
_END = b"\xff" * 32
_WITH_PROOFS = 1 << 31
_WITH_METADATA = 1 << 30


def read_shard(raw: bytes) -> list[FileParts]:
    """The files of a shard. What it says of xorbs is not needed: they are there, and speak for themselves.

    Raises:
        ValueError: this is no shard; the message says where, and why.
    """
    if len(raw) < _HEAD.size:
        raise ValueError("it is shorter than its header")
    tag, version, _footer = _HEAD.unpack_from(raw)
    if tag != SHARD_TAG:
        raise ValueError("it does not begin like one")
    if version != 2:
        raise ValueError(f"it is of version {version}; only 2 is known")
    files: list[FileParts] = []
    at, total = _HEAD.size, 0
    while True:
        head = _entry(raw, at)
        if head.startswith(_END):
            return files
        name, flags, count = _FILE.unpack(head)
        proofs = count if flags & _WITH_PROOFS else 0
        after = at + _ENTRY * (1 + count + proofs + bool(flags & _WITH_METADATA))
        if after > len(raw):
            raise ValueError(f"it ends within the file at byte {at}")
        total += count
        if total > MOST_SHARD_CHUNKS:
            raise ValueError(f"its files have more than {MOST_SHARD_CHUNKS:,} segments")
        segments = tuple(_segments(raw, at + _ENTRY, count))
        first_proof = at + _ENTRY * (1 + count)
        hashes = [_entry(raw, first_proof + _ENTRY * index)[:32] for index in range(proofs)]
        files.append(FileParts(hash_text(name), segments, tuple(hash_text(each) for each in hashes)))
        at = after


def write_shard(files: Sequence[FileParts]) -> bytes:
    """A shard of these files, without a word about xorbs."""
    parts = [_HEAD.pack(SHARD_TAG, 2, 0)]
    for file in files:
        flags = _WITH_PROOFS if file.proofs else 0
        parts.append(_FILE.pack(hash_bytes(file.hash), flags, len(file.segments)))
        parts += [
            _SEGMENT.pack(hash_bytes(each.xorb), 0, each.size, each.start, each.end) for each in file.segments
        ]
        parts += [hash_bytes(proof) + bytes(16) for proof in file.proofs]
    parts += [_END + bytes(16)] * 2
    return b"".join(parts)


def reconstruction_body(
    terms: Sequence[Term], first: int, after: int, url: Callable[[str], str]
) -> dict[str, Json]:
    """What a file consists of, or the bytes ``first`` to before ``after`` of it.

    Args:
        terms: of the whole file.
        first: the first byte that is asked for.
        after: the first byte after them.
        url: where the bytes of a xorb are, by its hash.
    """
    wanted: list[Term] = []
    offset = at = 0
    for term in terms:
        end = at + term.segment.size
        if at < after and end > first:
            if not wanted:
                offset = first - at
            wanted.append(term)
        at = end
    return {
        "offset_into_first_range": offset,
        "terms": [
            {
                "hash": term.segment.xorb,
                "unpacked_length": term.segment.size,
                "range": _range(term.segment),
            }
            for term in wanted
        ],
        "fetch_info": {
            xorb: [
                {"range": chunks, "url": url(xorb), "url_range": {"start": start, "end": end - 1}}
                for chunks, start, end in _pieces(each)
            ]
            for xorb, each in _by_xorb(wanted).items()
        },
    }


def _by_xorb(terms: Sequence[Term]) -> dict[str, list[Term]]:
    found: dict[str, list[Term]] = {}
    for term in terms:
        found.setdefault(term.segment.xorb, []).append(term)
    return found


def _pieces(terms: Sequence[Term]) -> Iterator[tuple[dict[str, Json], int, int]]:
    """What is to be fetched of a xorb for these terms: chunks, first byte and the first after them.

    Terms that overlap are fetched as one: hf_xet 1.8.0 looks for a piece by its first chunk, and fails on one that is too short.
    """
    piece: list[int] = []
    for (_, start, end, _), first, after in sorted(terms, key=lambda term: term.segment.start):
        if piece and start <= piece[1]:
            piece[1], piece[3] = max(piece[1], end), max(piece[3], after)
            continue
        if piece:
            yield {"start": piece[0], "end": piece[1]}, piece[2], piece[3]
        piece = [start, end, first, after]
    if piece:
        yield {"start": piece[0], "end": piece[1]}, piece[2], piece[3]


def _range(segment: Segment) -> dict[str, Json]:
    return {"start": segment.start, "end": segment.end}


def _segments(raw: bytes, at: int, count: int) -> Iterator[Segment]:
    for index in range(count):
        name, _flags, size, start, end = _SEGMENT.unpack_from(raw, at + _ENTRY * index)
        yield Segment(hash_text(name), start, end, size)


def _entry(raw: bytes, at: int) -> bytes:
    entry = raw[at : at + _ENTRY]
    if len(entry) < _ENTRY:
        raise ValueError(f"it ends at byte {len(raw)}, before the end of its files")
    return entry
