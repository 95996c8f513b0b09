"""``python -m tests.fuzz.contract {ours|hub} [examples] [seed]``: schemathesis over a document, against the fake, in process.

It prints one JSON object: how many ``requests`` there were, their ``statuses``, which ``operations`` were called how often, how
often each link was ``followed`` (``unfollowed``: those that never were), by how many bytes the process has ``grown``, and
``failures``: each distinct one with the command that makes it happen again. This is a
program and not a test because schemathesis changes Hypothesis for its whole process (`tests.fuzz`).

Every example meets the same fake: one user, one known token, time that stands still, and one job that runs.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import hypothesis
import psutil  # type: ignore[import-untyped]  # it has no types of its own
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi import stateful
from schemathesis.specs.openapi.stateful import ApiTransitions, RootTransitions

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.webhooks import WebhookChange
from fakejobs.model.cron import cron_from, matches
from fakejobs.model.webhooks import Watched
from fakejobs.wire.json_types import Schema
from fakejobs.wire.openapi import TITLE, document
from fakejobs.wire.schema import ROUTES, Route
from tests.conftest import START, frozen_hub
from tests.fuzz.served import MOST_STEPS, in_virtual_time
from tests.support.checked import check_all_responses, violations
from tests.support.play import ME, submit

HUB_DOCUMENT = Path(__file__).resolve().parents[3] / "shared" / "facts" / "hub-jobs.openapi.json"
TOKEN = "hf_any"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
MOST_FAILURES = 40
SECONDS_TO_BEGIN, SECONDS_PER_EXAMPLE = 30, 8
"""A run that takes longer hangs; it ends with the place where it does. (An example of every operation takes half a second.)"""

NOT_OURS = r"^/api/settings/billing|^/api/buckets/|^/buckets/"
"""Routes of the Hub's document that are about other things than Jobs: the fake has none of them."""

# What a schema cannot say, and the fake refuses all the same, is allowed here, or refused because of the stage that the job is
# in (406, 409): then whatever else the schema allows has to be accepted.
AS_THE_SCHEMA_SAYS = {
    "image": "any",
    "unlisted_flavors": "accept",
    "public_ports_beyond_ports": "accept",
    "label_dots": "accept",
    "expose_not_running": "409",
    "webhook_target": "any",
}

SCHEDULED = "/api/scheduled-jobs/"
"""Routes about scheduled jobs: their ``jobId`` is that of another kind of thing."""

NOT_CHECKED = {
    "missing_required_header": "no header is required but the token's, which ignored_auth looks after",
}

NOT_CHECKED_AGAINST_THE_HUB = {
    "status_code_conformance": "it lists no errors at all; `documented` compares with our own document",
}

LINKS_PER_EXAMPLE = 8

AnyCase: TypeAlias = Case[Any]


@dataclass
class Seen:
    """What happened so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def fail(self, label: str, error: BaseException) -> None:
        """Keep a failure, unless there was one like it."""
        parts = error.exceptions if isinstance(error, FailureGroup) else (error,)
        for part in parts:
            title = part.title if isinstance(part, Failure) else f"{type(part).__name__}: {part}"[:300]
            self.failures.setdefault(f"{label}: {title}", str(error)[-1500:])


def main(which: str, examples: int, seed: int) -> dict[str, Any]:
    """Run all there is; returns what is printed."""
    faulthandler.dump_traceback_later(SECONDS_TO_BEGIN + examples * SECONDS_PER_EXAMPLE, exit=True)
    check_all_responses()
    hub = frozen_hub(tokens=[{"token": TOKEN, "user": ME}], users=[ME], quirks=AS_THE_SCHEMA_SAYS)
    hub.when(labels={"at": "once"}).then(scheduling=0, running="1h", logs=["one", "two"])
    seen, before = Seen(), psutil.Process().memory_info().rss
    made = document() if which == "ours" else hub_document()
    # In the Hub's document any text is an id: nothing in a path could be wrong.
    for fixed in (True, False) if which == "ours" else (True,):
        schema = loaded(made, hub, fixed=fixed)
        load_all_checks()
        for operation in operations(schema):
            for mode in GenerationMode:
                if fixed or mode.is_negative:
                    path = begin(hub) if fixed else {}
                    run(operation, mode, path, hub, seen, examples if fixed else examples // 5 + 1, seed)
    run_links(loaded(made, hub, fixed=True), hub, seen, examples, seed)
    for violation in violations:
        seen.failures.setdefault(f"outside our own schema: {violation[:200]}", violation)
    return {
        "requests": seen.statuses.total(),
        "statuses": {str(status): count for status, count in sorted(seen.statuses.items())},
        "operations": dict(seen.operations),
        "followed": dict(sorted(seen.followed.items())),
        "unfollowed": sorted(document()["components"]["links"].keys() - seen.followed.keys()),
        "grown": psutil.Process().memory_info().rss - before,
        "failures": [f"{key}\n{text}" for key, text in list(seen.failures.items())[:MOST_FAILURES]],
    }


# --------------------------------------------------------------------------------------------------- documents


def hub_document() -> Schema:
    """The Hub's document, with our links: it has none."""
    made: Schema = json.loads(HUB_DOCUMENT.read_text(encoding="utf-8"))
    ours = document()
    made["components"]["links"] = ours["components"]["links"]
    for path, item in ours["paths"].items():
        for method, operation in item.items():
            theirs = made["paths"].get(path, {}).get(method)
            if theirs is None:
                continue
            theirs["operationId"] = operation["operationId"]
            if "requestBody" in theirs:
                theirs["requestBody"]["required"] = True  # it never says so
            success = theirs.setdefault("responses", {}).setdefault("200", {"description": "Success"})
            if "links" in operation["responses"]["200"]:
                success["links"] = operation["responses"]["200"]["links"]
    return made


