"""What a test may reach: the fake, the routes that the test itself answers, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from fakejobs.drivers.inprocess import Call, Reply
from fakejobs.errors import FakeJobsError, NetworkRefused

HUB_HOSTS = frozenset({"huggingface.co", "hub-ci.huggingface.co"})
"""Hosts that are the Hub whatever the endpoint is: releases of the client before 1.2.4 have the first one hard-coded."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class RoutedRequest:
    """A request as the functions that `Routes.add` takes see it.

    Attributes:
        method: GET, POST, ...
        path: the path, decoded.
        query: the parameters, as (name, value).
        headers: the headers, by lower-case name.
        body: the raw body.
        path_values: what the ``{names}`` of the pattern stand for.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    path_values: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Answered = int | str | bytes | Mapping[str, object] | Sequence[object] | tuple[int, object] | None
RouteReply = Answered | Callable[[RoutedRequest], object]


@dataclass
class Routes:
    """The routes beside Jobs that a test answers itself; the newest that matches answers."""

    _routes: list[tuple[str, re.Pattern[str], RouteReply]] = field(default_factory=list)

    def add(self, method: str, path_pattern: str, reply: RouteReply) -> None:
        """Answer ``method`` on ``path_pattern`` with ``reply``. See `fakejobs.handle.FakeJobs.route`."""
        if not path_pattern.startswith("/"):
            raise FakeJobsError(
                f"route: the path begins with a slash: {'/' + path_pattern!r}, not {path_pattern!r}"
            )
        names = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path_pattern))
        pattern = re.compile(names.replace(r"\*", ".*"))
        self._routes.insert(0, (method.upper(), pattern, reply))

    def reply(self, call: Call) -> Reply | None:
        """The answer to a request, or None if no route matches it."""
        if not self._routes:
            return None
        parts = urlsplit(call.target)
        for method, pattern, reply in self._routes:
            if not fnmatchcase(call.method, method):
                continue
            # As it was sent, so that an encoded slash stays within its segment; or as people write it.
            match = pattern.fullmatch(parts.path) or pattern.fullmatch(unquote(parts.path))
            if match is None:
                continue
            if not callable(reply):
                return _reply(reply)
            headers = {name.lower(): value for name, value in call.headers}
            query = tuple(parse_qsl(parts.query, keep_blank_values=True))
            values = {name: unquote(value) for name, value in match.groupdict().items()}
            request = RoutedRequest(call.method, unquote(parts.path), query, headers, call.body, values)
            answered = reply(request)
            if answered is not NotImplemented:
                return _reply(cast("Answered", answered))
        return None


def _reply(answered: Answered) -> Reply:
    status: int = 200
    body: object = answered
    match answered:
        case bool():
            raise FakeJobsError("route: a reply is a status, JSON, a text, bytes, or (status, one of these)")
        case int():
            status, body = answered, {} if answered < 400 else {"error": f"Error {answered}"}
        case (int() as given, inner) if isinstance(answered, tuple):
            status, body = given, inner
    if body is None:
        return Reply(status, [("Content-Length", "0")], [b""])
    if isinstance(body, bytes):
        payload, kind = body, "application/octet-stream"
    elif isinstance(body, str):
        payload, kind = body.encode(), "text/plain; charset=utf-8"
    else:
        payload, kind = json.dumps(body).encode(), "application/json; charset=utf-8"
    headers = [("Content-Type", kind), ("Content-Length", str(len(payload)))]
    if status >= 400 and isinstance(body, Mapping) and isinstance(body.get("error"), str):
        headers.append(("X-Error-Message", str(body["error"])))
    return Reply(status, headers, [payload])


@dataclass(frozen=True)
class Network:
    """Which hosts a request may go to besides the fake.

    Attributes:
        hubs: hosts, with or without a port, that are the fake Hub.
        allowed: hosts, with or without a port, that are really called.
    """

    hubs: frozenset[str]
    allowed: frozenset[str]

    @classmethod
    def of(cls, network: str | Sequence[str], endpoints: Sequence[str]) -> Network:
        """Read the setting ``network``: ``"block"``, ``"localhost"``, or a list of hosts.

        Raises:
            FakeJobsError: it is none of these.
        """
        hubs = set(HUB_HOSTS)
        for endpoint in endpoints:
            parts = urlsplit(endpoint)
            if parts.hostname:
                hubs.add(f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname)
        if network == "block":
            allowed: frozenset[str] = frozenset()
        elif network == "localhost":
            allowed = LOOPBACK
        elif isinstance(network, str):
            raise FakeJobsError(f'network: give "block", "localhost" or a list of hosts, not {network!r}')
        else:
            allowed = frozenset(network)
            if wrong := [each for each in network if not isinstance(each, str) or "/" in each]:
                raise FakeJobsError(
                    f'network: give hosts as in "example.com" or "localhost:8000", not {wrong[0]!r}'
                )
        return cls(frozenset(hubs), allowed)

    def is_hub(self, call: Call) -> bool:
        """Whether a request is for the fake."""
        return call.host in self.hubs or f"{call.host}:{call.port}" in self.hubs

    def check(self, call: Call) -> None:
        """Let a request to another host out, or not.

        Raises:
            NetworkRefused: it may not leave the machine.
        """
        if call.host not in self.allowed and f"{call.host}:{call.port}" not in self.allowed:
            known = ", ".join(sorted(self.hubs))
            raise NetworkRefused(
                f"{call.method} {call.scheme}://{call.host} was stopped before it left the machine. The fake answers for "
                f'{known}; let other hosts through with network=[{call.host!r}] or network="localhost"'
            )
