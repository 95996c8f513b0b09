"""Rows of faults, and how often each was met."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import orjson

from fakejobs.model.faults import Fault, fault_from
from fakejobs.store.jobs import text_of


class Counts(NamedTuple):
    """What a fault has met.

    Attributes:
        matched: how many requests it was for.
        fired: on how many of these it fired.
        since: when it did so first, in milliseconds; of a listener that is closed, last.
    """

    matched: int = 0
    fired: int = 0
    since: int | None = None


def insert_fault(connection: sqlite3.Connection, fault: Fault) -> None:
    """Add a fault that has met nothing yet."""
    connection.execute(
        "INSERT INTO faults (id, words, source, matched, fired, since) VALUES (?, ?, ?, 0, 0, NULL)",
        (fault.id, text_of(fault.words), fault.source),
    )


def all_faults(connection: sqlite3.Connection) -> list[Fault]:
    """Every fault, oldest first."""
    rows = connection.execute("SELECT id, words, source FROM faults ORDER BY id")
    return [fault_from(fault_id, orjson.loads(words), source) for fault_id, words, source in rows]


def counts_of(connection: sqlite3.Connection, fault_id: int) -> Counts:
    """What a fault has met; of one that is deleted, nothing."""
    row = connection.execute("SELECT matched, fired, since FROM faults WHERE id = ?", (fault_id,)).fetchone()
    return Counts() if row is None else Counts(*row)


def set_counts(connection: sqlite3.Connection, fault_id: int, counts: Counts) -> None:
    """Remember what a fault has met."""
    connection.execute(
        "UPDATE faults SET matched = ?, fired = ?, since = ? WHERE id = ?", (*counts, fault_id)
    )


def delete_faults(
    connection: sqlite3.Connection, *, fault_id: int | None = None, source: str | None = None
) -> None:
    """Delete one fault, those of a source, or all."""
    connection.execute(
        "DELETE FROM faults WHERE (? IS NULL OR id = ?) AND (? IS NULL OR source = ?)",
        (fault_id, fault_id, source, source),
    )
