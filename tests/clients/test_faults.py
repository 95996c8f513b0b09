"""What real clients do with each fault: in process, and over sockets of both servers, the same.

Each release runs in a process of its own, through all doors (tests/clients/faults.py). What is written down here is what users of that release
will see, also where that is not what they would wish for.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fakejobs.remote import RemoteHub
from tests.clients.faults import CASES
from tests.clients.test_generations import python_with
from tests.clients.test_in_process_generations import run
from tests.support.clients import client_environment
from tests.support.programs import run_program
from tests.support.server import serving

DOORS = ("in process", "over a socket")
ALL = ["one", "two", "three"]
HUB_ERROR = "HfHubHTTPError"

# In 2.4.0. What a call gives; or the error that it ends in, with the status if there is one.
GIVES: dict[str, object] = {
    "500": [HUB_ERROR, 500],
    "500 after the job was made": [HUB_ERROR, 500],
    "502 in HTML": [HUB_ERROR, 502],
    "503 without a body": [HUB_ERROR, 503],
    "504 in words": [HUB_ERROR, 504],
    "429": [HUB_ERROR, 429],
    "402": [HUB_ERROR, 402],
    "403": [HUB_ERROR, 403],
    # Lists are tried again, five times in 23 seconds; starting a job never is.
    "503 twice on a list": 1,
    "429 once on a list": 1,
    "slow": "RUNNING",
    "slow by a draw": "RUNNING",
    "slow, then 504": [HUB_ERROR, 504],
    "reset": ["ReadError"],
    "reset after the job was made": ["ReadError"],
    "hung up": ["RemoteProtocolError"],
    "reset on a list": 1,
    "reset within the answer": ["ReadError"],
    "answer cut short": ["RemoteProtocolError"],
    "half a JSON": ["JSONDecodeError"],
    "slow bytes": "COMPLETED",
    "down": ["ConnectError"],
    "down for a list": 1,
    "cancel is lost": [HUB_ERROR, 500],
    # A log that cannot be had, of a job that is over, is an empty one.
    "log: slower than the timeout": [],
    "log: 500": [HUB_ERROR, 500],
    # What comes after the cut is lost if the job is over, and nobody is told.
    "log: cut, of a job that is over": ["one"],
    "log: cut, of a job that runs": ALL,
    "log: cut, read once": ["RemoteProtocolError"],
    "log: reset": ALL,
    "log: stalled for a while": ALL,
    "log: stalled for good": ["one"],
    "log: doubled": ["one", "one", "two", "three"],
    "log: out of order": ["two", "one", "three"],
    "log: garbage": ["JSONDecodeError"],
    "log: garbage that is no event": ALL,
    "log: replay too short": ["one", "two"],
    # Events are counted over connections: of what one replay has lost, the next line takes the place.
    "log: replay too short, of a job that runs": ["one", "three"],
    "log: ended too soon": ALL,
    "log: ended at once": ALL,
    "log: slow bytes": ALL,
    "metrics: cut": ["RemoteProtocolError"],
}
IN_1_33: dict[str, object] = {
    "503 twice on a list": [HUB_ERROR, 503],
    "429 once on a list": [HUB_ERROR, 429],
    "reset on a list": ["ReadError"],
    "down for a list": ["ConnectError"],
    "log: ended too soon": ["one"],
    "log: ended at once": [],
    "metrics: cut": 8,
}
IN_0_36: dict[str, object] = {
    "503 twice on a list": ["HTTPError", 503],
    "429 once on a list": ["HTTPError", 429],
    "reset": ["ConnectionError"],
    "reset after the job was made": ["ConnectionError"],
    "hung up": ["ConnectionError"],
    "reset on a list": ["ConnectionError"],
    "reset within the answer": ["ChunkedEncodingError"],
    "answer cut short": ["ChunkedEncodingError"],
    "down": ["ConnectionError"],
    "down for a list": ["ConnectionError"],
    "cancel is lost": ["HTTPError", 500],
    "log: slower than the timeout": ["ReadTimeout"],
    # It never looks at the status, and a stream without lines is asked for again.
    "log: 500": ALL,
    "log: ended at once": ALL,
    "log: ended too soon": ["one"],
    "log: stalled for good": ["ConnectionError"],
    "log: cut, of a job that runs": ["one"],
    "log: cut, read once": ["one"],
    "log: reset": ["one"],
    "log: replay too short, of a job that runs": ["one"],
}

# What the server is said to have said, where a release looks.
SAYS = {
    "500": "Internal Error - We're working hard to fix this as soon as possible!",
    "502 in HTML": None,
    "503 without a body": None,
    "504 in words": "upstream request timeout",
    "402": "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs.",
    "403": "You don't have the required permissions to complete this action on namespace fake-user, missing permissions: job.write",
}

# The paid one that nobody knows of.
MAKES_A_SECOND_JOB = {"500 after the job was made", "reset after the job was made", "slow", "slow by a draw"}


def drive(python: Path, home: Path, *doors: str) -> dict[str, Any]:
    """What comes out behind each door; all at once, as most of it is waiting."""

    def through(door: str) -> Any:
        own = home / door.replace(" ", "-")
        own.mkdir()
        done = run(python, "-m", "tests.clients.faults", door, home=own)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])[1]

    with ThreadPoolExecutor(len(doors)) as pool:
        return dict(zip(doors, pool.map(through, doors), strict=True))


def check(seen: dict[str, Any], expected: dict[str, object]) -> None:
    """Every case, through every door."""
    for door, outcomes in seen.items():
        given, jobs = {}, {}
        for name, (gives, fired, stages) in outcomes.items():
            is_error = isinstance(gives, list) and len(gives) == 3 and isinstance(gives[1], int)
            given[name] = gives[:2] if is_error else gives
            jobs[name] = stages
            if is_error and name in SAYS:
                assert gives[2] == SAYS[name], (door, name)
            assert all(fired), (door, name)
        cases = {name: each for name, each in expected.items() if name in outcomes}
        assert given == cases, door
        assert {name for name, each in jobs.items() if len(each) == 2} == MAKES_A_SECOND_JOB, door
        assert jobs["cancel is lost"] == ["CANCELED"], door
    assert set(seen["in process"]) == set(seen["over a socket"]) == set(expected)


def test_the_installed_release(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    assert set(CASES) == set(GIVES)
    check(drive(Path(sys.executable), tmp_path, *DOORS, "over uvicorn"), GIVES)


def test_1_33_the_last_on_httpx(tmp_path: Path) -> None:
    check(drive(python_with("1.33.0"), tmp_path, *DOORS), {**GIVES, **IN_1_33})


def test_0_36_the_last_on_requests(tmp_path: Path) -> None:
    expected = {**GIVES, **IN_0_36}
    del expected["metrics: cut"]  # it knows no metrics
    check(drive(python_with("0.36.2"), tmp_path, *DOORS), expected)


ASK = """
import sys, huggingface_hub
from fakejobs.remote import RemoteHub
api = huggingface_hub.HfApi(endpoint=sys.argv[1], token="hf_anybody")
if "down" in sys.argv:
    RemoteHub(sys.argv[1]).fault(down="20s")
