"""Trying facts on a server, one after the other, and cleaning up."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fakejobs.contract.verify.facts import Fact
from fakejobs.contract.verify.findings import Difference, Trial, Undecided
from fakejobs.contract.verify.jobs import MARK
from fakejobs.contract.verify.money import TooDear
from fakejobs.contract.verify.plan import (
    CannotVerify,
    Server,
    Wanted,
    chosen,
    jobs_of,
    purse_for,
    runnable,
    too_dear,
    why_not,
)
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.server import Pace, RealPace
from fakejobs.contract.verify.transport import NoAnswer, NotAsExpected, Transport, WithoutToken
from fakejobs.wire.json_types import Json

_DEAD_AFTER = 3
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_NO_ANSWER = "an answer"

Outcome = Literal["holds", "differs", "not run"]


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
        CannotVerify: the token does not say who is calling, or may do nothing in the namespace; or it could cost too much.
        NoAnswer: a fakejobs cannot be told what its programs do.
    """
    if not _TOKEN.fullmatch(wanted.token):
        raise CannotVerify(
            "a token is needed: --token, or HF_TOKEN; it has letters, digits and ._~+/=- alone"
        )
    if facts is None:
        facts = chosen(wanted.only, wanted.skip)
    purse = purse_for(server, wanted)
    if reason := too_dear(runnable(facts, server, wanted, purse), purse):
        raise CannotVerify(reason)
    transport = WithoutToken(transport, wanted.token)
    me = _who_is_calling(transport, server, wanted.token)
    probe = Probe(
        transport,
        token=wanted.token,
        namespace=wanted.namespace or str(me["name"]),
        me=me,
        quirks=wanted.quirks,
        pace=server.fakejobs or pace or RealPace(),
        purse=purse,
        run_id=secrets.token_hex(4),
        foreign=wanted.foreign,
        fakejobs=server.fakejobs,
    )
    if wanted.namespace is not None:
        _check_namespace(probe, server)
    results: list[Result] = []
    left: list[str] = []
    stopped = ""
    try:
        if server.fakejobs is not None:
            server.fakejobs.prepare(list(PROGRAMS))
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
        left += _clean_up(probe, server, labelled=bool(jobs_of(facts)))
    return Report(server, tuple(results), probe.purse.committed, tuple(left), stopped)


def _clean_up(probe: Probe, server: Server, *, labelled: bool) -> list[str]:
    """Cancel what there is to cancel, and give a fakejobs its time back. Returns what went wrong."""
    wrong: list[str] = []
    try:
        wrong += probe.tidy(shared=True)
        wrong += probe.left_over() if labelled else []
    except KeyboardInterrupt:
        wrong.append(f"interrupted; jobs labelled {MARK}={probe.run_id} may still run")
    if server.fakejobs is not None:
        try:
            server.fakejobs.restore()
        except NoAnswer as error:
            wrong.append(f"its clock may still stand, and have rules of this run: {error}")
    return wrong


def _try(each: Fact, probe: Probe, server: Server, wanted: Wanted, left: list[str]) -> Result:
    reason = why_not(each, server, wanted, probe.purse, probe.made)
    if reason:
        return Result(each, "not run", reason=reason)
    trial = probe.trial = Trial()
    try:
        if each.needs == "tokens" and _takes_any_token(probe, server):
            raise Undecided("this fakejobs takes any token; configure tokens to have it tried")
        each.body(probe)
    except (Undecided, TooDear) as why:
        reason = str(why)
    except NotAsExpected as error:
        probe.differs("what it goes on with", f"({error.expected})", error.seen)
    except NoAnswer as error:
        probe.differs(_NO_ANSWER, "(one)", f"({error})")
    except Exception as error:  # noqa: BLE001 - a key that is not there, a text instead of a number, ...
        # The answer has another shape than the fact reads: that is a difference too, and the next fact is tried.
        probe.differs("shape of the answers", "(as documented)", f"({type(error).__name__}: {error})")
    finally:
        left += probe.tidy(shared=False)
    differences = tuple(trial.differences)
    if reason and not differences:
        return Result(each, "not run", reason=reason, submitted=trial.submitted)
    outcome: Outcome = "differs" if differences else "holds"
    return Result(each, outcome, differences, compared=trial.compared, submitted=trial.submitted)


def _takes_any_token(probe: Probe, server: Server) -> bool:
    if server.fakejobs is None:
        return False
    return probe.send("GET", "/api/whoami-v2", token="hf_" + "x" * 34).status == 200


def _who_is_calling(transport: Transport, server: Server, token: str) -> dict[str, Json]:
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    try:
        answer = transport.send("GET", "/api/whoami-v2", headers)
    except NoAnswer as error:
        raise CannotVerify(f"{server.address}: {error}") from None
    try:
        me = answer.object
    except NotAsExpected:
        hint = "is the token right?" if answer.status in (401, 403) else "is it a Hub?"
        raise CannotVerify(
            f"{server.address}: GET /api/whoami-v2 does not say who is calling ({answer.in_short}); {hint}"
        ) from None
    if not isinstance(me.get("name"), str) or not isinstance(me.get("id"), str) or "avatarUrl" not in me:
        raise CannotVerify(f"{server.address}: GET /api/whoami-v2 has no name, id or avatarUrl; is it a Hub?")
    return me


def _check_namespace(probe: Probe, server: Server) -> None:
    try:
        answer = probe.post("/auth-check/write")
    except NoAnswer as error:
        raise CannotVerify(f"{server.address}: {error}") from None
    if answer.status in (401, 403, 404):
        raise CannotVerify(
            f"--namespace {probe.namespace}: the token may not submit jobs there ({answer.in_short})"
        )
