"""The contract itself: what is in it, on which day, and the promises that its pieces keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.wire import schema
from fakejobs.wire.pieces import FLAVORS, PIECES, REQUEST_PIECES, STAGES
from fakejobs.wire.schema import ROUTES, epoch, routes_at, schema_at

dates = st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(date.isoformat)
pieces = st.sampled_from(sorted(PIECES))


def subschemas(piece: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield piece
    for keyword in ("properties", "items", "additionalProperties", "propertyNames", "anyOf"):
        value = piece.get(keyword)
        if keyword == "properties" and value:
            members = list(value.values())
        else:
            members = value if isinstance(value, list) else [value]
        for member in members:
            if isinstance(member, dict):
                yield from subschemas(member)


def keys_of(name: str, on: str) -> list[str]:
    return list(schema_at(name, on)["properties"])


# ------------------------------------------------------------------------------------------------- today


def test_the_keys_of_a_job_in_the_order_of_the_wire() -> None:
    assert schema.JOB_KEYS == (
        "id", "createdAt", "spaceId", "dockerImage", "timeout", "environment", "command", "arguments", "arch",
        "flavor", "createdBy", "resourceGroupId", "retry", "startedAt", "finishedAt", "durations", "volumes",
        "expose", "network", "type", "owner", "resourceGroup", "initiator", "status", "secrets", "labels", "hfToken",
    )  # fmt: skip
    assert schema.STATUS_KEYS == (
        "stage", "message", "cancelReason", "failureCount", "exposeUrls", "sshUrl",
    )  # fmt: skip
    assert schema.SCHEDULED_JOB_KEYS[:3] == ("id", "createdAt", "schedule")
    assert schema.SCHEDULED_JOB_SPEC_KEYS[0] == "spaceId"


def test_the_latest_contract_has_all_flavors_and_stages() -> None:
    assert schema_at("job-spec")["properties"]["flavor"]["enum"] == list(FLAVORS)
    assert schema_at("job")["properties"]["status"]["properties"]["stage"]["enum"] == list(STAGES)


def test_a_caller_may_change_what_it_was_given() -> None:
    schema_at("job")["properties"].clear()

    assert keys_of("job", "latest") == list(schema.JOB_KEYS)


def test_an_unknown_piece_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no piece is called 'jobb'.*job-spec"):
        schema_at("jobb")


@pytest.mark.parametrize("text", ["2026-6-1", "20260601", "2026-W01-1", "yesterday", "", "2026-02-30"])
def test_a_date_that_is_none_is_an_error_that_shows_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="write YYYY-MM-DD or 'latest'"):
        schema_at("job", text)


# ------------------------------------------------------------------------------------------------- routes


def test_routes_have_unique_names_and_addresses() -> None:
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_every_piece_that_a_route_names_exists_and_is_used() -> None:
    named = {piece for route in ROUTES for piece in (route.query, route.body, route.reply) if piece}
    named |= {piece for route in ROUTES for _status, piece in route.errors}
    named |= {schema.PATH_PIECES[name] for route in ROUTES for name in route.parameters}

    assert named <= PIECES.keys()
    # The rest are parts of others, and the body of every error that has none of its own.
    assert PIECES.keys() - named == {
        "error",
        "hardware",
        "job-status",
        "scheduled-job-spec",
        "scheduled-job-status",
        "webhook",
    }


def test_the_first_route_that_matches_is_the_right_one() -> None:
    for position, route in enumerate(ROUTES):
        address = re.sub(r"\{.*?\}", "x", route.path)
        for earlier in ROUTES[:position]:
            if earlier.method == route.method:
                assert not re.fullmatch(re.sub(r"\{.*?\}", "[^/]+", earlier.path), address), (earlier, route)


def test_the_parameters_of_a_path() -> None:
    by_name = {route.name: route for route in ROUTES}

    assert by_name["job-auth-check"].parameters == ("namespace", "jobId", "perms")
    assert by_name["hardware"].parameters == ()


def test_only_the_hardware_list_is_public() -> None:
    assert [route.name for route in ROUTES if route.public] == ["hardware"]


# -------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("piece", "key", "since"),
    [
        ("job-spec", "expose", "2026-05-28"),
        ("job-spec", "ssh", "2026-06-12"),
        ("job-spec", "resourceGroupId", "2026-07-27"),
        ("job-spec", "network", "2026-09-17"),
        ("job", "startedAt", "2026-05-05"),
        ("job", "durations", "2026-05-05"),
        ("job", "expose", "2026-07-20"),
        ("job", "resourceGroup", "2026-07-27"),
        ("job", "network", "2026-09-17"),
        ("job-status", "cancelReason", "2026-04-07"),
        ("job-status", "exposeUrls", "2026-06-09"),
        ("job-status", "sshUrl", "2026-06-12"),
        ("expose-body", "portsPublic", "2026-07-20"),
        ("hardware", "ephemeralStorage", "2026-05-19"),
        ("list-query", "stage", "2026-06-22"),
        ("list-query", "cursor", "2026-06-22"),
        ("logs-query", "tail", "2026-05-11"),
        ("scheduled-job", "suspendReason", "2026-04-07"),
    ],
)
def test_a_key_exists_from_its_day_on(piece: str, key: str, since: str) -> None:
    day_before = (date.fromisoformat(since) - timedelta(days=1)).isoformat()

    assert key not in keys_of(piece, day_before)
    assert key in keys_of(piece, since)
    assert key in keys_of(piece, "latest")


@pytest.mark.parametrize(
    ("name", "since"), [("labels", "2026-05-05"), ("auth-check", "2026-05-28"), ("expose", "2026-07-20")]
)
def test_a_route_exists_from_its_day_on(name: str, since: str) -> None:
    day_before = (date.fromisoformat(since) - timedelta(days=1)).isoformat()

    assert name not in {route.name for route in routes_at(day_before)}
    assert name in {route.name for route in routes_at(since)}


def test_values_have_dates_too() -> None:
    def flavors(on: str) -> list[str]:
        members: list[str] = schema_at("job-spec", on)["properties"]["flavor"]["enum"]
        return members

    assert set(flavors("2026-05-20")) - set(flavors("2026-05-19")) == {
        "rtx-pro-6000", "rtx-pro-6000x2", "rtx-pro-6000x4", "rtx-pro-6000x8",
    }  # fmt: skip
    stages = schema_at("job-status", "2026-03-30")["properties"]["stage"]["enum"]
    assert stages == [stage for stage in STAGES if stage != "SCHEDULING"]


def test_a_port_was_exposed_by_a_switch_before_ports_had_numbers() -> None:
    switch = schema_at("job-spec", "2026-06-08")["properties"]["expose"]
    numbers = schema_at("job-spec", "2026-06-09")["properties"]["expose"]

    assert (list(switch["properties"]), switch["required"]) == (["enabled"], [])
    assert (list(numbers["properties"]), numbers["required"]) == (["ports"], ["ports"])


def test_a_key_that_is_gone_is_no_longer_required() -> None:
    assert "ephemeralStorage" not in schema_at("hardware", "2026-05-18")["required"]
    assert "ephemeralStorage" in schema_at("hardware", "2026-05-19")["required"]


@given(pieces, dates)
def test_every_day_has_plain_complete_schemas(name: str, on: str) -> None:
    piece = schema_at(name, on)

    jsonschema_rs.meta.validate(piece)
    for part in subschemas(piece):
        assert not any(keyword.startswith(("x-", "$")) for keyword in part)
        assert part.get("enum", ["something"])
        assert set(part.get("required", ())) <= set(part.get("properties", ()))


@given(pieces, dates)
def test_days_between_two_changes_are_alike(name: str, on: str) -> None:
    change = epoch(on)

    assert change <= on
    assert not [day for day in schema.change_days() if change < day <= on]
    assert schema_at(name, on) == schema_at(name, change)


# ------------------------------------------------------------------------------------ promises of the pieces


@given(st.sampled_from(sorted(REQUEST_PIECES)), dates)
def test_request_pieces_are_open_bounded_and_without_alternatives(name: str, on: str) -> None:
    for part in subschemas(schema_at(name, on)):
        assert "anyOf" not in part
        assert part.get("additionalProperties") is not False
        if "integer" in part.get("type", ""):
            assert part["maximum"] <= 2**53 - 1


@given(st.sampled_from(sorted(PIECES.keys() - REQUEST_PIECES - {"job-event"})), dates)
def test_response_pieces_are_closed(name: str, on: str) -> None:
    for part in subschemas(schema_at(name, on)):
        if "object" in part.get("type", ""):
            assert "additionalProperties" in part