def loaded(made: Schema, hub: FakeHub, *, fixed: bool) -> BaseSchema:
    """The document, ready to be tested.

    Args:
        fixed: the only namespace is the one that there is.
    """
    made = deepcopy(made)
    not_checked = NOT_CHECKED if made["info"]["title"] == TITLE else NOT_CHECKED | NOT_CHECKED_AGAINST_THE_HUB
    if fixed:
        for parameter in (each for item in made["paths"].values() for each in _parameters(item)):
            if parameter["name"] == "namespace":
                parameter["schema"] = {"type": "string", "enum": [ME]}
    words: dict[str, Any] = {
        "checks": {
            "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "501"]},
            "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "406", "409", "501"]},
            **{name: {"enabled": False} for name in not_checked},
        },
        # The one token is sent with every request; what happens without it is the check ignored_auth.
        "generation": {"with-security-parameters": False},
        "phases": {"stateful": {"inference": {"algorithms": []}}},
        "max-stream-events": MOST_STEPS * 10,
    }
    schema: BaseSchema = schemathesis.openapi.from_dict(made, config=SchemathesisConfig.from_dict(words))
    schema.app = in_virtual_time(hub)
    return schema.exclude(path_regex=NOT_OURS)


def _parameters(item: Schema) -> Iterator[Schema]:
    for part in item.values():
        if isinstance(part, dict):
            yield from part.get("parameters", ())


def operations(schema: BaseSchema) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """Those that the fake has."""
    for each in schema.get_all_operations():
        assert isinstance(each, Ok), each
        yield each.ok()


def with_a_schedule_that_runs(case: AnyCase) -> None:
    """The pattern of schedules knows no calendar: what it takes and no calendar has is refused all the same."""
    if isinstance(case.body, dict) and isinstance(text := case.body.get("schedule"), str) and matches(text):
        try:
            cron_from(text)
        except ValueError:
            case.body = {**case.body, "schedule": "@daily"}


# ------------------------------------------------------------------------------------------------------ checks


@cache
def _named(route: Route) -> frozenset[str]:
    """The statuses that our document has for a route."""
    return frozenset(document()["paths"][route.path][route.method.lower()]["responses"])


def documented(_context: CheckContext, response: Response, case: AnyCase) -> None:
    """The status is one that the operation names."""
    if response.status_code == 405:
        return  # another method than that of the operation
    route = next((each for each in ROUTES if (each.path, each.method) == (case.path, case.method)), None)
    assert route is not None, f"no route {case.method} {case.path}"
    named = _named(route)
    assert str(response.status_code) in named, f"{response.status_code} is not among {', '.join(named)}"


def explained(_context: CheckContext, response: Response, _case: AnyCase) -> None:
    """An error is JSON, says why in body and header, and shows nothing of the code."""
    if response.status_code >= 400:
        assert response.headers["content-type"] == ["application/json; charset=utf-8"]
        assert response.headers["x-error-message"][0]
        assert b"Traceback" not in response.content


# -------------------------------------------------------------------------------------------------------- runs


