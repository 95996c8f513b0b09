"""Errors: the Hub's shape on every one of them, and the order in which things are checked."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, TOKEN, frozen_hub
from tests.support.play import ME, create, get, post, put

GONE = "0" * 24


def check(answer: TestResponse, status: int, text: str | None = None) -> None:
    """It is an error as the Hub sends them."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/json; charset=utf-8"
    body = answer.get_json()
    assert list(body) == ["error"]
    if text is not None:
        assert body["error"] == text
    if "\n" not in body["error"]:
        assert answer.headers["X-Error-Message"] == body["error"]
    assert len(answer.headers.getlist("Date")) == 1
    assert answer.headers["Date"] == "Thu, 28 May 2026 20:26:40 GMT"
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", answer.headers["X-Request-Id"])


def strangers() -> Client:
    """Three users: the caller of ``hf_r`` may read acme, ``hf_w`` may write there, ``hf_n`` may do nothing there."""
    hub = frozen_hub(
        users=["reader", "writer", "nobody"],
        orgs=[{"name": "acme", "members": {"reader": "read", "writer": "write"}}],
        tokens=[
            {"token": "hf_r", "user": "reader"},
            {"token": "hf_w", "user": "writer"},
            {"token": "hf_wr", "user": "writer", "role": "read"},
            {"token": "hf_n", "user": "nobody"},
        ],
    )
    return Client(wsgi_app(hub))


def test_without_a_token(web: Client) -> None:
    check(web.get(f"/api/jobs/{ME}"), 401, "Invalid username or password.")
    check(web.get("/api/whoami-v2"), 401, "Invalid username or password.")
    assert "Authorization: Bearer any" in web.get("/api/whoami-v2").headers["X-Fakejobs-Hint"]
    for header in ("", "Bearer", "Bearer   ", "Basic aGY6", "hf_abc"):
        check(web.get(f"/api/jobs/{ME}", headers={"Authorization": header}), 401)


def test_with_an_unknown_token_where_some_are_configured() -> None:
    answer = strangers().get("/api/jobs/acme", headers={"Authorization": "Bearer hf_other"})
    check(answer, 401, "Invalid credentials in Authorization header")
    assert "hf_other" not in str(answer.headers)


def test_any_token_will_do_while_none_are_configured(web: Client) -> None:
    for header in ("Bearer x", "bearer hf_abc", "Bearer  hf_abc "):
        assert web.get("/api/whoami-v2", headers={"Authorization": header}).status_code == 200


def test_the_words_of_a_403() -> None:
    web = strangers()
    words = (
        "You don't have the required permissions to complete this action on namespace acme, "
        "missing permissions: job.{}"
    )
    for token, permission, answer in (
        ("hf_r", "write", web.post("/api/jobs/acme", json=JOB, headers={"Authorization": "Bearer hf_r"})),
        ("hf_wr", "write", web.post("/api/jobs/acme", json=JOB, headers={"Authorization": "Bearer hf_wr"})),
        ("hf_n", "read", web.get("/api/jobs/acme", headers={"Authorization": "Bearer hf_n"})),
        ("hf_n", "read", web.get("/api/jobs/reader", headers={"Authorization": "Bearer hf_n"})),
    ):
        check(answer, 403)
        namespace = "reader" if "reader" in answer.request.path else "acme"
        assert answer.get_json()["error"] == words.format(permission).replace("acme", namespace), token
    assert web.get("/api/jobs/acme", headers={"Authorization": "Bearer hf_r"}).status_code == 200
    assert web.post("/api/jobs/acme", json=JOB, headers={"Authorization": "Bearer hf_w"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "tail", "needs"),
    [
        ("POST", "", "write"),
        ("GET", "?stage=nonsense", "read"),
        ("GET", "/count?stage=nonsense", "read"),
        ("POST", "/auth-check/nonsense", "read"),
    ],
)
def test_the_order_of_checks(method: str, tail: str, needs: str) -> None:
    """401, then 404 of the namespace, then 403, then 400, whatever else is wrong with the request."""
    web = strangers()

    def call(namespace: str, token: str | None) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return web.open(f"/api/jobs/{namespace}{tail}", method=method, headers=headers, json={}).status_code

    assert call("nowhere", None) == 401
    assert call("nowhere", "hf_other") == 401
    assert call("nowhere", "hf_w") == 404
    assert call("acme", "hf_n") == 403
    assert call("acme", "hf_r") == (403 if needs == "write" else 400)
    assert call("acme", "hf_w") == 400


