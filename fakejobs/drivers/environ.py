"""The WSGI environ of an ASGI request."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Message = MutableMapping[str, Any]
"""A scope or an event of ASGI."""


def environ_of(scope: Message, body: bytes) -> WSGIEnvironment:
    """The WSGI environ of an ASGI request with its whole body (PEP 3333: a path is its bytes as latin-1)."""
    root: str = scope.get("root_path", "")
    raw: bytes | None = scope.get("raw_path")
    if raw is None:
        raw = scope["path"].encode()
        path = raw.decode("latin-1")
    else:
        if not raw.startswith(b"/") and b"://" in raw:
            # Absolute form, as sent to a proxy: h11 leaves it whole.
            raw = b"/" + raw.split(b"://", 1)[1].partition(b"/")[2]
        path = (unquote_to_bytes(raw) if b"%" in raw else raw).decode("latin-1")
    script = root.encode().decode("latin-1")
    if script and path.startswith(script):
        path = path[len(script) :]
    query = scope["query_string"].decode("latin-1")
    uri = raw.decode("latin-1")
    if query:
        uri = f"{uri}?{query}"
    server = scope.get("server") or ("127.0.0.1", 80)
    client = scope.get("client") or ("", 0)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": script,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_URI": uri,
        "RAW_URI": uri,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": client[1],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = _environ_key(name)
        if key is None:
            continue
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)  # undone already
    return environ


@lru_cache(512)
def _environ_key(name: bytes) -> str | None:
    key = name.decode("latin-1")
    if "_" in key:
        return None  # could pose as the header that is spelled with dashes
    key = key.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
