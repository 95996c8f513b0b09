"""A reader of server-sent events that follows the WHATWG standard to the letter, for comparison."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any


def read_events(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON of each event."""
    data: list[str] = []
    for line in read_lines(chunks):
        if not line:
            if data:
                yield json.loads("\n".join(data))
            data = []
        name, _colon, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))


def read_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream, ended by CR, LF or CRLF; what comes after the last of them is none."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    buffer, first, after_return = "", True, False
    for chunk in chunks:
        for character in decoder.decode(chunk):
            if first and character == "\ufeff":
                first = False
            elif character == "\n" and after_return:
                after_return = False
            elif character in "\r\n":
                after_return = character == "\r"
                yield buffer
                buffer = ""
            else:
                buffer += character
                after_return = False
            first = False
