"""The ticks of the machine's model, which looks at every minute, against those of the fake."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fakejobs.machine.ticks import next_tick, ticks
from fakejobs.model.cron import cron_from
from fakejobs.strategies import cron_expressions

JANUARY = 1_767_225_600_000
DAY = 86_400_000


@given(cron_expressions(), st.integers(JANUARY, JANUARY + 400 * DAY))
@settings(max_examples=150, deadline=None)
def test_they_are_the_same(schedule: str, since: int) -> None:
    assume(schedule.startswith("@") or len(schedule.split()) == 5)
    try:
        cron = cron_from(schedule)
    except ValueError:  # such as 30 February
        assume(False)
    assert ticks(schedule, since, since + 10 * DAY) == list(cron.ticks(since, since + 10 * DAY))
    assert next_tick(schedule, since) == cron.next_after(since)
