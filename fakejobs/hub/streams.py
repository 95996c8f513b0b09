"""The streams of a job, one generator each.

A step is what is new, or `WaitUntil` when there is nothing to say yet. A generator never blocks and holds nothing between steps;
drivers do the waiting. A stream waits for the earlier of its own next instant and the head of the agenda, since what is due there may
change its job.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from fakejobs.clock import WaitUntil
from fakejobs.hub.jobs import read
from fakejobs.hub.plans import goes_on
from fakejobs.hub.state import State
from fakejobs.model.events import StageEvent, stage_events
from fakejobs.model.identity import Caller
from fakejobs.model.job import JobAt
from fakejobs.model.logs import Log, LogEntry
from fakejobs.model.metrics import Metrics, metrics_at
from fakejobs.model.planning import program_end
from fakejobs.model.refusal import Refusal
from fakejobs.model.stages import TERMINAL, JobStage

_BATCH = 1000
"""Log entries in one step, so that a long history is neither one huge chunk nor a thousand small ones."""


LogSteps = Generator["list[LogEntry] | WaitUntil", None, None]
MetricSteps = Generator["Metrics | WaitUntil", None, None]
EventSteps = Generator["StageEvent | WaitUntil", None, None]


def logs(state: State, caller: Caller, namespace: str, job_id: str, *, tail: int | None = None) -> LogSteps:
    """The whole log, then what comes, until the job is over: the last line, then the end of the stream.

    With a ``status_lag``, the stream ends with the program, and the job is over that much later.

    The history is the same on every connection, so that clients can resume by counting (huggingface_hub counts
    events since 1.3.0). With ``tail``, it is the start marker and the last lines only (huggingface_hub#4202).

    Raises:
        Refusal: at once, without such a job.
    """
    _, look = _open(state, caller, namespace, job_id)
    return _logs(state, look, tail)


def _logs(state: State, look: Callable[[], JobAt | None], tail: int | None) -> LogSteps:
    def read_log() -> tuple[JobAt, Log, int] | None:
        with state.lock:  # the lines of a job that a function plays come when that returns, with another plan
            seen = look()
            if seen is None:
                return None
            script = state.script_of(seen.job.id)
            plan = seen.job.plan
            end = program_end(plan, script.attempt(len(plan.earlier)))
            if end < plan.end and goes_on(state, seen.job):
                end = plan.end  # another attempt follows, with lines of its own
        return seen, Log(script.lines, plan, [each.lines for each in script.later]), end

    reading = read_log()
    sent = 0
    if tail is not None and reading is not None:
        seen, log, _ = reading
        if entries := list(log.tail(seen.now, tail)):
            yield entries
        sent = log.length(seen.now)
        reading = read_log()
    while reading is not None:
        (seen, log, end), now = reading, reading[0].now
        length = log.length(now)
        while sent < length:
            yield list(log.entries(sent, min(sent + _BATCH, length)))
            sent = min(sent + _BATCH, length)
        if seen.stage in TERMINAL or now >= end:
            return
        if seen.stage is JobStage.SCHEDULING and state.settings.quirks.logs_while_scheduling == "close":
            return
        yield WaitUntil(min(log.next_change(now), end, state.next_due))
        reading = read_log()


def metrics(
    state: State, caller: Caller, namespace: str, job_id: str, *, refusal: int | None = None
) -> MetricSteps:
    """A sample a second while the job runs, from now on; the stream does not end with the job.

    Before the job runs there is nothing, and after it has ended there is nothing more; a client has to ask for the stage
    (documentation of ``fetch_job_metrics`` of huggingface_hub).

    Args:
        refusal: with which status, instead of 406, a job that is over is refused.

    Raises:
        Refusal: at once, without such a job, or (`Quirks.metrics_of_finished`) if it is over.
    """
    first, look = _open(state, caller, namespace, job_id)
    quirk = state.settings.quirks.metrics_of_finished
    if first.stage in TERMINAL and quirk != "empty":
        raise Refusal(refusal if refusal and quirk == "406" else int(quirk), "Job is not running")
    return _metrics(state, look, first)


def _metrics(state: State, look: Callable[[], JobAt | None], first: JobAt) -> MetricSteps:
    if first.stage in TERMINAL:
        return
    seen: JobAt | None = first
    sent = (-1, -1)
    while seen is not None:
        job, now = seen.job, seen.now
        if seen.stage is JobStage.RUNNING:
            second = (now - job.plan.start) // 1000
            if (job.plan.start, second) > sent:  # another attempt counts its seconds anew
                sent = (job.plan.start, second)
                flavor = state.flavors.get(job.flavor) or state.flavors["cpu-basic"]
                yield metrics_at(flavor, seed=state.settings.seed, key=job.order_key, second=second)
            following = job.plan.start + (second + 1) * 1000
            yield WaitUntil(min(following, job.plan.end, state.next_due))
        else:
            yield WaitUntil(min(job.plan.next_change(now), state.next_due))
        seen = look()


def events(state: State, caller: Caller, namespace: str, job_id: str) -> EventSteps:
    """The changes of the job's stage, from its submission on, until it is over.

    The Hub documents the route and not its frames; these carry what ``status`` says.

    Raises:
        Refusal: at once, without such a job.
    """
    first, look = _open(state, caller, namespace, job_id)
    return _events(state, look, first)


def _events(state: State, look: Callable[[], JobAt | None], first: JobAt) -> EventSteps:
    seen: JobAt | None = first
    sent = 0
    while seen is not None:
        history = stage_events(seen)
        yield from history[sent:]
        sent = len(history)
        if seen.stage in TERMINAL:
            return
        yield WaitUntil(min(seen.job.plan.next_change(seen.now), state.next_due))
        seen = look()


def _open(
    state: State, caller: Caller, namespace: str, job_id: str
) -> tuple[JobAt, Callable[[], JobAt | None]]:
    """The job as it is now, and a way to look again, which gives nothing after a reset, even if that was before the first step."""
    with state.lock:
        first = read(state, caller, namespace, job_id)
        resets, changes, job = state.resets, state.changes, first.job

    def look() -> JobAt | None:
        nonlocal changes, job
        if state.resets != resets:  # a job of now may well have the id of one of before
            return None
        with state.look() as now:
            # A stream looks at every line, and rows seldom change meanwhile. What is hidden once it is over has to be read.
            if changes != state.changes or now >= job.plan.end:
                try:
                    job = read(state, caller, namespace, job_id).job
                except Refusal:  # the hub was reset under the stream: nothing more will come
                    return None
                changes = state.changes
            return JobAt(job, now)

    return first, look
