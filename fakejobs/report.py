"""What a failing test is told about its fake: the clock, the jobs with their timelines and rules, the last requests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from fakejobs.checks import rule_words
from fakejobs.hub import RequestRecord
from fakejobs.model.job import JobAt, timeout_ms
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.planning import cut_by_timeout
from fakejobs.model.rules import Rule
from fakejobs.model.units import words
from fakejobs.submitted import Book, short_command
from fakejobs.wire.times import to_iso

if TYPE_CHECKING:
    from fakejobs.handle import FakeJobs

MOST_JOBS = 20
MOST_REQUESTS = 15
MOST_QUERIES = 3


def report(fake: FakeJobs) -> str:
    """The section of a failing test. No token and no secret is in it."""
    jobs, start, now = fake.book.all(), fake.start, fake.hub.clock.now()
    rules = {rule.id: rule for rule in fake.hub.rules()}
    lines = [f"clock: {to_iso(now)} ({words(now - start) if now > start else '0s'} after the start)"]
    lines.append(f"jobs: {_last(len(jobs), MOST_JOBS)}")
    for seen in jobs[-MOST_JOBS:]:
        lines += _job(seen, rules, fake.book, start, put_there=seen.job.id in fake.book.put_there)
    if unused := [
        rule
        for rule in rules.values()
        if not rule.fills_in and rule.id not in {seen.job.rule for seen in jobs}
    ]:
        lines.append("rules that matched no job:")
        lines += [f"  {rule_words(rule)}" for rule in unused]
    for match, found in fake.book.asked[-MOST_QUERIES:]:
        lines.append(f"submitted({', '.join(f'{word}={value!r}' for word, value in match.items())}):")
        lines += [f"  {line}" for line in found.explanation()]
    lines += _wrong(fake)
    requests = _in_groups(fake.hub.requests)
    lines.append(f"requests: {_last(len(requests), MOST_REQUESTS)}")
    lines += [
        f"  {_since(first.at, start):>10}  {first.method:<6} {first.path} -> {_answered(first)}{_times(count, last, start)}"
        for first, last, count in requests[-MOST_REQUESTS:]
    ]
    if fake.problems:
        lines.append("problems:")
        lines += [f"  {type(each).__name__}: {each}" for each in fake.problems]
    return fake.book.redact("\n".join(lines))


def _wrong(fake: FakeJobs) -> Sequence[str]:
    """What went wrong on purpose, and how that is repeated. Of presets and chaos, only what has fired."""
    hub = fake.hub
    faults = [each for each in hub.faults() if each.fired or each.source in ("user", "scenario")]
    chaos = hub.drawn_chaos
    lines = ["faults:"] if faults else []
    lines += [
        f"  {each.name}: fired on {each.fired} of {each.matched} {'request' if each.matched == 1 else 'requests'}"
        + ("" if each.source == "user" else f" ({each.source})")
        for each in faults
    ]
    if chaos is not None:
        drawn = ", ".join(name for name, _words in chaos.presets)
        lines.append(
            f"chaos: level {chaos.level}, seed {chaos.seed}, that is: {drawn}, and jobs that are unlucky"
        )
    if chaos is not None or any(each.fired for each in faults):
        lines.append(f"to repeat this: {_repeat(fake)}")
    return lines


def _repeat(fake: FakeJobs) -> str:
    """The command that runs the same test with the same faults."""
    options = fake.options
    words: dict[str, object] = {"seed": fake.hub.settings.seed}
    if isinstance(options.chaos, str):
        words["chaos"] = options.chaos
    if options.presets and all(isinstance(each, str) for each in options.presets):
        words["presets"] = ",".join(map(str, options.presets))
    if fake.test is None:
        return f"fakejobs.activate({', '.join(f'{word}={value!r}' for word, value in words.items())})"
    given = " ".join(f"--fakejobs-{word}={value}" for word, value in words.items())
    return f"pytest {quote(fake.test)} {given}"


def _job(seen: JobAt, rules: Mapping[int, Rule], book: Book, start: int, *, put_there: bool) -> Sequence[str]:
    job = seen.job
    lines = [
        f"  {job.id} {seen.stage.value:<10} {job.flavor}  {short_command(seen)}",
        f"    {timeline(seen, start)}",
    ]
    if cut := _cut(seen, book):
        lines.append(f"    {cut}")
    if job.rule is not None:
        rule = rules.get(job.rule)
        lines.append(f"    rule {job.rule}, deleted since" if rule is None else f"    {rule_words(rule)}")
    else:
        lines.append("    put there by add_job" if put_there else "    matched no rule")
    return lines


def timeline(seen: JobAt, start: int) -> str:
    """What happened to a job until now, with times since the start of the fake: submitted, RUNNING, ..."""
    plan, now = seen.job.plan, seen.now
    events = [(plan.created, "submitted")]
    for began, ended in plan.earlier:
        if began < ended:
            events.append((began, "RUNNING"))
        events.append((ended, "SCHEDULING again"))
    if (started := plan.started_at(now)) is not None:
        events.append((started, "RUNNING"))
    if now >= plan.end:
        events.append((plan.end, f"{plan.end_stage.value}{_because(plan)}"))
    text = " · ".join(f"{_since(at, start)} {what}" for at, what in events)
    if now >= plan.end:
        return text
    upcoming = plan.next_change(now)
    if upcoming >= NEVER:
        return f"{text} · and so it stays"
    return f"{text} · next change {_since(upcoming, start)}"


def _cut(seen: JobAt, book: Book) -> str | None:
    """What to say of a job that was scripted to run longer than its timeout allows; None if it was not."""
    job, script = seen.job, book.script(seen)
    if not cut_by_timeout(job.plan, script, job.spec, book.quirks):
        return None
    return f"cut by timeout: scripted to run {words(script.running)}, allowed {words(timeout_ms(job.spec))}"


def _in_groups(requests: Sequence[RequestRecord]) -> list[tuple[RequestRecord, RequestRecord, int]]:
    """Polls as one line: the first, the last, and how many, of requests in a row that ask and answer the same."""
    groups: list[tuple[RequestRecord, RequestRecord, int]] = []
    for each in requests:
        if groups:
            first, last, count = groups[-1]
            if (last.method, last.path, last.status, last.fault) == (
                each.method,
                each.path,
                each.status,
                each.fault,
            ):
                groups[-1] = (first, each, count + 1)
                continue
        groups.append((each, each, 1))
    return groups


def _answered(request: RequestRecord) -> str:
    answer = str(request.status) if request.status else "no answer"
    faults = _NAMED.sub(r"\1", request.fault or "")
    # What each fault is, stands above.
    return answer if request.fault is None else f"{answer} ({faults})"


_NAMED = re.compile(r"(fault \d+): .*?(?=; fault \d+: |$)")


def _times(count: int, last: RequestRecord, start: int) -> str:
    return f" ({count} times, until {_since(last.at, start)})" if count > 1 else ""


def _because(plan: Plan) -> str:
    return "".join(f" ({reason})" for reason in (plan.message, plan.cancel_reason) if reason)


def _since(at: int, start: int) -> str:
    return f"+{words(at - start)}" if at >= start else f"-{words(start - at)}"


def _last(count: int, most: int) -> str:
    return f"the last {most} of {count}" if count > most else str(count or "none")
