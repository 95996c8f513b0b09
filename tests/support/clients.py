"""What the tests with real clients share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakejobs.remote import RemoteHub

ROOT = Path(__file__).parents[2]
USER = "fake-user"
TOKEN = "hf_client_tests"
START = "2026-05-28T20:26:40.000Z"
"""When time stands still in these tests."""

_KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG", "PYTHONHASHSEED")


def client_environment(url: str, home: Path) -> dict[str, str]:
    """The environment of a client in a process of its own, away from the developer's settings, cache and token."""
    return {
        **{key: os.environ[key] for key in _KEPT if key in os.environ},
        "HOME": str(home),
        "HF_HOME": str(home),
        "HF_ENDPOINT": url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "NO_COLOR": "1",
        "COLUMNS": "250",
        "PYTHONUTF8": "1",
    }


def start_over(hub: RemoteHub, **settings: object) -> None:
    """Make a server that other tests have used as good as new, with time standing still at `START`."""
    fresh: Mapping[str, object] = {
        "seed": 0,
        "api": "latest",
        "quirks": {},
        "users": [USER],
        "orgs": [],
        "tokens": [],
        "flavors": {},
        "namespaces": {},
        "start": START,
    }
    hub.clock.freeze()
    hub.reset(**{**fresh, **settings})


def let_time_run(hub: RemoteHub, speed: float) -> None:
    """Let time run from where it stands, at ``speed`` simulated seconds per second."""
    hub.clock.run_at(speed)
    hub.clock.unfreeze()


def skip_unless_in_ci(reason: str) -> None:
    """Skip the test with the reason. In CI, where everything is to be there, it fails instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
