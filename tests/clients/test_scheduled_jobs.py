"""Scheduled jobs with real clients: `HfApi`, ``hf jobs scheduled``, other releases, and the JavaScript client."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import fakejobs as package
from fakejobs import FakeJobs
from fakejobs.remote import RemoteHub
from tests.clients.test_generations import python_with
from tests.clients.test_hf_cli import Hf
from tests.support.clients import ROOT, USER, client_environment, skip_unless_in_ci
from tests.support.programs import run_program

pytest.importorskip("huggingface_hub", minversion="2.4.0")
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, JobNotFoundError

SCRIPT = Path(__file__).with_name("scheduled.py")
JAVASCRIPT = Path(__file__).with_name("scheduled.mjs")


@pytest.fixture
def fake() -> Any:
    with package.activate() as made:
        yield made


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def test_every_method(fake: FakeJobs) -> None:
    api = HfApi()
    made = api.create_scheduled_job(
        image="python:3.12",
        command=["python", "report.py"],
        schedule="0 9 * * 1-5",
        labels={"team": "a"},
        secrets={"KEY": "a very secret value"},
        timeout="10m",
        flavor="cpu-upgrade",
    )
    assert (made.created_at, made.schedule, made.suspend, made.concurrency) == (
        at("2026-01-01T00:00:00"), "0 9 * * 1-5", False, False,
    )  # fmt: skip
    assert (made.job_spec.timeout, str(made.job_spec.flavor)) == (600, "cpu-upgrade")
    assert list(made.job_spec.secrets or ()) == ["KEY"]
    assert made.owner.name == USER
    assert made.status.last_job is None
    assert made.status.next_job_run_at == at("2026-01-01T09:00:00")  # a Thursday

    fake.clock.advance("30d")
    now = api.inspect_scheduled_job(scheduled_job_id=made.id)
    jobs = list(api.list_jobs())
    assert [job.created_at for job in jobs[:2]] == [at("2026-01-30T09:00:00"), at("2026-01-29T09:00:00")]
    assert len(jobs) == 22
    assert now.status.last_job is not None
    assert (now.status.last_job.id, now.status.last_job.at) == (jobs[0].id, jobs[0].created_at)
    assert jobs[0].initiator is not None
    assert (jobs[0].initiator.type, jobs[0].initiator.id) == ("scheduled-job", made.id)
    assert [each.id for each in api.list_scheduled_jobs(labels={"team": "a"})] == [made.id]
    assert api.list_scheduled_jobs(labels={"team": "b"}) == []

    api.suspend_scheduled_job(scheduled_job_id=made.id)
    assert api.inspect_scheduled_job(scheduled_job_id=made.id).suspend
    api.resume_scheduled_job(scheduled_job_id=made.id)
    assert not api.inspect_scheduled_job(scheduled_job_id=made.id).suspend

    job = api.trigger_scheduled_job(scheduled_job_id=made.id)
    assert job.initiator is not None
    assert job.initiator.id == made.id
    with pytest.raises(HfHubHTTPError, match="Another job is already running at the same time") as conflict:
        api.trigger_scheduled_job(scheduled_job_id=made.id)
    assert conflict.value.response.status_code == 409

    assert api.update_scheduled_job_labels(scheduled_job_id=made.id, labels={"x": "y"}).job_spec.labels == {
        "x": "y"
    }
    changed = api.update_scheduled_job_schedule(scheduled_job_id=made.id, schedule="@monthly")
    assert (changed.schedule, changed.status.next_job_run_at) == ("@monthly", at("2026-02-01T00:00:00"))
    api.delete_scheduled_job(scheduled_job_id=made.id)
    with pytest.raises(JobNotFoundError):
        api.inspect_scheduled_job(scheduled_job_id=made.id)
    assert {job.secrets["KEY"] == "a very secret value" for job in fake.jobs} == {True}


def test_logs_of_a_run(fake: FakeJobs) -> None:
    api = HfApi()
    fake.when(command="echo *").then(logs=["hello"], running="1m")
    made = api.create_scheduled_job(image="python:3.12", command=["echo", "hello"], schedule="@hourly")
    fake.clock.advance("1h")
    (job,) = api.list_jobs()
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["hello"]
    assert api.inspect_job(job_id=job.id).status.stage == "COMPLETED"
    assert [each.id for each in fake.scheduled_jobs] == [made.id]


@pytest.mark.filterwarnings("ignore:.*_uv_job' is experimental:UserWarning")
def test_a_scheduled_uv_script(fake: FakeJobs) -> None:
    made = HfApi().create_scheduled_uv_job(
        "https://example.org/a.py", schedule="@daily", dependencies=["torch"]
    )
    fake.clock.advance("1d")
    assert made.job_spec.command is not None
    (job,) = fake.jobs
    assert job.uv is not None
    assert job.uv.dependencies == ["torch"]


@pytest.mark.parametrize("schedule", ["@midnight", "75 * * * *", "0 0 30 2 *", "* * * * MON"])
def test_a_schedule_that_is_none(fake: FakeJobs, schedule: str) -> None:
    with pytest.raises(BadRequestError, match="schedule"):
        HfApi().create_scheduled_job(image="python:3.12", command=["true"], schedule=schedule)


def test_the_command_line(hub: RemoteHub, home: Path) -> None:
    hf = Hf(hub.url, home)
    made = hf("scheduled", "run", "@hourly", "python:3.12", "echo", "x")
    assert made.code == 0, made.err
    one = str(hub.scheduled_jobs()[0]["id"])
    assert one in made.out
    hub.clock.advance("2h")
    assert one in hf("scheduled", "ps").out
    assert "2026-05-28T22:00:00" in hf("scheduled", "inspect", one).out
    assert hf("scheduled", "suspend", one).code == 0
    assert one not in hf("scheduled", "ps").out
    assert one in hf("scheduled", "ps", "-a").out
    assert hf("scheduled", "resume", one).code == 0
    assert hf("scheduled", "trigger", one).code == 0
    again = hf("scheduled", "trigger", one)
    assert again.code == 1
    assert "Another job is already running at the same time" in again.err
    assert hf("scheduled", "reschedule", one, "@daily").code == 0
    assert hub.scheduled_jobs()[0]["schedule"] == "@daily"
    assert hf("scheduled", "delete", one).code == 0
    assert hub.scheduled_jobs() == []
    assert len(hf("ps", "-a").words) > 3


@pytest.mark.parametrize("release", ["1.33.0", "0.36.2"])
def test_other_releases(release: str, hub: RemoteHub, home: Path) -> None:
    done = run_program(
        [python_with(release), SCRIPT],
        env=client_environment(hub.url, home),
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    first, last = "2026-05-28T20:30:00+00:00", "2026-05-29T20:25:00+00:00"
    following = "2026-05-29T20:30:00+00:00"
    assert seen.pop("made") == ["*/5 * * * *", False, None, first, "python:3.12"]
    assert seen.pop("inspected") == ["*/5 * * * *", False, last, following, "python:3.12"]
    assert seen.pop("newest") == [last, "COMPLETED"]
    assert seen.pop("listed") == [["*/5 * * * *", True, last, following, "python:3.12"]]
    assert (seen.pop("suspended"), seen.pop("resumed"), seen.pop("deleted"), seen.pop("none")) == (
        None,
        None,
        None,
        [],
    )
    gone = seen.pop("gone")
    if release == "0.36.2":
        assert gone.startswith("HfHubHTTPError: 404 Client Error")
        assert seen == {}
    else:
        assert gone.startswith("JobNotFoundError: 404 Client Error")
        assert seen.pop("again").startswith("HfHubHTTPError: Client error '409 Conflict'")
        assert seen == {"trigger_scheduled_job": "SCHEDULING", "update_scheduled_job_labels": {"a": "b"}}


def test_the_javascript_client(hub: RemoteHub, home: Path) -> None:
    node = shutil.which("node")
    if node is None:
        skip_unless_in_ci("Node.js is not installed")
    if not (ROOT / ".node/node_modules/@huggingface/hub/package.json").exists():
        skip_unless_in_ci("the JavaScript client is not installed; install it: .ci/node")
    done = run_program(
        [str(node), str(JAVASCRIPT), hub.url, USER],
        env=client_environment(hub.url, home),
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["made"]["status"] == {"lastJob": None, "nextJobRunAt": "2026-05-28T20:30:00.000Z"}
    assert seen["inspected"]["status"]["lastJob"]["at"] == "2026-05-29T20:25:00.000Z"
    assert [each["suspend"] for each in seen["suspended"]] == [True]
    assert seen["job"]["initiator"] == {"type": "scheduled-job", "id": seen["made"]["id"]}
    assert seen["again"] is None  # its word for a 409
    assert seen["none"] == []
