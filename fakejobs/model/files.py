"""Buckets and their files, and what a batch may ask of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST_PATH = 1_024
"""How many characters the path of a file may have."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Bucket:
    """A bucket.

    Attributes:
        id: ``namespace/name``.
        created: when, in milliseconds.
        private: whether only those may read it who may read its namespace.
        size: bytes of its files.
        files: how many files there are in it.
        updated: when the newest of them was uploaded, in milliseconds; without any, when it was made.
    """

    id: str
    created: int
    private: bool = True
    size: int = 0
    files: int = 0
    updated: int = 0

    @property
    def namespace(self) -> str:
        """Whose it is."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class BucketFile:
    """A file in a bucket.

    Attributes:
        path: where it is, ``folder/name.txt``.
        hash: of its content (`fakejobs.model.xet`).
        size: bytes.
        uploaded: when it came into the bucket, in milliseconds.
        mtime: when it was last changed where it comes from, in milliseconds; None: not said.
        content_type: of what type it was said to be, or None.
    """

    path: str
    hash: str
    size: int
    uploaded: int
    mtime: int | None = None
    content_type: str | None = None


@dataclass(frozen=True)
class Folder:
    """A folder of a bucket: there is one wherever there are files in it.

    Attributes:
        path: where it is.
        uploaded: when the newest file in it was uploaded, in milliseconds.
    """

    path: str
    uploaded: int


@dataclass(frozen=True)
class AddFile:
    """Let a file appear whose content has been uploaded; one that has that path is replaced."""

    path: str
    hash: str
    mtime: int | None = None
    content_type: str | None = None


@dataclass(frozen=True)
class CopyFile:
    """Let a file appear whose content is in a bucket already.

    Attributes:
        path: the new file.
        hash: of the content.
        source_type: ``bucket``, or another kind of repository, which is not emulated.
        source: the id of the bucket.
        mtime: as of a file; None: that of the source.
    """

    path: str
    hash: str
    source_type: str
    source: str
    mtime: int | None = None


@dataclass(frozen=True)
class DeleteFile:
    """Let a file disappear."""

    path: str


Operation = AddFile | CopyFile | DeleteFile


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch.

    Attributes:
        processed: how many operations there were.
        failed: path and reason of each that could not be done; all others were.
    """

    processed: int
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class AccessToken:
    """Lets its bearer into the content store, for a while.

    Attributes:
        value: the token.
        expires: when it stops to, in milliseconds of the hub's clock.
    """

    value: str
    expires: int


def problem_with_path(path: str) -> str | None:
    """What is wrong with the path of a file, for people; None if nothing is."""
    if not 0 < len(path) <= LONGEST_PATH:
        return f"a path has 1 to {LONGEST_PATH:,} characters"
    if _CONTROL.search(path):
        return "a path has no control characters"
    if {"", ".", ".."} & set(path.split("/")):
        return "a path is relative, with no empty part, no '.' and no '..'"
    return None
