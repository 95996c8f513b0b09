"""What a newer document says is said back: each difference once, with its place and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.contract.document import document_from
from fakejobs.contract.drift import drift
from fakejobs.contract.findings import lines_of
from fakejobs.wire.openapi import document
from fakejobs.wire.schema import change_days
from tests.contract.documents import Parts, body, everywhere, found_in, jobs, keys_of, operation, ours, reply

JOB = "GET /api/jobs/{namespace}/{jobId}"
LIST = "GET /api/jobs/{namespace}"
CREATE = "POST /api/jobs/{namespace}"


@pytest.mark.parametrize("day", [*change_days(), "latest"])
def test_our_own_document_has_no_drift(day: str) -> None:
    assert drift(document_from(document(day)), day) == []


def test_a_new_query_parameter_is_a_to_do() -> None:
    made = ours()
    sort = {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["asc", "desc"]}}
    operation(made, LIST)["parameters"].append(sort)

    (finding,) = found_in(made)

    assert list(lines_of(finding)) == [
        "added list-query.sort",
        "    GET /api/jobs/{namespace} takes a new query parameter ?sort (enum: asc, desc)",
        "    in GET /api/jobs/{namespace} → query → sort",
        "    → add it to piece list-query in fakejobs/wire/pieces.py, with x-since of the document's day",
    ]


def test_a_new_key_of_a_job_is_one_finding_with_all_its_places() -> None:
    made = ours()
    for job in jobs(made):
        job["properties"]["priority"] = {"type": "integer", "minimum": 0, "maximum": 9}
        job["required"].append("priority")

    (finding,) = found_in(made)

    assert finding.key == "added job.priority"
    assert finding.sentence == "job has a new key priority (integer, minimum 0, maximum 9, required)"
    assert (
        finding.todo == "add it to piece job in fakejobs/wire/pieces.py, with x-since of the document's day"
    )
    assert finding.where == (
        "POST /api/jobs/{namespace} → reply → priority",
        "GET /api/jobs/{namespace} → reply → [].priority",
        "GET /api/jobs/{namespace}/{jobId} → reply → priority",
        "POST /api/jobs/{namespace}/{jobId}/cancel → reply → priority",
        "POST /api/jobs/{namespace}/{jobId}/duplicate → reply → priority",
        "PUT /api/jobs/{namespace}/{jobId}/labels → reply → priority",
        "PUT /api/jobs/{namespace}/{jobId}/expose → reply → priority",
        "POST /api/scheduled-jobs/{namespace}/{jobId}/run → reply → priority",
    )


def test_a_key_that_is_not_met_everywhere_says_so() -> None:
    made = ours()
    for job in jobs(made)[:-1]:
        job["properties"]["priority"] = {"type": "integer"}

    (finding,) = found_in(made)

    assert finding.sentence == (
        "job has a new key priority (integer) (but not in POST /api/scheduled-jobs/{namespace}/{jobId}/run → reply)"
    )


def test_a_new_route_says_what_it_takes_and_answers() -> None:
    made = ours()
    made["paths"]["/api/jobs/{namespace}/stats"] = {
        "parameters": [{"name": "namespace", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {
            "parameters": [{"name": "days", "in": "query", "schema": {"type": "integer"}}],
            "responses": {
                "200": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"hours": {}}, "required": ["hours"]}
                        }
                    }
                }
            },
        },
    }

    (finding,) = found_in(made)

    assert finding.key == "added GET /api/jobs/{namespace}/stats"
    assert (
        finding.sentence == "the document has a new route: takes ?days; answers object with hours (required)"
    )
    assert finding.todo == (
        "add a Route to ROUTES in fakejobs/wire/schema.py with since= the document's day, "
        "its pieces to fakejobs/wire/pieces.py, and a view"
    )


def test_routes_about_something_else_are_ignored() -> None:
    made = ours()
    made["paths"]["/api/models/{repo}"] = {"get": {"responses": "whatever this is"}}

    assert found_in(made) == []
    assert document_from(made).others == 1


def stage_has_another_value(made: Parts) -> None:
    for part in everywhere(made):
        if "SCHEDULING" in part.get("enum", ()):
            part["enum"].append("PAUSED")


def stage_loses_a_value(made: Parts) -> None:
    for part in everywhere(made):
        if "DELETED" in part.get("enum", ()):
            part["enum"].remove("DELETED")


def labels_get_longer(made: Parts) -> None:
    for part in everywhere(made):
        if part.get("maxLength") == 100 and part["pattern"].endswith("+$"):
            part["maxLength"] = 200


def job_ids_are_upper_case(made: Parts) -> None:
    for part in everywhere(made):
        if part.get("name") == "jobId":
            part["schema"]["pattern"] = "^[0-9A-F]{24}$"


def job_loses_a_key(made: Parts) -> None:
    for job in jobs(made):
        del job["properties"]["hfToken"]


def expose_is_gone(made: Parts) -> None:
    del made["paths"]["/api/jobs/{namespace}/{jobId}/expose"]


def count_becomes_text(made: Parts) -> None:
    reply(made, LIST + "/count")["properties"]["count"] = {"type": "string"}


def command_is_required(made: Parts) -> None:
    body(made, CREATE)["required"].append("command")
    body(made, "POST /api/scheduled-jobs/{namespace}")["properties"]["jobSpec"]["required"].append("command")
    for path in ("POST /api/settings/webhooks", "POST /api/settings/webhooks/{webhookId}"):
        body(made, path)["properties"]["job"]["required"].append("command")


def status_opens(made: Parts) -> None:
    for job in jobs(made):
        del job["properties"]["status"]["additionalProperties"]


def message_is_never_null(made: Parts) -> None:
    for job in jobs(made):
        job["properties"]["status"]["properties"]["message"]["type"] = "string"


def keys_change_places(made: Parts) -> None:
    members = reply(made, "POST /api/jobs/{namespace}/auth-check/{perms}")["properties"]
    members["namespace"] = members.pop("namespace")


def cron_may_be_anything(made: Parts) -> None:
    del body(made, "POST /api/scheduled-jobs/{namespace}/{jobId}/schedule")["properties"]["schedule"][
        "pattern"
    ]


def hardware_takes_a_query(made: Parts) -> None:
    operation(made, "GET /api/jobs/hardware")["parameters"].append(
        {"name": "region", "in": "query", "required": True, "schema": {"type": "string"}}
    )


def jobs_start_from_a_bucket(made: Parts) -> None:
    event = {"type": "object", "properties": {"type": {"const": "bucket"}, "id": {}}, "required": ["type"]}
    for job in jobs(made):
        job["properties"]["initiator"]["anyOf"].insert(0, event)


def cancel_takes_a_body(made: Parts) -> None:
    reason = {"type": "object", "properties": {"reason": {"type": "string"}}}
    operation(made, JOB.replace("GET", "POST") + "/cancel")["requestBody"] = {
        "content": {"application/json; charset=utf-8": {"schema": reason}}
    }


def create_answers_402(made: Parts) -> None:
    operation(made, CREATE)["responses"]["402"] = {
        "content": {"application/json": {"schema": {"type": "object", "properties": {"credits": {}}}}}
    }


def frames_are_described(made: Parts) -> None:
    frame = {"type": "object", "properties": {"data": {"type": "string"}, "level": {"type": "string"}}}
    operation(made, JOB + "/logs")["responses"]["200"]["content"]["text/event-stream"] = {"schema": frame}


def a_word_that_nobody_knows(made: Parts) -> None:
    reply(made, LIST)["uniqueItems"] = True


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (stage_has_another_value, {
            'added list-query.stage[] "PAUSED": list-query.stage[] has a new value "PAUSED"',
            'added count-query.stage[] "PAUSED": count-query.stage[] has a new value "PAUSED"',
            'added job.status.stage "PAUSED": job.status.stage has a new value "PAUSED"',
        }),
        (stage_loses_a_value, {
            'removed list-query.stage[] "DELETED": the document has no value "DELETED" in list-query.stage[]',
            'removed count-query.stage[] "DELETED": the document has no value "DELETED" in count-query.stage[]',
            'removed job.status.stage "DELETED": the document has no value "DELETED" in job.status.stage',
        }),
        (labels_get_longer, {
            "changed job-spec.labels (key) maxLength 100 -> 200: job-spec.labels (key) has maxLength 200 in the document, 100 here",
            "changed labels-body.labels (key) maxLength 100 -> 200: labels-body.labels (key) has maxLength 200 in the document, 100 here",
            "changed webhook.job.labels (key) maxLength 100 -> 200: webhook.job.labels (key) has maxLength 200 in the document, 100 here",
        }),
        (job_ids_are_upper_case, {
            ('changed job-id pattern "^[0-9a-fA-F]{24}$" -> "^[0-9A-F]{24}$": '
             'job-id has pattern "^[0-9A-F]{24}$" in the document, "^[0-9a-fA-F]{24}$" here'),
        }),
        (job_loses_a_key, {"removed job.hfToken: the document has no key hfToken in job"}),
        (expose_is_gone, {"removed PUT /api/jobs/{namespace}/{jobId}/expose: the document does not have this route"}),
        (count_becomes_text, {
            "changed count.count type number -> string: count.count has type string in the document, number here"
        }),
        (command_is_required, {"added job-spec.command required: job-spec.command is required in the document"}),
        (status_opens, {"removed job.status closed: job.status allows unknown keys in the document"}),
        (message_is_never_null, {
            "removed job.status.message nullable: job.status.message may not be null in the document"
        }),
        (keys_change_places, {
            ("changed auth-check order of keys: the keys of auth-check stand in another order: user, namespace "
             "(but not in POST /api/jobs/{namespace}/{jobId}/auth-check/{perms} → reply)"),
        }),
        (hardware_takes_a_query, {
            ("added GET /api/jobs/hardware query.region: "
             "GET /api/jobs/hardware takes a new query parameter ?region (string, required)"),
        }),
        (jobs_start_from_a_bucket, {
            ('added job.initiator "object with type (required), id": '
             "job.initiator has another alternative: object with type (required), id"),
        }),
        (cancel_takes_a_body, {
            ("added POST /api/jobs/{namespace}/{jobId}/cancel body: "
             "POST /api/jobs/{namespace}/{jobId}/cancel takes a body: object with reason"),
        }),
        (create_answers_402, {
            "added POST /api/jobs/{namespace} 402: POST /api/jobs/{namespace} answers 402 with object with credits",
        }),
        (frames_are_described, {
            "added log-event.level: log-event has a new key level (string)",
            "removed log-event.timestamp: the document has no key timestamp in log-event",
            "removed log-event.data required: log-event.data is not required in the document",
            "removed log-event closed: log-event allows unknown keys in the document",
        }),
        (a_word_that_nobody_knows, {
            "added job-list uniqueItems: job-list says uniqueItems, which this check does not understand: \"true\""
        }),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_each_change_is_said_once(change: object, lines: set[str]) -> None:
    made = ours()
    assert callable(change)
    change(made)

    assert {f"{finding.key}: {finding.sentence}" for finding in found_in(made)} == lines


def test_a_pattern_that_is_gone_tells_where() -> None:
    made = ours()
    cron_may_be_anything(made)

    (finding,) = found_in(made)

    assert finding.key.startswith('removed schedule-body.schedule pattern "^(?:(@(annually|')
    assert finding.where == ("POST /api/scheduled-jobs/{namespace}/{jobId}/schedule → body → schedule",)
    assert (
        finding.todo
        == "change it in piece schedule-body in fakejobs/wire/pieces.py, and keep the old one for earlier days"
    )


def test_a_renamed_path_parameter_is_no_other_route() -> None:
    made = ours()
    path = "/api/jobs/{namespace}/{jobId}/logs"
    made["paths"]["/api/jobs/{namespace}/{id}/logs"] = item = made["paths"].pop(path)
    item["get"]["parameters"][1]["name"] = "id"

    assert keys_of(made) == ["changed GET /api/jobs/{namespace}/{jobId}/logs {jobId} -> {id}"]


# ------------------------------------------------------------------------------------------- other spellings


def with_references(made: Parts) -> None:
    """Every job is a reference to one, and that to its parts."""
    job = jobs(made)[0]
    status = {"allOf": [job["properties"]["status"], {"description": "how it goes"}]}
    made["components"]["schemas"] = {"Status": status}
    made["components"]["schemas"]["Job"] = json.loads(json.dumps(job))
    made["components"]["schemas"]["Job"]["properties"]["status"] = {"$ref": "#/components/schemas/Status"}
    for each in jobs(made["paths"]):
        each.clear()
        each["$ref"] = "#/components/schemas/Job"


def with_parts_shared(made: Parts) -> None:
    """Parameters, bodies and responses are references; parameters of a path stand beside its methods."""
    item = made["paths"]["/api/jobs/{namespace}/{jobId}/labels"]
    item["parameters"] = item["put"].pop("parameters")
    made["components"]["requestBodies"] = {"a/b": item["put"]["requestBody"]}
    item["put"]["requestBody"] = {"$ref": "#/components/requestBodies/a~1b"}
    made["components"]["responses"]["Job"] = item["put"]["responses"]["200"]
    item["put"]["responses"]["200"] = {"$ref": "#/components/responses/Job"}


def with_null_as_an_alternative(made: Parts) -> None:
    for part in everywhere(made["paths"]):
        if isinstance(part.get("type"), list) and part["type"][1:] == ["null"] and "default" not in part:
            rest = {**part, "type": part["type"][0]}
            part.clear()
            part["anyOf"] = [rest, {"type": "null"}]


def with_null_as_openapi_3_0(made: Parts) -> None:
    made["openapi"] = "3.0.3"
    for part in everywhere(made["paths"]):
        if isinstance(part.get("type"), list) and part["type"][1:] == ["null"]:
            part.update(type=part["type"][0], nullable=True)
        if "exclusiveMinimum" in part:
            part.update(minimum=part["exclusiveMinimum"], exclusiveMinimum=True)


def with_one_of_and_enums(made: Parts) -> None:
    for part in everywhere(made["paths"]):
        if isinstance(part.get("const"), str):
            part.update(type="string", enum=[part.pop("const")])
        if isinstance(part.get("anyOf"), list):
            part["oneOf"] = part.pop("anyOf")


def with_parameters_once_or_repeated(made: Parts) -> None:
    for part in everywhere(made["paths"]):
        if part.get("in") == "query" and part["schema"].get("type") == "array":
            part["schema"] = {
                "anyOf": [part["schema"]["items"], {"type": "array", "items": part["schema"]["items"]}]
            }


def with_merged_halves(made: Parts) -> None:
    for job in jobs(made):
        half = {"type": "object", "required": job["required"]}
        rest = {key: value for key, value in job.items() if key != "required"}
        job.clear()
        job["allOf"] = [half, rest]


def with_words_for_people(made: Parts) -> None:
    for part in everywhere(made["paths"]):
        if "type" in part and isinstance(part["type"], str):
            part.update({"description": "…", "x-internal": 1, "deprecated": False, "example": {"$ref": 3}})


@pytest.mark.parametrize(
    "spelling",
    [
        with_references, with_parts_shared, with_null_as_an_alternative, with_null_as_openapi_3_0,
        with_one_of_and_enums, with_parameters_once_or_repeated, with_merged_halves, with_words_for_people,
    ],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_another_spelling_is_no_drift(spelling: object) -> None:
    made = ours()
    assert callable(spelling)
    spelling(made)
    assert made != ours()

    assert keys_of(made) == []


def test_a_schema_that_contains_itself_is_compared_as_far_as_ours_goes() -> None:
    made = ours()
    with_references(made)
    made["components"]["schemas"]["Job"]["properties"]["parent"] = {"$ref": "#/components/schemas/Job"}

    assert keys_of(made) == ["added job.parent"]


# ---------------------------------------------------------------------------------------------- nothing is missed


def leaves(part: Parts) -> Iterator[tuple[Parts, str]]:
    """Every keyword of every schema in a part of a document, with the schema that it is in."""
    for keyword, value in part.items():
        yield part, keyword
        if keyword == "properties":
            for member in value.values():
                yield from leaves(member)
        elif keyword == "anyOf":
            for member in value:
                yield from leaves(member)
        elif keyword in ("items", "propertyNames", "additionalProperties") and isinstance(value, dict):
            yield from leaves(value)


def all_leaves(made: Parts) -> list[tuple[Parts, str]]:
    schemas = [part["schema"] for part in everywhere(made["paths"]) if "schema" in part]
    return [
        leaf
        for schema in schemas
        for leaf in leaves(schema)
        if leaf[1] != "description"
        and leaf != ({"type": "string"}, "type")
        and leaf[0].get(leaf[1]) != {"type": "string"}
    ]


HOW_MANY = len(all_leaves(ours()))


@settings(max_examples=50)
@given(number=st.integers(0, HOW_MANY - 1))
def test_whatever_the_document_leaves_out_is_noticed(number: int) -> None:
    made = ours()
    schema, keyword = all_leaves(made)[number]
    del schema[keyword]

    assert keys_of(made) != []


@settings(max_examples=50)
@given(number=st.integers(0, HOW_MANY - 1), data=st.data())
def test_whatever_changes_in_a_list_is_noticed(number: int, data: st.DataObject) -> None:
    made = ours()
    schema, keyword = all_leaves(made)[number]
    value = schema[keyword]
    if isinstance(value, int) and not isinstance(value, bool):
        schema[keyword] = value + 1
    elif keyword in ("enum", "required") and len(value) > 1:
        first, second = data.draw(st.permutations(range(len(value))))[:2]
        value[first], value[second] = value[second], value[first]
    elif keyword == "properties" and len(value) > 1:
        moved = data.draw(st.sampled_from(list(value)[:-1]))
        value[moved] = value.pop(moved)
    elif keyword in ("pattern", "format"):
        schema[keyword] = value + "x"
    else:
        return

    assert keys_of(made) != []
