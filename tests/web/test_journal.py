"""The journal: the last 1,000 requests, without tokens and secrets."""

from __future__ import annotations

import json

from werkzeug.test import Client

from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, TOKEN, frozen_hub
from tests.support.play import ME, create, get, post, put

SECRET = "s3cr3t-v4lue"
TOKENS = ("hf_abcdefgh", "hf_oauth_abc.def-ghi", "hf_jwt_eyJhbGciOi.xyz", "api_org_abcdef")


def journal(web: Client) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = web.get("/_fakejobs/requests").get_json()
    return listed


def test_a_request_is_remembered(web: Client, hub: FakeHub) -> None:
    made = web.post(f"/api/jobs/{ME}", json=JOB, headers={**TOKEN, "User-Agent": "hfjs/1.0"})
    hub.clock.advance(1_500)
    missing = get(web, "/api/jobs/nobody?stage=RUNNING")
    assert journal(web) == [
        {
            "at": "2026-05-28T20:26:40.000Z",
            "request_id": made.headers["X-Request-Id"],
            "method": "POST",
            "path": f"/api/jobs/{ME}",
            "status": 200,
            "user_agent": "hfjs/1.0",
            "body": JOB,
        },
        {
            "at": "2026-05-28T20:26:41.500Z",
            "request_id": missing.headers["X-Request-Id"],
            "method": "GET",
            "path": "/api/jobs/nobody?stage=RUNNING",
            "status": 404,
            "user_agent": "",
            "body": None,
        },
    ]
    assert [record.request_id for record in hub.requests] == [record["request_id"] for record in journal(web)]


def test_it_is_a_ring_of_a_thousand(web: Client) -> None:
    for number in range(1_010):
        get(web, f"/api/jobs/{ME}/count?n={number}")
    paths = [str(record["path"]) for record in journal(web)]
    assert len(paths) == 1_000
    assert paths[0].endswith("n=10")
    assert paths[-1].endswith("n=1009")


def test_what_was_refused_is_there_too(web: Client) -> None:
    web.get("/nothing")
    web.get(f"/api/jobs/{ME}")
    post(web, f"/api/jobs/{ME}", {"flavor": "nonsense", "secrets": {"A": SECRET}})
    web.post(f"/api/jobs/{ME}", data=b"{", headers=TOKEN, content_type="application/json")
    web.delete("/api/whoami-v2")
    records = journal(web)
    assert [record["status"] for record in records] == [404, 401, 400, 400, 405]
    assert records[2]["body"] == {"flavor": "nonsense", "secrets": {"A": "<secret A>"}}
    assert records[3]["body"] is None


def test_secrets_and_tokens_are_not_in_it(web: Client) -> None:
    for token in TOKENS:
        bodies: list[object] = [
            {**JOB, "secrets": {"KEY": SECRET, "HF_TOKEN": token}},
            {**JOB, "environment": {"WITH": f"x {token} y", "TOKEN": SECRET, "PASSWORD": SECRET}},
            {**JOB, "command": ["curl", "-H", f"Authorization: Bearer {token}"]},
            {
                **JOB,
                "token": SECRET,
                "Authorization": SECRET,
                "nested": [{"secret": SECRET, "tokens": [SECRET]}],
            },
            {**JOB, "secrets": SECRET},
            {**JOB, "secrets": {"A": {"B": SECRET}}},
            {token: 1, "secrets": {token: SECRET}},
        ]
        for body in bodies:
            post(web, f"/api/jobs/{ME}", body)
        web.get(
            f"/api/jobs/{ME}?token={token}&stage={token}",
            headers={"Authorization": f"Bearer {token}", "User-Agent": f"me/1 (token {token})"},
        )
        web.get(f"/api/jobs/{token}/{token}", headers={"Authorization": f"Bearer {token}"})
    text = json.dumps(journal(web))
    assert SECRET not in text
    for token in TOKENS:
        assert token not in text
    assert "<secret KEY>" in text
    assert "x <hidden> y" in text


def test_no_token_in_any_answer(web: Client) -> None:
    for token in TOKENS:
        for answer in (
            get(web, f"/api/models/{token}"),
            get(web, f"/{token}"),
            get(web, f"/api/jobs/{token}"),
            get(web, f"/api/jobs/{ME}/{token}"),
            web.open(f"/api/scheduled-jobs/{token}", method="GET"),
            post(web, f"/api/jobs/{ME}", {token: 1, "environment": {token + "!": "x"}}),
            put(web, f"/api/jobs/{ME}/{create(web)}/labels", {"labels": {token + "!": "x"}}),
            web.post("/_fakejobs/rules", json={token: 1}),
            web.post("/_fakejobs/reset", json={"quirks": {token: 1}}),
        ):
            assert answer.status_code >= 400
            assert token not in answer.text + str(answer.headers), answer.request.path


def test_names_of_secrets_are_kept(web: Client) -> None:
    create(web, secrets={"KEY": SECRET})
    body = journal(web)[0]["body"]
    assert isinstance(body, dict)
    assert body["secrets"] == {"KEY": "<secret KEY>"}


def test_configured_tokens_do_not_come_back_from_the_settings() -> None:
    hub = frozen_hub(tokens=[{"token": "plain-token", "user": ME}])
    web = Client(wsgi_app(hub))
    assert web.get("/api/whoami-v2", headers={"Authorization": "Bearer plain-token"}).status_code == 200
    assert "plain-token" not in str(hub.settings)
    assert "plain-token" not in str(hub.snapshot())
    assert "plain-token" not in str(hub.requests)


def test_a_token_in_the_query_is_hidden_however_it_is_written(web: Client) -> None:
    get(web, f"/api/jobs/{ME}/count?a=%68f_abcdefgh&b=hf%5Fabcdefgh")
    get(web, f"/api/jobs/{ME}/count?label=a%3Db")
    assert [record["path"] for record in journal(web)] == [
        f"/api/jobs/{ME}/count?a=<hidden>&b=<hidden>",
        f"/api/jobs/{ME}/count?label=a%3Db",
    ]
