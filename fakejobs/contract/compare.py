"""Two schemas, ours and a document's, compared keyword by keyword."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fakejobs.contract.facts import NULLABLE, SCALARS, home, in_words, normal, piece_of, said
from fakejobs.contract.findings import Finding
from fakejobs.contract.resolve import UNKNOWN, printable
from fakejobs.wire.json_types import Schema

PIECES_FILE = "fakejobs/wire/pieces.py"
ROUTES_FILE = "fakejobs/wire/schema.py"

DAY = "the document's day"


@dataclass
class Differences:
    """What was found so far, and where each place was compared at all."""

    _found: dict[tuple[str, str], Finding] = field(default_factory=dict)
    _compared: dict[str, list[str]] = field(default_factory=dict)
    _parent: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, at: str, sentence: str, where: str, todo: str, parent: str = "") -> None:
        """One difference; of one that is known already, another place. ``parent`` is where both sides were compared."""
        finding = Finding(kind, at, sentence, (where,), todo)
        known = self._found.get((kind, at))
        if known is not None:
            finding = replace(known, where=(*known.where, where)) if where not in known.where else known
        self._found[kind, at] = finding
        self._parent[finding.key] = parent

    def compared(self, place: str, where: str) -> None:
        """Both sides have ``place``, in the route and part of ``where``."""
        places = self._compared.setdefault(place, [])
        if where not in places:
            places.append(where)

    def findings(self) -> list[Finding]:
        """All, in the order in which they are read best."""
        found = [self._with_exceptions(each) for each in self._found.values()]
        order = ("added", "removed", "changed")
        return sorted(found, key=lambda finding: order.index(finding.kind))

    def _with_exceptions(self, finding: Finding) -> Finding:
        """Say where a difference is not met, if others that have the same piece do not have it."""
        met = {_part(where) for where in finding.where}
        others = [where for where in self._compared.get(self._parent[finding.key], ()) if where not in met]
        if not others:
            return finding
        named = ", ".join(others[:2]) + (f" and {len(others) - 2} more" if len(others) > 2 else "")
        return replace(finding, sentence=f"{finding.sentence} (but not in {named})")


def _part(where: str) -> str:
    return " → ".join(where.split(" → ")[:2])


@dataclass(frozen=True)
class Place:
    """Where two schemas are compared.

    Attributes:
        route: the label of the route.
        part: ``query``, ``body``, ``reply``, ...
        keys: the path inside the part, from its piece: ``job.status``.
        base: the piece that the part is.
    """

    route: str
    part: str
    keys: str
    base: str

    def to(self, step: str) -> Place:
        """A place inside this one."""
        return replace(self, keys=self.keys + step)

    @property
    def at(self) -> str:
        """The place from the piece that it is written in."""
        return home(self.keys)

    @property
    def where(self) -> str:
        """The place as a finding names it: route, part, keys."""
        inside = self.keys[len(self.base) :].lstrip(".")
        return " → ".join(filter(None, (self.route, self.part, inside)))

    @property
    def piece(self) -> str:
        """How a to-do names the piece."""
        name = piece_of(self.at)
        if name is None:
            return f"a new piece in {PIECES_FILE}, named as {self.part}= of the route in {ROUTES_FILE}"
        return f"piece {name} in {PIECES_FILE}"


# ------------------------------------------------------------------------------------------ schema by schema


def compare(found: Differences, ours: Schema, theirs: Schema, place: Place) -> None:
    """Add to ``found`` every difference of the document's schema from ours."""
    ours, theirs = normal(ours), normal(theirs)
    found.compared(place.at, f"{place.route} → {place.part}")
    if "anyOf" in ours or "anyOf" in theirs:
        _compare_alternatives(found, ours, theirs, place)
        return
    _compare_types(found, ours, theirs, place)
    _compare_values(found, ours.get("enum"), theirs.get("enum"), place)
    _compare_scalars(found, ours, theirs, place)
    _compare_flag(found, NULLABLE, bool(ours.get(NULLABLE)), bool(theirs.get(NULLABLE)), place)
    _compare_keys(found, ours, theirs, place)
    closed = ours.get("additionalProperties") is False, theirs.get("additionalProperties") is False
    _compare_flag(found, "closed", *closed, place)
    for keyword, step in (("items", "[]"), ("additionalProperties", ".*"), ("propertyNames", " (key)")):
        if keyword not in ours and keyword not in theirs:
            continue
        unsaid = {"type": "string"} if keyword == "propertyNames" else {}
        mine, other = ours.get(keyword, unsaid), theirs.get(keyword, unsaid)
        if isinstance(mine, dict) and isinstance(other, dict):
            compare(found, mine, other, place.to(step))
    for keyword, text in theirs.get(UNKNOWN, {}).items():
        found.add(
            "added",
            f"{place.at} {keyword}",
            f"{place.at} says {keyword}, which this check does not understand: {said(text)[:80]}",
            place.where,
            "see what it means, and add it to fakejobs/contract/resolve.py",
            place.at,
        )
    if ("not" in theirs) != ("not" in ours):
        _changed(found, "not", ours.get("not"), theirs.get("not"), place)


