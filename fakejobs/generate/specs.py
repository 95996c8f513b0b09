"""What clients send: bodies of jobs, of scheduled jobs, of their labels and ports. All of it is valid, for a fake without changed quirks too."""

from __future__ import annotations

from functools import cache

from fakejobs.generate.source import Source, several
from fakejobs.generate.values import PATTERNS, cron, label_key, label_value, object_id, value
from fakejobs.model.flavors import UNLISTED
from fakejobs.wire.json_types import Json, Schema
from fakejobs.wire.schema import LATEST, epoch, schema_at

Body = dict[str, Json]

IMAGES = (
    "python:3.12",
    "ubuntu",
    "ghcr.io/astral-sh/uv:python3.12-bookworm",
    "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel",
)
COMMANDS = (
    ["python", "train.py"],
    ["sleep", "60"],
    ["bash", "-c", "echo $HOME && nvidia-smi"],
    ["python", "-c", "print('hello')"],
)
NAMES = ("train", "eval", "nightly-report", "fine.tune_2")
SOURCES = ("fake-user/weights", "stanfordnlp/imdb", "fake-user/jobs-artifacts", "google/gemma-3-1b-it")


def job_spec(source: Source, date: str = LATEST) -> Body:
    """The body of ``POST /api/jobs/{namespace}``, as the contract of a day has it.

    It keeps the rules that no schema can say: an image or a Space and not both, hardware that is offered, public ports that are ports.

    Args:
        source: where the choices come from.
        date: an ISO date, or "latest".
    """
    schema = _schema("job-spec", epoch(date))
    properties: dict[str, Schema] = schema["properties"]
    body: Body = {}
    image = "spaceId" if source.chance(15) else "dockerImage"
    body[image] = source.pick(SOURCES if image == "spaceId" else IMAGES)
    for key, piece in properties.items():
        if key in _ONE_OF:
            continue
        if key in schema["required"] or source.chance(_PERCENT.get(key, 30)):
            made = _member(source, key, piece)
            if made is not None or key == "timeoutSeconds":
                body[key] = made
    return {key: body[key] for key in properties if key in body}


_ONE_OF = ("spaceId", "dockerImage")
_PERCENT = {"command": 80, "environment": 60, "secrets": 40, "labels": 50, "timeoutSeconds": 50}


def _member(source: Source, key: str, schema: Schema) -> Json:
    if key == "flavor":
        return source.pick(listed_flavors(schema))
    if key == "command":
        return (
            list(source.pick(COMMANDS))
            if source.chance(70)
            else several(source, lambda: source.text(1), 1, 4)
        )
    if key == "labels":
        return labels(source)  # type: ignore[return-value]  # a mapping of texts is JSON
    if key == "environment":
        return environment(source)  # type: ignore[return-value]  # as above
    if key == "timeoutSeconds":
        return source.pick((60, 1800, 3600, 43200, 86400)) if source.chance(80) else value(source, schema)
    if key == "attempts":
        return source.integer(1, 5)
    if key == "volumes":
        return [volume(source, schema["items"]) for _ in range(source.integer(1, 2))]
    if key == "expose":
        return expose(source, schema)
    if key == "network":
        return (
            {"group": source.word("abcdefgh", 1, 8), "aliases": [source.pick(NAMES)]}
            if source.chance()
            else {"group": "training"}
        )
    return value(source, schema)


def listed_flavors(schema: Schema) -> list[str]:
    """The flavors of ``schema`` that are offered, simplest first."""
    return [name for name in schema["enum"] if name not in UNLISTED]


def labels(source: Source) -> dict[str, str]:
    """Labels, of which ``name`` is the one that the Hub shows as a job's name."""
    made = {"name": source.pick(NAMES)} if source.chance(30) else {}
    return {**made, **dict(several(source, lambda: (label_key(source), label_value(source))))}


def environment(source: Source) -> dict[str, str]:
    """Variables of the environment."""
    name = PATTERNS["^[a-zA-Z][_a-zA-Z0-9]+$"]
    return dict(several(source, lambda: (name(source), source.text())))


def volume(source: Source, schema: Schema | None = None) -> Body:
    """A volume of a request."""
    schema = schema or _schema("job-spec", epoch(LATEST))["properties"]["volumes"]["items"]
    made = value(source, schema)
    assert isinstance(made, dict)
    if "source" in made:
        made["source"] = source.pick(SOURCES)
    return made


def expose(source: Source, schema: Schema) -> Body:
    """Exposed ports; some of them may be public."""
    properties = schema["properties"]
    if "ports" not in properties:  # until June 2026
        return {"enabled": source.chance()}
    ports = sorted(set(several(source, lambda: source.pick((8000, 8080, 7860, 22, 65535)), 1, 3)))
    made: Body = {"ports": list(ports)}
    if "portsPublic" in properties and source.chance():
        made["portsPublic"] = [port for port in ports if source.chance()]
    return made


def scheduled_body(source: Source, date: str = LATEST) -> Body:
    """The body of ``POST /api/scheduled-jobs/{namespace}``."""
    body: Body = {"jobSpec": job_spec(source, date), "schedule": cron(source)}
    for key in ("suspend", "concurrency"):
        if source.chance(30):
            body[key] = source.chance()
    return body


def labels_body(source: Source) -> Body:
    """The body of ``PUT .../labels``."""
    return {"labels": labels(source)}  # type: ignore[dict-item]  # a mapping of texts is JSON


def expose_body(source: Source, date: str = LATEST) -> Body:
    """The body of ``PUT .../expose``."""
    return expose(source, _schema("expose-body", epoch(date)))


def resource_group(source: Source) -> Body:
    """A resource group of an organisation, as a job shows it."""
    made: Body = {"id": object_id(source), "name": source.pick(("research", "infra"))}
    if source.chance():
        made["numUsers"] = source.integer(1, 50)
    return made


@cache
def _schema(piece: str, in_epoch: str) -> Schema:
    return schema_at(piece, in_epoch)
