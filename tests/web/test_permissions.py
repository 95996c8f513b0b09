"""Who may do what: tokens, roles, resource groups, and that a namespace never sees another's jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.draws import entity_id
from fakejobs.web.app import wsgi_app
from fakejobs.wire.schema import ROUTES, Route
from tests.conftest import JOB, frozen_hub

PEOPLE: Mapping[str, object] = {
    "users": ["ada", "bob", "eve"],
    "orgs": [
        {
            "name": "acme",
            "plan": "enterprise",
            "members": {"ada": "admin", "bob": "read", "eve": "no_access"},
            "groups": [
                {"name": "vision", "members": {"eve": "write", "bob": "read"}},
                {"name": "audio", "members": {"bob": "write"}},
            ],
        }
    ],
    "tokens": [
        {"token": "hf_ada", "user": "ada"},
        {"token": "hf_ada_reads", "user": "ada", "role": "read"},
        {"token": "hf_ada_ci", "user": "ada", "permissions": {"acme": ["job.write"]}},
        {"token": "hf_ada_vision", "user": "ada", "permissions": {"acme/vision": ["job.write", "job.read"]}},
        {"token": "hf_ada_old", "user": "ada", "name": "laptop", "expires": "2026-05-28T20:26:41.000Z"},
        {"token": "hf_bob", "user": "bob"},
        {"token": "hf_eve", "user": "eve"},
    ],
}
VISION = entity_id("resource-group", "acme/vision")
AUDIO = entity_id("resource-group", "acme/audio")

BODIES: Mapping[str, object] = {
    "job-spec": JOB,
    "labels-body": {"labels": {"mine": "now"}},
    "expose-body": {"ports": [80]},
    "scheduled-job-body": {"jobSpec": JOB, "schedule": "@daily"},
    "schedule-body": {"schedule": "@hourly"},
    "webhook-body": {"watched": [{"type": "user", "name": "ada"}], "domains": ["repo"], "job": JOB},
}
"""A body for every route that takes one: whoever adds a route with a new one finds it missing here."""

OF_NAMESPACES = [route for route in ROUTES if "{namespace}" in route.path]
OF_JOBS = [route for route in OF_NAMESPACES if "{jobId}" in route.path]
OF_WEBHOOKS = [route for route in ROUTES if "{webhookId}" in route.path]


class World:
    """A hub with people, a job and a scheduled job of ada's, and a webhook."""

    def __init__(self, **words: object) -> None:
        self.hub: FakeHub = frozen_hub(**{**PEOPLE, **words})
        self.web = Client(wsgi_app(self.hub))

    def ask(self, method: str, path: str, token: str | None, body: object = None) -> TestResponse:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.web.open(path, method=method, headers=headers, json=body)

    def run(self, namespace: str, token: str = "hf_ada", **spec: object) -> str:
        answer = self.ask("POST", f"/api/jobs/{namespace}", token, {**JOB, **spec})
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["id"])

    def ids(self, namespace: str, token: str) -> list[str]:
        answer = self.ask("GET", f"/api/jobs/{namespace}", token)
        assert answer.status_code == 200, answer.text
        count = self.ask("GET", f"/api/jobs/{namespace}/count", token).get_json()["count"]
        found = [job["id"] for job in answer.get_json()]
        assert count == len(found)
        return found

    def status(self, path: str, token: str | None, method: str = "GET", body: object = None) -> int:
        return self.ask(method, path, token, body).status_code


def call(
    world: World, route: Route, namespace: str, token: str | None, ids: Mapping[str, str]
) -> TestResponse:
    path = route.path.replace("{namespace}", namespace)
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    body = BODIES[route.body] if route.body is not None else None
    return world.ask(route.method, path, token, body)


def ids_for(world: World, route: Route, owner: str, token: str) -> dict[str, str]:
    """Ids that lead to something of the owner's, whatever the route wants."""
    ids = {"perms": "write", "action": "disable"}
    if "scheduled" in route.path and "{jobId}" in route.path:
        body = BODIES["scheduled-job-body"]
        ids["jobId"] = world.ask("POST", f"/api/scheduled-jobs/{owner}", token, body).get_json()["id"]
    elif "{jobId}" in route.path:
        ids["jobId"] = world.run(owner, token)
        world.hub.clock.advance(3_600_000)  # its log has ended, so that no stream waits
    elif "{webhookId}" in route.path:
        made = world.ask("POST", "/api/settings/webhooks", token, BODIES["webhook-body"])
        ids["webhookId"] = made.get_json()["webhook"]["id"]
        (delivery,) = world.hub.fire_event(repo="ada/m")
        ids["logId"] = delivery.id
    return ids


