"""Rows of webhooks and of what was delivered to them."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from typing import Any

import orjson

from fakejobs.model.webhooks import Delivery, Watched, Webhook
from fakejobs.store.jobs import text_of

_DELIVERY = "SELECT id, webhook, at, status, job, event, key FROM deliveries"


def put_webhook(connection: sqlite3.Connection, webhook: Webhook) -> None:
    """Add a webhook, or replace the one with its id."""
    values = asdict(webhook)
    key = [values.pop(name) for name in ("id", "user", "created")]
    connection.execute(
        "INSERT OR REPLACE INTO webhooks (id, user, created, value) VALUES (?, ?, ?, ?)",
        (*key, text_of(values)),
    )


def find_webhook(connection: sqlite3.Connection, webhook_id: str) -> Webhook | None:
    """The webhook with this id, or None."""
    row = connection.execute(
        "SELECT id, user, created, value FROM webhooks WHERE id = ?", (webhook_id,)
    ).fetchone()
    return None if row is None else _webhook(row)


def all_webhooks(connection: sqlite3.Connection, user: str | None = None) -> list[Webhook]:
    """The webhooks of a user, or of everybody, oldest first."""
    rows = connection.execute(
        "SELECT id, user, created, value FROM webhooks WHERE (? IS NULL OR user = ?) ORDER BY created, id",
        (user, user),
    )
    return [_webhook(row) for row in rows]


def delete_webhook(connection: sqlite3.Connection, webhook_id: str) -> None:
    """Delete a webhook, and what was delivered to it."""
    connection.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))
    connection.execute("DELETE FROM deliveries WHERE webhook = ?", (webhook_id,))


def insert_delivery(connection: sqlite3.Connection, delivery: Delivery) -> None:
    """Remember a delivery."""
    connection.execute(
        "INSERT INTO deliveries (id, webhook, at, status, job, event, key) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            delivery.id,
            delivery.webhook,
            delivery.at,
            delivery.status,
            delivery.job,
            text_of(delivery.event),
            delivery.key,
        ),
    )


def find_delivery(connection: sqlite3.Connection, delivery_id: str) -> Delivery | None:
    """The delivery with this id, or None."""
    row = connection.execute(f"{_DELIVERY} WHERE id = ?", (delivery_id,)).fetchone()
    return None if row is None else _delivery(row)


def all_deliveries(connection: sqlite3.Connection, webhook_id: str | None = None) -> list[Delivery]:
    """What was delivered to a webhook, or to all, oldest first."""
    rows = connection.execute(
        f"{_DELIVERY} WHERE (? IS NULL OR webhook = ?) ORDER BY at, id", (webhook_id, webhook_id)
    )
    return [_delivery(row) for row in rows]


def count_deliveries(connection: sqlite3.Connection, webhook_id: str, after: int) -> int:
    """How many deliveries a webhook had after an instant."""
    query = "SELECT count(*) FROM deliveries WHERE webhook = ? AND at > ?"
    return int(connection.execute(query, (webhook_id, after)).fetchone()[0])


def _webhook(row: tuple[str, str, int, str]) -> Webhook:
    webhook_id, user, created, text = row
    values: dict[str, Any] = orjson.loads(text)
    values["watched"] = tuple(Watched(**each) for each in values["watched"])
    for name in ("domains", "secrets"):
        values[name] = tuple(values[name])
    return Webhook(webhook_id, user, created, **values)


def _delivery(row: tuple[str, str, int, int, str | None, str, str]) -> Delivery:
    delivery_id, webhook, at, status, job, event, key = row
    return Delivery(delivery_id, webhook, at, status, job, orjson.loads(event), key)
