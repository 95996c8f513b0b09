"""Short hands for the tests of the verified-fake suite: a hub that is tried in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fakejobs.contract.verify.facts import Fact
from fakejobs.contract.verify.run import Report, Wanted, look_at, verify
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


def tried(hub: FakeHub, facts: Sequence[Fact] | None = None, **expected: str) -> Report:
    """The facts, by default all, tried on ``hub``; ``expected`` are quirks."""
    transport = InProcess(hub)
    wanted = Wanted(token=TOKEN, foreign=STRANGER, quirks=Quirks(**expected))
    return verify(transport, look_at(transport), wanted, facts=facts)
