"""The use cases around webhooks: making and changing them, and events of repositories that trigger them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fakejobs.hub.identity import allow, check_job, group_for
from fakejobs.hub.jobs import create, person
from fakejobs.model.draws import entity_id, object_id
from fakejobs.model.identity import Caller, Owner, Token
from fakejobs.model.job import Spec
from fakejobs.model.refusal import Refusal
from fakejobs.model.webhooks import (
    DAY_MS,
    KEPT,
    TRIGGERS_PER_DAY,
    Delivery,
    RepoEvent,
    Watched,
    Webhook,
    describe,
    event_from,
    payload_for,
)
from fakejobs.store import webhooks as rows
from fakejobs.store.jobs import find_job
from fakejobs.store.schedules import find_schedule
from fakejobs.store.settings import next_number

if TYPE_CHECKING:
    from fakejobs.hub.state import State

HANDED_OVER_AS = "WEBHOOK_SECRET"
"""The secret of a webhook, as its jobs find it."""

_NOT_FOUND = "Webhook not found"
_ID = re.compile("[0-9a-f]{24}")


@dataclass(frozen=True)
class WebhookChange:
    """What a valid request says of a webhook.

    Attributes:
        watched: what it watches.
        domains: which events.
        url: the address to call, or None.
        job: the spec to run, or None.
        labels: the labels of that job.
        source: the id of a job, or of a scheduled job, whose spec to run, or None.
        secret: the webhook's own secret; None: not said.
        secrets: values of secrets for its jobs by name; an empty one takes the secret away.
    """

    watched: tuple[Watched, ...]
    domains: tuple[str, ...]
    url: str | None = None
    job: Spec | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    secret: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_target(self) -> bool:
        """Whether it says what the webhook is to do."""
        return not (self.url is None and self.job is None and self.source is None)


def listed(state: State, caller: Caller) -> list[Webhook]:
    """The caller's webhooks, oldest first."""
    with state.look():
        _allow(caller, "read")
        return rows.all_webhooks(state.database, caller.user.name)


def read(state: State, caller: Caller, webhook_id: str) -> Webhook:
    """One of the caller's webhooks.

    Raises:
        Refusal: 404 without such a webhook, 403 where the token may not read webhooks.
    """
    with state.look():
        _allow(caller, "read")
        return _find(state, caller, webhook_id)


def add(state: State, caller: Caller, change: WebhookChange) -> Webhook:
    """Make a webhook.

    Raises:
        Refusal: 404 without the job that it names, 403 where the caller may not start jobs.
    """
    with state.act() as now:
        _allow(caller, "write")
        number = next_number(state.database, "webhooks")
        webhook = Webhook(
            id=object_id(now, state.settings.seed, "webhooks", number),
            user=caller.user.name,
            created=now,
            watched=change.watched,
            domains=change.domains,
        )
        webhook = _changed(state, caller, webhook, change)
        rows.put_webhook(state.database, webhook)
        _keep_secrets(state, webhook, change)
        return webhook


def update(state: State, caller: Caller, webhook_id: str, change: WebhookChange) -> Webhook:
    """Change a webhook: what it watches, and whatever else is said.

    Raises:
        Refusal: as for `read` and `add`.
    """
    with state.act():
        _allow(caller, "write")
        webhook = _find(state, caller, webhook_id)
        if not change.has_target:
            _may_start(state, caller, webhook)
        webhook = _changed(
            state, caller, replace(webhook, watched=change.watched, domains=change.domains), change
        )
        rows.put_webhook(state.database, webhook)
        _keep_secrets(state, webhook, change)
        return webhook


def enable(state: State, caller: Caller, webhook_id: str, *, enabled: bool) -> Webhook:
    """Let events reach a webhook, or pass it by.

    Raises:
        Refusal: as for `read`; to enable it, 403 where the caller may not start its jobs.
    """
    with state.act():
        _allow(caller, "write")
        webhook = replace(_find(state, caller, webhook_id), disabled=not enabled)
        if enabled:
            _may_start(state, caller, webhook)
        rows.put_webhook(state.database, webhook)
        return webhook


