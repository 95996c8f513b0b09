"""Rows of what a hub remembers besides jobs: settings, counters, rules, and the agenda."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import orjson

from fakejobs.model.rules import Rule, rule_from
from fakejobs.store.jobs import text_of


def get_meta(connection: sqlite3.Connection, key: str) -> object:
    """A remembered JSON value, or None."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else orjson.loads(row[0])


def set_meta(connection: sqlite3.Connection, key: str, value: object) -> None:
    """Remember a JSON value."""
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, text_of(value)))


def next_number(connection: sqlite3.Connection, counter: str) -> int:
    """Count: 1, 2, 3, ...; a number never comes twice, whatever is deleted."""
    last = get_meta(connection, counter)
    number = (last if isinstance(last, int) else 0) + 1
    set_meta(connection, counter, number)
    return number


def insert_rule(connection: sqlite3.Connection, rule: Rule) -> None:
    """Add a rule."""
    connection.execute(
        'INSERT INTO rules (id, "when", "then", source) VALUES (?, ?, ?, ?)',
        (rule.id, text_of(rule.when), text_of(rule.then), rule.source),
    )


def update_rule(connection: sqlite3.Connection, rule: Rule) -> None:
    """Replace what a rule says its jobs do."""
    connection.execute('UPDATE rules SET "then" = ? WHERE id = ?', (text_of(rule.then), rule.id))


def all_rules(connection: sqlite3.Connection) -> list[Rule]:
    """Every rule, oldest first."""
    rows = connection.execute('SELECT id, "when", "then", source FROM rules ORDER BY id')
    return [
        rule_from(rule_id, orjson.loads(when), orjson.loads(then), source)
        for rule_id, when, then, source in rows
    ]


def delete_rules(
    connection: sqlite3.Connection, *, rule_id: int | None = None, source: str | None = None
) -> int:
    """Delete one rule, those of a source, or all; returns how many that were."""
    cursor = connection.execute(
        "DELETE FROM rules WHERE (? IS NULL OR id = ?) AND (? IS NULL OR source = ?)",
        (rule_id, rule_id, source, source),
    )
    return cursor.rowcount


class Due(NamedTuple):
    """An entry of the agenda: something that depends on several jobs, at an instant.

    Attributes:
        at: when, in milliseconds.
        rank: the order of kinds within an instant: ends, then limits, then ticks, then starts.
        key: the order within a kind.
        kind: what to do.
    """

    at: int
    rank: int
    key: str
    kind: str


def insert_due(connection: sqlite3.Connection, due: Due) -> None:
    """Put an entry into the agenda; the same one twice is one."""
    connection.execute("INSERT OR IGNORE INTO agenda (at, rank, key, kind) VALUES (?, ?, ?, ?)", due)


def delete_due(connection: sqlite3.Connection, due: Due) -> bool:
    """Take an entry from the agenda; False if it is not there."""
    cursor = connection.execute("DELETE FROM agenda WHERE at = ? AND rank = ? AND key = ? AND kind = ?", due)
    return cursor.rowcount > 0


def delete_dues(connection: sqlite3.Connection, key: str, kind: str) -> None:
    """Take every entry with this key and kind from the agenda, whenever it is due."""
    connection.execute("DELETE FROM agenda WHERE key = ? AND kind = ?", (key, kind))


def first_dues(connection: sqlite3.Connection, until: int, *, limit: int) -> list[Due]:
    """The first entries of the agenda up to and including the instant ``until``, in order."""
    query = "SELECT at, rank, key, kind FROM agenda WHERE at <= ? ORDER BY at, rank, key, kind LIMIT ?"
    return [Due(*row) for row in connection.execute(query, (until, limit))]


def next_due(connection: sqlite3.Connection) -> Due | None:
    """The first entry of the agenda, or None."""
    row = connection.execute(
        "SELECT at, rank, key, kind FROM agenda ORDER BY at, rank, key, kind LIMIT 1"
    ).fetchone()
    return None if row is None else Due(*row)
