"""Facts about changing a job: labels, ports; and about running it again."""

from __future__ import annotations

from fakejobs.contract.verify.creation import FULL, full
from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.findings import ABSENT
from fakejobs.contract.verify.jobs import MARK
from fakejobs.contract.verify.lives import PRINTS, prints
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.seen import stage_of, status_of
from fakejobs.wire.json_types import Json

RUNS = Ask("sleeps", once="exposed", exposed=True)

_OF_A_RUN = ("id", "createdAt", "startedAt", "finishedAt", "durations", "initiator", "status")
"""Keys of a job that are not what was asked for."""


def _runs(probe: Probe) -> str:
    """The id of a job that runs, with a port exposed."""
    return probe.once("exposed", lambda: probe.running("sleeps", expose={"ports": [8000]}))


@fact(source=OPENAPI, asks=[Ask("sleeps")])
def labels_are_replaced(probe: Probe) -> None:
    """PUT …/labels replaces all labels; the answer is the job."""
    job_id = probe.new("sleeps", labels={"old": "1", "both": "1"})
    labels = {MARK: probe.run_id, "new": "2", "both": "2", "empty": ""}
    answer = probe.put(f"/{job_id}/labels", {"labels": labels})
    probe.same("status", 200, answer.status)
    probe.same("id", job_id, answer.object.get("id"))
    probe.same("labels", labels, answer.object.get("labels", ABSENT))
    probe.same("labels, asked for later", labels, probe.job(job_id).get("labels", ABSENT))


@fact(source=ASSUMED, asks=[Ask("sleeps")], quirks=["cleared_labels"])
def labels_are_cleared(probe: Probe) -> None:
    """A job from which all labels were taken."""
    job_id = probe.new("sleeps")
    shown = {"absent": ABSENT, "empty": {}}
    answer = probe.put(f"/{job_id}/labels", {"labels": {}})
    probe.same("status", 200, answer.status)
    probe.by_quirk("cleared_labels", "labels", shown, answer.object.get("labels", ABSENT))
    probe.by_quirk(
        "cleared_labels", "labels, asked for later", shown, probe.job(job_id).get("labels", ABSENT)
    )
    probe.put(f"/{job_id}/labels", {"labels": {MARK: probe.run_id}})


@fact(source="the Hub documentation, “Manage Jobs”: “an existing Job”", asks=[PRINTS], seconds=120)
def labels_of_what_is_over(probe: Probe) -> None:
    """Labels can be changed whatever the stage, and nothing else changes with them."""
    job_id = prints(probe).id
    before = probe.job(job_id)
    answer = probe.put(f"/{job_id}/labels", {"labels": {MARK: probe.run_id, "later": "yes"}})
    probe.same("status", 200, answer.status)
    probe.same("the rest of the job", _without(before, "labels"), _without(answer.object, "labels"))
    probe.put(f"/{job_id}/labels", {"labels": {MARK: probe.run_id}})


@fact(source=f"{OPENAPI}: “a running job, applied live”", asks=[RUNS], seconds=60)
def ports_are_replaced(probe: Probe) -> None:
    """PUT …/expose replaces the ports of a job that runs; their addresses are in the answer."""
    job_id = _runs(probe)
    expose = {"ports": [9000, 7860], "portsPublic": [7860]}
    answer = probe.put(f"/{job_id}/expose", expose)
    probe.same("status", 200, answer.status)
    for what, job in (("answer", answer.object), ("job, asked for later", probe.job(job_id))):
        probe.same(f"expose in the {what}", expose, job.get("expose", ABSENT))
        urls = [f"https://{job_id}--{port}.hf.jobs" for port in (9000, 7860)]
        probe.same(f"exposeUrls in the {what}", urls, status_of(job).get("exposeUrls", ABSENT))
    answer = probe.put(f"/{job_id}/expose", {"ports": []})
    probe.same("status, no ports", 200, answer.status)
    probe.same("expose, no ports", ABSENT, answer.object.get("expose", ABSENT))
    probe.same("exposeUrls, no ports", ABSENT, status_of(answer.object).get("exposeUrls", ABSENT))


@fact(
    source=f"{OPENAPI} speaks of running jobs only",
    asks=[PRINTS, Ask("sleeps")],
    quirks=["expose_not_running"],
    seconds=120,
)
def ports_of_what_does_not_run(probe: Probe) -> None:
    """Changing the ports of a job that does not run."""
    statuses = {"400": 400, "200": 200, "409": 409}
    for what, job_id in (("COMPLETED", prints(probe).id), ("SCHEDULING", probe.new("sleeps"))):
        answer = probe.put(f"/{job_id}/expose", {"ports": [8000]})
        probe.by_quirk("expose_not_running", f"status, job in {what}", statuses, answer.status)
        if answer.status == 200:
            probe.put(f"/{job_id}/expose", {"ports": []})


@fact(source=f"{OPENAPI}; huggingface_hub#4212", asks=[FULL, Ask("sleeps", attempts=3, exposed=True)])
def duplicate(probe: Probe) -> None:
    """A duplicate is a new job with everything that was asked for, labels and names of secrets included;
    its initiator is the job that it is of."""
    original = full(probe).object
    answer = probe.duplicate(str(original["id"]))
    job = answer.object
    probe.same("status", 200, answer.status)
    probe.holds("id", "a new one", job.get("id"), job.get("id") != original["id"])
    probe.same("stage", "SCHEDULING", stage_of(job))
    probe.same("initiator", {"type": "duplicated-job", "id": original["id"]}, job.get("initiator", ABSENT))
    probe.same("keys", list(original), list(job))
    probe.same("what was asked for", _without(original, *_OF_A_RUN), _without(job, *_OF_A_RUN))
    urls = [f"https://{job.get('id')}--{port}.hf.jobs" for port in (8000, 9000)]
    probe.same("exposeUrls", urls, status_of(job).get("exposeUrls", ABSENT))


@fact(source=OPENAPI, asks=[PRINTS, Ask("prints", attempts=3, exposed=True)], seconds=120)
def duplicate_of_what_is_over(probe: Probe) -> None:
    """A job that is over can be duplicated; the duplicate starts anew, and the original stays."""
    life = prints(probe)
    before = probe.get(f"/{life.id}").body
    job = probe.duplicate(life.id).object
    probe.same("stage", "SCHEDULING", stage_of(job))
    for key in ("startedAt", "finishedAt"):
        probe.same(key, ABSENT, job.get(key, ABSENT))
    probe.holds("original", "as before", "changed", before == probe.get(f"/{life.id}").body)


def _without(job: dict[str, Json], *keys: str) -> dict[str, Json]:
    return {key: value for key, value in job.items() if key not in keys}


FACTS = (
    labels_are_replaced,
    labels_are_cleared,
    labels_of_what_is_over,
    ports_are_replaced,
    ports_of_what_does_not_run,
    duplicate,
    duplicate_of_what_is_over,
)
