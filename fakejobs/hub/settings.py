"""What makes one hub differ from another, and stays the same as long as its store lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from fakejobs.model.api_dates import LATEST, api_from
from fakejobs.model.billing import dollars, micro_from
from fakejobs.model.flavors import Hardware, hardware
from fakejobs.model.identity import Identity
from fakejobs.model.identity_words import identity_from, identity_to
from fakejobs.model.quirks import Quirks, quirks_from, quirks_to
from fakejobs.model.rate_limits import RateLimit, rate_limit_from, rate_limit_to
from fakejobs.model.units import did_you_mean

WORDS = ("seed", "api", "quirks", "users", "orgs", "tokens", "flavors", "namespaces", "rate_limit")


class GroupLimit(NamedTuple):
    """What a resource group may spend in a month.

    Attributes:
        namespace: the name of its organisation.
        micro_usd: micro-dollars.
    """

    namespace: str
    micro_usd: int


@dataclass(frozen=True)
class Settings:
    """The settings of a hub.

    Attributes:
        seed: what every draw depends on.
        api: as of which day the API is served: an ISO date, ``latest``, or ``auto`` (`fakejobs.wire.dialects`).
        quirks: undocumented behaviours.
        identity: users, organisations and tokens.
        profiles: changed simulation profiles by flavor, as `fakejobs.model.flavors.hardware` takes them.
        namespaces: what namespaces may do, by name: ``running``, how many jobs may run at once; ``credits``, dollars that they have from
            the instant at which this is said.
        rate_limit: how often callers may call; None: as often as they like.
    """

    seed: int = 0
    api: str = LATEST
    quirks: Quirks = field(default_factory=Quirks)
    identity: Identity = field(default_factory=Identity)
    profiles: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    namespaces: Mapping[str, Mapping[str, int | float]] = field(default_factory=dict)
    rate_limit: RateLimit | None = None

    @cached_property
    def running_limits(self) -> Mapping[str, int]:
        """How many jobs may run at once, by namespace; of those that have a limit."""
        return {name: int(words["running"]) for name, words in self.namespaces.items() if "running" in words}

    @cached_property
    def credits(self) -> Mapping[str, int]:
        """What namespaces have to begin with, in micro-dollars; of those whose credits are limited."""
        return {
            name: micro_from(words["credits"])
            for name, words in self.namespaces.items()
            if "credits" in words
        }

    @cached_property
    def group_limits(self) -> Mapping[str, GroupLimit]:
        """What resource groups may spend, by their id; of those that have a limit."""
        return {
            group.id: GroupLimit(org.name, group.limit)
            for org in self.identity.orgs
            for group in org.groups
            if group.limit is not None
        }

    @property
    def flavors(self) -> Hardware:
        """The hardware by name, in the Hub's order."""
        return hardware(self.profiles)

    @cached_property
    def words(self) -> dict[str, object]:
        """The same as `settings_from` reads it; of tokens, digests only. Not to be changed."""
        return settings_to(self)


def settings_from(words: Mapping[str, object]) -> Settings:
    """Read settings as a scenario file has them; what is not given is by default.

    Raises:
        ValueError: an unknown word or an impossible value; the message names it.
    """
    for word in words:
        if word not in WORDS:
            raise ValueError(f"{word}: unknown word{did_you_mean(word, WORDS)}")
    seed = words.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int) or not -(2**63) <= seed < 2**63:
        raise ValueError("seed: give a whole number of at most 64 bits")
    identity = identity_from({key: words[key] for key in ("users", "orgs", "tokens") if key in words})
    return Settings(
        seed=seed,
        api=api_from(words.get("api", LATEST)),
        quirks=quirks_from(_table(words, "quirks")),
        identity=identity,
        profiles=_profiles(_table(words, "flavors")),
        namespaces=_namespaces(_table(words, "namespaces"), identity.namespaces()),
        rate_limit=rate_limit_from(words.get("rate_limit", False)),
    )


def settings_to(settings: Settings) -> dict[str, object]:
    """The settings as `settings_from` reads them; of tokens, digests only."""
    return {
        "seed": settings.seed,
        "api": settings.api,
        "quirks": quirks_to(settings.quirks),
        **identity_to(settings.identity),
        "flavors": {name: dict(profile) for name, profile in settings.profiles.items()},
        "namespaces": {name: dict(each) for name, each in settings.namespaces.items()},
        "rate_limit": rate_limit_to(settings.rate_limit),
    }


def _table(words: Mapping[str, object], word: str) -> Mapping[str, object]:
    value = words.get(word, {})
    if not isinstance(value, Mapping):
        raise ValueError(f"{word}: give a table")
    return value


def _profiles(flavors: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    profiles: dict[str, Mapping[str, object]] = {}
    for name, profile in flavors.items():
        if not isinstance(profile, Mapping):
            raise ValueError(f"flavors.{name}: give a table")
        profiles[name] = profile
    hardware(profiles)  # names what is wrong
    return profiles


def _namespaces(tables: Mapping[str, object], known: Sequence[str]) -> dict[str, Mapping[str, int | float]]:
    namespaces: dict[str, Mapping[str, int | float]] = {}
    for name, table in tables.items():
        if name not in known:
            raise ValueError(f"namespaces.{name}: no such user or organisation{did_you_mean(name, known)}")
        if not isinstance(table, Mapping):
            raise ValueError(f"namespaces.{name}: give a table, such as {{ running = 2 }}")
        namespaces[name] = {
            word: _namespace_word(f"namespaces.{name}.{word}", word, each) for word, each in table.items()
        }
    return namespaces


def _namespace_word(where: str, word: str, value: object) -> int | float:
    if word == "running":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
            raise ValueError(f"{where}: give a whole number of jobs, from 0 to 1000000")
        return value
    if word == "credits":
        try:
            return float(dollars(micro_from(value)))
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    raise ValueError(f"{where}: unknown word; there are: running, credits")