def delete(state: State, caller: Caller, webhook_id: str) -> None:
    """Delete a webhook; its jobs stay.

    Raises:
        Refusal: as for `read`.
    """
    with state.act():
        _allow(caller, "write")
        webhook = _find(state, caller, webhook_id)
        rows.delete_webhook(state.database, webhook.id)
        state.webhook_secrets.pop(webhook.id, None)


def fire(state: State, words: Mapping[str, object]) -> list[Delivery]:
    """Let something happen to a repository: every webhook that wants the event gets it, oldest first.

    Raises:
        ValueError: see `fakejobs.model.webhooks.event_from`.
    """
    event = event_from(words)
    with state.act() as now:
        return [
            _deliver(state, webhook, described, now)
            for described in [_describe(state, event)]
            for webhook in rows.all_webhooks(state.database)
            if webhook.wants(event) and not _exhausted(state, webhook, now)
        ]


def replay(state: State, caller: Caller, webhook_id: str, delivery_id: str) -> Delivery:
    """Deliver an event again, to the webhook as it is now, with the ``WEBHOOK_ID`` of before (Hub documentation, "Webhooks").

    Raises:
        Refusal: 404 without such a webhook or delivery, 409 while it is disabled, 403 where the caller may not start its jobs.
    """
    with state.act() as now:
        _allow(caller, "write")
        webhook = _find(state, caller, webhook_id)
        delivery = rows.find_delivery(state.database, delivery_id)
        if delivery is None or delivery.webhook != webhook.id:
            raise Refusal(404, "Webhook log not found")
        if webhook.disabled:
            raise Refusal(409, "Webhook is disabled")
        _may_start(state, caller, webhook)
        return _deliver(state, webhook, delivery.event, now, key=delivery.key)


def deliveries(state: State, webhook_id: str | None = None) -> list[Delivery]:
    """What was delivered to a webhook, or to all, oldest first."""
    with state.look():
        return rows.all_deliveries(state.database, webhook_id)


def _allow(caller: Caller, permission: str) -> None:
    token, user = caller.token, caller.user.name
    allowed = token.role != "read" or permission == "read"
    if token.permissions is not None:
        wanted = ("user.webhooks.write", f"user.webhooks.{permission}")
        allowed = any(each in wanted for each in token.permissions.get(user, ()))
    if not allowed:
        raise Refusal(
            403,
            "You don't have the required permissions to complete this action on namespace "
            f"{user}, missing permissions: user.webhooks.{permission}",
        )


def _find(state: State, caller: Caller, webhook_id: str) -> Webhook:
    webhook = rows.find_webhook(state.database, webhook_id)
    if webhook is None or webhook.user != caller.user.name:
        raise Refusal(404, _NOT_FOUND)
    return webhook


def _changed(state: State, caller: Caller, webhook: Webhook, change: WebhookChange) -> Webhook:
    if change.has_target:
        webhook = replace(webhook, url=change.url, job=None, labels={}, namespace="", source=change.source)
    if change.source is not None:
        spec, labels, owner = _source(state, caller, change.source)
        webhook = replace(webhook, job=spec, labels=labels, namespace=owner.name)
    elif change.job is not None:
        owner = allow(state, caller, caller.user.name, "write")
        webhook = replace(webhook, job=_kept(change.job), labels=change.labels, namespace=owner.name)
    if webhook.job is None:
        webhook = replace(webhook, secrets=())
    else:
        names = [name for name in webhook.secrets if change.secrets.get(name) != ""]
        names += [name for name, value in change.secrets.items() if value and name not in names]
        webhook = replace(webhook, secrets=tuple(names))
    if change.secret is not None:
        webhook = replace(webhook, has_secret=change.secret != "")
    return webhook


def _source(state: State, caller: Caller, source_id: str) -> tuple[Spec, Mapping[str, str], Owner]:
    """The job, or the scheduled job, whose spec a webhook takes over; the caller must be allowed to start one there."""
    not_found = Refusal(404, state.settings.quirks.job_not_found)
    source_id = source_id.lower()
    if not _ID.fullmatch(source_id):
        raise not_found
    source = find_job(state.database, source_id)
    if source is None and (schedule := find_schedule(state.database, source_id)) is not None:
        source = schedule.as_job
    if source is None:
        raise not_found
    try:
        owner = allow(state, caller, source.namespace, "read")
    except Refusal:  # somebody else's job is no job to the caller
        raise not_found from None
    check_job(state, caller, owner, source, "write")
    spec = _kept(source.spec)
    return spec, source.labels, _owner_for(state, caller, source.namespace, spec)


