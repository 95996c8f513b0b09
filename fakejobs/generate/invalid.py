"""What the API must refuse: valid bodies and queries of which exactly one rule is broken, and which one.

The rules are those of the schema, each keyword at each place. They are found by walking it, so that a new key is covered as soon as it is
there. Beside them are the few that no schema can say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from fakejobs.generate import specs
from fakejobs.generate.breaking import CANDIDATES, breaking
from fakejobs.generate.source import Source
from fakejobs.generate.specs import IMAGES, PORTS, SOURCES, job_spec
from fakejobs.generate.values import Body, object_id, schema_of, value
from fakejobs.model.api_dates import LATEST
from fakejobs.model.flavors import UNLISTED
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.paths import join_index, join_key
from fakejobs.wire.schema import epoch, routes_at


@dataclass(frozen=True)
class Broken:
    """The one rule that is broken.

    Attributes:
        rule: the keyword of JSON Schema (``type``, ``maximum``, ``pattern``, ``required``, ...), or one of ours: ``integer`` (a number that
            is not whole), ``image``, ``unlisted-flavor``, ``public-port``, ``repeated``, ``cursor``, ``cron`` (a schedule that never runs).
        path: where, as the answer names it: ``expose.ports[1]``, ``environment.1BAD (key)``; empty for the whole.
        place: where in the schema, the same for all items and all keys of a map: ``expose.ports[]``, ``environment.* (key)``.
    """

    rule: str
    path: str
    place: str

    def __str__(self) -> str:
        return f"{self.rule} at {self.path}" if self.path else self.rule


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
        """As it stands in a URL, behind the question mark."""
        return urlencode(self.pairs)


NO_TICKS = (
    "75 * * * *",
    "*/0 * * * *",
    "5-1 * * * *",
    "0 0 30 2 *",
    "*-5 * * * *",
    "0 24 * * *",
    "0 0 * * 8",
)
"""Schedules that the Hub's pattern takes, and that name no instant."""

ANY_KEY = "*"
ANY_ITEM = "[]"


@dataclass(frozen=True)
class Rule:
    """One keyword at one place of a schema.

    Attributes:
        keyword: the rule.
        steps: the way to the place: keys, `ANY_KEY` of a map, `ANY_ITEM` of an array.
        schema: of what is there; of the names, if ``of_key``.
        of_key: whether it is a rule for the names of the map at that place.
    """

    keyword: str
    steps: tuple[str, ...]
    schema: Schema
    of_key: bool = False

    @property
    def place(self) -> str:
        """As in `Broken`."""
        path = ""
        for step in (*self.steps, ANY_KEY) if self.of_key else self.steps:
            path = f"{path}{step}" if step == ANY_ITEM else f"{path}.{step}" if path else step
        return f"{path} (key)" if self.of_key else path


# --------------------------------------------------------------------------------------------- bodies


def create_body(source: Source, date: str = LATEST) -> tuple[Json, Broken]:
    """A body of ``POST /api/jobs/{namespace}`` that a fake with its default quirks refuses for one reason only, and that reason."""
    rule = source.pick(body_rules(epoch(date)))
    if rule.keyword == "type" and not rule.steps:
        return deepcopy(source.pick(breaking("type", rule.schema))), Broken("type", "", "")
    body = job_spec(source, date)
    if rule.keyword in _OWN_RULES:
        path = _OWN_RULES[rule.keyword](source, body)
        return body, Broken(rule.keyword, path, rule.place)
    _make_room(source, body, rule)
    path = _break(source, body, rule, schema_of("job-spec", date))
    return body, Broken(rule.keyword, path, rule.place)


