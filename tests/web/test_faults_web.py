"""Faults as they come over the wire: bodies and headers, the admin API, the journal, and what happens to streams.

What real clients make of them is in tests/clients/test_faults.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from werkzeug.test import Client

from fakejobs.drivers.inprocess import Broken, Call, ReadTimedOut, perform
from fakejobs.hub import FakeHub
from fakejobs.strategies import fault_plans
from fakejobs.waits import Waits
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, TOKEN, frozen_hub
from tests.support.play import ME, create, get, post, submit
from tests.support.sse import read_events

HARDWARE = "/api/jobs/hardware"


def ask(
    hub: FakeHub, path: str, method: str = "GET", body: object = None, read_timeout: float | None = None
) -> tuple[int, dict[str, str], bytes, str | None]:
    """Status, headers and body, and how the connection broke, if it did: as in process, where nothing waits in real time."""
    headers = [("Authorization", "Bearer hf_any"), ("Content-Type", "application/json")]
    payload = b"" if body is None else json.dumps(body).encode()
    call = Call(method, "http", "localhost", 80, path, headers, payload, read_timeout)
    got = b""
    try:
        reply = perform(wsgi_app(hub), call, Waits(hub.clock))
    except (Broken, ReadTimedOut) as error:
        return 0, {}, b"", how(error)
    try:
        for chunk in reply.chunks:
            got += chunk
    except (Broken, ReadTimedOut) as error:
        return reply.status, dict(reply.headers), got, how(error)
    finally:
        reply.close()
    return reply.status, dict(reply.headers), got, None


def how(error: Broken | ReadTimedOut) -> str:
    return error.how if isinstance(error, Broken) else "timed out"


def submitted(hub: FakeHub) -> int:
    return hub.count_all()


# What is answered.


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, "Invalid username or password."),
        (402, "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."),
        (
            403,
            "You don't have the required permissions to complete this action on namespace fake-user, missing permissions: job.write",
        ),
        (500, "Internal Error - We're working hard to fix this as soon as possible!"),
        (503, "Service Unavailable"),
        (599, "Unknown"),
    ],
)
def test_an_error_is_the_hubs(hub: FakeHub, web: Client, status: int, text: str) -> None:
    hub.fault(status=status)
    answer = post(web, f"/api/jobs/{ME}", JOB)
    assert (answer.status_code, answer.get_json()) == (status, {"error": text})
    assert answer.headers["X-Error-Message"] == text
    assert answer.headers["X-Request-Id"].startswith("Root=1-")
    assert answer.headers.getlist("Date") == ["Thu, 28 May 2026 20:26:40 GMT"]
    assert submitted(hub) == 0


def test_where_there_is_no_namespace_none_is_named(hub: FakeHub, web: Client) -> None:
    hub.fault(status=403)
    assert get(web, "/api/whoami-v2").get_json() == {"error": "Forbidden"}


def test_the_text_can_be_another(hub: FakeHub, web: Client) -> None:
    hub.fault(status=503, message="maintenance — back soon")
    answer = get(web, HARDWARE)
    assert answer.get_json() == {"error": "maintenance — back soon"}
    assert answer.headers["X-Error-Message"] == "maintenance ? back soon"


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("html", "text/html", "<html>\r\n<head><title>502 Bad Gateway</title></head>"),
        ("empty", None, ""),
        ("upstream request timeout", "text/plain; charset=utf-8", "upstream request timeout"),
        ('{"message": "no"}', "application/json; charset=utf-8", '{"message": "no"}'),
        ("<h1>no</h1>", "text/html", "<h1>no</h1>"),
    ],
)
def test_a_body_that_is_not_the_hubs(
    hub: FakeHub, web: Client, body: str, kind: str | None, text: str
) -> None:
    hub.fault(status=502, body=body)
    answer = get(web, HARDWARE)
    assert answer.status_code == 502
    assert answer.headers.get("Content-Type") == kind
    assert answer.text.startswith(text)
    assert answer.headers["Content-Length"] == str(len(answer.data))


def test_too_many_requests_says_when_to_come_back(hub: FakeHub, web: Client) -> None:
    hub.fault(status=429, retry_after="55s", times=1)
    hub.fault(status=429, times=1)
    window = get(web, HARDWARE).headers  # the newest first: until the end of the Hub's window
    assert (window["RateLimit"], window["Retry-After"]) == ('"api";r=0;t=200', "200")
    assert window["RateLimit-Policy"] == '"fixed window";"api";q=1000;w=300'
    said = get(web, HARDWARE).headers
    assert (said["RateLimit"], said["Retry-After"]) == ('"api";r=0;t=55', "55")
    hub.fault(status=503, retry_after=1.2)
    assert get(web, HARDWARE).headers["Retry-After"] == "2"


def test_head_has_no_body(hub: FakeHub, web: Client) -> None:
    hub.fault(status=503)
    answer = web.head(HARDWARE)
    assert (answer.status_code, answer.data) == (503, b"")


# Whether it takes effect.


def test_before_nothing_takes_effect_and_after_all_of_it(hub: FakeHub, web: Client) -> None:
    hub.fault(status=500, when="after", times=1)
    hub.fault(status=500, when="before", times=1)
    assert (post(web, f"/api/jobs/{ME}", JOB).status_code, submitted(hub)) == (500, 0)
    assert (post(web, f"/api/jobs/{ME}", JOB).status_code, submitted(hub)) == (500, 1)
    assert (post(web, f"/api/jobs/{ME}", JOB).status_code, submitted(hub)) == (200, 2)


@pytest.mark.parametrize(
    ("words", "broke", "jobs"),
    [
        ({"reset": True}, "reset", 0),
        ({"reset": True, "when": "after"}, "reset", 1),
        ({"hang_up": True}, "closed", 0),
        ({"hang_up": True, "when": "after"}, "closed", 1),
        ({"down": "1m"}, "refused", 0),
        ({"latency": "11s"}, "timed out", 0),
        ({"latency": "11s", "when": "after"}, "timed out", 1),
        ({"latency": "9s"}, None, 1),
        ({"reset_after": 10}, "reset", 1),
        ({"truncate_after": 10}, "closed", 1),
        ({"truncate_after": 10, "length": "actual"}, None, 1),
        ({"bytes_per_second": 0.05}, "timed out", 1),
    ],
)
def test_a_connection_that_breaks(hub: FakeHub, words: dict[str, Any], broke: str | None, jobs: int) -> None:
    hub.fault(**words)
    *_, found = ask(hub, f"/api/jobs/{ME}", "POST", JOB, read_timeout=10)
    assert (found, submitted(hub)) == (broke, jobs)


def test_latency_takes_time_before_or_after(hub: FakeHub) -> None:
    start = hub.clock.now()
    hub.fault(latency="10s", times=1)
    hub.fault(latency="5s", when="after", times=1)
    assert ask(hub, f"/api/jobs/{ME}", "POST", JOB)[0] == 200
    (job,) = hub.all_jobs()
    assert job.job.plan.created == start + 10_000
    assert hub.clock.now() == start + 15_000


def test_patience_begins_anew_with_the_head_of_the_answer(hub: FakeHub) -> None:
    """Clients count their read timeout from the last bytes, and those of the head are some."""
    hub.when().then(scheduling=12, running=5, logs=["a"])
    job = submit(hub)
    hub.fault(latency="8s")
    _, _, log, broke = ask(hub, f"/api/jobs/{ME}/{job}/logs", read_timeout=10)
    assert (broke, len(list(read_events([log])))) == (None, 2)


def test_a_rate_need_not_be_a_whole_number(hub: FakeHub) -> None:
    start = hub.clock.now()
    hub.fault(bytes_per_second=1.5)
    body = ask(hub, HARDWARE)[2]
    assert hub.clock.now() - start == len(body) * 667


def test_bytes_come_slowly(hub: FakeHub) -> None:
    start = hub.clock.now()
    hub.fault(bytes_per_second=100)
    status, headers, body, broke = ask(hub, HARDWARE, read_timeout=10)
    assert (status, broke, len(body)) == (200, None, int(headers["Content-Length"]))
    assert json.loads(body)
    assert hub.clock.now() - start == -(-len(body) // 100) * 1_000


def test_an_answer_that_is_shorter_than_promised_or_than_it_ought_to_be(hub: FakeHub) -> None:
    whole = ask(hub, HARDWARE)[2]
    hub.fault(truncate_after=25, times=1)
    _, headers, body, broke = ask(hub, HARDWARE)
    assert (body, broke, headers["Content-Length"]) == (whole[:25], "closed", str(len(whole)))
    hub.fault(truncate_after=25, length="actual", times=1)
    _, headers, body, broke = ask(hub, HARDWARE)
    assert (body, broke, headers["Content-Length"]) == (whole[:25], None, "25")
    hub.fault(truncate_after=100_000)  # more than there is
    assert ask(hub, HARDWARE)[2:] == (whole, None)


# Only the API is concerned.


def test_the_admin_api_and_the_contract_meet_no_faults(hub: FakeHub, web: Client) -> None:
    hub.fault(status=500)
    hub.fault(down="1h")
    assert web.get("/_fakejobs/health").status_code == 200
    assert web.get("/openapi.json").status_code == 200
    assert hub.faults()[0].matched == 0


# The journal.


def test_the_journal_names_what_fired(hub: FakeHub, web: Client) -> None:
    hub.fault(latency="1ms", times=1)
    hub.fault(status=503, times=1)
    hub.fault(reset=True, path="/api/whoami-v2")
    ask(hub, HARDWARE)
    ask(hub, "/api/whoami-v2")
    ask(hub, HARDWARE)
    listed = web.get("/_fakejobs/requests").get_json()
    assert [(each["path"], each["status"], each.get("fault")) for each in listed] == [
        (HARDWARE, 503, "fault 2: status=503, times=1; fault 1: latency='1ms', times=1"),
        ("/api/whoami-v2", 0, "fault 3: reset=True, path='/api/whoami-v2'"),
        (HARDWARE, 200, None),
    ]
    assert "fault" not in listed[2]


def test_a_request_whose_client_did_not_wait_is_in_it(hub: FakeHub) -> None:
    hub.fault(latency="1m")
    ask(hub, HARDWARE, read_timeout=5)
    assert [(each.status, each.fault) for each in hub.requests] == [(0, "fault 1: latency='1m'")]


# The admin API.


def test_the_admin_api_adds_lists_and_deletes(hub: FakeHub, web: Client) -> None:
    words = {"status": 503, "path": "/api/jobs/*", "times": 2}
    added = web.post("/_fakejobs/faults", json=words)
    assert added.get_json() == {"id": 1, "words": words, "source": "user", "matched": 0, "fired": 0}
    web.post("/_fakejobs/faults", json={"cut_after": 2})
    post(web, f"/api/jobs/{ME}", JOB)
    listed = web.get("/_fakejobs/faults").get_json()
    assert [(each["id"], each["matched"], each["fired"]) for each in listed] == [(1, 1, 1), (2, 0, 0)]
    assert web.delete("/_fakejobs/faults/1").get_json() == {"deleted": 1}
    assert web.delete("/_fakejobs/faults/1").status_code == 404
    assert web.delete("/_fakejobs/faults").get_json() == {"deleted": 1}
    assert hub.faults() == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"statsu": 503}, "statsu: unknown word; did you mean 'status'?"),
        ({"status": 503, "probability": 2}, "probability: 2 is none"),
        ([503], "give a JSON object with status, reset"),
    ],
)
def test_the_admin_api_says_what_is_wrong(web: Client, words: object, problem: str) -> None:
    answer = web.post("/_fakejobs/faults", json=words)
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(problem)


# Streams.


@pytest.fixture
def job(hub: FakeHub, web: Client) -> str:
    """A job with a marker and four lines, over."""
    hub.when().then(scheduling=0, running=10, logs=["a", "b", "c", "d"])
    made = create(web)
    hub.clock.advance(60_000)
    return made


def lines(hub: FakeHub, job: str, **words: object) -> tuple[str, str | None]:
    """The lines of the log as letters, the marker as ``>``, and how the connection broke."""
    if words:
        hub.fault(**words)
    _, _, body, broke = ask(hub, f"/api/jobs/{ME}/{job}/logs", read_timeout=120)
    texts = [event["data"] for event in read_events([body])]
    return "".join(">" if text.startswith("=====") else text for text in texts), broke


@pytest.mark.parametrize(
    ("words", "said", "broke"),
    [
        ({"cut_after": 0}, "", "closed"),
        ({"cut_after": 3}, ">ab", "closed"),
        ({"cut_after": 5}, ">abcd", "closed"),
        ({"cut_after": 6}, ">abcd", None),  # there are not so many
        ({"end_after": 3}, ">ab", None),
        ({"stall_after": 3}, ">ab", "timed out"),
        ({"stall_after": 3, "stall_for": "1m"}, ">abcd", None),
        ({"duplicate": 2}, ">aabcd", None),
        ({"duplicate": 5}, ">abcdd", None),
        ({"reorder": 2}, ">bacd", None),
        ({"reorder": 5}, ">abcd", None),  # the last has nobody to change places with
        ({"replay_loses": 2}, ">ab", None),
        ({"replay_loses": 9}, "", None),
    ],
)
def test_what_happens_to_a_log(
    hub: FakeHub, job: str, words: dict[str, Any], said: str, broke: str | None
) -> None:
    assert lines(hub, job, **words) == (said, broke)


def test_garbage_is_a_line_of_its_own(hub: FakeHub, job: str) -> None:
    whole = ask(hub, f"/api/jobs/{ME}/{job}/logs")[2].split(b"\n\n")
    hub.fault(garbage_after=2, garbage="<html>")
    found = ask(hub, f"/api/jobs/{ME}/{job}/logs")[2].split(b"\n\n")
    assert found == [*whole[:2], b"<html>", *whole[2:]]


def test_several_faults_on_one_stream(hub: FakeHub, job: str) -> None:
    hub.fault(duplicate=2)
    hub.fault(latency="1s")
    hub.fault(cut_after=4)
    assert lines(hub, job) == (">aab", "closed")
    assert [fault.fired for fault in hub.faults()] == [1, 1, 1]


def test_a_stream_that_is_refused_uses_up_no_fault(hub: FakeHub, job: str) -> None:
    fault = hub.fault(cut_after=2, times=1)
    assert ask(hub, f"/api/jobs/{ME}/{'0' * 24}/logs")[0] == 404
    assert fault.matched == 0
    assert lines(hub, job) == (">a", "closed")
    assert lines(hub, job) == (">abcd", None)


def test_what_a_replay_loses_is_lost_to_who_connects_late_only(hub: FakeHub, web: Client) -> None:
    hub.when().then(scheduling=0, running=10, logs=["a", "b", "c", "d"])
    job = create(web)
    hub.clock.advance(5_000)
    assert lines(hub, job, replay_loses=1) == (">acd", None)


def test_events_that_come_while_the_job_runs_are_reordered_too(hub: FakeHub, web: Client) -> None:
    hub.when().then(scheduling=0, running=10, logs=["a", "b", "c", "d"])
    assert lines(hub, create(web), reorder=2) == (">bacd", None)


def test_no_stream_is_left_open(hub: FakeHub, web: Client, job: str) -> None:
    before = len(hub.clock.bell)
    for words in (
        {"cut_after": 1},
        {"end_after": 1},
        {"stall_after": 1},
        {"reset_after": 10},
        {"latency": "9m"},
    ):
        hub.delete_faults()
        lines(hub, job, **words)
    assert len(hub.clock.bell) == before + 5  # each `Waits` of `ask` listens to the clock


# Any plan at all.


@settings(max_examples=60)
@given(fault_plans())
def test_who_tries_again_long_enough_gets_through(plan: list[dict[str, object]]) -> None:
    hub = frozen_hub()
    for words in plan:
        hub.fault(**words)
    for _ in range(200):
        if ask(hub, f"/api/jobs/{ME}", "POST", JOB, read_timeout=10)[::3] == (200, None):
            break
        hub.clock.advance(60_000)
    else:
        raise AssertionError("it never got through")
    assert all(fault.fired <= 3 for fault in hub.faults())
    hub.close()


@settings(max_examples=30)
@given(fault_plans())
def test_the_same_plan_gives_the_same_bytes(plan: list[dict[str, object]]) -> None:
    def play() -> object:
        hub = frozen_hub(seed=3)
        hub.when().then(scheduling=0, running=30, logs=["a", "b", "c"])
        for words in plan:
            hub.fault(**words)
        seen: list[object] = []
        for _ in range(4):
            seen.append(ask(hub, f"/api/jobs/{ME}", "POST", JOB, read_timeout=10))
            seen += [
                ask(hub, f"/api/jobs/{ME}/{each.job.id}/logs", read_timeout=10) for each in hub.all_jobs()
            ]
        snapshot = hub.snapshot()
        hub.close()
        return seen, snapshot

    assert play() == play()


def test_a_token_is_still_needed_where_no_fault_fires(hub: FakeHub, web: Client) -> None:
    hub.fault(status=500, path="/api/whoami-v2")
    assert web.get(f"/api/jobs/{ME}").status_code == 401
    assert web.get(f"/api/jobs/{ME}", headers=TOKEN).status_code == 200
