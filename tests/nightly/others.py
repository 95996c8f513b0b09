"""Generated errors, lines, streams, schedules and timelines: what a schema alone does not say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from fakejobs.generate import jobs, others, streams, usage, values, webhooks
from fakejobs.generate.others import ErrorAnswer
from fakejobs.generate.source import Seeded, Source
from fakejobs.generate.streams import StreamCase
from fakejobs.model.stages import TERMINAL, TRANSITIONS, JobStage
from fakejobs.model.times import from_iso
from fakejobs.model.webhooks import event_from
from fakejobs.wire.validate import problems
from tests.support.sse import read_events

Body = dict[str, Any]


def check_error(error: ErrorAnswer) -> str:
    """An error has a body of the schema, and headers that HTTP can carry. Returns its status."""
    assert problems("error", error.body) == [], error
    assert 400 <= error.status <= 599, error
    for name, text in error.headers.items():
        assert (name + text).isascii(), error
        assert (name + text).isprintable(), error
    assert ("RateLimit" in error.headers) == (error.status == 429), error
    return str(error.status)


def check_line(line: str) -> str:
    """A line of a log is one line, and UTF-8. Returns how long it is, roughly."""
    assert "\n" not in line
    return f"of {len(str(len(line.encode())))} digits"


def check_stream(stream: StreamCase) -> str:
    """A reader by the standard finds the events, and they are in order. Returns how many pieces it has, roughly."""
    assert tuple(read_events(stream.chunks)) == stream.events
    assert all(stream.chunks), "an empty piece"
    times = [from_iso(event["timestamp"]) for event in stream.events]
    assert times == sorted(times), stream.events
    for event in stream.events:
        assert problems("log-event", event) == [], event
        check_line(event["data"])
    return "one piece" if len(stream.chunks) == 1 else "several pieces"


def check_cron(schedule: str) -> str:
    """A schedule is one of the schema. Returns how many fields it has."""
    assert problems("schedule-body", {"schedule": schedule}) == [], schedule
    return f"{len(schedule.split())} fields"


def check_usage(body: Body) -> str:
    """What is used adds up, within the period. Returns how many jobs there are."""
    assert problems("jobs-usage", body) == [], body
    used, details = body["usage"], body["usage"]["jobDetails"]
    assert used["totalMinutes"] == sum(each["totalMinutes"] for each in details), body
    assert used["usedMicroUsd"] == sum(each["totalCostMicroUsd"] for each in details), body
    started = [each["startedAt"] for each in details]
    assert started == sorted(started, reverse=True), body
    for each in details:
        completed = each.get("completedAt", used["periodEnd"])
        assert used["periodStart"] <= each["startedAt"] <= completed <= used["periodEnd"], body
    return f"{len(details)} jobs"


def check_metrics(body: Body) -> str:
    """A sample is one of the schema. Returns how many cards it has."""
    assert problems("metric-event", body) == [], body
    assert 0 <= body["memory_used_bytes"] <= body["memory_total_bytes"], body
    return f"{len(body['gpus'])} cards"


def check_events(events: list[Body]) -> str:
    """The stages of a job follow the transition table, in order. Returns them."""
    way = [JobStage(event["stage"]) for event in events]
    times = [from_iso(event["timestamp"]) for event in events]
    assert way[0] is JobStage.SCHEDULING, events
    assert times == sorted(times), events
    assert all(then in TRANSITIONS[stage] for stage, then in pairwise(way)), way
    return " ".join(way)


def check_webhook_payload(source: Source) -> str:
    """An event is one that can be fired, and its payload tells it. Returns what has happened."""
    words = webhooks.event(source)
    fired = event_from(words)
    payload: Any = webhooks.payload(source)
    assert payload["repo"]["name"].count("/") == 1, payload
    assert len(payload["webhook"]["id"]) == 24, payload
    return f"{fired.type} {fired.scope} {fired.action}"


def check_timeline(seen: list[Body]) -> str:
    """A timeline is of one job, which goes through the transition table. Returns the stages, each once."""
    for body in seen:
        assert problems("job", body) == [], body
    changing = ("startedAt", "finishedAt", "durations", "status")
    constant = [{key: each for key, each in body.items() if key not in changing} for body in seen]
    assert all(each == constant[0] for each in constant), seen
    way = [JobStage(body["status"]["stage"]) for body in seen]
    for before, after in pairwise(seen):
        one, other = before["status"], after["status"]
        stage, then = JobStage(one["stage"]), JobStage(other["stage"])
        retried = other["failureCount"] - one["failureCount"]
        assert then == stage or then in TRANSITIONS[stage], way
        assert retried == (stage is JobStage.RUNNING and then is JobStage.SCHEDULING), seen
        if "durations" in before and "durations" in after:
            assert before["durations"]["totalSecs"] <= after["durations"]["totalSecs"], seen
        if stage is then is JobStage.RUNNING:
            assert before["startedAt"] == after["startedAt"], seen
        if stage in TERMINAL and then is stage:
            assert before == after, seen
    return " ".join(stage for stage, before in zip(way, (None, *way), strict=False) if stage != before)


CHECKS: Mapping[str, Callable[[Source], str]] = {
    "error": lambda source: check_error(others.error(source)),
    "log-line": lambda source: check_line(streams.log_line(source)),
    "stream": lambda source: check_stream(streams.sse_stream(source)),
    "stream of any form": lambda source: check_stream(streams.sse_stream(source, True)),
    "cron": lambda source: check_cron(values.cron(source)),
    "usage": lambda source: check_usage(usage.usage(source)),
    "metrics": lambda source: check_metrics(usage.metrics(source)),
    "events": lambda source: check_events(jobs.events(source)),
    "webhook-payload": check_webhook_payload,
    "timeline": lambda source: check_timeline(jobs.timeline(source)),
}
"""Makes one of each kind, checks it, and says which sort it is of."""


def check(kind: str, count: int, seed: int = 0) -> Counter[str]:
    """Check ``count`` of a kind. Returns how many of each sort there were."""
    source = Seeded(seed)
    return Counter(CHECKS[kind](source) for _ in range(count))
