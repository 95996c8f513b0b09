"""Facts about scheduled jobs: making, changing and running them."""

from __future__ import annotations

from fakejobs.contract.verify.asking import GONE
from fakejobs.contract.verify.creation import ISO
from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.findings import ABSENT
from fakejobs.contract.verify.jobs import MARK
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.scheduled import YEARLY, id_of, jobs_of, next_run
from fakejobs.contract.verify.seen import mapping, stage_of
from fakejobs.contract.verify.transport import Answer
from fakejobs.model.times import from_iso

_CONFLICT = "Another job is already running at the same time, set `concurrency` to allow multiple instances of scheduled jobs to run concurrently"
_SECRET = "verify-the-value-of-a-secret"  # noqa: S105 - nobody's
_FULL: dict[str, object] = {
    "arguments": ["3600"],
    "command": ["sleep"],
    "environment": {"GREETING": "héllo"},
    "secrets": {"SECRET_WORD": _SECRET, "S": "-"},
    "arch": "amd64",
    "attempts": 3,
    "volumes": [{"type": "model", "source": "openai-community/gpt2", "mountPath": "/model"}],
    "expose": {"ports": [8000]},
}


def _paused(probe: Probe) -> Answer:
    """The answer to making a schedule that is paused and never changed."""
    return probe.once("schedule", lambda: probe.schedule(YEARLY))


def _full(probe: Probe) -> Answer:
    """The same with everything that can be asked for."""
    body = {
        "jobSpec": probe.body("sleeps", **_FULL),
        "schedule": YEARLY,
        "suspend": True,
        "concurrency": True,
    }
    return probe.once("full schedule", lambda: probe.schedule_as_it_is(body))


# -------------------------------------------------------------------------------------- making and reading


@fact(source=OPENAPI)
def keys_of_a_scheduled_job(probe: Probe) -> None:
    """Making a scheduled job answers 200 with it; it has these keys, in the order of the OpenAPI."""
    answer = _paused(probe)
    job = answer.object
    keys = [
        "id", "createdAt", "schedule", "suspend", "concurrency", "status", "type", "owner", "initiator", "jobSpec"
    ]  # fmt: skip
    probe.same("keys", keys, list(job))
    probe.same("keys of status", ["lastJob", "nextJobRunAt"], list(mapping(job["status"])))
    probe.same("type", "scheduled-job", job.get("type"))
    probe.same("schedule", YEARLY, job.get("schedule"))
    probe.same("suspend", True, job.get("suspend"))
    probe.same("concurrency", False, job.get("concurrency"))
    probe.same("concurrency that was asked for", True, _full(probe).object.get("concurrency"))
    probe.same("lastJob", None, mapping(job["status"]).get("lastJob", ABSENT))
    probe.holds(
        "nextJobRunAt", "YYYY-MM-DDTHH:MM:SS.mmmZ", next_run(answer), bool(ISO.fullmatch(next_run(answer)))
    )
    probe.same("scheduled job, asked for later", job, probe.scheduled(f"/{id_of(answer)}").object)


@fact(source=OPENAPI)
def job_of_a_schedule(probe: Probe) -> None:
    """jobSpec is what was asked for, in the words and in the order of a job: timeout, retry, names of
    secrets."""
    keys = [
        "dockerImage", "timeout", "environment", "command", "arguments", "arch", "flavor", "retry", "volumes",
        "expose", "secrets", "labels",
    ]  # fmt: skip
    spec = mapping(_full(probe).object["jobSpec"])
    probe.same("keys", keys, list(spec))
    for key in ("arguments", "command", "environment", "arch", "volumes", "expose"):
        probe.same(key, _FULL[key], spec.get(key))
    probe.same("timeout", 120, spec.get("timeout"))
    probe.same("labels", {MARK: probe.run_id}, spec.get("labels"))
    small = mapping(_paused(probe).object["jobSpec"])
    keys = ["dockerImage", "timeout", "environment", "command", "flavor", "labels"]
    probe.same("keys of a small one", keys, list(small))
    probe.same("command", list(PROGRAMS["sleeps"].command), small.get("command"))


