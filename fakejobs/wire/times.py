"""Instants as text and back, as the wire writes them: see `fakejobs.model.times`."""

from __future__ import annotations

from fakejobs.model.times import (
    FIRST_INSTANT,
    LAST_INSTANT,
    from_datetime,
    from_iso,
    parse_datetime,
    to_datetime,
    to_http_date,
    to_iso,
    to_iso_seconds,
    to_words,
)

__all__ = [
    "FIRST_INSTANT",
    "LAST_INSTANT",
    "from_datetime",
    "from_iso",
    "parse_datetime",
    "to_datetime",
    "to_http_date",
    "to_iso",
    "to_iso_seconds",
    "to_words",
]
