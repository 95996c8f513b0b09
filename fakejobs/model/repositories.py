"""What a dataset repository is: commits, one after the other, and the files as of each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha1

MAIN = "main"
"""The one branch that a repository here has."""

LONGEST_PATH = 1024
"""Characters that the path of a file may have."""


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
        title: the first line of its message.
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


def problem_with_path(path: str) -> str | None:
    """What is wrong with the path of a file, for people; None if nothing is."""
    if not path or len(path) > LONGEST_PATH:
        return f"a path has 1 to {LONGEST_PATH} characters"
    if "\0" in path:
        return "a path has no NUL character"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "a path is relative, with no empty part, no '.' and no '..'"
    if parts[0] == ".git":
        return "the folder .git is git's own"
    return None
