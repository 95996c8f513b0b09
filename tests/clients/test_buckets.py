"""Real uploads and downloads, through hf_xet, against `fakejobs serve`: scripts and folders for jobs, and buckets as such."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.remote import RemoteHub
from fakejobs.web.app import wsgi_app
from tests.clients.test_generations import python_with
from tests.clients.test_hf_cli import Hf
from tests.support.clients import TOKEN, USER, client_environment
from tests.support.programs import run_program
from tests.support.raw import ask
from tests.support.server import serving

pytest.importorskip("huggingface_hub", minversion="2.4.0")
import hf_xet  # type: ignore[import-untyped]  # it has no types
from huggingface_hub import HfApi, Volume, constants, hf_api
from huggingface_hub.errors import BucketBatchError, BucketNotFoundError, HfHubHTTPError
from huggingface_hub.utils import _xet

SCRIPT = Path(__file__).with_name("uploads.py")
DATA = f"{USER}/data"
ARTIFACTS = f"{USER}/jobs-artifacts"


@pytest.fixture
def xet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """hf_xet, with its cache in a folder of the test."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setattr(_xet, "_GLOBAL_XET_HOLDER", _xet.XetSessionHolder())


@pytest.fixture
def api(hub: RemoteHub, xet: None, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    return connected(hub.url, monkeypatch)


def connected(url: str, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(hf_api.api, "endpoint", url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return HfApi(endpoint=url, token=TOKEN)


def stored(api: HfApi, bucket: str, folder: Path) -> dict[str, bytes]:
    """Every file of a bucket, downloaded."""
    files = [each for each in api.list_bucket_tree(bucket, recursive=True) if each.type == "file"]
    api.download_bucket_files(bucket, [(file, folder / file.path) for file in files])
    return {file.path: (folder / file.path).read_bytes() for file in files}


def there_and_back(python: Path, url: str, home: Path, folder: Path) -> Any:
    done = run_program(
        [python, SCRIPT, folder],
        env=client_environment(url, home),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(seen: Any, *, wrong: str) -> None:
    """What every release has to see of its uploads."""
    sizes = {"one.py": 1, "large.bin": 3_000_000, "ünï/日本 %41.py": 12, "again.bin": 3_000_000, "empty": 0}
    assert seen["different"] == []
    assert seen["first"] is True
    assert seen["tree"] == sizes | {f"files/{name}": size for name, size in sizes.items()}
    assert seen["top"] == [
        *("directory files", "directory ünï"),
        *("file again.bin", "file empty", "file large.bin", "file one.py"),
    ]
    assert seen["known"] == sorted(sizes)
    assert seen["made"] == [DATA, DATA]
    assert (seen["unknown"], seen["made again"]) == ("BucketNotFoundError", "HfHubHTTPError")
    assert seen["wrong"] == wrong
    assert (seen["kept"], seen["info"]) == (9, [DATA, True, 2 * sum(sizes.values()) - 1, 9])


def test_files_come_back_as_they_were(hub: RemoteHub, home: Path, tmp_path: Path) -> None:
    seen = there_and_back(Path(sys.executable), hub.url, home, tmp_path)
    check(seen, wrong="BucketBatchError")


@pytest.mark.parametrize(("release", "wrong"), [("1.13.0", "HfHubHTTPError"), ("1.33.0", "BucketBatchError")])
def test_other_releases(hub: RemoteHub, home: Path, tmp_path: Path, release: str, wrong: str) -> None:
    check(there_and_back(python_with(release), hub.url, home, tmp_path), wrong=wrong)


def test_the_server_of_threads_takes_large_files_as_well(home: Path, tmp_path: Path) -> None:
    hub = FakeHub()
    with serve_in_thread(wsgi_app(hub)) as server:
        seen = there_and_back(Path(sys.executable), server.url, home, tmp_path)
    check(seen, wrong="BucketBatchError")
    hub.close()


@pytest.mark.filterwarnings("ignore:.*_uv_job' is experimental:UserWarning")
def test_a_local_uv_script(hub: RemoteHub, api: HfApi, tmp_path: Path) -> None:
    script, table = tmp_path / "train.py", tmp_path / "extra.csv"
    script.write_text("print('é')\n")
    table.write_bytes(b"a;b\n" * 1000)

    job = api.run_uv_job(str(script), script_args=["--table", str(table)], python="3.12")
    assert job.volumes is not None
    (volume,) = job.volumes
    assert (volume.type, volume.source, volume.mount_path) == ("bucket", ARTIFACTS, "/data")
    assert (job.command or [])[-3:] == ["/data/train.py", "--table", "/data/extra.csv"]
    assert stored(api, ARTIFACTS, tmp_path / "down") == {
        f"{volume.path}/train.py": script.read_bytes(),
        f"{volume.path}/extra.csv": table.read_bytes(),
    }
    assert api.bucket_info(ARTIFACTS).private is True


def test_a_folder_as_a_volume(hub: RemoteHub, api: HfApi, tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "x.txt").write_text("x")
    (folder / "y.bin").write_bytes(bytes(range(256)) * 50)

    volume = api.sync_job_volume(str(folder), "/inputs")
    assert (volume.type, volume.source, volume.mount_path) == ("bucket", ARTIFACTS, "/inputs")
    job = api.run_job(image="python:3.12", command=["ls", "/inputs"], volumes=[volume])
    assert [each.path for each in job.volumes or []] == [volume.path]
    first = {f"{volume.path}/deep/x.txt": b"x", f"{volume.path}/y.bin": bytes(range(256)) * 50}
    assert stored(api, ARTIFACTS, tmp_path / "first") == first

    # The second time, only what has changed is uploaded, and what is gone is gone.
    (folder / "z").write_text("z")
    assert api.sync_job_volume(str(folder), "/inputs").path == volume.path
    assert stored(api, ARTIFACTS, tmp_path / "second") == first | {f"{volume.path}/z": b"z"}

    empty = tmp_path / "empty"
    empty.mkdir()
    volume = api.sync_job_volume(str(empty), "/empty")
    assert isinstance(volume, Volume)
    assert [each.path for each in api.list_bucket_tree(ARTIFACTS, prefix=volume.path)] == [
        f"{volume.path}/.keep"
    ]


def test_the_command_mounts_a_folder(hub: RemoteHub, api: HfApi, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "ü.txt").write_text("für alle", encoding="utf-8")
    hub.when(name="*").then(scheduling=0, running="forever")

    done = Hf(hub.url, home)(
        "run", "--detach", "--quiet", "-v", f"{folder}:/data", "python:3.12", "ls", "/data"
    )
    assert done.code == 0, done.err
    (volume,) = api.inspect_job(job_id=done.out.split()[-1]).volumes or []
    assert (volume.source, volume.mount_path, volume.read_only) == (ARTIFACTS, "/data", True)
    assert stored(api, ARTIFACTS, tmp_path / "down") == {f"{volume.path}/ü.txt": "für alle".encode()}


def test_the_command_runs_a_local_script_with_a_file(
    hub: RemoteHub, api: HfApi, home: Path, tmp_path: Path
) -> None:
    script, table = tmp_path / "train.py", tmp_path / "extra.csv"
    script.write_bytes(b"p")
    table.write_bytes(b"a,b\n1,2\n")

    done = Hf(hub.url, home)("uv", "run", "--detach", "--quiet", str(script), "--flag", str(table))
    assert done.code == 0, done.err
    job = api.inspect_job(job_id=done.out.split()[-1])  # before it: where the files are
    assert (job.command or [])[-3:] == ["/data/train.py", "--flag", "/data/extra.csv"]
    (volume,) = job.volumes or []
    assert stored(api, ARTIFACTS, tmp_path / "down") == {
        f"{volume.path}/train.py": b"p",
        f"{volume.path}/extra.csv": b"a,b\n1,2\n",
    }


def test_the_same_upload_after_a_reset(hub: RemoteHub, api: HfApi) -> None:
    """Clients remember what they uploaded to an address, and leave it out the next time."""
    content = b"".join(b"%d" % number for number in range(50_000))
    for _ in range(2):
        hub.reset()
        api.create_bucket(DATA)
        for name in ("one", "two"):
            api.batch_bucket_files(DATA, add=[(content, name)])
        assert api.bucket_info(DATA).size == 2 * len(content)


def test_files_outlive_the_server(xet: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--db", str(tmp_path / "hub.db"))
    content = bytes(range(256)) * 2_000
    with serving(tmp_path, *options) as server:
        api = connected(server.url, monkeypatch)
        api.create_bucket(DATA)
        api.batch_bucket_files(DATA, add=[(content, "kept.bin")])
        assert server.stop() == 0
    with serving(tmp_path, *options) as server:
        assert stored(connected(server.url, monkeypatch), DATA, tmp_path) == {"kept.bin": content}


def test_an_unknown_bucket(hub: RemoteHub, api: HfApi) -> None:
    for call in (
        lambda: api.bucket_info(DATA),
        lambda: list(api.list_bucket_tree(DATA)),
        lambda: list(api.get_bucket_paths_info(DATA, ["x"])),
        lambda: api.download_bucket_files(DATA, [("x", "x")]),
        lambda: api.batch_bucket_files(DATA, delete=["x"]),
    ):
        with pytest.raises(BucketNotFoundError):
            call()
    # As from the Hub: hf_xet asks for the token itself, and knows no kinds of 404.
    with pytest.raises(ConnectionError, match="404 Not Found"):
        api.batch_bucket_files(DATA, add=[(b"x", "x")])


def test_a_hash_that_was_not_uploaded(hub: RemoteHub, api: HfApi) -> None:
    api.create_bucket(DATA)
    with pytest.raises(BucketBatchError, match="Failed to apply 1 out of 1 operation") as caught:
        api.batch_bucket_files(DATA, copy=[("bucket", DATA, "ab" * 32, "x")])
    assert caught.value.failures == [{"path": "x", "error": f"Source file not found in {DATA}"}]
    assert list(api.list_bucket_tree(DATA)) == []


def test_an_upload_that_is_cut_leaves_nothing_behind(hub: RemoteHub, api: HfApi, tmp_path: Path) -> None:
    api.create_bucket(DATA)
    fault = hub.fault(path="/api/buckets/*/*/batch", status=403)
    with pytest.raises(HfHubHTTPError):
        api.batch_bucket_files(DATA, add=[(b"content" * 1000, "x")])
    assert list(api.list_bucket_tree(DATA)) == []
    assert (api.bucket_info(DATA).size, api.bucket_info(DATA).total_files) == (0, 0)

    fault.delete()
    api.batch_bucket_files(DATA, add=[(b"content" * 1000, "x")])
    assert stored(api, DATA, tmp_path) == {"x": b"content" * 1000}


def test_an_expired_upload_token(hub: RemoteHub, api: HfApi) -> None:
    api.create_bucket(DATA)
    token = ask(hub.url, "GET", f"/api/buckets/{DATA}/xet-write-token").json()

    def upload(content: bytes) -> None:
        session = hf_xet.XetSession()
        words = {"token": token["accessToken"], "token_expiry_unix_secs": 2**40}
        with session.new_upload_commit(endpoint=token["casUrl"], **words) as commit:
            commit.start_upload_bytes(content, sha256=hf_xet.SKIP_SHA256)

    upload(b"in time")
    hub.clock.advance("1h")
    with pytest.raises(ConnectionError, match="401 Unauthorized"):
        upload(b"too late")
    token = ask(hub.url, "GET", f"/api/buckets/{DATA}/xet-read-token").json()
    with pytest.raises(ConnectionError, match="403 Forbidden"):
        upload(b"with the wrong token")


def test_too_much_is_refused_at_once(hub: RemoteHub, api: HfApi) -> None:
    """Nothing is tried again: hf_xet would go on for more than 40 seconds after a 5xx."""
    api.create_bucket(DATA)
    dense = random.Random(0).randbytes(40_000_000)
    api.batch_bucket_files(DATA, add=[(dense, "x")])
    before = len(hub.requests)
    with pytest.raises(ConnectionError, match=r"\(413 [A-Z]"):
        api.batch_bucket_files(DATA, add=[(dense[::-1], "y")])
    statuses = [each["status"] for each in hub.requests[before:] if "/v1/xorbs/" in str(each["path"])]
    assert statuses == [413]
    assert [each.path for each in api.list_bucket_tree(DATA)] == ["x"]
