"""Query strings become instances of the query pieces."""

from __future__ import annotations

from fakejobs.wire.read_query import read_query
from fakejobs.wire.validate import problems


def test_a_parameter_that_may_be_repeated_is_always_a_list() -> None:
    query = read_query(
        "list-query", [("stage", "RUNNING"), ("label", "a=1"), ("label", "b="), ("cursor", "x")]
    )

    assert query == {"stage": ["RUNNING"], "label": ["a=1", "b="], "cursor": "x"}
    assert problems("list-query", query) == []


def test_stages_in_one_value_are_refused_as_on_the_hub() -> None:
    query = read_query("list-query", [("stage", "RUNNING,ERROR"), ("stage", "UPDATING")])

    assert [problem.path for problem in problems("list-query", query)] == ["stage[0]", "stage[1]"]


def test_numbers_are_read_where_one_is_due() -> None:
    assert read_query("logs-query", [("tail", "10")]) == {"tail": 10}
    assert problems("logs-query", {"tail": 10}) == []


def test_what_is_no_number_is_left_for_the_schema_to_refuse() -> None:
    for text in ("x", "", "1.5", "1e3", "٣", " 1", "9" * 5000, "-1", "99999999999999999999"):
        query = read_query("logs-query", [("tail", text)])

        assert len(problems("logs-query", query)) == 1, text


def test_a_parameter_given_twice_that_may_not_be_is_refused() -> None:
    query = read_query("logs-query", [("tail", "1"), ("tail", "2")])

    [problem] = problems("logs-query", query)
    assert (problem.path, problem.sentence) == ("tail", "Invalid input: expected number, received array")


def test_unknown_parameters_are_ignored_and_so_are_those_that_did_not_exist_yet() -> None:
    pairs = [("limit", "5"), ("tail", "nonsense")]

    assert read_query("list-query", pairs) == {}
    assert read_query("logs-query", pairs, date="2026-05-10") == {}
