"""The law: looking changes nothing. The same commands at the same instants, with any reads between, give the same bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.refusal import Refusal
from fakejobs.model.stages import JobStage
from fakejobs.model.times import to_datetime
from tests.conftest import JOB, START
from tests.support.play import ME

# t4-small and a10g-small have few slots, so that jobs wait for each other; times are coarse, so that much coincides.
FLAVORS = ("t4-small", "t4-small", "a10g-small", "cpu-basic")
SHORT: dict[str, object] = {"scheduling": {"between": [0, 2]}, "running": {"between": [1, 4]}}
CAPACITIES: dict[str, dict[str, object]] = {
    "t4-small": {"capacity": 1, **SHORT},
    "a10g-small": {"capacity": 2, **SHORT},
    "cpu-basic": SHORT,
}


@dataclass(frozen=True)
class Command:
    """One command, ``after`` so many milliseconds; ``job`` and ``choice`` are taken modulo what there is."""

    after: int
    verb: str
    job: int
    choice: int


@dataclass(frozen=True)
class Reads:
    """What is read in the pause before a command: kinds of reads, and when in the pause, from 0 to 1."""

    kinds: tuple[tuple[float, int, int], ...]


VERBS = (
    *["submit"] * 6,
    "cancel",
    "transition",
    "rule",
    "no rules",
    "relabel",
    "expose",
    "duplicate",
    "slots",
)
COARSE = st.integers(0, 6).map(lambda steps: steps * 500)
COMMANDS = st.lists(
    st.builds(Command, COARSE, st.sampled_from(VERBS), st.integers(0, 30), st.integers(0, 11)),
    min_size=3,
    max_size=14,
)
READS = st.lists(
    st.builds(
        Reads,
        st.lists(
            st.tuples(st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.integers(0, 11), st.integers(0, 30)),
            max_size=4,
        ).map(tuple),
    ),
    min_size=3,
    max_size=15,
)


class Play:
    """A hub whose clock follows freezegun, and the commands and reads on it."""

    def __init__(self, frozen: FrozenDateTimeFactory) -> None:
        self.frozen = frozen
        self.now = START
        frozen.move_to(to_datetime(START))
        self.hub = FakeHub(settings=settings_from({"flavors": CAPACITIES}), anchor=Anchor(START, START))
        self.caller = self.hub.caller("hf_any")
        self.jobs: list[str] = []
        self.answers: list[str] = []
        self.streams: list[Generator[object, None, None]] = []

    def move(self, instant: int) -> None:
        self.now = instant
        self.frozen.move_to(to_datetime(instant))

    def command(self, command: Command) -> None:
        self.move(self.now + command.after)
        try:
            self.answers.append(str(self._do(command)))
        except (Refusal, ValueError) as error:
            self.answers.append(str(error))

    def _do(self, command: Command) -> object:
        hub, caller, choice = self.hub, self.caller, command.choice
        if command.verb == "submit":
            flavor = FLAVORS[choice % len(FLAVORS)]
            seen = hub.submit(caller, ME, {**JOB, "flavor": flavor, "environment": {}, "timeoutSeconds": 5})
            self.jobs.append(seen.job.id)
            return seen
        if command.verb == "rule":
            return hub.when().then(
                scheduling=(0, 1, 2, 2.5)[choice % 4],
                running=(0, 1, 3, "forever")[choice % 3],
                logs=["a", "b"],
            )
        if command.verb == "no rules":
            return hub.delete_rules()
        if command.verb == "slots":
            number = (0, 1, 2, None)[choice % 4]
            changed = SHORT if number is None else {"capacity": number, **SHORT}
            hub.configure(replace(hub.settings, profiles={**CAPACITIES, "t4-small": changed}))
            return number
        if not self.jobs:
            return None
        job = self.jobs[command.job % len(self.jobs)]
        if command.verb == "cancel":
            return hub.cancel(caller, ME, job)
        if command.verb == "transition":
            return hub.transition(job, list(JobStage)[choice % 6])
        if command.verb == "relabel":
            return hub.relabel(caller, ME, job, {"round": str(choice)})
        if command.verb == "expose":
            return hub.expose(caller, ME, job, {"ports": [8000 + choice]})
        seen = hub.duplicate(caller, ME, job)
        self.jobs.append(seen.job.id)
        return seen

    def look(self, reads: Reads, upto: int) -> None:
        start = self.now
        for share, kind, job in sorted(reads.kinds):
            self.move(start + int((upto - start) * share))
            with contextlib.suppress(Refusal):
                self._read(kind, self.jobs[job % len(self.jobs)] if self.jobs else "0" * 24)
        self.now = start

    def _read(self, kind: int, job: str) -> None:
        hub, caller = self.hub, self.caller
        if kind == 0:
            hub.job(caller, ME, job)
        elif kind == 1:
            hub.jobs(caller, ME, stages=[JobStage.RUNNING], labels=[("round", "1")])
        elif kind == 2:
            hub.count(caller, ME, [JobStage.SCHEDULING])
        elif kind == 3:
            hub.snapshot()
        elif kind == 4:
            hub.check_access(caller, ME, "read", job)
        elif kind == 5:
            self.streams.append(hub.logs(caller, ME, job))
        elif kind == 6:
            self.streams.append(hub.logs(caller, ME, job, tail=1))
        elif kind == 7:
            self.streams.append(hub.metrics(caller, ME, job))
        elif kind == 8:
            self.streams.append(hub.events(caller, ME, job))
        elif kind == 9:
            hub.all_jobs()
        elif kind == 10:
            hub.state.clock.now()
        for stream in self.streams:
            next(stream, None)


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    with freeze_time(to_datetime(START), real_asyncio=True) as factory:
        assert isinstance(factory, FrozenDateTimeFactory)
        yield factory


def test_looking_changes_nothing(frozen: FrozenDateTimeFactory) -> None:
    @settings(max_examples=150)
    @given(commands=COMMANDS, reads=READS)
    # A slot is added while a job waits: without looking, it must not get the slot before it was there.
    @example(
        commands=[
            Command(0, "rule", 0, 8),
            Command(0, "submit", 0, 0),
            Command(0, "submit", 0, 0),
            Command(2_000, "slots", 0, 2),
        ],
        reads=[Reads(((0.5, 0, 0),))] * 5,
    )
    def check(commands: list[Command], reads: list[Reads]) -> None:
        quiet, looking = Play(frozen), Play(frozen)
        for command in commands:
            quiet.command(command)
        quiet.move(quiet.now + 60_000)
        expected = quiet.hub.snapshot()
        looking.move(START)
        pauses = iter(reads)
        for command in commands:
            looking.look(next(pauses, Reads(())), looking.now + command.after)
            looking.command(command)
        looking.look(next(pauses, Reads(())), looking.now + 60_000)
        looking.move(looking.now + 60_000)
        assert looking.answers == quiet.answers
        assert looking.hub.snapshot() == expected
        quiet.hub.close()
        looking.hub.close()

    check()


def test_a_thousand_reads_change_nothing(frozen: FrozenDateTimeFactory) -> None:
    plays = [Play(frozen), Play(frozen)]
    for play, reads in zip(plays, (0, 1_000), strict=True):
        play.move(START)
        for verb in ("rule", "submit", "submit", "submit", "cancel"):
            play.command(Command(500, verb, 1, 5))
        for index in range(reads):
            play.move(play.now + 60)
            with contextlib.suppress(Refusal):
                play._read(index % 11, play.jobs[index % 3])
        play.move(START + 200_000)
    assert plays[0].hub.snapshot() == plays[1].hub.snapshot()
