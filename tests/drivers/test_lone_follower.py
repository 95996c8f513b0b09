"""A live server that nobody calls: who follows a queued job all alone sees it start and end all the same.

What moves the queue, the end of another job, is no change of the followed job's own row until somebody settles it; the stream does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakejobs.remote import RemoteHub
from tests.support.raw import ask, following
from tests.support.server import ServeProcess, serving
from tests.support.sse import read_events

ME = "fake-user"
JOB = {"flavor": "t4-small", "dockerImage": "python:3.12", "command": ["python", "train.py"]}
SCENARIO = """
speed = 600
frozen = true
[flavors.t4-small]
capacity = 1
[[rules]]
then = { scheduling = 0, running = "1m", logs = ["loss 0.9", "loss 0.1"] }
"""


@pytest.fixture(params=["uvicorn", "werkzeug"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServeProcess]:
    if request.param == "uvicorn":
        pytest.importorskip("uvicorn")
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(SCENARIO)
    with serving(tmp_path, "--server", request.param, "--scenario", str(scenario)) as running:
        yield running


def submitted(server: ServeProcess, count: int) -> list[str]:
    return [ask(server.url, "POST", f"/api/jobs/{ME}", JOB).json()["id"] for _ in range(count)]


def test_its_events(server: ServeProcess) -> None:
    job = submitted(server, 4)[-1]
    with following(server.url, f"/api/jobs/{ME}/{job}/events") as response:
        RemoteHub(server.url).clock.unfreeze()  # the last call of anybody
        events = list(read_events(response))
    assert [event["stage"] for event in events] == ["SCHEDULING", "RUNNING", "COMPLETED"], events


def test_its_log(server: ServeProcess) -> None:
    job = submitted(server, 4)[-1]
    with following(server.url, f"/api/jobs/{ME}/{job}/logs") as response:
        RemoteHub(server.url).clock.unfreeze()
        lines = [event["data"] for event in read_events(response)]
    assert lines[0].startswith("===== Job started at ")
    assert lines[1:] == ["loss 0.9", "loss 0.1"]


def test_it_is_cancelled_when_the_money_runs_out(server: ServeProcess) -> None:
    hub = RemoteHub(server.url)
    hub.set_credits("0.02")  # three minutes of t4-small: for the first three
    job = submitted(server, 5)[-1]
    with following(server.url, f"/api/jobs/{ME}/{job}/events") as response:
        hub.clock.unfreeze()
        events = list(read_events(response))
    assert [event["stage"] for event in events] == ["SCHEDULING", "CANCELED"], json.dumps(events)
