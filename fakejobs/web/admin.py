"""The admin API under ``/_fakejobs``: what a test does to the hub from outside. Not a part of the Hub."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from fakejobs.clock import Anchor
from fakejobs.hub import AddedFault, RequestRecord
from fakejobs.hub.settings import WORDS, settings_from, settings_to
from fakejobs.model.chaos import Chaos, chaos_from
from fakejobs.model.faults import WORDS as FAULT_WORDS
from fakejobs.model.outcomes import PYTHON_WORDS, Then
from fakejobs.model.outcomes import WORDS as THEN_WORDS
from fakejobs.model.past import ADD_JOB_WORDS, SCHEDULE_WORDS, SPEC_WORDS
from fakejobs.model.past import ALIASES as ADD_JOB_ALIASES
from fakejobs.model.presets import PRESETS, preset_words
from fakejobs.model.rules import Rule, shown
from fakejobs.model.stages import IllegalTransition, JobStage
from fakejobs.model.times import from_iso, to_iso
from fakejobs.model.units import did_you_mean, milliseconds
from fakejobs.model.webhooks import ALIASES as EVENT_ALIASES
from fakejobs.model.webhooks import EVENT_WORDS, Delivery
from fakejobs.version import VERSION
from fakejobs.web.answers import error_answer
from fakejobs.web.context import dialect, hub, json_answer, json_body
from fakejobs.wire.encode import job_body, scheduled_job_body
from fakejobs.wire.openapi import document
from fakejobs.wire.redact import redact

admin = Blueprint("admin", __name__)


@admin.errorhandler(IllegalTransition)
def _illegal(error: IllegalTransition) -> Response:
    answer = json_answer({"error": str(error), "allowed": [stage.value for stage in error.allowed]}, 409)
    answer.headers["X-Error-Message"] = str(error)
    return answer


@admin.errorhandler(ValueError)
def _wrong(error: ValueError) -> Response:
    return error_answer(400, str(redact(str(error))))


@admin.get("/openapi.json")
def openapi() -> Response:
    """The contract that the fake keeps, as an OpenAPI document; as of the day that the client is answered for."""
    return json_answer(document(dialect().date))


@admin.get("/_fakejobs/health")
def health() -> Response:
    """That the server is there, and what it serves."""
    fake = hub()
    return json_answer(
        {
            "status": "ok",
            "version": VERSION,
            "seed": fake.settings.seed,
            "api": fake.settings.api,
            "jobs": fake.count_all(),
            "rules": len(fake.rules()),
            **_clock(),
        }
    )


@admin.post("/_fakejobs/reset")
def reset() -> Response:
    """Forget all jobs, rules and requests; take on the settings that are given, and start the clock at ``start``."""
    words = dict(_words((*WORDS, "start")))
    start = words.pop("start", None)
    anchor = None
    if start is not None:
        now = hub().clock.anchor
        anchor = Anchor(at=_instant(start, "start"), source=now.source, speed=now.speed, frozen=now.frozen)
    settings = settings_from({**settings_to(hub().settings), **words}) if words else None
    hub().reset(settings, anchor)
    return json_answer({"status": "ok", **_clock()})


@admin.get("/_fakejobs/settings")
def show_settings() -> Response:
    """The settings that hold, in words that ``POST /_fakejobs/settings`` takes; of tokens, digests only."""
    return json_answer(settings_to(hub().settings))


@admin.post("/_fakejobs/settings")
def configure() -> Response:
    """Take on the settings that are given, from now on: nothing is forgotten, and jobs that run go on."""
    hub().configure(settings_from({**settings_to(hub().settings), **_words(WORDS)}))
    return json_answer({"status": "ok", **_clock()})


@admin.get("/_fakejobs/queue")
def list_queue() -> Response:
    """Who waits for a slot of limited hardware or of a limited namespace, first come first; ``?flavor=`` of one flavor."""
    return json_answer(
        [
            {
                "job": each.job,
                "namespace": each.namespace,
                "flavor": each.flavor,
                "since": to_iso(each.since),
                "waiting": str(each.waiting),
            }
            for each in hub().queue(request.args.get("flavor"))
        ]
    )


@admin.get("/_fakejobs/credits")
def show_credits() -> Response:
    """The dollars that a namespace has left, by default that of the first user; null: as many as it likes."""
    return _credits(request.args.get("namespace"))


@admin.post("/_fakejobs/credits")
def change_credits() -> Response:
    """One of ``add`` (dollars) and ``set`` (dollars, or null), and ``namespace``, by default that of the first user."""
    words = _words(("namespace", "add", "set"))
    namespace = _text(words, "namespace")
    match {word: each for word, each in words.items() if word != "namespace"}:
        case {"add": (int() | float() | str()) as amount, **rest} if not rest:
            hub().add_credits(amount, namespace)
        case {"set": (int() | float() | str() | None) as amount, **rest} if not rest:
            hub().set_credits(amount, namespace)
        case _:
            raise ValueError('give exactly one of {"add": 5} and {"set": 1.50}, in dollars, or {"set": null}')
    return _credits(namespace)


@admin.get("/_fakejobs/clock")
def clock() -> Response:
    """What time it is."""
    return json_answer(_clock())


@admin.post("/_fakejobs/clock")
def move_clock() -> Response:
    """One of ``advance`` (seconds, or ``"1h"``), ``set`` (an instant), ``freeze`` (true or false), ``speed`` (a number)."""
    words = _words(("advance", "set", "freeze", "speed"))
    clock = hub().clock
    match dict(words):
        case {"advance": by, **rest} if not rest:
            try:
                length = milliseconds(by)
            except ValueError as error:
                raise ValueError(f"advance: {error}") from None
            clock.advance(length)
        case {"set": instant, **rest} if not rest:
            moment = _instant(instant, "set")
            try:
                clock.set(moment)
            except ValueError as error:  # the instant is fine, but there are jobs from after it
                return error_answer(409, str(error))
        case {"freeze": bool() as freeze, **rest} if not rest:
            if freeze:
                clock.freeze()
            else:
                clock.unfreeze()
        case {"speed": (int() | float()) as speed, **rest} if not rest and not isinstance(speed, bool):
            clock.run_at(speed)
        case _:
            raise ValueError(
                'give exactly one of {"advance": "1h"}, {"set": "2026-01-01T00:00:00Z"}, {"freeze": true}, {"speed": 60}'
            )
    return json_answer(_clock())


@admin.get("/_fakejobs/rules")
def list_rules() -> Response:
    """All rules, oldest first."""
    return json_answer([_rule(rule) for rule in hub().rules()])


@admin.post("/_fakejobs/rules")
def add_rule() -> Response:
    """Add a rule: ``{"when": {...}, "then": {...}}``; ``then`` may be a list, for the first matching job, the second, ..."""
    words = _words(("when", "then"))
    given = words.get("then")
    then: Then = given if isinstance(given, list) else _mapping(words, "then")
    return json_answer(_rule(hub().add_rule(_mapping(words, "when"), then)))


@admin.post("/_fakejobs/rules/<int:rule_id>/then")
def extend_rule(rule_id: int) -> Response:
    """Give a rule one more outcome: the words of ``then``."""
    words = _words((*THEN_WORDS, *PYTHON_WORDS))
    if not any(rule.id == rule_id for rule in hub().rules()):
        return error_answer(404, f"there is no rule {rule_id}")
    return json_answer(_rule(hub().extend_rule(rule_id, words)))


@admin.delete("/_fakejobs/rules")
def delete_rules() -> Response:
    """Delete all rules."""
    return json_answer({"deleted": hub().delete_rules()})


@admin.delete("/_fakejobs/rules/<int:rule_id>")
def delete_rule(rule_id: int) -> Response:
    """Delete one rule."""
    if not any(rule.id == rule_id for rule in hub().rules()):
        return error_answer(404, f"there is no rule {rule_id}")
    return json_answer({"deleted": hub().delete_rules(rule_id)})


@admin.get("/_fakejobs/faults")
def list_faults() -> Response:
    """All faults, oldest first, with how many requests each was for and how often it fired."""
    return json_answer([_fault(fault) for fault in hub().faults()])


@admin.post("/_fakejobs/faults")
def add_fault() -> Response:
    """Add a fault: ``{"status": 503, "method": "POST", "path": "/api/jobs/*", "times": 2}``."""
    return json_answer(_fault(hub().add_fault(_words(FAULT_WORDS))))


@admin.delete("/_fakejobs/faults")
def delete_faults() -> Response:
    """Delete all faults."""
    return json_answer({"deleted": hub().delete_faults()})


@admin.delete("/_fakejobs/faults/<int:fault_id>")
def delete_fault(fault_id: int) -> Response:
    """Delete one fault."""
    if not any(fault.id == fault_id for fault in hub().faults()):
        return error_answer(404, f"there is no fault {fault_id}")
    return json_answer({"deleted": hub().delete_faults(fault_id)})


@admin.get("/_fakejobs/presets")
def list_presets() -> Response:
    """What presets there are."""
    return json_answer(
        [
            {"name": preset.name, "sentence": preset.sentence, "source": preset.source}
            for preset in PRESETS.values()
        ]
    )


@admin.post("/_fakejobs/presets")
def add_preset() -> Response:
    """Let a preset hold from now on: ``{"name": "stream_drop", "cut_after": 10}``."""
    name, words = preset_words(json_body(), "preset")
    preset = hub().preset(name, **words)
    return json_answer(
        {
            "name": preset.name,
            "faults": preset.faults,
            "rules": [{"when": when, "then": then} for when, then in preset.rules],
            "quirks": preset.quirks,
        }
    )


@admin.get("/_fakejobs/chaos")
def show_chaos() -> Response:
    """The mix that holds, or null."""
    return json_answer(_chaos(hub().drawn_chaos))


@admin.post("/_fakejobs/chaos")
def draw_chaos() -> Response:
    """Let a mix hold from now on: ``{"level": "high", "seed": 7}``; the seed is the hub's unless it is given."""
    level, seed = chaos_from(_words(("level", "seed")))
    return json_answer(_chaos(hub().chaos(seed, level)))


