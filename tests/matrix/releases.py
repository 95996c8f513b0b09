"""The client releases of the matrix: of `huggingface_hub` from 0.34 on the first and the last patch of each minor release, of ``hfjobs``
those of its last changes, and the newest ``@huggingface/hub``.

A release that pip does not offer (1.3.6, 1.16.2, 1.16.3, 2.1.0) is not among them.
"""

from __future__ import annotations

from dataclasses import dataclass

JAVASCRIPT = "@huggingface/hub"
HFJOBS = "hfjobs"


@dataclass(frozen=True)
class Release:
    """A release of a client.

    Attributes:
        name: of huggingface_hub the number; of others, the client and the number. It is the name of its environment.
        day: the day on which it was published, as an ISO date in UTC.
        generation: what it asks with: requests, httpx, httpx2 or fetch.
    """

    name: str
    day: str
    generation: str

    @property
    def client(self) -> str:
        """The name of the client."""
        if self.name.startswith(JAVASCRIPT):
            return JAVASCRIPT
        return HFJOBS if self.name.startswith(HFJOBS) else "huggingface_hub"

    @property
    def number(self) -> tuple[int, ...]:
        """The number of the release, to be compared with others of the same client."""
        text = self.name.replace(JAVASCRIPT, "").replace(HFJOBS, "").strip("-")
        return tuple(int(part) for part in text.split("."))


# The days on which the files were uploaded to PyPI; for JavaScript, to npm.
_DAYS = {
    "requests": {
        "hfjobs-0.5.3": "2025-05-15",
        "hfjobs-0.6.0": "2025-05-20",
        "hfjobs-0.6.2": "2025-06-24",
        "0.34.0": "2025-07-25",
        # From the next one on, the owner of a job may have a type.
        "0.34.3": "2025-07-29",
        "0.34.4": "2025-08-08",
        "0.34.6": "2025-09-16",
        "0.35.0": "2025-09-16",
        "0.35.3": "2025-09-29",
        "0.36.0": "2025-10-23",
        "0.36.2": "2026-02-06",
    },
    "httpx": {
        "1.0.0": "2025-10-27",
        "1.0.1": "2025-10-28",
        "1.1.0": "2025-11-05",
        "1.1.7": "2025-12-01",
        "1.2.0": "2025-12-05",
        # The last one that asks https://huggingface.co whatever the endpoint is.
        "1.2.3": "2025-12-12",
        "1.2.4": "2026-01-06",
        "1.3.0": "2026-01-09",
        "1.3.7": "2026-02-02",
        "1.4.0": "2026-02-04",
        "1.4.1": "2026-02-06",
        "1.5.0": "2026-02-26",
        "1.6.0": "2026-03-06",
        "1.7.0": "2026-03-13",
        "1.7.2": "2026-03-20",
        "1.8.0": "2026-03-25",
        "1.9.0": "2026-04-03",
        "1.9.2": "2026-04-08",
        "1.10.0": "2026-04-09",
        "1.10.2": "2026-04-14",
        "1.11.0": "2026-04-16",
        "1.12.0": "2026-04-24",
        "1.12.2": "2026-04-29",
        "1.13.0": "2026-04-30",
        "1.14.0": "2026-05-06",
        "1.15.0": "2026-05-15",
        "1.16.0": "2026-05-21",
        "1.16.4": "2026-05-26",
        "1.17.0": "2026-05-28",
        "1.18.0": "2026-06-05",
        "1.19.0": "2026-06-11",
        "1.20.0": "2026-06-18",
        "1.20.1": "2026-06-18",
        "1.21.0": "2026-06-25",
        "1.22.0": "2026-07-03",
        "1.23.0": "2026-07-09",
        "1.24.0": "2026-07-17",
        "1.25.0": "2026-07-27",
        "1.25.1": "2026-07-27",
        "1.26.0": "2026-07-30",
        "1.26.1": "2026-08-06",
        "1.27.0": "2026-08-07",
        "1.28.0": "2026-08-18",
        "1.29.0": "2026-08-27",
        "1.30.0": "2026-09-03",
        "1.31.0": "2026-09-10",
        "1.32.0": "2026-09-17",
        "1.33.0": "2026-09-24",
    },
    "httpx2": {
        "2.0.0": "2026-09-24",
        "2.1.1": "2026-10-01",
        "2.2.0": "2026-10-08",
        "2.3.0": "2026-10-23",
        "2.4.0": "2026-10-29",
    },
    "fetch": {"@huggingface/hub-2.17.5": "2026-09-22"},
}

RELEASES = tuple(
    Release(name, day, generation) for generation, days in _DAYS.items() for name, day in days.items()
)
"""All of them: by generation, oldest first."""

SUBSET = (
    "hfjobs-0.6.2",
    "0.34.0",
    "0.34.3",
    "0.36.2",
    "1.0.0",
    "1.3.0",
    "1.13.0",
    "1.20.1",
    "1.33.0",
    "2.0.0",
    "2.4.0",
    "@huggingface/hub-2.17.5",
)
"""The first, the last, and one of each generation of the wire: what CI runs."""


def release(name: str) -> Release:
    """The release of a name; of huggingface_hub, the number is its name.

    Raises:
        ValueError: it is not in the matrix.
    """
    for each in RELEASES:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in RELEASES)
    raise ValueError(f"{name} is not in the matrix; there are {known}")
