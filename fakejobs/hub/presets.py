"""Putting presets, and a mix of them, into a hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fakejobs.hub import faults, rules
from fakejobs.model.chaos import LABEL, Chaos, chaos
from fakejobs.model.presets import PRESETS, Preset, preset_from
from fakejobs.model.quirks import quirks_from, quirks_to
from fakejobs.store.settings import get_meta, set_meta

if TYPE_CHECKING:
    from fakejobs.hub.state import State


def add(state: State, name: str, words: Mapping[str, object], source: str | None = None) -> Preset:
    """Let a preset hold from now on.

    Raises:
        ValueError: there is no such preset, a word is not one of its own, or a value is impossible. Then nothing has changed.
    """
    preset = preset_from(name, words)
    with state.lock:
        if preset.quirks:
            quirks = quirks_from({**quirks_to(state.settings.quirks), **preset.quirks})
            state.configure(replace(state.settings, quirks=quirks))
        for when, then in preset.rules:
            rules.add(state, when, then, source or preset.label)
        for fault in preset.faults:
            faults.add(state, fault, source or preset.label)
    return preset


def put(state: State, wanted: Sequence[tuple[str, Mapping[str, object]]]) -> None:
    """Let the presets of a scenario hold, instead of those of the scenario before; the same ones stay as they are."""
    words: list[object] = [{"name": name, **its_words} for name, its_words in wanted]
    with state.lock:
        with state.look():
            kept = get_meta(state.database, _KEPT) or []
        if kept == words:
            return
        for label in {_label(name) for name in (each["name"] for each in _tables(kept))}:
            faults.delete(state, source=label)
            rules.delete(state, source=label)
        for name, its_words in wanted:
            add(state, name, its_words, _label(name))
        with state.act():
            set_meta(state.database, _KEPT, words)


_KEPT = "presets of the scenario"


def _label(name: str) -> str:
    return f"{PRESETS[name].label} of the scenario"


def _tables(kept: object) -> list[Mapping[str, str]]:
    return kept if isinstance(kept, list) else []


def add_chaos(state: State, seed: int | None, level: str) -> Chaos:
    """Draw a mix of presets and of outcomes, and let it hold from now on, instead of one of before.

    Args:
        seed: what it is drawn from; None: the hub's seed.
        level: one of `fakejobs.model.chaos.LEVELS`.

    Raises:
        ValueError: there is no such level, or the seed is impossible. Then nothing has changed.
    """
    drawn = chaos(state.settings.seed if seed is None else seed, level)
    with state.lock:
        faults.delete(state, source=LABEL)
        rules.delete(state, source=LABEL)
        rules.add(state, {}, drawn.outcomes, LABEL)
        for name, words in drawn.presets:
            add(state, name, words, LABEL)
        with state.act():
            set_meta(state.database, LABEL, {"seed": drawn.seed, "level": drawn.level})
    return drawn


def chaos_of(state: State) -> Chaos | None:
    """The mix that holds, or None."""
    with state.look():
        kept = get_meta(state.database, LABEL)
    return chaos(kept["seed"], kept["level"]) if isinstance(kept, dict) else None
