"""`fakejobs contract check`, as it is typed: what it prints, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from fakejobs.cli import main
from fakejobs.contract.explained import load_explained
from fakejobs.contract.fetch import CannotRead, read_source
from fakejobs.contract.tour import fake_answers
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from fakejobs.wire.openapi import document
from fakejobs.wire.schema import JOB_KEYS, ROUTES, SCHEDULED_JOB_KEYS
from tests.conftest import frozen_hub
from tests.contract.documents import everywhere, jobs, operation, ours, reply, written
from tests.support.programs import run_program

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


PAGE = (Path(__file__).parents[2] / "fakejobs" / "docs" / "contract.md").read_text(encoding="utf-8")


def check(*options: str, token: str | None = None) -> Result:
    """Run the command."""
    return CliRunner(env={"HF_TOKEN": token}).invoke(
        main, ["contract", "check", *options], prog_name="fakejobs"
    )


def hub_like(made: dict[str, object]) -> dict[str, object]:
    """A document that is not our own by its title."""
    return {**made, "info": {"title": "Hub API Endpoints"}}


# -------------------------------------------------------------------------------------------------- the report


def test_our_own_document_and_our_own_answers_agree(tmp_path: Path) -> None:
    result = check("--spec", written(ours(), tmp_path))

    assert result.exit_code == 0, result.output
    assert "Answers of a fake in this process" in result.output
    assert result.output.splitlines()[-1] == (
        "0 unexplained differences, 0 explained, 0 stale, 0 violations in answers: as expected"
    )


def test_a_newer_document_is_a_to_do_list(tmp_path: Path) -> None:
    made = ours()
    sort = {"name": "sort", "in": "query", "schema": {"enum": ["asc", "desc"]}}
    operation(made, "GET /api/jobs/{namespace}")["parameters"].append(sort)
    del made["paths"]["/api/jobs/{namespace}/{jobId}/expose"]

    result = check("--spec", written(made, tmp_path))

    assert result.exit_code == 1
    sections = result.output.split("Answers of")[0].split("\n", 2)[2]
    assert sections == (
        "The document has it, fakejobs has not (1)\n"
        "  added list-query.sort\n"
        "      GET /api/jobs/{namespace} takes a new query parameter ?sort (enum: asc, desc)\n"
        "      in GET /api/jobs/{namespace} → query → sort\n"
        "      → add it to piece list-query in fakejobs/wire/pieces.py, with x-since of the document's day\n"
        "\n"
        "fakejobs has it, the document has not (1)\n"
        "  removed PUT /api/jobs/{namespace}/{jobId}/expose\n"
        "      the document does not have this route\n"
        "      in PUT /api/jobs/{namespace}/{jobId}/expose\n"
        "      → give the route 'expose' in fakejobs/wire/schema.py an until= of the document's day\n"
        "\n"
    )
    assert sections.strip() in PAGE
    assert result.output.splitlines()[-1] == (
        "2 unexplained differences, 0 explained, 0 stale, 0 violations in answers: not as expected"
    )


def test_a_terminal_without_arrows_gets_them_spelled_out(tmp_path: Path) -> None:
    made = ours()
    del made["paths"]["/api/jobs/{namespace}/{jobId}/expose"]

    result = run_program(
        [sys.executable, "-m", "fakejobs", "contract", "check", "--spec", written(made, tmp_path)],
        env={**os.environ, "PYTHONIOENCODING": "cp1252:strict"},
    )

    assert result.returncode == 1, result.stderr
    assert "      -> give the route 'expose'" in result.stdout


def test_answers_are_held_against_the_document_too(tmp_path: Path) -> None:
    made = ours()
    for job in jobs(made):
        job["properties"]["priority"] = {"type": "integer"}
        job["required"].append("priority")

    result = check("--spec", written(made, tmp_path), "--json")

    assert result.exit_code == 1
    report = json.loads(result.output)
    assert [each["at"] for each in report["findings"] if each["kind"] == "added"] == ["job.priority"]
    answers = {each["at"]: each["sentence"] for each in report["findings"] if each["kind"] == "answer"}
    inspected = answers["GET /api/jobs/{namespace}/{jobId} 200 priority by the document"]
    assert inspected.startswith("Invalid input: expected number, received undefined (")
    rows = {row["route"]: row for row in report["answers"]}
    row = rows["GET /api/jobs/{namespace}/{jobId}"]
    assert row["outside"] == row["statuses"]["200"]
    assert rows["GET /api/whoami-v2"]["outside"] == 0
    assert report["exit_code"] == 1


def test_json_has_everything(tmp_path: Path) -> None:
    made = hub_like(ours())
    del made["paths"]["/api/jobs/{namespace}/count"]  # type: ignore[attr-defined] # a document's parts have no types

    report = json.loads(check("--spec", written(made, tmp_path), "--json").output)

    (finding,) = report["findings"]
    assert finding == {
        "kind": "removed",
        "at": "GET /api/jobs/{namespace}/count",
        "sentence": "the document does not have this route",
        "where": ["GET /api/jobs/{namespace}/count"],
        "todo": "give the route 'count' in fakejobs/wire/schema.py an until= of the document's day",
    }
    assert {"kind", "at", "sentence", "todo"} == report["stale"][0].keys()
    assert len(report["answers"]) == len(ROUTES)


@pytest.mark.parametrize("day", ["2025-04-09", "2025-08-02", "2025-10-01", "2026-05-01"])
def test_the_api_of_a_day_is_compared_with_the_document_of_that_day(day: str, tmp_path: Path) -> None:
    spec = written(document(day), tmp_path)

    assert check("--spec", spec).exit_code == 1
    result = check("--spec", spec, "--api", day)

    assert result.exit_code == 0, result.output
    # The fake answers as of that day, too.
    assert re.search(r"^  GET /api/jobs/{namespace}/{jobId} +[1-9]\d+ +0  200 x", result.output, re.MULTILINE)


# -------------------------------------------------------------------------------------------------- explained


def without_network() -> dict[str, object]:
    """Like the Hub's document of August 2026, which does not have ``network``."""
    made = ours()
    for part in everywhere(made["paths"]):
        if "network" in part.get("properties", {}):
            del part["properties"]["network"]
    return hub_like(made)


