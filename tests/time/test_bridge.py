"""The stand-in for the module `time`."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.bridge import BridgedTime, whole_milliseconds
from fakejobs.clock import Anchor, Clock
from fakejobs.errors import ClockStuck
from fakejobs.handle import FakeJobs
from fakejobs.waits import Waits

NOW = 1_767_225_600_000


def bridged(at: int = NOW) -> tuple[Clock, BridgedTime]:
    clock = Clock(Anchor(at, 0, frozen=True), source=lambda: 0)
    return clock, BridgedTime(clock, Waits(clock))


def test_all_ways_to_ask_for_the_time_agree() -> None:
    _, bridge = bridged()
    assert (bridge.monotonic(), bridge.time()) == (0.0, NOW / 1000)
    bridge.sleep(1.5)
    assert bridge.monotonic() == bridge.perf_counter() == 1.5
    assert bridge.monotonic_ns() == bridge.perf_counter_ns() == 1_500_000_000
    assert bridge.time() == NOW / 1000 + 1.5
    assert bridge.time_ns() == (NOW + 1500) * 1_000_000


def test_everything_else_is_the_real_module() -> None:
    _, bridge = bridged()
    assert bridge.strftime is time.strftime
    assert bridge.struct_time is time.struct_time
    with pytest.raises(AttributeError):
        _ = bridge.nonsense


@pytest.mark.parametrize(
    ("seconds", "error"), [(-1.0, ValueError), (float("nan"), ValueError), (float("inf"), OverflowError)]
)
def test_impossible_sleeps_are_refused_as_by_the_real_one(seconds: float, error: type[Exception]) -> None:
    clock, bridge = bridged()
    with pytest.raises(error):
        bridge.sleep(seconds)
    assert clock.now() == NOW


def test_sleeps_below_a_millisecond_add_up() -> None:
    clock, bridge = bridged()
    for _ in range(10_000):
        bridge.sleep(0.0001)
    assert clock.now() == NOW + 1000


def test_a_loop_that_waits_without_sleeping_is_stuck() -> None:
    _, bridge = bridged()
    bridge.most_looks = 500

    def wait(until: float) -> None:
        while bridge.monotonic() < until:
            pass

    with pytest.raises(ClockStuck, match=r"'MainThread' has asked 500 times what time it is"):
        wait(1)
    bridge.sleep(1)
    wait(1)


def test_a_sleep_of_nothing_moves_nothing() -> None:
    clock, bridge = bridged()
    bridge.sleep(0)
    assert clock.now() == NOW


@given(st.floats(0, 1e6, allow_subnormal=False))
def test_a_sleep_is_never_longer_than_asked_for_and_less_than_a_millisecond_shorter(seconds: float) -> None:
    clock, bridge = bridged()
    bridge.sleep(seconds)
    assert -0.001 < (clock.now() - NOW) / 1000 - seconds <= 1.1e-6


@given(
    st.integers(0, 10**7),
    st.floats(0.5, 50, allow_subnormal=False),
    st.floats(0.05, 200, allow_subnormal=False),
    st.sampled_from(["monotonic", "time", "perf_counter"]),
)
def test_a_deadline_is_reached_at_its_instant(start: int, interval: float, timeout: float, ask: str) -> None:
    clock, bridge = bridged(NOW + start)
    now = getattr(bridge, ask)
    deadline = now() + timeout
    rounds = 0
    while (left := deadline - now()) > 0:
        bridge.sleep(min(interval, left))
        rounds += 1
    assert rounds <= timeout / interval + 3
    assert abs(clock.now() - NOW - start - timeout * 1000) < 1


@given(st.floats(0, 1e9, allow_subnormal=False))
def test_whole_milliseconds_lose_nothing(seconds: float) -> None:
    length, rest = whole_milliseconds(seconds)
    assert length >= 0
    assert 0 <= rest < 0.001
    assert length / 1000 + rest == pytest.approx(seconds, abs=1.1e-6)


def test_the_clients_own_time_is_virtual_and_put_back(fake: FakeJobs) -> None:
    from huggingface_hub import hf_api

    assert vars(hf_api)["time"] is fake.clock.bridge
    fake.close()


def test_the_clients_time_is_the_real_one_without_a_fake() -> None:
    from huggingface_hub import hf_api

    assert vars(hf_api)["time"] is time
