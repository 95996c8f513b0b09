"""What `contract verify` does where jobs cost money: little, never more than it may, and nothing of it is left."""

from __future__ import annotations

import contextlib
import json
import re
import signal
from collections.abc import Iterator

import pytest

from fakejobs.contract.verify.facts import Ask, Fact
from fakejobs.contract.verify.jobs import MARK
from fakejobs.contract.verify.money import Purse, TooDear
from fakejobs.contract.verify.plan import DEFAULT_LIMIT, CannotVerify, Wanted, is_hub, look_at
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.run import Report, verify
from fakejobs.contract.verify.suite import FACTS
from fakejobs.contract.verify.transport import NoAnswer
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from, settings_to
from fakejobs.model.stages import TERMINAL, JobStage
from tests.conftest import frozen_hub
from tests.contract.verifying import ME, TOKEN, Elsewhere, a_fact, a_hub, tried

CENT = 10_000


@pytest.fixture
def elsewhere() -> Iterator[tuple[FakeHub, Elsewhere]]:
    """A hub that looks like the real one, and the way to it."""
    with a_hub() as hub:
        yield hub, Elsewhere(hub)


def is_over(hub: FakeHub) -> bool:
    """Nothing runs any more."""
    return all(job.stage in TERMINAL for job in hub.all_jobs())


def nothing_is_left(hub: FakeHub) -> bool:
    """Nothing brings about a job any more."""
    return hub.all_scheduled_jobs() == [] and hub.webhooks(hub.caller(TOKEN)) == []


def outcomes(report: Report) -> list[tuple[str, str]]:
    """What came of each fact, and why."""
    return [(result.outcome, result.reason) for result in report.results]


# ------------------------------------------------------------------------------------------ the whole suite


