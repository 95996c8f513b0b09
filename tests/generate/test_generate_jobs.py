"""Generated jobs make sense: times, durations, stage, owner and addresses of one body agree."""

from __future__ import annotations

from typing import Any

import pytest

from fakejobs.generate import jobs, others, specs
from fakejobs.generate.source import Seeded
from fakejobs.model.stages import JobStage
from fakejobs.model.times import from_iso
from fakejobs.wire.schema import (
    JOB_KEYS,
    SCHEDULED_JOB_KEYS,
    SCHEDULED_JOB_SPEC_KEYS,
    STATUS_KEYS,
    change_days,
)
from fakejobs.wire.validate import problems
from tests.nightly.others import check_timeline

Body = dict[str, Any]
DAYS = ("2025-07-01", *change_days(), "latest")
MANY = 600


@pytest.fixture(scope="module")
def made() -> list[Body]:
    choices = Seeded(3)
    return [jobs.job(choices) for _ in range(MANY)]


def in_order(keys: Any, order: tuple[str, ...]) -> bool:
    return list(keys) == [key for key in order if key in keys]


def times(body: Body) -> list[int]:
    return [from_iso(body[key]) for key in ("createdAt", "startedAt", "finishedAt") if key in body]


def test_keys_stand_in_the_order_of_the_hub(made: list[Body]) -> None:
    for body in made:
        assert in_order(body, JOB_KEYS)
        assert in_order(body["status"], STATUS_KEYS)


def test_ids_begin_with_the_second_of_the_creation(made: list[Body]) -> None:
    for body in made:
        assert int(body["id"][:8], 16) == from_iso(body["createdAt"]) // 1000


def test_times_are_in_order_and_durations_add_up(made: list[Body]) -> None:
    for body in made:
        assert times(body) == sorted(times(body))
        durations = body.get("durations", {})
        assert ("runningSecs" in durations) == ("schedulingSecs" in durations)
        if "runningSecs" in durations:
            created, started, *finished = times(body)
            assert durations["schedulingSecs"] == (started - created) // 1000
            if finished:
                assert durations["runningSecs"] == (finished[0] - started) // 1000
            # Each is rounded down on its own.
            parts = durations["schedulingSecs"] + durations["runningSecs"]
            assert durations.get("totalSecs", parts) - parts in (0, 1)


def test_nothing_runs_longer_than_its_timeout(made: list[Body]) -> None:
    for body in made:
        limit = body.get("timeout", 1800)
        running = body.get("durations", {}).get("runningSecs", 0)
        assert running <= limit
        if body["status"]["message"] == "Job timeout" and "durations" in body:
            assert running == limit


def test_each_stage_has_the_keys_that_it_allows(made: list[Body]) -> None:
    for body in made:
        stage, status = body["status"]["stage"], body["status"]
        assert (status["message"] is not None) == (stage == "ERROR")
        if "cancelReason" in status:
            assert stage == "CANCELED"
        if "finishedAt" in body:
            assert stage in ("COMPLETED", "ERROR")
        if stage == "SCHEDULING":
            assert "startedAt" not in body
            assert set(body["durations"]) <= {"totalSecs"}
        if stage == "RUNNING":
            assert "startedAt" in body
        if stage in ("CANCELED", "DELETED"):
            assert "durations" not in body
        assert status.get("failureCount", 0) <= body.get("retry", 0)


def test_addresses_have_the_id(made: list[Body]) -> None:
    for body in made:
        ports = body.get("expose", {}).get("ports", [])
        urls = [f"https://{body['id']}--{port}.hf.jobs" for port in ports]
        assert body["status"].get("exposeUrls", []) == urls
        assert set(body.get("expose", {}).get("portsPublic", [])) <= set(ports)
        assert (
            body["status"].get("sshUrl", f"ssh://{body['id']}@ssh.hf.jobs")
            == f"ssh://{body['id']}@ssh.hf.jobs"
        )


