"""Rows of the jobs that wait for a slot."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

import orjson

from fakejobs.model.plan import NEVER


class Place(NamedTuple):
    """A place in the queue. They are in the order of (since, job).

    Attributes:
        since: since when the job has it, in milliseconds.
        job: the id of the job.
        flavor: the hardware that it waits for.
        namespace: whose it is.
    """

    since: int
    job: str
    flavor: str
    namespace: str


_SELECT = "SELECT since, job, flavor, namespace FROM waiting"
_ORDER = "ORDER BY since, job"


def place_to_take(connection: sqlite3.Connection, job_id: str, at: int) -> tuple[Place, int] | None:
    """The place of a job that begins to wait at ``at``, and when it is over even without a slot; None if it is over, or has its slot already.

    It has it since it was submitted, or since its last attempt failed: that one goes to the back.
    """
    query = f"SELECT created, earlier, flavor, namespace, end FROM jobs WHERE id = ? AND start = {NEVER} AND end > ?"
    row = connection.execute(query, (job_id, at)).fetchone()
    if row is None:
        return None
    created, earlier, flavor, namespace, end = row
    since = created if earlier == "[]" else orjson.loads(earlier)[-1][1]
    return Place(since, job_id, flavor, namespace), end


def add_waiting(connection: sqlite3.Connection, place: Place) -> None:
    """Put a job into the queue."""
    connection.execute(
        "INSERT OR IGNORE INTO waiting (since, job, flavor, namespace) VALUES (?, ?, ?, ?)", place
    )


def remove_waiting(connection: sqlite3.Connection, place: Place) -> None:
    """Take a job from the queue."""
    connection.execute(
        "DELETE FROM waiting WHERE flavor = ? AND since = ? AND job = ?",
        (place.flavor, place.since, place.job),
    )


def first_waiting(
    connection: sqlite3.Connection,
    *,
    flavor: str,
    namespace: str | None,
    but: tuple[Collection[str], Collection[str]],
) -> Place | None:
    """The first place of those who wait for ``flavor``, or wait in ``namespace``.

    Args:
        flavor: what was freed.
        namespace: where something was freed, if that matters.
        but: flavors and namespaces to pass over.
    """
    of_flavor = _first(connection, "flavor", flavor, but)
    if namespace is None:
        return of_flavor
    places = of_flavor, _first(connection, "namespace", namespace, but)
    return min((place for place in places if place is not None), default=None)


def count_ahead(connection: sqlite3.Connection, place: Place) -> int | None:
    """How many are ahead of a place for the same flavor; None if nobody waits there."""
    query = "SELECT 1 FROM waiting WHERE flavor = ? AND since = ? AND job = ?"
    if connection.execute(query, (place.flavor, place.since, place.job)).fetchone() is None:
        return None
    query = "SELECT count(*) FROM waiting WHERE flavor = ? AND (since, job) < (?, ?)"
    return int(connection.execute(query, (place.flavor, place.since, place.job)).fetchone()[0])


def all_waiting(connection: sqlite3.Connection) -> list[Place]:
    """Every place, first come first."""
    return [Place(*row) for row in connection.execute(f"{_SELECT} {_ORDER}")]


def _first(
    connection: sqlite3.Connection, column: str, value: str, but: tuple[Collection[str], Collection[str]]
) -> Place | None:
    where, values = f"{column} = ?", [value]
    for excluded, names in zip(("flavor", "namespace"), but, strict=True):
        if names:
            where += f" AND {excluded} NOT IN ({', '.join('?' * len(names))})"
            values += names
    row = connection.execute(f"{_SELECT} WHERE {where} {_ORDER} LIMIT 1", values).fetchone()
    return None if row is None else Place(*row)
