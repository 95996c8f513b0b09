"""``@huggingface/hub``, the JavaScript client from npm, runs a job against `fakejobs serve`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from fakejobs.remote import RemoteHub
from tests.support.clients import ROOT, USER, client_environment, skip_unless_in_ci
from tests.support.programs import run_program

SCRIPT = Path(__file__).with_name("jobs.mjs")


def run_script(url: str, home: Path) -> Any:
    node = shutil.which("node")
    if node is None:
        skip_unless_in_ci("Node.js is not installed")
    if not (ROOT / ".node/node_modules/@huggingface/hub/package.json").exists():
        skip_unless_in_ci("the JavaScript client is not installed; install it: .ci/node")
    done = run_program(
        [str(node), str(SCRIPT), url, USER],
        env=client_environment(url, home),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_javascript_client(hub: RemoteHub, home: Path) -> None:
    hub.when(name="train").then(
        scheduling=30, running="2m", logs=[[1, "epoch 1"], [60.5, "epoch 2 \u2028 🤗"]], exit_code=1
    )
    hub.clock.run_at(600)  # once the script lets time run
    seen = run_script(hub.url, home)

    job = seen["job"]
    assert job["status"] == {"stage": "SCHEDULING", "message": None, "failureCount": 0}
    assert (job["command"], job["arguments"]) == (["python", "train.py"], ["--epochs", "3"])
    assert (job["flavor"], job["timeout"], job["retry"]) == ("t4-small", 600, 1)
    assert (job["environment"], job["secrets"], job["labels"]) == (
        {"EPOCHS": "3"},
        ["KEY"],
        {"name": "train"},
    )
    assert job["volumes"] == [{"type": "dataset", "source": "ada/images", "mountPath": "/data"}]

    # This client shows the header that the Python client hides, and goes by the lines' own times.
    header, *lines = seen["lines"]
    assert header[0].startswith("===== Job started at 2026-05-28 20:27:1")
    # It asked for two attempts, and both failed.
    epochs = ["epoch 1", "epoch 2 \u2028 🤗"]
    assert [message for message, _ in lines] == [
        *epochs,
        "===== Job started at 2026-05-28 20:29:40 =====",
        *epochs,
    ]

    done = seen["done"]
    assert done["status"]["stage"] == "ERROR"
    assert done["status"]["message"] == "Job failed with exit code: 1. Reason: Error"
    assert done["durations"] == {"schedulingSecs": 180, "runningSecs": 120, "totalSecs": 300}
    assert seen["events"] == ["SCHEDULING", "RUNNING", "SCHEDULING", "RUNNING", "ERROR"]

    again = seen["again"]
    assert again["initiator"] == {"type": "duplicated-job", "id": job["id"]}
    assert set(seen["metrics"]["gpus"].popitem()[1]) == {
        "utilization",
        "memory_used_bytes",
        "memory_total_bytes",
    }
    assert (seen["cancelled"]["id"], seen["cancelled"]["status"]["stage"]) == (again["id"], "CANCELED")

    assert [each["id"] for each in seen["listed"]] == [again["id"], job["id"]]
    assert len(seen["hardware"]) == 26
    assert (seen["me"]["type"], seen["me"]["name"]) == ("user", USER)

    refusals = seen["refusals"]
    assert {name: refusal[:2] for name, refusal in refusals.items()} == {
        "missing": ["HubApiError", 404],
        "finished": ["HubApiError", 409],
        "invalid": ["HubApiError", 400],
    }
    assert "Job not found" in refusals["missing"][2]
    assert "at flavor" in refusals["invalid"][2]
    assert "very-secret" not in json.dumps([seen, hub.requests])
