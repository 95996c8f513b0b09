"""A user's own frozen time: freezegun and time-machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from time import sleep as real_sleep
from typing import Any, Protocol

import pytest
from freezegun import freeze_time

from fakejobs.handle import FakeJobs, Options, activated
from tests.time.support import In, submit

time_machine = pytest.importorskip("time_machine")

NEW_YEAR = datetime(2026, 1, 1, tzinfo=timezone.utc)
JUNE = datetime(2026, 6, 1, tzinfo=timezone.utc)
LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


class Frozen(Protocol):
    """What both freezers can do."""

    def move_to(self, target: datetime) -> Any: ...


@contextmanager
def with_freezegun(at: datetime, *, tick: bool = False) -> Iterator[Frozen]:
    with freeze_time(at, tick=tick) as frozen:
        yield frozen


@contextmanager
def with_time_machine(at: datetime, *, tick: bool = False) -> Iterator[Frozen]:
    with time_machine.travel(at, tick=tick) as traveller:
        yield traveller


both = pytest.mark.parametrize("frozen_at", [with_freezegun, with_time_machine])
Freezing = Callable[..., Any]


@both
def test_a_fake_that_is_opened_in_frozen_time_begins_there(frozen_at: Freezing) -> None:
    with frozen_at(JUNE), activated(Options()) as fake:
        assert fake.clock.now() == JUNE
        assert fake.clock.time() == JUNE.timestamp()
        assert submit(fake, scheduling=0).created_at == JUNE


@both
def test_a_fake_follows_a_freeze_that_begins_later(frozen_at: Freezing, fake: FakeJobs) -> None:
    job = submit(fake, scheduling="1h", running="1h")
    with frozen_at(JUNE) as frozen:
        assert fake.api.inspect_job(job_id=job.id).status.stage == "COMPLETED"
        assert fake.clock.now() == JUNE
        frozen.move_to(JUNE + HOUR)
        assert fake.clock.now() == JUNE + HOUR
    assert fake.clock.now() == JUNE + HOUR


@both
def test_advance_moves_on_from_there(frozen_at: Freezing, fake: FakeJobs) -> None:
    with frozen_at(JUNE) as frozen:
        fake.clock.advance("1h")
        assert fake.clock.now() == JUNE + HOUR
        frozen.move_to(JUNE + timedelta(minutes=5))
        assert fake.clock.now() == JUNE + HOUR + timedelta(minutes=5)


@both
def test_time_goes_back_only_while_there_is_no_job(frozen_at: Freezing, fake: FakeJobs) -> None:
    with frozen_at(LONG_AGO):
        assert fake.clock.now() == LONG_AGO
        before = fake.clock.monotonic()
        fake.clock.sleep(5)
        assert fake.clock.monotonic() == before + 5 == 5
        submit(fake, scheduling=0)
    with frozen_at(LONG_AGO - HOUR) as frozen:
        assert fake.clock.now() == LONG_AGO + timedelta(seconds=5)
        frozen.move_to(LONG_AGO)  # an hour later
        assert fake.clock.now() == LONG_AGO + HOUR + timedelta(seconds=5)
        frozen.move_to(LONG_AGO - 5 * HOUR)
        assert fake.clock.now() == LONG_AGO + HOUR + timedelta(seconds=5)


@both
def test_every_thread_sees_the_frozen_time(
    frozen_at: Freezing, fake: FakeJobs, in_thread: Callable[..., In]
) -> None:
    with frozen_at(JUNE):
        assert in_thread(fake.clock.now).done() == JUNE
        job = in_thread(lambda: submit(fake, scheduling=0)).done()
        assert job.created_at == JUNE  # type: ignore[attr-defined]


@both
def test_a_ticking_freeze_ticks(frozen_at: Freezing, fake: FakeJobs) -> None:
    with frozen_at(JUNE, tick=True):
        first = fake.clock.now()
        real_sleep(0.005)
        second = fake.clock.now()
        assert JUNE <= first < second < JUNE + HOUR
        fake.clock.advance("2h")
        assert second + 2 * HOUR <= fake.clock.now() < second + 3 * HOUR


@both
def test_the_clients_own_waiting_is_virtual_in_frozen_time(frozen_at: Freezing, fake: FakeJobs) -> None:
    with frozen_at(JUNE):
        job = submit(fake, scheduling=0, running="1h")
        assert fake.api.wait_for_job(job.id, poll_interval=10).status.stage == "COMPLETED"
        assert fake.clock.now() == JUNE + HOUR
        with pytest.raises(TimeoutError):
            fake.api.wait_for_job(submit(fake, scheduling="1h").id, timeout=100)
        assert fake.clock.now() == JUNE + HOUR + timedelta(seconds=100)


@both
def test_what_is_due_when_a_freeze_moves_is_done_at_its_instant(frozen_at: Freezing, fake: FakeJobs) -> None:
    seen: list[datetime] = []
    with frozen_at(JUNE) as frozen:
        fake.clock.call_at("10m", lambda: seen.append(fake.clock.now()))
        frozen.move_to(JUNE + HOUR)
        assert fake.clock.now() == JUNE + HOUR
    assert seen == [JUNE + timedelta(minutes=10)]


def test_a_package_that_is_patched_while_frozen(fake: FakeJobs) -> None:
    import tests.time.samples.names as names

    before = dict(vars(names))
    with freeze_time(JUNE):
        fake.clock.patch("tests.time.samples")
        names.rest(60)
        assert names.times()[2] == JUNE.timestamp() + 60
        fake.close()
    assert {name: vars(names)[name] for name in ("sleep", "monotonic", "time")} == {
        name: before[name] for name in ("sleep", "monotonic", "time")
    }


def test_without_a_freezer_time_stands_still(fake: FakeJobs) -> None:
    real_sleep(0.003)
    assert fake.clock.now() == NEW_YEAR
