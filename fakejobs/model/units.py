"""Lengths of time as people write them, and what to say of a word that is not known."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from fakejobs.model.plan import NEVER

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LENGTH = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s?(ms|s|m|h|d)?", re.ASCII)
_LONGEST = 100 * 365 * _UNITS["d"]


def milliseconds(length: object, *, forever: bool = False) -> int:
    """Milliseconds of a length of time: seconds (``90``, ``1.5``) or a text (``"90s"``, ``"1.5h"``, ``"250ms"``).

    Args:
        length: a number of seconds, or a number with one of the units ms, s, m, h, d.
        forever: whether ``"forever"`` is allowed; it is `NEVER`.

    Raises:
        ValueError: it is none of these, is negative, or is longer than a hundred years.
    """
    if forever and length == "forever":
        return NEVER
    if isinstance(length, bool) or not isinstance(length, (int, float, str)):
        raise ValueError(f"{short(length)} is no length of time; {_allowed(forever)}")
    if isinstance(length, str):
        match = _LENGTH.fullmatch(length.strip())
        if match is None:
            raise ValueError(f"{short(length)} is no length of time; {_allowed(forever)}")
        value = float(match[1]) * _UNITS[match[2] or "s"]
    elif isinstance(length, float) and not math.isfinite(length):
        raise ValueError(f"{short(length)} is no length of time; {_allowed(forever)}")
    else:
        value = min(length, _LONGEST) * 1000
    if value < 0:
        raise ValueError(f"{short(length)} is negative; {_allowed(forever)}")
    if value > _LONGEST:
        raise ValueError(f"{short(length)} is longer than a hundred years; {_allowed(forever)}")
    return round(value)


def length_range(value: object, *, forever: bool = False) -> tuple[int, int]:
    """Milliseconds, from - to, of a length of time or of ``{"between": [from, to]}``.

    Raises:
        ValueError: it is neither, or the range goes backwards.
    """
    if not isinstance(value, Mapping):
        length = milliseconds(value, forever=forever)
        return length, length
    if set(value) != {"between"}:
        raise ValueError('a range is written {"between": [from, to]}')
    ends = value["between"]
    if not isinstance(ends, (list, tuple)) or len(ends) != 2:
        raise ValueError('"between" needs two lengths of time: [from, to]')
    low, high = milliseconds(ends[0]), milliseconds(ends[1])
    if low > high:
        raise ValueError(f'"between" goes backwards: {words(low)} is longer than {words(high)}')
    return low, high


def in_milliseconds(seconds: tuple[float, float]) -> tuple[int, int]:
    """A range in seconds as one in milliseconds."""
    return round(seconds[0] * 1000), round(seconds[1] * 1000)


def short(value: object) -> str:
    """A value as an error shows it: its ``repr``, cut off after 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def check_text(where: str, text: str) -> None:
    """Raise `ValueError` if ``text`` holds half a surrogate pair, which no encoding can carry; ``where`` begins its message."""
    if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
        raise ValueError(f"{where}: half of a surrogate pair, which is no character, in the text")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean ...?"`` for a word that is near one of the known ones, else ``"; there are: ..."``."""
    choices = list(known)
    near = get_close_matches(word[:100], choices, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(choices)}"


def words(length: int) -> str:
    """A length in milliseconds as people say it: ``"1h 30m"``, ``"2.5s"``, ``"forever"``."""
    if length >= NEVER:
        return "forever"
    if length < 60_000:
        return f"{length / 1000:g}s"
    parts = []
    for unit in ("d", "h", "m", "s"):
        count, length = divmod(length, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def _allowed(forever: bool) -> str:
    return 'give seconds, or a text such as "90s", "5m", "1.5h", "2d"' + (' or "forever"' if forever else "")
