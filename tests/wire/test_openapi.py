"""The document that is served: complete enough for tools that make requests of it, and follow its links."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fakejobs.model.api_dates import LATEST
from fakejobs.wire.openapi import document
from fakejobs.wire.schema import ROUTES, schema_at

Operation = dict[str, Any]


def operations(date: str = LATEST) -> dict[str, Operation]:
    made = document(date)
    return {each["operationId"]: each for item in made["paths"].values() for each in item.values()}


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


@pytest.mark.parametrize("date", ["2026-01-01", "2026-05-20", "2026-07-01", LATEST])
def test_every_reference_and_every_link_leads_somewhere(date: str) -> None:
    made = document(date)
    for reference in references(made):
        part: Any = made
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
        assert part
    known = operations(date)
    for link in made["components"]["links"].values():
        named = {parameter["name"] for parameter in known[link["operationId"]]["parameters"]}
        assert link["parameters"].keys() <= named


def test_a_job_leads_to_all_that_can_be_done_with_it() -> None:
    for name in ("create", "inspect", "cancel", "duplicate", "labels", "expose", "scheduled-run"):
        links = operations()[name]["responses"]["200"]["links"]
        assert list(links) == [
            "inspect", "logs", "metrics", "events", "cancel", "duplicate", "labels", "expose", "job-auth-check",
        ]  # fmt: skip
    assert document()["components"]["links"]["cancel"] == {
        "operationId": "cancel",
        "parameters": {"namespace": "$request.path.namespace", "jobId": "$response.body#/id"},
    }


def test_a_schedule_leads_to_its_run_and_a_list_to_its_first_job() -> None:
    assert "scheduled-run" in operations()["scheduled-create"]["responses"]["200"]["links"]
    assert "first-inspect" in operations()["list"]["responses"]["200"]["links"]
    links = document()["components"]["links"]
    assert links["first-inspect"]["parameters"]["jobId"] == "$response.body#/0/id"
    assert links["scheduled-run"]["parameters"]["jobId"] == "$response.body#/id"


def test_routes_of_later_days_are_not_linked() -> None:
    links = document("2026-05-04")["components"]["links"]
    assert "cancel" in links
    assert not {"labels", "expose", "job-auth-check"} & links.keys()


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("hardware", "200 default"),
        ("whoami", "200 401 default"),
        ("inspect", "200 401 403 404 default"),
        ("list", "200 400 401 403 404 default"),
        ("create", "200 400 401 402 403 404 413 415 default"),
        ("metrics", "200 401 403 404 406 default"),
        ("cancel", "200 401 403 404 409 default"),
        ("expose", "200 400 401 403 404 409 413 415 default"),
        ("auth-check", "200 400 401 403 404 default"),
        ("scheduled-run", "200 401 402 403 404 409 default"),
    ],
)
def test_the_statuses_of_a_route(name: str, statuses: str) -> None:
    assert " ".join(operations()[name]["responses"]) == statuses


def test_every_error_has_the_one_shape_but_for_the_one_that_has_its_own() -> None:
    error = document()["components"]["responses"]["error"]
    assert error["content"]["application/json"]["schema"] == schema_at("error")
    assert list(error["headers"]) == ["X-Error-Message"]
    conflict = operations()["scheduled-run"]["responses"]["409"]
    assert conflict["content"]["application/json"]["schema"] == schema_at("run-conflict")
    assert list(conflict["headers"]) == ["X-Error-Message"]


def test_the_data_of_events_is_described_for_each_event() -> None:
    for route in ROUTES:
        if route.kind == "sse" and route.reply is not None:
            content = operations()[route.name]["responses"]["200"]["content"]["text/event-stream"]
            data = content["itemSchema"]["properties"]["data"]
            assert (data["contentMediaType"], data["contentSchema"]) == (
                "application/json",
                schema_at(route.reply),
            )


def test_the_document_is_a_tree_of_json() -> None:
    assert json.loads(json.dumps(document())) == document()
