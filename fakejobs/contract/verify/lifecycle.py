"""Facts about the life of a job: stages, times, how it ends, cancelling it."""

from __future__ import annotations

from fakejobs.contract.verify.asking import GONE
from fakejobs.contract.verify.creation import ISO
from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.findings import ABSENT, Undecided
from fakejobs.contract.verify.jobs import LEAVE_OUT
from fakejobs.contract.verify.lives import (
    CANCELED,
    FAILS,
    NO_IMAGE,
    PRINTS,
    RETRIED,
    TIMES_OUT,
    canceled,
    fails,
    log_lines,
    prints,
    retried,
    times_out,
    without_image,
)
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.seen import OVER, instant_of, mapping, stage_of, status_of

LIVE = "huggingface_hub#4211"
DOCS = "the Hub documentation, “Manage Jobs”"


@fact(source=f"{OPENAPI}; {DOCS}", asks=[PRINTS], seconds=120)
def stages_of_a_success(probe: Probe) -> None:
    """A job is SCHEDULING, then RUNNING, then COMPLETED, and in no stage twice."""
    probe.same("stages", ["SCHEDULING", "RUNNING", "COMPLETED"], prints(probe).stages)


@fact(source=DOCS, asks=[FAILS], seconds=120)
def stages_of_a_failure(probe: Probe) -> None:
    """A job that fails is SCHEDULING, then RUNNING, then ERROR."""
    probe.same("stages", ["SCHEDULING", "RUNNING", "ERROR"], fails(probe).stages)


@fact(source=f"{DOCS}; {LIVE}", asks=[PRINTS], seconds=120)
def status_of_a_success(probe: Probe) -> None:
    """The message is null while a job waits and runs, and when it succeeds; nothing else is said."""
    life = prints(probe)
    for stage in ("SCHEDULING", "RUNNING", "COMPLETED"):
        expected = {"stage": stage, "message": None, "failureCount": 0}
        probe.same(stage, expected, life.first_in(stage)["status"])


@fact(source="job_status.json files of public runs; huggingface/harbor-hf", asks=[FAILS], seconds=120)
def message_of_a_failure(probe: Probe) -> None:
    """A job that exits with N ends with “Job failed with exit code: N. Reason: Error”."""
    status = status_of(fails(probe).final)
    probe.same("stage", "ERROR", status["stage"])
    probe.same("message", "Job failed with exit code: 3. Reason: Error", status["message"])


@fact(source="a live payload checked by kabartay/jobwatch", asks=[Ask("eats")], seconds=240)
def message_of_a_job_out_of_memory(probe: Probe) -> None:
    """A job out of memory ends with “Job failed with exit code: 137. Reason: OOMKilled”."""
    status = status_of(probe.life("eats").final)
    probe.same("stage", "ERROR", status["stage"])
    probe.same("message", "Job failed with exit code: 137. Reason: OOMKilled", status["message"])


@fact(source=f"{DOCS}; huggingface/lerobot", asks=[TIMES_OUT], seconds=240)
def timeout_ends_a_job(probe: Probe) -> None:
    """A job that runs longer than its timeout ends in ERROR with “Job timeout”, about then."""
    life = times_out(probe)
    status, job = status_of(life.final), life.final
    probe.same("stages", ["SCHEDULING", "RUNNING", "ERROR"], life.stages)
    probe.same("message", "Job timeout", status["message"])
    # From creation or from running: the next fact. Here only that it is neither much earlier nor later.
    ran = (instant_of(job, "finishedAt") - instant_of(job, "createdAt")) / 1000
    probe.holds("seconds from createdAt to finishedAt", "30 to 60", ran, 30 <= ran <= 60)


@fact(source=ASSUMED, asks=[TIMES_OUT], quirks=["timeout_counts_from"], seconds=240)
def timeout_is_counted(probe: Probe) -> None:
    """What the timeout is counted from."""
    job = times_out(probe).final
    created, started, finished = (instant_of(job, key) for key in ("createdAt", "startedAt", "finishedAt"))
    if started - created < 3000:
        raise Undecided("the job waited too short a time to tell")
    off_running, off_creation = abs(finished - started - 30_000), abs(finished - created - 30_000)
    seen = "running" if off_running <= off_creation else "creation"
    choices = {"running": "running", "creation": "creation"}
    probe.by_quirk("timeout_counts_from", "nearer to 30 s, counted from", choices, seen)


