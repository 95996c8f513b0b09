"""The handle of a test: the same body with `fakejobs` and with `fakejobs_server`."""

from __future__ import annotations

import copy
import json
import pickle
import re
import sys
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest
from huggingface_hub import (
    HfApi,
    cancel_job,
    fetch_job_logs,
    inspect_job,
    list_jobs,
    run_job,
    run_uv_job,
    wait_for_job,
    whoami,
)
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

import fakejobs as package
from fakejobs import FakeJobs, NetworkRefused, RoutedRequest
from fakejobs.drivers.inprocess import Call
from fakejobs.network import Network
from tests.support.programs import run_program

BEFORE = HfApi()
"""Made before any fake, as in code that makes its client when it is imported."""


def train(flavor: str = "cpu-basic", **more: object) -> str:
    job = run_job(image="python:3.12", command=["python", "train.py"], flavor=flavor, **more)  # type: ignore[arg-type]
    return str(job.id)


def test_a_job_of_hours_is_over_at_once_and_costs_what_it_would(fake: FakeJobs) -> None:
    fake.when(flavor="a10g-small").then(scheduling="1m", running="40m", oom=True)
    fake.when(flavor="a100-large").then(scheduling="20m", running="6h", logs=["loss 0.9", "loss 0.1"])
    for flavor in ("a10g-small", "a100-large"):
        list(fetch_job_logs(job_id=train(flavor, timeout="12h"), follow=True))
    small, large = fake.submitted()
    assert (small.stage, large.stage) == ("ERROR", "COMPLETED")
    assert type(small.stage) is str
    assert list(fetch_job_logs(job_id=large.id)) == ["loss 0.9", "loss 0.1"]
    assert fake.cost == small.cost + large.cost == Decimal("0.666680") + Decimal("15.000120")
    assert fake.cost.by_flavor == {"a10g-small": small.cost, "a100-large": large.cost}
    assert pickle.loads(pickle.dumps(fake.cost)).by_flavor == fake.cost.by_flavor
    fake.assert_nothing_running()


def test_waiting_ends_at_exactly_the_timeout(fake: FakeJobs) -> None:
    fake.when().then(running="20m")
    began = fake.clock.now()
    with pytest.raises(TimeoutError):
        wait_for_job(train(), timeout=100)
    assert (fake.clock.now() - began).total_seconds() == 100


def test_logs_without_following_do_not_wait(fake: FakeJobs) -> None:
    fake.when().then(scheduling=1, running="20m", logs=[[0, "first"], ["10m", "second"]])
    job = train()
    fake.clock.advance("1m")
    assert list(fetch_job_logs(job_id=job, follow=False)) == ["first"]
    assert inspect_job(job_id=job).status.stage == "RUNNING"


def test_a_submitted_job_has_everything_that_was_asked_for(fake: FakeJobs) -> None:
    train("a10g-small", env={"MODE": "fast"}, timeout="2h", labels={"team": "vision"})
    (job,) = fake.submitted()
    assert (job.docker_image, job.command, job.flavor) == (
        "python:3.12",
        ["python", "train.py"],
        "a10g-small",
    )
    assert (job.env, job.timeout, job.secrets, job.uv) == ({"MODE": "fast"}, 7200, {}, None)
    assert job.labels is not None
    assert job.labels["team"] == "vision"
    assert job.owner.name == "fake-user"
    assert job.info.to_wire()["id"] == job.id
    with pytest.raises(AttributeError):
        _ = job.no_such_attribute


def test_the_default_timeout_and_an_empty_environment(fake: FakeJobs) -> None:
    train()
    (job,) = fake.submitted()
    assert (job.timeout, job.env) == (1800, {})


def test_a_job_stays_what_it_was_when_its_fake_is_over() -> None:
    with package.activate() as fake:
        train()
        (job,) = fake.submitted()
        fake.clock.advance("1h")
    assert job.stage == "COMPLETED"


SECRET = "correct horse battery staple"


