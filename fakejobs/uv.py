"""What ``run_uv_job`` and ``hf jobs uv run`` asked for, read back from the job that they submitted.

Each generation of the client ships a local script in its own way; all are read here:
in a dataset repository (releases before 1.3), in the environment (1.3 to 1.12), in a bucket that is mounted (since 1.13).
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol

from fakejobs.model.job import Spec, command_words

_IN_DATASET = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


class Uploads(Protocol):
    """Where uploaded files are; a `fakejobs.hub.FakeHub` is one."""

    def uploaded_in_bucket(self, bucket_id: str, folder: str = "") -> Mapping[str, bytes]:
        """The files in a folder of a bucket, by their paths within it."""

    def uploaded_in_dataset(self, repository_id: str, path: str, revision: str = "main") -> bytes | None:
        """A file of a dataset repository; None if there is none."""


@dataclass(frozen=True)
class UvRun:
    """A uv job, as it was asked for.

    Attributes:
        source: what stands for the script in the command: a URL, a path in the job, or a program.
        script: the text of a local script; None for a URL or a program, and for what is no text.
        arguments: what the script is called with. Local files among them are paths in the job, as in ``files``.
        dependencies: what was asked for with ``dependencies=`` (``--with``).
        python: the version of Python that was asked for, or None.
        files: the local files that were shipped beside the script, by their paths in the job.
    """

    source: str
    script: str | None
    arguments: list[str]
    dependencies: list[str]
    python: str | None
    files: Mapping[str, bytes] = field(default_factory=dict)


def uv_run(spec: Spec, uploads: Uploads) -> UvRun | None:
    """What a job asked uv for; None if it is no uv job.

    Clients write ``--with`` and ``--python``. Other options of uv, which somebody wrote into a command, are skipped: the source is the first
    word that is no option. It cannot be told whether such an option has a value: then that is taken for the source, unless it is written
    with ``=``.

    Args:
        spec: what was submitted.
        uploads: where the uploaded files are.
    """
    words = _words_of_uv(command_words(spec))
    if words is None:
        return None
    dependencies: list[str] = []
    python: str | None = None
    while words and words[0].startswith("-") and words[0] != "-":  # a script through a pipe
        option, *words = words
        if option == "--":
            break
        option, given, value = option.partition("=")
        if option not in ("--with", "--python"):
            continue
        if not given and words:
            value, *words = words
        if option == "--with":
            dependencies.append(value)
        else:
            python = value
    if not words:
        return None
    source, *arguments = words
    shipped = dict(_shipped(source, spec, uploads))
    script = shipped.pop(source, None)
    return UvRun(source, _text(script), arguments, dependencies, python, shipped)


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


def _shipped(source: str, spec: Spec, uploads: Uploads) -> Iterator[tuple[str, bytes]]:
    """The local files that were shipped with a job, and their paths in it: the script, which is ``source``, and others."""
    environment = spec.get("environment")
    if isinstance(environment, Mapping):
        if isinstance(encoded := environment.get("UV_SCRIPT_ENCODED"), str):
            yield from _decoded(source, encoded)
        if isinstance(encoded := environment.get("LOCAL_FILES_ENCODED"), str):
            for line in encoded.splitlines():
                name, _, data = line.partition(" ")
                yield from _decoded(name, data)
        url = environment.get("UV_SCRIPT_URL")
        if isinstance(url, str) and (match := _IN_DATASET.search(url)):
            repository, revision, path = match.groups()
            found = uploads.uploaded_in_dataset(repository, path, revision)
            if found is not None:
                yield source, found
    volumes = spec.get("volumes")
    for volume in volumes if isinstance(volumes, list) else []:
        mount = PurePosixPath(str(volume.get("mountPath")))
        # Other volumes of a uv job are not the client's doing.
        if volume.get("type") == "bucket" and mount in PurePosixPath(source).parents:
            files = uploads.uploaded_in_bucket(str(volume["source"]), str(volume.get("path") or ""))
            yield from ((str(mount / path), data) for path, data in files.items())


def _decoded(path: str, encoded: str) -> Iterator[tuple[str, bytes]]:
    try:
        yield path, base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return  # whoever wrote that was no client


def _text(data: bytes | None) -> str | None:
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        return None