try:
    print(api.list_jobs_hardware()[0].name)
except Exception as error:
    print(type(error).__name__)
if "list" in sys.argv:
    print(len(list(api.list_jobs(namespace="fake-user"))))
"""


def ask(url: str, home: Path, *what: str) -> list[str]:
    done = run_program(
        [sys.executable, "-c", ASK, url, *what],
        env=client_environment(url, home),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("server", ["uvicorn", "werkzeug"])
def test_a_listener_that_is_closed_refuses_connections_and_opens_again(server: str, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    with serving(tmp_path, "--speed", "10", "--server", server) as running:
        # The first call is not tried again; the list is, until somebody listens.
        assert ask(running.url, tmp_path, "down", "list") == ["ConnectError", "0"]
        (fault,) = RemoteHub(running.url).faults()
        assert fault["fired"] == 1


def test_while_time_stands_still_a_closed_listener_is_one_that_resets(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    with serving(tmp_path) as running:
        hub = RemoteHub(running.url)
        hub.clock.freeze()
        hub.fault(down="20s")
        assert ask(running.url, tmp_path) == ["ReadError"]
        hub.clock.advance("20s")  # the admin API can be reached
        assert ask(running.url, tmp_path) == ["cpu-basic"]
        assert [request["fault"] for request in hub.requests if "fault" in request] == [
            "the listener is closed"
        ]
