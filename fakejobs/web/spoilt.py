"""Event streams with faults: each takes the steps of a stream and gives others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable

from fakejobs.clock import Abort, Clock, Pause, Step, WaitUntil
from fakejobs.model.faults import Fault
from fakejobs.model.plan import NEVER


def spoilt(steps: Generator[Step, None, None], fault: Fault, clock: Clock) -> Generator[Step, None, None]:
    """The steps of an event stream on which a fault has fired. Events are counted from the beginning of the connection."""
    try:
        # So that headers are there, however soon it breaks.
        yield b""
        yield from _KINDS[fault.kind](_events(steps), fault, clock)
    finally:
        steps.close()


def slowly(steps: Iterable[Step], rate: float, now: Callable[[], int]) -> Generator[Step, None, None]:
    """The same bytes at ``rate`` bytes per second: a piece about every second, or a byte at a time if there is less than one in a second."""
    size = max(int(rate), 1)
    pause = round(1000 * size / rate)
    for step in steps:
        if not isinstance(step, bytes):
            yield step
            continue
        for start in range(0, len(step), size):
            yield Pause(now() + pause)
            yield step[start : start + size]


def _events(steps: Iterable[Step]) -> Generator[Step, None, None]:
    """The same, one event in each step of bytes."""
    for step in steps:
        if isinstance(step, bytes) and step:
            yield from (event + b"\n\n" for event in step.split(b"\n\n") if event)
        else:
            yield step


def _is_event(step: Step) -> bool:
    return isinstance(step, bytes) and step != b""


def _up_to(events: Iterable[Step], count: int) -> Generator[Step, None, bool]:
    """The first ``count`` events; returns whether there may be more."""
    if count == 0:
        return True
    for step in events:
        yield step
        if _is_event(step):
            count -= 1
            if count == 0:
                return True
    return False


def _cut(events: Generator[Step, None, None], fault: Fault, _clock: Clock) -> Generator[Step, None, None]:
    if (yield from _up_to(events, int(fault.amount))):
        yield Abort("closed")


def _end(events: Generator[Step, None, None], fault: Fault, _clock: Clock) -> Generator[Step, None, None]:
    yield from _up_to(events, int(fault.amount))


def _stall(events: Generator[Step, None, None], fault: Fault, clock: Clock) -> Generator[Step, None, None]:
    if (yield from _up_to(events, int(fault.amount))):
        yield Pause(min(clock.now() + fault.stall_for, NEVER))
        yield from events


def _garbage(events: Generator[Step, None, None], fault: Fault, _clock: Clock) -> Generator[Step, None, None]:
    if (yield from _up_to(events, int(fault.amount))):
        yield fault.garbage.encode() + b"\n\n"
        yield from events


def _duplicate(
    events: Generator[Step, None, None], fault: Fault, _clock: Clock
) -> Generator[Step, None, None]:
    count = 0
    for step in events:
        yield step
        if _is_event(step):
            count += 1
            if count == fault.amount:
                yield step


def _reorder(events: Generator[Step, None, None], fault: Fault, _clock: Clock) -> Generator[Step, None, None]:
    count, held = 0, b""
    for step in events:
        if isinstance(step, bytes) and step:
            count += 1
            if count == fault.amount:
                held = step
                continue
        yield step
        if held and isinstance(step, bytes) and step:
            yield held
            held = b""
    if held:
        yield held


def _lose(events: Generator[Step, None, None], fault: Fault, _clock: Clock) -> Generator[Step, None, None]:
    """What is there when the client connects comes without its last events; what comes later comes."""
    held: deque[Step] = deque()
    for step in events:
        if isinstance(step, WaitUntil):
            yield step
            break
        if not _is_event(step):
            yield step
            continue
        held.append(step)
        if len(held) > fault.amount:
            yield held.popleft()
    yield from events


_KINDS: dict[str, Callable[[Generator[Step, None, None], Fault, Clock], Generator[Step, None, None]]] = {
    "cut_after": _cut,
    "end_after": _end,
    "stall_after": _stall,
    "garbage_after": _garbage,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "replay_loses": _lose,
}
