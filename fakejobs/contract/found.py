"""What was found in recordings: differences, each of them once, and what could not be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fakejobs.contract.findings import Finding
from fakejobs.contract.recording import Recording, route_of

TITLES = {
    "answer": "Recorded answers outside our schema",
    "order": "Recorded answers with their keys in another order",
    "recorded": "Recorded, and not what the fake answers",
}
"""The sections of a report, by kind of finding, in their order."""


class Found:
    """Findings, each kind of them once, with the files that have it."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str, str], list[str]] = {}
        self._skipped: dict[str, list[str]] = {}

    def add(self, kind: str, recording: Recording, place: str, sentence: str) -> None:
        """A difference, at a place of an answer."""
        request = recording.exchange.request
        found = route_of(request.method, request.path)
        where = f"{request.method} {found[0].path if found else request.path}"
        path = re.sub(r"\[\d+\]", "[]", place)
        at = f"{where} → {recording.exchange.response.status}" + (f" → {path}" if path else "")
        files = self._files.setdefault((kind, at, sentence), [])
        if recording.name not in files:
            files.append(recording.name)

    def skip(self, recording: Recording, why: str) -> None:
        """A request that is not made again."""
        self._skipped.setdefault(why, []).append(recording.name)

    def note(self, text: str) -> None:
        """Something else that the reader should know."""
        self._skipped.setdefault(text, [])

    def findings(self) -> Iterator[Finding]:
        """What differs, by kind."""
        for kind in TITLES:
            for (each, at, sentence), files in self._files.items():
                if each == kind:
                    yield Finding(kind, at, sentence, tuple(files))

    def notes(self) -> Iterator[str]:
        """What could not be compared, in lines for people."""
        for why, names in self._skipped.items():
            yield f"{len(names)} not made again: {why} ({_few(names)})" if names else why


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
