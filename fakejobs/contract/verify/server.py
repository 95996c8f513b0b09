"""What kind of server it is, and how time passes there: the one difference between the Hub and a fakejobs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.transport import Answer, NoAnswer, NotAsExpected, Transport
from fakejobs.model.api_dates import LATEST
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
        self._api: str | None = None
        self._before: dict[str, Json] | None = None

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
        """Stop the clock, let the API be today's, and add a rule for each program."""
        self._was_running = self._call("GET", "/clock")["frozen"] is False
        self._move({"freeze": True})
        api = self._call("GET", "/settings").get("api", LATEST)
        if api != LATEST:
            self._call("POST", "/settings", {"api": LATEST})
            self._api = str(api)
        for name in programs:
            program = PROGRAMS[name]
            when = {"image": program.image, "command": list(program.command)}
            added = self._call("POST", "/rules", {"when": when, "then": dict(program.then)})
            if isinstance(rule := added.get("id"), int):
                self._rules.append(rule)

    def restore(self) -> None:
        """Take the rules back, and what was arranged, and let time run again if it did."""
        self.as_before()
        while self._rules:
            self._call("DELETE", f"/rules/{self._rules.pop()}")
        if self._api is not None:
            self._call("POST", "/settings", {"api": self._api})
            self._api = None
        if self._was_running:
            self._move({"freeze": False})
            self._was_running = False

    def arrange(
        self,
        *,
        org: Mapping[str, object],
        limits: Mapping[str, object],
        mine: Mapping[str, object],
        tokens: Sequence[Mapping[str, object]],
    ) -> None:
        """Let there be one organisation and some tokens more, until `as_before`.

        Args:
            org: the organisation, as a scenario file has it.
            limits: what its jobs may do and cost, likewise.
            mine: the token of the caller, if any token will do up to now.
            tokens: further ones.
        """
        known = self._call("GET", "/settings")
        before: dict[str, Json] = {word: known[word] for word in ("orgs", "tokens", "namespaces")}
        orgs, has, namespaces = before["orgs"], before["tokens"], before["namespaces"]
        assert isinstance(orgs, list)
        assert isinstance(has, list)
        assert isinstance(namespaces, dict)
        words: dict[str, object] = {
            "orgs": [*orgs, org],
            "namespaces": {**namespaces, str(org["name"]): limits},
        }
        if tokens:
            known_tokens: list[object] = [*has] or [mine]
            words["tokens"] = [*known_tokens, *tokens]
        self._before = before
        self._call("POST", "/settings", words)

    def as_before(self) -> None:
        """Take back what was arranged."""
        if self._before is not None:
            before, self._before = self._before, None
            self._call("POST", "/settings", before)

    def fire(self, words: Mapping[str, object]) -> list[dict[str, Json]]:
        """Let something happen to a repository; the deliveries to webhooks that it brought about."""
        return self._ask("POST", "/repo-event", words).items

    def pause(self, seconds: float) -> None:
        """Move its clock. See `Pace`."""
        self._move({"advance": seconds})
        self._elapsed += seconds

    def elapsed(self) -> float:
        """What its clock was moved by. See `Pace`."""
        return self._elapsed

    def _move(self, how: Mapping[str, Json]) -> None:
        self._call("POST", "/clock", how)

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Answer:
        payload = None if body is None else json.dumps(body).encode()
        headers = {} if payload is None else {"Content-Type": "application/json"}
        return self._transport.send(method, f"/_fakejobs{path}", headers, payload)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Json]:
        answer = self._ask(method, path, body)
        try:
            return answer.object
        except NotAsExpected:
            raise NoAnswer(
                f"the admin API of this fakejobs refused {method} {path}: {answer.in_short}"
            ) from None
