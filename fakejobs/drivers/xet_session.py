"""What stands for the Rust library hf_xet in process: it opens sockets of its own, which no transport under the client can see.

Like hf_xet, it asks the Hub for a token with the headers that the client gives it, and moves the bytes of files; only that they
go straight into the hub's content store and come straight from it. Each generation of the client has its own way in:
a session (huggingface_hub from 1.19 on), or functions of the module ``hf_xet`` (before).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from fakejobs.drivers.inprocess import Broken, Call, ReadTimedOut, Reply
from fakejobs.drivers.seams import put, put_back
from fakejobs.errors import FakeJobsError
from fakejobs.hub import FakeHub
from fakejobs.hub.contents import read_content
from fakejobs.model.refusal import Refusal

Ask = Callable[[Call], "Reply | None"]
"""Answers a request, as for the client's own transport."""


class FileInfo(Protocol):
    """What is known of a file: hf_xet's ``XetFileInfo``, and the older ``PyXetDownloadInfo``, have it."""

    hash: str


@dataclass(frozen=True)
class UploadInfo:
    """What became of an upload, with the names of all generations.

    Attributes:
        hash: by which a bucket can name the content.
        file_size: bytes.
        sha256: of the content, in hex digits.
    """

    hash: str
    file_size: int
    sha256: str

    @property
    def filesize(self) -> int:
        """The same, for releases before 1.19."""
        return self.file_size


@dataclass(frozen=True)
class Upload:
    """hf_xet's handle of an upload, and the result of it: this one is done already."""

    xet_info: UploadInfo

    def result(self) -> Upload:
        """What became of it."""
        return self


class Store:
    """Moves the bytes of files between the disk and the content store of a hub."""

    def __init__(self, hub: FakeHub) -> None:
        self._hub = hub

    def put(self, data: bytes) -> UploadInfo:
        """Keep bytes.

        Raises:
            ConnectionError: there is no room for them.
        """
        try:
            name = self._hub.keep_file(data)
        except Refusal as refusal:
            raise ConnectionError(f"the upload was refused: {refusal}") from None
        return UploadInfo(name, len(data), sha256(data).hexdigest())

    def fetch(self, info: FileInfo, destination: str) -> str | None:
        """Write bytes to a file; returns what is wrong if there are none with this hash."""
        data = read_content(self._hub.state, info.hash)
        if data is None:
            return f"404 Not Found: no file with the hash {info.hash} was uploaded to this fake"
        path = Path(destination)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return None


class XetSession:
    """Stands in for ``hf_xet.XetSession``: uploads and downloads files, opens no socket, and does nothing else."""

    def __init__(self, store: Store, ask: Ask) -> None:
        self._store = store
        self._ask = ask

    def new_upload_commit(self, **options: Any) -> UploadCommit:
        """A batch of uploads."""
        self._authorize(options)
        return UploadCommit(self._store)

    def new_file_download_group(self, **options: Any) -> DownloadGroup:
        """A batch of downloads."""
        self._authorize(options)
        return DownloadGroup(self._store)

    def _authorize(self, options: Mapping[str, Any]) -> None:
        """Fetch a token where the client says, with the headers that it says, unless it has one.

        Raises:
            ConnectionError: the hub refuses, as hf_xet raises it.
        """
        if options.get("token") is not None:
            return
        url, headers = options["token_refresh_url"], options["token_refresh_headers"]
        parts = urlsplit(url)
        call = Call(
            method="GET",
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=parts.port or (443 if parts.scheme == "https" else 80),
            target=parts.path + (f"?{parts.query}" if parts.query else ""),
            headers=[(str(name), str(value)) for name, value in dict(headers or {}).items()],
            body=b"",
            read_timeout=None,
        )
        try:
            reply = self._ask(call)
        except (Broken, ReadTimedOut) as error:
            raise ConnectionError(f"GET {url}: {error}") from None
        if reply is None or reply.status != 200:
            said = "" if reply is None else f"{reply.status} {dict(reply.headers).get('X-Error-Message', '')}"
            raise ConnectionError(f"GET {url}: {said}")
        reply.close()

    def __getattr__(self, name: str) -> object:
        raise _not_covered(name)


