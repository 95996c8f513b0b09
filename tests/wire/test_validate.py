"""What is wrong with a body, said in the Hub's words, without its values, whatever the body holds."""

from __future__ import annotations

import json
import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.wire import validate
from fakejobs.wire.pieces import PIECES
from fakejobs.wire.schema import epoch, schema_at
from fakejobs.wire.validate import MAX_PROBLEMS, Problem, checker, format_problems, one_line, problems

SPEC: dict[str, Any] = {
    "command": ["python", "-c", "print(1)"],
    "arguments": [],
    "environment": {"A1": "x"},
    "flavor": "cpu-basic",
    "secrets": {"T": "x"},
    "timeoutSeconds": 300,
    "attempts": 2,
    "labels": {"name": "train-1a2b3c4d", "fine-tuning": ""},
    "volumes": [{"type": "model", "source": "a/b", "mountPath": "/x", "readOnly": True}],
    "expose": {"ports": [8000], "portsPublic": []},
    "ssh": {"enabled": True},
    "network": {"group": "train", "aliases": ["master"]},
    "resourceGroupId": "0" * 24,
    "dockerImage": "python:3.12",
}

OWNER = {"id": "5" * 24, "name": "ada", "type": "user", "avatarUrl": "/a.svg"}
JOB: dict[str, Any] = {
    "id": "693994e21a39f67af5a41ad0",
    "createdAt": "2025-12-10T15:42:26.835Z",
    "dockerImage": "python:3.12",
    "environment": {},
    "command": ["true"],
    "flavor": "cpu-basic",
    "createdBy": {"id": "5" * 24, "name": "ada"},
    "type": "job",
    "owner": OWNER,
    "initiator": {"type": "duplicated-job", "id": "6" * 24},
    "status": {"stage": "RUNNING", "message": None, "failureCount": 0},
}


def found(piece: str, instance: object, **options: str) -> dict[str, str]:
    return {problem.path: problem.sentence for problem in problems(piece, instance, **options)}


def found_in_spec(**changes: object) -> dict[str, str]:
    return found("job-spec", {**SPEC, **changes})


# --------------------------------------------------------------------------------------------- good bodies


def test_a_full_body_has_no_problems() -> None:
    assert problems("job-spec", SPEC) == []
    assert problems("scheduled-job-body", {"jobSpec": SPEC, "schedule": "*/5 * * * *"}) == []


def test_a_flavor_is_all_that_is_needed() -> None:
    assert problems("job-spec", {"flavor": "h200x8"}) == []


def test_unknown_keys_of_a_request_are_accepted_at_every_level() -> None:
    assert (
        found_in_spec(visibility="x", ssh={"enabled": True, "x": [1]}, expose={"ports": [1], "x": None}) == {}
    )


def test_no_timeout_may_be_said_with_null_and_whole_floats_count_as_integers() -> None:
    assert found_in_spec(timeoutSeconds=None, attempts=1.0) == {}


@pytest.mark.parametrize("name", ["log-event", "metric-event"])
def test_the_frames_that_the_hub_sent(name: str) -> None:
    frames: dict[str, object] = {
        "log-event": {"data": "===== Job started at …", "timestamp": "2026-05-12T14:57:43Z"},
        "metric-event": {
            "cpu_usage_pct": 0, "cpu_millicores": 3500, "memory_used_bytes": 1417216,
            "memory_total_bytes": 15032385536, "rx_bps": 0, "tx_bps": 0,
            "gpus": {"d901cd7f": {"utilization": 0, "memory_used_bytes": 0, "memory_total_bytes": 22836000000}},
            "replica": "j6qz9",
        },
    }  # fmt: skip

    assert problems(name, frames[name]) == []


# ----------------------------------------------------------------------------------- sentences and places


def test_all_problems_are_reported_at_once_the_nearest_to_the_root_first() -> None:
    body = {
        "flavor": "h100",
        "command": [""],
        "environment": {"1BAD": 5},
        "timeoutSeconds": 0,
        "labels": {"a": "b/c"},
    }

    assert [problem.path for problem in problems("job-spec", body)] == [
        "flavor",
        "timeoutSeconds",
        "command[0]",
        "environment.1BAD (key)",
        "environment.1BAD",
        "labels.a",
    ]


