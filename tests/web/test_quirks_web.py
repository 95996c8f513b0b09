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


def test_every_quirk_has_its_test() -> None:
    """Names tell: ``test_<quirk>``."""
    for quirk in fields(Quirks):
        assert f"test_{quirk.name}" in globals(), quirk.name
