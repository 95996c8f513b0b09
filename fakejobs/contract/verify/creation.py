"""Facts about the answer to submitting a job."""

from __future__ import annotations

import re

from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.findings import ABSENT
from fakejobs.contract.verify.jobs import LEAVE_OUT, MARK
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.programs import PROGRAMS
from fakejobs.contract.verify.seen import mapping
from fakejobs.contract.verify.transport import Answer
from fakejobs.model.times import from_iso
from fakejobs.wire.json_types import Json
from fakejobs.wire.schema import JOB_KEYS, STATUS_KEYS

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
"""How a job spells an instant."""

_SECRET = "verify-the-value-of-a-secret"  # noqa: S105 - nobody's

CREATED = Ask("sleeps", once="created")
FULL = Ask("sleeps", once="full", attempts=3, exposed=True)

# No dots in labels: whether they are accepted is a fact of its own.
_FULL: dict[str, object] = {
    # The same words as the program's, so that it runs it.
    "command": ["sleep"],
    "arguments": ["3600"],
    "environment": {"GREETING": "héllo", "EMPTY": ""},
    "secrets": {"SECRET_WORD": _SECRET, "S": "-"},
    "arch": "amd64",
    "attempts": 3,
    "labels": {"name": "fakejobs-verify", "empty": "", "odd-Key_1": "a-b_C"},
    "volumes": [{"type": "model", "source": "openai-community/gpt2", "mountPath": "/model"}],
    "expose": {"ports": [8000, 9000], "portsPublic": [9000]},
    "ssh": {"enabled": True},
}


def created(probe: Probe) -> Answer:
    """The answer to submitting a job with nothing but what is needed."""
    return probe.once("created", lambda: probe.submit("sleeps"))


def full(probe: Probe) -> Answer:
    """The answer to submitting a job with everything that can be asked for."""
    return probe.once("full", lambda: probe.submit("sleeps", **_FULL))


@fact(source=OPENAPI, asks=[CREATED])
def created_with_200(probe: Probe) -> None:
    """Submitting a job answers 200, not 201, with the job in JSON."""
    answer = created(probe)
    probe.same("status", 200, answer.status)
    probe.same("Content-Type", "application/json; charset=utf-8", answer.header("Content-Type"))
    probe.same("kind of body", "dict", type(answer.json).__name__)


@fact(source=f"{OPENAPI}; payloads in the Hub documentation, “Manage Jobs”", asks=[CREATED])
def keys_of_a_small_job(probe: Probe) -> None:
    """A job that asks for little has the keys that every job has, in the order of the OpenAPI; what is not
    there is an absent key."""
    keys = [
        "id", "createdAt", "dockerImage", "timeout", "environment", "command", "flavor", "createdBy", "durations",
        "type", "owner", "initiator", "status", "labels",
    ]  # fmt: skip
    job = created(probe).object
    probe.same("keys", keys, list(job))
    probe.same("keys of status", ["stage", "message", "failureCount"], _keys(job["status"]))
    probe.same("keys of durations", ["totalSecs"], _keys(job["durations"]))


@fact(source=OPENAPI, asks=[FULL])
def keys_of_a_full_job(probe: Probe) -> None:
    """A job that asks for everything has these keys, in the order of the OpenAPI."""
    keys = [
        "id", "createdAt", "dockerImage", "timeout", "environment", "command", "arguments", "arch", "flavor",
        "createdBy", "retry", "durations", "volumes", "expose", "type", "owner", "initiator", "status", "secrets",
        "labels",
    ]  # fmt: skip
    job = full(probe).object
    probe.same("keys", keys, list(job))
    probe.same("keys unknown to the OpenAPI", [], [key for key in job if key not in JOB_KEYS])
    status = ["stage", "message", "failureCount", "exposeUrls", "sshUrl"]
    probe.same("keys of status", status, _keys(job["status"]))
    probe.same("keys of status unknown", [], [key for key in _keys(job["status"]) if key not in STATUS_KEYS])