def test_what_is_explained_does_not_fail_in_schemas_or_answers(tmp_path: Path) -> None:
    spec = written(without_network(), tmp_path)

    result = check("--spec", spec)

    assert result.exit_code == 0, result.output
    assert "2 explained (--all shows them)" in result.output
    assert "network" not in result.output
    shown = check("--spec", spec, "--all").output
    assert "  removed job.network\n      the document has no key network in job\n" in shown
    assert "      explained: newer than the document of August 2026: huggingface_hub 1.32.0" in shown


def test_explanations_that_nothing_needs_fail_only_when_strict(tmp_path: Path) -> None:
    spec = written(hub_like(ours()), tmp_path)

    result = check("--spec", spec)

    assert result.exit_code == 0
    assert "Explained, and not there any more" in result.output
    assert "  stale removed job.network\n      this difference is not there any more" in result.output
    assert check("--spec", spec, "--strict").exit_code == 1


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    made = ours()
    del made["paths"]["/api/jobs/{namespace}/{jobId}/expose"]
    listed = tmp_path / "explained.toml"
    listed.write_text(
        '[explained]\n"removed PUT /api/jobs/{namespace}/{jobId}/expose" = "our mirror has no proxy"\n'
    )

    result = check("--spec", written(made, tmp_path), "--explained", str(listed), "--all")

    assert result.exit_code == 0, result.output
    assert "explained: our mirror has no proxy" in result.output


def test_the_list_in_the_documentation_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(\[explained\]\n.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "explained.toml"
    file.write_text(example)
    assert len(load_explained(str(file))) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("explained = 3", "explained: give a table, [explained]"),
        ("[explaind]", "explaind: unknown word; did you mean 'explained'?"),
        ("[explained]\n'added x' = ''", "explained.'added x': give the reason, a text"),
        ("[", "Invalid initial character for a key part"),
    ],
)
def test_a_list_that_is_none(text: str, sentence: str, tmp_path: Path) -> None:
    listed = tmp_path / "explained.toml"
    listed.write_text(text)

    result = check("--spec", written(ours(), tmp_path), "--explained", str(listed))

    assert result.exit_code == 2
    assert result.output.startswith(f"Error: {listed}: ")
    assert sentence in result.output


