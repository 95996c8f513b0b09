"""The fixed words of the contract: keys, and values of which there are only so many. They name nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from fakejobs.wire.pieces import PIECES


@cache
def known_keys() -> frozenset[str]:
    """Every key of the contract."""
    return frozenset(key for piece in PIECES.values() for key, _ in _properties(piece)) | {"error"}


@cache
def words_of(key: str) -> frozenset[str]:
    """The fixed words that the contract has for a key: they stay, even if somebody is called so."""
    words: set[str] = set()
    for piece in PIECES.values():
        for name, schema in _properties(piece):
            if name == key:
                words.update(_fixed(schema))
    return frozenset(words)


def _properties(schema: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    if isinstance(schema, dict):
        for keyword, value in schema.items():
            if keyword == "properties":
                yield from value.items()
            yield from _properties(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from _properties(each)


def _fixed(schema: Mapping[str, object]) -> Iterator[str]:
    for keyword in ("enum", "const"):
        value = schema.get(keyword)
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
    if isinstance(items := schema.get("items"), dict):
        yield from _fixed(items)
    alternatives = schema.get("anyOf")
    for each in alternatives if isinstance(alternatives, list) else ():
        yield from _fixed(each)