@fact(source=OPENAPI)
def secrets_of_a_schedule(probe: Probe) -> None:
    """Of the secrets of a scheduled job only the names come back; their values nowhere."""
    answer = _full(probe)
    probe.same("secrets", ["SECRET_WORD", "S"], mapping(answer.object["jobSpec"]).get("secrets", ABSENT))
    listed = probe.scheduled("")
    for what, each in (("answer", answer), ("job", probe.scheduled(f"/{id_of(answer)}")), ("list", listed)):
        probe.holds(f"value in the {what}", "not there", "there", _SECRET.encode() not in each.body)


@fact(source=OPENAPI)
def people_of_a_schedule(probe: Probe) -> None:
    """Who made a scheduled job is its initiator; of the owner there are id, name, avatarUrl and type."""
    job, me = _paused(probe).object, probe.me
    whole = {"id": me["id"], "name": me["name"], "avatarUrl": me["avatarUrl"], "type": "user"}
    probe.same("initiator", whole, job.get("initiator"))
    if probe.namespace == me["name"]:
        probe.same("owner", whole, job.get("owner"))
    probe.same("order of owner", list(whole), list(mapping(job["owner"])))


@fact(source=OPENAPI, asks=[Ask("sleeps")])
def what_a_schedule_begins_with(probe: Probe) -> None:
    """Unless it is said otherwise, a scheduled job is not paused, and its jobs may not overlap."""
    job = probe.schedule_as_it_is({"jobSpec": probe.body("sleeps"), "schedule": YEARLY}, ticks=1).object
    probe.same("suspend", False, job.get("suspend"))
    probe.same("concurrency", False, job.get("concurrency"))


@fact(source=f"{OPENAPI}: its pattern")
def schedules_that_are_refused(probe: Probe) -> None:
    """What the pattern of a schedule does not match is refused with 400; likewise a body without a
    schedule, or with an invalid job. Nothing comes of it."""
    word = f"refused-{probe.run_id}"
    for schedule in (
        "@midnight", "@reboot", "@Daily", "", "* * * *", "* * * * * * * *", "0 0 * * MON", "1-5/2 * * * *",
        "1-5,7 * * * *", "0  0 * * *", " 0 0 * * *", "0 0 L * *", "-1 0 * * *",
    ):  # fmt: skip
        answer = probe.schedule(schedule, labels={"try": word})
        probe.same(f"status of “{schedule}”", 400, answer.status)
    spec = probe.body("sleeps", labels={"try": word})
    for what, body in (
        ("no schedule", {"jobSpec": spec, "suspend": True}),
        ("no job", {"schedule": YEARLY, "suspend": True}),
        ("unknown flavor", {"schedule": YEARLY, "suspend": True, "jobSpec": {**spec, "flavor": "none"}}),
        ("a list", []),
    ):
        probe.same(f"status of {what}", 400, probe.schedule_as_it_is(body).status)
    found = probe.scheduled(f"?label=try%3D{word}").items
    probe.same("scheduled jobs", [], [each.get("id") for each in found])


@fact(source=ASSUMED)
def schedules_that_no_calendar_has(probe: Probe) -> None:
    """A schedule that the pattern matches, and that has no instant, is refused with 400."""
    for schedule in ("75 * * * *", "0 24 * * *", "0 0 31 2 *", "0 0 * 13 *", "*/0 * * * *"):
        probe.same(f"status of “{schedule}”", 400, probe.schedule(schedule).status)


# -------------------------------------------------------------------------------------------- running it now


