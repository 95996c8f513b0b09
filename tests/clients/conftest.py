"""A real server for real clients: `fakejobs serve` in a process of its own, for all tests of the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakejobs.remote import RemoteHub
from tests.support.clients import start_over
from tests.support.server import ServeProcess, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """The server. Tests take `hub`, which makes it as good as new."""
    with serving(tmp_path_factory.mktemp("serve")) as running:
        yield running


@pytest.fixture
def hub(server: ServeProcess) -> Iterator[RemoteHub]:
    """The hub of the server, empty, with frozen time."""
    remote = RemoteHub(server.url)
    start_over(remote)
    yield remote
    server.check()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HF_HOME of clients in processes of their own."""
    return tmp_path_factory.mktemp("hf-home")
