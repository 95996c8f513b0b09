"""The agenda: what depends on several jobs happens here, in order, before anybody reads or commands.

A handler sees the rows and its own instant, never the clock or who is looking, and writes nothing before that instant. So it does
not matter when, or how often, somebody settles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fakejobs.hub import accounts, attempts, money, queue, ticks
from fakejobs.hub.plans import FREED, RETRY
from fakejobs.model.plan import NEVER
from fakejobs.store.settings import Due, delete_due, first_dues

if TYPE_CHECKING:
    from fakejobs.hub.state import State

Handler = Callable[["State", Due], None]

HANDLERS: Mapping[str, Handler] = {
    RETRY: attempts.retry,
    FREED: queue.freed,
    queue.GIVES_UP: queue.gives_up,
    accounts.USED_UP: money.used_up,
    ticks.TICK: ticks.tick,
    queue.READY: queue.ready,
}
"""What to do, by the kind of an entry."""


_BATCH = 16


def settle(state: State, now: int) -> None:
    """Handle everything that is due up to and including ``now``."""
    while dues := first_dues(state.database, now, limit=_BATCH):
        state.soonest = NEVER
        for due in dues:
            if state.soonest <= due.at:
                break  # what has been put there meanwhile may come first
            if delete_due(state.database, due):  # else a handler has taken it away
                HANDLERS[due.kind](state, due)
