"""Webhooks, what they are asked for with, and the events of repositories that trigger them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from fakejobs.generate.source import Source, several
from fakejobs.generate.specs import NAMES, job_spec
from fakejobs.generate.values import HEX, Body, Maker, filled, instant, object_id, schema_of
from fakejobs.model.api_dates import LATEST
from fakejobs.model.draws import entity_id
from fakejobs.model.webhooks import (
    DOMAINS,
    KEPT,
    REPO_TYPES,
    WATCHED_TYPES,
    Watched,
    Webhook,
    describe,
    event_from,
    payload_for,
)
from fakejobs.wire.encode import webhook_body
from fakejobs.wire.json_types import Json, Schema

OWNERS = ("fake-user", "ada", "acme-ai")
TARGETS = ("job", "jobSourceId", "url")
"""What a webhook does; it has one of these."""

_SCOPES: Mapping[str, Sequence[str]] = {
    "repo.content": ("update",),
    "repo": ("update", "create", "delete", "move"),
    "repo.config": ("update",),
    "discussion": ("create", "update", "delete"),
    "discussion.comment": ("create", "update"),
}
_FILES = ("a.csv", "data/train-00000.parquet", "weights/model.safetensors", "ünï/c d.txt")


def body(source: Source, date: str = LATEST) -> Body:
    """The body of ``POST /api/settings/webhooks``; with ``jobSourceId`` it is the id of a job that nobody may have."""
    target = source.pick(TARGETS)
    own: dict[str, Maker] = {
        "watched": lambda source, _schema: cast("Json", [_watched(each) for each in _watch(source)]),
        "job": lambda source, _schema: job_spec(source, date),
        "jobSourceId": lambda source, _schema: object_id(source),
        "domains": lambda source, _schema: list(_domains(source)),
    }
    schema = schema_of("webhook-body", date)
    return filled(source, schema, own, {target: 100}, without=[each for each in TARGETS if each != target])


def webhook(source: Source, date: str = LATEST) -> Body:
    """A webhook, as it is answered in ``webhook``, and as an item of the list."""
    asked = body(source, date)
    user, created = source.pick(OWNERS), instant(source)
    spec, secrets = asked.get("job"), asked.get("secrets", {})
    if spec is None and "jobSourceId" in asked:
        spec = job_spec(source, date)
    assert isinstance(secrets, dict)
    job = spec if isinstance(spec, dict) else None
    made = Webhook(
        id=object_id(source),
        user=user,
        created=created,
        watched=_watch(source),
        domains=_domains(source),
        url=cast("str | None", asked.get("url")),
        job=None if job is None else {"environment": {}, **{key: job[key] for key in KEPT if key in job}},
        labels={} if job is None else cast("Mapping[str, str]", job.get("labels", {})),
        secrets=tuple(secrets),
        source=cast("str | None", asked.get("jobSourceId")),
        has_secret="secret" in asked,
        disabled=source.chance(20),
        last_trigger=created + source.integer(0, 86_400_000) if source.chance() else None,
    )
    answered: Body = {**webhook_body(made)}  # type: ignore[dict-item]  # it is made of JSON
    if source.chance(5):
        answered["disabled"] = "suspended-after-failure"
    return _of_the_day(answered, schema_of("webhook", date))


def event(source: Source) -> dict[str, object]:
    """Words of `FakeJobs.fire_event`. Simplest: the content of a model changes."""
    words: dict[str, object] = {"repo": f"{source.pick(OWNERS)}/{source.pick(NAMES)}"}
    kind = source.pick(REPO_TYPES)
    if kind != "model":
        words["type"] = kind
    scopes = [each for each in _SCOPES if kind != "bucket" or not each.startswith("discussion")]
    scope = source.pick(scopes)
    if scope != "repo.content":
        words["scope"] = scope
        action = source.pick(_SCOPES[scope])
        if action != "update":
            words["action"] = action
    if source.chance(20):
        words["private"] = True
    if source.chance(20):
        words["tags"] = several(source, lambda: source.pick(("en", "region:us", "license:mit")), 0, 2)
    if kind == "bucket" and scope == "repo.content":
        words["updated_files"] = several(source, lambda: _file(source), 1, 3)
    if kind != "bucket" and source.chance(20):
        words["head_sha"] = source.word(HEX, 40, 40)
    if scope.startswith("repo.config"):
        words["updated_config"] = {"private": source.chance()}
    if scope.startswith("discussion") and source.chance():
        words["discussion"] = {"title": source.text(1, 40), "isPullRequest": source.chance()}
    if scope == "discussion.comment" and source.chance():
        words["comment"] = {"content": source.text(1, 40)}
    return words


def payload(source: Source) -> dict[str, object]:
    """What the job of a webhook finds in ``WEBHOOK_PAYLOAD``, and what a server gets that is called: an event, and the webhook."""
    fired = event_from(event(source))
    owner = fired.owner or fired.repo
    seed, number = source.integer(0, 2**32), source.integer(1, 100)
    described = describe(fired, entity_id("user", owner), seed=seed, number=number)
    return payload_for(object_id(source), described)


def _file(source: Source) -> dict[str, object]:
    name = source.pick(_FILES)
    if source.chance(30):
        return {"path": name, "action": "delete"}
    size = source.integer(0, 10**9)
    return {"path": name, "action": "add", "xetHash": source.word(HEX, 64, 64), "size": size}


def _watch(source: Source) -> tuple[Watched, ...]:
    def one() -> Watched:
        kind, owner = source.pick(WATCHED_TYPES), source.pick(OWNERS)
        return Watched(kind, owner if kind in ("user", "org") else f"{owner}/{source.pick(NAMES)}")

    return tuple(several(source, one, 1, 3))


def _watched(each: Watched) -> Body:
    return {"type": each.type, "name": each.name}


def _domains(source: Source) -> tuple[str, ...]:
    return source.pick((DOMAINS[:1], DOMAINS[1:], DOMAINS))


def _of_the_day(answered: Body, schema: Schema) -> Body:
    """With the keys of the day; whoever gets it may change it."""
    known: Body = {}
    for key, member in schema["properties"].items():
        each = answered.get(key)
        if key not in answered:
            continue
        if isinstance(each, dict):
            each = {name: each[name] for name in member["properties"] if name in each}
        known[key] = each
    return known
