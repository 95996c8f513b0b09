"""Short hands for the tests of the verified-fake suite: a hub that is tried in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from fakejobs.contract.verify.facts import ASSUMED, Ask, Fact
from fakejobs.contract.verify.plan import Wanted, look_at
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.run import Report, verify
from fakejobs.contract.verify.transport import Answer, Following, NoAnswer
from fakejobs.hub import FakeHub
from fakejobs.model.quirks import Quirks
from tests.conftest import frozen_hub
from tests.contract.in_process import InProcess

TOKEN = "hf_of_the_verifier"
ME = "fake-user"
STRANGER = "somebody-else"


@contextmanager
def a_hub(*needs: str, **quirks: str) -> Iterator[FakeHub]:
    """A hub that knows its tokens, and has a user whose jobs are nobody else's business.

    Args:
        needs: ``limits``: no job of the caller gets a slot.
        quirks: how it behaves.
    """
    limits = {"namespaces": {ME: {"running": 0}}} if "limits" in needs else {}
    hub = frozen_hub(users=[ME, STRANGER], tokens=[{"token": TOKEN, "user": ME}], quirks=quirks, **limits)
    try:
        yield hub
    finally:
        hub.close()


def tried(
    hub: FakeHub, facts: Sequence[Fact] | None = None, expected: Mapping[str, str] | None = None
) -> Report:
    """The facts, by default all, tried on ``hub``; ``expected`` are quirks."""
    transport = InProcess(hub)
    wanted = Wanted(token=TOKEN, foreign=STRANGER, quirks=Quirks(**(expected or {})), patience=60)
    return verify(transport, look_at(transport), wanted, facts=facts)


def a_fact(body: Callable[[Probe], None], *asks: Ask, name: str = "made-up") -> Fact:
    """A fact that is no part of the suite."""
    return Fact(name, "Something is so.", ASSUMED, body, asks)


class Elsewhere:
    """A hub as the real one is met: without an admin API, its jobs cost money, and nobody moves its clock.

    It knows what the programs do, as real containers would; its time passes when the run waits.

    Attributes:
        asked: method, target, headers and body of each request.
        dead: from now on nothing is answered.
        mute: what is sent by POST is done, and not answered.
    """

    def __init__(self, hub: FakeHub, url: str = "https://hub.example") -> None:
        self.url = url
        self.asked: list[tuple[str, str, Mapping[str, str], bytes | None]] = []
        self.dead = False
        self.mute = False
        self._hub = hub
        self._inner = InProcess(hub, admin=False, url=url)
        self._elapsed = 0.0
        for program in PROGRAMS.values():
            hub.add_rule({"image": program.image, "command": list(program.command)}, dict(program.then))

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        self.asked.append((method, target, headers, body))
        if self.dead:
            raise NoAnswer(f"{method} {target}: no answer (Connection refused)")
        answer = self._inner.send(method, target, headers, body)
        if self.mute and method == "POST":
            raise NoAnswer(f"{method} {target}: no answer (too slow)")
        return answer

    def follow(self, target: str, headers: Mapping[str, str]) -> Following:
        self.asked.append(("GET", target, headers, None))
        return self._inner.follow(target, headers)

    def pause(self, seconds: float) -> None:
        self._hub.clock.advance(round(seconds * 1000))
        self._elapsed += seconds

    def elapsed(self) -> float:
        return self._elapsed

    @property
    def posts(self) -> list[str]:
        """Where was posted to."""
        return [target for method, target, _headers, _body in self.asked if method == "POST"]

    def try_facts(self, facts: Sequence[Fact] | None = None, *, limit: int | None = None) -> Report:
        """The facts, by default all, tried here; ``limit`` in micro-dollars."""
        wanted = Wanted(token=TOKEN, foreign=STRANGER, limit=limit, patience=3600)
        return verify(self, look_at(self), wanted, facts=facts, pace=self)