@admin.delete("/_fakejobs/chaos")
def delete_chaos() -> Response:
    """Let no mix hold any more."""
    hub().delete_chaos()
    return json_answer(None)


def _chaos(drawn: Chaos | None) -> dict[str, object] | None:
    if drawn is None:
        return None
    return {
        "seed": drawn.seed,
        "level": drawn.level,
        "presets": [{"name": name, **words} for name, words in drawn.presets],
        "outcomes": drawn.outcomes,
    }


@admin.post("/_fakejobs/repo-event")
def fire_event() -> Response:
    """Let something happen to a repository: ``{"repo": "ada/data", "type": "dataset", "scope": "repo.content"}``, or as in a payload."""
    delivered = hub().fire_event(**_words((*EVENT_WORDS, *EVENT_ALIASES)))
    return json_answer([_delivery(each) for each in delivered])


@admin.get("/_fakejobs/deliveries")
def list_deliveries() -> Response:
    """What was delivered to webhooks, oldest first; ``?webhook=`` to one of them."""
    return json_answer([_delivery(each) for each in hub().deliveries(request.args.get("webhook"))])


def _delivery(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "webhook": delivery.webhook,
        "at": to_iso(delivery.at),
        "status": delivery.status,
        "job": delivery.job,
    }


@admin.post("/_fakejobs/jobs")
def add_job() -> Response:
    """Put a job from the past there: ``{"stage": "ERROR", "age": "90m", ...}``."""
    seen = hub().add_job(**_words((*ADD_JOB_WORDS, *ADD_JOB_ALIASES)))
    return json_answer(job_body(seen, hub().settings.quirks))


