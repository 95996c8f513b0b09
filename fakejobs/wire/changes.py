"""The difference between the API of two days: what came and what went, by route and key."""

from __future__ import annotations

from collections.abc import Iterator

from fakejobs.model.api_dates import day_of
from fakejobs.wire.history import CHANGES
from fakejobs.wire.json_types import Schema
from fakejobs.wire.schema import Route, routes_at, shared_schema

Places = dict[str, bool]


def changes_between(one: str, other: str) -> list[str]:
    """What one has to know to go from the API of ``one`` day to that of the ``other``, as lines: ``+`` came, ``-`` went, ``!`` is required now,
    ``~`` tells what a change meant. Empty, if nothing changed.

    Args:
        one: an ISO date, or ``latest``.
        other: the same; it may be the earlier one.

    Raises:
        ValueError: one of them is no date.
    """
    lines: list[str] = []
    was, now = (_places(date) for date in (one, other))
    for title in sorted(was.keys() & now.keys(), key=_order):  # of a piece that is new, its routes are
        lines += _heading(title, was[title], now[title])
    first, last = sorted((day_of(one), day_of(other)))
    told = [f"  ~ {each.day}  {each.text}" for each in CHANGES if first < each.day <= last]
    return [*lines, *(["In words", *told] if told else [])]


def _heading(title: str, was: Places, now: Places) -> list[str]:
    """What changed under one heading; below a place that came or went as a whole, nothing more is said."""
    came = [place for place in now if place not in was]
    went = [place for place in was if place not in now]
    kept = [place for place in now if place in was]
    must = " (required)" if title.startswith("Body") else ""
    found = [f"  + {place}{must if now[place] else ''}" for place in _outermost(came)]
    found += [f"  ! {place} is required now" for place in kept if now[place] and not was[place]]
    found += [f"  ! {place} need not be there now" for place in kept if was[place] and not now[place]]
    found += [f"  - {place}" for place in _outermost(went)]
    return [title, *found] if found else []


def _outermost(places: list[str]) -> list[str]:
    known = set(places)
    return [
        place
        for place in places
        if not any(place.startswith((f"{each}.", f"{each}[", f"{each} =")) for each in known)
    ]


def _order(title: str) -> tuple[int, str]:
    return (("Routes", "Query", "Body", "Answer").index(title.split(" ")[0]), title)


def _places(date: str) -> dict[str, Places]:
    """Every place of the API on a day, and whether it must be there, by the heading that it belongs under."""
    routes = routes_at(date)
    found = {"Routes": {f"{route.method} {route.path}": False for route in routes}}
    for route in routes:
        for heading, piece in _parts(route):
            whole = shared_schema(piece, date)
            # What is told under a heading of its own is not told again where it is a part.
            others = [shared_schema(each, date) for each in _TOLD_ONCE if each != piece]
            found[heading] = dict(_keys(whole, "", others))
    return found


_TOLD_ONCE = ("job-spec", "job", "webhook")


def _parts(route: Route) -> Iterator[tuple[str, str]]:
    """The pieces of a route. One that several routes share is told once, under its own name."""
    if route.query is not None:
        yield f"Query of {route.method} {route.path}", route.query
    if route.body is not None:
        yield f"Body {route.body}", route.body
    if route.reply is not None and route.kind == "json":
        name = route.reply.removesuffix("-list")
        yield f"Answer {name}", name


def _keys(schema: Schema, at: str, others: list[Schema], *, must: bool = False) -> Iterator[tuple[str, bool]]:
    if at:
        yield at, must
    if schema in others:
        return
    for member in schema.get("enum", ()):
        yield f"{at} = {member}", False
    for each in schema.get("anyOf", ()):
        for place, _ in _keys(each, at, others):
            if place != at:
                yield place, False
    if "items" in schema:
        for place, needed in _keys(schema["items"], f"{at}[]", others):
            if place != f"{at}[]":
                yield place, needed
    for key, member in schema.get("properties", {}).items():
        needed = key in schema.get("required", ())
        yield from _keys(member, f"{at}.{key}" if at else key, others, must=needed)
