"""Opening the fake of a fixture, and what is said when it ends. Imported when the first fixture is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from fakejobs.checks import problems
from fakejobs.errors import FakeJobsError, LeftOverThread
from fakejobs.handle import FakeJobs, activated
from pytest_fakejobs.config import RAISED, USED, again, options_of
from pytest_fakejobs.server import LiveServer


def opened(request: pytest.FixtureRequest, server: LiveServer | None) -> Iterator[FakeJobs]:
    """The fake of one test, in process or behind the session's server."""
    item: pytest.Item = request.node
    used = item.stash.setdefault(USED, [])
    if used:
        pytest.fail(
            "fakejobs: a test has one Hub: take `fakejobs` or `fakejobs_server`, not both (the former has `.url`, too)",
            pytrace=False,
        )
    try:
        context = activated(options_of(request), url=None if server is None else server.url)
        fake = context.__enter__()
    except (ValueError, FakeJobsError) as error:
        pytest.fail(f"fakejobs: {error}", pytrace=False)
    found: list[str] = []
    text = ""
    try:
        used.append(fake)
        fake.again = again(request, fake.hub.settings.seed)
        if server is not None:
            server.current = fake
        yield fake
        found = fake.findings(item.stash.get(RAISED, None))
        text = fake.report() if found else ""
    finally:
        used.remove(fake)
        if server is not None:
            server.current = None
        _close(context, found)
    if found:
        item.add_report_section("teardown", "fakejobs", text)
        pytest.fail(problems(found), pytrace=False)


def _close(context: AbstractContextManager[FakeJobs], found: list[str]) -> None:
    try:
        context.__exit__(None, None, None)
    except LeftOverThread as error:
        # Where warnings are errors, this one is said with what else was found, and not instead of it.
        found.append(f"LeftOverThread: {error}")
