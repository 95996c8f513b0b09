"""The admin API: what a test does to the hub from outside."""

from __future__ import annotations

import pytest
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from fakejobs.version import VERSION
from tests.conftest import START, TOKEN
from tests.support.play import ME, create, get, post


def admin(web: Client, path: str, body: object = None, method: str = "POST") -> TestResponse:
    """One call; no token is needed."""
    return web.open(f"/_fakejobs/{path}", method=method, json=body)


def refused(answer: TestResponse, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    text = str(answer.get_json()["error"])
    assert answer.headers["X-Error-Message"].isascii()
    return text


def test_health(web: Client, hub: FakeHub) -> None:
    create(web)
    hub.when().then()
    assert web.get("/_fakejobs/health").get_json() == {
        "status": "ok",
        "version": VERSION,
        "seed": 0,
        "api": "latest",
        "jobs": 1,
        "rules": 1,
        "now": "2026-05-28T20:26:40.000Z",
        "frozen": True,
        "speed": 1.0,
    }


def test_reading_and_moving_the_clock(web: Client) -> None:
    assert web.get("/_fakejobs/clock").get_json() == {
        "now": "2026-05-28T20:26:40.000Z",
        "frozen": True,
        "speed": 1.0,
    }
    for body, now in (
        ({"advance": 3600}, "2026-05-28T21:26:40.000Z"),
        ({"advance": "1h"}, "2026-05-28T22:26:40.000Z"),
        ({"advance": 0.5}, "2026-05-28T22:26:40.500Z"),
        ({"advance": "250ms"}, "2026-05-28T22:26:40.750Z"),
        ({"set": "2027-01-01T00:00:00Z"}, "2027-01-01T00:00:00.000Z"),
        ({"set": "2026-01-01T00:00:00.001Z"}, "2026-01-01T00:00:00.001Z"),
        ({"speed": 60}, "2026-01-01T00:00:00.001Z"),
        ({"freeze": True}, "2026-01-01T00:00:00.001Z"),
    ):
        answer = admin(web, "clock", body)
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["now"] == now, body
    assert answer.get_json()["speed"] == 60


def test_freezing_and_thawing(web: Client, hub: FakeHub) -> None:
    assert admin(web, "clock", {"freeze": False}).get_json()["frozen"] is False
    assert admin(web, "clock", {"freeze": True}).get_json()["frozen"] is True
    now = hub.clock.now()
    assert hub.clock.now() == now


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "give exactly one of"),
        ({"advance": 1, "freeze": True}, "give exactly one of"),
        ({"freeze": 1}, "give exactly one of"),
        ({"speed": True}, "give exactly one of"),
        ({"speed": "60"}, "give exactly one of"),
        ({"speed": 0}, "speed must be above 0"),
        ({"speed": -1}, "speed must be above 0"),
        ({"speed": 10**30}, "speed must be above 0"),
        ({"advance": -1}, "advance: -1 is negative"),
        ({"advance": "soon"}, "advance: 'soon' is no length of time"),
        ({"advance": None}, "advance: None is no length of time"),
        ({"advance": 1e300}, "longer than a hundred years"),
        ({"advance": "forever"}, "advance: 'forever'"),
        ({"set": 5}, "set: give an instant"),
        ({"set": "yesterday"}, "set: give an instant"),
        ({"set": "2026-02-30T00:00:00Z"}, "set: give an instant"),
        ({"set": "1950-01-01T00:00:00Z"}, "set: give an instant"),
        ({"sett": "2027-01-01T00:00:00Z"}, "sett: unknown word; did you mean 'set'"),
        ([1], "give a JSON object"),
    ],
)
def test_a_clock_that_cannot_be_moved_like_that(
    web: Client, hub: FakeHub, body: object, complaint: str
) -> None:
    assert complaint in refused(admin(web, "clock", body))
    assert hub.clock.now() == START


def test_time_does_not_go_back_once_there_are_jobs(web: Client, hub: FakeHub) -> None:
    create(web)
    answer = admin(web, "clock", {"set": "2026-01-01T00:00:00Z"})
    assert answer.status_code == 409
    assert "time cannot go back" in answer.get_json()["error"]
    assert hub.clock.now() == START


def test_time_stops_at_the_end_of_the_calendar(web: Client) -> None:
    job = create(web)
    assert admin(web, "clock", {"set": "9999-12-31T23:59:59.999Z"}).status_code == 200
    assert get(web, f"/api/jobs/{ME}/{job}").status_code == 200
    last = create(web)
    assert get(web, f"/api/jobs/{ME}/{last}").get_json()["status"]["stage"] == "SCHEDULING"
    assert "9999-12-31" in refused(admin(web, "clock", {"advance": 1}))