@fact(source=OPENAPI, asks=[FULL])
def renamed_keys(probe: Probe) -> None:
    """What is sent as timeoutSeconds comes back as timeout, attempts as retry; ssh is seen in
    status.sshUrl alone."""
    job = full(probe).object
    for key in ("timeoutSeconds", "attempts", "ssh"):
        probe.same(key, ABSENT, job.get(key, ABSENT))
    probe.same("timeout", 120, job.get("timeout", ABSENT))


@fact(source=OPENAPI, asks=[FULL, CREATED])
def what_was_sent_comes_back(probe: Probe) -> None:
    """What was asked for comes back as it was sent."""
    small, job = created(probe).object, full(probe).object
    for key in ("arguments", "environment", "arch", "volumes", "expose"):
        probe.same(key, _FULL[key], job.get(key, ABSENT))
    program = PROGRAMS["sleeps"]
    probe.same("dockerImage", program.image, small.get("dockerImage"))
    probe.same("command", list(program.command), small.get("command"))
    probe.same("flavor", "cpu-basic", small.get("flavor"))
    probe.same("environment that was not sent", {}, small.get("environment", ABSENT))
    probe.same("timeout", 120, small.get("timeout", ABSENT))
    probe.same("labels", {MARK: probe.run_id}, small.get("labels", ABSENT))
    labels = probe.body("sleeps", **_FULL)["labels"]
    probe.same("labels of a full job", labels, job.get("labels", ABSENT))


@fact(
    source="payloads in the Hub documentation, “Manage Jobs”, and in huggingface_hub#4211",
    asks=[CREATED, FULL],
)
def id_has_the_second_of_creation(probe: Probe) -> None:
    """An id is an ObjectId: 24 hexadecimal digits, the first eight the second of createdAt."""
    for answer in (created(probe), full(probe)):
        job = answer.object
        job_id = str(job["id"])
        probe.holds("id", "24 hexadecimal digits", job_id, bool(re.fullmatch("[0-9a-f]{24}", job_id)))
        probe.same("first eight digits", f"{from_iso(str(job['createdAt'])) // 1000:08x}", job_id[:8])
    probe.holds("two ids", "two", "one", probe.id_of(created(probe)) != probe.id_of(full(probe)))


@fact(source="payloads in the Hub documentation, “Manage Jobs”", asks=[CREATED])
def created_now(probe: Probe) -> None:
    """createdAt is the time of the Date header, in UTC with milliseconds: 2025-12-10T15:42:26.835Z."""
    answer = created(probe)
    text = str(answer.object["createdAt"])
    probe.holds("createdAt", "YYYY-MM-DDTHH:MM:SS.mmmZ", text, bool(ISO.fullmatch(text)))
    ago = answer.date - from_iso(text) // 1000
    probe.holds("seconds from createdAt to Date", "0 to 5", ago, 0 <= ago <= 5)


@fact(
    source=f"{OPENAPI} (message), a live payload checked by kabartay/jobwatch (failureCount)", asks=[CREATED]
)
def new_job_is_scheduling(probe: Probe) -> None:
    """A new job is SCHEDULING; its message is null, and failureCount 0."""
    probe.same(
        "status", {"stage": "SCHEDULING", "message": None, "failureCount": 0}, created(probe).object["status"]
    )


@fact(source=f"{OPENAPI}; huggingface_hub#3291, huggingface_hub#4212", asks=[CREATED])
def people_of_a_job(probe: Probe) -> None:
    """createdBy, owner and initiator are the caller, as whoami-v2 has it; the type is job."""
    job, me = created(probe).object, probe.me
    user: dict[str, Json] = {"id": me["id"], "name": me["name"]}
    probe.same("type", "job", job.get("type"))
    probe.same("createdBy", user, job.get("createdBy"))
    whole = {**user, "type": "user", "avatarUrl": me["avatarUrl"]}
    probe.same("initiator", whole, job.get("initiator"))
    probe.same("order of initiator", list(whole), _keys(job.get("initiator")))
    if probe.namespace == me["name"]:
        probe.same("owner", whole, job.get("owner"))
    probe.same("order of owner", list(whole), _keys(job.get("owner")))


