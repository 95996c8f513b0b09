"""Chaos: a mix of what goes wrong, drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fakejobs.model.draws import draw
from fakejobs.model.units import did_you_mean, short

LEVELS = ("low", "medium", "high")
"""How much goes wrong: what a retry mends; also what it does not; nearly everything."""

LABEL = "chaos"
"""The ``source`` of its faults and rules in a hub."""

_MOSTLY: Mapping[str, float] = {"low": 0.08, "medium": 0.15, "high": 0.3}
"""How likely a drawn preset is to happen to a request that it is for."""

_HOW_MANY: Mapping[str, int] = {"low": 3, "medium": 6, "high": 10}
"""How many presets are drawn."""

_POOL: Mapping[str, tuple[str, ...]] = {
    "low": ("flaky_submit", "flaky_reads", "slow_hub", "stream_drop", "rate_limited"),
    "medium": ("stream_stall", "stream_ends_early", "torn_answer", "lost_answer", "metrics_broken"),
    "high": ("lost_lines", "hub_down", "unreachable", "no_credits", "logged_out"),
}
"""The presets that may be drawn from that level on."""

_ONCE = ("hub_down", "unreachable")
"""Presets of the Hub as a whole: they happen once, after some requests."""

_DRAWN = 30
"""How many fates are drawn; each job then draws one of these."""

_FATES: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "low": ({"status_lag": "10s"}, {"scheduling": "20m"}),
    "medium": ({"status_lag": "30s"}, {"scheduling": "6h"}, {"oom": True, "running": "3m"}),
    "high": ({"image_pull_error": True}, {"running": "forever"}, {"exit_code": 1, "running": "1m"}),
}
"""What may become of a job from that level on, unless a rule of the test says what does."""


@dataclass(frozen=True)
class Chaos:
    """What was drawn.

    Attributes:
        seed: from which.
        level: how much.
        presets: presets with their words.
        outcomes: what may become of a job: each job draws one of them, and most say nothing.
    """

    seed: int
    level: str
    presets: tuple[tuple[str, Mapping[str, object]], ...]
    outcomes: tuple[Mapping[str, object], ...]


def chaos(seed: int, level: str = "medium") -> Chaos:
    """Draw a mix; the same of the same seed and level.

    Raises:
        ValueError: there is no such level, or the seed is no whole number of 64 bits.
    """
    if level not in LEVELS:
        raise ValueError(f"chaos: there is no level {short(level)}{did_you_mean(str(level), LEVELS)}")
    if isinstance(seed, bool) or not isinstance(seed, int) or not -(2**63) <= seed < 2**63:
        raise ValueError("chaos: seed: give a whole number of at most 64 bits")
    levels = LEVELS[: LEVELS.index(level) + 1]
    pool = [name for each in levels for name in _POOL[each]]
    order = sorted(pool, key=lambda name: draw(seed, name, f"chaos {level}", 0))
    presets = tuple(
        (name, _words(seed, level, name)) for name in sorted(order[: _HOW_MANY[level]], key=pool.index)
    )
    fates: list[Mapping[str, object]] = [fate for each in levels for fate in _FATES[each]]
    outcomes = tuple(_fate(seed, level, index, fates) for index in range(_DRAWN))
    return Chaos(seed, level, presets, outcomes)


def chaos_from(value: object) -> tuple[str, int | None]:
    """Read a level and a seed, as options and scenario files have it: ``"high"``, or ``{level = "high", seed = 7}``.

    Raises:
        ValueError: it is something else; the message says what it may be.
    """
    words = {"level": value} if isinstance(value, str) else value
    if not isinstance(words, Mapping):
        raise ValueError(
            'chaos: give a level, such as "high", or a table such as { level = "high", seed = 7 }'
        )
    for word in words:
        if word not in ("level", "seed"):
            raise ValueError(f"chaos.{word}: unknown word{did_you_mean(str(word), ('level', 'seed'))}")
    level, seed = words.get("level", "medium"), words.get("seed")
    if not isinstance(level, str) or not isinstance(seed, (int, type(None))):
        raise ValueError("chaos: the level is a text, and the seed a whole number")
    chaos(0 if seed is None else seed, level)  # says what is wrong
    return level, seed


def _words(seed: int, level: str, name: str) -> Mapping[str, object]:
    if name in _ONCE:
        return {"after": 3 + int(draw(seed, name, f"chaos {level}", 1) * 20)}
    # Between half as likely as the level says, and one and a half times.
    likely = round(_MOSTLY[level] * (0.5 + draw(seed, name, f"chaos {level}", 1)), 3)
    # Some presets happen once; here they happen as long as there are requests.
    return {"probability": likely, "times": 1000}


def _fate(seed: int, level: str, index: int, fates: list[Mapping[str, object]]) -> Mapping[str, object]:
    if draw(seed, "job", f"chaos {level}", 2 * index) >= 2 * _MOSTLY[level]:
        return {}
    return fates[int(draw(seed, "job", f"chaos {level}", 2 * index + 1) * len(fates))]
