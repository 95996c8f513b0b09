"""The files of recordings: writing them, and reading them with a sentence for everything that may be wrong in them."""

from __future__ import annotations

import json
import os
import re
import tempfile
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from pathlib import Path

from fakejobs.contract.recording import (
    BadRecording,
    Body,
    BodyKind,
    Cut,
    Exchange,
    Frame,
    Recording,
    Request,
    Response,
    no_constant,
)
from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import join_index, join_key

_NAME = re.compile(r"(\d{4})-[A-Z]+-.*\.json")
REQUEST_KEYS = ("method", "path", "query", "headers", "body", "text", "base64", "omitted")
RESPONSE_KEYS = (
    "status", "headers", "body", "text", "base64", "omitted", "frames", "truncated", "cut", "failed",
)  # fmt: skip
_BODY_KEYS: tuple[BodyKind, ...] = ("body", "text", "base64", "omitted")


def file_name(number: int, request: Request) -> str:
    """``0003-POST-api-jobs-user-1.json``."""
    words = re.sub(r"[^A-Za-z0-9._]+", "-", request.path).strip("-.")[:80].rstrip("-.")
    return f"{number:04d}-{request.method}-{words or 'root'}.json"


def file_text(exchange: Exchange) -> str:
    """The text of the file of an exchange."""
    request, response = exchange.request, exchange.response
    asked: dict[str, Json] = {"method": request.method, "path": request.path}
    if request.query:
        asked["query"] = [list(pair) for pair in request.query]
    asked["headers"] = dict(request.headers)
    if request.body is not None:
        asked[request.body.kind] = request.body.value
    answered: dict[str, Json] = {"status": response.status, "headers": dict(response.headers)}
    if response.body is not None:
        answered[response.body.kind] = response.body.value
    if response.frames is not None:
        answered["frames"] = [{"at": frame.at, "text": frame.text} for frame in response.frames]
    if response.truncated:
        answered["truncated"] = True
    if response.cut is not None:
        answered["cut"] = {"by": response.cut.by, "at": response.cut.at}
    if response.failed is not None:
        answered["failed"] = response.failed
    value = {"request": asked, "response": answered}
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    return text + "\n"


def write_file(directory: Path, name: str, text: str) -> None:
    """Write a file in one step, so that nobody ever reads half of it."""
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=".fakejobs-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(directory / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def has_recordings(directory: Path) -> bool:
    """Whether a directory has any file of a recording."""
    return any(_NAME.fullmatch(path.name) for path in directory.iterdir())


def read_recordings(directory: str | Path) -> list[Recording]:
    """The recordings of a directory, in their order.

    Raises:
        BadRecording: there are none, or one cannot be read; a sentence with the file and the place.
    """
    folder = Path(directory)
    try:
        names = sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError as error:
        raise BadRecording(f"{directory}: cannot be read ({error.strerror})") from None
    if not names:
        raise BadRecording(
            f"{directory}: has no recordings; `fakejobs record --dir {directory} -- COMMAND` makes some"
        )
    return [Recording(name, _read_file(folder / name)) for name in names]


