"""The rows of scheduled jobs."""

from __future__ import annotations

from typing import Any

from tests.matrix.client import IMAGE, PLAIN, USER, Client, Row, Wrong, expect

COMMAND = ["python", "nightly.py"]


def about(scheduled: Any) -> list[object]:
    """What every release shows of a scheduled job."""
    spec = scheduled.job_spec
    return [scheduled.owner.name, scheduled.schedule, spec.docker_image, spec.command]


def create(client: Client) -> None:
    made = client.method("create_scheduled_job")(image=IMAGE, command=COMMAND, schedule="@hourly")
    expect("scheduled job", about(made), [USER, "@hourly", IMAGE, COMMAND])
    expect("next run", made.status.next_job_run_at is not None, True)


def inspect(client: Client) -> None:
    inspect = client.method("inspect_scheduled_job")
    seen = inspect(scheduled_job_id=client.schedule())
    expect("scheduled job", about(seen), [USER, "@daily", IMAGE, COMMAND])


def listed(client: Client) -> None:
    find = client.method("list_scheduled_jobs")
    made = {client.schedule(namespace=PLAIN), client.schedule(namespace=PLAIN)}
    seen = {each.id for each in find(namespace=PLAIN)}
    expect("those that were made among them", made <= seen, True)


def listed_by_labels(client: Client) -> None:
    find = client.method("list_scheduled_jobs")
    client.need("list_scheduled_jobs", "labels")
    labels = {"team": "audio", "run": "7"}
    made = client.schedule(labels=labels)
    client.schedule(labels={"team": "audio"})
    expect("by two labels", [each.id for each in find(labels=labels)], [made])


def suspend_and_resume(client: Client) -> None:
    suspend, resume = client.method("suspend_scheduled_job"), client.method("resume_scheduled_job")
    made = client.schedule()
    suspend(scheduled_job_id=made)
    expect("suspend", client.get(path(made))["suspend"], True)
    resume(scheduled_job_id=made)
    expect("suspend", client.get(path(made))["suspend"], False)


def trigger(client: Client) -> None:
    job = client.method("trigger_scheduled_job")(scheduled_job_id=client.schedule())
    expect("job", [job.docker_image, job.command], [IMAGE, COMMAND])


def labels(client: Client) -> None:
    update = client.method("update_scheduled_job_labels")
    seen = update(scheduled_job_id=client.schedule(), labels={"run": "8"})
    expect("labels", seen.job_spec.labels, {"run": "8"})


def reschedule(client: Client) -> None:
    update = client.method("update_scheduled_job_schedule")
    expect("schedule", update(scheduled_job_id=client.schedule(), schedule="@weekly").schedule, "@weekly")


def delete(client: Client) -> None:
    delete = client.method("delete_scheduled_job")
    made = client.schedule()
    delete(scheduled_job_id=made)
    try:
        client.get(path(made))
    except Wrong:
        return
    raise Wrong("it is still there")


def path(scheduled: str) -> str:
    """Where a scheduled job of the user is."""
    return f"/api/scheduled-jobs/{USER}/{scheduled}"


ROWS: dict[str, Row] = {
    "create_scheduled_job": create,
    "inspect_scheduled_job": inspect,
    "list_scheduled_jobs": listed,
    "list_scheduled_jobs, labels": listed_by_labels,
    "suspend_scheduled_job, resume_scheduled_job": suspend_and_resume,
    "trigger_scheduled_job": trigger,
    "update_scheduled_job_labels": labels,
    "update_scheduled_job_schedule": reschedule,
    "delete_scheduled_job": delete,
}
