"""Generated mistakes against the fake: each is refused with 400, its place is named, and nothing has happened."""

from __future__ import annotations

import json
from collections import Counter

from werkzeug.test import Client

from fakejobs.generate import invalid
from fakejobs.generate.invalid import Broken
from fakejobs.generate.source import Seeded
from fakejobs.hub import FakeHub
from fakejobs.wire.schema import ROUTES

TOKEN = {"Authorization": "Bearer hf_any"}
ME = "fake-user"


def refuse_bodies(hub: FakeHub, count: int, seed: int = 0) -> Counter[str]:
    """Send ``count`` invalid bodies. Returns how often each rule was broken."""
    web, source, seen = client(hub), Seeded(seed), Counter[str]()
    before = hub.snapshot()
    for _ in range(count):
        body, broken = invalid.create_body(source)
        check_refused(web, body, broken)
        seen[broken.rule] += 1
    assert hub.snapshot() == before, "a refused body has left something behind"
    return seen


def client(hub: FakeHub) -> Client:
    from fakejobs.web.app import wsgi_app

    return Client(wsgi_app(hub))


def check_refused(web: Client, body: object, broken: Broken) -> None:
    """The fake answers 400 and names exactly the place that is broken."""
    answer = web.post(
        f"/api/jobs/{ME}", headers=TOKEN, data=json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 400, (broken, body, answer.text)
    assert _places(answer.get_json()["error"]) == [broken.path], (broken, body, answer.text)


def refuse_queries(hub: FakeHub, job_id: str, count: int, seed: int = 0) -> Counter[str]:
    """Send ``count`` invalid queries, likewise."""
    web, source, seen = client(hub), Seeded(seed), Counter[str]()
    paths = {route.name: route.path.format(namespace=ME, jobId=job_id) for route in ROUTES if route.query}
    for _ in range(count):
        query, broken = invalid.query(source)
        answer = web.get(f"{paths[query.route]}?{query}", headers=TOKEN)
        assert answer.status_code == 400, (broken, str(query), answer.text[:500])
        assert _places(answer.get_json()["error"]) == [broken.path], (broken, str(query), answer.text)
        seen[f"{query.route} {broken.rule}"] += 1
    return seen


def _places(text: str) -> list[str]:
    """The places that an error names; a problem of the whole body has the empty one."""
    places: list[str] = []
    for line in text.split("\n"):
        if line.startswith("✖"):
            places.append("")
        elif line.startswith("  → at "):
            places[-1] = line.removeprefix("  → at ")
    return places
