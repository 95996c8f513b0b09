"""`--preset` and `--chaos` of the real commands."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fakejobs.cli import main
from fakejobs.model.chaos import chaos
from fakejobs.model.presets import PRESETS, page
from fakejobs.remote import RemoteHub
from tests.support.programs import run_program
from tests.support.server import serving

ASKS = """
from http.client import HTTPConnection
import os
host = os.environ["HF_ENDPOINT"].removeprefix("http://")
seen = []
for _ in range(12):
    connection = HTTPConnection(host)
    try:
        connection.request("GET", "/api/jobs/fake-user", headers={"Authorization": "Bearer x"})
        seen.append(connection.getresponse().status)
    except Exception as error:
        seen.append(type(error).__name__)
print(*seen)
"""


def fakejobs(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fakejobs", *arguments]
    return run_program(command)


def test_presets_are_listed() -> None:
    printed = CliRunner().invoke(main, ["presets"])
    assert (printed.exit_code, printed.output) == (0, page())
    assert all(f"## {name}\n" in printed.output for name in PRESETS)


def test_serve_has_them_and_a_restart_too(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text('presets = ["metrics_broken"]\n\n[[rules]]\nwhen = {}\nthen = { oom = true }\n')
    db = ("--db", str(tmp_path / "hub.db"))
    words = ("--preset", "stream_drop: cut_after = 9, times = 3", "--preset", "never_ends", "--chaos", "low")
    with serving(tmp_path, *db, "--scenario", str(scenario), *words, "--seed", "7") as server:
        hub = RemoteHub(server.url)
        sources = [each["source"] for each in hub.faults()]
        assert sources[:2] == ["preset metrics_broken of the scenario", "preset stream_drop of the scenario"]
        assert hub.faults()[1]["words"]["cut_after"] == 9
        assert [each["source"] for each in hub.rules()] == [
            *("scenario", "preset never_ends of the scenario", "chaos")
        ]
        assert hub.call("GET", "/chaos") == as_json(7, "low")
        assert "(seed 7, speed 1, chaos low, " in server.output
        server.stop()
    with serving(tmp_path, *db) as server:
        hub = RemoteHub(server.url)
        assert [each["source"] for each in hub.faults()] == sources
        server.stop()
    # Without a scenario, its rules stay; the presets are those of the command line.
    with serving(tmp_path, *db, "--preset", "never_ends") as server:
        hub = RemoteHub(server.url)
        assert [each["source"] for each in (*hub.rules(), *hub.faults())] == [
            *("scenario", "preset never_ends of the scenario")
        ]
        server.stop()


def as_json(seed: int, level: str) -> dict[str, object]:
    drawn = chaos(seed, level)
    return {
        "seed": seed,
        "level": level,
        "presets": [{"name": name, **words} for name, words in drawn.presets],
        "outcomes": list(drawn.outcomes),
    }


def test_exec_says_what_went_wrong_and_how_to_repeat_it(tmp_path: Path) -> None:
    (tmp_path / "asks a lot.py").write_text(ASKS)
    presets = ("--preset", "flaky_submit", "--preset", "logged_out: times = 2")
    command = (sys.executable, str(tmp_path / "asks a lot.py"))
    first = fakejobs("exec", "--seed", "3", *presets, "--chaos", "high", "--", *command)
    assert "401" in first.stdout
    said = first.stderr.splitlines()
    assert "fakejobs: faults:" in said
    assert any(
        line.startswith("fakejobs:   fault 2: ") and "times=2: fired on 2 of " in line for line in said
    )
    assert any(line.startswith("fakejobs: chaos: level high, seed 3, that is: ") for line in said)
    start = "fakejobs: to repeat this: fakejobs "
    (line,) = [line.removeprefix(start) for line in said if line.startswith(start)]
    again = fakejobs(*shlex.split(line))
    assert (again.stdout, again.stderr) == (first.stdout, first.stderr)


def test_exec_of_a_good_day_says_nothing_of_it() -> None:
    done = fakejobs("exec", "--preset", "stream_drop", "--", sys.executable, "-c", ASKS)
    assert done.stdout.split() == ["200"] * 12
    assert done.stderr == "fakejobs: no jobs\n"


def test_exec_with_time_that_runs_has_them_too() -> None:
    done = fakejobs("exec", "--speed", "60", "--preset", "no_permission", "--preset", "logged_out", "--", sys.executable, "-c", ASKS)  # fmt: skip
    assert done.stdout.split() == ["401"] * 12
    assert (
        "fakejobs: to repeat this: fakejobs exec --seed=0 --speed=60 --preset=no_permission --preset=logged_out -- "
        in done.stderr
    )


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("exec",)])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--preset", "strem_drop"), "Error: presets[0]: preset 'strem_drop': there is none (`fakejobs presets` lists all); did you mean 'stream_drop'?\n"),
        (("--preset", "stream_drop: cut_after"), "Error: preset 'stream_drop: cut_after': what follows the colon is to be words of TOML ("),
        (("--preset", "stream_drop: cut_afer = 1"), "preset stream_drop: cut_afer: unknown word; did you mean 'cut_after'?\n"),
        (("--chaos", "hgih"), "Error: chaos: there is no level 'hgih'; did you mean 'high'?\n"),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_anything_is_served(
    command: tuple[str, ...], options: tuple[str, ...], said: str
) -> None:
    arguments = [*command, *options, *(["--", "true"] if command == ("exec",) else [])]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    assert said in done.output
