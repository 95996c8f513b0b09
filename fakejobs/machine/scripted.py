"""What a job of the model is scripted to do, and the life that this gives it: when its attempts start and end, and how."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, NamedTuple

from fakejobs.generate.values import Body
from fakejobs.model.quirks import Quirks

Then = Mapping[str, Any]
"""What a job is scripted to do: words of ``then``, with ``scheduling`` and ``running`` in seconds or ``"forever"``, and ``logs`` with offsets."""

Attempt = tuple[float, float]
"""When an attempt starts to run and when it is over, in milliseconds since the epoch; `math.inf`: never."""

DEFAULT_TIMEOUT = 1800
"""Seconds that an attempt may take if its job says nothing (documentation of ``run_job``)."""


class Ending(NamedTuple):
    """What a job is once it is over: ``stage``, ``message`` and ``cancelReason`` of its status."""

    stage: str
    message: str | None = None
    cancel_reason: str | None = None


def life(body: Body, then: Then, created: int, quirks: Quirks) -> tuple[list[Attempt], Ending]:
    """All attempts of a job that is submitted at ``created``, and its end.

    A failed attempt is followed by another as long as the job has some left. One that takes no time is the last, or else a job could fail
    for ever without time to do it.
    """
    ending = _ending(then, quirks)
    waits, runs = _ms(then["scheduling"]), _ms(then.get("running", 0))
    if then.get("image_pull_error"):
        return [(inf, created + waits)], ending
    timeout, most = _ms(body.get("timeoutSeconds") or DEFAULT_TIMEOUT), body.get("attempts", 1)
    assert isinstance(most, int)
    attempts: list[Attempt] = []
    since = created
    while True:
        start, end = since + waits, since + waits + runs
        counted = (start, since)
        if quirks.timeout_per == "job":
            counted = (attempts[0][0] if attempts else start, created)
        limit = timeout + counted[quirks.timeout_counts_from == "creation"]
        cut = limit < end
        if cut:
            start, end = start if start < limit else inf, max(limit, since)
        attempts.append((start, end))
        failed = quirks.timeout_retried == "yes" if cut else ending.stage == "ERROR"
        if not failed or len(attempts) >= most or not start < end < inf:
            return attempts, Ending("ERROR", "Job timeout") if cut else ending
        since = int(end)


def logged(then: Then) -> list[tuple[float, str]]:
    """What each attempt logs: milliseconds from its start, and texts."""
    return [(_ms(offset), text) for offset, text in then.get("logs", ())]


def _ending(then: Then, quirks: Quirks) -> Ending:
    stage, code, message = "ERROR", then.get("exit_code"), None
    if then.get("image_pull_error"):
        message = quirks.image_pull_message
    elif then.get("oom"):
        message = "Job failed with exit code: 137. Reason: OOMKilled"
    elif code:
        message = f"Job failed with exit code: {code}. Reason: Error"
    else:
        stage = then.get("stage", "COMPLETED")
    reason: str | None = then.get("cancel_reason")
    if stage == "CANCELED" and reason is None:
        message = quirks.cancel_message or None
    return Ending(stage, then.get("message") or message, reason)


def _ms(seconds: Any) -> float:
    return inf if seconds == "forever" else round(1000 * seconds)
