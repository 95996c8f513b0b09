"""What jobs would have cost, in dollars, by flavor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from fakejobs.model.billing import cost_at, dollars
from fakejobs.model.flavors import Flavor
from fakejobs.model.job import JobAt
from fakejobs.model.quirks import Quirks

_DEFAULT = Quirks()


class Cost(Decimal):
    """Dollars. It is a `Decimal`; compare it, add it, print it.

    Attributes:
        by_flavor: the same by flavor, in the order in which the flavors were first used; the sum is this value.
    """

    by_flavor: Mapping[str, Decimal]

    def __new__(cls, by_flavor: Mapping[str, Decimal]) -> Cost:
        """Add the flavors up."""
        made = super().__new__(cls, sum(by_flavor.values(), Decimal(0)))
        made.by_flavor = MappingProxyType(dict(by_flavor))
        return made

    def __reduce__(self) -> tuple[type[Cost], tuple[dict[str, Decimal]]]:  # type: ignore[override]  # of this class, narrower than any object's
        return Cost, (dict(self.by_flavor),)

    def __copy__(self) -> Cost:
        return self

    def __deepcopy__(self, _memo: object) -> Cost:
        return self


def cost_of(seen: JobAt, flavors: Mapping[str, Flavor], quirks: Quirks = _DEFAULT) -> Decimal:
    """What one job has cost so far: each minute that it has begun to run, of every attempt, at the price of its hardware, and its exposed ports.

    Flavors that the Hub does not list have no price; they cost nothing here.
    """
    return dollars(cost_at(seen.job, flavors, seen.now, quirks))


def cost_of_all(jobs: Iterable[JobAt], flavors: Mapping[str, Flavor], quirks: Quirks = _DEFAULT) -> Cost:
    """What jobs have cost so far."""
    by_flavor: dict[str, Decimal] = {}
    for seen in jobs:
        name = seen.job.flavor
        by_flavor[name] = by_flavor.get(name, Decimal(0)) + cost_of(seen, flavors, quirks)
    return Cost(by_flavor)


def running_ms(seen: JobAt) -> int:
    """How long a job has run so far, all attempts together, in milliseconds."""
    plan = seen.job.plan
    length = sum(end - start for start, end in plan.earlier)
    if (started := plan.started_at(seen.now)) is not None:
        length += min(seen.now, plan.end) - started
    return length
