"""Facts about streams: logs, metrics, events."""

from __future__ import annotations

import re

from fakejobs.contract.verify.facts import OPENAPI, Ask, fact
from fakejobs.contract.verify.lives import FAILS, PRINTS, fails, prints
from fakejobs.contract.verify.probe import Probe
from fakejobs.contract.verify.programs import ODD, PRINTED
from fakejobs.contract.verify.seen import OVER, stage_of
from fakejobs.contract.verify.stream import Frame
from fakejobs.contract.verify.transport import NotAsExpected
from fakejobs.model.times import from_iso
from fakejobs.wire.json_types import Json

FRAMES = "huggingface_hub#4202; a recorded response in huggingface_hub_rust"
SAMPLE = "the documentation of fetch_job_metrics of huggingface_hub"
RUNS = Ask("sleeps", timeout=300, once="runs")
SILENCE = 40.0
"""Real seconds in which a stream that has nothing to say has to say so."""

_START = re.compile(r"===== Job started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) =====")
_FRAME = re.compile(rb'data: \{"data":"(?:[^"\\]|\\.)*","timestamp":"[^"]*"\}\n\n')
_MS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def _runs(probe: Probe) -> str:
    """The id of a job that runs as long as facts want it."""
    return probe.once("runs", lambda: probe.running("sleeps", timeoutSeconds=300))


def _log(probe: Probe, job_id: str, **query: list[str]) -> list[Frame]:
    """All frames of the log of a job that is over."""
    with probe.follow(f"/{job_id}/logs", **query) as stream:
        if stream.status != 200:
            raise NotAsExpected("200", str(stream.status))
        return stream.rest()


def _lines(frames: list[Frame]) -> list[Json]:
    return [frame.data.get("data") for frame in frames]


def _raw(frames: list[Frame]) -> str:
    return b"".join(frame.raw for frame in frames).decode("utf-8", "replace")


@fact(source="drbh/hfjobs-menubar; clients ask for it", asks=[PRINTS], seconds=120)
def type_of_logs(probe: Probe) -> None:
    """Logs are server-sent events."""
    with probe.follow(f"/{prints(probe).id}/logs") as stream:
        probe.same("status", 200, stream.status)
        kind = stream.content_type or ""
        probe.holds("Content-Type", "text/event-stream…", kind, kind.startswith("text/event-stream"))


@fact(source=FRAMES, asks=[PRINTS], seconds=120)
def frames_of_logs(probe: Probe) -> None:
    """A frame of a log is data: {"data":…,"timestamp":…} and an empty line, nothing else: no event, no id,
    no retry."""
    for frame in _log(probe, prints(probe).id):
        raw = frame.raw.decode("utf-8", "replace")
        probe.holds("frame", 'data: {"data":"…","timestamp":"…"}', raw, bool(_FRAME.fullmatch(frame.raw)))


@fact(source=FRAMES, asks=[PRINTS], seconds=120)
def first_line_of_a_log(probe: Probe) -> None:
    """The first line of a log says when the job started, and so does its timestamp, in whole seconds."""
    life = prints(probe)
    frames = _log(probe, life.id)
    if not frames:
        raise NotAsExpected("frames", "none")
    first = frames[0].data
    match = _START.fullmatch(str(first.get("data")))
    text = "===== Job started at YYYY-MM-DD HH:MM:SS ====="
    probe.holds("line", text, first.get("data"), match is not None)
    if match is None:
        return
    probe.same("timestamp", match[1].replace(" ", "T") + "Z", first.get("timestamp"))
    apart = abs(from_iso(str(first.get("timestamp"))) - from_iso(str(life.final["startedAt"]))) / 1000
    probe.holds("seconds from startedAt", "below 30", apart, apart < 30)


@fact(source=FRAMES, asks=[PRINTS, FAILS], seconds=240)
def lines_of_a_log(probe: Probe) -> None:
    """Then come the lines that the program printed, each once, in their order; nothing marks the end."""
    probe.same("lines", list(PRINTED), _lines(_log(probe, prints(probe).id))[1:])
    probe.same("lines of a failure", ["about to fail"], _lines(_log(probe, fails(probe).id))[1:])


