"""Generated mistakes: exactly one rule is broken, it is the one that is named, and every rule of the schema has its turn."""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random
from urllib.parse import parse_qsl

import pytest
from hypothesis import find, given, settings
from werkzeug.test import Client

from fakejobs.generate import invalid
from fakejobs.generate.breaking import breaking
from fakejobs.generate.invalid import Broken, Query, body_rules, query_rules, rules_of
from fakejobs.generate.source import Seeded
from fakejobs.hub import FakeHub
from fakejobs.model.quirks import Quirks
from fakejobs.strategies import invalid_create_bodies, invalid_queries
from fakejobs.wire.decode import Invalid, read_submission
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.read_query import read_query
from fakejobs.wire.schema import ROUTES, change_days, schema_at
from fakejobs.wire.validate import Problem, problems
from tests.conftest import frozen_hub
from tests.nightly.invalid import check_body, check_query
from tests.support.play import submit

ACCEPTING = Quirks(image="any", unlisted_flavors="accept", public_ports_beyond_ports="accept")
OURS = ("image", "unlisted-flavor", "public-port")


def refused(body: Json, quirks: Quirks) -> list[Problem]:
    try:
        read_submission(body, quirks)
    except Invalid as error:
        return error.found
    return []


@given(invalid_create_bodies())
def test_a_body_has_the_one_problem_that_is_named(case: tuple[Json, Broken]) -> None:
    body, broken = case
    assert [problem.path for problem in refused(body, Quirks())] == [broken.path]
    # What is a rule of ours is none of the schema's, and the other way round.
    assert [problem.path for problem in problems("job-spec", body)] == (
        [] if broken.rule in OURS else [broken.path]
    )
    assert bool(refused(body, ACCEPTING)) == (broken.rule not in OURS)


def test_the_sentence_fits_the_rule() -> None:
    sentences = defaultdict(set)
    source = Seeded(3)
    for _ in range(3000):
        body, broken = invalid.create_body(source)
        (problem,) = refused(body, Quirks())
        sentences[broken.rule].add(" ".join(problem.sentence.split()[:2]))
    assert dict(sentences) == {
        "type": {"Invalid input:"},
        "integer": {"Invalid input:"},
        "required": {"Invalid input:", "Invalid option:"},
        "enum": {"Invalid option:"},
        "pattern": {"Invalid string:"},
        "minLength": {"Too small:"},
        "maxLength": {"Too big:"},
        "minimum": {"Too small:"},
        "exclusiveMinimum": {"Too small:"},
        "maximum": {"Too big:"},
        "minItems": {"Too small:"},
        "maxItems": {"Too big:"},
        "image": {"Invalid input:"},
        "unlisted-flavor": {"Invalid option:"},
        "public-port": {"Invalid input:"},
    }


@settings(max_examples=50)
@given(invalid_create_bodies())
def test_the_fake_refuses_the_body_and_creates_nothing(case: tuple[Json, Broken]) -> None:
    hub = frozen_hub()
    before = hub.count_all()
    check_body(client(hub), *case)
    assert hub.count_all() == before
    hub.close()


def test_every_rule_of_the_schema_can_be_broken() -> None:
    every = {(rule.keyword, rule.place) for rule in rules_of(schema_at("job-spec"))}
    breakable = {(rule.keyword, rule.place) for rule in body_rules()}
    # A text of another length is no ObjectId either: these two cannot be broken alone.
    covered = {("minLength", "resourceGroupId"), ("maxLength", "resourceGroupId")}
    assert every - breakable == covered
    assert breakable - every == {
        ("type", ""),
        ("image", ""),
        ("unlisted-flavor", "flavor"),
        ("public-port", "expose.portsPublic[]"),
    }


def test_every_rule_is_broken_in_five_thousand_draws() -> None:
    source = Seeded(11)
    seen = {(broken.rule, broken.place) for _, broken in (invalid.create_body(source) for _ in range(5000))}
    assert seen == {(rule.keyword, rule.place) for rule in body_rules()}


@pytest.mark.parametrize("day", ["2025-12-01", *change_days()])
def test_on_every_day_the_contract_of_that_day_is_broken(day: str) -> None:
    source, seen = Seeded(5), set()
    for _ in range(1500):
        body, broken = invalid.create_body(source, day)
        found = problems("job-spec", body, date=day)
        assert [problem.path for problem in found] == ([] if broken.rule in OURS else [broken.path])
        seen.add((broken.rule, broken.place))
    assert seen == {(rule.keyword, rule.place) for rule in body_rules(day)}