@fact(source="huggingface_hub 2.1.1", asks=[FULL], quirks=["retry_says"])
def retry(probe: Probe) -> None:
    """retry says how often a job is tried again."""
    probe.by_quirk(
        "retry_says",
        "retry of a job with attempts 3",
        {"retries": 2, "attempts": 3},
        full(probe).object.get("retry", ABSENT),
    )


@fact(
    source=f"the Hub documentation, “Configuration”; what is shown is {ASSUMED}",
    asks=[Ask("sleeps", timeout=1800, count=2)],
    quirks=["default_timeout_shown"],
)
def default_timeout_in_the_answer(probe: Probe) -> None:
    """Without timeoutSeconds a job has the default of 30 minutes."""
    for word, value in (("absent", LEAVE_OUT), ("null", None)):
        job = probe.submit("sleeps", timeoutSeconds=value).object
        probe.by_quirk(
            "default_timeout_shown",
            f"timeout, timeoutSeconds being {word}",
            {"no": ABSENT, "yes": 1800},
            job.get("timeout", ABSENT),
        )


@fact(source=f"{OPENAPI}; the Hub documentation, “Manage Jobs”", asks=[FULL])
def secrets_do_not_come_back(probe: Probe) -> None:
    """Of secrets only the names come back, in a list; their values nowhere."""
    answer = full(probe)
    job_id = probe.id_of(answer)
    probe.same("secrets", ["SECRET_WORD", "S"], answer.object.get("secrets", ABSENT))
    listed = probe.get("", label=[f"{MARK}={probe.run_id}"])
    for what, each in (("answer", answer), ("job", probe.get(f"/{job_id}")), ("list", listed)):
        probe.holds(f"value in the {what}", "not there", "there", _SECRET.encode() not in each.body)


@fact(source="the Hub documentation, “Configuration”", asks=[FULL, CREATED])
def addresses_of_a_job(probe: Probe) -> None:
    """The addresses of exposed ports are in the first answer already, one for each port, in their order;
    likewise that of ssh."""
    job = full(probe).object
    status, job_id = mapping(job["status"]), job["id"]
    urls = [f"https://{job_id}--{port}.hf.jobs" for port in (8000, 9000)]
    probe.same("exposeUrls", urls, status.get("exposeUrls", ABSENT))
    probe.same("sshUrl", f"ssh://{job_id}@ssh.hf.jobs", status.get("sshUrl", ABSENT))


@fact(source=f"{OPENAPI}: the schema of the request is open", asks=[Ask("sleeps")])
def unknown_keys_are_accepted(probe: Probe) -> None:
    """Keys that the API does not know are accepted, and gone."""
    answer = probe.submit("sleeps", somethingNew={"a": [1]})
    probe.same("status", 200, answer.status)
    probe.same("somethingNew", ABSENT, answer.object.get("somethingNew", ABSENT))


@fact(source=f"{OPENAPI}; a payload in the Hub documentation, “Manage Jobs”", asks=[Ask("sleeps")])
def short_names_and_empty_lists(probe: Probe) -> None:
    """Names of secrets may have one character, unlike those of variables; an empty list of arguments comes
    back empty."""
    answer = probe.submit("sleeps", secrets={"A": "x"}, arguments=[], environment={"AB": ""})
    probe.same("status", 200, answer.status)
    probe.same("secrets", ["A"], answer.object.get("secrets", ABSENT))
    probe.same("arguments", [], answer.object.get("arguments", ABSENT))


@fact(source=f"{OPENAPI}: its maximum is 2^53 - 1", asks=[Ask("quick", timeout=2**53 - 1)])
def longest_timeout(probe: Probe) -> None:
    """A timeout may be as long as a number can be."""
    answer = probe.submit("quick", timeoutSeconds=2**53 - 1)
    probe.same("status", 200, answer.status)
    probe.same("timeout", 2**53 - 1, answer.object.get("timeout", ABSENT))


