"""The use cases around faults: adding them, and asking which of them a request meets.

To meet one is a command: it is counted, so it changes the hub. A hub without faults is never asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fakejobs.model.faults import ANSWER_WORDS, Asked, Fault, fault_from
from fakejobs.store.faults import Counts, counts_of, delete_faults, insert_fault, set_counts
from fakejobs.store.settings import next_number

if TYPE_CHECKING:
    from fakejobs.hub.state import State


@dataclass(frozen=True)
class Met:
    """A fault that has fired on a request.

    Attributes:
        fault: the fault.
        delay: the delay that it adds, in milliseconds.
    """

    fault: Fault
    delay: int = 0


class AddedFault:
    """A fault that a hub has: ``hub.fault(status=503, path="/api/jobs/*", times=2)``.

    Attributes:
        id: its number within the hub.
    """

    def __init__(self, state: State, fault: Fault) -> None:
        self._state = state
        self._fault = fault
        self.id = fault.id

    @property
    def words(self) -> Mapping[str, object]:
        """Its words, as they were given."""
        return self._fault.words

    @property
    def source(self) -> str:
        """Who put it there."""
        return self._fault.source

    @property
    def matched(self) -> int:
        """How many requests it was for; of one that is deleted, 0."""
        return counts(self._state, self.id).matched

    @property
    def fired(self) -> int:
        """On how many requests it fired; of one that is deleted, 0."""
        return counts(self._state, self.id).fired

    @property
    def name(self) -> str:
        """It, for people: ``fault 1: status=503, times=2``."""
        return str(self._fault)

    def delete(self) -> None:
        """Take it away; what is under way goes on."""
        delete(self._state, self.id)

    def __repr__(self) -> str:
        return f"<{self.name}>"


def add(state: State, words: Mapping[str, object], source: str = "user") -> Fault:
    """Add a fault; it holds for requests from now on.

    Raises:
        ValueError: an unknown word, an impossible value, or words that do not go together; the message names them.
    """
    fault_from(0, words, source)
    with state.lock:
        with state.act() as now:
            fault = fault_from(next_number(state.database, "faults"), words, source)
            insert_fault(state.database, fault)
            closed = _closes(state, fault, Counts(), now)
        state.faults = [*state.faults, fault]
        if closed:
            note_outage(state)
        return fault


def counts(state: State, fault_id: int) -> Counts:
    """What a fault has met."""
    with state.look():
        return counts_of(state.database, fault_id)


def delete(state: State, fault_id: int | None = None, source: str | None = None) -> int:
    """Delete one fault, those of one source, or all; returns how many."""
    with state.lock:
        kept = [
            fault
            for fault in state.faults
            if (fault_id is not None and fault.id != fault_id)
            or (source is not None and fault.source != source)
        ]
        with state.act():
            delete_faults(state.database, fault_id=fault_id, source=source)
        deleted, state.faults = len(state.faults) - len(kept), kept
        note_outage(state)
        return deleted


def meet(state: State, request: Asked) -> list[Met]:
    """The faults that fire on a request, newest first, as far as they are not for event streams.

    Every fault that the request matches counts it. Delays add up; of those that do something to the answer, only the newest that would
    fire does.
    """
    return _meet(state, request, streams=False)


def meet_stream(state: State, request: Asked) -> list[Met]:
    """The faults that fire on the event stream with which a request is answered, oldest first. All of them do."""
    return _meet(state, request, streams=True)[::-1]


def note_outage(state: State) -> None:
    """Close the listener, or open it, as the faults say that there are."""
    ends = [
        since + int(fault.amount)
        for fault in state.faults
        if fault.kind == "down" and (since := counts_of(state.database, fault.id).since) is not None
    ]
    state.outage.last(max(ends, default=0))


def _meet(state: State, request: Asked, *, streams: bool) -> list[Met]:
    met: list[Met] = []
    closed = answered = False
    with state.lock:
        # With the lock held: one that is deleted has no counts any more, and would fire as if it had never done so.
        faults = [
            fault
            for fault in reversed(state.faults)
            if fault.is_for_streams == streams and fault.matches(request)
        ]
        if not faults:
            return []
        with state.act() as now:
            for fault in faults:
                had = counts_of(state.database, fault.id)
                counted = had._replace(matched=had.matched + 1)
                if fault.kind == "down":
                    # It is the request after this one that finds the listener closed.
                    set_counts(state.database, fault.id, counted)
                    closed = _closes(state, fault, counted, now) or closed
                    continue
                changes_answer = fault.kind in ANSWER_WORDS
                if not (changes_answer and answered) and fault.fires(state.settings.seed, *had, now):
                    answered = answered or changes_answer
                    since = now if had.since is None else had.since
                    counted = counted._replace(fired=had.fired + 1, since=since)
                    met.append(Met(fault, fault.delay(state.settings.seed, had.matched)))
                set_counts(state.database, fault.id, counted)
        if closed:
            note_outage(state)
    return met


def _closes(state: State, fault: Fault, had: Counts, now: int) -> bool:
    """Whether a fault closes the listener at this instant; it is noted."""
    if fault.kind != "down" or not fault.fires(state.settings.seed, had.matched, had.fired, None, now):
        return False
    set_counts(state.database, fault.id, had._replace(fired=had.fired + 1, since=now))
    return True
