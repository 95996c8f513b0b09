"""`fakejobs contract check --recordings`: a faithful recording has no findings, and one that was changed has."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fakejobs.cli import main
from fakejobs.contract.recording import BadRecording
from fakejobs.contract.recordings_check import check_recordings
from fakejobs.model.quirks import Quirks, quirks_from
from fakejobs.wire.openapi import document
from tests.contract.recordings import JOB, Player, change, record_day
from tests.support.raw import ask


def whole_day(player: Player) -> None:
    """Jobs of all kinds, streams, errors, lists."""
    hub, me = player.hub, player.me
    hub.when(labels={"is": "good"}).then(scheduling="90s", running="10m", logs=["one", "two", "three"])
    hub.when(labels={"is": "bad"}).then(scheduling=5, running="1m", exit_code=3, logs=["Traceback"])
    hub.when(labels={"is": "big"}).then(scheduling=5, running="1m", oom=True)
    hub.when(labels={"is": "slow"}).then(scheduling=5, running="forever", logs=["loop"])
    hub.when(labels={"is": "pull"}).then(scheduling="20s", image_pull_error=True)
    player.get("/api/jobs/hardware")
    good = player.submit(labels={"is": "good"}, secrets={"KEY": "very-secret"}, environment={"WHO": me})
    player.job(good)
    player.wait("95s")
    bad = player.submit(labels={"is": "bad"}, attempts=2)
    big = player.submit(labels={"is": "big"})
    slow = player.submit(
        labels={"is": "slow"}, timeoutSeconds=600, expose={"ports": [8000]}, ssh={"enabled": True}
    )
    pull = player.submit(labels={"is": "pull"})
    player.job(good)
    player.wait("10s")
    player.list()
    player.list("?stage=RUNNING&label=is%3Dgood")
    player.get(f"/api/jobs/{me}/count")
    player.wait("2m")
    for job_id in (bad, big, pull):
        player.job(job_id)
        player.job(job_id, "/logs")
    again = str(player.post(f"/api/jobs/{me}/{bad}/duplicate").json()["id"])
    player.wait("3s")
    player.post(f"/api/jobs/{me}/{again}/cancel")
    player.post(f"/api/jobs/{me}/{again}/cancel")
    ask(player.url, "PUT", f"/api/jobs/{me}/{slow}/labels", {"labels": {"new": "label"}})
    ask(player.url, "PUT", f"/api/jobs/{me}/{slow}/expose", {"ports": [9000]})
    player.wait("30m")
    for job_id in (good, slow, again):
        player.job(job_id)
        player.job(job_id, "/logs")
        player.job(job_id, "/events")
    player.job(good, "/logs")
    player.job(good, "/logs?tail=2")
    player.job(good, "/metrics")
    player.list()
    player.get(f"/api/jobs/{me}/count?stage=COMPLETED&stage=ERROR")
    # What is refused.
    player.job("0123456789abcdef01234567")
    player.get("/api/jobs/nobody")
    player.post(f"/api/jobs/{me}", {"flavor": "h9000"})
    player.post(f"/api/jobs/{me}/auth-check/write")
    ask(player.url, "GET", f"/api/jobs/{me}", headers={"Authorization": ""})


def test_a_recording_of_the_fake_has_no_findings(tmp_path: Path) -> None:
    folder = record_day(
        tmp_path / "day", whole_day, users=[{"name": "ada", "email": "ada@example.org"}], orgs=["acme"]
    )
    report = check_recordings(folder)
    assert report.findings == ()
    assert report.notes == ()
    assert report.compared == report.recorded > 40


def small_day(player: Player) -> None:
    player.hub.when().then(scheduling=10, running="1m", logs=["one", "two"], exit_code=1)
    job_id = player.submit()
    player.wait("2m")
    player.job(job_id)
    player.job(job_id, "/logs")
    player.job(job_id, "/logs?tail=5")
    player.list()
    player.post(f"/api/jobs/{player.me}/{job_id}/cancel")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_day(tmp_path_factory.mktemp("small") / "day", small_day)


def renames_a_key(value: Any) -> None:
    body = value["response"]["body"]
    value["response"]["body"] = {"flavour" if key == "flavor" else key: each for key, each in body.items()}


def moves_a_key(value: Any) -> None:
    body = value["response"]["body"]
    body["createdAt"] = body.pop("createdAt")


def says_it_otherwise(value: Any) -> None:
    value["response"]["body"]["error"] = "This job is over"


def fails_with_another_text(value: Any) -> None:
    value["response"]["body"]["status"]["message"] = "Job failed with exit code 1"


def loses_a_line(value: Any) -> None:
    del value["response"]["frames"][1]


def changes_a_line(value: Any) -> None:
    frame = value["response"]["frames"][2]
    frame["text"] = frame["text"].replace("two", "2")


def loses_the_marker(value: Any) -> None:
    del value["response"]["frames"][0]


def loses_the_end(value: Any) -> None:
    value["response"]["frames"].pop()


def answers_otherwise(value: Any) -> None:
    value["response"]["status"] = 400


def lists_nothing(value: Any) -> None:
    value["response"]["body"].clear()


def ran_longer(value: Any) -> None:
    value["response"]["body"]["durations"]["runningSecs"] += 5


def waits(value: Any) -> None:
    value["response"]["body"]["status"]["stage"] = "QUEUED"


def has_one_more(value: Any) -> None:
    value["response"]["body"]["queue"] = 3


@pytest.mark.parametrize(
    ("file", "how", "at", "sentence"),
    [
        ("0003-GET", renames_a_key, "→ 200 → flavor", ""),
        ("0003-GET", moves_a_key, "→ 200", "recorded the keys in the order id, dockerImage"),
        ("0003-GET", fails_with_another_text, "status.message", 'recorded "Job failed with exit code 1", fake "Job failed'),
        ("0003-GET", ran_longer, "durations.runningSecs", "recorded 65, fake 60"),
        ("0003-GET", waits, "status.stage", "Invalid option"),
        ("0003-GET", has_one_more, "→ queue", "recorded, but the fake does not have it"),
        ("-cancel.json", says_it_otherwise, "→ error", 'recorded "This job is over", fake "Job is already in a final'),
        ("-cancel.json", answers_otherwise, "→ status", "recorded 400, fake 409"),
        ("0004-GET", loses_a_line, "frames[]", "fake"),
        ("0005-GET", loses_a_line, "frames[]", 'recorded "two", fake "one"'),
        ("0004-GET", changes_a_line, "frames[].data", ""),
        ("0004-GET", loses_the_marker, "frames[].data", 'recorded "one", fake "===== Job started at'),
        ("0005-GET", loses_the_end, "frames[]", "recorded the end, fake goes on with"),
        ("0006-GET", lists_nothing, "→ 200", "recorded the jobs []; fake ["),
    ],
)  # fmt: skip
def test_a_changed_recording_is_found(
    small: Path, tmp_path: Path, file: str, how: Callable[[Any], None], at: str, sentence: str
) -> None:
    for each in small.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    assert check_recordings(tmp_path).findings == ()
    change(tmp_path, file, how)
    findings = check_recordings(tmp_path).findings
    assert any(at in finding.at and sentence in finding.sentence for finding in findings), findings
    assert all(any(name.startswith("000") for name in finding.where) for finding in findings)


_LEAVES_NO_TRACE = {
    # Nobody has these tokens, groups or limits that day; a job that was cancelled is cancelled again as it was.
    "job_write_reads": "no",
    "expired_token": "Too old",
    "unknown_resource_group": "400",
    "no_credits_cancels": "running",
    "no_credits_message": "No money",
    "resource_group_limit_message": "No more",
    "resource_group_limit_refused": "No more",
}


@pytest.mark.parametrize(
    ("quirks", "at", "sentence"),
    [
        ({"cancel_finished": "200"}, "/cancel → 200 → status", "recorded 200, fake 409"),
        ({"job_not_found": "No such job"}, "→ 404 → error", 'recorded "No such job", fake "Job not found"'),
        ({"metrics_of_finished": "500"}, "", ""),
        ({"metrics_of_finished": "empty"}, "/metrics → 200 → status", "recorded 200, fake 406"),
        ({"default_timeout_shown": "yes"}, "→ timeout", "recorded, but the fake does not have it"),
        ({"retry_says": "attempts"}, "→ retry", "recorded 2, fake 1"),
        ({"cleared_labels": "empty"}, "→ labels", "recorded, but the fake does not have it"),
        (
            {"cancel_message": "Canceled by user"},
            "→ status.message",
            'recorded "Canceled by user", fake null',
        ),
        ({"image_pull_message": "Could not pull"}, "→ status.message", 'fake "Failed to pull image"'),
        ({"validation_layout": "plain"}, "→ 400 → error", "recorded"),
        ({"expose_not_running": "409"}, "/expose → 409 → status", "recorded 409, fake 400"),
        ({"logs_while_scheduling": "close"}, "/logs → 200 → frames", "recorded the end, fake"),
        ({"malformed_job_id": "400"}, "→ 400 → status", "recorded 400, fake 404"),
        ({"unlisted_flavors": "accept"}, "→ 200 → status", "recorded 200, fake 400"),
        ({"label_dots": "refuse"}, "→ 400 → status", "recorded 400, fake 200"),
        ({"namespace_not_found": "Who?"}, "→ 404 → error", 'recorded "Who?"'),
        ({"image": "any"}, "→ 200 → status", "recorded 200, fake 400"),
        ({"public_ports_beyond_ports": "accept"}, "→ 200 → status", "recorded 200, fake 400"),
        ({"timeout_counts_from": "creation"}, "", "recorded"),
        ({"timeout_per": "job"}, "→ durations.runningSecs", "recorded 30, fake"),
        ({"timeout_retried": "yes"}, "→ status.failureCount", "recorded 1, fake 0"),
        ({"last_failure_counted": "yes"}, "→ status.failureCount", "recorded 1, fake 0"),
        ({"queued_message": "null"}, "", ""),
        ({"deleted_jobs": "hidden"}, "", ""),
        ({"scheduled_job_not_found": "No schedule"}, "→ 404 → error", 'recorded "No schedule"'),
        ({"scheduled_body": "Done"}, "/suspend → 200", 'recorded "Done", fake "OK"'),
        ({"cron_sixth": "year"}, "→ status.nextJobRunAt", "recorded"),
        ({"webhook_target": "any"}, "→ 200 → status", "recorded 200, fake 400"),
        ({"webhook_update": "partial"}, "→ 200 → status", "recorded 200, fake 400"),
        ({"billed_from": "creation"}, "jobDetails[].startedAt", "recorded"),
        ({"partial_minutes": "free"}, "jobDetails[].totalMinutes", "recorded"),
        *(({name: other}, "", "") for name, other in _LEAVES_NO_TRACE.items()),
    ],
)
def test_another_quirk_is_found(tmp_path: Path, quirks: dict[str, str], at: str, sentence: str) -> None:
    folder = record_day(tmp_path / "day", odd_day, quirks=quirks)
    findings = check_recordings(folder).findings
    # A deleted job that is hidden leaves no trace, nor does a limit that nobody has; and an answer of 500 may be a bad day of the server.
    told = not _LEAVES_NO_TRACE.keys() & quirks.keys() and quirks not in (
        {"deleted_jobs": "hidden"},
        {"metrics_of_finished": "500"},
        {"queued_message": "null"},
    )
    assert bool(findings) is told
    if told:
        assert any(at in finding.at and sentence in finding.sentence for finding in findings), findings
    assert check_recordings(folder, quirks=quirks_from(quirks)).findings == ()


def odd_day(player: Player) -> None:
    """One call for everything that a quirk is about."""
    hub, me = player.hub, player.me
    hub.when(name="ends").then(scheduling=10, running="1m", logs=["one"])
    hub.when(name="pull").then(scheduling=10, image_pull_error=True)
    hub.when(name="stays").then(scheduling="5m", running="forever", logs=["never ends"])
    ends = player.submit(attempts=2, labels={"name": "ends"})
    pull = player.submit(labels={"name": "pull"})
    stays = player.submit(labels={"name": "stays"}, timeoutSeconds=600)
    hub.when(name="slow").then(scheduling=10, running="forever")
    hub.when(name="fails").then(scheduling=10, running="1m", exit_code=1)
    slow = player.submit(labels={"name": "slow"}, timeoutSeconds=60, attempts=2)
    fails = player.submit(labels={"name": "fails"}, timeoutSeconds=100, attempts=3)
    cancelled = player.submit(labels={"name": "stays"})
    hub.when(name="short").then(scheduling=10, running="30s")
    short = player.submit(labels={"name": "short"})
    if hub.settings.quirks.logs_while_scheduling == "close":
        player.job(stays, "/logs")
    ask(player.url, "PUT", f"/api/jobs/{me}/{stays}/labels", {"labels": {}})
    ask(player.url, "PUT", f"/api/jobs/{me}/{stays}/expose", {"ports": [80]})
    player.post(f"/api/jobs/{me}/{cancelled}/cancel")
    player.wait("20m")
    for job_id in (ends, pull, stays, slow, fails, cancelled, short):
        player.job(job_id)
    for job_id in (stays, slow, fails):
        player.job(job_id, "/logs")
    player.post(f"/api/jobs/{me}/{ends}/cancel")
    player.job(ends, "/metrics")
    player.job("0123456789abcdef01234567")
    player.job("no-id")
    player.get("/api/jobs/nobody")
    player.submit_raw({"flavor": "h9000"})
    player.submit_raw({"flavor": "sprx8", "dockerImage": "a"})
    player.submit_raw({"flavor": "cpu-basic"})
    player.submit_raw({"flavor": "cpu-basic", "dockerImage": "a", "labels": {"a.b": "c"}})
    player.submit_raw(
        {"flavor": "cpu-basic", "dockerImage": "a", "expose": {"ports": [1], "portsPublic": [2]}}
    )
    scheduled = f"/api/scheduled-jobs/{me}"
    body = {"jobSpec": {**JOB, "secrets": {"KEY": "x"}}, "schedule": "0 5 1 1 * *", "suspend": True}
    made = player.post(scheduled, body).json()["id"]
    player.post(f"{scheduled}/{made}/suspend")
    player.get(f"{scheduled}/0123456789abcdef01234567")
    hooks = "/api/settings/webhooks"
    watched = {"watched": [{"type": "user", "name": me}], "domains": ["repo"]}
    player.post(hooks, watched)
    hook = player.post(hooks, {**watched, "url": "https://example.org"}).json()["webhook"]["id"]
    player.post(f"{hooks}/{hook}", {"watched": []})
    player.get("/api/settings/billing/usage/jobs")


def test_every_quirk_is_tried() -> None:
    tried = {name for mark in test_another_quirk_is_found.pytestmark for name in  # type: ignore[attr-defined] # pytest's own
             [next(iter(each[0])) for each in mark.args[1]]}  # fmt: skip
    assert tried == set(vars(Quirks()))


def test_jobs_from_before_the_recording(tmp_path: Path) -> None:
    def play(player: Player) -> None:
        hub = player.hub
        for stage in ("COMPLETED", "ERROR", "CANCELED", "RUNNING", "SCHEDULING"):
            hub.add_job(stage=stage, age="10m", logs=["early"], labels={"was": stage.lower()})
        player.submit()
        player.wait("1m")
        for job in player.list().json():
            player.job(job["id"])
        player.get(f"/api/jobs/{player.me}/count")

    report = check_recordings(record_day(tmp_path / "day", play))
    assert report.findings == ()
    assert report.notes == ()


def test_the_platform_cancels(tmp_path: Path) -> None:
    def play(player: Player) -> None:
        hub = player.hub
        hub.when().then(scheduling=10, running="1h", logs=["begins"])
        job_id = player.submit(timeoutSeconds=7200)
        player.wait("1m")
        player.job(job_id)
        hub.transition(job_id, "CANCELED", cancel_reason="NO_CREDITS")  # type: ignore[arg-type] # a text does as well
        player.job(job_id)
        player.job(job_id, "/logs")

    assert check_recordings(record_day(tmp_path / "day", play)).findings == ()


def test_pages_of_a_list(tmp_path: Path) -> None:
    def play(player: Player) -> None:
        player.hub.when().then(scheduling="1h")
        for _ in range(103):
            player.submit_in_process()
        first = player.list()
        (link,) = first.all("link")
        path = link.partition(">")[0].partition("/api")[2]
        assert len(player.get(f"/api{path}").json()) == 3

    report = check_recordings(record_day(tmp_path / "day", play))
    assert (report.findings, report.notes) == ((), ())


def test_two_followers_and_a_cancel_in_between(tmp_path: Path) -> None:
    """Streams that were open at the same time are followed at the same time."""
    folder = record_day(tmp_path / "day", small_day)
    # The log was asked for before anything had happened, and lasted until the end.
    files = {file.name[:4]: file for file in folder.iterdir()}
    log = json.loads(files["0004"].read_text())
    log["response"]["headers"]["date"] = json.loads(files["0002"].read_text())["response"]["headers"]["date"]
    inspect = files["0003"].read_text()
    files["0003"].write_text(json.dumps(log))
    files["0004"].write_text(inspect)
    assert check_recordings(folder).findings == ()


def test_the_command(small: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    done = run(main, ["contract", "check", "--recordings", str(small)])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "as recorded")
    for each in small.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    change(tmp_path, "-cancel.json", says_it_otherwise)
    done = run(main, ["contract", "check", "--recordings", str(tmp_path)])
    assert done.exit_code == 1
    assert 'recorded "This job is over", fake "Job is already in a final stage: ERROR"' in done.output
    assert "-cancel.json" in done.output
    done = run(main, ["contract", "check", "--recordings", str(tmp_path), "--json"])
    findings = json.loads(done.output)["findings"]
    assert findings[0]["kind"] == "recorded"
    # Held against a document, too, it is one object all the same.
    spec = tmp_path.parent / "document.json"
    spec.write_text(json.dumps(document()))
    done = run(main, ["contract", "check", "--recordings", str(tmp_path), "--spec", str(spec), "--json"])
    both = json.loads(done.output)
    assert (both["exit_code"], both["recordings"]["exit_code"], done.exit_code) == (0, 1, 1)
    assert both["recordings"]["findings"] == findings


def test_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="has no recordings"):
        check_recordings(tmp_path)
    done = CliRunner().invoke(main, ["contract", "check", "--recordings", str(tmp_path / "missing")])
    assert done.exit_code == 2
    assert "missing: cannot be read (No such file or directory)" in done.output
    with contextlib.suppress(BadRecording):
        (tmp_path / "0001-GET-a.json").write_text('{"request": {}}')
        check_recordings(tmp_path)
        pytest.fail("that is no recording")
