"""The rows of uv scripts and of files that are uploaded: what is uploaded is read back, byte for byte."""

from __future__ import annotations

import base64
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

from tests.matrix.client import Absent, Client, Row, Wrong, expect

URL = "https://example.org/finetune.py"
SCRIPT = "print('fine-tuning 🤗')\n"
SETTINGS = "lr: 3e-4\n"
_IN_DATASET = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


def run(client: Client, script: str, **options: object) -> Any:
    """The job that `run_uv_job` starts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "experimental"
        return client.method("run_uv_job")(script, **options)


def words(job: Any) -> str:
    """Command and arguments of a job, in one text."""
    return " ".join([*job.command, *(job.arguments or [])])


def script_at_url(client: Client) -> None:
    job = run(client, URL, script_args=["--lr", "3e-4"], dependencies=["trl"])
    right = f"uv run --with trl {URL} --lr 3e-4"
    expect("command", words(job), right)


def command(client: Client) -> None:
    if not in_this_release(client, "0.35.0"):
        raise Absent("before 0.35.0, what is no URL is taken for a file")
    job = run(client, "accelerate", script_args=["launch"], dependencies=["accelerate"])
    expect("command", words(job), "uv run --with accelerate accelerate launch")


def local_script(client: Client) -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "finetune.py"
        script.write_text(SCRIPT, encoding="utf-8")
        job = run(client, str(script), script_args=["--lr", "3e-4"])
    # Releases that pass files in the environment may quote each word.
    expect("--lr 3e-4 in the command", re.search(r"--lr['\"]* ['\"]*3e-4", words(job)) is not None, True)
    expect("the script", read_back(client, job, "finetune.py"), SCRIPT.encode())


def local_script_with_file(client: Client) -> None:
    if not in_this_release(client, "1.4.0"):
        raise Absent("before 1.4.0, only the script itself is uploaded")
    with tempfile.TemporaryDirectory() as folder:
        script, settings = Path(folder) / "finetune.py", Path(folder) / "settings.yaml"
        script.write_text(SCRIPT, encoding="utf-8")
        settings.write_text(SETTINGS, encoding="utf-8")
        job = run(client, str(script), script_args=[str(settings)])
    expect("the script", read_back(client, job, "finetune.py"), SCRIPT.encode())
    expect("the other file", read_back(client, job, "settings.yaml"), SETTINGS.encode())


def scheduled_local_script(client: Client) -> None:
    create = client.method("create_scheduled_uv_job")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = Path(folder) / "finetune.py"
        script.write_text(SCRIPT, encoding="utf-8")
        made = create(str(script), schedule="@daily")
    expect("schedule", made.schedule, "@daily")
    expect("the script", read_back(client, made.job_spec, "finetune.py"), SCRIPT.encode())


def sync_job_volume(client: Client) -> None:
    sync = client.method("sync_job_volume")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
        volume = sync(folder, "/data")
    expect("volume", [volume.type, volume.mount_path], ["bucket", "/data"])
    expect("the file", from_bucket(client, volume, "settings.yaml"), SETTINGS.encode())


def in_this_release(client: Client, first: str) -> bool:
    """Whether the release is this one or a later one."""

    def numbers(release: str) -> list[int]:
        return [int(each) for each in release.split(".")]

    return numbers(client.hub.__version__) >= numbers(first)


def read_back(client: Client, job: Any, name: str) -> bytes:
    """The bytes of a file that was uploaded for a job, from wherever the release has put them.

    In a bucket since 1.13.0, in the environment since 1.3.0, in a dataset repository before that.
    """
    environment = job.environment or {}
    if "UV_SCRIPT_ENCODED" in environment:
        return base64.b64decode(environment["UV_SCRIPT_ENCODED"])
    if "LOCAL_FILES_ENCODED" in environment:
        files = dict(line.split() for line in environment["LOCAL_FILES_ENCODED"].splitlines())
        return base64.b64decode(files[name])
    if "UV_SCRIPT_URL" in environment:
        return from_dataset(client, environment["UV_SCRIPT_URL"])
    for volume in getattr(job, "volumes", None) or ():
        if volume.type == "bucket":
            return from_bucket(client, volume, name)
    raise Wrong(f"the job does not say where {name} is: {words(job)}")


def from_dataset(client: Client, url: str) -> bytes:
    """A file of a dataset repository."""
    found = _IN_DATASET.search(url)
    if found is None:
        raise Wrong(f"no file of a dataset: {url}")
    repo, revision, name = found.groups()
    with tempfile.TemporaryDirectory() as folder:
        path = client.hub.hf_hub_download(
            repo, name, repo_type="dataset", revision=revision, local_dir=folder
        )
        return Path(path).read_bytes()


def from_bucket(client: Client, volume: Any, name: str) -> bytes:
    """A file below a volume that is a part of a bucket."""
    inside = f"{volume.path}/{name}" if volume.path else name
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "downloaded"
        client.api.download_bucket_files(volume.source, [(inside, str(target))])
        return target.read_bytes()


ROWS: dict[str, Row] = {
    "run_uv_job, a URL": script_at_url,
    "run_uv_job, a command": command,
    "run_uv_job, a local script": local_script,
    "run_uv_job, a local script and a file": local_script_with_file,
    "create_scheduled_uv_job, a local script": scheduled_local_script,
    "sync_job_volume": sync_job_volume,
}
