"""The routes of buckets: those that uploads of scripts and folders for jobs, and downloads of them, need. All others are not emulated."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request

from fakejobs.hub.contents import Access
from fakejobs.model.files import BucketFile, Folder
from fakejobs.model.refusal import Refusal
from fakejobs.web.cas import address, origin
from fakejobs.web.context import BODY_KEY, caller, hub, json_answer, json_body, raw_body, whoever
from fakejobs.wire.buckets import (
    batch_body,
    bucket_body,
    created_body,
    entry_body,
    exists_body,
    file_info_body,
    read_batch,
    read_new_bucket,
    read_paths,
    token_body,
)

buckets = Blueprint("buckets", __name__)

BATCH_LIMIT = 8 * 1024 * 1024
"""Bytes of a batch that are read at most."""

FILE_INFO = "application/vnd.xet-fileinfo+json"
"""The ``Accept`` header of who wants to know about a file, instead of its bytes."""

_BUCKET = "/api/buckets/<namespace>/<name>"
_PAGE = 1_000
_LARGEST_PAGE = 5_000


@buckets.post(_BUCKET)
def create(namespace: str, name: str) -> Response:
    """Make a bucket."""
    who = caller()
    private = read_new_bucket(json_body(empty={}))
    bucket, made = hub().create_bucket(who, namespace, name, private=private)
    if made:
        return json_answer(created_body(bucket, origin()))
    body = exists_body(bucket, origin())
    answer = json_answer(body, 409)
    answer.headers["X-Error-Message"] = str(body["error"])
    return answer


@buckets.get(_BUCKET)
def info(namespace: str, name: str) -> Response:
    """A bucket."""
    return json_answer(bucket_body(hub().bucket(whoever(), f"{namespace}/{name}")))


@buckets.get(f"{_BUCKET}/xet-read-token")
def read_token(namespace: str, name: str) -> Response:
    """Let the caller read from the content store."""
    return _token(f"{namespace}/{name}", "read")


@buckets.get(f"{_BUCKET}/xet-write-token")
def write_token(namespace: str, name: str) -> Response:
    """Let the caller write to the content store."""
    return _token(f"{namespace}/{name}", "write")


@buckets.get(f"{_BUCKET}/tree")
@buckets.get(f"{_BUCKET}/tree/<path:prefix>")
def tree(namespace: str, name: str, prefix: str = "") -> Response:
    """What is in a bucket, a page at a time."""
    recursive = request.args.get("recursive", "true").lower() not in ("false", "0")
    entries = hub().bucket_tree(whoever(), f"{namespace}/{name}", prefix, recursive=recursive)
    if after := _cursor():
        entries = [entry for entry in entries if entry.path > after]
    limit = _limit()
    page = entries[:limit]
    answer = json_answer([entry_body(entry) for entry in page])
    if len(entries) > limit:
        answer.headers["Link"] = f'<{_next_url(page, limit, recursive)}>; rel="next"'
    return answer


@buckets.post(f"{_BUCKET}/paths-info")
def paths_info(namespace: str, name: str) -> Response:
    """Those files that are there, of those that the body names."""
    who, paths = whoever(), read_paths(json_body())
    return json_answer([entry_body(each) for each in hub().bucket_paths(who, f"{namespace}/{name}", paths)])


@buckets.post(f"{_BUCKET}/batch")
def batch(namespace: str, name: str) -> Response:
    """Add, copy and delete files."""
    who = caller()
    raw = raw_body(BATCH_LIMIT)
    request.environ[BODY_KEY] = f"<{len(raw):,} bytes>"
    result = hub().batch_bucket(who, f"{namespace}/{name}", read_batch(raw))
    all_failed = bool(result.failed) and len(result.failed) == result.processed
    answer = json_answer(batch_body(result), 422 if all_failed else 200)
    if all_failed:
        answer.headers["X-Error-Message"] = "No operation of the batch could be applied"
    return answer


@buckets.get("/buckets/<namespace>/<name>/resolve/<path:path>")
def resolve(namespace: str, name: str, path: str) -> Response:
    """A file, or what there is to know about it. The Hub sends its readers on to another host for the bytes; here they are."""
    bucket_id = f"{namespace}/{name}"
    file, data = hub().download_bucket_file(whoever(), bucket_id, path)
    refresh = f"{origin()}/api/buckets/{bucket_id}/xet-read-token"
    content = f"{address()}/v1/reconstructions/{file.hash}"
    if FILE_INFO in request.headers.get("Accept", ""):
        return json_answer(file_info_body(file, refresh, content))
    answer = Response(data, content_type=file.content_type or "application/octet-stream")
    answer.set_etag(file.hash)
    answer.headers["X-Xet-Hash"] = file.hash
    answer.headers["X-Xet-Refresh-Route"] = refresh
    answer.headers["X-Linked-Size"] = str(file.size)
    answer.headers["X-Linked-ETag"] = f'"{file.hash}"'
    answer.headers["Link"] = f'<{refresh}>; rel="xet-auth", <{content}>; rel="xet-reconstruction-info"'
    answer.make_conditional(request, accept_ranges=True, complete_length=file.size)
    del answer.headers["Date"]  # of this machine; each answer gets the hub's
    return answer


def _token(bucket_id: str, access: Access) -> Response:
    token = hub().xet_token(whoever(), bucket_id, access)
    store, expires = address(), token.expires // 1000
    answer = json_answer(token_body(token.value, expires, store))
    answer.headers["X-Xet-Cas-Url"] = store
    answer.headers["X-Xet-Access-Token"] = token.value
    answer.headers["X-Xet-Token-Expiration"] = str(expires)
    return answer


def _limit() -> int:
    text = request.args.get("limit", str(_PAGE))
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= _LARGEST_PAGE):
        raise Refusal(400, f"Invalid input: limit has to be a whole number from 1 to {_LARGEST_PAGE:,}")
    return int(text)


def _cursor() -> str:
    """The path after which the page begins."""
    try:
        return urlsafe_b64decode(request.args.get("cursor", "").encode()).decode()
    except ValueError:
        raise Refusal(400, "Invalid input: cursor is none; take it from the Link header") from None


def _next_url(page: list[BucketFile | Folder], limit: int, recursive: bool) -> str:
    cursor = urlsafe_b64encode(page[-1].path.encode()).decode()
    query = {"recursive": str(recursive).lower(), "limit": limit, "cursor": cursor}
    return f"{origin()}{quote(request.path)}?{urlencode(query)}"
