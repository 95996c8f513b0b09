"""The jobs that code under test submitted, as its test sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import SupportsIndex, overload

from fakejobs.cost import cost_of
from fakejobs.errors import FakeJobsError
from fakejobs.hub import FakeHub
from fakejobs.model.job import JobAt, command_words, features, timeout_ms
from fakejobs.model.outcomes import Script
from fakejobs.model.planning import TIMEOUT_MESSAGE
from fakejobs.model.quirks import Quirks
from fakejobs.model.rules import rule_from
from fakejobs.model.schedules import ScheduleAt
from fakejobs.store.jobs import find_job
from fakejobs.uv import UvRun, uv_run
from fakejobs.wire.encode import job_body
from fakejobs.wire.info import (
    JobCreatedBy,
    JobDurations,
    JobInfo,
    JobInitiator,
    JobNetwork,
    JobOwner,
    JobStatus,
    JobVolume,
)
from fakejobs.wire.redact import redact_text

SHORTEST_SECRET = 8
"""Values of secrets from this many characters on are taken out of reports wherever they are; shorter ones may be anything."""


class Secret:
    """The value of a secret. It equals the real value and prints as ``<secret NAME>``; there is no way to read it.

    ``job.secrets["KEY"] == "the value"`` is what it is for.
    """

    __slots__ = ("_equals", "_hash", "_name")

    def __init__(self, name: str, value: str | None) -> None:
        # In a closure, so that whatever looks at attributes (vars, pickle, a debugger's view, a diff) does not see it.
        self._name = name
        self._equals: Callable[[object], bool] = lambda other: value is not None and value == other
        self._hash = hash(value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Secret):
            return (self._name, self._hash) == (other._name, other._hash)
        return self._equals(other)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"<secret {self._name}>"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: object) -> Secret:
        return self

    def __reduce__(self) -> str:
        raise TypeError(f"{self!r} cannot be pickled: its value stays in the memory of the test")


class Book:
    """What a fake knows about its jobs beside their rows: the values of secrets, the last look.

    Args:
        hub: where the jobs are.
    """

    def __init__(self, hub: FakeHub) -> None:
        self.put_there: set[str] = set()
        self.asked: list[tuple[dict[str, object], Submissions]] = []
        self._hub = hub
        self._secrets: dict[str, Mapping[str, str]] = {}
        self._last: dict[str, JobAt] | None = None
        self._scheduled: list[ScheduleAt] = []
        self._scripts: dict[str, Script] = {}
        self._uv: dict[str, UvRun] = {}
        hub.state.secrets_listener = self._note_secrets

    def _note_secrets(self, job_id: str, secrets: Mapping[str, str]) -> None:
        self._secrets[job_id] = dict(secrets)

    def all(self) -> list[JobAt]:
        """Every job as it is now (of a fake that is closed: as it was then), oldest first."""
        return self._hub.all_jobs() if self._last is None else list(self._last.values())

    def scheduled(self) -> list[ScheduleAt]:
        """Every scheduled job, likewise."""
        return self._hub.all_scheduled_jobs() if self._last is None else self._scheduled

    def look(self, job_id: str) -> JobAt:
        """One job, likewise."""
        if self._last is not None:
            return self._last[job_id]
        state = self._hub.state
        with state.look() as now:
            job = find_job(state.database, job_id)
            if job is None:
                raise FakeJobsError(f"job {job_id} is gone: the fake was reset")
            return JobAt(job, now)

    def close(self) -> None:
        """Keep the jobs as they are, before the hub goes."""
        if self._last is None:
            last = {seen.job.id: seen for seen in self._hub.all_jobs()}
            cut = [seen for seen in last.values() if seen.job.plan.message == TIMEOUT_MESSAGE]
            self._scripts = {seen.job.id: self._hub.state.script_of(seen.job.id) for seen in cut}
            self._scheduled = self._hub.all_scheduled_jobs()
            found = ((seen.job.id, uv_run(seen.job.spec, self._hub)) for seen in last.values())
            self._uv = {job_id: run for job_id, run in found if run is not None}
            self._last = last

    @property
    def quirks(self) -> Quirks:
        """The quirks of its hub."""
        return self._hub.settings.quirks

    def script(self, seen: JobAt) -> Script | None:
        """What the last attempt of a job was scripted to do; of a fake that is closed, None of those that were not cut by their timeout."""
        if self._last is None:
            script = self._hub.state.script_of(seen.job.id)
        elif seen.job.id in self._scripts:
            script = self._scripts[seen.job.id]
        else:
            return None
        return script.attempt(len(seen.job.plan.earlier))

    def uv(self, seen: JobAt) -> UvRun | None:
        """What a job asked uv for, if it is a uv job."""
        return uv_run(seen.job.spec, self._hub) if self._last is None else self._uv.get(seen.job.id)

    def info(self, seen: JobAt) -> JobInfo:
        """A job as the API answers it."""
        return JobInfo.from_wire(job_body(seen, self._hub.settings.quirks))

    def cost(self, seen: JobAt) -> Decimal:
        """What a job has cost."""
        return cost_of(seen, self._hub.settings.flavors, self.quirks)

    def secrets(self, seen: JobAt) -> dict[str, Secret]:
        """The secrets of a job; a duplicate has those of its original, and a run those of its schedule."""
        names = seen.job.spec.get("secrets")
        values = self._values(seen)
        return {str(name): Secret(str(name), values.get(str(name))) for name in _each(names)}

    def _values(self, seen: JobAt) -> Mapping[str, str]:
        initiator = seen.job.about.get("initiator")
        if seen.job.id in self._secrets:
            return self._secrets[seen.job.id]
        if isinstance(initiator, Mapping) and initiator.get("type") == "duplicated-job":
            return self._values(self.look(str(initiator["id"])))
        if isinstance(initiator, Mapping) and initiator.get("type") == "scheduled-job":
            return self._secrets.get(str(initiator["id"]), {})
        return {}

    def redact(self, text: str) -> str:
        """``text`` without tokens, and without the values of secrets from `SHORTEST_SECRET` characters on."""
        values = {
            value: name
            for secrets in self._secrets.values()
            for name, value in secrets.items()
            if len(value) >= SHORTEST_SECRET
        }
        for value in sorted(values, key=len, reverse=True):
            # Also as it looks inside of a repr or of JSON.
            for form in {value, repr(value)[1:-1]}:
                text = text.replace(form, f"<secret {values[value]}>")
        return redact_text(text)

    def redact_json(self, value: object) -> object:
        """A copy of a JSON value, redacted likewise; the value itself while no secret is known."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact(str(key)): self.redact_json(each) for key, each in value.items()}
        return [self.redact_json(each) for each in value] if isinstance(value, list) else value

    def submitted(self, match: Mapping[str, object]) -> Submissions:
        """The jobs that were submitted and match, newest last.

        Raises:
            ValueError: an unknown word or an impossible pattern; the message names it.
        """
        rule_from(0, match, {})
        jobs = [SubmittedJob(self, seen.job.id) for seen in self.all() if seen.job.id not in self.put_there]
        found = Submissions([job for job in jobs if not differences(job, match)], match, jobs)
        if match:
            self.asked.append((dict(match), found))
        return found


