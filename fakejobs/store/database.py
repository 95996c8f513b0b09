"""Opening the database, and transactions over it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

APPLICATION_ID = 0x66616B65  # "fake"
VERSION = 6

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    number INTEGER NOT NULL,
    flavor TEXT NOT NULL,
    created INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    end_stage TEXT NOT NULL,
    message TEXT,
    cancel_reason TEXT,
    earlier TEXT NOT NULL,
    spec TEXT NOT NULL,
    labels TEXT NOT NULL,
    about TEXT NOT NULL,
    rule INTEGER,
    resource_group TEXT
) WITHOUT ROWID;
CREATE INDEX jobs_newest ON jobs (namespace, created, id);
CREATE INDEX jobs_live ON jobs (namespace, end, start, end_stage);
-- What waits for a slot has no start: without these rows, counting what runs is quick however long the queue.
CREATE INDEX jobs_running ON jobs (flavor, end, start) WHERE start < 4611686018427387904;
CREATE INDEX jobs_running_of ON jobs (namespace, end, start) WHERE start < 4611686018427387904;
CREATE INDEX jobs_of_rule ON jobs (rule) WHERE rule IS NOT NULL;

CREATE TABLE scripts (job TEXT PRIMARY KEY, script TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE labels (
    job TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (job, key)
) WITHOUT ROWID;

CREATE TABLE rules (id INTEGER PRIMARY KEY, "when" TEXT NOT NULL, "then" TEXT NOT NULL, source TEXT NOT NULL);

CREATE TABLE waiting (
    since INTEGER NOT NULL, job TEXT NOT NULL, flavor TEXT NOT NULL, namespace TEXT NOT NULL, PRIMARY KEY (flavor, since, job)
) WITHOUT ROWID;
CREATE INDEX waiting_in ON waiting (namespace, since, job);

CREATE TABLE accounts (
    name TEXT PRIMARY KEY, given INTEGER, spent INTEGER NOT NULL, at INTEGER NOT NULL, due INTEGER
) WITHOUT ROWID;

CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    created INTEGER NOT NULL,
    schedule TEXT NOT NULL,
    sixth TEXT NOT NULL,
    suspended INTEGER NOT NULL,
    suspend_reason TEXT,
    concurrency INTEGER NOT NULL,
    spec TEXT NOT NULL,
    labels TEXT NOT NULL,
    about TEXT NOT NULL,
    since INTEGER NOT NULL,
    last TEXT,
    last_at INTEGER,
    next INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX schedules_of ON schedules (namespace, created, id);
CREATE INDEX schedules_next ON schedules (next);

-- Jobs that a schedule brought about and nobody has changed: what all runs of a schedule have in common is in a row of templates.
CREATE TABLE runs (
    namespace TEXT NOT NULL,
    created INTEGER NOT NULL,
    id TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    end_stage TEXT NOT NULL,
    message TEXT,
    cancel_reason TEXT,
    template TEXT NOT NULL,
    resource_group TEXT,
    PRIMARY KEY (namespace, created, id)
) WITHOUT ROWID;
-- Those that are not over are few, and the newest.
CREATE INDEX runs_live ON runs (namespace, end, start, end_stage);
CREATE TABLE templates (
    id TEXT PRIMARY KEY, namespace TEXT NOT NULL, rule INTEGER, template TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE faults (
    id INTEGER PRIMARY KEY,
    words TEXT NOT NULL,
    source TEXT NOT NULL,
    matched INTEGER NOT NULL,
    fired INTEGER NOT NULL,
    since INTEGER
);

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, created INTEGER NOT NULL, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook TEXT NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    job TEXT,
    event TEXT NOT NULL,
    key TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX deliveries_of ON deliveries (webhook, at, id);

-- The bytes of uploaded files, by names that say what they are: "xorb/<hash>", "git/<hash>".
CREATE TABLE blobs (name TEXT PRIMARY KEY, size INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE xorbs (hash TEXT PRIMARY KEY, chunks BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE contents (hash TEXT PRIMARY KEY, size INTEGER NOT NULL, segments BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE buckets (id TEXT PRIMARY KEY, created INTEGER NOT NULL, private INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE bucket_files (
    bucket TEXT NOT NULL,
    path TEXT NOT NULL,
    hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    uploaded INTEGER NOT NULL,
    mtime INTEGER,
    content_type TEXT,
    PRIMARY KEY (bucket, path)
) WITHOUT ROWID;

CREATE TABLE repositories (id TEXT PRIMARY KEY, private INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE commits (
    repository TEXT NOT NULL,
    number INTEGER NOT NULL,
    oid TEXT NOT NULL,
    created INTEGER NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (repository, number)
) WITHOUT ROWID;
-- What a commit changed: a file is as the last row up to a commit says, and without an oid it is deleted.
CREATE TABLE entries (
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    number INTEGER NOT NULL,
    oid TEXT,
    size INTEGER NOT NULL,
    PRIMARY KEY (repository, path, number)
) WITHOUT ROWID;

CREATE TABLE agenda (
    at INTEGER NOT NULL, rank INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,
    PRIMARY KEY (at, rank, key, kind)
) WITHOUT ROWID;
CREATE INDEX agenda_of ON agenda (key);
"""

