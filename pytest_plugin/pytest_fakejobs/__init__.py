"""pytest fixtures for code that uses Hugging Face Jobs.

What: `fakejobs` is a fake Hub under the huggingface_hub of the test process, without a socket; `fakejobs_server` is the same
behind a live server, for code in other processes and languages. Each test has a state of its own.

Why here is so little: pytest imports this module in every run of every project that has fakejobs installed, whether
a test uses it or not. So everything of weight (Flask, SQLite, huggingface_hub, ...) is imported by the first fixture that is used.

How to opt out: ``-p no:fakejobs``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_fakejobs import config as words

if TYPE_CHECKING:
    from fakejobs.handle import FakeJobs
    from pytest_fakejobs.server import LiveServer


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line and of the ini file."""
    words.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker, and refuse misspelt ini options."""
    config.addinivalue_line("markers", words.MARKER_LINE)
    words.check_ini(config)
    if config.getoption("fakejobs_summary"):
        from pytest_fakejobs.summary import Summary

        config.pluginmanager.register(Summary(config), "fakejobs_summary")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse misspelt words of the marker, also where no fixture of ours is used."""
    for mark in item.iter_markers("fakejobs"):
        words.check_marker(mark)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the fake has seen to the report of a test that failed."""
    report = yield
    used: list[FakeJobs] = item.stash.get(words.USED, [])
    if used and call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
        item.stash[words.RAISED] = call.excinfo.value
        if report.when != "teardown" and report.outcome == "failed":
            for fake in used:
                report.sections.append(("fakejobs", _told(fake)))
    return report


def _told(fake: FakeJobs) -> str:
    try:
        return fake.report()
    except Exception as error:  # noqa: BLE001 - the test's own failure matters more
        return f"there is no report: {type(error).__name__}: {error}"


@pytest.fixture
def fakejobs(request: pytest.FixtureRequest) -> Iterator[FakeJobs]:
    """A fake Hub with Jobs under the huggingface_hub of this process: no socket, no waiting, nothing leaves the machine.

    Script jobs with .when(...).then(...), move time with .clock, and look at .submitted(), .jobs, .requests and .cost.
    Options: @pytest.mark.fakejobs(...).
    """
    from pytest_fakejobs.opened import opened

    yield from opened(request, None)


@pytest.fixture
def fakejobs_server(request: pytest.FixtureRequest, _fakejobs_live: LiveServer) -> Iterator[FakeJobs]:
    """The fake Hub behind a live server on loopback, for code in other processes and languages (.url, .env).

    One server for the session, a fresh state for each test. Following a stream moves time, and so does asking again for an unfinished job.
    What this process itself asks of huggingface_hub reaches the same state.
    """
    from pytest_fakejobs.opened import opened

    yield from opened(request, _fakejobs_live)


@pytest.fixture(scope="session")
def _fakejobs_live() -> Iterator[LiveServer]:
    from pytest_fakejobs.server import live_server

    with live_server() as server:
        yield server


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain a comparison with what `FakeJobs.submitted` gave: the nearest job and what differs."""
    import sys

    if "fakejobs.submitted" not in sys.modules:
        return None
    from pytest_fakejobs.compare import explain

    return explain(op, left, right)
