"""What ``run_uv_job`` and ``hf jobs uv run`` asked for, read back from the job that they submitted.

Each generation of the client ships a local script in its own way; all are read here:
in a dataset repository (releases before 1.3), in the environment (1.3 to 1.12), in a bucket that is mounted (since 1.13).
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from fakejobs.model.job import Spec, command_words

Files = Mapping[tuple[str, str], bytes]
"""Uploaded bytes, by (repository, path)."""

_WITH_VALUE = ("--with", "--python")
_IN_DATASET = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/[^/]+/(.+)")


@dataclass(frozen=True)
class UvRun:
    """A uv job, as it was asked for.

    Attributes:
        source: what stands for the script in the command: a URL, a path in the job, or a program.
        script: the text of a local script; None for a URL or a program, and when its bytes were not seen.
        arguments: what the script is called with. Local files among them are paths in the job.
        dependencies: what was asked for with ``dependencies=`` (``--with``).
        python: the version of Python that was asked for, or None.
    """

    source: str
    script: str | None
    arguments: list[str]
    dependencies: list[str]
    python: str | None


def uv_run(spec: Spec, files: Files) -> UvRun | None:
    """What a job asked uv for; None if it is no uv job.

    Args:
        spec: what was submitted.
        files: what had been uploaded to the fake.
    """
    words = _words_of_uv(command_words(spec))
    if words is None:
        return None
    dependencies: list[str] = []
    python: str | None = None
    while len(words) > 1 and words[0] in _WITH_VALUE:
        option, value, *words = words
        if option == "--with":
            dependencies.append(value)
        else:
            python = value
    if not words:
        return None
    source, *arguments = words
    return UvRun(source, _script(source, spec, files), arguments, dependencies, python)


def _words_of_uv(words: list[str]) -> list[str] | None:
    """The words behind ``uv run``, also where a shell runs it after it has put the script in place."""
    if words[:2] == ["uv", "run"]:
        return words[2:]
    if words[:2] == ["bash", "-c"] and len(words) > 2:
        _, found, after = words[2].partition(" && uv run ")
        if found:
            try:
                return shlex.split(after)
            except ValueError:  # releases before 1.6 do not quote
                return after.split()
    return None


def _script(source: str, spec: Spec, files: Files) -> str | None:
    environment = spec.get("environment")
    if isinstance(environment, Mapping):
        encoded = environment.get("UV_SCRIPT_ENCODED")
        if isinstance(encoded, str):
            return _text(_decoded(encoded))
        shipped = environment.get("LOCAL_FILES_ENCODED")
        if isinstance(shipped, str):
            lines = (line.partition(" ") for line in shipped.splitlines())
            return _text(next((_decoded(data) for name, _, data in lines if name == source), None))
        url = environment.get("UV_SCRIPT_URL")
        if isinstance(url, str) and (match := _IN_DATASET.search(url)):
            return _text(files.get((match[1], match[2])))
    volumes = spec.get("volumes")
    for volume in volumes if isinstance(volumes, list) else []:
        mount = PurePosixPath(str(volume.get("mountPath")))
        if volume.get("type") == "bucket" and mount in PurePosixPath(source).parents:
            inside = PurePosixPath(str(volume.get("path") or "")) / PurePosixPath(source).relative_to(mount)
            return _text(files.get((str(volume["source"]), str(inside))))
    return None


def _decoded(data: str) -> bytes | None:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None


def _text(data: bytes | None) -> str | None:
    try:
        return data.decode() if data else None
    except UnicodeDecodeError:
        return None
