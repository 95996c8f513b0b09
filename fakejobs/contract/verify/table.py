"""What came of a run, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from fakejobs.contract.verify.facts import Ask, Fact
from fakejobs.contract.verify.money import Purse, TooDear, dollars
from fakejobs.contract.verify.plan import Server, Wanted, cost_of, jobs_of, runnable, too_dear, why_not
from fakejobs.contract.verify.run import Outcome, Report, Result
from fakejobs.model.units import words
from fakejobs.wire.json_types import Json

WIDTH = 56
"""Characters of a cell of the table; what is longer is shown around the first character that is different."""

Echo = Callable[[str], object]


def differences_table(results: Sequence[Result]) -> Iterator[str]:
    """The differences as a table of fact, expected, seen."""
    rows = [("fact", "expected", "seen")]
    for result in results:
        for each in result.differences:
            expected, seen = around(each.expected, each.seen)
            rows.append((f"{result.fact.name}: {each.what}", expected, seen))
    if len(rows) == 1:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    rows.insert(1, ("-" * widths[0], "-" * widths[1], "-" * widths[2]))
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def around(expected: str, seen: str) -> tuple[str, str]:
    """Both texts in one line and cut to `WIDTH` characters, so that what is different about them is seen."""
    first = next(
        (index for index, (a, b) in enumerate(zip(expected, seen, strict=False)) if a != b),
        min(len(expected), len(seen)),
    )
    start = max(0, first - WIDTH // 3) if max(len(expected), len(seen)) > WIDTH else 0
    return _cut(expected, start), _cut(seen, start)


def _cut(text: str, start: int) -> str:
    text = "".join(each if each.isprintable() else "·" for each in text)
    begun = f"…{text[start + 1 :]}" if 0 < start < len(text) else text
    return begun if len(begun) <= WIDTH else f"{begun[: WIDTH - 1]}…"


def quirks_that_match(results: Sequence[Result]) -> Iterator[str]:
    """For each quirk that was seen to be another: the value with which all that was seen would have been right."""
    possible: dict[str, set[str]] = {}
    facts: dict[str, list[str]] = {}
    for result in results:
        for each in result.differences:
            if each.quirk:
                known = possible.setdefault(each.quirk, set(each.matches))
                known &= set(each.matches)
                if result.fact.name not in facts.setdefault(each.quirk, []):
                    facts[each.quirk].append(result.fact.name)
    for quirk, values in possible.items():
        where = ", ".join(facts[quirk])
        if values:
            value = " or ".join(sorted(f'"{each}"' for each in values))
            yield f"quirks.{quirk} = {value} matches what was seen ({where})"
        else:
            yield f"quirks.{quirk}: no value matches all that was seen ({where})"


def print_result(result: Result, echo: Echo) -> None:
    """One line about a fact."""
    line = f"{result.outcome:8} {result.fact.name}"
    echo(f"{line}: {result.reason}" if result.reason else line)


def print_report(report: Report, echo: Echo) -> None:
    """The table of differences, and how much there is of what."""
    lines = list(differences_table(report.results))
    if lines:
        echo("")
        for line in lines:
            echo(line)
        echo("")
        for line in quirks_that_match(report.results):
            echo(line)
    if report.stopped:
        echo(f"stopped: {report.stopped}")
    for problem in report.left:
        echo(f"not cleaned up: {problem}")
    echo(summary(report))


def summary(report: Report) -> str:
    """One line about a run."""
    outcomes = Counter(result.outcome for result in report.results)
    counts = ", ".join(f"{outcomes[each]} {word}" for each, word in _COUNTED if outcomes[each])
    jobs = sum(result.submitted for result in report.results)
    cost = "" if report.server.fakejobs else f", at most {dollars(report.spent)}"
    return f"{report.server.name} at {report.server.address}: {counts or 'nothing tried'} ({jobs} requests for jobs{cost})"


_COUNTED: tuple[tuple[Outcome, str], ...] = (
    ("holds", "facts hold"),
    ("differs", "differ"),
    ("not run", "not run"),
)


def print_plan(server: Server, wanted: Wanted, facts: Sequence[Fact], purse: Purse, echo: Echo) -> None:
    """What would be run, with which jobs, and what it would cost at most."""
    for each in facts:
        reason = why_not(each, server, wanted, purse)
        echo(f"{each.name}: {each.sentence}")
        echo(f"    from {each.source}")
        for ask in each.asks:
            echo(f"    {_ask_in_words(ask, purse)}")
        if reason:
            echo(f"    not run: {reason}")
    ready = runnable(facts, server, wanted, purse)
    limit = "no limit, as nothing costs anything" if purse.limit is None else f"limit {dollars(purse.limit)}"
    echo("")
    echo(
        f"{server.name} at {server.address}: {len(ready)} of {len(facts)} facts, at most {jobs_of(ready)} jobs on "
        f"cpu-basic, each cancelled when its facts are done; together at most {dollars(cost_of(ready, purse))} ({limit})"
    )
    if reason := too_dear(ready, purse):
        echo(f"would be refused: {reason}")


def _ask_in_words(ask: Ask, purse: Purse) -> str:
    try:
        cost = dollars(purse.upper_of(ask))
    except TooDear:
        cost = "an unknown price"
    jobs = "1 job" if ask.count == 1 else f"{ask.count} jobs"
    shared = ", shared with other facts" if ask.once else ""
    flavor = "" if ask.flavor == "cpu-basic" else f" on {ask.flavor}"
    return f"{jobs} “{ask.program}”{flavor}, timeout {words(min(ask.timeout, 10**9) * 1000)}, at most {cost}{shared}"


def report_json(report: Report) -> dict[str, Json]:
    """A run for machines."""
    return {
        "server": {"kind": report.server.kind, "name": report.server.name, "address": report.server.address},
        "facts": [_result_json(result) for result in report.results],
        "left": list(report.left),
        "stopped": report.stopped or None,
    }


def _result_json(result: Result) -> dict[str, Json]:
    found: dict[str, Json] = {
        "fact": result.fact.name,
        "says": result.fact.sentence,
        "source": result.fact.source,
        "outcome": result.outcome,
    }
    if result.reason:
        found["reason"] = result.reason
    if result.differences:
        found["differences"] = [
            {
                "what": each.what,
                "expected": each.expected,
                "seen": each.seen,
                **({"quirk": each.quirk, "matches": list(each.matches)} if each.quirk else {}),
            }
            for each in result.differences
        ]
    return found
