"""``--fakejobs-summary``: what all fakes of a run did together, also under pytest-xdist."""

from __future__ import annotations

from typing import Any

import pytest

from fakejobs import tally


class Summary:
    """The hooks of the summary; registered when it is asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._worker_output: dict[str, Any] | None = getattr(config, "workeroutput", None)
        self._before = tally.current
        self.tally = tally.current = tally.Tally()

    def pytest_sessionfinish(self) -> None:
        """Hand a worker's sums to its controller."""
        if self._worker_output is not None:
            self._worker_output["fakejobs"] = {"fakes": self.tally.fakes, "flavors": self.tally.flavors}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ARG002 - the name is pytest-xdist's
        """Add the sums of a worker; one that crashed has none."""
        sums = getattr(node, "workeroutput", {}).get("fakejobs")
        if sums is not None:
            self.tally.merge(sums["fakes"], sums["flavors"])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print it."""
        terminalreporter.section("fakejobs")
        fakes = self.tally.fakes
        lines = self.tally.lines()
        terminalreporter.line(f"{lines[0]}, in {fakes} fake{'' if fakes == 1 else 's'}")
        for line in lines[1:]:
            terminalreporter.line(line)

    def pytest_unconfigure(self) -> None:
        """Stop counting."""
        tally.current = self._before