@fact(source=FRAMES, asks=[PRINTS], seconds=120)
def timestamps_of_a_log(probe: Probe) -> None:
    """Lines have timestamps with milliseconds that do not go backwards, from the start of the job to its
    end."""
    life = prints(probe)
    texts = [str(frame.data.get("timestamp")) for frame in _log(probe, life.id)][1:]
    probe.holds("spelling", "YYYY-MM-DDTHH:MM:SS.mmmZ", texts, all(_MS.fullmatch(text) for text in texts))
    times = [from_iso(text) for text in texts]
    probe.holds("order", "does not go backwards", texts, times == sorted(times))
    started, finished = (from_iso(str(life.final[key])) for key in ("startedAt", "finishedAt"))
    inside = all(started - 2000 <= time <= finished + 2000 for time in times)
    probe.holds("lines", "between startedAt and finishedAt", texts, inside)


@fact(source="huggingface_hub, _stream_sse_events: it resumes by counting", asks=[PRINTS], seconds=120)
def replay(probe: Probe) -> None:
    """Every connection gets the whole log, the same bytes."""
    job_id = prints(probe).id
    probe.same("second time", _raw(_log(probe, job_id)), _raw(_log(probe, job_id)))


@fact(source="huggingface_hub#4202", asks=[PRINTS], seconds=120)
def tail(probe: Probe) -> None:
    """tail=N is the line of the start and the last N lines."""
    job_id = prints(probe).id
    whole = _log(probe, job_id)
    for count in (0, 1, 2, len(PRINTED), 1000):
        expected = _raw(whole[:1] + whole[1:][len(PRINTED) - min(count, len(PRINTED)) :])
        probe.same(f"tail={count}", expected, _raw(_log(probe, job_id, tail=[str(count)])))


@fact(source=OPENAPI, asks=[PRINTS], seconds=120)
def tail_of_nothing(probe: Probe) -> None:
    """tail is a whole number from 0 on; else it is refused with 400."""
    for value in ("-1", "x", "1.5"):
        probe.same(f"tail={value}", 400, probe.get(f"/{prints(probe).id}/logs", tail=[value]).status)


@fact(
    source="samples in the Hub documentation, “Manage Jobs”; the details are assumed",
    asks=[Ask("odd")],
    seconds=120,
)
def odd_lines(probe: Probe) -> None:
    """Text is passed on as it was printed: colours, progress bars, separators of all kinds, long lines."""
    life = probe.life("odd")
    probe.same("stage", "COMPLETED", stage_of(life.final))
    lines = _lines(_log(probe, life.id))[1:]
    probe.same("number of lines", len(ODD), len(lines))
    for number, (expected, seen) in enumerate(zip(ODD, lines, strict=False), 1):
        probe.same(f"line {number}", expected, seen)


@fact(source="huggingface_hub, fetch_job_logs(follow=True)", asks=[Ask("prints")], seconds=120)
def following_a_log(probe: Probe) -> None:
    """A log that is followed goes on until the job is over, then ends; nothing of it is lost or comes
    twice."""
    job_id = probe.running("prints")
    with probe.follow(f"/{job_id}/logs") as stream:
        first = stream.next()
        if first is None:
            raise NotAsExpected("the line of the start", "nothing")
        probe.watch(job_id, OVER)
        followed = [first, *stream.rest()]
    probe.same("log", _raw(_log(probe, job_id)), _raw(followed))


@fact(
    source="huggingface_hub#4345 saw it end",
    asks=[Ask("prints")],
    quirks=["logs_while_scheduling"],
    seconds=120,
)
def log_of_a_job_that_waits(probe: Probe) -> None:
    """A log of a job that waits for its hardware."""
    job_id = probe.new("prints")
    with probe.follow(f"/{job_id}/logs") as stream:
        probe.same("status", 200, stream.status)
        probe.watch(job_id, OVER)
        seen = "held open" if stream.rest() else "ended without a frame"
    choices = {"hold": "held open", "close": "ended without a frame"}
    probe.by_quirk("logs_while_scheduling", "stream", choices, seen)


@fact(source="huggingface_hub, _stream_sse_events", asks=[RUNS], seconds=120, real=SILENCE)
def keep_alive(probe: Probe) -> None:
    """A stream that is silent for thirty seconds says “: keep-alive”."""
    with probe.follow(f"/{_runs(probe)}/logs") as stream:
        comment = stream.comment(SILENCE)
    seen = None if comment is None else comment.decode("utf-8", "replace")
    probe.same("comment", ": keep-alive\n\n", seen)


