"""As of which day the API is: the words for it, and what makes a date one."""

from __future__ import annotations

from datetime import date as calendar_date
from functools import lru_cache

LATEST = "latest"
"""Instead of a date: everything that is known and not yet gone."""

AUTO = "auto"
"""Instead of a date: each client gets the newest that it can read."""

FIRST_DAY = "2025-04-09"
"""The day of hfjobs 0.5.0: of what the API was before, too little is known to serve it."""


@lru_cache(maxsize=4096)
def day_of(date: str) -> str:
    """``date``, or for `LATEST` the last day there is, so that days can be compared as texts.

    Raises:
        ValueError: it is neither `LATEST` nor an ISO date such as ``2026-06-01``.
    """
    if date == LATEST:
        return "9999-12-31"
    try:
        # Python 3.11 and later read 20260601 and week dates too; comparing texts needs the one form.
        if calendar_date.fromisoformat(date).isoformat() == date:
            return date
    except (TypeError, ValueError):
        pass
    raise ValueError(f"not a date of the API: {date!r}; write YYYY-MM-DD or {LATEST!r}")


def before(date: str, day: str) -> bool:
    """Whether ``date`` (ISO, or `LATEST`) is before ``day`` (ISO)."""
    return day_of(date) < day


def api_from(word: object) -> str:
    """Check what ``api`` was set to.

    Raises:
        ValueError: it is neither `LATEST` nor `AUTO` nor a day of which the API is known; the message says what is allowed.
    """
    if word == AUTO:
        return AUTO
    try:
        if not isinstance(word, str):
            raise ValueError
        early = before(word, FIRST_DAY)
    except ValueError:
        raise ValueError(
            f"api: {word!r} is no date of the API; give YYYY-MM-DD, {LATEST!r} or {AUTO!r} (`fakejobs api list` tells what changed when)"
        ) from None
    if early:
        raise ValueError(
            f"api: too little is known of the API before {FIRST_DAY}; give a later date than {word}"
        )
    return word
