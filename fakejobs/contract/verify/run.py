"""Trying facts on a server: what is to be run and what that may cost, one fact after the other, and cleaning up."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from fakejobs.contract.fetch import shown
from fakejobs.contract.verify.facts import Ask, Fact
from fakejobs.contract.verify.money import Purse, TooDear, dollars
from fakejobs.contract.verify.probe import Difference, Probe, Trial, Undecided
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.server import Fakejobs, Pace, RealPace
from fakejobs.contract.verify.suite import FACTS
from fakejobs.contract.verify.transport import Answer, NoAnswer, NotAsExpected, Transport
from fakejobs.model.quirks import Quirks
from fakejobs.model.units import did_you_mean
from fakejobs.wire.json_types import Json

DEFAULT_LIMIT = 100_000
"""Micro-dollars that a run may spend where jobs cost something: ten cents."""

DEFAULT_PATIENCE = 600.0
"""Seconds that one fact may take where time passes by itself."""

_DEAD_AFTER = 3
_TOKEN = re.compile(r"[!-~]+")

Kind = Literal["hub", "fakejobs", "other"]
Outcome = Literal["holds", "differs", "not run"]


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
        patience: facts that may take longer, in seconds, are left out where time passes by itself.
        namespace: where jobs are submitted; None: the caller's own.
        foreign: a namespace of somebody else, for the facts about what is not allowed.
    """

    token: str
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    quirks: Quirks = field(default_factory=Quirks)
    limit: int | None = None
    patience: float = DEFAULT_PATIENCE
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


@dataclass(frozen=True)
class Result:
    """What came of one fact.

    Attributes:
        fact: the fact.
        outcome: whether it holds, differs, or was not run.
        differences: what is not as it says.
        reason: why it was not run.
        compared: how many things were compared.
        submitted: how many requests for a job were sent.
    """

    fact: Fact
    outcome: Outcome
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    compared: int = 0
    submitted: int = 0


@dataclass(frozen=True)
class Report:
    """What came of a run.

    Attributes:
        server: what was tried.
        results: one for each fact that was wanted and reached.
        spent: micro-dollars that the run has cost at most.
        left: what could not be cleaned up, for people.
        stopped: why it ended before all facts were tried; empty: it did not.
    """

    server: Server
    results: tuple[Result, ...]
    spent: int
    left: tuple[str, ...] = ()
    stopped: str = ""

    @property
    def differing(self) -> list[Result]:
        """The facts that do not hold."""
        return [result for result in self.results if result.outcome == "differs"]