@admin.get("/_fakejobs/scheduled-jobs")
def list_scheduled_jobs() -> Response:
    """Every scheduled job of every namespace, oldest first."""
    return json_answer(
        [scheduled_job_body(each, hub().settings.quirks) for each in hub().all_scheduled_jobs()]
    )


@admin.post("/_fakejobs/scheduled-jobs")
def add_scheduled_job() -> Response:
    """Put a scheduled job there, perhaps from the past: ``{"schedule": "@daily", "age": "30d", ...}``."""
    seen = hub().add_scheduled_job(**_words((*SCHEDULE_WORDS, *SPEC_WORDS, *ADD_JOB_ALIASES)))
    return json_answer(scheduled_job_body(seen, hub().settings.quirks))


@admin.post("/_fakejobs/jobs/<job_id>/transition")
def transition(job_id: str) -> Response:
    """Put a job into another stage: ``{"stage": "ERROR", "message": "..."}``; illegal: 409 with the allowed stages."""
    words = _words(("stage", "message", "cancel_reason"))
    stage = words.get("stage")
    if not isinstance(stage, str) or stage not in set(JobStage):
        raise ValueError(f"stage: give one of {', '.join(JobStage)}")
    seen = hub().transition(
        job_id, JobStage(stage), message=_text(words, "message"), cancel_reason=_text(words, "cancel_reason")
    )
    return json_answer(job_body(seen, hub().settings.quirks))


