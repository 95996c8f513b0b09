"""OpenAPI documents for tests, made from our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fakejobs.contract.document import document_from
from fakejobs.contract.drift import drift
from fakejobs.contract.findings import Finding
from fakejobs.wire.openapi import document

Parts = dict[str, Any]  # JSON of a document: every part has its own shape


def ours() -> Parts:
    """Our own document, to be changed."""
    made: Parts = json.loads(json.dumps(document()))
    return made


def operation(made: Parts, label: str) -> Parts:
    """One operation of a document, by ``GET /api/…``."""
    method, path = label.split(" ")
    found: Parts = made["paths"][path][method.lower()]
    return found


def reply(made: Parts, label: str) -> Parts:
    """The schema of what an operation replies."""
    found: Parts = operation(made, label)["responses"]["200"]["content"]["application/json"]["schema"]
    return found


def body(made: Parts, label: str) -> Parts:
    """The schema of what an operation takes."""
    found: Parts = operation(made, label)["requestBody"]["content"]["application/json"]["schema"]
    return found


def everywhere(part: object) -> Iterator[Parts]:
    """Every object in a document, however deep."""
    if isinstance(part, dict):
        yield part
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from everywhere(each)


def jobs(made: Parts) -> list[Parts]:
    """Every schema of a job."""
    return [each for each in everywhere(made) if each.get("properties", {}).get("type") == {"const": "job"}]


def found_in(made: Parts) -> list[Finding]:
    """The drift of a document."""
    return drift(document_from(made))


def keys_of(made: Parts) -> list[str]:
    """The keys of that drift."""
    return [finding.key for finding in found_in(made)]


def written(made: object, folder: Path, name: str = "openapi.json") -> str:
    """A document in a file; returns its path."""
    file = folder / name
    file.write_text(json.dumps(made), encoding="utf-8")
    return str(file)
