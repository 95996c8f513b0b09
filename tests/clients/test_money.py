"""What three generations of huggingface_hub, and ``hf jobs``, make of credits that run out: the same in process and over a socket.

A job that is cancelled for want of credits ends like one that its user cancelled: no release reads ``status.cancelReason``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakejobs.hub.money import INSUFFICIENT
from fakejobs.remote import RemoteHub
from tests.clients.money import CREDITS
from tests.clients.test_generations import python_with
from tests.clients.test_hf_cli import Hf
from tests.clients.test_in_process_generations import run
from tests.support.clients import ROOT, USER, client_environment, let_time_run, start_over
from tests.support.programs import run_program

MODULE = "tests.clients.money"

REFUSED = (
    f"HfHubHTTPError 402: Client error '402 Payment Required' for url '/api/jobs/{USER}' "
    f"For more information check: /en-US/docs/Web/HTTP/Status/402 {INSUFFICIENT}"
)
REFUSED_ON_REQUESTS = (
    f"HfHubHTTPError 402: 402 Client Error: Payment Required for url: /api/jobs/{USER} {INSUFFICIENT}"
)

SEEN = {
    "submitted": "RUNNING",
    "log": "ok ['one', 'two']",
    "inspected": ["CANCELED", None, "not read"],
    "scheduled": "ok",
    "listed": ["CANCELED"],
    "credits": "-0.000001",
    "with more": "ok",
}


def over_a_socket(python: Path, hub: RemoteHub, home: Path) -> Any:
    start_over(hub, namespaces={USER: {"credits": CREDITS}})
    hub.when().then(scheduling=0, running="forever", logs=["one", "two"])
    let_time_run(hub, 600)
    return read(
        run_program(
            [python, "-m", MODULE, "socket"],
            cwd=ROOT,
            env=client_environment(hub.url, home),
        )
    )


def read(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def seen_by(python: Path, hub: RemoteHub, home: Path) -> Any:
    """What a release sees, the same through both doors."""
    in_process = read(run(python, "-m", MODULE, "process", home=home))
    assert over_a_socket(python, hub, home) == in_process
    return in_process


def test_the_installed_release(hub: RemoteHub, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    seen = seen_by(Path(sys.executable), hub, tmp_path)
    del seen["release"]
    assert seen == {**SEEN, "waited": "ok CANCELED", "again": REFUSED}


def test_1_33_the_last_on_httpx(hub: RemoteHub, tmp_path: Path) -> None:
    seen = seen_by(python_with("1.33.0"), hub, tmp_path)
    assert seen == {**SEEN, "release": "1.33.0", "waited": "ok CANCELED", "again": REFUSED}


def test_0_36_the_last_on_requests(hub: RemoteHub, tmp_path: Path) -> None:
    seen = seen_by(python_with("0.36.2"), hub, tmp_path)
    assert seen == {**SEEN, "release": "0.36.2", "again": REFUSED_ON_REQUESTS}


def test_the_command_line_tells_the_refusal_and_not_the_reason(hub: RemoteHub, home: Path) -> None:
    start_over(hub, namespaces={USER: {"credits": CREDITS}})
    hub.when().then(scheduling=0, running="forever")
    hf = Hf(hub.url, home)
    job = hf.start("--flavor", "t4-small", "python:3.12", "true")
    hub.clock.advance("1h")
    waited = hf("wait", job)
    assert waited.code == 1
    assert "CANCELED" in waited.out + waited.err
    shown = hf("inspect", job).out
    assert '{"stage": "CANCELED"}' in shown
    assert "NO_CREDITS" not in shown
    refused = hf("run", "python:3.12", "true")
    assert refused.code == 1
    assert INSUFFICIENT in refused.out + refused.err
