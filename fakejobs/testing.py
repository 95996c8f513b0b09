"""Helpers for suites of code that reads Jobs: does your own model of a job keep everything, does your reader of logs lose nothing?

Both are called in plain tests, and raise an `AssertionError` that names what went wrong, with the simplest input for it:

>>> roundtrips(dict, dict)
>>> reads_streams(list)  # a reader that takes pieces for lines
Traceback (most recent call last):
AssertionError: lines[0] is mangled: ...

A thousand inputs are the same each time, and have every key that there is. How many more are tried, and whether those are the same ones
each time, is up to your Hypothesis profile; in CI they always are. No database of examples is written.

`JobsMachine` compares a client with the API over many calls; see `fakejobs.machine`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Literal, TypeVar, overload

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from fakejobs.comparison import Comparison, any_item, short
from fakejobs.generate.jobs import check_stage, job
from fakejobs.generate.source import Seeded, Source
from fakejobs.generate.streams import StreamCase, sse_stream
from fakejobs.generate.values import Body
from fakejobs.machine import JobsMachine
from fakejobs.model.api_dates import LATEST
from fakejobs.model.stages import JobStage
from fakejobs.strategies import job_payloads, sse_streams

__all__ = ["JobsMachine", "reads_streams", "roundtrips"]

T = TypeVar("T")
Model = TypeVar("Model")


@dataclass(frozen=True)
class _Finding:
    """What is wrong with one input: a sentence, and what was raised, if anything was."""

    sentence: str
    error: Exception | None = None


def roundtrips(
    parse: Callable[[dict[str, object]], Model],
    dump: Callable[[Model], object],
    *,
    stage: JobStage | str | None = None,
    ignore: Collection[str] = (),
    null_is_absent: bool = False,
    examples: int | None = None,
    date: str = LATEST,
) -> None:
    """Check that your own model of a job loses nothing: ``dump(parse(payload))`` equals every payload.

    ``roundtrips(Job.model_validate, Job.model_dump)``, in a test. The payload that fails is shrunk, and the error names the key that is
    lost, mangled or invented. The order of keys does not matter, nor whether a list is a tuple, or 1 is 1.0.

    Args:
        parse: makes your model of the JSON of a job, a dict of its own that it may change.
        dump: makes that JSON of your model.
        stage: only jobs in this stage; None: in any.
        ignore: keys that your model leaves out, or adds, on purpose, as paths: ``"owner.avatarUrl"``, ``"volumes[].revision"``. What is
            below them is ignored too.
        null_is_absent: a key with null and no such key are the same.
        examples: how many payloads beyond the thousand; None: as many as your Hypothesis profile says.
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        AssertionError: a key was lost, mangled or invented, or ``parse`` or ``dump`` raised.
        ValueError: there is no such stage on that day, or there is nothing that ``ignore`` could mean.
    """
    __tracebackhide__ = True
    check_stage(stage, date)
    comparison = Comparison(frozenset(map(any_item, ignore)), null_is_absent)

    def check(payload: Body) -> _Finding | None:
        found = _differences_of(payload, parse, dump, comparison)
        return found if isinstance(found, _Finding) else _Finding(found[0][1]) if found else None

    failed = _simplest(
        lambda source: job(source, stage, date), job_payloads(stage, date=date), check, examples
    )
    if failed is None:
        comparison.check_ignored(date)
        return
    payload, finding = failed
    message = [finding.sentence]
    if finding.error is None and (others := _others(payload, parse, dump, comparison, stage, date)):
        message.append(f"Other payloads also differ at {', '.join(others)}. `ignore` takes what is meant.")
    message += ["The simplest payload with that:", json.dumps(payload, indent=1, ensure_ascii=False)]
    raise AssertionError("\n".join(message)) from finding.error


@overload
def reads_streams(
    reader: Callable[[Iterator[bytes]], Iterable[str]],
    *,
    yields: Literal["lines"] = "lines",
    start_line: bool = True,
    any_sse: bool = False,
    examples: int | None = None,
) -> None: ...
@overload
def reads_streams(
    reader: Callable[[Iterator[bytes]], Iterable[Mapping[str, object]]],
    *,
    yields: Literal["events"],
    start_line: bool = True,
    any_sse: bool = False,
    examples: int | None = None,
) -> None: ...
def reads_streams(
    reader: Callable[[Iterator[bytes]], Iterable[object]],
    *,
    yields: Literal["lines", "events"] = "lines",
    start_line: bool = True,
    any_sse: bool = False,
    examples: int | None = None,
) -> None:
    """Check that your own reader of log streams gives every line as it was, wherever the pieces of the stream end.

    The stream that fails is shrunk to few short lines and as few pieces as it takes, and the error shows them.

    Args:
        reader: takes the pieces of the body (``bytes``, as they arrive), and gives what ``yields`` says, in order.
        yields: ``"lines"``: the text of each line; ``"events"``: the parsed JSON of each event, with ``data`` and ``timestamp``.
        start_line: whether the reader gives the ``===== Job started`` of the platform, which is the first line of each log.
        any_sse: also check what the Hub was never seen to send and the standard of server-sent events allows.
        examples: how many streams beyond the thousand; None: as many as your Hypothesis profile says.

    Raises:
        AssertionError: a line was lost, mangled or invented, or the reader raised.
    """
    __tracebackhide__ = True

    def check(case: StreamCase) -> _Finding | None:
        everything: Sequence[object] = case.lines if yields == "lines" else case.events
        wanted = everything if start_line else everything[1:]
        try:
            got = list(islice(reader(iter(case.chunks)), len(wanted) + 1000))
        except Exception as error:  # noqa: BLE001 - whatever the code under test raises is its answer
            return _Finding(f"the reader raised {type(error).__name__}: {error}", error)
        found = next(Comparison().differences(wanted, got, yields), None)
        return _Finding(found[1]) if found else None

    failed = _simplest(
        lambda source: sse_stream(source, any_sse), sse_streams(any_sse=any_sse), check, examples
    )
    if failed is not None:
        case, finding = _fewest_pieces(*failed, check)
        raise AssertionError("\n".join([finding.sentence, *_shown_pieces(case)])) from finding.error


# ------------------------------------------------------------------------------------------ the search


_SEEDED = 1000
"""So many of one seed come first: every key that a job can have is among them, which cannot be said of random ones."""

_ENOUGH_TO_SHRINK = 5000


def _simplest(
    make: Callable[[Source], T],
    strategy: st.SearchStrategy[T],
    check: Callable[[T], _Finding | None],
    examples: int | None,
) -> tuple[T, _Finding] | None:
    """The simplest thing that ``check`` has something to say of, and what it says; None if there is none."""
    source = Seeded(0)
    failed = next(((made, found) for made in _made(make, source) if (found := check(made))), None)
    return _shrunk(strategy, check, examples if failed is None else _ENOUGH_TO_SHRINK) or failed


def _made(make: Callable[[Source], T], source: Source) -> Iterator[T]:
    return (make(source) for _ in range(_SEEDED))


class _Made(Generic[T]):
    """Something whose text Hypothesis need not write down, however long it is."""

    def __init__(self, it: T) -> None:
        self.it = it


def _shrunk(
    strategy: st.SearchStrategy[T], check: Callable[[T], _Finding | None], examples: int | None
) -> tuple[T, _Finding] | None:
    failed: list[tuple[T, _Finding]] = []

    class Found(Exception):
        """One was found."""

    profile = settings()

    @settings(
        max_examples=profile.max_examples if examples is None else examples,
        database=None,
        deadline=None,
        derandomize=profile.derandomize or os.environ.get("CI", "").lower() not in ("", "0", "false"),
        phases=[phase for phase in profile.phases if phase in (Phase.generate, Phase.target, Phase.shrink)],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(strategy.map(_Made))
    def search(made: _Made[T]) -> None:
        if finding := check(made.it):
            failed[:] = [(made.it, finding)]
            raise Found

    # Code that does not fail every time is wrong too.
    with suppress(Found, Flaky):
        search()
    return failed[0] if failed else None


# ------------------------------------------------------------------------------- what a model has done


def _differences_of(
    payload: Body,
    parse: Callable[[dict[str, object]], Model],
    dump: Callable[[Model], object],
    comparison: Comparison,
) -> _Finding | list[tuple[str, str]]:
    doing = "parse"
    try:
        parsed = parse(json.loads(json.dumps(payload)))
        doing = "dump"
        returned = dump(parsed)
    except Exception as error:  # noqa: BLE001 - whatever the code under test raises is its answer
        return _Finding(f"{doing} raised {type(error).__name__}: {error}", error)
    if not isinstance(returned, Mapping):
        hint = (
            "; read it first: lambda job: json.loads(dump(job))" if isinstance(returned, (str, bytes)) else ""
        )
        return _Finding(f"dump gave {type(returned).__name__}, not a dict of JSON{hint}")
    return list(comparison.differences(payload, returned))


def _others(
    payload: Body,
    parse: Callable[[dict[str, object]], Model],
    dump: Callable[[Model], object],
    comparison: Comparison,
    stage: JobStage | str | None,
    date: str,
) -> list[str]:
    """Where other payloads differ, but for what is said of ``payload`` already."""
    source = Seeded(0)
    found: dict[str, None] = {}
    for other in islice(_made(lambda source: job(source, stage, date), source), 300):
        differences = _differences_of(other, parse, dump, comparison)
        if not isinstance(differences, _Finding):
            found.update(dict.fromkeys(any_item(path) for path, _sentence in differences))
    first = _differences_of(payload, parse, dump, comparison)
    if not isinstance(first, _Finding) and first:
        found.pop(any_item(first[0][0]), None)
    paths = sorted(found)
    return paths if len(paths) <= 12 else [*paths[:12], f"{len(paths) - 12} more places"]


# ------------------------------------------------------------------------------ what a reader has done


def _fewest_pieces(
    case: StreamCase, finding: _Finding, check: Callable[[StreamCase], _Finding | None]
) -> tuple[StreamCase, _Finding]:
    """The same stream in one piece or in two, if that fails too."""
    body = case.body
    cuts = [len(body), *range(1, min(len(body), 5_000))]
    for cut in cuts:
        fewer = StreamCase(tuple(filter(None, (body[:cut], body[cut:]))), case.events)
        if len(fewer.chunks) < len(case.chunks) and (same := check(fewer)):
            return fewer, same
    return case, finding


def _shown_pieces(case: StreamCase) -> Iterator[str]:
    count = len(case.chunks)
    yield (
        "The simplest stream with that, in one piece:"
        if count == 1
        else (f"The simplest stream with that, in {count} pieces:")
    )
    for chunk in case.chunks[:10]:
        yield short(chunk)
    if count > 10:
        yield f"and {count - 10} more"
    if count == 2:
        yield f"The first ends {_where(*case.chunks)}. In one piece the reader gets it right."


def _where(before: bytes, after: bytes) -> str:
    if after[0] & 0xC0 == 0x80:
        return "inside a character"
    if before.endswith(b"\r") and after.startswith(b"\n"):
        return "between CR and LF"
    if before.endswith((b"\n\n", b"\r\r", b"\r\n\r\n")):
        return "with an event"
    return "with a line" if before.endswith((b"\n", b"\r")) else "inside a line"
