"""Values come out of the schema, so they are what it allows; what nobody knows yet comes out of it too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakejobs.generate import jobs, source
from fakejobs.generate.source import Seeded
from fakejobs.generate.values import PATTERNS, cron, filled, value
from fakejobs.model.api_dates import FIRST_DAY, LATEST
from fakejobs.wire.json_types import Schema
from fakejobs.wire.pieces import PIECES
from fakejobs.wire.schema import change_days, schema_at
from fakejobs.wire.validate import problems

DAYS = (FIRST_DAY, *change_days())


def patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for each in schema.values():
            yield from patterns(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from patterns(each)


def test_every_pattern_of_the_schema_has_a_generator() -> None:
    wanted = {pattern for piece in PIECES for day in DAYS for pattern in patterns(schema_at(piece, day))}
    assert wanted == PATTERNS.keys()


def test_a_pattern_that_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match=r"\^x\+\$; add it to PATTERNS in fakejobs.generate.values"):
        value(Seeded(0), {"type": "string", "pattern": "^x+$"})


@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_gives_values_that_it_allows(piece: str) -> None:
    choices = Seeded(1)
    for day in (*DAYS, LATEST):
        schema = schema_at(piece, day)
        for _ in range(20):
            made = value(choices, schema)
            assert problems(piece, made, date=day) == [], made


def test_every_optional_key_is_there_and_missing() -> None:
    schema: Schema = {
        "type": "object",
        "properties": {"a": {"type": "boolean"}, "b": {"const": 7}, "c": {"type": ["integer", "null"]}},
        "required": ["b"],
    }
    choices = Seeded(0)
    made = [filled(choices, schema) for _ in range(100)]
    assert {tuple(each) for each in made} == {("b",), ("a", "b"), ("b", "c"), ("a", "b", "c")}
    assert None in {each.get("c", 0) for each in made}


def test_keys_have_makers_of_their_own() -> None:
    schema: Schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    made = filled(Seeded(0), schema, {"a": lambda _source, _schema: "mine"}, {"a": 100}, without=["b"])
    assert made == {"a": "mine"}


@pytest.mark.parametrize("place", ["", "status", "owner"])
def test_a_key_that_the_schema_gets_some_day_comes_out_of_it(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def schema_of_some_day(piece: str, day: str) -> Schema:
        schema = schema_at(piece, day)
        if piece == "job":
            part = schema["properties"][place] if place else schema
            part["properties"]["shinyKey"] = {"enum": ["new"]}
        return schema

    monkeypatch.setattr(jobs, "schema_of", schema_of_some_day)
    choices = Seeded(0)
    made = [jobs.job(choices) for _ in range(30)]
    parts = [each[place] if place else each for each in made]
    assert {part.get("shinyKey") for part in parts if isinstance(part, dict)} == {"new", None}


def test_schedules_are_what_the_hub_takes() -> None:
    choices = Seeded(0)
    made = [cron(choices) for _ in range(2000)]
    assert [each for each in made if problems("schedule-body", {"schedule": each})] == []
    assert {len(each.split()) for each in made} == {1, 5, 6, 7}


# ------------------------------------------------------------------------------------------------- choices


def test_a_seed_gives_the_same_choices_on_every_python() -> None:
    choices = Seeded(42)
    assert [choices.integer(0, 999) for _ in range(5)] == [25, 223, 676, 86, 29]
    assert choices.integer(1, 2**62) == 1881913401213384402
    assert (choices.text(3, 8), choices.word("abc", 4, 4)) == ("XWCEt7", "baac")


def test_only_the_stable_part_of_random_is_used() -> None:
    tree = ast.parse(Path(source.__file__).read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "_random"
    }
    assert used == {"random", "getrandbits"}


def test_choices_reach_both_ends() -> None:
    choices = Seeded(0)
    assert {choices.integer(3, 5) for _ in range(100)} == {3, 4, 5}
    assert {choices.pick("xyz") for _ in range(100)} == {"x", "y", "z"}
    assert {len(choices.text(2, 4)) for _ in range(200)} == {2, 3, 4}
    assert 0 < sum(choices.chance(10) for _ in range(1000)) < 300
