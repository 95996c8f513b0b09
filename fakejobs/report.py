"""What a failing test is told about its fake: the clock, the jobs with their timelines and rules, the last requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from fakejobs.checks import rule_words
from fakejobs.hub import FakeHub, RequestRecord
from fakejobs.model.chaos import LABEL
from fakejobs.model.job import JobAt, timeout_ms
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.planning import cut_by_timeout
from fakejobs.model.rules import Rule
from fakejobs.model.times import to_iso
from fakejobs.model.units import words
from fakejobs.options import Options
from fakejobs.submitted import Book, short_command

if TYPE_CHECKING:
    from fakejobs.handle import FakeJobs

MOST_JOBS = 20
MOST_REQUESTS = 15
MOST_QUERIES = 3


def report(fake: FakeJobs) -> str:
    """The section of a failing test. No token and no secret is in it."""
    jobs, start, now = fake.book.all(), fake.start, fake.hub.clock.now()
    rules = {rule.id: rule for rule in fake.hub.rules()}
    unlucky = fates(fake) if fake.fates is None else fake.fates
    lines = [f"clock: {to_iso(now)} ({words(now - start) if now > start else '0s'} after the start)"]
    lines.append(f"jobs: {_last(len(jobs), MOST_JOBS)}")
    for seen in jobs[-MOST_JOBS:]:
        put_there = seen.job.id in fake.book.put_there
        lines += _job(seen, rules, fake.book, start, put_there=put_there)
        if seen.job.id in unlucky:
            lines.append(f"    chaos, where nothing else is said: {_words(unlucky[seen.job.id])}")
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
    lines += wrong(fake.hub, again(fake)) if fake.wrong is None else fake.wrong
    requests, named = _in_groups(fake.hub.requests), [each.name for each in fake.hub.faults()]
    lines.append(f"requests: {_last(len(requests), MOST_REQUESTS)}")
    lines += [
        f"  {_since(first.at, start):>10}  {first.method:<6} {first.path} -> {_answered(first, named)}{_times(count, last, start)}"
        for first, last, count in requests[-MOST_REQUESTS:]
    ]
    if fake.problems:
        lines.append("problems:")
        lines += [f"  {type(each).__name__}: {each}" for each in fake.problems]
    return fake.book.redact("\n".join(lines))


def wrong(hub: FakeHub, again: str) -> list[str]:
    """What went wrong on purpose, and how that is repeated. Of presets and chaos, only the faults that have fired.

    Args:
        hub: where it did.
        again: the command that does the same with the same seed.
    """
    faults = [each for each in hub.faults() if each.fired or each.source in ("user", "scenario")]
    rules = [rule for rule in hub.rules() if rule.fills_in and rule.source != LABEL]
    chaos = hub.drawn_chaos
    lines = ["faults:"] if faults else []
    lines += [
        f"  {each.name}: fired on {each.fired} of {each.matched} {'request' if each.matched == 1 else 'requests'}"
        + ("" if each.source == "user" else f" ({each.source})")
        for each in faults
    ]
    lines += ["jobs, where their own rules say nothing else:"] if rules else []
    lines += [f"  {_outcome(rule)} ({rule.source})" for rule in rules]
    if chaos is not None:
        drawn = ", ".join(name for name, _words in chaos.presets)
        unlucky = sum(1 for each in chaos.outcomes if each)
        lines.append(
            f"chaos: level {chaos.level}, seed {chaos.seed}, that is: {drawn}; and {unlucky} of {len(chaos.outcomes)} jobs are unlucky"
        )
    if chaos is not None or rules or any(each.fired for each in faults):
        lines.append(f"to repeat this: {again}")
    return lines


def fates(fake: FakeJobs) -> dict[str, Mapping[str, object]]:
    """What chaos has drawn for the last jobs, as words of ``then``; of those that are unlucky."""
    if fake.hub.drawn_chaos is None:
        return {}
    last = [seen.job for seen in fake.book.all()[-MOST_JOBS:] if seen.job.id not in fake.book.put_there]
    return {job.id: fate for job in last if (fate := fake.hub.fate_of(job))}


def _outcome(rule: Rule) -> str:
    then = _words(rule.then_at(0))
    return f"{rule_words(rule)}.then({then})" if rule.when else then


def _words(then: Mapping[str, object]) -> str:
    return ", ".join(f"{word}={value!r}" for word, value in then.items())


def again(fake: FakeJobs) -> str:
    """The line that does the same with the same seed: a command, if pytest has opened the fake, or else the words of `fakejobs.activate`."""
    if fake.again is not None:
        return fake.again
    default = Options()
    words: dict[str, object] = {"seed": fake.hub.settings.seed}
    for option in fields(Options):
        value = getattr(fake.options, option.name)
        if option.repr and option.name != "seed" and value != getattr(default, option.name):
            words[option.name] = str(value) if isinstance(value, Path) else value
    return f"fakejobs.activate({', '.join(f'{word}={value!r}' for word, value in words.items())})"


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
    if script is None or not cut_by_timeout(job.plan, script, job.spec, book.quirks):
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


def _answered(request: RequestRecord, named: Sequence[str]) -> str:
    answer, faults = str(request.status) if request.status else "no answer", request.fault
    if faults is None:
        return answer
    for name in named:  # what such a fault is, stands above
        faults = faults.replace(name, name.partition(":")[0])
    return f"{answer} ({faults})"


def _times(count: int, last: RequestRecord, start: int) -> str:
    return f" ({count} times, until {_since(last.at, start)})" if count > 1 else ""


def _because(plan: Plan) -> str:
    return "".join(f" ({reason})" for reason in (plan.message, plan.cancel_reason) if reason)


def _since(at: int, start: int) -> str:
    return f"+{words(at - start)}" if at >= start else f"-{words(start - at)}"


def _last(count: int, most: int) -> str:
    return f"the last {most} of {count}" if count > most else str(count or "none")
