"""How long a driver may wait before it has to look again: what the blocking and the asyncio driver share."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterable
from typing import TypeVar

from fakejobs.clock import Clock

T = TypeVar("T")

KEEP_ALIVE = b": keep-alive\n\n"
"""The comment that a silent event stream sends, as on the Hub (huggingface_hub's `_stream_sse_events`)."""

KEEP_ALIVE_SECONDS = 30.0
"""Seconds of silence before a keep-alive: the connection's own time, whatever the clock of the hub does."""

SHORTEST_WAIT = 0.005
"""The least real seconds that a wait for an instant takes: at speed 3600 one frame a second would otherwise
be a wake-up every 0.28 ms. What came due meanwhile goes out together."""

_TRAVEL_POLL = 0.05
_BATCH_STEPS = 64
_BATCH_BYTES = 16 * 1024


def monotonic() -> float:
    """Real seconds from an arbitrary start, also where freezegun has stopped `time.monotonic`."""
    freezegun = sys.modules.get("freezegun.api")
    return float(freezegun.real_monotonic()) if freezegun is not None else time.monotonic()


def seconds_to_wait(clock: Clock, instant: int, until_keep_alive: float) -> float:
    """The longest wait that misses neither ``instant`` nor the next keep-alive, in real seconds.

    A clock that is set, advanced, frozen or sped up rings its bell, which ends the wait early. freezegun and
    time-machine ring no bell when a test moves them, so while either is at work a wait is short.
    """
    until = clock.seconds_until(instant)
    # A millisecond more, as the clock counts whole ones and a timer may fire a little early.
    wait = until_keep_alive if until is None else min(max(until + 0.001, SHORTEST_WAIT), until_keep_alive)
    return max(min(wait, _TRAVEL_POLL) if _travelling() else wait, 0.0)


def _travelling() -> bool:
    freezegun = sys.modules.get("freezegun.api")
    time_machine = sys.modules.get("time_machine")
    return bool(
        (freezegun is not None and freezegun.freeze_factories)
        or (time_machine is not None and getattr(time_machine, "traveller_stack", None))
    )


def in_batches(steps: Iterable[bytes | T]) -> Generator[bytes | T, None, None]:
    """The same steps with neighbouring bytes joined, up to a few kilobytes: a long replay in few writes.

    Nothing is held back: bytes go out before the next wait, and before an error that cuts the stream off.
    """
    batch: list[bytes] = []
    size = 0
    try:
        for step in steps:
            if isinstance(step, bytes):
                batch.append(step)
                size += len(step)
                if len(batch) < _BATCH_STEPS and size < _BATCH_BYTES:
                    continue
            if batch:
                yield b"".join(batch)
                batch.clear()
                size = 0
            if not isinstance(step, bytes):
                yield step
    except Exception:
        if batch:
            yield b"".join(batch)
        raise
    if batch:
        yield b"".join(batch)
