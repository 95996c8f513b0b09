"""The bodies of requests that change a dataset repository: a commit (NDJSON), what comes before it, and a new repository."""

from __future__ import annotations

import base64
import binascii

from fakejobs.model.refusal import Refusal
from fakejobs.model.repositories import AddFile, DeleteFile, Message, Operation
from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import quote
from fakejobs.wire.uploads import (
    as_object,
    invalid,
    optional_text,
    problem_with_path,
    read_lines,
    read_visibility,
    text,
)

LONGEST_MESSAGE = 65_536
"""Characters that the message of a commit may have, summary and description together."""

_KINDS = ("header", "file", "deletedFile", "deletedFolder")


def read_commit(raw: bytes) -> tuple[Message, list[Operation]]:
    """What a commit says of itself, and what it does.

    Args:
        raw: one JSON object a line, ``{"key": ..., "value": {...}}``; the first is the header.

    Raises:
        Refusal: 400 for what is none, with the line; 501 for what is not emulated.
    """
    message: Message | None = None
    operations: list[Operation] = []
    for where, line in read_lines(raw, limit=len(raw)):
        kind, value = text(line, "key", where), as_object(line.get("value"), f"{where}: value")
        if kind == "header":
            message = _message(value, where)
        elif kind == "file":
            operations.append(AddFile(_path(value, where), _data(value, where)))
        elif kind == "deletedFile":
            operations.append(DeleteFile(_path(value, where)))
        elif kind == "deletedFolder":
            operations.append(DeleteFile(_path(value, where, folder=True) + "/"))
        else:
            raise Refusal(
                501,
                f"{where}: fakejobs does not emulate {quote(kind)}, only {', '.join(_KINDS)}: "
                "files of a dataset repository are kept as regular files here, whatever their size",
            )
    if message is None:
        raise Refusal(
            400, 'Invalid input: the commit has no header: {"key": "header", "value": {"summary": ...}}'
        )
    return message, operations


def read_preupload(body: Json) -> list[str]:
    """The paths that a client asks about before it commits them.

    Raises:
        Refusal: 400, it does not say them.
    """
    files = as_object(body, "the body").get("files")
    if not isinstance(files, list):
        raise invalid("the body", '"files" has to be an array')
    return [_path(as_object(each, f"files[{at}]"), f"files[{at}]") for at, each in enumerate(files)]


def without_samples(body: object) -> object:
    """The same body without the beginnings of files (``sample``) that clients send before a commit: nobody has to keep these."""
    if isinstance(body, dict):
        return {key: without_samples(value) for key, value in body.items() if key != "sample"}
    return [without_samples(each) for each in body] if isinstance(body, list) else body


def read_creation(body: Json) -> tuple[str, str, str | None, bool]:
    """Of a repository that is to be made: type, name, organisation (None: the caller's own), whether it is private.

    Raises:
        Refusal: 400, it does not say them.
    """
    fields, where = as_object(body, "the body"), "the body"
    kind = optional_text(fields, "type", where) or "model"
    organization = optional_text(fields, "organization", where)
    return kind, text(fields, "name", where), organization, read_visibility(fields, where)


def _message(value: dict[str, Json], where: str) -> Message:
    message = Message(
        text(value, "summary", where),
        optional_text(value, "description", where) or "",
        optional_text(value, "parentCommit", where),
    )
    if len(message.summary) + len(message.description) > LONGEST_MESSAGE:
        raise invalid(where, f"a message has at most {LONGEST_MESSAGE:,} characters")
    return message


def _path(value: dict[str, Json], where: str, *, folder: bool = False) -> str:
    path = text(value, "path", where)
    if folder:
        path = path.rstrip("/")
    problem = problem_with_path(path)
    if problem is None and path.split("/")[0] == ".git":
        problem = "the folder .git is git's own"
    if problem is not None:
        raise invalid(where, f"{quote(path)} is no path of a file: {problem}")
    return path


def _data(value: dict[str, Json], where: str) -> bytes:
    content = text(value, "content", where)
    encoding = optional_text(value, "encoding", where) or "utf-8"
    if encoding == "utf-8":
        return content.encode()
    if encoding != "base64":
        raise invalid(where, f"encoding is base64 or utf-8, not {quote(encoding)}")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(where, "content is not valid base64") from None
