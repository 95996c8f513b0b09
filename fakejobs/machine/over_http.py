"""The client that `fakejobs.machine.JobsMachine` has as long as nobody puts another in its place: plain HTTP, in process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from fakejobs.drivers.inprocess import Call, ReadTimedOut, Reply
from fakejobs.generate.values import Body
from fakejobs.handle import FakeJobs
from fakejobs.machine.model import Model
from fakejobs.model.times import to_iso, to_iso_seconds, to_words
from fakejobs.wire.validate import problems

T = TypeVar("T")

PAGE = 100
"""Jobs on a page of a list (huggingface_hub#4395)."""

_NEXT = re.compile(r'<([^<>]+)>; rel="next"')


class Refused(Exception):
    """The API answered with an error; raised by the default ``do_...`` methods.

    Attributes:
        status: its status.
        message: its text.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(f"{status}: {message}")


@dataclass(frozen=True)
class Answer:
    """An answer of the API.

    Attributes:
        status: its status.
        headers: its headers, by name in lower case.
        body: its JSON; of another kind of body, the text.
    """

    status: int
    headers: Mapping[str, str]
    body: Any


class OverHttp:
    """What a machine does to jobs and scheduled jobs, over HTTP. Each answer is held against the schema, and each line of a log against its instant."""

    fake: FakeJobs
    model: Model
    namespace: str

    def call(self, method: str, path: str, reply: str | None, body: object = None) -> Answer:
        """One request; every default ``do_...`` but those for logs makes its requests here.

        Args:
            method: GET, POST, ...
            path: path and query.
            reply: the piece of the schema for the body of a 200; None: it says nothing.
            body: JSON to send.

        Raises:
            Refused: the answer is an error.
            AssertionError: the answer is none that the schema allows.
        """
        answer = self.send(method, path, body)
        piece = reply if answer.status == 200 else "error"
        if found := problems(piece, answer.body) if piece else []:
            wrong = "; ".join(f"{each.sentence} at {each.path or 'the root'}" for each in found)
            raise AssertionError(f"{method} {path} answers what the schema does not allow: {wrong}")
        if answer.status != 200:
            raise Refused(answer.status, answer.body["error"])
        return answer

    def send(self, method: str, path: str, body: object = None) -> Answer:
        """Send a request and read the answer: in process, without a client. Override it to test an HTTP library."""
        reply = self._request(method, path, b"" if body is None else json.dumps(body).encode())
        raw = b"".join(reply.chunks)
        headers = {key.lower(): value for key, value in reply.headers}
        is_json = headers.get("content-type", "").startswith("application/json")
        return Answer(reply.status, headers, json.loads(raw) if is_json else raw.decode())

    def do_submit(self, body: Body) -> object:
        """Submit a job; it must say at least the id."""
        return self.call("POST", self._path(), "job", body).body

    def do_duplicate(self, job_id: str) -> object:
        """Submit a job like another; it must say at least the id of the new one."""
        return self.call("POST", self._path(job_id, "duplicate"), "job").body

    def do_cancel(self, job_id: str) -> object:
        """Cancel a job."""
        return self.call("POST", self._path(job_id, "cancel"), "job").body

    def do_relabel(self, job_id: str, labels: dict[str, str]) -> object:
        """Replace the labels of a job."""
        return self.call("PUT", self._path(job_id, "labels"), "job", {"labels": labels}).body

    def do_expose(self, job_id: str, expose: dict[str, list[int]]) -> object:
        """Replace the ports of a job; ``expose`` has ``ports``, and perhaps ``portsPublic``."""
        return self.call("PUT", self._path(job_id, "expose"), "job", expose).body

    def do_inspect(self, job_id: str) -> object:
        """One job."""
        return self.call("GET", self._path(job_id), "job").body

    def do_list(self, stages: Sequence[str], labels: Mapping[str, str]) -> Iterable[object]:
        """All jobs in one of ``stages`` (none given: in any) with all of ``labels``, newest first, of all pages."""
        pairs = [("label", f"{key}={value}") for key, value in labels.items()]
        path = f"{self._path()}?{urlencode([*pairs, *(('stage', stage) for stage in stages)])}"
        found: list[object] = []
        while path:
            answer = self.call("GET", path, "job-list")
            following = _NEXT.fullmatch(answer.headers.get("link", ""))
            size = len(answer.body)
            assert size <= PAGE, f"a page of {size} jobs"
            assert following is None or size == PAGE, f"a page of {size} jobs, and another one follows"
            found += answer.body
            path = ""
            if following is not None:
                parts = urlsplit(following[1])
                path = f"{parts.path}?{parts.query}"
        return found

    def do_count(self, stages: Sequence[str]) -> int:
        """How many jobs there are in one of ``stages`` (none given: in any)."""
        query = urlencode([("stage", stage) for stage in stages])
        return int(self.call("GET", f"{self._path()}/count?{query}", "count").body["count"])

    def do_read_log(self, job_id: str, tail: int | None) -> list[str]:
        """The lines of a log so far, without the platform's own; the last ``tail`` if that is given. It does not wait for more."""
        return self._log(job_id, tail, wait=False)

    def do_follow(self, job_id: str, tail: int | None) -> list[str]:
        """The lines of a log until the job is over, without the platform's own; of those that are there already, the last ``tail``."""
        return self._log(job_id, tail, wait=True)

    def do_schedule(self, body: Body) -> object:
        """Make a scheduled job; it must say at least the id."""
        return self.call("POST", self._schedule_path(), "scheduled-job", body).body

    def do_suspend(self, schedule_id: str) -> object:
        """Pause a scheduled job."""
        return self._command_to_schedule(schedule_id, "suspend")

    def do_resume(self, schedule_id: str) -> object:
        """Go on with a scheduled job."""
        return self._command_to_schedule(schedule_id, "resume")

    def do_run_scheduled(self, schedule_id: str) -> object:
        """Run a scheduled job now; it must say at least the id of the job."""
        return self.call("POST", self._schedule_path(schedule_id, "run"), "job").body

    def do_reschedule(self, schedule_id: str, schedule: str) -> object:
        """Give a scheduled job another schedule."""
        path = self._schedule_path(schedule_id, "schedule")
        return self.call("POST", path, "scheduled-job", {"schedule": schedule}).body

    def do_relabel_schedule(self, schedule_id: str, labels: dict[str, str]) -> object:
        """Replace the labels that the jobs of a scheduled one get."""
        path = self._schedule_path(schedule_id, "labels")
        return self.call("PUT", path, "scheduled-job", {"labels": labels}).body

    def do_delete_schedule(self, schedule_id: str) -> object:
        """Delete a scheduled job."""
        self.call("DELETE", self._schedule_path(schedule_id), None)
        return None

    def do_inspect_schedule(self, schedule_id: str) -> object:
        """One scheduled job."""
        return self.call("GET", self._schedule_path(schedule_id), "scheduled-job").body

    def do_list_schedules(self, label: tuple[str, str] | None) -> Iterable[object]:
        """All scheduled jobs, newest first; those with one label, if that is given."""
        query = "" if label is None else f"?{urlencode({'label': '='.join(label)})}"
        found: list[object] = self.call("GET", f"{self._schedule_path()}{query}", "scheduled-job-list").body
        return found

    def status_of(self, error: Exception) -> int | None:
        """The status that an error of the client stands for; None: it is no answer of the API, and the test fails with it.

        By default that of `Refused`, or ``error.response.status_code``, as the errors of httpx, requests and huggingface_hub have it.
        """
        if isinstance(error, Refused):
            return error.status
        status = getattr(getattr(error, "response", None), "status_code", None)
        return status if isinstance(status, int) else None

    def _path(self, *parts: str) -> str:
        return "/".join(["/api/jobs", *(quote(part) for part in (self.namespace, *parts))])

    def _schedule_path(self, *parts: str) -> str:
        return "/".join(["/api/scheduled-jobs", *(quote(part) for part in (self.namespace, *parts))])

    def _command_to_schedule(self, schedule_id: str, verb: str) -> object:
        self.call("POST", self._schedule_path(schedule_id, verb), None)
        return None

    def _request(self, method: str, path: str, body: bytes, read_timeout: float | None = None) -> Reply:
        headers = [("Authorization", f"Bearer {self.fake.token}"), ("Content-Type", "application/json")]
        call = Call(method, "https", "huggingface.co", 443, path, headers, body, read_timeout)
        reply = self.fake.answer(call)
        assert reply is not None, "this host is always the fake"
        return reply

    def _log(self, job_id: str, tail: int | None, *, wait: bool) -> list[str]:
        """Read a log, to its end or to where it would wait; what came is held against the model, to the instant of each line."""
        before = self.fake.hub.clock.now()
        path = self._path(job_id, "logs") + ("" if tail is None else f"?tail={tail}")
        reply, raw = self._request("GET", path, b"", None if wait else 0), b""
        try:
            for chunk in reply.chunks:
                raw += chunk
        except ReadTimedOut:
            pass
        finally:
            reply.close()
        if reply.status != 200:
            raise Refused(reply.status, json.loads(raw)["error"])
        events = [
            json.loads(line.removeprefix("data: "))
            for line in raw.decode("ascii").split("\n")
            if line.startswith("data: ")
        ]
        for event in events:
            assert not (found := problems("log-event", event)), f"{event}: {found}"
        entries = self._log_of(job_id, before, tail)
        seen = [(event["timestamp"], event["data"]) for event in events]
        wanted = [_event(at, text) for at, text in entries]
        assert seen == wanted, f"log of {job_id}, tail {tail}: expected {wanted}, seen {seen}"
        return [text for _, text in entries if text is not None]

    def _log_of(self, job_id: str, before: int, tail: int | None) -> list[tuple[int, str | None]]:
        """What somebody reads who began at an instant and has read until now."""
        job = self.model.job(job_id)
        assert job is not None, f"there is a log of {job_id}, which nobody has submitted"
        there, entries = self.model.log(job, before), self.model.log(job, self.fake.hub.clock.now())
        if tail is None:
            return entries
        # The first start, the last lines, and what came.
        return (
            there[:1]
            + last_of([entry for entry in there if entry[1] is not None], tail)
            + entries[len(there) :]
        )


def last_of(lines: list[T], count: int | None) -> list[T]:
    """The last ``count`` of them; None: all."""
    return lines if count is None else lines[max(0, len(lines) - count) :]


def _event(at: int, text: str | None) -> tuple[str, str]:
    if text is not None:
        return to_iso(at), text
    return to_iso_seconds(at), f"===== Job started at {to_words(at)} ====="
