"""The page about testing is true, and misses nothing that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_fakejobs.config import WORDS

from fakejobs import FakeJobs, SubmittedJob
from fakejobs.cli import main
from tests.plugin.strict import STRICT

PAGE = (Path(__file__).parents[2] / "fakejobs" / "docs" / "testing.md").read_text(encoding="utf-8")

MY_PACKAGE = """
import time
from types import SimpleNamespace
from huggingface_hub import fetch_job_logs, inspect_job, run_job

def train_until_it_works(timeout):
    for flavor in ("a10g-small", "a100-large"):
        job = run_job(image="python:3.12", command=["python", "train.py"], flavor=flavor, timeout=timeout)
        while (stage := inspect_job(job_id=job.id).status.stage) in ("SCHEDULING", "RUNNING"):
            time.sleep(30)
        if stage == "COMPLETED":
            return SimpleNamespace(last_line=list(fetch_job_logs(job_id=job.id))[-1])
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_first_example_runs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(my_package=MY_PACKAGE, test_example=blocks("python")[0])
    pytester.runpytest_inprocess("-p", "no:randomly", *STRICT).assert_outcomes(passed=1)


def test_the_help_is_the_real_one() -> None:
    text = CliRunner().invoke(main, ["exec", "--help"], prog_name="fakejobs", terminal_width=100).output
    shown = re.search(r"<!-- help: exec -->\n```text\n(.*?)```\n<!-- end -->", PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1] == text, text


@pytest.mark.parametrize("word", [word.name for word in WORDS])
def test_every_option_is_documented(word: str) -> None:
    assert f"| `{word}` | `fakejobs_{word}` | `--fakejobs-{word.replace('_', '-')}` |" in PAGE


def public(kind: type) -> list[str]:
    return [name for name in vars(kind) if not name.startswith("_")]


def test_every_name_of_the_handle_is_documented() -> None:
    inner = {"answer", "answer_live", "served_at", "findings", "close"}
    for name in set(public(FakeJobs)) - inner:
        assert f"`.{name}" in PAGE, name


def test_what_a_submitted_job_has_besides_is_documented() -> None:
    for name in set(public(SubmittedJob)) - {"seen", "info"}:
        assert f"| `{name}` |" in PAGE, name
