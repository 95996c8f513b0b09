"""All facts, in the order in which they are tried: what needs no job first."""

from __future__ import annotations

from fakejobs.contract.verify import (
    account,
    changes,
    creation,
    errors,
    lifecycle,
    limits,
    lists,
    permissions,
    schedules,
    streams,
    ticks,
    usage,
    webhooks,
)
from fakejobs.contract.verify.facts import Fact

FACTS: tuple[Fact, ...] = (
    *account.FACTS,
    *errors.FACTS,
    *creation.FACTS,
    *lifecycle.FACTS,
    *changes.FACTS,
    *streams.FACTS,
    *lists.FACTS,
    *schedules.FACTS,
    *ticks.FACTS,
    *webhooks.FACTS,
    *permissions.FACTS,
    *usage.FACTS,
    *limits.FACTS,
)
"""Every fact. Names are unique."""
