"""Xet's content store: what chunks, xorbs and files are called, and how a xorb holds its chunks (the Xet protocol's public specification).

A file is cut into chunks. A xorb is a row of chunks, in one piece of bytes; a file is a row of segments, each some neighbouring
chunks of a xorb. All of them are known by hashes of their content, so what was uploaded can be checked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import lz4.frame  # type: ignore[import-untyped]  # it has no types
from blake3 import blake3

MOST_CHUNK_BYTES = 131_072
"""How long a chunk may be, unpacked (the specification of chunking)."""

MOST_CHUNKS = 8_192
"""How many chunks a xorb may have (xet-core and huggingface.js end a xorb there). No file has more of them that a hub keeps: but for
the last of a file, they have 8 KiB at least."""

MOST_XORB_BYTES = 256 * 1024 * 1024
"""How many bytes a xorb may have, unpacked. hf_xet ends one at 64 MiB; huggingface.js at 64 MiB when packed."""

MOST_SHARD_CHUNKS = 8 * MOST_CHUNKS
"""How many chunks the files of a shard may have together: they are hashed while everybody else waits."""

EMPTY_FILE = "0" * 64
"""The hash of a file without a byte: it has no chunks."""

OUR_CHUNK_BYTES = 65_536
"""How long the chunks are that `cut` makes. Clients cut by content instead (with a table of 256 random numbers that the specification
refers to), so a file of more than 8 KiB gets another hash from them."""

_CHUNK = struct.Struct("<32sII")
_SEGMENT = struct.Struct("<32sIII")

_DATA_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_RANGE_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
_FILE_KEY = bytes(32)

_BRANCHES = 4
_LARGEST_GROUP = 2 * _BRANCHES + 1

_RAW, _LZ4, _GROUPED_LZ4 = range(3)
_HEADER = 8
_FOOTER = b"XETBLOB"


class Chunk(NamedTuple):
    """A chunk of a xorb.

    Attributes:
        hash: of its content, as text.
        size: bytes of its content.
        end: where it ends in the bytes of the xorb.
    """

    hash: str
    size: int
    end: int


class Segment(NamedTuple):
    """A part of a file: some neighbouring chunks of a xorb.

    Attributes:
        xorb: the hash of the xorb.
        start: the first chunk, from 0.
        end: the first chunk after it that is no part of it.
        size: bytes of the content.
    """

    xorb: str
    start: int
    end: int
    size: int


class Term(NamedTuple):
    """A segment of a file, and where its bytes are in the xorb.

    Attributes:
        segment: which chunks.
        first: the first byte of them in the xorb.
        after: the first byte after them.
    """

    segment: Segment
    first: int
    after: int


class FileParts(NamedTuple):
    """What somebody who uploads a file says it consists of.

    Attributes:
        hash: of the file.
        segments: its parts, in order.
        proofs: the `range_hash` of each, or nothing.
    """

    hash: str
    segments: tuple[Segment, ...]
    proofs: tuple[str, ...] = ()


def hash_text(raw: bytes) -> str:
    """A hash as text: four little-endian numbers of 64 bits, in hex digits."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def hash_bytes(text: str) -> bytes:
    """The other way round, for 64 hex digits."""
    return struct.pack("<4Q", *(int(text[at : at + 16], 16) for at in range(0, 64, 16)))


def chunk_hash(content: bytes) -> str:
    """The hash of a chunk."""
    return hash_text(blake3(content, key=_DATA_KEY).digest())


def xorb_hash(chunks: Sequence[Chunk]) -> str:
    """The hash of a xorb: the root of a tree over its chunks."""
    nodes = [(chunk.hash, chunk.size) for chunk in chunks]
    while len(nodes) > 1:
        above = []
        at = 0
        while at < len(nodes):
            group = nodes[at : at + _group(nodes, at)]
            above.append((_node_hash(group), sum(size for _, size in group)))
            at += len(group)
        nodes = above
    return nodes[0][0] if nodes else EMPTY_FILE


def file_hash(chunks: Sequence[Chunk]) -> str:
    """The hash of a file that consists of these chunks."""
    if not chunks:
        return EMPTY_FILE
    return hash_text(blake3(hash_bytes(xorb_hash(chunks)), key=_FILE_KEY).digest())


def range_hash(chunks: Sequence[Chunk]) -> str:
    """The hash with which an upload proves that it has the chunks of a segment."""
    return hash_text(blake3(b"".join(hash_bytes(chunk.hash) for chunk in chunks), key=_RANGE_KEY).digest())


def _group(nodes: Sequence[tuple[str, int]], at: int) -> int:
    """How many nodes from this one on have a common parent: a hash that four divides ends a group of three or more."""
    left = len(nodes) - at
    if left <= 2:
        return left
    most = min(_LARGEST_GROUP, left)
    for index in range(2, most):
        if int(nodes[at + index][0][48:], 16) % _BRANCHES == 0:
            return index + 1
    return most