@fact(source="the Hub documentation, “Configuration”", asks=[Ask("sleeps", timeout=1800)], seconds=2000)
def default_timeout_ends_a_job(probe: Probe) -> None:
    """Without a timeout of its own a job is ended after 30 minutes."""
    job = probe.life("sleeps", limit=2400, timeoutSeconds=LEAVE_OUT).final
    probe.same("message", "Job timeout", status_of(job)["message"])
    ran = (instant_of(job, "finishedAt") - instant_of(job, "startedAt")) / 1000
    probe.holds("seconds of running", "1770 to 1830", ran, 1770 <= ran <= 1830)


@fact(source=f"{LIVE} (a job that never ran); the stages are {ASSUMED}", asks=[NO_IMAGE], seconds=400)
def no_such_image(probe: Probe) -> None:
    """A job whose image cannot be pulled ends in ERROR without having run: no startedAt, and totalSecs
    alone."""
    life = without_image(probe)
    job = life.final
    probe.same("stages", ["SCHEDULING", "ERROR"], life.stages)
    probe.same("startedAt", ABSENT, job.get("startedAt", ABSENT))
    probe.same("keys of durations", ["totalSecs"], list(mapping(job["durations"])))
    total = (instant_of(job, "finishedAt") - instant_of(job, "createdAt")) // 1000
    probe.same("totalSecs", total, mapping(job["durations"]).get("totalSecs", ABSENT))


@fact(source=ASSUMED, asks=[NO_IMAGE], quirks=["image_pull_message"], seconds=400)
def message_without_image(probe: Probe) -> None:
    """The message of a job whose image cannot be pulled."""
    message = status_of(without_image(probe).final)["message"]
    probe.text_of_quirk("image_pull_message", "message", None if message is None else str(message))


@fact(source=f"{OPENAPI}; {LIVE}", asks=[PRINTS, FAILS], seconds=240)
def timestamps(probe: Probe) -> None:
    """startedAt comes with RUNNING and stays as it is, finishedAt with the end; both follow createdAt, in
    its spelling."""
    for life in (prints(probe), fails(probe)):
        waits, runs, final = life.first_in("SCHEDULING"), life.first_in("RUNNING"), life.final
        for what, job in (("startedAt while SCHEDULING", waits), ("finishedAt while RUNNING", runs)):
            probe.same(what, ABSENT, job.get(what.split(" ")[0], ABSENT))
        for key in ("createdAt", "startedAt", "finishedAt"):
            text = str(final.get(key, ABSENT))
            probe.holds(key, "YYYY-MM-DDTHH:MM:SS.mmmZ", text, bool(ISO.fullmatch(text)))
        probe.same("startedAt at the end", runs.get("startedAt"), final.get("startedAt"))
        probe.same("createdAt at the end", life.created.object["createdAt"], final["createdAt"])
        times = [instant_of(final, key) for key in ("createdAt", "startedAt", "finishedAt")]
        probe.holds("their order", "created, started, finished", times, sorted(times) == times)
        late = life.seen[-1].date - times[2] // 1000
        probe.holds("seconds from finishedAt to when it was seen", "0 to 35", late, 0 <= late <= 35)


@fact(source=LIVE, asks=[PRINTS], seconds=120)
def keys_of_durations(probe: Probe) -> None:
    """durations have totalSecs; while a job runs and after it has run, schedulingSecs and runningSecs
    before it."""
    life = prints(probe)
    whole = ["schedulingSecs", "runningSecs", "totalSecs"]
    for stage, keys in (("SCHEDULING", ["totalSecs"]), ("RUNNING", whole), ("COMPLETED", whole)):
        probe.same(stage, keys, list(mapping(life.first_in(stage)["durations"])))


@fact(
    source=f"{LIVE}; a live payload checked by kabartay/jobwatch (177 + 310, 488)",
    asks=[PRINTS, FAILS],
    seconds=240,
)
def durations_are_rounded_down(probe: Probe) -> None:
    """Durations are whole seconds between the timestamps, each rounded down; so the total may be more than
    the sum."""
    for life in (prints(probe), fails(probe)):
        job = life.final
        created, started, finished = (
            instant_of(job, key) for key in ("createdAt", "startedAt", "finishedAt")
        )
        expected = {
            "schedulingSecs": (started - created) // 1000,
            "runningSecs": (finished - started) // 1000,
            "totalSecs": (finished - created) // 1000,
        }
        probe.same(stage_of(job), expected, job.get("durations", ABSENT))


