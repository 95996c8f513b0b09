"""What a `JobsMachine` finds: fakes and clients with one mistake each, and what the error says.

The programs are the same in every run. They are not made short, which takes a minute and is not what is shown here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from fakejobs.generate.values import Body
from fakejobs.hub import faults as hub_faults
from fakejobs.hub import jobs, schedules, streams, ticks
from fakejobs.machine import Answer, JobsMachine, Refused, programs
from fakejobs.machine.faults import FaultRules
from fakejobs.machine.jobs import JobRules
from fakejobs.machine.playing import Playing
from fakejobs.machine.schedules import ScheduleRules
from fakejobs.model import faults
from fakejobs.model import schedules as model
from fakejobs.model.job import JobAt
from fakejobs.model.quirks import Quirks
from fakejobs.model.refusal import Refusal
from fakejobs.model.schedules import Run, Schedule, ScheduleAt
from fakejobs.store.schedules import find_schedule, update_schedule
from fakejobs.web import jobs as views
from fakejobs.wire import encode


def play(machine: type[Playing], *phases: Phase) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=1500,  # it stops at the first that finds something
            stateful_step_count=20,
            derandomize=True,
            deadline=None,
            database=None,
            phases=phases or (Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


class Jobs(JobRules):
    """Nothing but jobs, which finds mistakes with jobs sooner."""


class Attempts(Jobs):
    """Jobs that are tried again."""

    bodies = programs.SHORT_BODIES
    outcomes = st.fixed_dictionaries(
        {"scheduling": st.just(5), "running": st.sampled_from((5, 60)), "exit_code": st.just(1)}
    )


class Schedules(ScheduleRules):
    """Nothing but scheduled jobs; all jobs are listed at the end."""


class Paused(Schedules):
    """Scheduled jobs that are paused and resumed, and hardly anything else."""

    crons = st.just("*/5 * * * *")
    outcomes = st.just({"scheduling": 5, "running": 5})
    create_schedule_badly = reschedule_badly = ask_for_unknown_schedule = None  # type: ignore[assignment]  # no rules
    delete_schedule = list_schedules = run_scheduled = relabel_schedule = None  # type: ignore[assignment]  # likewise


class Runs(Schedules):
    """Scheduled jobs that are run by hand, and whose jobs do not end."""

    outcomes = st.just({"scheduling": 5, "running": "forever"})
    create_schedule_badly = reschedule_badly = ask_for_unknown_schedule = None  # type: ignore[assignment]  # no rules
    delete_schedule = list_schedules = relabel_schedule = reschedule = suspend = resume = None  # type: ignore[assignment]  # likewise


class Faults(ScheduleRules, FaultRules):
    """Requests that fail."""


def assert_found(machine: type[Playing], said: str) -> None:
    """The machine finds a difference, and says this of the first."""
    with pytest.raises(AssertionError) as caught:
        play(machine)
    assert re.search(said, str(caught.value), re.DOTALL), str(caught.value)


# Fakes. Each has one function that is not what it was.

Break = Callable[[pytest.MonkeyPatch], None]


def answers(patch: pytest.MonkeyPatch, change: Callable[[Any], object]) -> None:
    """Change the body of every job that the fake answers."""

    def body(seen: JobAt, quirks: Quirks) -> encode.JobBody:
        made: Any = encode.job_body(seen, quirks)
        change(made)
        return {**made}

    patch.setattr(views, "job_body", body)


def a_lost_label(patch: pytest.MonkeyPatch) -> None:
    answers(patch, lambda body: body.get("labels", {}).pop("name", None))


def no_end(patch: pytest.MonkeyPatch) -> None:
    answers(patch, lambda body: body.pop("finishedAt", None))


def failures_not_counted(patch: pytest.MonkeyPatch) -> None:
    answers(patch, lambda body: body["status"].update(failureCount=0))


def a_stage_that_lags(patch: pytest.MonkeyPatch) -> None:
    """By a millisecond."""

    def body(seen: JobAt, quirks: Quirks) -> encode.JobBody:
        late = replace(seen, now=max(seen.now - 1, seen.job.plan.created))
        return {**encode.job_body(seen, quirks), "status": encode.job_body(late, quirks)["status"]}

    patch.setattr(views, "job_body", body)


def a_cancel_that_does_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(jobs, "cancel", jobs.read)


def labels_that_are_merged(patch: pytest.MonkeyPatch) -> None:
    relabel = jobs.relabel

    def merge(state: Any, caller: Any, namespace: str, job_id: str, labels: Mapping[str, str]) -> JobAt:
        before = jobs.read(state, caller, namespace, job_id).job.labels
        return relabel(state, caller, namespace, job_id, {**before, **labels})

    patch.setattr(jobs, "relabel", merge)


def a_duplicate_of_the_spec_alone(patch: pytest.MonkeyPatch) -> None:
    duplicate = jobs.duplicate

    def bare(state: Any, caller: Any, namespace: str, job_id: str) -> JobAt:
        made = duplicate(state, caller, namespace, job_id)
        return jobs.relabel(state, caller, namespace, made.job.id, {})

    patch.setattr(jobs, "duplicate", bare)


def oldest_first(patch: pytest.MonkeyPatch) -> None:
    pages(patch, lambda page, _before: replace(page, jobs=page.jobs[::-1]))


def a_cursor_that_skips(patch: pytest.MonkeyPatch) -> None:
    pages(patch, lambda page, before: page if before is None else replace(page, jobs=page.jobs[1:]))


def no_second_page(patch: pytest.MonkeyPatch) -> None:
    pages(patch, lambda page, _before: replace(page, next=None))


def pages(patch: pytest.MonkeyPatch, change: Callable[[jobs.Page, object], jobs.Page]) -> None:
    newest = jobs.newest

    def changed(*args: Any, **words: Any) -> jobs.Page:
        return change(newest(*args, **words), words.get("before"))

    patch.setattr(jobs, "newest", changed)


def one_too_many(patch: pytest.MonkeyPatch) -> None:
    count = jobs.count
    patch.setattr(jobs, "count", lambda *args: count(*args) + 1)


def a_lost_line(patch: pytest.MonkeyPatch) -> None:
    logs = streams.logs

    def shorter(*args: Any, **words: Any) -> Iterator[object]:
        for step in logs(*args, **words):
            yield step[:-1] if isinstance(step, list) and len(step) > 1 else step

    patch.setattr(streams, "logs", shorter)


def a_tick_that_is_not_skipped(patch: pytest.MonkeyPatch) -> None:
    runs = model.runs

    def overlapping(*args: Any, **words: Any) -> Iterator[Run]:
        return runs(*args, **{**words, "concurrency": True})

    patch.setattr(ticks, "runs", overlapping)


def a_last_job_that_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    schedule_at = ticks.schedule_at
    patch.setattr(ticks, "schedule_at", lambda *args: replace(schedule_at(*args), last=None))


def a_run_that_nothing_refuses(patch: pytest.MonkeyPatch) -> None:
    run = schedules.run

    def forced(state: Any, caller: Any, namespace: str, schedule_id: str) -> JobAt:
        with pytest.MonkeyPatch.context() as meanwhile:
            meanwhile.setattr(ticks, "free_at", lambda *_: 0)
            return run(state, caller, namespace, schedule_id)

    patch.setattr(schedules, "run", forced)


def a_suspended_schedule_that_runs(patch: pytest.MonkeyPatch) -> None:
    note_next = ticks.note_next

    def note(state: Any, schedule: Schedule, rules: Any) -> None:
        note_next(state, replace(schedule, suspended=False), rules)

    patch.setattr(ticks, "note_next", note)


def ticks_that_are_made_up_for(patch: pytest.MonkeyPatch) -> None:
    resume = schedules.resume

    def catching_up(state: Any, caller: Any, namespace: str, schedule_id: str) -> None:
        before = schedules.read(state, caller, namespace, schedule_id).schedule
        resume(state, caller, namespace, schedule_id)
        with state.act():
            found = find_schedule(state.database, schedule_id)
            assert found is not None
            update_schedule(state.database, replace(found, since=before.since))
            ticks.note_next(state, replace(found, since=before.since), state.rules)

    patch.setattr(schedules, "resume", catching_up)


def labels_of_a_schedule_that_stay(patch: pytest.MonkeyPatch) -> None:
    def same(state: Any, caller: Any, namespace: str, schedule_id: str, _labels: object) -> ScheduleAt:
        return schedules.read(state, caller, namespace, schedule_id)

    patch.setattr(schedules, "relabel", same)


def jobs_that_go_with_their_schedule(patch: pytest.MonkeyPatch) -> None:
    delete = schedules.delete

    def cancelling(state: Any, caller: Any, namespace: str, schedule_id: str) -> None:
        last = schedules.read(state, caller, namespace, schedule_id).last
        delete(state, caller, namespace, schedule_id)
        if last is not None:
            with suppress(Refusal):  # it is over
                jobs.cancel(state, caller, namespace, last[0])

    patch.setattr(schedules, "delete", cancelling)


def a_fault_after_which_nothing_has_happened(patch: pytest.MonkeyPatch) -> None:
    always(patch, "before")


def a_fault_before_which_it_has_happened(patch: pytest.MonkeyPatch) -> None:
    always(patch, "after")


def always(patch: pytest.MonkeyPatch, when: str) -> None:
    """Let faults have this, whatever they say."""
    fault_from = faults.fault_from

    def changed(number: int, words: Mapping[str, object], source: str) -> faults.Fault:
        return fault_from(number, {**words, "when": when}, source)

    patch.setattr(hub_faults, "fault_from", changed)


FAKES: Mapping[type[Playing], Mapping[Break, str]] = {
    Jobs: {
        a_lost_label: r"labels: expected \{.*'name': .*, seen ",
        no_end: r"finished_at: expected '2026-.*', seen None",
        a_stage_that_lags: r", at 2026-.*:\nstage: expected '.*', seen '(SCHEDULING|RUNNING)'",
        a_cancel_that_does_nothing: r"cancel of .*(, at 2026.*:\nstage: expected 'CANCELED', seen|expected status 409, seen 200)",
        labels_that_are_merged: r"relabel of .*:\nlabels: expected .*, seen \{",
        a_duplicate_of_the_spec_alone: r"duplicate of .*:\nlabels: expected \{.*, seen None",
        oldest_first: r"list.*: expected \['.*, seen \['",
        a_cursor_that_skips: r"list.*: expected \['.*, seen \['",
        no_second_page: r"list.*: expected \['.*, seen \['",
        one_too_many: r"count of stages \[.*: expected \d+, seen \d+",
        a_lost_line: r"log of .*: expected \[.*, seen \[",
    },
    Attempts: {
        failures_not_counted: r"failure_count: expected [12], seen 0",
    },
    Schedules: {
        a_tick_that_is_not_skipped: r"last_(job|at): expected|list.*: expected \[|: expected \d+( jobs)?, seen \d+",
        a_last_job_that_is_forgotten: r"last_job: expected '.*', seen None",
        a_suspended_schedule_that_runs: r"last_(job|at): expected|list.*: expected \[|: expected \d+( jobs)?, seen \d+",
        labels_of_a_schedule_that_stay: r"relabel of <scheduled job .*:\nlabels: expected",
        jobs_that_go_with_their_schedule: r"stage: expected '.*', seen 'CANCELED'",
    },
    Runs: {
        a_run_that_nothing_refuses: r"run of <scheduled job .*>: expected status 409, seen 200",
    },
    Paused: {
        ticks_that_are_made_up_for: r"last_(job|at): expected|list.*: expected \[|: expected \d+( jobs)?, seen \d+",
    },
    Faults: {
        a_fault_after_which_nothing_has_happened: r"that fails after it takes effect(: expected 1 jobs, seen 0|: there is|.*:\n(labels|stage): expected)",
        a_fault_before_which_it_has_happened: r"that fails before it takes effect(: expected \d+ jobs, seen \d+|.*:\n(labels|stage): expected)",
    },
}


@pytest.mark.parametrize(
    ("machine", "broken"),
    [(machine, broken) for machine, fakes in FAKES.items() for broken in fakes],
    ids=[broken.__name__ for fakes in FAKES.values() for broken in fakes],
)
def test_a_fake_with_one_mistake(
    machine: type[Playing], broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    assert_found(machine, FAKES[machine][broken])


# Clients. The fake is right, and each method is what somebody could have written.


class SeesOnePage(Jobs):
    # Only a list of more than a hundred jobs tells, and hardly any program has one: this plays nothing but what makes and lists them.
    submit = duplicate = cancel = relabel = relabel_badly = expose = expose_badly = None  # type: ignore[assignment]  # no rules
    inspect = ask_for_unknown = count = read_log = follow = advance = advance_to = None  # type: ignore[assignment]  # likewise

    def do_list(self, stages: Sequence[str], labels: Mapping[str, str]) -> Iterable[object]:
        return list(super().do_list(stages, labels))[:100]


class Remembers(Jobs):
    """It asks for a job once, and believes ever after what it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, object] = {}

    def do_inspect(self, job_id: str) -> object:
        if job_id not in self.known:
            self.known[job_id] = super().do_inspect(job_id)
        return self.known[job_id]


