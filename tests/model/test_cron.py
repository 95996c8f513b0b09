"""Schedules: what the Hub's pattern takes, and which instants a schedule names."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fakejobs.model.cron import ALIASES, Cron, cron_from, matches
from fakejobs.model.times import from_iso, to_iso
from fakejobs.strategies import cron_expressions
from fakejobs.wire.pieces import CRON
from fakejobs.wire.validate import problems

PATTERN = re.compile(CRON, re.ASCII)
DAY = 86_400_000
NOW = from_iso("2026-11-25T10:30:00Z")


@pytest.mark.parametrize(
    "text",
    [
        *ALIASES,
        "*/5 * * * *",
        "3/5 * * * *",
        "1-5 * * * *",
        "1,2,3 * * * *",
        "0 0 * * 0",
        "*****",  # a space between fields may be missing
        "* * * * * ",  # and one may follow the last
        "0 */5 * * * *",  # six fields
        "0 0 12 * * * 2030",  # seven
        "99 * * * *",  # the pattern knows no clock
        "*-5 * * * *",  # nor what a range is
    ],
)
def test_the_hubs_pattern_takes(text: str) -> None:
    assert matches(text)
    assert PATTERN.fullmatch(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@midnight",
        "@reboot",
        "@every 5m",
        "@daily ",
        "@DAILY",
        "* * * *",
        "* * * * * * * *",
        "*  * * * *",
        " * * * * *",
        "* * * * MON",
        "* * JAN * *",
        "1-5/2 * * * *",
        "1,2-3 * * * *",
        "1, * * * *",
        "? * * * *",
        "* * L * *",
        "* * * * 5#2",
        "-1 * * * *",
        "1.5 * * * *",
        "* * * * *\n",
        "٣ * * * *",
    ],
)
def test_and_nothing_else(text: str) -> None:
    assert not matches(text)
    assert not PATTERN.fullmatch(text)


@given(st.text("12*,/- @", max_size=14))
def test_it_agrees_with_the_regex_engine(text: str) -> None:
    assert matches(text) == bool(PATTERN.fullmatch(text))


@given(st.lists(st.sampled_from(["*", "12", "1,2", "*/5", "3-4", "1,2,30", " "]), max_size=12).map("".join))
def test_and_where_fields_stand_together(text: str) -> None:
    assert matches(text) == bool(PATTERN.fullmatch(text))


@given(st.text("12*,/- ", max_size=20))
def test_and_with_the_schema(text: str) -> None:
    assert matches(text) == (problems("schedule-body", {"schedule": text}) == [])


def test_hostile_text_takes_linear_time() -> None:
    # The Hub's pattern would need more steps than there are atoms for each of these.
    assert not matches("1" * 200_000 + "x")
    assert not matches("1," * 100_000)
    assert not matches("1 2 3 4 5" + "6" * 200_000 + "-")
    with pytest.raises(ValueError, match="at most 1000 characters"):
        cron_from("1" * 200_000)


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("*/5 * * * *", "2026-11-25T10:35:00.000Z"),
        ("3/25 * * * *", "2026-11-25T10:53:00.000Z"),
        ("10-20 * * * *", "2026-11-25T11:10:00.000Z"),
        ("45,15,45 * * * *", "2026-11-25T10:45:00.000Z"),
        ("30 10 * * *", "2026-11-26T10:30:00.000Z"),
        ("@hourly", "2026-11-25T11:00:00.000Z"),
        ("@daily", "2026-11-26T00:00:00.000Z"),
        ("@weekly", "2026-11-29T00:00:00.000Z"),
        ("@monthly", "2026-12-01T00:00:00.000Z"),
        ("@yearly", "2027-01-01T00:00:00.000Z"),
        ("@annually", "2027-01-01T00:00:00.000Z"),
        ("0 9 * * 1-5", "2026-11-26T09:00:00.000Z"),
        ("0 9 * * 7", "2026-11-29T09:00:00.000Z"),  # Sunday, as 0
        ("0 0 13 * 5", "2026-11-27T00:00:00.000Z"),  # a 13th, or a Friday
        ("0 0 31 * *", "2026-12-31T00:00:00.000Z"),
        ("0 0 29 2 *", "2028-02-29T00:00:00.000Z"),
        ("*****", "2026-11-25T10:31:00.000Z"),
        ("0 12**1", "2026-11-30T12:00:00.000Z"),
        ("15 * * * * *", "2026-11-25T10:30:15.000Z"),
        ("0 30 9 * * * 2030", "2030-01-01T09:30:00.000Z"),
    ],
)
def test_the_next_tick(text: str, following: str) -> None:
    assert to_iso(cron_from(text).next_after(NOW) or 0) == following


def test_what_the_sixth_field_is_can_be_said() -> None:
    assert to_iso(cron_from("0 0 1 1 * 2030", "year").next_after(NOW) or 0) == "2030-01-01T00:00:00.000Z"
    with pytest.raises(ValueError, match="weekday: 2030 is beyond 0 to 7"):
        cron_from("0 0 1 1 * 2030")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("75 * * * *", "minute: 75 is beyond 0 to 59"),
        ("* 24 * * *", "hour: 24 is beyond 0 to 23"),
        ("* * 0 * *", "day: 0 is beyond 1 to 31"),
        ("* * * 1-13 *", "month: 13 in 1-13 is beyond 1 to 12"),
        ("* * * * 8", "weekday: 8 is beyond 0 to 7"),
        ("99999999999999999999 * * * *", "minute: 99999999999999999999 is beyond 0 to 59"),
        ("*/0 * * * *", r"minute: \*/0: a step is at least 1"),
        ("5-1 * * * *", "minute: 5-1: a range goes from the smaller number to the larger"),
        ("*-5 * * * *", r"minute: \*-5: a range goes from a number to a number"),
        ("12345", "put a space between them"),
        ("0 0 30 2 *", "no such day"),
        ("0 0 31 4,6,9,11 *", "no such day"),
        ("@midnight", "give an alias"),
    ],
)
def test_what_no_calendar_has_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        cron_from(text)


def test_after_the_last_year_there_is_nothing() -> None:
    past = cron_from("0 0 0 1 1 * 2020")
    assert past.next_after(NOW) is None
    assert to_iso(past.last_until(NOW) or 0) == "2020-01-01T00:00:00.000Z"
    assert cron_from("@yearly").next_after(from_iso("9999-06-01T00:00:00Z")) is None
    assert cron_from("@yearly").last_until(-1) is None


def naive(text: str, instant: int) -> bool:
    """Whether a schedule of five fields names a whole minute, said in the plainest way."""
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=instant)
    fields = ALIASES.get(text, text).split()
    ranges = (range(60), range(24), range(1, 32), range(1, 13), range(7))
    values = (at.minute, at.hour, at.day, at.month, at.isoweekday() % 7)
    minute, hour, day, month, weekday = (
        any(
            names(field, value + extra, allowed)
            for extra in ((0, 7) if allowed == range(7) and not value else (0,))
        )
        for field, value, allowed in zip(fields, values, ranges, strict=True)
    )
    open_day, open_weekday = (
        all(names(fields[index], each, ranges[index]) for each in ranges[index]) for index in (2, 4)
    )
    either = weekday if open_day else day if open_weekday else day or weekday
    return minute and hour and month and either


def names(field: str, value: int, allowed: range) -> bool:
    if field == "*":
        return value in allowed
    if "/" in field:
        first, step = field.split("/")
        start = allowed.start if first == "*" else int(first)
        return value in allowed and value >= start and (value - start) % int(step) == 0
    if "-" in field:
        low, high = field.split("-")
        return int(low) <= value <= int(high)
    return value in {int(each) for each in field.split(",")}


fives = cron_expressions().filter(lambda text: text in ALIASES or len(text.split()) == 5)
instants = st.integers(from_iso("2024-01-01T00:00:00Z"), from_iso("2032-01-01T00:00:00Z"))


def read(text: str) -> Cron:
    try:
        return cron_from(text)
    except ValueError as error:
        assume("no such day" not in str(error))
        raise


@given(fives, instants)
def test_ticks_are_those_of_a_naive_reader(text: str, instant: int) -> None:
    cron = read(text)
    minute = instant - instant % 60_000
    wanted = [minute + n * 60_000 for n in range(1, 1500) if naive(text, minute + n * 60_000)]
    until = minute + 1500 * 60_000 - 1
    assert list(cron.ticks(instant, until)) == wanted
    assert [
        tick for tick in wanted if cron.next_after(tick - 1) != tick or cron.last_until(tick) != tick
    ] == []
    if wanted:
        assert cron.next_after(instant) == wanted[0]
        assert cron.last_until(until) == wanted[-1]


@given(cron_expressions(), instants)
def test_both_directions_meet(text: str, instant: int) -> None:
    cron = read(text)
    following, last = cron.next_after(instant), cron.last_until(instant)
    if last is not None:
        assert last <= instant
        again = cron.next_after(last)
        assert again == following
    if following is not None:
        assert following > instant
        assert cron.last_until(following - 1) == last
        assert cron.last_until(following) == following
