"""My jobs are started by webhooks.

`create_webhook(job_id=...)` starts a copy of a job whenever something happens to a repository. Under the fake nothing happens to
repositories by itself: the test says what does, with `fakejobs.fire_event`, and the jobs are there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import pytest
from huggingface_hub import create_webhook, disable_webhook, fetch_job_logs, list_jobs, run_job, wait_for_job
from huggingface_hub.errors import BadRequestError

from fakejobs import FakeJobs

pytestmark = pytest.mark.fakejobs(user="ada")


def watch(bucket: str) -> str:
    """Code under test: convert every file that comes into a bucket. Returns the id of the webhook."""
    job = run_job(
        image="python:3.12",
        command=["python", "convert.py"],
        env={"OUTPUT": "ada/parquet"},
        secrets={"UNUSED": "hf_unused_token"},
    )
    return create_webhook(
        job_id=job.id,
        watched=[{"type": "bucket", "name": bucket}],
        domains=["repo"],
        secrets={"HF_TOKEN": os.environ["HF_TOKEN"]},
    ).id


def new_files(environment: Mapping[str, str]) -> list[str]:
    """Code under test, within the job: the files that it has to convert."""
    event = json.loads(environment.get("WEBHOOK_PAYLOAD", "{}"))
    return [each["path"] for each in event.get("updatedFiles", []) if each["action"] == "add"]


FILES = [
    {"path": "data.csv", "action": "add", "xetHash": "433b53b8", "size": 10983},
    {"path": "old.csv", "action": "delete"},
]


def test_a_new_file_starts_the_job(fakejobs: FakeJobs) -> None:
    webhook = watch("ada/raw")
    (job,) = fakejobs.fire_event(repo="ada/raw", type="bucket", updated_files=FILES)
    assert job.command == ["python", "convert.py"]
    assert job.initiator is not None
    assert (job.initiator.type, job.initiator.id) == ("webhook", webhook)
    assert new_files(job.environment or {}) == ["data.csv"]


def test_it_runs_like_any_job(fakejobs: FakeJobs) -> None:
    fakejobs.when(environment={"WEBHOOK_REPO_ID": "ada/raw"}).then(running="5m", logs=["converted data.csv"])
    watch("ada/raw")
    (job,) = fakejobs.fire_event(repo="ada/raw", type="bucket", updated_files=FILES)
    assert wait_for_job(job.id).status.stage == "COMPLETED"
    assert list(fetch_job_logs(job_id=job.id)) == ["converted data.csv"]


# The secrets of the source job are not copied, and its volumes neither: whoever relies on them finds out in production.


def test_the_job_has_the_secrets_of_the_webhook_and_not_those_of_its_source(fakejobs: FakeJobs) -> None:
    watch("ada/raw")
    (job,) = fakejobs.fire_event(repo="ada/raw", type="bucket")
    assert list(job.secrets) == ["HF_TOKEN"]
    assert job.secrets["HF_TOKEN"] == fakejobs.token


@pytest.mark.parametrize(
    "words",
    [
        pytest.param({"repo": "ada/other", "type": "bucket"}, id="another bucket"),
        pytest.param({"repo": "ada/raw", "type": "dataset"}, id="a dataset of that name"),
    ],
)
def test_what_nobody_watches_starts_nothing(fakejobs: FakeJobs, words: dict[str, str]) -> None:
    watch("ada/raw")
    assert fakejobs.fire_event(**words) == []


# A job that writes into the bucket that it watches starts itself again, for ever. Here each round is an event of the test's own.


def test_a_disabled_webhook_ends_the_loop(fakejobs: FakeJobs) -> None:
    webhook = watch("ada/raw")
    for _ in range(3):
        fakejobs.fire_event(repo="ada/raw", type="bucket")
    disable_webhook(webhook)
    assert fakejobs.fire_event(repo="ada/raw", type="bucket") == []
    assert len(list(list_jobs())) == 1 + 3


# `hf webhooks update --secret` and `update_webhook` without `watched` send an empty list for it, which the Hub's own document refuses.


def test_half_an_update(fakejobs: FakeJobs) -> None:
    webhook = watch("ada/raw")
    with pytest.raises(BadRequestError, match="at watched"):
        fakejobs.api.update_webhook(webhook, secret="new")