class AddsLabels(Jobs):
    def do_relabel(self, job_id: str, labels: dict[str, str]) -> object:
        body: Any = self.do_inspect(job_id)
        return super().do_relabel(job_id, {**body.get("labels", {}), **labels})


class SwallowsErrors(Jobs):
    def do_cancel(self, job_id: str) -> object:
        try:
            return super().do_cancel(job_id)
        except Refused:
            return None


class ForgetsTheTimeout(Jobs):
    def do_submit(self, body: Body) -> object:
        return super().do_submit({key: each for key, each in body.items() if key != "timeoutSeconds"})


class LosesTheLastLine(Jobs):
    def do_follow(self, job_id: str, tail: int | None) -> list[str]:
        return super().do_follow(job_id, tail)[:-1]


class StopsFollowing(Jobs):
    def do_follow(self, job_id: str, tail: int | None) -> list[str]:
        return self.do_read_log(job_id, tail)


class Waits(Jobs):
    def do_inspect(self, job_id: str) -> object:
        self.fake.clock.sleep(1)
        return super().do_inspect(job_id)


class SubmitsTwice(Jobs):
    def do_submit(self, body: Body) -> object:
        super().do_submit(body)
        return super().do_submit(body)


class TriesAgain(Faults):
    """It takes an error of the server for a sign that nothing has happened."""

    def do_submit(self, body: Body) -> object:
        try:
            return super().do_submit(body)
        except Refused as error:
            if error.status < 500:
                raise
            return super().do_submit(body)


