"""The page of the matrix, from the results that are checked in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.matrix.environments import AUTO, COLUMNS, LATEST, OWN_DAY, ROOT, Outcomes
from tests.matrix.reasons import REASONS, reason_of
from tests.matrix.releases import RELEASES, Release
from tests.matrix.results import Results
from tests.matrix.suite import ABSENT, WORKS

FILE = ROOT / "fakejobs/docs/matrix.md"

_INTRODUCTION = """\
# Every client, every API date

What each release of each client makes of the API as of a date: `latest`, `auto` (each client gets the newest that it can read), and the
day on which the release was published. This page is generated; the command, which installs every release into an environment of its own
and writes the page anew:

```console
$ python -m tests.matrix            # all of them
$ python -m tests.matrix --subset   # first, last, and each generation
$ python -m tests.matrix --releases 0.36.2 2.4.0 --check   # writes nothing; fails if a cell that worked does not any more
```

- Each release runs the same calls twice: with a fake in process, and over loopback against `fakejobs exec`. The JavaScript client is no part of
  a Python process, so for it there is only the second.
- **works** means that what a call returned was right: ids, stages, lines of a log, the bytes of a file that was uploaded. A call that was
  answered with something else ends in `Wrong`, which says with what.
- **absent** means that the release has no such method or argument.
- Everything else is the error, as it was raised, in one line; ids and addresses are left out. The number is that of its [reason](#reasons).
- What fails against `latest` because the Hub fails there too is left as it is: that is what whoever uses the release will see.
- Up to 1.2.3, `run_job`, `fetch_job_logs` and `create_scheduled_job` ask `https://huggingface.co` whatever the endpoint is, and so does everything
  of `hfjobs`. Over loopback, such requests were sent on to the fake; `hfjobs` in process, too.
- Pauses of the client over loopback were cut to 10 ms. `hf` ran within the process of the suite, with a terminal of 250 columns.
"""


def page(results: Results) -> str:
    """The page, as Markdown."""
    return "\n".join([_INTRODUCTION, *_summary(results), "", *_reasons(results), "", *_details(results)])


def write(results: Results, path: Path = FILE) -> None:
    """Write the page."""
    path.write_text(page(results), encoding="utf-8")


def _present(results: Results) -> list[Release]:
    return [release for release in RELEASES if release.name in results]


def _summary(results: Results) -> Iterator[str]:
    yield "## Releases\n"
    yield "How many methods work, of those that the release has, through both doors.\n"
    yield "| release | published | asks with | `latest` | `auto` | own day |"
    yield "|---|---|---|---|---|---|"
    for release in _present(results):
        counts = [_count(release, results[release.name], column) for column in COLUMNS]
        yield f"| {release.name} | {release.day} | {release.generation} | {' | '.join(counts)} |"


def _count(release: Release, outcomes: Outcomes, column: str) -> str:
    rows = _rows(outcomes)
    seen = {row: {doors[column][row] for doors in outcomes.values()} for row in rows}
    there = [row for row in rows if seen[row] != {ABSENT}]
    work = [row for row in there if seen[row] == {WORKS}]
    marks = sorted(
        {_mark(release, column, row, outcome) for row in there for outcome in seen[row] if outcome != WORKS}
    )
    count = f"{len(work)} of {len(there)}" if marks else f"all {len(there)}"
    return " ".join([count, *marks])


def _rows(outcomes: Outcomes) -> list[str]:
    return list(next(iter(outcomes.values()))[LATEST])


def _mark(release: Release, column: str, row: str, outcome: str) -> str:
    number = reason_of(release, column, row, outcome)
    return "(**no reason**)" if number is None else f"({number})"


def _reasons(results: Results) -> Iterator[str]:
    yield "## Reasons\n"
    yield "Why a cell fails. Only failures with a reason are accepted.\n"
    for number, reason in enumerate(REASONS, 1):
        there = "The Hub fails there too." if reason.on_the_hub else "The Hub does not fail there."
        yield f"{number}. {reason.text} {there} Source: {reason.source}."


def _details(results: Results) -> Iterator[str]:
    yield "## Methods\n"
    yield "Releases that follow each other and do the same stand together.\n"

    def alike(release: Release) -> tuple[str, Outcomes]:
        return release.client, results[release.name]

    for (client, outcomes), group in groupby(_present(results), alike):
        releases = list(group)
        first, last = releases[0], releases[-1]
        names = ", ".join(release.name.removeprefix(f"{client}-") for release in releases)
        yield f"### {client} {names}\n"
        yield f"Published {first.day}.\n" if first == last else f"Published {first.day} to {last.day}.\n"
        yield f"| method | {LATEST} | {AUTO} | {OWN_DAY} |"
        yield "|---|---|---|---|"
        for row in _rows(outcomes):
            found = [_cell(first, outcomes, column, row) for column in COLUMNS]
            yield f"| {row} | {' | '.join(found)} |"
        yield ""


def _cell(release: Release, outcomes: Outcomes, column: str, row: str) -> str:
    seen = {door: columns[column][row] for door, columns in outcomes.items()}
    if len(set(seen.values())) == 1:
        return _said(release, column, row, next(iter(seen.values())))
    return "; ".join(f"{door}: {_said(release, column, row, outcome)}" for door, outcome in seen.items())


def _said(release: Release, column: str, row: str, outcome: str) -> str:
    if outcome in (WORKS, ABSENT):
        return outcome
    code = outcome.replace("|", "\\|").replace("`", "'")
    return f"`{code}` {_mark(release, column, row, outcome)}"