@fact(source=SAMPLE, asks=[RUNS], seconds=120)
def metrics(probe: Probe) -> None:
    """Metrics are server-sent events of the kind “metric”, about one a second, with these keys in this
    order."""
    keys = [
        "cpu_usage_pct", "cpu_millicores", "memory_used_bytes", "memory_total_bytes", "rx_bps", "tx_bps", "gpus",
        "replica",
    ]  # fmt: skip
    with probe.follow(f"/{_runs(probe)}/metrics") as stream:
        probe.same("status", 200, stream.status)
        kind = stream.content_type or ""
        probe.holds("Content-Type", "text/event-stream…", kind, kind.startswith("text/event-stream"))
        for number in range(3):
            frame = stream.next()
            if frame is None:
                raise NotAsExpected(f"frame {number + 1}", "none")
            raw = frame.raw
            ours = (
                raw.startswith(b"event: metric\ndata: {") and raw.endswith(b"}\n\n") and raw.count(b"\n") == 3
            )
            probe.holds("frame", "event: metric, data: {…}", raw.decode("utf-8", "replace"), ours)
            probe.same("keys", keys, list(frame.data))
            probe.pause(1)


@fact(source=SAMPLE, asks=[RUNS], seconds=120)
def metrics_of_cpu_basic(probe: Probe) -> None:
    """On cpu-basic the metrics have 2000 millicores, 16 GiB, no cards, and the five characters of the
    replica."""
    with probe.follow(f"/{_runs(probe)}/metrics") as stream:
        frame = stream.next()
    if frame is None:
        raise NotAsExpected("a frame", "none")
    sample = frame.data
    probe.same("cpu_millicores", 2000, sample.get("cpu_millicores"))
    probe.same("memory_total_bytes", 17_179_869_184, sample.get("memory_total_bytes"))
    probe.same("gpus", {}, sample.get("gpus"))
    replica = str(sample.get("replica"))
    probe.holds("replica", "five letters or digits", replica, bool(re.fullmatch("[0-9a-z]{5}", replica)))


@fact(source=SAMPLE, asks=[Ask("sleeps")], seconds=120)
def metrics_do_not_end(probe: Probe) -> None:
    """Metrics do not end with the job: whoever reads them has to ask for its stage."""
    job_id = probe.running("sleeps")
    with probe.follow(f"/{job_id}/metrics") as stream:
        probe.holds("first frame", "there", "none", stream.next() is not None)
        probe.post(f"/{job_id}/cancel")
        probe.pause(2)
        probe.same("still open, job in CANCELED", True, stream.still_open(1.0))


@fact(
    source="huggingface_hub 2.2.0: “406 (previously a 500)”",
    asks=[PRINTS],
    quirks=["metrics_of_finished"],
    seconds=120,
)
def metrics_of_what_is_over(probe: Probe) -> None:
    """Metrics of a job that is over."""
    with probe.follow(f"/{prints(probe).id}/metrics") as stream:
        seen: Json = stream.status
        if stream.status == 200:
            seen = "ends at once" if not stream.rest() else "frames"
    choices = {"406": 406, "500": 500, "empty": "ends at once"}
    probe.by_quirk("metrics_of_finished", "answer", choices, seen)


@fact(source="assumed; no frame of this stream was ever published", asks=[PRINTS, FAILS], seconds=240)
def events(probe: Probe) -> None:
    """The events of a job are its stages, with their messages, and end with it."""
    for what, life in (("success", prints(probe)), ("failure", fails(probe))):
        final = life.final
        status = final["status"]
        message = status.get("message") if isinstance(status, dict) else None
        with probe.follow(f"/{life.id}/events") as stream:
            probe.same("status", 200, stream.status)
            frames = stream.rest()
        expected: Json = [
            {"stage": "SCHEDULING", "message": None, "timestamp": final["createdAt"]},
            {"stage": "RUNNING", "message": None, "timestamp": final["startedAt"]},
            {"stage": stage_of(final), "message": message, "timestamp": final["finishedAt"]},
        ]
        seen: Json = [frame.data for frame in frames]
        probe.same(f"events of a {what}", expected, seen)


FACTS = (
    type_of_logs,
    frames_of_logs,
    first_line_of_a_log,
    lines_of_a_log,
    timestamps_of_a_log,
    replay,
    tail,
    tail_of_nothing,
    odd_lines,
    following_a_log,
    log_of_a_job_that_waits,
    keep_alive,
    metrics,
    metrics_of_cpu_basic,
    metrics_do_not_end,
    metrics_of_what_is_over,
    events,
)
