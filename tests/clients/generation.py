"""Drives a job with whatever release of huggingface_hub runs this, and prints what it saw as JSON, for test_generations.py.

It needs nothing but the client, and only what every release has, or says that it has it not.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable
from typing import Any

import huggingface_hub

# As of the release, whichever it is: a type checker knows one only.
hub: Any = huggingface_hub
URL = os.environ["HF_ENDPOINT"]
USER = "fake-user"
MISSING = "0123456789abcdef01234567"


def send_everything_to_the_fake() -> None:
    """Up to 1.2.3, `run_job` and `fetch_job_logs` ask https://huggingface.co, whatever the endpoint is."""
    requests: Any = importlib.import_module("requests")

    def backend() -> Any:
        session = requests.Session()
        adapter = requests.adapters.HTTPAdapter()
        send = adapter.send

        def send_to_the_fake(request: Any, **options: Any) -> Any:
            request.url = request.url.replace("https://huggingface.co", URL, 1)
            return send(request, **options)

        adapter.send = send_to_the_fake
        session.mount("https://huggingface.co", adapter)
        return session

    hub.configure_http_backend(backend)


def tried(call: Callable[[], Any]) -> Any:
    """What a call gives, or the error that it ends in."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        return f"{type(error).__name__}: {error}".splitlines()[0]


def short(job: Any) -> list[Any]:
    return [job.id, job.status.stage, job.owner.name, job.docker_image, job.flavor]


def main() -> None:
    if hasattr(hub, "configure_http_backend"):
        send_everything_to_the_fake()
    api = hub.HfApi()

    def ids() -> list[str]:
        headers = api._build_hf_headers()
        get = importlib.import_module("huggingface_hub.utils").get_session().get
        return [job["id"] for job in get(f"{URL}/api/jobs/{USER}", headers=headers).json()]

    def run(*command: str) -> Any:
        return tried(
            lambda: short(api.run_job(image="python:3.12", command=list(command), flavor="t4-small"))
        )

    seen: dict[str, Any] = {"release": hub.__version__, "me": api.whoami()["name"]}
    seen["trained"] = run("python", "train.py")
    seen["served"] = run("python", "serve.py")
    serve, train = ids()
    seen["ids"] = [train, serve]

    following = {"follow": True} if "follow" in api.fetch_job_logs.__code__.co_varnames else {}
    seen["log"] = tried(lambda: list(api.fetch_job_logs(job_id=train, **following)))
    if hasattr(api, "wait_for_job"):
        seen["waited"] = tried(lambda: short(api.wait_for_job(train)))
    seen["inspected"] = tried(lambda: short(api.inspect_job(job_id=train)))
    seen["cancelled"] = tried(lambda: api.cancel_job(job_id=serve))
    seen["listed"] = tried(lambda: [short(job) for job in api.list_jobs()])
    seen["missing"] = tried(lambda: short(api.inspect_job(job_id=MISSING)))
    if hasattr(api, "list_jobs_hardware"):
        seen["hardware"] = tried(lambda: len(api.list_jobs_hardware()))
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