def test_ids_keep_their_length_beyond_2106(web: Client) -> None:
    admin(web, "clock", {"set": "2150-01-01T00:00:00Z"})
    job = create(web)
    assert len(job) == 24
    assert get(web, f"/api/jobs/{ME}/{job}").status_code == 200


def test_rules_come_and_go(web: Client) -> None:
    first = admin(web, "rules", {"when": {"flavor": "h200*"}, "then": {"scheduling": "12h"}})
    assert first.status_code == 200
    rule = first.get_json()
    assert (rule["id"], rule["source"]) == (1, "user")
    assert (rule["when"], rule["then"]) == ({"flavor": "h200*"}, {"scheduling": "12h"})
    second = admin(web, "rules", {"then": {"logs": ["a", "b"]}}).get_json()
    listed = web.get("/_fakejobs/rules").get_json()
    assert listed == [first.get_json(), second]
    assert admin(web, "rules/1", method="DELETE").get_json() == {"deleted": 1}
    assert web.get("/_fakejobs/rules").get_json() == [second]
    assert refused(admin(web, "rules/1", method="DELETE"), 404) == "there is no rule 1"
    assert admin(web, "rules", method="DELETE").get_json() == {"deleted": 1}
    assert web.get("/_fakejobs/rules").get_json() == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"wen": {}}, "wen: unknown word; did you mean 'when'"),
        ({"when": []}, "when: give an object"),
        ({"then": "x"}, "then: give an object"),
        ({"when": {"flavour": "x"}}, "when.flavour: unknown word; did you mean 'flavor'"),
        ({"when": {"flavor": "h300"}}, "matches no flavor"),
        ({"then": {"exit_code": 256}}, "then.exit_code: 256"),
        ({"then": {"running": {"between": [5, 1]}}}, 'then.running: "between" goes backwards'),
        ({"then": {"logs": "x"}}, "then.logs: give a list"),
        ({"then": {"logs": [[5, "a"], [1, "b"]]}}, "then.logs: the offsets must not go backwards"),
    ],
)
def test_rules_that_cannot_be(web: Client, body: object, complaint: str) -> None:
    assert complaint in refused(admin(web, "rules", body))
    assert web.get("/_fakejobs/rules").get_json() == []


def test_secrets_in_rules_are_not_shown(web: Client) -> None:
    answer = admin(
        web, "rules", {"when": {"environment": {"TOKEN": "abc", "KEY": "x hf_abcdef"}}, "then": {}}
    )
    assert answer.get_json()["when"] == {"environment": {"TOKEN": "<hidden>", "KEY": "x <hidden>"}}
    assert refused(admin(web, "rules", {"when": {"flavor": "hf_abcdef"}})).startswith(
        "when.flavor: '<hidden>'"
    )


def test_transitions(web: Client) -> None:
    job = create(web)
    running = admin(web, f"jobs/{job}/transition", {"stage": "RUNNING"})
    assert running.get_json()["status"]["stage"] == "RUNNING"
    failed = admin(web, f"jobs/{job}/transition", {"stage": "ERROR", "message": "because"})
    assert failed.get_json() == get(web, f"/api/jobs/{ME}/{job}").get_json()
    assert failed.get_json()["status"] == {"stage": "ERROR", "message": "because", "failureCount": 0}


def test_an_illegal_transition_says_what_is_allowed(web: Client) -> None:
    job = create(web)
    answer = admin(web, f"jobs/{job}/transition", {"stage": "COMPLETED"})
    assert refused(answer, 409) == (
        "a job cannot go from SCHEDULING to COMPLETED; allowed from SCHEDULING: RUNNING, ERROR, CANCELED"
    )
    assert answer.get_json()["allowed"] == ["RUNNING", "ERROR", "CANCELED"]
    assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] == "SCHEDULING"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "stage: give one of SCHEDULING, RUNNING, COMPLETED, ERROR, CANCELED, DELETED"),
        ({"stage": "running"}, "stage: give one of"),
        ({"stage": None}, "stage: give one of"),
        ({"stage": ["ERROR"]}, "stage: give one of"),
        ({"stage": "ERROR", "message": 5}, "message: give a text"),
        ({"stage": "ERROR", "why": "x"}, "why: unknown word"),
        ({"stage": "RUNNING", "message": "x"}, "message: only a job that is over has one"),
    ],
)
def test_transitions_that_cannot_be(web: Client, body: object, complaint: str) -> None:
    job = create(web)
    assert complaint in refused(admin(web, f"jobs/{job}/transition", body))
    assert get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] == "SCHEDULING"


