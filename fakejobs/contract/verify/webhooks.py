"""Facts about webhooks that start jobs: making and changing them, and what an event brings about."""

from __future__ import annotations

import json

from fakejobs.contract.verify.asking import GONE, WEBHOOKS
from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.findings import ABSENT
from fakejobs.contract.verify.jobs import LEAVE_OUT, MARK
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.scheduled import YEARLY, id_of
from fakejobs.contract.verify.seen import mapping, stage_of
from fakejobs.contract.verify.transport import Answer
from fakejobs.wire.json_types import Json

DOCS = "the Hub documentation, “Webhooks Automation” of Jobs"

_SECRET = "verify-the-secret-of-a-webhook"  # noqa: S105 - nobody's
_VALUE = "verify-the-value-of-a-secret"
_URL = "https://webhook.invalid/fakejobs-verify"  # a name that there is not (RFC 6761)


def _hook(answer: Answer) -> dict[str, Json]:
    return mapping(answer.object["webhook"])


def _of(webhook: dict[str, Json]) -> str:
    return f"{WEBHOOKS}/{webhook['id']}"


def _paused(spec: dict[str, object]) -> dict[str, object]:
    return {"jobSpec": spec, "schedule": YEARLY, "suspend": True}


def _inline(probe: Probe) -> Answer:
    """The answer to making a webhook with a job in it, which nobody changes."""
    return probe.once(
        "webhook",
        lambda: probe.hook(
            probe.hook_body(
                job=probe.body(
                    "sleeps",
                    environment={"GREETING": "héllo"},
                    secrets={"KEY": _VALUE},
                    labels={"hook": "in"},
                    attempts=3,
                ),
                secret=_SECRET,
                watched=[{"type": "dataset", "name": _elsewhere(probe)}],
            )
        ),
    )


def _elsewhere(probe: Probe) -> str:
    """Not where facts let something happen."""
    return f"{probe.nowhere}-shared"


def _changed(probe: Probe) -> dict[str, Json]:
    """A new webhook with an address, to be changed."""
    return _hook(probe.hook(probe.hook_body(url=_URL)))


# -------------------------------------------------------------------------------------- making and reading


@fact(source=OPENAPI)
def webhook_with_a_job(probe: Probe) -> None:
    """A webhook may have a job in it; the answer has these keys, in the order of the OpenAPI, and of the job what runs it
    again: neither attempts nor volumes."""
    answer = _inline(probe)
    probe.same("status", 200, answer.status)
    probe.same("keys of the answer", ["webhook"], list(answer.object))
    webhook = _hook(answer)
    keys = ["id", "job", "disabled", "watched", "hasSecret", "domains"]
    probe.same("keys", keys, list(webhook))
    job = mapping(webhook["job"])
    keys = ["dockerImage", "environment", "command", "flavor", "timeoutSeconds", "labels", "secrets"]
    probe.same("keys of the job", keys, list(job))
    program = PROGRAMS["sleeps"]
    probe.same("dockerImage", program.image, job.get("dockerImage"))
    probe.same("command", list(program.command), job.get("command"))
    probe.same("environment", {"GREETING": "héllo"}, job.get("environment"))
    probe.same("timeoutSeconds", 120, job.get("timeoutSeconds"))
    probe.same("labels", {MARK: probe.run_id, "hook": "in"}, job.get("labels"))
    probe.same("disabled", False, webhook.get("disabled"))
    probe.same("watched", [{"name": _elsewhere(probe), "type": "dataset"}], webhook.get("watched"))
    probe.same("domains", ["repo"], webhook.get("domains"))


@fact(source=OPENAPI)
def secrets_of_a_webhook(probe: Probe) -> None:
    """Of the secrets of its job a webhook shows the names, of its own secret that there is one; their values
    are nowhere."""
    answer = _inline(probe)
    webhook = _hook(answer)
    probe.same("secrets", ["KEY"], mapping(webhook["job"]).get("secrets", ABSENT))
    probe.same("hasSecret", True, webhook.get("hasSecret"))
    probe.same("hasSecret without one", False, _changed(probe).get("hasSecret"))
    listed = probe.send("GET", WEBHOOKS)
    for what, each in (("answer", answer), ("webhook", probe.send("GET", _of(webhook))), ("list", listed)):
        for value in (_SECRET, _VALUE):
            probe.holds(f"{value} in the {what}", "not there", "there", value.encode() not in each.body)