def _each(names: object) -> Iterable[object]:
    return names if isinstance(names, (list, tuple)) else ()


class SubmittedJob:
    """A job: what it was asked to do, and how it stands now. Every attribute is read when it is asked for.

    It has every attribute of `fakejobs.JobInfo`, those of huggingface_hub's class of this name among them, and:

    Attributes:
        stage: its stage now, a plain ``str`` as in real clients.
        info: all of it as a `fakejobs.JobInfo` of now.
        timeout: seconds that it may run; the Hub's default when none was asked for.
        env: the variables of its environment; empty when there are none.
        secrets: the values of its secrets by name; each equals the real value and prints as ``<secret NAME>``.
        cost: dollars that it would have cost so far.
        uv: script, arguments, dependencies, Python and further local files of a uv job; None for others.
    """

    # Answered by `info`, through __getattr__; listed for type checkers and readers.
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    docker_image: str | None
    space_id: str | None
    command: list[str] | None
    arguments: list[str] | None
    environment: dict[str, str] | None
    flavor: str | None
    labels: dict[str, str] | None
    volumes: list[JobVolume] | None
    status: JobStatus
    durations: JobDurations | None
    owner: JobOwner
    initiator: JobInitiator | None
    network: JobNetwork | None
    retry: int | None
    expose: list[int] | None
    expose_public: list[int] | None
    endpoint: str
    url: str
    arch: str | None
    type: str | None
    created_by: JobCreatedBy | None
    resource_group_id: str | None

    def __init__(self, book: Book, job_id: str) -> None:
        self.id = job_id
        self._book = book

    @property
    def seen(self) -> JobAt:
        """The job of the model, now: its plan, its spec, its rule."""
        return self._book.look(self.id)

    @property
    def info(self) -> JobInfo:
        """All of it, as it is now."""
        return self._book.info(self.seen)

    @property
    def stage(self) -> str:
        """Its stage now."""
        return self.seen.stage.value

    @property
    def timeout(self) -> int:
        """Seconds that it may run."""
        return timeout_ms(self.seen.job.spec) // 1000

    @property
    def env(self) -> dict[str, str]:
        """The variables of its environment that are no secrets."""
        return dict(self.info.environment or {})

    @property
    def secrets(self) -> dict[str, Secret]:
        """Its secrets, by name."""
        return self._book.secrets(self.seen)

    @property
    def cost(self) -> Decimal:
        """Dollars that it would have cost so far."""
        return self._book.cost(self.seen)

    @property
    def uv(self) -> UvRun | None:
        """What it asked uv for, if it is a uv job."""
        return self._book.uv(self.seen)

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.info, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SubmittedJob) and (self.id, self._book) == (other.id, other._book)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        seen = self.seen
        message = seen.job.plan.message if seen.now >= seen.job.plan.end else None
        said = f" {message!r}" if message else ""
        return self._book.redact(
            f"<job {self.id} {seen.stage}{said}, {seen.job.flavor}: {short_command(seen)}>"
        )