class RunsWithoutLooking(Schedules):
    """It takes a 409 for a success."""

    def do_run_scheduled(self, schedule_id: str) -> object:
        try:
            return super().do_run_scheduled(schedule_id)
        except Refused as error:
            if error.status != 409:
                raise
            return None


class InventsAKey(JobsMachine):
    """Not a client, but what it sends requests with, as `send` would be for another HTTP library."""

    def send(self, method: str, path: str, body: object = None) -> Answer:
        answer = super().send(method, path, body)
        if isinstance(answer.body, dict) and "createdAt" in answer.body:
            answer.body["createdOn"] = answer.body.pop("createdAt")
        return answer


CLIENTS: Mapping[type[Playing], str] = {
    SeesOnePage: r"list of stages .*: expected \['.*, seen \['",
    Remembers: r"inspect of .*:\n(stage|durations|labels|ports): expected .*, seen ",
    AddsLabels: r"relabel of .*:\nlabels: expected .*, seen \{",
    SwallowsErrors: r"cancel of .*: expected status (4\d\d|503), seen 200",
    ForgetsTheTimeout: r"submit, at .*:\nspec: expected \{.*'timeout': .*, seen \{",
    LosesTheLastLine: r"following <job .*>, tail .*: expected \[.*, seen \[",
    StopsFollowing: r"following <job .*>, tail .*: it ended before the job did",
    Waits: r"inspect of .* took 1 s of virtual time, .*; put calls that wait into rules of your own",
    SubmitsTwice: r"(list.*: expected \[.*, seen \['|count of stages .*: expected \d+, seen \d+)",
    TriesAgain: r"submit that fails after it takes effect: expected \d+ jobs, seen \d+",
    RunsWithoutLooking: r"run of <scheduled job .*>: expected status 409, seen 200",
    InventsAKey: r"(GET|POST|PUT) .* answers what the schema does not allow: .*createdAt",
}


