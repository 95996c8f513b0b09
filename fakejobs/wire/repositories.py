"""How dataset repositories and their files look on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha1

from fakejobs.model.repositories import Commit, Entry, Repository
from fakejobs.model.times import to_iso


def dataset_body(
    repository: Repository, commit: Commit, entries: Sequence[Entry], *, blobs: bool = False
) -> dict[str, object]:
    """A repository as of a commit.

    Args:
        repository: which.
        commit: as of when.
        entries: its files then.
        blobs: also the sizes and ids of the files.
    """
    return {
        "id": repository.id,
        "author": repository.namespace,
        "sha": commit.oid,
        "lastModified": to_iso(commit.created),
        "private": repository.private,
        "gated": False,
        "disabled": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "createdAt": to_iso(repository.created),
        "siblings": [
            {"rfilename": entry.path} | ({"size": entry.size, "blobId": entry.oid} if blobs else {})
            for entry in entries
        ],
        "xetEnabled": False,
    }


def tree_body(entries: Iterable[Entry], folder: str, *, recursive: bool) -> list[dict[str, object]]:
    """What is in a folder, in the order of paths: folders, too.

    Args:
        entries: all files of the repository.
        folder: its path; empty: the repository.
        recursive: also what is further down.
    """
    within = f"{folder}/" if folder else ""
    found: dict[str, dict[str, object]] = {}
    for entry in entries:
        if not entry.path.startswith(within):
            continue
        first, nested, _ = entry.path[len(within) :].partition("/")
        if recursive or not nested:
            found[entry.path] = {"type": "file", "oid": entry.oid, "size": entry.size, "path": entry.path}
        path = entry.path.rpartition("/")[0] if recursive else within + first if nested else ""
        # With a folder, all folders around it are there.
        while len(path) > len(folder) and path not in found:
            # The id of a folder is of its name here: nothing asks for it again.
            oid = sha1(path.encode()).hexdigest()  # noqa: S324 - ids of git are SHA-1
            found[path] = {"type": "directory", "oid": oid, "size": 0, "path": path}
            path = path.rpartition("/")[0]
    return [found[path] for path in sorted(found)]
