"""Rows of the jobs that wait for a slot."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
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


def add_waiting(connection: sqlite3.Connection, place: Place) -> None:
    """Put a job into the queue."""
    connection.execute(
        "INSERT OR IGNORE INTO waiting (since, job, flavor, namespace) VALUES (?, ?, ?, ?)",
        (place.since, place.job, place.flavor, place.namespace),
    )


def remove_waiting(connection: sqlite3.Connection, job_id: str) -> None:
    """Take a job from the queue."""
    connection.execute("DELETE FROM waiting WHERE job = ?", (job_id,))


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
    found = [_first(connection, "flavor", flavor, but)]
    if namespace is not None:
        found.append(_first(connection, "namespace", namespace, but))
    return min((place for place in found if place is not None), key=_key, default=None)


def place_of(connection: sqlite3.Connection, job_id: str) -> tuple[Place, int] | None:
    """The place of a job, and how many are ahead of it for the same flavor; None if it does not wait."""
    row = connection.execute(f"{_SELECT} WHERE job = ?", (job_id,)).fetchone()
    if row is None:
        return None
    place = Place(*row)
    query = "SELECT count(*) FROM waiting WHERE flavor = ? AND (since, job) < (?, ?)"
    (ahead,) = connection.execute(query, (place.flavor, place.since, place.job)).fetchone()
    return place, int(ahead)


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


def _key(place: Place) -> tuple[int, str]:
    return place.since, place.job
