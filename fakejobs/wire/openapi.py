"""The contract as an OpenAPI document, made from the schema."""

from __future__ import annotations

from collections.abc import Sequence

from fakejobs.model.api_dates import LATEST, before
from fakejobs.version import VERSION
from fakejobs.wire.dates import FLAT_SINCE, NOT_ACCEPTABLE_SINCE, PAGES_SINCE
from fakejobs.wire.json_types import Schema
from fakejobs.wire.schema import PATH_PIECES, Route, routes_at, schema_at

TITLE = "Hugging Face Jobs, as fakejobs serves it"
"""The title of the document: what tells it from the Hub's."""


def document(date: str = LATEST) -> Schema:
    """An OpenAPI 3.1 document of the API as of ``date``.

    Every answer that holds a job has links to what can be done with it (``components.links``), so that tools which follow links
    (schemathesis is one) make a job before they read, cancel or duplicate it.
    """
    routes = routes_at(date)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, routes, date)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION},
        "components": {
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}},
            "headers": _HEADERS,
            "responses": {"error": _error("Refused, or gone wrong; the text says why.", "error", date)},
            "links": _links(routes, date),
        },
        "paths": paths,
    }


def _operation(route: Route, routes: Sequence[Route], date: str) -> Schema:
    operation: Schema = {"operationId": route.name, "parameters": _parameters(route, date)}
    operation["security"] = [] if route.public else [{"bearerAuth": []}]
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_at(route.body, date)}},
        }
    error = {"$ref": "#/components/responses/error"}
    operation["responses"] = {
        "200": _success(route, routes, date),
        **{str(status): error for status in _refusals(route, date)},
        **{str(status): _error("Error", piece, date) for status, piece in route.errors},
        "default": error,
    }
    return operation


def _success(route: Route, routes: Sequence[Route], date: str) -> Schema:
    success: Schema = {"description": "Success"}
    if route.kind == "sse":
        # A keyword of OpenAPI 3.2, as FastAPI has it in documents of 3.1 too. What reads it checks each event, and the JSON in it.
        data: Schema = {"type": "string", "contentMediaType": "application/json"}
        if route.reply is not None:
            data["contentSchema"] = schema_at(route.reply, date)
        event = {"type": "object", "properties": {"data": data}, "required": ["data"]}
        success["description"] = (
            "Server-sent events: the data of each is JSON; a line that begins with a colon says nothing"
        )
        success["content"] = {"text/event-stream": {"itemSchema": event}}
    elif route.reply is not None:
        success["content"] = {"application/json": {"schema": schema_at(route.reply, date)}}
    if route.reply == "job-list" and not before(date, PAGES_SINCE):
        success["headers"] = {"Link": {"$ref": "#/components/headers/Link"}}
    if links := _links_of(route, routes, date):
        success["links"] = {name: {"$ref": f"#/components/links/{name}"} for name in links}
    return success


_HEADERS: Schema = {
    "X-Error-Message": {
        "description": "The text of the error in one line of ASCII; clients show it.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Link": {
        "description": 'The address of the next page, `<...>; rel="next"`; none on the last page.',
        "schema": {"type": "string"},
    },
}


def _error(description: str, piece: str, date: str) -> Schema:
    return {
        "description": description,
        "headers": {"X-Error-Message": {"$ref": "#/components/headers/X-Error-Message"}},
        "content": {"application/json": {"schema": schema_at(piece, date)}},
    }


def _refusals(route: Route, date: str) -> list[int]:
    """The statuses with which a request may be refused."""
    found = set() if route.public else {401}
    if "namespace" in route.parameters:
        found |= {403, 404}
    if "webhook" in route.name:  # of a token, of a job that is named
        found |= {403, 404} if route.body or "webhookId" in route.parameters else {403}
    if route.query or {"perms", "action"} & set(route.parameters):
        found.add(400)
    if route.body:
        found |= {400, 413, 415}
    if route.name in ("cancel", "expose", "webhook-replay"):  # in a state that does not allow it
        found.add(409)
    if route.name in (
        "create",
        "duplicate",
        "scheduled-run",
        "scheduled-resume",
    ):  # with nothing to pay it from
        found.add(402)
    if route.name in ("metrics", "metrics-stream"):  # of a job that does not run any more
        found.add(500 if before(date, NOT_ACCEPTABLE_SINCE) else 406)
    return sorted(found - {status for status, _piece in route.errors})


# Replies that hold a job or a scheduled job: the path that says what can be done with it, and where its id stands.
_LINKED = {
    "job": ("/api/jobs/{namespace}/{jobId}", "", "#/id"),
    "job-list": ("/api/jobs/{namespace}/{jobId}", "first-", "#/0/id"),
    "scheduled-job": ("/api/scheduled-jobs/{namespace}/{jobId}", "", "#/id"),
    "scheduled-job-list": ("/api/scheduled-jobs/{namespace}/{jobId}", "first-", "#/0/id"),
}


def _links(routes: Sequence[Route], date: str) -> dict[str, Schema]:
    return {name: link for route in routes for name, link in _links_of(route, routes, date).items()}


def _links_of(route: Route, routes: Sequence[Route], date: str) -> dict[str, Schema]:
    """From the answer of a route to every route of the job that is in it."""
    if route.reply not in _LINKED:
        return {}
    path, prefix, place = _LINKED[route.reply]
    if before(date, FLAT_SINCE):
        place = place.replace("id", "metadata/jobId")
    return {
        f"{prefix}{target.name}": {
            "operationId": target.name,
            "parameters": {"namespace": "$request.path.namespace", "jobId": f"$response.body{place}"},
        }
        for target in routes
        if target.path == path or target.path.startswith(f"{path}/")
    }


def _parameters(route: Route, date: str) -> list[Schema]:
    parameters: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": schema_at(PATH_PIECES[name], date)}
        for name in route.parameters
    ]
    if route.query is not None:
        query = schema_at(route.query, date)
        parameters += [
            {"name": name, "in": "query", "required": name in query.get("required", ()), "schema": schema}
            for name, schema in query["properties"].items()
        ]
    return parameters
