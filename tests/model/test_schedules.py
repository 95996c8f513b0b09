"""Runs of schedules: functions of (schedule, tick), and which ticks have one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from fakejobs.model.cron import cron_from
from fakejobs.model.draws import draw, drawer
from fakejobs.model.flavors import FLAVORS
from fakejobs.model.job import timeout_ms
from fakejobs.model.outcomes import outcome_from
from fakejobs.model.planning import plan_for
from fakejobs.model.quirks import Quirks
from fakejobs.model.schedules import Run, Template, last_run, planner, run_ids, run_lengths, runs, settled
from tests.conftest import START

MINUTE = 60_000
CRONS = (
    "* * * * *",
    "*/5 * * * *",
    "*/20 * * * * *",
    "0,1,2,30 * * * *",
    "7 */3 * * *",
    "*/10 9 * * 1",
    "@daily",
)

lengths = st.sampled_from(["10s", "4m", "301s", "7m", "1h", "26h"])
ranges = st.one_of(
    lengths, st.tuples(lengths, lengths).map(lambda pair: {"between": sorted(pair, key=seconds)})
)
thens = st.fixed_dictionaries(
    {},
    optional={
        "scheduling": ranges,
        "running": st.one_of(ranges, st.just("forever")),
        "exit_code": st.sampled_from([0, 1]),
        "status_lag": st.one_of(st.just("40s"), st.just({"between": [0, 90]})),
        "image_pull_error": st.just(True),
    },
).filter(
    lambda then: (
        not (
            "image_pull_error" in then and ("exit_code" in then or "running" in then or "status_lag" in then)
        )
    )
)
quirks = st.builds(Quirks, timeout_counts_from=st.sampled_from(["running", "creation"]))


def seconds(length: str) -> int:
    return int(length[:-1]) * {"s": 1, "m": 60, "h": 3600}[length[-1]]


def template_of(then: dict[str, object], timeout: int | None = None, seed: int = 0) -> Template:
    spec: dict[str, object] = {"flavor": "cpu-basic", "command": ["echo", "x"]}
    if timeout is not None:
        spec["timeoutSeconds"] = timeout
    outcome = settled(outcome_from(then), FLAVORS[0])
    return Template(seed, "5" * 24, "me", spec, {}, {}, None, outcome)


@given(thens, st.sampled_from([None, 1, 400, 100_000]), quirks, st.integers(0, 50), st.integers(0, 3))
def test_a_run_is_what_the_script_of_its_id_says(
    then: dict[str, object], timeout: int | None, quirk: Quirks, tick: int, seed: int
) -> None:
    template = template_of(then, timeout, seed)
    at = START + tick * MINUTE
    run = planner(template, quirk)(at)
    script = template.script(run.id)
    plan = plan_for(script, template.spec, quirk, created=at, start=at + script.scheduling)
    assert run == Run(
        run_ids(seed, template.schedule)(at),
        plan.created,
        plan.start,
        plan.end,
        plan.end_stage.value,
        plan.message,
        plan.cancel_reason,
    )
    shortest, longest = run_lengths(template, quirk)
    assert shortest <= run.end - at <= longest


@example({"scheduling": 0, "running": 0}, None, "@daily", False, 3 * 1440, 30)  # each is over at its own tick
@given(
    thens,
    st.sampled_from([None, 400, 100_000]),
    st.sampled_from(CRONS),
    st.booleans(),
    st.integers(0, 4 * 1440),
    st.integers(0, 90),
)
def test_the_last_run_is_found_without_going_through_all(
    then: dict[str, object], timeout: int | None, text: str, concurrency: bool, until: int, free: int
) -> None:
    template, cron = template_of(then, timeout), cron_from(text)
    plan, end, busy = planner(template, Quirks()), START + until * MINUTE, START + free * MINUTE
    every = list(runs(cron, plan, concurrency=concurrency, since=START, free=busy, until=end))
    found = last_run(
        cron,
        plan,
        concurrency=concurrency,
        since=START,
        free=busy,
        until=end,
        lengths=run_lengths(template, Quirks()),
    )
    assert found == (every[-1] if every else None)
    # Which ticks have a run, said in the plainest way.
    wanted, over = [], 0 if concurrency else busy
    for tick in cron.ticks(START, end):
        if concurrency or tick >= over:
            wanted.append(tick)
            over = plan(tick).end
    assert [run.created for run in every] == wanted


def test_ids_are_object_ids_that_never_meet() -> None:
    ids = [
        run_ids(seed, schedule)(tick * 1000)
        for seed in (0, 1)
        for schedule in ("a" * 24, "b" * 24)
        for tick in (0, 1, 59, 60, 2**32, 2**33)
    ]
    assert all(len(each) == 24 and int(each, 16) >= 0 for each in ids)
    assert ids[1][:8] == "00000001"
    assert len(set(ids)) == len(ids)


@given(st.integers(), st.text(), st.text())
def test_many_draws_are_the_same_draws(seed: int, key: str, purpose: str) -> None:
    assert drawer(seed, purpose)(key) == draw(seed, key, purpose)


def test_a_run_is_cut_by_its_timeout() -> None:
    template = template_of({"running": "forever", "scheduling": 5})
    run = planner(template, Quirks())(START)
    assert (run.end - run.start, run.end_stage, run.message) == (timeout_ms({}), "ERROR", "Job timeout")
