"""How-to: A state machine of my client.

Code that keeps track of jobs goes wrong in the order of things: a job is cancelled that has just ended, a label is replaced while somebody
filters by it, a list is read while a job begins to run. Tests with three steps never meet the fourth. ``JobsMachine`` makes programs of dozens
of steps, plays them on a fake, says what each answer had to be, and makes a program that shows a mistake as short as it can.

| what do you want to say?                             | what the subclass has                                          |
|------------------------------------------------------|-----------------------------------------------------------------|
| my client does this one                              | a method ``do_...`` that calls it                               |
| my client can submit only some jobs                  | ``bodies = ...``, a strategy                                    |
| my client does not do that at all                    | nothing: the machine does it over HTTP                          |
| ... and nobody else may                              | ``expose = None``: the rule is left out                         |
| my client has a verb of its own                      | a ``@rule()``                                                   |
| something holds whatever happens                     | an ``@invariant()``                                             |
| the Hub may do it differently                        | ``options = {"quirks": {"cancel_finished": "200"}}``            |

Each row is in the machine below. pytest collects it as ``TestTrainings``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from huggingface_hub import HfApi, JobInfo
from huggingface_hub.errors import HfHubHTTPError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from fakejobs.machine import JobsMachine

# The client of this page: trainings, which have a name, on top of huggingface_hub. It knows nothing of a fake.

TERMINAL = ("COMPLETED", "ERROR", "CANCELED", "DELETED")


class Trainings:
    def __init__(self, api: HfApi) -> None:
        self.api = api

    def start(self, name: str, timeout: int) -> JobInfo:
        return self.api.run_job(
            image="python:3.12", command=["python", "train.py"], labels={"name": name}, timeout=timeout
        )

    def look(self, job_id: str) -> JobInfo:
        return self.api.inspect_job(job_id=job_id)

    def stop(self, job_id: str) -> None:
        self.api.cancel_job(job_id=job_id)

    def named(self, name: str) -> list[JobInfo]:
        return list(self.api.list_jobs(labels={"name": name}))

    def stop_all(self, name: str) -> int:
        """Stop every training of that name which is not over; returns how many that were."""
        unfinished = [job for job in self.named(name) if job.status.stage not in TERMINAL]
        for job in unfinished:
            self.stop(job.id)
        return len(unfinished)


# The machine. What its client says is compared with the model as far as it says something: a ``JobInfo`` here, nothing after a cancel.

NAMES = ("bert", "llama")


class TrainingsMachine(JobsMachine):
    options: ClassVar[Mapping[str, Any]] = {"quirks": {"cancel_finished": "200"}}
    bodies = st.fixed_dictionaries(
        {
            "dockerImage": st.just("python:3.12"),
            "command": st.just(["python", "train.py"]),
            "arguments": st.just([]),  # bodies are what goes over the wire, and this client sends that
            "flavor": st.just("cpu-basic"),
            "timeoutSeconds": st.sampled_from((3600, 60)),
            "labels": st.sampled_from([{"name": name} for name in NAMES]),
        }
    )
    # These jobs have no ports.
    expose = None  # type: ignore[assignment]  # no rule
    expose_badly = None  # type: ignore[assignment]  # no rule
    client: ClassVar[type[Trainings]] = Trainings

    def __init__(self) -> None:
        super().__init__()
        self.trainings = self.client(self.fake.api)

    def do_submit(self, body: Any) -> object:
        return self.trainings.start(body["labels"]["name"], body["timeoutSeconds"])

    def do_inspect(self, job_id: str) -> object:
        return self.trainings.look(job_id)

    def do_cancel(self, job_id: str) -> object:
        self.trainings.stop(job_id)
        return None

    def do_list(self, stages: Sequence[str], labels: Mapping[str, str]) -> Iterable[object]:
        if stages or labels.keys() != {"name"}:
            return super().do_list(stages, labels)  # ours does not ask that
        return self.trainings.named(labels["name"])

    @rule(name=st.sampled_from(NAMES))
    def stop_all(self, name: str) -> None:
        """The verb that the API does not have: the model says what it must return, and hears of what it did."""
        unfinished = [job for job in self.model.listed(labels={"name": name}) if self.model.now < job.end]
        assert self.trainings.stop_all(name) == len(unfinished)
        for job in unfinished:
            self.model.cancel(job)

    @invariant()
    def money_is_spent_only_by_what_has_run(self) -> None:
        ran = [job for job in self.model.jobs if self.model.started(job) is not None]
        assert bool(self.fake.cost) <= bool(ran)


TestTrainings = TrainingsMachine.TestCase
TestTrainings.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)


# And what happens to a client with a mistake. This one asks for those that run, and so forgets those that wait.


class Forgetful(Trainings):
    def stop_all(self, name: str) -> int:
        running = list(self.api.list_jobs(labels={"name": name}, status="RUNNING"))
        for job in running:
            self.stop(job.id)
        return len(running)


class ForgetfulMachine(TrainingsMachine):
    client = Forgetful


# This one says nothing of what the API says no to. With the default quirk that is also a job that is over already.


class Soothing(Trainings):
    def stop(self, job_id: str) -> None:
        with suppress(HfHubHTTPError):
            super().stop(job_id)


class SoothingMachine(TrainingsMachine):
    client = Soothing
    options: ClassVar[Mapping[str, Any]] = {}


def play(machine: type[TrainingsMachine]) -> tuple[str, list[str]]:
    """What is wrong, and the program that shows it."""
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(
            machine,
            # The same in every run, so that this page can say what is found first.
            settings=settings(
                max_examples=200,
                stateful_step_count=10,
                phases=(Phase.generate, Phase.shrink),
                derandomize=True,
                database=None,
                deadline=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    notes = caught.value.__notes__
    return str(caught.value), [note for note in notes if "state." in note and "money" not in note]


def test_jobs_that_wait_are_forgotten() -> None:
    _said, program = play(ForgetfulMachine)
    *before, stop_all, teardown = program
    assert any("submit(" in step for step in before)  # perhaps one whose answer is lost
    assert stop_all == "state.stop_all(name='bert')"
    assert teardown == "state.teardown()"
    assert len(program) <= 5


def test_an_error_is_not_told() -> None:
    said, program = play(SoothingMachine)
    assert said.startswith("cancel of ")
    assert said.endswith(", seen 200")
    assert len(program) <= 4
