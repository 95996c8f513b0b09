"""What recordings tell of jobs and people: enough to make a fake that is to behave the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from fakejobs.contract.known_jobs import MARKER, Attempt, JobBody, KnownJob, instant
from fakejobs.contract.recording import Exchange, Recording, Response, route_of
from fakejobs.hub.settings import Settings
from fakejobs.model.identity import ORG_PLANS, ORG_ROLES, TOKEN_ROLES, Identity, Org, Token, User
from fakejobs.model.stages import TERMINAL
from fakejobs.model.times import from_datetime, from_iso
from fakejobs.wire.json_types import Json

_TERMINAL = frozenset(stage.value for stage in TERMINAL)


@dataclass
class Known:
    """Everything that recordings tell.

    Attributes:
        jobs: by recorded id.
        listed: namespaces whose whole list was seen.
        missing: namespaces that do not exist.
    """

    jobs: dict[str, KnownJob] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    _users: dict[str, User] = field(default_factory=dict)
    _orgs: dict[str, Org] = field(default_factory=dict)
    _tokens: dict[str, Token] = field(default_factory=dict)
    _unknown_tokens: set[str] = field(default_factory=set)

    def settings(self) -> Settings:
        """A fake with the same people."""
        users = tuple(self._users.values()) or (User("user-1"),)
        members = {name: org for name, org in self._orgs.items() if name not in self._users}
        tokens = list(self._tokens.values())
        tokens += [
            Token.of(each, users[0].name) for each in sorted(self._unknown_tokens) if each not in self._tokens
        ]
        return Settings(identity=Identity(users, tuple(members.values()), tuple(tokens)))


def learn(recordings: Sequence[Recording]) -> Known:
    """What these recordings tell."""
    known = Known()
    for recording in recordings:
        exchange = recording.exchange
        found = route_of(exchange.request.method, exchange.request.path)
        if found is None or exchange.response.failed is not None:
            continue
        route, values = found
        _learn_caller(known, route.name, exchange)
        namespace = values.get("namespace", "")
        job_id = values.get("jobId", "").lower()
        if exchange.response.status == 404 and "jobId" not in values and namespace:
            known.missing.add(namespace)
        if exchange.response.status != 200:
            continue
        if namespace and namespace not in known._orgs and namespace not in known._users:
            known._users[namespace] = User(namespace)
        if route.name == "list" and not exchange.request.query:
            known.listed.add(namespace)
        for body in bodies_of_jobs(exchange):
            _learn_job(known, body, route.name, recording)
        if route.name == "logs" and job_id in known.jobs and not exchange.request.query:
            _learn_log(known.jobs[job_id], exchange.response)
    return known


def bodies_of_jobs(exchange: Exchange) -> Iterator[dict[str, Json]]:
    """The jobs in an answer that has some."""
    found = route_of(exchange.request.method, exchange.request.path)
    body = exchange.response.body
    if found is None or exchange.response.status != 200 or body is None or body.kind != "body":
        return
    if found[0].reply not in ("job", "job-list"):
        return
    for each in body.value if isinstance(body.value, list) else [body.value]:
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            yield each


def date_of(response: Response) -> int | None:
    """The instant of the ``Date`` header, in milliseconds; a whole second."""
    try:
        return from_datetime(parsedate_to_datetime(response.headers.get("date", "")))
    except (TypeError, ValueError):
        return None


def events_of(text: str) -> tuple[str, str] | None:
    """The name and the data of a frame; None: it has no data, as a keep-alive."""
    name, data = "message", []
    for line in re.split(r"\r\n|\r|\n", text):
        word, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if word == "event":
            name = value
        elif word == "data":
            data.append(value)
    return (name, "\n".join(data)) if data else None


def _learn_caller(known: Known, route: str, exchange: Exchange) -> None:
    token = exchange.request.headers.get("authorization")
    if token is None:
        return
    body = exchange.response.body
    if exchange.response.status != 401:
        known._unknown_tokens.add(token)
    if (
        route != "whoami"
        or exchange.response.status != 200
        or body is None
        or not isinstance(body.value, dict)
    ):
        return
    me = body.value
    name = me.get("name")
    if not isinstance(name, str):
        return
    known._users[name] = User(
        name, _other(me.get("fullname"), name), _text(me.get("email")), me.get("isPro") is True
    )
    auth = me.get("auth")
    access = auth.get("accessToken") if isinstance(auth, dict) else None
    role = access.get("role") if isinstance(access, dict) else None
    shown = access.get("displayName") if isinstance(access, dict) else None
    known._tokens[token] = Token.of(
        token, name, role if isinstance(role, str) and role in TOKEN_ROLES else "write", str(shown or "token")
    )
    orgs = me.get("orgs")
    for each in orgs if isinstance(orgs, list) else ():
        if not isinstance(each, dict) or not isinstance(org := each.get("name"), str):
            continue
        plan, role = each.get("plan"), each.get("roleInOrg")
        before = known._orgs.get(org)
        members = dict(before.members or {}) if before is not None else {}
        members[name] = role if isinstance(role, str) and role in ORG_ROLES else "admin"
        known._users.pop(org, None)
        known._orgs[org] = Org(
            org,
            _other(each.get("fullname"), org),
            plan if isinstance(plan, str) and plan in ORG_PLANS else None,
            members,
        )


def _learn_job(known: Known, body: JobBody, route: str, recording: Recording) -> None:
    job_id = str(body["id"]).lower()
    created = instant(body, "createdAt")
    if created is None:
        return
    job = known.jobs.get(job_id)
    if job is None:
        job = known.jobs[job_id] = KnownJob(job_id, body, created)
        job.made_here = route in ("create", "duplicate")
    job.started = instant(body, "startedAt") or job.started
    job.finished = instant(body, "finishedAt") or job.finished
    status = body.get("status")
    stage = status.get("stage") if isinstance(status, dict) else None
    if not isinstance(status, dict) or not isinstance(stage, str):
        return
    if stage in _TERMINAL and job.over_by is None:
        job.over_by = job.finished if job.finished is not None else date_of(recording.exchange.response)
        job.over_in = recording.name
        job.ended_by_request = route == "cancel"
    if job.stage not in _TERMINAL or stage in _TERMINAL:
        job.stage = stage
        job.message = _text(status.get("message"))
        job.cancel_reason = _text(status.get("cancelReason"))
    if isinstance(failures := status.get("failureCount"), int):
        job.failures = max(job.failures, failures)
    started = instant(body, "startedAt")
    if started is not None:
        job.ran[started] = max(
            job.ran.get(started, 0), (date_of(recording.exchange.response) or 0) if stage == "RUNNING" else 0
        )
    owner = body.get("owner")
    if isinstance(owner, dict) and isinstance(name := owner.get("name"), str):
        if owner.get("type") == "org" and name not in known._orgs:
            known._users.pop(name, None)
            known._orgs[name] = Org(name)
        elif owner.get("type") == "user" and name not in known._users:
            known._users[name] = User(name)


def _learn_log(job: KnownJob, response: Response) -> None:
    """Keep the longest log that was seen; whatever is shorter is held against it."""
    attempts: list[Attempt] = []
    for frame in response.frames or ():
        event = events_of(frame.text)
        if event is None:
            continue
        try:
            value = json.loads(event[1])
            at, text = from_iso(value["timestamp"]), value["data"]
        except (ValueError, TypeError, KeyError):
            continue
        if not isinstance(text, str):
            continue
        if MARKER.fullmatch(text):
            attempts.append(Attempt(at))
        else:
            attempts = attempts or [Attempt(at)]
            attempts[-1].lines.append((at, text))
    if job.started is None and attempts:
        job.started = attempts[-1].start
    if job.attempts is None or _entries(attempts) > _entries(job.attempts):
        job.attempts = attempts


def _entries(attempts: Sequence[Attempt]) -> int:
    return sum(1 + len(each.lines) for each in attempts)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _other(value: Json, name: str) -> str | None:
    return value if isinstance(value, str) and value and value != name else None