def scheduled_body(source: Source, date: str = LATEST) -> tuple[Json, Broken]:
    """A body of ``POST /api/scheduled-jobs/{namespace}`` that is refused for one reason only, and that reason: likewise."""
    valid = specs.scheduled_body(source, date)
    rules = scheduled_rules(epoch(date))
    if source.chance(60):
        wrong, broken = create_body(source, date)
        path, place = (f"jobSpec.{each}" if each else "jobSpec" for each in (broken.path, broken.place))
        return {**valid, "jobSpec": wrong}, Broken(broken.rule, path, place)
    rule = source.pick(rules)
    if rule.keyword == "type" and not rule.steps:
        return deepcopy(source.pick(breaking("type", rule.schema))), Broken("type", "", "")
    if rule.keyword == "cron":
        return {**valid, "schedule": source.pick(NO_TICKS)}, Broken("cron", "schedule", "schedule")
    path = _break(source, valid, rule, schema_of("scheduled-job-body", date))
    return valid, Broken(rule.keyword, path, rule.place)


@cache
def scheduled_rules(in_epoch: str = LATEST) -> tuple[Rule, ...]:
    """Every rule that a body of a scheduled job can break alone, without those of its ``jobSpec``."""
    schema = schema_of("scheduled-job-body", in_epoch)
    own = [
        rule
        for rule in rules_of(schema)
        if (rule.steps[0] != "jobSpec" or (rule.keyword, rule.steps) == ("required", ("jobSpec",)))
        and _breaks_alone(rule)
    ]
    return (*own, Rule("cron", ("schedule",), {}), Rule("type", (), schema))


@cache
def body_rules(in_epoch: str = LATEST) -> tuple[Rule, ...]:
    """Every rule that a body can break alone, simplest first.

    Left out are those that another always covers: an id that is too short does not match its pattern either.
    """
    schema = schema_of("job-spec", in_epoch)
    properties = schema["properties"]
    own = [Rule("image", (), {}), Rule("unlisted-flavor", ("flavor",), {})]
    if "portsPublic" in properties.get("expose", {}).get("properties", {}):
        own.append(Rule("public-port", ("expose", "portsPublic", ANY_ITEM), {}))
    return (*filter(_breaks_alone, rules_of(schema)), *own, Rule("type", (), schema))


def rules_of(schema: Schema, steps: tuple[str, ...] = ()) -> Iterator[Rule]:
    """Every rule of ``schema``, and of what it contains; without that of the type of the whole.

    Raises:
        ValueError: it has a keyword that nothing here can break.
    """
    if unknown := schema.keys() - CANDIDATES.keys() - _NO_RULES:
        raise ValueError(
            f"nothing breaks {', '.join(sorted(unknown))} at {'.'.join(steps)}; add how to in {__name__}"
        )
    for key in schema.get("required", ()):
        yield Rule("required", (*steps, key), {})
    if steps:
        yield from (Rule(keyword, steps, schema) for keyword in _keywords(schema))
    for key, member in schema.get("properties", {}).items():
        yield from rules_of(member, (*steps, key))
    if isinstance(schema.get("additionalProperties"), dict):
        names = schema.get("propertyNames", {})
        # Names are always texts.
        yield from (
            Rule(keyword, steps, names, of_key=True) for keyword in _keywords(names) if keyword != "type"
        )
        yield from rules_of(schema["additionalProperties"], (*steps, ANY_KEY))
    if "items" in schema:
        yield from rules_of(schema["items"], (*steps, ANY_ITEM))


def _keywords(schema: Schema) -> Iterator[str]:
    yield from (keyword for keyword in CANDIDATES if keyword in schema)
    if "integer" in schema.get("type", ()):
        yield "integer"


_NO_RULES = {
    "description",
    "default",
    "properties",
    "required",
    "propertyNames",
    "additionalProperties",
    "items",
}
"""Keywords that are no rule for the value, or are looked at where they stand."""


def _breaks_alone(rule: Rule) -> bool:
    return rule.keyword in ("required", "minItems", "maxItems") or bool(breaking(rule.keyword, rule.schema))


def _make_room(source: Source, body: Body, rule: Rule) -> None:
    """Take out of ``body`` what would be a second mistake once ``rule`` is broken."""
    if rule.steps[0] in ("spaceId", "dockerImage"):  # not both
        body.pop("spaceId", None)
        body.pop("dockerImage", None)
    if rule.place.startswith("expose.ports"):
        ports: list[Json] = [*sorted({source.pick(PORTS) for _ in range(source.integer(1, 3))})]
        public = ports[: source.integer(1, len(ports))]  # public ports are ports
        body["expose"] = {"ports": ports, **({"portsPublic": public} if "portsPublic" in rule.steps else {})}


