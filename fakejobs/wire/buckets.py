"""How buckets look on the wire (the Hub's OpenAPI of August 2026)."""

from __future__ import annotations

import re

from fakejobs.model.draws import entity_id
from fakejobs.model.files import (
    AddFile,
    BatchResult,
    Bucket,
    BucketFile,
    CopyFile,
    DeleteFile,
    Folder,
    Operation,
)
from fakejobs.model.refusal import Refusal
from fakejobs.model.times import FIRST_INSTANT, LAST_INSTANT, to_iso
from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import quote
from fakejobs.wire.uploads import as_object, invalid, optional_text, read_lines, read_visibility, text

MOST_PATHS = 2_000
"""How many paths one request may ask for."""

_HASH = re.compile("[0-9a-fA-F]{64}")

# It comes back in a header, whatever it says.
_CONTENT_TYPE = re.compile(r"[!-~](?:[ -~]{0,253}[!-~])?")


def read_new_bucket(body: Json) -> bool:
    """Whether a new bucket is to be private.

    Everything else that the Hub takes (a region, ...) makes no difference here.

    Raises:
        Refusal: 400 if it is none; 501 if the bucket is to be in a resource group, which would be open to the whole organisation here.
    """
    fields = as_object(body, "the body")
    if optional_text(fields, "resourceGroupId", "the body") is not None:
        raise Refusal(
            501,
            "fakejobs does not emulate buckets in resource groups: leave resourceGroupId out; whoever has a role in the "
            "organisation itself may use the bucket then",
        )
    return read_visibility(fields)


def read_paths(body: Json) -> list[str]:
    """Read the body that asks for paths: a list of them, or one.

    Raises:
        Refusal: 400 if it is none, or asks for too many.
    """
    paths = as_object(body, "the body").get("paths")
    if isinstance(paths, str):
        return [paths]
    if not isinstance(paths, list) or len(paths) > MOST_PATHS:
        raise invalid("the body", f'"paths" has to be a list of at most {MOST_PATHS:,} paths')
    found = [path for path in paths if isinstance(path, str)]
    if len(found) < len(paths):
        raise invalid("the body", '"paths" has to be a list of strings')
    return found


def read_batch(raw: bytes) -> list[Operation]:
    """Read what a batch is to do: a JSON object on each line.

    Raises:
        Refusal: 400 if a line is none, with its number.
    """
    return [_operation(fields, where) for where, fields in read_lines(raw)]


def bucket_body(bucket: Bucket) -> dict[str, Json]:
    """A bucket."""
    return {
        "author": bucket.namespace,
        "id": bucket.id,
        "private": bucket.private,
        "createdAt": to_iso(bucket.created),
        "updatedAt": to_iso(bucket.updated),
        "size": bucket.size,
        "totalFiles": bucket.files,
        "repoType": "bucket",
        "cdnRegions": [],
    }


def created_body(bucket: Bucket, origin: str) -> dict[str, Json]:
    """The answer to whoever makes a bucket.

    Args:
        bucket: the bucket.
        origin: this server, as the client calls it: clients refuse the address of another host.
    """
    return {
        "url": f"{origin}/buckets/{bucket.id}",
        "name": bucket.id,
        "id": entity_id("bucket", bucket.id),
    }


def exists_body(bucket: Bucket, origin: str) -> dict[str, Json]:
    """The answer to whoever makes a bucket that there is already; see `created_body`."""
    return {
        "error": f"You already created this bucket repo: {bucket.id}",
        "url": f"{origin}/buckets/{bucket.id}",
        "id": entity_id("bucket", bucket.id),
    }


def entry_body(entry: BucketFile | Folder) -> dict[str, Json]:
    """A file or a folder."""
    if isinstance(entry, Folder):
        return {"type": "directory", "path": entry.path, "uploadedAt": to_iso(entry.uploaded)}
    body: dict[str, Json] = {
        "type": "file",
        "path": entry.path,
        "size": entry.size,
        "xetHash": entry.hash,
    }
    if entry.mtime is not None:
        body["mtime"] = to_iso(entry.mtime)
    body["uploadedAt"] = to_iso(entry.uploaded)
    if entry.content_type is not None:
        body["contentType"] = entry.content_type
    return body


def batch_body(result: BatchResult) -> dict[str, Json]:
    """What became of a batch."""
    return {
        "success": not result.failed,
        "processed": result.processed,
        "succeeded": result.processed - len(result.failed),
        "failed": [{"path": path, "error": reason} for path, reason in result.failed],
    }


def file_info_body(file: BucketFile, refresh: str, content: str) -> dict[str, Json]:
    """What there is to know about a file for whoever reads it from the content store.

    Args:
        file: the file.
        refresh: where there are tokens for it.
        content: where the store says what it consists of.
    """
    body: dict[str, Json] = {
        "hash": file.hash,
        "refreshUrl": refresh,
        "reconstructionUrl": content,
        "etag": f'"{file.hash}"',
        "size": file.size,
    }
    if file.content_type is not None:
        body["contentType"] = file.content_type
    return body


def token_body(value: str, expires: int, address: str) -> dict[str, Json]:
    """A token of the content store, and where that is.

    Args:
        value: the token.
        expires: when it stops to be good, in seconds.
        address: where the store is.
    """
    return {"casUrl": address, "exp": expires, "accessToken": value}


def _operation(fields: dict[str, Json], where: str) -> Operation:
    kind, path = text(fields, "type", where), text(fields, "path", where)
    if kind == "deleteFile":
        return DeleteFile(path)
    if kind not in ("addFile", "copyFile"):
        raise invalid(where, f'unknown "type" {quote(kind)}: use addFile, copyFile or deleteFile')
    name, mtime = text(fields, "xetHash", where), _instant(fields, "mtime", where)
    if not _HASH.fullmatch(name):
        raise invalid(where, '"xetHash" has to be 64 hex digits')
    if kind == "addFile":
        content_type = optional_text(fields, "contentType", where) or None
        if content_type is not None and not _CONTENT_TYPE.fullmatch(content_type):
            raise invalid(where, '"contentType" has to be 1 to 255 printable ASCII characters')
        return AddFile(path, name.lower(), mtime, content_type)
    source_type, source = text(fields, "sourceRepoType", where), text(fields, "sourceRepoId", where)
    return CopyFile(path, name.lower(), source_type, source, mtime)


def _instant(fields: dict[str, Json], name: str, where: str) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid(where, f'"{name}" has to be a number of milliseconds')
    if not FIRST_INSTANT <= value <= LAST_INSTANT:
        raise invalid(where, f'"{name}" is outside the years 1 to 9999')
    return int(value)
