"""How a client reaches the fake: in process, or over loopback. Up to 1.2.3 that takes a detour, see `to_the_fake`."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import fakejobs

if TYPE_CHECKING:
    from fakejobs import FakeJobs

IN_PROCESS, OVER_LOOPBACK = "in process", "over loopback"
DOORS = (IN_PROCESS, OVER_LOOPBACK)
THE_HUB = "https://huggingface.co"
LONGEST_SLEEP = 0.01


@contextmanager
def in_process(scenario: str, *, hfjobs: bool) -> Iterator[FakeJobs]:
    """A fake under the client of this process.

    ``hfjobs`` does not ask through the client, but through requests; its requests are handed to the fake here.
    """
    with fakejobs.activate(scenario=scenario) as fake:
        if not hfjobs:
            yield fake
            return
        from fakejobs.drivers.requests_adapter import make_adapter

        requests: Any = importlib.import_module("requests")
        adapter = make_adapter(fake.answer, requests.adapters.HTTPAdapter)
        importlib.import_module("hfjobs.cli")
        fake.clock.patch("hfjobs")
        with mock.patch.object(requests.Session, "get_adapter", return_value=adapter):
            yield fake


@contextmanager
def over_loopback(endpoint: str, *, hfjobs: bool) -> Iterator[None]:
    """A server in another process, whose time moves with followed streams and repeated reads: nobody has to sleep for it."""
    sleep = time.sleep
    with (
        mock.patch.object(time, "sleep", lambda seconds: sleep(min(seconds, LONGEST_SLEEP))),
        to_the_fake(endpoint, hfjobs=hfjobs),
    ):
        yield


@contextmanager
def to_the_fake(endpoint: str, *, hfjobs: bool) -> Iterator[None]:
    """Send to the endpoint what goes to https://huggingface.co whatever the endpoint is.

    That is `run_job`, `fetch_job_logs` and `create_scheduled_job` up to 1.2.3 (huggingface_hub#3651), and everything of ``hfjobs``.
    """
    hub: Any = importlib.import_module("huggingface_hub")
    if hfjobs or hasattr(hub, "configure_http_backend"):
        requests: Any = importlib.import_module("requests")
        with _rewritten(requests, endpoint):
            yield
        return
    if [int(each) for each in hub.__version__.split(".")] < [1, 2, 4]:
        default = importlib.import_module("huggingface_hub.utils._http").default_client_factory

        def client() -> Any:
            made = default()
            hooks = made.event_hooks
            made.event_hooks = {**hooks, "request": [*hooks["request"], to_endpoint]}
            return made

        def to_endpoint(request: Any) -> None:
            if request.url.host == "huggingface.co":
                request.url = type(request.url)(str(request.url).replace(THE_HUB, endpoint, 1))
                request.headers["host"] = request.url.netloc.decode()

        hub.set_client_factory(client)
    yield


@contextmanager
def _rewritten(requests: Any, endpoint: str) -> Iterator[None]:
    send = requests.adapters.HTTPAdapter.send

    def send_to_the_endpoint(adapter: object, request: Any, *args: object, **options: object) -> Any:
        request.url = request.url.replace(THE_HUB, endpoint, 1)
        return send(adapter, request, *args, **options)

    with mock.patch.object(requests.adapters.HTTPAdapter, "send", send_to_the_endpoint):
        yield
