"""How a place inside a JSON document is written for people: ``expose.ports[1]``, ``environment["a b"]``.

The style is that of zod 4's ``prettifyError``, which the Hub's own error texts follow: plain names joined by
dots, positions in brackets, any other name quoted in brackets. Names come from clients and can be anything,
so they are escaped to printable ASCII and shortened.
"""

from __future__ import annotations

import json
import re

LONGEST_NAME = 80
"""Names with more characters than this are cut in a path, with ``...`` in place of the rest."""

_plain = re.compile(r"[\w$]+", re.ASCII)


def quote(text: str) -> str:
    """``text`` in double quotes, printable ASCII only (JSON escapes), shortened to `LONGEST_NAME` characters.

    Works for every Python string, lone surrogates included.
    """
    if len(text) > LONGEST_NAME:
        text = text[:LONGEST_NAME] + "..."
    # JSON leaves DEL as it is; every other character outside printable ASCII gets an escape.
    return json.dumps(text).replace("\x7f", "\\u007f")


def join_key(path: str, key: str) -> str:
    """The path of the member ``key`` of the object at ``path``; the root's path is empty."""
    if len(key) <= LONGEST_NAME and _plain.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{quote(key)}]"


def join_index(path: str, index: int) -> str:
    """The path of item ``index`` (from 0) of the array at ``path``."""
    return f"{path}[{index}]"
