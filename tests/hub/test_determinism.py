"""The same seed and the same calls, under a frozen clock: the same bytes, headers included."""

from __future__ import annotations

from werkzeug.test import Client, TestResponse

from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, TOKEN, frozen_hub

Answer = tuple[int, tuple[tuple[str, str], ...], bytes]


def play(seed: int, extra_reads: int = 0) -> list[Answer]:
    """A session over HTTP; returns every answer whole, those of the extra reads left out."""
    hub = frozen_hub(seed=seed, flavors={"t4-small": {"capacity": 1}})
    web = Client(wsgi_app(hub))
    answers: list[Answer] = []

    def call(method: str, path: str, body: object = None) -> TestResponse:
        for _ in range(extra_reads):
            web.get("/api/jobs/fake-user", headers=TOKEN)
            web.get("/api/jobs/fake-user/count?stage=RUNNING", headers=TOKEN)
        answer = web.open(path, method=method, headers=TOKEN, json=body)
        answers.append((answer.status_code, tuple(answer.headers), answer.data))
        return answer

    jobs = []
    for flavor in ("cpu-basic", "t4-small", "t4-small", "h200x8"):
        jobs.append(str(call("POST", "/api/jobs/fake-user", {**JOB, "flavor": flavor}).get_json()["id"]))
        call("POST", "/_fakejobs/clock", {"advance": 10})
    call("POST", f"/api/jobs/fake-user/{jobs[0]}/duplicate")
    call("PUT", f"/api/jobs/fake-user/{jobs[1]}/labels", {"labels": {"team": "a"}})
    call("GET", "/api/jobs/fake-user?stage=RUNNING")
    call("POST", "/_fakejobs/clock", {"advance": "10m"})
    call("GET", f"/api/jobs/fake-user/{jobs[0]}/logs")
    call("POST", f"/api/jobs/fake-user/{jobs[3]}/cancel")
    call("GET", f"/api/jobs/fake-user/{jobs[3]}/events")
    for path in ("", "/count", f"/{jobs[0]}", f"/{jobs[1]}", f"/{jobs[2]}", f"/{jobs[3]}", "/0/logs"):
        call("GET", f"/api/jobs/fake-user{path}")
    call("POST", "/api/jobs/fake-user", {"flavor": "nonsense"})
    call("GET", "/api/whoami-v2")
    call("GET", "/_fakejobs/rules")
    hub.close()
    return answers


def test_the_same_seed_and_calls_give_the_same_bytes() -> None:
    first, second = play(seed=7), play(seed=7)
    assert first == second
    assert [status for status, _, _ in first].count(200) == len(first) - 2


def test_another_seed_gives_other_ids_delays_and_request_ids() -> None:
    first, second = play(seed=7), play(seed=8)
    assert [status for status, _, _ in first] == [status for status, _, _ in second]
    assert first[0][2] != second[0][2], "ids"
    assert [dict(headers).get("X-Request-Id") for _, headers, _ in first] != [
        dict(headers).get("X-Request-Id") for _, headers, _ in second
    ]


def test_extra_reads_change_no_body() -> None:
    quiet, looking = play(seed=7), play(seed=7, extra_reads=3)
    assert [(status, body) for status, _, body in quiet] == [(status, body) for status, _, body in looking]


def test_a_reset_begins_the_same_story_again() -> None:
    hub = frozen_hub(seed=3)
    web = Client(wsgi_app(hub))
    stories = []
    for _ in range(2):
        web.post("/_fakejobs/reset", json={"start": "2026-01-01T00:00:00Z"})
        made = web.post("/api/jobs/fake-user", json=JOB, headers=TOKEN)
        web.post("/_fakejobs/clock", json={"advance": "1m"})
        read = web.get(f"/api/jobs/fake-user/{made.get_json()['id']}", headers=TOKEN)
        stories.append((made.data, list(made.headers), read.data, list(read.headers)))
    assert stories[0] == stories[1]
