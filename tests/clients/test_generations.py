"""Other releases of huggingface_hub against today's API, each in a virtual environment of its own (`.ci/clients`).

What a release cannot read of today's API it cannot read here either: that is what whoever still uses it will see.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from fakejobs.remote import RemoteHub
from tests.support.clients import ROOT, USER, client_environment, let_time_run, skip_unless_in_ci
from tests.support.programs import run_program

SCRIPT = Path(__file__).with_name("generation.py")


def python_with(release: str) -> Path:
    home = ROOT / ".venv-clients" / release
    if not (home / "complete").exists():
        skip_unless_in_ci(f"huggingface_hub {release} is not installed; install it: .ci/clients {release}")
    return home / "bin/python"


def drive(python: Path, hub: RemoteHub, home: Path) -> Any:
    hub.when(command="*train.py").then(scheduling="1m", running="2m", logs=["one", "two 🤗"])
    hub.when(command="*serve.py").then(scheduling=0, running="forever")
    let_time_run(hub, 600)
    done = run_program(
        [python, SCRIPT],
        env=client_environment(hub.url, home),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def whole_life(seen: Any) -> Any:
    """Check what every release that can read a job has to see; returns the rest."""
    train, serve = seen.pop("ids")
    about = [USER, "python:3.12", "t4-small"]
    assert seen.pop("me") == USER
    assert seen.pop("trained") == [train, "SCHEDULING", *about]
    assert seen.pop("served") == [serve, "RUNNING", *about]
    assert seen.pop("log") == ["one", "two 🤗"]
    assert seen.pop("waited", [train, "COMPLETED", *about]) == [train, "COMPLETED", *about]
    assert seen.pop("inspected") == [train, "COMPLETED", *about]
    assert seen.pop("cancelled") is None
    assert seen.pop("listed") == [[serve, "CANCELED", *about], [train, "COMPLETED", *about]]
    return seen


def test_the_installed_release(hub: RemoteHub, home: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    rest = whole_life(drive(Path(sys.executable), hub, home))
    assert rest.pop("missing").startswith("JobNotFoundError: 404 Client Error.")
    assert rest.pop("hardware") == 26
    assert set(rest) == {"release"}


def test_1_33_the_last_on_httpx(hub: RemoteHub, home: Path) -> None:
    rest = whole_life(drive(python_with("1.33.0"), hub, home))
    assert rest.pop("missing").startswith("JobNotFoundError: 404 Client Error.")
    assert rest == {"release": "1.33.0", "hardware": 26}


def test_0_36_the_last_on_requests(hub: RemoteHub, home: Path) -> None:
    rest = whole_life(drive(python_with("0.36.2"), hub, home))
    assert rest.pop("missing").startswith("HTTPError: 404 Client Error")
    assert rest == {"release": "0.36.2"}  # no hardware list and no wait_for_job yet


def test_0_34_the_first_with_jobs_cannot_read_todays_owner(hub: RemoteHub, home: Path) -> None:
    seen = drive(python_with("0.34.0"), hub, home)
    # It takes exactly `id` and `name` for an owner (0.34.4 knows `type`). The job is started all the same.
    unreadable = "TypeError: JobOwner.__init__() got an unexpected keyword argument 'type'"
    for call in ("trained", "served", "inspected", "listed"):
        assert seen.pop(call) == unreadable
    assert len(seen.pop("ids")) == 2
    assert seen.pop("missing").startswith("HTTPError: 404 Client Error")
    assert seen == {"release": "0.34.0", "me": USER, "log": ["one", "two 🤗"], "cancelled": None}
