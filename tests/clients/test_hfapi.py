"""`HfApi` of the installed huggingface_hub against `fakejobs serve`: every method that has to do with Jobs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from fakejobs.remote import RemoteHub
from tests.support.clients import START, TOKEN, USER, client_environment, let_time_run, start_over
from tests.support.programs import run_program

pytest.importorskip("huggingface_hub", minversion="2.4.0")
from huggingface_hub import HfApi, JobHardware, JobInfo, JobStage, Volume, __version__, constants, hf_api
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, JobNotFoundError, LocalTokenNotFoundError

CREATED = datetime(2026, 5, 28, 20, 26, 40, tzinfo=timezone.utc)
MISSING = "0123456789abcdef01234567"
Item = TypeVar("Item")


@pytest.fixture
def api(hub: RemoteHub, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    # Part of the client asks the endpoint of the process, whatever HfApi was given (`list_jobs` asks who it is).
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(hf_api.api, "endpoint", hub.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    return HfApi(endpoint=hub.url, token=TOKEN)


def submit(api: HfApi, command: str = "python train.py", **words: Any) -> JobInfo:
    return api.run_job(image="python:3.12", command=command.split(), **words)


def stage_of(api: HfApi, job: JobInfo) -> str:
    return api.inspect_job(job_id=job.id).status.stage


def stream(items: Iterable[Item]) -> Generator[Item, None, None]:
    """The client's streams are generators, though it calls them iterables; one that has no end has to be closed."""
    return cast("Generator[Item, None, None]", items)


# A job's life


def test_whoami(hub: RemoteHub, api: HfApi) -> None:
    start_over(
        hub,
        users=[{"name": "ada", "fullname": "Ada L.", "email": "ada@example.org", "is_pro": False}],
        orgs=[{"name": "vision", "plan": "team"}],
    )
    me = api.whoami()
    assert (me["name"], me["type"], me["fullname"], me["isPro"]) == ("ada", "user", "Ada L.", False)
    assert [(org["name"], org["roleInOrg"]) for org in me["orgs"]] == [("vision", "admin")]
    assert me["auth"]["accessToken"]["role"] == "write"


def test_a_job_waits_runs_and_succeeds(hub: RemoteHub, api: HfApi) -> None:
    hub.when(command="python train.py").then(scheduling="90s", running="10m")

    job = submit(api)
    assert job.status.stage == JobStage.SCHEDULING
    assert (job.docker_image, job.space_id, job.command, job.arguments) == (
        "python:3.12",
        None,
        ["python", "train.py"],
        [],
    )
    assert (job.created_at, job.started_at, job.finished_at) == (CREATED, None, None)
    assert job.flavor == JobHardware.CPU_BASIC
    assert (job.owner.name, job.owner.type) == (USER, "user")
    assert job.url == f"{hub.url}/jobs/{USER}/{job.id}"

    hub.clock.advance("90s")
    running = api.inspect_job(job_id=job.id)
    assert running.status.stage == "RUNNING"
    assert running.started_at == CREATED + timedelta(seconds=90)
    assert running.finished_at is None

    hub.clock.advance(599)
    assert stage_of(api, job) == "RUNNING"
    hub.clock.advance(1)
    done = api.inspect_job(job_id=job.id)
    assert (done.status.stage, done.status.message) == ("COMPLETED", None)
    assert done.finished_at == CREATED + timedelta(seconds=690)
    assert done.durations is not None
    assert (done.durations.scheduling_secs, done.durations.running_secs, done.durations.total_secs) == (
        90,
        600,
        690,
    )


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ({"exit_code": 3}, "Job failed with exit code: 3. Reason: Error"),
        ({"oom": True}, "Job failed with exit code: 137. Reason: OOMKilled"),
        ({"image_pull_error": True}, "Failed to pull image"),
        ({"running": "forever"}, "Job timeout"),
        ({"exit_code": 1, "message": "the disk is full"}, "the disk is full"),
    ],
)
def test_jobs_fail_in_the_hubs_words(
    hub: RemoteHub, api: HfApi, outcome: dict[str, object], message: str
) -> None:
    hub.when().then(scheduling=5, **outcome)
    job = submit(api)
    hub.clock.advance("1h")
    failed = api.inspect_job(job_id=job.id)
    assert (failed.status.stage, failed.status.message) == ("ERROR", message)


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [("90s", 90), ("5m", 300), ("1.5h", 5400), ("2d", 172_800), (45, 45), (None, 1800)],
)
def test_timeouts_count_from_the_start_of_running(
    hub: RemoteHub, api: HfApi, timeout: str | int | None, seconds: int
) -> None:
    hub.when().then(scheduling="1h", running="forever")
    job = submit(api, timeout=timeout)
    hub.clock.advance("3d")
    ended = api.inspect_job(job_id=job.id)
    assert (ended.status.stage, ended.status.message) == ("ERROR", "Job timeout")
    assert ended.finished_at == CREATED + timedelta(hours=1, seconds=seconds)


