"""When schedules run, as `fakejobs.machine.model` sees it: every minute of the day is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache

_MINUTE = 60_000
_DAY = 86_400_000
_YEARS = 9 * 366
_ALIASES = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def ticks(schedule: str, after: int, until: int) -> list[int]:
    """The ticks after ``after``, up to and including ``until``, in milliseconds since the epoch.

    Raises:
        ValueError: the schedule has six fields or seven, of which the model knows nothing.
    """
    days = range(after // _DAY, until // _DAY + 1)
    return [tick for day in days for tick in _ticks_of(schedule, day) if after < tick <= until]


def next_tick(schedule: str, after: int) -> int:
    """The first tick after ``after``; there is one within nine years.

    Raises:
        ValueError: as for `ticks`.
    """
    days = range(after // _DAY, after // _DAY + _YEARS)
    return next(tick for day in days for tick in _ticks_of(schedule, day) if tick > after)


@lru_cache(maxsize=10_000)
def _ticks_of(schedule: str, day: int) -> Sequence[int]:
    """The ticks of a day, which is counted from the epoch."""
    fields = _ALIASES.get(schedule, schedule).split()
    if len(fields) != 5:
        raise ValueError(f"{schedule}: JobsMachine knows aliases and schedules of five fields")
    minute, hour, day_of_month, month, weekday = fields
    date = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(days=day)
    is_day = _has(day_of_month, date.day, 1)
    is_weekday = _is_weekday(weekday, date.isoweekday())
    is_one = is_day and is_weekday
    if not all(_has(day_of_month, each, 1) for each in range(1, 32)) and not all(
        _is_weekday(weekday, each) for each in range(1, 8)
    ):  # both say something: either will do, as in every cron since Vixie's
        is_one = is_day or is_weekday
    if not is_one or not _has(month, date.month, 1):
        return ()
    return tuple(
        day * _DAY + _MINUTE * (60 * hours + minutes)
        for hours in range(24)
        for minutes in range(60)
        if _has(hour, hours) and _has(minute, minutes)
    )


def _is_weekday(field: str, day: int) -> bool:
    """Whether a field names a weekday from 1, Monday, to 7; there Sunday is 0, too."""
    return _has(field, day % 7) or ("/" not in field and _has(field, day))


def _has(field: str, value: int, least: int = 0) -> bool:
    """Whether a field of a schedule names a value."""
    if "/" in field:
        start, step = field.split("/")
        first = least if start == "*" else int(start)
        return value >= first and (value - first) % int(step) == 0
    if "-" in field:
        low, high = field.split("-")
        return int(low) <= value <= int(high)
    return field == "*" or value in map(int, field.split(","))
