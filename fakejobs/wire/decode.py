"""From the body of a request to what the hub takes, or to every problem with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

from fakejobs.model.api_dates import LATEST
from fakejobs.model.cron import cron_from
from fakejobs.model.flavors import UNLISTED
from fakejobs.model.job import Spec
from fakejobs.model.quirks import Quirks
from fakejobs.wire.history import asked_today
from fakejobs.wire.json_types import Json
from fakejobs.wire.paths import join_index, join_key
from fakejobs.wire.schema import shared_schema
from fakejobs.wire.validate import Problem, problems


class Invalid(Exception):
    """A request that the schema, or a quirk, does not allow; ``found`` has all of it."""

    def __init__(self, found: list[Problem]) -> None:
        self.found = found
        super().__init__(f"{len(found)} problems")


@dataclass(frozen=True)
class Submission:
    """A valid body of a job.

    Attributes:
        spec: what is kept of it: the keys that the Hub knows, without labels and secrets.
        labels: its labels.
        secrets: the values of its secrets by name; never kept.
    """

    spec: Spec
    labels: Mapping[str, str]
    secrets: Mapping[str, str]


def read_submission(body: Json, quirks: Quirks, *, at: str = "", date: str = LATEST) -> Submission:
    """Check the body of a new job.

    Args:
        body: what was sent.
        quirks: what the Hub does beyond its schema.
        at: the path of ``body`` in a larger whole.
        date: as of which day the body is: what the API did not know then is accepted and goes no further, like any unknown key.

    Raises:
        Invalid: it does not match the schema, or what the quirks make of it.
    """
    found = problems("job-spec", body, at=at, date=date)
    pieces = shared_schema("job-spec", date)["properties"]
    if isinstance(body, dict):
        # What the schema does not allow needs no second complaint.
        places = {problem.path for problem in found}
        known = {key: _known(body[key], pieces[key]) for key in pieces if key in body}
        found += [problem for problem in _spec_problems(known, quirks, at) if problem.path not in places]
    if found or not isinstance(body, dict):
        raise Invalid(found)
    spec = asked_today({key: each for key, each in known.items() if key not in ("labels", "secrets")}, date)
    spec.setdefault("environment", {})
    if spec.get("timeoutSeconds", 0) is None:
        del spec["timeoutSeconds"]
    return Submission(spec, _texts(known.get("labels")), _texts(known.get("secrets")))


@dataclass(frozen=True)
class WebhookBody:
    """A valid body of a webhook.

    Attributes:
        watched: what it watches, as (type, name).
        domains: which events.
        url: the address to call, or None.
        job: the job to start, or None.
        source: the id of a job, or of a scheduled job, whose spec to run, or None.
        secret: the webhook's own secret; None: not said.
        secrets: the values of secrets of its jobs by name; never kept.
    """

    watched: tuple[tuple[str, str], ...]
    domains: tuple[str, ...]
    url: str | None
    job: Submission | None
    source: str | None
    secret: str | None
    secrets: Mapping[str, str]


_TARGETS = ("url", "job", "jobSourceId")


def _one_of(keys: list[str]) -> str:
    return f"Invalid input: {'exactly one of ' if len(keys) > 1 else ''}{', '.join(keys)} must be given"


def read_webhook(body: Json, quirks: Quirks, *, new: bool, date: str = LATEST) -> WebhookBody:
    """Check the body that makes or changes a webhook; a new one needs something to do. ``date`` as in `read_submission`.

    Raises:
        Invalid: it does not match the schema, or what the quirks make of it.
    """
    found = problems("webhook-body", body, date=date)
    if isinstance(body, dict):
        known = shared_schema("webhook-body", date)["properties"]
        body = {key: body[key] for key in known if key in body}
        targets = [key for key in _TARGETS if key in known]
        given = sum(key in body for key in targets)
        if quirks.webhook_target == "one" and (given > 1 or (new and not given)):
            found.append(Problem("", _one_of(targets)))
    if found or not isinstance(body, dict):
        raise Invalid(found)
    job = read_submission(body["job"], quirks, at="job", date=date) if "job" in body else None
    watched = cast("list[dict[str, str]]", body["watched"])
    return WebhookBody(
        watched=tuple((each["type"], each["name"]) for each in watched),
        domains=tuple(dict.fromkeys(cast("list[str]", body["domains"]))),
        url=cast("str | None", body.get("url")),
        job=job,
        source=cast("str | None", body.get("jobSourceId")),
        secret=cast("str | None", body.get("secret")),
        secrets={**(job.secrets if job is not None else {}), **_texts(body.get("secrets"))},
    )


@dataclass(frozen=True)
class ScheduledSubmission:
    """A valid body of a scheduled job.

    Attributes:
        job: what its jobs are.
        schedule: when they run.
        suspend: whether it begins paused.
        concurrency: whether they may overlap.
    """

    job: Submission
    schedule: str
    suspend: bool
    concurrency: bool


def read_scheduled(body: Json, quirks: Quirks, *, date: str = LATEST) -> ScheduledSubmission:
    """Check the body of a new scheduled job. ``date`` as in `read_submission`.

    Raises:
        Invalid: it does not match the schema, or what the quirks make of it, or the schedule has values that there are not.
    """
    found = problems("scheduled-job-body", body, date=date)
    job = None
    if isinstance(body, dict):
        places = {problem.path for problem in found}
        if "jobSpec" in body:
            try:
                job = read_submission(body["jobSpec"], quirks, at="jobSpec", date=date)
            except Invalid as invalid:
                found += [problem for problem in invalid.found if problem.path not in places]
        if "schedule" not in places:
            found += _schedule_problems(body.get("schedule"), quirks)
    if found or not isinstance(body, dict) or job is None:
        raise Invalid(found)
    return ScheduledSubmission(
        job=job,
        schedule=str(body["schedule"]),
        suspend=bool(body.get("suspend", False)),
        concurrency=bool(body.get("concurrency", False)),
    )


def read_schedule(body: Json, quirks: Quirks) -> str:
    """Check the body that gives a scheduled job another schedule.

    Raises:
        Invalid: as above.
    """
    found = problems("schedule-body", body)
    if not found and isinstance(body, dict):
        found = _schedule_problems(body.get("schedule"), quirks)
    if found or not isinstance(body, dict):
        raise Invalid(found)
    return str(body["schedule"])


def _schedule_problems(schedule: Json, quirks: Quirks) -> list[Problem]:
    """What the pattern lets through and no calendar has: the Hub's answer is not known."""
    try:
        if isinstance(schedule, str):
            cron_from(schedule, quirks.cron_sixth)
    except ValueError as error:
        return [Problem("schedule", f"Invalid schedule: {error}")]
    return []


