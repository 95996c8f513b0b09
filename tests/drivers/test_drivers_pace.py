"""How long drivers wait, and how steps are put together for the wire."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import freezegun
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.clock import Anchor, Clock, WaitUntil
from fakejobs.drivers.pace import SHORTEST_WAIT, in_batches, monotonic, seconds_to_wait
from fakejobs.model.plan import NEVER


def clock(speed: float = 1.0, frozen: bool = False) -> Clock:
    return Clock(Anchor(at=0, source=0, speed=speed, frozen=frozen), source=lambda: 0)


@pytest.mark.parametrize(
    ("speed", "frozen", "instant", "expected"),
    [
        (1.0, False, 2_000, 2.001),  # two seconds, and the millisecond that timers may be early
        (60.0, False, 60_000, 1.001),
        (1.0, False, 3_600_000, 30.0),  # the keep-alive comes first
        (1.0, False, NEVER, 30.0),
        (1.0, True, 2_000, 30.0),  # a frozen clock gets nowhere by itself
        (3600.0, False, 1_000, SHORTEST_WAIT),  # not a wake-up every 0.28 ms
        (1.0, False, 0, SHORTEST_WAIT),
    ],
)
def test_a_wait_ends_at_the_instant_or_at_the_keep_alive(
    speed: float, frozen: bool, instant: int, expected: float
) -> None:
    assert seconds_to_wait(clock(speed, frozen), instant, 30.0) == pytest.approx(expected)


def test_a_keep_alive_that_is_late_is_not_waited_for() -> None:
    assert seconds_to_wait(clock(), 2_000, -1.0) == 0


def test_while_a_test_travels_in_time_waits_are_short_because_no_bell_rings() -> None:
    with freezegun.freeze_time("2026-11-22"):
        assert seconds_to_wait(Clock(), NEVER, 30.0) <= 0.1
    with time_machine.travel(datetime(2026, 11, 22, tzinfo=timezone.utc)):
        assert seconds_to_wait(Clock(), NEVER, 30.0) <= 0.1


def test_a_connections_own_time_goes_on_while_freezegun_stops_all_clocks() -> None:
    before = monotonic()
    with freezegun.freeze_time("2026-11-22") as frozen:
        frozen.tick(timedelta(days=1))
        assert 0 <= monotonic() - before < 60
    assert monotonic() <= time.monotonic()


steps = st.lists(
    st.one_of(st.binary(min_size=1, max_size=4_000), st.builds(WaitUntil, st.integers(0, 5))), max_size=300
)


def joined(those: list[bytes | WaitUntil]) -> list[bytes | WaitUntil]:
    result: list[bytes | WaitUntil] = []
    for step in those:
        if result and isinstance(step, bytes) and isinstance(result[-1], bytes):
            result[-1] += step
        else:
            result.append(step)
    return result


@given(steps)
def test_batches_say_the_same_with_every_wait_in_its_place(those: list[bytes | WaitUntil]) -> None:
    assert joined(list(in_batches(those))) == joined(those)


@given(steps)
def test_an_error_comes_after_the_bytes_before_it(those: list[bytes | WaitUntil]) -> None:
    def failing() -> object:
        yield from those
        raise LookupError

    got: list[bytes | WaitUntil] = []
    with pytest.raises(LookupError):
        got.extend(in_batches(failing()))  # type: ignore[arg-type]
    assert joined(got) == joined(those)
