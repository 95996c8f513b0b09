"""`JobsMachine`, many times over."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fakejobs.machine import JobsMachine


def run(runs: int, steps: int) -> None:
    """Play ``runs`` programs of up to ``steps`` steps; a divergence is an `AssertionError` with a short program."""
    run_state_machine_as_test(
        JobsMachine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