def short_command(seen: JobAt, length: int = 60) -> str:
    """What a job runs, on one line."""
    text = " ".join(" ".join(command_words(seen.job.spec)).split())
    return text if len(text) <= length else text[: length - 1] + "…"


def differences(job: SubmittedJob, match: Mapping[str, object]) -> list[str]:
    """What keeps a job from matching, one sentence for each word."""
    return [sentence for word, value in match.items() for sentence in _difference(job.seen, word, value)]


def _difference(seen: JobAt, word: str, value: object) -> list[str]:
    shown = features(seen.job.spec, seen.job.labels, seen.job.namespace)
    if rule_from(0, {word: value}, {}).matches(shown):
        return []
    has = dict(shown).get({"env": "environment"}.get(word, word))
    if isinstance(value, Mapping) and isinstance(has, Mapping):
        wrong = {
            key: each
            for key, each in value.items()
            if not rule_from(0, {word: {key: each}}, {}).matches(shown)
        }
        return [
            f"{word}[{key!r}] is {has[str(key)]!r}, not {each!r}"
            if str(key) in has
            else f"{word} has no {key!r}"
            for key, each in wrong.items()
        ]
    if isinstance(value, list):
        has = command_words(seen.job.spec)
    return [f"{word} is {has!r}, not {value!r}"]


class Submissions(list[SubmittedJob]):
    """Jobs, newest last. It is a `list`; when there are none where some were looked for, it prints as the nearest miss.

    Attributes:
        match: the words that were looked for.
        all_jobs: all jobs that were submitted, matching or not, newest last.
    """

    def __init__(
        self, found: Iterable[SubmittedJob], match: Mapping[str, object], all_jobs: Iterable[SubmittedJob]
    ) -> None:
        super().__init__(found)
        self.match = dict(match)
        self.all_jobs = list(all_jobs)

    def nearest(self) -> tuple[SubmittedJob, list[str]] | None:
        """The job that comes nearest without matching (the newest of those), and what keeps it from matching."""
        misses = [(job, differences(job, self.match)) for job in self.all_jobs]
        misses = [(job, why) for job, why in misses if why]
        return min(reversed(misses), key=lambda miss: len(miss[1]), default=None)

    def explanation(self) -> list[str]:
        """Why there are as many as there are, for people: lines of text."""
        wanted = ", ".join(f"{word}={value!r}" for word, value in self.match.items())
        lines = [
            f"{len(self)} of {len(self.all_jobs)} submitted jobs match {wanted}"
            if wanted
            else f"{len(self)} jobs"
        ]
        lines += [f"  {job!r}" for job in self]
        if miss := self.nearest() if wanted else None:
            job, why = miss
            lines += [f"nearest: {job!r}", *(f"  {each}" for each in why)]
        return [job_redacted(self.all_jobs, line) for line in lines]

    @overload
    def __getitem__(self, index: SupportsIndex) -> SubmittedJob: ...

    @overload
    def __getitem__(self, index: slice) -> list[SubmittedJob]: ...

    def __getitem__(self, index: SupportsIndex | slice) -> SubmittedJob | list[SubmittedJob]:
        """As in a list; without such a job, the error says what there was instead."""
        try:
            return super().__getitem__(index)
        except IndexError:
            raise IndexError("\n".join(self.explanation())) from None

    def __repr__(self) -> str:
        if self or not self.match:
            return super().__repr__()
        miss = self.nearest()
        if miss is None:
            return "[] (no job was submitted)"
        job, why = miss
        return job_redacted(self.all_jobs, f"[] (nearest {job.id}: {'; '.join(why)})")


def job_redacted(jobs: list[SubmittedJob], text: str) -> str:
    """``text`` without what the book of these jobs hides."""
    return jobs[0]._book.redact(text) if jobs else redact_text(text)