def test_everything_that_a_job_can_be_given(hub: RemoteHub, api: HfApi) -> None:
    start_over(hub, orgs=["vision"])
    job = api.run_job(
        image="pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel",
        command=["python", "-c", "print('ü 🤗')"],
        env={"EPOCHS": "3", "DEBUG": ""},
        secrets={"WANDB_KEY": "very-secret", "HF_TOKEN": TOKEN},
        flavor=JobHardware.A100X4,
        timeout="2h",
        attempts=3,
        name="finetune",
        labels={"team": "vision", "run": "a.b-c_1"},
        volumes=[
            Volume(type="dataset", source="ada/images", mount_path="/data", revision="v1"),
            Volume(type="bucket", source="ada/out", mount_path="/out", read_only=False, path="runs/7"),
        ],
        expose=[8000, 8001],
        expose_public=[9000],
        ssh=True,
        network_group="ring",
        network_aliases=["leader", "rank-0"],
        resource_group_id="65f1a5bb2cbd9b1f7b8a1234",
        namespace="vision",
    )
    for seen in (job, api.inspect_job(job_id=job.id, namespace="vision")):
        assert seen.docker_image == "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel"
        assert seen.command == ["python", "-c", "print('ü 🤗')"]
        assert seen.environment == {"EPOCHS": "3", "DEBUG": ""}
        assert list(seen.secrets or ()) == ["WANDB_KEY", "HF_TOKEN"]
        assert seen.flavor == "a100x4"
        assert seen.retry == 2
        assert seen.labels == {"team": "vision", "run": "a.b-c_1", "name": "finetune"}
        assert seen.volumes is not None
        assert [volume.to_dict() for volume in seen.volumes] == [
            {"type": "dataset", "source": "ada/images", "mountPath": "/data", "revision": "v1"},
            {
                "type": "bucket",
                "source": "ada/out",
                "mountPath": "/out",
                "readOnly": False,
                "path": "runs/7",
            },
        ]
        assert (seen.expose, seen.expose_public) == ([8000, 8001, 9000], [9000])
        assert seen.status.expose_urls == [f"https://{job.id}--{port}.hf.jobs" for port in (8000, 8001, 9000)]
        assert seen.status.ssh_url == f"ssh://{job.id}@ssh.hf.jobs"
        assert seen.network is not None
        assert (seen.network.group, seen.network.aliases) == ("ring", ["leader", "rank-0"])
        assert (seen.owner.name, seen.owner.type) == ("vision", "org")
        assert seen.initiator is not None
        assert (seen.initiator.type, seen.initiator.name) == ("user", USER)
    assert "very-secret" not in json.dumps(hub.requests)


@pytest.mark.parametrize("prefix", ["https://huggingface.co/", "https://hf.co/", "huggingface.co/", "hf.co/"])
def test_a_space_as_image(hub: RemoteHub, api: HfApi, prefix: str) -> None:
    hub.when(image="lhoestq/duckdb").then(scheduling=0, running=1, exit_code=7)
    job = api.run_job(image=f"{prefix}spaces/lhoestq/duckdb", command=["duckdb"])
    assert (job.space_id, job.docker_image) == ("lhoestq/duckdb", None)
    hub.clock.advance(1)
    assert stage_of(api, job) == "ERROR"