@fact(source=OPENAPI, asks=[Ask("quick", timeout=1)])
def shortest_timeout(probe: Probe) -> None:
    """A timeout may be as short as a second."""
    answer = probe.submit("quick", timeoutSeconds=1)
    probe.same("status", 200, answer.status)
    probe.same("timeout", 1, answer.object.get("timeout", ABSENT))


@fact(source=ASSUMED, asks=[Ask("sleeps", count=2)], quirks=["image"])
def one_image(probe: Probe) -> None:
    """A job has either a Docker image or a Space, not both and not neither."""
    for what, changes in (
        ("neither", {"dockerImage": LEAVE_OUT}),
        ("both", {"spaceId": "gradio/hello_world"}),
    ):
        answer = probe.submit("sleeps", **changes)
        probe.by_quirk("image", f"status with {what}", {"one": 400, "any": 200}, answer.status)


@fact(
    source=f"{OPENAPI}; what happens is {ASSUMED}",
    asks=[Ask("sleeps", flavor=flavor) for flavor in ("sprx8", "zero-a10g", "inf2x6")],
    quirks=["unlisted_flavors"],
)
def flavors_that_are_not_offered(probe: Probe) -> None:
    """Flavors that are in the schema and not in the hardware list."""
    for flavor in ("sprx8", "zero-a10g", "inf2x6"):
        answer = probe.submit("sleeps", flavor=flavor)
        probe.by_quirk("unlisted_flavors", flavor, {"refuse": 400, "accept": 200}, answer.status)


@fact(
    source=f"{OPENAPI}; against it huggingface/hub-docs#2735 and huggingface/jobs-actions#8",
    asks=[Ask("sleeps", count=3)],
    quirks=["label_dots"],
)
def dots_in_labels(probe: Probe) -> None:
    """Labels with dots."""
    statuses = {"accept": 200, "refuse": 400}
    for what, labels in (("value", {"model": "Qwen3-0.6B"}), ("name", {"a.b": "x"})):
        answer = probe.submit("sleeps", labels=labels)
        probe.by_quirk("label_dots", f"status, dot in the {what}", statuses, answer.status)
    job_id = probe.new("sleeps")
    answer = probe.put(f"/{job_id}/labels", {"labels": {MARK: probe.run_id, "model": "Qwen3-0.6B"}})
    probe.by_quirk("label_dots", "status of PUT …/labels", statuses, answer.status)


@fact(
    source=f"{OPENAPI} calls portsPublic a subset of ports",
    asks=[Ask("sleeps", exposed=True, count=2)],
    quirks=["public_ports_beyond_ports"],
)
def public_ports(probe: Probe) -> None:
    """A port may be public only if it is exposed."""
    statuses, expose = {"refuse": 400, "accept": 200}, {"ports": [80], "portsPublic": [81]}
    answer = probe.submit("sleeps", expose=expose)
    probe.by_quirk("public_ports_beyond_ports", "status of POST", statuses, answer.status)
    job_id = probe.running("sleeps", expose={"ports": [80]})
    answer = probe.put(f"/{job_id}/expose", expose)
    probe.by_quirk("public_ports_beyond_ports", "status of PUT …/expose", statuses, answer.status)


def _keys(value: Json) -> list[str]:
    return list(mapping(value))


FACTS = (
    created_with_200,
    keys_of_a_small_job,
    keys_of_a_full_job,
    renamed_keys,
    what_was_sent_comes_back,
    id_has_the_second_of_creation,
    created_now,
    new_job_is_scheduling,
    people_of_a_job,
    retry,
    default_timeout_in_the_answer,
    secrets_do_not_come_back,
    addresses_of_a_job,
    unknown_keys_are_accepted,
    short_names_and_empty_lists,
    longest_timeout,
    shortest_timeout,
    one_image,
    flavors_that_are_not_offered,
    dots_in_labels,
    public_ports,
)
