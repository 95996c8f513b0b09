"""Faults: their words, what they match, and when they fire. What they do to an answer is in tests/web/test_faults_web.py."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.faults import KINDS, WORDS, Asked, Fault, asked, fault_from, overlap
from fakejobs.model.plan import NEVER
from fakejobs.strategies import fault_plans

JOB = "6955b900465605444a000001"


def fault(**words: object) -> Fault:
    return fault_from(1, words)


def fired(made: Fault, requests: int, seed: int = 0) -> list[int]:
    """Which of so many matching requests it fires on, all at one instant."""
    found: list[int] = []
    for met in range(requests):
        if made.fires(seed, met, len(found), 0 if found else None, 0):
            found.append(met)
    return found


def test_it_fires_on_every_request_unless_it_says_otherwise() -> None:
    assert fired(fault(status=500), 4) == [0, 1, 2, 3]
    assert fired(fault(status=500, times=2), 4) == [0, 1]
    assert fired(fault(status=500, after=3), 5) == [3, 4]
    assert fired(fault(status=500, after=1, times=1), 5) == [1]
    assert fired(fault(down="1m"), 5) == [0]  # a listener is closed once, unless more is asked for


def test_a_probability_is_drawn_by_seed_fault_and_count() -> None:
    assert fired(fault(status=500, probability=0), 1000) == []
    assert fired(fault(status=500, probability=1), 10) == list(range(10))
    one, other = (
        fault_from(1, {"status": 500, "probability": 0.5}),
        fault_from(2, {"reset": True, "probability": 0.5}),
    )
    found = fired(one, 400)
    assert 150 < len(found) < 250
    assert found == fired(one, 400)
    assert found != fired(one, 400, seed=1)
    assert found != fired(other, 400)


def test_how_long_it_lasts_counts_from_when_it_first_fired() -> None:
    made = fault(status=503, lasts="1m")
    assert made.fires(0, 0, 0, None, 5_000)
    assert made.fires(0, 1, 1, 5_000, 64_999)
    assert not made.fires(0, 2, 2, 5_000, 65_000)


@pytest.mark.parametrize(
    ("method", "path", "seen"),
    [
        ("GET", "/api/whoami-v2", Asked("GET", "/api/whoami-v2")),
        ("GET", "/api/jobs/hardware", Asked("GET", "/api/jobs/hardware")),
        ("POST", "/api/jobs/acme", Asked("POST", "/api/jobs/acme", "acme")),
        ("GET", "/api/jobs/acme/count", Asked("GET", "/api/jobs/acme/count", "acme")),
        (
            "GET",
            f"/api/jobs/acme/{JOB.upper()}/logs",
            Asked("GET", f"/api/jobs/acme/{JOB.upper()}/logs", "acme", JOB),
        ),
        (
            "GET",
            f"/api/scheduled-jobs/acme/{JOB}",
            Asked("GET", f"/api/scheduled-jobs/acme/{JOB}", "acme", JOB),
        ),
    ],
)
def test_what_is_seen_of_a_request(method: str, path: str, seen: Asked) -> None:
    assert asked(method, path) == seen
    assert seen.is_stream == path.endswith("/logs")


@pytest.mark.parametrize(
    ("words", "method", "path", "matches"),
    [
        ({}, "GET", "/api/whoami-v2", True),
        ({"method": "post"}, "POST", "/api/jobs/me", True),
        ({"method": "POST"}, "GET", "/api/jobs/me", False),
        # A star stays within its segment: submissions, and not what is asked of a job.
        ({"path": "/api/jobs/*"}, "POST", "/api/jobs/me", True),
        ({"path": "/api/jobs/{namespace}"}, "POST", "/api/jobs/me", True),
        ({"path": "/api/jobs/*"}, "POST", f"/api/jobs/me/{JOB}/cancel", False),
        ({"path": "/api/jobs/**"}, "POST", f"/api/jobs/me/{JOB}/cancel", True),
        ({"path": "/api/whoami-v?"}, "GET", "/api/whoami-v2", True),
        ({"namespace": "ac*"}, "POST", "/api/jobs/acme", True),
        ({"namespace": "ac*"}, "POST", "/api/jobs/me", False),
        ({"namespace": "*"}, "GET", "/api/whoami-v2", False),
        ({"job": JOB.upper()}, "GET", f"/api/jobs/me/{JOB}", True),
        ({"job": "6955*"}, "GET", f"/api/jobs/me/{JOB}", True),
        ({"job": JOB}, "GET", "/api/jobs/me", False),
    ],
)
def test_which_requests_it_is_for(words: Mapping[str, object], method: str, path: str, matches: bool) -> None:
    assert fault(status=500, **words).matches(asked(method, path)) == matches


def test_a_pattern_of_many_stars_is_matched_at_once() -> None:
    # Tried one by one, the ways to share this path among the stars would take longer than there is time.
    made = fault(status=500, path="/api/" + "**a" * 40)
    assert made.matches(asked("GET", "/api/" + "a" * 200))
    assert not made.matches(asked("GET", "/api/" + "a" * 200 + "b"))


@given(st.text("/a*?", max_size=8), st.text("/ab", max_size=8))
def test_a_pattern_means_what_the_same_regular_expression_does(pattern: str, rest: str) -> None:
    regex = "".join(
        {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, part) for part in re.findall(r"\*\*|.", pattern)
    )
    made = fault(status=500, path="/api/" + pattern)
    assert made.matches(asked("GET", "/api/" + rest)) == bool(re.fullmatch(regex, rest))


def test_faults_of_streams_are_for_streams() -> None:
    made = fault(cut_after=3)
    assert made.matches(asked("GET", f"/api/jobs/me/{JOB}/logs"))
    assert made.matches(asked("GET", f"/api/jobs/me/{JOB}/metrics"))
    assert not made.matches(asked("HEAD", f"/api/jobs/me/{JOB}/logs"))
    assert not made.matches(asked("GET", f"/api/jobs/me/{JOB}"))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({}, "a fault needs a word that says what goes wrong: one of status, reset,"),
        ({"times": 2}, "a fault needs a word that says what goes wrong"),
        ({"statsu": 503}, "statsu: unknown word; did you mean 'status'?"),
        ({"status": 200}, "status: 200 is no status of an error; give one from 400 to 599"),
        ({"status": True}, "status: True is no status"),
        (
            {"status": 503, "reset": True},
            "reset: a fault does one thing, and this one has `status`; make two faults of it",
        ),
        (
            {"status": 503, "probability": 1.5},
            r"probability: 1.5 is none; give a number from 0 \(never\) to 1 \(always\)",
        ),
        ({"status": 503, "times": 0}, "times: 0 is no whole number from 1 on"),
        ({"status": 503, "after": -1}, "after: -1 is no whole number from 0 on"),
        ({"status": 503, "method": "PSOT"}, "method: 'PSOT' is no method of HTTP; did you mean 'POST'?"),
        (
            {"status": 503, "path": "api/jobs"},
            "path: 'api/jobs' is no path of the API; those begin with /api/",
        ),
        ({"status": 503, "path": "/_fakejobs/reset"}, "path: '/_fakejobs/reset' is no path of the API"),
        ({"status": 503, "path": ""}, "path: give a pattern, such as"),
        (
            {"status": 503, "job": "train"},
            "job: 'train' can match no id: an id of a job has 24 hexadecimal digits",
        ),
        ({"status": 503, "lasts": "soon"}, "lasts: 'soon' is no length of time"),
        ({"status": 500, "retry_after": "5s"}, "retry_after: only 429 and 503 ask a client to wait, not 500"),
        ({"status": 500, "body": "html", "message": "x"}, "message: this is the text of the JSON body"),
        ({"status": 500, "when": "never"}, "when: give 'before' or 'after', not 'never'"),
        ({"reset": False}, "reset: give true, or leave it out"),
        ({"reset": True, "body": "html"}, "body: this says more about `status`, and is nothing for `reset`"),
        (
            {"cut_after": 2, "when": "after"},
            "when: this says more about `status`, `reset`, `hang_up` or `latency`",
        ),
        (
            {"cut_after": 2, "method": "POST"},
            "method: `cut_after` happens to event streams, and those are asked for with GET",
        ),
        (
            {"cut_after": 2, "path": "/api/jobs/*/*"},
            "path: `cut_after` happens to event streams, and '/api/jobs/\\*/\\*' matches none of them: /api/jobs/",
        ),
        (
            {"cut_after": 2, "latency": 1},
            "latency: make it a fault of its own; it does not go together with `cut_after`",
        ),
        ({"duplicate": 0}, "duplicate: 0 is no whole number from 1 on"),
        ({"garbage_after": 1, "garbage": "a\nb"}, "garbage: give one line"),
        ({"bytes_per_second": 0}, "bytes_per_second: 0 is no such number"),
        ({"latency": "fast"}, "latency: 'fast' is no length of time"),
        ({"latency": {"between": [5, 1]}}, 'latency: "between" goes backwards'),
        ({"latency": {"median": 1, "sigm": 1}}, "latency.sigm: unknown word; did you mean 'sigma'?"),
        ({"down": 0}, "down: give a length of time above 0"),
        ({"down": "1m", "path": "/api/jobs/*"}, "path: `down` closes the listener, for every request alike"),
    ],
)
def test_what_cannot_be_is_said(words: Mapping[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}"):
        fault_from(0, words)


def test_a_delay_is_fixed_or_drawn() -> None:
    assert fault(latency="2s").delay(0, 0) == 2_000
    between = [fault(latency={"between": ["1s", "3s"]}).delay(0, met) for met in range(200)]
    assert 1_000 <= min(between) < 1_100
    assert 2_900 < max(between) <= 3_000
    drawn = sorted(fault(latency={"median": "1s", "sigma": 1}).delay(7, met) for met in range(999))
    assert 850 < drawn[499] < 1_150
    assert drawn[0] < 100
    assert drawn[-1] > 8_000
    assert fault(latency={"median": "1s", "sigma": 0}).delay(7, 3) == 1_000


def test_what_is_not_said_is_by_default() -> None:
    made = fault(stall_after=2)
    assert (made.times, made.probability, made.after, made.lasts, made.stall_for) == (
        None,
        1.0,
        0,
        NEVER,
        NEVER,
    )
    assert fault(garbage_after=0).garbage == 'data: {"data":"'
    assert str(fault(status=503, times=2)) == "fault 1: status=503, times=2"


def test_every_kind_is_a_word() -> None:
    assert set(KINDS) < set(WORDS)


GLOBS = st.text("/ab*?", max_size=8)


@given(GLOBS, GLOBS)
def test_patterns_overlap_either_way(one: str, other: str) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one)


@given(GLOBS, st.text("/ab", max_size=8))
def test_a_pattern_overlaps_what_it_matches(glob: str, path: str) -> None:
    if glob:
        matches = fault_from(0, {"status": 500, "path": f"/api/{glob}"}).matches(Asked("GET", f"/api/{path}"))
        assert overlap(glob, path) == matches


@given(fault_plans())
def test_every_plan_can_be_made_and_is_over_in_the_end(plan: list[dict[str, object]]) -> None:
    for words in plan:
        made = fault_from(1, words)
        assert len(fired(made, 1_000)) <= 3
