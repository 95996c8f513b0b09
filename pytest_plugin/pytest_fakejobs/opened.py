"""Opening the fake of a fixture, and what is said when it ends. Imported when the first fixture is used."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakejobs.checks import check
from fakejobs.errors import CheckFailed, FakeJobsError
from fakejobs.handle import FakeJobs, activated
from pytest_fakejobs.config import RAISED, USED, options_of
from pytest_fakejobs.server import LiveServer


def opened(request: pytest.FixtureRequest, server: LiveServer | None) -> Iterator[FakeJobs]:
    """The fake of one test, in process or behind the session's server."""
    item: pytest.Item = request.node
    used = item.stash.setdefault(USED, [])
    try:
        context = activated(options_of(request), url=None if server is None else server.url)
        fake = context.__enter__()
    except (ValueError, FakeJobsError) as error:
        pytest.fail(f"fakejobs: {error}", pytrace=False)
    try:
        used.append(fake)
        if server is not None:
            server.current = fake
        yield fake
        found = fake.findings(item.stash.get(RAISED, None))
        text = fake.report() if found else ""
    finally:
        used.remove(fake)
        if server is not None:
            server.current = None
        context.__exit__(None, None, None)
    try:
        check(found)
    except CheckFailed as error:
        item.add_report_section("teardown", "fakejobs", text)
        pytest.fail(str(error), pytrace=False)
