"""Facts about credits, what resource groups may spend, and waiting for slots: what only a fakejobs can be told to have."""

from __future__ import annotations

from fakejobs.contract.verify.facts import ASSUMED, Ask, fact
from fakejobs.contract.verify.findings import ABSENT, Undecided
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.scheduled import YEARLY
from fakejobs.contract.verify.seen import instant_of, stage_of, status_of
from fakejobs.contract.verify.transport import Answer
from fakejobs.wire.json_types import Json

DOCS = "the Hub documentation, “Pricing and Billing” of Jobs"
MINUTE, TWO_MINUTES, THREE_MINUTES = 0.000167, 0.000334, 0.000501
"""Dollars that minutes of cpu-basic cost."""

_GROUP = "6" * 24
_INSUFFICIENT = "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."


def _submit(probe: Probe, org: str, program: str = "sleeps", **changes: object) -> Answer:
    return probe.submit_as_it_is(probe.body(program, **{"timeoutSeconds": 300, **changes}), org)


def _new(probe: Probe, org: str, program: str = "sleeps", **changes: object) -> str:
    return probe.id_of(_submit(probe, org, program, **changes))


def _job(probe: Probe, org: str, job_id: str) -> dict[str, Json]:
    return probe.send("GET", f"/api/jobs/{org}/{job_id}").object


def _until_over(probe: Probe, org: str, job_id: str, seconds: float = 200) -> dict[str, Json]:
    probe.until(seconds, lambda: stage_of(_job(probe, org, job_id)) not in ("SCHEDULING", "RUNNING"))
    return _job(probe, org, job_id)


def _stages(probe: Probe, org: str, *ids: str) -> list[str]:
    return [stage_of(_job(probe, org, each)) for each in ids]


# --------------------------------------------------------------------------------------------------- credits


@fact(
    source="huggingface/ml-intern#125 (the text); the order of checks is assumed",
    asks=[Ask("sleeps", count=4, attempts=3, exposed=True)],
    needs="fakejobs",
)
def submission_without_credits(probe: Probe) -> None:
    """Without credits a submission is refused with 402, after all other checks, and nothing is made. Reads still work."""
    with probe.arranged(limits={"credits": 0}) as org:
        answer = _submit(probe, org)
        probe.same("status", 402, answer.status)
        probe.same("body", {"error": _INSUFFICIENT}, answer.json)
        probe.same("X-Error-Message", _INSUFFICIENT, answer.header("X-Error-Message"))
        probe.same("status of an invalid one", 400, _submit(probe, org, attempts=0).status)
        listed = probe.send("GET", f"/api/jobs/{org}")
        probe.same("status of the list", 200, listed.status)
        probe.same("jobs", [], listed.items)
        probe.same("count", {"count": 0}, probe.send("GET", f"/api/jobs/{org}/count").object)
    probe.same("status with credits", 200, probe.submit("sleeps").status)


@fact(
    source=f"{DOCS}; when it happens is assumed",
    asks=[Ask("sleeps", count=2, timeout=300)],
    quirks=["no_credits_message", "billed_from"],
    needs="fakejobs",
)
def job_that_runs_dry(probe: Probe) -> None:
    """A job that runs is cancelled with the cancelReason NO_CREDITS when its next minute would have to be paid and nothing
    is left; then no other can be made."""
    if probe.quirks.billed_from == "creation":
        raise Undecided("its minutes begin with its creation")
    with probe.arranged(limits={"credits": MINUTE}) as org:
        job = _until_over(probe, org, _new(probe, org))
        status = status_of(job)
        probe.same("stage", "CANCELED", status["stage"])
        probe.same("cancelReason", "NO_CREDITS", status.get("cancelReason", ABSENT))
        message = status["message"]
        probe.text_of_quirk("no_credits_message", "message", None if message is None else str(message))
        answer = _submit(probe, org)
        probe.same("status of another", 402, answer.status)