@pytest.mark.parametrize(("machine", "said"), [*CLIENTS.items()], ids=[each.__name__ for each in CLIENTS])
def test_a_client_with_one_mistake(machine: type[Playing], said: str) -> None:
    assert_found(machine, said)


def test_the_program_that_shows_it_is_short() -> None:
    with pytest.raises(AssertionError) as caught:
        play(SwallowsErrors, Phase.generate, Phase.shrink)
    program = [note for note in caught.value.__notes__ if note.startswith("state.")]
    assert 1 <= len(program) <= 4, program
    assert any("cancel" in line for line in program)


class ReadsAKeyThatMayBeMissing(JobsMachine):
    def do_submit(self, body: Body) -> object:
        return super().do_submit({"dockerImage": body["dockerImage"], **body})


def test_an_error_of_the_client_itself_is_shown_as_it_is() -> None:
    with pytest.raises(KeyError, match="dockerImage"):
        play(ReadsAKeyThatMayBeMissing)


class ErrorsWithAStatus(JobsMachine):
    """The errors of its client have a status of their own."""

    def do_cancel(self, job_id: str) -> object:
        try:
            return super().do_cancel(job_id)
        except Refused as error:
            raise ClientError(error.status) from error

    def status_of(self, error: Exception) -> int | None:
        return error.code if isinstance(error, ClientError) else super().status_of(error)


class ClientError(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


def test_errors_are_compared_by_what_they_stand_for() -> None:
    run_state_machine_as_test(
        ErrorsWithAStatus,
        settings=settings(max_examples=10, stateful_step_count=30, deadline=None, database=None),
    )
