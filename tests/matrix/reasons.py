"""Why a cell does not work: every failure has one of these reasons, each with its source. One that has none fails the check."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.matrix.releases import HFJOBS, JAVASCRIPT, Release

HUGGINGFACE_HUB = "huggingface_hub"
EVERY = (0,), (999,)


@dataclass(frozen=True)
class Reason:
    """Why cells fail.

    Attributes:
        text: why, in a sentence or two.
        source: where that can be read.
        clients: of each client that it is about, the first and the last release.
        columns: against the API of which dates.
        rows: a pattern for the rows.
        error: a pattern for what they end in.
        on_the_hub: whether the real Hub fails there too.
    """

    text: str
    source: str
    clients: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    columns: tuple[str, ...]
    rows: str
    error: str
    on_the_hub: bool = True

    def explains(self, release: Release, column: str, row: str, outcome: str) -> bool:
        """Whether it is the reason of a failure."""
        if release.client not in self.clients or column not in self.columns:
            return False
        first, last = self.clients[release.client]
        return (
            first <= release.number <= last
            and re.fullmatch(self.rows, row) is not None
            and re.search(self.error, outcome) is not None
        )


REASONS: tuple[Reason, ...] = (
    Reason(
        "Until 0.34.4, a job's `owner` may have nothing but `id` and `name`; the Hub has sent `type` since August 2025. "
        "The job is started all the same.",
        "huggingface_hub#3283, huggingface_hub#3291; `JobOwner` in 0.34.3 and 0.34.4",
        {HUGGINGFACE_HUB: ((0, 34, 0), (0, 34, 3))},
        ("latest",),
        ".*",
        r"JobOwner\.__init__\(\) got an unexpected keyword argument 'type'",
    ),
    Reason(
        "Since 22 June 2026 the list of jobs comes in pages. Up to 1.20 the client reads the first, and does not say that there are "
        "more; the JavaScript client still does.",
        "the Hub's OpenAPI (`cursor`, `Link`); `list_jobs` in 1.20.1 and 1.21.0; `listJobs` in @huggingface/hub 2.17.5",
        {HUGGINGFACE_HUB: ((0, 34, 0), (1, 20, 99)), JAVASCRIPT: EVERY},
        ("latest", "own day"),
        "list_?[jJ]obs, 120 of them",
        "of 120 jobs, it sees: 100, not 120",
    ),
    Reason(
        "The metrics of a job that is over are a 406, which 1.11.0 to 2.1.1 do not take for the end; 2.2.0 does.",
        "`fetch_job_metrics` in 2.1.1 and 2.2.0",
        {HUGGINGFACE_HUB: ((1, 11, 0), (2, 1, 1))},
        ("latest", "own day"),
        "fetch_job_metrics, finished",
        "406",
    ),
    Reason(
        "Until 0.6.0 a job was `{metadata, spec, status}`; the Hub has answered with today's shape since May 2025. For `auto`, hfjobs says "
        "which huggingface_hub it runs on, but not which release it is itself.",
        "hfjobs 0.5.3 and 0.6.0",
        {HFJOBS: ((0, 5, 0), (0, 5, 99))},
        ("latest", "auto"),
        "hfjobs (run|run -d|ps|ps -a|logs)",
        r"KeyError: 'metadata'|is not in what it printed",
    ),
    Reason(
        "Until 0.6.1 logs are asked for at `/logs-stream`; the Hub has had them at `/logs` since June 2025. For `auto`, see the reason before.",
        "hfjobs 0.6.0 and 0.6.1",
        {HFJOBS: ((0, 6, 0), (0, 6, 0))},
        ("latest", "auto"),
        "hfjobs (run|logs)",
        "'one' is not in what it printed",
    ),
    Reason(
        "`hf` of 1.15.0 and 1.16.0 does what it is told and then ends with an error, whatever the server, with a typer that is newer than it "
        "knows (0.29.2 has a click of its own); 1.16.4 asks for one before 0.26.",
        "`hf version` of 1.15.0 with typer 0.29.2 and click 8.5.1; the requirements of 1.16.0 and 1.16.4",
        {HUGGINGFACE_HUB: ((1, 15, 0), (1, 16, 0))},
        ("latest", "auto", "own day"),
        "hf jobs .*",
        "^Exit: 0$",
    ),
)


def reason_of(release: Release, column: str, row: str, outcome: str) -> int | None:
    """The number of the reason of a failure, counted from 1; None if it has none."""
    for number, reason in enumerate(REASONS, 1):
        if reason.explains(release, column, row, outcome):
            return number
    return None
