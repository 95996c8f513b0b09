"""The contract as an OpenAPI document, made from the schema."""

from __future__ import annotations

from fakejobs.version import VERSION
from fakejobs.wire.json_types import Schema
from fakejobs.wire.schema import LATEST, PATH_PIECES, Route, routes_at, schema_at


def document(date: str = LATEST) -> Schema:
    """An OpenAPI 3.1 document of the API as of ``date``."""
    paths: dict[str, Schema] = {}
    for route in routes_at(date):
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, date)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hugging Face Jobs, as fakejobs serves it", "version": VERSION},
        "components": {"securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }


def _operation(route: Route, date: str) -> Schema:
    operation: Schema = {"operationId": route.name, "parameters": _parameters(route, date)}
    operation["security"] = [] if route.public else [{"bearerAuth": []}]
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_at(route.body, date)}},
        }
    success: Schema = {"description": "Success"}
    if route.kind == "sse":
        success["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif route.reply is not None:
        success["content"] = {"application/json": {"schema": schema_at(route.reply, date)}}
    error = {"description": "Error", "content": {"application/json": {"schema": schema_at("error", date)}}}
    special = {
        str(status): {
            "description": "Error",
            "content": {"application/json": {"schema": schema_at(piece, date)}},
        }
        for status, piece in route.errors
    }
    operation["responses"] = {"200": success, **special, "default": error}
    return operation


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