def test_a_job_without_a_name_gets_one_from_the_client(hub: RemoteHub, api: HfApi) -> None:
    job = submit(api)
    assert job.labels is not None
    assert list(job.labels) == ["name"]
    assert job.labels["name"].startswith("python")


# uv

EXPERIMENTAL = pytest.mark.filterwarnings("ignore:.*_uv_job' is experimental:UserWarning")


@EXPERIMENTAL
def test_a_uv_script_by_its_address(hub: RemoteHub, api: HfApi) -> None:
    job = api.run_uv_job(
        "https://example.org/train.py",
        script_args=["--epochs", "3"],
        dependencies=["torch"],
        python="3.12",
        flavor="t4-small",
        timeout="10m",
        name="uv",
        env={"A1": "b"},
    )
    assert job.docker_image == "ghcr.io/astral-sh/uv:python3.12-bookworm"
    command = " ".join(job.command or [])
    assert command.startswith("uv run --with torch ")
    assert command.endswith(" 3.12 https://example.org/train.py --epochs 3")
    assert (job.flavor, job.labels) == ("t4-small", {"name": "uv"})


@EXPERIMENTAL
def test_a_uv_command(hub: RemoteHub, api: HfApi) -> None:
    hub.when(command="uv run lighteval*").then(scheduling=0, running=1, logs=["score: 0.5"])
    job = api.run_uv_job("lighteval", script_args=["--tasks", "gsm8k"])
    hub.clock.advance(1)
    assert list(api.fetch_job_logs(job_id=job.id)) == ["score: 0.5"]


# Lists


def test_the_list_is_the_newest_first_in_pages(hub: RemoteHub, api: HfApi) -> None:
    ids = [submit(api).id for _ in range(230)]

    listed = stream(api.list_jobs())
    seen = [next(listed).id for _ in range(100)]
    late = submit(api).id  # jobs that come while somebody turns the pages move nothing
    seen += [job.id for job in listed]

    assert seen == ids[::-1]
    assert next(iter(api.list_jobs())).id == late
    pages = [str(each["path"]) for each in hub.requests if each["path"] != "/api/whoami-v2"][231:]
    assert pages[0] == f"/api/jobs/{USER}"
    assert ["cursor=" in page for page in pages] == [False, True, True, False]


def test_lists_by_stage_and_label(hub: RemoteHub, api: HfApi) -> None:
    hub.when(name="waits").then(scheduling="forever")
    hub.when(name="runs").then(scheduling=0, running="20m")
    hub.when(name="fails").then(scheduling=0, running=1, exit_code=1)
    for name in ("waits", "runs", "fails"):
        for team in ("a", "b"):
            submit(api, name=name, labels={"team": team})
    hub.clock.advance(1)

    def names(**filters: Any) -> list[str]:
        jobs = api.list_jobs(namespace=USER, **filters)
        return [f"{job.labels['name']}-{job.labels['team']}" for job in jobs if job.labels]

    assert names() == ["fails-b", "fails-a", "runs-b", "runs-a", "waits-b", "waits-a"]
    assert names(status="RUNNING") == ["runs-b", "runs-a"]
    assert names(status=[JobStage.ERROR, JobStage.SCHEDULING]) == ["fails-b", "fails-a", "waits-b", "waits-a"]
    assert names(status="error") == ["fails-b", "fails-a"]
    assert names(labels={"team": "a"}) == ["fails-a", "runs-a", "waits-a"]
    assert names(labels={"team": "a", "name": "runs"}) == ["runs-a"]
    assert names(status="COMPLETED", labels={"team": "a"}) == []


def test_filters_hold_on_every_page(hub: RemoteHub, api: HfApi) -> None:
    for number in range(220):
        submit(api, labels={"half": str(number % 2)})
    listed = list(api.list_jobs(labels={"half": "1"}, status="SCHEDULING"))
    assert len(listed) == 110
    assert {job.labels["half"] for job in listed if job.labels} == {"1"}


