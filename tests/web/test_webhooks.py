"""The routes of webhooks, and the jobs that events start."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from fakejobs.wire.pieces import PIECES
from tests.conftest import JOB, TOKEN, frozen_hub
from tests.support.play import ME, create, get, post

HOOKS = "/api/settings/webhooks"
DATA = {"type": "dataset", "name": f"{ME}/data"}
BODY = {"watched": [DATA], "domains": ["repo"], "job": JOB}
START = "2026-05-28T20:26:40.000Z"


def made(web: Client, **changes: object) -> Any:
    answer = post(web, HOOKS, {**BODY, **changes})
    assert answer.status_code == 200, answer.text
    return answer.get_json()["webhook"]


def delete(web: Client, path: str) -> TestResponse:
    return web.delete(path, headers=TOKEN)


def jobs(web: Client, namespace: str = ME) -> Any:
    return get(web, f"/api/jobs/{namespace}").get_json()


def fire(hub: FakeHub, **words: object) -> list[str | None]:
    return [each.job for each in hub.fire_event(**{"repo": DATA["name"], "type": "dataset", **words})]


def test_an_inline_job_has_its_keys_in_the_order_of_the_hub(web: Client) -> None:
    job = {
        "flavor": "t4-small",
        "environment": {"AB": "c"},
        "command": ["python", "x.py"],
        "arguments": ["--lr"],
        "dockerImage": "python:3.12",
        "timeoutSeconds": 60,
        "labels": {"name": "nightly"},
        "secrets": {"KEY": "hf_secret_value"},
        "attempts": 3,
        "volumes": [{"type": "bucket", "source": "me/b", "mountPath": "/data"}],
    }
    hook = made(web, job=job, secret="shh-shh-shh", domains=["discussion", "repo"])
    assert list(hook) == ["id", "job", "disabled", "watched", "hasSecret", "domains"]
    assert list(hook["job"]) == [
        key for key in PIECES["webhook"]["properties"]["job"]["properties"] if key in hook["job"]
    ]
    # Neither volumes nor attempts: a webhook runs image, command, environment, hardware and timeout again.
    assert hook["job"] == {
        "dockerImage": "python:3.12",
        "environment": {"AB": "c"},
        "arguments": ["--lr"],
        "command": ["python", "x.py"],
        "flavor": "t4-small",
        "timeoutSeconds": 60,
        "labels": {"name": "nightly"},
        "secrets": ["KEY"],
    }
    assert (hook["hasSecret"], hook["disabled"], hook["domains"]) == (True, False, ["discussion", "repo"])
    assert hook["watched"] == [{"name": f"{ME}/data", "type": "dataset"}]
    assert get(web, f"{HOOKS}/{hook['id']}").get_json() == {"webhook": hook}
    assert get(web, HOOKS).get_json() == [hook]


def test_nothing_of_a_secret_comes_back_or_is_kept(hub: FakeHub, web: Client) -> None:
    made(web, job={**JOB, "secrets": {"KEY": "hf_secret_value"}}, secret="shh-shh-shh")
    fire(hub)
    everything = (
        json.dumps([get(web, HOOKS).get_json(), jobs(web)]) + repr(hub.snapshot()) + repr(hub.requests)
    )
    for value in ("hf_secret_value", "shh-shh-shh"):
        assert value not in everything


def test_a_bare_webhook_lacks_what_it_was_not_given(web: Client) -> None:
    hook = made(web, job={"flavor": "cpu-basic", "dockerImage": "x"})
    assert hook["job"] == {
        "dockerImage": "x",
        "environment": {},
        "flavor": "cpu-basic",
        "timeoutSeconds": None,
    }
    assert hook["hasSecret"] is False


def test_the_job_of_an_event(hub: FakeHub, web: Client) -> None:
    hook = made(
        web,
        job={**JOB, "environment": {"MODE": "fast"}, "labels": {"a": "b"}},
        secret="s",
        secrets={"KEY": "v"},
    )
    (started,) = fire(hub, head_sha="f" * 40)
    (job,) = jobs(web)
    assert job["id"] == started
    assert job["initiator"] == {"type": "webhook", "id": hook["id"]}
    assert (job["owner"]["name"], job["createdBy"]["name"]) == (ME, ME)
    assert job["command"] == JOB["command"]
    assert job["labels"] == {"a": "b"}
    assert job["secrets"] == ["KEY", "WEBHOOK_SECRET"]
    environment = job["environment"]
    payload = json.loads(environment.pop("WEBHOOK_PAYLOAD"))
    (delivery,) = hub.deliveries(hook["id"])
    assert environment == {
        "MODE": "fast",
        "WEBHOOK_ID": delivery.key,
        "WEBHOOK_REPO_ID": f"{ME}/data",
        "WEBHOOK_REPO_TYPE": "dataset",
    }
    assert payload["event"] == {"action": "update", "scope": "repo.content"}
    assert (payload["repo"]["name"], payload["repo"]["headSha"]) == (f"{ME}/data", "f" * 40)
    assert payload["webhook"] == {"id": hook["id"], "version": 3}
    assert get(web, f"{HOOKS}/{hook['id']}").get_json()["webhook"]["lastTriggerAt"] == START


def test_it_follows_the_rules_like_any_job(hub: FakeHub, web: Client) -> None:
    hub.when(environment={"WEBHOOK_REPO_ID": f"{ME}/*"}).then(scheduling=1, running=2, exit_code=3)
    made(web)
    fire(hub)
    hub.clock.advance(3000)
    assert jobs(web)[0]["status"]["message"] == "Job failed with exit code: 3. Reason: Error"


def test_of_a_job_that_is_there(hub: FakeHub, web: Client) -> None:
    source = create(web, secrets={"KEY": "v"}, environment={"AB": "c"}, labels={"name": "x"}, attempts=2)
    body = {"watched": [DATA], "domains": ["repo"], "jobSourceId": source}
    hook = post(web, HOOKS, body).get_json()["webhook"]
    assert hook["jobSourceId"] == source
    assert "secrets" not in hook["job"], "the secrets of the source are not copied"
    (started,) = fire(hub)
    job = get(web, f"/api/jobs/{ME}/{started}").get_json()
    assert job["environment"]["AB"] == "c"
    assert job["labels"] == {"name": "x"}
    assert "secrets" not in job
    assert "retry" not in job


def test_of_a_scheduled_job(hub: FakeHub, web: Client) -> None:
    schedule = post(web, f"/api/scheduled-jobs/{ME}", {"jobSpec": JOB, "schedule": "@daily"}).get_json()["id"]
    body = {"watched": [DATA], "domains": ["repo"], "jobSourceId": schedule}
    assert post(web, HOOKS, body).get_json()["webhook"]["job"]["command"] == JOB["command"]
    fire(hub)
    assert jobs(web)[0]["initiator"]["type"] == "webhook"


def test_of_a_job_of_an_organisation() -> None:
    hub = frozen_hub(orgs=["acme"])
    web = Client(wsgi_app(hub))
    source = post(web, "/api/jobs/acme", JOB).get_json()["id"]
    post(web, HOOKS, {"watched": [DATA], "domains": ["repo"], "jobSourceId": source})
    fire(hub)
    assert [job["owner"]["name"] for job in jobs(web, "acme")] == ["acme", "acme"]
    assert jobs(web) == []


@pytest.mark.parametrize("source", ["0" * 24, "nonsense"])
def test_of_a_job_that_is_not_there(web: Client, source: str) -> None:
    answer = post(web, HOOKS, {"watched": [DATA], "domains": ["repo"], "jobSourceId": source})
    assert (answer.status_code, answer.get_json()) == (404, {"error": "Job not found"})
    assert get(web, HOOKS).get_json() == []


def test_a_url_is_kept_and_never_called(hub: FakeHub, web: Client) -> None:
    body = {"watched": [DATA], "domains": ["repo"], "url": "https://example.org/hook"}
    hook = post(web, HOOKS, body).get_json()["webhook"]
    assert list(hook) == ["id", "url", "disabled", "watched", "hasSecret", "domains"]
    (delivery,) = hub.fire_event(repo=DATA["name"], type="dataset")
    assert (delivery.job, delivery.status) == (None, 200)
    assert jobs(web) == []
    assert get(web, f"{HOOKS}/{hook['id']}").get_json()["webhook"]["lastTriggerAt"] == START


def test_a_disabled_one_does_nothing_until_it_is_enabled(hub: FakeHub, web: Client) -> None:
    hook = made(web)
    assert post(web, f"{HOOKS}/{hook['id']}/disable").get_json()["webhook"]["disabled"] is True
    assert fire(hub) == []
    assert post(web, f"{HOOKS}/{hook['id']}/enable").get_json() == {"webhook": hook}
    assert len(fire(hub)) == 1


def test_a_deleted_one_is_gone_and_its_jobs_are_not(hub: FakeHub, web: Client) -> None:
    hook = made(web)
    fire(hub)
    answer = delete(web, f"{HOOKS}/{hook['id']}")
    assert (answer.status_code, answer.get_json()) == (200, {})
    assert fire(hub) == []
    assert get(web, f"{HOOKS}/{hook['id']}").status_code == 404
    assert len(jobs(web)) == 1


def test_several_start_in_their_order(hub: FakeHub, web: Client) -> None:
    first, other, second = made(web), made(web, watched=[{"type": "user", "name": "nobody"}]), made(web)
    assert [each.webhook for each in hub.fire_event(repo=DATA["name"], type="dataset")] == [
        first["id"],
        second["id"],
    ]
    assert [job["initiator"]["id"] for job in jobs(web)] == [second["id"], first["id"]]
    assert "lastTriggerAt" not in get(web, f"{HOOKS}/{other['id']}").get_json()["webhook"]


class TestUpdate:
    def test_what_is_said_changes_and_the_rest_stays(self, web: Client) -> None:
        hook = made(web, secret="s", secrets={"ONE": "1", "TWO": "2"})
        watched = [{"type": "org", "name": "acme"}]
        answer = post(web, f"{HOOKS}/{hook['id']}", {"watched": watched, "domains": ["discussion"]})
        changed = answer.get_json()["webhook"]
        assert changed["domains"] == ["discussion"]
        assert (changed["watched"][0]["name"], changed["watched"][0]["type"]) == ("acme", "org")
        assert changed["watched"][0]["avatarUrl"].startswith("https://")
        assert (changed["job"], changed["hasSecret"]) == (hook["job"], True)

    def test_secrets_are_replaced_by_name_and_an_empty_one_goes(self, web: Client) -> None:
        source = create(web)
        hook = post(
            web,
            HOOKS,
            {
                "watched": [DATA],
                "domains": ["repo"],
                "jobSourceId": source,
                "secrets": {"ONE": "1", "TWO": "2"},
            },
        ).get_json()["webhook"]
        assert hook["job"]["secrets"] == ["ONE", "TWO"]
        body = {**BODY, "jobSourceId": source, "secrets": {"ONE": "", "THREE": "3"}}
        del body["job"]
        changed = post(web, f"{HOOKS}/{hook['id']}", body).get_json()["webhook"]
        assert changed["job"]["secrets"] == ["TWO", "THREE"]

    def test_a_url_instead_of_a_job(self, hub: FakeHub, web: Client) -> None:
        hook = made(web, secrets={"KEY": "v"})
        body = {"watched": [DATA], "domains": ["repo"], "url": "https://example.org/"}
        changed = post(web, f"{HOOKS}/{hook['id']}", body).get_json()["webhook"]
        assert "job" not in changed
        assert changed["url"] == "https://example.org/"
        assert fire(hub) == [None]


class TestReplay:
    def test_the_same_event_with_the_same_id(self, hub: FakeHub, web: Client) -> None:
        hook = made(web)
        (delivery,) = hub.fire_event(repo=DATA["name"], type="dataset")
        hub.clock.advance(60_000)
        answer = post(web, f"{HOOKS}/{hook['id']}/replay/{delivery.id}")
        assert (answer.status_code, answer.get_json()) == (200, {"status": 200})
        again, first = jobs(web)
        assert again["environment"] == first["environment"]
        assert again["createdAt"] == "2026-05-28T20:27:40.000Z"
        assert [each.key for each in hub.deliveries()] == [delivery.key] * 2

    def test_to_the_webhook_as_it_is_now(self, hub: FakeHub, web: Client) -> None:
        hook = made(web)
        (delivery,) = hub.fire_event(repo=DATA["name"], type="dataset")
        post(web, f"{HOOKS}/{hook['id']}", {**BODY, "job": {**JOB, "command": ["other"]}})
        post(web, f"{HOOKS}/{hook['id']}/replay/{delivery.id}")
        assert jobs(web)[0]["command"] == ["other"]

    def test_not_of_another_and_not_while_disabled(self, hub: FakeHub, web: Client) -> None:
        hook, other = made(web), made(web, watched=[{"type": "user", "name": "nobody"}])
        (delivery,) = hub.fire_event(repo=DATA["name"], type="dataset")
        assert post(web, f"{HOOKS}/{other['id']}/replay/{delivery.id}").status_code == 404
        assert post(web, f"{HOOKS}/{hook['id']}/replay/nonsense").status_code == 404
        post(web, f"{HOOKS}/{hook['id']}/disable")
        assert post(web, f"{HOOKS}/{hook['id']}/replay/{delivery.id}").status_code == 409


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"watched": []}, "at watched"),
        ({"watched": [{"type": "repo", "name": "x"}]}, "at watched[0].type"),
        ({"domains": []}, "at domains"),
        ({"domains": ["repo", "wiki"]}, "at domains[1]"),
        ({"domains": None}, "at domains"),
        ({"url": None}, "at url"),
        ({"url": "example"}, "at url"),
        ({"url": "https://example.org"}, "exactly one of url, job, jobSourceId must be given"),
        ({"secret": "é"}, "at secret"),
        ({"secrets": {"a-b": "c"}}, 'at secrets["a-b"]'),
        ({"job": {"flavor": "h900"}}, "at job.flavor"),
        ({"job": {"flavor": "cpu-basic"}}, "exactly one of dockerImage and spaceId must be given at job"),
    ],
)
def test_what_is_refused(web: Client, changes: dict[str, object], complaint: str) -> None:
    answer = post(web, HOOKS, {**BODY, **changes})
    assert answer.status_code == 400
    assert complaint in answer.headers["X-Error-Message"]


def test_a_webhook_needs_something_to_do(web: Client) -> None:
    answer = post(web, HOOKS, {"watched": [DATA], "domains": ["repo"]})
    assert "exactly one of url, job, jobSourceId must be given" in answer.headers["X-Error-Message"]


def test_an_unknown_action(web: Client) -> None:
    assert post(web, f"{HOOKS}/{made(web)['id']}/pause").status_code == 400


class TestTokens:
    def ask(self, permissions: list[str] | None, role: str, method: str, **body: object) -> int:
        token: dict[str, object] = {"token": "hf_x", "role": role}
        if permissions is not None:
            token["permissions"] = {ME: permissions}
        web = Client(wsgi_app(frozen_hub(tokens=[token])))
        as_it = {"Authorization": "Bearer hf_x"}
        return web.open(HOOKS, method=method, headers=as_it, json=body or None).status_code

    @pytest.mark.parametrize(
        ("permissions", "role", "reads", "writes"),
        [
            (None, "write", 200, 200),
            (None, "read", 200, 403),
            (["user.webhooks.read"], "fineGrained", 200, 403),
            (["user.webhooks.write"], "fineGrained", 200, 403),
            (["user.webhooks.write", "job.write"], "fineGrained", 200, 200),
            (["job.write"], "fineGrained", 403, 403),
        ],
    )
    def test_what_each_may(self, permissions: list[str] | None, role: str, reads: int, writes: int) -> None:
        """A webhook that starts jobs needs the right to start them, too."""
        assert self.ask(permissions, role, "GET") == reads
        assert self.ask(permissions, role, "POST", **BODY) == writes


def test_who_may_not_start_its_jobs_may_not_let_it_start_them() -> None:
    tokens = [
        {"token": "hf_all", "user": ME},
        {"token": "hf_hooks", "user": ME, "permissions": {ME: ["user.webhooks.write"]}},
    ]
    hub = frozen_hub(tokens=tokens)
    web = Client(wsgi_app(hub))

    def ask(path: str, body: object = None, token: str = "hf_hooks") -> int:
        return web.post(HOOKS + path, json=body, headers={"Authorization": f"Bearer {token}"}).status_code

    assert ask("", BODY, "hf_all") == 200
    (hook,) = hub.webhooks(hub.caller("hf_all"))
    (delivery,) = hub.fire_event(repo=DATA["name"], type="dataset")
    assert ask(f"/{hook.id}/replay/{delivery.id}") == 403
    assert ask(f"/{hook.id}", {"watched": [{"type": "user", "name": "bob"}], "domains": ["repo"]}) == 403
    assert [ask(f"/{hook.id}/disable"), ask(f"/{hook.id}/enable")] == [200, 403]
    assert ask(f"/{hook.id}", {"watched": [DATA], "domains": ["repo"], "url": "https://example.com"}) == 200
    assert ask(f"/{hook.id}/enable") == 200, "it starts no jobs now"


class TestRefusedJobs:
    """Nobody waits for an answer: the delivery says why there is no job."""

    def test_without_credits(self) -> None:
        hub = frozen_hub(namespaces={ME: {"credits": 0}})
        web = Client(wsgi_app(hub))
        made(web)
        (delivery,) = hub.fire_event(repo=DATA["name"], type="dataset")
        assert (delivery.job, delivery.status) == (None, 402)
        assert jobs(web) == []

    def test_when_its_user_may_not_any_more(self) -> None:
        hub = frozen_hub(orgs=["acme"])
        web = Client(wsgi_app(hub))
        source = post(web, "/api/jobs/acme", JOB).get_json()["id"]
        post(web, HOOKS, {"watched": [DATA], "domains": ["repo"], "jobSourceId": source})
        web.post("/_fakejobs/settings", json={"orgs": [{"name": "acme", "members": {ME: "read"}}]})
        (delivery,) = hub.fire_event(repo=DATA["name"], type="dataset")
        assert (delivery.job, delivery.status) == (None, 403)


def test_a_thousand_in_a_day_and_not_one_more(hub: FakeHub, web: Client) -> None:
    made(web)
    for _ in range(1000):
        assert len(fire(hub)) == 1
        hub.clock.advance(10)
    assert fire(hub) == []
    hub.clock.advance(86_400_000 - 1000 * 10)
    assert len(fire(hub)) == 1, "the first of them is a day old"


class TestAdmin:
    def test_firing_and_looking(self, web: Client) -> None:
        hook = made(web)
        words = {
            "repo": {"type": "dataset", "name": DATA["name"]},
            "event": {"action": "update", "scope": "repo.content"},
        }
        (delivery,) = web.post("/_fakejobs/repo-event", json=words).get_json()
        assert list(delivery) == ["id", "webhook", "at", "status", "job"]
        assert delivery["job"] == jobs(web)[0]["id"]
        assert delivery["at"] == START
        assert web.get("/_fakejobs/deliveries").get_json() == [delivery]
        assert web.get(f"/_fakejobs/deliveries?webhook={hook['id']}").get_json() == [delivery]
        assert web.get("/_fakejobs/deliveries?webhook=other").get_json() == []

    def test_errors_for_people(self, web: Client) -> None:
        answer = web.post("/_fakejobs/repo-event", json={"repo": "ada/m", "typ": "model"})
        assert answer.status_code == 400
        assert answer.get_json() == {"error": "typ: unknown word; did you mean 'type'?"}
        assert web.post("/_fakejobs/repo-event", json={}).status_code == 400
