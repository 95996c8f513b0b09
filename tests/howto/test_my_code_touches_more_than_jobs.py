"""How-to: My code touches more than Jobs.

It makes a repository for the model, uploads a script, asks who is logged in, calls a service of its own, or starts another program. The fake
answers for Jobs, for who is logged in, and for what the client uploads to run a local script. Everything else is yours to answer. Nothing is
ever passed on to the real Hub, and no other host is called.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, create_repo, get_session, get_token, run_job, run_uv_job, whoami
from huggingface_hub.errors import HfHubHTTPError

from fakejobs import FakeJobs, NetworkRefused
from fakejobs.network import RoutedRequest

# Who is logged in


def test_somebody_is_logged_in(fakejobs: FakeJobs) -> None:
    assert whoami()["name"] == "fake-user"
    assert get_token() is not None  # the developer's own token is hidden, and so is their cache


@pytest.mark.fakejobs(user="ana", orgs=["acme", "lab"])
def test_somebody_else_is_logged_in(fakejobs: FakeJobs) -> None:
    me = whoami()
    assert me["name"] == "ana"
    assert [org["name"] for org in me["orgs"]] == ["acme", "lab"]


# Other routes of the Hub. Without a word they answer 501, and say which route it was.


def test_a_route_that_nobody_answers(fakejobs: FakeJobs) -> None:
    with pytest.raises(HfHubHTTPError, match="POST /api/repos/create"):
        create_repo("sentiment")


# `route` answers one: with JSON, with a status, with both, or with a function of the request. ``{names}`` stand for segments of the path,
# ``*`` for anything. The newest route that matches answers.


def test_a_repository_beside_a_job(fakejobs: FakeJobs) -> None:
    fakejobs.route("POST", "/api/repos/create", {"url": "https://huggingface.co/fake-user/sentiment"})
    repo = create_repo("sentiment", private=True)
    run_job(image="python:3.12", command=["python", "train.py", "--push-to", repo.repo_id])
    (job,) = fakejobs.submitted()
    assert job.command == ["python", "train.py", "--push-to", "fake-user/sentiment"]


def test_a_model_that_is_not_there(fakejobs: FakeJobs) -> None:
    fakejobs.route("GET", "/api/models/{owner}/{name}", (404, {"error": "Repository not found"}))
    with pytest.raises(HfHubHTTPError, match="Repository not found"):
        HfApi().model_info("fake-user/sentiment")


def test_an_answer_that_depends_on_the_request(fakejobs: FakeJobs) -> None:
    fakejobs.route("GET", "/api/models/*", 404)
    fakejobs.route(
        "GET", "/api/models/acme/{name}", lambda request: {"id": f"acme/{request.path_values['name']}"}
    )
    assert HfApi().model_info("acme/sentiment").id == "acme/sentiment"
    with pytest.raises(HfHubHTTPError, match="404"):
        HfApi().model_info("somebody/sentiment")


def test_answers_that_remember(fakejobs: FakeJobs) -> None:
    made: list[str] = []

    def create(request: RoutedRequest) -> dict[str, object]:
        made.append(json.loads(request.body)["name"])
        return {"url": f"https://huggingface.co/fake-user/{made[-1]}"}

    fakejobs.route("POST", "/api/repos/create", create)
    create_repo("one")
    create_repo("two")
    assert made == ["one", "two"]


# Scripts from this machine. However the release of the client uploads them, the test sees what would have run.


@pytest.mark.filterwarnings("ignore:'HfApi.run_uv_job' is experimental")
def test_a_local_script(fakejobs: FakeJobs, tmp_path: Path) -> None:
    script = tmp_path / "finetune.py"
    script.write_text("print('hello')")
    run_uv_job(str(script), script_args=["--lr", "3e-4"], dependencies=["trl"], python="3.12", flavor="l4x1")
    (job,) = fakejobs.submitted(flavor="l4x1")
    assert job.uv is not None
    assert (job.uv.script, job.uv.arguments) == ("print('hello')", ["--lr", "3e-4"])
    assert (job.uv.dependencies, job.uv.python) == (["trl"], "3.12")


# Secrets can be checked, and are not shown: not in messages of failed tests, not in reports.


def test_a_secret_is_passed_on(fakejobs: FakeJobs) -> None:
    run_job(image="python:3.12", command=["true"], secrets={"WANDB_API_KEY": "correct horse battery"})
    (job,) = fakejobs.submitted()
    assert job.secrets["WANDB_API_KEY"] == "correct horse battery"
    assert repr(job.secrets["WANDB_API_KEY"]) == "<secret WANDB_API_KEY>"


# Other hosts. What goes through the client's session is stopped before it leaves the machine, with an error that no `except` for network
# trouble catches; the test fails of it even if it is swallowed. (`expect_problems` is only here because this page expects it.)


def test_another_host_is_not_called(fakejobs: FakeJobs) -> None:
    with fakejobs.expect_problems(NetworkRefused) as problems:
        get_session().get("https://example.org/weights.bin")
    assert "GET https://example.org was stopped before it left the machine" in str(problems[0])
    assert not isinstance(problems[0], (OSError, HfHubHTTPError))


# Other programs. `env` points a program at the same fake, whatever language it is written in.


def test_another_program(fakejobs: FakeJobs) -> None:
    program = "from huggingface_hub import run_job; run_job(image='python:3.12', command=['true'])"
    subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **fakejobs.env}, check=True, timeout=60
    )
    (job,) = fakejobs.submitted()
    assert job.command == ["true"]


# What was asked of the Hub, Jobs and all else, is in `requests`: without tokens and secrets.


def test_what_was_asked(fakejobs: FakeJobs) -> None:
    run_job(image="python:3.12", command=["true"])
    assert [(request.method, request.path) for request in fakejobs.requests] == [
        ("GET", "/api/whoami-v2"),
        ("POST", "/api/jobs/fake-user"),
    ]
