"""A job, and a job as seen at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.rules import Features
from fakejobs.model.stages import JobStage

Spec = Mapping[str, object]
"""What was asked for: the validated body of the submission, in the request's own keys, without the values of its secrets
(``secrets`` is the list of their names), and without ``labels``, which change."""

UNCOUNTED = 0
"""The number of a job that a schedule brought about: when that is written down must not matter, so nothing counts it."""

DEFAULT_TIMEOUT_MS = 1_800_000
"""A job without a timeout of its own has thirty minutes (Hub documentation, "Configuration")."""


@dataclass(frozen=True)
class Job:
    """A job, independent of any instant.

    Attributes:
        id: 24 hex digits.
        namespace: the name of its owner.
        number: the how-manieth of its hub it is, from 1 on; `UNCOUNTED` of a run of a schedule.
        plan: when it will be what.
        spec: what was asked for.
        labels: its labels now.
        about: who owns, created and initiated it (``owner``, ``createdBy``, ``initiator``, ``resourceGroup``, ``hfToken``), in the shape of the wire,
            since being sent is its only use. Besides, ``exposed``, of a job whose ports were changed: the instants at which they were exposed,
            hidden, exposed, ...
        rule: the id of the rule that it follows, or None.
    """

    id: str
    namespace: str
    number: int
    plan: Plan
    spec: Spec
    labels: Mapping[str, str]
    about: Mapping[str, object]
    rule: int | None = None

    @property
    def flavor(self) -> str:
        """The name of its flavor."""
        return str(self.spec["flavor"])

    @property
    def resource_group(self) -> str | None:
        """The id of the resource group that it is in. One that named a group when its organisation had none is in no group."""
        return group_in(self.about)

    def with_plan(self, plan: Plan) -> Job:
        """The same with another plan. Queues make many of these: `dataclasses.replace` takes its time."""
        return Job(self.id, self.namespace, self.number, plan, self.spec, self.labels, self.about, self.rule)

    @property
    def order_key(self) -> str:
        """Its key in draws."""
        return order_key(self.number, self.id)


@dataclass(frozen=True)
class Waiting:
    """Why a job that could run waits.

    Attributes:
        flavor: the hardware that it waits for.
        namespace: the namespace that may not run more; None: the hardware is all in use.
        limit: how many may run at once.
        ahead: how many jobs are before it in the queue of its flavor.
    """

    flavor: str
    namespace: str | None
    limit: int
    ahead: int

    def __str__(self) -> str:
        ahead = f"{self.ahead} {'job' if self.ahead == 1 else 'jobs'} ahead"
        if self.namespace is not None:
            return f"Waiting for a slot: {self.namespace} may run {self.limit} at once; {ahead}"
        return f"Waiting for hardware: all {self.limit} {self.flavor} are in use; {ahead}"


@dataclass(frozen=True)
class JobAt:
    """A job as it is at the instant ``now``: what every use case answers with.

    Attributes:
        job: the job.
        now: the instant.
        waiting: why it waits for a slot, if it does.
    """

    job: Job
    now: int
    waiting: Waiting | None = None

    @property
    def stage(self) -> JobStage:
        """Its stage at that instant."""
        return self.job.plan.stage_at(self.now)


def group_in(about: Mapping[str, object]) -> str | None:
    """The id of the resource group that a job of which `Job.about` says this is in."""
    group = about.get("resourceGroup")
    return str(group["id"]) if isinstance(group, dict) else None


def order_key(number: int, job_id: str) -> str:
    """The key of a job in draws: its number, or if it is not counted its id."""
    return str(number) if number != UNCOUNTED else job_id


def timeout_ms(spec: Spec) -> int:
    """The timeout of a job in milliseconds."""
    seconds = spec.get("timeoutSeconds")
    return min(seconds * 1000, NEVER) if isinstance(seconds, int) else DEFAULT_TIMEOUT_MS


def command_words(spec: Spec) -> list[str]:
    """The words of the command, followed by the arguments."""
    words: list[str] = []
    for key in ("command", "arguments"):
        part = spec.get(key)
        if isinstance(part, list):
            words.extend(part)
    return words


def features(spec: Spec, labels: Mapping[str, str], namespace: str) -> Features:
    """What the rules see of a job."""
    environment = spec.get("environment")
    return {
        "image": str(spec.get("dockerImage") or spec.get("spaceId") or ""),
        "command": " ".join(words := command_words(spec)),
        "words": words,
        "flavor": str(spec["flavor"]),
        "namespace": namespace,
        "name": labels.get("name", ""),
        "labels": labels,
        "environment": environment if isinstance(environment, dict) else {},
    }
