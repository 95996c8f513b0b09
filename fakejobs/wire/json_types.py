"""The two names that every file of this room uses for data: what JSON is, and what a schema is."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""What `fakejobs.wire.read_json.read_json` returns: parsed JSON and nothing else."""

# A schema is JSON too, but every keyword has its own shape; spelling them out would buy nothing here.
Schema: TypeAlias = "dict[str, Any]"
"""A JSON Schema (2020-12) as a Python dict."""
