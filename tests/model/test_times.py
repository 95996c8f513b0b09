"""Times are written and read as the Hub does it, without ever rounding."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model import times

MOMENT = 1_778_597_863_045  # 2026-05-12 14:57:43.045 UTC
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SINCE_1970 = st.integers(0, times.LAST_INSTANT)
ALL = st.integers(times.FIRST_INSTANT, times.LAST_INSTANT)


def test_every_spelling_of_one_instant() -> None:
    assert times.to_iso(MOMENT) == "2026-05-12T14:57:43.045Z"
    assert times.to_iso_seconds(MOMENT) == "2026-05-12T14:57:43Z"
    assert times.to_words(MOMENT) == "2026-05-12 14:57:43"
    assert times.to_http_date(MOMENT) == "Tue, 12 May 2026 14:57:43 GMT"
    assert times.to_datetime(MOMENT) == datetime(2026, 5, 12, 14, 57, 43, 45_000, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (times.LAST_INSTANT, "9999-12-31T23:59:59.999Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (times.FIRST_INSTANT, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_the_edges_of_the_calendar(ms: int, text: str) -> None:
    assert times.to_iso(ms) == text
    assert times.from_iso(text) == ms


@given(SINCE_1970)
def test_text_is_exact_both_ways(ms: int) -> None:
    text = times.to_iso(ms)
    assert times.from_iso(text) == ms
    assert times.from_iso(times.to_iso_seconds(ms)) == ms // 1000 * 1000
    assert times.to_words(ms) == text[:19].replace("T", " ")


@given(ALL)
def test_datetimes_are_exact_both_ways_and_agree_with_the_standard_library(ms: int) -> None:
    moment = times.to_datetime(ms)
    assert times.from_datetime(moment) == ms
    assert times.parse_datetime(times.to_iso(ms)) == moment
    # The standard library writes no weekday name without a locale but a number: Monday is 0.
    assert times.to_http_date(ms)[:3] == ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    assert times.to_iso(ms) == moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@pytest.mark.parametrize(
    ("text", "millis"),
    [("Z", 0), (".5Z", 500), (".83Z", 830), (".8359Z", 835), (".835999999999999Z", 835)],
)
def test_fractions_have_any_number_of_digits_and_are_cut_to_milliseconds(text: str, millis: int) -> None:
    assert times.from_iso("2025-12-10T15:42:26" + text) == 1_765_381_346_000 + millis


def test_a_parsed_datetime_keeps_microseconds_like_the_client() -> None:
    assert times.parse_datetime("2025-12-10T15:42:26.1234567Z").microsecond == 123_456


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2025-12-10",
        "2025-12-10T15:42:26",
        "2025-12-10T15:42:26+00:00",
        "2025-12-10T15:42:26.835+00:00",
        "2025-12-10 15:42:26Z",
        "2025-12-10T15:42:26z",
        "2025-12-10T15:42:26.Z",
        "2025-12-10T15:42Z",
        "2025-1-1T1:2:3Z",
        " 2025-12-10T15:42:26Z",
        "2025-12-10T15:42:26Z\n",
        "٢٠٢٥-12-10T15:42:26Z",
    ],
)
def test_anything_else_is_refused_and_told_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="not a timestamp of the API: write YYYY-MM-DDTHH:MM:SS"):
        times.from_iso(text)


@pytest.mark.parametrize(
    "text", ["2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-01-01T24:00:00Z", "0000-01-01T00:00:00Z"]
)
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        times.from_iso(text)


def test_what_is_no_text_is_refused_as_well() -> None:
    with pytest.raises(ValueError, match="a NoneType is not a timestamp"):
        times.from_iso(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("ms", [2**62, -(2**62), times.LAST_INSTANT + 1, times.FIRST_INSTANT - 1])
def test_an_instant_that_cannot_be_written_is_an_error(ms: int) -> None:
    for spell in (times.to_iso, times.to_iso_seconds, times.to_words, times.to_http_date, times.to_datetime):
        with pytest.raises(ValueError, match="from year 1 to year 9999"):
            spell(ms)


def test_a_naive_datetime_is_an_error() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        times.from_datetime(datetime(2026, 5, 12))


def test_a_datetime_in_another_zone_is_the_same_instant() -> None:
    there = times.to_datetime(MOMENT).astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert times.from_datetime(there) == MOMENT


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_microseconds_are_cut_off_not_rounded(moment: datetime) -> None:
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert times.to_datetime(times.from_datetime(moment)) == cut


def test_a_frozen_process_reads_and_writes_the_same() -> None:
    with freeze_time("2001-01-01"):
        assert times.to_iso(MOMENT) == "2026-05-12T14:57:43.045Z"
        assert type(times.parse_datetime("2025-12-10T15:42:26Z")) is type(EPOCH)
        assert times.from_datetime(datetime.now(timezone.utc)) == 978_307_200_000
