"""Answers of today, taken back to another day."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs import strategies
from fakejobs.model.api_dates import AUTO, FIRST_DAY, LATEST, api_from, before
from fakejobs.wire.dialects import NEWEST, Dialect, dialect_of
from fakejobs.wire.history import CHANGES, asked_today, body_on, owner_on
from fakejobs.wire.schema import change_days, epoch, routes_at
from fakejobs.wire.validate import problems

DAYS = (FIRST_DAY, *change_days(), LATEST)
days = st.sampled_from(DAYS)
# Flavors that came later stay what they are: a job that has one cannot be of an earlier day.
jobs = strategies.job_payloads().map(lambda job: {**job, "flavor": "t4-small"})


@given(jobs, days)
@settings(max_examples=150)
def test_a_job_of_today_becomes_one_of_any_day(job: dict[str, Any], day: str) -> None:
    was = deepcopy(job)
    then = body_on("job", job, day)
    assert problems("job", then, date=day) == []
    assert job == was, "what was given is not changed"
    assert body_on("job-list", [job, job], day) == [then, then]
    if epoch(day) == epoch(LATEST):
        assert then is job


@given(strategies.scheduled_job_payloads(), days)
def test_so_does_a_scheduled_job(scheduled: dict[str, Any], day: str) -> None:
    body = {**scheduled, "jobSpec": {**scheduled["jobSpec"], "flavor": "t4-small"}}
    assert problems("scheduled-job", body_on("scheduled-job", body, day), date=day) == []


@given(jobs, days)
def test_keys_stay_in_their_order(job: dict[str, Any], day: str) -> None:
    then = body_on("job", job, day)
    if "metadata" not in then:
        assert list(then) == [key for key in job if key in then]


def test_the_owner_of_each_day() -> None:
    owner = {"id": "5" * 24, "name": "ada", "type": "user", "avatarUrl": "https://a.example/ada.svg"}
    assert owner_on(owner, "2025-08-01") == {"id": "5" * 24, "name": "ada"}
    assert "id" not in owner_on(owner, "2025-08-02")
    assert owner_on(owner, "2025-08-02")["_id"] == "5" * 24
    assert "_id" not in owner_on({**owner, "type": "org"}, "2025-08-02")
    assert owner_on(owner, "2025-08-07") is owner


def test_what_was_asked_for_in_other_words() -> None:
    assert asked_today({"timeout": 60}, "2025-05-14") == {"timeoutSeconds": 60}
    assert asked_today({"expose": {"enabled": True}}, "2026-06-01") == {}
    assert asked_today({"expose": {"ports": [80]}}, LATEST) == {"expose": {"ports": [80]}}


@given(st.sampled_from(DAYS[:-1]), st.sampled_from(DAYS[:-1]))
def test_a_later_day_has_no_fewer_changes(one: str, other: str) -> None:
    earlier, later = sorted((one, other))
    assert epoch(earlier) <= epoch(later) <= epoch(LATEST)
    assert not before(later, earlier)
    assert {route.name for route in routes_at(earlier) if route.until is None} <= {
        route.name for route in routes_at(later)
    }


@given(st.text(max_size=60))
def test_any_user_agent_is_answered(agent: str) -> None:
    assert isinstance(dialect_of(AUTO, agent), Dialect)
    assert dialect_of(LATEST, agent) is NEWEST


@given(st.integers(0, 3), st.integers(0, 99), st.integers(0, 9))
def test_a_newer_release_is_never_answered_in_an_older_shape(major: int, minor: int, patch: int) -> None:
    one = dialect_of(AUTO, f"x/1; hf_hub/{major}.{minor}.{patch}; python/3.11")
    newer = dialect_of(AUTO, f"x/1; hf_hub/{major}.{minor}.{patch + 1}; python/3.11")
    assert (one.owners is None, one.paged, one.finished_metrics is None) <= (
        newer.owners is None,
        newer.paged,
        newer.finished_metrics is None,
    )
    assert one.date == newer.date == LATEST


@pytest.mark.parametrize("word", [LATEST, AUTO, FIRST_DAY, "2026-02-28", *(change.day for change in CHANGES)])
def test_what_the_api_may_be_set_to(word: str) -> None:
    assert api_from(word) == word
