"""HTTP without a client in between: what is really on the wire."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 20.0
TOKEN = {"Authorization": "Bearer hf_any"}


@dataclass(frozen=True)
class Answer:
    """An answer, as it came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    url: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One request on a connection of its own."""
    connection = _connect(url)
    with contextlib.closing(connection):
        payload = None if body is None else json.dumps(body)
        connection.request(
            method, path, payload, {"Content-Type": "application/json", **TOKEN, **(headers or {})}
        )
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())


@contextlib.contextmanager
def following(url: str, path: str, headers: Mapping[str, str] | None = None) -> Iterator[HTTPResponse]:
    """A stream, to be read line by line; the connection is closed with the block."""
    connection = _connect(url)
    connection.request("GET", path, headers={**TOKEN, **(headers or {})})
    response = connection.getresponse()
    # Both hold the socket: each has to be closed for the connection to end.
    with contextlib.closing(connection), contextlib.closing(response):
        yield response


def logged(response: HTTPResponse, lines: int) -> list[str]:
    """The next lines of a log."""
    found: list[str] = []
    while len(found) < lines:
        line = response.readline()
        assert line, f"the stream ended after {found}"
        if line.startswith(b"data: "):
            found.append(json.loads(line[len(b"data: ") :])["data"])
    return found


def _connect(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
