"""Rows of scheduled jobs."""

from __future__ import annotations

import sqlite3
from dataclasses import fields
from typing import Any

import orjson

from fakejobs.model.plan import NEVER
from fakejobs.model.schedules import Schedule
from fakejobs.store.jobs import text_of

_NAMES = [each.name for each in fields(Schedule)]
_JSON = ("spec", "labels", "about")
_SELECT = f"SELECT {', '.join(_NAMES)} FROM schedules"


def insert_schedule(connection: sqlite3.Connection, schedule: Schedule) -> None:
    """Add a schedule; it has no next tick until `set_next`."""
    connection.execute(
        f"INSERT INTO schedules ({', '.join(_NAMES)}, next) VALUES ({', '.join('?' * len(_NAMES))}, {NEVER})",
        _values(schedule),
    )


def update_schedule(connection: sqlite3.Connection, schedule: Schedule) -> None:
    """Replace a schedule."""
    changes = ", ".join(f"{name} = ?" for name in _NAMES)
    connection.execute(f"UPDATE schedules SET {changes} WHERE id = ?", (*_values(schedule), schedule.id))


def set_next(connection: sqlite3.Connection, schedule_id: str, tick: int) -> None:
    """Say which of the ticks that are not in the agenda is the next one of a schedule; `NEVER` if there is none."""
    connection.execute("UPDATE schedules SET next = ? WHERE id = ?", (tick, schedule_id))


def delete_schedule(connection: sqlite3.Connection, schedule_id: str) -> None:
    """Delete a schedule; its jobs stay."""
    connection.execute("DELETE FROM schedules WHERE id = ?", (schedule_id,))


def find_schedule(connection: sqlite3.Connection, schedule_id: str) -> Schedule | None:
    """The schedule with this id, or None."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (schedule_id,)).fetchone()
    return None if row is None else _schedule(row)


def schedules_of(connection: sqlite3.Connection, namespace: str) -> list[Schedule]:
    """The schedules of a namespace, newest first."""
    query = f"{_SELECT} WHERE namespace = ? ORDER BY created DESC, id DESC"
    return [_schedule(row) for row in connection.execute(query, (namespace,))]


def all_schedules(connection: sqlite3.Connection) -> list[Schedule]:
    """Every schedule, oldest first."""
    return [_schedule(row) for row in connection.execute(f"{_SELECT} ORDER BY created, id")]


def ticked_schedules(connection: sqlite3.Connection, now: int) -> list[Schedule]:
    """The schedules that have had a tick, not of the agenda, up to and including ``now``."""
    return [_schedule(row) for row in connection.execute(f"{_SELECT} WHERE next <= ? ORDER BY id", (now,))]


def next_tick(connection: sqlite3.Connection) -> int:
    """The next tick of all schedules that is not in the agenda; `NEVER` if there is none."""
    (tick,) = connection.execute("SELECT min(next) FROM schedules").fetchone()
    return NEVER if tick is None else int(tick)


def _values(schedule: Schedule) -> list[object]:
    return [text_of(getattr(schedule, name)) if name in _JSON else getattr(schedule, name) for name in _NAMES]


def _schedule(row: tuple[Any, ...]) -> Schedule:
    values = dict(zip(_NAMES, row, strict=True))
    for name in _JSON:
        values[name] = orjson.loads(values[name])
    for name in ("suspended", "concurrency"):
        values[name] = bool(values[name])
    return Schedule(**values)
