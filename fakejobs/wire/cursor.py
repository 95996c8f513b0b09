"""Cursors: where the next page of a list begins, as one opaque word."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

_POSITION = re.compile(r"(\d{1,15})\.([0-9a-f]{24})", re.ASCII)


def write_cursor(position: tuple[int, str]) -> str:
    """The cursor of the page behind this position (created in milliseconds, id): it stays right while jobs are added."""
    created, job_id = position
    return urlsafe_b64encode(f"{created}.{job_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, str]:
    """The position that a cursor of ours stands for.

    Raises:
        ValueError: it is not one of ours.
    """
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except (Error, UnicodeError, ValueError):
        text = ""
    match = _POSITION.fullmatch(text)
    if match is None or write_cursor((int(match[1]), match[2])) != cursor:
        raise ValueError("Invalid cursor: take it from the Link header of the page before")
    return int(match[1]), match[2]
