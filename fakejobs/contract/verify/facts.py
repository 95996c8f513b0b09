"""What a fact is: a sentence about Jobs, where it is from, what it costs to try, and the function that tries it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakejobs.contract.verify.probe import Probe

OPENAPI = "the Hub's OpenAPI, August 2026"
ASSUMED = "assumed; no public source"

DEFAULT_TIMEOUT = 1800
"""Seconds that a job has which asks for none (Hub documentation, "Configuration")."""


@dataclass(frozen=True)
class Ask:
    """Jobs that a fact may submit.

    Attributes:
        program: what they run, a name in `fakejobs.contract.verify.programs.PROGRAMS`.
        count: how many at most. Of requests that are to be refused, every one counts: a server may take it.
        timeout: their ``timeoutSeconds``.
        flavor: their hardware; one without a price is not tried where it could cost anything.
        exposed: whether ports are exposed, which has a price of its own.
        attempts: how often each may be tried; every attempt costs.
        once: a name, if all facts that give it share one submission.
    """

    program: str
    count: int = 1
    timeout: int = 120
    flavor: str = "cpu-basic"
    exposed: bool = False
    attempts: int = 1
    once: str = ""


@dataclass(frozen=True)
class Fact:
    """Something that is so on the Hub, or is assumed to be.

    Attributes:
        name: unique, in words with dashes.
        sentence: what is so.
        source: where that is from, public.
        body: tries it. It says what it expected and saw through its probe, and goes on.
        asks: the jobs that it may submit.
        quirks: the names of the `Quirks` that it depends on; what is expected follows from their values.
        seconds: how long it may take on a real server, jobs that are shared with other facts not included.
        real: how many of these pass even where a clock can be moved, as the silence of a connection does.
        needs: what a server must have for it to be tried: ``foreign`` (a namespace of somebody else, which is given), ``tokens``
            (it knows its tokens), ``limits`` (jobs wait there for a slot; the fact finds out itself), ``fakejobs`` (an admin API,
            to arrange what cannot be arranged on the Hub).
    """

    name: str
    sentence: str
    source: str
    body: Callable[[Probe], None]
    asks: tuple[Ask, ...] = ()
    quirks: tuple[str, ...] = ()
    seconds: float = 30
    real: float = 0
    needs: str = ""


def fact(
    *,
    source: str,
    asks: Sequence[Ask] = (),
    quirks: Sequence[str] = (),
    seconds: float = 30,
    real: float = 0,
    needs: str = "",
) -> Callable[[Callable[[Probe], None]], Fact]:
    """Make a `Fact` of the function below: its name, with dashes, and its docstring, as the sentence."""

    def make(body: Callable[[Probe], None]) -> Fact:
        name, sentence = body.__name__.replace("_", "-"), " ".join((body.__doc__ or "").split())
        return Fact(name, sentence, source, body, tuple(asks), tuple(quirks), seconds, real, needs)

    return make
