"""The routes under ``/api/scheduled-jobs``: bodies, order of keys, errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client

from fakejobs.hub import FakeHub
from fakejobs.hub.schedules import RUN_CONFLICT
from fakejobs.wire.pieces import PIECES
from fakejobs.wire.schema import ROUTES, SCHEDULED_JOB_KEYS, SCHEDULED_JOB_SPEC_KEYS
from tests.conftest import JOB, TOKEN
from tests.support.play import ME

BASE = f"/api/scheduled-jobs/{ME}"
GONE = "0123456789abcdef01234567"
MINUTE = 60_000


def create(web: Client, job: dict[str, object] | None = None, **words: object) -> Any:
    body = {"jobSpec": {**JOB, **(job or {})}, "schedule": "*/5 * * * *", **words}
    answer = web.post(BASE, headers=TOKEN, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json


def call(web: Client, method: str, path: str = "", **words: Any) -> Any:
    return web.open(BASE + path, method=method, headers=TOKEN, **words)


def test_what_is_made_is_there(web: Client) -> None:
    made = create(
        web,
        {
            "timeoutSeconds": 600,
            "attempts": 3,
            "secrets": {"KEY": "a very secret value"},
            "labels": {"team": "a"},
            "environment": {"EPOCHS": "3"},
            "volumes": [{"type": "dataset", "source": "ada/images", "mountPath": "/data"}],
            "ssh": {"enabled": True},
        },
        schedule="@daily",
        concurrency=True,
    )
    owner = made["owner"]
    assert made == {
        "id": made["id"],
        "createdAt": "2026-05-28T20:26:40.000Z",
        "schedule": "@daily",
        "suspend": False,
        "concurrency": True,
        "status": {"lastJob": None, "nextJobRunAt": "2026-05-29T00:00:00.000Z"},
        "type": "scheduled-job",
        "owner": {"id": owner["id"], "name": ME, "avatarUrl": owner["avatarUrl"], "type": "user"},
        "initiator": owner,
        "jobSpec": {
            "dockerImage": "python:3.12",
            "timeout": 600,
            "environment": {"EPOCHS": "3"},
            "command": ["python", "train.py"],
            "flavor": "cpu-basic",
            "retry": 2,
            "volumes": [{"type": "dataset", "source": "ada/images", "mountPath": "/data"}],
            "secrets": ["KEY"],
            "labels": {"team": "a"},
        },
    }
    assert list(made) == [key for key in SCHEDULED_JOB_KEYS if key in made]
    assert list(made["jobSpec"]) == [key for key in SCHEDULED_JOB_SPEC_KEYS if key in made["jobSpec"]]
    assert list(made["owner"]) == ["id", "name", "avatarUrl", "type"]
    assert call(web, "GET", f"/{made['id']}").json == made
    assert call(web, "GET").json == [made]


def test_a_month_later(hub: FakeHub, web: Client) -> None:
    made = create(web, schedule="@daily")
    hub.clock.advance(30 * 1440 * MINUTE)
    now = call(web, "GET", f"/{made['id']}").json
    jobs = web.get(f"/api/jobs/{ME}", headers=TOKEN).json
    assert jobs is not None
    assert len(jobs) == 30
    assert now["status"] == {
        "lastJob": {"id": jobs[0]["id"], "at": jobs[0]["createdAt"]},
        "nextJobRunAt": "2026-06-28T00:00:00.000Z",
    }
    assert jobs[0]["initiator"] == {"type": "scheduled-job", "id": made["id"]}
    assert jobs[0]["createdAt"] == "2026-06-27T00:00:00.000Z"
    assert jobs[0]["createdBy"]["name"] == ME


def test_the_same_bodies_whether_they_are_listed_or_read(hub: FakeHub, web: Client) -> None:
    create(web, schedule="* * * * *", concurrency=True)
    hub.when().then(exit_code=2)
    hub.clock.advance(30 * MINUTE)
    hub.delete_rules()
    hub.clock.advance(60 * MINUTE)
    jobs = web.get(f"/api/jobs/{ME}", headers=TOKEN).json
    assert jobs is not None
    assert len(jobs) == 90
    for job in jobs:
        alone = web.get(f"/api/jobs/{ME}/{job['id']}", headers=TOKEN)
        assert json.loads(alone.data) == job
        assert list(alone.json) == list(job)  # type: ignore[arg-type]
    assert {job["status"]["message"] for job in jobs} == {None, "Job failed with exit code: 2. Reason: Error"}


def test_suspend_resume_and_delete_answer_ok(web: Client) -> None:
    one = f"/{create(web)['id']}"
    for method, path in (("POST", "/suspend"), ("POST", "/suspend"), ("POST", "/resume"), ("DELETE", "")):
        answer = call(web, method, one + path)
        assert (answer.status_code, answer.text, answer.mimetype) == (200, "OK", "text/plain")
    assert call(web, "GET", one).status_code == 404
    assert call(web, "DELETE", one).status_code == 404


def test_suspended_ones_are_listed(hub: FakeHub, web: Client) -> None:
    made = create(web, suspend=True)
    assert made["suspend"] is True
    assert made["status"]["nextJobRunAt"] == "2026-05-28T20:30:00.000Z"
    assert "suspendReason" not in made
    assert len(call(web, "GET").json) == 1


def test_run_twice_is_a_conflict(web: Client) -> None:
    one = f"/{create(web)['id']}/run"
    job = call(web, "POST", one)
    assert job.status_code == 200
    assert job.json["type"] == "job"
    again = call(web, "POST", one)
    assert (again.status_code, again.json) == (409, {"error": RUN_CONFLICT})
    assert PIECES["run-conflict"]["properties"]["error"]["const"] == RUN_CONFLICT
    both = f"/{create(web, concurrency=True)['id']}/run"
    assert [call(web, "POST", both).status_code for _ in range(2)] == [200, 200]


def test_another_schedule_and_other_labels(web: Client) -> None:
    one = f"/{create(web)['id']}"
    answer = call(web, "POST", f"{one}/schedule", json={"schedule": "@monthly"})
    assert (answer.json["schedule"], answer.json["status"]["nextJobRunAt"]) == (
        "@monthly",
        "2026-06-01T00:00:00.000Z",
    )
    answer = call(web, "PUT", f"{one}/labels", json={"labels": {"team": "b"}})
    assert answer.json["jobSpec"]["labels"] == {"team": "b"}
    assert "labels" not in call(web, "PUT", f"{one}/labels", json={"labels": {}}).json["jobSpec"]


def test_the_list_filters_by_one_label(web: Client) -> None:
    ids = [create(web, {"labels": {"team": team}})["id"] for team in ("a", "b", "b")]
    assert [each["id"] for each in call(web, "GET").json] == ids[::-1]
    assert [each["id"] for each in call(web, "GET", query_string={"label": "team=b"}).json] == [
        ids[2],
        ids[1],
    ]
    assert call(web, "GET", query_string={"label": "team=c"}).json == []
    assert call(web, "GET", query_string={"label": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    "route",
    [r for r in ROUTES if "/api/scheduled-jobs/{namespace}/{jobId}" in r.path],
    ids=lambda route: route.name,
)
def test_what_is_not_there_is_not_found(web: Client, route: Any) -> None:
    words: dict[str, Any] = {"headers": TOKEN, "method": route.method}
    for path in (route.path.replace("{namespace}", ME), route.path.replace("{namespace}", "nobody")):
        answer = web.open(path.replace("{jobId}", GONE), **words)
        assert answer.status_code == 404
    answer = web.open(route.path.replace("{namespace}", ME).replace("{jobId}", GONE), **words)
    assert answer.json == {"error": "Scheduled job not found"}
    malformed = web.open(route.path.replace("{namespace}", ME).replace("{jobId}", "x"), **words)
    assert malformed.status_code == 404
    anonymous = web.open(route.path.replace("{namespace}", ME).replace("{jobId}", GONE), method=route.method)
    assert anonymous.status_code == 401


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "jobSpec"),
        ({"jobSpec": JOB}, "schedule"),
        ({"jobSpec": {}, "schedule": "@daily"}, "jobSpec.flavor"),
        (
            {"jobSpec": {**JOB, "spaceId": "a/b"}, "schedule": "@daily"},
            "exactly one of dockerImage and spaceId",
        ),
        ({"jobSpec": JOB, "schedule": "@midnight"}, "must match pattern"),
        ({"jobSpec": JOB, "schedule": "* * * * MON"}, "must match pattern"),
        ({"jobSpec": JOB, "schedule": "75 * * * *"}, "Invalid schedule: minute: 75 is beyond 0 to 59"),
        ({"jobSpec": JOB, "schedule": "0 0 30 2 *"}, "no such day"),
        ({"jobSpec": JOB, "schedule": "0 0 0 1 1 * 2020"}, "it would never run any more"),
        ({"jobSpec": JOB, "schedule": "@daily", "suspend": "yes"}, "suspend"),
        ({"jobSpec": JOB, "schedule": 5}, "schedule"),
        ([], "expected object"),
    ],
)
def test_what_is_wrong_is_said(web: Client, body: object, where: str) -> None:
    answer = web.post(BASE, headers=TOKEN, json=body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert where in answer.json["error"]
    one = f"/{create(web)['id']}/schedule"
    if isinstance(body, dict) and "jobSpec" in body and "schedule" in body and "schedule" in where.lower():
        assert call(web, "POST", one, json={"schedule": body["schedule"]}).status_code == 400


def test_a_pattern_that_backtracks_is_answered_at_once(web: Client) -> None:
    hostile = "1," * 30_000 + "x"
    answer = web.post(BASE, headers=TOKEN, json={"jobSpec": JOB, "schedule": hostile})
    assert answer.status_code == 400
    assert "1,1,1" not in answer.text
    long = "1 " * 4 + "1" * 30_000
    assert (
        "at most 1000 characters"
        in web.post(BASE, headers=TOKEN, json={"jobSpec": JOB, "schedule": long}).text
    )


def test_a_secret_is_nowhere(hub: FakeHub, web: Client) -> None:
    secret = "a very secret value"
    made = create(web, {"secrets": {"KEY": secret}})
    hub.clock.advance(10 * MINUTE)
    everything = [web.get(f"/api/jobs/{ME}", headers=TOKEN).text, call(web, "GET").text, str(hub.snapshot())]
    everything += [str(hub.requests), str(hub.all_jobs())]
    assert all(secret not in text for text in everything)
    assert made["jobSpec"]["secrets"] == ["KEY"]


def test_admin_lists_and_adds(web: Client) -> None:
    made = create(web)
    assert web.get("/_fakejobs/scheduled-jobs").json == [made]
    added = web.post("/_fakejobs/scheduled-jobs", json={"schedule": "@daily", "age": "30d"})
    assert added.json is not None
    assert added.json["status"]["lastJob"]["at"] == "2026-05-28T00:00:00.000Z"
    wrong = web.post("/_fakejobs/scheduled-jobs", json={"schedule": "@never"})
    assert wrong.status_code == 400
    assert "schedule: give an alias" in wrong.text
