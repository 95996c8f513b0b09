"""The results that are checked in, ``matrix.json``, and what has become worse since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.matrix.environments import COLUMNS, Outcomes
from tests.matrix.reasons import reason_of
from tests.matrix.releases import RELEASES, Release
from tests.matrix.suite import ABSENT, WORKS

FILE = Path(__file__).with_name("matrix.json")

Results = Mapping[str, Outcomes]
"""What came of each release, by its name."""


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix.

    Attributes:
        release: of a client.
        door: in process, or over loopback.
        column: the date of the API, as the release sees it.
        row: the method.
        outcome: ``works``, ``absent``, or the error.
    """

    release: Release
    door: str
    column: str
    row: str
    outcome: str

    @property
    def works(self) -> bool:
        """Whether the method does what it is to do."""
        return self.outcome == WORKS

    @property
    def failed(self) -> bool:
        """Whether the release has the method, and it does not work."""
        return self.outcome not in (WORKS, ABSENT)

    @property
    def reason(self) -> int | None:
        """The number of the reason why it failed."""
        return reason_of(self.release, self.column, self.row, self.outcome)

    def __str__(self) -> str:
        return f"{self.release.name}, {self.row}, {self.door}, API {self.column}: {self.outcome}"


def cells(results: Results) -> Iterator[Cell]:
    """All cells, in the order of the releases."""
    for release in RELEASES:
        for door, columns in results.get(release.name, {}).items():
            for column in COLUMNS:
                for row, outcome in columns[column].items():
                    yield Cell(release, door, column, row, outcome)


def problems(before: Results, now: Results) -> list[str]:
    """What must not be: cells that worked before and do not now, and failures without a reason. Each with its outcome now."""
    worked = {
        (cell.release, cell.door, cell.column, cell.row)
        for cell in cells({name: before[name] for name in before if name in now})
        if cell.works
    }
    found = []
    for cell in cells(now):
        here = (cell.release, cell.door, cell.column, cell.row)
        if not cell.works and here in worked:
            found.append(f"worked before: {cell}")
        elif cell.failed and cell.reason is None:
            found.append(f"has no reason: {cell}")
        worked.discard(here)
    found += [
        f"is gone: {release.name}, {row}, {door}, API {column}" for release, door, column, row in worked
    ]
    return found


def load(path: Path = FILE) -> Results:
    """The results that are checked in; none, if there is no file."""
    if not path.exists():
        return {}
    return cast("Results", _unfolded(json.loads(path.read_text(encoding="utf-8"))))


def save(results: Results, path: Path = FILE) -> None:
    """Write results: a row with the same outcome everywhere takes one line."""
    path.write_text(json.dumps(_folded(results), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


Folded = dict[str, dict[str, dict[str, str | dict[str, str]]]]


def _folded(results: Results) -> dict[str, dict[str, object]]:
    """Release → row → outcome, if it is the same everywhere; else door → column → outcome."""
    folded: dict[str, dict[str, object]] = {}
    for release in RELEASES:
        if release.name not in results:
            continue
        doors = results[release.name]
        rows = next(iter(doors.values()))[COLUMNS[0]]
        folded[release.name] = {"doors": list(doors)}
        for row in rows:
            all_of_them = {door: {column: doors[door][column][row] for column in COLUMNS} for door in doors}
            different = {outcome for columns in all_of_them.values() for outcome in columns.values()}
            folded[release.name][row] = different.pop() if len(different) == 1 else all_of_them
    return folded


def _unfolded(
    folded: Mapping[str, Mapping[str, object]],
) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    results = {}
    for name, rows in folded.items():
        doors = cast("list[str]", rows["doors"])
        results[name] = {
            door: {
                column: {row: _at(found, door, column) for row, found in rows.items() if row != "doors"}
                for column in COLUMNS
            }
            for door in doors
        }
    return results


def _at(found: object, door: str, column: str) -> object:
    return found[door][column] if isinstance(found, dict) else found