@pytest.mark.parametrize(
    ("changes", "path", "sentence"),
    [
        ({"dockerImage": 5}, "dockerImage", "Invalid input: expected string, received number"),
        ({"command": "x"}, "command", "Invalid input: expected array, received string"),
        ({"command": []}, "command", "Too small: expected array to have >=1 items"),
        ({"command": ["a", None]}, "command[1]", "Invalid input: expected string, received null"),
        ({"command": ["a", ""]}, "command[1]", "Too small: expected string to have >=1 characters"),
        ({"environment": []}, "environment", "Invalid input: expected record, received array"),
        ({"ssh": True}, "ssh", "Invalid input: expected object, received boolean"),
        ({"ssh": {"enabled": 1}}, "ssh.enabled", "Invalid input: expected boolean, received number"),
        ({"arch": "x86"}, "arch", 'Invalid option: expected one of "amd64"|"arm64"'),
        ({"arch": ["amd64"]}, "arch", 'Invalid option: expected one of "amd64"|"arm64"'),
        ({"timeoutSeconds": 0}, "timeoutSeconds", "Too small: expected number to be >0"),
        ({"timeoutSeconds": "5m"}, "timeoutSeconds", "Invalid input: expected number, received string"),
        ({"timeoutSeconds": 1.5}, "timeoutSeconds", "Invalid input: expected int, received number"),
        ({"timeoutSeconds": True}, "timeoutSeconds", "Invalid input: expected number, received boolean"),
        ({"timeoutSeconds": 10**30}, "timeoutSeconds", "Too big: expected int to be <=9007199254740991"),
        ({"attempts": 0}, "attempts", "Too small: expected number to be >=1"),
        ({"attempts": float("nan")}, "attempts", "Invalid input: expected number, received NaN"),
        ({"attempts": float("inf")}, "attempts", "Invalid input: expected number, received Infinity"),
        ({"attempts": 10**5000}, "attempts", "Too big: expected int to be <=9007199254740991"),
        ({"expose": {}}, "expose.ports", "Invalid input: expected array, received undefined"),
        ({"expose": {"ports": [1, 65536]}}, "expose.ports[1]", "Too big: expected number to be <=65535"),
        ({"expose": {"ports": [1] * 21}}, "expose.ports", "Too big: expected array to have <=20 items"),
        ({"network": {}}, "network.group", "Invalid input: expected string, received undefined"),
        (
            {"volumes": [{"type": "model", "source": "a/b", "mountPath": "x"}]},
            "volumes[0].mountPath",
            r"Invalid string: must match pattern /^\/.*/",
        ),
        ({"labels": {"a": "x" * 101}}, "labels.a", "Too big: expected string to have <=100 characters"),
        (
            {"secrets": {"a-b": "x"}},
            'secrets["a-b"] (key)',
            "Invalid string: must match pattern /^[a-zA-Z][_a-zA-Z0-9]*$/",
        ),
    ],
)
def test_each_kind_of_problem_in_the_words_of_zod(
    changes: dict[str, object], path: str, sentence: str
) -> None:
    assert found_in_spec(**changes) == {path: sentence}


def test_a_missing_flavor_lists_the_flavors() -> None:
    [problem] = problems("job-spec", {})

    assert problem.path == "flavor"
    assert problem.sentence.startswith('Invalid option: expected one of "cpu-basic"|"cpu-upgrade"|')


def test_a_text_of_fixed_length() -> None:
    [length, pattern] = problems("job-spec", {**SPEC, "resourceGroupId": "xyz"})

    assert length.sentence == "Too small: expected string to have exactly 24 characters"
    assert pattern.sentence == "Invalid string: must match pattern /^[0-9a-fA-F]{24}$/"


@pytest.mark.parametrize("body", [None, [], "x", 5, True])
def test_a_body_that_is_no_object_has_the_empty_path(body: object) -> None:
    [problem] = problems("job-spec", body)

    assert problem.path == ""
    assert problem.sentence.startswith("Invalid input: expected object, received ")


