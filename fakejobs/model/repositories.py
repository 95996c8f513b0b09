"""What a dataset repository is: commits, one after the other, and the files as of each of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha1
from itertools import pairwise

MAIN = "main"
"""The one branch that a repository here has."""

LONGEST_TITLE = 300
"""Characters that are kept of the first line of a commit's message."""


@dataclass(frozen=True)
class Repository:
    """A dataset repository.

    Attributes:
        id: ``namespace/name``.
        private: whether only those who may read the namespace see it.
        created: when it was made, in milliseconds.
    """

    id: str
    private: bool
    created: int

    @property
    def namespace(self) -> str:
        """Whose it is."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class Commit:
    """A commit.

    Attributes:
        oid: its id, 40 hexadecimal digits.
        number: 0 for the empty commit that a repository begins with, then 1, 2, ...
        created: when, in milliseconds.
        title: the first line of its message, cut to `LONGEST_TITLE`.
    """

    oid: str
    number: int
    created: int
    title: str


@dataclass(frozen=True)
class Entry:
    """A file as of a commit.

    Attributes:
        path: its path in the repository.
        oid: the id of its bytes, as git has it.
        size: how many bytes.
    """

    path: str
    oid: str
    size: int


@dataclass(frozen=True)
class AddFile:
    """A file that a commit adds or replaces."""

    path: str
    data: bytes


@dataclass(frozen=True)
class DeleteFile:
    """A file that a commit deletes; with a slash at the end of its path, a folder with all that is in it."""

    path: str


Operation = AddFile | DeleteFile


@dataclass(frozen=True)
class Message:
    """What a commit says of itself.

    Attributes:
        summary: the first line.
        description: the rest.
        parent: the commit that it must follow, or None.
    """

    summary: str
    description: str = ""
    parent: str | None = None

    @property
    def title(self) -> str:
        """What is kept of it: the first line, cut to `LONGEST_TITLE`."""
        return self.summary.strip().partition("\n")[0].rstrip()[:LONGEST_TITLE]


def remove_below(paths: list[str], path: str) -> list[str]:
    """Take out of sorted paths those that are this one, or in it if it is a folder (with a slash at its end); returns them."""
    first = bisect_left(paths, path)
    # A folder is followed by what is in it, and "/" by "0".
    after = bisect_left(paths, path[:-1] + "0" if path.endswith("/") else path + "\0", first)
    gone = paths[first:after]
    del paths[first:after]
    return gone


def insert_path(paths: list[str], path: str) -> None:
    """Put a path among sorted ones, unless it is there."""
    at = bisect_left(paths, path)
    if paths[at : at + 1] != [path]:
        paths.insert(at, path)


def file_and_folder(paths: Iterable[str]) -> str | None:
    """The first path that would be a file and a folder at once; None if there is none, as git needs it."""
    # With the lowest of characters for the slash, a file is followed by what is below it.
    ordered = sorted(path.replace("/", "\0") for path in paths)
    for one, other in pairwise(ordered):
        if other.startswith(f"{one}\0"):
            return one.replace("\0", "/")
    return None


def oid_of_blob(data: bytes) -> str:
    """The id of a file's bytes, as git has it; the client leaves out files whose id has not changed."""
    return _sha1(b"blob %d\0" % len(data) + data)


def oid_of_commit(
    repository: str, parent: str, created: int, message: Message, operations: Iterable[Operation]
) -> str:
    """The id of a commit: of what it is made of, so the same commits have the same ids in every run."""
    parts = [repository, parent, str(created), message.summary, message.description]
    for each in operations:
        parts += ["+", each.path, oid_of_blob(each.data)] if isinstance(each, AddFile) else ["-", each.path]
    return _sha1("\0".join(parts).encode())


def _sha1(data: bytes) -> str:
    return sha1(data).hexdigest()  # noqa: S324 - ids of git are SHA-1