@admin.get("/_fakejobs/requests")
def requests() -> Response:
    """The last requests, oldest first, without tokens and secrets."""
    return json_answer([_record(record) for record in hub().requests])


def _credits(namespace: str | None) -> Response:
    left = hub().credits(namespace)
    name = namespace or hub().settings.identity.users[0].name
    # As a text: a number of JSON would not keep every micro-dollar everywhere.
    return json_answer({"namespace": name, "credits": None if left is None else str(left)})


def _clock() -> dict[str, object]:
    clock = hub().clock
    return {"now": to_iso(clock.now()), "frozen": clock.frozen, "speed": clock.speed}


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "when": redact(shown(rule.when)),
        "then": redact(shown(rule.then)),
        "source": rule.source,
        "matched": hub().matched(rule.id),
    }


def _record(record: RequestRecord) -> dict[str, object]:
    words = {**record._asdict(), "at": to_iso(record.at)}
    if record.fault is None:  # as nearly always
        del words["fault"]
    return words


def _fault(fault: AddedFault) -> dict[str, object]:
    return {
        "id": fault.id,
        "words": redact(fault.words),
        "source": fault.source,
        "matched": fault.matched,
        "fired": fault.fired,
    }


def _words(known: tuple[str, ...]) -> Mapping[str, object]:
    body = json_body() if request.content_length or request.headers.get("Transfer-Encoding") else {}
    if not isinstance(body, dict):
        raise ValueError(f"give a JSON object with {', '.join(known)}")
    for word in body:
        if word not in known:
            raise ValueError(f"{word}: unknown word{did_you_mean(word, known)}")
    return body


def _mapping(words: Mapping[str, object], word: str) -> Mapping[str, object]:
    value = words.get(word, {})
    if not isinstance(value, Mapping):
        raise ValueError(f"{word}: give an object")
    return value


def _text(words: Mapping[str, object], word: str) -> str | None:
    value = words.get(word)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{word}: give a text")
    return value


def _instant(value: object, word: str) -> int:
    try:
        if isinstance(value, str) and (instant := from_iso(value)) >= 0:
            return instant
    except ValueError:
        pass
    raise ValueError(f'{word}: give an instant in UTC, from 1970 on, such as "2026-01-01T00:00:00Z"')
