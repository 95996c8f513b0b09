"""Live answers, held against a document of the Hub and against our own schema."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from fakejobs.contract.document import Document, shape
from fakejobs.contract.facts import home
from fakejobs.contract.findings import Finding
from fakejobs.model.api_dates import LATEST
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.read_json import BadJson, read_json
from fakejobs.wire.schema import Route, routes_at, schema_at
from fakejobs.wire.validate import Problem, checker, problems

BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of an answer that are read as JSON at most."""

Check = Callable[[object], "list[Problem]"]


@dataclass(frozen=True)
class Live:
    """One answer to one call.

    Attributes:
        route: the name of the route in `fakejobs.wire.schema.ROUTES`.
        status: the HTTP status.
        body: the body, or of a stream what was read of it.
    """

    route: str
    status: int
    body: bytes


@dataclass
class Checked:
    """A row of the table of answers.

    Attributes:
        route: its label, ``GET /api/jobs/{namespace}``.
        statuses: how many answers had which status.
        values: how many values were checked: a body each, and each event of a stream.
        violations: how many of these were outside the document or our schema.
    """

    route: str
    statuses: Counter[int] = field(default_factory=Counter)
    values: int = 0
    violations: int = 0


class Answers:
    """Checks answers, and remembers what was wrong with them, but no value of any.

    Args:
        document: what the Hub says.
        explained: keys of explained findings; a key of ours that the document need not have is allowed in answers, too.
        date: the day of our schema.
    """

    def __init__(self, document: Document, explained: Collection[str] = (), date: str = LATEST) -> None:
        self.notes: list[str] = []
        self._document = document
        self._explained = explained
        self._date = date
        self._routes = {route.name: route for route in routes_at(date)}
        self._rows = {name: Checked(f"{route.method} {route.path}") for name, route in self._routes.items()}
        self._checks: dict[tuple[str, int], Check | None] = {}
        self._found: dict[str, tuple[Finding, Counter[str]]] = {}

    def add(self, answer: Live) -> None:
        """Check one answer."""
        route, row = self._routes[answer.route], self._rows[answer.route]
        row.statuses[answer.status] += 1
        if answer.status >= 500:
            row.violations += 1
            self._report(row.route, answer.status, "", "fakejobs", f"answered {answer.status}")
            return
        is_stream = route.kind == "sse" and answer.status == 200
        for piece, raw in self._parts(route, answer, is_stream):
            row.values += 1
            row.violations += self._is_outside(row.route, piece, route, answer.status, raw)

    def rows(self) -> list[Checked]:
        """The table: a row for every route, in the order of the contract."""
        return list(self._rows.values())

    def findings(self) -> list[Finding]:
        """What was outside, each kind of violation once, with the number of answers."""
        found = []
        for finding, sentences in self._found.values():
            texts = [
                f"{sentence} ({count} times)" if count > 1 else sentence
                for sentence, count in sentences.items()
            ]
            found.append(Finding(finding.kind, finding.at, "; ".join(texts), finding.where))
        return found

    def _parts(self, route: Route, answer: Live, is_stream: bool) -> Iterator[tuple[str | None, bytes]]:
        """The JSON texts of an answer, each with the piece that it should be."""
        if is_stream:
            for line in answer.body.split(b"\n"):
                if line.startswith(b"data:"):
                    yield route.reply, line.removeprefix(b"data:").strip()
        elif answer.status >= 400:
            yield dict(route.errors).get(answer.status, "error"), answer.body
        elif route.reply is not None or self._check(route, answer.status) is not None:
            yield route.reply, answer.body

    def _is_outside(self, label: str, piece: str | None, route: Route, status: int, raw: bytes) -> bool:
        try:
            value = read_json(raw, limit=BODY_LIMIT)
        except BadJson as error:
            self._report(label, status, "", "fakejobs", error.sentence)
            return True
        outside = False
        if piece is not None:
            for problem in problems(piece, value, date=self._date):
                outside = True
                self._report(label, status, problem.path, "fakejobs", problem.sentence)
        check = self._check(route, status)
        for problem in check(value) if check is not None else ():
            outside = True
            self._report(label, status, problem.path, "the document", problem.sentence)
        return outside

    def _report(self, label: str, status: int, path: str, side: str, sentence: str) -> None:
        path = re.sub(r"\[[0-9]+\]", "[]", path)
        at = " ".join(filter(None, (label, str(status), path, f"by {side}")))
        where = f"{label} → {status}" + (f" → {path}" if path else "")
        if at not in self._found:
            self._found[at] = Finding("answer", at, "", (where,)), Counter()
        self._found[at][1][sentence] += 1

    def _check(self, route: Route, status: int) -> Check | None:
        """The check of the document, if it says anything of such an answer."""
        key = route.name, status
        if key not in self._checks:
            self._checks[key] = self._make_check(route, status)
        return self._checks[key]

    def _make_check(self, route: Route, status: int) -> Check | None:
        operation = self._document.operations.get(shape(route.method, route.path))
        if operation is None:
            return None
        is_stream = route.kind == "sse" and status == 200
        described: Mapping[str, Schema | None] = operation.streams if is_stream else operation.replies
        names = (str(status), f"{status // 100}XX", *(() if status < 400 else ("default",)))
        schema = next((described[name] for name in names if name in described), None)
        # Of a stream, a document mostly says that it is text.
        if schema is None or (is_stream and schema.get("type", "string") == "string"):
            return None
        piece = route.reply if status < 400 else dict(route.errors).get(status, "error")
        label = f"{route.method} {route.path} → {status}"
        if piece is not None:
            schema = self._with_explained(schema, schema_at(piece, self._date), piece)
        try:
            return checker(self._usable(schema, label))
        except ValueError:
            self.notes.append(f"{label}: the document's schema cannot be checked by; skipped")
            return None

    def _with_explained(self, theirs: Schema, ours: Schema, place: str) -> Schema:
        """The document's schema, with those keys of ours that it need not have."""
        widened = dict(theirs)
        mine = ours.get("properties", {})
        if "properties" in theirs:
            widened["properties"] = {
                key: self._with_explained(each, mine[key], f"{place}.{key}") if key in mine else each
                for key, each in theirs["properties"].items()
            }
            for key, each in mine.items():
                if key not in theirs["properties"] and f"removed {home(f'{place}.{key}')}" in self._explained:
                    widened["properties"][key] = each
        for keyword, step in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(theirs.get(keyword), dict) and isinstance(ours.get(keyword), dict):
                widened[keyword] = self._with_explained(theirs[keyword], ours[keyword], place + step)
        return widened

    def _usable(self, schema: Schema, label: str) -> Schema:
        """``schema`` without patterns that the engine of linear time cannot read; each is noted."""
        usable: Schema = {}
        for keyword, value in schema.items():
            if keyword == "properties":
                usable[keyword] = {key: self._usable(each, label) for key, each in value.items()}
            elif keyword == "anyOf":
                usable[keyword] = [self._usable(each, label) for each in value]
            elif keyword in ("items", "additionalProperties", "propertyNames", "not") and isinstance(
                value, dict
            ):
                usable[keyword] = self._usable(value, label)
            elif keyword == "pattern" and not _readable(value):
                self.notes.append(f"{label}: a pattern of the document is for another engine; not checked by")
            elif keyword != "default":
                usable[keyword] = value
        return usable


def _readable(pattern: str) -> bool:
    try:
        checker({"pattern": pattern})
    except ValueError:
        return False
    return True


def value_of(body: bytes) -> Json:
    """An answer as JSON, or None if it is none."""
    try:
        return read_json(body, limit=BODY_LIMIT)
    except BadJson:
        return None
