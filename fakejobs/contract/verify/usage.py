"""Facts about what jobs are said to have used."""

from __future__ import annotations

from datetime import datetime, timezone

from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.findings import ABSENT, Undecided
from fakejobs.contract.verify.lives import NO_IMAGE, PRINTS, RETRIED, prints, retried, without_image
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.seen import Life, instant_of, mapping, stage_of
from fakejobs.contract.verify.transport import NotAsExpected
from fakejobs.wire.json_types import Json

USAGE = "/api/settings/billing/usage/jobs"
DOCS = "the Hub documentation, “Pricing and Billing” of Jobs"

_MINUTE = 60_000
_PRICE = 167


def _details(probe: Probe) -> list[dict[str, Json]]:
    usage = mapping(probe.send("GET", USAGE).object["usage"])
    found = usage["jobDetails"]
    if not isinstance(found, list):
        raise NotAsExpected("usage with jobDetails", type(found).__name__)
    return [mapping(each) for each in found]


def _used(probe: Probe, job_id: str) -> dict[str, Json] | None:
    """What a job has used; None, if it is still not there when it might have been for two minutes."""
    found: list[dict[str, Json]] = []

    def is_there() -> bool:
        found[:] = [each for each in _details(probe) if each.get("jobId") == job_id]
        return bool(found)

    return found[0] if probe.until(120, is_there) else None


def _minutes(probe: Probe, job_id: str) -> int:
    used = _used(probe, job_id)
    minutes = None if used is None else used.get("totalMinutes")
    if not isinstance(minutes, int):
        raise Undecided("the usage does not tell of the job")
    return minutes


def _own(probe: Probe, *lives: Life) -> None:
    """Whether the usage is to have all of these jobs."""
    if probe.namespace != probe.me["name"]:
        raise Undecided("the usage is that of the caller's own namespace")
    start = instant_of(mapping(probe.send("GET", USAGE).object["usage"]), "periodStart")
    if any(instant_of(life.created.object, "createdAt") < start for life in lives):
        raise Undecided("another month has begun meanwhile")


@fact(source=OPENAPI, asks=[PRINTS], seconds=150)
def usage_of_jobs(probe: Probe) -> None:
    """The usage says what the jobs of this month have used together, from when to when, and of each its hardware, minutes and cost."""
    _own(probe)
    prints(probe)
    answer = probe.send("GET", USAGE)
    probe.same("keys", ["usage", "hasAccess"], list(answer.object))
    usage = mapping(answer.object["usage"])
    keys = ["usedMicroUsd", "totalMinutes", "periodStart", "periodEnd", "jobDetails"]
    probe.same("keys of usage", keys, list(usage))
    probe.same("hasAccess", True, answer.object.get("hasAccess"))
    details = usage["jobDetails"]
    assert isinstance(details, list)
    for word, key in (("usedMicroUsd", "totalCostMicroUsd"), ("totalMinutes", "totalMinutes")):
        parts = [mapping(each).get(key) for each in details]
        probe.same(word, sum(each for each in parts if isinstance(each, int)), usage.get(word))
    now = answer.date * 1000
    start, end = instant_of(usage, "periodStart"), instant_of(usage, "periodEnd")
    probe.holds("period", "around now", [start, end], start <= now <= end)


@fact(source=ASSUMED, asks=[PRINTS], seconds=120)
def period_of_usage(probe: Probe) -> None:
    """The usage is that of a calendar month, in UTC."""
    answer = probe.send("GET", USAGE)
    usage = mapping(answer.object["usage"])
    now = datetime.fromtimestamp(answer.date, timezone.utc)
    later = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    probe.same("periodStart", f"{now:%Y-%m}-01T00:00:00.000Z", usage.get("periodStart"))
    probe.same("periodEnd", f"{later[0]:04}-{later[1]:02}-01T00:00:00.000Z", usage.get("periodEnd"))