@fact(
    source=f"{OPENAPI}; huggingface_hub#4212; that it is so of a run that somebody asks for is {ASSUMED}",
    asks=[Ask("sleeps")],
)
def run_of_a_schedule(probe: Probe) -> None:
    """Running a scheduled job answers the job, also while it is paused: its initiator is the scheduled job, and
    what was asked for is that of jobSpec. lastJob has it; the schedule stays."""
    made = probe.schedule(YEARLY, labels={"team": "night"})
    scheduled_id = id_of(made)
    answer = probe.run(scheduled_id)
    job, spec = answer.object, mapping(made.object["jobSpec"])
    probe.same("status", 200, answer.status)
    probe.same("stage", "SCHEDULING", stage_of(job))
    probe.same("type", "job", job.get("type"))
    probe.same("initiator", {"type": "scheduled-job", "id": scheduled_id}, job.get("initiator"))
    probe.same("owner", made.object["owner"], job.get("owner"))
    probe.same("createdBy", {"id": probe.me["id"], "name": probe.me["name"]}, job.get("createdBy"))
    probe.same("what was asked for", spec, {key: job.get(key, ABSENT) for key in spec})
    probe.same("id, asked for later", job["id"], probe.job(str(job["id"])).get("id"))
    after = probe.scheduled(f"/{scheduled_id}").object
    probe.same("lastJob", {"id": job["id"], "at": job["createdAt"]}, mapping(after["status"]).get("lastJob"))
    probe.same("schedule", made.object["schedule"], after.get("schedule"))
    probe.same("suspend", True, after.get("suspend"))
    probe.same("nextJobRunAt", next_run(made), mapping(after["status"]).get("nextJobRunAt"))


@fact(source=f"{OPENAPI}: the one error that it describes, with this text", asks=[Ask("sleeps", count=3)])
def run_while_another_runs(probe: Probe) -> None:
    """Running a scheduled job while a job of it is not over is a 409, and no job comes of it; afterwards it can be
    run again."""
    word = f"conflict-{probe.run_id}"
    scheduled_id = id_of(probe.schedule(YEARLY, labels={"try": word}))
    first = probe.id_of(probe.run(scheduled_id))
    answer = probe.run(scheduled_id)
    probe.same("status", 409, answer.status)
    if answer.status >= 400:
        probe.same("body", {"error": _CONFLICT}, answer.json)
    probe.same("jobs", [first], [job.get("id") for job in jobs_of(probe, scheduled_id, word)])
    probe.post(f"/{first}/cancel")
    probe.same("status when the first is over", 200, probe.run(scheduled_id).status)


@fact(source=f"{OPENAPI}: `concurrency`", asks=[Ask("sleeps", count=2)])
def runs_that_overlap(probe: Probe) -> None:
    """With `concurrency` a scheduled job can be run while a job of it is not over."""
    scheduled_id = id_of(probe.schedule(YEARLY, concurrency=True))
    ids = [probe.id_of(probe.run(scheduled_id)) for _ in range(2)]
    probe.same("two jobs", 2, len(set(ids)))


# ----------------------------------------------------------------------------------------------- changing it


@fact(
    source=f"huggingface/hf-mcp-server (commit 02a1af7) met `OK`; {OPENAPI} has no body",
    asks=[Ask("sleeps")],
    quirks=["scheduled_body"],
)
def pausing_and_resuming(probe: Probe) -> None:
    """A scheduled job can be paused and resumed, as often as one likes; what it answers is no job."""
    scheduled_id = id_of(probe.schedule(YEARLY, ticks=1))
    for action, suspend in (("resume", False), ("suspend", True), ("suspend", True), ("resume", False)):
        answer = probe.scheduled(f"/{scheduled_id}/{action}", "POST")
        probe.same(f"status of {action}", 200, answer.status)
        probe.text_of_quirk("scheduled_body", f"body of {action}", answer.body.decode("utf-8", "replace"))
        seen = probe.scheduled(f"/{scheduled_id}").object.get("suspend")
        probe.same(f"suspend after {action}", suspend, seen)


@fact(source=OPENAPI)
def another_schedule(probe: Probe) -> None:
    """POST …/schedule gives a scheduled job another schedule; the answer is the scheduled job. An invalid one is refused
    with 400, and it stays as it was."""
    scheduled_id = id_of(probe.schedule(YEARLY))
    answer = probe.scheduled(f"/{scheduled_id}/schedule", "POST", {"schedule": "0 12 29 2 *"})
    probe.same("status", 200, answer.status)
    probe.same("id", scheduled_id, answer.object.get("id"))
    probe.same("schedule", "0 12 29 2 *", answer.object.get("schedule"))
    seen = next_run(answer)[4:]
    probe.same("nextJobRunAt of “0 12 29 2 *”", "-02-29T12:00:00.000Z", seen)
    for body in ({"schedule": "@midnight"}, {"schedule": 5}, {}):
        refused = probe.scheduled(f"/{scheduled_id}/schedule", "POST", body)
        probe.same(f"status of {body}", 400, refused.status)
    probe.same("afterwards", answer.object, probe.scheduled(f"/{scheduled_id}").object)


