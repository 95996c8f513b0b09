"""As of which day a client is answered: the day of the server, or, with ``auto``, what its User-Agent can read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from fakejobs.model.api_dates import AUTO, LATEST, before
from fakejobs.wire.dates import NOT_ACCEPTABLE_SINCE, PAGES_SINCE, WEBHOOK_JOBS_SINCE
from fakejobs.wire.history import body_on, owners_on

Body = TypeVar("Body")
Release = tuple[int, int, int]

# What releases of huggingface_hub cannot read, found by giving answers to each of them.
_TYPED_OWNERS: Release = (0, 34, 4)
_JOB_WEBHOOKS: Release = (0, 36, 0)
_PAGES: Release = (1, 21, 0)
_NOT_ACCEPTABLE: Release = (2, 2, 0)

_PYTHON = re.compile(r"\bhf_hub/(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
# @huggingface/hub says what runs it, or that library's own word; none of its releases asks for a second page.
_JAVASCRIPT = re.compile(r"(node|undici|Deno|Bun)\b")
_BEFORE_AUTHORS = "2025-08-01"


@dataclass(frozen=True)
class Dialect:
    """How a client is answered.

    Attributes:
        date: as of which day (ISO), or `LATEST`.
        paged: whether lists come in pages.
        owners: as of which day owners of jobs are, if not ``date``.
        job_webhooks: whether webhooks that start jobs, and have no URL, are listed.
        finished_metrics: the status of a request for the metrics of a job that is over, if it is not 406.
    """

    date: str = LATEST
    paged: bool = True
    owners: str | None = None
    job_webhooks: bool = True
    finished_metrics: int | None = None

    def body(self, piece: str, body: Body) -> Body:
        """An answer of today, as this client gets it; see `fakejobs.wire.history.body_on`."""
        if self.owners is not None:
            body = owners_on(piece, body, self.owners)
        return body_on(piece, body, self.date)


NEWEST = Dialect()
"""Today's API, as it is."""


def dialect_of(api: str, user_agent: str) -> Dialect:
    """How a client is answered by a server whose ``api`` is this.

    Args:
        api: as `fakejobs.model.api_dates.api_from` gives it.
        user_agent: the header, or nothing. One that is not known is taken for a client of today.
    """
    if api == LATEST:
        return NEWEST
    return _of_client(user_agent[:1000]) if api == AUTO else _of_day(api)


@lru_cache(maxsize=64)
def _of_day(day: str) -> Dialect:
    return Dialect(
        date=day,
        paged=not before(day, PAGES_SINCE),
        job_webhooks=not before(day, WEBHOOK_JOBS_SINCE),
        finished_metrics=500 if before(day, NOT_ACCEPTABLE_SINCE) else None,
    )


@lru_cache(maxsize=256)
def _of_client(user_agent: str) -> Dialect:
    found = _PYTHON.search(user_agent)
    if found is None:
        return Dialect(paged=_JAVASCRIPT.match(user_agent) is None)
    release = (int(found[1]), int(found[2]), int(found[3]))
    return Dialect(
        paged=release >= _PAGES,
        owners=_BEFORE_AUTHORS if release < _TYPED_OWNERS else None,
        job_webhooks=release >= _JOB_WEBHOOKS,
        finished_metrics=None if release >= _NOT_ACCEPTABLE else 500,
    )
