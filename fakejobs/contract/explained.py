"""Differences from the Hub's document that are no surprise, each with its reason."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from fakejobs.contract.findings import Finding
from fakejobs.model.units import did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NETWORK = (
    "newer than the document of August 2026: huggingface_hub 1.32.0 (2026-09-17) sends it and reads it back"
)
_SECRETS = "newer than the document of August 2026: huggingface_hub 2.1.1 (2026-10-01) sends it"
_ID_CHECK = "the document takes any text; ids are ObjectIds, and what cannot be one is refused by name"
_NOT_YET = "not offered by fakejobs yet"
_FRAMES = "the document has no schema for streams; ours follows frames that were published"

_JOB = "GET /api/jobs/{namespace}/{jobId}"

EXPLAINED: Mapping[str, str] = {
    "removed job-spec.network": _NETWORK,
    "removed job.network": _NETWORK,
    "removed webhook-body.secrets": _SECRETS,
    'removed job-id pattern "^[0-9a-fA-F]{24}$"': _ID_CHECK,
    f"removed {_JOB}/logs stream log-event": _FRAMES,
    f"removed {_JOB}/metrics stream metric-event": _FRAMES,
    f"removed {_JOB}/events stream job-event": "no frame was ever published, so ours may be any object",
    # Jobs mount buckets, and the client uploads local scripts into one.
    "added POST /api/buckets/{namespace}/{repo}/lfs-files/duplicate": _NOT_YET,
    "added GET /api/buckets/{namespace}/{repo}/xet-write-token": _NOT_YET,
    "added GET /api/buckets/{namespace}/{repo}/xet-read-token": _NOT_YET,
    "added POST /api/buckets/{namespace}/{repo}/resource-group": _NOT_YET,
    "added GET /api/buckets/{namespace}/{repo}/resource-group": _NOT_YET,
    "added POST /api/buckets/{namespace}/{repo}": _NOT_YET,
    "added DELETE /api/buckets/{namespace}/{repo}": _NOT_YET,
    "added GET /api/buckets/{namespace}/{repo}": _NOT_YET,
    "added PUT /api/buckets/{namespace}/{repo}/settings": _NOT_YET,
    "added GET /api/buckets/{namespace}": _NOT_YET,
    "added GET /buckets/{namespace}/{repo}/resolve/{path}": _NOT_YET,
    "added POST /api/buckets/{namespace}/{repo}/batch": _NOT_YET,
    "added GET /api/buckets/{namespace}/{repo}/tree/{path}": _NOT_YET,
    "added POST /api/buckets/{namespace}/{repo}/paths-info": _NOT_YET,
}
"""Reasons by `Finding.key`. A route that is named here counts even if it is not about Jobs."""


def load_explained(path: str) -> dict[str, str]:
    """A user's own list: a TOML file with one table, ``[explained]``, of ``"key of the finding" = "reason"``.

    Raises:
        ValueError: the file cannot be read, or has something else in it; the message names the place.
    """
    try:
        words = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not UTF-8") from None
    except RecursionError:
        raise ValueError(f"{path}: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    for word in words:
        if word != "explained":
            raise ValueError(f"{path}: {word}: unknown word{did_you_mean(word, ('explained',))}")
    table = words.get("explained", {})
    if not isinstance(table, dict):
        raise ValueError(f"{path}: explained: give a table, [explained]")
    for key, reason in table.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"{path}: explained.{key!r}: give the reason, a text")
    return table


def routes_named(explained: Iterable[str]) -> list[str]:
    """The routes that explanations are about: those of ``added GET /api/…``."""
    rest = (key.partition(" ")[2] for key in explained if key.startswith("added "))
    return [label for label in rest if label.partition(" ")[2].startswith("/") and label.count(" ") == 1]


def explain(
    findings: Iterable[Finding], explained: Mapping[str, str]
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """Part findings into those that are a surprise and those that are explained; and list the explanations that nothing needed."""
    surprises: list[Finding] = []
    expected: list[Finding] = []
    for finding in findings:
        if finding.key in explained:
            expected.append(replace(finding, reason=explained[finding.key], todo=""))
        else:
            surprises.append(finding)
    needed = {finding.key for finding in expected}
    stale = [
        Finding(
            "stale",
            key,
            f"this difference is not there any more; it was explained: {reason}",
            todo="take it from the list of explained differences",
        )
        for key, reason in explained.items()
        if key not in needed
    ]
    return surprises, expected, stale
