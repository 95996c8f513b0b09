"""Local scripts of ``run_uv_job`` in process: the few routes that each generation of the client uploads them through.

Today's releases put them into a bucket, through the Rust library hf_xet, which opens sockets of its own; `XetSession` stands
in for it. Releases before 1.3 commit them to a dataset repository. The bytes are kept, so that a test can see the script.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fakejobs.drivers.inprocess import Call, Reply
from fakejobs.errors import FakeJobsError

MOST_BYTES = 64 * 1024 * 1024
"""How much one fake keeps; an upload beyond it is refused."""

_BUCKET = re.compile(r"/api/buckets/([^/]+/[^/]+)(/.*)?")
_DATASET = re.compile(r"/api/datasets/([^/]+/[^/]+)(/.*)?")


@dataclass
class Uploads:
    """What has been uploaded to one fake.

    Attributes:
        files: the bytes, by (repository, path); a bucket's name is ``namespace/name``.
    """

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _blobs: dict[str, bytes] = field(default_factory=dict)
    _repositories: set[str] = field(default_factory=set)

    def keep(self, data: bytes) -> str:
        """Keep bytes until a batch names them; returns their hash.

        Raises:
            FakeJobsError: there is too much.
        """
        if sum(map(len, self._blobs.values())) + len(data) > MOST_BYTES:
            raise FakeJobsError(f"uploads: a fake keeps {MOST_BYTES:,} bytes at most; upload less in a test")
        name = sha256(data).hexdigest()
        self._blobs[name] = data
        return name

    def reply(self, call: Call) -> Reply | None:
        """The answer to a request of an upload, or None if it is none."""
        if call.target.startswith("/api/jobs/"):  # as nearly all do
            return None
        path = unquote(urlsplit(call.target).path)
        if match := _BUCKET.fullmatch(path):
            return self._bucket(call, match[1], match[2] or "")
        if match := _DATASET.fullmatch(path):
            return self._dataset(call, match[1], match[2] or "")
        if (call.method, path) == ("POST", "/api/repos/create"):
            body = json.loads(call.body)
            name = f"{body.get('organization') or 'fake-user'}/{body['name']}"
            if body.get("type") != "dataset":
                return None
            self._repositories.add(name)
            return _json({"url": f"https://huggingface.co/datasets/{name}"})
        if (call.method, path) == ("POST", "/api/validate-yaml"):
            return _json({"errors": [], "warnings": []})
        return None

    def _bucket(self, call: Call, bucket: str, rest: str) -> Reply | None:
        match call.method, rest:
            case "POST", "":
                known = bucket in self._repositories
                self._repositories.add(bucket)
                return _json({"url": f"/buckets/{bucket}"}, 409 if known else 200)
            case "GET", "" if bucket in self._repositories:
                sizes = [len(data) for (name, _), data in self.files.items() if name == bucket]
                return _json(
                    {
                        "id": bucket,
                        "private": True,
                        "createdAt": "2026-01-01T00:00:00.000Z",
                        "size": sum(sizes),
                        "totalFiles": len(sizes),
                    }
                )
            case "GET", "/xet-write-token":
                return _write_token()
            case "POST", "/batch":
                return self._batch(call, bucket)
            case "GET", str() if rest.startswith("/tree"):
                prefix = rest.removeprefix("/tree").strip("/")
                return _json(
                    [
                        {"type": "file", "path": path, "size": len(data), "xetHash": sha256(data).hexdigest()}
                        for (name, path), data in sorted(self.files.items())
                        if name == bucket and path.startswith(prefix)
                    ]
                )
        return None

    def _batch(self, call: Call, bucket: str) -> Reply:
        failed = []
        for line in call.body.splitlines():
            entry = json.loads(line)
            if entry["type"] == "deleteFile":
                self.files.pop((bucket, entry["path"]), None)
            elif entry["type"] == "addFile":
                # Releases that upload through hf_xet's own in-memory store leave only the hash with us.
                self.files[bucket, entry["path"]] = self._blobs.get(entry["xetHash"], b"")
            else:
                failed.append({"path": entry.get("path", ""), "error": "copying is not emulated by fakejobs"})
        return _json(
            {"success": not failed, "processed": 0, "succeeded": 0, "failed": failed}, 422 if failed else 200
        )

    def _dataset(self, call: Call, repository: str, rest: str) -> Reply | None:
        if call.method == "GET" and rest == "":
            if repository in self._repositories:
                return _json({"id": repository})
            reply = _json({"error": "Repository not found"}, 404)
            reply.headers += [("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found")]
            return reply
        if call.method == "GET" and rest.startswith("/revision/"):
            return _json({"id": repository, "xetEnabled": False})
        if call.method == "POST" and rest.startswith("/preupload/"):
            files = json.loads(call.body)["files"]
            return _json(
                {
                    "files": [
                        {"path": each["path"], "uploadMode": "regular", "shouldIgnore": False}
                        for each in files
                    ]
                }
            )
        if call.method == "POST" and rest.startswith("/commit/"):
            for line in call.body.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    data = base64.b64decode(entry["value"]["content"])
                    self.files[repository, entry["value"]["path"]] = data
            oid = sha1(call.body).hexdigest()  # noqa: S324 - the id of a commit
            url = f"https://huggingface.co/datasets/{repository}/commit/{oid}"
            return _json({"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""})
        return None


def _write_token() -> Reply:
    # Releases 1.13 to 1.18 hand this address to hf_xet, which then keeps everything in the memory of this process.
    reply = _json({"casUrl": "memory://", "exp": 4_102_444_800, "accessToken": "fakejobs"})
    reply.headers += [
        ("X-Xet-Cas-Url", "memory://"),
        ("X-Xet-Access-Token", "fakejobs"),
        ("X-Xet-Token-Expiration", "4102444800"),
    ]
    return reply


def _json(body: object, status: int = 200) -> Reply:
    payload = json.dumps(body).encode()
    return Reply(
        status, [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))], [payload]
    )


@dataclass(frozen=True)
class _Info:
    hash: str
    file_size: int


@dataclass(frozen=True)
class _Result:
    xet_info: _Info

    def result(self) -> _Result:
        """As hf_xet's handle of an upload: this one is done already."""
        return self


