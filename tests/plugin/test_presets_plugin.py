"""Presets and chaos of a test run: the marker, the ini file, the command line, and the line that repeats a run."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import fakejobs as package
from tests.plugin.strict import STRICT

SHOWS = """
import pytest

def names(fake):
    return [each.source for each in fake.hub.faults()]
"""

FAILS = """
import json, pathlib, pytest
from huggingface_hub import fetch_job_logs, inspect_job, list_jobs, run_job

def attempt(call):
    try:
        return call()
    except Exception:
        return None

@pytest.mark.parametrize("flavor", ["cpu-basic", "a space & more"])
def test_it(fakejobs, flavor):
    fakejobs.clock.auto_tick("10s")
    for _ in range(8):
        job = attempt(lambda: run_job(image="python:3.12", command=["python", flavor]))
        if job is not None:
            attempt(lambda: inspect_job(job_id=job.id))
            attempt(lambda: list(fetch_job_logs(job_id=job.id)))
    met = [(each.method, each.path, each.status, each.fault, each.at) for each in fakejobs.requests]
    with pathlib.Path("met.jsonl").open("a") as file:
        file.write(json.dumps(met) + "\\n")
    assert not fakejobs.jobs
"""


LAUNCH = """
from huggingface_hub import inspect_job, run_job

def test_it(fakejobs):
    for _ in range(4):
        inspect_job(job_id=run_job(image="python:3.12", command=["train"]).id)
"""


def run(pytester: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(body)
    return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", *STRICT, *arguments)


def test_the_marker_the_command_line_and_the_ini_file(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nfakejobs_presets = hub_down\nfakejobs_chaos = low\n")
    pytester.makepyfile(
        test_ini=SHOWS
        + """
def test_it(fakejobs):
    assert names(fakejobs)[0] == "preset hub_down of the scenario"
    assert fakejobs.hub.drawn_chaos.level == "low"

def test_over_a_socket(fakejobs_server):
    assert names(fakejobs_server)[0] == "preset hub_down of the scenario"
""",
        test_marker=SHOWS
        + """
@pytest.mark.fakejobs(presets=["stream_drop", {"name": "flaky_submit", "probability": 1}], chaos=None)
def test_it(fakejobs):
    assert names(fakejobs) == ["preset stream_drop of the scenario", "preset flaky_submit of the scenario"]
    assert fakejobs.hub.faults()[1].words["probability"] == 1
    assert fakejobs.hub.drawn_chaos is None

@pytest.mark.fakejobs(chaos={"level": "high", "seed": 9}, seed=3)
def test_chaos(fakejobs):
    assert (fakejobs.hub.drawn_chaos.level, fakejobs.hub.drawn_chaos.seed) == ("high", 9)
""",
    )
    options = ("-p", "no:randomly", "-p", "no:cacheprovider", *STRICT)
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=4)
    (pytester.path / "test_ini.py").unlink()
    (pytester.path / "test_marker.py").unlink()
    pytester.makepyfile(
        test_line=SHOWS
        + """
def test_it(fakejobs):
    assert names(fakejobs)[:2] == ["preset stream_drop of the scenario", "preset lost_answer of the scenario"]
    assert (fakejobs.hub.drawn_chaos.level, fakejobs.hub.drawn_chaos.seed) == ("medium", 4)
