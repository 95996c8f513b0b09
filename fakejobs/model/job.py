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

DEFAULT_TIMEOUT_MS = 1_800_000
"""A job without a timeout of its own has thirty minutes (Hub documentation, "Configuration")."""


@dataclass(frozen=True)
class Job:
    """A job, independent of any instant.

    Attributes:
        id: 24 hex digits.
        namespace: the name of its owner.
        number: the how-manieth of its hub it is; its order key in draws.
        plan: when it will be what.
        spec: what was asked for.
        labels: its labels now.
        about: who owns, created and initiated it (``owner``, ``createdBy``, ``initiator``, ``hfToken``), in the shape of the wire,
            since being sent is its only use.
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
    def order_key(self) -> str:
        """Its key in draws."""
        return str(self.number)


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