@fact(source=OPENAPI, asks=[Ask("sleeps")])
def labels_of_a_schedule(probe: Probe) -> None:
    """PUT …/labels replaces the labels of the jobs that a scheduled job will make; the answer is the scheduled job."""
    scheduled_id = id_of(probe.schedule(YEARLY, labels={"old": "1", "both": "1"}))
    labels = {MARK: probe.run_id, "new": "2", "both": "2"}
    answer = probe.scheduled(f"/{scheduled_id}/labels", "PUT", {"labels": labels})
    probe.same("status", 200, answer.status)
    probe.same("labels", labels, mapping(answer.object["jobSpec"]).get("labels", ABSENT))
    probe.same("labels of a job", labels, probe.run(scheduled_id).object.get("labels", ABSENT))
    refused = probe.scheduled(f"/{scheduled_id}/labels", "PUT", {"labels": {"a b": "x"}})
    probe.same("status of invalid labels", 400, refused.status)


@fact(source=f"{OPENAPI}; huggingface_hub filters out what is paused itself; the order is {ASSUMED}")
def list_of_schedules(probe: Probe) -> None:
    """The list has all scheduled jobs, those that are paused too, newest first; `label` is one label."""
    word = f"listed-{probe.run_id}"
    ids = []
    for team in ("a", "b", "a"):
        ids.append(id_of(probe.schedule(YEARLY, labels={"try": word, "team": team})))
        probe.pause(0.25)
    for query, expected in (
        (f"?label=try%3D{word}", ids[::-1]),
        ("?label=team%3Db", [ids[1]]),
        ("?label=team%3Dnobody", []),
        ("", ids[::-1]),
    ):
        found = [str(each["id"]) for each in probe.scheduled(query).items]
        seen = [each for each in found if each in ids]
        probe.same(f"of our three with “{query}”", expected, seen)
    listed = [each for each in probe.scheduled(f"?label=try%3D{word}").items if each.get("id") == ids[0]]
    alone = probe.scheduled(f"/{ids[0]}").object
    probe.same("item", [alone], listed)
    probe.same("its keys", list(alone), list(listed[0]) if listed else ABSENT)


@fact(source=f"{OPENAPI}; that its jobs stay is {ASSUMED}", asks=[Ask("sleeps")], quirks=["scheduled_body"])
def deleting_a_schedule(probe: Probe) -> None:
    """A scheduled job that is deleted is gone, and is in no list; its jobs stay, and go on."""
    word = f"deleted-{probe.run_id}"
    scheduled_id = id_of(probe.schedule(YEARLY, labels={"try": word}))
    job_id = probe.id_of(probe.run(scheduled_id))
    answer = probe.scheduled(f"/{scheduled_id}", "DELETE")
    probe.same("status", 200, answer.status)
    probe.text_of_quirk("scheduled_body", "body", answer.body.decode("utf-8", "replace"))
    probe.same("status of GET", 404, probe.scheduled(f"/{scheduled_id}").status)
    probe.same("status of another DELETE", 404, probe.scheduled(f"/{scheduled_id}", "DELETE").status)
    probe.same("list", [], probe.scheduled(f"?label=try%3D{word}").items)
    probe.same("stage of its job", "SCHEDULING", stage_of(probe.job(job_id)))


# --------------------------------------------------------------------------------------------------- refusals


@fact(
    source="huggingface_hub#4367; the text is not public",
    asks=[Ask("sleeps")],
    quirks=["scheduled_job_not_found"],
)
def no_such_schedule(probe: Probe) -> None:
    """A scheduled job that is not there is a 404, whatever is asked of it."""
    for method, path, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("POST", "/suspend", None),
        ("POST", "/resume", None),
        ("POST", "/schedule", {"schedule": YEARLY}),
        ("PUT", "/labels", {"labels": {}}),
    ):
        answer = probe.scheduled(f"/{GONE}{path}", method, body)
        probe.same(f"status of {method} …{path}", 404, answer.status)
        probe.text_of_quirk("scheduled_job_not_found", f"{method} …{path}: error", answer.error)
    answer = probe.run(GONE)
    probe.same("status of POST …/run", 404, answer.status)
    probe.text_of_quirk("scheduled_job_not_found", "POST …/run: error", answer.error)


