"""A Python client for the admin API of a running `fakejobs serve`: the verbs of `FakeHub`, from another process."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from decimal import Decimal
from http.client import HTTPConnection
from typing import TypedDict, cast
from urllib.parse import quote, urlencode, urlsplit

_PREFIX = "/_fakejobs"


class ClockReading(TypedDict):
    """What time it is: ``now`` as an ISO text in UTC, whether time stands still, simulated seconds per second."""

    now: str
    frozen: bool
    speed: float


class RuleBody(TypedDict):
    """A rule, with its words, and how many jobs follow it."""

    id: int
    when: dict[str, object]
    then: dict[str, object] | list[dict[str, object]]
    source: str
    matched: int


class FaultBody(TypedDict):
    """A fault, with its words, how many requests it was for, and how often it fired."""

    id: int
    words: dict[str, object]
    source: str
    matched: int
    fired: int


class DeliveryBody(TypedDict):
    """What was delivered to a webhook: ``id`` (for a replay), when, the status, and the id of the job, or None."""

    id: str
    webhook: str
    at: str
    status: int
    job: str | None


class RemoteError(Exception):
    """The server refused; the message is its own.

    Attributes:
        status: the HTTP status.
        allowed: the stages that were possible, after an illegal transition.
    """

    def __init__(self, status: int, message: str, allowed: tuple[str, ...] = ()) -> None:
        self.status = status
        self.allowed = allowed
        super().__init__(message)


class RemoteHub:
    """A hub in another process.

    Args:
        url: where it is served, such as ``http://127.0.0.1:8484``.
        timeout: seconds to wait for an answer.

    Every method raises `RemoteError` when the server refuses, and `ConnectionError` when there is none.
    """

    def __init__(self, url: str = "http://127.0.0.1:8484", *, timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(
                f"{url!r} is not the address of a fakejobs server, such as http://127.0.0.1:8484"
            )
        self.url = url.rstrip("/")
        self.clock = RemoteClock(self)
        self._address = parts.hostname, parts.port or 80
        self._timeout = timeout

    def health(self) -> dict[str, object]:
        """That it is there, and what it serves."""
        return cast("dict[str, object]", self.call("GET", "/health"))

    def reset(self, **settings: object) -> None:
        """Forget all jobs, rules and requests; take on settings (``seed``, ``quirks``, ``users``, ...) and a ``start``."""
        self.call("POST", "/reset", settings)

    def configure(self, **settings: object) -> None:
        """Take on settings from now on, as a scenario file has them: ``configure(flavors={"h200": {"capacity": 1}})``.

        Nothing is forgotten, and what runs goes on. What is not given stays; a table that is given replaces the one of before.
        """
        _check_plain("configure", settings)
        self.call("POST", "/settings", settings)

    def queue(self, flavor: str | None = None) -> list[dict[str, object]]:
        """Who waits for a slot, first come first: ``job``, ``namespace``, ``flavor``, ``since``, and why (``waiting``)."""
        search = "" if flavor is None else f"?flavor={quote(flavor)}"
        return cast("list[dict[str, object]]", self.call("GET", f"/queue{search}"))

    def credits(self, namespace: str | None = None) -> Decimal | None:
        """The dollars that a namespace has left, by default that of the first user; None: as many as it likes."""
        search = "" if namespace is None else f"?namespace={quote(namespace)}"
        return _dollars(self.call("GET", f"/credits{search}"))

    def add_credits(self, amount: float | str | Decimal, namespace: str | None = None) -> Decimal | None:
        """Add dollars to the credits of a namespace; returns what it has then. Jobs that were cancelled stay so."""
        return self._credits({"add": str(amount)}, namespace)

    def set_credits(self, amount: float | str | Decimal | None, namespace: str | None = None) -> None:
        """Let a namespace have so many dollars from now on, whatever it had; None: as many as it likes."""
        self._credits({"set": None if amount is None else str(amount)}, namespace)

    def _credits(self, words: dict[str, object], namespace: str | None) -> Decimal | None:
        if namespace is not None:
            words["namespace"] = namespace
        return _dollars(self.call("POST", "/credits", words))

    def when(self, /, **words: object) -> RemoteWhen:
        """Begin a rule: ``hub.when(flavor="h200*").then(scheduling="12h")``."""
        return RemoteWhen(self, words)

    def add_rule(
        self, when: Mapping[str, object], then: Mapping[str, object] | Sequence[Mapping[str, object]]
    ) -> RuleBody:
        """Add a rule; ``then`` may be a list, for the first matching job, the second, ...

        Raises:
            ValueError: there is a function or a compiled pattern in it, which cannot be sent.
        """
        _check_plain("when", when)
        _check_plain("then", then)
        return cast(RuleBody, self.call("POST", "/rules", {"when": when, "then": then}))

    def extend_rule(self, rule_id: int, then: Mapping[str, object]) -> RuleBody:
        """Give a rule one more outcome, for the matching jobs after those that it has outcomes for.

        Raises:
            ValueError: there is a function in it.
        """
        _check_plain("then", then)
        return cast(RuleBody, self.call("POST", f"/rules/{rule_id}/then", then))

    def rules(self) -> list[RuleBody]:
        """All rules, oldest first."""
        return cast("list[RuleBody]", self.call("GET", "/rules"))

    def delete_rules(self, rule_id: int | None = None) -> int:
        """Delete one rule, or all; returns how many."""
        answer = self.call("DELETE", "/rules" if rule_id is None else f"/rules/{rule_id}")
        return cast("dict[str, int]", answer)["deleted"]

    def fault(self, /, **words: object) -> RemoteFault:
        """Let something go wrong from now on: ``hub.fault(status=503, method="POST", path="/api/jobs/*", times=2)``."""
        return RemoteFault(self, self.add_fault(words)["id"])

    def add_fault(self, words: Mapping[str, object]) -> FaultBody:
        """The same, with the words as a mapping."""
        _check_plain("fault", words)
        return cast(FaultBody, self.call("POST", "/faults", words))

    def faults(self) -> list[FaultBody]:
        """All faults, oldest first."""
        return cast("list[FaultBody]", self.call("GET", "/faults"))

    def delete_faults(self, fault_id: int | None = None) -> int:
        """Delete one fault, or all; returns how many."""
        answer = self.call("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}")
        return cast("dict[str, int]", answer)["deleted"]

    def add_job(self, /, **words: object) -> dict[str, object]:
        """Put a job from the past there, as `FakeHub.add_job`; returns the job as the API has it."""
        _check_plain("add_job", words)
        return cast("dict[str, object]", self.call("POST", "/jobs", words))

    def preset(self, name: str, /, **words: object) -> dict[str, object]:
        """Let happen what users have met: ``hub.preset("stream_drop", cut_after=10)``; see `FakeHub.preset`.

        Returns:
            What it consists of: ``faults``, ``rules``, ``quirks``.
        """
        _check_plain("preset", words)
        if "name" in words:
            raise ValueError(
                f'preset {name}: name: to a server this is the name of the preset; give labels={{"name": ...}}'
            )
        return cast("dict[str, object]", self.call("POST", "/presets", {"name": name, **words}))

    def chaos(self, seed: int | None = None, level: str = "medium") -> dict[str, object]:
        """Let a mix of presets and of unlucky jobs hold from now on; see `FakeHub.chaos`.

        Returns:
            What was drawn: ``seed``, ``level``, ``presets``, ``outcomes`` (each job draws one of them).
        """
        words: dict[str, object] = {"level": level} if seed is None else {"level": level, "seed": seed}
        return cast("dict[str, object]", self.call("POST", "/chaos", words))

    def delete_chaos(self) -> None:
        """Let no mix hold any more; jobs that were submitted meanwhile keep their fate."""
        self.call("DELETE", "/chaos")

    def fire_event(self, /, **words: object) -> list[DeliveryBody]:
        """Let something happen to a repository: ``hub.fire_event(repo="ada/data", type="dataset", scope="repo.content")``.

        Every webhook that watches it gets the event, and starts its job; see `FakeHub.fire_event`.
        """
        _check_plain("fire_event", words)
        return cast("list[DeliveryBody]", self.call("POST", "/repo-event", words))

    def deliveries(self, webhook_id: str | None = None) -> list[DeliveryBody]:
        """What was delivered to a webhook, or to all, oldest first."""
        search = "" if webhook_id is None else f"?webhook={quote(webhook_id)}"
        return cast("list[DeliveryBody]", self.call("GET", f"/deliveries{search}"))

    def uploaded_in_bucket(self, bucket_id: str, folder: str = "") -> dict[str, bytes]:
        """The files in a folder of a bucket, by their paths within it, whoever's they are."""
        return self._uploaded(bucket=bucket_id, folder=folder)

    def uploaded_in_dataset(self, repository_id: str, path: str, revision: str = "main") -> bytes | None:
        """A file of a dataset repository, whoever's it is; None if there is none."""
        return self._uploaded(dataset=repository_id, path=path, revision=revision).get(path)

    def _uploaded(self, **words: str) -> dict[str, bytes]:
        answer = cast("dict[str, dict[str, str]]", self.call("GET", f"/uploads?{urlencode(words)}"))
        return {path: b64decode(data) for path, data in answer["files"].items()}

    def add_scheduled_job(self, /, **words: object) -> dict[str, object]:
        """Put a scheduled job there, as `FakeHub.add_scheduled_job`; returns it as the API has it."""
        _check_plain("add_scheduled_job", words)
        return cast("dict[str, object]", self.call("POST", "/scheduled-jobs", words))

    def scheduled_jobs(self) -> list[dict[str, object]]:
        """Every scheduled job of every namespace, oldest first, as the API has them."""
        return cast("list[dict[str, object]]", self.call("GET", "/scheduled-jobs"))

    def transition(
        self, job_id: str, stage: str, *, message: str | None = None, cancel_reason: str | None = None
    ) -> dict[str, object]:
        """Put a job into another stage now; returns the job as the API has it."""
        words = {"stage": stage, "message": message, "cancel_reason": cancel_reason}
        answer = self.call(
            "POST", f"/jobs/{job_id}/transition", {k: v for k, v in words.items() if v is not None}
        )
        return cast("dict[str, object]", answer)

    @property
    def requests(self) -> list[dict[str, object]]:
        """The last requests, oldest first, without tokens and secrets."""
        return cast("list[dict[str, object]]", self.call("GET", "/requests"))

    def call(self, method: str, path: str, body: object = None) -> object:
        """One call of the admin API. Proxies of the environment are never used.

        Raises:
            RemoteError: the server refused.
            ConnectionError: no fakejobs server answers at this address.
        """
        connection = HTTPConnection(*self._address, timeout=self._timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, _PREFIX + path, payload, {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read()
        except OSError as error:
            raise ConnectionError(
                f"no fakejobs server answers at {self.url} ({error}); start one: fakejobs serve"
            ) from None
        finally:
            connection.close()
        try:
            answer = json.loads(text)
        except ValueError:
            raise ConnectionError(f"what answers at {self.url} is no fakejobs server") from None
        if response.status >= 400:
            raise RemoteError(response.status, str(answer.get("error")), tuple(answer.get("allowed", ())))
        return answer


class RemoteWhen:
    """The first half of a rule, waiting for its ``then``."""

    def __init__(self, hub: RemoteHub, words: Mapping[str, object]) -> None:
        self._hub = hub
        self._words = words

    def then(self, /, **words: object) -> RemoteRule:
        """Finish and add the rule."""
        return RemoteRule(self._hub, self._hub.add_rule(self._words, words)["id"])


class RemoteRule:
    """A rule that a hub in another process has.

    Attributes:
        id: its number within the hub.
    """

    def __init__(self, hub: RemoteHub, rule_id: int) -> None:
        self._hub = hub
        self.id = rule_id

    def then(self, /, **words: object) -> RemoteRule:
        """What the next matching job, and all after it, does; returns this rule."""
        self._hub.extend_rule(self.id, words)
        return self

    @property
    def body(self) -> RuleBody:
        """The rule, as it is now.

        Raises:
            KeyError: it has been deleted.
        """
        for rule in self._hub.rules():
            if rule["id"] == self.id:
                return rule
        raise KeyError(f"there is no rule {self.id}; was it deleted, or the hub reset?")


class RemoteFault:
    """A fault that a hub in another process has.

    Attributes:
        id: its number within the hub.
    """

    def __init__(self, hub: RemoteHub, fault_id: int) -> None:
        self._hub = hub
        self.id = fault_id

    @property
    def matched(self) -> int:
        """How many requests it was for."""
        return self.body["matched"]

    @property
    def fired(self) -> int:
        """On how many requests it fired."""
        return self.body["fired"]

    @property
    def body(self) -> FaultBody:
        """The fault, as it is now.

        Raises:
            KeyError: it has been deleted.
        """
        for fault in self._hub.faults():
            if fault["id"] == self.id:
                return fault
        raise KeyError(f"there is no fault {self.id}; was it deleted, or the hub reset?")

    def delete(self) -> None:
        """Take it away; what is under way goes on."""
        self._hub.delete_faults(self.id)


class RemoteClock:
    """The clock of a hub in another process."""

    def __init__(self, hub: RemoteHub) -> None:
        self._hub = hub

    def read(self) -> ClockReading:
        """What time it is, and how it passes."""
        return cast(ClockReading, self._hub.call("GET", "/clock"))

    def now(self) -> str:
        """The hub's time, as the API writes it."""
        return self.read()["now"]

    def advance(self, by: float | str) -> str:
        """Move time forward by seconds, or ``"1h"``; returns the new time."""
        return self._move({"advance": by})

    def set(self, instant: str) -> str:
        """Make it ``instant``, such as ``"2026-01-01T00:00:00Z"``; returns the new time."""
        return self._move({"set": instant})

    def freeze(self) -> str:
        """Stop time; returns the instant."""
        return self._move({"freeze": True})

    def unfreeze(self) -> str:
        """Let time run again; returns the instant."""
        return self._move({"freeze": False})

    def run_at(self, speed: float) -> str:
        """Let time run at ``speed`` simulated seconds per second; returns the instant."""
        return self._move({"speed": speed})

    def _move(self, how: Mapping[str, object]) -> str:
        return cast(ClockReading, self._hub.call("POST", "/clock", how))["now"]


def _dollars(answer: object) -> Decimal | None:
    amount = cast("dict[str, str | None]", answer)["credits"]
    return None if amount is None else Decimal(amount)


def _check_plain(where: str, value: object) -> None:
    if isinstance(value, Mapping):
        for key, each in value.items():
            _check_plain(f"{where}.{key}", each)
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            _check_plain(f"{where}[{index}]", each)
    elif callable(value) or isinstance(value, re.Pattern):
        kind = "compiled pattern" if isinstance(value, re.Pattern) else "function"
        raise ValueError(
            f"{where}: a {kind} cannot be sent to another process; give a text, a list or a mapping"
        )