def test_secrets_equal_the_real_ones_and_show_nothing(fake: FakeJobs) -> None:
    train(secrets={"KEY": SECRET, "PIN": "1234"}, env={"LEAKED": SECRET})
    (job,) = fake.submitted()
    assert job.secrets == {"KEY": SECRET, "PIN": "1234"}
    assert job.secrets["KEY"] != "something else"
    assert hash(job.secrets["KEY"]) == hash(SECRET)
    journal = repr(fake.requests)
    shown = [repr(job), str(job.secrets), f"{job.secrets['KEY']:>20}", fake.report(), journal]
    assert not any(SECRET in each or "1234" in each for each in shown)
    assert repr(job.secrets["KEY"]) == "<secret KEY>"
    assert copy.deepcopy(job.secrets) == job.secrets
    with pytest.raises(TypeError, match="<secret KEY> cannot be pickled"):
        pickle.dumps(job.secrets)


def test_secrets_of_a_duplicate_are_those_of_its_original(fake: FakeJobs) -> None:
    original = train(secrets={"KEY": SECRET})
    reply = fake.answer(
        Call("POST", "https", "huggingface.co", 443, f"/api/jobs/fake-user/{original}/duplicate",
             [("Authorization", "Bearer hf_x")], b"", None)
    )  # fmt: skip
    assert reply is not None
    assert reply.status == 200
    assert fake.submitted()[-1].secrets == {"KEY": SECRET}


