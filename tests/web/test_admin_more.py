"""Sequences, jobs from the past and the rules' new words through the admin API and `RemoteHub`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import Client

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.remote import RemoteError, RemoteHub
from fakejobs.web.app import wsgi_app
from tests.support.play import ME, create, get, post


def test_then_may_be_a_list(web: Client, hub: FakeHub) -> None:
    added = post(
        web, "/_fakejobs/rules", {"when": {"command": ["python", "train.py"]}, "then": [{"oom": True}, {}]}
    )
    assert added.get_json() == {
        "id": 1,
        "when": {"command": ["python", "train.py"]},
        "then": [{"oom": True}, {}],
        "source": "user",
        "matched": 0,
    }
    jobs = [create(web) for _ in range(3)]
    hub.clock.advance(10**9)
    stages = [get(web, f"/api/jobs/{ME}/{job}").get_json()["status"]["stage"] for job in jobs]
    assert stages == ["ERROR", "COMPLETED", "COMPLETED"]
    (rule,) = get(web, "/_fakejobs/rules").get_json()
    assert rule["matched"] == 3


def test_a_rule_can_be_extended(web: Client) -> None:
    post(web, "/_fakejobs/rules", {"when": {}, "then": {"exit_code": 1}})
    answer = post(web, "/_fakejobs/rules/1/then", {"stage": "CANCELED", "cancel_reason": "NO_CREDITS"})
    assert answer.get_json()["then"] == [
        {"exit_code": 1},
        {"stage": "CANCELED", "cancel_reason": "NO_CREDITS"},
    ]
    assert post(web, "/_fakejobs/rules/7/then", {}).status_code == 404


@pytest.mark.parametrize(
    ("path", "words", "message"),
    [
        ("rules", {"then": []}, "then: give a table of words, or a list"),
        ("rules", {"then": "oom"}, "then: give an object"),
        ("rules", {"then": [{}, {"exit": 1}]}, "then[1].exit: unknown word; did you mean 'exit_code'?"),
        (
            "rules",
            {"then": {"call": "f"}},
            "then.call: 'f' is no function; `call` can only be given in Python",
        ),
        ("rules", {"when": {"command": [1]}}, "when.command[0]: give a text"),
        ("rules", {"when": {"flavor": ["h200"]}}, "when.flavor: only `command` may be a list of words"),
        (
            "rules/1/then",
            {"call": "f"},
            "then[1].call: 'f' is no function; `call` can only be given in Python",
        ),
        ("rules/1/then", {"exit": 1}, "exit: unknown word; did you mean 'exit_code'?"),
        ("jobs", {"stag": "ERROR"}, "stag: unknown word; did you mean 'stage'?"),
        ("jobs", {"age": "soon"}, "age: 'soon' is no length of time"),
        ("jobs", {"stage": "RUNNING", "running": 5}, "stage: such a job is in COMPLETED now, not in RUNNING"),
        ("jobs", {"self": 1}, "self: unknown word"),
        ("jobs", {"secrets": {"TOKEN": "s3cret-value"}}, "secrets: give a list of names"),
    ],
)
def test_mistakes_are_named(web: Client, path: str, words: object, message: str) -> None:
    post(web, "/_fakejobs/rules", {})
    answer = post(web, f"/_fakejobs/{path}", words)
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(message)
    assert "s3cret-value" not in answer.text


def test_a_job_from_the_past(web: Client) -> None:
    new = create(web)
    answer = post(
        web, "/_fakejobs/jobs", {"stage": "ERROR", "age": "90m", "name": "old", "message": "out of disk"}
    )
    job = answer.get_json()
    assert (answer.status_code, job["status"]["message"], job["labels"]) == (
        200,
        "out of disk",
        {"name": "old"},
    )
    assert get(web, f"/api/jobs/{ME}/{job['id']}").get_json() == job
    assert [each["id"] for each in get(web, f"/api/jobs/{ME}").get_json()] == [new, job["id"]]
    logs = get(web, f"/api/jobs/{ME}/{job['id']}/logs").text
    assert "Job started at" in logs


@pytest.mark.parametrize("stage", ["SCHEDULING", "RUNNING", "COMPLETED", "ERROR", "CANCELED", "DELETED"])
def test_every_stage_is_as_the_schema_has_it(web: Client, stage: str) -> None:
    job = post(
        web, "/_fakejobs/jobs", {"stage": stage, "secrets": ["KEY"], "attempts": 2, "space": "a/b"}
    ).get_json()
    assert job["status"]["stage"] == stage
    get(web, f"/api/jobs/{ME}/{job['id']}")  # `schema_holds` looks at it
    get(web, f"/api/jobs/{ME}")


def test_rules_that_only_python_can_have_are_described(web: Client, hub: FakeHub) -> None:
    hub.when(command=re.compile("train"), env={"EPOCHS": str.isdigit}).then()
    (rule,) = get(web, "/_fakejobs/rules").get_json()
    assert rule["when"] == {"command": "<pattern train>", "env": {"EPOCHS": "<function isdigit>"}}


def test_a_function_of_a_rule_that_raises_is_told(web: Client, hub: FakeHub) -> None:
    hub.when(env=lambda env: env["EPOCHS"] == "3").then()
    answer = post(web, f"/api/jobs/{ME}", {"flavor": "cpu-basic", "dockerImage": "x"})
    assert answer.status_code == 500
    assert answer.get_json()["error"] == "the function that rule 1 has for when.env raised KeyError: 'EPOCHS'"
    assert "fix the function" in answer.headers["X-Fakejobs-Hint"]
    assert hub.count_all() == 0


@pytest.fixture
def remote(hub: FakeHub) -> Iterator[RemoteHub]:
    with serve_in_thread(wsgi_app(hub)) as server:
        yield RemoteHub(server.url)


def test_the_same_over_a_socket(remote: RemoteHub, hub: FakeHub) -> None:
    rule = remote.when(name="train").then(oom=True).then(running=5).then(stage="CANCELED")
    assert rule.body["then"] == [{"oom": True}, {"running": 5}, {"stage": "CANCELED"}]
    assert remote.add_rule({}, [{"exit_code": 1}, {}])["id"] == 2
    assert remote.extend_rule(2, {"exit_code": 3})["then"] == [{"exit_code": 1}, {}, {"exit_code": 3}]
    job = remote.add_job(stage="RUNNING", age="90m")
    (seen,) = hub.all_jobs()
    assert (job["id"], seen.stage) == (seen.job.id, "RUNNING")
    with pytest.raises(RemoteError, match="age: 'soon'"):
        remote.add_job(age="soon")
    remote.delete_rules(rule.id)
    with pytest.raises(KeyError, match="there is no rule 1"):
        _ = rule.body
    with pytest.raises(RemoteError, match="there is no rule 1"):
        rule.then()


def test_functions_are_not_sent(remote: RemoteHub) -> None:
    with pytest.raises(
        ValueError, match=r"when\.command: a compiled pattern cannot be sent to another process"
    ):
        remote.when(command=re.compile("a")).then()
    with pytest.raises(ValueError, match=r"then\.call: a function cannot be sent"):
        remote.when().then(call=print)
    with pytest.raises(ValueError, match=r"then\[1\]\.call: a function"):
        remote.add_rule({}, [{}, {"call": print}])
    assert remote.rules() == []


def test_settings_can_be_read_and_given_back(web: Client, hub: FakeHub) -> None:
    words = {
        "orgs": [{"name": "acme", "groups": [{"name": "vision", "limit": 20.0}]}],
        "tokens": [{"token": "hf_of_ada", "name": "ada"}],
        "namespaces": {ME: {"running": 2, "credits": 1.5}},
        "quirks": {"cancel_finished": "200"},
    }
    assert post(web, "/_fakejobs/settings", words).status_code == 200
    shown = get(web, "/_fakejobs/settings")
    assert b"hf_of_ada" not in shown.data
    before, hub_before = shown.get_json(), hub.settings
    assert post(web, "/_fakejobs/settings", {"orgs": [], "tokens": [], "namespaces": {}}).status_code == 200
    assert hub.settings != hub_before
    assert post(web, "/_fakejobs/settings", before).status_code == 200
    assert hub.settings == hub_before
    assert get(web, "/_fakejobs/settings").get_json() == before
