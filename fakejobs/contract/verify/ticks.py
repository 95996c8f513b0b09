"""Facts about when scheduled jobs run."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.jobs import MARK
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.scheduled import YEARLY, id_of, jobs_of, last_job, next_run
from fakejobs.contract.verify.seen import instant_of, stage_of


def _moments(now: datetime) -> dict[str, datetime]:
    """When these schedules run next."""
    minute = now.replace(second=0, microsecond=0)
    hour, day = minute.replace(minute=0), minute.replace(hour=0, minute=0)
    month, year = day.replace(day=1), day.replace(month=1, day=1)
    next_month = (month + timedelta(days=31)).replace(day=1)
    next_year = year.replace(year=year.year + 1)
    sunday = day + timedelta(days=(6 - day.weekday()) % 7 or 7)
    half_past = hour + timedelta(minutes=30 if minute.minute < 30 else 90)
    return {
        "@hourly": hour + timedelta(hours=1),
        "@daily": day + timedelta(days=1),
        "@weekly": sunday,
        "@monthly": next_month,
        "@yearly": next_year,
        "@annually": next_year,
        "* * * * *": minute + timedelta(minutes=1),
        "*/5 * * * *": hour + timedelta(minutes=(minute.minute // 5 + 1) * 5),
        "30 * * * *": half_past,
        "0,30 * * * *": hour + timedelta(minutes=30 if minute.minute < 30 else 60),
        "3/57 * * * *": hour + timedelta(minutes=3 if minute.minute < 3 else 63),
        "0-5 * * * *": hour + timedelta(hours=1) if minute.minute >= 5 else minute + timedelta(minutes=1),
        "0 0 * * 0": sunday,
        "0 0 * * 7": sunday,
        "0 0 1 * *": next_month,
    }


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


@fact(source=f"{OPENAPI} (the words); UTC, and that Sunday is both 0 and 7, is {ASSUMED}")
def next_runs(probe: Probe) -> None:
    """nextJobRunAt follows the schedule, in UTC, also while the scheduled job is paused."""
    scheduled_id = id_of(probe.schedule(YEARLY))
    for schedule in _moments(datetime(2026, 1, 1, tzinfo=timezone.utc)):
        answer = probe.scheduled(f"/{scheduled_id}/schedule", "POST", {"schedule": schedule})
        now = datetime.fromtimestamp(answer.date, timezone.utc)
        # It may have been a second before the header says.
        allowed = [_iso(_moments(at)[schedule]) for at in (now, now - timedelta(seconds=2))]
        probe.holds(
            f"nextJobRunAt of “{schedule}”", allowed[0], next_run(answer), next_run(answer) in allowed
        )


@fact(source=f"{OPENAPI} takes six fields; what they are is {ASSUMED}", quirks=["cron_sixth"])
def six_fields(probe: Probe) -> None:
    """What the sixth field of a schedule is."""
    answer = probe.schedule("0 5 1 1 * *")
    choices = {"second": "01:05:00.000Z", "year": "05:00:00.000Z"}
    probe.by_quirk("cron_sixth", "time of the next run of “0 5 1 1 * *”", choices, next_run(answer)[11:])


@fact(source=f"{OPENAPI} takes seven fields; what they are is {ASSUMED}")
def seven_fields(probe: Probe) -> None:
    """Of seven fields the first is the second and the last the year."""
    answer = probe.schedule("30 5 4 3 2 * 2090")
    probe.same("nextJobRunAt of “30 5 4 3 2 * 2090”", "2090-02-03T04:05:30.000Z", next_run(answer))


def _minute_soon(probe: Probe, minutes: int) -> tuple[str, datetime]:
    """A schedule for the next ``minutes`` minutes that nothing is in yet, of this day alone; and the first of them."""
    now = datetime.fromtimestamp(probe.scheduled("").date, timezone.utc)
    first = (now + timedelta(seconds=75)).replace(second=0)
    if first.minute + minutes > 60:
        first = first.replace(minute=0) + timedelta(hours=1)
    words = ",".join(str(first.minute + each) for each in range(minutes))
    return f"{words} {first.hour} {first.day} {first.month} *", first


def _wait_for(probe: Probe, at: datetime) -> None:
    """Until it is so late, by the server's clock."""
    while (left := at.timestamp() - probe.scheduled("").date) > 0:
        probe.pause(max(left, 1))


