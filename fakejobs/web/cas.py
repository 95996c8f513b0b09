"""The content store that uploads and downloads of buckets go through: the routes under ``/_xet``, which `hf_xet` calls.

The store is one for all buckets. Whoever may use it has a token from a bucket (`fakejobs.web.buckets`); the bytes of xorbs need
none, as on the Hub, where their addresses are signed: their names cannot be guessed.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, request
from werkzeug.sansio.utils import get_host

from fakejobs.hub.contents import Access
from fakejobs.model.refusal import Refusal
from fakejobs.web.context import hub, json_answer, raw_body, token_of
from fakejobs.wire.xet import read_shard, reconstruction_body

cas = Blueprint("cas", __name__)

_ROOT = "/_xet/<store>"

MOST_BYTES = 64 * 1024 * 1024
"""How many bytes a xorb, or a shard, may have (the specification says so of xorbs)."""

_HASH = re.compile("[0-9a-f]{64}")
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{1,15})?")


def origin() -> str:
    """Where this server is, as its client sees it: ``http://127.0.0.1:8000``."""
    # A Host header that is none would make an address that leads nowhere.
    host = request.host or get_host(request.scheme, None, request.server)
    return f"{request.scheme}://{host}"


def address() -> str:
    """Where the content store is; another place after each reset of the hub, so that clients forget what they know of it."""
    return f"{origin()}/_xet/{hub().state.content_store}"


@cas.url_value_preprocessor
def forget_store(_endpoint: str | None, values: dict[str, str] | None) -> None:
    """There is but one store, whatever its address was when somebody asked for it."""
    if values is not None:
        values.pop("store", None)


@cas.post(f"{_ROOT}/v1/xorbs/<prefix>/<name>")
def put_xorb(prefix: str, name: str) -> Response:
    """Take a xorb."""
    _check("write")
    _check_hash(name)
    if prefix != "default":
        raise Refusal(400, "Bad Request: the one prefix of xorbs is default")
    return json_answer({"was_inserted": hub().put_xorb(name, raw_body(MOST_BYTES))})


@cas.post(f"{_ROOT}/v1/shards")
@cas.post(f"{_ROOT}/shards")  # as hf_xet up to 1.5.1 has it
def put_shard() -> Response:
    """Take a shard: what files consist of."""
    _check("write")
    try:
        files = read_shard(raw_body(MOST_BYTES))
    except ValueError as error:
        raise Refusal(400, f"Malformed shard: {error}") from None
    return json_answer({"result": int(hub().put_xet_files(files))})


@cas.get(f"{_ROOT}/v1/reconstructions/<name>")
def reconstruction(name: str) -> Response:
    """What a file consists of, or the part of it that the Range header says."""
    _check("read")
    _check_hash(name)
    terms = hub().xet_terms(name)
    size = sum(term.segment.size for term in terms)
    first, after = _range(size) or (0, size)
    return json_answer(
        reconstruction_body(terms, first, after, lambda xorb: f"{address()}/xorbs/default/{xorb}")
    )


@cas.get(f"{_ROOT}/xorbs/default/<name>")
def xorb(name: str) -> Response:
    """The bytes of a xorb, or those that the Range header says."""
    _check_hash(name)
    data = hub().xorb(name)
    asked = _range(len(data))
    if asked is None:
        return Response(data, content_type="application/octet-stream")
    first, after = asked
    answer = Response(data[first:after], 206, content_type="application/octet-stream")
    answer.headers["Content-Range"] = f"bytes {first}-{after - 1}/{len(data)}"
    return answer


@cas.route("/_xet/<path:_rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def unknown(_rest: str) -> Response:
    """Everything else: hf_xet goes on without deduplication, telemetry and newer routes when it hears that they are not there."""
    raise Refusal(
        404, "Not Found", hint=f"the content store of fakejobs has no {request.method} {request.path}"
    )


def _check(access: Access) -> None:
    hub().check_xet_token(token_of(request.environ), access)


def _check_hash(name: str) -> None:
    if not _HASH.fullmatch(name):
        raise Refusal(400, "Bad Request: a hash has 64 hex digits, in lower case")


def _range(size: int) -> tuple[int, int] | None:
    """The first byte of the Range header, and the first after it; None without a header that is understood.

    Raises:
        Refusal: 416, it begins after the end.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or size)
    if first >= size or last < first:
        raise Refusal(416, f"Range Not Satisfiable: there are {size:,} bytes")
    return first, min(last + 1, size)
