"""Strategies are quick, stay within the schema and shrink to something that people can read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from inspect import isfunction, signature
from random import Random
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from fakejobs import JobInfo, activate, strategies
from fakejobs.generate.invalid import Broken, Query
from fakejobs.generate.others import ErrorAnswer
from fakejobs.model.stages import JobStage
from fakejobs.wire.validate import problems
from tests.support.programs import run_program

Body = dict[str, Any]

STRATEGIES = [
    each
    for name, each in vars(strategies).items()
    if isfunction(each) and each.__module__ == strategies.__name__ and not name.startswith("_")
]
ANSWERED: dict[str, st.SearchStrategy[Any]] = {
    "job": strategies.job_payloads(),
    "scheduled-job": strategies.scheduled_job_payloads(),
    "hardware": strategies.hardware(),
    "whoami": strategies.whoami(),
    "job-spec": strategies.job_specs() | strategies.create_bodies(),
    "schedule-body": st.fixed_dictionaries({"schedule": strategies.cron_expressions()}),
    "scheduled-job-body": strategies.create_scheduled_bodies(),
    "webhook": strategies.webhook_payloads(),
    "webhook-body": strategies.webhook_bodies(),
    "jobs-usage": strategies.usage_payloads(),
    "metric-event": strategies.metric_events(),
    "labels-body": st.fixed_dictionaries({"labels": strategies.labels()}),
    "error": strategies.errors().map(lambda error: error.body),
}


def simplest(strategy: st.SearchStrategy[Any], wanted: Callable[[Any], bool] = lambda _: True) -> Any:
    # No database, which would begin with what was found before, and always the same beginning: shrinking now and then ends early.
    return find(strategy, wanted, settings=settings(max_examples=2000, database=None), random=Random(0))


@pytest.mark.parametrize("piece", ANSWERED)
def test_what_they_yield_is_allowed(piece: str) -> None:
    @settings(max_examples=60)
    @given(ANSWERED[piece])
    def allowed(made: object) -> None:
        assert problems(piece, made) == []

    allowed()


@given(strategies.job_payloads(date="2026-03-01"), strategies.create_bodies(date="2026-03-01"))
@settings(max_examples=50)
def test_a_day_of_the_contract(job: Body, body: Body) -> None:
    assert problems("job", job, date="2026-03-01") == []
    assert problems("job-spec", body, date="2026-03-01") == []
    assert "startedAt" not in job
    assert not {"expose", "ssh", "network", "resourceGroupId"} & body.keys()


@given(strategies.job_payloads("RUNNING"))
@settings(max_examples=30)
def test_jobs_in_one_stage(job: Body) -> None:
    assert job["status"]["stage"] == "RUNNING"


def test_a_stage_that_there_is_not_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="'QUEUED' is none of"):
        strategies.job_payloads("QUEUED")


@pytest.mark.parametrize("strategy", [each for each in STRATEGIES if "date" in signature(each).parameters])
def test_a_day_that_is_none_is_refused_at_once(strategy: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="write YYYY-MM-DD"):
        strategy(date="yesterday")


def test_a_route_without_a_query_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no rules for queries of"):
        strategies.invalid_queries(["inspect"])
    strategies.invalid_queries(["logs"])
    with pytest.raises(ValueError, match=r"\['logs'\]; there are some for \['count', 'list'"):
        strategies.invalid_queries(["logs"], date="2026-02-04")  # `tail` came later


@pytest.mark.parametrize("day", ["2026-02-04", "2026-05-01", "latest"])
def test_mistakes_of_a_day(day: str) -> None:
    @settings(max_examples=40)
    @given(strategies.invalid_create_bodies(date=day), strategies.invalid_queries(["list"], date=day))
    def broken(body: tuple[object, Broken], query: tuple[Query, Broken]) -> None:
        assert len(problems("job-spec", body[0], date=day)) <= 1
        assert query[0].route == "list"

    broken()


@given(strategies.volumes(), strategies.environments())
@settings(max_examples=50)
def test_parts_make_a_body(volume: Body, environment: dict[str, str]) -> None:
    body = {"flavor": "cpu-basic", "volumes": [volume], "environment": environment}
    assert problems("job-spec", body) == []


@given(strategies.timelines())
@settings(max_examples=30)
def test_a_timeline_is_of_one_job(seen: list[Body]) -> None:
    assert len({body["id"] for body in seen}) == 1


# ------------------------------------------------------------------------------------- JobInfo by its type


@given(st.from_type(JobInfo), strategies.job_infos("ERROR"))
@settings(max_examples=30)
def test_job_info_by_its_type(job: JobInfo, failed: JobInfo) -> None:
    assert problems("job", job.to_wire()) == []
    assert failed.status.stage is JobStage.ERROR


def test_its_type_is_known_without_importing_anything() -> None:
    program = (
        "import sys, hypothesis.strategies as st\n"
        "from fakejobs import JobInfo\n"
        "assert 'fakejobs.strategies' not in sys.modules, 'heavy'\n"
        "@__import__('hypothesis').given(st.from_type(JobInfo))\n"
        "def test(job): assert job.id\n"
        "test()\n"
        "print('well')"
    )
    done = run_program([sys.executable, "-c", program])
    assert done.stdout.strip() == "well", done.stderr


# ------------------------------------------------------------------------------------------------ shrinking

ADA = {
    "id": "f3ab9e4664819c697069b1d3",
    "name": "fake-user",
    "type": "user",
    "avatarUrl": "https://huggingface.co/avatars/2c280a33c5c38f07ecf6bcd5d553fa17.svg",
}
SIMPLEST: Body = {
    "id": "6955b9000000000000000000",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "dockerImage": "python:3.12",
    "environment": {},
    "flavor": "cpu-basic",
    "createdBy": {"id": ADA["id"], "name": ADA["name"]},
    "durations": {"totalSecs": 0},
    "type": "job",
    "owner": ADA,
    "initiator": ADA,
    "status": {"stage": "SCHEDULING", "message": None, "failureCount": 0},
}


def test_the_simplest_job() -> None:
    assert simplest(strategies.job_payloads()) == SIMPLEST


def test_the_simplest_job_that_failed() -> None:
    assert simplest(strategies.job_payloads(), lambda job: job["status"]["stage"] == "ERROR") == {
        **SIMPLEST,
        "startedAt": "2026-01-01T00:00:00.000Z",
        "finishedAt": "2026-01-01T00:00:00.001Z",
        "durations": {"schedulingSecs": 0, "runningSecs": 0, "totalSecs": 0},
        "status": {
            "stage": "ERROR",
            "message": "Job failed with exit code: 1. Reason: Error",
            "failureCount": 0,
        },
    }


@pytest.mark.parametrize(
    ("wanted", "change"),
    [
        (lambda job: job.get("labels"), {"labels": {"name": ""}}),
        (lambda job: job.get("secrets"), {"secrets": ["A"]}),
        (lambda job: "spaceId" in job, {"dockerImage": None, "spaceId": "fake-user/weights"}),
        (lambda job: job["flavor"] == "h200", {"flavor": "h200"}),
        (lambda job: job.get("retry"), {"retry": 1}),
    ],
    ids=["labels", "secrets", "space", "flavor", "retry"],
)
def test_a_job_shrinks_to_what_matters(wanted: Callable[[Body], bool], change: Body) -> None:
    expected = {key: each for key, each in {**SIMPLEST, **change}.items() if each is not None}
    assert simplest(strategies.job_payloads(), wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        *((lambda job, stage=stage: job["status"]["stage"] == stage, 13) for stage in JobStage),
        (lambda job: job.get("volumes"), 12),
        (lambda job: job["owner"]["type"] == "org", 11),
    ],
    ids=[*JobStage, "volumes", "organisation"],
)
def test_whatever_fails_is_small_and_readable(wanted: Callable[[Body], bool], keys: int) -> None:
    # To the letter it is not the same in every run: a key or two may be left that is not needed.
    job = simplest(strategies.job_payloads(), wanted)
    assert len(job) <= keys + 2
    assert len(json.dumps(job)) < 1000


def test_the_simplest_of_the_others() -> None:
    assert simplest(strategies.create_bodies()) == {"dockerImage": "python:3.12", "flavor": "cpu-basic"}
    assert simplest(strategies.cron_expressions()) == "@daily"
    assert simplest(strategies.cron_expressions(), lambda cron: cron[0] != "@") == "* * * * *"
    assert simplest(strategies.hardware())["name"] == "cpu-basic"
    assert simplest(strategies.stages()) is JobStage.SCHEDULING
    assert simplest(strategies.labels()) == {}
    error: ErrorAnswer = simplest(strategies.errors())
    assert (error.status, error.body) == (404, {"error": "Job not found"})
    me = simplest(strategies.whoami())
    assert (me["name"], me["orgs"]) == ("fake-user", [])


def test_the_simplest_of_the_platform() -> None:
    assert simplest(strategies.create_scheduled_bodies()) == {
        "jobSpec": {"dockerImage": "python:3.12", "flavor": "cpu-basic"},
        "schedule": "@daily",
    }
    assert simplest(strategies.webhook_bodies()) == {
        "watched": [{"type": "user", "name": "fake-user"}],
        "jobSourceId": "0" * 24,
        "domains": ["repo"],
    }
    assert simplest(strategies.repo_events()) == {"repo": "fake-user/train"}
    assert simplest(strategies.usage_payloads())["usage"]["jobDetails"] == []
    assert [event["stage"] for event in simplest(strategies.job_events())] == ["SCHEDULING"]
    _body, broken = simplest(strategies.invalid_scheduled_bodies())
    assert (broken.rule, broken.path) == ("required", "jobSpec")


@given(strategies.repo_events())
@settings(max_examples=40)
def test_events_can_be_fired(words: dict[str, object]) -> None:
    with activate() as fake:
        assert fake.fire_event(**words) == []


@given(strategies.webhook_events())
@settings(max_examples=40)
def test_events_name_their_webhook(payload: dict[str, object]) -> None:
    assert {"event", "repo", "webhook"} <= payload.keys()


def test_the_simplest_timelines() -> None:
    def stages(seen: list[Body]) -> list[str]:
        return [body["status"]["stage"] for body in seen]

    assert stages(simplest(strategies.timelines())) == ["RUNNING"]
    retried = simplest(strategies.timelines(), lambda seen: seen[-1]["status"]["failureCount"] == 1)
    assert stages(retried) == ["SCHEDULING", "RUNNING", "SCHEDULING", "RUNNING"]


@pytest.mark.parametrize("day", ["2025-05-19", "2025-08-02", "2025-08-06"])
def test_jobs_that_no_client_could_read_are_refused_at_once(day: str) -> None:
    with pytest.raises(ValueError, match=f"no JobInfo could be read of the jobs of {day}"):
        strategies.job_infos(date=day)


@pytest.mark.parametrize("day", ["2025-05-20", "2025-08-01", "2025-08-07", "2026-05-01", "latest"])
def test_jobs_of_a_day_are_read_and_written_back(day: str) -> None:
    @settings(max_examples=20)
    @given(strategies.job_infos(date=day))
    def read(job: JobInfo) -> None:
        assert problems("job", job.to_wire(), date=day) == []

    read()
