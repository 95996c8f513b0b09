"""uv scripts in each generation of the client, in process and over loopback: what is uploaded is kept, and comes back byte for byte.

Each process in process forbids internet sockets, to Python and to the Rust library hf_xet, before the fake begins.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.remote import RemoteHub
from tests.clients.test_generations import python_with
from tests.clients.test_hf_cli import Hf
from tests.support.clients import ROOT, TOKEN, USER, client_environment, start_over
from tests.support.programs import run_program

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TEXT = "print('läuft 🤗')\n"
BUCKET = f"{USER}/jobs-artifacts"
DATASET = f"{USER}/hf-cli-jobs-uv-run-scripts"
RELEASES = ["2.4.0", "1.33.0", "0.36.2", "0.34.0"]


def python_of(release: str) -> Path:
    if release == RELEASES[0]:
        pytest.importorskip("huggingface_hub", minversion=release)
        return Path(sys.executable)
    return python_with(release)


def drive(release: str, home: Path, url: str | None = None) -> Any:
    environment = client_environment(url or "https://huggingface.co", home)
    done = run_program(
        [python_of(release), "-m", "tests.clients.uv_scripts", *([] if url is None else [url])],
        cwd=ROOT,
        env={**environment, "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def every_release(seen: Any, release: str) -> Any:
    """Check what a release has to see through either door; returns the rest."""
    assert seen.pop("release") == release
    words = ["uv", "run", "--with", "trl", "--python", "3.12", "https://example.org/train.py", "--lr", "3e-4"]
    assert seen.pop("url") == words
    # The first releases take everything that is no URL for a file.
    command = ["uv", "run", "lighteval", "--help"]
    assert seen.pop("command") == ("FileNotFoundError" if release == "0.34.0" else command)
    # One byte, 3 MB, a name beyond ASCII, and the same file once more.
    assert seen.pop("intact") == [True, True, True, True]
    assert seen.pop("missing") == "RepositoryNotFoundError"
    # Releases that commit to a dataset ship nothing but the script.
    assert seen.pop("others") == ({"läuft.yml": True} if in_bucket(release) else {})
    assert seen.pop("no bucket", None) == ("BucketNotFoundError" if in_bucket(release) else None)
    return seen


def in_bucket(release: str) -> bool:
    return not release.startswith("0.")


@pytest.mark.parametrize("release", RELEASES)
def test_in_process(release: str, tmp_path: Path) -> None:
    rest = every_release(drive(release, tmp_path), release)
    script, (option, config), dependencies, files = rest.pop("uv")
    assert (script, option, dependencies) == (TEXT, "--config", ["trl"])
    assert config == "/data/läuft.yml" if in_bucket(release) else config.endswith("/läuft.yml")
    assert files == ({"/data/läuft.yml": True} if in_bucket(release) else {})
    # The last request never arrived: the client says so, no job is made, and nothing has appeared.
    assert rest == {"cut": "ReadError" if in_bucket(release) else "ConnectionError", "appeared": []}


@pytest.mark.parametrize("release", RELEASES)
def test_over_loopback(release: str, hub: RemoteHub, tmp_path: Path) -> None:
    start_over(hub, api="auto")
    assert every_release(drive(release, tmp_path, hub.url), release) == {}
    if in_bucket(release):
        uploaded = list(hub.uploaded_in_bucket(BUCKET).values())
        assert sorted(map(len, uploaded))[:2] == [1, len(TEXT.encode())]
        assert uploaded.count(TEXT.encode()) == 3, "in a folder for each job"
    else:
        assert hub.uploaded_in_dataset(DATASET, "train.py") == TEXT.encode()
        assert hub.uploaded_in_dataset(DATASET, "none.py") is None


# The command line of today's release


@pytest.fixture
def hf(hub: RemoteHub, home: Path) -> Hf:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    return Hf(hub.url, home)


def uv_run(hf: Hf, *words: str) -> Any:
    """The job that ``hf jobs uv run`` starts."""
    done = hf("uv", "run", "--detach", "--quiet", *words)
    assert done.code == 0, done.err
    (job,) = hf("inspect", "--json", done.out.split()[-1]).json
    return job


def test_hf_jobs_uv_run_with_a_script_and_a_file(hub: RemoteHub, hf: Hf, tmp_path: Path) -> None:
    script, config = tmp_path / "train.py", tmp_path / "config.yml"
    script.write_text(TEXT, encoding="utf-8")
    config.write_bytes(b"lr: 3e-4\n")
    job = uv_run(hf, "--with", "trl", str(script), "--config", str(config))
    assert job["command"] == ["uv", "run", "--with", "trl", "/data/train.py", "--config", "/data/config.yml"]
    (volume,) = job["volumes"]
    assert (volume["source"], volume["mount_path"]) == (BUCKET, "/data")
    assert hub.uploaded_in_bucket(BUCKET, volume["path"]) == {
        "train.py": TEXT.encode(),
        "config.yml": b"lr: 3e-4\n",
    }


def test_hf_jobs_uv_run_with_a_command(hf: Hf) -> None:
    assert uv_run(hf, "lighteval", "accelerate")["command"] == ["uv", "run", "lighteval", "accelerate"]


@pytest.fixture
def script_url() -> Iterator[str]:
    """Where a script can be had."""

    def serve(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [TEXT.encode()]

    with serve_in_thread(serve) as server:
        yield f"{server.url}/train.py"


def test_hf_jobs_uv_run_with_a_url(hub: RemoteHub, hf: Hf, script_url: str) -> None:
    # Since 1.32, the command downloads what is at a URL, and ships it like a file of this machine.
    job = uv_run(hf, script_url, "--lr", "3e-4")
    (volume,) = job["volumes"]
    (uploaded,) = hub.uploaded_in_bucket(BUCKET, volume["path"]).values()
    assert uploaded == TEXT.encode()
    assert TOKEN not in json.dumps(job)