def is_hub(url: str) -> bool:
    """Whether an address is that of the Hub itself."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return host in ("huggingface.co", "hf.co") or host.endswith((".huggingface.co", ".hf.co"))


def chosen(only: Sequence[str], skip: Sequence[str] = (), facts: Sequence[Fact] = FACTS) -> list[Fact]:
    """The facts whose names match a pattern of ``only`` (none: all) and none of ``skip``.

    Raises:
        CannotVerify: a pattern matches no fact.
    """
    names = [each.name for each in facts]
    for pattern in (*only, *skip):
        if not any(fnmatchcase(name, pattern) for name in names):
            raise CannotVerify(f"no fact is called {pattern!r}{did_you_mean(pattern, names)}")
    return [
        each
        for each in facts
        if (not only or any(fnmatchcase(each.name, pattern) for pattern in only))
        and not any(fnmatchcase(each.name, pattern) for pattern in skip)
    ]


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
        raise CannotVerify(f"{address}: has no hardware list ({error.seen[:100]})") from None
    return Server("hub" if is_hub(address) else "fakejobs" if fake else "other", address, fake, prices)


def purse_for(server: Server, wanted: Wanted) -> Purse:
    """What may be spent there."""
    limit = wanted.limit
    if limit is None and server.fakejobs is None:
        limit = DEFAULT_LIMIT
    return Purse(limit, server.prices)


def cost_of(facts: Iterable[Fact], purse: Purse) -> int:
    """What the jobs of ``facts`` can cost at most; those that several share count once.

    Raises:
        TooDear: a flavor has no price.
    """
    asks = [ask for each in facts for ask in each.asks if not ask.once]
    return sum(purse.upper_of(ask) for ask in (*asks, *_shared(facts)))


def jobs_of(facts: Iterable[Fact]) -> int:
    """How many jobs ``facts`` submit at most; those that several share count once."""
    asks = [ask for each in facts for ask in each.asks if not ask.once]
    return sum(ask.count for ask in (*asks, *_shared(facts)))


def _shared(facts: Iterable[Fact]) -> set[Ask]:
    return {ask for each in facts for ask in each.asks if ask.once}


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
    if server.fakejobs is None and each.seconds > wanted.patience:
        return f"may take {each.seconds / 60:.0f} minutes; --patience {each.seconds:.0f} allows that"
    asks = [ask for ask in each.asks if ask.once not in made or not ask.once]
    try:
        purse.check(sum(purse.upper_of(ask) for ask in asks))
    except TooDear as error:
        return str(error)
    return ""


def verify(
    transport: Transport,
    server: Server,
    wanted: Wanted,
    *,
    facts: Sequence[Fact] | None = None,
    pace: Pace | None = None,
    on_result: Callable[[Result], None] = lambda _result: None,
) -> Report:
    """Try facts on a server. Whatever happens, the jobs that were submitted are cancelled in the end.

    Args:
        transport: how the server is reached.
        server: what `look_at` found there.
        wanted: what to try.
        facts: instead of those that ``wanted`` chooses.
        pace: how time passes on a server that is no fakejobs; by default, by itself.
        on_result: called after each fact.

    Raises:
        CannotVerify: the token does not say who is calling.
        NoAnswer: a fakejobs cannot be told what its programs do.
    """
    if not _TOKEN.fullmatch(wanted.token):
        raise CannotVerify("a token is needed: --token, or HF_TOKEN; printable ASCII without spaces")
    if facts is None:
        facts = chosen(wanted.only, wanted.skip)
    me = _who_is_calling(transport, server, wanted.token)
    fake = server.fakejobs
    probe = Probe(
        transport,
        token=wanted.token,
        namespace=wanted.namespace or str(me["name"]),
        me=me,
        quirks=wanted.quirks,
        pace=fake or pace or RealPace(),
        purse=purse_for(server, wanted),
        run_id=secrets.token_hex(4),
        foreign=wanted.foreign,
    )
    results: list[Result] = []
    left: list[str] = []
    stopped = ""
    try:
        if fake is not None:
            fake.prepare(list(PROGRAMS))
        silent = 0
        for each in facts:
            result = _try(each, probe, server, wanted, left)
            results.append(result)
            on_result(result)
            silent = silent + 1 if any(d.what == _NO_ANSWER for d in result.differences) else 0
            if silent == _DEAD_AFTER:
                stopped = f"{server.address} answers no more"
                break
    except KeyboardInterrupt:
        stopped = "interrupted"
    finally:
        left += probe.tidy(shared=True)
        left += probe.left_over() if jobs_of(facts) else []
        if fake is not None:
            with suppress(NoAnswer):
                fake.restore()
    return Report(server, tuple(results), probe.purse.committed, tuple(left), stopped)


_NO_ANSWER = "an answer"


def _try(each: Fact, probe: Probe, server: Server, wanted: Wanted, left: list[str]) -> Result:
    reason = why_not(each, server, wanted, probe.purse, probe.made)
    if not reason and each.needs == "tokens" and _takes_any_token(probe, server):
        reason = "this fakejobs takes any token; configure tokens to have it tried"
    if reason:
        return Result(each, "not run", reason=reason)
    trial = probe.trial = Trial()
    try:
        each.body(probe)
    except (Undecided, TooDear) as why:
        reason = str(why)
    except NotAsExpected as error:
        trial.differences.append(Difference("what it goes on with", error.expected, error.seen))
    except NoAnswer as error:
        trial.differences.append(Difference(_NO_ANSWER, "one", str(error)))
    except (LookupError, TypeError, ValueError, AttributeError, AssertionError) as error:
        # A key that is not there, a text instead of a number: the answer has another shape than the fact reads.
        seen = f"{type(error).__name__}: {error}"
        trial.differences.append(Difference("shape of the answers", "as documented", seen[:300]))
    finally:
        left += probe.tidy(shared=False)
    differences = tuple(_without_token(probe, difference) for difference in trial.differences)
    if reason and not differences:
        return Result(each, "not run", reason=reason, submitted=trial.submitted)
    outcome: Outcome = "differs" if differences else "holds"
    return Result(each, outcome, differences, compared=trial.compared, submitted=trial.submitted)


def _without_token(probe: Probe, difference: Difference) -> Difference:
    hide = probe.without_token
    return Difference(
        hide(difference.what),
        hide(difference.expected),
        hide(difference.seen),
        difference.quirk,
        tuple(hide(each) for each in difference.matches),
    )


def _takes_any_token(probe: Probe, server: Server) -> bool:
    if server.fakejobs is None:
        return False
    return probe.send("GET", "/api/whoami-v2", token="hf_" + "x" * 34).status == 200


def _who_is_calling(transport: Transport, server: Server, token: str) -> dict[str, Json]:
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    try:
        answer: Answer = transport.send("GET", "/api/whoami-v2", headers)
        me = answer.object
    except NoAnswer as error:
        raise CannotVerify(f"{server.address}: {error}") from None
    except NotAsExpected:
        raise CannotVerify(
            f"{server.address}: does not say who is calling ({answer.status}); is the token right?"
        ) from None
    if not isinstance(me.get("name"), str) or not isinstance(me.get("id"), str) or "avatarUrl" not in me:
        raise CannotVerify(f"{server.address}: whoami-v2 has no name, id or avatarUrl")
    return me


def cost_in_words(facts: Sequence[Fact], purse: Purse) -> str:
    """What ``facts`` cost at most, for people."""
    try:
        return dollars(cost_of(facts, purse))
    except TooDear as error:
        return f"unknown: {error}"
