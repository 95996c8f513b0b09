"""Counting the requests of a caller, while the hub has a rate limit."""

from __future__ import annotations

from fakejobs.hub.state import State
from fakejobs.model.identity import Caller
from fakejobs.model.rate_limits import RateLimit, Usage
from fakejobs.store.settings import get_meta, set_meta


def use(state: State, limit: RateLimit, caller: Caller | None, address: str) -> Usage:
    """Count one more request of a caller, or of an address that is nobody's.

    What is left of a window is kept in the store, so it is the same after a restart.
    """
    with state.act() as now:
        key = f"requests of {address if caller is None else caller.user.name}"
        begins = now - now % limit.window
        kept = get_meta(state.database, key)
        used = kept[1] if isinstance(kept, list) and kept[0] == begins else 0
        usage = Usage(
            limit.quota(state.settings.identity, caller), used + 1, begins + limit.window, now, limit.window
        )
        set_meta(state.database, key, [begins, usage.used])
        return usage
