"""What kind of server it is, and how time passes there: the one difference between the Hub and a fakejobs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.transport import Answer, NoAnswer, NotAsExpected, Transport
from fakejobs.wire.json_types import Json


class Pace(Protocol):
    """How time passes for the jobs of a server."""

    def pause(self, seconds: float) -> None:
        """Let that many seconds pass."""

    def elapsed(self) -> float:
        """Seconds that have passed, from an arbitrary start."""


class RealPace:
    """Time passes by itself, and waiting for it is all that can be done."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.pause = sleep
        self.elapsed = monotonic


class Fakejobs:
    """A server that is a fakejobs, by its admin API: told what the programs do, its clock stopped and moved.

    Attributes:
        version: what it says that it is.
    """

    def __init__(self, transport: Transport, version: str) -> None:
        self.version = version
        self._transport = transport
        self._elapsed = 0.0
        self._rules: list[int] = []
        self._was_running = False

    @classmethod
    def at(cls, transport: Transport) -> Fakejobs | None:
        """The fakejobs behind ``transport``, or None if it is none.

        Raises:
            NoAnswer: nothing answers there.
        """
        answer = transport.send("GET", "/_fakejobs/health", {"Accept": "application/json"})
        try:
            health = answer.object
        except NotAsExpected:
            return None
        version = health.get("version")
        known = health.get("status") == "ok" and isinstance(version, str) and "seed" in health
        return cls(transport, version) if known and isinstance(version, str) else None

    def prepare(self, programs: Sequence[str]) -> None:
        """Stop the clock, and add a rule for each program."""
        self._was_running = self._call("GET", "/clock")["frozen"] is False
        self._move({"freeze": True})
        for name in programs:
            program = PROGRAMS[name]
            when = {"image": program.image, "command": list(program.command)}
            added = self._call("POST", "/rules", {"when": when, "then": dict(program.then)})
            if isinstance(rule := added.get("id"), int):
                self._rules.append(rule)

    def restore(self) -> None:
        """Take the rules back, and let time run again if it did."""
        while self._rules:
            self._call("DELETE", f"/rules/{self._rules.pop()}")
        if self._was_running:
            self._move({"freeze": False})
            self._was_running = False

    def pause(self, seconds: float) -> None:
        """Move its clock. See `Pace`."""
        self._move({"advance": seconds})
        self._elapsed += seconds

    def elapsed(self) -> float:
        """What its clock was moved by. See `Pace`."""
        return self._elapsed

    def _move(self, how: Mapping[str, Json]) -> None:
        self._call("POST", "/clock", how)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Json]:
        payload = None if body is None else json.dumps(body).encode()
        headers = {} if payload is None else {"Content-Type": "application/json"}
        answer: Answer = self._transport.send(method, f"/_fakejobs{path}", headers, payload)
        try:
            return answer.object
        except NotAsExpected:
            raise NoAnswer(
                f"the admin API of this fakejobs refused {method} {path}: {answer.in_short}"
            ) from None
