"""`then(call=fn)`: a function plays the job, at the instant at which it begins to run."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from fakejobs.errors import FakeJobsError
from fakejobs.hub import FakeHub
from fakejobs.model.job import JobAt
from fakejobs.model.logs import LogEntry
from fakejobs.model.stages import JobStage
from fakejobs.printing import caught_stdout
from fakejobs.waits import Waits
from fakejobs.wire.info import JobInfo
from fakejobs.workers import Workers
from tests.conftest import START, frozen_hub
from tests.support.play import ME, drain, look, stage, submit


class Stage:
    """A hub whose time moves by waits, as under the fixture."""

    def __init__(self, **settings: object) -> None:
        self.hub = frozen_hub(**settings)
        self.waits = Waits(self.hub.clock)
        self.problems: list[FakeJobsError] = []
        self.workers = Workers(self.hub, self.waits, problem=self.problems.append)

    def seconds(self) -> float:
        """Virtual seconds since the beginning."""
        return (self.hub.clock.now() - START) / 1000

    def sleep(self, seconds: float) -> None:
        """As the bridged `time.sleep`."""
        self.waits.until(self.hub.clock.now() + int(seconds * 1000), lambda: "sleep")

    def log(self, job_id: str) -> list[tuple[float, str]]:
        """Seconds since the beginning, and lines, without the platform's own."""
        entries = drain(self.hub, self.hub.logs(self.hub.caller("x"), ME, job_id))
        return [
            ((entry.at - START) / 1000, entry.text)
            for _, batch in entries
            for entry in batch
            if isinstance(entry, LogEntry) and not entry.is_start
        ]


@pytest.fixture
def play() -> Iterator[Stage]:
    made = Stage()
    yield made
    assert made.problems == []
    made.hub.close()


def test_it_is_called_once_when_the_job_starts(play: Stage) -> None:
    calls: list[tuple[float, str, str]] = []

    def train(job: object) -> None:
        assert isinstance(job, JobInfo)
        assert job.status is not None
        calls.append((play.seconds(), job.id, job.status.stage))

    play.hub.when().then(scheduling=20, running=60, call=train)
    job = submit(play.hub)
    play.sleep(10)
    assert calls == []
    play.sleep(1000)
    assert calls == [(20, job, "RUNNING")]
    plan = look(play.hub, job).job.plan
    assert (plan.start - START, plan.end - START, plan.end_stage) == (20_000, 80_000, JobStage.COMPLETED)
    play.sleep(1000)
    assert len(calls) == 1