@fact(source=f"{OPENAPI}; {DOCS}: neither volumes nor secrets", asks=[Ask("sleeps")])
def webhook_of_a_job(probe: Probe) -> None:
    """A webhook may be made from a job, or a scheduled one: it has image, command, arguments, environment, timeout
    and labels of it, not its secrets."""
    words: dict[str, object] = {
        "environment": {"GREETING": "hello"},
        "secrets": {"KEY": _VALUE},
        "volumes": [{"type": "model", "source": "openai-community/gpt2", "mountPath": "/model"}],
        "labels": {"source": "job"},
    }
    expected: dict[str, object] = {
        "dockerImage": PROGRAMS["sleeps"].image,
        "environment": {"GREETING": "hello"},
        "command": list(PROGRAMS["sleeps"].command),
        "flavor": "cpu-basic",
        "timeoutSeconds": 120,
        "labels": {MARK: probe.run_id, "source": "job"},
    }
    for what, source in (
        ("job", probe.new("sleeps", **words)),
        ("scheduled job", id_of(probe.schedule_as_it_is(_paused(probe.body("sleeps", **words))))),
    ):
        webhook = _hook(probe.hook(probe.hook_body(jobSourceId=source)))
        probe.same(f"jobSourceId of a {what}", source, webhook.get("jobSourceId"))
        probe.same(f"job of a {what}", expected, webhook.get("job"))
    probe.same("status of no job at all", 404, probe.hook(probe.hook_body(jobSourceId=GONE)).status)


@fact(source=f"{OPENAPI}: all three are optional; {ASSUMED}", quirks=["webhook_target"])
def target_of_a_webhook(probe: Probe) -> None:
    """A webhook has one of an address, a job, and a job that it is made from."""
    statuses = {"one": 400, "any": 200}
    none = probe.hook(probe.hook_body())
    two = probe.hook(probe.hook_body(url=_URL, job=probe.body("sleeps")))
    probe.by_quirk("webhook_target", "status with none of them", statuses, none.status)
    probe.by_quirk("webhook_target", "status with an address and a job", statuses, two.status)


@fact(source=OPENAPI)
def webhooks_that_are_refused(probe: Probe) -> None:
    """A webhook that watches nothing, or for no known domain, or has an invalid job, is refused with 400."""
    for what, changes in (
        ("nothing watched", {"watched": []}),
        ("no watched", {"watched": LEAVE_OUT}),
        ("unknown type", {"watched": [{"type": "file", "name": "a/b"}]}),
        ("unknown domain", {"domains": ["jobs"]}),
        ("no address", {"url": 5}),
        ("invalid job", {"url": LEAVE_OUT, "job": {"flavor": "none", "dockerImage": "a"}}),
    ):
        answer = probe.hook(probe.hook_body(**{"url": _URL, **changes}))
        probe.same(f"status with {what}", 400, answer.status)


@fact(source=OPENAPI)
def list_of_webhooks(probe: Probe) -> None:
    """The list has the webhooks of the caller, each as it is when asked for alone."""
    ids = [str(_hook(_inline(probe))["id"]), str(_changed(probe)["id"])]
    listed = {str(each["id"]): each for each in probe.send("GET", WEBHOOKS).items}
    probe.same("ours", ids, [each for each in listed if each in ids])
    for webhook_id in ids:
        probe.same("item", _hook(probe.send("GET", f"{WEBHOOKS}/{webhook_id}")), listed.get(webhook_id))


# ----------------------------------------------------------------------------------------------- changing it


@fact(source=OPENAPI)
def changing_a_webhook(probe: Probe) -> None:
    """An update replaces what a webhook watches and what it does; its id stays."""
    before = _changed(probe)
    watched = [{"type": "model", "name": probe.nowhere}]
    body = probe.hook_body(watched=watched, domains=["discussion"], job=probe.body("sleeps"))
    answer = probe.send("POST", _of(before), body)
    probe.same("status", 200, answer.status)
    webhook = _hook(answer)
    probe.same("id", before["id"], webhook.get("id"))
    probe.same("watched", [{"name": probe.nowhere, "type": "model"}], webhook.get("watched"))
    probe.same("domains", ["discussion"], webhook.get("domains"))
    probe.same("url", ABSENT, webhook.get("url", ABSENT))
    probe.same("flavor of the job", "cpu-basic", mapping(webhook["job"]).get("flavor"))
    probe.same("webhook, asked for later", webhook, _hook(probe.send("GET", _of(before))))


