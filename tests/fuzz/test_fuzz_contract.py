"""schemathesis against the fake: by our own document, and by the Hub's where a copy lies beside the checkout."""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.size import seed, times
from tests.support.programs import run_program

ROOT = Path(__file__).parents[2]
HUB_DOCUMENT = ROOT.parent / "shared" / "facts" / "hub-jobs.openapi.json"
EXAMPLES = 6
"""For each operation, with good and with bad data each, and as many sequences of eight linked calls."""

MOST_GROWTH = 256 * 1024 * 1024
"""Bytes by which the process may grow, however many examples there are."""


def explored(which: str) -> dict[str, Any]:
    """What a run has found, when that is nothing bad."""
    if find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed: it needs Python 3.11")
    words = ["-m", "tests.fuzz.contract", which, str(EXAMPLES * times()), str(seed())]
    done = run_program(
        [sys.executable, "-W", "error", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},  # schemathesis picks from sets
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    found: dict[str, Any] = json.loads(done.stdout)
    again = " ".join(["PYTHONHASHSEED=0 python", *words])
    assert not found["failures"], "\n\n".join([again, *found["failures"]])
    return found


def check(found: dict[str, Any]) -> None:
    assert found["statuses"].keys() <= {"200", "400", "403", "404", "405", "406", "409", "413", "415", "501"}
    assert found["statuses"]["200"] > found["requests"] / 5, "too few requests get through"
    assert found["grown"] < MOST_GROWTH
    # A few sequences do not meet all links, many do.
    assert len(found["unfollowed"]) <= (len(found["followed"]) if times() == 1 else 0), found["unfollowed"]


def test_by_our_own_document() -> None:
    found = explored("ours")
    check(found)
    assert len(found["operations"]) == 31, "every operation of the document was called"


def test_by_the_document_of_the_hub() -> None:
    if not HUB_DOCUMENT.exists():
        pytest.skip("the Hub's document is not beside this checkout")
    check(explored("hub"))


def test_where_schemathesis_is_installed_its_pytest_plugin_is_not_loaded(pytestconfig: pytest.Config) -> None:
    """It would take the values out of the failing examples of Hypothesis, in every test of the process."""
    assert not pytestconfig.pluginmanager.has_plugin("schemathesis")


def test_failing_examples_show_their_values(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(
        """
        from hypothesis import given, strategies

        @given(strategies.just(1234))
        def test_it(number):
            assert number == 0
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    result.stdout.fnmatch_lines(["*number=1234*"])
