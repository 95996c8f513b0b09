"""Rows of accounts: what the jobs of a namespace, or of a resource group, have been paid from."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """What was given and spent, in micro-dollars.

    Attributes:
        name: the namespace, or ``group ID``.
        given: how much there was, top-ups included; None: it has a limit instead, which the settings say.
        spent: how much jobs have cost until ``at``: since there is the account, or with a limit, in that month.
        at: the instant up to which that is reckoned, in milliseconds.
        due: when its entry in the agenda is due; None: it has none.
    """

    name: str
    given: int | None
    spent: int
    at: int
    due: int | None = None


def find_account(connection: sqlite3.Connection, name: str) -> Account | None:
    """The account of that name, or None."""
    row = connection.execute(
        "SELECT name, given, spent, at, due FROM accounts WHERE name = ?", (name,)
    ).fetchone()
    return None if row is None else Account(*row)


def put_account(connection: sqlite3.Connection, account: Account) -> None:
    """Add an account, or replace the one of that name."""
    connection.execute(
        "INSERT OR REPLACE INTO accounts (name, given, spent, at, due) VALUES (?, ?, ?, ?, ?)",
        (account.name, account.given, account.spent, account.at, account.due),
    )


def delete_account(connection: sqlite3.Connection, name: str) -> None:
    """Delete an account."""
    connection.execute("DELETE FROM accounts WHERE name = ?", (name,))


def all_accounts(connection: sqlite3.Connection) -> list[Account]:
    """Every account, in the order of the names."""
    rows = connection.execute("SELECT name, given, spent, at, due FROM accounts ORDER BY name")
    return [Account(*row) for row in rows]
