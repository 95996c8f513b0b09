"""The rows of jobs: submitting, reading, listing, changing them."""

from __future__ import annotations

import importlib
from typing import Any

from tests.matrix.client import CROWD, CROWD_SIZE, IMAGE, PLAIN, USER, Client, Row, expect

TRAIN = ("python", "train.py")
"""A job that waits a minute, runs two, and prints `LOG`."""
LOG = ["one", "two 🤗"]
SERVE = ("python", "serve.py")
"""A job that runs until it is cancelled, and prints ``up`` at once."""
BRIEF = ("python", "brief.py")
"""A job that begins at once, and runs for half a minute."""
BEGINNING = ("SCHEDULING", "RUNNING")
"""What a new job may be: of old, a job that waits is RUNNING."""

ARGUMENTS: dict[str, object] = {
    "env": {"EPOCHS": "3"},
    "secrets": {"KEY": "very-secret"},
    "flavor": "t4-small",
    "timeout": "2h",
    "attempts": 2,
    "name": "train",
    "labels": {"team": "vision"},
    "expose": [8000],
    "expose_public": [9000],
    "ssh": True,
    "network_group": "ring",
    "network_aliases": ["head"],
    "resource_group_id": "0123456789abcdef01234567",
    "namespace": PLAIN,
}
"""What `run_job` takes besides an image, a command and volumes, in one release or another."""


def whoami(client: Client) -> None:
    expect("name", client.api.whoami()["name"], USER)


def run_job(client: Client) -> None:
    job = client.api.run_job(image=IMAGE, command=list(TRAIN), flavor="t4-small")
    expect("job", about(job), [USER, IMAGE, "t4-small", list(TRAIN)])
    expect("a beginning stage", job.status.stage in BEGINNING, True)
    expect("jobs with that id", client.get(f"/api/jobs/{USER}/{job.id}")["id"], job.id)


def run_job_with_every_argument(client: Client) -> None:
    known = {name: value for name, value in ARGUMENTS.items() if client.takes("run_job", name)}
    if client.takes("run_job", "volumes"):
        volume = client.hub.Volume(type="dataset", source="ada/images", mount_path="/data")
        known["volumes"] = [volume]
    job = client.api.run_job(image=IMAGE, command=list(TRAIN), **known)
    expect("job", about(job), [PLAIN, IMAGE, "t4-small", list(TRAIN)])
    expect("environment", job.environment, {"EPOCHS": "3"})
    if "labels" in known:
        right = {"team": "vision", **({"name": "train"} if "name" in known else {})}
        expect("labels", job.labels, right)
    if "volumes" in known:
        seen = [(each.type, each.source, each.mount_path) for each in job.volumes]
        expect("volumes", seen, [("dataset", "ada/images", "/data")])
    if "network_group" in known:
        expect("network", [job.network.group, job.network.aliases], ["ring", ["head"]])
    if "ssh" in known:
        expect("an address for ssh", job.status.ssh_url is not None, True)
    if "expose_public" in known:
        expect("ports", [sorted(job.expose), job.expose_public], [[8000, 9000], [9000]])
    if "attempts" in known:
        expect("retries", job.retry, 1)


def about(job: Any) -> list[object]:
    """What every release shows of a job."""
    return [job.owner.name, job.docker_image, job.flavor, job.command]


def inspect_job(client: Client) -> None:
    job_id = client.submit(*SERVE)
    job = client.api.inspect_job(job_id=job_id)
    expect("job", [job.id, *about(job)], [job_id, USER, IMAGE, "cpu-basic", list(SERVE)])
    expect("stage", job.status.stage, "RUNNING")


def cancel_job(client: Client) -> None:
    job_id = client.submit(*SERVE)
    client.api.cancel_job(job_id=job_id)
    expect("stage", client.stage(job_id), "CANCELED")


def wait_for_job(client: Client) -> None:
    wait = client.method("wait_for_job")
    job_id = client.submit(*TRAIN)
    job = wait(job_id)
    expect("job", [job.id, job.status.stage], [job_id, "COMPLETED"])


