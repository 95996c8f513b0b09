"""The report says "cut by timeout" of jobs that were, and of no others."""

from __future__ import annotations

import pytest

from fakejobs.handle import Options, activated


def submit(timeout: int) -> None:
    run_job = pytest.importorskip("huggingface_hub").run_job
    run_job(image="python:3.12", command=["python", "train.py"], timeout=timeout)


def test_a_job_that_was_scripted_to_run_too_long() -> None:
    with activated(Options()) as fake:
        fake.when().then(scheduling=0, running="2h")
        submit(timeout=3600)
        assert "cut by timeout: scripted to run 2h, allowed 1h" in fake.report()


def test_a_message_that_only_says_so_is_no_cut() -> None:
    with activated(Options()) as fake:
        fake.when().then(scheduling=0, running="30m", exit_code=1, message="Job timeout")
        submit(timeout=3600)
        assert "cut by timeout" not in fake.report()


def test_a_timeout_counted_from_creation_cuts_what_waited_long() -> None:
    with activated(Options(quirks={"timeout_counts_from": "creation"})) as fake:
        fake.when().then(scheduling="40m", running="30m")
        submit(timeout=3600)
        assert "cut by timeout" in fake.report()
