"""Runs uv scripts with whatever release of huggingface_hub runs this, reads back what was uploaded, and prints what it saw as JSON.

For test_uv_scripts.py. Run it as a module from the root of the repository: without an argument in process, where internet sockets
end it, or with the address of a server.
"""

from __future__ import annotations

import base64
import importlib
import json
import random
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import huggingface_hub

import fakejobs
from tests.clients.sealed import kill_on_internet_sockets, refuse_python_sockets
from tests.matrix.doors import to_the_fake

# As of the release, whichever it is: a type checker knows one only.
hub: Any = huggingface_hub
errors: Any = importlib.import_module("huggingface_hub.utils")

USER = "fake-user"
URL = "https://example.org/train.py"
TEXT = "print('läuft 🤗')\n"
EXTRA = bytes(range(256))
# Text, as old clients read scripts as text; it cannot be compressed well, nor found twice in itself.
LARGE = base64.b64encode(random.Random(0).randbytes(2_250_000)).decode()
_IN_DATASET = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


def run(script: str, *arguments: str, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "experimental"
        return hub.run_uv_job(script, script_args=list(arguments), **options)


def tried(call: Callable[[], object]) -> object:
    """What a call gives, or the name of the error that it ends in."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        return type(error).__name__


def shipped(job: Any, folder: Path) -> dict[str, bytes]:
    """The files that a job was shipped with, by name, read through the client from wherever the release has put them."""
    environment = job.environment or {}
    if "UV_SCRIPT_URL" in environment:
        repository, revision, name = _IN_DATASET.search(environment["UV_SCRIPT_URL"]).groups()  # type: ignore[union-attr]
        path = hub.hf_hub_download(repository, name, repo_type="dataset", revision=revision, local_dir=folder)
        return {name: Path(path).read_bytes()}
    (volume,) = [each for each in job.volumes if each.mount_path == "/data"]
    api = hub.HfApi()
    listed = list(api.list_bucket_tree(volume.source, prefix=volume.path, recursive=True))
    # As people have it: only names.
    paths = [each.path for each in listed]
    known = {each.path: each.size for each in api.get_bucket_paths_info(volume.source, paths)}
    assert known == {each.path: each.size for each in listed}
    targets = [(path, folder / path) for path in paths]
    api.download_bucket_files(volume.source, targets)
    return {Path(path).name: target.read_bytes() for path, target in targets}


def intact(folder: Path, name: str, text: str, number: int) -> bool:
    """Whether a script arrives as it was."""
    script = folder / name
    script.write_text(text, encoding="utf-8")
    job = run(str(script))
    return shipped(job, folder / f"back {number}") == {name: text.encode()}


def flow(folder: Path) -> dict[str, Any]:
    seen: dict[str, Any] = {"release": hub.__version__}
    seen["url"] = run(URL, "--lr", "3e-4", dependencies=["trl"], python="3.12").command
    seen["command"] = tried(lambda: run("lighteval", "--help").command)

    script, extra = folder / "train.py", folder / "läuft.yml"
    script.write_text(TEXT, encoding="utf-8")
    extra.write_bytes(EXTRA)
    job = run(str(script), "--config", str(extra), dependencies=["trl"], flavor="l4x1")
    back = shipped(job, folder / "back")
    assert back.pop("train.py") == TEXT.encode()
    seen["others"] = {name: data == EXTRA for name, data in back.items()}

    cases = [("one.py", "1"), ("large.py", LARGE), ("läuft_🤗.py", TEXT), ("läuft_🤗.py", TEXT)]
    seen["intact"] = [intact(folder, name, text, number) for number, (name, text) in enumerate(cases)]
    seen["missing"] = tried(lambda: hub.hf_hub_download(f"{USER}/none", "x.py", repo_type="dataset"))
    if hasattr(hub.HfApi, "list_bucket_tree"):
        seen["no bucket"] = tried(lambda: list(hub.HfApi().list_bucket_tree(f"{USER}/none")))
    return seen


def cut(fake: Any, folder: Path) -> dict[str, Any]:
    """What is there after an upload whose last request never arrives; only then do files appear."""
    script = folder / "cut.py"
    script.write_text("print('cut')\n", encoding="utf-8")
    before = fake.hub.snapshot()
    faults = [
        fake.fault(reset=True, method="POST", path=path)
        for path in ("/api/buckets/*/*/batch", "/api/datasets/*/*/commit/main")
    ]
    jobs = len(fake.submitted())
    seen = {"cut": tried(lambda: run(str(script)))}
    assert len(fake.submitted()) == jobs
    after = fake.hub.snapshot()
    seen["appeared"] = [
        name for name in ("bucket_files", "commits", "entries") if after[name] != before[name]
    ]
    for fault in faults:
        fault.delete()
    return seen


@contextmanager
def opened() -> Iterator[Any]:
    """The fake in process, or None if it is in another."""
    if len(sys.argv) > 1:
        with to_the_fake(sys.argv[1], hfjobs=False):
            yield None
        return
    importlib.import_module("huggingface_hub.utils._http").get_session()
    kill_on_internet_sockets()
    refuse_python_sockets()
    options: Any = {"api": "auto"}  # today's API is nothing that 0.34.0 can read
    with fakejobs.activate(**options) as fake:
        yield fake


def main() -> None:
    with tempfile.TemporaryDirectory() as name, opened() as fake:
        folder = Path(name)
        seen = flow(folder)
        if fake is not None:
            seen |= cut(fake, folder)
            (job,) = fake.submitted(flavor="l4x1")
            others = {path: data == EXTRA for path, data in job.uv.files.items()}
            seen["uv"] = [job.uv.script, job.uv.arguments, job.uv.dependencies, others]
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