def _break(source: Source, body: Body, rule: Rule, schema: Schema) -> str:
    """Break ``rule`` in ``body``, which is valid; returns where."""
    here: Json = body
    path = ""
    for step in rule.steps if rule.of_key else rule.steps[:-1]:
        schema = _member(schema, step)
        here, path = _enter(source, here, path, step, schema)
    if rule.of_key:
        assert isinstance(here, dict)
        name = str(source.pick(breaking(rule.keyword, rule.schema)))
        here[name] = value(source, schema["additionalProperties"])
        return f"{join_key(path, name)} (key)"
    last = rule.steps[-1]
    if isinstance(here, list):
        at = source.integer(0, len(here) - 1) if here else 0
        here[at : at + 1] = [_wrong(source, rule, None)]
        return join_index(path, at)
    assert isinstance(here, dict)
    if rule.keyword == "required":
        here.pop(last, None)
    else:
        last = _name(source, here, schema) if last == ANY_KEY else last
        here[last] = _wrong(source, rule, here.get(last))
    return join_key(path, last)


def _member(schema: Schema, step: str) -> Schema:
    member: Schema = (
        schema["items"]
        if step == ANY_ITEM
        else schema["additionalProperties"]
        if step == ANY_KEY
        else schema["properties"][step]
    )
    return member


def _enter(source: Source, here: Json, path: str, step: str, schema: Schema) -> tuple[Json, str]:
    """What is at ``step`` and where that is; it is made if it is not there."""
    if isinstance(here, list):
        if not here:
            here.append(value(source, schema))
        at = source.integer(0, len(here) - 1)
        return here[at], join_index(path, at)
    assert isinstance(here, dict), path
    if step == ANY_KEY:
        step = _name(source, here, schema)
    if here.get(step) is None:
        here[step] = value(source, schema)
    return here[step], join_key(path, step)


def _name(source: Source, here: Mapping[str, Json], schema: Schema) -> str:
    return source.pick(list(here)) if here else str(value(source, schema.get("propertyNames", {})))


def _wrong(source: Source, rule: Rule, there: Json) -> Json:
    """A value that breaks ``rule``, in place of the valid ``there``."""
    if rule.keyword not in ("minItems", "maxItems"):
        return deepcopy(source.pick(breaking(rule.keyword, rule.schema)))
    items = there if isinstance(there, list) and there else [value(source, rule.schema["items"])]
    wanted = (
        rule.schema["minItems"] - 1
        if rule.keyword == "minItems"
        else rule.schema["maxItems"] + source.integer(1, 20)
    )
    return [items[index % len(items)] for index in range(wanted)]


# --------------------------------------------------------------------------- rules that no schema can say


def _image(source: Source, body: Body) -> str:
    """Both an image and a Space, or neither."""
    if source.chance():
        body.update(dockerImage=source.pick(IMAGES), spaceId=source.pick(SOURCES))
    else:
        body.pop("dockerImage", None)
        body.pop("spaceId", None)
    return ""


def _unlisted_flavor(source: Source, body: Body) -> str:
    body["flavor"] = source.pick(UNLISTED)
    return "flavor"


def _public_port(source: Source, body: Body) -> str:
    ports: list[Json] = [source.integer(1, 65535)]
    public: list[Json] = ports * source.integer(0, 2)
    at = source.integer(0, len(public))
    other = source.integer(1, 65534)
    public.insert(at, other if other != ports[0] else 65535)
    body["expose"] = {"ports": ports, "portsPublic": public}
    return f"expose.portsPublic[{at}]"


_OWN_RULES: Mapping[str, Callable[[Source, Body], str]] = {
    "image": _image,
    "unlisted-flavor": _unlisted_flavor,
    "public-port": _public_port,
}
"""Each breaks its rule in a body, and returns where."""


