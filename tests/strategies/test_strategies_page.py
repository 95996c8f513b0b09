"""The page about strategies is true, and misses none."""

from __future__ import annotations

import inspect
import json
import re

import pytest
from hypothesis import find, settings

from fakejobs import strategies
from fakejobs.generate.kinds import KINDS
from tests.test_docs import DOCS, blocks

PAGE = (DOCS / "strategies.md").read_text(encoding="utf-8")
NAMES = [
    name
    for name, each in vars(strategies).items()
    if inspect.isfunction(each) and each.__module__ == strategies.__name__ and not name.startswith("_")
]


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_is_documented(name: str) -> None:
    assert f"`{name}(" in PAGE
    assert inspect.getdoc(getattr(strategies, name))


def test_the_first_example_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(blocks(PAGE, "python")[0])
    pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_the_job_in_the_page_is_the_simplest_one_that_waits() -> None:
    (shown,) = blocks(PAGE, "json")
    found = find(
        strategies.job_payloads(),
        lambda job: "runningSecs" not in job.get("durations", {}),
        settings=settings(max_examples=2000, database=None),
    )
    assert json.loads(shown) == found


def test_all_kinds_are_documented() -> None:
    sentence = re.search(r"The kinds are (.+?)\.", PAGE)
    assert sentence is not None
    assert set(re.findall("`(.+?)`", sentence[1])) == set(KINDS)