def named(route: Route) -> str:
    return route.name


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_without_a_token_nothing_but_the_hardware(route: Route) -> None:
    world = World()
    ids = {"jobId": "0" * 24, "perms": "read", "webhookId": "0" * 24, "action": "enable", "logId": "x"}
    answer = call(world, route, "ada", None, ids)
    assert (answer.status_code == 200) is route.public
    if not route.public:
        assert answer.status_code == 401
        assert answer.get_json() == {"error": "Invalid username or password."}
        assert answer.headers["X-Error-Message"] == "Invalid username or password."


@pytest.mark.parametrize("route", OF_NAMESPACES, ids=named)
def test_a_stranger_is_refused_by_name(route: Route) -> None:
    world = World()
    ids = ids_for(world, route, "ada", "hf_ada")
    before = world.hub.snapshot()
    answer = call(world, route, "ada", "hf_bob", ids)
    assert answer.status_code == 403
    text = answer.headers["X-Error-Message"]
    assert text.startswith(
        "You don't have the required permissions to complete this action on namespace ada, missing permissions: job."
    )
    assert answer.get_json() == {"error": text}
    assert answer.headers["X-Fakejobs-Hint"] == "bob is not ada"
    assert world.hub.snapshot() == before


@pytest.mark.parametrize("route", OF_JOBS, ids=named)
@pytest.mark.parametrize("token", ["hf_bob", "hf_ada"])
def test_no_namespace_sees_the_job_of_another(route: Route, token: str) -> None:
    """Neither with a token of that other namespace, nor with one that has both."""
    world = World()
    other = {"hf_bob": "bob", "hf_ada": "acme"}[token]
    ids = ids_for(world, route, "ada", "hf_ada")
    before = world.hub.snapshot()
    answer = call(world, route, other, token, ids)
    assert answer.status_code == 404
    assert answer.get_json()["error"] in ("Job not found", "Scheduled job not found")
    assert world.hub.snapshot() == before
    mine = call(world, route, "ada", "hf_ada", ids)
    assert mine.status_code not in (401, 403, 404), "it is there, all the same"


@pytest.mark.parametrize("route", OF_WEBHOOKS, ids=named)
def test_nobody_sees_the_webhook_of_another(route: Route) -> None:
    world = World()
    ids = ids_for(world, route, "ada", "hf_ada")
    before = world.hub.snapshot()
    answer = call(world, route, "", "hf_bob", ids)
    assert (answer.status_code, answer.get_json()) == (404, {"error": "Webhook not found"})
    assert world.hub.snapshot() == before
    assert world.ask("GET", "/api/settings/webhooks", "hf_bob").get_json() == []


def test_lists_and_counts_show_ones_own() -> None:
    world = World()
    ours, theirs = world.run("ada"), world.run("acme")
    assert world.ids("ada", "hf_ada") == [ours]
    assert world.ids("acme", "hf_ada") == [theirs]
    assert world.ids("bob", "hf_bob") == []


@pytest.mark.parametrize(
    ("token", "namespace", "reads", "writes"),
    [
        ("hf_ada", "ada", 200, 200),
        ("hf_ada", "acme", 200, 200),
        ("hf_ada_reads", "ada", 200, 403),
        ("hf_ada_reads", "acme", 200, 403),
        ("hf_ada_ci", "ada", 403, 403),
        ("hf_ada_ci", "acme", 200, 200),
        ("hf_bob", "acme", 200, 403),
        ("hf_eve", "acme", 200, 403),
        ("hf_eve", "ada", 403, 403),
        ("hf_bob", "nowhere", 404, 404),
    ],
)
def test_reading_and_starting(token: str, namespace: str, reads: int, writes: int) -> None:
    world = World()
    assert world.status(f"/api/jobs/{namespace}", token) == reads
    assert world.status(f"/api/jobs/{namespace}/count", token) == reads
    assert world.status(f"/api/jobs/{namespace}", token, "POST", JOB) == writes


