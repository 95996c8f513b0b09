"""What each generation of the client makes of `run_uv_job`, read back."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest

from fakejobs.uv import UvRun, uv_run

TEXT = "print('läuft')\n"
DATA = TEXT.encode()
ENCODED = base64.b64encode(DATA).decode()
FOLDER = "20260101T000000-abcdef"
UNPACK = """echo $LOCAL_FILES_ENCODED | xargs -n 2 bash -c 'echo "$1" | base64 -d > "$0"' && """


@pytest.mark.parametrize(
    ("spec", "files", "wanted"),
    [
        pytest.param(
            {
                "command": ["uv", "run", "--with", "torch", "--with", "rich", "--python", "3.12", "/data/train.py", "--with", "x"],
                "volumes": [
                    {"type": "model", "source": "a/b", "mountPath": "/model"},
                    {"type": "bucket", "source": "ada/jobs-artifacts", "mountPath": "/data", "path": "20260101T000000-abcdef"},
                ],
            },
            {("ada/jobs-artifacts", f"{FOLDER}/train.py"): DATA, ("ada/jobs-artifacts", f"{FOLDER}/config.yml"): b"{}",
             ("ada/jobs-artifacts", "20260101T000001-fedcba/train.py"): b"of another job"},
            UvRun("/data/train.py", TEXT, ["--with", "x"], ["torch", "rich"], "3.12", {"/data/config.yml": b"{}"}),
            id="bucket, 1.13 and newer",
        ),
        pytest.param(
            {"command": ["bash", "-c", UNPACK + "uv run '--with' 'torch>=2' 'train.py' 'it'\\''s' 'a b'"],
             "environment": {"LOCAL_FILES_ENCODED": f"config.yml e30=\ntrain.py {ENCODED}"}},
            {},
            UvRun("train.py", TEXT, ["it's", "a b"], ["torch>=2"], None, {"config.yml": b"{}"}),
            id="environment, 1.6 to 1.12",
        ),
        pytest.param(
            {"command": ["bash", "-c", UNPACK + "uv run --with torch>=2 train.py don't"],
             "environment": {"LOCAL_FILES_ENCODED": f"train.py {ENCODED}"}},
            {},
            UvRun("train.py", TEXT, ["don't"], ["torch>=2"], None),
            id="environment, 1.4 and 1.5, not quoted",
        ),
        pytest.param(
            {"command": ["bash", "-c", 'echo "$UV_SCRIPT_ENCODED" | base64 -d > /tmp/script.py && uv run --python 3.11 /tmp/script.py a'],
             "environment": {"UV_SCRIPT_ENCODED": ENCODED}},
            {},
            UvRun("/tmp/script.py", TEXT, ["a"], [], "3.11"),
            id="environment, 1.3",
        ),
        pytest.param(
            {"command": ["bash", "-c", 'python -c "import os; ..." && uv run --with torch /tmp/script.py a'],
             "environment": {"UV_SCRIPT_URL": "https://huggingface.co/datasets/ada/hf-cli-jobs-uv-run-scripts/resolve/0123abc/train.py"}},
            {("ada/hf-cli-jobs-uv-run-scripts", "train.py"): DATA},
            UvRun("/tmp/script.py", TEXT, ["a"], ["torch"], None),
            id="dataset, before 1.3",
        ),
        pytest.param({"command": ["uv", "run", "lighteval", "x"]}, {}, UvRun("lighteval", None, ["x"], [], None), id="a program"),
        pytest.param(
            {"command": ["uv", "run", "train.py"], "environment": {"UV_SCRIPT_ENCODED": "no base64!"}}, {},
            UvRun("train.py", None, [], [], None), id="what cannot be decoded",
        ),
        pytest.param(
            {"command": ["uv", "run", "/tmp/script.py"], "environment": {"UV_SCRIPT_URL": "https://huggingface.co/datasets/ada/x/resolve/main/gone.py"}}, {},
            UvRun("/tmp/script.py", None, [], [], None), id="what is not there any more",
        ),
        pytest.param(
            {"command": ["uv", "run", "--no-project", "--with=rich", "-q", "--with", "torch", "--python=3.12", "--env-file=x", "train.py", "-x"]}, {},
            UvRun("train.py", None, ["-x"], ["rich", "torch"], "3.12"), id="other options of uv",
        ),
        pytest.param({"command": ["uv", "run", "--no-project", "--", "train.py", "--", "a"]}, {}, UvRun("train.py", None, ["--", "a"], [], None), id="the end of options"),
        pytest.param({"command": ["uv", "run", "-q", "-", "a"]}, {}, UvRun("-", None, ["a"], [], None), id="a script through a pipe"),
        pytest.param({"command": ["uv", "run", "--env-file", "x", "train.py"]}, {}, UvRun("x", None, ["train.py"], [], None), id="an option with a value that looks like a program"),
        *(
            pytest.param({"command": ["uv", "run", *words]}, {}, None, id=" ".join(["nothing after", *words]))
            for words in (["--with"], ["--with", "torch"], ["--no-project"], ["--"])
        ),
        pytest.param({"command": ["bash", "-c", "echo hello && python train.py"]}, {}, None, id="no uv"),
        pytest.param({"command": ["uv", "run"]}, {}, None, id="nothing to run"),
        pytest.param({}, {}, None, id="no command"),
    ],
)  # fmt: skip
def test_generations(
    spec: dict[str, object], files: dict[tuple[str, str], bytes], wanted: UvRun | None
) -> None:
    assert uv_run(spec, Kept(files)) == wanted


class Kept:
    """Uploaded files, by repository and path."""

    def __init__(self, files: Mapping[tuple[str, str], bytes]) -> None:
        self.files = files

    def uploaded_in_bucket(self, bucket_id: str, folder: str = "") -> dict[str, bytes]:
        """The files in a folder of a bucket."""
        return {
            path.removeprefix(f"{folder}/"): data
            for (bucket, path), data in self.files.items()
            if bucket == bucket_id and path.startswith(f"{folder}/")
        }

    def uploaded_in_dataset(self, repository_id: str, path: str, revision: str = "main") -> bytes | None:
        """A file of a dataset."""
        assert revision in ("main", "0123abc")
        return self.files.get((repository_id, path))
