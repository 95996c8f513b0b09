"""`fakejobs replay`: answers as they were recorded."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from fakejobs.cli import main
from fakejobs.clock import WaitUntil
from fakejobs.contract.recording import BadRecording
from fakejobs.contract.replay import replay_app
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.web.context import DRIVE_KEY
from tests.contract.recordings import Player, change, record_day
from tests.support.raw import TOKEN, ask, following

JSON = {"content-type": "application/json"}


def write(folder: Path, *exchanges: dict[str, Any]) -> Path:
    """Recordings by hand: ``asks`` (method, address), ``body``, and what is answered."""
    folder.mkdir(exist_ok=True)
    for number, each in enumerate(exchanges, 1):
        method, _, address = each.pop("asks").partition(" ")
        path, _, query = address.partition("?")
        request = {"method": method, "path": path, "headers": {}}
        if query:
            request["query"] = [pair.split("=", 1) for pair in query.split("&")]
        if "sends" in each:
            request["body"] = each.pop("sends")
        response = {"status": 200, "headers": JSON, **each}
        name = f"{number:04d}-{method}-{path.strip('/').replace('/', '-')}.json"
        (folder / name).write_text(json.dumps({"request": request, "response": response}), encoding="utf-8")
    return folder


def test_successive_answers_come_in_order_and_the_last_one_again(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "r",
        {"asks": "GET /api/jobs/user-1/a", "body": {"stage": "SCHEDULING"}},
        {"asks": "GET /api/jobs/user-1/a", "body": {"stage": "RUNNING"}},
        {"asks": "GET /api/jobs/user-1/b", "body": {"stage": "ERROR"}},
        {"asks": "GET /api/jobs/user-1/a", "body": {"stage": "COMPLETED"}},
    )
    with serve_in_thread(replay_app(folder)) as server:
        seen = [ask(server.url, "GET", "/api/jobs/user-1/a").json()["stage"] for _ in range(5)]
        assert ask(server.url, "GET", "/api/jobs/user-1/b").json() == {"stage": "ERROR"}
    assert seen == ["SCHEDULING", "RUNNING", "COMPLETED", "COMPLETED", "COMPLETED"]


def test_queries_and_bodies_distinguish(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "r",
        {"asks": "GET /api/jobs/user-1?stage=RUNNING&label=a=b", "body": ["running"]},
        {"asks": "GET /api/jobs/user-1", "body": ["all"]},
        {"asks": "POST /api/jobs/user-1", "sends": {"flavor": "cpu-basic"}, "body": {"id": "one"}},
        {"asks": "POST /api/jobs/user-1", "sends": {"flavor": "h200", "secrets": {"KEY": "<secret KEY>"}}, "body": {"id": "two"}},
        {"asks": "POST /api/jobs/user-1/x", "sends": {"only": 1}, "body": {"id": "three"}},
    )  # fmt: skip
    with serve_in_thread(replay_app(folder)) as server:
        assert ask(server.url, "GET", "/api/jobs/user-1?label=a%3Db&stage=RUNNING").json() == ["running"]
        assert ask(server.url, "GET", "/api/jobs/user-1").json() == ["all"]
        # The values of secrets are in no recording, so they do not count.
        two = {"secrets": {"KEY": "my own"}, "flavor": "h200"}
        assert ask(server.url, "POST", "/api/jobs/user-1", two).json() == {"id": "two"}
        assert ask(server.url, "POST", "/api/jobs/user-1", {"flavor": "cpu-basic"}).json() == {"id": "one"}
        # Where there is only one body, it need not be the same.
        assert ask(server.url, "POST", "/api/jobs/user-1/x", {"another": 2}).json() == {"id": "three"}


@pytest.mark.parametrize(
    ("method", "address", "body", "said"),
    [
        ("GET", "/api/jobs/user-1/b", None, "0001-GET-api-jobs-user-1-a.json (path /api/jobs/user-1/a)"),
        ("PUT", "/api/jobs/user-1/a", None, "0001-GET-api-jobs-user-1-a.json (method GET)"),
        ("GET", "/api/jobs/user-1/a?tail=3", None, "(query empty: tail differ)"),
        ("POST", "/api/jobs/user-1", {"flavor": "h200", "arch": "amd64"}, "0002-POST-api-jobs-user-1.json (flavor, arch differ)"),
    ],
)  # fmt: skip
def test_what_was_not_recorded_names_the_near_misses(
    tmp_path: Path, method: str, address: str, body: object, said: str
) -> None:
    folder = write(
        tmp_path / "r",
        {"asks": "GET /api/jobs/user-1/a", "body": {}},
        {"asks": "POST /api/jobs/user-1", "sends": {"flavor": "cpu-basic"}, "body": {}},
        {"asks": "POST /api/jobs/user-1", "sends": {"flavor": "l4x1"}, "body": {}},
    )
    with serve_in_thread(replay_app(folder)) as server:
        answer = ask(server.url, method, address, body)
    assert answer.status == 501
    assert "was not recorded" in answer.json()["error"]
    assert said in answer.json()["error"]
    assert answer.all("x-error-message") == [answer.json()["error"]]


def test_addresses_lead_to_the_replay(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "r",
        {
            "asks": "GET /api/jobs/user-1",
            "headers": {**JSON, "link": '<https://huggingface.co/api/jobs/user-1?cursor=cursor-1>; rel="next"'},
            "body": [{"url": "https://huggingface.co/x", "avatarUrl": "https://huggingface.co/a.svg", "say": "at https://huggingface.co/x"}],
        },
        {"asks": "GET /api/jobs/user-1?cursor=cursor-1", "body": []},
    )  # fmt: skip
    with serve_in_thread(replay_app(folder)) as server:
        page = ask(server.url, "GET", "/api/jobs/user-1")
        assert page.all("link") == [f'<{server.url}/api/jobs/user-1?cursor=cursor-1>; rel="next"']
        (item,) = page.json()
        assert item["url"] == f"{server.url}/x"
        assert item["avatarUrl"] == "https://huggingface.co/a.svg"
        assert item["say"] == "at https://huggingface.co/x"
        assert ask(server.url, "GET", "/api/jobs/user-1?cursor=cursor-1").json() == []


def test_all_kinds_of_bodies(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "r",
        {"asks": "GET /text", "headers": {"content-type": "text/plain"}, "text": "OK é"},
        {"asks": "GET /bytes", "headers": {"content-type": "image/png"}, "base64": "iVBORw=="},
        {"asks": "GET /large", "omitted": "it has 9,000,000 bytes"},
        {"asks": "GET /nothing", "status": 204},
        {"asks": "HEAD /text", "headers": {"content-type": "text/plain"}},
        {"asks": "GET /caf%C3%A9", "body": {"é": "\u2028 🤗"}},
    )
    with serve_in_thread(replay_app(folder)) as server:
        assert ask(server.url, "GET", "/text").body == "OK é".encode()
        assert ask(server.url, "GET", "/bytes").body == b"\x89PNG"
        large = ask(server.url, "GET", "/large")
        assert (large.status, "was not recorded: it has 9,000,000 bytes" in large.json()["error"]) == (
            501,
            True,
        )
        assert (ask(server.url, "GET", "/nothing").status, ask(server.url, "HEAD", "/text").body) == (
            204,
            b"",
        )
        assert ask(server.url, "GET", "/caf%C3%A9").body == '{"é":"\u2028 🤗"}'.encode()


STREAM: dict[str, Any] = {
    "asks": "GET /events",
    "headers": {"content-type": "text/event-stream"},
    "frames": [{"at": 0, "text": "data: 1\n\n"}, {"at": 60_000, "text": "data: 2\n\n"}],
}


@pytest.mark.parametrize(("speed", "waits"), [(1.0, 60_000), (1000.0, 60_000), (0.0, None)])
def test_streams_wait_as_they_were_recorded(tmp_path: Path, speed: float, waits: int | None) -> None:
    """Told by what a driver is told to wait for: no test waits a minute."""
    app = replay_app(write(tmp_path / "r", dict(STREAM)), speed=speed)
    kept: list[Any] = []

    def drive(stream: Any) -> list[bytes]:
        kept.append(stream)
        return []

    Client(app).get("/events", environ_overrides={DRIVE_KEY: drive}).close()
    (stream,) = kept
    assert next(stream.steps) == b"data: 1\n\n"
    assert (stream.clock.speed == speed) or not speed
    if waits is not None:
        began = stream.clock.now()
        step = next(stream.steps)
        assert isinstance(step, WaitUntil)
        assert 0 < step.instant - began <= waits
        stream.clock.set(step.instant)
    assert next(stream.steps) == b"data: 2\n\n"
    assert next(stream.steps, None) is None


def test_a_stream_that_was_cut_is_cut(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", {**STREAM, "cut": {"by": "upstream", "at": 60_000}})
    with serve_in_thread(replay_app(folder, speed=0)) as server, following(server.url, "/events") as response:
        assert [response.readline() for _ in range(4)] == [b"data: 1\n", b"\n", b"data: 2\n", b"\n"]
        with pytest.raises(HTTPException):
            response.read()


def test_a_stream_that_its_client_left_stays_open_until_it_is_left(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", {**STREAM, "cut": {"by": "client", "at": 60_000}})
    began = time.monotonic()
    with serve_in_thread(replay_app(folder, speed=0)) as server, following(server.url, "/events") as response:
        assert [response.readline() for _ in range(4)][2] == b"data: 2\n"
    assert time.monotonic() - began < 30, "whoever leaves it is not waited for"


def test_any_token_will_do(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", {"asks": "GET /api/whoami-v2", "body": {"name": "user-1"}})
    with serve_in_thread(replay_app(folder)) as server:
        for token in (TOKEN, {"Authorization": "Bearer other"}, {"Authorization": ""}):
            assert ask(server.url, "GET", "/api/whoami-v2", headers=token).json() == {"name": "user-1"}


def small(player: Player) -> None:
    player.hub.when().then(scheduling=10, running="1m", logs=["one"])
    job_id = player.submit()
    player.wait("2m")
    player.job(job_id, "/logs")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda value: value.pop("request"), "request: give an object"),
        (lambda value: value["request"].pop("method"), "request.method: give a text"),
        (lambda value: value["request"].update(path="api"), 'request.path: begins with "/"'),
        (lambda value: value["request"].update(query={"a": 1}), "request.query: give a list of pairs"),
        (lambda value: value["request"].update(query=[["a"]]), "request.query[0]: give a pair of texts"),
        (lambda value: value["request"].update(colour=1), "request.colour: unknown key"),
        (lambda value: value["response"].update(status="200"), "response.status: give a whole number"),
        (lambda value: value["response"].update(status=99), "response.status: is no status"),
        (lambda value: value["response"]["headers"].update({"a b": "c"}), 'response.headers["a b"]'),
        (lambda value: value["response"]["headers"].update({"a": "b\nc"}), "response.headers.a: give a header"),
        (lambda value: value["response"].update(text="x", base64=""), "response: has several bodies (text, base64)"),
        (lambda value: value["response"].update(body={}), "response: has several bodies (body)"),
        (lambda value: value["response"].update(frames={}), "response.frames: give a list"),
        (lambda value: value["response"]["frames"][1].update(at=-1), "response.frames[1].at: give a whole number"),
        (lambda value: value["response"]["frames"][0].update(at=10**6), "response.frames[1].at: is before the frame before it"),
        (lambda value: value["response"]["frames"][0].pop("text"), "response.frames[0].text: give a text"),
        (lambda value: value["response"].update(cut={"by": "me", "at": 1}), "response.cut.by: give"),
        (lambda value: value["response"].update(failed=1), "response.failed: give a text"),
        (lambda value: value["response"].update(truncated=1), "response.truncated: give true or false"),
    ],
)  # fmt: skip
def test_broken_files_are_named_with_the_place(tmp_path: Path, how: Any, said: str) -> None:
    folder = record_day(tmp_path / "r", small)
    change(folder, "-logs.json", how)
    with pytest.raises(BadRecording) as caught:
        replay_app(folder)
    assert "-logs.json: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", ":1:1: no JSON"),
        (b'{\n"request": }', ":2:12: no JSON"),
        (b"\xff", ": byte 1 is part of no character"),
        (b"[" * 100_000, "no JSON"),
        (b'{"request": NaN}', "no JSON"),
        (b"[]", "the whole: give an object"),
    ],
)
def test_files_that_are_no_json(tmp_path: Path, raw: bytes, said: str) -> None:
    (tmp_path / "0001-GET-a.json").write_bytes(raw)
    done = CliRunner().invoke(main, ["replay", str(tmp_path)])
    assert done.exit_code == 1
    assert "0001-GET-a.json" in done.output
    assert said in done.output
    assert "Traceback" not in done.output


def test_the_command(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", {"asks": "GET /api/whoami-v2", "body": {"name": "user-1"}}, dict(STREAM))
    process = subprocess.Popen(
        [sys.executable, "-m", "fakejobs", "replay", str(folder), "--port", "0", "--speed", "0"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    with process, contextlib.ExitStack() as stack:
        stack.callback(process.kill)
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert ask(url, "GET", "/api/whoami-v2").json() == {"name": "user-1"}
        assert ask(url, "GET", "/events").body == b"data: 1\n\ndata: 2\n\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["replay", str(tmp_path)])
    assert (done.exit_code, done.output.startswith("Error: ")) == (1, True)
    assert "has no recordings; `fakejobs record --dir" in done.output