def test_a_local_uv_script_is_seen(
    fake: FakeJobs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "train.py"
    script.write_text("print('läuft')\n")
    with pytest.warns(UserWarning, match="experimental"):
        run_uv_job(
            str(script), script_args=["--epochs", "3"], dependencies=["torch>=2", "numpy"], python="3.11"
        )
    uv = fake.submitted()[0].uv
    assert uv is not None
    assert (uv.script, uv.arguments) == ("print('läuft')\n", ["--epochs", "3"])
    assert (uv.dependencies, uv.python) == (["torch>=2", "numpy"], "3.11")


def test_a_uv_url_has_no_text(fake: FakeJobs) -> None:
    with pytest.warns(UserWarning, match="experimental"):
        run_uv_job("https://example.com/train.py", script_args=["x"])
    uv = fake.submitted()[0].uv
    assert uv is not None
    assert (uv.source, uv.script, uv.arguments) == ("https://example.com/train.py", None, ["x"])


def test_submitted_matches_as_rules_do(fake: FakeJobs) -> None:
    train("a10g-small", labels={"team": "vision"})
    train("cpu-basic", env={"MODE": "fast"})
    assert [job.flavor for job in fake.submitted(flavor="a10g*")] == ["a10g-small"]
    assert [job.flavor for job in fake.submitted(environment={"MODE": "f*"})] == ["cpu-basic"]
    assert [job.flavor for job in fake.submitted(env={"MODE": "fast"})] == ["cpu-basic"]
    assert len(fake.submitted(command="python *")) == len(fake.submitted(command=["python", "train.py"])) == 2
    assert fake.submitted(image=re.compile("python:3[.]1[0-9]"), flavor=lambda flavor: flavor == "cpu-basic")
    with pytest.raises(ValueError, match="did you mean 'flavor'"):
        fake.submitted(flavour="cpu-basic")


def test_an_empty_match_prints_the_nearest_job(fake: FakeJobs) -> None:
    assert repr(fake.submitted(flavor="h200")) == "[] (no job was submitted)"
    train("a10g-small", labels={"team": "vision"})
    newest = train("cpu-basic", labels={"team": "audio"})
    found = fake.submitted(flavor="h200", labels={"team": "audio"})
    assert found == []
    assert repr(found) == f"[] (nearest {newest}: flavor is 'cpu-basic', not 'h200')"
    with pytest.raises(IndexError, match="flavor is 'cpu-basic', not 'h200'"):
        found[0]


def test_nothing_running_names_what_runs(fake: FakeJobs) -> None:
    job = train()
    with pytest.raises(AssertionError, match=f"(?s)not over.*{job} SCHEDULING"):
        fake.assert_nothing_running()
    cancel_job(job_id=job)
    fake.assert_nothing_running()


def test_an_api_made_before_is_answered_too(fake: FakeJobs) -> None:
    job = BEFORE.run_job(image="x", command=["true"])
    assert [each.id for each in list_jobs()] == [job.id] == [each.id for each in BEFORE.list_jobs()]
    assert fake.api.inspect_job(job_id=job.id).id == job.id


@pytest.mark.fakejobs(user="ada", orgs=["acme"])
def test_who_is_logged_in(fake: FakeJobs) -> None:
    assert whoami()["name"] == "ada"
    run_job(image="x", command=["true"], namespace="acme")
    assert fake.submitted(namespace="acme")[0].owner.type == "org"
    fake.log_out()
    with pytest.raises((LocalTokenNotFoundError, HfHubHTTPError)):
        whoami(token=True)


def test_jobs_from_the_past(fake: FakeJobs) -> None:
    old = fake.add_job(stage="ERROR", age="90m", message="out of disk")
    assert (old.stage, old.status.message) == ("ERROR", "out of disk")
    assert [job.id for job in fake.jobs] == [old.id] == [job.id for job in list_jobs()]
    assert fake.submitted() == []


def test_routes_beside_jobs(fake: FakeJobs) -> None:
    with pytest.raises(HfHubHTTPError, match="501"):
        HfApi().list_repo_files("ada/model")
    fake.route("GET", "/api/models/{owner}/{name}", lambda request: {"id": request.path_values["name"]})
    assert HfApi().model_info("ada/model").id == "model"


def test_a_route_sees_paths_as_people_write_them(fake: FakeJobs) -> None:
    def reply(request: RoutedRequest) -> dict[str, str]:
        assert request.path == "/api/models/ada/model/revision/refs/pr/1"
        return {"id": request.path_values["revision"]}

    fake.route("GET", "/api/models/{owner}/{name}/revision/{revision}", reply)
    assert HfApi().model_info("ada/model", revision="refs/pr/1").id == "refs/pr/1"


def test_a_route_may_leave_the_answer_to_the_fake(fake: FakeJobs) -> None:
    flavors: list[str] = []

    def reply(request: RoutedRequest) -> object:
        flavors.append(request.json["flavor"])
        return 503 if len(flavors) == 2 else NotImplemented

    fake.route("POST", "/api/jobs/{namespace}", reply)
    train()
    with pytest.raises(HfHubHTTPError, match="503"):
        train("a10g-small")
    train()
    assert flavors == ["cpu-basic", "a10g-small", "cpu-basic"]
    assert len(fake.submitted()) == 2


def test_hosts_that_may_be_called_may_have_ports() -> None:
    network = Network.of(["127.0.0.1:9"], [])
    network.check(Call("GET", "http", "127.0.0.1", 9, "/", [], b"", None))
    with pytest.raises(NetworkRefused):
        network.check(Call("GET", "http", "127.0.0.1", 10, "/", [], b"", None))
    for wrong in ("https://example.com", 3):
        with pytest.raises(package.FakeJobsError, match="network: give hosts"):
            Network.of([wrong], [])  # type: ignore[list-item]


def test_other_hosts_are_refused(fake: FakeJobs) -> None:
    with fake.expect_problems(NetworkRefused) as problems:
        HfApi(endpoint="https://elsewhere.example").whoami()
    assert len(problems) == 1
    assert "elsewhere.example" in str(problems[0])
    assert fake.problems == []


CHILD = """
from huggingface_hub import fetch_job_logs, inspect_job, run_job, whoami
job = run_job(image="python:3.12", command=["python", "-c", "print('from the child')"], flavor="a10g-small")
print(*fetch_job_logs(job_id=job.id, follow=True), whoami()["name"])
other = run_job(image="python:3.12", command=["python", "x"])
while (stage := inspect_job(job_id=other.id).status.stage) not in ("COMPLETED", "ERROR"):
    pass
print(stage)
"""


def test_a_child_process_sees_the_same_state(fake: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fake.env.items():
        monkeypatch.setenv(name, value)
    fake.when(flavor="a10g-small").then(running="25m")
    done = run_program(
        [sys.executable, "-c", CHILD],
    )
    assert (done.stdout, done.stderr) == ("from the child fake-user\nCOMPLETED\n", "")
    assert [job.stage for job in fake.submitted()] == ["COMPLETED", "COMPLETED"]
    assert inspect_job(job_id=fake.submitted()[0].id).status.stage == "COMPLETED"


def test_routes_and_states_over_a_socket(fake: FakeJobs) -> None:
    fake.route("POST", "/api/echo", lambda request: {"you said": request.json})
    request = urllib.request.Request(f"{fake.url}/api/echo", json.dumps({"ä": 1}).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer) == {"you said": {"ä": 1}}
    run_job(image="x", command=["true"])
    headers = {"Authorization": "Bearer hf_x"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{fake.url}/api/jobs/fake-user", headers=headers), timeout=10
    ) as answer:
        assert [each["id"] for each in json.load(answer)] == [fake.submitted()[0].id]