def _node_hash(group: Sequence[tuple[str, int]]) -> str:
    lines = "".join(f"{name} : {size}\n" for name, size in group)
    return hash_text(blake3(lines.encode("ascii"), key=_NODE_KEY).digest())


def contents(xorb: bytes) -> Iterator[tuple[bytes, int]]:
    """The content of each chunk of a xorb, and where the chunk ends. What follows the last, a footer, is not needed.

    Raises:
        ValueError: this is no xorb; the message says where, and why.
    """
    at = number = total = 0
    while at < len(xorb) and not xorb.startswith(_FOOTER, at):
        head = xorb[at : at + _HEADER]
        if len(head) < _HEADER:
            raise ValueError(f"the xorb ends within the header of a chunk, at byte {at}")
        version, scheme = head[0], head[4]
        packed, size = int.from_bytes(head[1:4], "little"), int.from_bytes(head[5:8], "little")
        if version != 0:
            raise ValueError(f"the chunk at byte {at} is of version {version}; only 0 is known")
        if not 0 < size <= MOST_CHUNK_BYTES:
            raise ValueError(
                f"the chunk at byte {at} has {size:,} bytes; 1 to {MOST_CHUNK_BYTES:,} are allowed"
            )
        number, total = number + 1, total + size
        if number > MOST_CHUNKS:
            raise ValueError(f"there are more than {MOST_CHUNKS:,} chunks")
        if total > MOST_XORB_BYTES:
            raise ValueError(f"the chunks have more than {MOST_XORB_BYTES:,} bytes")
        end = at + _HEADER + packed
        if end > len(xorb):
            raise ValueError(f"the xorb ends within the chunk at byte {at}")
        content = _unpacked(xorb[at + _HEADER : end], scheme, size)
        if content is None:
            raise ValueError(f"the chunk at byte {at} cannot be unpacked to {size:,} bytes (scheme {scheme})")
        yield content, end
        at = end


def chunks_of(xorb: bytes) -> list[Chunk]:
    """The chunks of a xorb.

    Raises:
        ValueError: as for `contents`.
    """
    return [Chunk(chunk_hash(content), len(content), end) for content, end in contents(xorb)]


def write_chunks(chunks: Iterable[Chunk]) -> bytes:
    """Chunks in few bytes: what is kept of a xorb besides its own."""
    return b"".join(_CHUNK.pack(hash_bytes(chunk.hash), chunk.size, chunk.end) for chunk in chunks)


def read_chunks(raw: bytes, start: int, end: int) -> list[Chunk]:
    """The chunks from ``start`` to before ``end``, or those of them that are there, of what `write_chunks` made."""
    part = raw[start * _CHUNK.size : end * _CHUNK.size]
    return [Chunk(hash_text(name), size, after) for name, size, after in _CHUNK.iter_unpack(part)]


def write_segments(segments: Iterable[Segment]) -> bytes:
    """Segments in few bytes."""
    return b"".join(
        _SEGMENT.pack(hash_bytes(each.xorb), each.start, each.end, each.size) for each in segments
    )


def read_segments(raw: bytes) -> list[Segment]:
    """The other way round."""
    return [Segment(hash_text(name), *numbers) for name, *numbers in _SEGMENT.iter_unpack(raw)]


def cut(content: bytes) -> list[bytes]:
    """A file in chunks of `OUR_CHUNK_BYTES`."""
    return [content[at : at + OUR_CHUNK_BYTES] for at in range(0, len(content), OUR_CHUNK_BYTES)]


def pack(pieces: Iterable[bytes]) -> bytes:
    """A xorb of these chunks, uncompressed."""
    packed = bytearray()
    for piece in pieces:
        size = len(piece).to_bytes(3, "little")
        packed += b"\0" + size + bytes((_RAW,)) + size + piece
    return bytes(packed)


def _unpacked(packed: bytes, scheme: int, size: int) -> bytes | None:
    """The content of a chunk, or None if there is none of that size."""
    if scheme == _RAW:
        content = packed
    elif scheme in (_LZ4, _GROUPED_LZ4):
        frame = lz4.frame.LZ4FrameDecompressor()
        try:
            # Never more than is due: a few bytes could unpack to gigabytes.
            content = frame.decompress(packed, max_length=size + 1)
        except RuntimeError:
            return None
    else:
        return None
    if len(content) != size:
        return None
    return _ungrouped(content) if scheme == _GROUPED_LZ4 else content


def _ungrouped(content: bytes) -> bytes:
    """Every fourth byte came first, then those after them, and so on."""
    result = bytearray(len(content))
    lengths = [len(range(first, len(content), 4)) for first in range(4)]
    for first, (end, length) in enumerate(zip(accumulate(lengths), lengths, strict=True)):
        result[first::4] = content[end - length : end]
    return bytes(result)
