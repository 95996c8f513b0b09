"""Scenario files: settings, clock, rules and jobs of a hub, in TOML. And opening a hub with one."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from fakejobs.clock import Anchor, source_ms
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import WORDS, settings_from, settings_to
from fakejobs.model.chaos import chaos_from
from fakejobs.model.faults import fault_from
from fakejobs.model.identity import Caller, Token
from fakejobs.model.job import JobAt
from fakejobs.model.outcomes import Then
from fakejobs.model.past import past_job_from, past_schedule_from
from fakejobs.model.presets import OF_THE_PRESET, named
from fakejobs.model.quirks import Quirks
from fakejobs.model.refusal import Refusal
from fakejobs.model.rules import rule_from
from fakejobs.model.times import from_iso
from fakejobs.model.units import did_you_mean, short
from fakejobs.model.webhooks import Webhook
from fakejobs.store.database import is_new_file
from fakejobs.web.webhooks import change_of
from fakejobs.wire.decode import Invalid, WebhookBody, read_webhook
from fakejobs.wire.validate import one_line

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CLOCK_WORDS = ("start", "speed", "frozen")

# What tomllib keeps of a dotted key grows with the square of its parts: 100 MB for one of 5,000. No scenario needs more than five.
_KEY_LIMIT = 64
_LONG_KEY = re.compile(
    rf"""(?<![\w.-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){{{_KEY_LIMIT}}}""", re.ASCII
)


class ScenarioError(ValueError):
    """A scenario file cannot be used; the message names the file and the place."""


@dataclass(frozen=True)
class Scenario:
    """What a scenario file says.

    Attributes:
        settings: the words of `fakejobs.hub.settings.settings_from` that it has.
        rules: its rules, oldest first, as (when, then).
        jobs: jobs from the past, each as the words of `FakeHub.add_job`.
        start: the hub's first instant in milliseconds; None: now.
        speed: simulated seconds per second; None: not said.
        frozen: whether time stands still; None: not said.
        faults: what goes wrong, each as the words of `FakeHub.fault`, oldest first.
        webhooks: each as the body that makes one, and ``user``, by default the first.
        presets: presets, each with words of its own.
        chaos: level and seed of a mix; a seed of None is the hub's.
        partial: whether it is of options only, and says nothing of the rules and faults that a file before it had.
        scheduled_jobs: scheduled jobs, perhaps from the past, each as the words of `FakeHub.add_scheduled_job`.
    """

    settings: Mapping[str, object] = field(default_factory=dict)
    rules: tuple[tuple[Mapping[str, object], Then], ...] = ()
    jobs: tuple[Mapping[str, object], ...] = ()
    start: int | None = None
    speed: float | None = None
    frozen: bool | None = None
    faults: tuple[Mapping[str, object], ...] = ()
    webhooks: tuple[Mapping[str, object], ...] = ()
    scheduled_jobs: tuple[Mapping[str, object], ...] = ()
    presets: tuple[tuple[str, Mapping[str, object]], ...] = ()
    chaos: tuple[str, int | None] | None = None
    partial: bool = False


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file.

    Raises:
        ScenarioError: there is no such file, it is no TOML, or it has an unknown word or an impossible value.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        if long := _LONG_KEY.search(text):
            line = text.count("\n", 0, long.start()) + 1
            raise ValueError(f"a key of more than {_KEY_LIMIT} parts (at line {line})")
        return scenario_from(tomllib.loads(text))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not UTF-8") from None
    except RecursionError:
        raise ScenarioError(f"{path}: nested too deeply") from None
    except ValueError as error:  # tomllib's errors are ValueErrors too, with line and column
        raise ScenarioError(f"{path}: {error}") from None


def scenario_from(words: Mapping[str, object]) -> Scenario:
    """Check the contents of a scenario file.

    Raises:
        ValueError: an unknown word or an impossible value; the message names it.
    """
    known = (
        *WORDS,
        *CLOCK_WORDS,
        "rules",
        "jobs",
        "faults",
        "webhooks",
        "scheduled_jobs",
        "presets",
        "chaos",
    )
    for word in words:
        if word not in known:
            raise ValueError(f"{word}: unknown word{did_you_mean(word, known)}")
    settings = {word: words[word] for word in WORDS if word in words}
    read = settings_from(settings)
    speed, frozen = words.get("speed"), words.get("frozen")
    if speed is not None and (
        isinstance(speed, bool) or not isinstance(speed, (int, float)) or not 0 < speed <= 1e6
    ):
        raise ValueError("speed: give a number above 0, at most 1000000; to stop time, frozen = true")
    if frozen is not None and not isinstance(frozen, bool):
        raise ValueError("frozen: give true or false")
    scenario = Scenario(
        settings,
        _rules(words.get("rules", [])),
        _jobs(words.get("jobs", [])),
        _start(words.get("start")),
        speed,
        frozen,
        _faults(words.get("faults", [])),
        webhooks=_webhooks(words.get("webhooks", []), read.quirks),
        scheduled_jobs=_scheduled_jobs(words.get("scheduled_jobs", []), read.quirks),
    )
    return with_presets(scenario, words.get("presets", []), words.get("chaos"))


def with_presets(scenario: Scenario | None, presets: object, chaos: object = None) -> Scenario:
    """A scenario with more presets than its own, and with chaos; both as a file has them.

    Raises:
        ValueError: there is no such preset or level, or a word is impossible; the message names it.
    """
    scenario = Scenario(partial=True) if scenario is None else scenario
    return replace(
        scenario,
        presets=(*scenario.presets, *named(presets)),
        chaos=scenario.chaos if chaos is None else chaos_from(chaos),
    )


def preset_of_text(text: str) -> Mapping[str, object]:
    """Read a preset as the command line has it: ``stream_drop``, or ``stream_drop: cut_after = 10, times = 3``.

    Raises:
        ValueError: what follows the colon is no TOML; the message says where.
    """
    name, _, toml = text.partition(":")
    try:
        words = tomllib.loads(f"words = {{ {toml} }}")["words"]
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"preset {text!r}: what follows the colon is to be words of TOML ({error})"
        ) from None
    if "name" in words:
        raise ValueError(f"preset {name.strip()}: name: {OF_THE_PRESET}")
    return {"name": name.strip(), **words}


def put_presets(hub: FakeHub, scenario: Scenario, quirks: Mapping[str, object] | None = None) -> None:
    """Let the presets and the chaos of a scenario hold in a hub.

    Args:
        quirks: those that no preset changes, besides the scenario's own.
    """
    own = scenario.settings.get("quirks")
    hub.put_presets(
        scenario.presets, scenario.chaos, {*(own if isinstance(own, Mapping) else ()), *(quirks or ())}
    )


def open_hub(
    path: str = ":memory:",
    *,
    scenario: Scenario | None = None,
    seed: int | None = None,
    api: str | None = None,
    speed: float | None = None,
) -> FakeHub:
    """Open the hub of a database, with a scenario put on top.

    A new database takes everything from the scenario. One that exists keeps its jobs, its clock and the rules that were added
    while it ran; the scenario replaces the settings that it has, and the rules that came from a scenario before if its own
    are others. Its jobs are put there once, into a new database.

    Args:
        path: the database file, or ``":memory:"``.
        scenario: what a scenario file says.
        seed: instead of the scenario's.
        api: instead of the scenario's.
        speed: instead of the scenario's.

    Raises:
        DatabaseUnusable: the file cannot be used.
        ValueError: another seed than the one that the file's jobs were made with, or a job of the scenario that cannot be.
    """
    new = is_new_file(path)
    given = scenario
    rules = None if scenario is None or scenario.partial else scenario.rules
    scenario = scenario or Scenario()
    words = dict(scenario.settings)
    if seed is not None:
        words["seed"] = seed
    if api is not None:
        words["api"] = api
    speed = scenario.speed if speed is None else speed
    now = source_ms()
    anchor = Anchor(
        at=now if scenario.start is None else scenario.start,
        source=now,
        speed=1.0 if speed is None else speed,
        frozen=bool(scenario.frozen),
    )
    hub = FakeHub(path, anchor=anchor)
    try:
        if words:
            hub.configure(settings_from({**settings_to(hub.settings), **words}))
        kept = tuple((rule.when, rule.then) for rule in hub.rules() if rule.source == "scenario")
        # The same rules stay where they are: as new ones, they would win over those that were added meanwhile.
        if rules is not None and rules != kept:
            hub.delete_rules(source="scenario")
            for when, then in rules:
                hub.add_rule(when, then, source="scenario")
        kept_faults = tuple(each.words for each in hub.faults() if each.source == "scenario")
        if given is not None and not given.partial and given.faults != kept_faults:
            hub.delete_faults(source="scenario")
            add_faults(hub, given)
        if given is not None:
            put_presets(hub, given)
        if new:
            add_jobs(hub, scenario)
            add_scheduled_jobs(hub, scenario)
            add_webhooks(hub, scenario)
        if speed is not None and speed != hub.clock.speed:
            hub.clock.run_at(speed)
    except BaseException:
        hub.close()
        raise
    return hub


def add_jobs(hub: FakeHub, scenario: Scenario) -> list[JobAt]:
    """Put the jobs of a scenario there; returns them.

    Raises:
        ValueError: one of them cannot be; the message says which.
    """
    return [_add_job(hub, index, words) for index, words in enumerate(scenario.jobs)]


def add_scheduled_jobs(hub: FakeHub, scenario: Scenario) -> None:
    """Put the scheduled jobs of a scenario there.

    Raises:
        ValueError: one of them cannot be; the message says which.
    """
    for index, words in enumerate(scenario.scheduled_jobs):
        _add_scheduled_job(hub, index, words)


def _add_scheduled_job(hub: FakeHub, index: int, words: Mapping[str, object]) -> None:
    try:
        hub.add_scheduled_job(**words)
    except ValueError as error:
        raise ValueError(f"scheduled_jobs[{index}].{error}") from None


def _scheduled_jobs(value: object, quirks: Quirks) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list):
        raise ValueError('scheduled_jobs: give [[scheduled_jobs]] tables, such as schedule = "@daily"')
    for index, words in enumerate(value):
        if not isinstance(words, Mapping):
            raise ValueError(f"scheduled_jobs[{index}]: give a table")
        try:
            past_schedule_from(words, quirks.cron_sixth)
        except ValueError as error:
            raise ValueError(f"scheduled_jobs[{index}].{error}") from None
    return tuple(value)


def add_webhooks(hub: FakeHub, scenario: Scenario) -> list[Webhook]:
    """Make the webhooks of a scenario; returns them.

    Raises:
        ValueError: one of them cannot be; the message says which.
    """
    return [_add_webhook(hub, index, words) for index, words in enumerate(scenario.webhooks)]


def _add_webhook(hub: FakeHub, index: int, words: Mapping[str, object]) -> Webhook:
    users = {user.name: user for user in hub.settings.identity.users}
    name = words.get("user", next(iter(users)))
    if name not in users:
        raise ValueError(f"webhooks[{index}].user: no user {short(name)}{did_you_mean(str(name), users)}")
    try:
        caller = Caller(users[str(name)], Token("", str(name)))
        return hub.add_webhook(caller, change_of(_webhook_body(words, hub.settings.quirks)))
    except Refusal as refusal:
        raise ValueError(f"webhooks[{index}]: {refusal.message}") from None


def _webhook_body(words: Mapping[str, object], quirks: Quirks) -> WebhookBody:
    # Through JSON, so that what TOML has and JSON does not (dates, for one) is refused like anything else.
    body = json.loads(json.dumps({word: each for word, each in words.items() if word != "user"}, default=str))
    return read_webhook(body, quirks, new=True)


def _webhooks(value: object, quirks: Quirks) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list):
        raise ValueError("webhooks: give [[webhooks]] tables, with `watched`, `domains` and `job`")
    for index, words in enumerate(value):
        if not isinstance(words, Mapping):
            raise ValueError(f"webhooks[{index}]: give a table")
        try:
            _webhook_body(words, quirks)
        except Invalid as error:
            raise ValueError(f"webhooks[{index}]: {one_line(error.found)}") from None
    return tuple(value)


def add_faults(hub: FakeHub, scenario: Scenario) -> None:
    """Let go wrong what a scenario says."""
    for words in scenario.faults:
        hub.add_fault(words, source="scenario")


def _add_job(hub: FakeHub, index: int, words: Mapping[str, object]) -> JobAt:
    try:
        return hub.add_job(**words)
    except ValueError as error:
        raise ValueError(f"jobs[{index}].{error}") from None


def _jobs(value: object) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list):
        raise ValueError('jobs: give [[jobs]] tables, such as stage = "ERROR" and age = "90m"')
    for index, words in enumerate(value):
        if not isinstance(words, Mapping):
            raise ValueError(f"jobs[{index}]: give a table")
        try:
            past_job_from(words)
        except ValueError as error:
            raise ValueError(f"jobs[{index}].{error}") from None
    return tuple(value)


def _faults(value: object) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list):
        raise ValueError('faults: give [[faults]] tables, such as status = 503 and path = "/api/jobs/*"')
    for index, words in enumerate(value):
        if not isinstance(words, Mapping):
            raise ValueError(f"faults[{index}]: give a table")
        try:
            fault_from(0, words)
        except ValueError as error:
            raise ValueError(f"faults[{index}].{error}") from None
    return tuple(value)


def _rules(value: object) -> tuple[tuple[Mapping[str, object], Then], ...]:
    if not isinstance(value, list):
        raise ValueError("rules: give [[rules]] tables with `when` and `then`")
    rules: list[tuple[Mapping[str, object], Then]] = []
    for index, each in enumerate(value):
        where = f"rules[{index}]"
        if not isinstance(each, Mapping):
            raise ValueError(f"{where}: give a table with `when` and `then`")
        for word in each:
            if word not in ("when", "then"):
                raise ValueError(f"{where}.{word}: unknown word{did_you_mean(word, ('when', 'then'))}")
        when, then = each.get("when", {}), each.get("then", {})
        if not isinstance(when, Mapping) or not isinstance(then, (Mapping, list)):
            raise ValueError(f"{where}: `when` is a table, and `then` a table or a list of tables")
        try:
            rule_from(0, when, then)
        except ValueError as error:
            raise ValueError(f"{where}.{error}") from None
        rules.append((when, then))
    return tuple(rules)


def _start(value: object) -> int | None:
    if value is None or value == "now":
        return None
    try:
        if isinstance(value, str) and (instant := from_iso(value)) >= 0:
            return instant
    except ValueError:
        pass
    raise ValueError(
        'start: give "now" or an instant in UTC, from 1970 on, such as "2026-01-01T00:00:00Z" (in quotes)'
    )