def read_labels(body: Json, quirks: Quirks) -> Mapping[str, str]:
    """Check the body that replaces labels.

    Raises:
        Invalid: as above.
    """
    found = problems("labels-body", body)
    if isinstance(body, dict):
        found += _dot_problems(body.get("labels"), quirks, "labels")
    if found or not isinstance(body, dict):
        raise Invalid(found)
    return _texts(body["labels"])


def read_expose(body: Json, quirks: Quirks) -> Mapping[str, list[int]]:
    """Check the body that replaces exposed ports.

    Raises:
        Invalid: as above.
    """
    found = problems("expose-body", body)
    if isinstance(body, dict):
        found += _port_problems(body, quirks, "")
    if found or not isinstance(body, dict):
        raise Invalid(found)
    return cast("dict[str, list[int]]", _known(body, shared_schema("expose-body")))


def _known(value: Json, piece: Mapping[str, Any]) -> Json:
    """``value`` as the Hub keeps it: with the keys that the schema lists; unknown ones are accepted and go no further."""
    if isinstance(value, list) and "items" in piece:
        return [_known(each, piece["items"]) for each in value]
    if isinstance(value, dict) and "properties" in piece:
        known = piece["properties"]
        return {key: _known(value[key], known[key]) for key in known if key in value}
    if isinstance(value, float) and "integer" in piece.get("type", ()):
        return int(value)  # 80.0 is a whole number to the schema, and 80 to JavaScript
    return value


def _spec_problems(body: Mapping[str, Json], quirks: Quirks, at: str) -> list[Problem]:
    found = []
    if quirks.image == "one" and ("dockerImage" in body) == ("spaceId" in body):
        found.append(Problem(at, "Invalid input: exactly one of dockerImage and spaceId must be given"))
    if quirks.unlisted_flavors == "refuse" and body.get("flavor") in UNLISTED:
        found.append(Problem(join_key(at, "flavor"), "Invalid option: this hardware is not offered for Jobs"))
    found += _dot_problems(body.get("labels"), quirks, join_key(at, "labels"))
    return found + _port_problems(body.get("expose"), quirks, join_key(at, "expose"))


def _dot_problems(labels: Json, quirks: Quirks, at: str) -> list[Problem]:
    if quirks.label_dots == "accept" or not isinstance(labels, dict):
        return []
    sentence = "Invalid string: JobSpec.tags must not contain a period"
    found = [Problem(f"{join_key(at, key)} (key)", sentence) for key in labels if "." in key]
    return found + [
        Problem(join_key(at, key), sentence)
        for key, value in labels.items()
        if isinstance(value, str) and "." in value
    ]


def _port_problems(expose: Json, quirks: Quirks, at: str) -> list[Problem]:
    if quirks.public_ports_beyond_ports == "accept" or not isinstance(expose, dict):
        return []
    ports, public = expose.get("ports"), expose.get("portsPublic")
    if not isinstance(ports, list) or not isinstance(public, list):
        return []
    where = join_key(at, "portsPublic")
    return [
        Problem(join_index(where, index), "Invalid input: a public port must be one of `ports`")
        for index, port in enumerate(public)
        if port not in ports
    ]


def _texts(value: Json) -> dict[str, str]:
    return value if _is_texts(value) else {}


def _is_texts(value: Json) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
