"""The API as of an earlier day: what did not exist yet behaves as it would have then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from fakejobs.model.api_dates import FIRST_DAY, LATEST
from fakejobs.strategies import create_bodies
from fakejobs.web.app import wsgi_app
from fakejobs.wire.history import CHANGES
from fakejobs.wire.schema import change_days
from fakejobs.wire.validate import problems
from tests.conftest import JOB, TOKEN, frozen_hub

DAYS = (FIRST_DAY, *change_days(), LATEST)


@contextmanager
def served(api: str, **words: object) -> Iterator[tuple[FakeHub, Client]]:
    hub = frozen_hub(api=api, **words)
    try:
        yield hub, Client(wsgi_app(hub))
    finally:
        hub.close()


def ask(web: Client, method: str, path: str, **words: Any) -> TestResponse:
    return web.open(path, method=method, headers=TOKEN, **words)


def submitted(web: Client, **words: object) -> dict[str, Any]:
    answer = ask(web, "POST", "/api/jobs/fake-user", json={**JOB, **words})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


@pytest.mark.parametrize("day", DAYS)
def test_every_day_is_true_to_its_own_schema(day: str) -> None:
    # All responses of these tests are checked against the schema of their day; here is one of each kind.
    with served(day) as (hub, web):
        hub.when(command="*").then(scheduling=0, running=0, logs=["one"])
        job = submitted(web, timeoutSeconds=60)
        job_id = job.get("id") or job["metadata"]["jobId"]
        logs = "logs-stream" if day < "2025-06-02" else "logs"
        assert ask(web, "GET", "/api/jobs/fake-user").get_json() == [job]
        assert ask(web, "GET", f"/api/jobs/fake-user/{job_id}").get_json() == job
        assert '"data":"one"' in ask(web, "GET", f"/api/jobs/fake-user/{job_id}/{logs}").text
        assert ask(web, "GET", "/api/whoami-v2").status_code == 200
        assert problems("job", job, date=day) == []


@pytest.mark.parametrize(
    ("method", "path", "since"),
    [
        ("GET", "/api/jobs/hardware", "2026-01-22"),
        ("PUT", "/api/jobs/fake-user/{job}/labels", "2026-05-05"),
        ("PUT", "/api/jobs/fake-user/{job}/expose", "2026-07-20"),
        ("POST", "/api/jobs/fake-user/auth-check/read", "2026-05-28"),
        ("GET", "/api/scheduled-jobs/fake-user", "2025-09-16"),
    ],
)
def test_a_route_that_came_later_is_unknown(method: str, path: str, since: str) -> None:
    day_before = max(day for day in DAYS if day < since)
    for day, expected in ((day_before, 404), (since, 200)):
        with served(day) as (hub, web):
            hub.when(command="*").then(scheduling=0, running="1h")
            path = path.replace("{job}", submitted(web)["id"])
            body: Any = {"labels": {}} if "labels" in path else {"ports": []}
            answer = ask(web, method, path, json=body if method == "PUT" else None)
            assert answer.status_code == expected
            if expected == 404 and path != "/api/jobs/hardware":
                assert answer.get_json() == {"error": "Sorry, we can't find the page you are looking for."}
                assert f"exists since {since}; this is the API of {day}" in answer.headers["X-Fakejobs-Hint"]


def test_before_there_was_a_hardware_list_its_path_was_that_of_a_namespace() -> None:
    with served("2026-01-01") as (_, web):
        assert ask(web, "GET", "/api/jobs/hardware").status_code == 404


def test_a_route_that_is_gone_is_there_on_its_days_only() -> None:
    with served("2025-06-01") as (hub, web):
        hub.when(command="*").then(scheduling=0, running=0, logs=["one"])
        job = submitted(web)["id"]
        assert ask(web, "GET", f"/api/jobs/fake-user/{job}/logs").status_code == 404
        assert '"one"' in ask(web, "GET", f"/api/jobs/fake-user/{job}/logs-stream").text
        hub.configure(frozen_settings(hub, "latest"))
        assert '"one"' in ask(web, "GET", f"/api/jobs/fake-user/{job}/logs").text
        gone = ask(web, "GET", f"/api/jobs/fake-user/{job}/logs-stream")
        assert gone.status_code == 404
        assert "existed until 2025-06-02; this is the API of latest" in gone.headers["X-Fakejobs-Hint"]
        assert ask(web, "POST", f"/api/jobs/fake-user/{job}/logs-stream").status_code == 404


def frozen_settings(hub: FakeHub, api: str) -> Any:
    from fakejobs.hub.settings import settings_from, settings_to

    return settings_from({**settings_to(hub.settings), "api": api})


def test_a_job_that_waited_said_running_before_there_was_a_word_for_it() -> None:
    for day, stage in (("2026-03-30", "RUNNING"), ("2026-03-31", "SCHEDULING")):
        with served(day) as (hub, web):
            hub.when(command="*").then(scheduling="1m", running="1m")
            job = submitted(web)
            assert job["status"]["stage"] == stage
            counted = ask(web, "GET", "/api/jobs/fake-user/count?stage=RUNNING").get_json()
            assert counted == {"count": 1 if stage == "RUNNING" else 0}


def test_the_owner_changed_twice_in_a_week() -> None:
    def owner(day: str) -> list[str]:
        with served(day) as (_, web):
            return list(submitted(web)["owner"])

    assert owner("2025-08-01") == ["id", "name"]
    assert owner("2025-08-02") == [
        "_id", "avatarUrl", "fullname", "name", "type", "isPro", "isHf", "isHfAdmin", "isMod", "followerCount",
    ]  # fmt: skip
    assert owner("2025-08-06") == owner("2025-08-02")
    assert owner("2025-08-07") == owner("latest") == ["id", "name", "type", "avatarUrl"]


def test_the_author_of_an_organisation_had_no_id() -> None:
    with served("2025-08-03", orgs=["acme"]) as (_, web):
        owner = ask(web, "POST", "/api/jobs/acme", json=JOB).get_json()["owner"]
    assert owner["name"] == "acme"
    assert not {"_id", "id"} & owner.keys()


def test_the_first_jobs_had_three_parts() -> None:
    with served("2025-05-14") as (_, web):
        job = submitted(web, timeout=90)
        assert list(job) == ["metadata", "spec", "status"]
        assert list(job["metadata"]) == ["jobId", "owner", "createdAt"]
        assert (job["spec"]["dockerImage"], job["spec"]["timeout"]) == ("python:3.12", 90)
        assert job["status"]["stage"] == "RUNNING"


def test_what_a_body_could_not_say_yet_is_ignored_as_any_unknown_key() -> None:
    extra = {"labels": {"name": "x"}, "volumes": "nonsense", "ssh": {"enabled": True}, "resourceGroupId": 7}
    with served("2026-01-01") as (_, web):
        job = submitted(web, **extra)
        assert not job.keys() & {"labels", "volumes", "resourceGroupId"}
        assert "sshUrl" not in job["status"]
        assert ask(web, "GET", "/api/jobs/fake-user?label=name%3Dother").get_json() == [job]  # no filter then
    with served("latest") as (_, web):
        assert ask(web, "POST", "/api/jobs/fake-user", json={**JOB, **extra}).status_code == 400


def test_a_flavor_that_came_later_is_refused_and_not_listed() -> None:
    with served("2026-05-19") as (_, web):
        refused = ask(web, "POST", "/api/jobs/fake-user", json={**JOB, "flavor": "rtx-pro-6000"})
        assert refused.status_code == 400
        names = [each["name"] for each in ask(web, "GET", "/api/jobs/hardware").get_json()]
        assert "rtx-pro-6000" not in names
        assert len(names) == 22


def test_a_switch_exposed_a_job_before_ports_had_numbers() -> None:
    with served("2026-06-01") as (_, web):
        job = submitted(web, expose={"enabled": True})
        assert "exposeUrls" not in job["status"]
        assert (
            ask(web, "POST", "/api/jobs/fake-user", json={**JOB, "expose": {"enabled": 7}}).status_code == 400
        )


def test_lists_had_one_page_until_june_2026() -> None:
    for day, seen in (("2026-06-21", 120), ("2026-06-22", 100)):
        with served(day) as (_, web):
            for _ in range(120):
                submitted(web)
            answer = ask(
                web,
                "GET",
                "/api/jobs/fake-user?stage=ERROR" if day == "2026-06-21" else "/api/jobs/fake-user",
            )
            assert len(answer.get_json()) == seen  # `stage` was no filter
            assert ("Link" in answer.headers) == (seen == 100)


def test_metrics_of_a_job_that_is_over_were_an_error_of_the_server() -> None:
    for day, status in (("2026-10-07", 500), ("2026-10-08", 406)):
        with served(day) as (hub, web):
            hub.when(command="*").then(scheduling=0, running=0)
            job = submitted(web)["id"]
            assert ask(web, "GET", f"/api/jobs/fake-user/{job}/metrics").status_code == status
    with served("2026-10-07", quirks={"metrics_of_finished": "empty"}) as (hub, web):
        hub.when(command="*").then(scheduling=0, running=0)
        job = submitted(web)["id"]
        assert ask(web, "GET", f"/api/jobs/fake-user/{job}/metrics").status_code == 200  # what was asked for


def test_the_document_is_of_the_day() -> None:
    with served("2026-01-01") as (_, web):
        paths = ask(web, "GET", "/openapi.json").get_json()["paths"]
    assert "/api/jobs/{namespace}/{jobId}/expose" not in paths
    assert "/api/scheduled-jobs/{namespace}" in paths


@pytest.mark.parametrize(
    ("api", "problem"),
    [
        ("2025-04-08", "too little is known of the API before 2025-04-09"),
        ("2026-13-01", "not a date of the API: '2026-13-01'; write YYYY-MM-DD, 'latest' or 'auto'"),
        ("today", "fakejobs api list"),
        ("20260101", "not a date"),
        (7, "not a date of the API: 7"),
    ],
)
def test_what_is_no_date_is_refused(api: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        frozen_hub(api=api)


def test_links_of_the_document_lead_to_the_jobs_of_the_day() -> None:
    def links(day: str) -> Any:
        with served(day) as (_, web):
            return ask(web, "GET", "/openapi.json").get_json()

    assert (
        links("2025-05-01")["components"]["links"]["cancel"]["parameters"]["jobId"]
        == "$response.body#/metadata/jobId"
    )
    assert links("2025-05-20")["components"]["links"]["cancel"]["parameters"]["jobId"] == "$response.body#/id"
    for day, headers, refused in (("2026-06-21", None, "500"), ("2026-10-08", {"Link"}, "406")):
        paths = links(day)["paths"]
        listed = paths["/api/jobs/{namespace}"]["get"]["responses"]["200"]
        assert set(listed.get("headers", ())) == (headers or set())
        assert refused in paths["/api/jobs/{namespace}/{jobId}/metrics"]["get"]["responses"]


def test_webhooks_that_start_jobs_are_not_there_before_they_could() -> None:
    watched = {"watched": [{"type": "user", "name": "fake-user"}], "domains": ["repo"]}
    with served("latest") as (hub, web):
        plain = {**watched, "url": "https://example.org/hook"}
        assert ask(web, "POST", "/api/settings/webhooks", json=plain).status_code == 200
        assert ask(web, "POST", "/api/settings/webhooks", json={**watched, "job": JOB}).status_code == 200
        assert len(ask(web, "GET", "/api/settings/webhooks").get_json()) == 2
        hub.configure(frozen_settings(hub, "2025-10-22"))
        (seen,) = ask(web, "GET", "/api/settings/webhooks").get_json()
        assert seen["url"] == "https://example.org/hook"
        refused = ask(web, "POST", "/api/settings/webhooks", json={**watched, "job": JOB})
        assert (refused.status_code, refused.get_json()["error"]) == (
            400,
            "✖ Invalid input: url must be given",
        )
        hub.configure(frozen_settings(hub, "auto"))
        for release, count in (("0.35.3", 1), ("0.36.0", 2)):
            assert len(web.get("/api/settings/webhooks", headers=agent(release)).get_json()) == count


def test_what_a_day_does_not_know_is_not_judged_either() -> None:
    with served("2026-06-15") as (_, web):
        submitted(web, expose={"ports": [80], "portsPublic": [81]})  # not one of `ports`
    with served("2025-10-01") as (_, web):
        assert ask(web, "GET", "/api/scheduled-jobs/fake-user?label=bad").status_code == 200


def test_faults_of_streams_happen_to_the_streams_of_the_day() -> None:
    with served("2025-05-25") as (hub, web):
        hub.when(command="*").then(scheduling=0, running=0, logs=["one", "two"])
        hub.fault(end_after=1)
        job = submitted(web)["id"]
        assert ask(web, "GET", f"/api/jobs/fake-user/{job}/logs-stream").text.count("data: ") == 1


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "GET"])
def test_whatever_is_asked_of_a_route_that_came_later_it_is_unknown(method: str) -> None:
    with served("2025-06-10") as (_, web):
        answer = ask(web, method, "/api/scheduled-jobs/fake-user")
        assert (answer.status_code, "exists since 2025-09-16" in answer.headers["X-Fakejobs-Hint"]) == (
            404,
            True,
        )


def test_a_hub_of_a_day() -> None:
    with closing(FakeHub(api="2026-01-01")) as hub:
        assert hub.settings.api == "2026-01-01"
    with pytest.raises(ValueError, match="not a date of the API"):
        FakeHub(api="January")


# ---------------------------------------------------------------------------------- each client the newest that it reads


def agent(release: str) -> dict[str, str]:
    return {**TOKEN, "User-Agent": f"unknown/None; hf_hub/{release}; python/3.11.7"}


@pytest.mark.parametrize(
    ("client", "owner_keys", "jobs", "metrics"),
    [
        (agent("0.34.0"), 2, 120, 500),
        (agent("0.34.3"), 2, 120, 500),
        (agent("0.34.4"), 4, 120, 500),
        (agent("1.20.1"), 4, 120, 500),
        (agent("1.21.0"), 4, 100, 500),
        (agent("2.1.1"), 4, 100, 500),
        (agent("2.2.0"), 4, 100, 406),
        (agent("2.4.0.dev0"), 4, 100, 406),
        ({**TOKEN, "User-Agent": "node"}, 4, 120, 406),
        ({**TOKEN, "User-Agent": "Bun/1.2"}, 4, 120, 406),
        ({**TOKEN, "User-Agent": "undici"}, 4, 120, 406),
        ({**TOKEN, "User-Agent": "my-tool/0.1"}, 4, 100, 406),
        ({**TOKEN, "User-Agent": ""}, 4, 100, 406),
        ({**TOKEN, "User-Agent": "hf_hub/9999999999.1.1"}, 4, 100, 406),
    ],
    ids=lambda each: each["User-Agent"] if isinstance(each, dict) else "",
)
def test_auto_answers_each_client_as_it_can_read(
    client: dict[str, str], owner_keys: int, jobs: int, metrics: int
) -> None:
    with served("auto") as (hub, web):
        hub.when(command="*").then(scheduling=0, running=0)
        for _ in range(120):
            submitted(web)
        found = web.get("/api/jobs/fake-user", headers=client).get_json()
        assert len(found) == jobs
        assert {len(job["owner"]) for job in found} == {owner_keys}
        one = web.get(f"/api/jobs/fake-user/{found[0]['id']}", headers=client).get_json()
        assert one == found[0]
        assert web.get(f"/api/jobs/fake-user/{one['id']}/metrics", headers=client).status_code == metrics
        # All else is today's.
        assert {"startedAt", "durations", "initiator"} <= one.keys()


# --------------------------------------------------------------------------------------------------- what always holds


@given(create_bodies(), st.sampled_from(DAYS), st.sampled_from(DAYS))
@settings(max_examples=60)
def test_a_job_is_the_same_job_on_every_day(spec: dict[str, Any], one: str, other: str) -> None:
    """What both days can say of a job, they say alike, apart from what was said otherwise."""
    with served("latest") as (hub, web):
        # A flavor of all days.
        job = ask(web, "POST", "/api/jobs/fake-user", json={**spec, "flavor": "t4-small"}).get_json()

        def seen(day: str) -> Any:
            hub.configure(frozen_settings(hub, day))
            return ask(web, "GET", f"/api/jobs/fake-user/{job['id']}").get_json()

        earlier, later = seen(one), seen(other)
        assert problems("job", earlier, date=one) == []
        for key in earlier.keys() & later.keys() - {"owner", "initiator", "status"}:
            assert earlier[key] == later[key]
        assert seen("latest") == job  # looking with other eyes has changed nothing


def test_every_change_is_told() -> None:
    told = [change.day for change in CHANGES]
    assert told == sorted(told)
    assert set(change_days()) <= set(told)
    assert json.dumps(CHANGES)
