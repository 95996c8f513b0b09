"""How a fake is made: what `fakejobs.activate`, the marker, the ini file and the command line take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path

START = "2026-01-01T00:00:00Z"
"""When a fake begins, unless told otherwise."""


@dataclass(frozen=True)
class Options:
    """How a fake is made.

    Attributes:
        seed: what ids, delays and metrics are drawn from.
        api: as of which day the API is: an ISO date, ``"latest"``, or ``"auto"``: each client gets the newest that it can read. None: as the
            scenario says, or latest.
        user: the name of the user who is logged in.
        orgs: organisations: by name, those of which every user is an admin; or tables, as a scenario file has them (members, groups, ...).
        users: who else there is: names, or tables as a scenario file has them.
        tokens: tables as a scenario file has them. Once there are some, no other token is accepted; the first is the one that is logged in.
        start: the first instant: ISO text in UTC, an aware datetime, or ``"now"``.
        auto_tick: how far time moves when somebody asks again for an unfinished job while it stood still (seconds, or ``"10s"``); None: not
            at all in process, and `fakejobs.live.TICK` for requests that come over a socket.
        network: hosts besides the fake that may be called: ``"block"`` (none), ``"localhost"``, or a list.
        scenario: a TOML scenario file.
        strict: whether jobs that still run, rules that never matched and jobs that no rule matched are errors at the end.
        endpoint: the address that the client is configured for, if it is not ``HF_ENDPOINT`` or the Hub's.
        quirks: undocumented behaviours of the Hub to change, by name.
        credits: dollars that the user has; None: as many as it likes.
        presets: what users have met, by name (`fakejobs.model.presets`), or tables with ``name`` and other words.
        chaos: a mix of these: a level, or ``{"level": "high", "seed": 7}``; without a seed, that of the fake.
    """

    seed: int = 0
    api: str | None = None
    user: str = "fake-user"
    orgs: Sequence[str | Mapping[str, object]] = ()
    users: Sequence[str | Mapping[str, object]] = ()
    tokens: Sequence[Mapping[str, object]] = field(default=(), repr=False)
    start: str | datetime = START
    auto_tick: float | str | None = None
    network: str | Sequence[str] = "block"
    scenario: str | Path | None = None
    strict: bool = False
    endpoint: str | None = None
    quirks: Mapping[str, object] = field(default_factory=dict)
    credits: float | str | None = None
    presets: Sequence[str | Mapping[str, object]] = ()
    chaos: str | Mapping[str, object] | None = None


WORDS = tuple(each.name for each in fields(Options))
"""The words of the marker and of `fakejobs.activate`."""

_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "seed": ((int,), "a whole number"),
    "api": ((str, type(None)), 'a date such as "2026-05-01", "latest" or "auto"'),
    "user": ((str,), "the name of a user"),
    "orgs": ((list, tuple), 'a list of names, such as ["acme"]'),
    "users": ((list, tuple), 'a list of names, such as ["bob"]'),
    "tokens": ((list, tuple), 'a list of tables, such as [{"token": "hf_reader", "role": "read"}]'),
    "start": ((str, datetime), 'an instant such as "2026-01-01T00:00:00Z", or "now"'),
    "auto_tick": ((int, float, str, type(None)), 'a length of time such as "10s"'),
    "network": ((str, list, tuple), '"block", "localhost" or a list of hosts'),
    "scenario": ((str, Path, type(None)), "the path of a TOML file"),
    "strict": ((bool,), "True or False"),
    "endpoint": ((str, type(None)), "a URL"),
    "quirks": ((Mapping,), "a mapping"),
    "credits": ((int, float, str, type(None)), "dollars, such as 1.50"),
    "presets": ((list, tuple), 'a list of names, such as ["stream_drop"]'),
    "chaos": ((str, Mapping, type(None)), 'a level, such as "high"'),
}


def options_from(words: Mapping[str, object]) -> Options:
    """Check words and make options of them; the values are checked further when the fake is made.

    Raises:
        ValueError: an unknown word, or a value of the wrong kind; the message names it.
    """
    for word, value in words.items():
        if word not in WORDS:
            from fakejobs.model.units import did_you_mean

            raise ValueError(f"{word}: unknown option{did_you_mean(word, WORDS)}")
        kinds, allowed = _KINDS[word]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            got = "" if word == "tokens" else f", not {value!r}"
            raise ValueError(f"{word}: give {allowed}{got}")
    return Options(**words)  # type: ignore[arg-type]  # the kinds were checked
