"""What is to be tried, where, and what that may cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from fakejobs.contract.fetch import shown
from fakejobs.contract.verify.facts import Ask, Fact
from fakejobs.contract.verify.money import Purse, TooDear, dollars
from fakejobs.contract.verify.server import Fakejobs
from fakejobs.contract.verify.suite import FACTS
from fakejobs.contract.verify.transport import NoAnswer, NotAsExpected, Transport
from fakejobs.model.quirks import Quirks
from fakejobs.model.units import did_you_mean

DEFAULT_LIMIT = 200_000
"""Micro-dollars that a run may spend where jobs cost something: twenty cents."""

PATIENCE = 600.0
"""Seconds that one fact may take where time passes by itself."""

PATIENCE_OF_A_FAKEJOBS = 10.0
"""Real seconds that one fact may take on a fakejobs, whose clock is moved."""

Kind = Literal["hub", "fakejobs", "other"]


class CannotVerify(ValueError):
    """Nothing can be tried; the message says why, and never the token."""


@dataclass(frozen=True)
class Wanted:
    """What is to be tried, and how.

    Attributes:
        token: whose jobs they are.
        only: shell-style patterns for names of facts; none: all facts.
        skip: likewise, for facts to leave out.
        quirks: what is expected where nothing is certain.
        limit: micro-dollars; None: `DEFAULT_LIMIT`, or no limit on a fakejobs, where nothing costs anything.
        patience: facts that may take longer, in seconds, are left out; None: `PATIENCE`, or `PATIENCE_OF_A_FAKEJOBS`.
        namespace: where jobs are submitted; None: the caller's own.
        foreign: a namespace of somebody else, for the facts about what is not allowed.
    """

    token: str = field(repr=False)
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    quirks: Quirks = field(default_factory=Quirks)
    limit: int | None = None
    patience: float | None = None
    namespace: str | None = None
    foreign: str | None = None


@dataclass(frozen=True)
class Server:
    """What was found at an address.

    Attributes:
        kind: the Hub, a fakejobs, or something else that speaks the API.
        address: where it is.
        fakejobs: its admin API, if it is one.
        prices: micro-dollars a minute by flavor, from its own hardware list.
    """

    kind: Kind
    address: str
    fakejobs: Fakejobs | None
    prices: Mapping[str, int]

    @property
    def name(self) -> str:
        """What it is, for people."""
        if self.fakejobs is not None:
            return f"fakejobs {self.fakejobs.version}"
        return "the Hub" if self.kind == "hub" else "a server that is no fakejobs"


def is_hub(url: str) -> bool:
    """Whether an address is that of the Hub itself."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return host in ("huggingface.co", "hf.co") or host.endswith((".huggingface.co", ".hf.co"))


def look_at(transport: Transport) -> Server:
    """What is at the other end, by GET requests without a token.

    Raises:
        CannotVerify: nothing, or nothing that has a hardware list.
    """
    address = shown(transport.url)
    try:
        fake = None if is_hub(address) else Fakejobs.at(transport)
        answer = transport.send("GET", "/api/jobs/hardware", {"Accept": "application/json"})
    except NoAnswer as error:
        raise CannotVerify(f"{address}: {error}") from None
    try:
        prices = {
            str(item.get("name")): price
            for item in answer.items
            if isinstance(price := item.get("unitCostMicroUSD"), int) and item.get("unitLabel") == "minute"
        }
    except NotAsExpected as error:
        seen = error.seen[:100]
        raise CannotVerify(
            f"{address}: is no Hub: GET /api/jobs/hardware gave no hardware list ({seen})"
        ) from None
    return Server("hub" if is_hub(address) else "fakejobs" if fake else "other", address, fake, prices)


def chosen(only: Sequence[str], skip: Sequence[str] = (), facts: Sequence[Fact] = FACTS) -> list[Fact]:
    """The facts whose names match a pattern of ``only`` (none: all) and none of ``skip``.

    Raises:
        CannotVerify: a pattern matches no fact, or no fact is left.
    """
    names = [each.name for each in facts]
    for pattern in (*only, *skip):
        if not any(fnmatchcase(name, pattern) for name in names):
            raise CannotVerify(f"no fact is called {pattern!r}{did_you_mean(pattern, names)}")
    left = [
        each
        for each in facts
        if (not only or any(fnmatchcase(each.name, pattern) for pattern in only))
        and not any(fnmatchcase(each.name, pattern) for pattern in skip)
    ]
    if not left:
        raise CannotVerify("no fact is left: everything that --only chooses is left out by --skip")
    return left


def purse_for(server: Server, wanted: Wanted) -> Purse:
    """What may be spent there."""
    limit = wanted.limit
    if limit is None and server.fakejobs is None:
        limit = DEFAULT_LIMIT
    return Purse(limit, server.prices)


def why_not(each: Fact, server: Server, wanted: Wanted, purse: Purse, made: Iterable[str] = ()) -> str:
    """Why a fact is not run; empty if nothing speaks against it.

    Args:
        each: the fact.
        server: where.
        wanted: what was asked for.
        purse: what may still be spent.
        made: names of the shared jobs that are there already.
    """
    if each.needs == "foreign" and wanted.foreign is None:
        return "needs --foreign, a namespace of somebody else"
    if each.needs == "fakejobs" and server.fakejobs is None:
        return "needs what only a fakejobs can be told: credits, limits, tokens, events of repositories"
    usual, seconds = (
        (PATIENCE, each.seconds) if server.fakejobs is None else (PATIENCE_OF_A_FAKEJOBS, each.real)
    )
    if seconds > (usual if wanted.patience is None else wanted.patience):
        return f"may take {seconds:.0f} seconds; --patience {seconds:.0f} allows that"
    asks = [ask for ask in each.asks if ask.once not in made or not ask.once]
    try:
        purse.check(sum(purse.upper_of(ask) for ask in asks))
    except TooDear as error:
        return str(error)
    return ""


def runnable(facts: Iterable[Fact], server: Server, wanted: Wanted, purse: Purse) -> list[Fact]:
    """The facts against which nothing speaks, as far as is known before the first request."""
    return [each for each in facts if not why_not(each, server, wanted, purse)]


def cost_of(facts: Iterable[Fact], purse: Purse) -> int:
    """Micro-dollars that the jobs of ``facts`` can cost at most.

    Raises:
        TooDear: a flavor has no price.
    """
    return sum(purse.upper_of(ask) for ask in _asks(facts))


def jobs_of(facts: Iterable[Fact]) -> int:
    """How many jobs ``facts`` submit at most."""
    return sum(ask.count for ask in _asks(facts))


def too_dear(facts: Iterable[Fact], purse: Purse) -> str:
    """Why ``facts``, all of them `runnable`, may not be run together; empty if the limit is enough."""
    cost = cost_of(facts, purse)
    if purse.limit is None or cost <= purse.limit:
        return ""
    return (
        f"the jobs of these facts could cost {dollars(cost)} together, and the limit is {dollars(purse.limit)}: "
        "raise --limit, or choose fewer facts with --only or --skip"
    )


def _asks(facts: Iterable[Fact]) -> list[Ask]:
    """The jobs of ``facts``; those that several share come once."""
    asks = [ask for each in facts for ask in each.asks]
    return [ask for ask in asks if not ask.once] + list({ask for ask in asks if ask.once})
