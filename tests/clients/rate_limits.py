"""What whatever release of huggingface_hub runs this does when the Hub's rate limiter refuses it, as JSON, for test_rate_limits.py.

``python -m tests.clients.rate_limits "in process"`` has a fake of its own under the client; ``"over a socket"`` a server in a thread, whose time is moved by
the sleeps of the client, so that nothing depends on how fast the machine is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import fakejobs
from fakejobs.clock import Anchor
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from, settings_to
from fakejobs.web.app import wsgi_app
from tests.clients.faults import TOKEN, USER, fast, follow, hub_module, inspect, listed, run
from tests.clients.outcomes import outcome

START = 1_767_225_600_000
"""2026-01-01T00:00:00Z: a window of five minutes begins."""


def wait(api: Any, job: str) -> Any:
    return api.wait_for_job(job, namespace=USER, poll_interval=60).status.stage


def look_around(api: Any, _job: str) -> Any:
    return api.whoami()["name"]


CASES: dict[str, tuple[Callable[[Any, str], Any], int]] = {
    "starting a job": (run, 2),
    "looking at a job": (inspect, 2),
    "a list": (listed, 2),
    "following a log": (follow, 2),
    "who am I": (look_around, 2),
}
"""Of each: the call, and how many requests there may be in a window; two have been used up before."""

if hasattr(hub_module.HfApi, "wait_for_job"):
    CASES["waiting for a job"] = wait, 5


def play(hub: FakeHub, api: Any, stranger: Any, name: str) -> dict[str, Any]:
    """What a call gives; how many requests were refused; how many jobs there are; and how many seconds it took."""
    call, quota = CASES[name]
    hub.when().then(scheduling=0, running="20m", logs=["one"])
    job = hub.submit(
        hub.caller(TOKEN), USER, {"flavor": "cpu-basic", "dockerImage": "python:3.12", "environment": {}}
    ).job.id
    limit = {"requests": quota}
    hub.configure(settings_from({**settings_to(hub.settings), "rate_limit": limit}))
    for _ in range(2):
        inspect(api, job)
    began = hub.clock.now()
    gives = outcome(lambda: call(api, job))
    seen = {
        "gives": gives,
        "refused": [each.status for each in hub.requests].count(429),
        "jobs": len(hub.all_jobs()),
        "seconds": (hub.clock.now() - began) // 1000,
    }
    if name == "a list":
        hub.configure(settings_from({**settings_to(hub.settings), "rate_limit": {"requests": 0}}))
        seen["anonymous"] = outcome(lambda: inspect(stranger, job))
    return seen


def in_process() -> Iterator[tuple[str, Any]]:
    for name in CASES:
        with fakejobs.activate() as fake:
            yield name, play(fake.hub, hub_module.HfApi(), hub_module.HfApi(token=False), name)


def over_a_socket() -> Iterator[tuple[str, Any]]:
    for name in CASES:
        hub = FakeHub(anchor=Anchor(START, START, frozen=True))
        with serve_in_thread(wsgi_app(hub)) as server, fast(server.url, hub.clock):
            api = hub_module.HfApi(endpoint=server.url, token=TOKEN)
            yield name, play(hub, api, hub_module.HfApi(endpoint=server.url, token=False), name)
        hub.close()


def main(door: str) -> None:
    doors = {"in process": in_process, "over a socket": over_a_socket}
    print(json.dumps([hub_module.__version__, dict(doors[door]())]))


if __name__ == "__main__":
    main(sys.argv[1])
