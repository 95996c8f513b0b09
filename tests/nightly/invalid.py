"""Generated mistakes against the fake: each is refused with 400, its place is named, and nothing has happened."""

from __future__ import annotations

import json
from collections import Counter

from werkzeug.test import Client

from fakejobs.generate import invalid, specs
from fakejobs.generate.invalid import Broken, Query
from fakejobs.generate.source import Seeded
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from fakejobs.wire.read_query import read_query
from fakejobs.wire.schema import ROUTES
from fakejobs.wire.validate import problems
from tests.conftest import TOKEN
from tests.support.play import ME

_ROUTES = {route.name: route for route in ROUTES}


def refuse_bodies(hub: FakeHub, count: int, seed: int = 0) -> Counter[tuple[str, str]]:
    """Send ``count`` invalid bodies. Returns how often each (rule, place in the schema) was broken."""
    web, source, seen = Client(wsgi_app(hub)), Seeded(seed), Counter[tuple[str, str]]()
    before = hub.snapshot()
    for _ in range(count):
        body, broken = invalid.create_body(source)
        check_body(web, body, broken)
        seen[broken.rule, broken.place] += 1
    assert hub.snapshot() == before, "a refused body has left something behind"
    return seen


def refuse_scheduled(hub: FakeHub, count: int, seed: int = 0) -> Counter[tuple[str, str]]:
    """Send ``count`` invalid bodies of scheduled jobs, likewise."""
    web, source, seen = Client(wsgi_app(hub)), Seeded(seed), Counter[tuple[str, str]]()
    before = hub.snapshot()
    for _ in range(count):
        body, broken = invalid.scheduled_body(source)
        check_body(web, body, broken, f"/api/scheduled-jobs/{ME}")
        seen[broken.rule, broken.place] += 1
    assert hub.snapshot() == before, "a refused body has left something behind"
    return seen


def check_body(web: Client, body: object, broken: Broken, path: str = f"/api/jobs/{ME}") -> None:
    """The fake answers 400 and names exactly the place that is broken, on the body and in the header."""
    answer = web.post(path, headers=TOKEN, data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 400, (broken, body, answer.text[:500])
    assert places(answer.get_json()["error"]) == [broken.path], (broken, body, answer.text)
    named = answer.headers["X-Error-Message"]
    assert named.endswith(f" at {broken.path}") if broken.path else " at " not in named, (broken, named)


def take_scheduled(hub: FakeHub, count: int, seed: int = 0) -> int:
    """Send ``count`` valid bodies of scheduled jobs. Returns how many were taken: all of them."""
    web, source = Client(wsgi_app(hub)), Seeded(seed)
    for _ in range(count):
        body = specs.scheduled_body(source)
        answer = web.post(
            f"/api/scheduled-jobs/{ME}", headers=TOKEN, data=json.dumps(body), content_type="application/json"
        )
        assert answer.status_code == 200, (body, answer.text)
        assert problems("scheduled-job", answer.get_json()) == [], answer.text
    return count


def refuse_queries(hub: FakeHub, job_id: str, count: int, seed: int = 0) -> Counter[tuple[str, str, str]]:
    """Send ``count`` invalid queries, likewise. Returns how often each (route, rule, place) was broken."""
    web, source, seen = Client(wsgi_app(hub)), Seeded(seed), Counter[tuple[str, str, str]]()
    before = hub.snapshot()
    for _ in range(count):
        query, broken = invalid.query(source)
        check_query(web, job_id, query, broken)
        seen[query.route, broken.rule, broken.place] += 1
    assert hub.snapshot() == before, "a refused query has changed something"
    return seen


def check_query(web: Client, job_id: str, query: Query, broken: Broken) -> None:
    """The fake answers 400 and names exactly the place that is broken; routes that it does not emulate, the schema refuses."""
    route = _ROUTES[query.route]
    answer = web.get(f"{route.path.format(namespace=ME, jobId=job_id)}?{query}", headers=TOKEN)
    if answer.status_code == 501:
        assert route.query is not None
        found = problems(route.query, read_query(route.query, query.pairs))
        assert [problem.path for problem in found] == [broken.path], (broken, str(query), found)
        return
    assert answer.status_code == 400, (broken, str(query), answer.text[:500])
    assert places(answer.get_json()["error"]) == [broken.path], (broken, str(query), answer.text)


def places(text: str) -> list[str]:
    """The places that an error names; a problem of the whole body has the empty one."""
    found: list[str] = []
    for line in text.split("\n"):
        if line.startswith("✖"):
            found.append("")
        elif line.startswith("  → at "):
            found[-1] = line.removeprefix("  → at ")
    return found
