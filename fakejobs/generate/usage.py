"""What jobs have used, and what their streams say beside logs: metrics and changes of stage."""

from __future__ import annotations

from fakejobs.generate.source import Source, several
from fakejobs.generate.values import Body, instant, object_id
from fakejobs.model.billing import MINUTE, month_of
from fakejobs.model.flavors import FLAVORS
from fakejobs.model.metrics import metrics_at
from fakejobs.model.times import to_iso
from fakejobs.wire.json_types import Json


def usage(source: Source) -> Body:
    """The answer of ``GET /api/settings/billing/usage/jobs``: jobs of one month, newest first, and sums that add up."""
    now = instant(source)
    start, end = month_of(now)
    used = several(source, lambda: _used_job(source, start, now), 0, 4)
    used.sort(key=lambda each: str(each["startedAt"]), reverse=True)
    items: list[Json] = [*used]
    return {
        "usage": {
            "usedMicroUsd": sum(_number(each["totalCostMicroUsd"]) for each in used),
            "totalMinutes": sum(_number(each["totalMinutes"]) for each in used),
            "periodStart": to_iso(start),
            "periodEnd": to_iso(end),
            "jobDetails": items,
        },
        "hasAccess": not source.chance(20),
    }


def metrics(source: Source) -> Body:
    """The data of an event of ``GET .../metrics``: a second of a job on some hardware."""
    flavor = source.pick(FLAVORS)
    second = source.integer(0, 100_000)
    made = metrics_at(flavor, seed=source.integer(0, 2**32), key=object_id(source), second=second)
    return {**made}  # type: ignore[dict-item]  # it is made of JSON


def _used_job(source: Source, start: int, now: int) -> Body:
    flavor = source.pick(FLAVORS)
    ran = source.integer(0, now - start)
    began = now - ran
    minutes = -(-ran // MINUTE)
    over = not source.chance(30)
    body: Body = {
        "jobId": f"{began // 1000:08x}{object_id(source)[8:]}",
        "hardwareFlavor": flavor.name,
        "totalMinutes": minutes,
        "totalCostMicroUsd": minutes * flavor.micro_usd,
        "startedAt": to_iso(began),
    }
    if over:
        body["completedAt"] = to_iso(now)
    return body


def _number(each: Json) -> int:
    assert isinstance(each, int)
    return each
