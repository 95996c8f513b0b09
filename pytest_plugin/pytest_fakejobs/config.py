"""The options of a fake, from the marker, the command line and the ini file. The nearest wins, word by word, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from fakejobs.handle import FakeJobs
    from fakejobs.options import Options

USED: pytest.StashKey[list[FakeJobs]] = pytest.StashKey()
"""Of a test: the fakes that its fixtures have opened."""

RAISED: pytest.StashKey[BaseException] = pytest.StashKey()
"""Of a test: what it failed with."""


class Word(NamedTuple):
    """One option: its name, what a value looks like, and what it means."""

    name: str
    metavar: str
    help: str


WORDS = (
    Word("seed", "NUMBER", "what ids, delays and metrics are drawn from [0]"),
    Word(
        "api",
        "DATE",
        "as of which day the API is: a date such as 2026-05-01, latest, or auto: the newest that each client can read [latest]",
    ),
    Word("user", "NAME", "who is logged in [fake-user]"),
    Word(
        "orgs", "NAMES", "organisations of which the user is an admin, separated by spaces or commas [none]"
    ),
    Word("start", "INSTANT", 'the first instant, such as 2026-01-01T00:00:00Z (the default), or "now"'),
    Word(
        "auto_tick",
        "LENGTH",
        "how far a repeated read of an unfinished job moves time, such as 10s [off; 10s over sockets]",
    ),
    Word(
        "network",
        "HOSTS",
        'what else may be called: "block", "localhost", or hosts, separated by spaces or commas [block]',
    ),
    Word("scenario", "FILE", "a TOML scenario file [none]"),
    Word(
        "presets",
        "NAMES",
        "what goes wrong, by name, separated by spaces or commas; fakejobs presets lists them [none]",
    ),
    Word("chaos", "LEVEL", "a mix of what goes wrong, drawn from the seed: low, medium or high [none]"),
    Word(
        "strict",
        "true|false",
        "fail on jobs still running, rules that never matched, and jobs that no rule matched [false]",
    ),
)
"""What the command line (``--fakejobs-seed``) and the ini file (``fakejobs_seed``) know; the marker knows them as ``seed``."""

MARKER_LINE = (
    f"fakejobs({', '.join(f'{word.name}=...' for word in WORDS)}): options for the fixtures fakejobs and fakejobs_server. "
    + "; ".join(f"{word.name}: {word.help}" for word in WORDS)
    + '. Example: @pytest.mark.fakejobs(user="ada", orgs=["acme"], strict=True)'
)


def add_options(parser: pytest.Parser) -> None:
    """Add all options to the command line and the ini file."""
    group = parser.getgroup("fakejobs", "the Hugging Face Jobs API, offline (fakejobs)")
    for word in WORDS:
        option = f"--fakejobs-{word.name.replace('_', '-')}"
        name = f"fakejobs_{word.name}"
        if word.name == "strict":
            group.addoption(option, dest=name, action="store_const", const="true", help=word.help)
        else:
            group.addoption(option, dest=name, metavar=word.metavar, help=word.help.replace("%", "%%"))
        parser.addini(
            name, f"fixtures fakejobs and fakejobs_server: {word.help}", type="string", default=None
        )
    group.addoption(
        "--fakejobs-summary",
        dest="fakejobs_summary",
        action="store_true",
        help="say at the end how many jobs ran, virtual hours by flavor, and what they would have cost",
    )


def check_ini(config: pytest.Config) -> None:
    """Refuse an option of the ini file, or of ``-o``, that begins as ours do and is none.

    Raises:
        pytest.UsageError: there is one; it says which was probably meant.
    """
    known = [f"fakejobs_{word.name}" for word in WORDS]
    # pytest gives no list of what the file has; the attribute was public until 9.
    ini = vars(config).get("_inicfg") or vars(config).get("inicfg") or ()
    given = [*ini, *(each.partition("=")[0] for each in config.getoption("override_ini") or ())]
    for name in given:
        if name.startswith("fakejobs") and name not in known:
            from fakejobs.model.units import did_you_mean

            raise pytest.UsageError(f"{name}: unknown ini option{did_you_mean(name, known)}")


def check_marker(mark: pytest.Mark) -> None:
    """Fail the test of a marker that cannot be right."""
    from fakejobs.options import options_from

    if mark.args:
        pytest.fail(
            f"@pytest.mark.fakejobs takes keywords only, such as fakejobs(seed=1), not {mark.args[0]!r}",
            pytrace=False,
        )
    try:
        options_from(mark.kwargs)
    except ValueError as error:
        pytest.fail(f"@pytest.mark.fakejobs: {error}", pytrace=False)


def options_of(request: pytest.FixtureRequest) -> Options:
    """The options of a test.

    Raises:
        pytest.UsageError: the ini file or the command line has an impossible value.
    """
    from fakejobs.options import options_from

    given: dict[str, object] = {}
    for word in WORDS:
        name = f"fakejobs_{word.name}"
        for where, text in (
            (f"--{name.replace('_', '-')}", request.config.getoption(name)),
            (name, request.config.getini(name)),
        ):
            if text:
                given[word.name] = _read(word, text, where, request.config)
                break
    for mark in reversed(list(request.node.iter_markers("fakejobs"))):
        given.update(_beside(mark.kwargs, request))
    return options_from(given)


def again(request: pytest.FixtureRequest, seed: int) -> str:
    """The command that runs this test again with the same options; those of markers are in the test.

    Args:
        seed: the one that holds, wherever it is from.
    """
    test = str(request.config.cwd_relative_nodeid(request.node.nodeid))
    command = ["pytest", test, f"--fakejobs-seed={seed}"]
    for word in WORDS:
        text = request.config.getoption(f"fakejobs_{word.name}") or request.config.getini(
            f"fakejobs_{word.name}"
        )
        option = f"--fakejobs-{word.name.replace('_', '-')}"
        if word.name == "strict":
            command += [option] if text and _read(word, text, option, request.config) else []
        elif text and word.name != "seed":
            command.append(f"{option}={text}")
    return join(command)


def _beside(words: Mapping[str, object], request: pytest.FixtureRequest) -> dict[str, object]:
    """The words of a marker; a relative scenario file is looked for beside the test file first."""
    scenario = words.get("scenario")
    if isinstance(scenario, (str, Path)):
        beside = request.path.parent / scenario
        return {**words, "scenario": beside if beside.exists() else scenario}
    return dict(words)


def _read(word: Word, text: str, where: str, config: pytest.Config) -> object:
    if word.name == "seed":
        try:
            return int(text)
        except ValueError:
            raise pytest.UsageError(f"{where}: give a whole number, not {text!r}") from None
    if word.name == "strict":
        choices = {
            "true": True,
            "yes": True,
            "1": True,
            "on": True,
            "false": False,
            "no": False,
            "0": False,
            "off": False,
        }
        if text.lower() not in choices:
            raise pytest.UsageError(f"{where}: give true or false, not {text!r}")
        return choices[text.lower()]
    if word.name in ("orgs", "presets"):
        return text.replace(",", " ").split()
    if word.name == "network" and text not in ("block", "localhost"):
        return text.replace(",", " ").split()
    if word.name == "scenario":
        return config.rootpath / text
    return text
