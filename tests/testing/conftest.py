"""The searches for what is simplest are the same in every run: what the helpers find otherwise is random, unless they run in CI."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