# -------------------------------------------------------------------------------------------- queries


@dataclass(frozen=True)
class QueryRule:
    """One rule for one parameter of one route; ``schema`` is that of the parameter."""

    route: str
    name: str
    keyword: str
    schema: Schema

    @property
    def place(self) -> str:
        """As in `Broken`."""
        return f"{self.name}{ANY_ITEM}" if self.schema["type"] == "array" else self.name


def query(source: Source, date: str = LATEST, routes: Collection[str] | None = None) -> tuple[Query, Broken]:
    """A query that is refused for one reason only, and that reason. Valid parameters may stand beside the bad one.

    Args:
        source: where the choices come from.
        date: an ISO date, or "latest".
        routes: only of these; None: of all that have a query.

    Raises:
        ValueError: one of ``routes`` has no query on that day.
    """
    check_routes(routes, date)
    rules = query_rules(epoch(date))
    rule = source.pick([rule for rule in rules if routes is None or rule.route in routes])
    is_list = rule.schema["type"] == "array"
    before = [_valid(source, rule.schema) for _ in range(source.integer(0, 2))] if is_list else []
    pairs = [(rule.name, text) for text in (*before, *_bad_texts(source, rule))]
    for other, schema in _parameters(rule.route, epoch(date)).items():
        if other not in (rule.name, "cursor") and source.chance(20):
            pairs.append((other, _valid(source, schema)))
    if source.chance(10):
        pairs.insert(0, ("unheard-of", ""))  # what the route does not know is ignored
    path = join_index(rule.name, len(before)) if is_list else rule.name
    return Query(rule.route, tuple(pairs)), Broken(rule.keyword, path, rule.place)


def check_routes(routes: Collection[str] | None, date: str = LATEST) -> None:
    """See that each of ``routes`` has a query that can be broken; None: all that have one.

    Raises:
        ValueError: one has none, or there are no routes; the message names those that can be given.
    """
    known = {rule.route for rule in query_rules(epoch(date))}
    wrong = set() if routes is None else set(routes) - known
    if wrong or (routes is not None and not routes):
        raise ValueError(f"no rules for queries of {sorted(wrong)}; there are some for {sorted(known)}")


@cache
def query_rules(in_epoch: str = LATEST) -> tuple[QueryRule, ...]:
    """Every rule that a query can break alone."""
    found: list[QueryRule] = []
    for route in routes_at(in_epoch):
        for name, schema in _parameters(route.name, in_epoch).items():
            inner: Schema = schema.get("items", schema)
            # A text is all that a query can hold: it is of another type only where a number is due.
            keywords = [keyword for keyword in _keywords(inner) if keyword not in ("type", "integer")]
            if inner.get("type") == "integer":
                keywords.append("type")
            if schema["type"] != "array":
                keywords.append("repeated")
            if name == "cursor":
                keywords.append("cursor")
            found += [QueryRule(route.name, name, keyword, schema) for keyword in keywords]
    return tuple(found)


@cache
def _parameters(route: str, in_epoch: str) -> Mapping[str, Schema]:
    piece = next(each.query for each in routes_at(in_epoch) if each.name == route)
    properties: dict[str, Schema] = schema_of(piece, in_epoch)["properties"] if piece else {}
    return properties


def _valid(source: Source, schema: Schema) -> str:
    return str(value(source, schema.get("items", schema)))


def _bad_texts(source: Source, rule: QueryRule) -> list[str]:
    inner: Schema = rule.schema.get("items", rule.schema)
    if rule.keyword == "repeated":
        return [_valid(source, rule.schema) for _ in range(source.integer(2, 4))]
    if rule.keyword == "cursor":
        return [source.pick(("", "x", "MTIz", "é", "a b", "=" * 4, object_id(source)))]
    if rule.keyword == "type":
        return [source.pick(("x", "", " 5", "+5", "1.5", "1e3", "0x10", "\u0661", "5,6", "null", "9" * 301))]
    return [source.pick([str(each) for each in breaking(rule.keyword, inner) if type(each) in (str, int)])]
