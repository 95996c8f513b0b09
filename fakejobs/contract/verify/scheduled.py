"""Reading schedules, and the jobs that they bring about."""

from __future__ import annotations

from fakejobs.contract.verify.findings import ABSENT
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.seen import mapping
from fakejobs.contract.verify.transport import Answer
from fakejobs.wire.json_types import Json

YEARLY = "0 0 1 1 *"
"""Far away most of the time, so that nothing runs by itself."""


def id_of(answer: Answer) -> str:
    """The id of the scheduled job in an answer."""
    return str(answer.object["id"])


def next_run(answer: Answer) -> str:
    """When it runs next."""
    return str(mapping(answer.object["status"]).get("nextJobRunAt", ABSENT))


def last_job(probe: Probe, scheduled_id: str) -> Json:
    """What a scheduled job says of the last job that it brought about."""
    return mapping(probe.scheduled(f"/{scheduled_id}").object["status"]).get("lastJob", ABSENT)


def jobs_of(probe: Probe, scheduled_id: str, word: str) -> list[dict[str, Json]]:
    """The jobs with a label that a schedule has brought about, oldest first."""
    found = probe.get("", label=[f"try={word}"]).items
    initiator = {"type": "scheduled-job", "id": scheduled_id}
    return [each for each in found if each.get("initiator") == initiator][::-1]
