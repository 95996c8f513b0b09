"""Presets and chaos over the admin API and `RemoteHub`: the same words, the same errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import Client

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.model.chaos import chaos
from fakejobs.model.presets import PRESETS
from fakejobs.remote import RemoteError, RemoteHub
from fakejobs.web.app import wsgi_app
from tests.support.play import post


@pytest.fixture
def remote(hub: FakeHub) -> Iterator[RemoteHub]:
    with serve_in_thread(wsgi_app(hub)) as server:
        yield RemoteHub(server.url)


def test_all_presets_are_listed(web: Client) -> None:
    listed = web.get("/_fakejobs/presets").get_json()
    assert [each["name"] for each in listed] == list(PRESETS)
    assert all(each["sentence"] and each["source"] for each in listed)


def test_one_is_added_with_words_of_its_own(hub: FakeHub, web: Client) -> None:
    answer = post(web, "/_fakejobs/presets", {"name": "stream_drop", "cut_after": 10})
    assert answer.get_json() == {
        "name": "stream_drop",
        "faults": [{"path": "/api/jobs/*/*/logs", "cut_after": 10, "times": 1}],
        "rules": [],
        "quirks": {},
    }
    assert [each.source for each in hub.faults()] == ["preset stream_drop"]
    rules = post(web, "/_fakejobs/presets", {"name": "never_ends"}).get_json()["rules"]
    assert rules == [{"when": {}, "then": {"running": "forever"}}]
    assert post(web, "/_fakejobs/presets", {"name": "logs_before_start"}).get_json()["quirks"] == {
        "logs_while_scheduling": "close"
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "preset: give a name, or a table such as"),
        ([], "preset: give a name, or a table such as"),
        ({"name": "strem_drop"}, "did you mean 'stream_drop'?"),
        ({"name": "stream_drop", "cut_afer": 1}, "cut_afer: unknown word; did you mean 'cut_after'?"),
        ({"name": "out_of_memory", "running": "x"}, "then.running: "),
    ],
)
def test_what_cannot_be_is_a_400_and_changes_nothing(
    hub: FakeHub, web: Client, body: object, said: str
) -> None:
    before = hub.snapshot()
    answer = post(web, "/_fakejobs/presets", body)
    assert answer.status_code == 400
    assert said in answer.get_json()["error"]
    assert hub.snapshot() == before


def test_chaos(hub: FakeHub, web: Client) -> None:
    assert web.get("/_fakejobs/chaos").get_json() is None
    drawn = post(web, "/_fakejobs/chaos", {"level": "high", "seed": 7}).get_json()
    assert drawn == web.get("/_fakejobs/chaos").get_json()
    assert (drawn["seed"], drawn["level"]) == (7, "high")
    assert drawn["presets"] == [{"name": name, **words} for name, words in chaos(7, "high").presets]
    assert drawn["outcomes"] == list(chaos(7, "high").outcomes)
    assert post(web, "/_fakejobs/chaos", {}).get_json()["level"] == "medium"
    assert web.delete("/_fakejobs/chaos").get_json() is None
    assert (hub.drawn_chaos, hub.faults(), hub.rules()) == (None, [], [])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"level": "hgih"}, "did you mean 'high'?"),
        ({"levl": "high"}, "levl"),
        ({"seed": 2**63}, "seed: give a whole number of at most 64 bits"),
    ],
)
def test_chaos_that_cannot_be(hub: FakeHub, web: Client, body: object, said: str) -> None:
    answer = post(web, "/_fakejobs/chaos", body)
    assert (answer.status_code, said in answer.get_json()["error"]) == (400, True)
    assert hub.faults() == []


def test_reset_forgets_both(web: Client) -> None:
    post(web, "/_fakejobs/presets", {"name": "stream_drop"})
    post(web, "/_fakejobs/chaos", {})
    post(web, "/_fakejobs/reset", {})
    assert web.get("/_fakejobs/chaos").get_json() is None
    assert web.get("/_fakejobs/faults").get_json() == []


def test_from_afar(hub: FakeHub, remote: RemoteHub) -> None:
    assert remote.preset("no_credits", times=2)["name"] == "no_credits"
    assert [each.words["times"] for each in hub.faults()] == [2, 2, 2]
    with pytest.raises(
        RemoteError, match=r"preset stream_drop: cut_afer: unknown word; did you mean 'cut_after'"
    ):
        remote.preset("stream_drop", cut_afer=1)
    with pytest.raises(ValueError, match=r"preset\.image: a compiled pattern cannot be sent"):
        remote.preset("bad_image", image=re.compile("x"))
    with pytest.raises(
        ValueError, match=r"^preset bad_image: name: to a server this is the name of the preset"
    ):
        remote.preset("bad_image", name="train")
    drawn = remote.chaos(seed=3, level="low")
    assert (drawn["seed"], drawn["level"]) == (3, "low")
    assert hub.drawn_chaos == chaos(3, "low")
    assert remote.chaos()["seed"] == hub.settings.seed
    with pytest.raises(RemoteError, match="there is no level"):
        remote.chaos(level="no")
    remote.delete_chaos()
    assert hub.drawn_chaos is None
