"""The use cases around buckets: making them, looking at them, and changing their files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fakejobs.hub.contents import Access, issue_token, read_content
from fakejobs.hub.identity import allow_ungrouped
from fakejobs.model.files import (
    AccessToken,
    AddFile,
    BatchResult,
    Bucket,
    BucketFile,
    CopyFile,
    DeleteFile,
    Folder,
    Operation,
    problem_with_path,
)
from fakejobs.model.identity import Caller
from fakejobs.model.refusal import Refusal
from fakejobs.model.xet import EMPTY_FILE
from fakejobs.store import files as rows

if TYPE_CHECKING:
    from fakejobs.hub.state import State

MOST_OPERATIONS = 1_000
"""How many operations one batch may have: `huggingface_hub` sends no more at once."""

_NAME = re.compile(r"[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?", re.ASCII)


def create(
    state: State, caller: Caller, namespace: str, name: str, *, private: bool = True
) -> tuple[Bucket, bool]:
    """Make a bucket; also says whether it is a new one.

    Args:
        state: of the hub.
        caller: who.
        namespace: whose it is to be; ``me`` is the caller.
        name: its name.
        private: whether only those may read it who may read the namespace.

    Raises:
        Refusal: 400 for an impossible name, 404 without such a namespace, 403 for whoever may not write there.
    """
    with state.act() as now:
        owner = allow_ungrouped(state, caller, caller.user.name if namespace == "me" else namespace, "write")
        if not _NAME.fullmatch(name) or "--" in name or ".." in name:
            raise Refusal(
                400,
                "Invalid bucket name: use 1 to 96 letters, digits, '-', '_' and '.'; it may not begin or end with '-' or '.', "
                "and '--' and '..' are not allowed",
            )
        bucket_id = f"{owner.name}/{name}"
        found = rows.find_bucket(state.database, bucket_id)
        if found is not None:
            return found, False
        bucket = Bucket(bucket_id, now, private, updated=now)
        rows.insert_bucket(state.database, bucket)
        return bucket, True


def info(state: State, caller: Caller | None, bucket_id: str) -> Bucket:
    """A bucket.

    Args:
        state: of the hub.
        caller: who; None: nobody is logged in.
        bucket_id: ``namespace/name``.

    Raises:
        Refusal: 404 without such a bucket, or if the caller may not read it; 401 instead if nobody is logged in.
    """
    with state.look(runs=False):
        return find(state, caller, bucket_id, "read")


def tree(
    state: State, caller: Caller | None, bucket_id: str, prefix: str = "", *, recursive: bool = True
) -> list[BucketFile | Folder]:
    """What is in a bucket, in the order of paths.

    Args:
        state: of the hub.
        caller: who; None: nobody is logged in.
        bucket_id: ``namespace/name``.
        prefix: how the paths begin; if not ``recursive``, the path of a folder, or of a file.
        recursive: all files, however deep, and no folders; else what is in the folder directly.

    Raises:
        Refusal: as for `info`.
    """
    with state.look(runs=False):
        find(state, caller, bucket_id, "read")
        files = rows.all_files(state.database, bucket_id)
    if recursive:
        return [file for file in files if file.path.startswith(prefix)]
    prefix = prefix.strip("/")
    within = f"{prefix}/" if prefix else ""
    listed: list[BucketFile | Folder] = [file for file in files if file.path == prefix]
    folders: dict[str, int] = {}
    for file in files:
        if file.path.startswith(within):
            first, nested, _ = file.path[len(within) :].partition("/")
            if nested:
                folders[within + first] = max(folders.get(within + first, 0), file.uploaded)
            else:
                listed.append(file)
    listed += [Folder(path, uploaded) for path, uploaded in folders.items()]
    return sorted(listed, key=lambda each: each.path)


def paths_info(state: State, caller: Caller | None, bucket_id: str, paths: Iterable[str]) -> list[BucketFile]:
    """Those files of a bucket that are there.

    Raises:
        Refusal: as for `info`.
    """
    with state.look(runs=False):
        find(state, caller, bucket_id, "read")
        return rows.find_files(state.database, bucket_id, paths)


def batch(state: State, caller: Caller, bucket_id: str, operations: Sequence[Operation]) -> BatchResult:
    """Add, copy and delete files, in order. What can be done is done, whatever becomes of the rest (huggingface_hub#4954).

    Raises:
        Refusal: 404 without such a bucket, 403 for whoever may only read it, 413 with too many operations.
    """
    if len(operations) > MOST_OPERATIONS:
        raise Refusal(
            413, f"Too many operations: {len(operations):,}; at most {MOST_OPERATIONS:,} are allowed"
        )
    with state.act() as now:
        find(state, caller, bucket_id, "write")
        failed = []
        for operation in operations:
            reason = _obstacle(state, caller, bucket_id, operation)
            if reason is None:
                _apply(state, bucket_id, operation, now)
            else:
                failed.append((operation.path, reason))
        return BatchResult(len(operations), failed)


def stat(state: State, caller: Caller | None, bucket_id: str, path: str) -> BucketFile:
    """A file of a bucket.

    Raises:
        Refusal: as for `info`; 404 without the file in it.
    """
    with state.look(runs=False):
        find(state, caller, bucket_id, "read")
        file = rows.find_file(state.database, bucket_id, path)
        if file is None:
            raise Refusal(404, "Entry not found", code="EntryNotFound")
        return file


def download(state: State, caller: Caller | None, bucket_id: str, path: str) -> tuple[BucketFile, bytes]:
    """A file of a bucket, and its bytes.

    Raises:
        Refusal: as for `stat`.
    """
    with state.look(runs=False):
        file = stat(state, caller, bucket_id, path)
        return file, read_content(state, file.hash) or b""


def token(state: State, caller: Caller | None, bucket_id: str, access: Access) -> AccessToken:
    """Let somebody into the content store for an hour.

    Raises:
        Refusal: as for `info`; 401 or 403 for whoever may not write to it.
    """
    with state.look(runs=False) as now:
        find(state, caller, bucket_id, access)
        return issue_token(state, access, now)


def read_file(state: State, bucket_id: str, path: str) -> bytes | None:
    """The bytes of a file, or None if it is not there; for tests, which may look at everything."""
    with state.look(runs=False):
        file = rows.find_file(state.database, bucket_id, path)
        return None if file is None else read_content(state, file.hash)


def find(state: State, caller: Caller | None, bucket_id: str, permission: str) -> Bucket:
    """A bucket that the caller may read, or write to. Whoever may not read it cannot tell that it is there.

    Raises:
        Refusal: 404 without such a bucket, or if the caller may not even read it; 403 if it may not write. If nobody is logged in:
            401 for all but reading what is public.
    """
    bucket = rows.find_bucket(state.database, bucket_id)
    if caller is None:
        if bucket is None or bucket.private or permission == "write":
            raise Refusal(401, "Invalid username or password.", code="RepoNotFound")
        return bucket
    missing = Refusal(
        404, "Repository not found", code="RepoNotFound", hint=f"there is no bucket {bucket_id}"
    )
    if bucket is None:
        raise missing
    if bucket.private:
        try:
            allow_ungrouped(state, caller, bucket.namespace, "read")
        except Refusal as refusal:
            raise missing from refusal
    if permission == "write":
        allow_ungrouped(state, caller, bucket.namespace, "write")
    return bucket


def _obstacle(state: State, caller: Caller, bucket_id: str, operation: Operation) -> str | None:
    """Why this cannot be done, or None."""
    if isinstance(operation, DeleteFile):
        return None
    path = operation.path
    if problem_with_path(path) is not None:
        return "Invalid path"
    if (other := rows.file_in_the_way(state.database, bucket_id, path)) is not None:
        return f"There is a file {other}: one path cannot be a file and a folder"
    if isinstance(operation, CopyFile):
        if operation.source_type != "bucket":
            return f"fakejobs copies from buckets only, not from a {operation.source_type}"
        try:
            find(state, caller, operation.source, "read")
        except Refusal:
            return f"Source bucket not found: {operation.source}"
        if rows.find_with_hash(state.database, operation.source, operation.hash) is None:
            return f"Source file not found in {operation.source}"
    elif operation.hash != EMPTY_FILE and rows.content_size(state.database, operation.hash) is None:
        return f"Xet file not found: {operation.hash}"
    return None


def _apply(state: State, bucket_id: str, operation: Operation, now: int) -> None:
    if isinstance(operation, DeleteFile):
        rows.delete_file(state.database, bucket_id, operation.path)
        return
    mtime, content_type = operation.mtime, None
    if isinstance(operation, AddFile):
        content_type = operation.content_type
    elif (source := rows.find_with_hash(state.database, operation.source, operation.hash)) is not None:
        content_type = source.content_type
        mtime = source.mtime if mtime is None else mtime
    size = rows.content_size(state.database, operation.hash) or 0
    file = BucketFile(operation.path, operation.hash, size, now, mtime, content_type)
    rows.put_file(state.database, bucket_id, file)