def test_paths_can_begin_elsewhere() -> None:
    assert list(found("job-spec", {"flavor": "t4-small", "arguments": [1]}, at="jobs[3]")) == [
        "jobs[3].arguments[0]"
    ]
    assert list(found("job-spec", 5, at="jobSpec")) == ["jobSpec"]
    assert "jobSpec.command[0]" in found(
        "scheduled-job-body", {"jobSpec": {"command": [1]}, "schedule": "@daily"}
    )


@pytest.mark.parametrize("value", ["a\n", "a\r", "a ", "٣", "a/b", "a\x00"])
def test_a_pattern_covers_the_whole_text(value: str) -> None:
    assert list(found_in_spec(labels={"name": value})) == ["labels.name"]


def test_environment_names_have_two_characters_and_names_of_secrets_may_have_one() -> None:
    assert list(found_in_spec(environment={"A": ""}, secrets={"A": ""})) == ["environment.A (key)"]


@pytest.mark.parametrize("schedule", ["@daily", "*/5 * * * *", "0 9 * * 1", "1,2 3-4 5/6 * * * *", "*****"])
def test_schedules_of_the_grammar(schedule: str) -> None:
    assert problems("schedule-body", {"schedule": schedule}) == []


@pytest.mark.parametrize(
    "schedule", ["@midnight", "* * * *", "*/5 * * * MON", "1-5/2 * * * *", "@daily\n", "* * * * *\n", ""]
)
def test_schedules_outside_the_grammar(schedule: str) -> None:
    assert list(found("schedule-body", {"schedule": schedule})) == ["schedule"]


# ----------------------------------------------------------------------------------------------- responses


def test_a_response_is_valid() -> None:
    assert problems("job", JOB) == []
    assert problems("job-list", [JOB, JOB]) == []


@pytest.mark.parametrize(
    ("changes", "path", "sentence"),
    [
        ({"endpoint": "x"}, "", 'Unrecognized key: "endpoint"'),
        ({"ssh": {}, "attempts": 1}, "", 'Unrecognized keys: "ssh", "attempts"'),
        ({"durations": {"total": 1}}, "durations", 'Unrecognized key: "total"'),
        ({"type": "scheduled-job"}, "type", 'Invalid input: expected "job"'),
        ({"startedAt": None}, "startedAt", "Invalid input: expected string, received null"),
        ({"initiator": {"type": "user", "id": "x"}}, "initiator", "Invalid input"),
        (
            {"status": {"stage": "RUNNING"}},
            "status.message",
            "Invalid input: expected string, received undefined",
        ),
    ],
)
def test_a_response_is_closed(changes: dict[str, object], path: str, sentence: str) -> None:
    assert found("job", {**JOB, **changes}) == {path: sentence}


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-12",
        "2026-05-12T14:57:43",
        "2026-05-12T14:57:43+00:00",
        "2026-02-30T00:00:00Z",
        "2026-05-12T24:00:00Z",
    ],
)
def test_times_are_real_and_end_in_z(text: str) -> None:
    assert list(found("log-event", {"data": "", "timestamp": text})) == ["timestamp"]


def test_the_contract_of_an_earlier_day() -> None:
    started = {**JOB, "startedAt": "2026-05-05T00:00:00Z"}

    assert found("job", started, date="2026-05-05") == {}
    assert found("job", started, date="2026-05-04") == {"": 'Unrecognized key: "startedAt"'}
    assert list(found("job-spec", {"flavor": "rtx-pro-6000"}, date="2026-05-19")) == ["flavor"]


# --------------------------------------------------------------------------------------------- hostile data


def test_values_never_appear() -> None:
    secret = "hf_SECRETSECRETSECRET"
    body = {
        key: secret
        for key in schema_at("job-spec")["properties"]
        if key not in ("dockerImage", "spaceId")  # fine with any text
    }
    body["secrets"] = {"bad-name": secret, "TOKEN": [secret], "T2": {"x": secret}}  # type: ignore[assignment]

    text = format_problems(problems("job-spec", body)) + one_line(problems("job-spec", body))

    assert 'secrets["bad-name"] (key)' in text
    assert "SECRET" not in text


