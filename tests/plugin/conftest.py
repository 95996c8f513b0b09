"""What tests of the plugin share."""

from __future__ import annotations

from typing import TYPE_CHECKING

# Loaded before the first run of pytest within pytest, which forgets what it was the first to import.
import huggingface_hub.hf_api  # noqa: F401
import pytest

import fakejobs.activation  # noqa: F401

if TYPE_CHECKING:
    from fakejobs import FakeJobs


@pytest.fixture(params=["fakejobs", "fakejobs_server"])
def fake(request: pytest.FixtureRequest) -> FakeJobs:
    """The handle, once in process and once behind the live server."""
    handle: FakeJobs = request.getfixturevalue(request.param)
    return handle
