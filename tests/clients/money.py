"""What whatever release of huggingface_hub runs this makes of credits that run out, as JSON, for test_money.py.

``python -m tests.clients.money process`` has a fake of its own under the client; ``socket`` asks the server at HF_ENDPOINT.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import huggingface_hub

from tests.clients.outcomes import outcome

# As of the release, whichever it is: a type checker knows one only.
hub: Any = huggingface_hub

CREDITS = "0.02"
"""Not quite three minutes of t4-small; the last one is run to its end."""


@contextmanager
def process() -> Iterator[Any]:
    """A fake in this process."""
    import fakejobs

    with fakejobs.activate(credits=CREDITS) as fake:
        fake.when().then(scheduling=0, running="forever", logs=["one", "two"])
        yield fake


@contextmanager
def socket() -> Iterator[Any]:
    """The server at HF_ENDPOINT, whose time runs."""
    from fakejobs.remote import RemoteHub

    if hasattr(hub, "configure_http_backend"):
        import importlib

        importlib.import_module("tests.clients.generation").send_everything_to_the_fake()
    yield RemoteHub(os.environ["HF_ENDPOINT"])


def ran_out(fake: Any) -> dict[str, Any]:
    api = hub.HfApi()
    ran = {"image": "python:3.12", "command": ["python", "train.py"], "flavor": "t4-small"}
    job = api.run_job(**ran)
    seen: dict[str, Any] = {"release": hub.__version__, "submitted": job.status.stage}
    following = {"follow": True} if "follow" in api.fetch_job_logs.__code__.co_varnames else {}
    seen["log"] = outcome(lambda: list(api.fetch_job_logs(job_id=job.id, **following)))
    if hasattr(api, "wait_for_job"):
        seen["waited"] = outcome(lambda: str(api.wait_for_job(job.id).status.stage))
    status = api.inspect_job(job_id=job.id).status
    seen["inspected"] = [str(status.stage), status.message, getattr(status, "cancel_reason", "not read")]
    seen["again"] = outcome(lambda: api.run_job(**ran))
    if hasattr(api, "create_scheduled_job"):
        scheduled = {"image": "python:3.12", "command": ["true"], "schedule": "@hourly"}
        seen["scheduled"] = outcome(lambda: api.create_scheduled_job(**scheduled))
    seen["listed"] = [str(each.status.stage) for each in api.list_jobs()]
    seen["credits"] = str(fake.credits())
    fake.add_credits(1)
    seen["with more"] = outcome(lambda: api.run_job(**ran))
    return seen


if __name__ == "__main__":
    with {"process": process, "socket": socket}[sys.argv[1]]() as opened:
        print(json.dumps(ran_out(opened)))
