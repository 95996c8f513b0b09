"""Whatever a document holds, the answer is a list of differences or a sentence, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.contract.document import document_from, load_document
from fakejobs.contract.drift import drift
from fakejobs.contract.findings import Finding, in_json, lines_of
from fakejobs.contract.live import Answers, Live
from fakejobs.contract.resolve import DocumentError
from tests.contract.documents import Parts, everywhere, ours, reply, written

LIST = "GET /api/jobs/{namespace}"

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "(", "(?=x)", "string", "null", "\x1b[31m", "#/paths", "#", "https://example.org/x", "é"]
    )
    | st.sampled_from(
        [{"$ref": "#"}, {"$ref": "#/components"}, {"$ref": "#/paths/~1api"}, {"$ref": 3}, {"not": {}}]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "enum", "anyOf", "allOf", "items", "required", "$ref", "schema", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def containers(made: object) -> list[Any]:
    found: list[Any] = []
    waiting = [made]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (dict, list)):
            found.append(part)
            waiting.extend(part.values() if isinstance(part, dict) else part)
    return found


@given(data=st.data())
def test_a_mutated_document_is_compared_or_refused_in_a_sentence(data: st.DataObject) -> None:
    made = ours()
    for _ in range(data.draw(st.integers(1, 4))):
        places = [each for each in containers(made) if each]
        part = places[data.draw(st.integers(0, len(places) - 1))]
        key = data.draw(st.sampled_from(list(part) if isinstance(part, dict) else range(len(part))))
        part[key] = json.loads(json.dumps(data.draw(ODD)))

    try:
        document = document_from(made)
        findings = drift(document)
        answers = Answers(document)
        for name in ("whoami", "list", "inspect", "count", "logs", "create"):
            answers.add(Live(name, 200, b'{"id": "x", "count": 1}'))
            answers.add(Live(name, 404, b'{"error": "none"}'))
        findings += answers.findings()
    except DocumentError as error:
        findings = [Finding("refused", "", str(error))]
    for finding in findings:
        json.dumps(in_json(finding))
        for line in lines_of(finding):
            assert line.isprintable()
            assert len(line) < 1500


@given(made=ODD)
def test_what_is_no_document_at_all_is_refused(made: object) -> None:
    with pytest.raises(DocumentError, match="this is no OpenAPI document"):
        document_from(made)


def chain(length: int, width: int) -> Parts:
    made = ours()
    schemas = made["components"]["schemas"] = {
        f"S{number}": {
            "type": "object",
            "properties": {
                f"p{each}": {"$ref": f"#/components/schemas/S{number + 1}"} for each in range(width)
            },
        }
        for number in range(length)
    }
    schemas[f"S{length}"] = {"type": "string"}
    reply(made, LIST)["items"] = {"$ref": "#/components/schemas/S0"}
    return made


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({}, 'this is no OpenAPI document: it has no text under "openapi"'),
        ({"swagger": "2.0", "paths": {}}, "Swagger 2.0 is not read"),
        ({"openapi": "4.0.0", "paths": {}}, 'this is OpenAPI "4.0.0"; only versions 3.x are read'),
        ({"openapi": "3.1.0", "paths": []}, "paths: an object was expected there"),
        ([], "this is no OpenAPI document: an object was expected"),
        (chain(20, 3), "its schemas unfold to more than 200,000 parts"),
        (chain(60, 1), "schemas are nested more than 50 levels deep"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(made: object, sentence: str) -> None:
    with pytest.raises(DocumentError) as refused:
        document_from(made)

    assert sentence in str(refused.value)


def job_parameter(value: object) -> Parts:
    made = ours()
    made["paths"]["/api/jobs/{namespace}"]["get"]["parameters"] = value
    return made


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "paths./api/jobs/{namespace}.get.parameters: a list was expected there"),
        ([7], "paths./api/jobs/{namespace}.get.parameters[0]: an object was expected there"),
        ([{"in": "query"}], "paths./api/jobs/{namespace}.get.parameters[0].name: a text was expected there"),
        ([{"name": "x", "in": "thin air"}], "parameters[0].in: path, query, header or cookie was expected there"),
        ([{"$ref": "#/nowhere"}], 'parameters[0]: refers to "#/nowhere", which is not in the document'),
        ([{"$ref": "https://example.org/p"}], 'refers to "https://example.org/p", which is not in the document'),
        ([{"$ref": "#/paths/~1api~1jobs~1{namespace}/get/parameters/0"}], "its references lead in a circle"),
        ([{"name": "x", "in": "query", "schema": {"type": "text"}}], "schema.type: give one or several of string"),
        ([{"name": "x", "in": "query", "schema": {"maxLength": "9"}}], "schema.maxLength: a number was expected there"),
    ],
)  # fmt: skip
def test_the_place_is_said(parameters: object, sentence: str) -> None:
    with pytest.raises(DocumentError) as refused:
        document_from(job_parameter(parameters))

    assert sentence in str(refused.value)


def test_a_schema_that_is_nothing_but_itself_allows_anything() -> None:
    made = ours()
    made["components"]["schemas"] = {
        "A": {"$ref": "#/components/schemas/B"},
        "B": {"$ref": "#/components/schemas/A"},
    }
    reply(made, LIST)["items"] = {"$ref": "#/components/schemas/A"}

    keys = [finding.key for finding in drift(document_from(made))]

    assert "removed job type object" in keys
    assert "removed job.status" in keys


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "The document is empty; JSON was expected."),
        (b"openapi: 3.1.0", "The document is not valid JSON: a value was expected (line 1, column 1)."),
        (b"\xff\xfe", "The document is not UTF-8"),
        (b"[" * 200_000, "The document is nested too deeply: more than 100 levels"),
        (b'{"openapi": NaN}', "NaN, Infinity and -Infinity are not JSON numbers"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_json_is_refused(raw: bytes, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_bytes(raw)

    with pytest.raises(DocumentError) as refused:
        load_document(str(file))

    assert str(refused.value).startswith(f"{file}: ")
    assert sentence in str(refused.value)


def test_what_a_terminal_would_obey_is_escaped(tmp_path: Path) -> None:
    made = ours()
    for part in everywhere(made["paths"]):
        if "SCHEDULING" in part.get("enum", ()):
            part["enum"].append("\x1b[2J")
    made["paths"]["/api/jobs/\x1b]0;title\x07"] = {"get": {}}
    reply(made, "GET /api/whoami-v2")["properties"]["\u202e\x1b"] = {"pattern": "\x9b31m" * 500}

    findings = drift(load_document(written(made, tmp_path)))

    assert len(findings) >= 4
    for finding in findings:
        assert all(line.replace("→", "").isascii() and line.isprintable() for line in lines_of(finding))
        assert all(len(line) < 1000 for line in lines_of(finding))
