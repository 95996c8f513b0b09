"""The use cases of the content store: who may use it, what is uploaded to it, and what is read from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from fakejobs.model.draws import digest
from fakejobs.model.files import AccessToken
from fakejobs.model.refusal import Refusal
from fakejobs.model.xet import (
    EMPTY_FILE,
    MOST_CHUNKS,
    MOST_SHARD_CHUNKS,
    Chunk,
    FileParts,
    Segment,
    Term,
    chunks_of,
    contents,
    cut,
    file_hash,
    pack,
    range_hash,
    read_chunks,
    xorb_hash,
)
from fakejobs.store import files as rows

if TYPE_CHECKING:
    from fakejobs.hub.state import State

TOKEN_LIFE_MS = 3_600_000
"""How long a token of the content store is good for."""

_INSTANT = re.compile("[0-9]{1,15}")

Access = Literal["read", "write"]


def issue_token(state: State, access: Access, now: int) -> AccessToken:
    """A token that lets its bearer into the content store for an hour."""
    expires = now - now % 1000 + TOKEN_LIFE_MS
    return AccessToken(_signed(state, access, expires), expires)


def check_token(state: State, value: str | None, access: Access) -> None:
    """Whether a token lets its bearer in.

    Raises:
        Refusal: 401 without one, with one that is not ours, or with one that has expired; 403 for writing with one for reading.
    """
    granted, _, expires = (value or "").removeprefix("xet_").partition("_")
    until = expires.partition("_")[0]
    if (
        granted not in ("read", "write")
        or not _INSTANT.fullmatch(until)
        or value != _signed(state, granted, int(until))
    ):
        raise Refusal(401, "Unauthorized: this is no token of the content store")
    if state.clock.now() >= int(until):
        raise Refusal(401, "Unauthorized: the token has expired")
    if access == "write" and granted == "read":
        raise Refusal(403, "Forbidden: the token is for reading only")


def put_xorb(state: State, name: str, data: bytes) -> bool:
    """Keep a xorb; False if it is there already.

    Raises:
        Refusal: 400 if it is none, or has another hash; 413 without room for it.
    """
    try:
        chunks = chunks_of(data)
    except ValueError as error:
        raise Refusal(400, f"Malformed xorb: {error}") from None
    if not chunks:
        raise Refusal(400, "Malformed xorb: there is no chunk in it")
    found = xorb_hash(chunks)
    if found != name:
        raise Refusal(400, f"Xorb hash mismatch: the content has the hash {found}, not {name}")
    with state.act():
        return rows.put_xorb(state.database, name, chunks, data[: chunks[-1].end])


def put_files(state: State, files: Sequence[FileParts]) -> bool:
    """Remember what files consist of; False if all of them are known.

    Raises:
        Refusal: 400 if one of them refers to something that was not uploaded, or has another hash; 413 if they are too large.
    """
    _check_sizes(files)
    with state.act():
        known: dict[str, bytes] = {}
        for file in files:
            _check_file(state, file, known)
        new = [rows.put_content(state.database, file.hash, file.segments) for file in files]
        return any(new)


def terms(state: State, name: str) -> list[Term]:
    """Where the bytes of a file are.

    Raises:
        Refusal: 404 without such a file.
    """
    with state.look(runs=False):
        segments = rows.find_content(state.database, name)
        if segments is None:
            raise Refusal(404, "File not found")
        names = {segment.xorb for segment in segments}
        known = {each: rows.find_chunks(state.database, each) or b"" for each in names}
        found = []
        for segment in segments:
            chunks = known[segment.xorb]
            before = read_chunks(chunks, segment.start - 1, segment.start) if segment.start else []
            (last,) = read_chunks(chunks, segment.end - 1, segment.end)
            found.append(Term(segment, before[0].end if before else 0, last.end))
        return found


def xorb(state: State, name: str) -> bytes:
    """The bytes of a xorb.

    Raises:
        Refusal: 404 without such a xorb.
    """
    with state.look(runs=False):
        data = rows.find_xorb(state.database, name)
        if data is None:
            raise Refusal(404, "Xorb not found")
        return data


def read_content(state: State, name: str) -> bytes | None:
    """The bytes of a file by its hash, or None if it was never uploaded."""
    if name == EMPTY_FILE:
        return b""
    with state.look(runs=False):
        if rows.content_size(state.database, name) is None:
            return None
        found = terms(state, name)
        xorbs = {name: xorb(state, name) for name in {term.segment.xorb for term in found}}
    return b"".join(
        content
        for term in found
        for content, _ in contents(xorbs[term.segment.xorb][term.first : term.after])
    )


def keep_file(state: State, data: bytes) -> str:
    """Keep the bytes of a file without an upload; returns the hash by which a batch can name it.

    Raises:
        Refusal: 413 without room for it.
    """
    if len(data) > rows.MOST_BYTES:
        raise Refusal(413, f"fakejobs keeps files of at most {rows.MOST_BYTES:,} bytes, not of {len(data):,}")
    packed = pack(cut(data))
    chunks = chunks_of(packed)
    if not chunks:
        return EMPTY_FILE
    name = file_hash(chunks)
    with state.act():
        if rows.content_size(state.database, name) is None:
            stored = xorb_hash(chunks)
            rows.put_xorb(state.database, stored, chunks, packed)
            rows.put_content(state.database, name, [Segment(stored, 0, len(chunks), len(data))])
        return name


def _signed(state: State, access: str, expires: int) -> str:
    sign = digest(state.settings.seed, f"{access}|{expires}", "xet-token", size=16).hex()
    return f"xet_{access}_{expires}_{sign}"


def _check_sizes(files: Sequence[FileParts]) -> None:
    """Whether files are of sizes that real ones have here: a few bytes could say that one has terabytes, or a billion chunks."""
    total = 0
    for file in files:
        size = sum(segment.size for segment in file.segments)
        if size > rows.MOST_BYTES:
            raise Refusal(413, f"fakejobs keeps files of at most {rows.MOST_BYTES:,} bytes, not of {size:,}")
        chunks = sum(max(segment.end - segment.start, 0) for segment in file.segments)
        # The last chunk of a file may be shorter than all others.
        if chunks > MOST_CHUNKS + 1:
            raise Refusal(
                413,
                f"Shard verification failed: a file has {chunks:,} chunks; at most {MOST_CHUNKS + 1:,} are allowed",
            )
        total += chunks
    if total > MOST_SHARD_CHUNKS:
        raise Refusal(
            413,
            f"Shard verification failed: its files have {total:,} chunks; at most {MOST_SHARD_CHUNKS:,} are allowed",
        )


def _check_file(state: State, file: FileParts, known: dict[str, bytes]) -> None:
    """Whether a file is what it is said to be; ``known`` collects the chunks of xorbs, which many files may share."""
    chunks: list[Chunk] = []
    for number, segment in enumerate(file.segments):
        if segment.xorb not in known:
            there = rows.find_chunks(state.database, segment.xorb)
            if there is None:
                raise Refusal(400, f"Shard verification failed: xorb {segment.xorb} was not uploaded")
            known[segment.xorb] = there
        part = read_chunks(known[segment.xorb], segment.start, segment.end)
        if (
            not part
            or len(part) < segment.end - segment.start
            or sum(chunk.size for chunk in part) != segment.size
        ):
            raise Refusal(
                400,
                f"Shard verification failed: xorb {segment.xorb} has no {segment.size:,} bytes in the chunks "
                f"{segment.start} to {segment.end}",
            )
        if file.proofs and file.proofs[number] != range_hash(part):
            raise Refusal(
                400, f"Shard verification failed: wrong range hash of segment {number} of file {file.hash}"
            )
        chunks += part
    found = file_hash(chunks)
    if found != file.hash:
        raise Refusal(400, f"Shard verification failed: the content has the hash {found}, not {file.hash}")