@fact(source="huggingface/hf-mount#123; huggingface_hub#3728", quirks=["namespace_not_found"])
def schedules_of_nobody(probe: Probe) -> None:
    """Without a token the routes of scheduled jobs are a 401; in a namespace that is not there, a 404."""
    nowhere = f"/api/scheduled-jobs/no-such-{probe.run_id}"
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{GONE}"), ("POST", f"/{GONE}/run")):
        body: dict[str, object] | None = {} if (method, path) == ("POST", "") else None
        answer = probe.send(method, f"{probe.schedules_path}{path}", body, token=None)
        probe.same(f"status of {method} …{path} without a token", 401, answer.status)
        probe.same(f"error of {method} …{path}", "Invalid username or password.", answer.error)
        answer = probe.send(method, f"{nowhere}{path}", body)
        probe.same(f"status of {method} …{path} in no namespace", 404, answer.status)
        probe.text_of_quirk("namespace_not_found", f"error of {method} …{path}", answer.error)


@fact(source="output of the hf command in public logs (job.write); job.read by analogy", needs="foreign")
def schedules_of_others(probe: Probe) -> None:
    """Where a token may do nothing, scheduled jobs are a 403, which names what is missing."""
    elsewhere = f"/api/scheduled-jobs/{probe.foreign}"
    for method, path, permission in (
        ("GET", "", "read"),
        ("GET", f"/{GONE}", "read"),
        ("POST", "", "write"),
        ("DELETE", f"/{GONE}", "write"),
        ("POST", f"/{GONE}/run", "write"),
    ):
        answer = probe.send(method, f"{elsewhere}{path}", {} if (method, path) == ("POST", "") else None)
        text = (
            "You don't have the required permissions to complete this action on namespace "
            f"{probe.foreign}, missing permissions: job.{permission}"
        )
        probe.same(f"status of {method} …{path}", 403, answer.status)
        probe.same(f"error of {method} …{path}", text, answer.error)


@fact(source=OPENAPI, asks=[Ask("sleeps")])
def a_schedule_is_no_job(probe: Probe) -> None:
    """A scheduled job is no job, and a job no scheduled job: each has its own routes."""
    scheduled_id, job_id = id_of(_paused(probe)), probe.new("sleeps")
    probe.same("scheduled job among jobs", 404, probe.get(f"/{scheduled_id}").status)
    probe.same("job among scheduled jobs", 404, probe.scheduled(f"/{job_id}").status)
    mine = probe.get("", label=[f"{MARK}={probe.run_id}"]).items
    probe.same("scheduled job in the list", [], [job for job in mine if job.get("id") == scheduled_id])


@fact(source="payloads: an id begins with its second")
def id_of_a_schedule(probe: Probe) -> None:
    """The id of a scheduled job is an ObjectId of the second of createdAt, which is now."""
    answer = _paused(probe)
    created = from_iso(str(answer.object["createdAt"])) // 1000
    probe.same("first eight digits", f"{created:08x}", id_of(answer)[:8])
    probe.same("length", 24, len(id_of(answer)))
    ago = answer.date - created
    probe.holds("seconds from createdAt to Date", "0 to 5", ago, 0 <= ago <= 5)


FACTS = (
    keys_of_a_scheduled_job,
    job_of_a_schedule,
    secrets_of_a_schedule,
    people_of_a_schedule,
    what_a_schedule_begins_with,
    id_of_a_schedule,
    schedules_that_are_refused,
    schedules_that_no_calendar_has,
    run_of_a_schedule,
    run_while_another_runs,
    runs_that_overlap,
    pausing_and_resuming,
    another_schedule,
    labels_of_a_schedule,
    list_of_schedules,
    deleting_a_schedule,
    no_such_schedule,
    schedules_of_nobody,
    schedules_of_others,
    a_schedule_is_no_job,
)
"""Facts about scheduled jobs."""
