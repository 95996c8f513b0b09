"""``fakejobs contract check --recordings``: the fake held against what was recorded of a real server.

Twice: every recorded answer has to be one that our schema allows, with its keys in our order; and the recorded requests are made
again, to a fresh fake whose time is that of the recording and whose jobs do what the recorded jobs did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from fakejobs.contract.again import Again
from fakejobs.contract.differences import key_order
from fakejobs.contract.findings import Finding, in_json, print_findings
from fakejobs.contract.found import TITLES, Found
from fakejobs.contract.learned import events_of, learn
from fakejobs.contract.recording import Recording, route_of
from fakejobs.contract.recording_files import read_recordings
from fakejobs.contract.remade import remade
from fakejobs.model.quirks import Quirks
from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import join_index
from fakejobs.wire.schema import schema_at
from fakejobs.wire.validate import problems

_OTHER_ORDER = frozenset({"whoami"})
"""Pieces whose keys the Hub's document lists in another order than answers have them; the fake has the order of the answers."""


@dataclass(frozen=True)
class RecordingsReport:
    """What came out.

    Attributes:
        directory: where the recordings are.
        recorded: how many exchanges there are.
        compared: how many were made again.
        findings: what differs.
        notes: what could not be compared, and why.
    """

    directory: str
    recorded: int
    compared: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0: as recorded; 1: something is not."""
        return 1 if self.findings else 0


def check_recordings(directory: str | Path, *, quirks: Quirks | None = None) -> RecordingsReport:
    """Hold the fake against the recordings of a directory.

    Args:
        directory: what ``fakejobs record`` wrote.
        quirks: of the fake; by default those that it has by default.

    Raises:
        BadRecording: there are none, or one cannot be read.
    """
    recordings = read_recordings(directory)
    found = Found()
    for recording in recordings:
        _check_answer(found, recording)
    known = learn(recordings)
    settings = known.settings()
    again = Again(
        known,
        remade(recordings, known),
        replace(settings, quirks=quirks) if quirks is not None else settings,
        found,
    )
    with closing(again.hub):
        for recording in recordings:
            again.make(recording)
        again.end()
    return RecordingsReport(
        str(directory), len(recordings), again.compared, tuple(found.findings()), tuple(found.notes())
    )


def print_recordings_report(report: RecordingsReport, echo: Callable[[str], object]) -> None:
    """The report as text."""
    echo(f"{report.directory}: {report.recorded} exchanges, {report.compared} of them made again")
    echo("")
    for kind, title in TITLES.items():
        print_findings(title, [each for each in report.findings if each.kind == kind], echo)
    for note in report.notes:
        echo(f"note: {note}")
    count = len(report.findings)
    echo("as recorded" if not count else f"{count} finding{'s' if count > 1 else ''}")


def recordings_report_json(report: RecordingsReport) -> dict[str, object]:
    """The report for machines, as JSON."""
    return {
        "recordings": report.directory,
        "recorded": report.recorded,
        "compared": report.compared,
        "findings": [in_json(each) for each in report.findings],
        "notes": list(report.notes),
        "exit_code": report.exit_code,
    }


# ------------------------------------------------------------------------------------- against our schema


def _check_answer(found: Found, recording: Recording) -> None:
    request, response = recording.exchange.request, recording.exchange.response
    matched = route_of(request.method, request.path)
    if matched is None or response.failed is not None or 300 <= response.status < 400:
        return
    route = matched[0]
    if response.frames is not None:
        for index, frame in enumerate(response.frames):
            event = events_of(frame.text)
            if event is None or route.kind != "sse" or response.status != 200:
                continue
            place = join_index("frames", index)
            try:
                value = json.loads(event[1])
            except ValueError:
                found.add("answer", recording, place, "the data of an event is no JSON")
                continue
            _check_value(found, recording, route.reply, value, place)
        return
    piece = dict(route.errors).get(response.status, "error") if response.status >= 400 else route.reply
    body = response.body
    if piece is None or (body is not None and body.kind == "omitted"):
        return
    if route.kind == "sse" and response.status == 200:
        found.add("answer", recording, "", "an event stream was expected")
    elif body is None or body.kind != "body":
        found.add("answer", recording, "", "a body of JSON was expected")
    else:
        _check_value(found, recording, piece, body.value, "")


def _check_value(found: Found, recording: Recording, piece: str | None, value: Json, place: str) -> None:
    if piece is None:
        return
    for problem in problems(piece, value, at=place):
        found.add("answer", recording, problem.path, problem.sentence)
    if piece in _OTHER_ORDER:
        return
    for path, sentence in key_order(schema_at(piece), value, place):
        found.add("order", recording, path, sentence)