"""
    )
    line = ("--fakejobs-presets", "stream_drop, lost_answer", "--fakejobs-chaos=medium", "--fakejobs-seed=4")
    pytester.runpytest_inprocess(*options, *line).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--fakejobs-presets=strem_drop", "*fakejobs: presets[[]0]: preset 'strem_drop': there is none * did you mean 'stream_drop'?*"),
        ("--fakejobs-chaos=hgih", "*fakejobs: chaos: there is no level 'hgih'; did you mean 'high'?*"),
    ],
)  # fmt: skip
def test_a_misspelt_one_is_an_error(pytester: pytest.Pytester, given: str, said: str) -> None:
    result = run(pytester, "def test_it(fakejobs):\n    pass\n", given)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


def test_a_misspelt_marker_is_an_error(pytester: pytest.Pytester) -> None:
    body = "import pytest\n@pytest.mark.fakejobs(presets='stream_drop')\ndef test_it(fakejobs):\n    pass\n"
    result = run(pytester, body)
    result.stdout.fnmatch_lines(["*presets: give a list of names, such as*"])


@pytest.mark.parametrize("level", ["low", "high"])
def test_the_line_that_the_report_prints_repeats_exactly_that_run(
    pytester: pytest.Pytester, level: str
) -> None:
    pytester.mkdir("inner")
    (pytester.path / "scenario.toml").write_text('presets = ["flaky_reads"]\n')
    (pytester.path / "inner" / "test_bad_day.py").write_text(FAILS)
    pytester.makeini("[pytest]\nfakejobs_scenario = scenario.toml\n")
    quiet = ("-p", "no:randomly", "-p", "no:cacheprovider", *STRICT)
    options = ("--fakejobs-seed=5", f"--fakejobs-chaos={level}", "--fakejobs-presets=flaky_submit,lost_lines")
    result = pytester.runpytest_inprocess(*quiet, *options, "-k", "space")
    result.assert_outcomes(failed=1)
    shown = [
        "faults:",
        "*fired on * (chaos)",
        f"chaos: level {level}, seed 5, that is: *",
        "to repeat this: pytest 'inner/test_bad_day.py::test_it[[]a space & more[]]' --fakejobs-seed=5 *",
    ]
    result.stdout.fnmatch_lines(shown)
    (line,) = [line for line in result.outlines if line.startswith("to repeat this: ")]
    command = shlex.split(line.removeprefix("to repeat this: pytest "))
    pytester.makeini("[pytest]\n")  # the line has what the ini file said, too
    repeated = pytester.runpytest_inprocess(*quiet, *command)
    repeated.assert_outcomes(failed=1)
    repeated.stdout.fnmatch_lines(shown)
    first, second = map(json.loads, Path("met.jsonl").read_text().splitlines())
    assert first == second
    assert any(fault for *_, fault, _at in first)


def test_the_documentation_shows_what_is_printed(pytester: pytest.Pytester) -> None:
    page = (Path(package.__file__).parent / "docs" / "faults.md").read_text(encoding="utf-8")
    (shown,) = [block.split("```")[0] for block in page.split("```text\n") if "to repeat this" in block][-1:]
    (pytester.mkdir("tests") / "test_launch.py").write_text(LAUNCH)
    result = pytester.runpytest_inprocess("-p", "no:randomly", *STRICT, "--fakejobs-chaos=low")
    assert shown in "\n".join(result.outlines)


def test_a_run_without_anything_wrong_says_nothing_of_it(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(fakejobs):\n    fakejobs.preset('stream_drop')\n    assert 0\n")
    result.stdout.fnmatch_lines(["*- fakejobs -*"])
    result.stdout.no_fnmatch_line("*stream_drop': *")
    result.stdout.no_fnmatch_line("*to repeat this*")


def test_rules_of_presets_are_in_the_report_and_activate_says_how_it_was_made() -> None:
    with package.activate(seed=3, presets=["never_ends"], quirks={"cancel_finished": "200"}) as fake:
        fake.preset("out_of_memory", flavor="t4-*")
    lines = fake.report().splitlines()
    assert "jobs, where their own rules say nothing else:" in lines
    assert "  running='forever' (preset never_ends of the scenario)" in lines
    assert "  rule 2: when(flavor='t4-*').then(running='5m', oom=True) (preset out_of_memory)" in lines
    assert (
        "to repeat this: fakejobs.activate(seed=3, quirks={'cancel_finished': '200'}, presets=['never_ends'])"
        in lines
    )


def test_no_token_is_in_the_line_that_repeats() -> None:
    with package.activate(chaos="low", tokens=[{"token": "hf_secret_one", "user": "fake-user"}]) as fake:
        assert "hf_secret_one" not in fake.report()
        assert "to repeat this: fakejobs.activate(seed=0, chaos='low')" in fake.report()
