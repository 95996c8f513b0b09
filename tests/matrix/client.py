"""The client of whatever release runs this, as the rows use it. It needs nothing but fakejobs and the client."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

USER = "fake-user"
CROWD = "crowd"
"""An organisation with `CROWD_SIZE` finished jobs."""
CROWD_SIZE = 120
PLAIN = "acme"
"""An organisation without any."""
IMAGE = "python:3.12"


class Absent(Exception):
    """The release has no such method."""


class Wrong(Exception):
    """A call was answered, but not with what is right."""


def expect(what: str, seen: object, right: object) -> None:
    """Check a value that a client gave.

    Raises:
        Wrong: it is another one.
    """
    if seen != right:
        raise Wrong(f"{what}: {seen!r}, not {right!r}")


@dataclass(frozen=True)
class Client:
    """The client of the release.

    Attributes:
        hub: the module `huggingface_hub`: of any release, so a type checker knows nothing of it.
        api: an `HfApi`.
        endpoint: the address that it is configured for.
    """

    hub: Any
    api: Any
    endpoint: str

    @classmethod
    def of_this_release(cls) -> Client:
        """The client that is installed, as its environment configures it."""
        hub: Any = importlib.import_module("huggingface_hub")
        endpoint: str = importlib.import_module("huggingface_hub.constants").ENDPOINT
        return cls(hub, hub.HfApi(), endpoint)

    def method(self, name: str) -> Callable[..., Any]:
        """A method of `HfApi`.

        Raises:
            Absent: this release has none of that name.
        """
        found = getattr(self.api, name, None)
        if found is None:
            raise Absent(name)
        method: Callable[..., Any] = found
        return method

    def takes(self, name: str, argument: str) -> bool:
        """Whether a method of this release has such an argument."""
        return argument in inspect.signature(self.method(name)).parameters

    def need(self, name: str, argument: str) -> None:
        """Check that a method of this release has such an argument.

        Raises:
            Absent: it has not.
        """
        if not self.takes(name, argument):
            raise Absent(f"{name}({argument}=)")

    def submit(self, *command: str, namespace: str = USER, **body: object) -> str:
        """A new job, without the release's own `run_job`; returns its id."""
        job = {"dockerImage": IMAGE, "command": list(command), "flavor": "cpu-basic", **body}
        return id_of(self.post(f"/api/jobs/{namespace}", job))

    def newest(self) -> Any:
        """The newest job of the user, as JSON."""
        return self.get(f"/api/jobs/{USER}")[0]

    def schedule(self, schedule: str = "@daily", *, namespace: str = USER, **spec: object) -> str:
        """A new scheduled job, without the release's own method; returns its id."""
        job = {"dockerImage": IMAGE, "command": ["python", "nightly.py"], "flavor": "cpu-basic", **spec}
        body = {"jobSpec": job, "schedule": schedule}
        return str(self.post(f"/api/scheduled-jobs/{namespace}", body)["id"])

    def stage(self, job_id: str) -> str:
        """The stage of a job, without the release's own `inspect_job`."""
        return str(self.get(f"/api/jobs/{USER}/{job_id}")["status"]["stage"])

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The JSON that a request of the release's own HTTP library is answered with."""
        return self._ask("post", path, json=body)

    def get(self, path: str) -> Any:
        """The same, with GET."""
        return self._ask("get", path)

    def _ask(self, method: str, path: str, **options: object) -> Any:
        session = importlib.import_module("huggingface_hub.utils").get_session()
        headers = self.api._build_hf_headers()
        response = getattr(session, method)(f"{self.endpoint}{path}", headers=headers, **options)
        if response.status_code >= 400:
            raise Wrong(
                f"what the row begins with, {method.upper()} {path}: {response.status_code} {response.text}"
            )
        return response.json()


Row = Callable[[Client], None]
"""Calls one method of the release, and checks what it gives: returns if that is right.

Raises:
    Absent: the release has no such method.
    Wrong: the call was answered, but not with what is right.
"""


def id_of(job: Any) -> str:
    """The id of a job; until 20 May 2025 it was in its metadata."""
    return str(job["metadata"]["jobId"] if "metadata" in job else job["id"])