def _compare_types(found: Differences, ours: Schema, theirs: Schema, place: Place) -> None:
    mine, other = ours.get("type", []), theirs.get("type", [])
    if "enum" in ours and "enum" in theirs:
        return
    if ("enum" in ours) != ("enum" in theirs):  # then `_compare_values` says so
        return
    if set(mine) != set(other):
        _changed(found, "type", " or ".join(mine) or None, " or ".join(other) or None, place, quoted=False)


def _compare_values(
    found: Differences, ours: list[object] | None, theirs: list[object] | None, place: Place
) -> None:
    if ours is None and theirs is None:
        return
    if ours is None or theirs is None:
        _changed(found, "enum", ours, theirs, place)
        return
    mine, other = (dict.fromkeys(said(value) for value in values) for values in (ours, theirs))
    for value in other:
        if value not in mine:
            sentence = f"{place.at} has a new value {value}"
            todo = f"add it to the enum in {place.piece}, with {DAY} in x-since-of"
            found.add("added", f"{place.at} {value}", sentence, place.where, todo, place.at)
    for value in mine:
        if value not in other:
            sentence = f"the document has no value {value} in {place.at}"
            todo = f"give it {DAY} in x-until-of beside the enum in {place.piece}"
            found.add("removed", f"{place.at} {value}", sentence, place.where, todo, place.at)
    _compare_order(found, list(mine), list(other), "values", place)


def _compare_scalars(found: Differences, ours: Schema, theirs: Schema, place: Place) -> None:
    for keyword in SCALARS:
        if keyword in ours or keyword in theirs:
            mine = said(ours[keyword]) if keyword in ours else None
            other = said(theirs[keyword]) if keyword in theirs else None
            if mine != other:
                _changed(found, keyword, mine, other, place, quoted=False)


def _changed(
    found: Differences, keyword: str, ours: object, theirs: object, place: Place, *, quoted: bool = True
) -> None:
    """``keyword`` is not the same: None where it is not said at all."""
    mine, other = (
        None if value is None else said(value) if quoted else str(value) for value in (ours, theirs)
    )
    if mine is None:
        kind, at, sentence = "added", f"{keyword} {other}", f"has {keyword} {other} in the document"
    elif other is None:
        kind, at, sentence = "removed", f"{keyword} {mine}", f"has no {keyword} {mine} in the document"
    else:
        kind, at, sentence = (
            "changed",
            f"{keyword} {mine} -> {other}",
            f"has {keyword} {other} in the document, {mine} here",
        )
    found.add(
        kind,
        f"{place.at} {at}",
        f"{place.at} {sentence}",
        place.where,
        f"change it in {place.piece}, and keep the old one for earlier days",
        place.at,
    )


def _compare_flag(found: Differences, name: str, ours: bool, theirs: bool, place: Place) -> None:
    if ours == theirs:
        return
    words = {
        NULLABLE: ("may be null in the document", "may not be null in the document"),
        "closed": ("allows no unknown keys in the document", "allows unknown keys in the document"),
    }
    kind, sentence = ("added", words[name][0]) if theirs else ("removed", words[name][1])
    todo = f"change it in {place.piece}, and keep the old one for earlier days"
    found.add(kind, f"{place.at} {name}", f"{place.at} {sentence}", place.where, todo, place.at)


