"""`fakejobs serve` itself: how it starts, what is on the wire, how it stops, and what outlives it."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from unittest import mock

import psutil  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner, Result

from fakejobs.cli import main
from fakejobs.remote import RemoteHub
from tests.support.clients import ROOT, START, USER, start_over
from tests.support.programs import run_program
from tests.support.raw import PATIENCE, ask, following, logged
from tests.support.server import ServeProcess, serving

SERVERS = ["uvicorn", "werkzeug"]
JOBS = f"/api/jobs/{USER}"
JOB = {"flavor": "cpu-basic", "dockerImage": "python:3.12", "command": ["python", "train.py"]}


def submit(url: str, **words: object) -> str:
    answer = ask(url, "POST", JOBS, {**JOB, **words})
    assert answer.status == 200, answer.body
    return str(answer.json()["id"])


def jobs(url: str) -> Any:
    return ask(url, "GET", JOBS).json()


def stages(url: str) -> list[str]:
    return [job["status"]["stage"] for job in jobs(url)]


def serve(*options: str) -> Result:
    """``fakejobs serve``, for starts that are refused: it never gets as far as serving."""
    with mock.patch("fakejobs.drivers.server.run", side_effect=AssertionError("it serves")):
        return CliRunner().invoke(main, ["serve", "--port", "0", *options])


def fakejobs(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_program(
        [sys.executable, "-W", "error", "-m", "fakejobs", *arguments],
        cwd=ROOT,
    )


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


# Starting


def test_it_says_how_to_use_it(server: ServeProcess) -> None:
    assert f"serves the Jobs API on {server.url} (seed 0, speed 1)" in server.output
    assert f"export HF_ENDPOINT={server.url}\n" in server.output
    assert "export HF_TOKEN=hf_fakejobs\n" in server.output


def test_env_prints_the_lines_again() -> None:
    assert CliRunner().invoke(main, ["env"]).output.splitlines() == [
        "export HF_ENDPOINT=http://127.0.0.1:8484",
        "export HF_TOKEN=hf_fakejobs",
    ]
    assert (
        CliRunner().invoke(main, ["env", "--url", "http://10.0.0.7:80/"]).output.splitlines()[0]
        == "export HF_ENDPOINT=http://10.0.0.7:80"
    )
    refused = CliRunner().invoke(main, ["env", "--url", "localhost:8484"])
    assert refused.exit_code == 1
    assert "--url localhost:8484: give an address such as http://127.0.0.1:8484" in refused.output


def test_the_ready_file_is_there_while_it_serves(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        assert (tmp_path / "ready").read_text() == running.url + "\n"
        assert not list(tmp_path.glob(".fakejobs*"))
        assert running.stop() == 0
        assert not (tmp_path / "ready").exists()


def test_a_ready_file_from_an_earlier_run_is_gone_before_it_misleads(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    ready.write_text("http://127.0.0.1:1\n")
    refused = serve("--ready-file", str(ready), "--scenario", str(tmp_path / "missing.toml"))
    assert refused.exit_code == 1
    assert not ready.exists()


def test_a_ready_file_that_cannot_be_written(tmp_path: Path) -> None:
    refused = fakejobs("serve", "--port", "0", "--ready-file", str(tmp_path / "nowhere/ready"))
    assert refused.returncode == 1
    assert (
        refused.stderr
        == f"Error: --ready-file {tmp_path}/nowhere/ready: its folder does not exist; make it first\n"
    )
    assert refused.stdout == ""


def test_a_reader_of_its_output_that_goes_away_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_app: object, *, sock: socket.socket, **_options: object) -> None:
        sock.close()
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("fakejobs.drivers.server.run", gone)
    result = CliRunner().invoke(main, ["serve", "--port", "0"])
    assert result.exit_code == 1
    assert result.output == ""


def test_a_taken_port_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        began = time.monotonic()
        refused = serve("--port", str(port))
        assert time.monotonic() - began < 1
    assert refused.exit_code == 1
    assert refused.output.startswith(f"Error: port {port} on 127.0.0.1 is taken")


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("seed = ", "Invalid value (at end of document)"),
        ("sede = 7", "sede: unknown word; did you mean"),
        ("speed = 0", "speed: give a number above 0"),
        ('start = "yesterday"', 'start: give "now" or an instant in UTC'),
        ("[[rules]]\nwhen = {flavour = 'h200'}", "rules[0].when.flavour: unknown word; did you mean"),
        ("[[rules]]\nthen = {exit_code = 999}", "rules[0].then.exit_code: 999 is no exit code"),
        ("[quirks]\ncancel_finished = '418'", "quirks.cancel_finished: '418' is not allowed"),
        ("[[tokens]]\ntoken = 'hf_secret_value'\nuser = 'nobody'", "tokens: no user 'nobody'"),
    ],
)
def test_a_bad_scenario_is_named_with_the_place(tmp_path: Path, contents: str | None, problem: str) -> None:
    scenario = tmp_path / "scenario.toml"
    if contents is not None:
        scenario.write_text(contents)
    refused = serve("--scenario", str(scenario))
    assert refused.exit_code == 1
    assert f"Error: {scenario}: " in refused.output
    assert problem in refused.output
    assert "hf_secret_value" not in refused.output
    assert "Traceback" not in refused.output


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--seed", "lucky"], "'lucky' is not a valid integer"),
        (["--speed", "0"], "0.0 is not in the range"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--server", "gunicorn"], "'gunicorn' is not one of"),
    ],
)
def test_bad_options(options: list[str], problem: str) -> None:
    refused = serve(*options)
    assert refused.exit_code == 2
    assert problem in refused.output


def test_a_scenario(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(
        """
        seed = 7
        start = "2026-01-01T00:00:00Z"
        frozen = true
        users = ["ada"]
        orgs = ["vision"]

        [[tokens]]
        token = "hf_adas"

        [flavors.h200x8]
        scheduling = "12h"

        [[rules]]
        when = { flavor = "cpu-*" }
        then = { scheduling = 10, running = "2m", exit_code = 1 }
        """
    )
    with serving(tmp_path, "--scenario", str(scenario)) as running:
        assert "(seed 7, time frozen)" in running.output
        assert "# HF_TOKEN: one of the tokens of the scenario" in running.output
        ada = {"Authorization": "Bearer hf_adas"}
        assert ask(running.url, "GET", "/api/whoami-v2").status == 401
        for flavor in ("cpu-upgrade", "h200x8"):
            ask(running.url, "POST", "/api/jobs/vision", {**JOB, "flavor": flavor}, ada)
        RemoteHub(running.url).clock.advance("11h")
        big, small = ask(running.url, "GET", "/api/jobs/vision", headers=ada).json()
        assert (big["createdAt"], big["status"]["stage"]) == ("2026-01-01T00:00:00.000Z", "SCHEDULING")
        assert (small["finishedAt"], small["status"]["stage"]) == ("2026-01-01T00:02:10.000Z", "ERROR")


def test_the_same_seed_and_calls_give_the_same_bytes_and_servers_do_not_mix(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(f'start = "{START}"\nfrozen = true\n')
    answers: list[list[object]] = []
    with contextlib.ExitStack() as stack:
        for number, seed in enumerate(("7", "7", "8")):
            folder = tmp_path / str(number)
            folder.mkdir()
            running = stack.enter_context(
                serving(folder, "--seed", seed, "--scenario", str(scenario), "--server", SERVERS[number % 2])
            )
            job_id = submit(running.url, flavor="a10g-small")
            RemoteHub(running.url).clock.advance("1h")
            made = [ask(running.url, "GET", f"{JOBS}/{job_id}{part}") for part in ("", "/logs", "/events")]
            made += [ask(running.url, "GET", JOBS), ask(running.url, "GET", f"{JOBS}/no-id")]
            assert len(jobs(running.url)) == 1
            answers.append([(each.status, each.body, each.all("X-Request-Id")) for each in made])
    first, second, third = answers
    assert first == second
    assert first != third


# On the wire


@pytest.fixture(scope="module", params=SERVERS)
def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServeProcess]:
    """A server of each kind."""
    with serving(tmp_path_factory.mktemp("either"), "--server", request.param) as running:
        yield running


@pytest.fixture
def either_hub(either: ServeProcess) -> Iterator[RemoteHub]:
    remote = RemoteHub(either.url)
    start_over(remote)
    yield remote
    either.check()


def test_there_is_one_date_and_it_is_the_fakes(either_hub: RemoteHub) -> None:
    either_hub.clock.set("2031-02-03T04:05:06.789Z")
    job_id = submit(either_hub.url)
    either_hub.transition(job_id, "RUNNING")
    either_hub.transition(job_id, "COMPLETED")
    paths = [f"{JOBS}/{job_id}", f"{JOBS}/{job_id}/logs", f"{JOBS}/no-id", "/nowhere", "/_fakejobs/health"]
    for path in paths:
        answer = ask(either_hub.url, "GET", path)
        assert answer.all("Date") == ["Mon, 03 Feb 2031 04:05:06 GMT"], path
        assert answer.all("Server") == []
        assert len(answer.all("X-Request-Id")) == (0 if path.startswith("/_fakejobs") else 1)


def test_the_time_of_a_line_and_the_date_are_of_one_clock(either_hub: RemoteHub) -> None:
    either_hub.when().then(scheduling=0, running=60, logs=["one"])
    job_id = submit(either_hub.url)
    either_hub.clock.advance(30)
    with following(either_hub.url, f"{JOBS}/{job_id}/logs") as stream:
        date = stream.getheader("Date")
        assert date is not None
        assert logged(stream, 2) == ["===== Job started at 2026-05-28 20:26:40 =====", "one"]
    assert parsedate_to_datetime(date).isoformat() == "2026-05-28T20:27:10+00:00"


def test_nothing_is_compressed(either_hub: RemoteHub) -> None:
    wish = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    either_hub.when().then(scheduling=0, running=60, logs=["x" * 5000])
    job_id = submit(either_hub.url)
    either_hub.clock.advance(60)
    for path in ("/api/jobs/hardware", f"{JOBS}/{job_id}/logs"):
        answer = ask(either_hub.url, "GET", path, headers=wish)
        assert answer.all("Content-Encoding") == []
        assert answer.body[:1] in (b"[", b"d")


def test_twenty_followers_get_every_line(either_hub: RemoteHub) -> None:
    lines = [[second, f"line {second}"] for second in range(1, 101)]
    either_hub.when().then(scheduling=5, running=100, logs=lines)
    job_id = submit(either_hub.url)
    path = f"{JOBS}/{job_id}/logs"
    with contextlib.ExitStack() as stack:
        followers = [stack.enter_context(following(either_hub.url, path)) for _ in range(10)]
        either_hub.clock.advance(55)
        followers += [stack.enter_context(following(either_hub.url, path)) for _ in range(10)]
        for follower in followers:
            assert logged(follower, 51)[-1] == "line 50"
        for _ in range(5):
            either_hub.clock.advance(10)
        for follower in followers:
            assert logged(follower, 50) == [f"line {second}" for second in range(51, 101)]
            assert follower.read().strip() == b""
        assert stages(either_hub.url) == ["COMPLETED"]


def test_followers_that_go_away_are_released(either: ServeProcess, either_hub: RemoteHub) -> None:
    process = psutil.Process(either.process.pid)
    either_hub.when().then(scheduling=0, running="forever", logs=["one"])
    job_id = submit(either_hub.url)
    either_hub.clock.advance(1)
    files, threads = process.num_fds(), process.num_threads()
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            logged(stack.enter_context(following(either_hub.url, f"{JOBS}/{job_id}/logs")), 2)
        assert process.num_fds() >= files + 15  # a few that were open before may have ended since
    # They said nothing more, and no line comes that could not be sent: the end of the connection is enough.
    until(lambda: process.num_fds() < files + 5 and process.num_threads() < threads + 5)


# Stopping


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_streams_open(tmp_path: Path, kind: str, sign: int) -> None:
    with serving(tmp_path, "--server", kind, "--speed", "60") as running, contextlib.ExitStack() as stack:
        RemoteHub(running.url).when().then(scheduling=0, running="forever", logs=["one"])
        job_id = submit(running.url)
        streams = [
            stack.enter_context(following(running.url, f"{JOBS}/{job_id}/{part}"))
            for part in ("logs", "logs", "metrics", "events")
        ]
        logged(streams[0], 2)
        began = time.monotonic()
        assert running.stop(sign) == 0
        assert time.monotonic() - began < 2
        for stream in streams:
            with contextlib.suppress(ConnectionError):  # cut off is an end too
                stream.read()
        assert "Traceback" not in running.output


# What outlives it


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_a_database_outlives_the_server(tmp_path: Path, sign: int) -> None:
    database = str(tmp_path / "jobs.sqlite")
    with serving(tmp_path, "--db", database, "--seed", "7") as running:
        hub = RemoteHub(running.url)
        start_over(hub, seed=7, flavors={"t4-small": {"capacity": 1}}, orgs=["vision"])
        hub.when(command="*a.py").then(scheduling=0, running="1h", logs=["one", "two"])
        hub.when(command="*b.py").then(scheduling="2h", running="1h", exit_code=3)
        for words in (
            {"command": ["a.py"]},
            {"command": ["b.py"]},
            {"command": ["a.py"], "flavor": "t4-small"},
            {"command": ["a.py"], "flavor": "t4-small", "secrets": {"KEY": "very-secret"}},
        ):
            submit(running.url, timeoutSeconds=7200, **words)
        ask(running.url, "PUT", f"{JOBS}/{jobs(running.url)[0]['id']}/labels", {"labels": {"grade": "b"}})
        hub.clock.advance("30m")
        before, now, rules = jobs(running.url), hub.clock.read(), hub.rules()
        assert stages(running.url) == ["SCHEDULING", "RUNNING", "SCHEDULING", "RUNNING"]
        running.stop(sign)

    with serving(tmp_path, "--db", database) as running:
        hub = RemoteHub(running.url)
        assert "(seed 7, time frozen, " in running.output
        assert (jobs(running.url), hub.clock.read(), hub.rules()) == (before, now, rules)
        # What was planned happens, queues included, and ids go on where they were.
        hub.clock.advance("1h")
        assert stages(running.url) == ["RUNNING", "COMPLETED", "SCHEDULING", "COMPLETED"]
        hub.clock.advance("90m")
        assert stages(running.url) == ["COMPLETED", "COMPLETED", "ERROR", "COMPLETED"]
        log = ask(running.url, "GET", f"{JOBS}/{before[0]['id']}/logs").body
        assert log.count(b"data: ") == 3
        assert int(submit(running.url)[-6:], 16) == int(before[0]["id"][-6:], 16) + 1
        assert ask(running.url, "GET", "/api/jobs/vision").status == 200
    assert b"very-secret" not in b"".join(path.read_bytes() for path in tmp_path.glob("jobs.sqlite*"))


def test_what_was_answered_outlives_a_kill_in_the_middle_of_work(tmp_path: Path) -> None:
    database = str(tmp_path / "jobs.sqlite")
    answered: list[str] = []
    with serving(tmp_path, "--db", database) as running:

        def work() -> None:
            with contextlib.suppress(OSError, HTTPException):
                while True:
                    answered.append(submit(running.url))

        worker = threading.Thread(target=work)
        worker.start()
        until(lambda: len(answered) >= 20)
        running.stop(signal.SIGKILL)
        worker.join()
    with serving(tmp_path, "--db", database) as running:
        kept = [job["id"] for job in jobs(running.url)][::-1]
    # The last one may have been killed between the database and the answer.
    assert kept[: len(answered)] == answered
    assert len(kept) <= len(answered) + 1


def test_time_passes_while_no_server_runs(tmp_path: Path) -> None:
    database = str(tmp_path / "jobs.sqlite")
    with serving(tmp_path, "--db", database, "--speed", "100000") as running:
        hub = RemoteHub(running.url)
        hub.when().then(scheduling=0, running="2h")
        hub.clock.freeze()
        submit(running.url, timeoutSeconds=100_000)
        assert stages(running.url) == ["RUNNING"]
        hub.clock.unfreeze()
        running.stop(signal.SIGKILL)
    # A start takes a tenth of a second at least: more than two hours of this clock.
    with serving(tmp_path, "--db", database) as running:
        assert "speed 100000" in running.output
        (job,) = jobs(running.url)
        assert job["status"]["stage"] == "COMPLETED"
        assert job["durations"]["runningSecs"] == 7200


def test_one_file_one_server(tmp_path: Path) -> None:
    database = str(tmp_path / "jobs.sqlite")
    with serving(tmp_path, "--db", database) as running:
        submit(running.url)
        refused = serve("--db", database)
        assert refused.exit_code == 1
        assert refused.output == (
            f"Error: {database}: another process serves this file; stop that one, or give another file\n"
        )
        assert stages(running.url) == ["SCHEDULING"]


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("remember the milk, the bread, and all the other things that are no database")
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE birds (name TEXT)")
    for path, problem in (
        (text, "this is no database; give another file"),
        (other, "this database is not one of fakejobs; give another file"),
        (tmp_path / "nowhere/jobs.sqlite", "does its folder exist?"),
    ):
        refused = serve("--db", str(path))
        assert refused.exit_code == 1
        assert refused.output.startswith(f"Error: {path}: ")
        assert problem in refused.output
    assert text.read_text().startswith("remember the milk")


def test_another_seed_than_that_of_the_jobs(tmp_path: Path) -> None:
    database = str(tmp_path / "jobs.sqlite")
    with serving(tmp_path, "--db", database, "--seed", "7") as running:
        submit(running.url)
        running.stop()
    refused = serve("--db", database, "--seed", "8")
    assert refused.exit_code == 1
    assert "seed" in refused.output
    assert "7" in refused.output


# The demonstration


def test_a_demonstration_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_arguments: object) -> None:
        raise TimeoutError("the job did not end within 60 seconds")

    monkeypatch.setattr("fakejobs.demo._three_jobs", late)
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 1
    assert "Error: the client raised TimeoutError: the job did not end within 60 seconds" in result.output


def test_the_demonstration() -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    done = fakejobs("demo")
    assert done.returncode == 0, done.stderr
    for words in ("COMPLETED", "ERROR", "CANCELED", "epoch 2: loss 0.10", "All as expected"):
        assert words in done.stdout
