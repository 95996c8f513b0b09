"""From the body of a request to what the hub takes, or to every problem with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

from fakejobs.model.flavors import UNLISTED
from fakejobs.model.job import Spec
from fakejobs.model.quirks import Quirks
from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import join_index, join_key
from fakejobs.wire.pieces import PIECES
from fakejobs.wire.validate import Problem, problems


class Invalid(Exception):
    """A request that the schema, or a quirk, does not allow; ``found`` has all of it."""

    def __init__(self, found: list[Problem]) -> None:
        self.found = found
        super().__init__(f"{len(found)} problems")


@dataclass(frozen=True)
class Submission:
    """A valid body of a job.

    Attributes:
        spec: what is kept of it: the keys that the Hub knows, without labels and secrets.
        labels: its labels.
        secrets: the values of its secrets by name; never kept.
    """

    spec: Spec
    labels: Mapping[str, str]
    secrets: Mapping[str, str]


def read_submission(body: Json, quirks: Quirks, *, at: str = "") -> Submission:
    """Check the body of a new job.

    Raises:
        Invalid: it does not match the schema, or what the quirks make of it.
    """
    found = problems("job-spec", body, at=at)
    if isinstance(body, dict):
        # What the schema does not allow needs no second complaint.
        places = {problem.path for problem in found}
        found += [problem for problem in _spec_problems(body, quirks, at) if problem.path not in places]
    if found or not isinstance(body, dict):
        raise Invalid(found)
    spec: dict[str, object] = {}
    for key, piece in PIECES["job-spec"]["properties"].items():
        if key in body and key not in ("labels", "secrets"):
            spec[key] = _known(body[key], piece)
    spec.setdefault("environment", {})
    if spec.get("timeoutSeconds", 0) is None:
        del spec["timeoutSeconds"]
    return Submission(spec, _texts(body.get("labels")), _texts(body.get("secrets")))


def read_labels(body: Json, quirks: Quirks) -> Mapping[str, str]:
    """Check the body that replaces labels.

    Raises:
        Invalid: as above.
    """
    found = problems("labels-body", body)
    if isinstance(body, dict):
        found += _dot_problems(body.get("labels"), quirks, "labels")
    if found or not isinstance(body, dict):
        raise Invalid(found)
    return _texts(body["labels"])


def read_expose(body: Json, quirks: Quirks) -> Mapping[str, list[int]]:
    """Check the body that replaces exposed ports.

    Raises:
        Invalid: as above.
    """
    found = problems("expose-body", body)
    if isinstance(body, dict):
        found += _port_problems(body, quirks, "")
    if found or not isinstance(body, dict):
        raise Invalid(found)
    return cast("dict[str, list[int]]", _known(body, PIECES["expose-body"]))


def _known(value: Json, piece: Mapping[str, Any]) -> Json:
    """``value`` as the Hub keeps it: with the keys that the schema lists; unknown ones are accepted and go no further."""
    if isinstance(value, list) and "items" in piece:
        return [_known(each, piece["items"]) for each in value]
    if isinstance(value, dict) and "properties" in piece:
        known = piece["properties"]
        return {key: _known(value[key], known[key]) for key in known if key in value}
    if isinstance(value, float) and "integer" in piece.get("type", ()):
        return int(value)  # 80.0 is a whole number to the schema, and 80 to JavaScript
    return value


def _spec_problems(body: Mapping[str, Json], quirks: Quirks, at: str) -> list[Problem]:
    found = []
    if quirks.image == "one" and ("dockerImage" in body) == ("spaceId" in body):
        found.append(Problem(at, "Invalid input: exactly one of dockerImage and spaceId must be given"))
    if quirks.unlisted_flavors == "refuse" and body.get("flavor") in UNLISTED:
        found.append(Problem(join_key(at, "flavor"), "Invalid option: this hardware is not offered for Jobs"))
    found += _dot_problems(body.get("labels"), quirks, join_key(at, "labels"))
    return found + _port_problems(body.get("expose"), quirks, join_key(at, "expose"))


def _dot_problems(labels: Json, quirks: Quirks, at: str) -> list[Problem]:
    if quirks.label_dots == "accept" or not isinstance(labels, dict):
        return []
    sentence = "Invalid string: JobSpec.tags must not contain a period"
    found = [Problem(f"{join_key(at, key)} (key)", sentence) for key in labels if "." in key]
    return found + [
        Problem(join_key(at, key), sentence)
        for key, value in labels.items()
        if isinstance(value, str) and "." in value
    ]


def _port_problems(expose: Json, quirks: Quirks, at: str) -> list[Problem]:
    if quirks.public_ports_beyond_ports == "accept" or not isinstance(expose, dict):
        return []
    ports, public = expose.get("ports"), expose.get("portsPublic")
    if not isinstance(ports, list) or not isinstance(public, list):
        return []
    where = join_key(at, "portsPublic")
    return [
        Problem(join_index(where, index), "Invalid input: a public port must be one of `ports`")
        for index, port in enumerate(public)
        if port not in ports
    ]


def _texts(value: Json) -> dict[str, str]:
    return value if _is_texts(value) else {}


def _is_texts(value: Json) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
