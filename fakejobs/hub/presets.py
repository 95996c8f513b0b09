"""Putting presets, and a mix of them, into a hub."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fakejobs.hub import faults, rules
from fakejobs.model.chaos import LABEL, Chaos, chaos
from fakejobs.model.job import UNCOUNTED, Job
from fakejobs.model.presets import PRESETS, Preset, preset_from
from fakejobs.model.quirks import quirks_from, quirks_to
from fakejobs.model.rules import shown
from fakejobs.store.settings import get_meta, set_meta

if TYPE_CHECKING:
    from fakejobs.hub.state import State

Wanted = Sequence[tuple[str, Mapping[str, object]]]
"""Presets by name, each with other words than its own."""


def add(state: State, name: str, words: Mapping[str, object]) -> Preset:
    """Let a preset hold from now on.

    Raises:
        ValueError: there is no such preset, a word is not one of its own, or a value is impossible. Then nothing has changed.
    """
    preset = preset_from(name, words)
    with state.lock:
        _configure(state, {**quirks_to(state.settings.quirks), **preset.quirks})
        _put(state, preset, preset.label)
    return preset


def put(
    state: State,
    wanted: Wanted,
    mix: tuple[str, int | None] | None = None,
    own_quirks: Collection[str] = (),
) -> None:
    """Let the presets of a scenario hold, and its chaos, instead of those of the scenario before; the same ones stay as they are.

    Args:
        wanted: the presets.
        mix: level and seed of chaos; a seed of None is the hub's.
        own_quirks: what the scenario says of quirks itself, which no preset changes.

    Raises:
        ValueError: one of them cannot be. Then nothing has changed.
    """
    made = [preset_from(name, words) for name, words in wanted]
    level, seed = mix or (None, None)
    drawn = None if level is None else chaos(state.settings.seed if seed is None else seed, level)
    presets = [{"name": name, "words": shown(words)} for name, words in wanted]
    mixed = None if drawn is None else [drawn.level, drawn.seed]
    with state.lock:
        with state.look():
            kept = get_meta(state.database, _KEPT)
        before = kept if isinstance(kept, dict) else {"presets": [], "chaos": None}
        names = [str(each["name"]) for each in before["presets"]]
        _change_quirks(state, names, made, own_quirks)
        if before["presets"] != presets:
            for name in names:
                _forget(state, _label(name))
            for preset in made:
                _put(state, preset, _label(preset.name))
        if before["chaos"] != mixed:
            there = chaos_of(state)
            if drawn is not None:
                _mix(state, drawn)
            elif there is not None and [there.level, there.seed] == before["chaos"]:
                delete_chaos(state)
        now = {"presets": presets, "chaos": mixed}
        if now != before:
            with state.act():
                set_meta(state.database, _KEPT, now)


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
        _mix(state, drawn)
    return drawn


def delete_chaos(state: State) -> None:
    """Let no mix hold any more. Jobs that were submitted meanwhile keep their fate."""
    with state.lock:
        _forget(state, LABEL)


def chaos_of(state: State) -> Chaos | None:
    """The mix that holds, or None."""
    if not any(rule.source == LABEL for rule in state.rules):
        return None
    with state.look():
        kept = get_meta(state.database, LABEL)
    return chaos(kept["seed"], kept["level"]) if isinstance(kept, dict) else None


def fate_of(state: State, job: Job) -> Mapping[str, object]:
    """What the mix that holds has drawn for a job, as words of ``then``; what its own rule says goes before them.

    Args:
        job: one that was submitted, or brought about by a schedule or a webhook.
    """
    rule = next((rule for rule in state.rules if rule.source == LABEL), None)
    if rule is None:
        return {}
    with state.look():
        kept = get_meta(state.database, LABEL)
    assert isinstance(kept, dict)
    was_there = job.plan.created <= kept["at"] if job.number == UNCOUNTED else job.number <= kept["jobs"]
    return {} if was_there else rule.then_at(rule.drawn_index(state.settings.seed, job.order_key))


_KEPT = "presets and chaos of the scenario"


def _label(name: str) -> str:
    return f"preset {name} of the scenario"


def _put(state: State, preset: Preset, label: str) -> None:
    for when, then in preset.rules:
        rules.add(state, when, then, label)
    for fault in preset.faults:
        faults.add(state, fault, label)


def _forget(state: State, label: str) -> None:
    faults.delete(state, source=label)
    rules.delete(state, source=label)


def _mix(state: State, drawn: Chaos) -> None:
    _forget(state, LABEL)
    rules.add(state, {}, drawn.outcomes, LABEL)
    for name, words in drawn.presets:
        _put(state, preset_from(name, words), LABEL)
    with state.act() as now:
        jobs = get_meta(state.database, "jobs") or 0
        set_meta(state.database, LABEL, {"seed": drawn.seed, "level": drawn.level, "jobs": jobs, "at": now})


def _change_quirks(
    state: State, before: Iterable[str], made: Iterable[Preset], own_quirks: Collection[str]
) -> None:
    """Let quirks be what presets say, and those of presets that are gone the default again."""
    quirks = dict(quirks_to(state.settings.quirks))
    for name in before:
        for quirk, value in PRESETS[name].quirks.items() if name in PRESETS else ():
            if quirk not in own_quirks and quirks.get(quirk) == value:
                del quirks[quirk]
    for preset in made:
        quirks.update({quirk: each for quirk, each in preset.quirks.items() if quirk not in own_quirks})
    _configure(state, quirks)


def _configure(state: State, quirks: Mapping[str, object]) -> None:
    changed = quirks_from(quirks)
    if changed != state.settings.quirks:
        state.configure(replace(state.settings, quirks=changed))