# ---------------------------------------------------------------------------------------------- nothing to check


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("no-such-file.json", "no-such-file.json: there is no such file"),
        ("ftp://example.org/x", "give an address that begins with http:// or https://, or a file"),
        ("https://me:secret@example.org/x", "leave user and password out of the address"),
        ("http://[", "that is no address"),
        (".", ".: there is no such file"),
    ],
)
def test_a_document_that_is_nowhere(spec: str, sentence: str) -> None:
    result = check("--spec", spec)

    assert result.exit_code == 2
    assert sentence in result.output
    assert "secret" not in result.output


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "The document is not valid JSON: a value was expected (line 1, column 1)."),
        ("{}", 'this is no OpenAPI document: it has no text under "openapi"'),
        (
            '{"openapi": "3.1.0", "paths": {"/pets": {}}}',
            "has no route about Jobs; is it the Hub's document?",
        ),
    ],
)
def test_a_file_that_is_no_document(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(text)

    result = check("--spec", str(file))

    assert result.exit_code == 2
    assert result.output == f"Error: {file}: {sentence}\n"


def test_a_day_that_is_none(tmp_path: Path) -> None:
    result = check("--spec", written(ours(), tmp_path), "--api", "yesterday")

    assert result.exit_code == 2
    assert "not a date of the API: 'yesterday'; write YYYY-MM-DD or 'latest'" in result.output


def test_a_document_that_is_too_large(tmp_path: Path) -> None:
    with serving(ours()) as url:
        for spec in (written(ours(), tmp_path), f"{url}/openapi.json"):
            with pytest.raises(CannotRead, match="more than 1,000 bytes"):
                read_source(spec, limit=1000)


def test_a_document_that_takes_too_long() -> None:
    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    with serve_in_thread(app) as server, pytest.raises(CannotRead, match="takes too long"):
        read_source(server.url, seconds=1e-9)


# ------------------------------------------------------------------------------------------------ served


Respond = Callable[["WSGIEnvironment", "StartResponse"], "list[bytes]"]


@contextmanager
def serving(answer: object, status: str = "200 OK", *headers: tuple[str, str]) -> Iterator[str]:
    """A server that gives the same JSON to everybody."""

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(status, [("Content-Type", "application/json"), *headers])
        return [answer if isinstance(answer, bytes) else json.dumps(answer).encode()]

    with serve_in_thread(app) as server:
        yield server.url


@pytest.fixture
def busy_hub() -> Iterator[FakeHub]:
    """A hub with jobs in every stage."""
    hub = frozen_hub()
    for stage in ("COMPLETED", "CANCELED", "ERROR", "DELETED", "RUNNING", "SCHEDULING"):
        for _ in range(3):
            hub.add_job(stage=stage, age="1m", scheduling="10s" if stage != "SCHEDULING" else "1h")
    yield hub
    hub.close()


def test_a_served_fake_agrees_with_its_own_document(busy_hub: FakeHub) -> None:
    with serve_in_thread(wsgi_app(busy_hub)) as server:
        result = check(
            "--spec", f"{server.url}/openapi.json", "--url", f"{server.url}/", token="hf_quite_secret"
        )

    assert result.exit_code == 0, result.output
    assert f"Answers of {server.url}" in result.output
    assert "hf_quite_secret" not in result.output
    asked = [
        (seen.method, seen.path, seen.status) for seen in busy_hub.requests if "openapi" not in seen.path
    ]
    assert {method for method, _path, _status in asked} == {"GET"}
    inspected = [path for _method, path, status in asked if status == 200 and path.count("/") == 4]
    assert (
        len([path for path in inspected if not path.split("/")[-1].startswith("count")]) == 12
    )  # two of each stage


def test_a_server_that_answers_otherwise_is_found_out() -> None:
    with serving({"name": "ada", "surprise": "a value that nobody should see"}) as url:
        result = check("--spec", f"{url}/x", "--url", url)
        assert result.exit_code == 2  # that is no document

    odd = {**ours(), "name": "ada"}
    with serving(odd) as url:
        result = check("--spec", url, "--url", url, "--token", "hf_quite_secret")

    assert result.exit_code == 1
    assert "answer GET /api/jobs/hardware 200 by fakejobs" in result.output
    assert "Invalid input: expected array, received object" in result.output
    assert 'Unrecognized keys: "openapi", "info", "components", "paths"' in result.output
    assert "hf_quite_secret" not in result.output


def test_errors_of_a_server_are_violations(tmp_path: Path) -> None:
    with serving({"error": "out of order"}, "500 Internal Server Error") as url:
        result = check("--spec", written(ours(), tmp_path), "--url", url)

    assert result.exit_code == 1
    assert "answer GET /api/whoami-v2 500 by fakejobs\n      answered 500" in result.output


@pytest.mark.parametrize(
    ("status", "header", "sentence"),
    [
        (
            "401 Unauthorized",
            ("X-Error-Message", "Invalid credentials"),
            "(401); give a token: --token, or HF_TOKEN",
        ),
        (
            "302 Found",
            ("Location", "http://127.0.0.1:9/"),
            "leads elsewhere (302); give the address that it leads to",
        ),
    ],
)
def test_a_server_that_lets_nobody_in(
    status: str, header: tuple[str, str], sentence: str, tmp_path: Path
) -> None:
    with serving({"error": "no"}, status, header) as url:
        result = check("--spec", written(ours(), tmp_path), "--url", url, token="hf_quite_secret")

    assert result.exit_code == 2
    assert sentence in result.output
    assert "hf_quite_secret" not in result.output


def test_nobody_at_the_address(tmp_path: Path) -> None:
    with serving({}) as url:
        pass  # and now it is gone
    result = check("--spec", written(ours(), tmp_path), "--url", url)

    assert result.exit_code == 2
    assert result.output == f"Error: {url}/api/whoami-v2: cannot be reached (Connection refused)\n"


def test_a_token_that_no_header_can_carry_is_not_repeated(tmp_path: Path) -> None:
    with serving({}) as url:
        result = check("--spec", written(ours(), tmp_path), "--url", url, "--token", "hf_secret\nX: y")

    assert result.exit_code == 2
    assert "the token is none: it has to be printable ASCII without spaces" in result.output
    assert "hf_secret" not in result.output


def test_ids_of_a_server_do_not_lead_elsewhere(tmp_path: Path) -> None:
    asked: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "application/json")])
        if environ["PATH_INFO"].endswith("whoami-v2"):
            return [b'{"name": "../admin?x="}']
        return [b'[{"id": "../../../_fakejobs/reset"}, {"id": 7}, 7]']

    with serve_in_thread(app) as server:
        check("--spec", written(ours(), tmp_path), "--url", server.url)

    fixed = ["/api/settings/billing/usage/jobs", "/api/settings/webhooks"]
    assert [path for path in asked if path.startswith("/api/settings")] == fixed
    rest = [path for path in asked if path not in fixed]
    assert all(path.startswith(("/api/jobs", "/api/scheduled-jobs", "/api/whoami")) for path in rest)
    assert not [path for path in asked if "_fakejobs" in path]


