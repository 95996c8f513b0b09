"""The rows of logs and metrics."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from tests.matrix.client import USER, Client, Row, expect
from tests.matrix.jobs import LOG, SERVE, TRAIN


def following(client: Client, name: str) -> dict[str, bool]:
    """The argument that makes a method follow, in releases where it does not by itself."""
    return {"follow": True} if client.takes(name, "follow") else {}


def follow_log(client: Client) -> None:
    lines = client.api.fetch_job_logs(job_id=client.submit(*TRAIN), **following(client, "fetch_job_logs"))
    expect("log", list(lines), LOG)


def log_of_finished_job(client: Client) -> None:
    job_id = client.submit(*TRAIN)
    list(client.api.fetch_job_logs(job_id=job_id, **following(client, "fetch_job_logs")))
    expect("stage", client.stage(job_id), "COMPLETED")
    expect("log", list(client.api.fetch_job_logs(job_id=job_id)), LOG)


def log_so_far(client: Client) -> None:
    client.need("fetch_job_logs", "follow")
    job_id = client.submit(*SERVE)
    expect("log", list(client.api.fetch_job_logs(job_id=job_id, follow=False)), ["up"])


def tail_of_log(client: Client) -> None:
    client.need("fetch_job_logs", "tail")
    job_id = client.submit(*TRAIN)
    list(client.api.fetch_job_logs(job_id=job_id, follow=True))
    expect("log", list(client.api.fetch_job_logs(job_id=job_id, tail=1)), LOG[-1:])


def metrics(client: Client) -> None:
    fetch = client.method("fetch_job_metrics")
    stream: Any = fetch(job_id=client.submit(*SERVE), **following(client, "fetch_job_metrics"))
    with closing(stream):
        expect("cpu_usage_pct among them", "cpu_usage_pct" in next(stream), True)


def metrics_of_finished_job(client: Client) -> None:
    fetch = client.method("fetch_job_metrics")
    job_id = client.submit(*SERVE)
    client.post(f"/api/jobs/{USER}/{job_id}/cancel", {})
    expect("metrics", list(fetch(job_id=job_id)), [])


ROWS: dict[str, Row] = {
    "fetch_job_logs, followed": follow_log,
    "fetch_job_logs, finished": log_of_finished_job,
    "fetch_job_logs, so far": log_so_far,
    "fetch_job_logs, tail": tail_of_log,
    "fetch_job_metrics": metrics,
    "fetch_job_metrics, finished": metrics_of_finished_job,
}