@pytest.mark.parametrize("permission", ["read", "write"])
@pytest.mark.parametrize(
    "token", ["hf_ada", "hf_ada_reads", "hf_ada_ci", "hf_ada_vision", "hf_bob", "hf_eve"]
)
@pytest.mark.parametrize("namespace", ["ada", "bob", "acme", VISION, AUDIO])
def test_auth_check_says_what_the_other_routes_do(token: str, namespace: str, permission: str) -> None:
    world = World()
    answer = world.ask("POST", f"/api/jobs/{namespace}/auth-check/{permission}", token)
    if permission == "read":
        assert answer.status_code == world.status(f"/api/jobs/{namespace}", token)
    elif world.status(f"/api/jobs/{namespace}", token, "POST", JOB) == 200:
        assert answer.status_code == 200
    if answer.status_code == 200:
        assert answer.get_json()["namespace"]["name"] in ("ada", "bob", "acme")
        assert answer.get_json()["user"]["name"] == token.split("_")[1]


def test_a_token_expires_by_the_clock_of_the_fake() -> None:
    world = World()
    assert world.status("/api/whoami-v2", "hf_ada_old") == 200
    world.hub.clock.advance(999)
    assert world.status("/api/whoami-v2", "hf_ada_old") == 200
    world.hub.clock.advance(1)
    answer = world.ask("GET", "/api/whoami-v2", "hf_ada_old")
    assert (answer.status_code, answer.get_json()) == (
        401,
        {"error": 'User Access Token "laptop" is expired'},
    )
    assert answer.headers["X-Fakejobs-Hint"].startswith("it expired at 2026-05-28T20:26:41.000Z")


def test_a_token_that_nobody_has() -> None:
    answer = World().ask("GET", "/api/whoami-v2", "hf_nobody_has_this")
    assert (answer.status_code, answer.headers["X-Error-Message"]) == (
        401,
        "Invalid credentials in Authorization header",
    )


def test_a_token_can_lose_its_rights_while_the_hub_is_there() -> None:
    world = World()
    job = world.run("ada")
    assert (
        world.status("/_fakejobs/settings", None, "POST", {"tokens": [{"token": "hf_ada", "role": "read"}]})
        == 200
    )
    assert world.status(f"/api/jobs/ada/{job}", "hf_ada") == 200
    assert world.status(f"/api/jobs/ada/{job}/cancel", "hf_ada", "POST") == 403
    assert world.status(f"/api/jobs/ada/{job}", "hf_bob") == 401, "it is not among them any more"