class _Block:
    """What a client opens with ``with``; all is done when a call of it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __exit__(self, *_error: object) -> None:
        """Everything is done already."""

    def __getattr__(self, name: str) -> object:
        raise _not_covered(name)


class UploadCommit(_Block):
    """A batch of uploads."""

    def __enter__(self) -> UploadCommit:
        return self

    def start_upload_file(self, path: str, **_options: object) -> Upload:
        """Upload a file."""
        return Upload(self._store.put(Path(path).read_bytes()))

    def start_upload_bytes(self, data: bytes, **_options: object) -> Upload:
        """Upload bytes."""
        return Upload(self._store.put(bytes(data)))


class DownloadGroup(_Block):
    """A batch of downloads."""

    def __enter__(self) -> DownloadGroup:
        return self

    def start_download_file(self, info: FileInfo, destination: str) -> None:
        """Download a file.

        Raises:
            RuntimeError: there is none with this hash, as hf_xet raises it.
        """
        if problem := self._store.fetch(info, destination):
            raise RuntimeError(problem)


class _Holder:
    """Stands in for the client's own holder of a session."""

    def __init__(self, session: XetSession) -> None:
        self._session = session

    def get(self) -> XetSession:
        """The session."""
        return self._session

    def sigint_abort(self) -> None:
        """Nothing is under way that could be aborted."""


@contextmanager
def xet_replaced(hub: FakeHub, ask: Ask) -> Iterator[None]:
    """Let the client move files to and from ``hub`` instead of through hf_xet, while the block runs.

    Args:
        hub: where the bytes go to and come from.
        ask: answers requests for a token.
    """
    if importlib.util.find_spec("huggingface_hub.utils._xet") is None:
        yield  # releases before Xet
        return
    client: Any = importlib.import_module("huggingface_hub.utils._xet")
    store = Store(hub)
    # Tokens of the real Hub, or of another fake, are of no use here, nor ours afterwards.
    wanted: list[tuple[Any, str, object]] = [(client, "XET_CONNECTION_INFO_CACHE", {})]
    if hasattr(client, "_GLOBAL_XET_HOLDER"):
        wanted.append((client, "_GLOBAL_XET_HOLDER", _Holder(XetSession(store, ask))))
    elif importlib.util.find_spec("hf_xet") is not None:
        library: Any = importlib.import_module("hf_xet")
        wanted += [(library, name, function) for name, function in _functions(store).items()]
    undo: list[tuple[Any, str, object]] = []
    try:
        for owner, name, value in wanted:
            put(undo, owner, name, value)
        yield
    finally:
        put_back(undo)


def _functions(store: Store) -> dict[str, Callable[..., object]]:
    """What releases before 1.19 call, which have fetched the token themselves; the names are those of the module ``hf_xet``."""

    def upload_files(file_paths: Iterable[str], *_arguments: object, **_options: object) -> list[UploadInfo]:
        return [store.put(Path(path).read_bytes()) for path in file_paths]

    def upload_bytes(
        file_contents: Iterable[bytes], *_arguments: object, **_options: object
    ) -> list[UploadInfo]:
        return [store.put(bytes(data)) for data in file_contents]

    def download_files(files: Iterable[Any], *_arguments: object, **_options: object) -> list[str]:
        paths = []
        for info in files:
            if problem := store.fetch(info, info.destination_path):
                raise ConnectionError(problem)  # these functions raise that, and sessions the other
            paths.append(str(info.destination_path))
        return paths

    return {"upload_files": upload_files, "upload_bytes": upload_bytes, "download_files": download_files}


def _not_covered(name: str) -> Exception:
    if name.startswith("__"):  # whoever asks for those, such as copy, wants to know whether they are there
        return AttributeError(name)
    return FakeJobsError(
        f"hf_xet: {name} would open sockets of its own, which no test can stop; in process, fakejobs covers uploads and downloads "
        "of files. Use fakejobs_server, or leave the call out"
    )
