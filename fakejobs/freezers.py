"""Following freezegun and time-machine: where the user's own frozen time pushes the clock of a fake."""

from __future__ import annotations

import sys

from fakejobs.clock import Clock, source_ms


def may_be_frozen() -> bool:
    """Whether one of the freezers is loaded at all."""
    return "freezegun.api" in sys.modules or "time_machine" in sys.modules


def freezer_at_work() -> object | None:
    """The innermost freeze that is in effect, as something to compare by identity; None without one."""
    freezegun = sys.modules.get("freezegun.api")
    if freezegun is not None and freezegun.freeze_factories:
        found: object = freezegun.freeze_factories[-1]
        return found
    time_machine = sys.modules.get("time_machine")
    stack = getattr(time_machine, "traveller_stack", None) or getattr(time_machine, "coordinates_stack", None)
    return stack[-1] if stack else None


class Freezers:
    """How a fake's clock follows a freezer. The clock itself stands still; this says where it is to be put.

    A freeze that begins takes the clock with it, if that is forward or there are no jobs yet. From then on the clock moves
    by what the freezer moves, so that time that was advanced meanwhile stays advanced.

    Attributes:
        rewound: by how many milliseconds a freeze has set the clock back, when there were no jobs.
    """

    def __init__(self, clock: Clock) -> None:
        self.rewound = 0
        self._clock = clock
        self._freezer: object | None = None
        self._last = 0

    def target(self) -> int | None:
        """Where the clock is to go, forward; None if it may stay. With the clock's lock held; setting back is done at once."""
        freezer = freezer_at_work()
        if freezer is None:
            self._freezer = None
            return None
        source, last = source_ms(), self._last
        began, self._freezer, self._last = freezer is not self._freezer, freezer, source
        now = self._clock.now()
        if not began and source >= last:
            return now + source - last if source > last else None
        # Another freeze, or one that was set back.
        if source > now:
            return source if began else None
        if source < now:
            try:
                self._clock.set(source)
                self.rewound += now - source
            except ValueError:
                pass  # there are jobs: their time goes on from where it is
        return None
