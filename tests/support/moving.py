"""Real servers in virtual time: it moves when a driver has nothing to send before an instant."""

from __future__ import annotations

from collections.abc import Callable

from fakejobs.clock import Clock
from fakejobs.drivers.pace import seconds_to_wait


def moving(longest: int) -> Callable[[Clock, int, float], float]:
    """What takes the place of a driver's `seconds_to_wait` where there is one client only: time moves at once.

    Args:
        longest: milliseconds; a wait that takes longer is a real one, for as long as the client wants.
    """

    def move(clock: Clock, instant: int, until_keep_alive: float) -> float:
        if 0 <= instant - clock.now() <= longest:
            clock.set(instant)
        return seconds_to_wait(clock, instant, until_keep_alive)

    return move