def _read_file(path: Path) -> Exchange:
    try:
        value = json.loads(path.read_bytes(), parse_constant=no_constant)
    except OSError as error:
        raise BadRecording(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise BadRecording(f"{path}: byte {error.start + 1} is part of no character of UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadRecording(f"{path}:{error.lineno}:{error.colno}: no JSON ({error.msg})") from None
    except (ValueError, RecursionError):
        raise BadRecording(f"{path}: no JSON that can be read") from None
    try:
        return _exchange(value)
    except BadRecording as error:
        raise BadRecording(f"{path}: {error}") from None


def _exchange(value: Json) -> Exchange:
    whole = _table(value, "", ("request", "response"))
    asked = _table(whole.get("request"), "request", REQUEST_KEYS)
    answered = _table(whole.get("response"), "response", RESPONSE_KEYS)
    path = _text(asked, "request", "path")
    if not path.startswith("/"):
        raise BadRecording('request.path: begins with "/"')
    status = _number(answered.get("status"), "response.status")
    if not 200 <= status <= 599:
        raise BadRecording("response.status: is no status of an answer; give 200 to 599")
    failed = answered.get("failed")
    if failed is not None and not isinstance(failed, str):
        raise BadRecording("response.failed: give a text")
    truncated = answered.get("truncated", False)
    if not isinstance(truncated, bool):
        raise BadRecording("response.truncated: give true or false")
    return Exchange(
        Request(
            method=_text(asked, "request", "method"),
            path=path,
            query=_query(asked.get("query", [])),
            headers=_headers(asked.get("headers", {}), "request.headers"),
            body=_body(asked, "request"),
        ),
        Response(
            status=status,
            headers=_headers(answered.get("headers", {}), "response.headers"),
            body=_body(answered, "response"),
            frames=_frames(answered["frames"]) if "frames" in answered else None,
            truncated=truncated,
            cut=_cut(answered["cut"]) if "cut" in answered else None,
            failed=failed,
        ),
    )


def _table(value: Json, where: str, keys: Sequence[str]) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise BadRecording(f"{where or 'the whole'}: give an object with {', '.join(keys)}")
    for key in value:
        if key not in keys:
            raise BadRecording(f"{join_key(where, key)}: unknown key; there are: {', '.join(keys)}")
    return value


def _text(table: dict[str, Json], where: str, key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise BadRecording(f"{where}.{key}: give a text")
    return value


def _number(value: Json, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise BadRecording(f"{where}: give a whole number")
    return value


def _query(value: Json) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        raise BadRecording("request.query: give a list of pairs of texts")
    pairs = []
    for index, pair in enumerate(value):
        match pair:
            case [str() as name, str() as text]:
                pairs.append((name, text))
            case _:
                raise BadRecording(f"{join_index('request.query', index)}: give a pair of texts")
    return tuple(pairs)


def _headers(value: Json, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadRecording(f"{where}: give an object of texts")
    headers = {}
    for name, text in value.items():
        if not isinstance(text, str) or not re.fullmatch(r"[!-9;-~]+", name) or not text.isprintable():
            raise BadRecording(f"{join_key(where, name)}: give a header on one line")
        headers[name.lower()] = text
    return headers


def _body(table: dict[str, Json], where: str) -> Body | None:
    given = [kind for kind in _BODY_KEYS if kind in table]
    if not given:
        return None
    if len(given) > 1 or "frames" in table:
        raise BadRecording(f"{where}: has several bodies ({', '.join(given)}); leave one of them")
    kind = given[0]
    value = table[kind]
    if kind != "body" and not isinstance(value, str):
        raise BadRecording(f"{where}.{kind}: give a text")
    if kind == "base64":
        try:
            b64decode(str(value), validate=True)
        except (Error, ValueError):
            raise BadRecording(f"{where}.base64: is no base64") from None
    return Body(kind, value)


def _frames(value: Json) -> tuple[Frame, ...]:
    if not isinstance(value, list):
        raise BadRecording("response.frames: give a list")
    frames: list[Frame] = []
    for index, each in enumerate(value):
        where = join_index("response.frames", index)
        frame = _table(each, where, ("at", "text"))
        at = _number(frame.get("at"), f"{where}.at")
        if frames and at < frames[-1].at:
            raise BadRecording(f"{where}.at: is before the frame before it; times must not go backwards")
        frames.append(Frame(at, _text(frame, where, "text")))
    return tuple(frames)


def _cut(value: Json) -> Cut:
    cut = _table(value, "response.cut", ("by", "at"))
    at = _number(cut.get("at"), "response.cut.at")
    match cut.get("by"):
        case "client":
            return Cut("client", at)
        case "upstream":
            return Cut("upstream", at)
    raise BadRecording('response.cut.by: give "client" or "upstream"')