@fact(source=f"{OPENAPI}; {DOCS}", asks=[PRINTS, RETRIED], seconds=500)
def usage_of_a_job(probe: Probe) -> None:
    """Every job that ran is in the usage: its hardware, when it ran, its minutes, and that they cost what the hardware list says."""
    _own(probe, prints(probe), retried(probe))
    keys = ["jobId", "hardwareFlavor", "totalMinutes", "totalCostMicroUsd", "startedAt", "completedAt"]
    for what, life in (("a job", prints(probe)), ("a job of two attempts", retried(probe))):
        used = _used(probe, life.id)
        probe.holds(f"{what}", "there", ABSENT, used is not None)
        if used is None:
            continue
        probe.same(f"keys of {what}", keys, list(used))
        probe.same(f"hardware of {what}", "cpu-basic", used.get("hardwareFlavor"))
        minutes = used.get("totalMinutes")
        cost = minutes * _PRICE if isinstance(minutes, int) else ABSENT
        probe.same(f"cost of {what}", cost, used.get("totalCostMicroUsd"))
        probe.same(f"completedAt of {what}", life.final.get("finishedAt"), used.get("completedAt"))
    ids = [each.get("jobId") for each in _details(probe)]
    probe.same("jobs that are there twice", [], [each for each in set(ids) if ids.count(each) > 1])


@fact(
    source=f"{DOCS}: by the minute; what parts of one count is {ASSUMED}",
    asks=[PRINTS],
    quirks=["partial_minutes"],
    seconds=250,
)
def parts_of_minutes(probe: Probe) -> None:
    """What a minute costs that has begun and is not over."""
    life = prints(probe)
    _own(probe, life)
    if instant_of(life.final, "finishedAt") - instant_of(life.final, "createdAt") >= _MINUTE:
        raise Undecided("the job waited so long that there is a whole minute")
    minutes = _minutes(probe, life.id)
    probe.by_quirk("partial_minutes", "minutes of a job that was shorter", {"billed": 1, "free": 0}, minutes)


@fact(source=DOCS, asks=[RETRIED], quirks=["partial_minutes", "billed_from"], seconds=400)
def minutes_of_attempts(probe: Probe) -> None:
    """Each attempt is billed by the minute, and the waiting in between is not."""
    if probe.quirks.billed_from == "creation":
        raise Undecided("all the time of the job is billed")
    life = retried(probe)
    _own(probe, life)
    used = _used(probe, life.id) or {}
    if used.get("startedAt") == life.created.object["createdAt"]:
        probe.by_quirk("billed_from", "billed", {"start": "start", "creation": "creation"}, "creation")
        return
    choices = {"billed": 2, "free": 0}
    probe.by_quirk("partial_minutes", "minutes of two short attempts", choices, _minutes(probe, life.id))


@fact(
    source=f"{DOCS} (“while it is Starting or Running”)",
    asks=[PRINTS, Ask("minute")],
    quirks=["billed_from"],
    seconds=500,
)
def billed_time(probe: Probe) -> None:
    """From when on a job is billed: since it runs, or since it was made."""
    life = probe.life("minute")
    _own(probe, life, prints(probe))
    job = life.final
    created, started, finished = (instant_of(job, key) for key in ("createdAt", "startedAt", "finishedAt"))
    parts = _minutes(probe, prints(probe).id)  # whether those that have begun count here, 1 or 0
    choices = {
        word: (finished - since + parts * (_MINUTE - 1)) // _MINUTE
        for word, since in (("start", started), ("creation", created))
    }
    if choices["start"] == choices["creation"]:
        raise Undecided("the job did not wait long enough to tell")
    probe.by_quirk("billed_from", "minutes", choices, _minutes(probe, str(job["id"])))


@fact(source=DOCS, asks=[NO_IMAGE, Ask("sleeps")], quirks=["billed_from"], seconds=400)
def usage_of_what_never_ran(probe: Probe) -> None:
    """A job that never ran is not in the usage."""
    _own(probe)
    imageless, job_id = without_image(probe).id, probe.new("sleeps")
    probe.pause(1)
    canceled = probe.post(f"/{job_id}/cancel").object
    probe.same("stage", "CANCELED", stage_of(canceled))
    _own(probe, without_image(probe))
    ids = [each.get("jobId") for each in _details(probe)]
    for what, each in (("cancelled while it waited", job_id), ("without image", imageless)):
        choices = {"start": False, "creation": True}
        probe.by_quirk("billed_from", f"there, {what}", choices, each in ids)


@fact(source="huggingface/hf-mount#123")
def usage_without_a_token(probe: Probe) -> None:
    """Without a token the usage is a 401."""
    answer = probe.send("GET", USAGE, token=None)
    probe.same("status", 401, answer.status)
    probe.same("error", "Invalid username or password.", answer.error)


FACTS = (
    usage_without_a_token,
    usage_of_jobs,
    period_of_usage,
    usage_of_a_job,
    parts_of_minutes,
    minutes_of_attempts,
    billed_time,
    usage_of_what_never_ran,
)
"""Facts about the usage of jobs."""
