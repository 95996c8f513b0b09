"""Query parameters as an instance that the query pieces of the schema can check."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from fakejobs.model.api_dates import LATEST
from fakejobs.wire.json_types import Json
from fakejobs.wire.schema import epoch, schema_at

_whole_number = re.compile(r"-?\d{1,300}", re.ASCII)


def read_query(piece: str, pairs: Iterable[tuple[str, str]], *, date: str = LATEST) -> dict[str, Json]:
    """The parameters of ``piece`` that are in ``pairs``, ready for `fakejobs.wire.validate.problems`.

    Parameters that the piece does not know on ``date`` are left out, as the Hub ignores them. One that may be repeated
    becomes a list, however often it was given; a whole number is read where one is due. Nothing is judged here: a
    word instead of a number stays text, and a parameter that may not be repeated but was becomes a list, and
    both are problems for the schema.

    Args:
        piece: the ``query`` of a `fakejobs.wire.schema.Route`.
        pairs: decoded names and values, in the order of the URL.
        date: as for `fakejobs.wire.schema.schema_at`.
    """
    types = _types(piece, epoch(date))
    given: dict[str, list[Json]] = {}
    for name, text in pairs:
        if name in types:
            number = types[name] == "integer" and _whole_number.fullmatch(text)
            given.setdefault(name, []).append(int(text) if number else text)
    return {
        name: values if types[name] == "array" or len(values) > 1 else values[0]
        for name, values in given.items()
    }


@cache
def _types(piece: str, in_epoch: str) -> dict[str, str]:
    properties = schema_at(piece, in_epoch)["properties"]
    return {name: str(schema["type"]) for name, schema in properties.items()}