def _compare_keys(found: Differences, ours: Schema, theirs: Schema, place: Place) -> None:
    mine, other = ours.get("properties", {}), theirs.get("properties", {})
    my_required, their_required = (dict.fromkeys(side.get("required", ())) for side in (ours, theirs))
    for key in other:
        if key not in mine:
            name = printable(key)
            required = ", required" if key in their_required else ""
            what = f"{in_words(other[key])}{required}"
            sentence = (
                f"{place.route} takes a new query parameter ?{name} ({what})"
                if place.part == "query"
                else f"{place.at} has a new key {name} ({what})"
            )
            todo = f"add it to {place.piece}, with x-since of {DAY}"
            found.add("added", f"{place.at}.{name}", sentence, place.to(f".{name}").where, todo, place.at)
    for key in mine:
        if key not in other:
            sentence = (
                f"the document has no query parameter ?{key} of {place.route}"
                if place.part == "query"
                else f"the document has no key {key} in {place.at}"
            )
            todo = f"give it x-until of {DAY} in {place.piece}"
            found.add("removed", f"{place.at}.{key}", sentence, place.to(f".{key}").where, todo, place.at)
    for key in {**my_required, **their_required}:
        if (key in my_required) == (key in their_required) or (key in mine) != (key in other):
            continue  # the same, or said with the key
        name = printable(key)
        kind, how = ("added", "required") if key in their_required else ("removed", "not required")
        todo = f"change required in {place.piece}"
        at = f"{place.at}.{name} required"
        found.add(
            kind,
            at,
            f"{place.at}.{name} is {how} in the document",
            place.to(f".{name}").where,
            todo,
            place.at,
        )
    _compare_order(found, list(mine), list(other), "keys", place)
    _compare_order(found, list(my_required), list(their_required), "required keys", place)
    for key in mine:
        if key in other:
            compare(found, mine[key], other[key], place.to(f".{key}"))


def _compare_order(found: Differences, ours: list[str], theirs: list[str], what: str, place: Place) -> None:
    """Does what both have stand in the same order?"""
    in_both = set(ours) & set(theirs)
    mine = [each for each in ours if each in in_both]
    other = [each for each in theirs if each in in_both]
    if mine != other:
        named = ", ".join(printable(each) for each in other)
        sentence = f"the {what} of {place.at} stand in another order: {named}"
        todo = f"put them into this order in {place.piece}"
        found.add("changed", f"{place.at} order of {what}", sentence, place.where, todo, place.at)


# -------------------------------------------------------------------------------------------- alternatives


def _compare_alternatives(found: Differences, ours: Schema, theirs: Schema, place: Place) -> None:
    _compare_flag(found, NULLABLE, bool(ours.get(NULLABLE)), bool(theirs.get(NULLABLE)), place)
    if "anyOf" in ours and "anyOf" in theirs:
        _compare_scalars(found, ours, theirs, place)  # a default, beside the alternatives
    mine, other = _alternatives(ours), _alternatives(theirs)
    for number, schema, match in _pairs(mine, other):
        step = place.to(f"|{number}") if len(mine) > 1 else place
        if schema is None and match is not None:
            sentence = f"{place.at} has another alternative: {in_words(match)}"
            todo = f"add it to anyOf in {place.piece}, with x-since of {DAY}"
            found.add("added", f"{place.at} {said(in_words(match))}", sentence, place.where, todo, place.at)
        elif match is None and schema is not None:
            sentence = f"the document has no such alternative in {place.at}: {in_words(schema)}"
            todo = f"give it x-until of {DAY} in {place.piece}"
            found.add(
                "removed", f"{place.at} {said(in_words(schema))}", sentence, place.where, todo, place.at
            )
        elif schema is not None and match is not None:
            compare(found, schema, match, step)


def _alternatives(schema: Schema) -> list[Schema]:
    if "anyOf" in schema:
        return [normal(member) for member in schema["anyOf"]]
    return [{keyword: value for keyword, value in schema.items() if keyword != NULLABLE}]


def _pairs(ours: list[Schema], theirs: list[Schema]) -> Iterator[tuple[int, Schema | None, Schema | None]]:
    """Each alternative of ours with the one that is meant: the equal one, else of the same constants, else of the same types."""
    left = list(enumerate(theirs))
    pairs: dict[int, Schema] = {}
    for trait in (_whole, _constants, _kind):
        for number, schema in enumerate(ours):
            mark = trait(schema)
            if number in pairs or mark is None:
                continue
            match = next((each for each in left if trait(each[1]) == mark), None)
            if match is not None:
                pairs[number] = match[1]
                left.remove(match)
    for number, schema in enumerate(ours):
        yield number, schema, pairs.get(number)
    for _number, match_left in left:
        yield -1, None, match_left


def _whole(schema: Schema) -> object:
    return schema


def _constants(schema: Schema) -> object:
    """Keys with one possible value, and those values: what tells objects apart."""
    plain = {key: normal(member) for key, member in schema.get("properties", {}).items()}
    found = {key: said(each["enum"]) for key, each in plain.items() if len(each.get("enum", ())) == 1}
    return found or None


def _kind(schema: Schema) -> object:
    if _constants(schema):
        return None
    return sorted(schema.get("type", ())), "enum" in schema