def test_hardware_needs_no_token(hub: RemoteHub, api: HfApi) -> None:
    hardware = {each.name: each for each in HfApi(endpoint=hub.url, token=False).list_jobs_hardware()}
    assert set(hardware) == {flavor.value for flavor in JobHardware}
    basic, big = hardware["cpu-basic"], hardware["h200x8"]
    assert (basic.cpu, basic.ram, basic.accelerator) == ("2 vCPU", "16 GB", None)
    assert (basic.unit_cost_micro_usd, basic.unit_label) == (167, "minute")
    assert big.accelerator is not None
    assert (big.accelerator.quantity, big.accelerator.vram) == ("8", "1128 GB")
    assert big.unit_cost_usd == 0.666667


# Logs and metrics


def test_the_log_of_a_finished_job(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling=5, running=60, logs=["one", "two", "three"])
    job = submit(api)
    hub.clock.advance("2m")
    assert list(api.fetch_job_logs(job_id=job.id)) == ["one", "two", "three"]
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["one", "two", "three"]
    assert list(api.fetch_job_logs(job_id=job.id, tail=2)) == ["two", "three"]
    assert list(api.fetch_job_logs(job_id=job.id, follow=True, tail=1)) == ["three"]


def test_a_log_is_followed_line_by_line(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling=5, running=60, logs=[[10, "one"], [20, "two"], [60, "three"]])
    job = submit(api)
    hub.clock.advance(15)
    log = stream(api.fetch_job_logs(job_id=job.id, follow=True))
    assert next(log) == "one"
    hub.clock.advance(10)
    assert next(log) == "two"
    assert stage_of(api, job) == "RUNNING"
    hub.clock.advance("1h")
    # The last line comes before the end, and with the end of the stream the job is over for everybody.
    assert next(log) == "three"
    assert list(log) == []
    assert stage_of(api, job) == "COMPLETED"


def test_a_log_is_followed_from_before_the_job_runs(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling="10m", running="10m", logs=["one", "two"], exit_code=1)
    job = submit(api)
    let_time_run(hub, 3600)
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["one", "two"]
    assert stage_of(api, job) == "ERROR"


def test_a_cancelled_job_ends_its_log(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling=0, running="forever", logs=["one", "two"])
    job = submit(api)
    hub.clock.advance(1)
    log = stream(api.fetch_job_logs(job_id=job.id, follow=True))
    assert next(log) == "one"
    api.cancel_job(job_id=job.id)
    assert list(log) == []


def test_a_tail_goes_on_with_what_comes(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling=0, running=10, logs=[[second, f"line {second}"] for second in range(1, 10)])
    job = submit(api)
    hub.clock.advance(5)
    log = stream(api.fetch_job_logs(job_id=job.id, follow=True, tail=2))
    assert [next(log), next(log)] == ["line 4", "line 5"]
    hub.clock.advance(5)
    assert list(log) == ["line 6", "line 7", "line 8", "line 9"]


def test_without_follow_the_log_of_a_running_job_ends_with_now(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling=0, running="20m", logs=[[1, "one"], [2, "two"], [900, "late"]])
    job = submit(api)
    hub.clock.advance(5)
    log = stream(api.fetch_job_logs(job_id=job.id))
    assert [next(log), next(log)] == ["one", "two"]
    # The client stops at the first line from after the Date of the answer; so that date is of the fake's time.
    let_time_run(hub, 10_000)
    assert list(log) == []
    assert stage_of(api, job) == "RUNNING"


def test_odd_lines_arrive_as_they_are(hub: RemoteHub, api: HfApi) -> None:
    lines = [
        "",
        "  ü 🤗",
        "a\u2028b\u2029c\x85d\x0be",
        '{"json": "in \\"json\\""}',
        "two\nlines",
        "x" * 10_000,
    ]
    hub.when().then(scheduling=0, running=10, logs=lines)
    job = submit(api)
    hub.clock.advance(10)
    assert list(api.fetch_job_logs(job_id=job.id)) == lines


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (["echo", "hello", "there"], ["hello there"]),
        (["python", "-c", "print('Hello!'); print(1, 2, sep='-')"], ["Hello!", "1-2"]),
        (["bash", "train.sh"], ["[fakejobs] simulated, not run: bash train.sh"]),
    ],
)
def test_without_a_rule_a_job_succeeds_plausibly(
    hub: RemoteHub, api: HfApi, command: list[str], printed: list[str]
) -> None:
    job = api.run_job(image="python:3.12", command=command)
    hub.clock.advance("5m")
    assert list(api.fetch_job_logs(job_id=job.id)) == printed
    assert stage_of(api, job) == "COMPLETED"


