"""What whatever release of huggingface_hub runs this does with each fault, through one door; as JSON, for test_faults.py.

Run it as a module from the root of the repository, with the name of the door. Time is virtual: over a socket, the hub's moves when the client sleeps and when the server has
nothing to send before an instant, so a busy machine changes nothing. Only the client's own read timeouts are real, and shorter.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

import huggingface_hub

import fakejobs
from fakejobs.clock import Anchor, Clock, source_ms
from fakejobs.drivers import asgi, threads
from fakejobs.drivers.seams import bridged, client_modules
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from tests.support.in_uvicorn import in_uvicorn
from tests.support.moving import moving

# As of the release, whichever it is: a type checker knows one only.
hub_module: Any = huggingface_hub
http: Any = importlib.import_module("huggingface_hub.utils._http")

FASTER = 100
LONGEST_WAIT = 60_000
"""Milliseconds of the hub's time that a client waits for the next bytes, whatever its timeout."""

USER = "fake-user"
TOKEN = "hf_anybody"

Call = Callable[[Any, str], Any]
"""A call of the client: (api, the id of a job) to what it gives."""


def run(api: Any, _job: str) -> Any:
    return api.run_job(image="python:3.12", command=["true"], namespace=USER).status.stage


def inspect(api: Any, job: str) -> Any:
    return api.inspect_job(job_id=job, namespace=USER).status.stage


def cancel(api: Any, job: str) -> Any:
    return api.cancel_job(job_id=job, namespace=USER)


def listed(api: Any, _job: str) -> Any:
    return len(list(api.list_jobs(namespace=USER)))


def follow(api: Any, job: str) -> Any:
    following = {"follow": True} if "follow" in api.fetch_job_logs.__code__.co_varnames else {}
    return list(api.fetch_job_logs(job_id=job, namespace=USER, **following))


def read(api: Any, job: str) -> Any:
    """The log so far; releases that cannot but follow do that."""
    return list(api.fetch_job_logs(job_id=job, namespace=USER))


LOGS = "/api/jobs/*/*/logs"

# Of each: the call, whether its job still runs, and the words of the faults.
CASES: dict[str, tuple[Call, bool, list[dict[str, Any]]]] = {
    "500": (run, False, [{"status": 500, "times": 1}]),
    "500 after the job was made": (run, False, [{"status": 500, "when": "after", "times": 1}]),
    "502 in HTML": (run, False, [{"status": 502, "body": "html"}]),
    "503 without a body": (run, False, [{"status": 503, "body": "empty"}]),
    "504 in words": (run, False, [{"status": 504, "body": "upstream request timeout"}]),
    "429": (run, False, [{"status": 429, "retry_after": "7s"}]),
    "402": (run, False, [{"status": 402}]),
    "403": (run, False, [{"status": 403}]),
    "503 twice on a list": (listed, False, [{"status": 503, "times": 2}]),
    "429 once on a list": (listed, False, [{"status": 429, "retry_after": "5s", "times": 1}]),
    "slow": (run, False, [{"latency": "30s"}]),
    "slow by a draw": (run, False, [{"latency": {"between": ["1s", "9s"]}}, {"latency": {"median": "2s"}}]),
    "slow, then 504": (run, False, [{"status": 504, "body": "html", "latency": "20s"}]),
    "reset": (run, False, [{"reset": True}]),
    "reset after the job was made": (run, False, [{"reset": True, "when": "after"}]),
    "hung up": (run, False, [{"hang_up": True}]),
    "reset on a list": (listed, False, [{"reset": True, "times": 1}]),
    "reset within the answer": (inspect, False, [{"reset_after": 30}]),
    "answer cut short": (inspect, False, [{"truncate_after": 30}]),
    "half a JSON": (inspect, False, [{"truncate_after": 30, "length": "actual"}]),
    "slow bytes": (inspect, False, [{"bytes_per_second": 200}]),
    "down": (inspect, False, [{"down": "60s"}]),
    "down for a list": (listed, False, [{"down": "15s"}]),
    "cancel is lost": (cancel, True, [{"status": 500, "when": "after"}]),
    "log: slower than the timeout": (follow, False, [{"latency": "4m", "path": LOGS, "times": 1}]),
    "log: 500": (follow, False, [{"status": 500, "path": LOGS, "times": 1}]),
    "log: cut, of a job that is over": (follow, False, [{"cut_after": 2, "times": 1}]),
    "log: cut, of a job that runs": (follow, True, [{"cut_after": 2, "times": 1}]),
    "log: cut, read once": (read, False, [{"cut_after": 2, "times": 1}]),
    "log: reset": (follow, True, [{"reset_after": 170, "path": LOGS, "times": 1}]),
    "log: stalled for a while": (follow, False, [{"stall_after": 2, "stall_for": "30s", "times": 1}]),
    "log: stalled for good": (follow, False, [{"stall_after": 2, "times": 1}]),
    "log: doubled": (follow, False, [{"duplicate": 2}]),
    "log: out of order": (follow, False, [{"reorder": 2}]),
    "log: garbage": (follow, False, [{"garbage_after": 2}]),
    "log: garbage that is no event": (follow, False, [{"garbage_after": 2, "garbage": "<html>"}]),
    "log: replay too short": (follow, False, [{"replay_loses": 1}]),
    "log: replay too short, of a job that runs": (
        follow,
        True,
        [{"cut_after": 3, "times": 1}, {"replay_loses": 1}],
    ),
    "log: ended too soon": (follow, True, [{"end_after": 2, "times": 1}]),
    "log: ended at once": (follow, True, [{"end_after": 0, "times": 1}]),
    "log: slow bytes": (follow, False, [{"bytes_per_second": 50, "path": LOGS}]),
}
if hasattr(hub_module.HfApi, "fetch_job_metrics"):
    CASES["metrics: cut"] = (
        lambda api, job: len(next(iter(api.fetch_job_metrics(job_id=job, namespace=USER)))),
        True,
        [{"cut_after": 0, "times": 1}],
    )