@pytest.mark.parametrize(
    ("method", "tail"),
    [("PUT", "/labels"), ("PUT", "/expose"), ("GET", "/logs?tail=x"), ("POST", "/auth-check/nonsense")],
)
def test_the_order_of_checks_on_a_job(method: str, tail: str) -> None:
    web = strangers()
    made = web.post("/api/jobs/acme", json=JOB, headers={"Authorization": "Bearer hf_w"})
    job = made.get_json()["id"]

    def call(namespace: str, job_id: str, token: str) -> int:
        path = f"/api/jobs/{namespace}/{job_id}{tail}"
        return web.open(
            path, method=method, headers={"Authorization": f"Bearer {token}"}, json={}
        ).status_code

    assert call("acme", job, "hf_other") == 401
    assert call("nowhere", job, "hf_w") == 404
    assert call("acme", job, "hf_n") == 403
    assert call("acme", job, "hf_w") == 400
    if "auth-check" not in tail:
        assert call("acme", GONE, "hf_w") == 404


def test_a_namespace_that_is_not_there(web: Client) -> None:
    answer = get(web, "/api/jobs/nobody")
    check(answer, 404, "Sorry, we can't find the page you are looking for.")
    assert answer.headers["X-Fakejobs-Hint"] == "the namespaces here are: fake-user"


@pytest.mark.parametrize("job_id", [GONE, "f" * 24, "123", "not-an-id", "z" * 24, "1" * 25])
def test_a_job_that_is_not_there(web: Client, job_id: str) -> None:
    base = f"/api/jobs/{ME}/{job_id}"
    answers = [
        get(web, base),
        *(get(web, f"{base}/{stream}") for stream in ("logs", "metrics", "events")),
        *(post(web, f"{base}/{way}") for way in ("cancel", "duplicate", "auth-check/read")),
        put(web, f"{base}/labels", {"labels": {}}),
        put(web, f"{base}/expose", {"ports": []}),
    ]
    for answer in answers:
        check(answer, 404, "Job not found")
        assert "X-Error-Code" not in answer.headers


def test_a_job_of_another_namespace_is_not_there() -> None:
    hub = frozen_hub(orgs=["acme"])
    web = Client(wsgi_app(hub))
    job = create(web)
    check(get(web, f"/api/jobs/acme/{job}"), 404, "Job not found")
    check(post(web, f"/api/jobs/acme/{job}/cancel"), 404, "Job not found")
    assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] == "SCHEDULING"


def test_cancelling_twice(web: Client) -> None:
    job = create(web)
    assert post(web, f"/api/jobs/{ME}/{job}/cancel").status_code == 200
    check(post(web, f"/api/jobs/{ME}/{job}/cancel"), 409, "Job is already in a final stage: CANCELED")


def test_metrics_of_a_finished_job(web: Client) -> None:
    job = create(web)
    post(web, f"/api/jobs/{ME}/{job}/cancel")
    check(get(web, f"/api/jobs/{ME}/{job}/metrics"), 406, "Job is not running")


