"""Instants as text and back: every spelling of a time that the API uses, from integer milliseconds.

Integers only: no float ever rounds a time. Good for the years 1 to 9999; anything outside is a `ValueError`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

FIRST_INSTANT = -62_135_596_800_000
"""0001-01-01T00:00:00.000Z, the first instant that can be written."""

LAST_INSTANT = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last instant that can be written."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST_DAY = date(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_MS_PER_MINUTE = 60_000
_MINUTES_PER_DAY = 1_440

# Looked up instead of formatted: to_iso runs several times in every response.
_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))
_MILLIS = tuple(f".{milli:03d}Z" for milli in range(1000))

# Not from strftime: that one follows the locale of the process.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# The first six digits of a fraction are caught, the rest is only passed over.
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?Z"
)

_SHOWN = 40


def to_iso(ms: int) -> str:
    """The instant as the Hub writes it, always with three digits of milliseconds: ``2025-12-10T15:42:26.835Z``.

    Raises:
        ValueError: the instant is outside the years 1 to 9999 (`NEVER`, for example).
    """
    minutes = ms // _MS_PER_MINUTE
    rest = ms - minutes * _MS_PER_MINUTE
    return f"{_minute(minutes)}{_TWO_DIGITS[rest // 1000]}{_MILLIS[rest % 1000]}"


def to_iso_seconds(ms: int) -> str:
    """The instant cut to whole seconds: ``2026-05-12T14:57:43Z``, as the first event of a log stream has it.

    Raises:
        ValueError: the instant is outside the years 1 to 9999.
    """
    minutes, rest = divmod(ms, _MS_PER_MINUTE)
    return f"{_minute(minutes)}{_TWO_DIGITS[rest // 1000]}Z"


def to_words(ms: int) -> str:
    """The instant for people: ``2026-05-12 14:57:43``, as in the line ``===== Job started at … =====``.

    Raises:
        ValueError: the instant is outside the years 1 to 9999.
    """
    return to_iso_seconds(ms)[:-1].replace("T", " ")


def to_http_date(ms: int) -> str:
    """The instant as a ``Date`` header (RFC 9110): ``Tue, 12 May 2026 14:57:43 GMT``, in any locale.

    Raises:
        ValueError: the instant is outside the years 1 to 9999.
    """
    return _http_date(ms // 1000)


@lru_cache(maxsize=16)
def _http_date(second: int) -> str:
    """The same for a second since the epoch. Kept, because every response of that second has it."""
    text = to_iso_seconds(second * 1000)
    weekday = _WEEKDAYS[(second // 60 // _MINUTES_PER_DAY + 3) % 7]  # the epoch was a Thursday
    return f"{weekday}, {text[8:10]} {_MONTHS[int(text[5:7]) - 1]} {text[:4]} {text[11:19]} GMT"


def to_datetime(ms: int) -> datetime:
    """The instant as an aware `datetime` in UTC.

    Raises:
        ValueError: the instant is outside the years 1 to 9999.
    """
    if not FIRST_INSTANT <= ms <= LAST_INSTANT:
        raise ValueError(_outside(ms // _MS_PER_MINUTE // _MINUTES_PER_DAY))
    return _EPOCH + timedelta(milliseconds=ms)


def from_datetime(moment: datetime) -> int:
    """The instant of an aware `datetime`, in milliseconds; microseconds are cut off.

    Raises:
        ValueError: it is naive: which instant it means would depend on the machine.
    """
    if moment.utcoffset() is None:
        raise ValueError(
            "this datetime has no time zone; give an aware one, for example datetime.now(timezone.utc)"
        )
    return (moment - _EPOCH) // _MILLISECOND


def from_iso(text: str) -> int:
    """The instant of a timestamp of the API, in milliseconds; finer digits are cut off.

    Accepts ``YYYY-MM-DDTHH:MM:SS[.digits]Z`` and nothing else, because every huggingface_hub release refuses the rest
    too (``+00:00`` or a missing ``Z`` make its whole call fail).

    Raises:
        ValueError: it is something else, or a time that does not exist.
    """
    return from_datetime(parse_datetime(text))


def parse_datetime(text: str) -> datetime:
    """The timestamp as an aware `datetime` in UTC, to the microsecond, as huggingface_hub gives it to its callers.

    Raises:
        ValueError: as for `from_iso`.
    """
    match = _ISO.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(_refusal(text, "is not a timestamp of the API"))
    year, month, day, hour, minute, second, fraction = match.groups()
    try:
        # A copy of a datetime, not a new one: under freezegun the name `datetime` makes another class.
        return _EPOCH.replace(
            year=int(year),
            month=int(month),
            day=int(day),
            hour=int(hour),
            minute=int(minute),
            second=int(second),
            microsecond=int((fraction or "").ljust(6, "0")),
        )
    except ValueError:
        raise ValueError(_refusal(text, "is a time that does not exist")) from None


@lru_cache(maxsize=4096)
def _minute(minutes: int) -> str:
    """``2025-12-10T15:42:`` for a minute since the epoch. Kept, because jobs of one list share their minutes."""
    days, minute = divmod(minutes, _MINUTES_PER_DAY)
    return f"{_day(days)}T{_TWO_DIGITS[minute // 60]}:{_TWO_DIGITS[minute % 60]}:"


@lru_cache(maxsize=1024)
def _day(days: int) -> str:
    """``2025-12-10`` for a day since the epoch; kept for the minutes that are new."""
    try:
        return (_FIRST_DAY + timedelta(days=days)).isoformat()
    except OverflowError:
        raise ValueError(_outside(days)) from None


def _outside(days: int) -> str:
    return f"an instant {days} days from 1970-01-01 cannot be written: times go from year 1 to year 9999"


def _refusal(text: object, problem: str) -> str:
    shown = repr(text[:_SHOWN]) if isinstance(text, str) else f"a {type(text).__name__}"
    return (
        f"{shown} {problem}: write YYYY-MM-DDTHH:MM:SS[.digits]Z in UTC, for example 2025-12-10T15:42:26.835Z"
    )
