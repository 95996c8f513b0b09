"""What the bodies of uploads have in common, of buckets and of datasets: lines of JSON, paths, and who may see a new repository."""

from __future__ import annotations

from collections.abc import Iterator

from fakejobs.model.files import problem_with_path as problem_with_path  # one rule, whoever checks it
from fakejobs.model.refusal import Refusal
from fakejobs.wire.json_types import Json
from fakejobs.wire.read_json import BODY_LIMIT, BadJson, read_json


def read_lines(raw: bytes, *, limit: int = BODY_LIMIT) -> Iterator[tuple[str, dict[str, Json]]]:
    """The JSON objects of a body that has one on each line (NDJSON), with where each is: ``line 3``. Empty lines are skipped.

    Args:
        raw: the body.
        limit: the most bytes that a line may have.

    Raises:
        Refusal: 400 for a line that is none, 413 for one that is too long; with its number.
    """
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            value = read_json(line, limit=limit)
        except BadJson as error:
            raise Refusal(error.status, f"Invalid input: {where}: {error.sentence}") from None
        yield where, as_object(value, where)


def as_object(value: Json, where: str) -> dict[str, Json]:
    """A value that has to be a JSON object.

    Raises:
        Refusal: 400, it is none.
    """
    if not isinstance(value, dict):
        raise invalid(where, "a JSON object was expected")
    return value


def text(fields: dict[str, Json], name: str, where: str) -> str:
    """A field that has to be a string.

    Raises:
        Refusal: 400, it is none.
    """
    value = fields.get(name)
    if not isinstance(value, str):
        raise invalid(where, f'"{name}" has to be a string')
    return value


def optional_text(fields: dict[str, Json], name: str, where: str) -> str | None:
    """A field that is a string, or null, or not there.

    Raises:
        Refusal: 400, it is something else.
    """
    return None if fields.get(name) is None else text(fields, name, where)


def read_visibility(fields: dict[str, Json], where: str = "the body") -> bool:
    """Whether a new repository is to be private: ``private``, or ``visibility`` (clients from 2.1 on); without a word it is public.

    Raises:
        Refusal: 400 for another word.
    """
    visibility = optional_text(fields, "visibility", where)
    if visibility is not None:
        if visibility not in ("public", "private"):
            raise invalid(where, '"visibility" has to be "public" or "private"')
        return visibility == "private"
    private = fields.get("private")
    if private is not None and not isinstance(private, bool):
        raise invalid(where, '"private" has to be true or false')
    return private is True


def invalid(where: str, problem: str) -> Refusal:
    """What is answered to input that is none.

    Args:
        where: in the body.
        problem: what is wrong there.
    """
    return Refusal(400, f"Invalid input: {where}: {problem}")
