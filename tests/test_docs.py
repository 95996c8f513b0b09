"""The documentation is true: its examples run, and it misses nothing that there is."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fakejobs.cli import main
from fakejobs.contract.recording import KEPT_OF_REQUEST, KEPT_OF_RESPONSE
from fakejobs.contract.recording_files import REQUEST_KEYS, RESPONSE_KEYS
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import WORDS as SETTINGS
from fakejobs.model.faults import WORDS as FAULT_WORDS
from fakejobs.model.outcomes import PYTHON_WORDS
from fakejobs.model.outcomes import WORDS as THEN_WORDS
from fakejobs.model.past import SPEC_WORDS
from fakejobs.model.quirks import page
from fakejobs.model.rules import WHEN_WORDS
from fakejobs.scenario import load_scenario, scenario_from
from fakejobs.web.app import create_app, wsgi_app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "fakejobs" / "docs"
SERVE = (DOCS / "serve.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_readme_test_passes(pytester: pytest.Pytester) -> None:
    pytest.importorskip("huggingface_hub")
    in_a_test, _server = blocks(README, "python")
    pytester.makepyfile(in_a_test)
    pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_readme_server_example_runs(hub: FakeHub) -> None:
    pytest.importorskip("huggingface_hub")
    _in_a_test, example = blocks(README, "python")
    with serve_in_thread(wsgi_app(hub)) as server:
        exec(compile(example.replace("http://127.0.0.1:8484", server.url), "README.md", "exec"), {})
    (seen,) = hub.all_jobs()
    assert seen.stage == "ERROR"


def test_quirks_page_is_the_generated_one() -> None:
    assert (DOCS / "quirks.md").read_text(encoding="utf-8") == page(), (
        "run: fakejobs quirks > fakejobs/docs/quirks.md"
    )


def test_presets_page_is_the_generated_one() -> None:
    printed = CliRunner().invoke(main, ["presets"]).output
    assert (DOCS / "presets.md").read_text(encoding="utf-8") == printed, (
        "run: fakejobs presets > fakejobs/docs/presets.md"
    )


def test_every_page_is_in_the_readme() -> None:
    for file in DOCS.glob("*.md"):
        assert f"| [fakejobs/docs/{file.name}](fakejobs/docs/{file.name}) |" in README


@pytest.mark.parametrize("word", SETTINGS)
def test_every_setting_is_documented(word: str) -> None:
    assert re.search(rf"^\[*{word}\b|`{word} = ", SERVE, re.MULTILINE), f"serve.md does not mention {word}"


HELP = re.compile(r"<!-- help: (.+?) -->\n```text\n(.*?)```\n<!-- end -->", re.DOTALL)
SHOWN = [
    shown for page in sorted(DOCS.glob("*.md")) for shown in HELP.findall(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _text in SHOWN])
def test_help_in_the_docs_is_the_real_one(command: str, shown: str) -> None:
    options = [*command.split(), "--help"]
    help_text = CliRunner().invoke(main, options, prog_name="fakejobs", terminal_width=100).output
    assert shown == help_text, help_text


def test_help_is_in_the_docs() -> None:
    assert {"serve", "contract check", "contract verify"} <= {command for command, _text in SHOWN}


def test_scenario_example_loads(tmp_path: Path) -> None:
    (example,) = blocks(SERVE, "toml")
    file = tmp_path / "scenario.toml"
    file.write_text(example)
    scenario = load_scenario(file)
    assert len(scenario.rules) == 2
    assert scenario_from({}).rules == ()


@pytest.mark.parametrize("word", FAULT_WORDS)
def test_every_word_of_a_fault_is_documented(word: str) -> None:
    assert f"| `{word}` |" in (DOCS / "faults.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", [*WHEN_WORDS, *THEN_WORDS, *PYTHON_WORDS, *SPEC_WORDS, "age"])
def test_every_word_of_a_rule_is_documented(word: str) -> None:
    assert f"| `{word}` |" in SERVE


def test_every_admin_route_is_documented() -> None:
    rules = [rule.rule for rule in create_app().url_map.iter_rules() if rule.rule.startswith("/_fakejobs")]
    for rule in rules:
        documented = (
            rule.replace("<job_id>", "{id}").replace("<int:rule_id>", "3").replace("<int:fault_id>", "3")
        )
        assert documented in SERVE, f"serve.md does not mention {rule}"


def test_every_command_is_documented() -> None:
    text = README + "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert isinstance(main, click.Group)
    for name in main.commands:
        assert f"fakejobs {name}" in text or f".ci/{name}" in text, f"`fakejobs {name}` is not documented"


RECORDINGS = ROOT / "fixtures" / "recordings"


def recordings_section() -> str:
    return (DOCS / "contract.md").read_text(encoding="utf-8").partition("## Recordings")[2]


def test_the_recording_that_is_shown_is_one() -> None:
    (shown,) = blocks(recordings_section(), "json")
    assert shown in {file.read_text(encoding="utf-8") for file in RECORDINGS.glob("*.json")}


def test_every_key_of_a_recording_is_documented() -> None:
    for key in {*REQUEST_KEYS, *RESPONSE_KEYS, *KEPT_OF_REQUEST, *KEPT_OF_RESPONSE}:
        assert f"`{key}`" in recordings_section()


def test_recordings_are_replayed_as_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    monkeypatch.chdir(ROOT)
    (example,) = blocks(recordings_section(), "python")
    exec(compile(example, "contract.md", "exec"), {})


def test_recordings_are_checked_as_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    shown, finding = (
        block for block in blocks(recordings_section(), "text") if not block.startswith("Usage:")
    )
    command, _, output = shown.partition("\n")
    done = CliRunner().invoke(main, command.split()[2:])
    assert (done.exit_code, done.output) == (0, output)
    for file in RECORDINGS.glob("*.json"):
        (tmp_path / file.name).write_text(
            re.sub('"error": "Job is already.*"', '"error": "This job is over"', file.read_text("utf-8")),
            encoding="utf-8",
        )
    done = CliRunner().invoke(main, ["contract", "check", "--recordings", str(tmp_path)])
    assert (done.exit_code, finding in done.output) == (1, True)


def test_links_between_pages_lead_somewhere() -> None:
    for file in (ROOT / "README.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name} links to {target}"
