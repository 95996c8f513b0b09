"""Hypothesis strategies for what goes over the wire.

They draw from the generators of `fakejobs.generate`, which follow the schema, so they cannot drift from it. What they give is consistent
(timestamps in order, durations that add up, keys that the stage allows) and shrinks to small, readable things:

>>> from hypothesis import given
>>> @given(job_payloads(stage="ERROR"))
... def test_my_parser(payload):
...     assert my_job(payload).failed

``date`` is a day of the contract: with ``date="2026-05-01"`` bodies have the keys and values of that day. Bodies are plain JSON, made anew
for each example, so a test may change them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import TypeVar

from hypothesis import strategies as st

from fakejobs.generate import faults, invalid, jobs, others, specs, streams, usage, values, webhooks
from fakejobs.generate.invalid import Broken, Query
from fakejobs.generate.others import ErrorAnswer
from fakejobs.generate.source import Source
from fakejobs.generate.streams import StreamCase
from fakejobs.generate.values import Body
from fakejobs.model.api_dates import LATEST, before
from fakejobs.model.stages import JobStage
from fakejobs.wire.dates import AUTHOR_SINCE, FLAT_SINCE, OWNER_SINCE
from fakejobs.wire.info import JobInfo
from fakejobs.wire.json_types import Json
from fakejobs.wire.schema import epoch

T = TypeVar("T")

_integers = lru_cache(maxsize=4096)(st.integers)
_texts = lru_cache(maxsize=1024)(st.text)
_characters = st.characters(codec="utf-8")
_booleans = st.booleans()


class Drawn:
    """The choices of a generator, drawn from Hypothesis: a `fakejobs.generate.source.Source` that shrinks.

    Args:
        draw: as `hypothesis.strategies.composite` gives it.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def integer(self, least: int, most: int) -> int:
        """See `fakejobs.generate.source.Source.integer`."""
        return self._draw(_integers(least, most))

    def chance(self, percent: int = 50) -> bool:
        """See `fakejobs.generate.source.Source.chance`."""
        if percent == 50:
            return self._draw(_booleans)
        return self._draw(_integers(0, 99)) >= 100 - percent

    def pick(self, options: Sequence[T]) -> T:
        """See `fakejobs.generate.source.Source.pick`."""
        return options[self._draw(_integers(0, len(options) - 1))]

    def text(self, shortest: int = 0, longest: int = 20) -> str:
        """See `fakejobs.generate.source.Source.text`."""
        return self._draw(_texts(_characters, min_size=shortest, max_size=longest))

    def word(self, alphabet: str, shortest: int, longest: int) -> str:
        """See `fakejobs.generate.source.Source.word`."""
        return self._draw(_texts(alphabet, min_size=shortest, max_size=longest))


@st.composite
def _from(draw: st.DrawFn, generator: Callable[[Source], T]) -> T:
    return generator(Drawn(draw))


def _of_day(generator: Callable[[Source, str], T], date: str) -> st.SearchStrategy[T]:
    """What a generator makes by the contract of a day; a bad date is an error here, and not in the first example."""
    epoch(date)
    return _from(lambda source: generator(source, date))


# ------------------------------------------------------------------------------------------- what is answered


def job_payloads(stage: JobStage | str | None = None, *, date: str = LATEST) -> st.SearchStrategy[Body]:
    """The body of a job, as every route answers it that answers one: a new `dict` of JSON, keys in the Hub's order.

    Times are in order and durations add up; keys are those that the stage allows; the id begins with the second of the creation, addresses
    have that id, owner and initiator agree. Simplest: a job on cpu-basic that waits, with nothing but an image.

    Args:
        stage: the stage that it is in; None: any.
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: there is no such stage, or there was none on that day; or ``date`` is not a date.
    """
    jobs.check_stage(stage, date)
    return _from(lambda source: jobs.job(source, stage, date))


def job_infos(stage: JobStage | str | None = None, *, date: str = LATEST) -> st.SearchStrategy[JobInfo]:
    """The same, read as `fakejobs.JobInfo`; without arguments, what ``st.from_type(JobInfo)`` gives.

    Args:
        stage: as for `job_payloads`.
        date: as for `job_payloads`.

    Raises:
        ValueError: as for `job_payloads`, or no client could read the jobs of that day: those of before 2025-05-20, and of 2025-08-02 to 06.
    """
    if before(date, FLAT_SINCE) or (before(date, OWNER_SINCE) and not before(date, AUTHOR_SINCE)):
        raise ValueError(
            f"date: no JobInfo could be read of the jobs of {date}; take job_payloads(date={date!r}), or another day"
        )
    return job_payloads(stage, date=date).map(JobInfo.from_wire)


