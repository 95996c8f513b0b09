"""A status that lags behind the end of the log: ``then(status_lag="5s")``."""

from __future__ import annotations

import pytest

from fakejobs.hub import FakeHub
from tests.conftest import START
from tests.support.play import ME, body, drain, stage, submit


def ends(hub: FakeHub, job: str) -> tuple[list[str], float]:
    """The lines of the log, and after how many seconds its stream ended."""
    entries = drain(hub, hub.logs(hub.caller("hf_any"), ME, job))
    return [entry.text for _, batch in entries for entry in batch][1:], (hub.clock.now() - START) / 1000


def test_the_log_ends_with_the_program_and_the_job_later(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=60, logs=[[60, "done"]], status_lag="5s")
    job = submit(hub)
    assert ends(hub, job) == (["done"], 60)
    assert stage(hub, job) == "RUNNING"
    assert ends(hub, job) == (["done"], 60)  # also who comes now is not kept waiting
    hub.clock.advance(4_999)
    assert stage(hub, job) == "RUNNING"
    hub.clock.advance(1)
    seen = body(hub, job)
    assert seen["finishedAt"] == "2026-05-28T20:27:45.000Z"
    assert seen["durations"] == {"schedulingSecs": 0, "runningSecs": 65, "totalSecs": 65}


def test_of_an_attempt_that_is_followed_by_another_the_log_goes_on(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=10, exit_code=1, logs=[[10, "failed"]], status_lag="5s")
    lines, over = ends(hub, submit(hub, attempts=2))
    assert lines == ["failed", "===== Job started at 2026-05-28 20:26:55 =====", "failed"]
    assert over == 25


def test_a_lag_that_is_a_range_is_drawn_for_each_job(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=10, status_lag={"between": ["1s", "9s"]})
    jobs = [submit(hub) for _ in range(8)]
    hub.clock.advance(60_000)
    seconds = {body(hub, job)["durations"]["runningSecs"] for job in jobs}  # type: ignore[index]  # it is an object
    assert len(seconds) > 1
    assert seconds <= set(range(11, 20))


def test_who_cancels_in_between_ends_it_then(hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=60, status_lag="1m")
    job = submit(hub)
    hub.clock.advance(70_000)
    hub.cancel(hub.caller("hf_any"), ME, job)
    assert stage(hub, job) == "CANCELED"


def test_a_program_that_was_done_in_time_did_not_run_into_its_timeout(hub: FakeHub) -> None:
    hub.when(name="in-time").then(scheduling=0, running=60, status_lag="1m")
    hub.when(name="late").then(scheduling=0, running=61, status_lag="1m")
    in_time, late = (submit(hub, labels={"name": name}, timeoutSeconds=60) for name in ("in-time", "late"))
    hub.clock.advance(60_000)
    assert (stage(hub, in_time), stage(hub, late)) == ("RUNNING", "ERROR")
    hub.clock.advance(60_000)
    assert stage(hub, in_time) == "COMPLETED"
    assert not hub.cut_by_timeout(in_time)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"status_lag": "soon"}, "then.status_lag: 'soon' is no length of time"),
        (
            {"status_lag": "5s", "image_pull_error": True},
            "then.image_pull_error: such a job never runs, so it has no `status_lag`",
        ),
    ],
)
def test_what_cannot_be_is_said(hub: FakeHub, words: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        hub.when().then(**words)
