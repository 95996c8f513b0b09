"""`add_job`: jobs that were submitted before anybody looked, through Python and scenario files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.hub import FakeHub
from fakejobs.model.job import JobAt
from fakejobs.model.past import ADD_JOB_WORDS, past_job_from
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import JobStage
from fakejobs.model.times import to_iso
from fakejobs.scenario import ScenarioError, load_scenario, open_hub, scenario_from
from fakejobs.wire.encode import job_body
from tests.conftest import START, frozen_hub
from tests.support.play import ME, body, drain, look, stage, submit

MINUTE = 60_000


def lines(hub: FakeHub, seen: JobAt) -> list[str]:
    steps = hub.logs(hub.caller("x"), ME, seen.job.id)
    return [entry.text for _, batch in drain(hub, steps) for entry in batch][1:]


def test_a_job_from_the_past(hub: FakeHub) -> None:
    hub.when().then(exit_code=9)
    seen = hub.add_job(
        stage="ERROR",
        age="90m",
        scheduling="10m",
        running="20m",
        image="pytorch/pytorch",
        command=["python", "train.py"],
        flavor="a10g-small",
        name="last-night",
        labels={"team": "vision"},
        env={"EPOCHS": "3"},
        secrets=["HF_TOKEN"],
        timeout="2h",
        logs=["loss 0.9", "boom"],
        message="out of disk",
    )
    created = START - 90 * MINUTE
    assert job_body(seen, Quirks()) == body(hub, seen.job.id) | {
        "createdAt": to_iso(created),
        "startedAt": to_iso(created + 10 * MINUTE),
        "finishedAt": to_iso(created + 30 * MINUTE),
        "dockerImage": "pytorch/pytorch",
        "command": ["python", "train.py"],
        "flavor": "a10g-small",
        "labels": {"team": "vision", "name": "last-night"},
        "environment": {"EPOCHS": "3"},
        "secrets": ["HF_TOKEN"],
        "timeout": 7200,
        "durations": {"schedulingSecs": 600, "runningSecs": 1200, "totalSecs": 1800},
        "status": {"stage": "ERROR", "message": "out of disk", "failureCount": 0},
    }
    assert lines(hub, seen) == ["loss 0.9", "boom"]
    assert seen.job.rule is None, "it follows no rule"
    assert seen.job.id.startswith(f"{created // 1000:08x}")


def test_its_place_in_the_list_is_that_of_its_creation(hub: FakeHub) -> None:
    hub.clock.advance(60 * MINUTE)
    middle = submit(hub)
    hub.clock.advance(60 * MINUTE)
    new = submit(hub)
    old = hub.add_job(age="3h").job.id
    between = hub.add_job(age="30m").job.id
    listed = [seen.job.id for seen in hub.jobs(hub.caller("x"), ME).jobs]
    assert listed == [new, between, middle, old]
    assert [seen.job.id for seen in hub.all_jobs()] == listed[::-1]
    assert sorted(listed, reverse=True) == listed, "ids sort by time"


def test_pages_go_through_jobs_that_were_added_later(hub: FakeHub) -> None:
    for age in range(150):
        hub.add_job(age=f"{(age * 37) % 150}m")
    first = hub.jobs(hub.caller("x"), ME)
    second = hub.jobs(hub.caller("x"), ME, before=first.next)
    created = [seen.job.plan.created for seen in (*first.jobs, *second.jobs)]
    assert created == sorted(created, reverse=True)
    assert (len(created), second.next) == (150, None)


@given(
    st.sampled_from(list(JobStage)),
    st.integers(0, 10 * 24 * 60),
    st.sampled_from(["cpu-basic", "h200x8", "t4-small", "sprx8"]),
    st.sampled_from(["running", "creation"]),
)
def test_stage_and_age_are_enough(stage: JobStage, minutes: int, flavor: str, counts_from: str) -> None:
    hub = frozen_hub(quirks={"timeout_counts_from": counts_from})
    words: dict[str, object] = {"stage": stage, "age": f"{minutes}m", "flavor": flavor}
    if stage == "SCHEDULING" and counts_from == "creation":
        words["timeout"] = "20d"
    seen = hub.add_job(**words)
    plan = seen.job.plan
    assert seen.stage is stage
    assert plan.created == START - minutes * MINUTE
    assert plan.created <= plan.start <= plan.end
    hub.clock.advance(30 * 24 * 60 * MINUTE)
    assert hub.all_jobs()[0].stage in (stage, "COMPLETED"), "what goes on ends well, unless told otherwise"
    hub.close()


def test_a_job_that_runs_goes_on(hub: FakeHub) -> None:
    seen = hub.add_job(stage="RUNNING", age="90m", scheduling=0, running="2h", exit_code=3)
    assert hub.cut_by_timeout(seen.job.id) is False
    hub.clock.advance(29 * MINUTE)
    assert stage(hub, seen.job.id) == "RUNNING"
    hub.clock.advance(MINUTE)
    assert look(hub, seen.job.id).job.plan.message == "Job failed with exit code: 3. Reason: Error"
    hub.add_job(stage="RUNNING", age="90m", running="forever")


def test_a_job_that_waits_takes_its_turn() -> None:
    hub = frozen_hub(flavors={"t4-small": {"capacity": 1}})
    hub.when().then(scheduling=0, running=60)
    running = hub.add_job(stage="RUNNING", age=100, scheduling=0, running=130, flavor="t4-small")
    second = submit(hub, flavor="t4-small")
    first = hub.add_job(stage="SCHEDULING", age="2h", running=60, scheduling="1h", flavor="t4-small").job.id
    assert [stage(hub, job) for job in (running.job.id, first, second)] == [
        "RUNNING",
        "SCHEDULING",
        "SCHEDULING",
    ]
    hub.clock.advance(30_000)
    assert [stage(hub, job) for job in (running.job.id, first, second)] == [
        "COMPLETED",
        "RUNNING",
        "SCHEDULING",
    ]
    hub.clock.advance(60_000)
    assert [stage(hub, job) for job in (first, second)] == ["COMPLETED", "RUNNING"]
    hub.close()


def test_a_timeout_can_have_ended_it(hub: FakeHub) -> None:
    seen = hub.add_job(stage="ERROR", age="3h", running="2h", timeout="30m")
    assert seen.job.plan.message == "Job timeout"
    assert hub.cut_by_timeout(seen.job.id)


def test_every_ending(hub: FakeHub) -> None:
    assert hub.add_job().stage == "COMPLETED"
    assert (
        hub.add_job(stage="ERROR", oom=True).job.plan.message
        == "Job failed with exit code: 137. Reason: OOMKilled"
    )
    assert hub.add_job(stage="ERROR", image_pull_error=True).job.plan.start > START, "it never ran"
    canceled = hub.add_job(stage="CANCELED", cancel_reason="NO_CREDITS")
    assert canceled.job.plan.cancel_reason == "NO_CREDITS"
    hub.transition(hub.add_job().job.id, JobStage.DELETED)


def test_whose_it_is() -> None:
    hub = frozen_hub(users=["ada", "bob"], orgs=["acme"])
    about = [hub.add_job(namespace=name).job.about for name in ("ada", "bob", "acme")] + [
        hub.add_job().job.about
    ]
    names = [(each["owner"]["name"], each["createdBy"]["name"]) for each in about]  # type: ignore[index]
    assert names == [("ada", "ada"), ("bob", "bob"), ("acme", "ada"), ("ada", "ada")]
    with pytest.raises(ValueError, match="namespace: there is no 'acm' here; did you mean 'acme'"):
        hub.add_job(namespace="acm")
    hub.close()


def test_time_does_not_go_back_behind_it(hub: FakeHub) -> None:
    hub.add_job(age="3h")
    with pytest.raises(ValueError, match="time cannot go back"):
        hub.clock.set(START - 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"stages": "ERROR"}, "stages: unknown word; did you mean 'stage'?"),
        ({"dockerimage": "x"}, "dockerimage: unknown word; did you mean 'docker_image'?"),
        ({"call": print}, "call: unknown word"),
        ({"env": {}, "environment": {}}, "environment: `environment` is given twice, by two names"),
        ({"stage": "canceled"}, "stage: 'canceled' is no stage; did you mean 'CANCELED'?"),
        ({"stage": None}, "stage: None is no stage; there are: SCHEDULING"),
        ({"age": "-5m"}, "age: '-5m' is no length of time"),
        ({"age": "99y"}, "age: '99y' is no length of time"),
        ({"age": "30000d"}, "age: 30000d ago was before 1970"),
        ({"exit_code": 1}, "stage: a job with `exit_code` = 1 ends in ERROR, not in COMPLETED"),
        (
            {"stage": "RUNNING", "cancel_reason": "x"},
            "cancel_reason: only a job in CANCELED has one, not one in RUNNING",
        ),
        ({"stage": "ERROR", "cancel_reason": "x"}, "cancel_reason: only a job that ends in CANCELED"),
        (
            {"running": "2h", "age": "1h", "scheduling": 5},
            "stage: such a job is in RUNNING now, not in COMPLETED: it waits 5s, runs 2h and was submitted 1h ago",
        ),
        ({"scheduling": "2h", "age": "1h"}, "stage: such a job is in SCHEDULING now, not in COMPLETED"),
        ({"stage": "SCHEDULING", "scheduling": "5m"}, "stage: such a job is in"),
        (
            {"stage": "RUNNING", "age": "2h", "running": "3h", "timeout": "1h"},
            "and its timeout of 1h has ended it",
        ),
        ({"flavor": "h2000"}, "flavor: 'h2000' is no flavor; did you mean 'h200'?"),
        ({"command": "python train.py"}, 'command: give a list of words, such as ["python", "train.py"]'),
        ({"command": [""]}, "command: give at least one word, and none that is empty"),
        ({"arguments": [3]}, "arguments[0]: 3 is no text"),
        ({"image": ""}, "image: '' is no text"),
        ({"image": "a", "space": "b"}, "space: a job has an image or a Space"),
        ({"labels": {"a b": "c"}}, "labels: 'a b' cannot be a name there"),
        ({"labels": {"a": "b c"}}, "labels.a: 'b c' is no value of a label"),
        ({"labels": {"name": "a"}, "name": "b"}, "name: `labels` has another name"),
        ({"env": {"AB": 3}}, "environment.AB: 3 is no text"),
        ({"secrets": {"A": "hf_secret"}}, "secrets: give a list of names; values are never kept"),
        ({"secrets": ["hf secret"]}, "secrets: there is a name that no secret can have"),
        ({"timeout": 0.5}, "timeout: 0.5; a timeout is a whole number of seconds"),
        ({"timeout": "soon"}, "timeout: 'soon' is no length of time"),
        ({"attempts": 0}, "attempts: 0 is no number of runs"),
        ({"namespace": 3}, "namespace: give the name"),
        ({"logs": "a"}, "logs: give a list of lines"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    hub: FakeHub, words: Mapping[str, object], message: str
) -> None:
    before = hub.snapshot()
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        hub.add_job(**words)
    assert "hf_secret" not in str(error.value)
    assert hub.snapshot() == before


def test_the_apis_own_keys_do_as_well() -> None:
    ours = past_job_from({"image": "a", "env": {"AB": "1"}, "timeout": "90s"})
    theirs = past_job_from({"dockerImage": "a", "environment": {"AB": "1"}, "timeoutSeconds": 90})
    assert ours == theirs
    assert past_job_from({"spaceId": "a/b"}) == past_job_from({"space": "a/b"})
    assert len(set(ADD_JOB_WORDS)) == len(ADD_JOB_WORDS)


def test_a_scenario_file_has_jobs(tmp_path: Path) -> None:
    file, db = tmp_path / "scenario.toml", str(tmp_path / "jobs.db")
    file.write_text(
        'start = "2026-01-01T00:00:00Z"\nfrozen = true\n[[jobs]]\nname = "old"\n[[jobs]]\nstage = "RUNNING"\nage = "90m"\n'
    )
    hub = open_hub(db, scenario=load_scenario(file))
    stages = [seen.stage.value for seen in hub.all_jobs()]
    assert stages == ["RUNNING", "COMPLETED"]
    hub.close()
    hub = open_hub(db, scenario=load_scenario(file))
    assert hub.count_all() == 2, "they are put there once"
    hub.close()


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ({}, "jobs: give [[jobs]] tables"),
        (["x"], "jobs[0]: give a table"),
        ([{}, {"stag": "ERROR"}], "jobs[1].stag: unknown word; did you mean 'stage'?"),
    ],
)
def test_a_mistake_in_a_scenario_says_where(tmp_path: Path, jobs: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        scenario_from({"jobs": jobs})
    file = tmp_path / "scenario.toml"
    file.write_text('[[jobs]]\nage = "soon"\n')
    with pytest.raises(ScenarioError, match=re.escape(f"{file}: jobs[0].age: 'soon'")):
        load_scenario(file)


def test_a_job_of_a_scenario_that_cannot_be_says_which() -> None:
    with pytest.raises(ValueError, match=r"jobs\[0\]\.namespace: there is no 'acme' here"):
        open_hub(scenario=scenario_from({"jobs": [{"namespace": "acme"}]}))


def test_it_is_deterministic() -> None:
    hubs = [frozen_hub(), frozen_hub()]
    for hub in hubs:
        for each in JobStage:
            hub.add_job(stage=each, age="20m", flavor="h200")
    assert hubs[0].snapshot() == hubs[1].snapshot()
    for hub in hubs:
        hub.close()
