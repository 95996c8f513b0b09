"""The fake against the model: CI runs a fortieth of the nightly size (2,000 runs of 50 steps)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fakejobs.hub import jobs
from fakejobs.machine import JobsMachine
from tests.nightly.machine import run

RUNS, STEPS = 50, 50


def test_the_fake_does_what_the_model_says() -> None:
    run(RUNS, STEPS)


@pytest.mark.parametrize("broken", ["count", "order", "labels"])
def test_what_is_broken_is_found(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if broken == "count":
        count = jobs.count
        monkeypatch.setattr(jobs, "count", lambda *args: count(*args) + 1)
    elif broken == "order":
        newest = jobs.newest
        monkeypatch.setattr(
            jobs, "newest", lambda *args, **words: jobs.Page(newest(*args, **words).jobs[::-1], None)
        )
    else:
        relabel = jobs.relabel

        def merge(state, caller, namespace, job_id, labels):  # type: ignore[no-untyped-def]  # stands in for `relabel`
            before = jobs.read(state, caller, namespace, job_id).job.labels
            return relabel(state, caller, namespace, job_id, {**before, **labels})

        monkeypatch.setattr(jobs, "relabel", merge)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            JobsMachine,
            settings=settings(
                max_examples=200,
                stateful_step_count=20,
                deadline=None,
                database=None,
                phases=(Phase.generate,),  # shrinking takes a minute, and is not what is shown here
                suppress_health_check=list(HealthCheck),
            ),
        )