def test_what_it_prints_is_the_log(play: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    def train(_job: object) -> None:
        for index in range(3):
            print("loss", index)

    play.hub.when().then(scheduling=10, running=40, call=train)
    job = submit(play.hub)
    play.sleep(10)
    play.workers.run()
    assert play.log(job) == [(20, "loss 0"), (30, "loss 1"), (40, "loss 2")]
    assert capsys.readouterr().out == ""


def test_a_follower_from_before_sees_the_same_log(play: Stage) -> None:
    play.hub.when().then(scheduling=10, running=40, call=lambda _job: print("a\nb"))
    job = submit(play.hub)
    steps = play.hub.logs(play.hub.caller("x"), ME, job)
    texts: list[str] = []
    for step in steps:
        if isinstance(step, list):
            texts += [entry.text for entry in step]
        else:
            play.waits.until(step.instant, lambda: "follow", topic=job)
    assert texts[1:] == ["a", "b"] == [text for _, text in play.log(job)]


def test_an_exception_is_exit_code_1_with_the_traceback_as_log(play: Stage) -> None:
    def train(_job: object) -> None:
        print("starting")
        raise RuntimeError("no data")

    play.hub.when().then(running=10, message="fine", call=train)
    job = submit(play.hub)
    play.sleep(100)
    plan = look(play.hub, job).job.plan
    assert (plan.end_stage, plan.message) == (JobStage.ERROR, "Job failed with exit code: 1. Reason: Error")
    lines = [line for _, line in play.log(job)]
    assert lines[:2] == ["starting", "Traceback (most recent call last):"]
    assert lines[-1] == "RuntimeError: no data"
    assert "test_call.py" in lines[2]
    assert not any("workers.py" in line for line in lines)


@pytest.mark.parametrize(
    ("code", "message", "log"),
    [
        (0, None, []),
        (None, None, []),
        (3, "Job failed with exit code: 3. Reason: Error", []),
        ("no data", "Job failed with exit code: 1. Reason: Error", ["no data"]),
    ],
)
def test_sys_exit_is_an_exit_code(play: Stage, code: object, message: str | None, log: list[str]) -> None:
    play.hub.when().then(call=lambda _job: sys.exit(code))  # type: ignore[arg-type]
    job = submit(play.hub)
    play.sleep(10_000)
    assert look(play.hub, job).job.plan.message == message
    assert [line for _, line in play.log(job)] == log


def test_what_it_returns_overrides_the_outcome(play: Stage) -> None:
    def train(job: object) -> Mapping[str, object]:
        print("not seen")
        return {"running": "3m", "stage": "CANCELED", "cancel_reason": "NO_CREDITS", "logs": ["seen"]}

    play.hub.when().then(scheduling=0, running=10, exit_code=9, call=train)
    job = submit(play.hub)
    play.sleep(1000)
    plan = look(play.hub, job).job.plan
    assert (plan.end - START, plan.end_stage, plan.cancel_reason) == (180_000, "CANCELED", "NO_CREDITS")
    assert [line for _, line in play.log(job)] == ["seen"]


def test_a_wrong_return_value_fails_the_job_and_is_told() -> None:
    play = Stage()
    play.hub.when().then(call=lambda _job: {"exitcode": 3})
    job = submit(play.hub)
    play.sleep(10_000)
    assert stage(play.hub, job) == "ERROR"
    (problem,) = play.problems
    assert "the function returned then.exitcode: unknown word; did you mean 'exit_code'?" in str(problem)
    assert [line for _, line in play.log(job)] == [f"[fakejobs] {problem}"]
    play.hub.close()


def test_it_may_submit_jobs_and_wait_for_them(play: Stage) -> None:
    children: list[str] = []

    def parent(_job: object) -> None:
        print("submitting")
        children.append(submit(play.hub, labels={"name": "child"}))
        while stage(play.hub, children[0]) != "COMPLETED":
            play.sleep(1)
        print("done")

    play.hub.when().then(scheduling=5, running=30, call=parent)
    play.hub.when(name="child").then(scheduling=20, running=100, call=lambda _job: print("I am a child"))
    job = submit(play.hub)
    play.sleep(6)
    assert play.seconds() == 125, "the thread that moved time played the job, which took its time"
    plan = look(play.hub, job).job.plan
    assert (plan.start - START, plan.end - START) == (5_000, 125_000)
    assert play.log(job) == [(125, "submitting"), (125, "done")], "what is past is not written any more"
    assert [line for _, line in play.log(children[0])] == ["I am a child"]


def test_until_it_returns_its_job_runs(play: Stage) -> None:
    seen: list[str] = []

    def train(job: object) -> None:
        assert isinstance(job, JobInfo)
        play.sleep(50)
        seen.append(stage(play.hub, job.id))

    play.hub.when().then(scheduling=0, running=10, call=train)
    job = submit(play.hub)
    assert stage(play.hub, job) == "RUNNING"
    play.workers.run()
    assert seen == ["RUNNING"]
    assert (play.seconds(), stage(play.hub, job)) == (50, "COMPLETED")


def test_a_job_that_waits_for_a_slot_is_played_when_it_gets_one() -> None:
    play = Stage(flavors={"t4-small": {"capacity": 1}})
    starts: list[float] = []
    play.hub.when().then(scheduling=5, running=60, call=lambda _job: starts.append(play.seconds()))
    jobs = [submit(play.hub, flavor="t4-small") for _ in range(3)]
    play.sleep(10_000)
    assert starts == [5, 65, 125]
    assert [stage(play.hub, job) for job in jobs] == ["COMPLETED"] * 3
    play.hub.close()


def test_a_freed_slot_is_noticed() -> None:
    play = Stage(flavors={"t4-small": {"capacity": 1}})
    starts: list[float] = []
    play.hub.when(name="played").then(
        scheduling=5, running=60, call=lambda _job: starts.append(play.seconds())
    )
    play.hub.when(name="long").then(scheduling=0, running="25m")
    long, _played = (
        submit(play.hub, flavor="t4-small", labels={"name": name}) for name in ("long", "played")
    )
    play.sleep(100)
    play.hub.cancel(play.hub.caller("x"), ME, long)
    play.sleep(1)
    assert starts == [100]
    play.hub.close()


def test_a_job_that_never_starts_is_not_played(play: Stage) -> None:
    calls: list[object] = []
    play.hub.when().then(scheduling=20, call=calls.append)
    job = submit(play.hub)
    play.hub.cancel(play.hub.caller("x"), ME, job)
    play.sleep(1000)
    assert calls == []
    assert not play.hub.state.calls


def test_a_job_that_is_put_to_running_is_played_then(play: Stage) -> None:
    starts: list[float] = []
    play.hub.when().then(scheduling="1h", running=30, call=lambda _job: starts.append(play.seconds()))
    job = submit(play.hub)
    play.sleep(7)
    play.hub.transition(job, JobStage.RUNNING)
    play.sleep(100)
    assert starts == [7]
    assert look(play.hub, job).job.plan.end - START == 37_000


def test_a_job_that_cancels_itself_stays_cancelled(play: Stage) -> None:
    def train(job: object) -> None:
        assert isinstance(job, JobInfo)
        print("going")
        play.hub.cancel(play.hub.caller("x"), ME, job.id)

    play.hub.when().then(scheduling=1, running=30, call=train)
    job = submit(play.hub)
    play.sleep(100)
    assert stage(play.hub, job) == "CANCELED"
    assert play.log(job) == [(1, "going")]


def test_its_timeout_ends_it_whatever_it_does(play: Stage) -> None:
    play.hub.when().then(scheduling=0, call=lambda _job: play.sleep(100))
    job = submit(play.hub, timeoutSeconds=60)
    assert not play.hub.cut_by_timeout(job), "nobody knows yet"
    play.workers.run()
    plan = look(play.hub, job).job.plan
    assert (plan.end - START, plan.end_stage, plan.message) == (60_000, "ERROR", "Job timeout")


def test_each_matching_job_takes_the_next_function(play: Stage) -> None:
    calls: list[str] = []
    rule = play.hub.when().then(scheduling=1, call=lambda _job: calls.append("a"))
    rule.then(exit_code=1).then(scheduling=2, call=lambda _job: calls.append("b"))
    for _ in range(4):
        submit(play.hub)
    play.sleep(1000)
    assert calls == ["a", "b", "b"]


def test_a_reset_forgets_what_was_to_be_called(play: Stage) -> None:
    calls: list[object] = []
    play.hub.when().then(call=calls.append)
    submit(play.hub)
    play.hub.reset()
    play.sleep(1000)
    assert calls == []
    play.hub.when().then(call=calls.append)
    submit(play.hub)
    play.sleep(1000)
    assert len(calls) == 1


def test_a_reset_while_it_runs(play: Stage) -> None:
    def train(_job: object) -> None:
        play.hub.reset()
        submit(play.hub)

    play.hub.when().then(scheduling=0, call=train)
    submit(play.hub)
    play.workers.run()
    (seen,) = play.hub.all_jobs()
    assert seen.job.rule is None
    assert seen.stage == "SCHEDULING"


def test_it_is_called_without_the_lock(play: Stage) -> None:
    seen: list[list[JobAt]] = []

    def train(_job: object) -> None:
        thread = threading.Thread(target=lambda: seen.append(play.hub.all_jobs()))
        thread.start()
        thread.join(5)

    play.hub.when().then(call=train)
    submit(play.hub)
    play.sleep(1000)
    assert len(seen[0]) == 1


def test_time_stands_while_it_works(play: Stage) -> None:
    began, go_on = threading.Event(), threading.Event()
    times: list[float] = []

    def train(_job: object) -> None:
        times.append(play.seconds())
        began.set()
        go_on.wait(0.3)  # real time, in which another thread would like to move the clock
        times.append(play.seconds())

    play.hub.when().then(scheduling=5, running=60, call=train)
    submit(play.hub)

    def sleeper() -> None:
        began.wait(5)
        play.sleep(1000)

    thread = threading.Thread(target=sleeper)
    thread.start()
    play.sleep(10)
    thread.join(5)
    assert times == [5, 5]


def test_a_hub_that_does_not_move_its_own_time_refuses_functions(hub: FakeHub) -> None:
    with pytest.raises(ValueError, match=re.escape("then.call: nobody could call the function")):
        hub.when().then(call=print)
    rule = hub.when().then()
    with pytest.raises(ValueError, match=re.escape("then.call: nobody could call the function")):
        rule.then(call=print)
    assert len(rule.outcomes) == 1


def test_a_stored_rule_that_gets_a_function_is_stored_no_more(play: Stage) -> None:
    rule = play.hub.when().then(exit_code=1)
    assert len(play.hub.snapshot()["rules"]) == 1
    rule.then(call=print)
    assert play.hub.snapshot()["rules"] == []
    assert [each.id for each in play.hub.rules()] == [rule.id]


def test_what_one_thread_prints_is_caught_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    real = sys.stdout
    texts: dict[str, str] = {}
    both = threading.Barrier(2, timeout=5)

    def printing(name: str) -> Callable[[], None]:
        def run() -> None:
            with caught_stdout() as text:
                both.wait()
                print(name)
                with caught_stdout() as inner:
                    print("inner", name)
                print(name, "again")
                both.wait()
            texts[name] = text.getvalue() + inner.getvalue()

        return run

    threads = [threading.Thread(target=printing(name)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    print("main")
    for thread in threads:
        thread.join(5)
    assert texts == {name: f"{name}\n{name} again\ninner {name}\n" for name in ("a", "b")}
    assert capsys.readouterr().out == "main\n"
    assert sys.stdout is real