@fact(source=LIVE, asks=[PRINTS], seconds=120)
def durations_grow(probe: Probe) -> None:
    """The durations of a job that is not over grow with each look at it."""
    for answer in prints(probe).seen:
        job = answer.object
        if stage_of(job) in OVER:
            continue
        created = instant_of(job, "createdAt")
        total = mapping(job["durations"]).get("totalSecs")
        # The header has whole seconds: it is some part of a second later than it says.
        most, least = (answer.date * 1000 + 999 - created) // 1000, (answer.date * 1000 - created) // 1000
        probe.holds(
            f"totalSecs while {stage_of(job)}",
            f"{max(least, 0)} or {most}",
            total,
            isinstance(total, int) and least <= total <= most,
        )


@fact(
    source=f"{OPENAPI}: “retried up to n-1 times”; what counts is {ASSUMED}",
    asks=[RETRIED],
    quirks=["last_failure_counted"],
    seconds=240,
)
def retries(probe: Probe) -> None:
    """A job with attempts N that fails is tried N times: its stages begin anew, and failureCount counts."""
    life = retried(probe)
    probe.same("stages", ["SCHEDULING", "RUNNING", "SCHEDULING", "RUNNING", "ERROR"], life.stages)
    status = status_of(life.final)
    probe.same("message", "Job failed with exit code: 3. Reason: Error", status["message"])
    seen = status.get("failureCount", ABSENT)
    probe.by_quirk("last_failure_counted", "failureCount at the end", {"no": 1, "yes": 2}, seen)
    again = [answer.object for answer in life.seen if status_of(answer.object).get("failureCount") == 1]
    probe.same(
        "stage when the first failure is counted", "SCHEDULING", stage_of(again[0]) if again else ABSENT
    )


@fact(
    source="huggingface_hub#4376 (a log with many such lines)",
    asks=[RETRIED],
    seconds=240,
)
def log_of_retries(probe: Probe) -> None:
    """Each attempt begins with another line of the start in the same log."""
    lines = log_lines(probe, retried(probe).id)
    probe.same("lines", ["(start)", "about to fail"] * 2, lines)


@fact(
    source=f"{OPENAPI} does not say what failures are; {ASSUMED}",
    asks=[Ask("sleeps", timeout=30, attempts=2)],
    quirks=["timeout_retried"],
    seconds=240,
)
def retries_of_a_timeout(probe: Probe) -> None:
    """Whether a job that runs into its timeout is tried again."""
    life = probe.life("sleeps", timeoutSeconds=30, attempts=2)
    probe.same("message", "Job timeout", status_of(life.final)["message"])
    starts = log_lines(probe, life.id).count("(start)")
    if starts == 1 and probe.quirks.timeout_per == "job":
        raise Undecided("all attempts share the timeout, so none is left for another")
    probe.by_quirk("timeout_retried", "attempts", {"no": 1, "yes": 2}, starts)


@fact(
    source=ASSUMED,
    asks=[Ask("fails-late", timeout=60, attempts=2)],
    quirks=["timeout_per"],
    seconds=300,
)
def timeout_of_several_attempts(probe: Probe) -> None:
    """Whether each attempt has the whole timeout, or all together."""
    job = probe.life("fails-late", timeoutSeconds=60, attempts=2).final
    seen = status_of(job)["message"]
    choices = {"attempt": "Job failed with exit code: 4. Reason: Error", "job": "Job timeout"}
    probe.by_quirk("timeout_per", "message of two attempts of 40 s, timeout 60 s", choices, seen)


@fact(
    source=f"null in every payload seen; what a limit makes of it is {ASSUMED}",
    asks=[Ask("sleeps")],
    quirks=["queued_message"],
    seconds=90,
    needs="limits",
)
def message_of_a_job_in_a_queue(probe: Probe) -> None:
    """Where the number of jobs is limited, one that waits for a slot says why."""
    job = probe.watch(probe.new("sleeps"), {"RUNNING", *OVER}, limit=45)[-1].object
    if stage_of(job) != "SCHEDULING":
        raise Undecided("no limit makes a job wait here")
    message = status_of(job)["message"]
    if isinstance(message, str) and message.startswith("Waiting for "):
        message = "Waiting for …"
    probe.by_quirk("queued_message", "message", {"why": "Waiting for …", "null": None}, message)