def begin(hub: FakeHub) -> dict[str, str]:
    """One job that runs, and a webhook, with the same ids each time, at the same instant: the parameters of paths."""
    hub.reset(anchor=Anchor(START, START, frozen=True))
    hub.when(labels={"at": "once"}).then(scheduling=0, running="1h", logs=["one", "two"])
    job = submit(hub, labels={"at": "once"})
    change = WebhookChange((Watched("user", ME),), ("repo",), url="https://example.org")
    webhook = hub.add_webhook(hub.caller(TOKEN), change).id
    (delivery,) = hub.fire_event(repo=f"{ME}/m")
    spec = {"flavor": "cpu-basic", "dockerImage": "a", "environment": {}}
    scheduled = hub.schedule(hub.caller(TOKEN), ME, spec, "@daily").schedule.id
    return {"namespace": ME, "jobId": job, "scheduled": scheduled, "webhookId": webhook, "logId": delivery.id}


def size(examples: int) -> settings:
    """So many examples, no shrinking: each failure is one request."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def run(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    path: dict[str, str],
    hub: FakeHub,
    seen: Seen,
    examples: int,
    seed: int,
) -> None:
    """Call one operation with data that is all right, or is not; ``path``: parameters that are right in any case."""
    named = {parameter.name for parameter in operation.path_parameters}
    if path and operation.path.startswith(SCHEDULED):
        path = {**path, "jobId": path["scheduled"]}
    fixed = {name: value for name, value in path.items() if name in named}

    @hypothesis.seed(seed)
    @size(examples)
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=fixed or None))
    def each(case: AnyCase) -> None:
        begin(hub)
        call(case, seen)

    with contextlib.suppress(Unsatisfiable):  # an operation without parameters has no wrong ones
        each()


def call(case: AnyCase, seen: Seen) -> None:
    """One request, with its checks."""
    label = f"{case.method} {case.path}"
    if case.meta is not None and not case.meta.generation.mode.is_negative:
        case.query.pop("cursor", None)  # opaque: what is none of ours is refused, which a schema cannot say
        with_a_schedule_that_runs(case)
    try:
        response = case.call(headers=HEADERS)
        seen.statuses[response.status_code] += 1
        seen.operations[label] += 1
        case.validate_response(response, headers=HEADERS, additional_checks=[documented, explained])
    except (Exception, FailureGroup) as error:  # noqa: BLE001  whatever it is, it belongs into the list
        seen.fail(label, error)


def by_links(operations: list[Any], transitions: ApiTransitions, _graph: object) -> RootTransitions:
    """What sequences begin with: routes with links that need no id.

    schemathesis goes by the names of keys. It would begin with cancelling jobs that are not there, and never with a schedule, as
    that takes the ``spaceId`` of a space, which nothing makes.
    """
    roots = RootTransitions()
    roots.reliable = {
        each.label
        for each in operations
        if "{jobId}" not in each.path
        and each.label in transitions.operations
        and transitions.operations[each.label].outgoing
    }
    return roots


def run_links(schema: BaseSchema, hub: FakeHub, seen: Seen, examples: int, seed: int) -> None:
    """Make jobs, and do with them what the links say."""
    with patch.object(stateful, "classify_root_transitions", by_links):
        linked = schema.as_state_machine()

    class Linked(linked):  # type: ignore[misc,valid-type]  # a class made of the document
        def setup(self) -> None:
            begin(hub)

        def step(self, input: Any) -> Any:  # noqa: A002  the name that it has
            transition = input.transition
            if transition is not None and input.is_applied:
                seen.followed[re.sub(r"^.*\[\d+] (\S+) -> .*$", r"\1", transition.id)] += 1
            return super().step(input)

        def get_call_kwargs(self, case: AnyCase) -> dict[str, Any]:
            if case.meta is not None and not case.meta.generation.mode.is_negative:
                case.query.pop("cursor", None)
                with_a_schedule_that_runs(case)
            return {"headers": HEADERS}

        def after_call(self, response: Response, case: AnyCase) -> None:
            super().after_call(response, case)
            seen.statuses[response.status_code] += 1
            seen.operations[f"{case.method} {case.path}"] += 1

        def validate_response(self, response: Response, case: AnyCase, **_words: Any) -> None:
            try:
                case.validate_response(
                    response,
                    headers=HEADERS,
                    additional_checks=[documented, explained],
                    recorder=self.recorder,
                )
            except FailureGroup as error:
                seen.fail(f"linked {case.method} {case.path}", error)

    machine = hypothesis.seed(seed)(Linked)
    machine.run(settings=settings(size(examples), stateful_step_count=LINKS_PER_EXAMPLE))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int((sys.argv[2:3] or ["10"])[0]), int((sys.argv[3:4] or ["0"])[0]))))