def test_a_transition_of_no_job(web: Client) -> None:
    refused(admin(web, f"jobs/{'0' * 24}/transition", {"stage": "ERROR"}), 404)


def test_reset_forgets_and_takes_settings(web: Client, hub: FakeHub) -> None:
    create(web)
    hub.when().then()
    answer = admin(
        web,
        "reset",
        {"start": "2026-01-01T00:00:00Z", "seed": 9, "orgs": ["acme"], "quirks": {"job_not_found": "gone"}},
    )
    assert answer.get_json() == {
        "status": "ok",
        "now": "2026-01-01T00:00:00.000Z",
        "frozen": True,
        "speed": 1.0,
    }
    health = web.get("/_fakejobs/health").get_json()
    assert (health["jobs"], health["rules"], health["seed"]) == (0, 0, 9)
    assert web.get("/_fakejobs/requests").get_json() == []
    assert get(web, "/api/jobs/acme").status_code == 200
    assert get(web, f"/api/jobs/{ME}/{'0' * 24}").get_json() == {"error": "gone"}
    admin(web, "reset")
    assert get(web, "/api/jobs/acme").status_code == 200, "settings stay as they are unless given"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"sead": 1}, "sead: unknown word; did you mean 'seed'"),
        ({"seed": "x"}, "seed: give a whole number"),
        ({"seed": True}, "seed: give a whole number"),
        ({"seed": 10**30}, "seed: give a whole number"),
        ({"start": "now"}, "start: give an instant"),
        ({"start": "1850-01-01T00:00:00Z"}, "start: give an instant"),
        ({"quirks": {"cancel_finished": "418"}}, "quirks.cancel_finished: '418' is not allowed"),
        ({"quirks": {"cancel": "200"}}, "quirks.cancel: unknown quirk"),
        ({"flavors": {"h300": {}}}, "flavors.h300: no such flavor; did you mean 'h200'"),
        ({"flavors": {"h200": {"capacity": -1}}}, "flavors.h200.capacity"),
        ({"flavors": {"h200": {"capacity": 10**30}}}, "flavors.h200.capacity"),
        ({"flavors": {"h200": 5}}, "flavors.h200: give a table"),
        ({"users": []}, "users: there must be one"),
        ({"users": ["a", "a"]}, "'a' is there twice"),
        ({"users": ["a/b"]}, "cannot be a namespace"),
        ({"users": "ada"}, "users: give a list"),
        ({"users": [5]}, "users[0]: give a table"),
        ({"orgs": [{"name": "o", "members": {"zoe": "read"}}]}, "orgs.o.members: no user 'zoe'"),
        ({"orgs": [{"name": "o", "members": {ME: "boss"}}]}, "'boss' is none of"),
        ({"orgs": [{"name": "o", "plan": "gold"}]}, "orgs.o.plan: 'gold' is none of"),
        ({"tokens": [{"user": ME}]}, "tokens[0]: `token` is missing"),
        ({"tokens": [{"token": "hf_zzzzz", "user": "zoe"}]}, "tokens: no user 'zoe'"),
        ({"tokens": [{"token": "hf_zzzzz", "role": "god"}]}, "tokens: 'god' is none of"),
    ],
)
def test_settings_that_cannot_be(web: Client, body: object, complaint: str) -> None:
    job = create(web)
    text = refused(admin(web, "reset", body))
    assert complaint in text
    assert "hf_zzzzz" not in text
    assert get(web, f"/api/jobs/{ME}/{job}").status_code == 200, "nothing was forgotten"


def test_admin_calls_do_not_appear_among_the_requests(web: Client) -> None:
    for path in ("health", "clock", "rules", "requests"):
        web.get(f"/_fakejobs/{path}")
    get(web, f"/api/jobs/{ME}")
    assert [record["path"] for record in web.get("/_fakejobs/requests").get_json()] == [f"/api/jobs/{ME}"]


def test_admin_answers_bear_the_hubs_date_too(web: Client) -> None:
    answer = web.get("/_fakejobs/health", headers=TOKEN)
    assert answer.headers.getlist("Date") == ["Thu, 28 May 2026 20:26:40 GMT"]
    assert post(web, "/_fakejobs/nothing").status_code == 404
