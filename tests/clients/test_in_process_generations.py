"""The fake in process under other releases of huggingface_hub, in environments of their own (`.ci/clients`), with no network at all.

Each process makes its client first and forbids internet sockets, to Python and to the kernel, before the fake begins. HF_HUB_OFFLINE
is set, and there are a token in the environment and one in a file that must not be seen.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.test_generations import python_with
from tests.support.clients import ROOT, USER
from tests.support.programs import run_program

REAL_TOKEN = "hf_of_the_developer"


def run(python: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    (home / "token").write_text(REAL_TOKEN)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_HOME": str(home),
        "HF_TOKEN": REAL_TOKEN,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONUTF8": "1",
    }
    return run_program(
        [python, *arguments],
        cwd=ROOT,
        env=environment,
    )


def drive(python: Path, home: Path) -> Any:
    """What the script has seen, and that it left nothing behind."""
    done = run(python, "-m", "tests.clients.in_process", home=home)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    if sys.platform == "linux":
        assert seen.pop("sockets kill")
    # The block that the fake lived in ended with an error, as a test that fails does.
    assert seen.pop("changed afterwards") == []
    assert not seen.pop("session was closed")
    assert REAL_TOKEN not in seen.pop("token")
    assert seen.pop("other hosts") == ["NetworkRefused"]
    assert sorted(path.name for path in home.iterdir()) == ["token"]
    return seen


def whole_life(seen: Any) -> Any:
    """Check what every release has to see; returns the rest."""
    about = [USER, "python:3.12", "t4-small"]
    assert seen.pop("offline") is True
    assert seen.pop("submitted") == ["SCHEDULING", *about]
    assert seen.pop("by one made before") == ["SCHEDULING", *about]
    assert seen.pop("followed") == ["one", "two 🤗", "three"]
    assert (
        seen.pop("then") == "2026-01-01T06:00:00+00:00"
    )  # following took the time that the job took, and no more
    assert seen.pop("finished") == ["COMPLETED", *about]
    assert seen.pop("listed") == ["CANCELED", "COMPLETED"]
    assert seen.pop("uv") == ["print('fine-tuning 🤗')\n", ["--lr", "3e-4"], ["trl"]]
    return seen


def waits_and_reads_without_following(seen: Any) -> Any:
    """Check what releases with `wait_for_job` and ``follow=`` have to see; returns the rest."""
    assert seen.pop("log so far") == ["one"]
    assert seen.pop("moved by that") == "2026-01-01T02:00:05+00:00"  # the client's own read timeout: 5 s
    assert seen.pop("waited").startswith("TimeoutError: Job ")
    assert seen.pop("waited until") == "2026-01-01T06:01:40+00:00"  # exactly 100 s
    return seen


def test_the_installed_release(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    rest = waits_and_reads_without_following(whole_life(drive(Path(sys.executable), tmp_path)))
    assert set(rest) == {"release"}


def test_1_33_the_last_on_httpx(tmp_path: Path) -> None:
    rest = waits_and_reads_without_following(whole_life(drive(python_with("1.33.0"), tmp_path)))
    assert rest == {"release": "1.33.0"}


def test_0_36_the_last_on_requests_with_its_hard_coded_host(tmp_path: Path) -> None:
    rest = whole_life(drive(python_with("0.36.2"), tmp_path))
    assert rest == {"release": "0.36.2"}  # it always follows, and has no wait_for_job


@pytest.mark.parametrize("release", ["1.33.0", "0.36.2"])
def test_the_same_tests_through_both_doors(release: str, tmp_path: Path) -> None:
    # Without our pyproject.toml, which has options of plugins that are not there.
    alone = ["-c", os.devnull, "--rootdir", str(ROOT), "-p", "no:cacheprovider", "-W", "error", "-q"]
    tests = "tests/downstream/test_every_client.py"
    done = run(python_with(release), "-m", "pytest", *alone, tests, home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can forbid a process internet sockets")
def test_an_internet_socket_would_have_ended_the_process(tmp_path: Path) -> None:
    attempt = (
        "import socket; from tests.clients.sealed import kill_on_internet_sockets; "
        "kill_on_internet_sockets(); socket.socket(socket.AF_UNIX); socket.socket(socket.AF_INET{})"
    )
    for family in ("", "6"):
        done = run(Path(sys.executable), "-c", attempt.format(family), home=tmp_path)
        assert done.returncode == -signal.SIGSYS