# ----------------------------------------------------------------------------------------------- the tour


def test_the_tour_meets_every_route_stage_and_key() -> None:
    answers = list(fake_answers())

    served = {answer.route for answer in answers if answer.status == 200}
    missing = {answer.route for answer in answers if answer.status == 501}
    assert served | missing == {route.name for route in ROUTES}
    refused = {answer.route for answer in answers if 400 <= answer.status < 500}
    assert {route.name for route in ROUTES if not route.public} - missing == refused
    seen = [
        json.loads(answer.body) for answer in answers if answer.route == "inspect" and answer.status == 200
    ]
    stages = {job["status"]["stage"] for job in seen}
    listed = [
        json.loads(answer.body) for answer in answers if answer.route == "list" and answer.status == 200
    ]
    stages |= {job["status"]["stage"] for page in listed for job in page}
    assert stages == {"COMPLETED", "CANCELED", "ERROR", "DELETED", "RUNNING", "SCHEDULING"}
    keys = {key for job in seen for key in job}
    assert set(JOB_KEYS) == keys
    assert {key for job in seen for key in job["status"]} >= {
        "message",
        "cancelReason",
        "exposeUrls",
        "sshUrl",
    }


def test_the_tour_meets_what_is_special_about_schedules_and_money() -> None:
    answers = list(fake_answers())

    scheduled = [
        json.loads(answer.body)
        for answer in answers
        if answer.route == "scheduled-inspect" and answer.status == 200
    ]
    assert set(SCHEDULED_JOB_KEYS) == {key for job in scheduled for key in job}
    assert {job["status"]["lastJob"] is None for job in scheduled} == {True, False}
    statuses = {(answer.route, answer.status) for answer in answers}
    for route in ("create", "duplicate", "scheduled-run", "scheduled-resume"):
        assert (route, 402) in statuses
    assert ("scheduled-run", 409) in statuses
    reasons = {
        json.loads(answer.body)["status"].get("cancelReason")
        for answer in answers
        if answer.route == "inspect" and answer.status == 200
    }
    assert reasons == {None, "NO_CREDITS", "RESOURCE_GROUP_LIMIT"}


def test_the_tour_is_the_same_every_time() -> None:
    assert list(fake_answers()) == list(fake_answers())


def test_a_document_with_a_pattern_for_another_engine_is_used_without_it(tmp_path: Path) -> None:
    made = ours()
    reply(made, "GET /api/whoami-v2")["properties"]["name"]["pattern"] = "^(?=f)fake"

    result = check("--spec", written(made, tmp_path))

    assert (
        "note: GET /api/whoami-v2 → 200: a pattern of the document is for another engine; not checked by"
        in result.output
    )
    assert "0 violations in answers" in result.output