@fact(
    source=f"{OPENAPI} (initiator, lastJob); {ASSUMED}, as to the instant",
    asks=[Ask("quick")],
    seconds=330,
)
def tick(probe: Probe) -> None:
    """At the time of its schedule a job is there, made then; its initiator is the scheduled job, and it has
    its labels. lastJob has its id, and when it was made."""
    schedule, at = _minute_soon(probe, 1)
    word = f"tick-{probe.run_id}"
    made = probe.schedule(schedule, "quick", suspend=False, ticks=1, labels={"try": word})
    scheduled_id = id_of(made)
    probe.same("nextJobRunAt", _iso(at), next_run(made))
    _wait_for(probe, at - timedelta(seconds=1))
    probe.same("lastJob before", None, last_job(probe, scheduled_id))
    _wait_for(probe, at + timedelta(seconds=15))
    probe.until(60, lambda: last_job(probe, scheduled_id) is not None)
    jobs = jobs_of(probe, scheduled_id, word)
    probe.same("jobs", 1, len(jobs))
    for job in jobs:
        late = instant_of(job, "createdAt") / 1000 - at.timestamp()
        probe.holds("seconds from the tick to createdAt", "0 to 10", late, 0 <= late <= 10)
        probe.same("labels", {MARK: probe.run_id, "try": word}, job.get("labels"))
        probe.same("type", "job", job.get("type"))
        probe.same("createdBy", {"id": probe.me["id"], "name": probe.me["name"]}, job.get("createdBy"))
        probe.same("job", job, probe.job(str(job["id"])) if stage_of(job) != "RUNNING" else job)
        last = {"id": job["id"], "at": job["createdAt"]}
        probe.same("lastJob", last, last_job(probe, scheduled_id))
    again = next_run(probe.scheduled(f"/{scheduled_id}"))
    probe.holds("nextJobRunAt afterwards", "in a year or more", again, int(again[:4]) > at.year)


@fact(
    source=f"{OPENAPI} has `concurrency`; that a tick is skipped is {ASSUMED}",
    asks=[Ask("sleeps", count=2)],
    seconds=330,
)
def tick_that_is_skipped(probe: Probe) -> None:
    """A tick is skipped while a job of the schedule is not over, and its jobs may not overlap."""
    schedule, at = _minute_soon(probe, 2)
    word = f"skip-{probe.run_id}"
    scheduled_id = id_of(
        probe.schedule(schedule, suspend=False, ticks=2, labels={"try": word}, timeoutSeconds=300)
    )
    _wait_for(probe, at + timedelta(seconds=90))
    probe.same("jobs after two ticks", 1, len(jobs_of(probe, scheduled_id, word)))


@fact(source=f"{OPENAPI}: `concurrency`", asks=[Ask("sleeps", count=2)], seconds=330)
def ticks_that_overlap(probe: Probe) -> None:
    """With `concurrency` a job runs at each tick, whatever else does."""
    schedule, at = _minute_soon(probe, 2)
    word = f"both-{probe.run_id}"
    made = probe.schedule(
        schedule, suspend=False, concurrency=True, ticks=2, labels={"try": word}, timeoutSeconds=300
    )
    _wait_for(probe, at + timedelta(seconds=90))
    probe.same("jobs after two ticks", 2, len(jobs_of(probe, id_of(made), word)))


@fact(source=f"{OPENAPI}: `suspend`", asks=[Ask("quick", count=2)], seconds=330)
def ticks_while_paused(probe: Probe) -> None:
    """Nothing runs while a scheduled job is paused, and resuming it makes up for nothing."""
    schedule, at = _minute_soon(probe, 1)
    word = f"paused-{probe.run_id}"
    ids = [
        id_of(probe.schedule(schedule, "quick", suspend=suspend, ticks=1, labels={"try": word}))
        for suspend in (True, False)
    ]
    probe.scheduled(f"/{ids[1]}/suspend", "POST")
    _wait_for(probe, at + timedelta(seconds=30))
    for what, scheduled_id in zip(("from the beginning", "later"), ids, strict=True):
        probe.same(f"lastJob, paused {what}", None, last_job(probe, scheduled_id))
        probe.scheduled(f"/{scheduled_id}/resume", "POST")
    probe.pause(5)
    probe.same("jobs", [], probe.get("", label=[f"try={word}"]).items)


FACTS = (
    next_runs,
    six_fields,
    seven_fields,
    tick,
    tick_that_is_skipped,
    ticks_that_overlap,
    ticks_while_paused,
)
"""Facts about ticks."""
