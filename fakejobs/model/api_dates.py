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
        ValueError: it is neither `LATEST` nor an ISO date such as ``2026-06-01``, or it is before `FIRST_DAY`.
    """
    if date == LATEST:
        return "9999-12-31"
    try:
        # Python 3.11 and later read 20260601 and week dates too; comparing texts needs the one form.
        is_day = calendar_date.fromisoformat(date).isoformat() == date
    except (TypeError, ValueError):
        is_day = False
    if not is_day:
        raise ValueError(f"not a date of the API: {date!r}; write YYYY-MM-DD or {LATEST!r}")
    if date < FIRST_DAY:
        raise ValueError(f"too little is known of the API before {FIRST_DAY}; give a later date than {date}")
    return date


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
        day_of(word)
    except (TypeError, ValueError) as error:
        said = str(error).replace(f" or {LATEST!r}", f", {LATEST!r} or {AUTO!r}")
        raise ValueError(f"api: {said} (`fakejobs api list` tells what changed when)") from None
    return str(word)
