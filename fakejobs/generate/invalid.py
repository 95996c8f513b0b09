"""What the API must refuse: valid bodies and queries of which exactly one rule is broken, and which one.

The rules are those of the schema: each keyword at each place, found by walking it, so that a new key is covered as soon as it is
there. Beside them are the few that no schema can say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from fakejobs.generate.source import Seeded, Source
from fakejobs.generate.specs import Body, job_spec
from fakejobs.generate.values import object_id, value
from fakejobs.model.flavors import UNLISTED
from fakejobs.model.quirks import Quirks
from fakejobs.wire.decode import Invalid, read_submission
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.paths import join_index, join_key
from fakejobs.wire.pieces import MAX_SAFE_INTEGER
from fakejobs.wire.schema import ROUTES, schema_at
from fakejobs.wire.validate import Problem


@dataclass(frozen=True)
class Broken:
    """The one rule that is broken.

    Attributes:
        rule: the keyword of JSON Schema (``type``, ``maximum``, ``pattern``, ``required``, ...), or one of ours: ``image``,
            ``unlisted-flavor``, ``public-port``, ``repeated``, ``cursor``.
        path: where, as the answer names it: ``expose.ports[1]``, ``environment.1BAD (key)``; empty for the whole.
    """

    rule: str
    path: str


@dataclass(frozen=True)
class Query:
    """A query that one of the routes gets.

    Attributes:
        route: the name of a `fakejobs.wire.schema.Route`.
        pairs: names and values, in order.
    """

    route: str
    pairs: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return urlencode(self.pairs)


Step = str | int
"""On the way to a place: a key, or an index."""


@dataclass(frozen=True)
class _Rule:
    """One keyword at one place of the schema.

    Attributes:
        keyword: the rule.
        steps: the way to the place; ``*`` stands for any key of a map, ``0`` for an item of an array.
        schema: what is there.
        is_key: whether the rule is about the name of a key of the map at that place.
    """

    keyword: str
    steps: tuple[Step, ...]
    schema: Schema
    is_key: bool = False


# --------------------------------------------------------------------------------------------- bodies


def create_body(source: Source) -> tuple[Json, Broken]:
    """A body of ``POST /api/jobs/{namespace}`` that is refused for one reason only, and that reason."""
    own = source.integer(0, 11)
    if own < len(_OWN_RULES):
        return _OWN_RULES[own](source)
    if own == len(_OWN_RULES):
        return source.pick(([], "text", 7, None, True)), Broken("type", "")
    return _break(source, job_spec(source), source.pick(rules()))


@cache
def rules() -> tuple[_Rule, ...]:
    """Every rule of the schema of a job that can be broken alone."""
    return tuple(rule for rule in _rules(schema_at("job-spec"), ()) if _breaks_alone(rule))


def _breaks_alone(rule: _Rule) -> bool:
    """Whether nothing else is wrong when it is broken: too short an ObjectId, for one, does not match its pattern either."""
    body, broken = _break(Seeded(0), {"dockerImage": "ubuntu", "flavor": "cpu-basic"}, rule)
    return [problem.path for problem in _found(body)] == [broken.path]


def _found(body: Json) -> list[Problem]:
    try:
        read_submission(body, Quirks())
    except Invalid as error:
        return error.found
    return []


def _rules(schema: Schema, steps: tuple[Step, ...]) -> Iterator[_Rule]:
    keywords = [keyword for keyword in _BREAKERS if keyword in schema]
    if "enum" in keywords:
        keywords = ["enum"]
    kinds = schema.get("type", ())
    if "integer" in kinds:
        keywords.append("integer")
    if steps:
        yield from (_Rule(keyword, steps, schema) for keyword in keywords)
    for key in schema.get("required", ()):
        yield _Rule("required", (*steps, key), {})
    for key, member in schema.get("properties", {}).items():
        yield from _rules(member, (*steps, key))
    if isinstance(schema.get("additionalProperties"), dict):
        names: Schema = schema["propertyNames"]
        yield from (
            _Rule(keyword, steps, names, is_key=True)
            for keyword in ("pattern", "maxLength")
            if keyword in names
        )
        yield from _rules(schema["additionalProperties"], (*steps, "*"))
    if "items" in schema:
        yield from _rules(schema["items"], (*steps, 0))


def _break(source: Source, body: Body, rule: _Rule) -> tuple[Body, Broken]:
    """``body`` with ``rule`` broken, and where that is."""
    body = deepcopy(body)
    # What would be a second mistake: two images, or public ports that are no ports any more.
    if rule.steps[0] in ("spaceId", "dockerImage"):
        body.pop("spaceId", None)
        body.pop("dockerImage", None)
    elif rule.steps[0] == "expose":
        body["expose"] = {"ports": [8000], **({"portsPublic": [8000]} if "portsPublic" in rule.steps else {})}
    schema = schema_at("job-spec")
    here: Json = body
    path = ""
    *way, last = (*rule.steps, "*") if rule.is_key else rule.steps
    for step in way:
        member = _member_schema(schema, step)
        here, path, schema = _enter(source, here, path, step, member), _join(path, step), member
        if step == "*":
            raise AssertionError("the pieces of requests have no maps of maps")
    if rule.keyword == "required":
        assert isinstance(here, dict)
        here.pop(str(last), None)
        return body, Broken("required", _join(path, last))
    if isinstance(here, list):
        wrong = _BREAKERS[rule.keyword](source, rule.schema)
        at = source.integer(0, len(here) - 1) if here else 0
        here[at : at + 1] = [wrong]
        return body, Broken(rule.keyword, join_index(path, at))
    assert isinstance(here, dict)
    if last == "*":
        valid_names = _member_name(source, here)
        if rule.is_key:
            bad = _BREAKERS[rule.keyword](source, rule.schema)
            here[str(bad)] = "value"
            return body, Broken(rule.keyword, f"{join_key(path, str(bad))} (key)")
        last = valid_names
    there = here.get(str(last))
    if rule.keyword == "maxItems" and isinstance(there, list) and there:
        here[str(last)] = there[:1] * (rule.schema["maxItems"] + source.integer(1, 3))
    else:
        here[str(last)] = _BREAKERS[rule.keyword](source, rule.schema)
    return body, Broken(rule.keyword, _join(path, last))


def _member_schema(schema: Schema, step: Step) -> Schema:
    member: Schema = schema["items"] if step == 0 else schema["properties"][step]
    return member


def _enter(source: Source, here: Json, path: str, step: Step, schema: Schema) -> Json:
    """What is at ``step``; made, if it is not there."""
    if isinstance(here, list):
        if not here:
            here.append(value(source, schema))
        return here[0]
    assert isinstance(here, dict), path
    key = str(step)
    if not isinstance(here.get(key), (dict, list)):
        made = value(source, schema)
        here[key] = {} if made is None else made
    return here[key]


def _member_name(source: Source, here: dict[str, Json]) -> str:
    return source.pick(sorted(here)) if here else "KEY"


def _join(path: str, step: Step) -> str:
    return join_index(path, step) if isinstance(step, int) else join_key(path, step)


def _wrong_type(source: Source, schema: Schema) -> Json:
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    wrong: dict[str, Json] = {
        "null": None,
        "boolean": True,
        "string": "text",
        "array": [],
        "object": {},
        "number": 1.5,
    }
    for kind in allowed:
        wrong.pop(kind, None)
        if kind == "integer":
            del wrong["number"]  # that is the rule `integer`
    return source.pick(list(wrong.values()))


def _no_match(source: Source, schema: Schema) -> Json:
    length = schema.get("minLength")
    bad = source.pick(("1 bad", "a b", "ü", "-", "=", "é/"))
    if schema["pattern"].startswith("^[a-zA-Z0-9._-]"):
        bad = source.pick(("a b", "ü", "a/b", "=", "\n"))
    return "g" * length if isinstance(length, int) else bad


_NO_MEMBERS: tuple[Json, ...] = ("", "no-such-value", 7, None, ["cpu-basic"])

_BREAKERS: dict[str, Callable[[Source, Schema], Json]] = {
    "enum": lambda source, _schema: source.pick(_NO_MEMBERS),
    "type": _wrong_type,
    "integer": lambda source, schema: max(schema.get("minimum", 1), 1) + source.pick((0.5, 0.25)),
    "minimum": lambda source, schema: schema["minimum"] - source.integer(1, 1000),
    "exclusiveMinimum": lambda source, schema: schema["exclusiveMinimum"] - source.integer(0, 1000),
    "maximum": lambda source, schema: schema["maximum"] + source.pick((1, 2, MAX_SAFE_INTEGER, 10**30)),
    "minLength": lambda _source, schema: "a" * (schema["minLength"] - 1),
    "maxLength": lambda source, schema: "a" * (schema["maxLength"] + source.integer(1, 100)),
    "pattern": _no_match,
    "minItems": lambda _source, _schema: [],
    "maxItems": lambda source, schema: [value(source, schema["items"])] * (schema["maxItems"] + source.integer(1, 3)),
}  # fmt: skip
"""For each keyword, a value that breaks it and no other."""


def _image_twice(source: Source) -> tuple[Body, Broken]:
    return {**job_spec(source), "dockerImage": "ubuntu", "spaceId": "fake-user/space"}, Broken("image", "")


def _no_image(source: Source) -> tuple[Body, Broken]:
    body = job_spec(source)
    return {key: each for key, each in body.items() if key not in ("dockerImage", "spaceId")}, Broken(
        "image", ""
    )


def _unlisted_flavor(source: Source) -> tuple[Body, Broken]:
    return {**job_spec(source), "flavor": source.pick(UNLISTED)}, Broken("unlisted-flavor", "flavor")


def _public_port(source: Source) -> tuple[Body, Broken]:
    ports: list[Json] = [8000, 8080]
    at = source.integer(0, 1)
    public: list[Json] = [8000, source.integer(1, 7999)] if at else [source.integer(9000, 65535)]
    return {**job_spec(source), "expose": {"ports": ports, "portsPublic": public}}, Broken(
        "public-port", f"expose.portsPublic[{at}]"
    )


_OWN_RULES = (_image_twice, _no_image, _unlisted_flavor, _public_port)


# -------------------------------------------------------------------------------------------- queries


def query(source: Source) -> tuple[Query, Broken]:
    """A query that is refused for one reason only, and that reason."""
    route, name, rule = source.pick(query_rules())
    schema: Schema = schema_at(str(next(each.query for each in ROUTES if each.name == route)))["properties"][
        name
    ]
    bad, is_list = _bad_text(source, schema, rule), schema["type"] == "array"
    pairs = [(name, each) for each in bad]
    at = 0
    if is_list:
        good = [(name, _valid_text(source, schema)) for _ in range(source.integer(0, 2))]
        at = len(good)
        pairs = good + pairs
    path = join_index(name, at) if is_list and rule != "type" else name
    return Query(route, tuple(pairs)), Broken(rule, path)


_QUERY_KEYWORDS = ("enum", "pattern", "maxLength", "minimum", "maximum")


@cache
def query_rules() -> tuple[tuple[str, str, str], ...]:
    """Every (route, parameter, rule) that a query can break."""
    found: list[tuple[str, str, str]] = []
    for route in ROUTES:
        if route.query is None or route.path.startswith("/api/scheduled-jobs"):
            continue
        for name, schema in schema_at(route.query)["properties"].items():
            inner: Schema = schema.get("items", schema)
            keywords: list[str] = [each for each in _QUERY_KEYWORDS if each in inner]
            if inner.get("type") == "integer":
                keywords.append("type")
            if schema["type"] != "array":
                keywords.append("repeated")
            if name == "cursor":
                keywords.append("cursor")
            found += [(route.name, name, keyword) for keyword in keywords]
    return tuple(found)


def _valid_text(source: Source, schema: Schema) -> str:
    return str(value(source, schema.get("items", schema)))


def _bad_text(source: Source, schema: Schema, rule: str) -> list[str]:
    inner: Schema = schema.get("items", schema)
    if rule == "repeated":
        return [_valid_text(source, schema), _valid_text(source, schema)]
    if rule == "cursor":
        return [source.pick(("", "x", "MTIz", object_id(source)))]
    if rule == "type":
        return [source.pick(("", "x", "1.5", "1e3", "0x10", "\u0661"))]
    if rule == "enum":
        return [source.pick(("", "running", "RUNNING,ERROR", "UPDATING", "QUEUED"))]
    if rule == "pattern":
        return [source.pick(("no-equals-sign", "=value", "a b=c", "key=a/b", "ü=1", ""))]
    return [str(_BREAKERS[rule](source, inner))]