class XetSession:
    """Stands in for the session of hf_xet: takes files and bytes, opens no socket, and does nothing else."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    @contextmanager
    def new_upload_commit(self, **_options: object) -> Iterator[XetSession]:
        """One batch of uploads."""
        yield self

    def start_upload_file(self, path: str, sha256: object = None) -> _Result:  # noqa: ARG002 - hf_xet's signature
        """Take a file."""
        return self._take(Path(path).read_bytes())

    def start_upload_bytes(self, data: bytes, sha256: object = None) -> _Result:  # noqa: ARG002 - hf_xet's signature
        """Take bytes."""
        return self._take(bytes(data))

    def _take(self, data: bytes) -> _Result:
        return _Result(_Info(self._uploads.keep(data), len(data)))

    def __getattr__(self, name: str) -> object:
        raise FakeJobsError(
            f"hf_xet: {name} would open sockets of its own, which no test can stop; in process, fakejobs covers uploads of local "
            "scripts only. Use fakejobs_server, or leave the call out"
        )


@contextmanager
def xet_replaced(uploads: Uploads) -> Iterator[None]:
    """Let the client upload into ``uploads`` instead of through hf_xet, while the block runs."""
    if importlib.util.find_spec("huggingface_hub.utils._xet") is None:
        yield  # releases before Xet
        return
    module: Any = importlib.import_module("huggingface_hub.utils._xet")
    if not hasattr(module, "get_xet_session"):
        yield  # releases that ask us for the address of the store: it is in memory
        return
    before = module.get_xet_session
    module.get_xet_session = lambda: XetSession(uploads)
    try:
        yield
    finally:
        module.get_xet_session = before