def test_persons_agree(made: list[Body]) -> None:
    initiators, owners = set(), set()
    for body in made:
        owner, creator, initiator = body["owner"], body["createdBy"], body.get("initiator", {})
        owners.add(owner["type"])
        initiators.add(initiator.get("type"))
        if owner["type"] == "user":
            assert (owner["id"], owner["name"]) == (creator["id"], creator["name"])
            assert "resourceGroupId" not in body
        if "name" in initiator:
            assert initiator in (owner, {**initiator, **creator, "type": "user"})
        if "resourceGroup" in body:
            assert body["resourceGroup"]["id"] == body["resourceGroupId"]
        if "hfToken" in body:
            assert body["hfToken"]["ownerName"] == creator["name"]
            assert body["secrets"]
    assert owners == {"user", "org"}
    assert initiators == {None, "user", "org", "scheduled-job", "duplicated-job", "webhook"}


@pytest.mark.parametrize("date", DAYS)
def test_each_day_has_its_own_shape(date: str) -> None:
    choices = Seeded(5)
    for _ in range(60):
        assert problems("job", jobs.job(choices, None, date), date=date) == []
        assert problems("scheduled-job", jobs.scheduled_job(choices, date), date=date) == []
        assert problems("hardware", others.hardware(choices, date), date=date) == []
        assert problems("whoami", others.whoami(choices, date), date=date) == []
        assert problems("job-spec", specs.any_job_spec(choices, date), date=date) == []
        assert problems("scheduled-job-body", specs.scheduled_body(choices, date), date=date) == []
        assert all(problems("job", each, date=date) == [] for each in jobs.timeline(choices, date))


def test_an_old_day_has_no_keys_and_stages_of_later() -> None:
    choices = Seeded(0)
    old: list[Body] = [jobs.job(choices, None, "2026-03-01") for _ in range(200)]
    assert not {key for body in old for key in body} & {"startedAt", "durations", "expose", "network"}
    assert {body["status"]["stage"] for body in old} == set(JobStage) - {"SCHEDULING"}


@pytest.mark.parametrize("stage", JobStage)
def test_a_stage_that_was_asked_for(stage: JobStage) -> None:
    choices = Seeded(0)
    asked: list[Body] = [jobs.job(choices, stage) for _ in range(50)]
    assert {body["status"]["stage"] for body in asked} == {stage.value}


def test_a_stage_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"stage: 'QUEUED' is none of SCHEDULING, .* \(API of latest\)"):
        jobs.job(Seeded(0), "QUEUED")
    with pytest.raises(ValueError, match=r"'SCHEDULING' is none of .* \(API of 2026-03-01\)"):
        jobs.job(Seeded(0), "SCHEDULING", "2026-03-01")


# ------------------------------------------------------------------------------------------- what changes


def test_a_poller_sees_one_job_on_its_way_through_the_table() -> None:
    choices = Seeded(1)
    ways = {check_timeline(jobs.timeline(choices)) for _ in range(MANY)}
    assert "RUNNING" in ways
    assert any(way.split().count("SCHEDULING") == 3 and way.endswith("COMPLETED") for way in ways)
    assert {way.split()[-1] for way in ways} == {"RUNNING", "COMPLETED", "ERROR", "CANCELED", "DELETED"}


def test_bodies_of_a_timeline_share_nothing() -> None:
    choices = Seeded(2)
    seen: list[Body] = next(each for _ in range(100) if len(each := jobs.timeline(choices)) > 1)
    for key in seen[0]:
        if isinstance(seen[0][key], (dict, list)):
            assert seen[0][key] is not seen[1].get(key)


def test_a_scheduled_job_runs_after_its_creation() -> None:
    choices = Seeded(0)
    for _ in range(MANY):
        body: Body = jobs.scheduled_job(choices)
        assert in_order(body, SCHEDULED_JOB_KEYS)
        assert in_order(body["jobSpec"], SCHEDULED_JOB_SPEC_KEYS)
        assert int(body["id"][:8], 16) == from_iso(body["createdAt"]) // 1000
        following, last = from_iso(body["status"]["nextJobRunAt"]), body["status"]["lastJob"]
        ran = from_iso(last["at"]) if last else from_iso(body["createdAt"])
        assert from_iso(body["createdAt"]) <= ran < following
        if last:
            assert int(last["id"][:8], 16) == ran // 1000
        assert body["suspend"] or "suspendReason" not in body
        assert not {"startedAt", "finishedAt", "durations"} & body["jobSpec"].keys()
