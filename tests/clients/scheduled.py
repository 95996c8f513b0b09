"""Drives scheduled jobs with whatever release of huggingface_hub runs this, and prints what it saw as JSON.

As `tests.clients.generation`, whose ways it takes; time is moved by the admin API.
"""

from __future__ import annotations

import importlib
import json
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
generation: Any = importlib.import_module("generation")


def advance(by: str) -> None:
    body = json.dumps({"advance": by}).encode()
    request = urllib.request.Request(
        f"{generation.URL}/_fakejobs/clock", body, {"Content-Type": "application/json"}
    )
    # Proxies of the environment are not for this.
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def short(job: Any) -> list[Any]:
    last = None if job.status.last_job is None else job.status.last_job.at.isoformat()
    return [
        job.schedule,
        job.suspend,
        last,
        job.status.next_job_run_at.isoformat(),
        job.job_spec.docker_image,
    ]


def main() -> None:
    hub, tried = generation.hub, generation.tried
    if hasattr(hub, "configure_http_backend"):
        generation.send_everything_to_the_fake()
    api = hub.HfApi()
    seen: dict[str, Any] = {}
    if not hasattr(api, "create_scheduled_job"):
        print(json.dumps(seen))
        return
    made = api.create_scheduled_job(image="python:3.12", command=["echo", "x"], schedule="*/5 * * * *")
    one = {"scheduled_job_id": made.id}
    seen["made"] = short(made)
    advance("1d")
    seen["inspected"] = short(api.inspect_scheduled_job(**one))
    jobs = list(api.list_jobs())
    seen["newest"] = [jobs[0].created_at.isoformat(), jobs[0].status.stage]
    seen["suspended"] = tried(lambda: api.suspend_scheduled_job(**one))
    seen["listed"] = [short(each) for each in api.list_scheduled_jobs()]
    seen["resumed"] = tried(lambda: api.resume_scheduled_job(**one))

    def later(name: str, call: Callable[[], Any]) -> None:
        if hasattr(api, name):
            seen[name] = tried(call)

    advance("1m")
    later("trigger_scheduled_job", lambda: api.trigger_scheduled_job(**one).status.stage)
    later(
        "update_scheduled_job_labels",
        lambda: api.update_scheduled_job_labels(labels={"a": "b"}, **one).job_spec.labels,
    )
    later(
        "update_scheduled_job_schedule",
        lambda: short(api.update_scheduled_job_schedule(schedule="@daily", **one)),
    )
    if "trigger_scheduled_job" in seen:
        seen["again"] = tried(lambda: api.trigger_scheduled_job(**one))
    seen["deleted"] = tried(lambda: api.delete_scheduled_job(**one))
    seen["gone"] = tried(lambda: api.inspect_scheduled_job(**one))
    seen["none"] = list(api.list_scheduled_jobs())
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
