"""How pytest is run within pytest."""

from __future__ import annotations

import importlib.util

STRICT = ["-W", "error"]
"""All warnings are errors; pytest-asyncio warns by itself unless it is told a default."""
if importlib.util.find_spec("pytest_asyncio") is not None:
    STRICT += ["-o", "asyncio_default_fixture_loop_scope=function"]
