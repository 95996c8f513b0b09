"""What clients send: bodies of jobs, of scheduled jobs, of their labels and ports.

All of it is valid, and accepted by a fake whose quirks are not changed; only `any_job_spec` goes as far as the schema does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fakejobs.generate.source import Source, several
from fakejobs.generate.values import (
    PATTERNS,
    Body,
    Maker,
    cron,
    filled,
    label_key,
    label_value,
    object_id,
    schema_of,
    value,
)
from fakejobs.model.api_dates import LATEST
from fakejobs.model.cron import cron_from
from fakejobs.model.flavors import UNLISTED
from fakejobs.wire.json_types import Json, Schema

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
PORTS = (8000, 8080, 7860, 22, 65535)


def job_spec(source: Source, date: str = LATEST, flavors: Sequence[str] | None = None) -> Body:
    """The body of ``POST /api/jobs/{namespace}``, as the contract of a day has it.

    It keeps the rules that no schema can say: an image or a Space and not both, hardware that is offered, public ports that are ports.

    Args:
        source: where the choices come from.
        date: an ISO date, or "latest".
        flavors: what to choose the hardware from, simplest first; None: all that is offered on that day.
    """
    schema = schema_of("job-spec", date)
    properties: dict[str, Schema] = schema["properties"]
    image = "spaceId" if source.chance(15) else "dockerImage"
    offered = listed_flavors(properties["flavor"]) if flavors is None else flavors
    body: Body = {
        image: source.pick(SOURCES if image == "spaceId" else IMAGES),
        "flavor": source.pick(offered),
        **filled(source, schema, _OWN, _PERCENT, without=(*_IMAGES, "flavor")),
    }
    return {key: body[key] for key in properties if key in body}


def any_job_spec(source: Source, date: str = LATEST) -> Body:
    """A body that the schema allows, and perhaps nothing but the schema.

    Beside what `job_spec` yields: hardware that is not offered, an image and a Space together or neither, public ports that are no ports.
    """
    schema = schema_of("job-spec", date)
    properties: dict[str, Schema] = schema["properties"]
    body = job_spec(source, date, properties["flavor"]["enum"])
    images = source.integer(0, 9)
    if images == 8:
        body = {key: each for key, each in body.items() if key not in _IMAGES}
    elif images == 9:
        body.update(dockerImage=source.pick(IMAGES), spaceId=source.pick(SOURCES))
    expose = body.get("expose")
    if isinstance(expose, dict) and "portsPublic" in expose and source.chance(20):
        expose["portsPublic"] = [source.pick(PORTS)]
    return {key: body[key] for key in properties if key in body}


_IMAGES = ("spaceId", "dockerImage")


def listed_flavors(schema: Schema) -> list[str]:
    """The flavors of ``schema`` that are offered, simplest first."""
    return [name for name in schema["enum"] if name not in UNLISTED]


def labels(source: Source) -> dict[str, str]:
    """Labels of a job."""
    return dict(several(source, lambda: (label_key(source), label_value(source))))


def environment(source: Source) -> dict[str, str]:
    """Variables of the environment."""
    name = PATTERNS["^[a-zA-Z][_a-zA-Z0-9]+$"]
    return dict(several(source, lambda: (name(source), source.text())))


def volume(source: Source, schema: Schema | None = None) -> Body:
    """A volume, as it is asked for."""
    schema = schema or schema_of("job-spec", LATEST)["properties"]["volumes"]["items"]
    return filled(source, schema, {"source": lambda source, _schema: source.pick(SOURCES)})


def expose(source: Source, schema: Schema) -> Body:
    """Exposed ports; some of them may be public."""
    properties = schema["properties"]
    if "ports" not in properties:  # until June 2026
        return {"enabled": source.chance()}
    ports = sorted(set(several(source, lambda: source.pick(PORTS), 1, 3)))
    made: Body = {"ports": list(ports)}
    if "portsPublic" in properties and source.chance():
        made["portsPublic"] = [port for port in ports if source.chance()]
    return made


def scheduled_body(source: Source, date: str = LATEST) -> Body:
    """The body of ``POST /api/scheduled-jobs/{namespace}``; its schedule has a tick after any instant."""
    own: dict[str, Maker] = {
        "jobSpec": lambda source, _schema: job_spec(source, date),
        "schedule": lambda source, _schema: running_cron(source),
    }
    return filled(source, schema_of("scheduled-job-body", date), own)


def running_cron(source: Source) -> str:
    """A schedule that never ends: it names no year, and no day such as 30 February."""
    text = cron(source)
    fields = text.split()
    if len(fields) == 7:
        text = " ".join([*fields[:6], "*"])
    try:
        cron_from(text)
    except ValueError:
        return "@daily"
    return text


def labels_body(source: Source) -> Body:
    """The body of ``PUT .../labels``."""
    return {"labels": _json(labels(source))}


def expose_body(source: Source, date: str = LATEST) -> Body:
    """The body of ``PUT .../expose``."""
    return expose(source, schema_of("expose-body", date))


def schedule_body(source: Source) -> Body:
    """The body of ``POST .../schedule``."""
    return {"schedule": cron(source)}


def resource_group(source: Source) -> Body:
    """A resource group of an organisation, as a job shows it."""
    made: Body = {"id": object_id(source), "name": source.pick(("research", "infra"))}
    if source.chance():
        made["numUsers"] = source.integer(1, 50)
    return made


def _command(source: Source, _schema: Schema) -> Json:
    if source.chance(30):
        return several(source, lambda: source.text(1), 1, 4)
    return list(source.pick(COMMANDS))


def _timeout(source: Source, schema: Schema) -> Json:
    if source.chance(20):
        return value(source, schema)
    return source.pick((60, 1800, 3600, 43200, 86400))


def _volumes(source: Source, schema: Schema) -> Json:
    return several(source, lambda: volume(source, schema["items"]), 1, 2)


def _network(source: Source, schema: Schema) -> Json:
    own: dict[str, Maker] = {
        "group": lambda source, _schema: source.pick(NAMES),
        "aliases": lambda source, _schema: [source.pick(NAMES)],
    }
    return filled(source, schema, own)


def _json(texts: dict[str, str]) -> Json:
    return {**texts}


_OWN: Mapping[str, Maker] = {
    "command": _command,
    "environment": lambda source, _schema: _json(environment(source)),
    "timeoutSeconds": _timeout,
    "attempts": lambda source, _schema: source.integer(1, 5),
    "labels": lambda source, _schema: _json(labels(source)),
    "volumes": _volumes,
    "expose": expose,
    "network": _network,
}
_PERCENT = {
    "command": 80,
    "arguments": 30,
    "environment": 60,
    "arch": 30,
    "volumes": 30,
    "expose": 30,
    "ssh": 30,
    "network": 20,
    "resourceGroupId": 20,
}
