"""Behaviours of the platform around jobs, flipped: schedules, webhooks, money, permissions, queues, attempts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from fakejobs.hub import accounts, money, schedules, ticks, webhooks
from fakejobs.hub.identity import groups_of
from fakejobs.hub.jobs import create, find, submit
from fakejobs.hub.schedules import create as create_schedule
from fakejobs.hub.schedules import listed, resume
from fakejobs.model.job import JobAt
from fakejobs.model.planning import is_retried
from fakejobs.model.schedules import last_run, runs
from fakejobs.model.times import from_iso, to_iso
from fakejobs.model.webhooks import Webhook, describe
from fakejobs.store import schedules as schedule_rows
from fakejobs.store.jobs import billed_jobs, find_job
from fakejobs.store.queue import Place, add_waiting, all_waiting
from fakejobs.wire.encode import scheduled_job_body, usage_body, webhook_body
from tests.contract.mutation import CHECK, Body, Mutation, Patches

# As they are before they are patched.
_WANTS, _DELIVER, _USED_UP = Webhook.wants, webhooks._deliver, accounts.used_up
_FIND_SCHEDULE = schedules._find


def _scheduled(change: Callable[[Body], object]) -> Patches:
    """Every scheduled job that is sent is changed."""

    def changed(*args: Any) -> Body:
        body: Body = scheduled_job_body(*args)
        other = change(body)
        return other if isinstance(other, dict) else body

    return {"fakejobs.web.scheduled.scheduled_job_body": changed}


def _an_hour_later(body: Body) -> None:
    status = body["status"]
    status["nextJobRunAt"] = to_iso(from_iso(status["nextJobRunAt"]) + 3_600_000)


def _leaking_schedule(
    state: Any, caller: Any, namespace: str, spec: Any, schedule: str, *, secrets: Any, **words: Any
) -> object:
    spec = {**spec, "environment": {**spec.get("environment", {}), **secrets}}
    return create_schedule(state, caller, namespace, spec, schedule, secrets=secrets, **words)


def _overlapping(function: Callable[..., object]) -> Callable[..., object]:
    return lambda *args, **words: function(*args, **{**words, "concurrency": True})


def _catching_up(state: Any, caller: Any, namespace: str, schedule_id: str) -> None:
    """What was missed while it was paused is made up for."""
    before = schedule_rows.find_schedule(state.database, schedule_id)
    resume(state, caller, namespace, schedule_id)
    after = schedule_rows.find_schedule(state.database, schedule_id)
    assert before is not None, "else it would have been refused"
    assert after is not None
    with state.act():
        schedule_rows.update_schedule(state.database, replace(after, since=before.since))
        ticks.note_next(state, replace(after, since=before.since), state.rules)


def _any_schedule(state: Any, caller: Any, owner: Any, schedule_id: str, permission: str) -> object:
    found = schedule_rows.find_schedule(state.database, schedule_id)
    return found or _FIND_SCHEDULE(state, caller, owner, schedule_id, permission)


def _any_job(state: Any, caller: Any, owner: Any, job_id: str, now: int, permission: str) -> object:
    return find_job(state.database, job_id) or find(state, caller, owner, job_id, now, permission)


def _hook(change: Callable[[Body], object]) -> Patches:
    def changed(webhook: Webhook) -> Body:
        body: Body = webhook_body(webhook)
        change(body)
        return body

    return {"fakejobs.web.webhooks.webhook_body": changed}


def _by_its_user(*args: Any) -> object:
    state, namespace, spec, labels, about, now = args
    return create(state, namespace, spec, labels, {**about, "initiator": about["owner"]}, now)


def _made_and_refused(state: Any, caller: Any, namespace: str, spec: Any, **words: Any) -> JobAt:
    with patch("fakejobs.hub.money.check", lambda *_: None):
        made = submit(state, caller, namespace, spec, **words)
    with state.look() as now:
        money.check(state, namespace, None, now)
    return made


def _usage(change: Callable[[Body], object]) -> Patches:
    def changed(usage: Any) -> Body:
        body: Body = usage_body(usage)
        change(body["usage"])
        return body

    return {"fakejobs.web.billing.usage_body": changed}


def _as_queued_first(connection: Any, place: Place) -> None:
    """An attempt that fails keeps the place of its job."""
    job = find_job(connection, place.job)
    assert job is not None
    add_waiting(connection, place._replace(since=job.plan.created))


def _last_waiting(connection: Any, **words: Any) -> object:
    places = [
        each
        for each in all_waiting(connection)
        if each.namespace not in words["but"][1] and each.flavor not in words["but"][0]
    ]
    return places[-1] if places else None


def _one_attempt_more(plan: Any, script: Any, spec: Mapping[str, Any], quirks: Any) -> bool:
    return is_retried(plan, script, {**spec, "attempts": spec["attempts"] + 1}, quirks)


PLATFORM = (
    # Schedules
    Mutation(
        "a tick is skipped while a job is not over",
        "it is not",
        {
            "fakejobs.hub.ticks.runs": _overlapping(runs),
            "fakejobs.hub.ticks.last_run": _overlapping(last_run),
        },
        ("tick-that-is-skipped",),
    ),
    Mutation(
        "with concurrency, every tick counts",
        "it is ignored",
        {
            "fakejobs.hub.ticks.runs": lambda *args, **words: runs(*args, **{**words, "concurrency": False}),
            "fakejobs.hub.ticks.last_run": lambda *args, **words: last_run(
                *args, **{**words, "concurrency": False}
            ),
        },
        ("ticks-that-overlap",),
    ),
    Mutation(
        "a run has the initiator scheduled-job",
        "its initiator is the user",
        {"fakejobs.model.schedules.Schedule.run_about": property(lambda self: dict(self.about))},
        ("run-of-a-schedule", "tick"),
    ),
    Mutation(
        "a run is made at its tick",
        "when somebody looks",
        {
            "fakejobs.hub.ticks.runs": lambda *args, until, **words: (
                each._replace(created=until) for each in runs(*args, until=until, **words)
            )
        },
        ("tick",),
    ),
    Mutation(
        "suspend pauses a schedule",
        "it does nothing",
        {"fakejobs.hub.schedules.suspend": lambda *_: None},
        ("pausing-and-resuming", "ticks-while-paused"),
    ),
    Mutation(
        "resume makes up for nothing",
        "it makes up for what was missed",
        {"fakejobs.hub.schedules.resume": _catching_up},
        ("ticks-while-paused",),
    ),
    Mutation(
        "a scheduled job shows names of secrets",
        "it leaks the values",
        {"fakejobs.hub.schedules.create": _leaking_schedule},
        ("secrets-of-a-schedule", "job-of-a-schedule"),
    ),
    Mutation(
        "nextJobRunAt is in UTC",
        "an hour later",
        _scheduled(_an_hour_later),
        ("next-runs", "seven-fields", "tick"),
    ),
    Mutation(
        "lastJob is the last job",
        "it is not known",
        _scheduled(lambda body: body["status"].update(lastJob=None)),
        ("run-of-a-schedule", "tick"),
    ),
    Mutation(
        "a run while another runs is a 409",
        "there are two jobs",
        {"fakejobs.hub.schedules.ticks.free_at": lambda *_: 0},
        ("run-while-another-runs",),
    ),
    Mutation(
        "the 409 has a text of its own",
        "another",
        {"fakejobs.hub.schedules.RUN_CONFLICT": "Conflict"},
        ("run-while-another-runs",),
    ),
    Mutation(
        "scheduled jobs are found by label",
        "labels are ignored",
        {
            "fakejobs.hub.schedules.listed": lambda state, who, namespace, _label: listed(
                state, who, namespace
            )
        },
        ("list-of-schedules",),
    ),
    Mutation(
        "a scheduled job that is deleted is gone",
        "it is still there",
        {"fakejobs.hub.schedules.delete": lambda *_: None},
        ("deleting-a-schedule",),
    ),
    Mutation(
        "a scheduled job shows its jobSpec",
        "without retry",
        _scheduled(lambda body: body["jobSpec"].pop("retry", None)),
        ("job-of-a-schedule",),
    ),
    # Webhooks
    Mutation(
        "a webhook that is disabled hears nothing",
        "it hears all",
        {
            "fakejobs.model.webhooks.Webhook.wants": lambda self, event: _WANTS(
                replace(self, disabled=False), event
            )
        },
        ("what-a-webhook-does-not-hear",),
    ),
    Mutation(
        "a webhook hears of what it watches",
        "of every repository",
        {"fakejobs.model.webhooks.Webhook.wants": lambda self, _event: not self.disabled},
        ("what-a-webhook-does-not-hear",),
    ),
    Mutation(
        "a job of a webhook says so",
        "its initiator is the user",
        {"fakejobs.hub.webhooks.create": _by_its_user},
        ("webhook-starts-its-job",),
    ),
    Mutation(
        "a job of a webhook has the name of the repository",
        "that of its owner",
        {
            "fakejobs.hub.webhooks.describe": lambda event, *args, **words: describe(
                replace(event, repo=str(event.owner)), *args, **words
            )
        },
        ("webhook-starts-its-job",),
    ),
    Mutation(
        "the secret of a webhook is a secret",
        "its jobs do not have it",
        {"fakejobs.hub.webhooks._secret_names": lambda webhook: list(webhook.secrets)},
        ("webhook-starts-its-job",),
    ),
    Mutation(
        "a webhook shows names of secrets",
        "names with values",
        _hook(lambda body: body.get("job", {}).update(secrets={"KEY": "hidden"})),
        ("secrets-of-a-webhook", CHECK),
    ),
    Mutation(
        "a replay has the WEBHOOK_ID of before",
        "a new one",
        {
            "fakejobs.hub.webhooks._deliver": lambda *args, key=None: _DELIVER(*args)  # noqa: ARG005 - that is it
        },
        ("replay-of-an-event",),
    ),
    # Money
    Mutation(
        "minutes come off the credits",
        "they are not charged",
        {"fakejobs.hub.accounts.meter": lambda *_: lambda _now: 0},
        ("job-that-runs-dry", "minutes-that-are-paid", "resource-group-that-has-spent-its-limit"),
    ),
    Mutation(
        "without credits nothing is made",
        "402, and there is a job",
        {"fakejobs.hub.jobs.submit": _made_and_refused},
        ("submission-without-credits",),
    ),
    Mutation(
        "a refusal for want of credits says so",
        "in other words",
        {"fakejobs.hub.money.INSUFFICIENT": "Payment required"},
        ("submission-without-credits", "schedule-without-credits"),
    ),
    Mutation(
        "a minute that was begun is run to its end",
        "a job ends when nothing is left",
        {
            "fakejobs.hub.accounts.used_up": lambda state, name, at: (
                None if (due := _USED_UP(state, name, at)) is None else max(due - 30_000, at)
            )
        },
        ("minutes-that-are-paid",),
    ),
    Mutation(
        "each minute is paid once",
        "twice",
        {"fakejobs.model.billing.MINUTE": 30_000},
        ("minutes-that-are-paid",),
    ),
    Mutation(
        "what a job cost is in the usage",
        "a job of several attempts is forgotten",
        {
            "fakejobs.hub.money.billed_jobs": lambda *args, **words: [
                job for job in billed_jobs(*args, **words) if not job.plan.earlier
            ]
        },
        ("usage-of-a-job",),
    ),
    Mutation(
        "the usage is the sum of its jobs",
        "of all but one",
        _usage(lambda usage: usage.update(totalMinutes=usage["totalMinutes"] - 1)),
        ("usage-of-jobs",),
    ),
    Mutation(
        "a resource group has a limit",
        "it may spend what it likes",
        {"fakejobs.hub.settings.Settings.group_limits": {}},
        ("resource-group-that-has-spent-its-limit",),
    ),
    # Permissions, namespaces
    Mutation(
        "a token to read with may not write",
        "it may",
        {
            "fakejobs.hub.identity.groups_of": lambda state, who, owner, _permission="read": groups_of(
                state, who, owner
            )
        },
        ("token-that-may-read",),
    ),
    Mutation(
        "a fine-grained token has its namespaces",
        "it may do everything",
        {
            "fakejobs.model.identity.Token.permits": lambda *_args, **_words: True,
        },
        ("token-for-one-namespace",),
    ),
    Mutation(
        "a token that has expired is refused",
        "it is not",
        {"fakejobs.hub.state.State.caller": lambda self, token: self.settings.identity.caller(token)},
        ("token-that-has-expired",),
    ),
    Mutation(
        "a job is found in its own namespace",
        "in each of the caller's",
        {"fakejobs.hub.jobs.find": _any_job},
        ("two-namespaces-of-one-caller",),
    ),
    Mutation(
        "scheduled jobs are listed in their own namespace",
        "in each of the caller's",
        {
            "fakejobs.hub.schedules.rows.schedules_of": lambda database, _name: schedule_rows.all_schedules(
                database
            )[::-1]
        },
        ("two-namespaces-of-one-caller",),
    ),
    Mutation(
        "a scheduled job is found in its own namespace",
        "in each of the caller's",
        {"fakejobs.hub.schedules._find": _any_schedule},
        ("two-namespaces-of-one-caller",),
    ),
    # Queues, attempts
    Mutation(
        "the queue is first in, first out",
        "last in, first out",
        {"fakejobs.hub.queue.first_waiting": _last_waiting},
        ("first-in-first-out",),
    ),
    Mutation(
        "a limit holds jobs back",
        "one more may run",
        {
            "fakejobs.hub.settings.Settings.running_limits": property(
                lambda self: {
                    name: each["running"] + 1 for name, each in self.namespaces.items() if "running" in each
                }
            )
        },
        ("first-in-first-out",),
    ),
    Mutation(
        "a retry goes to the back",
        "it keeps the place of its job",
        {"fakejobs.hub.queue.add_waiting": _as_queued_first},
        ("retry-goes-to-the-back",),
    ),
    Mutation(
        "a job with attempts N is tried N times",
        "once more",
        {"fakejobs.hub.plans.is_retried": _one_attempt_more},
        ("retries", "log-of-retries"),
    ),
)
"""Mutations of the platform."""
