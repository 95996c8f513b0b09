"""The contract: which routes there are, which piece each takes and gives, and how all that looked on a given day.

>>> [route.name for route in routes_at("2026-05-01") if route.path.startswith("/api/jobs/hard")]
['hardware']
>>> "SCHEDULING" in schema_at("job", "2026-03-30")["properties"]["status"]["properties"]["stage"]["enum"]
False
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from fakejobs.model.api_dates import FIRST_DAY, LATEST, day_of
from fakejobs.wire.dates import HARDWARE_SINCE, NAMED_LOGS_SINCE, SCHEDULED_SINCE
from fakejobs.wire.json_types import Schema
from fakejobs.wire.pieces import PIECES

ReplyKind = Literal["json", "sse", "text"]


@dataclass(frozen=True)
class Route:
    """One operation of the API. Everything named here is a piece: give the name to `schema_at` or `problems`.

    Attributes:
        method: the HTTP method, in capitals.
        path: the path in the API's own syntax, ``/api/jobs/{namespace}/{jobId}``.
        name: a short name, unique in `ROUTES`.
        query: the piece for the query parameters, if there are any.
        body: the piece for the request body; None: no body is needed, and one that is sent is ignored.
        reply: the piece for the body of a 200; None: the Hub documents none. For ``sse``, the data of one event.
        kind: how the reply is sent: a JSON body, server-sent events, or plain text.
        errors: pieces of errors with a body of their own, by status; every other error is the piece ``error``.
        public: may be called without a token.
        since: the first day on which the route existed (ISO), or None: from the beginning of the record.
        until: the first day on which it did not exist any more (ISO), or None: it still does.
    """

    method: str
    path: str
    name: str
    query: str | None = None
    body: str | None = None
    reply: str | None = None
    kind: ReplyKind = "json"
    errors: tuple[tuple[int, str], ...] = ()
    public: bool = False
    since: str | None = None
    until: str | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in braces in ``path``, in order; `PATH_PIECES` has the piece of each."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


PATH_PIECES = {
    "namespace": "namespace",
    "jobId": "job-id",
    "perms": "perms",
    "webhookId": "webhook-id",
    "action": "webhook-action",
    "logId": "webhook-log-id",
}
"""The piece that checks each path parameter."""

_JOBS = "/api/jobs/{namespace}"
_JOB = _JOBS + "/{jobId}"
_SCHEDULED = "/api/scheduled-jobs/{namespace}"
_SCHEDULED_ONE = _SCHEDULED + "/{jobId}"
_WEBHOOKS = "/api/settings/webhooks"
_WEBHOOK = _WEBHOOKS + "/{webhookId}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/whoami-v2", "whoami", reply="whoami"),
    Route("GET", "/api/settings/billing/usage/jobs", "jobs-usage", reply="jobs-usage"),
    # Fixed words come before {namespace} and {jobId}, which would match them too.
    Route("GET", "/api/jobs/hardware", "hardware", reply="hardware-list", public=True, since=HARDWARE_SINCE),
    Route("POST", _JOBS, "create", body="job-spec", reply="job"),
    Route("GET", _JOBS, "list", query="list-query", reply="job-list"),
    Route("GET", _JOBS + "/count", "count", query="count-query", reply="count"),
    Route("GET", _JOB, "inspect", reply="job"),
    Route(
        "GET",
        _JOB + "/logs",
        "logs",
        query="logs-query",
        reply="log-event",
        kind="sse",
        since=NAMED_LOGS_SINCE,
    ),
    Route("GET", _JOB + "/metrics", "metrics", reply="metric-event", kind="sse", since=NAMED_LOGS_SINCE),
    Route("GET", _JOB + "/events", "events", reply="job-event", kind="sse"),
    Route("POST", _JOB + "/cancel", "cancel", reply="job"),
    Route("POST", _JOB + "/duplicate", "duplicate", reply="job"),
    Route("PUT", _JOB + "/labels", "labels", body="labels-body", reply="job", since="2026-05-05"),
    Route("PUT", _JOB + "/expose", "expose", body="expose-body", reply="job", since="2026-07-20"),
    Route("POST", _JOBS + "/auth-check/{perms}", "auth-check", reply="auth-check", since="2026-05-28"),
    Route("POST", _JOB + "/auth-check/{perms}", "job-auth-check", reply="auth-check", since="2026-05-28"),
    Route(
        "POST",
        _SCHEDULED,
        "scheduled-create",
        body="scheduled-job-body",
        reply="scheduled-job",
        since=SCHEDULED_SINCE,
    ),
    Route(
        "GET",
        _SCHEDULED,
        "scheduled-list",
        query="scheduled-list-query",
        reply="scheduled-job-list",
        since=SCHEDULED_SINCE,
    ),
    Route("GET", _SCHEDULED_ONE, "scheduled-inspect", reply="scheduled-job", since=SCHEDULED_SINCE),
    # No body is documented for these three; "OK" is what huggingface/hf-mcp-server met (its commit 02a1af7).
    Route("DELETE", _SCHEDULED_ONE, "scheduled-delete", kind="text", since=SCHEDULED_SINCE),
    Route("POST", _SCHEDULED_ONE + "/suspend", "scheduled-suspend", kind="text", since=SCHEDULED_SINCE),
    Route("POST", _SCHEDULED_ONE + "/resume", "scheduled-resume", kind="text", since=SCHEDULED_SINCE),
    Route(
        "POST",
        _SCHEDULED_ONE + "/run",
        "scheduled-run",
        reply="job",
        errors=((409, "run-conflict"),),
        since=SCHEDULED_SINCE,
    ),
    Route(
        "POST",
        _SCHEDULED_ONE + "/schedule",
        "scheduled-schedule",
        body="schedule-body",
        reply="scheduled-job",
        since=SCHEDULED_SINCE,
    ),
    Route(
        "PUT",
        _SCHEDULED_ONE + "/labels",
        "scheduled-labels",
        body="labels-body",
        reply="scheduled-job",
        since="2026-05-05",
    ),
    Route("GET", _WEBHOOKS, "webhook-list", reply="webhook-list"),
    Route("POST", _WEBHOOKS, "webhook-create", body="webhook-body", reply="webhook-answer"),
    Route("GET", _WEBHOOK, "webhook-inspect", reply="webhook-answer"),
    Route("POST", _WEBHOOK, "webhook-update", body="webhook-body", reply="webhook-answer"),
    Route("DELETE", _WEBHOOK, "webhook-delete", reply="webhook-deleted"),
    Route("POST", _WEBHOOK + "/{action}", "webhook-action", reply="webhook-answer"),
    Route("POST", _WEBHOOK + "/replay/{logId}", "webhook-replay", reply="webhook-replayed"),
)
"""Every route of the contract, newest state; the order is safe for a router that takes the first match."""

GONE: tuple[Route, ...] = (
    Route("GET", _JOB + "/logs-stream", "logs-stream", reply="log-event", kind="sse", until=NAMED_LOGS_SINCE),
    Route(
        "GET",
        _JOB + "/metrics-stream",
        "metrics-stream",
        reply="metric-event",
        kind="sse",
        until=NAMED_LOGS_SINCE,
    ),
)
"""The routes that there were once."""

JOB_KEYS: tuple[str, ...] = tuple(PIECES["job"]["properties"])
"""The keys of a job in the order of the wire."""

STATUS_KEYS: tuple[str, ...] = tuple(PIECES["job-status"]["properties"])
"""The keys of ``status`` of a job in the order of the wire."""

SCHEDULED_JOB_KEYS: tuple[str, ...] = tuple(PIECES["scheduled-job"]["properties"])
"""The keys of a scheduled job in the order of the wire."""

SCHEDULED_JOB_SPEC_KEYS: tuple[str, ...] = tuple(PIECES["scheduled-job-spec"]["properties"])
"""The keys of ``jobSpec`` of a scheduled job in the order of the wire."""


def schema_at(name: str, date: str = LATEST) -> Schema:
    """The piece ``name`` as it was on ``date``: plain, self-contained JSON Schema 2020-12 without any date mark.

    Args:
        name: a name in `fakejobs.wire.pieces.PIECES`.
        date: an ISO date (``2026-06-01``), or `LATEST`.

    Returns:
        A copy that the caller may change.

    Raises:
        KeyError: there is no such piece.
        ValueError: ``date`` is not a date.
    """
    return deepcopy(shared_schema(name, date))


def shared_schema(name: str, date: str = LATEST) -> Schema:
    """As `schema_at`, but not a copy: it is shared by all who ask, and not to be changed."""
    return _schema_in(name, epoch(date))


def routes_at(date: str = LATEST) -> tuple[Route, ...]:
    """The routes that existed on ``date`` (ISO, or `LATEST`), in the order of `ROUTES`."""
    day = day_of(date)
    return tuple(route for route in (*ROUTES, *GONE) if _exists(route.since, route.until, day))


@lru_cache(maxsize=4096)
def epoch(date: str = LATEST) -> str:
    """The last day up to ``date`` on which the contract changed; the first day of the record before the first change.

    All dates with the same epoch have the same contract, so it is what caches are keyed by.

    Raises:
        ValueError: ``date`` is neither `LATEST` nor an ISO date such as ``2026-06-01``.
    """
    days = change_days()
    position = bisect_right(days, day_of(date))
    return days[position - 1] if position else FIRST_DAY


@cache
def change_days() -> tuple[str, ...]:
    """Every day (ISO, ascending) on which a route, a key or a value of the contract came or went."""
    days = {day for route in (*ROUTES, *GONE) for day in (route.since, route.until) if day}
    for piece in PIECES.values():
        days.update(_dates_in(piece))
    return tuple(sorted(days))


def _exists(since: str | None, until: str | None, day: str) -> bool:
    return (since is None or since <= day) and (until is None or day < until)


def _dates_in(schema: object) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _dates_in(item)
    elif isinstance(schema, dict):
        for keyword, value in schema.items():
            if keyword in ("x-since", "x-until"):
                yield value
            elif keyword in ("x-since-of", "x-until-of"):
                yield from value.values()
            elif keyword == "x-before":
                yield from value
                yield from _dates_in(list(value.values()))
            else:
                yield from _dates_in(value)


@cache
def _schema_in(name: str, in_epoch: str) -> Schema:
    return _resolve({"$ref": name}, in_epoch)


def _resolve(schema: Schema, day: str) -> Schema:
    """``schema`` with its references put in, without what did not exist on ``day``, and without the marks."""
    if "$ref" in schema:
        name = schema["$ref"]
        if name not in PIECES:
            raise KeyError(f"no piece is called {name!r}; there are: {', '.join(sorted(PIECES))}")
        schema = {
            **PIECES[name],
            **{keyword: value for keyword, value in schema.items() if keyword != "$ref"},
        }
    for until, earlier in sorted(schema.get("x-before", {}).items()):
        if day < until:
            return _resolve(earlier, day)
    resolved: Schema = {}
    for keyword, value in schema.items():
        if keyword.startswith("x-"):
            continue
        if keyword == "properties":
            value = {key: _resolve(sub, day) for key, sub in value.items() if _present(sub, day)}
        elif keyword == "required":
            properties = schema.get("properties", {})
            value = [key for key in value if key not in properties or _present(properties[key], day)]
        elif keyword == "enum":
            since, until = schema.get("x-since-of", {}), schema.get("x-until-of", {})
            value = [member for member in value if _exists(since.get(member), until.get(member), day)]
        elif keyword == "anyOf":
            value = [_resolve(sub, day) for sub in value if _present(sub, day)]
        elif isinstance(value, dict) and keyword != "default":
            value = _resolve(value, day)
        resolved[keyword] = value
    return resolved


def _present(schema: Schema, day: str) -> bool:
    return _exists(schema.get("x-since"), schema.get("x-until"), day)
