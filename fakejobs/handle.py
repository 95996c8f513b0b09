"""The handle of a test: a fake Hub under the client of this process, with time that only moves when somebody waits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fakejobs.clock import Anchor, source_ms
from fakejobs.drivers.inprocess import Call, Reply, perform
from fakejobs.drivers.seams import (
    bridged,
    client_installed,
    client_modules,
    hidden_settings,
    under_the_client,
)
from fakejobs.errors import FakeJobsError
from fakejobs.hub import FakeHub, RequestRecord, When
from fakejobs.hub.settings import settings_from
from fakejobs.model.units import milliseconds
from fakejobs.network import Network, RouteReply, Routes
from fakejobs.polls import Polls
from fakejobs.scenario import Scenario, load_scenario
from fakejobs.uploads import Uploads, xet_replaced
from fakejobs.virtual import Length, VirtualClock
from fakejobs.waits import Waits
from fakejobs.web.app import wsgi_app
from fakejobs.wire.times import from_iso

if TYPE_CHECKING:
    from huggingface_hub import HfApi

START = "2026-01-01T00:00:00Z"
"""When a fake begins, unless told otherwise."""


@dataclass(frozen=True)
class Options:
    """How a fake is made: what `activate`, the marker and the command line take.

    Attributes:
        seed: what ids, delays and metrics are drawn from.
        user: the name of the user who is logged in.
        orgs: organisations of which the user is an admin.
        start: the first instant, as ISO text in UTC, or ``"now"``.
        auto_tick: how far time moves when somebody asks again for an unfinished job while it stood still; None: not at all.
        network: hosts besides the fake that may be called: ``"block"`` (none), ``"localhost"``, or a list.
        scenario: a TOML scenario file.
        strict: whether jobs that still run, rules that never matched and jobs that no rule matched are errors at the end.
        endpoint: the address that the client is configured for, if it is not ``HF_ENDPOINT`` or the Hub's.
    """

    seed: int = 0
    user: str = "fake-user"
    orgs: Sequence[str] = ()
    start: str = START
    auto_tick: Length | None = None
    network: str | Sequence[str] = "block"
    scenario: str | Path | None = None
    strict: bool = False
    endpoint: str | None = None
    quirks: dict[str, object] = field(default_factory=dict)


def token_of(user: str) -> str:
    """The token that stands for a user in a test: different for each, so that what a client caches by token is too."""
    return f"hf_fakejobs_{user}"


class FakeJobs:
    """A fake Hub for one test. Made by `activate` and by the fixtures; never directly."""

    def __init__(self, options: Options) -> None:
        scenario = load_scenario(options.scenario) if options.scenario is not None else Scenario()
        words = {
            "seed": options.seed,
            "users": [options.user],
            "orgs": list(options.orgs),
            "quirks": options.quirks,
            **scenario.settings,
        }
        now = source_ms()
        start = scenario.start if scenario.start is not None else _start(options.start)
        self.options = options
        self.hub = FakeHub(settings=settings_from(words), anchor=Anchor(start, now, frozen=True))
        for when, then in scenario.rules:
            self.hub.add_rule(when, then, source="scenario")
        self._waits = Waits(self.hub.clock)
        tick = None if options.auto_tick is None else milliseconds(options.auto_tick)
        self._polls = Polls(self.hub.clock, tick=tick)
        self.clock = VirtualClock(self.hub.clock, self._waits, self._polls)
        self._routes = Routes()
        self.uploads = Uploads()
        self._network = Network.of(options.network, _endpoints(options))
        self._app = wsgi_app(self.hub)
        self._stack = ExitStack()
        self.problems: list[FakeJobsError] = []

    @cached_property
    def api(self) -> HfApi:
        """A client of the user who is logged in."""
        from huggingface_hub import HfApi

        return HfApi()

    def when(self, **words: object) -> When:
        """Begin a rule: ``fakejobs.when(flavor="h200*").then(scheduling="12h")``."""
        return self.hub.when(**words)

    def route(self, method: str, path_pattern: str, reply: RouteReply) -> None:
        """Answer a route beside Jobs: ``fakejobs.route("GET", "/api/models/{owner}/{name}", {"id": "x"})``.

        Args:
            method: GET, POST, ..., or ``*``.
            path_pattern: the path, with ``{names}`` for segments and ``*`` for anything.
            reply: a status, JSON, a text, bytes, ``(status, one of these)``, or a function of the request that gives one.
        """
        self._routes.add(method, path_pattern, reply)

    @property
    def requests(self) -> list[RequestRecord]:
        """The last requests, oldest first, without tokens and secrets."""
        return self.hub.requests

    def answer(self, call: Call) -> Reply | None:
        """Answer a request of the client; None if it may really go out.

        Raises:
            NetworkRefused: it may not.
            ClockStuck: it asks for what will never change.
        """
        try:
            if not self._network.is_hub(call):
                self._network.check(call)
                return None
            return (
                self._routes.reply(call) or self.uploads.reply(call) or perform(self._app, call, self._waits)
            )
        except FakeJobsError as error:
            self.problems.append(error)
            raise

    def close(self) -> None:
        """End open streams, refuse late callers, and let go of everything."""
        self._waits.close("the test that this fake belongs to is over")
        self._stack.close()
        self.hub.close()


@contextmanager
def activated(options: Options) -> Iterator[FakeJobs]:
    """A fake under the client of this process, until the block ends; all is put back then, whatever happened."""
    fake = FakeJobs(options)
    with ExitStack() as stack:
        stack.callback(fake.close)
        home = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="fakejobs-", ignore_cleanup_errors=True))
        )
        stack.enter_context(hidden_settings(home, token_of(fake.options.user)))
        if client_installed():
            stack.enter_context(under_the_client(fake.answer))
            stack.enter_context(bridged(client_modules, fake.clock.bridge))
            stack.enter_context(xet_replaced(fake.uploads))
        yield fake


def _start(start: str) -> int:
    try:
        return source_ms() if start == "now" else from_iso(start)
    except ValueError as error:
        raise FakeJobsError(f"start: {error}") from None


def _endpoints(options: Options) -> list[str]:
    import os

    endpoints = [options.endpoint, os.environ.get("HF_ENDPOINT")]
    if client_installed():
        from huggingface_hub import constants

        endpoints.append(constants.ENDPOINT)
    return [endpoint for endpoint in endpoints if endpoint]


Kind = Literal["in process", "live"]
