"""What stands for the Rust library hf_xet in process: the same errors for the client, no sockets, and nothing left behind."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import fakejobs
from fakejobs import FakeJobs
from fakejobs.drivers.xet_session import xet_replaced
from fakejobs.errors import FakeJobsError
from fakejobs.store import files

pytest.importorskip("huggingface_hub", minversion="1.19.0")
client: Any = importlib.import_module("huggingface_hub.utils._xet")
hf_xet: Any = pytest.importorskip("hf_xet")

BUCKET = "fake-user/data"


@pytest.fixture
def fake() -> Iterator[FakeJobs]:
    """A fake under the client, with an empty bucket."""
    with fakejobs.activate() as made:
        made.api.create_bucket(BUCKET)
        yield made


def upload(fake: FakeJobs, *added: tuple[object, str]) -> None:
    api: Any = fake.api
    api.batch_bucket_files(BUCKET, add=list(added))


def download(fake: FakeJobs, path: object, target: Path) -> bytes:
    api: Any = fake.api
    api.download_bucket_files(BUCKET, [(path, target)])
    return target.read_bytes()


def test_files_and_bytes_there_and_back(fake: FakeJobs, tmp_path: Path) -> None:
    (tmp_path / "läuft.txt").write_bytes(b"from a file")
    upload(fake, (tmp_path / "läuft.txt", "a/läuft.txt"), (b"bytes", "b"), (b"", "empty"))
    assert fake.hub.uploaded_in_bucket(BUCKET) == {
        "a/läuft.txt": b"from a file",
        "b": b"bytes",
        "empty": b"",
    }
    assert download(fake, "a/läuft.txt", tmp_path / "new" / "folder" / "x") == b"from a file"
    assert download(fake, "empty", tmp_path / "y") == b""
    paths = [(each.method, each.path) for each in fake.requests]
    assert ("GET", f"/api/buckets/{BUCKET}/xet-write-token") in paths, "as hf_xet asks for it"
    assert ("GET", f"/api/buckets/{BUCKET}/xet-read-token") in paths


def test_a_bucket_that_is_not_there(fake: FakeJobs) -> None:
    api: Any = fake.api
    with pytest.raises(ConnectionError, match=r"/fake-user/none/xet-write-token: 404 Repository not found"):
        api.batch_bucket_files("fake-user/none", add=[(b"x", "x")])


def test_a_connection_that_breaks(fake: FakeJobs) -> None:
    fake.fault(reset=True, path="/api/buckets/*/*/xet-write-token")
    with pytest.raises(ConnectionError, match="a fault broke the connection"):
        upload(fake, (b"x", "x"))
    assert fake.hub.uploaded_in_bucket(BUCKET) == {}


def test_beyond_the_limit_of_bytes(fake: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    with pytest.raises(ConnectionError, match="the upload was refused: 413: fakejobs keeps 1,000 bytes"):
        upload(fake, (b"x", "small"), (b"x" * 1000, "large"))
    assert fake.hub.uploaded_in_bucket(BUCKET) == {}


def test_a_hash_of_nothing(fake: FakeJobs, tmp_path: Path) -> None:
    upload(fake, (b"x", "x"))
    bucket_file: Any = importlib.import_module("huggingface_hub").BucketFile
    unknown = bucket_file(type="file", path="x", size=1, xetHash="1" * 64)
    with pytest.raises(RuntimeError, match=f"404 Not Found: no file with the hash {'1' * 64}"):
        download(fake, unknown, tmp_path / "x")


@pytest.mark.usefixtures("fake")
def test_what_else_hf_xet_can_do() -> None:
    session = client.get_xet_session()
    with pytest.raises(FakeJobsError, match="new_download_stream_group would open sockets of its own"):
        _ = session.new_download_stream_group
    with pytest.raises(FakeJobsError, match="start_upload_stream would open"):
        _ = session.new_upload_commit(token="t").start_upload_stream
    assert copy.copy(session) is not session
    client.abort_xet_session()  # after Ctrl-C
    assert client.get_xet_session() is session


def test_nothing_is_left_behind() -> None:
    before = dict(vars(client)), dict(vars(hf_xet))
    with fakejobs.activate():
        assert client._GLOBAL_XET_HOLDER is not before[0]["_GLOBAL_XET_HOLDER"]
    assert (dict(vars(client)), dict(vars(hf_xet))) == before


def test_tokens_of_another_fake_are_not_used(fake: FakeJobs) -> None:
    client.XET_CONNECTION_INFO_CACHE["x"] = "of this fake"
    with fakejobs.activate():
        assert client.XET_CONNECTION_INFO_CACHE == {}
    assert client.XET_CONNECTION_INFO_CACHE == {"x": "of this fake"}
    assert fake.hub.uploaded_in_bucket(BUCKET) == {}


def test_releases_that_call_functions(
    fake: FakeJobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Before 1.19, the client fetches the token itself, and calls these with it.
    monkeypatch.delattr(client, "_GLOBAL_XET_HOLDER")
    (tmp_path / "a").write_bytes(b"one")
    own = hf_xet.upload_files
    token: tuple[object, ...] = ("http://127.0.0.1:1", ("token", 0), None)
    with xet_replaced(fake.hub, fake.answer):
        (first,) = hf_xet.upload_files([str(tmp_path / "a")], *token, None, "bucket", skip_sha256=True)
        (second,) = hf_xet.upload_bytes([b"two"], *token, None, "bucket", skip_sha256=True)
        wanted = [
            SimpleNamespace(hash=each.hash, file_size=each.filesize, destination_path=str(tmp_path / name))
            for each, name in ((first, "b"), (second, "c"))
        ]
        assert hf_xet.download_files(wanted, *token, None) == [each.destination_path for each in wanted]
        gone = SimpleNamespace(hash="1" * 64, destination_path=str(tmp_path / "d"))
        with pytest.raises(ConnectionError, match="404 Not Found"):
            hf_xet.download_files([gone], *token, None)
    assert [(tmp_path / name).read_bytes() for name in "bc"] == [b"one", b"two"]
    assert hf_xet.upload_files is own
