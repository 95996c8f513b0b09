"""How-to: My code runs scripts of this machine.

It hands `run_uv_job` a file, with arguments and perhaps a file of settings beside it. The client uploads them first: into a bucket today,
in other ways in earlier releases. The fake keeps what is uploaded, so a test can say what would have run, and read it back as the job would.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, run_uv_job
from huggingface_hub.errors import BucketNotFoundError, HfHubHTTPError

from fakejobs import FakeJobs

pytestmark = pytest.mark.filterwarnings("ignore:'HfApi.run_uv_job' is experimental")

SCRIPT = "# /// script\n# dependencies = ['trl']\n# ///\nprint('fine-tuning 🤗')\n"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script of this machine."""
    path = tmp_path / "finetune.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


# What would have run: the script as it was when it was submitted, not as it is now.


def test_the_right_script_runs(fakejobs: FakeJobs, script: Path) -> None:
    run_uv_job(str(script), script_args=["--lr", "3e-4"], python="3.12", flavor="l4x1")
    script.write_text("print('changed since')")
    (job,) = fakejobs.submitted(flavor="l4x1")
    assert job.uv is not None
    assert job.uv.script == SCRIPT
    assert (job.uv.arguments, job.uv.python) == (["--lr", "3e-4"], "3.12")


# Arguments that are files of this machine are uploaded as well. `files` has their bytes, by the paths that they have in the job.


def test_the_settings_go_with_it(fakejobs: FakeJobs, script: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("lr: 3e-4\n")
    run_uv_job(str(script), script_args=["--config", str(settings)])
    (job,) = fakejobs.submitted()
    assert job.uv is not None
    _, path = job.uv.arguments
    assert job.uv.files[path] == b"lr: 3e-4\n"


# The client refuses before it uploads anything.


def test_a_settings_file_is_missing(fakejobs: FakeJobs, script: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"settings\.yaml"):
        run_uv_job(str(script), script_args=["--config", "settings.yaml"])
    assert fakejobs.submitted() == []


# A URL and a program need no upload.


def test_a_url_and_a_program(fakejobs: FakeJobs) -> None:
    run_uv_job("https://example.org/sft.py", dependencies=["trl"])
    run_uv_job("lighteval", script_args=["accelerate"])
    runs = [job.uv for job in fakejobs.submitted()]
    assert [(run.source, run.script) for run in runs if run is not None] == [
        ("https://example.org/sft.py", None),
        ("lighteval", None),
    ]


# What was uploaded is there for the client, too: the job's volume says where. A job writes its results beside it; here the test does.


def test_what_a_job_leaves_in_its_bucket(fakejobs: FakeJobs, script: Path, tmp_path: Path) -> None:
    volume = (run_uv_job(str(script)).volumes or [])[0]
    api = HfApi()
    api.batch_bucket_files(volume.source, add=[(b'{"loss": 0.1}', f"{volume.path}/metrics.json")])
    api.download_bucket_files(volume.source, [(f"{volume.path}/metrics.json", tmp_path / "metrics.json")])
    assert (tmp_path / "metrics.json").read_text() == '{"loss": 0.1}'
    assert fakejobs.hub.uploaded_in_bucket(volume.source, volume.path or "") == {
        "finetune.py": SCRIPT.encode(),
        "metrics.json": b'{"loss": 0.1}',
    }


# An upload that fails half way. Files appear all at once, with the last request; if that is lost, there is neither a file nor a job.


def test_the_upload_fails_half_way(fakejobs: FakeJobs, script: Path) -> None:
    fakejobs.fault(status=500, method="POST", path="/api/buckets/*/*/batch")
    with pytest.raises(HfHubHTTPError, match="500"):
        run_uv_job(str(script))
    assert fakejobs.submitted() == []
    assert fakejobs.hub.uploaded_in_bucket("fake-user/jobs-artifacts") == {}


def test_the_client_tries_again(fakejobs: FakeJobs, script: Path) -> None:
    fault = fakejobs.fault(status=503, method="POST", path="/api/buckets/*/*/batch", times=2)
    run_uv_job(str(script))
    (job,) = fakejobs.submitted()
    assert fault.fired == 2
    assert job.uv is not None
    assert job.uv.script == SCRIPT


def test_a_bucket_that_nobody_made(fakejobs: FakeJobs) -> None:
    with pytest.raises(BucketNotFoundError):
        list(HfApi().list_bucket_tree("fake-user/none"))


# Programs of their own, over a socket: the same.


def test_another_program(fakejobs_server: FakeJobs, script: Path) -> None:
    program = "import sys; from huggingface_hub import run_uv_job; run_uv_job(sys.argv[1], script_args=['--lr', '1'])"
    subprocess.run(
        [sys.executable, "-c", program, str(script)],
        env={**os.environ, **fakejobs_server.env},
        check=True,
        timeout=60,
    )
    (job,) = fakejobs_server.submitted()
    assert job.uv is not None
    assert (job.uv.script, job.uv.arguments) == (SCRIPT, ["--lr", "1"])
