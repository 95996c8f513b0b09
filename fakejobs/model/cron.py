"""Schedules: the Hub's grammar, and the instants that a schedule names.

The grammar is that of the Hub's OpenAPI (August 2026): six aliases, or five to seven fields of ``*``, a number, a list, a range
or a step. What it does not say is decided here:

- times are UTC;
- five fields are minute, hour, day, month and weekday; of six, the first is the second or the last is the year (a quirk);
  seven begin with the second and end with the year;
- weekdays count from 0, Sunday, to 6; 7 is Sunday, too;
- if both day and weekday are restricted, a day that is either will do, as in every cron since Vixie's;
- ``3/5`` is every fifth from 3 on; a list, a range or a step cannot be inside another;
- a space between fields may be missing, as the pattern allows; digits that stand together are then one number.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

ALIASES = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""The aliases that the Hub has, and what they stand for."""

SIXTH = ("second", "year")
"""What the field is that six fields have and five have not: the second, in front, or the year, at the end."""

LAST_YEAR = 9999
"""The last year that instants can be written for."""

_LONGEST = 1000
"""Characters that a schedule may have; one that names each minute of the hour has 170."""

_NAMES = ("second", "minute", "hour", "day", "month", "weekday", "year")
_RANGES = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "weekday": (0, 7),
    "year": (1970, LAST_YEAR),
}
_TOKEN = re.compile(r"([0-9]+(?:,[0-9]+)+|(?:\*|[0-9]+)[/-][0-9]+|[0-9]+|\*) ?")
_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date(LAST_YEAR, 12, 31).toordinal() - _EPOCH
# Leap days are at most eight years apart.
_YEARS_AHEAD = 9


def matches(text: str) -> bool:
    """Whether the Hub's pattern for schedules accepts ``text``.

    Every way to divide it into fields is followed at once, character by character, so the time is linear in the length, which
    that of an engine that backtracks is not.
    """
    if text.startswith("@"):
        return text in ALIASES
    # For each place inside a field where one can be, a mask: bit n is set if n fields may lie before this one.
    before, number, comma, listed, star, operator, stepped = 1, 0, 0, 0, 0, 0, 0
    for character in text:
        # Where a field may begin: at the beginning, after a space, or right after a field that may end here.
        begin = (before | (number | listed | star | stepped) << 1) & 0xFF
        if "0" <= character <= "9":
            number, listed, stepped = number | begin, comma | listed, operator | stepped
            before = comma = star = operator = 0
        elif character == "*":
            before, number, comma, listed, star, operator, stepped = 0, 0, 0, 0, begin, 0, 0
        elif character == ",":
            before, number, comma, listed, star, operator, stepped = 0, 0, number | listed, 0, 0, 0, 0
        elif character in "/-":
            before, number, comma, listed, star, operator, stepped = 0, 0, 0, 0, 0, number | star, 0
        elif character == " ":
            ended = (number | listed | star | stepped) << 1 & 0xFF
            before, number, comma, listed, star, operator, stepped = ended, 0, 0, 0, 0, 0, 0
        else:
            return False
    return bool((before | (number | listed | star | stepped) << 1) & 0b1110_0000)