@pytest.mark.parametrize(
    "key", ["a\nX-Evil: 1", "\ud800", "é", "a\x7f", '"', "", "k" * 100_000, "a.b", "a[0]"]
)
def test_hostile_names_are_escaped_and_shortened(key: str) -> None:
    text = one_line(problems("job-spec", {**SPEC, "environment": {key: 1}}))

    assert text.isascii()
    assert text.isprintable()
    assert "environment[" in text or "environment.kkk" in text
    assert len(text) < 400


def test_a_key_that_is_plain_is_shown_plainly_and_any_other_in_quotes() -> None:
    paths = found_in_spec(environment={"_A": "", "$x1": "", "a b": "", "a\n": ""})

    assert list(paths) == [
        "environment._A (key)",
        "environment.$x1 (key)",
        'environment["a b"] (key)',
        'environment["a\\n"] (key)',
    ]


@pytest.mark.parametrize(
    "instance",
    [
        {1: 2},
        {"environment": {1: "x"}},
        {"flavor": b"cpu-basic"},
        {"flavor": "cpu-basic", "command": {"a"}},
        {"flavor": "cpu-basic", "environment": {"AB": "x", 5: "y"}},
        object(),
    ],
)
def test_data_that_is_no_json_is_a_problem_and_not_an_exception(instance: object) -> None:
    assert problems("job-spec", instance)


@pytest.mark.parametrize(
    "body",
    [
        {"flavor": "cpu-basic", "environment": {str(number): "" for number in range(100_000)}},
        {"flavor": "cpu-basic", "command": [1] * 300_000},
        {"flavor": "cpu-basic", "volumes": [{}] * 300_000},
        {"flavor": "cpu-basic", "labels": {"/" * 1_000_000: ""}},
    ],
    ids=["names", "items", "objects", "a long name"],
)
def test_thousands_of_problems_take_no_more_than_a_moment(body: object) -> None:
    start = time.process_time()
    reported = problems("job-spec", body)
    spent = time.process_time() - start

    assert 1 <= len(reported) <= MAX_PROBLEMS + 1
    assert spent < 2  # about 0.05 s; engines that copy the body into each error take minutes and gigabytes


def test_a_cut_list_says_so() -> None:
    reported = problems("job-spec", {"flavor": "cpu-basic", "command": [1] * 5000})

    assert len(reported) == MAX_PROBLEMS + 1
    assert reported[0].sentence == "Too many problems: only 1,000 are listed"


def test_a_schedule_that_makes_other_engines_backtrack_for_ever() -> None:
    start = time.process_time()

    assert problems("schedule-body", {"schedule": "1," * 400_000 + "!"})
    assert time.process_time() - start < 2


# ------------------------------------------------------------------------------------------------- layouts


def test_the_layout_for_a_body() -> None:
    assert format_problems([Problem("", "Invalid input"), Problem("a[1]", "Too small")]) == (
        "✖ Invalid input\n✖ Too small\n  → at a[1]"
    )
    assert format_problems([Problem("", str(number)) for number in range(5)], most=3) == (
        "✖ 0\n✖ 1\n✖ 2\n✖ … and 2 more"
    )


def test_the_layout_for_a_header() -> None:
    assert one_line([]) == ""
    assert (
        one_line([Problem("", "Invalid input"), Problem("a[1]", "Too small")])
        == "Invalid input; Too small at a[1]"
    )


def test_a_header_counts_what_it_has_no_room_for() -> None:
    many = [Problem(f"a[{number}]", "Too small") for number in range(500)]

    line = one_line(many, longest=100)

    assert line.startswith("Too small at a[0]; Too small at a[1]; ")
    assert line.endswith("; ... and 496 more")
    assert len(line) <= 100


def test_a_header_cuts_a_sentence_that_is_longer_than_itself() -> None:
    assert one_line([Problem("", "x" * 3000)]) == "x" * 1997 + "..."
    assert one_line([Problem("", "x" * 3000), Problem("", "y")], longest=70).endswith("x...; ... and 1 more")


@given(st.lists(st.builds(Problem, st.text(), st.text()), max_size=40), st.integers(0, 300))
def test_a_header_is_always_short_printable_ascii(given_problems: list[Problem], longest: int) -> None:
    line = one_line(given_problems, longest=longest)

    assert len(line) <= max(longest, 64)
    assert all(" " <= char <= "~" for char in line)


# ---------------------------------------------------------------------------------------- the two opinions

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


