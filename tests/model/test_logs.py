"""The log, against a model of it in a few lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.logs import Log, LogEntry
from fakejobs.model.outcomes import Line
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.stages import JobStage


def naive(lines: list[Line], plan: Plan, now: int) -> list[tuple[int, str]]:
    """(instant, text) of everything that is in the log at ``now``, in order; "START" for a marker."""
    said = []
    for start, end in (*plan.earlier, (plan.start, plan.end)):
        if start <= min(now, end):
            said.append((start // 1000 * 1000, "START"))
            said += [(start + offset, text) for offset, text in lines if start + offset <= min(now, end)]
    return said


def plain(entries: list[LogEntry]) -> list[tuple[int, str]]:
    return [(entry.at, "START" if entry.is_start else entry.text) for entry in entries]


LINES = st.lists(st.integers(0, 12_000), max_size=6).map(
    lambda offsets: [(offset, f"line {index}") for index, offset in enumerate(sorted(offsets))]
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans with up to two earlier attempts, and every way to wait, run and end."""
    now, earlier = 500, []
    for _ in range(draw(st.integers(0, 2))):
        start = now + draw(st.integers(0, 4_000))
        now = start + draw(st.integers(0, 9_000))
        earlier.append((start, now))
    start = draw(st.one_of(st.just(NEVER), st.integers(now, now + 5_000)))
    end = draw(
        st.one_of(st.just(NEVER), st.integers(0, 14_000).map(lambda length: min(start, now + 7_000) + length))
    )
    if start < NEVER and end < start:
        end = start
    return Plan(500, start, end, JobStage.COMPLETED, earlier=tuple(earlier))


@given(
    lines=LINES,
    plan=plans(),
    now=st.integers(0, 50_000),
    cut=st.tuples(st.integers(-1, 25), st.integers(-1, 25)),
)
def test_length_and_entries(lines: list[Line], plan: Plan, now: int, cut: tuple[int, int]) -> None:
    log, expected = Log(lines, plan), naive(lines, plan, now)
    assert log.length(now) == len(expected)
    assert plain(list(log.entries(0, log.length(now)))) == expected
    first, last = max(cut[0], 0), min(max(cut[1], 0), len(expected))
    assert plain(list(log.entries(first, last))) == expected[first:last]


@given(lines=LINES, plan=plans(), now=st.integers(0, 50_000), tail=st.integers(0, 12))
def test_tail(lines: list[Line], plan: Plan, now: int, tail: int) -> None:
    whole = naive(lines, plan, now)
    others = [entry for entry in whole if entry[1] != "START"]
    expected = whole[:1] + (others[-tail:] if tail else [])
    assert plain(list(Log(lines, plan).tail(now, tail))) == expected


@given(lines=LINES, plan=plans(), now=st.integers(500, 50_000))
def test_nothing_is_new_before_the_next_change(lines: list[Line], plan: Plan, now: int) -> None:
    if plan.earlier and now < plan.earlier[-1][1]:
        return  # a plan is only ever asked about times since it was made
    log = Log(lines, plan)
    change = log.next_change(now)
    assert change > now
    if change == NEVER:
        assert log.length(NEVER - 1) == log.length(now)
        return
    assert log.length(change - 1) == log.length(now)
    assert log.length(change) > log.length(now) or plan.stage_at(change) != plan.stage_at(now)


@given(lines=LINES, plan=plans(), times=st.lists(st.integers(0, 50_000), max_size=5))
def test_a_log_only_grows_at_its_end(lines: list[Line], plan: Plan, times: list[int]) -> None:
    log = Log(lines, plan)
    before: list[LogEntry] = []
    for now in sorted(times):
        entries = list(log.entries(0, log.length(now)))
        if not (plan.earlier and now < plan.earlier[-1][1]):
            assert entries[: len(before)] == before
            before = entries


def test_the_start_marker_has_a_whole_second_and_the_lines_do_not() -> None:
    entries = list(Log([(0, "a")], Plan(0, 1_779_000_001_999, NEVER, JobStage.COMPLETED)).entries(0, 2))
    assert entries == [
        LogEntry(1_779_000_001_000, "===== Job started at 2026-05-17 06:40:01 =====", is_start=True),
        LogEntry(1_779_000_001_999, "a"),
    ]


def test_a_line_at_the_instant_of_the_end_is_still_written() -> None:
    log = Log([(5, "last"), (6, "too late")], Plan(0, 10, 15, JobStage.COMPLETED))
    assert [entry.text for entry in log.entries(1, 9)] == ["last"]
    assert log.length(14) == 1
    assert log.length(15) == log.length(NEVER) == 2