def _owner_for(state: State, caller: Caller, namespace: str, spec: Spec) -> Owner:
    """The owner of a namespace, if the caller may start this job there; those of webhooks belong to no resource group."""
    owner = allow(state, caller, namespace, "write")
    group_for(state, caller, owner, spec)
    return owner


def _may_start(state: State, caller: Caller, webhook: Webhook) -> None:
    """Refuse who may not start the jobs that a webhook starts: 403."""
    if webhook.job is not None:
        _owner_for(state, caller, webhook.namespace, webhook.job)


def _kept(spec: Spec) -> Spec:
    return {key: spec[key] for key in KEPT if key in spec}


def _keep_secrets(state: State, webhook: Webhook, change: WebhookChange) -> None:
    """Values live in memory only; after a restart the webhook's jobs have the names."""
    kept = state.webhook_secrets.setdefault(webhook.id, {})
    kept.update(change.secrets)
    if change.secret is not None:
        kept[HANDED_OVER_AS] = change.secret
    wanted = _secret_names(webhook)
    state.webhook_secrets[webhook.id] = {name: value for name, value in kept.items() if name in wanted}


def _secret_names(webhook: Webhook) -> list[str]:
    names = list(webhook.secrets)
    return [*names, HANDED_OVER_AS] if webhook.has_secret and HANDED_OVER_AS not in names else names


def _describe(state: State, event: RepoEvent) -> dict[str, object]:
    number = next_number(state.database, f"events of {event.type}/{event.repo}")
    name = event.owner or "huggingface"
    owner = state.settings.identity.owner(name)
    owner_id = entity_id("user", name) if owner is None else owner.id
    return describe(event, owner_id, seed=state.settings.seed, number=number)


def _exhausted(state: State, webhook: Webhook, now: int) -> bool:
    return rows.count_deliveries(state.database, webhook.id, now - DAY_MS) >= TRIGGERS_PER_DAY


def _deliver(
    state: State, webhook: Webhook, event: Mapping[str, object], now: int, key: str | None = None
) -> Delivery:
    number = next_number(state.database, "deliveries")
    delivery_id = object_id(now, state.settings.seed, "deliveries", number)
    key = key or delivery_id
    status, job_id = 200, None
    if webhook.job is not None:
        try:
            job_id = _run(state, webhook, webhook.job, payload_for(webhook.id, event), key, now)
        except Refusal as refusal:  # nobody waits for an answer; the log says it
            status = refusal.status
    delivery = Delivery(delivery_id, webhook.id, now, status, job_id, event, key)
    rows.insert_delivery(state.database, delivery)
    rows.put_webhook(state.database, replace(webhook, last_trigger=now))
    return delivery


def _run(state: State, webhook: Webhook, job: Spec, payload: Mapping[str, object], key: str, now: int) -> str:
    """Start the job of a webhook; returns its id.

    Raises:
        Refusal: its user may not do so any more, or there are no credits.
    """
    user = next((each for each in state.settings.identity.users if each.name == webhook.user), None)
    if user is None:
        raise Refusal(401, "Invalid username or password.")
    owner = _owner_for(state, Caller(user, Token("", user.name)), webhook.namespace, job)
    repo = payload["repo"]
    assert isinstance(repo, dict)
    environment = job.get("environment")
    spec: dict[str, object] = {
        **job,
        "environment": {
            **(environment if isinstance(environment, dict) else {}),
            "WEBHOOK_ID": key,
            "WEBHOOK_PAYLOAD": json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
            "WEBHOOK_REPO_ID": repo["name"],
            "WEBHOOK_REPO_TYPE": repo["type"],
        },
    }
    names = _secret_names(webhook)
    if names:
        spec["secrets"] = names
    about: dict[str, object] = {
        "owner": person(owner),
        "createdBy": {"id": entity_id("user", user.name), "name": user.name},
        "initiator": {"type": "webhook", "id": webhook.id},
    }
    job_id = create(state, owner.name, spec, webhook.labels, about, now).id
    values = state.webhook_secrets.get(webhook.id)
    if values and state.secrets_listener is not None:
        state.secrets_listener(job_id, values)
    return job_id
