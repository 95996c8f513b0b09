"""`fakejobs contract check --recordings` asks the fake again for schedules, webhooks and what jobs cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakejobs.contract.recordings_check import check_recordings
from tests.contract.recordings import JOB, Player, change, record_day
from tests.support.raw import ask


def day_of_the_platform(player: Player) -> None:
    """Schedules that are run by hand, webhooks to which nothing happens, and what it all cost."""
    hub, me = player.hub, player.me
    spec = {**JOB, "secrets": {"KEY": "very-secret"}, "labels": {"is": "nightly"}}
    hub.when(labels={"is": "nightly"}).then(scheduling="5s", running="10m", logs=["one"], exit_code=2)
    root = f"/api/scheduled-jobs/{me}"
    nightly = player.post(root, {"jobSpec": spec, "schedule": "0 3 * * *", "suspend": True}).json()["id"]
    other = player.post(root, {"jobSpec": spec, "schedule": "@yearly", "concurrency": True}).json()["id"]
    player.get(root)
    player.get(f"{root}?label=is%3Dnightly")
    job_id = player.post(f"{root}/{nightly}/run").json()["id"]
    assert player.post(f"{root}/{nightly}/run").status == 409
    for _ in range(2):
        player.post(f"{root}/{other}/run")
    player.job(job_id)
    player.wait("20m")
    player.job(job_id)
    player.job(job_id, "/logs")
    player.list()
    player.get(f"{root}/{nightly}")
    player.post(f"{root}/{nightly}/schedule", {"schedule": "*/5 * * * *"})
    player.post(f"{root}/{nightly}/schedule", {"schedule": "@midnight"})
    ask(player.url, "PUT", f"{root}/{nightly}/labels", {"labels": {"new": "label"}})
    for action in ("resume", "suspend"):
        player.post(f"{root}/{other}/{action}")
    ask(player.url, "DELETE", f"{root}/{nightly}")
    player.get(f"{root}/{nightly}")
    player.get(root)
    hooks = "/api/settings/webhooks"
    watched = {"watched": [{"type": "dataset", "name": f"{me}/data"}], "domains": ["repo"]}
    made = player.post(hooks, {**watched, "job": spec, "secret": "hush-hush"}).json()["webhook"]["id"]
    player.post(hooks, {**watched, "jobSourceId": job_id})
    player.post(hooks, {**watched, "jobSourceId": other})
    player.post(hooks, watched)
    player.get(hooks)
    player.post(f"{hooks}/{made}", {**watched, "url": "https://example.org/hook"})
    player.post(f"{hooks}/{made}/disable")
    player.get(f"{hooks}/{made}")
    ask(player.url, "DELETE", f"{hooks}/{made}")
    player.get(f"{hooks}/{made}")
    player.get("/api/settings/billing/usage/jobs")


def test_schedules_webhooks_and_usage_are_asked_again(tmp_path: Path) -> None:
    report = check_recordings(record_day(tmp_path / "day", day_of_the_platform))
    assert report.findings == ()
    assert report.notes == ()
    assert report.compared == report.recorded > 30


def test_what_started_by_itself_is_told(tmp_path: Path) -> None:
    """A schedule that came to run, a webhook that was triggered: nobody knows what the fake would have to do then."""

    def play(player: Player) -> None:
        hub, me = player.hub, player.me
        hub.when().then(scheduling="5s", running="1m")
        root, hooks = f"/api/scheduled-jobs/{me}", "/api/settings/webhooks"
        player.submit()
        hourly = player.post(root, {"jobSpec": JOB, "schedule": "@hourly"}).json()["id"]
        watched = {"watched": [{"type": "dataset", "name": f"{me}/data"}], "domains": ["repo"]}
        made = player.post(hooks, {**watched, "job": JOB}).json()["webhook"]["id"]
        player.wait("2h")
        (delivery,) = hub.fire_event(repo=f"{me}/data", type="dataset")
        player.post(f"{hooks}/{made}/replay/{delivery.id}")
        player.wait("1h")
        player.list()
        player.get(root)
        player.get(f"{root}/{hourly}")
        player.get(f"{hooks}/{made}")
        player.get("/api/settings/billing/usage/jobs")

    report = check_recordings(record_day(tmp_path / "day", play))
    assert report.findings == ()
    skipped = [note for note in report.notes if "not made again" in note]
    assert len(skipped) == 2
    assert skipped[0].startswith("2 not made again: its scheduled job came to run by itself")
    assert skipped[1].startswith("1 not made again: what happened to repositories is not recorded")
    assert sum("has started it by itself" in note for note in report.notes) == 5
    assert report.compared == report.recorded - 3


def test_schedules_and_webhooks_from_before_the_recording(tmp_path: Path) -> None:
    def play(player: Player) -> None:
        me = player.me
        scheduled = player.hub.add_scheduled_job(schedule="@yearly", command=["true"], image="a")
        player.get(f"/api/scheduled-jobs/{me}")
        player.get(f"/api/scheduled-jobs/{me}/{scheduled.schedule.id}")
        player.get("/api/settings/webhooks/0123456789abcdef01234567")

    report = check_recordings(record_day(tmp_path / "day", play))
    assert report.findings == ()
    (note,) = report.notes
    assert note.startswith("1 not made again: its scheduled job is from before the recording")


def gets_another_time(value: Any) -> None:
    value["response"]["body"]["status"]["nextJobRunAt"] = "2026-05-29T04:00:00.000Z"


def starts_by_a_user(value: Any) -> None:
    value["response"]["body"]["initiator"] = value["response"]["body"]["owner"]


def says_it_otherwise(value: Any) -> None:
    value["response"]["body"]["error"] = "This job is over"


def is_enabled(value: Any) -> None:
    value["response"]["body"]["webhook"]["disabled"] = False


def costs_more(value: Any) -> None:
    value["response"]["body"]["usage"]["jobDetails"][0]["totalMinutes"] += 1


@pytest.mark.parametrize(
    ("file", "how", "at", "sentence"),
    [
        ("0002-POST", gets_another_time, "→ status.nextJobRunAt", '2026-05-29T04:00:00.000Z", fake "2026-05-29T03:00'),
        ("0006-POST", starts_by_a_user, "→ initiator", "recorded, but the fake does not have it"),
        ("0007-POST", says_it_otherwise, "→ error", 'recorded "This job is over", fake "Another job is already running'),
        ("-disable.json", is_enabled, "→ webhook.disabled", "recorded false, fake true"),
        ("-billing-usage-jobs", costs_more, "jobDetails[].totalMinutes", "recorded 11, fake 10"),
    ],
)  # fmt: skip
def test_a_changed_recording_of_the_platform_is_found(
    platform: Path, tmp_path: Path, file: str, how: Callable[[Any], None], at: str, sentence: str
) -> None:
    for each in platform.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    change(tmp_path, file, how)
    findings = check_recordings(tmp_path).findings
    assert any(at in finding.at and sentence in finding.sentence for finding in findings), findings


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_day(tmp_path_factory.mktemp("platform") / "day", day_of_the_platform)
