"""The routes under ``/api/settings/webhooks``."""

from __future__ import annotations

from flask import Blueprint, Response

from fakejobs.hub.webhooks import WebhookChange
from fakejobs.model.webhooks import Watched, Webhook
from fakejobs.web.context import answer, caller, dialect, hub, json_answer, json_body
from fakejobs.wire.decode import Invalid, WebhookBody, read_webhook
from fakejobs.wire.encode import webhook_body
from fakejobs.wire.json_types import Json
from fakejobs.wire.validate import problems

webhooks = Blueprint("webhooks", __name__)

_ROOT = "/api/settings/webhooks"


@webhooks.get(_ROOT)
def list_webhooks() -> Response:
    """The caller's webhooks, oldest first."""
    found = hub().webhooks(caller())
    listed = [each for each in found if each.url is not None or dialect().job_webhooks]
    return answer("webhook-list", [webhook_body(each) for each in listed])


@webhooks.post(_ROOT)
def create() -> Response:
    """Make a webhook."""
    who = caller()
    hub().webhooks(who)  # whoever may not even see them is told so before the body is read
    body = read_webhook(json_body(), hub().settings.quirks, new=True, date=dialect().date)
    return _answer(hub().add_webhook(who, change_of(body)))


@webhooks.get(f"{_ROOT}/<webhook_id>")
def inspect(webhook_id: str) -> Response:
    """One webhook."""
    return _answer(hub().webhook(caller(), webhook_id))


@webhooks.post(f"{_ROOT}/<webhook_id>")
def update(webhook_id: str) -> Response:
    """Change a webhook."""
    who, fake = caller(), hub()
    webhook = fake.webhook(who, webhook_id)
    body = json_body()
    if fake.settings.quirks.webhook_update == "partial":
        body = _completed(body, webhook)
    change = change_of(read_webhook(body, fake.settings.quirks, new=False, date=dialect().date))
    return _answer(fake.update_webhook(who, webhook_id, change))


@webhooks.delete(f"{_ROOT}/<webhook_id>")
def delete(webhook_id: str) -> Response:
    """Delete a webhook."""
    hub().delete_webhook(caller(), webhook_id)
    return json_answer({})


@webhooks.post(f"{_ROOT}/<webhook_id>/<action>")
def act(webhook_id: str, action: str) -> Response:
    """Enable or disable a webhook."""
    who, fake = caller(), hub()
    fake.webhook(who, webhook_id)
    if found := problems("webhook-action", action, at="action"):
        raise Invalid(found)
    return _answer(fake.enable_webhook(who, webhook_id, enabled=action == "enable"))


@webhooks.post(f"{_ROOT}/<webhook_id>/replay/<log_id>")
def replay(webhook_id: str, log_id: str) -> Response:
    """Deliver an event again."""
    return json_answer({"status": hub().replay_webhook(caller(), webhook_id, log_id).status})


def change_of(body: WebhookBody) -> WebhookChange:
    """What a valid body says of a webhook, as the hub takes it."""
    return WebhookChange(
        watched=tuple(Watched(*each) for each in body.watched),
        domains=body.domains,
        url=body.url,
        job=None if body.job is None else body.job.spec,
        labels={} if body.job is None else body.job.labels,
        source=body.source,
        secret=body.secret,
        secrets=body.secrets,
    )


def _answer(webhook: Webhook) -> Response:
    return answer("webhook-answer", {"webhook": webhook_body(webhook)})


def _completed(body: Json, webhook: Webhook) -> Json:
    """A body that says part of it, with what the webhook has for the rest."""
    if not isinstance(body, dict):
        return body
    watched: Json = [{"type": each.type, "name": each.name} for each in webhook.watched]
    domains: Json = list(webhook.domains)
    return {
        **body,
        "watched": body.get("watched") or watched,
        "domains": body.get("domains", domains),
    }