def timelines(*, date: str = LATEST) -> st.SearchStrategy[list[Body]]:
    """What somebody who polls a job sees of it: bodies of one job, one or two for each stage that it goes through, in order.

    They follow the transition table, and may have several attempts: RUNNING, then SCHEDULING with one more in ``status.failureCount``. The poller
    may come late and leave early. Simplest: one look at a running job.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(jobs.timeline, date)


def stages(*, date: str = LATEST) -> st.SearchStrategy[JobStage]:
    """The stages that there were on a day. Simplest: SCHEDULING, or RUNNING before there was that.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    known = jobs.stages(date)
    return _from(lambda source: source.pick(known))


def scheduled_job_payloads(*, date: str = LATEST) -> st.SearchStrategy[Body]:
    """The body of a scheduled job. The next run comes after the creation and after the last run; a run's id begins with its second.

    Simplest: one that runs daily, has not run yet, and starts a job with nothing but an image.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(jobs.scheduled_job, date)


def hardware(*, date: str = LATEST) -> st.SearchStrategy[Body]:
    """An item of the hardware list: in three of four cases one that is offered, or else one that may be some day.

    Simplest: cpu-basic, as it is offered.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(others.hardware, date)


def whoami(*, date: str = LATEST) -> st.SearchStrategy[Body]:
    """The answer of ``GET /api/whoami-v2``: a user with a token of any role, in some organisations.

    A fine-grained token says what it may do. Simplest: fake-user, in no organisation.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(others.whoami, date)


def webhook_payloads(*, date: str = LATEST) -> st.SearchStrategy[Body]:
    """A webhook, as ``/api/settings/webhooks`` answers it: what it watches, and the job that it starts or the address that it calls.

    Simplest: one that watches a user, and calls an address or runs a job.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(webhooks.webhook, date)


def webhook_events() -> st.SearchStrategy[dict[str, object]]:
    """What the job of a webhook finds in ``WEBHOOK_PAYLOAD``: what has happened to which repository, and the webhook.

    Simplest: the content of a model has changed.
    """
    return _from(webhooks.payload)


def usage_payloads() -> st.SearchStrategy[Body]:
    """The answer of ``GET /api/settings/billing/usage/jobs``: jobs of one month, newest first, with minutes, costs and sums that add up.

    Simplest: no job.
    """
    return _from(usage.usage)


def metric_events() -> st.SearchStrategy[Body]:
    """The data of an event of the metrics of a job, one second of it. Simplest: the first second on cpu-basic."""
    return _from(usage.metrics)


def job_events(*, date: str = LATEST) -> st.SearchStrategy[list[Body]]:
    """What the events of a job say of it so far: each change of its stage, oldest first.

    No frame of that stream was ever published: the keys are those of the fake. Simplest: a job that waits.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(jobs.events, date)


def errors() -> st.SearchStrategy[ErrorAnswer]:
    """An error: status, body, and the headers that say something about it.

    The statuses are 400, 401, 402, 403, 404, 409, 429, 500 and 503; the text is one that users were answered, or any. Simplest: a job that is not found.
    """
    return _from(others.error)


def log_lines() -> st.SearchStrategy[str]:
    """A line of a log, without the line feed that ends it.

    Unicode, ANSI colours, carriage returns of progress bars, empty, up to 66,000 characters of one kind, and what looks like a part of a stream. Simplest: ``step 0``.
    """
    return _from(streams.log_line)


def sse_streams(*, any_sse: bool = False) -> st.SearchStrategy[StreamCase]:
    """A log stream in pieces, which end anywhere, also within a character; with the events and lines that are in it.

    Simplest: the start of a job, in one piece.

    Args:
        any_sse: also what the Hub does not send and the standard of server-sent events allows.
    """
    return _from(lambda source: streams.sse_stream(source, any_sse))


# ------------------------------------------------------------------------------------------- what is sent


def create_bodies(*, date: str = LATEST) -> st.SearchStrategy[Body]:
    """The body of ``POST /api/jobs/{namespace}``: it is accepted, also by what no schema says (one image, hardware that is offered).

    Simplest: an image and a flavor.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(specs.job_spec, date)