def list_jobs(client: Client) -> None:
    first, second = client.submit(*SERVE), client.submit(*SERVE)
    client.post(f"/api/jobs/{USER}/{first}/cancel", {})
    seen = [(job.id, job.status.stage) for job in client.api.list_jobs()][:2]
    expect("the newest jobs", seen, [(second, "RUNNING"), (first, "CANCELED")])


def list_many_jobs(client: Client) -> None:
    seen = {job.id for job in client.api.list_jobs(namespace=CROWD)}
    expect(f"of {CROWD_SIZE} jobs, it sees", len(seen), CROWD_SIZE)


def list_jobs_filtered(client: Client) -> None:
    client.need("list_jobs", "labels")
    label = {"team": "audio"}
    running, over = client.submit(*SERVE, labels=label), client.submit(*SERVE, labels=label)
    client.submit(*SERVE)
    client.post(f"/api/jobs/{USER}/{over}/cancel", {})
    expect("by label", [job.id for job in client.api.list_jobs(labels=label)], [over, running])
    both = [job.id for job in client.api.list_jobs(labels=label, status="running")]
    expect("by label and stage", both, [running])


def list_jobs_hardware(client: Client) -> None:
    seen = {each.name for each in client.method("list_jobs_hardware")()}
    expect("cpu-basic and t4-small among it", {"cpu-basic", "t4-small"} <= seen, True)


def update_job_labels(client: Client) -> None:
    update = client.method("update_job_labels")
    job_id = client.submit(*SERVE, labels={"team": "audio"})
    expect("labels", update(job_id=job_id, labels={"run": "7"}).labels, {"run": "7"})


def rerun_job(client: Client) -> None:
    rerun = client.method("rerun_job")
    job_id = client.submit(*SERVE)
    again = rerun(job_id=job_id)
    expect("job", about(again), [USER, IMAGE, "cpu-basic", list(SERVE)])
    expect("initiator", [again.initiator.type, again.initiator.id], ["duplicated-job", job_id])


def update_job_expose(client: Client) -> None:
    update = client.method("update_job_expose")
    job_id = client.submit(*SERVE)
    job = update(job_id=job_id, expose=[8000], expose_public=[9000])
    expect("ports", [sorted(job.expose), job.expose_public], [[8000, 9000], [9000]])


def missing_job(client: Client) -> None:
    """A job that is not there: `JobNotFoundError`, or before there was one, the error of the HTTP library."""
    errors: Any = importlib.import_module("huggingface_hub.errors")
    kind = getattr(errors, "JobNotFoundError", None)
    try:
        client.api.inspect_job(job_id="0123456789abcdef01234567")
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status != 404 or (kind is not None and not isinstance(error, kind)):
            raise
        return
    expect("a job that is not there", "found", "404")


def create_webhook(client: Client) -> None:
    client.need("create_webhook", "job_id")
    job_id = client.submit(*TRAIN)
    watched = [{"type": "dataset", "name": "ada/images"}]
    webhook = client.api.create_webhook(job_id=job_id, watched=watched, domains=["repo"], secret="quiet")
    expect("watched", [(each.type, each.name) for each in webhook.watched], [("dataset", "ada/images")])
    expect("job", [webhook.job.docker_image, webhook.job.command], [IMAGE, list(TRAIN)])


ROWS: dict[str, Row] = {
    "whoami": whoami,
    "run_job": run_job,
    "run_job, every argument": run_job_with_every_argument,
    "inspect_job": inspect_job,
    "inspect_job, of none": missing_job,
    "cancel_job": cancel_job,
    "wait_for_job": wait_for_job,
    "list_jobs": list_jobs,
    f"list_jobs, {CROWD_SIZE} of them": list_many_jobs,
    "list_jobs, filtered": list_jobs_filtered,
    "list_jobs_hardware": list_jobs_hardware,
    "update_job_labels": update_job_labels,
    "rerun_job": rerun_job,
    "update_job_expose": update_job_expose,
    "create_webhook, job_id": create_webhook,
}
