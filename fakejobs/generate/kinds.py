"""What ``fakejobs payloads`` can print, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict

import orjson

from fakejobs.generate import invalid, jobs, others, specs, streams, usage, values, webhooks
from fakejobs.generate.source import Seeded, Source
from fakejobs.model.api_dates import LATEST
from fakejobs.wire.json_types import Json

Maker = Callable[[Source, str | None, str], object]


def _error(source: Source) -> object:
    return asdict(others.error(source))


def _invalid(make: Callable[[Source], tuple[Json, invalid.Broken]], source: Source) -> object:
    body, broken = make(source)
    return {"body": body, "broken": asdict(broken)}


KINDS: Mapping[str, Maker] = {
    "job": jobs.job,
    "timeline": lambda source, _stage, date: jobs.timeline(source, date),
    "scheduled-job": lambda source, _stage, date: jobs.scheduled_job(source, date),
    "hardware": lambda source, _stage, date: others.hardware(source, date),
    "whoami": lambda source, _stage, date: others.whoami(source, date),
    "error": lambda source, _stage, _date: _error(source),
    "log-line": lambda source, _stage, _date: streams.log_line(source),
    "create-body": lambda source, _stage, date: specs.job_spec(source, date),
    "job-spec": lambda source, _stage, date: specs.any_job_spec(source, date),
    "scheduled-body": lambda source, _stage, date: specs.scheduled_body(source, date),
    "invalid-create-body": lambda source, _stage, _date: _invalid(invalid.create_body, source),
    "invalid-scheduled-body": lambda source, _stage, _date: _invalid(invalid.scheduled_body, source),
    "webhook": lambda source, _stage, date: webhooks.webhook(source, date),
    "webhook-body": lambda source, _stage, date: webhooks.body(source, date),
    "webhook-payload": lambda source, _stage, _date: webhooks.payload(source),
    "usage": lambda source, _stage, _date: usage.usage(source),
    "metrics": lambda source, _stage, _date: usage.metrics(source),
    "events": lambda source, _stage, date: jobs.events(source, date),
    "cron": lambda source, _stage, _date: values.cron(source),
}
"""How to make one of each kind; only jobs have a stage."""


def endless(
    kind: str = "job", *, seed: int = 0, stage: str | None = None, date: str = LATEST
) -> Iterator[Json]:
    """Endlessly many of a kind; the same arguments give the same ones.

    Raises:
        KeyError: there is no such kind.
        ValueError: there is no such stage, or was none on that day; or ``date`` is not a date.
    """
    source, make = Seeded(seed), KINDS[kind]
    while True:
        yield make(source, stage, date)  # type: ignore[misc]  # generators make JSON


def line(each: Json) -> bytes:
    """One of them as a line of JSON in UTF-8."""
    try:
        return orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a number beyond 64 bits, which some invalid bodies have
        return json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