def test_all_facts_hold_where_nobody_moves_the_clock(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere
    report = there.try_facts()
    assert {result.fact.name: result.differences for result in report.differing} == {}
    not_run = {result.fact.name for result in report.results if result.outcome == "not run"}
    told = {fact.name for fact in FACTS if fact.needs == "fakejobs"}
    no_way = {"longest-timeout", "flavors-that-are-not-offered", "message-of-a-job-in-a-queue"}
    assert not_run == no_way | told
    assert 0 < report.spent <= DEFAULT_LIMIT
    assert report.left == ()
    assert is_over(hub)
    assert nothing_is_left(hub)


def test_jobs_are_small_short_and_labelled(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere
    there.try_facts()
    sent = [
        json.loads(body)
        for method, target, _headers, body in there.asked
        if method == "POST" and target.endswith(f"/jobs/{hub.caller(TOKEN).user.name}") and body
        if body not in (b"{", b"[]", b'"x"')
    ]
    jobs = [body for body in sent if body.get("flavor") == "cpu-basic"]
    assert len(jobs) > 100
    assert all(MARK in body["labels"] for body in jobs)
    slow = [body for body in jobs if body.get("timeoutSeconds", 1800) not in range(1, 301)]
    # Those of the facts about the default timeout, and about what is no timeout at all.
    assert all(body.get("timeoutSeconds") in (None, 0, 1.5) for body in slow)
    assert {job.job.flavor for job in hub.all_jobs()} == {"cpu-basic"}


def test_schedules_are_paused_or_come_to_run_once(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    """Even one that could not be deleted would make no more than two jobs in a year."""
    _, there = elsewhere
    there.try_facts()
    made = [
        json.loads(body)
        for method, target, _headers, body in there.asked
        if method == "POST" and re.fullmatch("/api/scheduled-jobs/[^/]+", target) and body
    ]
    made = [each for each in made if isinstance(each, dict) and "schedule" in each and "jobSpec" in each]
    assert len(made) > 20
    for each in made:
        hour_day_month = str(each["schedule"]).split(" ")[1:4]
        assert each.get("suspend") or all(word.isdigit() for word in hour_day_month)
        assert MARK in each["jobSpec"]["labels"]
        assert each["jobSpec"]["timeoutSeconds"] <= 300


def test_webhooks_watch_what_nothing_happens_to(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere
    there.try_facts()
    watched = [
        each
        for method, target, _headers, body in there.asked
        if method == "POST" and target.startswith("/api/settings/webhooks") and body
        for each in json.loads(body).get("watched", ())
    ]
    assert len(watched) > 10
    mine = [each["name"] for each in watched if each["type"] != "file"]
    assert all(name.startswith(f"{ME}/fakejobs-verify-") for name in mine)
    assert hub.deliveries() == []


# -------------------------------------------------------------------------------------------------- money


def _submits(count: int, **changes: object) -> Fact:
    def body(probe: Probe) -> None:
        for _ in range(count):
            probe.same("status", 200, probe.submit("sleeps", **changes).status)

    return a_fact(body, Ask("sleeps", count=count))


def test_a_fact_that_could_cost_too_much_is_not_run(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere
    # Three begun minutes at 167 micro-dollars each.
    report = there.try_facts([_submits(1)], limit=500)
    assert outcomes(report) == [
        ("not run", "could cost $0.0005, and of the limit of $0.0005 only $0.0005 is left")
    ]
    assert hub.count_all() == 0
    assert outcomes(there.try_facts([_submits(1)], limit=501)) == [("holds", "")]


def test_facts_that_could_cost_too_much_together_are_refused(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    _, there = elsewhere
    with pytest.raises(
        CannotVerify, match=r"could cost \$0.0010 together, and the limit is \$0.0009: raise --limit"
    ):
        there.try_facts([_submits(1), _submits(1)], limit=900)
    assert there.posts == []


def test_a_fact_that_asks_for_more_than_it_said_is_stopped(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere

    def body(probe: Probe) -> None:
        while True:
            probe.new("sleeps")

    report = there.try_facts([a_fact(body, Ask("sleeps"))], limit=2000)
    ((outcome, reason),) = outcomes(report)
    assert outcome == "not run"
    assert reason.startswith("could cost $0.0005, and of the limit of $0.0020 only")
    assert hub.count_all() == 3
    assert is_over(hub)


def test_what_a_job_may_cost_is_known_better_when_it_is_over(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    _, there = elsewhere
    facts = [_submits(1, timeoutSeconds=3000) for _ in range(3)]
    # At most 51 minutes each; cancelled at once, one.
    report = there.try_facts(facts, limit=9500)
    assert [result.outcome for result in report.results] == ["holds"] * 3
    assert report.spent <= 3 * 2 * (167 + 167)


def test_a_job_that_no_answer_told_of_counts_as_it_could_cost(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere

    def body(probe: Probe) -> None:
        there.mute = True
        try:
            probe.new("sleeps")
        finally:
            there.mute = False

    report = there.try_facts([a_fact(body, Ask("sleeps"))])
    (result,) = report.results
    assert [each.what for each in result.differences] == ["an answer"]
    assert report.spent == 3 * 167
    assert hub.count_all() == 1
    assert is_over(hub), "it was found by its label, and cancelled"


@pytest.mark.parametrize(
    ("words", "cost"),
    [
        ({"timeout": 60}, 2 * 167),
        ({"timeout": 61}, 3 * 167),
        ({"timeout": 60, "attempts": 3}, 6 * 167),
        ({"timeout": 60, "exposed": True}, 2 * 167 + 334),
    ],
)
def test_the_most_that_a_job_can_cost(words: dict[str, int], cost: int) -> None:
    """Begun minutes of every attempt, one more for starting, and a cent an hour for ports."""
    timeout, attempts = words["timeout"], words.get("attempts", 1)
    purse = Purse(CENT, {"cpu-basic": 167})
    assert purse.upper("cpu-basic", timeout, attempts=attempts, exposed="exposed" in words) == cost


def test_hardware_without_a_price_is_too_dear() -> None:
    with pytest.raises(TooDear, match="no price for sprx8"):
        Purse(CENT, {}).upper("sprx8", 60)


# ---------------------------------------------------------------------------------------------- cleaning up


def test_what_no_answer_told_of_is_found_and_deleted(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere

    def body(probe: Probe) -> None:
        there.mute = True
        try:
            with contextlib.suppress(NoAnswer):
                probe.schedule("@hourly")
            with contextlib.suppress(NoAnswer):
                probe.hook(probe.hook_body(url="https://a.invalid"))
        finally:
            there.mute = False
        assert not nothing_is_left(hub)

    report = there.try_facts([a_fact(body, Ask("sleeps"))])
    assert report.left == ()
    assert nothing_is_left(hub)


def test_what_cannot_be_deleted_is_named(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere

    def body(probe: Probe) -> None:
        probe.schedule("@hourly")
        probe.hook(probe.hook_body(url="https://a.invalid"))
        there.dead = True
        probe.get("")

    report = there.try_facts([a_fact(body, Ask("sleeps"))])
    (scheduled,) = hub.all_scheduled_jobs()
    (webhook,) = hub.webhooks(hub.caller(TOKEN))
    for name in (f"scheduled job {scheduled.schedule.id}", f"webhook {webhook.id}"):
        assert any(line.startswith(f"{name} may still be there") for line in report.left)


def test_ticks_count_with_what_they_may_cost(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    hub, there = elsewhere

    def body(probe: Probe) -> None:
        probe.schedule("0 0 1 1 *", suspend=False, ticks=2)
        probe.schedule("0 0 1 1 *", suspend=False, ticks=1)

    report = there.try_facts([a_fact(body, Ask("sleeps", count=2))], limit=1100)
    ((outcome, reason),) = outcomes(report)
    assert (outcome, reason.partition(",")[0]) == ("not run", "could cost $0.0005")
    assert report.spent == 2 * 3 * 167
    assert nothing_is_left(hub)


@pytest.mark.parametrize("how", [RuntimeError, KeyboardInterrupt])
def test_what_was_arranged_on_a_fakejobs_is_as_before(how: type[BaseException]) -> None:
    def body(probe: Probe) -> None:
        with probe.arranged(limits={"credits": 1, "running": 1}, tokens=[{"token": "hf_of_a_moment"}]) as org:
            probe.submit_as_it_is(probe.body("sleeps"), org)
            raise how

    with a_hub() as hub:
        before = hub.settings.words
        report = tried(hub, [a_fact(body, Ask("sleeps"))])
        assert report.left == ()
        assert hub.settings.words == before
        assert [job.stage for job in hub.all_jobs()] == [JobStage.CANCELED]


def test_a_fakejobs_that_takes_any_token_does_so_again() -> None:
    hub = frozen_hub(users=[ME])
    try:
        facts = [each for each in FACTS if each.name.startswith("token-")]
        report = tried(hub, facts)
        assert [result.outcome for result in report.results] == ["holds"] * len(facts)
        assert hub.settings.words["tokens"] == []
    finally:
        hub.close()


def test_an_exception_in_a_fact_is_a_difference_and_its_job_is_cancelled(
    elsewhere: tuple[FakeHub, Elsewhere],
) -> None:
    hub, there = elsewhere

    def body(probe: Probe) -> None:
        probe.running("sleeps")
        raise RuntimeError("a fact with a mistake")

    report = there.try_facts([a_fact(body, Ask("sleeps")), _submits(1)])
    assert [result.outcome for result in report.results] == ["differs", "holds"]
    (difference,) = report.results[0].differences
    assert difference.seen == "(RuntimeError: a fact with a mistake)"
    assert [job.stage for job in hub.all_jobs()] == [JobStage.CANCELED] * 2


@pytest.mark.parametrize("number", [signal.SIGINT, None])
def test_an_interrupted_run_cancels_its_jobs(
    elsewhere: tuple[FakeHub, Elsewhere], number: signal.Signals | None
) -> None:
    hub, there = elsewhere

    def body(probe: Probe) -> None:
        probe.running("sleeps")
        probe.once("for all", lambda: probe.running("sleeps"))
        if number is None:
            raise KeyboardInterrupt
        signal.raise_signal(number)

    report = there.try_facts([a_fact(body, Ask("sleeps", count=2)), _submits(1)])
    assert report.stopped == "interrupted"
    assert report.left == ()
    assert [job.stage for job in hub.all_jobs()] == [JobStage.CANCELED] * 2


def test_a_second_interruption_leaves_the_label_to_look_for(
    elsewhere: tuple[FakeHub, Elsewhere], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, there = elsewhere

    def interrupted(*_args: object, **_words: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Probe, "tidy", interrupted)
    report = there.try_facts([_submits(1)])
    assert report.stopped == "interrupted"
    (left,) = report.left
    assert left.startswith(f"interrupted; jobs labelled {MARK}=")


def test_a_server_that_dies_is_left_alone_and_what_may_still_run_is_named(
    elsewhere: tuple[FakeHub, Elsewhere],
) -> None:
    hub, there = elsewhere

    def body(probe: Probe) -> None:
        for _ in range(5):
            probe.new("sleeps")
        there.dead = True
        probe.get("")

    report = there.try_facts([a_fact(body, Ask("sleeps", count=5)), *FACTS])
    assert report.stopped == "https://hub.example answers no more"
    assert len(report.results) == 3
    ids = {job.job.id for job in hub.all_jobs()}
    assert len(ids) == 5
    assert {job_id for job_id in ids for line in report.left if f"job {job_id} may still run" in line} == ids
    assert any(f"jobs labelled {MARK}=" in line for line in report.left)


def test_a_fakejobs_gets_its_time_and_its_rules_back() -> None:
    with a_hub() as hub:
        hub.clock.unfreeze()
        hub.add_rule({"flavor": "cpu-basic"}, {"oom": True}, "somebody")
        report = tried(hub, [each for each in FACTS if each.name == "stages-of-a-success"])
        assert [result.outcome for result in report.results] == ["holds"], "rules of others do not count"
        assert [rule.source for rule in hub.rules()] == ["somebody"]
        assert not hub.clock.frozen


def test_a_fakejobs_of_another_day_is_asked_as_of_today() -> None:
    with a_hub() as hub:
        hub.configure(settings_from({**settings_to(hub.settings), "api": "2026-03-01"}))
        report = tried(hub, [each for each in FACTS if each.name == "stages-of-a-success"])
        assert [result.outcome for result in report.results] == ["holds"]
        assert hub.settings.api == "2026-03-01", "and then it is of its day again"


# ------------------------------------------------------------------------------------- who may be asked what


@pytest.mark.parametrize(
    ("url", "hub"),
    [
        ("https://huggingface.co", True),
        ("https://HUGGINGFACE.CO./", True),
        ("https://hub-ci.huggingface.co", True),
        ("https://hf.co", True),
        ("https://huggingface.co.example", False),
        ("http://127.0.0.1:8484", False),
    ],
)
def test_addresses_of_the_hub(url: str, hub: bool) -> None:
    assert is_hub(url) is hub


def test_the_hub_is_never_taken_for_a_fakejobs() -> None:
    """Whatever it answers: no admin API is looked for there."""
    with a_hub() as hub:
        there = Elsewhere(hub, "https://huggingface.co")
        assert look_at(there).kind == "hub"
        assert [target for _method, target, _headers, _body in there.asked] == ["/api/jobs/hardware"]


def test_looking_at_a_server_sends_no_token(elsewhere: tuple[FakeHub, Elsewhere]) -> None:
    _, there = elsewhere
    assert look_at(there).kind == "other"
    assert {method for method, _target, _headers, _body in there.asked} == {"GET"}
    assert all("Authorization" not in headers for _method, _target, headers, _body in there.asked)


@pytest.mark.parametrize("token", ["", "two words", "hf_é", "hf_\n"])
def test_what_is_no_token_is_not_sent(elsewhere: tuple[FakeHub, Elsewhere], token: str) -> None:
    _, there = elsewhere
    server = look_at(there)
    there.asked.clear()
    with pytest.raises(CannotVerify, match="a token is needed") as caught:
        verify(there, server, Wanted(token=token))
    assert there.asked == []
    assert not token or token not in str(caught.value)


def test_the_token_is_not_in_what_is_printed_of_a_run() -> None:
    assert TOKEN not in repr(Wanted(token=TOKEN))
