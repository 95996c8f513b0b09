"""Fixtures for every room: a hub with frozen time, and the app over it without sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from werkzeug.test import Client

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import Settings, settings_from
from fakejobs.model.identity import Caller
from fakejobs.web.app import wsgi_app
from tests.support.checked import check_all_responses, violations

pytest_plugins = ["pytester"]

check_all_responses()

# No deadlines: the machine's load is not the property under test.
settings.register_profile("fakejobs", deadline=None, print_blob=True)
settings.load_profile("fakejobs")

START = 1_780_000_000_000
"""2026-05-28T20:26:40.000Z: when time stands still in tests."""

TOKEN = {"Authorization": "Bearer hf_any"}
JOB = {"flavor": "cpu-basic", "dockerImage": "python:3.12", "command": ["python", "train.py"]}


def frozen_hub(**words: object) -> FakeHub:
    """A hub at `START` whose time only moves when told to; ``words`` as in a scenario file."""
    chosen = settings_from(words) if words else Settings()
    return FakeHub(settings=chosen, anchor=Anchor(START, START, frozen=True))


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A hub with frozen time."""
    made = frozen_hub()
    yield made
    made.close()


@pytest.fixture
def caller(hub: FakeHub) -> Caller:
    """The default user of `hub`."""
    return hub.caller("hf_any")


@pytest.fixture
def web(hub: FakeHub) -> Client:
    """The app over `hub`, without a socket; streams that wait would wait for ever, so end the job first."""
    return Client(wsgi_app(hub))


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest in pytest, without the plugin that `addopts` keeps away from this one."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")
    return pytester


@pytest.fixture(autouse=True)
def schema_holds() -> Iterator[None]:
    """After each test: no response was outside our schema."""
    yield
    found, violations[:] = list(violations), []
    assert not found, "responses outside the schema:\n" + "\n".join(found)
