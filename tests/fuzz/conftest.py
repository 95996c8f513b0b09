"""What holds for every test here: it ends, and it does not take all the memory there is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import psutil  # type: ignore[import-untyped]  # it has no types of its own
import pytest

from tests.fuzz.size import times

MOST_SECONDS = 120
"""After so long a test hangs: in ordinary runs none takes a tenth of it. (For each time of the ordinary number of examples.)"""

MOST_GROWTH = 256 * 1024 * 1024
"""Bytes by which this process may grow in one test, however many examples that has."""


class Hangs(BaseException):
    """No `Exception`, so that Hypothesis does not try whether it hangs again."""


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise Hangs("what is in the traceback does not end")


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    """A test that hangs fails, with the place where it does; not on Windows, which has no such timer."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _hang)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS * times())
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def memory_is_bounded() -> Iterator[None]:
    """A test has not made the process grow by more than is stated."""
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    assert process.memory_info().rss - before < MOST_GROWTH
