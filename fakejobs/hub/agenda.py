"""Putting entries into the agenda; what is done with them is in `fakejobs.hub.settle`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakejobs.store.settings import Due, insert_due

if TYPE_CHECKING:
    from fakejobs.hub.state import State


def note(state: State, due: Due) -> None:
    """Put an entry into the agenda."""
    insert_due(state.database, due)
    state.soonest = min(state.soonest, due.at)