@fact(
    source=f"{OPENAPI} demands both; huggingface_hub leaves out what is not given",
    quirks=["webhook_update"],
)
def partial_update_of_a_webhook(probe: Probe) -> None:
    """Whether an update has to say what a webhook watches, and in which domains."""
    webhook, statuses = _changed(probe), {"whole": 400, "partial": 200}
    for what, body in (
        ("nothing", {}),
        ("an empty list of what is watched", {"watched": [], "domains": ["repo"]}),
        ("what is watched alone", {"watched": [{"type": "dataset", "name": probe.nowhere}]}),
    ):
        answer = probe.send("POST", _of(webhook), body)
        probe.by_quirk("webhook_update", f"status of an update with {what}", statuses, answer.status)
    probe.same("webhook, afterwards", webhook, _hook(probe.send("GET", _of(webhook))))


@fact(source=OPENAPI)
def disabling_a_webhook(probe: Probe) -> None:
    """A webhook can be disabled and enabled; the answer is the webhook. There is nothing else to do with it."""
    webhook = _changed(probe)
    for action, disabled in (("disable", True), ("disable", True), ("enable", False)):
        answer = probe.send("POST", f"{_of(webhook)}/{action}")
        probe.same(f"status of {action}", 200, answer.status)
        probe.same(f"webhook after {action}", {**webhook, "disabled": disabled}, _hook(answer))
        probe.same(
            f"the same, asked for after {action}", _hook(answer), _hook(probe.send("GET", _of(webhook)))
        )
    probe.same("status of “pause”", 400, probe.send("POST", f"{_of(webhook)}/pause").status)


@fact(source=f"{OPENAPI}; the text is {ASSUMED}")
def deleting_a_webhook(probe: Probe) -> None:
    """A webhook that is deleted is gone, and is in no list; what is asked of it then is a 404."""
    webhook = _changed(probe)
    probe.same("status", 200, probe.send("DELETE", _of(webhook)).status)
    for method, target, body in (
        ("GET", _of(webhook), None),
        ("POST", _of(webhook), probe.hook_body(url=_URL)),
        ("POST", f"{_of(webhook)}/disable", None),
        ("DELETE", _of(webhook), None),
        ("GET", f"{WEBHOOKS}/{GONE}", None),
    ):
        answer = probe.send(method, target, body)
        what = f"{method} {target.replace(str(webhook['id']), '{id}')}"
        probe.same(f"status of {what}", 404, answer.status)
        probe.same(f"error of {what}", "Webhook not found", answer.error)
    ids = [each.get("id") for each in probe.send("GET", WEBHOOKS).items]
    probe.holds("list", "without it", "with it", webhook["id"] not in ids)


@fact(source="huggingface/hf-mount#123")
def webhooks_without_a_token(probe: Probe) -> None:
    """Without a token webhooks are a 401."""
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{GONE}"), ("DELETE", f"/{GONE}")):
        answer = probe.send(method, f"{WEBHOOKS}{path}", {} if method == "POST" else None, token=None)
        probe.same(f"status of {method} …{path}", 401, answer.status)
        probe.same(f"error of {method} …{path}", "Invalid username or password.", answer.error)


# ------------------------------------------------------------------------------------------ what it brings about


def _job_of(probe: Probe, deliveries: list[dict[str, Json]]) -> dict[str, Json]:
    """The job of the one delivery that there is to be."""
    probe.same("deliveries", 1, len(deliveries))
    return probe.job(str(deliveries[0]["job"]))


