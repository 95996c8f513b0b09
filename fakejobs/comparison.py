"""How what went into a model differs from what came out: where, and in which words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from fakejobs.model.units import did_you_mean
from fakejobs.wire.json_types import Schema
from fakejobs.wire.paths import join_index, join_key
from fakejobs.wire.schema import schema_at


class Comparison:
    """How payloads are compared, and which of the ignored paths have been met."""

    def __init__(self, ignored: frozenset[str] = frozenset(), null_is_absent: bool = False) -> None:
        self._ignored = ignored
        self._null_is_absent = null_is_absent
        self._met: set[str] = set()

    def differences(self, wanted: object, got: object, path: str = "") -> Iterator[tuple[str, str]]:
        """Path and sentence for each difference."""
        if isinstance(wanted, Mapping) and isinstance(got, Mapping):
            yield from self._of_mappings(wanted, got, path)
        elif isinstance(wanted, (list, tuple)) and isinstance(got, (list, tuple)):
            yield from self._of_lists(wanted, got, path)
        elif not _same(wanted, got):
            yield (
                path,
                f"{path or 'the payload'} is mangled: it was {short(wanted)}, and became {short(got)}",
            )

    def _of_mappings(
        self, wanted: Mapping[str, object], got: Mapping[str, object], path: str
    ) -> Iterator[tuple[str, str]]:
        for key in {**wanted, **got}:
            here = join_key(path, str(key))
            if (place := any_item(here)) in self._ignored:
                self._met.add(place)
            elif self._null_is_absent and wanted.get(key) is None and got.get(key) is None:
                continue
            elif key not in got:
                yield here, f"{here} is lost: it was {short(wanted[key])}"
            elif key not in wanted:
                yield here, f"{here} is invented: {short(got[key])}"
            else:
                yield from self.differences(wanted[key], got[key], here)

    def _of_lists(
        self, wanted: Sequence[object], got: Sequence[object], path: str
    ) -> Iterator[tuple[str, str]]:
        shared = min(len(wanted), len(got))
        for index in range(shared):
            found = list(self.differences(wanted[index], got[index], join_index(path, index)))
            if found and len(wanted) != len(got):
                shared = index
                break
            yield from found
        if len(got) < len(wanted):
            here = join_index(path, shared)
            yield here, f"{here} is lost: it was {short(wanted[shared])}"
        elif len(wanted) < len(got):
            here = join_index(path, shared)
            yield here, f"{here} is invented: {short(got[shared])}"

    def check_ignored(self, date: str) -> None:
        """Raise `ValueError` if an ignored path is neither in the contract nor was met in what came out."""
        places = set(_places(schema_at("job", date), ""))
        for path in sorted(self._ignored - self._met - places):
            if f"{path.rpartition('.')[0]}.*" not in places:
                raise ValueError(
                    f"ignore: no job has {path!r}{did_you_mean(path, sorted(places))}, and nothing else has"
                )


def any_item(path: str) -> str:
    """``path`` with ``[]`` in place of every index."""
    return re.sub(r"\[\d+\]", "[]", path)


def _places(schema: Schema, path: str) -> Iterator[str]:
    """The paths of everything that ``schema`` speaks of."""
    if path:
        yield path
    for member in schema.get("anyOf", ()):
        yield from _places(member, path)
    for key, member in schema.get("properties", {}).items():
        yield from _places(member, join_key(path, key))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _places(schema["additionalProperties"], f"{path}.*")
    if "items" in schema:
        yield from _places(schema["items"], f"{path}[]")


def _same(wanted: object, got: object) -> bool:
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    return wanted == got  # an enum of texts is a text, and JSON knows one kind of number


def short(value: object) -> str:
    """``value`` as Python writes it, without its middle if it is long."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:150]} ... {text[-50:]}"
