"""`JobInfo` reads what huggingface_hub reads, and gives every body back as it came."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.model import times
from fakejobs.model.stages import JobStage
from fakejobs.wire import info as wire
from fakejobs.wire.info import JobInfo, JobOwner, JobStatus
from fakejobs.wire.parts import JobInfoError, MissingJobKeyError

Body = dict[str, Any]

FINISHED: Body = {
    "id": "6a0328a71c2b3d4e5f607182",
    "createdAt": "2026-05-12T14:55:35.120Z",
    "dockerImage": "python:3.12-slim",
    "timeout": 3600,
    "environment": {"EPOCHS": "3"},
    "command": ["python", "train.py"],
    "arguments": [],
    "flavor": "t4-small",
    "createdBy": {"id": "5f00000000000000000000aa", "name": "ada"},
    "retry": 1,
    "startedAt": "2026-05-12T14:57:43Z",
    "finishedAt": "2026-05-12T15:02:03.9Z",
    "durations": {"schedulingSecs": 128, "runningSecs": 260, "totalSecs": 389},
    "volumes": [{"type": "bucket", "source": "lab/out", "mountPath": "/out", "readOnly": False}],
    "expose": {"ports": [8000, 9000], "portsPublic": [9000]},
    "type": "job",
    "owner": {
        "id": "5f00000000000000000000bb",
        "name": "lab",
        "type": "org",
        "avatarUrl": "https://a.example/l.png",
    },
    "resourceGroup": {"id": "5f00000000000000000000cc", "name": "vision", "numUsers": 4},
    "initiator": {"type": "scheduled-job", "id": "5f00000000000000000000dd"},
    "status": {"stage": "ERROR", "message": "Job timeout", "failureCount": 1},
    "secrets": ["HF_TOKEN"],
    "labels": {"name": "train"},
    "hfToken": {"ownerName": "ada", "tokenRole": "write"},
}
OWNER = {"id": "5f00000000000000000000aa", "name": "ada", "type": "user"}


def minimal(**more: object) -> Body:
    return {"id": "6a0328a71c2b3d4e5f607182", "owner": OWNER, "status": {"stage": "RUNNING"}, **more}


def same_text(one: object, other: object) -> bool:
    """Equal to the last byte: order of keys, nulls and 1 instead of 1.0 included."""
    return json.dumps(one) == json.dumps(other)


# Reading


def test_a_finished_job_has_the_attributes_of_huggingface_hub() -> None:
    job = JobInfo(**FINISHED)
    assert job.created_at == datetime(2026, 5, 12, 14, 55, 35, 120_000, tzinfo=timezone.utc)
    assert job.finished_at == datetime(2026, 5, 12, 15, 2, 3, 900_000, tzinfo=timezone.utc)
    assert job.docker_image == "python:3.12-slim"
    assert job.space_id is None
    assert job.status.stage == "ERROR"
    assert job.status.stage is JobStage.ERROR
    assert job.status.message == "Job timeout"
    assert job.durations == wire.JobDurations(scheduling_secs=128, running_secs=260, total_secs=389)
    assert job.volumes == [wire.JobVolume("bucket", "lab/out", "/out", read_only=False)]
    assert (job.expose, job.expose_public) == ([8000, 9000], [9000])
    assert job.initiator == wire.JobInitiator("scheduled-job", "5f00000000000000000000dd")
    assert job.url == "https://huggingface.co/jobs/lab/6a0328a71c2b3d4e5f607182"


def test_a_finished_job_also_has_the_keys_that_huggingface_hub_skips() -> None:
    job = JobInfo(**FINISHED)
    assert (job.timeout, job.type, job.arch) == (3600, "job", None)
    assert job.status.failure_count == 1
    assert job.owner.avatar_url == "https://a.example/l.png"
    assert job.created_by == wire.JobCreatedBy("5f00000000000000000000aa", "ada")
    assert job.resource_group == wire.ResourceGroup("5f00000000000000000000cc", "vision", 4)
    assert job.hf_token == wire.HfToken("ada", token_role="write")


def test_names_may_be_spelled_like_the_attributes() -> None:
    moment = "2026-05-12T14:55:35.120Z"
    camel = JobInfo(
        **minimal(createdAt=moment, startedAt=moment, finishedAt=moment, spaceId="a/b", dockerImage="x")
    )
    snake = JobInfo(
        **minimal(created_at=moment, started_at=moment, finished_at=moment, space_id="a/b", docker_image="x")
    )
    assert camel == snake
    assert camel.created_at == times.parse_datetime(moment)


def test_parts_may_be_given_ready_made() -> None:
    job = JobInfo(id="6a", status=JobStatus("RUNNING"), owner=JobOwner(**OWNER), expose=[80])
    assert job == JobInfo(**minimal(id="6a", expose={"ports": [80]}))


def test_the_endpoint_makes_the_url() -> None:
    job = JobInfo(**minimal(), endpoint="http://127.0.0.1:8181")
    assert job.endpoint == "http://127.0.0.1:8181"
    assert job.url == "http://127.0.0.1:8181/jobs/ada/6a0328a71c2b3d4e5f607182"
    assert JobInfo.from_wire(minimal(), endpoint="http://127.0.0.1:8181") == job


def test_a_stage_from_the_future_stays_a_string() -> None:
    job = JobInfo(**minimal(status={"stage": "PAUSED"}))
    assert job.status.stage == "PAUSED"
    assert type(job.status.stage) is str


def test_unknown_keys_are_kept() -> None:
    body = minimal(priority={"level": 2}, endpoint="x", url="y", extra=None)
    job = JobInfo.from_wire(body)
    assert job.extra == {"priority": {"level": 2}, "endpoint": "x", "url": "y", "extra": None}
    assert job.endpoint == "https://huggingface.co"
    assert same_text(job.to_wire(), body)


def test_what_is_empty_reads_as_none_like_in_huggingface_hub() -> None:
    body = minimal(
        createdAt=None, dockerImage="", volumes=[], durations={}, initiator=None, network={}, expose={}
    )
    job = JobInfo.from_wire(body)
    unset = (
        job.created_at,
        job.docker_image,
        job.volumes,
        job.durations,
        job.initiator,
        job.network,
        job.expose,
    )
    assert unset == (None,) * 7
    assert same_text(job.to_wire(), body)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        JobInfo(**minimal()).id = "other"  # type: ignore[misc]


# Refusing


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"id": None}, "id"),
        ({"owner": None}, "owner"),
        ({"owner": {"id": "1", "type": "user"}}, "owner.name"),
        ({"status": {}}, "status.stage"),
        ({"initiator": {"id": "1"}}, "initiator.type"),
        ({"network": {"aliases": []}}, "network.group"),
        ({"volumes": [{"source": "a/b", "mountPath": "/a"}, {"mountPath": "/b"}]}, "volumes[1].source"),
    ],
)
def test_a_missing_key_is_named(change: Body, key: str) -> None:
    with pytest.raises(ValueError, match="is missing; it must be") as caught:
        JobInfo(**minimal(**change))
    assert isinstance(caught.value, MissingJobKeyError)
    assert isinstance(caught.value, KeyError)  # which huggingface_hub raises
    assert caught.value.key == key
    assert str(caught.value).startswith(f"{key}: ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "RUNNING"}, "status: must be an object, not a string"),
        ({"status": {"stage": 3}}, "status.stage: must be a string, one of SCHEDULING, RUNNING"),
        ({"createdAt": "2026-05-12T14:57:43+00:00"}, "createdAt: .* write YYYY-MM-DDTHH:MM:SS"),
        ({"started_at": 17}, "started_at: must be a timestamp such as"),
        ({"finished_at": datetime(2026, 1, 1)}, "finished_at: this datetime has no time zone"),
        ({"volumes": {}}, "volumes: must be an array of objects, not an object"),
        ({"volumes": ["a"]}, r"volumes\[0\]: must be an object, not a string"),
        ({"volumes": [{"source": "a", "mountPath": "/", "readOnly": 1}]}, "readOnly: must be true or false"),
        ({"expose": {"ports": 80}}, "expose.ports: must be an array, not a number"),
        ({"expose": 80}, "expose: must be an object, not a number"),
        ({"durations": {"totalSecs": "5"}}, "durations.totalSecs: must be a number, not a string"),
        ({"labels": []}, "labels: must be an object, not an array"),
        ({"secrets": "hf_sesame"}, "secrets: must be an array of names, not a string"),
        ({"timeout": True}, "timeout: must be a number, not a boolean"),
        ({"command": "ls"}, "command: must be an array, not a string"),
        ({"endpoint": None}, "endpoint: must be a URL"),
        ({"extra": 1}, "extra: must be a mapping"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(change: Body, message: str) -> None:
    with pytest.raises(JobInfoError, match=message) as caught:
        JobInfo(**minimal(**change))
    assert "sesame" not in str(caught.value)


def test_a_body_must_be_an_object() -> None:
    with pytest.raises(JobInfoError, match="body: must be an object, not an array"):
        JobInfo.from_wire([minimal()])  # type: ignore[arg-type]


def test_errors_survive_pickling() -> None:
    with pytest.raises(JobInfoError) as caught:
        JobInfo(**minimal(id=None))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.key, str(again)) == (MissingJobKeyError, "id", str(caught.value))


# Writing


def test_a_body_comes_back_as_it_was() -> None:
    assert same_text(JobInfo.from_wire(FINISHED).to_wire(), FINISHED)
    assert same_text(JobInfo(**FINISHED).to_wire(), FINISHED)


def test_neither_side_is_tied_to_the_other() -> None:
    body = copy.deepcopy(FINISHED)
    job = JobInfo.from_wire(body)
    body["labels"]["name"] = "changed"
    written: Any = job.to_wire()
    written["environment"]["EPOCHS"] = "4"
    assert same_text(job.to_wire(), FINISHED)


def test_made_from_names_it_is_in_the_order_of_the_hub_with_milliseconds() -> None:
    job = JobInfo(
        status=JobStatus("RUNNING", ssh_url="ssh://x"),
        owner=JobOwner("1", "ada", "user"),
        initiator=wire.JobInitiator("webhook", "2"),
        started_at=datetime(2026, 5, 12, 16, 57, 43, tzinfo=timezone(timedelta(hours=2))),
        labels={"a": "b"},
        expose=[80],
        expose_public=[80],
        volumes=[wire.JobVolume(type="model", source="a/b", mount_path="/m")],
        created_at="2026-05-12T14:57:40Z",
        id="6a",
    )
    assert json.dumps(job.to_wire()) == json.dumps(
        {
            "id": "6a",
            "createdAt": "2026-05-12T14:57:40.000Z",
            "startedAt": "2026-05-12T14:57:43.000Z",
            "volumes": [{"type": "model", "source": "a/b", "mountPath": "/m"}],
            "expose": {"ports": [80], "portsPublic": [80]},
            "owner": {"id": "1", "name": "ada", "type": "user"},
            "initiator": {"type": "webhook", "id": "2"},
            "status": {"stage": "RUNNING", "message": None, "sshUrl": "ssh://x"},
            "labels": {"a": "b"},
        }
    )


def test_a_replaced_field_shows_and_the_rest_stays() -> None:
    job = JobInfo.from_wire(FINISHED)
    moved = dataclasses.replace(
        job,
        finished_at=job.started_at,
        status=dataclasses.replace(job.status, stage="CANCELED", message=None),
        owner=JobOwner("5f00000000000000000000aa", "ada", "user"),
        arch="arm64",
        durations=None,
        expose_public=None,
    )
    expected = {**FINISHED, "finishedAt": "2026-05-12T14:57:43.000Z"}
    expected["status"] = {"stage": "CANCELED", "message": None, "failureCount": 1}
    expected["owner"] = OWNER
    expected["expose"] = {"ports": [8000, 9000]}
    del expected["durations"]
    order = list(expected)
    order.insert(order.index("arguments") + 1, "arch")
    expected["arch"] = "arm64"
    assert same_text(moved.to_wire(), {name: expected[name] for name in order})
    assert moved.url == "https://huggingface.co/jobs/ada/6a0328a71c2b3d4e5f607182"
    assert "expose" not in dataclasses.replace(job, expose=None, expose_public=None).to_wire()
    assert same_text(job.to_wire(), FINISHED)


def test_a_change_inside_a_field_shows() -> None:
    job = JobInfo.from_wire({**FINISHED, "note": "x"})
    assert job.labels is not None
    assert job.volumes is not None
    job.labels["stage"] = "two"
    job.volumes.append(wire.JobVolume("model", "a/b", "/m"))
    job.extra["note"] = "y"
    job.extra["more"] = 1
    written: Any = job.to_wire()
    assert written["labels"] == {"name": "train", "stage": "two"}
    assert [volume["source"] for volume in written["volumes"]] == ["lab/out", "a/b"]
    assert (written["note"], written["more"]) == ("y", 1)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda job: pickle.loads(pickle.dumps(job))])
def test_copies_are_equal_and_as_exact(copied: Callable[[JobInfo], JobInfo]) -> None:
    again = copied(JobInfo.from_wire(FINISHED))
    assert again == JobInfo.from_wire(FINISHED)
    assert same_text(again.to_wire(), FINISHED)


def test_what_it_remembers_is_neither_compared_nor_shown() -> None:
    job = JobInfo.from_wire(minimal(createdAt="2026-05-12T14:57:43Z"))
    made = JobInfo.from_wire(minimal(createdAt="2026-05-12T14:57:43.000Z", volumes=[]))
    assert job == made
    assert "_wire" not in repr(job)
    assert "_wire" not in dataclasses.asdict(job)["status"]


def test_asdict_reads_back() -> None:
    job = JobInfo.from_wire(FINISHED)
    assert JobInfo(**dataclasses.asdict(job)) == job


# Every body that a Hub can send

TEXT = st.text(max_size=6)
NAME = st.text(min_size=1, max_size=6)
IDS = st.from_regex(r"[0-9a-f]{24}", fullmatch=True)
TIMES = st.builds(
    lambda ms, digits: times.to_iso_seconds(ms)[:-1] + digits + "Z",
    st.integers(0, times.LAST_INSTANT),
    st.from_regex(r"(\.[0-9]{1,9})?", fullmatch=True),
)
STAGES = st.sampled_from([*(stage.value for stage in JobStage), "PAUSED"])
NUMBERS = st.integers(0, 10**6) | st.floats(0, 10**6)
PORTS = st.lists(st.integers(1, 65535), max_size=3)
MAPS = st.dictionaries(NAME, TEXT, max_size=2)
TEXTS = st.lists(TEXT, max_size=2)


def shuffled(
    required: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]] | None = None
) -> st.SearchStrategy[Body]:
    """Objects with these keys, the optional ones present or not, in any order."""
    return st.fixed_dictionaries(required, optional=optional or {}).flatmap(
        lambda body: st.permutations(list(body.items())).map(dict)
    )


PEOPLE = shuffled({"id": IDS, "name": NAME, "type": st.sampled_from(["user", "org"]), "avatarUrl": TEXT})
OTHERS = shuffled({"type": st.sampled_from(["scheduled-job", "duplicated-job", "webhook"]), "id": IDS})
STATUSES = shuffled(
    {"stage": STAGES, "message": st.none() | TEXT},
    {"cancelReason": TEXT, "failureCount": NUMBERS, "exposeUrls": TEXTS, "sshUrl": TEXT},
)
VOLUMES = shuffled(
    {"type": st.sampled_from(["bucket", "model"]), "source": NAME, "mountPath": NAME},
    {"revision": TEXT, "readOnly": st.booleans(), "path": TEXT},
)
TOKENS = shuffled(
    {"ownerName": NAME}, {"orgName": NAME, "tokenRole": NAME, "tokenId": NAME, "settingsUrl": NAME}
)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "spaceId": TEXT,
    "dockerImage": TEXT,
    "timeout": NUMBERS,
    "command": TEXTS,
    "arguments": TEXTS,
    "arch": st.sampled_from(["amd64", "arm64"]),
    "resourceGroupId": IDS,
    "retry": NUMBERS,
    "startedAt": TIMES,
    "finishedAt": TIMES,
    "durations": shuffled({}, {"schedulingSecs": NUMBERS, "runningSecs": NUMBERS, "totalSecs": NUMBERS}),
    "volumes": st.lists(VOLUMES, max_size=2),
    "expose": shuffled({"ports": PORTS}, {"portsPublic": PORTS}),
    "network": shuffled({"group": NAME}, {"aliases": TEXTS}),
    "resourceGroup": shuffled({"id": IDS, "name": NAME}, {"numUsers": NUMBERS}),
    "initiator": PEOPLE | OTHERS,
    "secrets": TEXTS,
    "labels": MAPS,
    "hfToken": TOKENS,
    "somethingNew": st.none() | TEXTS | MAPS,
}
BODIES = shuffled(
    {
        "id": IDS,
        "createdAt": TIMES,
        "environment": MAPS,
        "flavor": NAME,
        "createdBy": shuffled({"id": IDS, "name": NAME}),
        "type": st.just("job"),
        "owner": PEOPLE,
        "status": STATUSES,
    },
    # Today's Hub leaves unset keys out; a null must survive all the same.
    {name: values | st.none() for name, values in OPTIONAL.items()},
)


@given(BODIES)
@settings(deadline=None)
def test_every_body_comes_back_as_it_was(body: Body) -> None:
    job = JobInfo.from_wire(body)
    assert same_text(job.to_wire(), body)
    assert same_text(JobInfo(**body).to_wire(), body)
    assert same_text(dataclasses.replace(job).to_wire(), body)


def in_milliseconds(job: JobInfo) -> JobInfo:
    """The job without the microseconds of its times: the Hub has none, so a changed time loses them."""

    def cut(time: datetime | None) -> datetime | None:
        return time and time.replace(microsecond=time.microsecond // 1000 * 1000)

    return dataclasses.replace(
        job, created_at=cut(job.created_at), started_at=cut(job.started_at), finished_at=cut(job.finished_at)
    )


@given(BODIES, BODIES)
@settings(deadline=None)
def test_replaced_by_the_fields_of_another_job_it_says_what_the_other_says(one: Body, other: Body) -> None:
    wanted = JobInfo.from_wire(other)
    fields = {spec.name: getattr(wanted, spec.name) for spec in dataclasses.fields(JobInfo) if spec.init}
    changed = dataclasses.replace(JobInfo.from_wire(one), **fields)
    assert changed == wanted
    assert in_milliseconds(JobInfo.from_wire(changed.to_wire())) == in_milliseconds(wanted)


@given(BODIES)
@settings(deadline=None)
def test_huggingface_hub_reads_the_same(body: Body) -> None:
    hub = pytest.importorskip("huggingface_hub")
    theirs, ours = (
        hub.JobInfo(**body, endpoint="http://hub.example"),
        JobInfo(**body, endpoint="http://hub.example"),
    )

    def agree(one: Any, other: Any) -> bool:
        if dataclasses.is_dataclass(one):
            return all(
                agree(getattr(one, part.name), getattr(other, part.name)) for part in dataclasses.fields(one)
            )
        if isinstance(one, list):
            return len(one) == len(other) and all(map(agree, one, other))
        return bool(one == other)

    for spec in dataclasses.fields(theirs):
        mine = getattr(ours, spec.name)
        assert agree(getattr(theirs, spec.name), mine), spec.name
