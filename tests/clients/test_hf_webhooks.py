"""The command line of huggingface_hub, ``hf webhooks ...``, against `fakejobs serve`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakejobs.remote import RemoteHub
from tests.support.clients import USER, client_environment
from tests.support.programs import run_program

pytest.importorskip("huggingface_hub", minversion="2.4.0")

HF = Path(sys.executable).with_name("hf")


def hf(hub: RemoteHub, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run_program(
        [HF, *words],
        env=client_environment(hub.url, home),
    )


def answer(hub: RemoteHub, home: Path, *words: str) -> Any:
    done = hf(hub, home, *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_life_of_a_webhook(hub: RemoteHub, home: Path) -> None:
    """As in the Hub's guide "Process new files in a bucket with Jobs"."""
    job = hf(
        hub, home, "jobs", "run", "--detach", "--quiet", "python:3.12", "python", "convert.py"
    ).stdout.split()[-1]
    bucket = f"{USER}/raw-files"
    watch = ("--watch", f"bucket:{bucket}", "--domain", "repo", "--secrets", "HF_TOKEN=hf_of_the_bucket")
    made = answer(hub, home, "webhooks", "create", "--job-id", job, *watch)["id"]
    assert [each["id"] for each in answer(hub, home, "webhooks", "ls")] == [made]

    files = [{"path": "data.csv", "action": "add", "xetHash": "433b53b8", "size": 10983}]
    (delivery,) = hub.fire_event(repo=bucket, type="bucket", updated_files=files)
    assert delivery["webhook"] == made
    (started,) = answer(hub, home, "jobs", "inspect", str(delivery["job"]))
    assert started["secrets"] == ["HF_TOKEN"]
    initiator = {key: value for key, value in started["initiator"].items() if value is not None}
    assert initiator == {"type": "webhook", "id": made}
    assert json.loads(started["environment"]["WEBHOOK_PAYLOAD"])["updatedFiles"] == files
    assert started["environment"]["WEBHOOK_REPO_ID"] == bucket

    assert hf(hub, home, "webhooks", "disable", made).returncode == 0
    assert hub.fire_event(repo=bucket, type="bucket") == []
    assert hf(hub, home, "webhooks", "enable", made).returncode == 0
    shown = answer(hub, home, "webhooks", "info", made)
    assert (shown["disabled"], shown["domains"]) == (False, ["repo"])
    assert hf(hub, home, "webhooks", "delete", made, "--yes").returncode == 0
    assert hub.fire_event(repo=bucket, type="bucket") == []


def test_half_an_update_is_refused_in_the_words_of_the_hub(hub: RemoteHub, home: Path) -> None:
    words = ("--url", "https://example.org/hook", "--watch", "model:gpt2")
    made = answer(hub, home, "webhooks", "create", *words)["id"]
    refused = hf(hub, home, "webhooks", "update", made, "--secret", "new")
    assert refused.returncode == 1
    assert "Too small: expected array to have >=1 items" in refused.stderr
    hub.configure(quirks={"webhook_update": "partial"})
    assert hf(hub, home, "webhooks", "update", made, "--secret", "new").returncode == 0
