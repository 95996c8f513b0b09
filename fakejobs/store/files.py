"""Rows of uploaded files: the bytes, what the content store knows of them, and buckets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from fakejobs.model.files import Bucket, BucketFile
from fakejobs.model.refusal import Refusal
from fakejobs.model.xet import Chunk, Segment, read_segments, write_chunks, write_segments
from fakejobs.store.settings import get_meta, set_meta

MOST_BYTES = 64 * 1024 * 1024
"""How many bytes of files one hub keeps, whatever they belong to, with what it has to know of them; what goes beyond is refused."""

_STORED = "stored_bytes"

_FILE = "SELECT path, hash, size, uploaded, mtime, content_type FROM bucket_files"


def put_blob(connection: sqlite3.Connection, name: str, data: bytes) -> bool:
    """Keep bytes under a name that says their content, such as ``xorb/<hash>``; False if they are there already.

    Raises:
        Refusal: 413, there is no room for them.
    """
    if connection.execute("SELECT 1 FROM blobs WHERE name = ?", (name,)).fetchone() is not None:
        return False
    take_room(connection, len(data))
    connection.execute("INSERT INTO blobs (name, size, data) VALUES (?, ?, ?)", (name, len(data), data))
    return True


def take_room(connection: sqlite3.Connection, more: int) -> None:
    """Count bytes that are about to be kept.

    Raises:
        Refusal: 413, there is no room for them.
    """
    kept = stored_bytes(connection)
    if kept + more > MOST_BYTES:
        raise Refusal(
            413,
            f"fakejobs keeps {MOST_BYTES:,} bytes of files at most: {kept:,} are there, and these would be {more:,} more",
            hint="upload less in a test, or reset the hub",
        )
    set_meta(connection, _STORED, kept + more)


def find_blob(connection: sqlite3.Connection, name: str) -> bytes | None:
    """The bytes of that name, or None."""
    row = connection.execute("SELECT data FROM blobs WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def stored_bytes(connection: sqlite3.Connection) -> int:
    """How many bytes of files are kept. It is written down: to sum them up for each file of a large commit took seconds."""
    kept = get_meta(connection, _STORED)
    return kept if isinstance(kept, int) else 0


def put_xorb(connection: sqlite3.Connection, name: str, chunks: Sequence[Chunk], data: bytes) -> bool:
    """Keep a xorb; False if it is there already.

    Raises:
        Refusal: 413, as for `put_blob`.
    """
    if not put_blob(connection, f"xorb/{name}", data):
        return False
    written = write_chunks(chunks)
    take_room(connection, len(written))
    connection.execute("INSERT INTO xorbs (hash, chunks) VALUES (?, ?)", (name, written))
    return True


def find_xorb(connection: sqlite3.Connection, name: str) -> bytes | None:
    """The bytes of a xorb, or None."""
    return find_blob(connection, f"xorb/{name}")


def find_chunks(connection: sqlite3.Connection, xorb: str) -> bytes | None:
    """The chunks of a xorb, for `fakejobs.model.xet.read_chunks`, or None if it is not there."""
    row = connection.execute("SELECT chunks FROM xorbs WHERE hash = ?", (xorb,)).fetchone()
    return None if row is None else bytes(row[0])


def put_content(connection: sqlite3.Connection, name: str, segments: Sequence[Segment]) -> bool:
    """Remember what a file consists of; False if that is known already.

    Raises:
        Refusal: 413, as for `put_blob`.
    """
    if content_size(connection, name) is not None:
        return False
    size, written = sum(segment.size for segment in segments), write_segments(segments)
    take_room(connection, len(written))
    connection.execute("INSERT INTO contents (hash, size, segments) VALUES (?, ?, ?)", (name, size, written))
    return True


def find_content(connection: sqlite3.Connection, name: str) -> list[Segment] | None:
    """What a file consists of, or None if it was never uploaded."""
    row = connection.execute("SELECT segments FROM contents WHERE hash = ?", (name,)).fetchone()
    return None if row is None else read_segments(row[0])


def content_size(connection: sqlite3.Connection, name: str) -> int | None:
    """How many bytes the file with this hash has, or None if it was never uploaded."""
    row = connection.execute("SELECT size FROM contents WHERE hash = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def insert_bucket(connection: sqlite3.Connection, bucket: Bucket) -> None:
    """Add a bucket."""
    connection.execute(
        "INSERT INTO buckets (id, created, private) VALUES (?, ?, ?)",
        (bucket.id, bucket.created, bucket.private),
    )


def find_bucket(connection: sqlite3.Connection, bucket_id: str) -> Bucket | None:
    """The bucket with this id, or None."""
    row = connection.execute("SELECT created, private FROM buckets WHERE id = ?", (bucket_id,)).fetchone()
    if row is None:
        return None
    created, private = row
    size, files, updated = connection.execute(
        "SELECT coalesce(sum(size), 0), count(*), coalesce(max(uploaded), ?) FROM bucket_files WHERE bucket = ?",
        (created, bucket_id),
    ).fetchone()
    return Bucket(bucket_id, created, bool(private), size, files, updated)


def put_file(connection: sqlite3.Connection, bucket_id: str, file: BucketFile) -> None:
    """Add a file to a bucket, or replace the one with its path."""
    connection.execute(
        "INSERT OR REPLACE INTO bucket_files (bucket, path, hash, size, uploaded, mtime, content_type) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (bucket_id, file.path, file.hash, file.size, file.uploaded, file.mtime, file.content_type),
    )


def delete_file(connection: sqlite3.Connection, bucket_id: str, path: str) -> bool:
    """Delete a file of a bucket; False if there is none. Its bytes stay: others may consist of them."""
    cursor = connection.execute("DELETE FROM bucket_files WHERE bucket = ? AND path = ?", (bucket_id, path))
    return cursor.rowcount > 0


def find_file(connection: sqlite3.Connection, bucket_id: str, path: str) -> BucketFile | None:
    """The file of a bucket with this path, or None."""
    row = connection.execute(f"{_FILE} WHERE bucket = ? AND path = ?", (bucket_id, path)).fetchone()
    return None if row is None else BucketFile(*row)


def find_files(connection: sqlite3.Connection, bucket_id: str, paths: Iterable[str]) -> list[BucketFile]:
    """Those files of a bucket that are there, in the order of ``paths``."""
    found = (find_file(connection, bucket_id, path) for path in dict.fromkeys(paths))
    return [file for file in found if file is not None]


def file_in_the_way(connection: sqlite3.Connection, bucket_id: str, path: str) -> str | None:
    """A file that is where this path has a folder, or that is in a folder where this path has the file; None if nothing is."""
    folders = [path[:at] for at, character in enumerate(path) if character == "/"]
    marks = ",".join("?" * len(folders))
    # Two questions: as one, SQLite would read through the whole bucket.
    row = connection.execute(
        f"SELECT path FROM bucket_files WHERE bucket = ? AND path IN ({marks}) LIMIT 1", (bucket_id, *folders)
    ).fetchone()
    if row is None:
        # "0" follows "/": between them is what begins with the path and a slash.
        row = connection.execute(
            "SELECT path FROM bucket_files WHERE bucket = ? AND path > ? AND path < ? ORDER BY path LIMIT 1",
            (bucket_id, f"{path}/", f"{path}0"),
        ).fetchone()
    return None if row is None else str(row[0])


def find_with_hash(connection: sqlite3.Connection, bucket_id: str, name: str) -> BucketFile | None:
    """A file of a bucket with this content, or None."""
    row = connection.execute(
        f"{_FILE} WHERE bucket = ? AND hash = ? ORDER BY path LIMIT 1", (bucket_id, name)
    ).fetchone()
    return None if row is None else BucketFile(*row)


def all_files(connection: sqlite3.Connection, bucket_id: str) -> list[BucketFile]:
    """Every file of a bucket, in the order of paths."""
    rows = connection.execute(f"{_FILE} WHERE bucket = ? ORDER BY path", (bucket_id,))
    return [BucketFile(*row) for row in rows]
