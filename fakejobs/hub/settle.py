"""The agenda: what depends on several jobs happens here, in order, before anybody reads or commands.

A handler sees the rows and its own instant, never the clock or who is looking, and writes nothing before that instant. So it does
not matter when, or how often, somebody settles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fakejobs.hub import attempts, queue
from fakejobs.hub.plans import FREED, RETRY
from fakejobs.store.settings import Due, delete_due, next_due

if TYPE_CHECKING:
    from fakejobs.hub.state import State

Handler = Callable[["State", Due], None]

HANDLERS: Mapping[str, Handler] = {RETRY: attempts.retry, FREED: queue.freed, queue.READY: queue.ready}
"""What to do, by the kind of an entry."""


def settle(state: State, now: int) -> None:
    """Handle everything that is due up to and including ``now``."""
    while (due := next_due(state.database)) is not None and due.at <= now:
        delete_due(state.database, due)
        HANDLERS[due.kind](state, due)