TABLES = (
    "meta",
    "jobs",
    "scripts",
    "labels",
    "rules",
    "waiting",
    "schedules",
    "runs",
    "templates",
    "accounts",
    "faults",
    "webhooks",
    "deliveries",
    "blobs",
    "xorbs",
    "contents",
    "buckets",
    "bucket_files",
    "repositories",
    "commits",
    "entries",
    "agenda",
)
"""All tables, in the order of a snapshot."""


class DatabaseUnusable(Exception):
    """A database file cannot be used; the message says why and what to do."""


def open_database(path: str = ":memory:") -> sqlite3.Connection:
    """Open, and if need be create, a hub's database.

    A file belongs to one process at a time, from here until the connection is closed or the process ends, however it ends.

    Raises:
        DatabaseUnusable: another process serves the file, it is no database of fakejobs, or it cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise DatabaseUnusable(f"{path}: cannot be opened ({error}); does its folder exist?") from None
    try:
        if path == ":memory:":
            # Four times as fast as making the tables; a test opens one of these each.
            with _COPYING:
                _empty_database().backup(connection)
        else:
            _prepare(connection, path)
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" in str(error):
            raise DatabaseUnusable(
                f"{path}: another process serves this file; stop that one, or give another file"
            ) from None
        raise DatabaseUnusable(f"{path}: cannot be used ({error})") from None
    except sqlite3.DatabaseError:
        connection.close()
        raise DatabaseUnusable(f"{path}: this is no database; give another file") from None
    except DatabaseUnusable:
        connection.close()
        raise
    return connection


_COPYING = threading.Lock()


@cache
def _empty_database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _prepare(connection, ":memory:")
    return connection


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    if path != ":memory:":
        # The exclusive lock is the rule "one process per file". A killed process leaves no lock behind.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN EXCLUSIVE")
    application, version, tables = (
        connection.execute(query).fetchone()[0]
        for query in (
            "PRAGMA application_id",
            "PRAGMA user_version",
            "SELECT count(*) FROM sqlite_master WHERE type = 'table'",
        )
    )
    if application == APPLICATION_ID and version != VERSION:
        connection.execute("ROLLBACK")
        raise DatabaseUnusable(
            f"{path}: made by another version of fakejobs (format {version}, not {VERSION})"
        )
    if application != APPLICATION_ID and tables:
        connection.execute("ROLLBACK")
        raise DatabaseUnusable(f"{path}: this database is not one of fakejobs; give another file")
    if not tables:
        for statement in _TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; within another transaction, part of that one."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk, for one, has ended it already
            connection.execute("ROLLBACK")
        raise


def is_new_file(path: str) -> bool:
    """Whether a database of that name has yet to be made."""
    return path == ":memory:" or not Path(path).exists() or Path(path).stat().st_size == 0


def empty(connection: sqlite3.Connection) -> None:
    """Delete every row of every table."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")


def dump(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, in the order of the primary keys: two hubs are in the same state if these are equal."""
    return {
        table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in TABLES
    }
