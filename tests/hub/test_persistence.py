"""A hub in a file: closed and opened again, it goes on as if it had never been away."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from werkzeug.test import Client

from fakejobs.clock import Anchor, source_ms
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.store.database import DatabaseUnusable
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, START, TOKEN, frozen_hub
from tests.support.play import ME, body, look, stage, submit


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "hub.db")


def opened(path: str, **words: object) -> FakeHub:
    return FakeHub(
        path,
        settings=settings_from(words) if words else None,
        anchor=Anchor(START, START, frozen=True),
    )


def test_jobs_rules_clock_and_seed_are_there_again(path: str) -> None:
    hub = opened(path, seed=5, flavors={"t4-small": {"capacity": 1}}, quirks={"job_not_found": "nope"})
    hub.when(name="x").then(scheduling=5, running=60, logs=[[1, "a"]], exit_code=3)
    jobs = [submit(hub, labels={"name": "x"}), submit(hub, flavor="t4-small"), submit(hub, flavor="t4-small")]
    hub.clock.advance(30_000)
    before = hub.snapshot()
    settings, rules = hub.settings, hub.rules()
    bodies = [body(hub, job) for job in jobs]
    hub.close()

    hub = opened(path)
    assert hub.settings == settings
    assert hub.rules() == rules
    assert hub.clock.now() == START + 30_000
    assert [body(hub, job) for job in jobs] == bodies
    after = hub.snapshot()
    assert {**after, "meta": []} == {**before, "meta": []}
    hub.close()


def test_the_next_id_continues(path: str) -> None:
    straight = frozen_hub()
    expected = [submit(straight) for _ in range(3)]
    ids = []
    for _ in range(3):
        hub = opened(path)
        ids.append(submit(hub))
        hub.close()
    assert ids == expected


def test_rule_numbers_continue_too(path: str) -> None:
    hub = opened(path)
    assert [hub.when().then().id, hub.when().then().id] == [1, 2]
    hub.delete_rules(2)
    hub.close()
    hub = opened(path)
    assert hub.when().then().id == 3
    hub.close()


def test_time_goes_on_while_the_hub_is_closed(path: str) -> None:
    source = source_ms()
    hub = FakeHub(path, anchor=Anchor(START, source - 3_600_000, speed=1.0))
    hub.when().then(scheduling="70m", running="70m")
    job = submit(hub)
    assert stage(hub, job) == "SCHEDULING"
    anchor = hub.clock.anchor
    hub.close()
    hub = FakeHub(path)
    assert hub.clock.anchor == anchor
    assert 0 <= hub.clock.now() - START - 3_600_000 < 60_000
    hub.close()


def test_a_queue_goes_on(path: str) -> None:
    hub = opened(path, flavors={"t4-small": {"capacity": 1}})
    hub.when().then(scheduling=0, running=60)
    jobs = [submit(hub, flavor="t4-small") for _ in range(3)]
    hub.close()
    hub = opened(path)
    hub.clock.advance(500_000)
    starts = [(look(hub, job).job.plan.start - START) // 1000 for job in jobs]
    assert starts == [0, 60, 120]
    hub.close()


def test_another_seed_for_jobs_that_are_there_is_refused(path: str) -> None:
    hub = opened(path, seed=1)
    submit(hub)
    hub.close()
    with pytest.raises(ValueError, match="were made with seed 1, not 2"):
        opened(path, seed=2)
    hub = opened(path)
    assert hub.settings.seed == 1
    hub.close()


def test_a_file_that_is_open_already_is_refused(path: str) -> None:
    hub = opened(path)
    with pytest.raises(DatabaseUnusable, match="another process serves this file"):
        opened(path)
    submit(hub)
    hub.close()
    opened(path).close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, and they are longer than the header of a database" * 20)
    with pytest.raises(DatabaseUnusable, match=r"notes\.txt: this is no database"):
        opened(str(path))
    assert path.read_text().startswith("these are my notes")


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    other.close()
    with pytest.raises(DatabaseUnusable, match="not one of fakejobs"):
        opened(str(path))
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
    other.close()


def test_a_database_of_another_version(path: str) -> None:
    opened(path).close()
    with sqlite3.connect(path) as later:
        later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(DatabaseUnusable, match="another version of fakejobs"):
        opened(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="does its folder exist"):
        opened(str(tmp_path / "no" / "hub.db"))


def test_a_damaged_file(path: str) -> None:
    hub = opened(path)
    for _ in range(200):
        submit(hub)
    hub.close()
    file = Path(path)
    raw = file.read_bytes()
    file.write_bytes(raw[:4096] + b"\x5a" * (len(raw) - 4096))
    with pytest.raises(DatabaseUnusable, match=r"hub\.db"):
        opened(path)


def test_a_file_that_was_cut_off(path: str) -> None:
    hub = opened(path)
    for _ in range(200):
        submit(hub)
    hub.close()
    file = Path(path)
    file.write_bytes(file.read_bytes()[:8192])
    with pytest.raises(DatabaseUnusable, match=r"hub\.db"):
        opened(path)


def test_what_failed_leaves_nothing_behind(path: str) -> None:
    hub = opened(path)
    job = submit(hub)
    before = hub.snapshot()
    with pytest.raises(ValueError, match="no such flavor"):
        hub.configure(settings_from({"flavors": {"h900": {}}}))
    with pytest.raises(ValueError, match="were made with"):
        hub.configure(settings_from({"seed": 9}))
    assert hub.snapshot() == before
    hub.close()
    hub = opened(path)
    assert look(hub, job).job.id == job
    hub.close()


def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    hub = opened(str(path), tokens=[{"token": "hf_configured", "user": "fake-user"}])
    caller = hub.caller("hf_configured")
    spec = {"flavor": "cpu-basic", "dockerImage": "x", "environment": {}}
    made = hub.submit(caller, ME, spec, secrets={"KEY": "s3cr3t-value", "HF_TOKEN": "hf_configured"})
    assert made.job.about["hfToken"] == {"ownerName": "fake-user", "tokenRole": "write"}
    assert made.job.spec["secrets"] == ["KEY", "HF_TOKEN"]
    hub.close()
    raw = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"HF_TOKEN" in raw
    assert b"s3cr3t-value" not in raw
    assert b"hf_configured" not in raw


def test_a_reset_empties_the_file(path: str) -> None:
    hub = opened(path)
    hub.when().then()
    first = submit(hub)
    hub.reset()
    assert hub.all_jobs() == []
    assert hub.rules() == []
    assert submit(hub) == first, "the story begins again"
    hub.close()


def test_a_full_disk_is_an_error_that_says_so_and_changes_nothing(path: str) -> None:
    hub = opened(path)
    web = Client(wsgi_app(hub))
    first = submit(hub)
    size = hub.state.database.execute("PRAGMA page_count").fetchone()[0]
    hub.state.database.execute(f"PRAGMA max_page_count = {size}")
    before = hub.snapshot()
    answers = [
        web.post(f"/api/jobs/{ME}", json={**JOB, "dockerImage": "x" * 9_000}, headers=TOKEN) for _ in "ab"
    ]
    for answer in answers:
        assert answer.status_code == 500
        assert answer.headers["X-Error-Message"].endswith("(database or disk is full)")
    assert hub.snapshot() == before
    hub.state.database.execute("PRAGMA max_page_count = 1000000")
    second = submit(hub)
    hub.close()
    assert [seen.job.id for seen in opened(path).all_jobs()] == [first, second]
