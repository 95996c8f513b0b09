"""The bodies of requests that change a dataset repository: a commit (NDJSON), what comes before it, and a new repository."""

from __future__ import annotations

import base64
import binascii

from fakejobs.model.refusal import Refusal
from fakejobs.model.repositories import AddFile, DeleteFile, Message, Operation, problem_with_path
from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import quote
from fakejobs.wire.read_json import BadJson, read_json

_KINDS = ("header", "file", "deletedFile", "deletedFolder")


def read_commit(raw: bytes) -> tuple[Message, list[Operation]]:
    """What a commit says of itself, and what it does.

    Args:
        raw: one JSON object a line, ``{"key": ..., "value": {...}}``; the first is the header.

    Raises:
        Refusal: 400 for what is none, with the line; 501 for what is not emulated.
    """
    lines = [(number, line) for number, line in enumerate(raw.split(b"\n"), 1) if line.strip()]
    message: Message | None = None
    operations: list[Operation] = []
    for number, line in lines:
        where = f"line {number} of the commit"
        try:
            entry = read_json(line, limit=len(line))
        except BadJson as error:
            raise Refusal(400, f"Invalid input: {where}: {error.sentence}") from None
        kind, value = _text(entry, "key", where), _get(entry, "value")
        if not isinstance(value, dict):
            raise Refusal(400, f"Invalid input: {where}: value has to be an object")
        if kind == "header":
            message = Message(
                _text(value, "summary", where),
                _optional_text(value, "description", where) or "",
                _optional_text(value, "parentCommit", where),
            )
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
    files = _get(body, "files")
    if not isinstance(files, list):
        raise Refusal(400, "Invalid input: the body: files has to be an array")
    return [_path(each, f"files[{index}]") for index, each in enumerate(files)]


def read_creation(body: Json) -> tuple[str, str, str | None, bool]:
    """Of a repository that is to be made: type, name, organisation (None: the caller's own), whether it is private.

    Raises:
        Refusal: 400, it does not say them.
    """
    kind = _optional_text(body, "type", "the body") or "model"
    name = _text(body, "name", "the body")
    organization = _optional_text(body, "organization", "the body")
    # Clients from 2.1 on send `visibility` instead of `private`.
    visibility = _optional_text(body, "visibility", "the body")
    private = visibility == "private" if visibility is not None else _get(body, "private") is True
    return kind, name, organization, private


def _get(body: Json, key: str) -> Json:
    return body.get(key) if isinstance(body, dict) else None


def _text(body: Json, key: str, where: str) -> str:
    value = _get(body, key)
    if not isinstance(value, str):
        raise Refusal(400, f"Invalid input: {where}: {key} has to be a string")
    return value


def _optional_text(body: Json, key: str, where: str) -> str | None:
    return None if _get(body, key) is None else _text(body, key, where)


def _path(body: Json, where: str, *, folder: bool = False) -> str:
    path = _text(body, "path", where)
    if folder:
        path = path.rstrip("/")
    if problem := problem_with_path(path):
        raise Refusal(400, f"Invalid input: {where}: {quote(path)} is no path of a file: {problem}")
    return path


def _data(body: Json, where: str) -> bytes:
    content = _text(body, "content", where)
    encoding = _optional_text(body, "encoding", where) or "utf-8"
    if encoding == "utf-8":
        return content.encode()
    if encoding != "base64":
        raise Refusal(400, f"Invalid input: {where}: encoding is base64 or utf-8, not {quote(encoding)}")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, f"Invalid input: {where}: content is not valid base64") from None