@fact(source=ASSUMED, asks=[PRINTS], seconds=120)
def what_is_over_stays(probe: Probe) -> None:
    """A job that is over answers the same to everybody who asks, whenever."""
    life = prints(probe)
    before = life.seen[-1].body
    probe.pause(2)
    probe.same("job", before.decode("utf-8", "replace"), _text(probe, f"/{life.id}"))


@fact(source=f"{OPENAPI}; kabartay/jobwatch, checked live in October 2026", asks=[CANCELED], seconds=90)
def cancelling(probe: Probe) -> None:
    """The answer to cancelling is the job in CANCELED, without finishedAt, durations and cancelReason;
    startedAt if it ran."""
    waiting, running = (mapping(each) for each in canceled(probe))
    for what, job in (("job that waits", waiting), ("job that runs", running)):
        probe.same(f"stage of a {what}", "CANCELED", stage_of(job))
        for key in ("finishedAt", "durations"):
            probe.same(f"{key} of a {what}", ABSENT, job.get(key, ABSENT))
        probe.same(f"cancelReason of a {what}", ABSENT, status_of(job).get("cancelReason", ABSENT))
    probe.same("startedAt of a job that waits", ABSENT, waiting.get("startedAt", ABSENT))
    probe.holds("startedAt of a job that runs", "there", ABSENT, "startedAt" in running)
    later = probe.job(str(running["id"]))
    probe.same("job, asked for later", running, later)
    probe.same("its keys", list(running), list(later))


@fact(source=ASSUMED, asks=[CANCELED], quirks=["cancel_message"], seconds=90)
def message_of_a_cancelled_job(probe: Probe) -> None:
    """The message of a job that its user cancelled."""
    for what, job in zip(("job that waits", "job that runs"), canceled(probe), strict=True):
        message = status_of(mapping(job))["message"]
        probe.text_of_quirk("cancel_message", f"message, {what}", None if message is None else str(message))


@fact(
    source="huggingface/jobs-actions expects an error; the status is not public",
    asks=[PRINTS, CANCELED],
    quirks=["cancel_finished", "job_not_found"],
    seconds=120,
)
def cancelling_what_is_over(probe: Probe) -> None:
    """Cancelling a job that is over changes nothing."""
    statuses = {status: int(status) for status in ("409", "200", "400", "404")}
    _, running = canceled(probe)
    for what, job_id in (("COMPLETED", prints(probe).id), ("CANCELED", str(mapping(running)["id"]))):
        before = _text(probe, f"/{job_id}")
        answer = probe.post(f"/{job_id}/cancel")
        probe.by_quirk("cancel_finished", f"status, job in {what}", statuses, answer.status)
        probe.same(f"job in {what}, afterwards", before, _text(probe, f"/{job_id}"))


@fact(source="huggingface_hub#4367", quirks=["job_not_found"])
def cancelling_nothing(probe: Probe) -> None:
    """Cancelling what is not there is a 404."""
    answer = probe.post(f"/{GONE}/cancel")
    probe.same("status", 404, answer.status)
    probe.text_of_quirk("job_not_found", "error", answer.error)


def _text(probe: Probe, path: str) -> str:
    return probe.get(path).body.decode("utf-8", "replace")


FACTS = (
    stages_of_a_success,
    stages_of_a_failure,
    status_of_a_success,
    message_of_a_failure,
    message_of_a_job_out_of_memory,
    timeout_ends_a_job,
    timeout_is_counted,
    default_timeout_ends_a_job,
    no_such_image,
    message_without_image,
    timestamps,
    keys_of_durations,
    durations_are_rounded_down,
    durations_grow,
    retries,
    log_of_retries,
    retries_of_a_timeout,
    timeout_of_several_attempts,
    message_of_a_job_in_a_queue,
    what_is_over_stays,
    cancelling,
    message_of_a_cancelled_job,
    cancelling_what_is_over,
    cancelling_nothing,
)
