"""Behaviours of the fake, flipped one by one: does the contract suite catch each?

``python -m tests.contract.mutations`` prints the table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from fakejobs.contract.document import document_from
from fakejobs.contract.live import Answers
from fakejobs.contract.tour import fake_answers
from fakejobs.contract.verify.suite import FACTS
from fakejobs.hub import Page
from fakejobs.hub.jobs import cancel, count, duplicate, newest, read, relabel, submit
from fakejobs.hub.streams import _logs
from fakejobs.model.events import StageEvent, stage_events
from fakejobs.model.job import JobAt
from fakejobs.model.plan import NEVER
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import JobStage
from fakejobs.model.times import to_iso_seconds
from fakejobs.web.answers import error_answer
from fakejobs.web.app import wsgi_app
from fakejobs.web.context import json_answer
from fakejobs.wire import sse
from fakejobs.wire.cursor import write_cursor
from fakejobs.wire.encode import access_body, hardware_body, job_body, whoami_body
from fakejobs.wire.openapi import document
from fakejobs.wire.validate import problems
from tests.contract.mutation import CHECK, Body, Mutation, Patches
from tests.contract.platform_mutations import PLATFORM
from tests.contract.verifying import a_hub, tried
from tests.support.checked import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from fakejobs.hub import FakeHub

# ------------------------------------------------------------------------------------------ how it is flipped


def _job(change: Callable[[Body, JobAt], object]) -> Patches:
    """Every job that is sent is changed; ``change`` returns another one, or changes the one that it is given."""

    def changed(seen: JobAt, quirks: Quirks) -> object:
        body: Body = job_body(seen, quirks)
        other = change(body, seen)
        return other if isinstance(other, dict) else body

    return {"fakejobs.web.jobs.job_body": changed}


def _lost(key: str) -> Patches:
    return _job(lambda body, _seen: body.pop(key, None))


def _status(change: Callable[[Body, JobAt], object]) -> Patches:
    def changed(body: Body, seen: JobAt) -> None:
        change(body["status"], seen)

    return _job(changed)


def _stage_too_many(status: Body, seen: JobAt) -> None:
    if seen.stage is JobStage.RUNNING and seen.now - seen.job.plan.start < 3000:
        status["stage"] = "BUILDING"


def _rounded_up(body: Body, _seen: JobAt) -> None:
    for key in body.get("durations", {}):
        body["durations"][key] += 1


def _started_too_early(body: Body, seen: JobAt) -> None:
    if seen.stage is JobStage.SCHEDULING:
        body["startedAt"] = body["createdAt"]


def _headers(change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]]) -> Patches:
    """The headers of every answer are changed."""

    def app(hub: FakeHub) -> WSGIApplication:
        inner = wsgi_app(hub)

        def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            return inner(environ, lambda status, headers, *rest: start(status, change(headers), *rest))

        return serve

    return {"tests.contract.in_process.wsgi_app": app}


def _without(name: str) -> Patches:
    return _headers(lambda headers: [each for each in headers if each[0] != name])


def _error(change: Callable[[int, str], tuple[int, str]]) -> Patches:
    def changed(status: int, message: str, **words: Any) -> object:
        return error_answer(*change(status, message), **words)

    return {"fakejobs.web.answers.error_answer": changed}


def _log(change: Callable[[list[Any]], list[Any]]) -> Patches:
    return {"fakejobs.web.jobs.log_frames": lambda entries: sse.log_frames(change(list(entries)))}


def _list(change: Callable[[Page], Page]) -> Patches:
    return {"fakejobs.hub.jobs.newest": lambda *args, **words: change(newest(*args, **words))}


def _labels_alone(*args: Any, labels: Any, **words: Any) -> Page:
    """Any of the labels will do."""
    pages = [newest(*args, labels=[each], **words) for each in labels] or [newest(*args, **words)]
    found = {seen.job.id: seen for page in pages for seen in page.jobs}
    order = sorted(found.values(), key=lambda seen: (seen.job.plan.created, seen.job.id), reverse=True)
    return replace(pages[0], jobs=order)


def _hardware(change: Callable[[Body], object]) -> Patches:
    def changed(flavors: Iterable[Any]) -> object:
        items: list[Body] = hardware_body(flavors)
        for item in items:
            change(item)
        return items

    return {"fakejobs.web.jobs.hardware_body": changed}


def _leaking_submit(
    state: Any, caller: Any, namespace: str, spec: Any, *, labels: Any, secrets: Any
) -> JobAt:
    spec = {**spec, "environment": {**spec.get("environment", {}), **secrets}}
    return submit(state, caller, namespace, spec, labels=labels, secrets=secrets)


def _bare_duplicate(state: Any, caller: Any, namespace: str, job_id: str) -> JobAt:
    seen = duplicate(state, caller, namespace, job_id)
    return replace(seen, job=replace(seen.job, spec={**seen.job.spec, "environment": {}}))


def _own_duplicate(state: Any, caller: Any, namespace: str, job_id: str) -> JobAt:
    seen = duplicate(state, caller, namespace, job_id)
    about = {**seen.job.about, "initiator": seen.job.about["owner"]}
    return replace(seen, job=replace(seen.job, about=about))


def _merging_relabel(state: Any, caller: Any, namespace: str, job_id: str, labels: Any) -> JobAt:
    old = read(state, caller, namespace, job_id).job.labels
    return relabel(state, caller, namespace, job_id, {**old, **labels})


def _cancel_too_much(state: Any, caller: Any, namespace: str, job_id: str) -> JobAt:
    """The answer to cancelling has the job as it was."""
    before = read(state, caller, namespace, job_id)
    cancel(state, caller, namespace, job_id)
    return before


def _no_running(seen: JobAt) -> list[StageEvent]:
    return [event for event in stage_events(seen) if event.stage is not JobStage.RUNNING]


def _lenient(piece: str, instance: Any, **words: Any) -> object:
    return [each for each in problems(piece, instance, **words) if not each.path.startswith("attempts")]


_OF_JOBS = (
    Mutation(
        "the stages of a job",
        "a stage too many: BUILDING",
        _status(_stage_too_many),
        ("stages-of-a-success",),
    ),
    Mutation(
        "a job has createdAt",
        "a wrong key: created_at",
        _job(lambda body, _: body.update(created_at=body.pop("createdAt"))),
        ("keys-of-a-small-job", CHECK),
    ),
    Mutation(
        "keys in the Hub's order",
        "sorted",
        _job(lambda body, _: dict(sorted(body.items()))),
        ("keys-of-a-small-job", "keys-of-a-full-job"),
    ),
    Mutation("a job that is over has finishedAt", "it has none", _lost("finishedAt"), ("timestamps",)),
    Mutation("a job that waits has no startedAt", "it has one", _job(_started_too_early), ("timestamps",)),
    Mutation(
        "instants have milliseconds",
        "whole seconds",
        _job(lambda body, _: body.update(createdAt=body["createdAt"][:19] + "Z")),
        ("created-now", "timestamps"),
    ),
    Mutation("durations are there", "they are not", _lost("durations"), ("keys-of-durations",)),
    Mutation("durations are rounded down", "rounded up", _job(_rounded_up), ("durations-are-rounded-down",)),
    Mutation(
        "failureCount counts failures",
        "it is always 0",
        _status(lambda status, _: status.update(failureCount=0)),
        ("retries",),
    ),
    Mutation(
        "a failure says why",
        "without the exit code",
        _status(lambda status, _: status.update(message=status["message"] and "Job failed")),
        ("message-of-a-failure",),
    ),
    Mutation(
        "exposed ports have addresses",
        "exposeUrls is lost",
        _status(lambda status, _: status.pop("exposeUrls", None)),
        ("addresses-of-a-job", "ports-are-replaced"),
    ),
    Mutation(
        "the value of a secret is nowhere",
        "it is in the environment",
        {"fakejobs.hub.jobs.submit": _leaking_submit},
        ("secrets-do-not-come-back",),
    ),
    Mutation(
        "secrets are names",
        "names with values",
        _job(lambda body, _: body.update(secrets=dict.fromkeys(body.get("secrets", ()), "hidden"))),
        ("secrets-do-not-come-back", CHECK),
    ),
    Mutation(
        "a job is made with 200",
        "201",
        {"fakejobs.web.jobs._job": lambda seen: json_answer(job_body(seen, Quirks()), 201)},
        ("created-with-200",),
    ),
    Mutation(
        "a job that fails is tried again",
        "it is not",
        {"fakejobs.hub.plans.is_retried": lambda *_: False},
        ("retries", "log-of-retries"),
    ),
    Mutation(
        "a timeout ends a job",
        "it does not",
        {"fakejobs.model.planning.timeout_ms": lambda _spec: NEVER},
        ("timeout-ends-a-job",),
    ),
    Mutation(
        "the default timeout is 30 minutes",
        "an hour",
        {"fakejobs.model.job.DEFAULT_TIMEOUT_MS": 3_600_000},
        ("default-timeout-ends-a-job",),
    ),
    Mutation("cancelling ends a job", "it does nothing", {"fakejobs.hub.jobs.cancel": read}, ("cancelling",)),
    Mutation(
        "cancelling answers the job as it is then",
        "as it was before",
        {"fakejobs.hub.jobs.cancel": _cancel_too_much},
        ("cancelling",),
    ),
    Mutation(
        "a duplicate has the environment",
        "it is lost",
        {"fakejobs.hub.jobs.duplicate": _bare_duplicate},
        ("duplicate",),
    ),
    Mutation(
        "a duplicate says of what",
        "its initiator is the user",
        {"fakejobs.hub.jobs.duplicate": _own_duplicate},
        ("duplicate",),
    ),
    Mutation(
        "new labels replace the old",
        "they are merged",
        {"fakejobs.hub.jobs.relabel": _merging_relabel},
        ("labels-are-replaced", "labels-are-cleared"),
    ),
    Mutation(
        "a list is newest first",
        "oldest first",
        _list(lambda page: replace(page, jobs=page.jobs[::-1])),
        ("newest-first", "pages"),
    ),
    Mutation(
        "pages follow on each other",
        "a cursor that skips jobs of the same instant",
        {"fakejobs.web.jobs.write_cursor": lambda position: write_cursor((position[0], "0" * 24))},
        ("pages",),
    ),
    Mutation(
        "no job is on two pages",
        "a cursor that repeats jobs of the same instant",
        {"fakejobs.web.jobs.write_cursor": lambda position: write_cursor((position[0], "f" * 24))},
        ("pages",),
    ),
    Mutation(
        "a page leads to the next",
        "the Link is lost",
        _list(lambda page: replace(page, next=None)),
        ("pages", "link-to-the-next-page"),
    ),
    Mutation(
        "labels filter",
        "they are ignored",
        {"fakejobs.hub.jobs.newest": lambda *args, **words: newest(*args, **{**words, "labels": ()})},
        ("filter-by-labels",),
    ),
    Mutation(
        "all labels must match",
        "one will do",
        {"fakejobs.hub.jobs.newest": _labels_alone},
        ("filter-by-labels",),
    ),
    Mutation(
        "stages filter",
        "they are ignored",
        {"fakejobs.hub.jobs.newest": lambda *args, **words: newest(*args, **{**words, "stages": ()})},
        ("filter-by-stages", "counts"),
    ),
    Mutation(
        "counts have the filter of the list",
        "the stage is ignored",
        {
            "fakejobs.hub.jobs.count": lambda state, caller, namespace, _stages: count(
                state, caller, namespace
            )
        },
        ("counts", "counts-follow"),
    ),
    Mutation(
        "each line of a log comes",
        "a lost line",
        _log(lambda lines: [each for each in lines if each.text != "four"]),
        ("lines-of-a-log",),
    ),
    Mutation(
        "each line comes once",
        "a line comes twice",
        _log(lambda lines: [each for line in lines for each in [line] * (1 + (line.text == "four"))]),
        ("lines-of-a-log",),
    ),
    Mutation(
        "lines of a log have instants",
        "those of whole seconds",
        {"fakejobs.wire.sse.to_iso": to_iso_seconds},
        ("timestamps-of-a-log",),
    ),
    Mutation(
        "a log can be read from its end",
        "tail is ignored",
        {"fakejobs.hub.streams._logs": lambda state, look, _tail: _logs(state, look, None)},
        ("tail",),
    ),
    Mutation(
        "a silent stream says that it is alive",
        "it says nothing",
        {"fakejobs.drivers.threads.KEEP_ALIVE": b"", "fakejobs.contract.verify.streams.SILENCE": 0.05},
        ("keep-alive",),
    ),
    Mutation(
        "events have data",
        "they have only a name",
        {"fakejobs.web.jobs.event_frame": lambda _event: b"event: stage\n\n"},
        ("events",),
    ),
    Mutation(
        "events tell of every stage",
        "RUNNING is lost",
        {"fakejobs.hub.streams.stage_events": _no_running},
        ("events",),
    ),
    Mutation(
        "metrics are named",
        "they have no event:",
        {"fakejobs.web.jobs.metric_frame": lambda sample: sse.metric_frame(sample).partition(b"\n")[2]},
        ("metrics",),
    ),
    Mutation(
        "who has no token is told so",
        "in other words",
        _error(lambda status, text: (status, "Unauthorized" if status == 401 else text)),
        ("without-a-token",),
    ),
    Mutation(
        "a job that is not there is a 404",
        "400",
        _error(lambda status, text: (400 if text == "Job not found" else status, text)),
        ("no-such-job", "cancelling-nothing"),
    ),
    Mutation("errors have X-Error-Message", "they have not", _without("X-Error-Message"), ("no-such-job",)),
    Mutation(
        "answers have an X-Request-Id",
        "they have none",
        _without("X-Request-Id"),
        ("headers-of-every-answer",),
    ),
    Mutation(
        "answers have one Date",
        "two",
        _headers(lambda headers: [*headers, *(each for each in headers if each[0] == "Date")]),
        ("headers-of-every-answer",),
    ),
    Mutation(
        "invalid bodies are refused",
        "attempts are not looked at",
        {"fakejobs.wire.decode.problems": _lenient},
        ("invalid-bodies", "words-of-a-400"),
    ),
    Mutation(
        "jobs of others are nobody's business",
        "everybody may read and write",
        {"fakejobs.model.identity.Identity.may": lambda *_args, **_words: True},
        ("forbidden",),
    ),
    Mutation(
        "cpu-basic costs 167 micro-dollars a minute",
        "one more",
        _hardware(lambda item: item.update(unitCostMicroUSD=item["unitCostMicroUSD"] + 1)),
        ("prices",),
    ),
    Mutation(
        "cards have a number",
        "as a number, not a text",
        _hardware(lambda item: item["accelerator"] and item["accelerator"].update(quantity=1)),
        ("machines", CHECK),
    ),
    Mutation(
        "whoami has the token's role",
        "auth is lost",
        {"fakejobs.web.identity.whoami_body": lambda *args: {**whoami_body(*args), "auth": None}},
        ("whoami", CHECK),
    ),
    Mutation(
        "auth-check has ids",
        "the id of the user is lost",
        {
            "fakejobs.web.jobs.access_body": lambda namespace, user: {
                **access_body(namespace, user),
                "user": {"name": user.name},
            }
        },
        ("auth-check",),
    ),
)

MUTATIONS = (*_OF_JOBS, *PLATFORM)
"""Every mutation."""


# ---------------------------------------------------------------------------------------- whether it is caught


@contextmanager
def flipped(mutation: Mutation) -> Iterator[None]:
    """The fake with one behaviour flipped. What it answers outside the schema is no violation of a test."""
    before = list(violations)
    with ExitStack() as stack:
        for path, other in mutation.patches.items():
            stack.enter_context(patch(path, other))
        try:
            yield
        finally:
            violations[:] = before


def caught_by_facts(names: Iterable[str] = ()) -> list[str]:
    """The facts that do not hold: of those with ``names``, or of all."""
    facts = [fact for fact in FACTS if not names or fact.name in names]
    with a_hub() as hub:
        report = tried(hub, facts)
    seen = [each.seen for result in report.differing for each in result.differences]
    assert not any("a bug in fakejobs" in each for each in seen), "a crash is no behaviour"
    return [result.fact.name for result in report.differing]


def caught_by_check() -> bool:
    """Whether a tour of the fake has answers outside the schema."""
    answers = Answers(document_from(document()))
    for answer in fake_answers():
        answers.add(answer)
    return bool(answers.findings())


def main() -> int:
    """Print the table; 1 if something is not caught."""
    missed = 0
    print(f"{'behaviour':42}  {'flipped':46}  {'ms':>5}  caught by")
    for mutation in MUTATIONS:
        begun = time.perf_counter()
        with flipped(mutation):
            names = caught_by_facts()
            if CHECK in mutation.by and caught_by_check():
                names.append(CHECK)
        spent = (time.perf_counter() - begun) * 1000
        names.sort(key=lambda name: name not in mutation.by)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        missed += not names
        print(
            f"{mutation.behaviour:42}  {mutation.flipped:46}  {spent:5.0f}  "
            f"{', '.join(names[:3]) or 'NOTHING'}{more}"
        )
    print(f"{len(MUTATIONS)} mutations, {missed} not caught; unmutated: {caught_by_facts() or 'clean'}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