def test_metrics(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling=0, running="20m")
    job = submit(api, flavor="a10g-largex2")
    (sample,) = api.fetch_job_metrics(job_id=job.id)
    assert 0 <= sample["cpu_usage_pct"] <= 100
    assert sample["cpu_millicores"] == 21_000  # a little less than the 24 vCPU of the list, as on the Hub
    assert 0 < sample["memory_used_bytes"] < sample["memory_total_bytes"]
    assert len(sample["gpus"]) == 2
    assert all(0 <= gpu["utilization"] <= 100 for gpu in sample["gpus"].values())
    assert {"rx_bps", "tx_bps"} <= set(sample)

    live = stream(api.fetch_job_metrics(job_id=job.id, follow=True))
    assert next(live) == sample
    hub.clock.advance(1)
    assert next(live) != sample
    live.close()

    api.cancel_job(job_id=job.id)
    assert list(api.fetch_job_metrics(job_id=job.id)) == []


# Changes


def test_cancel(hub: RemoteHub, api: HfApi) -> None:
    hub.when(name="waits").then(scheduling="forever")
    hub.when(name="runs").then(scheduling=0, running="1h")
    waits, runs = submit(api, name="waits"), submit(api, name="runs")
    hub.clock.advance(60)
    for job in (waits, runs):
        api.cancel_job(job_id=job.id)
        cancelled = api.inspect_job(job_id=job.id)
        assert (cancelled.status.stage, cancelled.status.message) == ("CANCELED", None)
        assert (cancelled.finished_at, cancelled.durations) == (None, None)
    with pytest.raises(HfHubHTTPError, match="Job is already in a final stage: CANCELED") as caught:
        api.cancel_job(job_id=runs.id)
    assert caught.value.response.status_code == 409


def test_labels_are_replaced(hub: RemoteHub, api: HfApi) -> None:
    job = submit(api, name="old", labels={"team": "a"})
    changed = api.update_job_labels(job_id=job.id, labels={"name": "new", "grade": "b.1"})
    assert changed.labels == {"name": "new", "grade": "b.1"}
    assert api.inspect_job(job_id=job.id).labels == {"name": "new", "grade": "b.1"}
    assert not api.update_job_labels(job_id=job.id, labels={}).labels
    assert list(api.list_jobs(labels={"name": "new"})) == []


def test_rerun(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling=0, running=1, exit_code=1)
    job = submit(api, name="again", env={"A1": "b"}, secrets={"KEY": "x"}, attempts=1, flavor="t4-small")
    hub.clock.advance(60)
    again = api.rerun_job(job_id=job.id)
    assert again.id != job.id
    assert again.status.stage == "RUNNING"
    assert again.created_at == CREATED + timedelta(seconds=60)
    same = ("docker_image", "command", "environment", "secrets", "flavor", "labels", "retry")
    assert {key: getattr(again, key) for key in same} == {key: getattr(job, key) for key in same}
    assert again.initiator is not None
    assert (again.initiator.type, again.initiator.id) == ("duplicated-job", job.id)


def test_expose(hub: RemoteHub, api: HfApi) -> None:
    hub.when().then(scheduling=30, running="1h")
    job = submit(api)
    with pytest.raises(BadRequestError, match="Ports can only be changed while the job is running"):
        api.update_job_expose(job_id=job.id, expose=[8000])
    hub.clock.advance(60)
    exposed = api.update_job_expose(job_id=job.id, expose=[8000], expose_public=[9000])
    assert (exposed.expose, exposed.expose_public) == ([8000, 9000], [9000])
    assert exposed.status.expose_urls == [f"https://{job.id}--{port}.hf.jobs" for port in (8000, 9000)]
    closed = api.update_job_expose(job_id=job.id)
    assert not closed.expose
    assert not closed.status.expose_urls


