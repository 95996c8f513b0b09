"""What of schedules, webhooks and money in recordings can be had again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fakejobs.contract.known_jobs import JobBody
from fakejobs.contract.learned import Known, bodies_of_jobs
from fakejobs.contract.recording import Exchange, Recording, route_of
from fakejobs.wire.json_types import Json
from fakejobs.wire.schema import Route


@dataclass(frozen=True)
class Remade:
    """What can be made again.

    Attributes:
        schedules: ids of scheduled jobs whose making was recorded, and that never came to run by themselves.
        webhooks: ids of webhooks whose making was recorded.
        by_themselves: ids of scheduled jobs that came to run by themselves; what the hub then made of it is not known.
    """

    schedules: frozenset[str]
    webhooks: frozenset[str]
    by_themselves: frozenset[str]

    def why_not(self, exchange: Exchange, route: Route, values: dict[str, str]) -> str:
        """Why the fake cannot have the schedule or the webhook that it would be asked for; empty: it can."""
        made = [id_of(each.get("webhook", each)) for each in objects(exchange)]
        wanted = values.get("jobId", values.get("webhookId", "")).lower()
        if route.path.startswith("/api/scheduled-jobs"):
            if self.by_themselves.intersection([wanted, *made] if not route.name.endswith("-list") else ()):
                return "its scheduled job came to run by itself, and what that job did is not known"
            if wanted and exchange.response.status != 404 and wanted not in self.schedules:
                return "its scheduled job is from before the recording"
        elif route.path.startswith("/api/settings/webhooks"):
            if route.name == "webhook-replay":
                return "what happened to repositories is not recorded"
            if wanted and exchange.response.status != 404 and wanted not in self.webhooks:
                return "its webhook is from before the recording"
        return ""


def remade(recordings: Sequence[Recording], known: Known) -> Remade:
    """What can be made again. Jobs that somebody has asked such a schedule for are noted in ``known`` as made here."""
    schedules: set[str] = set()
    webhooks: set[str] = set()
    ticked: set[str] = set()
    runs: dict[str, str] = {}
    last: set[tuple[str, str]] = set()
    for recording in recordings:
        exchange = recording.exchange
        matched = route_of(exchange.request.method, exchange.request.path)
        if matched is None or exchange.response.status != 200:
            continue
        route, values = matched
        if route.name == "scheduled-run":
            runs |= {id_of(body): values["jobId"].lower() for body in bodies_of_jobs(exchange)}
        for job in bodies_of_jobs(exchange):
            if starter(job) == "scheduled-job":
                last.add((id_of(job["initiator"]), id_of(job)))
        for body in objects(exchange):
            if route.name == "scheduled-create":
                schedules.add(id_of(body))
            if route.name == "webhook-create":
                webhooks.add(id_of(body.get("webhook")))
            status = body.get("status") if body.get("type") == "scheduled-job" else None
            if isinstance(status, dict) and id_of(status.get("lastJob")):
                last.add((id_of(body), id_of(status["lastJob"])))
    ticked = {schedule for schedule, job in last if job not in runs}
    for job_id, schedule in runs.items():
        if schedule in schedules - ticked and job_id in known.jobs:
            known.jobs[job_id].made_here = True
    return Remade(frozenset(schedules - ticked), frozenset(webhooks), frozenset(ticked))


def starter(job: JobBody) -> str:
    """What has started a job: ``scheduled-job``, ``webhook``, ``user``, ...; empty, if it does not say."""
    initiator = job.get("initiator")
    return str(initiator.get("type", "")) if isinstance(initiator, dict) else ""


def id_of(value: Json) -> str:
    """The id in an object; empty, if there is none."""
    return str(value.get("id", "")).lower() if isinstance(value, dict) else ""


def objects(exchange: Exchange) -> Iterator[dict[str, Json]]:
    """The object, or those of the list, that an answer has."""
    body = exchange.response.body
    value = body.value if body is not None and body.kind == "body" else None
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each


def usage_of(job_ids: set[str], answer: Json) -> Json:
    """A usage as if there were only some of its jobs."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    details = usage.get("jobDetails") if isinstance(usage, dict) else None
    if not isinstance(answer, dict) or not isinstance(usage, dict) or not isinstance(details, list):
        return answer
    jobs = [each for each in details if isinstance(each, dict)]
    kept: list[Json] = [each for each in jobs if str(each.get("jobId")).lower() in job_ids]
    sums: dict[str, Json] = {}
    for word, key in (("usedMicroUsd", "totalCostMicroUsd"), ("totalMinutes", "totalMinutes")):
        total = usage.get(word)
        parts = [each.get(key) for each in jobs if each not in kept]
        gone = sum(each for each in parts if isinstance(each, int))
        sums[word] = total - gone if isinstance(total, int) else total
    return {**answer, "usage": {**usage, **sums, "jobDetails": kept}}
