"""Lists: newest first, pages of 100, and a cursor that stays right whatever happens between two pages."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from fakejobs.hub import FakeHub
from fakejobs.model.stages import JobStage
from fakejobs.web.app import wsgi_app
from tests.conftest import frozen_hub
from tests.support.play import ME, get, submit

LIST = f"/api/jobs/{ME}"


def pages(web: Client, path: str = LIST) -> list[list[str]]:
    """The ids of all pages, by following the links as clients do."""
    found = []
    while path:
        answer = get(web, path)
        assert answer.status_code == 200, answer.text
        found.append([job["id"] for job in answer.get_json()])
        path = next_path(answer.headers.get("Link"))
    return found


def next_path(link: str | None) -> str:
    if link is None:
        return ""
    match = re.fullmatch(r'<(http://localhost/api/jobs/[^>]+)>; rel="next"', link)
    assert match, link
    parts = urlsplit(match[1])
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize(
    ("jobs", "sizes"), [(0, [0]), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_pages_of_a_hundred_newest_first(web: Client, hub: FakeHub, jobs: int, sizes: list[int]) -> None:
    made = []
    for number in range(jobs):
        made.append(submit(hub))
        hub.clock.advance(number % 3)  # many of one instant
    found = pages(web)
    assert [len(page) for page in found] == sizes
    assert [job for page in found for job in page] == made[::-1]


def test_the_link_is_absolute_and_repeats_the_filters(web: Client, hub: FakeHub) -> None:
    for _ in range(101):
        submit(hub, labels={"team": "a", "empty": ""})
    query = "stage=SCHEDULING&label=team%3Da&stage=ERROR&label=empty%3D&limit=7"
    link = get(web, f"{LIST}?{query}").headers["Link"]
    parts = urlsplit(link[1 : link.index(">")])
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "localhost", LIST)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    assert sorted(pairs[:-1]) == [
        ("label", "empty="),
        ("label", "team=a"),
        ("stage", "ERROR"),
        ("stage", "SCHEDULING"),
    ]
    assert pairs[-1][0] == "cursor"
    assert len(pairs[-1][1]) <= 2048
    assert [len(page) for page in pages(web, f"{LIST}?{query}")] == [100, 1]


def test_the_link_follows_the_host_that_was_asked(web: Client, hub: FakeHub) -> None:
    for _ in range(101):
        submit(hub)
    link = get(web, LIST, Host="jobs.example:8484").headers["Link"]
    assert link.startswith(f"<http://jobs.example:8484{LIST}?cursor=")


@pytest.mark.parametrize("host", ["", "a b", 'x"><y'])
def test_a_host_that_is_none_does_not_spoil_the_link(web: Client, hub: FakeHub, host: str) -> None:
    for _ in range(101):
        submit(hub)
    assert next_path(get(web, LIST, Host=host).headers["Link"])


def test_jobs_that_are_added_do_not_shift_the_pages(web: Client, hub: FakeHub) -> None:
    made = [submit(hub) for _ in range(150)]
    first = get(web, LIST)
    for _ in range(60):
        submit(hub)
    second = get(web, next_path(first.headers["Link"]))
    seen = [job["id"] for job in (*first.get_json(), *second.get_json())]
    assert seen == made[::-1]


def test_jobs_that_leave_the_filter_do_not_shift_the_pages(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running="1h")
    made = [submit(hub) for _ in range(150)]
    first = get(web, f"{LIST}?stage=RUNNING")
    for job in made[60:]:
        hub.transition(job, JobStage.COMPLETED)
    second = get(web, next_path(first.headers["Link"]))
    assert [job["id"] for job in second.get_json()] == made[:50][::-1], (
        "none twice, and none that still runs is missed"
    )


def test_a_cursor_outlives_the_job_that_it_stands_on(web: Client, hub: FakeHub) -> None:
    made = [submit(hub) for _ in range(120)]
    first = get(web, LIST)
    hub.transition(made[20], JobStage.CANCELED)
    hub.transition(made[20], JobStage.DELETED)
    assert [job["id"] for job in get(web, next_path(first.headers["Link"])).get_json()] == made[:20][::-1]


def by_stage(web: Client, *stages: str) -> set[str]:
    query = "&".join(f"stage={stage}" for stage in stages)
    return {job["id"] for job in get(web, f"{LIST}?{query}").get_json()}


def test_stages_are_alternatives(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=60, running=60)
    jobs = {stage.value: submit(hub) for stage in JobStage}
    hub.transition(jobs["RUNNING"], JobStage.RUNNING)
    hub.transition(jobs["COMPLETED"], JobStage.RUNNING)
    hub.transition(jobs["COMPLETED"], JobStage.COMPLETED)
    hub.transition(jobs["ERROR"], JobStage.ERROR)
    hub.transition(jobs["CANCELED"], JobStage.CANCELED)
    hub.transition(jobs["DELETED"], JobStage.ERROR)
    hub.transition(jobs["DELETED"], JobStage.DELETED)
    for stage, job in jobs.items():
        assert by_stage(web, stage) == {job}
        assert by_stage(web, stage, stage) == {job}
        assert get(web, f"{LIST}/count?stage={stage}").get_json() == {"count": 1}
    assert by_stage(web, "RUNNING", "CANCELED") == {jobs["RUNNING"], jobs["CANCELED"]}
    assert by_stage(web, *jobs) == set(jobs.values())
    assert get(web, f"{LIST}/count").get_json() == {"count": 6}
    assert get(web, f"{LIST}/count?stage=RUNNING&stage=ERROR").get_json() == {"count": 2}


def test_labels_must_all_match(web: Client, hub: FakeHub) -> None:
    both = submit(hub, labels={"team": "a", "kind": "x"})
    one = submit(hub, labels={"team": "a", "kind": "y"})
    empty = submit(hub, labels={"team": ""})
    submit(hub)

    def found(*labels: str) -> list[str]:
        query = "&".join(f"label={label}" for label in labels)
        return [job["id"] for job in get(web, f"{LIST}?{query}").get_json()]

    assert found("team=a") == [one, both]
    assert found("team=a", "kind=x") == [both]
    assert found("team=a", "kind=z") == []
    assert found("team=a", "team=") == []
    assert found("team=") == [empty]
    assert found("nothing=") == []
    assert found("Team=a") == [], "case counts"


def test_labels_and_stages_together(web: Client, hub: FakeHub) -> None:
    job = submit(hub, labels={"team": "a"})
    submit(hub, labels={"team": "b"})
    assert [each["id"] for each in get(web, f"{LIST}?label=team=a&stage=SCHEDULING").get_json()] == [job]
    assert get(web, f"{LIST}?label=team=a&stage=RUNNING").get_json() == []


def test_namespaces_do_not_mix() -> None:
    hub = frozen_hub(orgs=["acme"])
    web = Client(wsgi_app(hub))
    mine, theirs = submit(hub), submit(hub, namespace="acme")
    assert pages(web) == [[mine]]
    assert pages(web, "/api/jobs/acme") == [[theirs]]


def test_a_cursor_of_ours_may_come_alone(web: Client, hub: FakeHub) -> None:
    for _ in range(101):
        submit(hub)
    cursor = dict(parse_qsl(urlsplit(next_path(get(web, LIST).headers["Link"])).query))["cursor"]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor), "opaque, and safe in an address"
    for spoilt in (cursor[:-1], cursor + "A", cursor[1:], cursor.swapcase(), cursor + "="):
        assert get(web, f"{LIST}?cursor={spoilt}").status_code == 400


@settings(max_examples=40)
@given(
    lives=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.booleans()), max_size=25),
    looks=st.lists(st.integers(0, 12), min_size=1, max_size=4),
)
def test_filters_agree_with_what_each_job_says(lives: list[tuple[int, int, bool]], looks: list[int]) -> None:
    hub = frozen_hub()
    web = Client(wsgi_app(hub))
    for number, (scheduling, running, fails) in enumerate(lives):
        hub.when(name=f"n{number}").then(scheduling=scheduling, running=running, exit_code=int(fails))
        submit(hub, labels={"name": f"n{number}", "fails": str(fails)})
        hub.clock.advance(500)
    for pause in looks:
        hub.clock.advance(pause * 500)
        everything = get(web, LIST).get_json()
        assert len(everything) == len(lives)
        for stages in (
            ("RUNNING",),
            ("SCHEDULING",),
            ("COMPLETED", "ERROR"),
            ("SCHEDULING", "COMPLETED"),
            ("RUNNING", "SCHEDULING"),
        ):
            query = "&".join(f"stage={stage}" for stage in stages)
            expected = [job for job in everything if job["status"]["stage"] in stages]
            assert get(web, f"{LIST}?{query}").get_json() == expected
            assert get(web, f"{LIST}/count?{query}").get_json() == {"count": len(expected)}
            labelled = [job for job in expected if job["labels"]["fails"] == "True"]
            assert get(web, f"{LIST}?{query}&label=fails=True").get_json() == labelled
    hub.close()
