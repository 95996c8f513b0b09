"""Every route under ``/api/jobs`` and whoami, when all goes well: shapes, key order, absent keys, 200 and not 201."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, TOKEN, frozen_hub
from tests.support.play import ME, create, get, post, put

FULL = {
    "resourceGroupId": "0123456789abcdef01234567",
    "network": {"group": "g", "aliases": ["a"], "unknown": 1},
    "ssh": {"enabled": True},
    "expose": {"ports": [8000, 22], "portsPublic": [22], "unknown": 1},
    "volumes": [
        {"mountPath": "/data", "type": "bucket", "source": "me/b", "readOnly": False, "unknown": 1},
        {"type": "model", "source": "me/m", "mountPath": "/m", "revision": "main", "path": "sub"},
    ],
    "labels": {"name": "n", "team": ""},
    "attempts": 3,
    "timeoutSeconds": 7200,
    "arch": "amd64",
    "flavor": "a10g-small",
    "secrets": {"KEY": "s3cr3t", "HF_TOKEN": "hf_any"},
    "environment": {"LR": "0.1"},
    "command": ["python"],
    "arguments": ["train.py"],
    "dockerImage": "python:3.12",
    "unknown": {"accepted": True},
}


def test_a_full_job_has_its_keys_in_the_order_of_the_hub(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=60)
    made = post(web, f"/api/jobs/{ME}", FULL)
    assert made.status_code == 200
    job = made.get_json()
    hub.clock.advance(65_000)
    done = get(web, f"/api/jobs/{ME}/{job['id']}").get_json()
    assert list(done) == [
        "id", "createdAt", "dockerImage", "timeout", "environment", "command", "arguments", "arch", "flavor",
        "createdBy", "resourceGroupId", "retry", "startedAt", "finishedAt", "durations", "volumes", "expose",
        "network", "type", "owner", "initiator", "status", "secrets", "labels", "hfToken",
    ]  # fmt: skip
    assert list(done["status"]) == ["stage", "message", "failureCount", "exposeUrls", "sshUrl"]
    assert list(done["durations"]) == ["schedulingSecs", "runningSecs", "totalSecs"]
    assert list(done["owner"]) == ["id", "name", "type", "avatarUrl"]
    assert done["timeout"] == 7200
    assert done["retry"] == 2, "retries, not attempts"
    assert done["secrets"] == ["KEY", "HF_TOKEN"]
    assert done["hfToken"] == {"ownerName": ME, "tokenRole": "write"}
    assert done["network"] == {"group": "g", "aliases": ["a"]}
    assert done["expose"] == {"ports": [8000, 22], "portsPublic": [22]}
    assert done["volumes"][0] == {"type": "bucket", "source": "me/b", "mountPath": "/data", "readOnly": False}
    assert done["status"]["exposeUrls"][0] == f"https://{job['id']}--8000.hf.jobs"
    assert done["status"]["sshUrl"] == f"ssh://{job['id']}@ssh.hf.jobs"


def test_urls_are_in_the_answer_of_the_post_already(web: Client) -> None:
    status = post(web, f"/api/jobs/{ME}", FULL).get_json()["status"]
    assert status["stage"] == "SCHEDULING"
    assert len(status["exposeUrls"]) == 2
    assert "sshUrl" in status


def test_a_bare_job_lacks_what_it_was_not_given(web: Client) -> None:
    job = post(web, f"/api/jobs/{ME}", {"flavor": "cpu-basic", "dockerImage": "x"}).get_json()
    assert job == {
        "id": job["id"],
        "createdAt": "2026-05-28T20:26:40.000Z",
        "dockerImage": "x",
        "environment": {},
        "flavor": "cpu-basic",
        "createdBy": {"id": job["owner"]["id"], "name": ME},
        "durations": {"totalSecs": 0},
        "type": "job",
        "owner": job["owner"],
        "initiator": job["owner"],
        "status": {"stage": "SCHEDULING", "message": None, "failureCount": 0},
    }
    assert job["owner"]["type"] == "user"
    assert job["id"].startswith(f"{1_780_000_000:08x}"), "an ObjectId tells when it was made"
    assert len(job["id"]) == 24


def test_a_space_instead_of_an_image(web: Client) -> None:
    job = post(web, f"/api/jobs/{ME}", {"flavor": "cpu-basic", "spaceId": "me/space"}).get_json()
    assert list(job)[:3] == ["id", "createdAt", "spaceId"]
    assert "dockerImage" not in job


def test_whole_floats_are_whole_numbers(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running="forever")
    raw = (
        '{"flavor":"cpu-basic","dockerImage":"x","timeoutSeconds":60.0,"attempts":2.0,'
        '"expose":{"ports":[8e3]}}'
    )
    made = web.post(f"/api/jobs/{ME}", data=raw, headers=TOKEN, content_type="application/json")
    assert b'"timeout":60,' in made.data
    assert b'"retry":1,' in made.data
    assert made.get_json()["status"]["exposeUrls"] == [f"https://{made.get_json()['id']}--8000.hf.jobs"]
    hub.clock.advance(60_000)
    assert (
        get(web, f"/api/jobs/{ME}/{made.get_json()['id']}").get_json()["status"]["message"] == "Job timeout"
    )


@pytest.mark.parametrize("timeout", [None, 1, 86_400, 2**53 - 1])
def test_the_timeout_comes_back_as_it_was_sent(web: Client, timeout: int | None) -> None:
    job = post(web, f"/api/jobs/{ME}", {**JOB, "timeoutSeconds": timeout}).get_json()
    assert job.get("timeout") == timeout


def test_the_hardware_needs_no_token_and_is_in_the_hubs_order(web: Client) -> None:
    answer = web.get("/api/jobs/hardware")
    assert answer.status_code == 200
    listed = answer.get_json()
    assert [each["name"] for each in listed][:6] == [
        "cpu-basic", "cpu-upgrade", "cpu-performance", "cpu-xl", "t4-small", "t4-medium",
    ]  # fmt: skip
    assert len(listed) == 26
    assert listed[0] == {
        "name": "cpu-basic",
        "prettyName": "CPU Basic",
        "cpu": "2 vCPU",
        "ram": "16 GB",
        "ephemeralStorage": "50 GB",
        "accelerator": None,
        "unitCostMicroUSD": 167,
        "unitCostUSD": 0.000167,
        "unitLabel": "minute",
    }
    by_name = {each["name"]: each for each in listed}
    assert by_name["h200x8"]["accelerator"] == {
        "type": "gpu",
        "model": "H200",
        "quantity": "8",
        "vram": "1128 GB",
        "manufacturer": "Nvidia",
    }


def test_reading_listing_counting(web: Client) -> None:
    first, second = create(web), create(web)
    assert get(web, f"/api/jobs/{ME}/{first}").get_json()["id"] == first
    assert get(web, f"/api/jobs/{ME}/{first.upper()}").get_json()["id"] == first
    listed = get(web, f"/api/jobs/{ME}")
    assert [job["id"] for job in listed.get_json()] == [second, first]
    assert "Link" not in listed.headers
    assert get(web, f"/api/jobs/{ME}/count").get_json() == {"count": 2}
    assert listed.get_json()[1] == get(web, f"/api/jobs/{ME}/{first}").get_json(), "the same shape everywhere"


def test_cancel_and_duplicate_need_no_body_but_bear_a_json_content_type(web: Client) -> None:
    job = create(web)
    for way in ("duplicate", "cancel"):
        answer = web.post(f"/api/jobs/{ME}/{job}/{way}", headers=TOKEN, content_type="application/json")
        assert answer.status_code == 200, answer.text
    assert answer.get_json()["status"] == {"stage": "CANCELED", "message": None, "failureCount": 0}
    assert get(web, f"/api/jobs/{ME}/count").get_json() == {"count": 2}


def test_labels_are_replaced(web: Client) -> None:
    job = create(web, labels={"a": "1", "b": "2"})
    changed = put(web, f"/api/jobs/{ME}/{job}/labels", {"labels": {"c": ""}})
    assert changed.status_code == 200
    assert changed.get_json()["labels"] == {"c": ""}
    cleared = put(web, f"/api/jobs/{ME}/{job}/labels", {"labels": {}})
    assert "labels" not in cleared.get_json()


def test_ports_are_replaced(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=60)
    job = create(web)
    changed = put(web, f"/api/jobs/{ME}/{job}/expose", {"ports": [7860], "portsPublic": [7860], "more": 1})
    assert changed.status_code == 200
    assert changed.get_json()["expose"] == {"ports": [7860], "portsPublic": [7860]}


@pytest.mark.parametrize("perms", ["read", "write"])
def test_access_checks(web: Client, perms: str) -> None:
    job = create(web)
    expected = {"namespace": {"id": _my_id(web), "name": ME}, "user": {"id": _my_id(web), "name": ME}}
    for path in (f"/api/jobs/{ME}/auth-check/{perms}", f"/api/jobs/{ME}/{job}/auth-check/{perms}"):
        answer = post(web, path)
        assert answer.status_code == 200
        assert answer.get_json() == expected


def _my_id(web: Client) -> str:
    return str(get(web, "/api/whoami-v2").get_json()["id"])


def test_whoami_of_the_default_user(web: Client) -> None:
    me = get(web, "/api/whoami-v2").get_json()
    assert list(me) == [
        "type", "id", "name", "fullname", "canPay", "billingMode", "isPro", "avatarUrl", "orgs", "auth",
    ]  # fmt: skip
    assert me["orgs"] == []
    assert me["auth"]["accessToken"]["role"] == "write"


def test_whoami_of_configured_users() -> None:
    hub = frozen_hub(
        users=[{"name": "ada", "fullname": "Ada L.", "email": "ada@example.org", "is_pro": False}, "bob"],
        orgs=[
            {"name": "acme", "plan": "team", "members": {"ada": "admin", "bob": "read"}},
            {"name": "other", "members": {"bob": "write"}},
            "open",
        ],
        tokens=[
            {"token": "hf_ada", "user": "ada", "name": "laptop"},
            {"token": "hf_bob", "user": "bob", "role": "read"},
        ],
    )
    web = Client(wsgi_app(hub))
    ada = web.get("/api/whoami-v2", headers={"Authorization": "Bearer hf_ada"}).get_json()
    assert (ada["fullname"], ada["email"], ada["isPro"]) == ("Ada L.", "ada@example.org", False)
    assert [(org["name"], org["roleInOrg"], org.get("plan")) for org in ada["orgs"]] == [
        ("acme", "admin", "team"),
        ("open", "admin", None),
    ]
    assert ada["auth"]["accessToken"]["displayName"] == "laptop"
    bob = web.get("/api/whoami-v2", headers={"Authorization": "Bearer hf_bob"}).get_json()
    assert [org["name"] for org in bob["orgs"]] == ["acme", "other", "open"]
    assert bob["auth"]["accessToken"]["role"] == "read"


def test_a_job_of_an_organisation(web: Client) -> None:
    hub = frozen_hub(orgs=["acme"])
    web = Client(wsgi_app(hub))
    job = post(web, "/api/jobs/acme", JOB).get_json()
    assert (job["owner"]["name"], job["owner"]["type"]) == ("acme", "org")
    assert job["createdBy"]["name"] == ME
    assert (job["initiator"]["name"], job["initiator"]["type"]) == (ME, "user")
    assert get(web, f"/api/jobs/{ME}").get_json() == []
    assert get(web, f"/api/jobs/{ME}/{job['id']}").status_code == 404


@pytest.mark.parametrize("path", ["hardware", ME, f"{ME}/count"])
def test_head_is_get_without_a_body(web: Client, path: str) -> None:
    answer = web.head(f"/api/jobs/{path}", headers=TOKEN)
    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["X-Request-Id"]


def test_the_contract_is_served(web: Client) -> None:
    document = web.get("/openapi.json").get_json()
    assert document["openapi"].startswith("3.")
    assert "/api/jobs/{namespace}/{jobId}/logs" in document["paths"]
