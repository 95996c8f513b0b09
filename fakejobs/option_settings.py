"""The settings of a test's hub, from its options and a scenario file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from fakejobs.hub.settings import Settings, settings_from
from fakejobs.model.api_dates import LATEST
from fakejobs.options import Options
from fakejobs.scenario import Scenario


def settings_of(options: Options, scenario: Scenario) -> Settings:
    """The settings of a hub: a scenario's, unless the options say otherwise.

    Raises:
        ValueError: a word that is unknown, or a value that is impossible; the message names it.
    """
    if not scenario.settings and not options.quirks and options.credits is None:
        names = tuple(each for each in options.orgs if isinstance(each, str))
        if len(names) == len(options.orgs) and not options.users and not options.tokens:
            return _plain_settings(options.seed, options.api or LATEST, options.user, names)
    return settings_from(_words(options, scenario))


@lru_cache(maxsize=16)
def _plain_settings(seed: int, api: str, user: str, orgs: tuple[str, ...]) -> Settings:
    # Most tests of a suite have the same.
    return settings_from({"seed": seed, "api": api, "users": [user], "orgs": list(orgs)})


def _words(options: Options, scenario: Scenario) -> dict[str, object]:
    """The words of the hub's settings: a scenario's, unless the options say otherwise."""
    default = Options()
    words: dict[str, object] = {"seed": options.seed, "users": [options.user], "orgs": list(options.orgs)}
    words.update(scenario.settings)
    if options.seed != default.seed:
        words["seed"] = options.seed
    if options.api is not None:
        words["api"] = options.api
    if options.user != default.user:
        others = [each for each in _list(scenario.settings.get("users")) if _name(each) != options.user]
        same = [each for each in _list(scenario.settings.get("users")) if _name(each) == options.user]
        words["users"] = [*(same or [options.user]), *others]
    if options.orgs:
        words["orgs"] = list(options.orgs)
    if options.users:
        users = _list(words["users"])
        there = [_name(each) for each in users]
        words["users"] = [*users, *(each for each in options.users if _name(each) not in there)]
    if options.tokens:
        words["tokens"] = list(options.tokens)
    quirks = scenario.settings.get("quirks")
    if options.credits is not None:
        known = scenario.settings.get("namespaces")
        namespaces = dict(known) if isinstance(known, Mapping) else {}
        user = _name(_list(words["users"])[0])
        words["namespaces"] = {**namespaces, user: {**namespaces.get(user, {}), "credits": options.credits}}
    words["quirks"] = {**(quirks if isinstance(quirks, Mapping) else {}), **options.quirks}
    return words


def token_among(options: Options, scenario: Scenario) -> str | None:
    """The token of a test, if tokens are configured: no other is accepted then, and the first is the one that is logged in."""
    tokens = _list(options.tokens or scenario.settings.get("tokens"))
    return (
        str(tokens[0]["token"])
        if tokens and isinstance(tokens[0], Mapping) and "token" in tokens[0]
        else None
    )


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _name(user: object) -> object:
    return user.get("name") if isinstance(user, Mapping) else user
