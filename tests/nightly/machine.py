"""`JobsMachine`, many times over: the fake as it is, and with each of its quirks the other way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fakejobs.machine import JobsMachine
from fakejobs.model.quirks import Quirks


def run(runs: int, steps: int, **quirks: str) -> None:
    """Play ``runs`` programs of up to ``steps`` steps; a divergence is an `AssertionError` with a short program."""

    class Machine(JobsMachine):
        options: ClassVar = {"quirks": quirks}

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


def other_quirks() -> Iterator[tuple[str, str]]:
    """Each quirk with each of its values that is not the default."""
    for quirk in fields(Quirks):
        for value in quirk.metadata["choices"][1:] or ("another text",):
            yield quirk.name, value