class TestResourceGroups:
    """acme/vision: eve writes, bob reads. acme/audio: bob writes. Ada is an admin of acme."""

    def test_a_group_is_named_in_the_body_or_stands_for_the_namespace(self) -> None:
        world = World()
        named = world.ask("POST", "/api/jobs/acme", "hf_eve", {**JOB, "resourceGroupId": VISION}).get_json()
        instead = world.ask("POST", f"/api/jobs/{VISION}", "hf_eve", JOB).get_json()
        for job in (named, instead):
            assert job["owner"]["name"] == "acme"
            assert job["resourceGroupId"] == VISION
            assert job["resourceGroup"] == {"id": VISION, "name": "vision", "numUsers": 2}
            assert job["createdBy"]["name"] == "eve"

    def test_who_sees_what(self) -> None:
        world = World()
        vision, audio, none = world.run(VISION), world.run(AUDIO), world.run("acme")
        assert world.ids("acme", "hf_ada") == [none, audio, vision]
        assert world.ids("acme", "hf_bob") == [none, audio, vision]
        assert world.ids("acme", "hf_eve") == [vision], "the rest of acme is closed to eve"
        assert world.ids(VISION, "hf_ada") == world.ids(VISION, "hf_eve") == [vision]
        assert world.ids("acme", "hf_ada_vision") == [vision], "a token for one group"
        assert world.status(f"/api/jobs/acme/{audio}", "hf_eve") == 404, "as if it was not there"
        assert world.status(f"/api/jobs/{VISION}/{audio}", "hf_ada") == 404
        assert world.status(f"/api/jobs/{AUDIO}", "hf_eve") == 403

    def test_who_may_change_what(self) -> None:
        world = World()
        vision, audio = world.run(VISION), world.run(AUDIO)
        for token, job, status in (
            ("hf_bob", vision, 403),
            ("hf_bob", audio, 200),
            ("hf_eve", audio, 404),
            ("hf_eve", vision, 200),
        ):
            for change in ("cancel", "duplicate"):
                if change == "cancel" and status == 200:
                    continue
                answer = world.ask("POST", f"/api/jobs/acme/{job}/{change}", token)
                assert answer.status_code == status, (token, change)

    def test_jobs_from_the_past_and_schedules_are_in_groups_too(self) -> None:
        world = World()
        old = world.hub.add_job(stage="COMPLETED", namespace=VISION).job.id
        assert world.ids("acme", "hf_eve") == [old]
        world.ask("POST", "/api/scheduled-jobs/acme", "hf_ada", BODIES["scheduled-job-body"])
        mine = {"jobSpec": {**JOB, "resourceGroupId": VISION}, "schedule": "@daily"}
        world.ask("POST", "/api/scheduled-jobs/acme", "hf_eve", mine)
        assert len(world.ask("GET", "/api/scheduled-jobs/acme", "hf_ada").get_json()) == 2
        assert len(world.ask("GET", "/api/scheduled-jobs/acme", "hf_eve").get_json()) == 1
        world.hub.clock.advance(86_400_000)
        assert (len(world.ids("acme", "hf_ada")), len(world.ids("acme", "hf_eve"))) == (3, 2)

    def test_a_webhook_takes_nothing_from_a_group_that_is_closed(self) -> None:
        """Also not from a scheduled job; and its jobs, which are in no group, are for those who may start such."""
        world = World()

        def hooked(token: str, source: str) -> int:
            hook = {"watched": [{"type": "user", "name": "ada"}], "domains": ["repo"], "jobSourceId": source}
            return world.status("/api/settings/webhooks", token, "POST", hook)

        for group, eve in ((AUDIO, 404), (VISION, 403)):
            planned = {"jobSpec": {**JOB, "resourceGroupId": group}, "schedule": "@daily"}
            schedule = world.ask("POST", "/api/scheduled-jobs/acme", "hf_ada", planned).get_json()["id"]
            for source in (world.run(group), schedule):
                assert hooked("hf_eve", source) == eve
                assert hooked("hf_bob", source) == 403
                assert hooked("hf_ada", source) == 200
        assert [each.status for each in world.hub.fire_event(repo="ada/m")] == [200] * 4
        orgs = [{"name": "acme", "members": {"ada": "read"}, "groups": ["vision"]}]
        tokens = [{"token": "hf_ada", "user": "ada"}]
        words: dict[str, object] = {**PEOPLE, "orgs": orgs, "tokens": tokens}
        world.hub.configure(settings_from(words))
        assert [each.status for each in world.hub.fire_event(repo="ada/m")] == [403] * 4, (
            "she may not any more"
        )

    def test_a_duplicate_stays_in_the_group(self) -> None:
        world = World()
        copy = world.ask("POST", f"/api/jobs/acme/{world.run(VISION)}/duplicate", "hf_eve").get_json()
        assert copy["resourceGroup"]["name"] == "vision"
        assert copy["id"] in world.ids(VISION, "hf_eve")

    @pytest.mark.parametrize("group", ["f" * 24, AUDIO])
    def test_a_group_that_is_not_the_one(self, group: str) -> None:
        answer = World().ask("POST", f"/api/jobs/{VISION}", "hf_ada", {**JOB, "resourceGroupId": group})
        assert (answer.status_code, answer.get_json()) == (404, {"error": "Resource group not found"})
        assert "vision" in answer.headers["X-Fakejobs-Hint"]

    def test_without_groups_any_id_will_do(self) -> None:
        """A suite that never spoke of groups can submit what names one."""
        hub = frozen_hub(orgs=["acme"])
        job = Client(wsgi_app(hub)).post(
            "/api/jobs/acme",
            json={**JOB, "resourceGroupId": "F" * 24},
            headers={"Authorization": "Bearer hf_any"},
        )
        assert job.get_json()["resourceGroupId"] == "F" * 24
        assert "resourceGroup" not in job.get_json()

    def test_a_hex_digit_may_be_large(self) -> None:
        job = World().ask("POST", "/api/jobs/acme", "hf_ada", {**JOB, "resourceGroupId": VISION.upper()})
        assert job.get_json()["resourceGroupId"] == VISION