TEXTS = ("", "a", "AB_1", "a" * 101, "a=b", "/x", "f" * 24, "@daily", "x:y", "a\n", "2026-05-12T14:57:43Z")
NUMBERS = (1, 0, 1.0, 2, 65535, 65536, 1.5, 2**53, -1, 1e300)
NAMES = ("AB", "A", "a-b", "1B", "x\n", "")


def mostly(usual: st.SearchStrategy[object], odd: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.integers(0, 30).flatmap(lambda number: odd if number == 30 else usual)


def fitting(schema: dict[str, Any], candidates: tuple[object, ...]) -> st.SearchStrategy[object]:
    check = jsonschema_rs.validator_for(schema, validate_formats=True).is_valid
    return mostly(st.sampled_from([one for one in candidates if check(one)]), st.sampled_from(candidates))


def nearly(schema: dict[str, Any]) -> st.SearchStrategy[object]:
    """Instances that mostly follow ``schema``, with something odd here and there."""
    return mostly(following(schema), junk)


def following(schema: dict[str, Any]) -> st.SearchStrategy[object]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    if "anyOf" in schema:
        return st.one_of([nearly(member) for member in schema["anyOf"]])
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "string":
        return fitting(schema, TEXTS)
    if kind in ("integer", "number"):
        return fitting(schema, NUMBERS)
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        fewest = schema.get("minItems", 0)
        return mostly(
            st.lists(nearly(schema["items"]), min_size=fewest, max_size=fewest + 2),
            st.lists(following(schema["items"]), max_size=schema.get("maxItems", 1) + 1),
        )
    if "properties" in schema:
        required = schema.get("required", [])
        members = {key: nearly(member) for key, member in schema["properties"].items()}
        whole = st.fixed_dictionaries(
            {key: members[key] for key in required},
            optional={key: member for key, member in members.items() if key not in required},
        )
        return mostly(
            whole,
            st.builds(
                lambda body, less, more: {
                    key: value for key, value in {**body, **more}.items() if key != less
                },
                whole,
                st.sampled_from([None, *required]),
                st.sampled_from([{}, {"odd": 1}]),
            ),
        )
    if isinstance(schema.get("additionalProperties"), dict):
        names = fitting(schema["propertyNames"], NAMES).map(str)
        return st.dictionaries(names, nearly(schema["additionalProperties"]), max_size=3)
    return st.just({})


instances = {name: nearly(schema_at(name)) for name in PIECES}


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(sorted(PIECES)))
def test_what_is_refused_is_explained_and_what_is_accepted_is_not(data: st.DataObject, name: str) -> None:
    instance = data.draw(instances[name])
    day = epoch()

    accepted = validate._validator(name, day).is_valid(instance)
    explained = list(validate._explain(schema_at(name), instance, "", 0))

    assert accepted == (not explained)
    assert bool(problems(name, instance)) == (not accepted)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(PIECES)),
    st.recursive(junk | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
)
def test_no_data_makes_it_fail_and_nothing_unprintable_comes_out(name: str, instance: object) -> None:
    for problem in problems(name, instance):
        for text in (problem.path, problem.sentence):
            assert all(" " <= char <= "~" for char in text)


def test_sentences_are_made_of_the_schema_alone() -> None:
    """The same problem has the same sentence, whatever the value that caused it."""
    sentences = {
        json.dumps(sorted(found_in_spec(dockerImage=value, attempts="x" * value).values()))
        for value in range(1, 50)
    }

    assert len(sentences) == 1


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"enum": [1, None, True]}, "1", "Invalid option: expected one of 1|null|true"),
        ({"type": "null"}, 3, "Invalid input: expected null, received number"),
        ({"type": "array", "uniqueItems": True}, [1, 1], "Invalid input"),
        ({"not": {}}, {}, "Invalid input"),
    ],
)
def test_a_schema_that_is_no_piece_is_checked_too(
    schema: dict[str, Any], value: object, sentence: str
) -> None:
    assert checker(schema)(value) == [Problem("", sentence)]
    assert checker({})(value) == []


def test_a_pattern_of_another_engine_is_no_schema() -> None:
    with pytest.raises(ValueError, match="regex"):
        checker({"pattern": "(?=lookahead)"})