@fact(
    source=DOCS,
    asks=[Ask("sleeps", timeout=300)],
    quirks=["billed_from", "partial_minutes"],
    needs="fakejobs",
)
def minutes_that_are_paid(probe: Probe) -> None:
    """The waiting costs nothing; three minutes that are paid are run to their end."""
    if (probe.quirks.billed_from, probe.quirks.partial_minutes) != ("start", "billed"):
        raise Undecided("what is expected here is another bill")
    with probe.arranged(limits={"credits": THREE_MINUTES}) as org:
        job_id = _new(probe, org)
        probe.until(60, lambda: stage_of(_job(probe, org, job_id)) == "RUNNING")
        started = instant_of(_job(probe, org, job_id), "startedAt")
        probe.until(250, lambda: stage_of(_job(probe, org, job_id)) != "RUNNING")
        answer = probe.send("GET", f"/api/jobs/{org}/{job_id}")
        ran = answer.date - started // 1000
        if 174 <= ran < 178:  # the time since it was made
            probe.by_quirk(
                "billed_from", "billed since", {"start": "start", "creation": "creation"}, "creation"
            )
        elif ran >= 239:
            choices = {"billed": "begun", "free": "over"}
            probe.by_quirk("partial_minutes", "minutes paid when", choices, "over")
        else:
            probe.holds("seconds of running", "180 to 182", ran, 180 <= ran <= 182)
        probe.same("cancelReason", "NO_CREDITS", status_of(answer.object).get("cancelReason", ABSENT))


@fact(
    source=ASSUMED,
    asks=[Ask("sleeps", timeout=300), Ask("waits", timeout=300)],
    quirks=["no_credits_cancels", "billed_from"],
    needs="fakejobs",
)
def jobs_that_wait_without_credits(probe: Probe) -> None:
    """When the credits are used up, which jobs are cancelled."""
    if probe.quirks.billed_from == "creation":
        raise Undecided("jobs that wait are billed too, so there is none to be spared")
    with probe.arranged(limits={"credits": TWO_MINUTES}) as org:
        runs, waits = _new(probe, org), _new(probe, org, "waits")
        probe.same("stage of the one that runs", "CANCELED", stage_of(_until_over(probe, org, runs)))
        job = _job(probe, org, waits)
        choices = {"all": "CANCELED", "running": "SCHEDULING"}
        probe.by_quirk("no_credits_cancels", "stage of the one that waits", choices, stage_of(job))
        if stage_of(job) == "CANCELED":
            probe.same("its cancelReason", "NO_CREDITS", status_of(job).get("cancelReason", ABSENT))


@fact(source=ASSUMED, asks=[Ask("sleeps", timeout=300)], needs="fakejobs")
def schedule_without_credits(probe: Probe) -> None:
    """Without credits a scheduled job can be made, and not run: 402."""
    with probe.arranged(limits={"credits": 0}) as org:
        target = f"/api/scheduled-jobs/{org}"
        body = {"jobSpec": probe.body("sleeps"), "schedule": YEARLY, "suspend": True}
        made = probe.send("POST", target, body).object
        answer = probe.send("POST", f"{target}/{made['id']}/run")
        probe.same("status of run", 402, answer.status)
        probe.same("error of run", _INSUFFICIENT, answer.error)
        probe.same("status of resume", 402, probe.send("POST", f"{target}/{made['id']}/resume").status)
        probe.same("status of DELETE", 200, probe.send("DELETE", f"{target}/{made['id']}").status)


# ------------------------------------------------------------------------------------------- resource groups


@fact(
    source="the Hub documentation, “Resource groups”; when it happens is assumed",
    asks=[Ask("sleeps", count=3, timeout=300)],
    quirks=["resource_group_limit_message", "resource_group_limit_refused", "billed_from"],
    needs="fakejobs",
)
def resource_group_that_has_spent_its_limit(probe: Probe) -> None:
    """When a resource group has spent what it may, its job is cancelled with the cancelReason RESOURCE_GROUP_LIMIT, and another
    is refused with 403; one that is in no group is not."""
    group = {"name": "spends", "id": _GROUP, "limit": MINUTE}
    with probe.arranged(groups=[group]) as org:
        job_id = _new(probe, org, resourceGroupId=_GROUP)
        made = _job(probe, org, job_id)
        probe.same("resourceGroupId", _GROUP, made.get("resourceGroupId", ABSENT))
        probe.same("resourceGroup", {"id": _GROUP, "name": "spends"}, made.get("resourceGroup", ABSENT))
        status = status_of(_until_over(probe, org, job_id))
        probe.same("stage", "CANCELED", status["stage"])
        probe.same("cancelReason", "RESOURCE_GROUP_LIMIT", status.get("cancelReason", ABSENT))
        message = status["message"]
        seen = None if message is None else str(message)
        probe.text_of_quirk("resource_group_limit_message", "message", seen)
        answer = _submit(probe, org, resourceGroupId=_GROUP)
        probe.same("status of another", 403, answer.status)
        probe.text_of_quirk("resource_group_limit_refused", "error", answer.error)
        probe.same("status of one in no group", 200, _submit(probe, org).status)


