"""Rows of dataset repositories: commits, and the files as of each. The bytes are blobs (`fakejobs.store.files`)."""

from __future__ import annotations

import sqlite3

from fakejobs.model.repositories import Commit, Entry, Repository
from fakejobs.store.files import find_blob, put_blob

_COMMIT = "SELECT oid, number, created, title FROM commits WHERE repository = ?"


def put_repository(connection: sqlite3.Connection, repository: Repository) -> None:
    """Add a repository."""
    connection.execute(
        "INSERT INTO repositories (id, private, created) VALUES (?, ?, ?)",
        (repository.id, int(repository.private), repository.created),
    )


def find_repository(connection: sqlite3.Connection, repository_id: str) -> Repository | None:
    """The repository with this id, or None."""
    row = connection.execute(
        "SELECT id, private, created FROM repositories WHERE id = ?", (repository_id,)
    ).fetchone()
    return None if row is None else Repository(row[0], bool(row[1]), row[2])


def put_commit(connection: sqlite3.Connection, repository_id: str, commit: Commit) -> None:
    """Add a commit."""
    connection.execute(
        "INSERT INTO commits (repository, number, oid, created, title) VALUES (?, ?, ?, ?, ?)",
        (repository_id, commit.number, commit.oid, commit.created, commit.title),
    )


def newest_commit(connection: sqlite3.Connection, repository_id: str) -> Commit | None:
    """The commit that the branch is at, or None if there is no such repository."""
    row = connection.execute(f"{_COMMIT} ORDER BY number DESC LIMIT 1", (repository_id,)).fetchone()
    return None if row is None else Commit(*row)


def find_commit(connection: sqlite3.Connection, repository_id: str, oid: str) -> Commit | None:
    """The commit with this id, or None."""
    row = connection.execute(f"{_COMMIT} AND oid = ?", (repository_id, oid)).fetchone()
    return None if row is None else Commit(*row)


def put_entry(
    connection: sqlite3.Connection, repository_id: str, number: int, entry: Entry, data: bytes
) -> None:
    """Let a file be there from a commit on.

    Raises:
        Refusal: 413, there is no room for its bytes.
    """
    put_blob(connection, f"git/{entry.oid}", data)
    _put(connection, repository_id, number, entry.path, entry.oid, entry.size)


def put_deletion(connection: sqlite3.Connection, repository_id: str, number: int, path: str) -> None:
    """Let a file not be there any more, from a commit on."""
    _put(connection, repository_id, number, path, None, 0)


def _put(
    connection: sqlite3.Connection, repository_id: str, number: int, path: str, oid: str | None, size: int
) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO entries (repository, path, number, oid, size) VALUES (?, ?, ?, ?, ?)",
        (repository_id, path, number, oid, size),
    )


def find_entry(connection: sqlite3.Connection, repository_id: str, number: int, path: str) -> Entry | None:
    """A file as of a commit, or None."""
    row = connection.execute(
        "SELECT path, oid, size FROM entries WHERE repository = ? AND path = ? AND number <= ? ORDER BY number DESC LIMIT 1",
        (repository_id, path, number),
    ).fetchone()
    return None if row is None or row[1] is None else Entry(*row)


def all_entries(connection: sqlite3.Connection, repository_id: str, number: int) -> list[Entry]:
    """Every file as of a commit, in the order of paths."""
    rows = connection.execute(
        "SELECT path, oid, size FROM entries WHERE repository = ? AND number <= ? ORDER BY path, number",
        (repository_id, number),
    )
    newest = {path: (oid, size) for path, oid, size in rows}
    return [Entry(path, oid, size) for path, (oid, size) in newest.items() if oid is not None]


def data_of(connection: sqlite3.Connection, entry: Entry) -> bytes:
    """The bytes of a file."""
    data = find_blob(connection, f"git/{entry.oid}")
    assert data is not None, entry
    return data