def test_all_problems_are_told_at_once_with_their_places(web: Client) -> None:
    answer = post(
        web,
        f"/api/jobs/{ME}",
        {
            "dockerImage": "x",
            "flavor": "h300",
            "environment": {"1BAD": "x", "GOOD": 5},
            "expose": {"ports": [80, 0], "portsPublic": [81]},
            "timeoutSeconds": 0,
        },
    )
    check(answer, 400)
    text = answer.get_json()["error"]
    for place in (
        "flavor",
        "environment.1BAD (key)",
        "environment.GOOD",
        "expose.ports[1]",
        "expose.portsPublic[0]",
        "timeoutSeconds",
    ):
        assert f"→ at {place}\n" in text + "\n", place
    assert "Invalid string: must match pattern /^[a-zA-Z][_a-zA-Z0-9]+$/" in text
    header = answer.headers["X-Error-Message"]
    assert header.isascii()
    assert "at environment.1BAD (key)" in header


@pytest.mark.parametrize(
    "path",
    [
        "/", "/api", "/api/jobs", "/api/jobs/", "/api/jobs/fake-user/", "/api/jobsx", "/favicon.ico",
        "/api/jobs/fake-user/000000000000000000000000/nothing", "/api/jobs/fake-user/x/y/z", "//api/jobs/hardware",
        "/api/jobs//hardware", "/index.html", "/_fakejobs", "/static/x.js", "/api/agent-harnesses",
    ],
)  # fmt: skip
def test_unknown_routes(web: Client, path: str) -> None:
    answer = web.get(path, headers=TOKEN)
    assert answer.status_code == 404
    assert answer.get_json() == {"error": "Sorry, we can't find the page you are looking for."}
    assert answer.headers["X-Error-Message"] == "Sorry, we can't find the page you are looking for."


@pytest.mark.parametrize(
    "path", ["/api/models", "/api/models/me/m", "/api/settings/notifications", "/api/repos/create"]
)
def test_other_parts_of_the_hub_are_not_emulated(web: Client, path: str) -> None:
    ways_on = f'answer it in the test, with fakejobs.route("GET", "{path}", ...), or leave the call out'
    emulated = "fakejobs emulates Jobs, and of buckets and datasets what uploads for Jobs need"
    check(web.get(path, headers=TOKEN), 501, f"{emulated}, not GET {path}: {ways_on}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/buckets/fake-user/data"),
        ("PUT", "/api/buckets/fake-user/data/settings"),
        ("GET", "/api/buckets/fake-user"),
        ("POST", "/api/buckets/fake-user/data/lfs-files/duplicate"),
    ],
)
def test_other_parts_of_buckets_are_not_emulated_either(web: Client, method: str, path: str) -> None:
    check(web.open(path, method=method, headers=TOKEN), 501)


def test_wrong_methods_say_which_are_right(web: Client) -> None:
    job = create(web)
    base = f"/api/jobs/{ME}/{job}"
    for method, path, allowed in (
        ("DELETE", base, {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/api/jobs/hardware/count", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", f"/api/jobs/{ME}", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", f"{base}/cancel", {"OPTIONS", "POST"}),
        ("POST", f"{base}/labels", {"OPTIONS", "PUT"}),
        ("PUT", "/api/whoami-v2", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", base, {"GET", "HEAD", "OPTIONS"}),
        ("BREW", base, {"GET", "HEAD", "OPTIONS"}),
    ):
        answer = web.open(path, method=method, headers=TOKEN)
        check(answer, 405)
        assert set(answer.headers["Allow"].split(", ")) == allowed, (method, path)


def test_request_ids_are_different_each_time(web: Client) -> None:
    ids = [get(web, f"/api/jobs/{ME}").headers["X-Request-Id"] for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(first != second for first, second in pairwise(ids))


def test_a_bug_is_an_error_in_json_too(web: Client, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_words: object) -> object:
        raise RuntimeError("with hf_secretsecret inside")

    monkeypatch.setattr(hub, "count", broken)
    answer = get(web, f"/api/jobs/{ME}/count")
    check(answer, 500, "Internal Error: this is a bug in fakejobs, not in what was asked of it")
    assert "hf_secret" not in answer.text + str(answer.headers)
