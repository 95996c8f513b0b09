"""`fakejobs exec`: a command against a server of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import run_program

CHILD = """
import os
from huggingface_hub import fetch_job_logs, run_job, whoami
job = run_job(image="python:3.12", command=["python", "train.py"], flavor="a10g-small", timeout="9h")
print(whoami()["name"], *fetch_job_logs(job_id=job.id, follow=True))
assert "HUGGING_FACE_HUB_TOKEN" not in os.environ
raise SystemExit(3)
"""


def fakejobs_exec(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return run_program(
        [sys.executable, "-m", "fakejobs", "exec", *arguments],
        env={**os.environ, "HUGGING_FACE_HUB_TOKEN": "hf_developers_own", **more},
    )


def test_a_job_of_hours_ends_at_once_and_the_exit_code_is_the_commands(tmp_path: Path) -> None:
    scenario = tmp_path / "slow.toml"
    scenario.write_text(
        '[[users]]\nname = "ada"\n\n[[rules]]\nwhen = { flavor = "a10g*" }\nthen = { running = "6h", logs = ["done"] }\n'
    )
    done = fakejobs_exec("--scenario", str(scenario), "--", sys.executable, "-c", CHILD)
    assert done.stdout == "ada done\n"
    assert done.stderr.splitlines() == [
        "fakejobs: 1 job ran for 6.00 virtual hours and would have cost $6.00",
        "fakejobs:   a10g-small      1 job         6.00 h  $6.00",
    ]
    assert done.returncode == 3


def test_options_after_the_command_are_its_own() -> None:
    done = fakejobs_exec(
        "--speed", "100", "--", sys.executable, "-c", "import sys; print(sys.argv[1:])", "--seed", "x"
    )
    assert (done.stdout, done.returncode) == ("['--seed', 'x']\n", 0)
    assert done.stderr == "fakejobs: no jobs\n"


def test_commands_that_cannot_be_started(tmp_path: Path) -> None:
    assert fakejobs_exec("--", "no-such-program").returncode == 127
    (tmp_path / "script").write_text("")
    assert fakejobs_exec("--", str(tmp_path / "script")).returncode == 126
    assert fakejobs_exec().returncode == 2


def test_mistakes_are_told_before_the_command_is_run(tmp_path: Path) -> None:
    done = fakejobs_exec(
        "--scenario", str(tmp_path / "missing.toml"), "--", sys.executable, "-c", "print('ran')"
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "missing.toml: cannot be read" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize(("how", "code"), [("handled", 7), ("default", 128 + signal.SIGTERM)])
def test_signals_are_passed_on(how: str, code: int) -> None:
    handle = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n" if how == "handled" else ""
    child = f"import signal, sys, time\n{handle}print('ready', flush=True)\ntime.sleep(30)"
    process = subprocess.Popen(
        [sys.executable, "-m", "fakejobs", "exec", "--", sys.executable, "-c", child],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == code
