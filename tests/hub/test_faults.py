"""Faults of a hub: which of them a request meets, what is counted, and what a restart keeps."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.faults import meet, meet_stream
from fakejobs.model.faults import Asked, asked
from fakejobs.scenario import open_hub, scenario_from
from tests.conftest import START, frozen_hub

JOB = "6955b900465605444a000001"
SUBMIT = asked("POST", "/api/jobs/fake-user")
LIST = asked("GET", "/api/jobs/fake-user")
LOGS = asked("GET", f"/api/jobs/fake-user/{JOB}/logs")


def met(hub: FakeHub, request: Asked = SUBMIT) -> list[int]:
    """The faults that a request meets, by number."""
    return [each.fault.id for each in meet(hub.state, request)]


def test_every_fault_counts_what_it_is_for_and_how_often_it_fired(hub: FakeHub) -> None:
    fault = hub.fault(status=503, method="POST", times=2)
    assert [met(hub), met(hub, LIST), met(hub), met(hub)] == [[1], [], [1], []]
    assert (fault.matched, fault.fired) == (3, 2)


def test_of_those_that_change_the_answer_the_newest_fires(hub: FakeHub) -> None:
    old, new = hub.fault(status=500), hub.fault(reset=True, times=1)
    assert [met(hub), met(hub)] == [[new.id], [old.id]]
    # The older one has counted both, and could fire on one of them only.
    assert (old.matched, old.fired, new.matched, new.fired) == (2, 1, 2, 1)


def test_delays_add_up_beside_that(hub: FakeHub) -> None:
    hub.fault(latency="1s")
    hub.fault(latency="2s", path="/api/jobs/*")
    hub.fault(status=500, latency="3s")
    assert [each.delay for each in meet(hub.state, SUBMIT)] == [3_000, 2_000, 1_000]


def test_on_a_stream_all_fire_oldest_first(hub: FakeHub) -> None:
    first, second = hub.fault(duplicate=1), hub.fault(cut_after=3)
    assert met(hub, LOGS) == []
    assert [each.fault.id for each in meet_stream(hub.state, LOGS)] == [first.id, second.id]


def test_numbers_never_come_twice_and_sources_go_together(hub: FakeHub) -> None:
    hub.fault(status=500)
    hub.add_fault({"cut_after": 3}, source="stream_drop")
    hub.add_fault({"status": 502}, source="stream_drop")
    assert hub.delete_faults(source="stream_drop") == 2
    assert [fault.id for fault in hub.faults()] == [1]
    assert hub.fault(reset=True).id == 4
    assert hub.delete_faults(1) == 1
    assert hub.delete_faults() == 1
    assert hub.faults() == []


def test_one_that_is_deleted_does_nothing_more(hub: FakeHub) -> None:
    fault = hub.fault(status=500)
    met(hub)
    fault.delete()
    assert met(hub) == []
    assert (fault.matched, fault.fired) == (0, 0)


class Watched:
    """A lock that tells when somebody comes to it."""

    def __init__(self) -> None:
        self.lock, self.asked = threading.RLock(), threading.Event()

    def acquire(self) -> bool:
        self.asked.set()
        return self.lock.acquire()

    def release(self) -> None:
        self.lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()


def test_one_that_is_deleted_meanwhile_does_not_fire_again(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = hub.fault(status=500, times=1)
    met(hub)
    lock = Watched()
    monkeypatch.setattr(hub.state, "lock", lock)
    with ThreadPoolExecutor(1) as pool:
        with lock:
            lock.asked.clear()
            meeting = pool.submit(met, hub)
            assert lock.asked.wait(10)
            fault.delete()
        assert meeting.result(10) == []


def test_reset_forgets_them(hub: FakeHub) -> None:
    hub.fault(status=500)
    hub.fault(down="1h")
    hub.reset()
    assert hub.faults() == []
    assert not hub.outage.on


def test_what_is_wrong_is_said_and_nothing_is_added(hub: FakeHub) -> None:
    before = hub.snapshot()
    with pytest.raises(ValueError, match="probability: 2 is none"):
        hub.fault(status=500, probability=2)
    assert hub.snapshot() == before


def test_the_same_seed_fires_on_the_same_requests() -> None:
    def fires(seed: int) -> list[bool]:
        hub = frozen_hub(seed=seed)
        hub.fault(status=500, probability=0.5)
        return [bool(met(hub)) for _ in range(100)]

    assert fires(1) == fires(1)
    assert fires(1) != fires(2)


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")

    def opened() -> FakeHub:
        return FakeHub(path, anchor=Anchor(START, START, frozen=True))

    hub = opened()
    hub.fault(status=500, probability=0.5)
    hub.add_fault({"reset": True, "times": 2, "lasts": "1m"}, source="scenario")
    straight = frozen_hub()
    straight.fault(status=500, probability=0.5)
    straight.add_fault({"reset": True, "times": 2, "lasts": "1m"}, source="scenario")
    found = []
    for _ in range(12):
        hub.close()
        hub = opened()
        found.append(met(hub))
    assert found == [met(straight) for _ in range(12)]
    assert [(each.name, each.matched, each.fired) for each in hub.faults()] == [
        (each.name, each.matched, each.fired) for each in straight.faults()
    ]
    assert [each.source for each in hub.faults()] == ["user", "scenario"]
    hub.close()


def test_a_listener_stays_closed_over_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    hub = FakeHub(path, anchor=Anchor(START, START, frozen=True))
    hub.fault(down="1m")
    hub.clock.advance(59_999)
    hub.close()
    hub = FakeHub(path)
    assert hub.outage.on
    hub.clock.advance(1)
    assert not hub.outage.on
    hub.close()


def test_the_listener_is_closed_by_the_request_before(hub: FakeHub) -> None:
    fault = hub.fault(down="10s", after=2, times=2)
    closed = []
    for _ in range(5):
        met(hub)
        closed.append(hub.outage.on)
        hub.clock.advance(10_000)
    assert closed == [False, True, True, False, False]
    assert (fault.matched, fault.fired) == (5, 2)


def test_to_delete_the_fault_opens_the_listener(hub: FakeHub) -> None:
    told: list[bool] = []
    leave = hub.outage.subscribe(lambda: told.append(hub.outage.on))
    fault = hub.fault(down="1h")
    other = hub.fault(down="2h")
    fault.delete()
    other.delete()
    leave()
    hub.fault(down="1h")
    assert told == [True, True, False]  # to take the first away changes nothing: the other lasts longer


def test_a_scenario_keeps_its_faults_as_long_as_it_has_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    words = {"status": 503, "path": "/api/jobs/*", "times": 3}
    scenario = scenario_from({"frozen": True, "faults": [words]})
    hub = open_hub(path, scenario=scenario)
    met(hub)
    hub.fault(cut_after=1)
    hub.close()

    hub = open_hub(path, scenario=scenario)
    assert [(each.id, each.fired) for each in hub.faults()] == [(1, 1), (2, 0)]
    hub.close()

    hub = open_hub(path, scenario=scenario_from({"faults": [{"reset": True}]}))
    assert [(each.words, each.source) for each in hub.faults()] == [
        ({"cut_after": 1}, "user"),
        ({"reset": True}, "scenario"),
    ]
    hub.close()


def test_a_scenario_says_which_fault_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"^faults\[1\]\.cut_aftr: unknown word; did you mean 'cut_after'"):
        scenario_from({"faults": [{"status": 500}, {"cut_aftr": 1}]})
    with pytest.raises(ValueError, match=r"^faults: give \[\[faults\]\] tables"):
        scenario_from({"faults": {"status": 500}})