def test_wait(hub: RemoteHub, api: HfApi) -> None:
    hub.when(name="good").then(scheduling="10m", running="10m")
    hub.when(name="bad").then(scheduling="10m", running="20m", exit_code=1)
    good, bad = submit(api, name="good"), submit(api, name="bad")
    with pytest.raises(TimeoutError, match="still in stage 'SCHEDULING'"):
        api.wait_for_job(good.id, timeout=0)

    let_time_run(hub, 10_000)
    started = api.wait_for_job(good.id, stages=[JobStage.RUNNING], poll_interval=0.01)
    assert started.status.stage == "RUNNING"
    assert api.wait_for_job(good.id, poll_interval=0.01).status.stage == "COMPLETED"
    both = api.wait_for_job([bad.id, good.id], poll_interval=0.01)
    assert [job.status.stage for job in both] == ["ERROR", "COMPLETED"]


def test_a_test_can_end_a_job_from_outside(hub: RemoteHub, api: HfApi) -> None:
    job = submit(api)
    hub.transition(job.id, "RUNNING")
    log = stream(api.fetch_job_logs(job_id=job.id, follow=True))
    hub.transition(job.id, "ERROR", message="the node was lost")
    assert list(log) == []
    assert api.inspect_job(job_id=job.id).status.message == "the node was lost"


def test_the_journal_says_which_release_called(hub: RemoteHub, api: HfApi) -> None:
    api.whoami()
    assert f"hf_hub/{__version__}" in str(hub.requests[-1]["user_agent"])


# Errors


@pytest.mark.parametrize("job_id", [MISSING, "no-id", "6a18a5a0"])
@pytest.mark.parametrize(
    "call",
    [
        lambda api, job_id: api.inspect_job(job_id=job_id),
        lambda api, job_id: api.cancel_job(job_id=job_id),
        lambda api, job_id: list(api.fetch_job_logs(job_id=job_id, follow=True)),
        lambda api, job_id: list(api.fetch_job_metrics(job_id=job_id)),
        lambda api, job_id: api.update_job_labels(job_id=job_id, labels={"a": "b"}),
        lambda api, job_id: api.update_job_expose(job_id=job_id, expose=[80]),
        lambda api, job_id: api.rerun_job(job_id=job_id),
        lambda api, job_id: api.wait_for_job(job_id),
    ],
    ids=["inspect", "cancel", "logs", "metrics", "labels", "expose", "rerun", "wait"],
)
def test_a_job_that_is_not_there(
    hub: RemoteHub, api: HfApi, call: Callable[[HfApi, str], object], job_id: str
) -> None:
    with pytest.raises(JobNotFoundError, match="Job Not Found for url") as caught:
        call(api, job_id)
    assert caught.value.job_id == job_id
    assert caught.value.response.headers["X-Error-Message"] == "Job not found"
    assert caught.value.request_id


def test_a_job_is_only_found_in_its_own_namespace(hub: RemoteHub, api: HfApi) -> None:
    start_over(hub, orgs=["vision"])
    job = api.run_job(image="python:3.12", command=["true"], namespace="vision")
    assert api.inspect_job(job_id=job.id, namespace="vision").id == job.id
    with pytest.raises(JobNotFoundError):
        api.inspect_job(job_id=job.id)
    assert list(api.list_jobs()) == []
    with pytest.raises(HfHubHTTPError) as caught:
        list(api.list_jobs(namespace="nobody"))
    assert caught.value.response.status_code == 404


def test_a_bad_request_names_all_that_is_wrong_and_no_secret(hub: RemoteHub, api: HfApi) -> None:
    with pytest.raises(BadRequestError) as caught:
        api.run_job(
            image="python:3.12",
            command=["true"],
            flavor="h9000",
            env={"1BAD": "x"},
            secrets={"NOT-A-NAME": "very-secret"},
            labels={"no spaces": "here"},
            expose=[80, 99999],
        )
    text = str(caught.value)
    assert "at flavor" in text
    for place in (
        "environment.1BAD (key)",
        'secrets["NOT-A-NAME"] (key)',
        'labels["no spaces"] (key)',
        "expose.ports[1]",
    ):
        assert place in text
    assert "very-secret" not in text
    assert list(api.list_jobs()) == []