@dataclass(frozen=True)
class Cron:
    """The instants that a schedule names: ticks. All are whole seconds, in milliseconds since the epoch.

    Attributes:
        times: the seconds of a day, in order.
        days: of the month.
        weekdays: 0 is Sunday.
        months: 1 to 12, in order.
        years: in order; None: every year.
    """

    times: Sequence[int]
    days: frozenset[int]
    weekdays: frozenset[int]
    months: tuple[int, ...]
    years: tuple[int, ...] | None

    def next_after(self, instant: int) -> int | None:
        """The first tick after ``instant``; None if there is none any more."""
        day, second = divmod(instant // 1000 + 1, _DAY)
        if day <= _LAST_DAY and self._has(day):
            index = bisect_left(self.times, second)
            if index < len(self.times):
                return (day * _DAY + self.times[index]) * 1000
        following = self._day_from(day + 1)
        return None if following is None else (following * _DAY + self.times[0]) * 1000

    def last_until(self, instant: int) -> int | None:
        """The last tick up to and including ``instant``, from 1970 on; None if there is none yet."""
        day, second = divmod(instant // 1000, _DAY)
        if 0 <= day <= _LAST_DAY and self._has(day):
            index = bisect_right(self.times, second)
            if index:
                return (day * _DAY + self.times[index - 1]) * 1000
        earlier = self._day_until(min(day - 1, _LAST_DAY))
        return None if earlier is None else (earlier * _DAY + self.times[-1]) * 1000

    def ticks(self, after: int, until: int) -> Iterator[int]:
        """The ticks after ``after``, up to and including ``until``, in order."""
        first = self.next_after(after)
        if first is None or first > until:
            return
        day: int | None
        day, second = divmod(first // 1000, _DAY)
        index, last = bisect_left(self.times, second), until // 1000
        while day is not None:
            start = day * _DAY
            for second in self.times[index:]:
                if start + second > last:
                    return
                yield (start + second) * 1000
            index, day = 0, self._day_from(day + 1)

    @property
    def every_day(self) -> bool:
        """Whether all days are alike."""
        return (
            len(self.days) == 31 and len(self.weekdays) == 7 and len(self.months) == 12 and self.years is None
        )

    def _has(self, day: int) -> bool:
        if self.every_day:
            return True
        on = date.fromordinal(day + _EPOCH)
        return (
            on.month in self.months
            and (self.years is None or on.year in self.years)
            and self._fits(on.day, on.isoweekday() % 7)
        )

    def _fits(self, day: int, weekday: int) -> bool:
        if len(self.days) == 31:
            return weekday in self.weekdays
        return day in self.days or (len(self.weekdays) < 7 and weekday in self.weekdays)

    def _day_from(self, day: int) -> int | None:
        if day > _LAST_DAY:
            return None
        if self._has(day):
            return day
        on = date.fromordinal(day + _EPOCH)
        years = (
            range(on.year, min(on.year + _YEARS_AHEAD, LAST_YEAR + 1)) if self.years is None else self.years
        )
        for year in years:
            for month in self.months:
                if (year, month) >= (on.year, on.month):
                    least = on.day if (year, month) == (on.year, on.month) else 1
                    for each in self._days_of(year, month):
                        if each >= least:
                            return date(year, month, each).toordinal() - _EPOCH
        return None

    def _day_until(self, day: int) -> int | None:
        if day < 0:
            return None
        if self._has(day):
            return day
        on = date.fromordinal(day + _EPOCH)
        years = range(max(on.year - _YEARS_AHEAD, 1970), on.year + 1) if self.years is None else self.years
        for year in reversed(years):
            for month in reversed(self.months):
                if (year, month) <= (on.year, on.month):
                    most = on.day if (year, month) == (on.year, on.month) else 31
                    for each in reversed(self._days_of(year, month)):
                        if each <= most:
                            return date(year, month, each).toordinal() - _EPOCH
        return None

    def _days_of(self, year: int, month: int) -> list[int]:
        monday_first, length = monthrange(year, month)
        return [day for day in range(1, length + 1) if self._fits(day, (monday_first + day) % 7)]


@lru_cache(maxsize=64)
def cron_from(text: str, sixth: str = "second") -> Cron:
    """Read a schedule.

    Args:
        text: an alias, or five to seven fields.
        sixth: what the sixth field is: one of `SIXTH`.

    Raises:
        ValueError: it is none, or a field has a value that there is not; the message says which.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a schedule has at most {_LONGEST} characters")
    if not matches(text):
        raise ValueError(
            f"give an alias ({', '.join(ALIASES)}), or five to seven fields of digits, such as */5 * * * *"
        )
    fields = _split(ALIASES.get(text, text))
    names = list(_NAMES[1:6])
    if len(fields) == 7 or (len(fields) == 6 and sixth == "second"):
        names.insert(0, "second")
    if len(fields) == 7 or (len(fields) == 6 and sixth == "year"):
        names.append("year")
    found = {name: _values(name, field) for name, field in zip(names, fields, strict=True)}
    seconds = found.get("second", range(1))
    times = [
        hour * 3600 + minute * 60 + second
        for hour in found["hour"]
        for minute in found["minute"]
        for second in seconds
    ]
    years = found.get("year")
    cron = Cron(
        times=array("l", times),
        days=frozenset(found["day"]),
        weekdays=frozenset(day % 7 for day in found["weekday"]),
        months=tuple(found["month"]),
        years=None if years is None or len(years) == LAST_YEAR - 1969 else tuple(years),
    )
    if cron.next_after(-1) is None:
        raise ValueError("there is no such day, so it would never run")
    return cron


def _split(text: str) -> list[str]:
    fields, position = [], 0
    while found := _TOKEN.match(text, position):
        fields.append(found[1])
        position = found.end()
    if position < len(text) or not 5 <= len(fields) <= 7:
        raise ValueError("where one field ends and the next begins cannot be told: put a space between them")
    return fields


def _values(name: str, field: str) -> Sequence[int]:
    """The values of one field, in order."""
    least, most = _RANGES[name]
    parts = re.split("[,/-]", field)
    if any(len(part) > 4 for part in parts):
        raise ValueError(f"{name}: {field[:20]} is beyond {least} to {most}")
    numbers = [int(part) for part in parts if part != "*"]
    if "/" in field:
        step, numbers = numbers[-1], numbers[:-1]
        if not step:
            raise ValueError(f"{name}: {field}: a step is at least 1")
        _check(name, field, numbers)
        most = 6 if name == "weekday" else most  # it has Sunday twice
        first = numbers[0] if numbers else least
        return range(first % 7 if name == "weekday" else first, most + 1, step)
    if "-" in field:
        if len(numbers) < 2:
            raise ValueError(f"{name}: {field}: a range goes from a number to a number")
        _check(name, field, numbers)
        if numbers[0] > numbers[1]:
            raise ValueError(f"{name}: {field}: a range goes from the smaller number to the larger")
        return range(numbers[0], numbers[1] + 1)
    _check(name, field, numbers)
    if field == "*":
        return range(least, (6 if name == "weekday" else most) + 1)
    return sorted(set(numbers))


def _check(name: str, field: str, numbers: Sequence[int]) -> None:
    least, most = _RANGES[name]
    for number in numbers:
        if not least <= number <= most:
            inside = "" if field == str(number) else f" in {field[:20]}"
            raise ValueError(f"{name}: {number}{inside} is beyond {least} to {most}")
