"""Each quirk changes what it says, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from werkzeug.test import Client

from fakejobs.hub import FakeHub
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import JobStage
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, frozen_hub
from tests.support.play import ME, create, get, post, put

GONE = "0" * 24
TRIED: set[str] = set()


def with_quirk(name: str, value: str) -> tuple[FakeHub, Client]:
    TRIED.add(name)
    hub = frozen_hub(quirks={name: value})
    return hub, Client(wsgi_app(hub))


@pytest.mark.parametrize("status", [200, 400, 404, 409])
def test_cancel_finished(status: int) -> None:
    hub, web = with_quirk("cancel_finished", str(status))
    job = create(web)
    hub.transition(job, JobStage.ERROR, message="because")
    before = get(web, f"/api/jobs/{ME}/{job}").get_json()
    answer = post(web, f"/api/jobs/{ME}/{job}/cancel")
    assert answer.status_code == status
    if status == 200:
        assert answer.get_json() == before, "the job as it is"
    assert get(web, f"/api/jobs/{ME}/{job}").get_json() == before


def test_scheduled_job_not_found() -> None:
    _, web = with_quirk("scheduled_job_not_found", "No such thing")
    assert get(web, f"/api/scheduled-jobs/{ME}/{GONE}").get_json() == {"error": "No such thing"}


@pytest.mark.parametrize(("sixth", "following"), [("second", "20:27:00"), ("year", None)])
def test_cron_sixth(sixth: str, following: str | None) -> None:
    _, web = with_quirk("cron_sixth", sixth)
    answer = post(web, f"/api/scheduled-jobs/{ME}", {"jobSpec": JOB, "schedule": "0 * * * * 1-5"})
    if following is None:
        assert answer.status_code == 400
        assert "year: 1 in 1-5 is beyond 1970 to 9999" in answer.get_json()["error"]
    else:
        assert answer.get_json()["status"]["nextJobRunAt"] == f"2026-05-28T{following}.000Z"


@pytest.mark.parametrize("body", ["OK", ""])
def test_scheduled_body(body: str) -> None:
    _, web = with_quirk("scheduled_body", body)
    made = post(web, f"/api/scheduled-jobs/{ME}", {"jobSpec": JOB, "schedule": "@daily"}).get_json()
    for action in ("suspend", "resume"):
        answer = post(web, f"/api/scheduled-jobs/{ME}/{made['id']}/{action}")
        assert (answer.status_code, answer.text) == (200, body)


@pytest.mark.parametrize("status", [200, 400, 409])
def test_expose_not_running(status: int) -> None:
    _, web = with_quirk("expose_not_running", str(status))
    job = create(web)
    assert put(web, f"/api/jobs/{ME}/{job}/expose", {"ports": [80]}).status_code == status


@pytest.mark.parametrize(("value", "status"), [("refuse", 400), ("accept", 200)])
def test_public_ports_beyond_ports(value: str, status: int) -> None:
    hub, web = with_quirk("public_ports_beyond_ports", value)
    body = {"ports": [80], "portsPublic": [81]}
    assert post(web, f"/api/jobs/{ME}", {**JOB, "expose": body}).status_code == status
    job = create(web)
    hub.transition(job, JobStage.RUNNING)
    assert put(web, f"/api/jobs/{ME}/{job}/expose", body).status_code == status


@pytest.mark.parametrize(("value", "status"), [("one", 400), ("any", 200)])
@pytest.mark.parametrize("images", [{}, {"dockerImage": "x", "spaceId": "me/s"}])
def test_image(value: str, status: int, images: dict[str, str]) -> None:
    _, web = with_quirk("image", value)
    assert post(web, f"/api/jobs/{ME}", {"flavor": "cpu-basic", **images}).status_code == status
    assert post(web, f"/api/jobs/{ME}", JOB).status_code == 200


@pytest.mark.parametrize(("value", "status"), [("refuse", 400), ("accept", 200)])
@pytest.mark.parametrize("flavor", ["sprx8", "zero-a10g", "inf2x6"])
def test_unlisted_flavors(value: str, status: int, flavor: str) -> None:
    hub, web = with_quirk("unlisted_flavors", value)
    answer = post(web, f"/api/jobs/{ME}", {**JOB, "flavor": flavor})
    assert answer.status_code == status
    if status == 200:
        hub.clock.advance(8_000)
        job = answer.get_json()["id"]
        assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] == "RUNNING"
        stream = web.get(
            f"/api/jobs/{ME}/{job}/metrics", headers={"Authorization": "Bearer x"}, buffered=False
        )
        stream.close()
        hub.clock.advance(100_000)
        assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] == "COMPLETED"


@pytest.mark.parametrize(("value", "status"), [("accept", 200), ("refuse", 400)])
@pytest.mark.parametrize("labels", [{"model": "Qwen3-0.6B"}, {"a.b": "x"}])
def test_label_dots(value: str, status: int, labels: dict[str, str]) -> None:
    _, web = with_quirk("label_dots", value)
    answer = post(web, f"/api/jobs/{ME}", {**JOB, "labels": labels})
    assert answer.status_code == status
    if status == 400:
        assert "JobSpec.tags must not contain a period" in answer.get_json()["error"]
    assert put(web, f"/api/jobs/{ME}/{create(web)}/labels", {"labels": labels}).status_code == status


def test_job_not_found() -> None:
    _, web = with_quirk("job_not_found", "Kein Job: é")
    answer = get(web, f"/api/jobs/{ME}/{GONE}")
    assert answer.get_json() == {"error": "Kein Job: é"}
    assert answer.headers["X-Error-Message"] == "Kein Job: ?", "headers are ASCII"


def test_namespace_not_found() -> None:
    _, web = with_quirk("namespace_not_found", "No such user")
    assert get(web, "/api/jobs/nobody").get_json() == {"error": "No such user"}


@pytest.mark.parametrize("status", [400, 404, 500])
def test_malformed_job_id(status: int) -> None:
    _, web = with_quirk("malformed_job_id", str(status))
    assert get(web, f"/api/jobs/{ME}/123/metrics").status_code == status
    assert get(web, f"/api/jobs/{ME}/123").status_code == status
    assert get(web, f"/api/jobs/{ME}/{GONE}").status_code == 404


@pytest.mark.parametrize(("value", "status"), [("406", 406), ("500", 500), ("empty", 200)])
def test_metrics_of_finished(value: str, status: int) -> None:
    hub, web = with_quirk("metrics_of_finished", value)
    job = create(web)
    hub.transition(job, JobStage.CANCELED)
    answer = get(web, f"/api/jobs/{ME}/{job}/metrics")
    assert answer.status_code == status
    if status == 200:
        assert answer.data == b""
        assert answer.content_type.startswith("text/event-stream")


def test_logs_while_scheduling() -> None:
    _, web = with_quirk("logs_while_scheduling", "close")
    answer = get(web, f"/api/jobs/{ME}/{create(web)}/logs")
    assert (answer.status_code, answer.data) == (200, b"")


def test_timeout_counts_from() -> None:
    hub, web = with_quirk("timeout_counts_from", "creation")
    hub.when().then(scheduling=50, running=60)
    job = create(web, timeoutSeconds=60)
    hub.clock.advance(60_000)
    status = get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]
    assert (status["stage"], status["message"]) == ("ERROR", "Job timeout")


def test_default_timeout_shown() -> None:
    _, web = with_quirk("default_timeout_shown", "yes")
    assert post(web, f"/api/jobs/{ME}", JOB).get_json()["timeout"] == 1800
    assert post(web, f"/api/jobs/{ME}", {**JOB, "timeoutSeconds": 5}).get_json()["timeout"] == 5


@pytest.mark.parametrize(("value", "retry"), [("retries", 2), ("attempts", 3)])
def test_retry_says(value: str, retry: int) -> None:
    _, web = with_quirk("retry_says", value)
    assert post(web, f"/api/jobs/{ME}", {**JOB, "attempts": 3}).get_json()["retry"] == retry


def test_cleared_labels() -> None:
    _, web = with_quirk("cleared_labels", "empty")
    assert post(web, f"/api/jobs/{ME}", JOB).get_json()["labels"] == {}


def test_cancel_message() -> None:
    _, web = with_quirk("cancel_message", "Job was canceled")
    answer = post(web, f"/api/jobs/{ME}/{create(web)}/cancel")
    assert answer.get_json()["status"]["message"] == "Job was canceled"


def test_image_pull_message() -> None:
    hub, web = with_quirk("image_pull_message", "no such image")
    hub.when().then(scheduling=0, image_pull_error=True)
    assert get(web, f"/api/jobs/{ME}/{create(web)}").get_json()["status"]["message"] == "no such image"


@pytest.mark.parametrize("value", ["listed", "hidden"])
def test_deleted_jobs(value: str) -> None:
    hub, web = with_quirk("deleted_jobs", value)
    job, other = create(web), create(web)
    hub.transition(job, JobStage.ERROR)
    hub.transition(job, JobStage.DELETED)
    shown = value == "listed"
    assert get(web, f"/api/jobs/{ME}/{job}").status_code == (200 if shown else 404)

    def listed(query: str) -> list[str]:
        ids = [each["id"] for each in get(web, f"/api/jobs/{ME}{query}").get_json()]
        assert get(web, f"/api/jobs/{ME}/count{query}").get_json() == {"count": len(ids)}
        return ids

    assert listed("") == ([other, job] if shown else [other])
    assert listed("?stage=DELETED") == ([job] if shown else [])
    assert listed("?stage=DELETED&stage=SCHEDULING") == ([other, job] if shown else [other])
    assert post(web, f"/api/jobs/{ME}/{job}/duplicate").status_code == (200 if shown else 404)


@pytest.mark.parametrize("value", ["zod", "plain"])
def test_validation_layout(value: str) -> None:
    _, web = with_quirk("validation_layout", value)
    answer = post(web, f"/api/jobs/{ME}", {"dockerImage": "x", "flavor": 5, "attempts": 0})
    error = answer.get_json()["error"]
    if value == "plain":
        assert error == answer.headers["X-Error-Message"]
    else:
        assert error.startswith("✖ ")
        assert "\n  → at flavor" in error


@pytest.mark.parametrize(("value", "failures"), [("no", 0), ("yes", 2)])
def test_timeout_retried(value: str, failures: int) -> None:
    hub, web = with_quirk("timeout_retried", value)
    hub.when().then(scheduling=0, running="forever")
    job = create(web, attempts=3, timeoutSeconds=10)
    hub.clock.advance(100_000)
    assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["failureCount"] == failures


@pytest.mark.parametrize(("value", "stage"), [("attempt", "COMPLETED"), ("job", "ERROR")])
def test_timeout_per(value: str, stage: str) -> None:
    hub, web = with_quirk("timeout_per", value)
    hub.when().then(scheduling=0, running=8, attempts=[{"exit_code": 1}, {}])
    job = create(web, attempts=2, timeoutSeconds=10)
    hub.clock.advance(100_000)
    assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] == stage


@pytest.mark.parametrize(("value", "failures"), [("no", 1), ("yes", 2)])
def test_last_failure_counted(value: str, failures: int) -> None:
    hub, web = with_quirk("last_failure_counted", value)
    hub.when().then(scheduling=0, running=8, exit_code=1)
    job = create(web, attempts=2)
    hub.clock.advance(100_000)
    assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["failureCount"] == failures


@pytest.mark.parametrize("value", ["why", "null"])
def test_queued_message(value: str) -> None:
    hub, web = with_quirk("queued_message", value)
    hub.configure(replace(hub.settings, profiles={"cpu-basic": {"capacity": 0}}))
    hub.when().then(scheduling=0)
    said = get(web, f"/api/jobs/{ME}/{create(web)}").get_json()["status"]["message"]
    assert said == (
        "Waiting for hardware: all 0 cpu-basic are in use; 0 jobs ahead" if value == "why" else None
    )


def with_people(name: str, value: str, **words: object) -> Client:
    TRIED.add(name)
    return Client(wsgi_app(frozen_hub(quirks={name: value}, **words)))


@pytest.mark.parametrize(("value", "status"), [("yes", 200), ("no", 403)])
def test_job_write_reads(value: str, status: int) -> None:
    web = with_people(
        "job_write_reads", value, tokens=[{"token": "hf_w", "permissions": {ME: ["job.write"]}}]
    )
    as_it = {"Authorization": "Bearer hf_w"}
    assert web.post(f"/api/jobs/{ME}", json=JOB, headers=as_it).status_code == 200
    answer = web.get(f"/api/jobs/{ME}", headers=as_it)
    assert answer.status_code == status
    if status == 403:
        assert answer.headers["X-Error-Message"].endswith("missing permissions: job.read")


@pytest.mark.parametrize("value", ['User Access Token "{name}" is expired', "Token expired"])
def test_expired_token(value: str) -> None:
    token = {"token": "hf_old", "name": "ci", "expires": "2026-05-28T20:26:40.000Z"}
    answer = with_people("expired_token", value, tokens=[token]).get(
        f"/api/jobs/{ME}", headers={"Authorization": "Bearer hf_old"}
    )
    assert answer.status_code == 401
    assert answer.get_json() == {"error": value.replace("{name}", "ci")}


@pytest.mark.parametrize("status", [400, 403, 404])
def test_unknown_resource_group(status: int) -> None:
    web = with_people("unknown_resource_group", str(status), orgs=[{"name": "acme", "groups": ["vision"]}])
    answer = post(web, "/api/jobs/acme", {**JOB, "resourceGroupId": GONE})
    assert (answer.status_code, answer.get_json()) == (status, {"error": "Resource group not found"})


@pytest.mark.parametrize(("value", "status"), [("one", 400), ("any", 200)])
@pytest.mark.parametrize("targets", [{}, {"url": "https://example.org", "job": JOB}])
def test_webhook_target(value: str, status: int, targets: dict[str, object]) -> None:
    _, web = with_quirk("webhook_target", value)
    hook = {"watched": [{"type": "model", "name": "me/m"}], "domains": ["repo"], **targets}
    assert post(web, "/api/settings/webhooks", hook).status_code == status


@pytest.mark.parametrize(("value", "status"), [("whole", 400), ("partial", 200)])
def test_webhook_update(value: str, status: int) -> None:
    _, web = with_quirk("webhook_update", value)
    hook = {"watched": [{"type": "model", "name": "me/m"}], "domains": ["repo"], "url": "https://example.org"}
    made = post(web, "/api/settings/webhooks", hook).get_json()["webhook"]
    # What huggingface_hub sends where only the address is to change.
    answer = post(web, f"/api/settings/webhooks/{made['id']}", {"watched": [], "url": "https://example.com"})
    assert answer.status_code == status
    if status == 200:
        assert answer.get_json() == {"webhook": {**made, "url": "https://example.com"}}


def _minutes(web: Client) -> object:
    return get(web, "/api/settings/billing/usage/jobs").get_json()["usage"]["totalMinutes"]


@pytest.mark.parametrize(("value", "minutes"), [("start", 2), ("creation", 7)])
def test_billed_from(value: str, minutes: int) -> None:
    hub, web = with_quirk("billed_from", value)
    hub.when().then(scheduling="5m", running=90)
    create(web)
    hub.clock.advance(3_600_000)
    assert _minutes(web) == minutes


@pytest.mark.parametrize(("value", "minutes"), [("billed", 2), ("free", 1)])
def test_partial_minutes(value: str, minutes: int) -> None:
    hub, web = with_quirk("partial_minutes", value)
    hub.when().then(scheduling=0, running=90)
    create(web)
    hub.clock.advance(3_600_000)
    assert _minutes(web) == minutes


@pytest.mark.parametrize(("value", "stage"), [("all", "CANCELED"), ("running", "SCHEDULING")])
def test_no_credits_cancels(value: str, stage: str) -> None:
    hub, web = with_quirk("no_credits_cancels", value)
    hub.set_credits("0.000167")
    hub.when(name="runs").then(scheduling=0, running="1h")
    hub.when(name="waits").then(scheduling="1h")
    jobs = [create(web, labels={"name": name}) for name in ("runs", "waits")]
    hub.clock.advance(60_000)
    stages = [get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] for job in jobs]
    assert stages == ["CANCELED", stage]


@pytest.mark.parametrize(("text", "message"), [("", None), ("Out of credits", "Out of credits")])
def test_no_credits_message(text: str, message: str | None) -> None:
    hub, web = with_quirk("no_credits_message", text)
    hub.set_credits("0.000167")
    hub.when().then(scheduling=0, running="1h")
    job = create(web)
    hub.clock.advance(60_000)
    status = get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]
    assert (status["message"], status["cancelReason"]) == (message, "NO_CREDITS")


def _limited_group(name: str, value: str) -> tuple[FakeHub, Client, str]:
    TRIED.add(name)
    group = {"name": "vision", "id": "65a1b2c3d4e5f60718293a4b", "limit": 0.000167}
    hub = frozen_hub(quirks={name: value}, orgs=[{"name": "acme", "groups": [group]}])
    hub.when().then(scheduling=0, running="1h")
    web = Client(wsgi_app(hub))
    job = post(web, f"/api/jobs/{group['id']}", JOB).get_json()["id"]
    hub.clock.advance(60_000)
    return hub, web, job


@pytest.mark.parametrize(("text", "message"), [("", None), ("Too much", "Too much")])
def test_resource_group_limit_message(text: str, message: str | None) -> None:
    _, web, job = _limited_group("resource_group_limit_message", text)
    status = get(web, f"/api/jobs/acme/{job}").get_json()["status"]
    assert (status["message"], status["cancelReason"]) == (message, "RESOURCE_GROUP_LIMIT")


def test_resource_group_limit_refused() -> None:
    _, web, _ = _limited_group("resource_group_limit_refused", "Too much")
    answer = post(web, "/api/jobs/65a1b2c3d4e5f60718293a4b", JOB)
    assert (answer.status_code, answer.get_json()) == (403, {"error": "Too much"})


def test_every_quirk_has_its_test() -> None:
    """Names tell: ``test_<quirk>``."""
    for quirk in fields(Quirks):
        assert f"test_{quirk.name}" in globals(), quirk.name
