"""The committed record: for each fact, when it was last tried against what, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from fakejobs.contract.verify.facts import Fact
from fakejobs.contract.verify.run import Report, Result
from fakejobs.wire.json_types import Json

ABOUT = (
    "When each fact of `fakejobs contract verify` was last tried, against what, and what came of it. "
    "Null: never. Written by `fakejobs contract verify --record`."
)

KINDS = ("hub", "fakejobs", "other")


class BadRecord(ValueError):
    """A file that is no such record, or cannot be written; the message names it."""


def empty(facts: Sequence[Fact]) -> dict[str, Json]:
    """A record in which nothing was ever tried."""
    return {"about": ABOUT, "facts": {each.name: _entry(each, {}) for each in facts}}


def read(path: str | Path) -> dict[str, Json]:
    """The record in a file; one without entries, if there is no file.

    Raises:
        BadRecord: it is no record.
    """
    path = Path(path)
    if not path.absolute().parent.is_dir():
        raise BadRecord(f"{path}: there is no such directory to write to")
    try:
        if not path.exists():
            return {"about": ABOUT, "facts": {}}
        record: Json = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRecord(f"{path}: cannot be read as a record ({type(error).__name__})") from None
    if not isinstance(record, dict) or not isinstance(facts := record.get("facts"), dict):
        raise BadRecord(f"{path}: is no record of facts; one has an object `facts`")
    if not all(isinstance(entry, dict) for entry in facts.values()):
        raise BadRecord(f"{path}: is no record of facts; each of `facts` is an object")
    return record


def updated(
    record: dict[str, Json], report: Report, facts: Sequence[Fact], today: date | None = None
) -> dict[str, Json]:
    """The record with what a run found; facts that were not run keep what was known of them, and those that are gone go.

    Args:
        record: from `read` or `empty`.
        report: the run.
        facts: all facts there are, in their order.
        today: the day of the run.
    """
    known = record["facts"]
    known = known if isinstance(known, dict) else {}
    results = {result.fact.name: result for result in report.results if result.outcome != "not run"}
    day = (today or date.today()).isoformat()
    entries: dict[str, Json] = {}
    for each in facts:
        old = known.get(each.name)
        entry = _entry(each, old if isinstance(old, dict) else {})
        if (result := results.get(each.name)) is not None:
            entry[report.server.kind] = _verified(report, result, day)
        entries[each.name] = entry
    return {"about": ABOUT, "facts": entries}


def write(path: str | Path, record: dict[str, Json]) -> None:
    """Write a record, in one step.

    Raises:
        BadRecord: it cannot be written.
    """
    path = Path(path)
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    try:
        with NamedTemporaryFile(
            "w", dir=path.absolute().parent, prefix=".verified-", encoding="utf-8", delete=False
        ) as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError as error:
        raise BadRecord(f"{path}: cannot be written ({error.strerror})") from None


def _entry(each: Fact, old: dict[str, Json]) -> dict[str, Json]:
    entry: dict[str, Json] = {"says": each.sentence, "source": each.source}
    if each.quirks:
        entry["quirks"] = list(each.quirks)
    entry["hub"] = old.get("hub")
    entry["fakejobs"] = old.get("fakejobs")
    if old.get("other") is not None:
        entry["other"] = old["other"]
    return entry


def _verified(report: Report, result: Result, day: str) -> dict[str, Json]:
    server = report.server
    found: dict[str, Json] = {"date": day, "outcome": result.outcome}
    if server.fakejobs is not None:
        found["version"] = server.fakejobs.version
    else:
        parts = urlsplit(server.address)
        found["address"] = f"{parts.scheme}://{parts.hostname}"
    if result.differences:
        found["differences"] = [
            {"what": each.what, "expected": each.expected, "seen": each.seen} for each in result.differences
        ]
    return found
