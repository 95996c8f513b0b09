"""What a `JobsMachine` finds: fakes and clients with one mistake each, and what the error says.

The programs are the same in every run. They are not made short, which takes a minute and is not what is shown here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fakejobs.generate.values import Body
from fakejobs.hub import jobs, streams
from fakejobs.machine import Answer, JobsMachine, Refused
from fakejobs.model.job import JobAt
from fakejobs.model.quirks import Quirks
from fakejobs.web import jobs as views
from fakejobs.wire import encode


def play(machine: type[JobsMachine], *phases: Phase) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=200,
            stateful_step_count=20,
            derandomize=True,
            deadline=None,
            database=None,
            phases=phases or (Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def assert_found(machine: type[JobsMachine], said: str) -> None:
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


FAKES: Mapping[Break, str] = {
    a_lost_label: r"labels: expected \{.*'name': .*, seen ",
    no_end: r"finished_at: expected '2026-.*', seen None",
    failures_not_counted: r"failure_count: expected 1, seen 0",
    a_stage_that_lags: r", at 2026-.*:\nstage: expected '.*', seen '(SCHEDULING|RUNNING)'",
    a_cancel_that_does_nothing: r"cancel of .*(, at 2026.*:\nstage: expected 'CANCELED', seen|expected status 409, seen 200)",
    labels_that_are_merged: r"relabel of .*:\nlabels: expected .*, seen \{",
    a_duplicate_of_the_spec_alone: r"duplicate of .*:\nlabels: expected \{.*, seen None",
    oldest_first: r"list.*: expected \['.*, seen \['",
    a_cursor_that_skips: r"list.*: expected \['.*, seen \['",
    no_second_page: r"list.*: expected \['.*, seen \['",
    one_too_many: r"count of stages \[.*: expected \d+, seen \d+",
    a_lost_line: r"log of .*: expected \[.*, seen \[",
}


@pytest.mark.parametrize(("broken", "said"), [*FAKES.items()], ids=[each.__name__ for each in FAKES])
def test_a_fake_with_one_mistake(broken: Break, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    assert_found(JobsMachine, said)


# Clients. The fake is right, and each method is what somebody could have written.


class SeesOnePage(JobsMachine):
    def do_list(self, stages: Sequence[str], labels: Mapping[str, str]) -> Iterable[object]:
        return list(super().do_list(stages, labels))[:100]


class Remembers(JobsMachine):
    """It asks for a job once, and believes ever after what it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, object] = {}

    def do_inspect(self, job_id: str) -> object:
        if job_id not in self.known:
            self.known[job_id] = super().do_inspect(job_id)
        return self.known[job_id]


class AddsLabels(JobsMachine):
    def do_relabel(self, job_id: str, labels: dict[str, str]) -> object:
        body: Any = self.do_inspect(job_id)
        return super().do_relabel(job_id, {**body.get("labels", {}), **labels})


class SwallowsErrors(JobsMachine):
    def do_cancel(self, job_id: str) -> object:
        try:
            return super().do_cancel(job_id)
        except Refused:
            return None


class ForgetsTheTimeout(JobsMachine):
    def do_submit(self, body: Body) -> object:
        return super().do_submit({key: each for key, each in body.items() if key != "timeoutSeconds"})


class LosesTheLastLine(JobsMachine):
    def do_follow(self, job_id: str, tail: int | None) -> list[str]:
        return super().do_follow(job_id, tail)[:-1]


class StopsFollowing(JobsMachine):
    def do_follow(self, job_id: str, tail: int | None) -> list[str]:
        return self.do_read_log(job_id, tail)


class Waits(JobsMachine):
    def do_inspect(self, job_id: str) -> object:
        self.fake.clock.sleep(1)
        return super().do_inspect(job_id)


class SubmitsTwice(JobsMachine):
    def do_submit(self, body: Body) -> object:
        super().do_submit(body)
        return super().do_submit(body)


class InventsAKey(JobsMachine):
    """Not a client, but what it sends requests with, as `send` would be for another HTTP library."""

    def send(self, method: str, path: str, body: object = None) -> Answer:
        answer = super().send(method, path, body)
        if isinstance(answer.body, dict) and "createdAt" in answer.body:
            answer.body["createdOn"] = answer.body.pop("createdAt")
        return answer


CLIENTS: Mapping[type[JobsMachine], str] = {
    SeesOnePage: r"list of stages .*: expected \['.*, seen \['",
    Remembers: r"inspect of .*:\n(stage|durations|labels|ports): expected .*, seen ",
    AddsLabels: r"relabel of .*:\nlabels: expected .*, seen \{",
    SwallowsErrors: r"cancel of .*: expected status 4\d\d, seen 200",
    ForgetsTheTimeout: r"submit, at .*:\nspec: expected \{.*'timeout': .*, seen \{",
    LosesTheLastLine: r"following <job .*>, tail .*: expected \[.*, seen \[",
    StopsFollowing: r"following <job .*>, tail .*: it ended before the job did",
    Waits: r"inspect of .* took 1 s of virtual time, .*; put calls that wait into rules of your own",
    SubmitsTwice: r"list.*: expected \[.*, seen \['",
    InventsAKey: r"POST .* answers what the schema does not allow: .*createdAt",
}


@pytest.mark.parametrize(("machine", "said"), [*CLIENTS.items()], ids=[each.__name__ for each in CLIENTS])
def test_a_client_with_one_mistake(machine: type[JobsMachine], said: str) -> None:
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