def test_a_new_key_is_covered_without_a_word() -> None:
    schema: Schema = {
        "type": "object",
        "properties": {"priority": {"type": "integer", "minimum": 0, "maximum": 9}},
    }
    rules = list(rules_of(schema))
    assert [str(Broken(rule.keyword, rule.place, rule.place)) for rule in rules] == [
        *("type at priority", "minimum at priority", "maximum at priority", "integer at priority")
    ]
    assert all(breaking(rule.keyword, rule.schema) for rule in rules)


def test_a_keyword_that_nothing_breaks_is_told() -> None:
    schema: Schema = {"type": "object", "properties": {"ports": {"type": "array", "uniqueItems": True}}}
    with pytest.raises(ValueError, match="nothing breaks uniqueItems at ports"):
        list(rules_of(schema))


def test_wrong_types_are_of_every_kind() -> None:
    kinds = defaultdict(set)
    source = Seeded(2)
    for _ in range(12_000):
        body, broken = invalid.create_body(source)
        if broken.rule == "type" and broken.path.isalpha():
            assert isinstance(body, dict)
            kinds[broken.path].add(type(body[broken.path]).__name__)
    every = {"NoneType", "bool", "int", "float", "str", "list", "dict"}
    assert kinds["labels"] == every - {"dict"}
    assert kinds["command"] == every - {"list"}
    assert kinds["dockerImage"] == every - {"str"}
    assert kinds["attempts"] == every - {"int", "float"}
    assert kinds["timeoutSeconds"] == every - {"int", "float", "NoneType"}


# What Hypothesis shrinks to is not the same to the letter in every run; but small it is, and there is nothing in it that is not needed.


@pytest.mark.parametrize(
    ("rule", "place", "keys"),
    [
        ("required", "flavor", 1),
        ("image", "", 1),
        ("maximum", "timeoutSeconds", 3),
        ("pattern", "environment.* (key)", 4),
        ("enum", "volumes[].type", 6),
    ],
)
def test_the_simplest_mistake_is_small(rule: str, place: str, keys: int) -> None:
    def is_it(case: tuple[Json, Broken]) -> bool:
        return (case[1].rule, case[1].place) == (rule, place)

    quick = settings(database=None, derandomize=True, max_examples=5000)
    body, _ = find(invalid_create_bodies(), is_it, settings=quick, random=Random(0))
    assert isinstance(body, dict)
    assert keys <= keys_of(body) <= keys + 2, body
    assert len(json.dumps(body)) < 250, body


def keys_of(body: Json) -> int:
    if isinstance(body, list):
        return sum(map(keys_of, body))
    return sum(1 + keys_of(each) for each in body.values()) if isinstance(body, dict) else 0


def test_the_simplest_mistake_in_a_query_is_small() -> None:
    quick = settings(database=None, derandomize=True, max_examples=2000)
    query, _ = find(invalid_queries(["list"]), lambda _: True, settings=quick, random=Random(0))
    assert len(query.pairs) <= 2


# -------------------------------------------------------------------------------------------- queries

PIECES = {route.name: str(route.query) for route in ROUTES}


@given(invalid_queries())
def test_a_query_has_the_one_problem_that_is_named(case: tuple[Query, Broken]) -> None:
    query, broken = case
    found = problems(PIECES[query.route], read_query(PIECES[query.route], query.pairs))
    assert [problem.path for problem in found] == ([] if broken.rule == "cursor" else [broken.path])
    assert tuple(parse_qsl(str(query), keep_blank_values=True)) == query.pairs


@settings(max_examples=50)
@given(invalid_queries())
def test_the_fake_refuses_the_query(case: tuple[Query, Broken]) -> None:
    hub = frozen_hub()
    check_query(client(hub), submit(hub), *case)
    hub.close()


def test_every_rule_for_queries_is_broken() -> None:
    source = Seeded(4)
    cases = [invalid.query(source) for _ in range(1000)]
    seen = {(query.route, broken.rule, broken.place) for query, broken in cases}
    assert seen == {(rule.route, rule.keyword, rule.place) for rule in query_rules()}
    assert {route for route, _, _ in seen} == {route.name for route in ROUTES if route.query}


def test_queries_of_some_routes_alone() -> None:
    source = Seeded(4)
    assert {invalid.query(source, routes=["logs"])[0].route for _ in range(100)} == {"logs"}
    with pytest.raises(
        ValueError, match=r"no rules for queries of \['inspect'\]; there are some for \['count', "
    ):
        invalid.query(source, routes=["logs", "inspect"])
    with pytest.raises(ValueError, match="no rules for queries of"):
        invalid_queries([])


def client(hub: FakeHub) -> Client:
    from fakejobs.web.app import wsgi_app

    return Client(wsgi_app(hub))