class TestWhoami:
    def me(self, token: str, **words: object) -> Any:
        answer = World(**words).ask("GET", "/api/whoami-v2", token)
        assert answer.status_code == 200
        return answer.get_json()

    def test_of_a_fine_grained_token(self) -> None:
        token = {
            "token": "hf_fine",
            "user": "ada",
            "name": "ci",
            "permissions": {"ada": ["job.read"], "acme/vision": ["job.write", "repo.content.read"]},
            "global_permissions": ["post.write"],
            "can_read_gated_repos": True,
            "expires": "2027-01-01T00:00:00Z",
        }
        auth = self.me("hf_fine", tokens=[token])["auth"]
        assert list(auth) == ["type", "accessToken", "expiresAt"]
        assert auth["expiresAt"] == "2027-01-01T00:00:00.000Z"
        assert list(auth["accessToken"]) == ["displayName", "role", "createdAt", "fineGrained"]
        assert auth["accessToken"]["displayName"] == "ci"
        assert auth["accessToken"]["role"] == "fineGrained"
        assert auth["accessToken"]["fineGrained"] == {
            "canReadGatedRepos": True,
            "global": ["post.write"],
            "scoped": [
                {
                    "entity": {"_id": entity_id("user", "ada"), "type": "user", "name": "ada"},
                    "permissions": ["job.read"],
                },
                {
                    "entity": {"_id": VISION, "type": "resource-group", "name": "vision"},
                    "permissions": ["job.write", "repo.content.read"],
                },
            ],
        }

    def test_of_others(self) -> None:
        assert self.me("hf_bob")["auth"]["accessToken"]["role"] == "write"
        assert "fineGrained" not in self.me("hf_ada_reads")["auth"]["accessToken"]

    def test_organisations_with_roles_and_groups(self) -> None:
        (acme,) = self.me("hf_eve")["orgs"]
        assert (acme["name"], acme["plan"], acme["roleInOrg"]) == ("acme", "enterprise", "no_access")
        assert acme["resourceGroups"] == [{"id": VISION, "name": "vision", "role": "write"}]
        (acme,) = self.me("hf_ada")["orgs"]
        assert [group["role"] for group in acme["resourceGroups"]] == ["admin", "admin"]

    def test_restrictions_are_per_token_and_close_the_organisation(self) -> None:
        words = {
            "tokens": [
                {"token": "hf_revoked", "user": "ada", "security_restrictions": {"acme": ["token-revoked"]}},
                {"token": "hf_fine", "user": "ada"},
            ]
        }
        (acme,) = self.me("hf_revoked", **words)["orgs"]
        assert acme["securityRestrictions"] == ["token-revoked"]
        assert "securityRestrictions" not in self.me("hf_fine", **words)["orgs"][0]
        world = World(**words)
        refused = world.ask("GET", "/api/jobs/acme", "hf_revoked")
        assert refused.status_code == 403
        assert refused.headers["X-Fakejobs-Hint"] == "acme restricts access: token-revoked"
        assert world.status("/api/jobs/acme", "hf_fine") == 200
        assert world.status("/api/jobs/ada", "hf_revoked") == 200

    def test_restrictions_of_everybody(self) -> None:
        orgs = [{"name": "acme", "security_restrictions": ["sso", "mfa"]}]
        tokens = [{"token": "hf_ada", "user": "ada"}]
        (acme,) = self.me("hf_ada", orgs=orgs, tokens=tokens)["orgs"]
        assert acme["securityRestrictions"] == ["sso", "mfa"]


@pytest.mark.parametrize(
    ("token", "namespace", "hint"),
    [
        ("hf_bob", "acme", "the role of bob in acme is read"),
        ("hf_eve", "acme", "the role of eve in acme is no_access"),
        ("hf_ada_reads", "ada", "the role of this token is read"),
        ("hf_ada_ci", "ada", "this token has: {'acme': ['job.write']}"),
        ("hf_eve", AUDIO, "eve is no member of acme/audio"),
        ("hf_bob", VISION, "the role of bob in acme/vision is read"),
    ],
)
def test_the_hint_says_what_the_hub_does_not(token: str, namespace: str, hint: str) -> None:
    answer = World().ask("POST", f"/api/jobs/{namespace}", token, JOB)
    assert answer.status_code == 403
    assert answer.headers["X-Fakejobs-Hint"] == hint