def outcome(call: Call, api: Any, job: str) -> Any:
    """What a call gives, or the error that it ends in: its kind, its status, and what the server said."""
    try:
        return call(api, job)
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        response = getattr(error, "response", None)
        found: list[Any] = [type(error).__name__]
        if response is not None:
            found += [response.status_code, getattr(error, "server_message", None)]
        return found


def play(name: str, hub: FakeHub, api: Any) -> list[Any]:
    call, runs, faults = CASES[name]
    length = 50 if runs else 20
    hub.when().then(scheduling=0, running=length, logs=[[1, "one"], [2, "two"], [length - 2, "three"]])
    job = hub.submit(
        hub.caller(TOKEN), USER, {"flavor": "cpu-basic", "dockerImage": "python:3.12", "environment": {}}
    ).job.id
    hub.clock.advance(3_000 if runs else 60_000)
    added = [hub.fault(**words) for words in faults]
    given = outcome(call, api, job)
    fired = [fault.fired for fault in added]
    hub.delete_faults()
    hub.clock.advance(3_600_000)
    return [given, fired, [seen.stage.value for seen in hub.all_jobs()]]


def in_process() -> Iterator[tuple[str, Any]]:
    for name in CASES:
        with fakejobs.activate() as fake:
            yield name, play(name, fake.hub, hub_module.HfApi())


def over_threads() -> Iterator[tuple[str, Any]]:
    for name in CASES:
        with (
            running_hub() as hub,
            serve_in_thread(wsgi_app(hub), outage=hub.outage) as server,
            fast(server.url, hub.clock),
            patch.object(threads, "seconds_to_wait", moving(LONGEST_WAIT)),
        ):
            yield name, play(name, hub, hub_module.HfApi(endpoint=server.url, token=TOKEN))


def over_uvicorn() -> Iterator[tuple[str, Any]]:
    """Without what closes the listener, which `fakejobs serve` does (tests/clients/test_faults.py)."""
    current: list[FakeHub] = []
    with in_uvicorn(lambda: current[0]) as (host, port):
        url = f"http://{host}:{port}"
        for name in CASES:
            if not name.startswith("down"):
                with (
                    running_hub() as hub,
                    fast(url, hub.clock),
                    patch.object(asgi, "seconds_to_wait", moving(LONGEST_WAIT)),
                ):
                    current[:] = [hub]
                    yield name, play(name, hub, hub_module.HfApi(endpoint=url, token=TOKEN))


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    now = source_ms()
    hub = FakeHub(anchor=Anchor(now, now, frozen=True))
    try:
        yield hub
    finally:
        hub.close()


class TimeOf(ModuleType):
    """The module `time` with sleeps that move a clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("time")
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        self._clock.advance(round(seconds * 1000))


def shorter(timeout: float) -> float:
    """A timeout of the client, but not so short that a busy machine misses it."""
    return max(timeout / FASTER, 1.0)


@contextmanager
def fast(url: str, clock: Clock) -> Iterator[None]:
    """Let the client's time be the hub's, and send all that it sends to ``url``: up to 1.2.3 it has the Hub's own hard-coded."""
    with bridged(client_modules, TimeOf(clock)):
        if hasattr(hub_module, "set_client_factory"):
            httpx: Any = http.httpx2 if hasattr(http, "httpx2") else http.httpx

            class Transport(httpx.HTTPTransport):  # type: ignore[misc]
                def handle_request(self, request: Any) -> Any:
                    timeout = request.extensions.get("timeout", {})
                    reading = {
                        key: value and shorter(value) for key, value in timeout.items() if key == "read"
                    }
                    request.extensions = {**request.extensions, "timeout": {**timeout, **reading}}
                    return super().handle_request(request)

            hub_module.set_client_factory(
                lambda: httpx.Client(
                    transport=Transport(), follow_redirects=True, timeout=None, trust_env=False
                )
            )
            try:
                yield
            finally:
                hub_module.close_session()
            return
        requests: Any = importlib.import_module("requests")

        class Adapter(requests.adapters.HTTPAdapter):  # type: ignore[misc]
            def send(self, request: Any, timeout: Any = None, **options: Any) -> Any:
                request.url = request.url.replace("https://huggingface.co", url, 1)
                return super().send(request, timeout=timeout and shorter(timeout), **options)

        def backend() -> Any:
            session = requests.Session()
            session.trust_env = False
            for scheme in ("https://", "http://"):
                session.mount(scheme, Adapter())
            return session

        hub_module.configure_http_backend(backend)
        yield


def main(door: str) -> None:
    doors = {"in process": in_process, "over a socket": over_threads, "over uvicorn": over_uvicorn}
    print(json.dumps([hub_module.__version__, dict(doors[door]())]))


if __name__ == "__main__":
    main(sys.argv[1])
