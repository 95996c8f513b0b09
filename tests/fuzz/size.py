"""How many examples: a share in ordinary runs, always the same; many times as many, and new ones, in the nightly run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TIMES = "FAKEJOBS_FUZZ_TIMES"
"""Environment variable: how many times the ordinary number of examples."""


SEED = "FAKEJOBS_FUZZ_SEED"
"""Environment variable: what the examples of a nightly run are made from, for those that schemathesis makes."""


def times() -> int:
    """The factor that is asked for: 1 in ordinary runs."""
    return int(os.environ.get(TIMES, "1"))


def seed() -> int:
    """The seed that is asked for: 0 in ordinary runs."""
    return int(os.environ.get(SEED, "0"))


def share(examples: int) -> settings:
    """The settings of a fuzz test that takes so many examples in ordinary runs.

    Large examples and slow strategies are meant here, so their health checks say nothing.
    """
    return settings(
        max_examples=examples * times(),
        derandomize=times() == 1,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
        deadline=None,
    )
