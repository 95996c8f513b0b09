"""A fake under the real client, as a test gets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature

import pytest
from huggingface_hub import HfApi

from fakejobs.handle import FakeJobs, Options, activated
from tests.time.support import In

# These tests use what today's client can do; `tests/clients` has what all releases share.
collect_ignore_glob = [] if "follow" in signature(HfApi.fetch_job_metrics).parameters else ["test_*.py"]


@pytest.fixture
def fake() -> Iterator[FakeJobs]:
    """A fake that begins at 2026-01-01T00:00:00Z."""
    with activated(Options()) as made:
        yield made


@pytest.fixture
def in_thread() -> Iterator[Callable[..., In]]:
    """Starts a function in a thread; what it raises is kept, and it has ended when the test does."""
    started: list[In] = []

    def start(function: Callable[..., object], *args: object, name: str = "helper") -> In:
        started.append(In(function, *args, name=name))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.join(5)
        assert not each.is_alive(), f"{each.name} has not ended"
