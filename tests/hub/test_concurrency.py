"""Threads that hammer one hub: no exception, and the numbers are right."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from werkzeug.test import Client

from fakejobs.clock import Anchor, WaitUntil, source_ms
from fakejobs.hub import FakeHub
from fakejobs.hub.settings import settings_from
from fakejobs.model.plan import NEVER
from fakejobs.model.refusal import Refusal
from fakejobs.web.app import wsgi_app
from tests.conftest import JOB, START, TOKEN
from tests.support.play import ME, look, submit

THREADS = 8


def together(work: Callable[[int], None]) -> None:
    """Run ``work(0)`` ... ``work(7)`` at the same time; what one raises is raised here."""
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        barrier.wait()
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        for result in [pool.submit(run, number) for number in range(THREADS)]:
            result.result()


def running_hub(**words: object) -> FakeHub:
    """A hub whose time runs fast, so that things come due under the threads' hands."""
    return FakeHub(settings=settings_from(words), anchor=Anchor(START, source_ms(), speed=1000.0))


def test_every_submission_counts_once() -> None:
    hub = running_hub()
    ids: list[str] = []

    def work(_number: int) -> None:
        for _ in range(40):
            ids.append(submit(hub))
            hub.count(hub.caller("x"), ME)

    together(work)
    assert len(set(ids)) == len(ids) == THREADS * 40
    assert hub.count(hub.caller("x"), ME) == THREADS * 40
    numbers = [seen.job.number for seen in hub.all_jobs()]
    assert sorted(numbers) == list(range(1, THREADS * 40 + 1))


def test_a_crowd_around_a_few_slots_never_breaks_the_queue() -> None:
    hub = running_hub(flavors={"t4-small": {"capacity": 2}})
    hub.when().then(scheduling={"between": [1, 20]}, running={"between": [1, 20]})
    caller = hub.caller("x")

    def work(number: int) -> None:
        for turn in range(12):
            job = submit(hub, flavor="t4-small")
            if (turn + number) % 3 == 0:
                with contextlib.suppress(Refusal):
                    hub.cancel(caller, ME, job)
            for step in hub.logs(caller, ME, job):
                if isinstance(step, WaitUntil):
                    break
            hub.relabel(caller, ME, job, {"turn": str(turn)})
            hub.jobs(caller, ME, labels=[("turn", str(turn))])

    together(work)
    hub.clock.advance(10_000_000)
    plans = [seen.job.plan for seen in hub.all_jobs()]
    assert len(plans) == THREADS * 12
    assert all(plan.end < NEVER for plan in plans), "everybody has had a turn"
    for plan in plans:
        if plan.start < NEVER:
            assert sum(other.start <= plan.start < other.end for other in plans) <= 2


def test_only_one_of_many_cancels_succeeds() -> None:
    hub = running_hub()
    hub.when().then(running="forever", scheduling="12h")
    job = submit(hub)
    won: list[int] = []

    def work(number: int) -> None:
        with contextlib.suppress(Refusal):
            hub.cancel(hub.caller("x"), ME, job)
            won.append(number)

    together(work)
    assert len(won) == 1
    assert look(hub, job).stage == "CANCELED"


def test_the_app_under_threads() -> None:
    hub = running_hub()
    hub.when().then(scheduling=1, running=2, logs=["a"])
    app = wsgi_app(hub)
    codes: list[int] = []

    def work(number: int) -> None:
        web = Client(app)
        for _ in range(10):
            made = web.post(f"/api/jobs/{ME}", json=JOB, headers=TOKEN)
            job = made.get_json()["id"]
            answers = [
                made,
                web.get(f"/api/jobs/{ME}/{job}/logs", headers=TOKEN),
                web.put(f"/api/jobs/{ME}/{job}/labels", json={"labels": {"n": str(number)}}, headers=TOKEN),
                web.get(f"/api/jobs/{ME}?label=n={number}", headers=TOKEN),
                web.post("/_fakejobs/rules", json={"when": {"name": "never"}, "then": {}}),
                web.get("/_fakejobs/requests"),
                web.get("/_fakejobs/rules"),
                web.post("/_fakejobs/clock", json={"advance": 1}),
            ]
            assert answers[1].text.count("data: ") == 2
            codes.extend(answer.status_code for answer in answers)

    together(work)
    assert codes == [200] * (THREADS * 10 * 8)
    assert hub.count_all() == THREADS * 10
    assert len({record.request_id for record in hub.requests}) == len(hub.requests)


def test_a_reset_in_the_middle_of_everything() -> None:
    hub = running_hub(flavors={"t4-small": {"capacity": 1}})

    def work(number: int) -> None:
        caller = hub.caller("x")
        for _ in range(15):
            if number == 0:
                hub.reset()
                continue
            with contextlib.suppress(Refusal):
                job = submit(hub, flavor="t4-small")
                hub.cancel(caller, ME, job)
                list(hub.events(caller, ME, job))

    together(work)
    hub.reset()
    assert hub.all_jobs() == []
    assert hub.count(hub.caller("x"), ME) == 0
