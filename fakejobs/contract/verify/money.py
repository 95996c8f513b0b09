"""What a run may spend, has spent, and could still."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from fakejobs.contract.verify.facts import DEFAULT_TIMEOUT, Ask

EXPOSED_PER_HOUR = 10_000
"""Micro-dollars an hour for a job with exposed ports, on top (Hub documentation, "Pricing and Billing")."""


class TooDear(Exception):
    """A job that could cost more than is left, or whose price nobody knows; the message says which."""


class Purse:
    """Keeps a run within its limit. A job counts with the most that it can cost, until it is over.

    Args:
        limit: micro-dollars; None: nothing here costs anything.
        prices: micro-dollars a minute, by flavor.
    """

    def __init__(self, limit: int | None, prices: Mapping[str, int]) -> None:
        self.limit = limit
        self._prices = prices
        self._held: dict[str, int] = {}
        self.spent = 0
        """Micro-dollars that the jobs which are over have cost at most."""

    @property
    def committed(self) -> int:
        """Micro-dollars that all jobs up to now can cost at most."""
        return self.spent + sum(self._held.values())

    def upper(self, flavor: str, timeout: int, *, attempts: int = 1, exposed: bool = False) -> int:
        """The most that a job can cost, in micro-dollars: of each attempt, its timeout in begun minutes, and one for starting.

        Raises:
            TooDear: the flavor has no price.
        """
        if flavor not in self._prices:
            if self.limit is None:
                return 0
            raise TooDear(f"the hardware list of the server has no price for {flavor}")
        minutes = attempts * (-(-timeout // 60) + 1)
        return minutes * self._prices[flavor] + (-(-minutes * EXPOSED_PER_HOUR // 60) if exposed else 0)

    def upper_of(self, ask: Ask) -> int:
        """The most that the jobs of ``ask`` can cost together. See `upper`."""
        return ask.count * self.upper(ask.flavor, ask.timeout, attempts=ask.attempts, exposed=ask.exposed)

    def check(self, cost: int) -> None:
        """May ``cost`` be spent, too?

        Raises:
            TooDear: that could exceed the limit.
        """
        if self.limit is not None and self.committed + cost > self.limit:
            raise TooDear(
                f"could cost {dollars(cost)}, and of the limit of {dollars(self.limit)} only "
                f"{dollars(max(self.limit - self.committed, 0))} is left"
            )

    def hold(self, key: str, cost: int) -> None:
        """Count a job that may cost up to ``cost``."""
        self._held[key] = cost

    def rename(self, key: str, job_id: str) -> None:
        """The job that was counted as ``key`` has this id."""
        self._held[job_id] = self._held.pop(key)

    def release(self, key: str) -> None:
        """No job came of it."""
        self._held.pop(key, None)

    def settle(self, job_id: str, flavor: str, seconds: float) -> None:
        """A job is over, that many seconds after it was made: what it cost is known better now."""
        held = self._held.pop(job_id, None)
        if held is not None:
            self.spent += min(held, self.upper(flavor, max(int(seconds), 0), exposed=True))


def timeout_of(body: Mapping[str, object]) -> int:
    """Seconds that a job with this body has."""
    timeout = body.get("timeoutSeconds")
    return timeout if isinstance(timeout, int) and timeout > 0 else DEFAULT_TIMEOUT


def attempts_of(body: Mapping[str, object]) -> int:
    """How often a job with this body is tried at most."""
    attempts = body.get("attempts")
    return attempts if isinstance(attempts, int) and attempts > 0 else 1


def dollars(micro: int) -> str:
    """Micro-dollars for people: ``$0.0501``."""
    return f"${Decimal(micro) / 1_000_000:.4f}"


def micro(amount: float) -> int:
    """Dollars in micro-dollars, rounded down."""
    return int(Decimal(str(amount)) * 1_000_000)