@fact(source=ASSUMED, asks=[Ask("sleeps", timeout=300)], quirks=["unknown_resource_group"], needs="fakejobs")
def unknown_resource_group(probe: Probe) -> None:
    """A resource group that the organisation does not have."""
    with probe.arranged(groups=[{"name": "known", "id": _GROUP}]) as org:
        answer = _submit(probe, org, resourceGroupId="7" * 24)
        statuses = {status: int(status) for status in ("404", "400", "403")}
        probe.by_quirk("unknown_resource_group", "status", statuses, answer.status)


# ---------------------------------------------------------------------------------------------------- queues


@fact(source=ASSUMED, asks=[Ask("sleeps", count=4, timeout=300)], needs="fakejobs")
def first_in_first_out(probe: Probe) -> None:
    """Where one job may run at a time, the others wait in SCHEDULING, and start in the order in which they came, each when the one
    before it is over; one that is cancelled while it waits is passed over."""
    with probe.arranged(limits={"running": 1}) as org:
        ids = []
        for _ in range(4):
            ids.append(_new(probe, org))
            probe.pause(0.25)
        probe.pause(30)
        probe.same("stages", ["RUNNING", "SCHEDULING", "SCHEDULING", "SCHEDULING"], _stages(probe, org, *ids))
        probe.send("POST", f"/api/jobs/{org}/{ids[0]}/cancel")
        stages = ["CANCELED", "RUNNING", "SCHEDULING", "SCHEDULING"]
        probe.same("stages when the first is cancelled", stages, _stages(probe, org, *ids))
        probe.send("POST", f"/api/jobs/{org}/{ids[2]}/cancel")
        probe.send("POST", f"/api/jobs/{org}/{ids[1]}/cancel")
        stages = ["CANCELED", "CANCELED", "CANCELED", "RUNNING"]
        probe.same("stages when the others are, too", stages, _stages(probe, org, *ids))


@fact(
    source=ASSUMED,
    asks=[Ask("fails", attempts=2, timeout=300), Ask("sleeps", count=2, timeout=300)],
    needs="fakejobs",
)
def retry_goes_to_the_back(probe: Probe) -> None:
    """Where one job may run at a time, an attempt that fails lets the next job start; its job waits behind all who are there."""
    with probe.arranged(limits={"running": 1}) as org:
        first = _new(probe, org, "fails", attempts=2)
        others = []
        for _ in range(2):
            probe.pause(1)
            others.append(_new(probe, org))
        probe.until(90, lambda: status_of(_job(probe, org, first)).get("failureCount") == 1)
        probe.pause(30)
        stages = _stages(probe, org, first, *others)
        probe.same("stages", ["SCHEDULING", "RUNNING", "SCHEDULING"], stages)
        probe.send("POST", f"/api/jobs/{org}/{others[0]}/cancel")
        stages = _stages(probe, org, first, *others)
        probe.same("stages when the second is over", ["SCHEDULING", "CANCELED", "RUNNING"], stages)
        probe.send("POST", f"/api/jobs/{org}/{others[1]}/cancel")
        job = _until_over(probe, org, first)
        probe.same("stage of the first in the end", "ERROR", stage_of(job))


FACTS = (
    submission_without_credits,
    job_that_runs_dry,
    minutes_that_are_paid,
    jobs_that_wait_without_credits,
    schedule_without_credits,
    resource_group_that_has_spent_its_limit,
    unknown_resource_group,
    first_in_first_out,
    retry_goes_to_the_back,
)
"""Facts about credits, limits and queues."""
