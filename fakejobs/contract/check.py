"""``fakejobs contract check``: the document and live answers, put together into one report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fakejobs.contract.document import load_document
from fakejobs.contract.drift import drift
from fakejobs.contract.explained import EXPLAINED, explain, load_explained, routes_named
from fakejobs.contract.fetch import check_url, shown
from fakejobs.contract.findings import Finding, in_json, print_findings
from fakejobs.contract.live import Answers, Checked
from fakejobs.contract.resolve import DocumentError
from fakejobs.contract.tour import fake_answers, server_answers
from fakejobs.model.api_dates import LATEST
from fakejobs.wire.schema import epoch

TITLES = {
    "added": "The document has it, fakejobs has not",
    "removed": "fakejobs has it, the document has not",
    "changed": "Both have it, and differ",
    "answer": "Answers outside a schema",
}
"""The sections of a report, by kind of finding, in their order."""


@dataclass(frozen=True)
class Asked:
    """What is to be checked.

    Attributes:
        spec: file or address of an OpenAPI document.
        url: a server whose answers are checked; None: a fake in this process.
        token: for that server.
        day: the day of our API that is compared (ISO), or ``latest``.
        explained: a TOML file with explained differences besides `EXPLAINED`.
    """

    spec: str
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    day: str = LATEST
    explained: str | None = None


@dataclass(frozen=True)
class Report:
    """What came out.

    Attributes:
        spec: the document.
        server: whose answers were checked; None: no answers were.
        operations: how many operations of the document count.
        others: how many paths of the document are about something else.
        surprises: findings that nothing explains.
        explained: findings with a reason.
        stale: explanations of differences that are not there any more.
        answers: the table of answers.
        notes: what could not be checked.
    """

    spec: str
    server: str
    operations: int
    others: int
    surprises: tuple[Finding, ...]
    explained: tuple[Finding, ...]
    stale: tuple[Finding, ...]
    answers: tuple[Checked, ...]
    notes: tuple[str, ...]

    def exit_code(self, *, strict: bool = False) -> int:
        """0: as expected; 1: something is not. Stale explanations count only if ``strict``."""
        return 1 if self.surprises or (strict and self.stale) else 0


def run_check(asked: Asked) -> Report:
    """Compare, and check answers.

    Raises:
        ValueError: there is nothing to compare: no document, no such day, nobody at the address, ...; a sentence says what.
    """
    epoch(asked.day)  # is it a day at all?
    if asked.url is not None:
        check_url(asked.url)
    explained = {**EXPLAINED, **(load_explained(asked.explained) if asked.explained else {})}
    document = load_document(asked.spec, routes_named(explained))
    if not document.operations:
        raise DocumentError(f"{document.source}: has no route about Jobs; is it the Hub's document?")
    if document.ours:
        # Our own document has no gaps that would need an explanation.
        explained = load_explained(asked.explained) if asked.explained else {}
    found = drift(document, asked.day)
    answers = Answers(document, explained, asked.day)
    server = "a fake in this process" if asked.url is None else shown(asked.url)
    asking = fake_answers(asked.day) if asked.url is None else server_answers(asked.url, asked.token)
    for answer in asking:
        answers.add(answer)
    surprises, expected, stale = explain([*found, *answers.findings()], explained)
    return Report(
        document.source,
        server,
        len(document.operations),
        document.others,
        tuple(surprises),
        tuple(expected),
        tuple(stale),
        tuple(answers.rows()),
        tuple(answers.notes),
    )


def print_report(report: Report, echo: Callable[[str], object], *, strict: bool, show_all: bool) -> None:
    """The report as text."""
    ignored = f"; {report.others} other paths ignored" if report.others else ""
    echo(f"{report.spec}: {report.operations} operations that count{ignored}")
    echo("")
    for kind, title in TITLES.items():
        print_findings(title, [each for each in report.surprises if each.kind == kind], echo)
    if show_all:
        print_findings("Explained", report.explained, echo)
    print_findings("Explained, and not there any more", report.stale, echo)
    if report.answers:
        _print_table(report, echo)
    for note in report.notes:
        echo(f"note: {note}")
    drifted = sum(each.kind != "answer" for each in report.surprises)
    hint = "" if show_all or not report.explained else " (--all shows them)"
    echo(
        f"{_count(drifted, 'unexplained difference')}, {len(report.explained)} explained{hint}, "
        f"{len(report.stale)} stale, {_count(len(report.surprises) - drifted, 'violation')} in answers: "
        + ("as expected" if report.exit_code(strict=strict) == 0 else "not as expected")
    )


def _print_table(report: Report, echo: Callable[[str], object]) -> None:
    echo(f"Answers of {report.server}")
    width = max(len(row.route) for row in report.answers)
    echo(f"  {'route':{width}}  {'checked':>8}  {'outside':>8}  statuses")
    for row in report.answers:
        statuses = ", ".join(f"{status} x{count}" for status, count in sorted(row.statuses.items()))
        echo(f"  {row.route:{width}}  {row.values:>8}  {row.violations:>8}  {statuses or 'not asked'}")
    values, violations = (
        sum(row.values for row in report.answers),
        sum(row.violations for row in report.answers),
    )
    echo(f"  {'all':{width}}  {values:>8}  {violations:>8}")
    echo("")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def report_json(report: Report, *, strict: bool) -> dict[str, object]:
    """The report for machines, as JSON."""
    return {
        "spec": report.spec,
        "server": report.server,
        "operations": report.operations,
        "findings": [in_json(each) for each in report.surprises],
        "explained": [in_json(each) for each in report.explained],
        "stale": [in_json(each) for each in report.stale],
        "answers": [
            {
                "route": row.route,
                "statuses": {str(status): count for status, count in sorted(row.statuses.items())},
                "checked": row.values,
                "outside": row.violations,
            }
            for row in report.answers
        ],
        "notes": list(report.notes),
        "exit_code": report.exit_code(strict=strict),
    }
