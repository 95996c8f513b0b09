"""The page about strategies is true, and misses none."""

from __future__ import annotations

import inspect
import json
import re
from random import Random
from typing import Any

import pytest
from hypothesis import find, settings

from fakejobs import strategies
from fakejobs.generate.kinds import KINDS
from fakejobs.machine import JobsMachine
from tests.strategies.test_strategies import STRATEGIES
from tests.test_docs import DOCS, blocks

PAGE = (DOCS / "strategies.md").read_text(encoding="utf-8")
NAMES = [strategy.__name__ for strategy in STRATEGIES]


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_is_documented(name: str) -> None:
    assert f"`{name}(" in PAGE
    strategy = getattr(strategies, name)
    text = str(inspect.getdoc(strategy))
    for option in inspect.signature(strategy).parameters:
        assert f"\n    {option}: " in text, f"{name}: says nothing of {option}"
    if "date" in inspect.signature(strategy).parameters:
        assert "Raises:\n    ValueError: " in text


def test_the_first_example_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(blocks(PAGE, "python")[0])
    pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_the_job_in_the_page_is_the_simplest_one_that_waits() -> None:
    (shown,) = blocks(PAGE, "json")
    found = find(
        strategies.job_payloads(),
        lambda job: "runningSecs" not in job.get("durations", {}),
        settings=settings(max_examples=2000, database=None),
        random=Random(0),
    )
    assert json.loads(shown) == found


def test_the_machine_of_the_page_finds_nothing(pytester: pytest.Pytester) -> None:
    pytest.importorskip("huggingface_hub")
    quick = "\nfrom hypothesis import settings\nTestMyClient.settings = settings(max_examples=10, deadline=None)\n"
    pytester.makepyfile(blocks(PAGE, "python")[2] + quick)
    pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio").assert_outcomes(passed=1)


class MyClientMachine(JobsMachine):
    """It remembers what it heard the last time."""

    def do_inspect(self, job_id: str) -> object:
        heard = self.__dict__.setdefault("heard", {})
        return heard.setdefault(job_id, super().do_inspect(job_id))


def test_the_program_of_the_page_says_what_is_shown() -> None:
    (shown,) = (block for block in blocks(PAGE, "text") if "state = MyClientMachine()" in block)
    said, program = shown.split("\n\n")
    names: dict[str, Any] = {"MyClientMachine": MyClientMachine}
    try:
        with pytest.raises(AssertionError) as caught:
            exec(compile(program, "strategies.md", "exec"), names)
    finally:
        names["state"].teardown()
    assert str(caught.value) == said


@pytest.mark.parametrize("name", [name for name in dir(JobsMachine) if name.startswith("do_")])
def test_every_method_to_override_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_all_kinds_are_documented() -> None:
    sentence = re.search(r"The kinds are (.+?)\.", PAGE)
    assert sentence is not None
    assert set(re.findall("`(.+?)`", sentence[1])) == set(KINDS)
