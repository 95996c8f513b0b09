"""The differences between the API that fakejobs knows and the one that a document describes."""

from __future__ import annotations

from fakejobs.contract.compare import DAY, PIECES_FILE, ROUTES_FILE, Differences, Place, compare
from fakejobs.contract.document import Document, Operation, shape
from fakejobs.contract.facts import in_words, normal
from fakejobs.contract.findings import Finding
from fakejobs.contract.resolve import printable
from fakejobs.model.api_dates import LATEST
from fakejobs.wire.json_types import Schema
from fakejobs.wire.schema import PATH_PIECES, Route, routes_at, schema_at


def drift(document: Document, date: str = LATEST) -> list[Finding]:
    """Every difference, each once, with all the places where it is met: what was added, then removed, then changed.

    A key that one side alone has is one finding, whatever is in it. Our words for pieces of the schema are used, so that a key of a
    job is met in every route that answers one.

    Args:
        document: what the Hub says.
        date: the day whose API of ours is compared with it (ISO), or the latest.

    Raises:
        ValueError: ``date`` is no date.
    """
    found = Differences()
    theirs = dict(document.operations)
    for route in routes_at(date):
        operation = theirs.pop(shape(route.method, route.path), None)
        label = f"{route.method} {route.path}"
        if operation is None:
            found.add(
                "removed",
                label,
                "the document does not have this route",
                label,
                f"give the route {route.name!r} in {ROUTES_FILE} an until= of {DAY}",
            )
        else:
            _compare_operation(found, route, operation, date)
    for operation in theirs.values():
        found.add(
            "added",
            operation.label,
            f"the document has a new route: {_route_in_words(operation)}",
            operation.label,
            f"add a Route to ROUTES in {ROUTES_FILE} with since= {DAY}, its pieces to {PIECES_FILE}, and a view",
        )
    return found.findings()


def _route_in_words(operation: Operation) -> str:
    parts = [f"takes ?{printable(name)}" for name in operation.query.get("properties", {})]
    if operation.body is not None:
        parts.append(f"takes {in_words(operation.body)}")
    answers = [schema for status, schema in operation.replies.items() if status.startswith("2")]
    parts += [f"answers {in_words(schema)}" for schema in answers if schema is not None]
    if operation.streams:
        parts.append("answers a stream of events")
    return "; ".join(parts) or "nothing is said of what it takes or answers"


def _compare_operation(found: Differences, route: Route, operation: Operation, date: str) -> None:
    label = f"{route.method} {route.path}"
    theirs = list(operation.parameters)
    in_path = [
        part[1:-1] for part in operation.path.split("/") if part.startswith("{") and part.endswith("}")
    ]
    for name, called in zip(route.parameters, in_path, strict=False):
        if name != called:
            found.add(
                "changed",
                f"{label} {{{name}}} -> {{{printable(called)}}}",
                f"the path parameter {{{name}}} is called {{{printable(called)}}}",
                label,
                f"rename it in the route {route.name!r} in {ROUTES_FILE}, or explain it: names in paths are not sent",
            )
        piece = PATH_PIECES[name]
        schema = operation.parameters.get(called if called in theirs else name, {})
        compare(found, schema_at(piece, date), schema, Place(label, "path", piece, piece))
    base = route.query or f"{label} query"
    query = schema_at(route.query, date) if route.query else _NO_QUERY
    compare(found, query, operation.query or _NO_QUERY, Place(label, "query", base, base))
    for name, schema in operation.headers.get("properties", {}).items():
        found.add(
            "added",
            f"{label} header {printable(name)}",
            f"{label} takes a new header {printable(name)} ({in_words(schema)})",
            f"{label} → header",
            "no route of fakejobs reads headers by the schema: see whether clients send it",
        )
    if route.body and operation.body is not None:
        compare(
            found, schema_at(route.body, date), operation.body, Place(label, "body", route.body, route.body)
        )
    elif route.body or operation.body is not None:
        _one_side(found, label, "body", route.body, operation.body, "takes")
    _compare_reply(found, route, operation, date)
    _compare_errors(found, route, operation, date)


_NO_QUERY: Schema = {"type": "object", "properties": {}}


def _one_side(
    found: Differences, label: str, part: str, ours: str | None, theirs: Schema | None, verb: str
) -> None:
    """A body or a reply that one side alone has."""
    if ours is not None:
        sentence = f"{label} {verb} {ours} here; the document does not say so"
        todo = f"take it from the route in {ROUTES_FILE}"
        found.add("removed", f"{label} {part} {ours}", sentence, f"{label} → {part}", todo)
    elif theirs is not None:
        sentence = f"{label} {verb} a {part}: {in_words(theirs)}"
        todo = f"add a piece for it to {PIECES_FILE}, and name it as {part}= of the route in {ROUTES_FILE}"
        found.add("added", f"{label} {part}", sentence, f"{label} → {part}", todo)


def _compare_reply(found: Differences, route: Route, operation: Operation, date: str) -> None:
    label = f"{route.method} {route.path}"
    theirs = operation.replies.get("200", operation.replies.get("2XX"))
    place = Place(label, "reply", route.reply or "", route.reply or "")
    if route.kind == "sse" and route.reply:
        frames = operation.streams.get("200", operation.streams.get("2XX"))
        if frames is None:
            _one_side(found, label, "stream", route.reply, None, "streams")
        elif normal(frames) not in ({}, {"type": ["string"]}):  # else nothing is said of what is in it
            compare(found, schema_at(route.reply, date), frames, place)
        if theirs is not None:
            _one_side(found, label, "reply", None, theirs, "replies with")
    elif route.reply and theirs is not None:
        compare(found, schema_at(route.reply, date), theirs, place)
    elif route.reply or theirs is not None:
        _one_side(found, label, "reply", route.reply, theirs, "replies with")


def _compare_errors(found: Differences, route: Route, operation: Operation, date: str) -> None:
    label = f"{route.method} {route.path}"
    ours = {str(status): piece for status, piece in route.errors}
    for status, schema in operation.replies.items():
        piece = ours.get(status, "error")
        if status in ("200", "2XX"):
            continue
        if status in ours or status == "default":
            if schema is not None:
                compare(found, schema_at(piece, date), schema, Place(label, status, piece, piece))
        elif schema is None or not _same(schema_at("error", date), schema):
            found.add(
                "added",
                f"{label} {status}",
                f"{label} answers {status}" + (f" with {in_words(schema)}" if schema is not None else ""),
                f"{label} → {status}",
                f"add a piece for it to {PIECES_FILE}, and the status to the route in {ROUTES_FILE}",
            )
    for status, piece in ours.items():
        if operation.replies.get(status) is None:
            found.add(
                "removed",
                f"{label} {status} {piece}",
                f"the document does not say that {label} answers {status} with {piece}",
                f"{label} → {status}",
                f"take it from errors= of the route in {ROUTES_FILE}",
            )


def _same(ours: Schema, theirs: Schema) -> bool:
    found = Differences()
    compare(found, ours, theirs, Place("", "", "", ""))
    return not found.findings()
