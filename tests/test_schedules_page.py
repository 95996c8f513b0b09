"""The page about scheduled jobs is true: its examples run, and it misses no word."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from fakejobs.model.cron import ALIASES
from fakejobs.model.past import SCHEDULE_WORDS, SPEC_WORDS
from fakejobs.scenario import add_scheduled_jobs, scenario_from
from tests.conftest import frozen_hub

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = (Path(__file__).parents[1] / "fakejobs/docs/schedules.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_its_test_passes(pytester: pytest.Pytester) -> None:
    pytest.importorskip("huggingface_hub")
    pytester.makepyfile(block("python"))
    pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_its_scenario_loads() -> None:
    hub = frozen_hub()
    add_scheduled_jobs(hub, scenario_from(tomllib.loads(block("toml"))))
    (nightly,) = hub.all_scheduled_jobs()
    assert nightly.schedule.labels == {"name": "nightly"}
    assert len(hub.all_jobs()) == 30
    hub.close()


@pytest.mark.parametrize("word", [*SCHEDULE_WORDS, *SPEC_WORDS, *ALIASES])
def test_every_word_is_documented(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({}, r"scheduled_jobs: give \[\[scheduled_jobs\]\] tables"),
        ([5], r"scheduled_jobs\[0\]: give a table"),
        ([{"schedule": "@daily"}, {"age": "1d"}], r"scheduled_jobs\[1\].schedule: say when it runs"),
        ([{"schedule": "@daily", "when": 1}], r"scheduled_jobs\[0\].when: unknown word"),
    ],
)
def test_mistakes_in_a_scenario_are_named(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        scenario_from({"scheduled_jobs": value})