def job_specs(*, date: str = LATEST) -> st.SearchStrategy[Body]:
    """Everything that the schema of a job allows, also what the Hub may refuse for reasons that no schema can say.

    Beside `create_bodies` that is: hardware that is not offered, an image and a Space together or neither, public ports that are no ports. A
    fake whose quirks are all set to accept takes them. Simplest: as for `create_bodies`.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(specs.any_job_spec, date)


def create_scheduled_bodies(*, date: str = LATEST) -> st.SearchStrategy[Body]:
    """The body of ``POST /api/scheduled-jobs/{namespace}``: it is accepted, and there is always a next run.

    Simplest: an image and a flavor, daily.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(specs.scheduled_body, date)


def webhook_bodies(*, date: str = LATEST) -> st.SearchStrategy[Body]:
    """The body of ``POST /api/settings/webhooks``, with a job, the id of one, or an address.

    Those with a ``jobSourceId`` are accepted if there is such a job. Simplest: one that watches a user and runs a job again.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(webhooks.body, date)


def repo_events() -> st.SearchStrategy[dict[str, object]]:
    """Something that happens to a repository, as words: ``fakejobs.fire_event(**words)``. Simplest: the content of a model changes."""
    return _from(webhooks.event)


def labels() -> st.SearchStrategy[dict[str, str]]:
    """Up to three labels of a job, with keys and values of up to 100 characters; some have a ``name``. Simplest: none."""
    return _from(specs.labels)


def environments() -> st.SearchStrategy[dict[str, str]]:
    """Up to three variables of the environment: names as the Hub takes them, values of any text. Simplest: none."""
    return _from(specs.environment)


def volumes() -> st.SearchStrategy[Body]:
    """A volume to mount: a bucket, a model, a dataset or a Space, and where. Simplest: a bucket."""
    return _from(specs.volume)


def cron_expressions() -> st.SearchStrategy[str]:
    """A schedule that the Hub takes: an alias such as ``@daily``, or five to seven fields within what clocks and calendars have.

    What the Hub's pattern lets through besides (``*****`` without spaces, minute 99) is left out. Simplest: ``@daily``.
    """
    return _from(values.cron)


# --------------------------------------------------------------------------------------- what is refused


def invalid_create_bodies(*, date: str = LATEST) -> st.SearchStrategy[tuple[Json, Broken]]:
    """(body, broken): a body of ``POST /api/jobs/{namespace}`` that breaks exactly one rule, which ``broken`` names, with its place.

    Every rule of the schema at each of its places has its turn, and so have those that no schema can say; with the default quirks, the fake answers 400
    and names ``broken.path``. Simplest: a body without a flavor.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(invalid.create_body, date)


def invalid_scheduled_bodies(*, date: str = LATEST) -> st.SearchStrategy[tuple[Json, Broken]]:
    """(body, broken): likewise for ``POST /api/scheduled-jobs/{namespace}``; what is wrong with the job is at ``jobSpec``.

    Schedules that the Hub's pattern takes and that name no instant are the rule ``cron``. Simplest: a body without a job.

    Args:
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date.
    """
    return _of_day(invalid.scheduled_body, date)


def invalid_queries(
    routes: Collection[str] | None = None, *, date: str = LATEST
) -> st.SearchStrategy[tuple[Query, Broken]]:
    """(query, broken): a query of a list, a count or a log that breaks exactly one rule; ``str(query)`` is what stands in the URL.

    Args:
        routes: names of routes, such as "list" or "logs"; None: all that have a query.
        date: the day of the contract, as ISO date, or "latest".

    Raises:
        ValueError: ``date`` is not a date, or one of ``routes`` has no query on that day.
    """
    invalid.check_routes(routes, date)
    return _from(lambda source: invalid.query(source, date, routes))


# -------------------------------------------------------------------------------------------- what goes wrong


def fault_plans(*, most: int = 3) -> st.SearchStrategy[list[dict[str, object]]]:
    """A list of faults, as words for `FakeJobs.fault`: ``for words in plan: fakejobs.fault(**words)``.

    Each fires at most three times, and silence lasts a minute at most, so whoever tries again long enough gets through. Simplest: no fault; then a
    single 500.

    Args:
        most: how many faults there are at most.
    """
    return _from(lambda source: faults.plan(source, most))


# Hypothesis has been told already, when it was imported (`fakejobs.from_type`), unless its plugins are switched off.
st.register_type_strategy(JobInfo, job_infos())