@fact(source=f"{DOCS}; {OPENAPI} (initiator)", asks=[Ask("sleeps")], needs="fakejobs")
def webhook_starts_its_job(probe: Probe) -> None:
    """An event of what a webhook watches starts its job, with its labels and names of secrets; its initiator is the webhook,
    and the environment has WEBHOOK_ID, WEBHOOK_PAYLOAD, WEBHOOK_REPO_ID and WEBHOOK_REPO_TYPE. The secret of
    the webhook is a secret, WEBHOOK_SECRET."""
    body = probe.body(
        "sleeps", environment={"GREETING": "héllo"}, secrets={"KEY": _VALUE}, labels={"hook": "fired"}
    )
    webhook = _hook(probe.hook(probe.hook_body(job=body, secret=_SECRET)))
    job = _job_of(probe, probe.fire(action="update", scope="repo.content"))
    probe.same("initiator", {"type": "webhook", "id": webhook["id"]}, job.get("initiator"))
    probe.same("stage", "SCHEDULING", stage_of(job))
    probe.same("labels", {MARK: probe.run_id, "hook": "fired"}, job.get("labels"))
    probe.same("command", list(PROGRAMS["sleeps"].command), job.get("command"))
    probe.same("timeout", 120, job.get("timeout"))
    probe.same("secrets", ["KEY", "WEBHOOK_SECRET"], job.get("secrets"))
    probe.same("createdBy", {"id": probe.me["id"], "name": probe.me["name"]}, job.get("createdBy"))
    environment = mapping(job["environment"])
    names = ["GREETING", "WEBHOOK_ID", "WEBHOOK_PAYLOAD", "WEBHOOK_REPO_ID", "WEBHOOK_REPO_TYPE"]
    probe.same("names of the environment", names, list(environment))
    probe.same("WEBHOOK_REPO_ID", probe.nowhere, environment.get("WEBHOOK_REPO_ID"))
    probe.same("WEBHOOK_REPO_TYPE", "dataset", environment.get("WEBHOOK_REPO_TYPE"))
    payload = json.loads(str(environment.get("WEBHOOK_PAYLOAD")))
    probe.same("event", {"action": "update", "scope": "repo.content"}, payload.get("event"))
    probe.same("name in the payload", probe.nowhere, payload.get("repo", {}).get("name"))
    probe.same("webhook in the payload", webhook["id"], payload.get("webhook", {}).get("id"))
    for value in (_SECRET, _VALUE):
        probe.holds(f"{value} in the job", "not there", "there", value not in json.dumps(job))
    after = _hook(probe.send("GET", _of(webhook)))
    probe.same("lastTriggerAt", job["createdAt"], after.get("lastTriggerAt", ABSENT))


@fact(source=f"{OPENAPI}; {DOCS}", asks=[Ask("sleeps", count=2)], needs="fakejobs")
def what_a_webhook_does_not_hear(probe: Probe) -> None:
    """A webhook that is disabled hears nothing; nor does one of other repositories, other types, or other
    domains."""
    webhook = _hook(probe.hook(probe.hook_body(job=probe.body("sleeps"))))
    for what, words in (
        ("another repository", {"repo": f"{probe.nowhere}-2"}),
        ("another type", {"type": "model"}),
        ("another domain", {"scope": "discussion", "action": "create"}),
    ):
        probe.same(f"deliveries, {what}", 0, len(probe.fire(**words)))
    probe.send("POST", f"{_of(webhook)}/disable")
    probe.same("deliveries to one that is disabled", 0, len(probe.fire()))
    probe.send("POST", f"{_of(webhook)}/enable")
    probe.same("deliveries to one that is enabled again", 1, len(probe.fire()))
    probe.send("DELETE", _of(webhook))
    probe.same("deliveries to one that is gone", 0, len(probe.fire()))


@fact(source=f"{OPENAPI}; {DOCS}", asks=[Ask("sleeps", count=2)], needs="fakejobs")
def replay_of_an_event(probe: Probe) -> None:
    """An event can be delivered again: another job, with the same WEBHOOK_ID."""
    webhook = _hook(probe.hook(probe.hook_body(job=probe.body("sleeps", labels={"try": probe.run_id}))))
    deliveries = probe.fire()
    first = _job_of(probe, deliveries)
    probe.trial.submitted += 1
    answer = probe.send("POST", f"{_of(webhook)}/replay/{deliveries[0]['id']}")
    probe.same("answer", {"status": 200}, answer.object)
    jobs = probe.get("", label=[f"try={probe.run_id}"]).items
    probe.same("jobs", 2, len(jobs))
    ids = {str(mapping(job["environment"]).get("WEBHOOK_ID")) for job in (first, *jobs)}
    probe.same("different WEBHOOK_IDs", 1, len(ids))
    missing = probe.send("POST", f"{_of(webhook)}/replay/{GONE}")
    probe.same("status of an event that was not", 404, missing.status)


FACTS = (
    webhook_with_a_job,
    secrets_of_a_webhook,
    webhook_of_a_job,
    target_of_a_webhook,
    webhooks_that_are_refused,
    list_of_webhooks,
    changing_a_webhook,
    partial_update_of_a_webhook,
    disabling_a_webhook,
    deleting_a_webhook,
    webhooks_without_a_token,
    webhook_starts_its_job,
    what_a_webhook_does_not_hear,
    replay_of_an_event,
)
"""Facts about webhooks."""
