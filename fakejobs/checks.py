"""What is wrong when a fake ends: problems that nobody expected, and what ``strict`` forbids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from fakejobs.errors import CheckFailed, FakeClosed, FakeJobsError
from fakejobs.model.job import JobAt
from fakejobs.model.rules import Rule
from fakejobs.model.stages import TERMINAL


def add_problem(problems: list[FakeJobsError], error: FakeJobsError) -> None:
    """Note a problem once. That a fake is closed is one of the thread that still uses it, not of the fake."""
    if not isinstance(error, FakeClosed) and not any(error is each for each in problems):
        problems.append(error)


@contextmanager
def expecting(
    problems: list[FakeJobsError], kinds: tuple[type[FakeJobsError], ...]
) -> Iterator[list[FakeJobsError]]:
    """See `fakejobs.handle.FakeJobs.expect_problems`."""
    before = len(problems)
    found: list[FakeJobsError] = []
    try:
        yield found
    except kinds as error:
        add_problem(problems, error)
    finally:
        for each in [each for each in problems[before:] if isinstance(each, kinds)]:
            found.append(each)
            problems.remove(each)
    if not found:
        names = " or ".join(kind.__name__ for kind in kinds)
        raise CheckFailed(f"expect_problems: there was no {names} in this block")


def findings(
    problems: Sequence[FakeJobsError],
    raised: BaseException | None,
    *,
    strict: bool,
    jobs: Iterable[JobAt],
    rules: Iterable[Rule],
    faults: Iterable[str],
    put_there: set[str],
    named: Callable[[JobAt], str],
) -> list[str]:
    """What is to be said at the end: one text each.

    Args:
        problems: what happened.
        raised: what the test failed with already; that is not said twice.
        strict: whether more is checked.
        jobs: all jobs.
        rules: all rules.
        faults: those that no request has met.
        put_there: the ids of jobs that were never submitted.
        named: how to call a job.
    """
    known = set(map(id, _chain(raised)))
    found = [f"{type(each).__name__}: {each}" for each in problems if id(each) not in known]
    if not strict:
        return found
    jobs = list(jobs)
    used = {seen.job.rule for seen in jobs}
    found += [
        f"strict: still {seen.stage.value}: {named(seen)}" for seen in jobs if seen.stage not in TERMINAL
    ]
    found += [
        f"strict: no rule matched {named(seen)}"
        for seen in jobs
        if seen.job.rule is None and seen.job.id not in put_there
    ]
    found += [
        f"strict: no job matched {rule_words(rule)}"
        for rule in rules
        if rule.id not in used and not rule.fills_in
    ]
    found += [f"strict: no request met {fault}" for fault in faults]
    return found


def check(found: Sequence[str]) -> None:
    """Raise `CheckFailed` that lists what was found, if anything was."""
    __tracebackhide__ = True
    if found:
        raise CheckFailed(problems(found))


def problems(found: Sequence[str]) -> str:
    """What was found, as one text."""
    lines = "\n".join(f"- {each}" for each in found)
    return (
        f"fakejobs: {len(found)} {'problem' if len(found) == 1 else 'problems'} while this test ran "
        f"(a problem that is meant: with fakejobs.expect_problems(): ...)\n{lines}"
    )


def rule_words(rule: Rule) -> str:
    """A rule, for people."""
    words = ", ".join(f"{word}={value!r}" for word, value in rule.when.items())
    return f"rule {rule.id}: when({words})"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    todo = [error]
    while todo:
        each = todo.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            todo += [each.__cause__, each.__context__]
