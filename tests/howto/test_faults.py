"""How-to: What if the connection breaks?

Code that launches jobs meets an error of the Hub in one submission of many, a log stream that ends in the middle, an answer that never comes. Here
each of these is one line: ``fakejobs.fault(<what goes wrong>, <on which requests>, <how often>)``.

- What goes wrong: ``status=503``, ``latency="30s"``, ``reset=True``, ``cut_after=3``, ...
- On which requests: ``method``, ``path``, ``namespace``, ``job``.
- How often: ``times``, ``after``, ``probability``, ``lasts``.

All words are in fakejobs/docs/faults.md. What the *job* does wrong is said by rules (test_make_it_go_wrong.py).
"""

from __future__ import annotations

from time import sleep

import pytest
from huggingface_hub import JobInfo, cancel_job, fetch_job_logs, inspect_job, list_jobs, run_job, wait_for_job
from huggingface_hub.errors import HfHubHTTPError
from hypothesis import given, settings

import fakejobs as fake_hub
from fakejobs import FakeJobs
from fakejobs.strategies import fault_plans

LABEL = "launch"


def launch(attempts: int = 3, **labels: str) -> JobInfo:
    """Code under test, as many write it: whatever goes wrong, try again."""
    try:
        return run_job(image="python:3.12", command=["python", "train.py"], labels=labels)
    except Exception:
        if attempts == 1:
            raise
        return launch(attempts - 1, **labels)


def launch_once(key: str) -> JobInfo:
    """Better: before it tries again, it looks whether the job is there already."""
    try:
        known = [job for job in list_jobs() if (job.labels or {}).get(LABEL) == key]
        return known[0] if known else launch(attempts=1, **{LABEL: key})
    except Exception:  # noqa: BLE001 - it might be anything
        sleep(10)
        return launch_once(key)


# The Hub has a bad day: an error now and then, and the next attempt works.


def test_a_busy_hub(fakejobs: FakeJobs) -> None:
    fault = fakejobs.fault(status=503, method="POST", path="/api/jobs/*", times=2)
    assert launch().status.stage == "SCHEDULING"
    assert (fault.fired, len(fakejobs.submitted())) == (2, 1)


def test_a_proxy_answers_in_html(fakejobs: FakeJobs) -> None:
    fakejobs.fault(status=502, body="html")
    with pytest.raises(HfHubHTTPError, match="502"):
        launch()


def test_a_rate_limit_that_the_client_waits_for(fakejobs: FakeJobs) -> None:
    fakejobs.fault(status=429, retry_after="55s", path="/api/jobs/*", times=1)
    assert list(list_jobs()) == []
    assert fakejobs.clock.now().isoformat() == "2026-01-01T00:00:56+00:00"  # one second more, to be sure


# The expensive one: the job was made, and the answer got lost. Who tries again pays twice.


def test_the_answer_is_lost_and_the_job_is_not(fakejobs: FakeJobs) -> None:
    fakejobs.fault(status=500, when="after", method="POST", path="/api/jobs/*", times=1)
    launch()
    assert len(fakejobs.submitted()) == 2


def test_who_looks_first_pays_once(fakejobs: FakeJobs) -> None:
    fakejobs.fault(reset=True, when="after", method="POST", path="/api/jobs/*", times=1)
    fakejobs.clock.patch(__name__)  # its sleeps
    launch_once("nightly-2026-01-01")
    assert len(fakejobs.submitted()) == 1


def test_a_cancellation_that_nobody_has_heard_of(fakejobs: FakeJobs) -> None:
    job = launch()
    fakejobs.fault(hang_up=True, when="after", path="/api/jobs/*/*/cancel", times=1)
    with pytest.raises(Exception, match="Server disconnected"):
        cancel_job(job_id=job.id)
    assert inspect_job(job_id=job.id).status.stage == "CANCELED"


# It takes long, or nobody listens. Both are virtual time here.


def test_a_slow_hub(fakejobs: FakeJobs) -> None:
    fakejobs.fault(latency={"median": "2s", "sigma": 1.0})
    for _ in range(10):
        list(list_jobs(namespace="fake-user"))
    assert 10 < fakejobs.clock.now().timestamp() - 1767225600 < 200


def test_the_hub_is_down_for_a_while(fakejobs: FakeJobs) -> None:
    fakejobs.fault(down="10s")
    with pytest.raises(Exception, match="Connection refused"):
        launch()
    fakejobs.clock.advance("10s")
    launch()


def test_one_job_only(fakejobs: FakeJobs) -> None:
    one, other = launch(), launch()
    fakejobs.fault(status=404, job=one)
    with pytest.raises(HfHubHTTPError):
        inspect_job(job_id=one.id)
    assert inspect_job(job_id=other.id).status.stage == "SCHEDULING"


# Streams. The client deals with most of it by itself; your own parser may not.


def test_a_log_that_breaks_off_is_read_on(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="20m", logs=["one", "two", "three"])
    fault = fakejobs.fault(cut_after=2, times=1)
    assert list(fetch_job_logs(job_id=launch().id, follow=True)) == ["one", "two", "three"]
    assert fault.fired == 1


def test_what_was_not_read_when_the_job_ended_is_lost(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="20m", logs=["one", "two", "three"])
    job = wait_for_job(launch().id, poll_interval=60)
    fakejobs.fault(cut_after=2, times=1)
    assert list(fetch_job_logs(job_id=job.id, follow=True)) == ["one"]


def test_a_line_that_is_no_event(fakejobs: FakeJobs) -> None:
    job = launch()
    fakejobs.fault(garbage_after=1)
    with pytest.raises(ValueError, match="Unterminated string"):
        list(fetch_job_logs(job_id=job.id, follow=True))


def test_the_log_is_over_and_the_job_is_not_yet(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling=0, running="20m", logs=["done"], status_lag="10s")
    job = launch(attempts=1)
    fakejobs.clock.advance("20m")
    assert list(fetch_job_logs(job_id=job.id)) == ["done"]
    assert inspect_job(job_id=job.id).status.stage == "RUNNING"
    assert wait_for_job(job.id).status.stage == "COMPLETED"


# Anything at all: a property test with any mix of faults. Each fires three times at most, so who tries again gets through.


@settings(max_examples=20)
@given(plan=fault_plans())
def test_whatever_happens_there_is_one_job(plan: list[dict[str, object]]) -> None:
    with fake_hub.activate() as fake:
        for words in plan:
            fake.fault(**words)
        fake.clock.patch(__name__)
        launch_once("nightly")
        assert len(fake.submitted()) == 1
