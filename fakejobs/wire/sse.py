"""Server-sent events, as the Hub frames them.

JSON is ASCII-escaped: httpx splits lines at U+2028, U+0085 and the like too, and would tear an event apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from fakejobs.model.api_dates import LATEST
from fakejobs.model.events import StageEvent
from fakejobs.model.logs import LogEntry
from fakejobs.model.metrics import Metrics
from fakejobs.model.times import to_iso, to_iso_seconds
from fakejobs.wire.history import body_on

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


def log_frames(entries: Iterable[LogEntry]) -> bytes:
    """Lines of a log: no ``event:``, no ``id:``; the start marker has no milliseconds (huggingface_hub#4202)."""
    return "".join(
        f'data: {{"data":{_encode(entry.text)},"timestamp":"'
        f'{to_iso_seconds(entry.at) if entry.is_start else to_iso(entry.at)}"}}\n\n'
        for entry in entries
    ).encode("ascii")


def metric_frame(metrics: Metrics) -> bytes:
    """One sample (documentation of ``fetch_job_metrics`` of huggingface_hub)."""
    return f"event: metric\ndata: {_encode(metrics)}\n\n".encode("ascii")


def event_frame(event: StageEvent, *, date: str = LATEST) -> bytes:
    """One change of stage, as of ``date``. No frame of this stream was ever published: this shape is ours."""
    return f"data: {_encode(body_on('job-event', event_body(event), date))}\n\n".encode("ascii")


def event_body(event: StageEvent) -> dict[str, str | None]:
    """The data of such a frame."""
    return {"stage": event.stage.value, "message": event.message, "timestamp": to_iso(event.at)}