def test_without_a_token(hub: RemoteHub, api: HfApi, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = HfApi(endpoint=hub.url, token=False)
    with pytest.raises(HfHubHTTPError, match="Invalid username or password") as caught:
        nobody.inspect_job(job_id=MISSING, namespace=USER)
    assert caught.value.response.status_code == 401
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nowhere")
    with pytest.raises(LocalTokenNotFoundError):
        HfApi(endpoint=hub.url).whoami()


def test_with_an_unknown_token(hub: RemoteHub, api: HfApi) -> None:
    start_over(hub, tokens=[{"token": "hf_known", "user": USER}])
    assert HfApi(endpoint=hub.url, token="hf_known").whoami()["name"] == USER
    with pytest.raises(HfHubHTTPError, match="Invalid user token") as caught:
        api.whoami()
    assert caught.value.response.status_code == 401
    with pytest.raises(HfHubHTTPError, match="Invalid credentials in Authorization header"):
        api.run_job(image="python:3.12", command=["true"], namespace=USER)


def test_without_the_permission(hub: RemoteHub, api: HfApi) -> None:
    start_over(
        hub,
        users=["ada", "bob"],
        orgs=[{"name": "vision", "members": {"bob": "read"}}],
        tokens=[{"token": TOKEN, "user": "bob"}, {"token": "hf_reader", "user": "bob", "role": "read"}],
    )
    assert list(api.list_jobs(namespace="vision")) == []
    words = "You don't have the required permissions to complete this action on namespace"
    reader = HfApi(endpoint=hub.url, token="hf_reader")
    for who, namespace in ((api, "vision"), (api, "ada"), (reader, "bob")):
        with pytest.raises(
            HfHubHTTPError, match=f"{words} {namespace}, missing permissions: job.write"
        ) as caught:
            who.run_job(image="python:3.12", command=["true"], namespace=namespace)
        assert caught.value.response.status_code == 403


# The functions of the module, which know their endpoint from the environment alone

_SCRIPT = """
import json
from huggingface_hub import (
    cancel_job, fetch_job_logs, fetch_job_metrics, inspect_job, list_jobs, list_jobs_hardware, rerun_job, run_job,
    run_uv_job, update_job_expose, update_job_labels, wait_for_job, whoami,
)
job = run_job(image="python:3.12", command=["echo", "hello"], name="first")
uv = run_uv_job("https://example.org/a.py")
again = rerun_job(job_id=job.id)
cancel_job(job_id=uv.id)
metrics = list(fetch_job_metrics(job_id=again.id))
update_job_labels(job_id=again.id, labels={"name": "second"})
exposed = update_job_expose(job_id=again.id, expose=[80])
print(json.dumps({
    "me": whoami()["name"],
    "url": job.url,
    "log": list(fetch_job_logs(job_id=job.id, follow=True)),
    "stage": wait_for_job(job.id).status.stage,
    "uv": inspect_job(job_id=uv.id).status.stage,
    "names": [each.labels["name"] for each in list_jobs() if each.id != uv.id],
    "exposed": exposed.expose,
    "samples": len(metrics),
    "flavors": len(list_jobs_hardware()),
}))
"""


def test_the_functions_of_the_module(hub: RemoteHub, home: Path) -> None:
    hub.when().then(scheduling=0, running="10m")
    let_time_run(hub, 1200)
    done = run_program(
        [sys.executable, "-W", "error", "-c", _SCRIPT],
        env={**client_environment(hub.url, home), "HF_HUB_DISABLE_EXPERIMENTAL_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop("url").startswith(f"{hub.url}/jobs/{USER}/")
    assert seen == {
        "me": USER,
        "log": ["hello"],
        "stage": "COMPLETED",
        "uv": "CANCELED",
        "names": ["second", "first"],
        "exposed": [80],
        "samples": 1,
        "flavors": 26,
    }


def test_time_stands_still_between_tests(hub: RemoteHub) -> None:
    assert hub.clock.now() == START
