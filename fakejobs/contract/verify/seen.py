"""Reading jobs: their parts, and their lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fakejobs.contract.verify.findings import ABSENT, said
from fakejobs.contract.verify.transport import Answer, NotAsExpected
from fakejobs.model.stages import TERMINAL
from fakejobs.model.times import from_iso
from fakejobs.wire.json_types import Json

OVER = frozenset(stage.value for stage in TERMINAL)


@dataclass(frozen=True)
class Life:
    """A job from its submission to its end.

    Attributes:
        created: the answer to its submission.
        seen: every answer of asking for it, in order, to the first that it was over in, if it was.
    """

    created: Answer
    seen: tuple[Answer, ...]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.created.object["id"])

    @property
    def final(self) -> dict[str, Json]:
        """The job at its end, or as it was seen last.

        Raises:
            NotAsExpected: it was not over in time.
        """
        job = self.seen[-1].object
        if stage_of(job) not in OVER:
            raise NotAsExpected("a job that ends", f"{stage_of(job)} after a long time")
        return job

    @property
    def stages(self) -> list[str]:
        """The stages that it was seen in, in order, without repetitions."""
        stages = [stage_of(answer.object) for answer in (self.created, *self.seen)]
        return [stage for number, stage in enumerate(stages) if number == 0 or stages[number - 1] != stage]

    def first_in(self, stage: str) -> dict[str, Json]:
        """The job as it was when it was first seen in ``stage``.

        Raises:
            NotAsExpected: it never was.
        """
        for answer in (self.created, *self.seen):
            if stage_of(answer.object) == stage:
                return answer.object
        raise NotAsExpected(f"a job that is seen in {stage}", " → ".join(self.stages))


def mapping(value: Json) -> dict[str, Json]:
    """A JSON object.

    Raises:
        NotAsExpected: it is none.
    """
    if not isinstance(value, dict):
        raise NotAsExpected("a JSON object", said(value))
    return value


def status_of(job: Mapping[str, Json]) -> dict[str, Json]:
    """The status of a job.

    Raises:
        NotAsExpected: it has none.
    """
    status = job.get("status")
    if not isinstance(status, dict):
        raise NotAsExpected("a job with a status", said(status))
    return status


def stage_of(job: Mapping[str, Json]) -> str:
    """The stage of a job.

    Raises:
        NotAsExpected: it has none.
    """
    stage = status_of(job).get("stage")
    if not isinstance(stage, str):
        raise NotAsExpected("a job with status.stage", said(stage))
    return stage


def instant_of(job: Mapping[str, Json], key: str) -> int:
    """A timestamp of a job in milliseconds.

    Raises:
        NotAsExpected: it has none.
    """
    value = job.get(key, ABSENT)
    try:
        return from_iso(str(value))
    except ValueError:
        raise NotAsExpected(f"a job with {key}", said(value)) from None
