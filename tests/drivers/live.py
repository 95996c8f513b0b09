"""Talking to a server over a socket, with deadlines: what the tests of live servers share."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
PATIENCE = 10.0


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Live:
    """A server's URL, and requests to it."""

    def __init__(self, url: str, process: subprocess.Popen[str] | None = None) -> None:
        self.url = url
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.address = (parts.hostname, parts.port)
        self.process = process

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {}, **options)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())

    @contextlib.contextmanager
    def following(self, path: str = "/stream") -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        connection.request("GET", path)
        response = connection.getresponse()
        # Both hold the socket: each has to be closed for the connection to end.
        with contextlib.closing(connection), contextlib.closing(response):
            yield response

    def state(self) -> Any:
        return self.ask("GET", "/state").json()

    def wait_for(self, **wanted: int) -> None:
        """Until the app's state has these figures."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            state = self.state()
            if wanted.items() <= state.items():
                return
            time.sleep(0.005)
        raise AssertionError(f"waited for {wanted}, but it is {state}")


def frame(response: http.client.HTTPResponse) -> bytes:
    """The next event: its lines and the empty one."""
    lines = b""
    while not lines.endswith(b"\n\n"):
        line = response.readline()
        if not line:
            return lines
        lines += line
    return lines


@contextlib.contextmanager
def served(server: str, *arguments: str) -> Iterator[Live]:
    """The streaming app in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.drivers.streaming_app", server, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            url = process.stdout.readline().strip()
            assert url, process.stderr.read()
            yield Live(url, process)
        finally:
            process.kill()
