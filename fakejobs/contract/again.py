"""Recorded requests made again, to a fresh fake whose time is that of the recording and whose jobs do what the recorded jobs did."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from contextlib import closing
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from werkzeug.test import Client, EnvironBuilder

from fakejobs.clock import LAST_INSTANT, Anchor, Stream
from fakejobs.contract.differences import Ids, differences
from fakejobs.contract.found import Found
from fakejobs.contract.known_jobs import KnownJob, instant
from fakejobs.contract.learned import Known, bodies_of_jobs, date_of, events_of
from fakejobs.contract.open_stream import OpenStream, said
from fakejobs.contract.recording import Body, Exchange, Recording, route_of
from fakejobs.contract.remade import Remade, objects, starter, usage_of
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import Settings
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.web.app import wsgi_app
from fakejobs.web.context import DRIVE_KEY
from fakejobs.wire.json_types import Json
from fakejobs.wire.schema import Route

_NOT_PUT_BACK = frozenset(
    {
        "arch", "volumes", "expose", "network", "resourceGroup", "resourceGroupId", "hfToken", "initiator", "retry", "timeout",
        "exposeUrls", "sshUrl", "failureCount",
    }
)  # fmt: skip
"""Keys of a job from before the recording that are not compared: `FakeHub.add_job` cannot give them to it."""

_MAKING = ("create", "duplicate", "scheduled-run")
"""Routes that make a job."""

_LISTS = {"job-list": "jobs", "scheduled-job-list": "scheduled jobs", "webhook-list": "webhooks"}
"""Replies that are lists, and of what."""


class Again:
    """Makes recorded requests again."""

    def __init__(self, known: Known, remade: Remade, settings: Settings, found: Found) -> None:
        self.compared = 0
        self._known = known
        self._remade = remade
        self._found = found
        self._ids = Ids()
        self._cursors: dict[str, str] = {}
        self._open: list[OpenStream] = []
        self._begun = False
        self._unknown_jobs: set[str] = set()
        start = 1_780_000_000_000
        self.hub = FakeHub(settings=settings, anchor=Anchor(start, start, frozen=True))
        self._client = Client(wsgi_app(self.hub))
        self._driven: Stream | None = None

    def make(self, recording: Recording) -> None:
        """Make one request again, and compare the answers."""
        exchange = recording.exchange
        why_not = self._why_not(exchange)
        if why_not is not None:
            if why_not:
                self._found.skip(recording, why_not)
            return
        matched = route_of(exchange.request.method, exchange.request.path)
        assert matched is not None, "`_why_not` has seen it"
        route = matched[0]
        self._pass_to(self._instant_of(exchange, route))
        self._end_jobs(recording)
        made = self._job_made(exchange, route)
        if made is not None:
            self.hub.delete_rules()
            self.hub.add_rule({}, made.outcome())
        self._driven = None
        answer = self._client.open(self._environ(exchange))
        with closing(answer):
            status, headers, raw = answer.status_code, answer.headers, answer.get_data()
        self.compared += 1
        if status != exchange.response.status:
            said = "" if self._driven is not None else f": {_error(raw)}"
            self._found.add(
                "recorded", recording, "status", f"recorded {exchange.response.status}, fake {status}{said}"
            )
            if self._driven is not None:
                self._driven.steps.close()
            return
        for name in ("x-error-message", "x-error-code"):
            self._compare_header(recording, name, headers.get(name))
        if self._driven is not None:
            self._follow(recording, route, self._driven)
            return
        self._compare_body(recording, route, raw)
        self._compare_link(recording, headers.get("link"))

    def end(self) -> None:
        """Follow the open streams to their end, and compare them."""
        self._pass_to(LAST_INSTANT)
        for each in self._open:
            each.steps.close()
            for path, sentence in each.differences(self._ids):
                self._found.add("recorded", each.recording, path, sentence)

    def _why_not(self, exchange: Exchange) -> str | None:
        """Why a request is not made again; empty: it is about something else; None: it is."""
        request, response = exchange.request, exchange.response
        matched = route_of(request.method, request.path)
        if matched is None:
            return "not a request of the Jobs API"
        if response.failed is not None:
            return "the server could not be asked"
        if response.status in (429, 500, 502, 503, 504) or 300 <= response.status < 400:
            return f"the fake does not make answers of {response.status} by itself"
        if why_not := self._remade.why_not(exchange, *matched):
            return why_not
        if request.body is not None and request.body.kind == "omitted":
            return f"the body of the request was not kept: {request.body.value}"
        if response.body is not None and response.body.kind == "omitted":
            return f"the body of the answer was not kept: {response.body.value}"
        if matched[1].get("jobId", "").lower() in self._unknown_jobs:
            return "its job is from before the recording, and cannot be made"
        return None

    # Time

    def _instant_of(self, exchange: Exchange, route: Route) -> int:
        """When the request is made: in the second of the answer's ``Date``, and so that the jobs are in the stages that it shows."""
        date = date_of(exchange.response)
        earliest = date or 0
        latest = date + 999 if date is not None else LAST_INSTANT
        if route.name == "scheduled-create":
            return next((at for body in objects(exchange) if (at := instant(body, "createdAt"))), earliest)
        for body in bodies_of_jobs(exchange):
            job = self._known.jobs.get(str(body["id"]).lower())
            if job is None:
                continue
            if route.name in _MAKING:
                earliest = latest = job.created
                continue
            low, high = job.shown_in(body)
            # As a whole they may contradict each other; the first one that fits counts.
            if low <= latest:
                earliest = max(earliest, low)
            if high >= earliest:
                latest = min(latest, high)
        return earliest

    def _pass_to(self, until: int) -> None:
        """Let time pass, with all that streams say on the way."""
        if not self._begun:
            self._begin(until)
        while True:
            due = LAST_INSTANT
            for stream in self._open:
                stream.step()
                if not stream.ended:
                    due = min(due, max(stream.waits_for, self.hub.clock.now() + 1))
            if due > until or due >= LAST_INSTANT:
                break
            if due > self.hub.clock.now():
                self.hub.clock.set(due)
        if until < LAST_INSTANT and until > self.hub.clock.now():
            self.hub.clock.set(until)

    def _end_jobs(self, recording: Recording) -> None:
        """Cancel the jobs that the platform had cancelled before this answer."""
        for job in self._known.jobs.values():
            if not job.ends_from_outside or job.over_in != recording.name:
                continue
            fake = self._ids.known.get(job.id)
            seen = next((each for each in self.hub.all_jobs() if each.job.id == fake), None)
            if seen is None or seen.stage is JobStage.DELETED:
                continue
            if seen.stage not in TERMINAL:
                reason = job.cancel_reason if job.stage == "CANCELED" else None
                self.hub.transition(seen.job.id, JobStage.CANCELED, message=job.message, cancel_reason=reason)
            if job.stage == "DELETED":
                self.hub.transition(seen.job.id, JobStage.DELETED)

    def _begin(self, now: int) -> None:
        """Put the jobs there that were there before."""
        self._begun = True
        self.hub.reset(anchor=Anchor(now, now, frozen=True))
        # Lists begin with the newest, so of several that were made at once the last one was seen first.
        before = [job for job in self._known.jobs.values() if not job.made_here][::-1]
        for job in sorted(before, key=lambda each: each.created):
            if job.created > now and (by := starter(job.first)) in ("scheduled-job", "webhook"):
                self._unknown_jobs.add(job.id)
                self._found.note(f"job {job.id} cannot be made: a {by} has started it by itself")
                continue
            try:
                seen = self.hub.add_job(**job.past(now))
            except ValueError as error:
                self._unknown_jobs.add(job.id)
                self._found.note(f"job {job.id}, from before the recording, cannot be made: {error}")
                continue
            self._ids.known[job.id] = seen.job.id

    # Asking

    def _job_made(self, exchange: Exchange, route: Route) -> KnownJob | None:
        if route.name not in _MAKING:
            return None
        return next(
            (self._known.jobs.get(str(body["id"]).lower()) for body in bodies_of_jobs(exchange)), None
        )

    def _environ(self, exchange: Exchange) -> EnvironBuilder:
        request = exchange.request
        path = "/".join(self._ids.text(part) for part in request.path.split("/"))
        query = [
            (name, self._cursors.get(text, text) if name == "cursor" else self._ids.text(text))
            for name, text in request.query
        ]
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in ("content-type", "user-agent", "accept")
        }
        token = request.headers.get("authorization")
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return EnvironBuilder(
            path=quote(path, safe="/%@:!$&'()*+,;=~"),
            method=request.method,
            query_string=urlencode(query),
            headers=list(headers.items()),
            data=self._body(exchange, token),
            environ_overrides={DRIVE_KEY: self._drive},
        )

    def _body(self, exchange: Exchange, token: str | None) -> bytes | None:
        body = exchange.request.body
        if body is None:
            return None
        if body.kind != "body":
            return body.raw()
        value = self._ids.value(body.value)
        answers = list(bodies_of_jobs(exchange))
        # The job was handed the token of the caller: so it has to be again.
        if isinstance(value, dict) and token is not None and any("hfToken" in each for each in answers):
            secrets = value.get("secrets")
            if isinstance(secrets, dict) and secrets:
                secrets["HF_TOKEN" if "HF_TOKEN" in secrets else next(iter(secrets))] = token
        return Body("body", value).raw()

    def _drive(self, stream: Stream) -> Iterable[bytes]:
        self._driven = stream
        return ()

    # Comparing

    def _compare_body(self, recording: Recording, route: Route, raw: bytes) -> None:
        body = recording.exchange.response.body
        recorded = body.value if body is not None and body.kind == "body" else None
        if route.kind == "text" or (body is not None and body.kind != "body"):
            recorded = body.raw().decode("utf-8", "replace") if body is not None else ""
            fake: Json = raw.decode("utf-8", "replace")
        else:
            fake = json.loads(raw) if raw else None
        if isinstance(recorded, list) and isinstance(fake, list) and route.reply in _LISTS:
            recorded, fake = self._compare_ids(recording, route, recorded, fake)
        elif route.name in (*_MAKING, "scheduled-create") and _id(recorded) and _id(fake):
            self._ids.known[_id(recorded)] = _id(fake)  # two jobs that were made by the same request
        elif route.name == "jobs-usage":
            alike = self._billed_alike()
            recorded = usage_of(alike, recorded)
            fake = usage_of({self._ids.known[each] for each in alike}, fake)
        if route.name == "count" and self._may_count_others(recording, recorded, fake):
            return
        ignored = self._ignored(recorded)
        for path, sentence in differences(recorded, fake, self._ids, ignored=ignored):
            self._found.add("recorded", recording, path, sentence)

    def _compare_ids(
        self, recording: Recording, route: Route, recorded: list[Json], fake: list[Json]
    ) -> tuple[list[Json], list[Json]]:
        """Compare what is listed, in which order; returns what both lists have."""
        if route.reply == "job-list":
            listed = [each for each in recorded if _id(each) not in self._unknown_jobs]
        else:
            made = self._remade.schedules | self._remade.webhooks
            listed = [each for each in recorded if _id(each) in made]
        theirs = [self._ids.known.get(_id(each), _id(each)) for each in listed]
        ours = [_id(each) for each in fake]
        if theirs != ours:
            names = {fake_id: recorded_id for recorded_id, fake_id in self._ids.known.items()}
            self._found.add(
                "recorded",
                recording,
                "",
                f"recorded the {_LISTS[str(route.reply)]} {_listed(names.get(each, each) for each in theirs)}; "
                f"fake {_listed(names.get(each, each) for each in ours)}",
            )
        both = [each for each in theirs if each in ours]
        by_id = {_id(each): each for each in fake}
        return [each for each, known in zip(listed, theirs, strict=True) if known in both], [
            by_id[each] for each in both
        ]

    def _billed_alike(self) -> set[str]:
        """The jobs that ran as long in the fake as they did when they were recorded: of the others, the answers do not tell exactly."""
        return {
            job.id
            for job in self._known.jobs.values()
            if job.id in self._ids.known and job.stage in ("COMPLETED", "ERROR")
            if job.started is not None and job.finished is not None and not job.failures
        }

    def _may_count_others(self, recording: Recording, recorded: Json, fake: Json) -> bool:
        """Whether jobs from before the recording, which no list showed, can be the reason of a larger count."""
        matched = route_of(recording.exchange.request.method, recording.exchange.request.path)
        namespace = matched[1]["namespace"] if matched is not None else ""
        if namespace in self._known.listed or not isinstance(recorded, dict) or not isinstance(fake, dict):
            return False
        one, other = recorded.get("count"), fake.get("count")
        return isinstance(one, int) and isinstance(other, int) and one > other

    def _ignored(self, recorded: Json) -> Callable[[str], bool]:
        """Which places are not compared: what a job from before the recording cannot be given."""
        jobs = recorded if isinstance(recorded, list) else [recorded]
        from_before = [
            (job := self._known.jobs.get(_id(each))) is not None and not job.made_here for each in jobs
        ]

        def ignored(path: str) -> bool:
            match = re.match(r"\[(\d+)\]", path)
            index = int(match[1]) if match else 0
            key = path.rpartition(".")[2]
            if key == "lastTriggerAt":  # what happened to repositories is not recorded
                return True
            return index < len(from_before) and from_before[index] and key in _NOT_PUT_BACK

        return ignored

    def _compare_header(self, recording: Recording, name: str, fake: str | None) -> None:
        recorded = recording.exchange.response.headers.get(name)
        if recorded is None and fake is None:
            return
        if recorded is None or fake is None or self._ids.text(recorded) != fake:
            self._found.add(
                "recorded", recording, f"header {name}", f"recorded {said(recorded)}, fake {said(fake)}"
            )

    def _compare_link(self, recording: Recording, fake: str | None) -> None:
        """Compare where the next page is: what it filters by; a cursor says nothing by itself."""
        one, other = _link(recording.exchange.response.headers.get("link")), _link(fake)
        if one is None or other is None:
            if one is not other:
                self._found.add(
                    "recorded",
                    recording,
                    "header link",
                    f"recorded {said(None if one is None else 'a next page')}, fake {said(None if other is None else 'a next page')}",
                )
            return
        for recorded, ours in zip(one.pop("cursor", []), other.pop("cursor", []), strict=False):
            self._cursors[recorded] = ours
        if one != other:
            self._found.add("recorded", recording, "header link", f"recorded the filters {one}, fake {other}")

    def _follow(self, recording: Recording, route: Route, stream: Stream) -> None:
        frames = recording.exchange.response.frames
        if frames is None:
            stream.steps.close()
            return
        events = [event for event in (events_of(frame.text) for frame in frames) if event is not None]
        opened = OpenStream(recording, route, stream.steps, events)
        opened.step()
        self._open.append(opened)


def _link(header: str | None) -> dict[str, list[str]] | None:
    match = re.search(r'<([^>]*)>; *rel="next"', header or "")
    return parse_qs(urlsplit(match[1]).query, keep_blank_values=True) if match else None


def _id(job: Json) -> str:
    return str(job.get("id", "")).lower() if isinstance(job, dict) else ""


def _listed(ids: Iterable[str]) -> str:
    return f"[{', '.join(ids)}]"


def _error(raw: bytes) -> str:
    try:
        value = json.loads(raw)
    except ValueError:
        return ""
    return str(value.get("error", ""))[:300] if isinstance(value, dict) else ""
