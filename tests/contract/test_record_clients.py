"""Real clients, recorded, then replayed to: they see the same; and the fake stands the comparison with the recording."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakejobs.contract.recording_files import read_recordings
from fakejobs.contract.recordings_check import check_recordings
from fakejobs.contract.replay import replay_app
from fakejobs.drivers.threads import serve_in_thread
from tests.contract.recordings import recording, texts
from tests.support.clients import ROOT, USER, client_environment, skip_unless_in_ci
from tests.support.programs import run_program

pytest.importorskip("huggingface_hub", minversion="2.4.0")

SCRIPT = Path(__file__).with_name("record_script.py")
EXAMPLE = ROOT / "fixtures" / "recordings"


def play(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return run_program(
        command,
        env=environment,
        cwd=ROOT,
        timeout=100,
    )


def test_record_replay_and_check(tmp_path: Path) -> None:
    """As its users do, and as the page of the example says that it was made; but in virtual time."""
    folder = tmp_path / "recordings"
    environment = client_environment("http://unused", tmp_path / "home")
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    command = page[page.index("fakejobs exec") :].partition("\n```")[0]
    command = command.replace("--speed 30 ", "").replace("--dir fixtures/recordings", f'--dir "{folder}"')
    recorded = play(["sh", "-c", command], environment)
    assert recorded.returncode == 0, recorded.stderr
    assert "log: loss 0.1 🤗" in recorded.stdout
    assert f"22 exchanges recorded in {folder}, 2 of them streams" in recorded.stderr

    kept = texts(folder)
    for original in ("ada", "Ada Lovelace", "lovelace", "very-secret", "hf_client_tests", "127.0.0.1"):
        assert original not in kept, original

    with serve_in_thread(replay_app(folder, speed=0)) as server:
        replayed = play([sys.executable, str(SCRIPT)], client_environment(server.url, tmp_path / "home"))
    assert replayed.returncode == 0, replayed.stderr
    assert replayed.stdout == recorded.stdout.replace("ada", "user-1")

    report = check_recordings(folder)
    assert report.findings == ()
    assert report.compared >= 20


def test_the_hf_command(tmp_path: Path) -> None:
    scenario, folder, home = tmp_path / "scenario.toml", tmp_path / "recordings", tmp_path / "home"
    # While a job is scheduled, `hf` asks every two seconds, by the clock on the wall.
    text = (EXAMPLE / "scenario.toml").read_text(encoding="utf-8").replace('"30s"', '"1s"')
    scenario.write_text(text, encoding="utf-8")
    hf = Path(sys.executable).with_name("hf")
    command = f'"{hf}" jobs run --name train --flavor l4x1 python:3.12 python train.py; "{hf}" jobs ps --all --quiet; "{hf}" jobs hardware'
    inner = f'"{sys.executable}" -m fakejobs record --upstream "$HF_ENDPOINT" --dir "{folder}" -- sh -c \'{command}\''
    environment = client_environment("http://unused", home)
    recorded = play(
        [sys.executable, "-m", "fakejobs", "exec", "--scenario", str(scenario), "--", "sh", "-c", inner],
        environment,
    )
    assert "loss 0.9" in recorded.stdout, recorded.stderr
    report = check_recordings(folder)
    assert report.findings == ()
    with serve_in_thread(replay_app(folder, speed=0)) as server:
        replayed = play(["sh", "-c", command], client_environment(server.url, home))
    for line in ("loss 0.9", "loss 0.1 🤗", "cpu-basic"):
        assert any(line in each for each in replayed.stdout.splitlines()), replayed.stdout + replayed.stderr


JAVASCRIPT = """
import { createRequire } from "node:module";
const hub = createRequire(new URL("./.node/", "file://" + process.argv[2] + "/"))("@huggingface/hub");
const options = { hubUrl: process.env.HF_ENDPOINT, namespace: process.argv[3], accessToken: "hf_javascript" };
const job = await hub.runJob({ ...options, dockerImage: "python:3.12", command: ["python", "train.py"], flavor: "t4-small" });
const lines = [];
for await (const { message } of hub.streamJobLogs({ ...options, jobId: job.id })) lines.push(message);
const done = await hub.getJob({ ...options, jobId: job.id });
process.stdout.write(JSON.stringify([job.id === done.id, lines, done.status]), () => process.exit(0));
"""


def test_the_javascript_client(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        skip_unless_in_ci("Node.js is not installed")
    if not (ROOT / ".node/node_modules/@huggingface/hub/package.json").exists():
        skip_unless_in_ci("the JavaScript client is not installed; install it: .ci/node")
    script, folder = tmp_path / "script.mjs", tmp_path / "recordings"
    script.write_text(JAVASCRIPT, encoding="utf-8")
    environment = client_environment("http://unused", tmp_path / "home")

    def run(namespace: str, *before: str, **more: str) -> list[object]:
        done = play([*before, str(node), str(script), str(ROOT), namespace], {**environment, **more})
        assert done.returncode == 0, done.stderr
        seen: list[object] = json.loads(done.stdout)
        return seen

    python = [sys.executable, "-m", "fakejobs"]
    inner = f'exec "{sys.executable}" -m fakejobs record --upstream "$HF_ENDPOINT" --dir "{folder}" -- "$@"'
    recorded = run(USER, *python, "exec", "--", "sh", "-c", inner, "sh")
    assert recorded[0] is True
    assert check_recordings(folder).findings == ()
    with serve_in_thread(replay_app(folder, speed=0)) as server:
        assert run("user-1", HF_ENDPOINT=server.url) == recorded


def test_recording_a_replay(tmp_path: Path) -> None:
    """What was recorded once can be recorded again."""
    with serve_in_thread(replay_app(EXAMPLE, speed=0)) as server:
        again = tmp_path / "again"
        with recording(server.url, again) as url:
            done = play([sys.executable, str(SCRIPT)], client_environment(url, tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    # The client made another name of the same command: the first recording has replaced the end of it.
    assert {finding.at.rpartition(" ")[2] for finding in check_recordings(again).findings} == {"labels.name"}


def test_the_example_is_a_true_one() -> None:
    report = check_recordings(EXAMPLE)
    assert report.findings == ()
    assert report.compared >= 20
    assert len(read_recordings(EXAMPLE)) == report.recorded
