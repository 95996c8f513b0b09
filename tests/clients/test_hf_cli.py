"""The command line of huggingface_hub, ``hf jobs ...``, against `fakejobs serve`: output and exit codes."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakejobs.remote import RemoteHub
from tests.support.clients import USER, client_environment, let_time_run
from tests.support.programs import run_program

pytest.importorskip("huggingface_hub", minversion="2.4.0")

HF = Path(sys.executable).with_name("hf")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def words(self) -> list[list[str]]:
        """The words of each line of the output."""
        return [line.split() for line in self.out.splitlines()]


class Hf:
    """``hf jobs`` in the environment of one server."""

    def __init__(self, url: str, home: Path) -> None:
        self._environment = client_environment(url, home)

    def __call__(self, *arguments: str) -> Done:
        done = run_program(
            [HF, "jobs", *arguments],
            env=self._environment,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> str:
        """Start a job without following it; returns its id."""
        done = self("run", "--detach", "--quiet", *words)
        assert done.code == 0, done.err
        return done.out.strip()


@pytest.fixture
def hf(hub: RemoteHub, home: Path) -> Hf:
    return Hf(hub.url, home)


def test_run_follows_the_log_and_succeeds(hub: RemoteHub, hf: Hf) -> None:
    hub.when(name="train").then(scheduling=0, running="2m", logs=["epoch 1", "epoch 2 🤗"])
    let_time_run(hub, 600)
    done = hf("run", "--name", "train", "python:3.12", "python", "train.py")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert "Job started" in lines[0]
    job_id = next(line.split()[1] for line in lines if line.startswith("  id: "))
    assert lines[-3:] == ["epoch 1", "epoch 2 🤗", f"Job {job_id} completed"]


def test_run_fails_when_the_job_does(hub: RemoteHub, hf: Hf) -> None:
    hub.when().then(scheduling="1m", running="2m", logs=["Traceback"], exit_code=3)
    let_time_run(hub, 600)
    done = hf("run", "--name", "train", "python:3.12", "python", "train.py")
    assert done.code == 1
    assert "Traceback" in done.out.splitlines()
    assert "finished with stage 'ERROR': Job failed with exit code: 3. Reason: Error" in done.err


def test_run_takes_every_option(hub: RemoteHub, hf: Hf) -> None:
    job_id = hf.start(
        *("--env", "EPOCHS=3", "--secrets", "KEY=very-secret", "--name", "all", "--label", "team=vision"),
        *("--volume", "hf://datasets/ada/images:/data", "--flavor", "a10g-small", "--timeout", "2h"),
        *("--attempts", "2", "--expose", "8000", "--expose-public", "9000", "--ssh"),
        *("--network-group", "ring", "--network-alias", "leader", "--namespace", USER),
        *("python:3.12", "python", "-c", "print('x')"),
    )
    (job,) = hf("inspect", "--json", job_id).json
    assert job["command"] == ["python", "-c", "print('x')"]
    assert (job["environment"], job["secrets"]) == ({"EPOCHS": "3"}, ["KEY"])
    assert job["labels"] == {"name": "all", "team": "vision"}
    assert (job["flavor"], job["retry"], job["expose"], job["expose_public"]) == (
        "a10g-small",
        1,
        [8000, 9000],
        [9000],
    )
    assert job["volumes"][0]["mount_path"] == "/data"
    assert (job["network"]["group"], job["network"]["aliases"]) == ("ring", ["leader"])
    assert job["status"]["ssh_url"] == f"ssh://{job_id}@ssh.hf.jobs"
    assert "very-secret" not in json.dumps([job, hub.requests])


def test_run_says_what_is_wrong(hub: RemoteHub, hf: Hf) -> None:
    done = hf("run", "--detach", "--label", "no spaces=here", "--expose", "99999", "python:3.12", "true")
    assert done.code == 1
    assert 'labels["no spaces"] (key)' in done.err
    assert "expose.ports[0]" in done.err
    assert hub.health()["jobs"] == 0


def test_ps_inspect_and_labels(hub: RemoteHub, hf: Hf) -> None:
    hub.when(name="done").then(scheduling=0, running="2m", exit_code=1)
    hub.when(name="busy").then(scheduling=0, running="20m")
    finished = hf.start("--name", "done", "--label", "team=a", "python:3.12", "python", "a.py")
    running = hf.start("--name", "busy", "--label", "team=a", "python:3.12", "python", "b.py")
    hub.clock.advance("5m")

    (headers, _, row) = hf("ps").words
    assert headers == ["JOB_ID", "NAME", "IMAGE/SPACE", "COMMAND", "CREATED", "STATUS", "RUNTIME"]
    assert row == [
        running,
        "busy",
        "python:3.12",
        "python",
        "b.py",
        "2026-05-28",
        "20:26:40",
        "RUNNING",
        "5m",
        "0s",
    ]
    assert hf("ps", "--all", "--quiet").out.split() == [running, finished]
    assert hf("ps", "--status", "error,completed", "--label", "team=a", "--quiet").out.split() == [finished]

    assert hf("labels", running, "--name", "renamed").code == 0
    first, second = hf("inspect", "--json", running, f"{USER}/{finished}").json
    assert first["labels"] == {"name": "renamed", "team": "a"}
    assert second["status"]["message"] == "Job failed with exit code: 1. Reason: Error"
    assert second["durations"] == {"scheduling_secs": 0, "running_secs": 120, "total_secs": 120}


def test_a_job_that_is_not_there(hub: RemoteHub, hf: Hf) -> None:
    done = hf("inspect", "0123456789abcdef01234567")
    assert done.code == 1
    assert "not found" in done.err.lower()


def test_logs_cancel_and_rerun(hub: RemoteHub, hf: Hf) -> None:
    hub.when().then(scheduling=0, running="2m", logs=["one", "two", "three"])
    job_id = hf.start("--name", "train", "python:3.12", "python", "train.py")
    let_time_run(hub, 600)
    followed = hf("logs", "-f", job_id)
    assert (followed.code, followed.out.splitlines()) == (0, ["one", "two", "three"])
    hub.clock.freeze()

    assert hf("logs", job_id).out.splitlines() == ["one", "two", "three"]
    assert hf("logs", "--tail", "1", job_id).out.splitlines() == ["three"]

    again = hf("rerun", "--detach", job_id)
    assert again.code == 0
    again_id = next(line.split()[1] for line in again.out.splitlines() if line.startswith("  id: "))
    assert again_id != job_id
    cancelled = hf("cancel", again_id)
    assert (cancelled.code, "Job cancelled" in cancelled.out) == (0, True)
    twice = hf("cancel", again_id)
    assert twice.code == 1
    assert "Job is already in a final stage: CANCELED" in twice.err


def test_wait_tells_by_its_exit_code(hub: RemoteHub, hf: Hf) -> None:
    hub.when(name="good").then(scheduling="1m", running="2m")
    hub.when(name="bad").then(scheduling="1m", running="3m", exit_code=1)
    good = hf.start("--name", "good", "python:3.12", "true")
    bad = hf.start("--name", "bad", "python:3.12", "false")
    timed_out = hf("wait", "--timeout", "0s", good)
    assert timed_out.code == 1
    assert "Timed out after 0s" in timed_out.err
    let_time_run(hub, 1200)
    assert hf("wait", good).code == 0
    done = hf("wait", "--json", good, bad)
    assert done.code == 1
    assert [(job["id"], job["stage"]) for job in done.json] == [(good, "COMPLETED"), (bad, "ERROR")]
    assert f"1 of 2 Job(s) did not complete successfully: {bad} (ERROR)" in done.err


def test_hardware_stats_and_expose(hub: RemoteHub, hf: Hf) -> None:
    hardware = hf("hardware").words
    assert len(hardware) == 2 + 26
    assert hardware[2] == [
        "cpu-basic",
        "CPU",
        "Basic",
        "2",
        "vCPU",
        "16",
        "GB",
        "50",
        "GB",
        "$0.0002",
        "$0.01",
    ]

    hub.when().then(scheduling=0, running="20m")
    job_id = hf.start("--flavor", "h200x2", "python:3.12", "python", "serve.py")
    hub.clock.advance("5m")
    headers, _, first_card, second_card = hf("stats").words
    assert headers[:2] == ["JOB", "ID"]
    assert first_card[0] == job_id
    assert second_card[0].endswith("%")

    exposed = hf("expose", job_id, "8000", "--public", "9000")
    assert exposed.code == 0
    assert "[8000, 9000]" in exposed.out
    hub.clock.advance("1h")
    closed = hf("expose", job_id, "--clear")
    assert closed.code == 1
    assert "Ports can only be changed while the job is running" in closed.err
