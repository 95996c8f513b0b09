"""What calls cost through the in-process transport: the fake, a bare Flask app under the same transport, and a static mock.

All three answer the real client with the same bytes, through the client's own factory of sessions.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import httpx2
from flask import Flask, Response
from huggingface_hub import HfApi
from huggingface_hub.utils import _http

from fakejobs.clock import Anchor, Clock
from fakejobs.drivers.httpx_transport import make_transport
from fakejobs.drivers.inprocess import Call, Reply, perform
from fakejobs.handle import FakeJobs, Options, activated
from fakejobs.waits import Waits
from tests.benchmarks.bare import bare_app
from tests.benchmarks.figures import Row, microseconds, percentile, ratio_of

USER = "fake-user"
LINES = 360
BATCH = 20

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_EVENTS = {"Content-Type": "text/event-stream"}


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        batches: batches of calls, of each kind.
        follows: jobs that are followed, of each kind.
        waits: jobs that are waited for.
        hours: how many virtual hours each of these runs.
    """

    batches: int
    follows: int
    waits: int
    hours: float


def rows(size: Size) -> Iterator[Row]:
    """All rows of this module."""
    with activated(Options()) as fake:
        yield from one_call(fake, size)
        yield from follow(fake, size)
        yield wait(fake, size)


Transport = Callable[[], httpx2.BaseTransport]


@contextmanager
def answered_by(transport: Transport, fake: FakeJobs) -> Iterator[None]:
    """Let a new session of the client have another transport while the block runs; then the fake answers again."""
    _use(transport)
    try:
        yield
    finally:
        _use(ours(fake))


def _use(transport: Transport) -> None:
    # What the fixture itself makes, put where the client keeps its session: while a fake is open, other factories are not asked.
    _http.close_session()
    _http._GLOBAL_CLIENT = httpx2.Client(
        transport=transport(), follow_redirects=True, timeout=None, trust_env=False
    )


def ours(fake: FakeJobs) -> Transport:
    """The transport of the fixture."""
    return lambda: make_transport(httpx2, fake.answer, httpx2.HTTPTransport)


def under_ours(app: Flask) -> Transport:
    """The same over another app."""
    waits = Waits(Clock(Anchor(0, 0, frozen=True)))

    def answer(call: Call) -> Reply:
        return perform(app, call, waits)

    return lambda: make_transport(httpx2, answer, httpx2.HTTPTransport)


def _finished(fake: FakeJobs) -> tuple[str, bytes]:
    """A job that is over, and the bytes of its answer."""
    job = fake.api.run_job(image="python:3.12", command=["python", "train.py"], flavor="a10g-small")
    fake.clock.advance("2d")
    return job.id, _body(fake, f"/api/jobs/{USER}/{job.id}")


def _body(fake: FakeJobs, path: str) -> bytes:
    session = httpx2.Client(transport=ours(fake)())
    answer = session.get(f"https://huggingface.co{path}", headers={"Authorization": f"Bearer {fake.token}"})
    return answer.raise_for_status().content


def one_call(fake: FakeJobs, size: Size) -> Iterator[Row]:
    """`HfApi.inspect_job`, in batches that alternate."""
    job_id, body = _finished(fake)
    static = httpx2.MockTransport(lambda _request: httpx2.Response(200, headers=_JSON, content=body))
    kinds = {"ours": ours(fake), "bare": under_ours(bare_app(body)), "static": lambda: static}
    took: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    ask = functools.partial(fake.api.inspect_job, job_id=job_id, namespace=USER)
    for number in range(size.batches):
        fake.clock.advance(1)  # a thousand reads at one instant are a poll, which is looked at more closely
        for kind in sorted(kinds, reverse=number % 2 == 1):
            with answered_by(kinds[kind], fake):
                ask()  # makes the session
                took[kind].append([_seconds(ask) for _ in range(BATCH)])
    what = f"`inspect_job` in process ({len(body)} bytes)"
    yield f"{what}: static `MockTransport`", _p50(took["static"]), ""
    yield f"{what}: bare Flask route under the same transport", _p50(took["bare"]), ""
    yield f"{what}: `fakejobs`", _p50(took["ours"]), ""
    medians = {kind: [median(batch) for batch in batches] for kind, batches in took.items()}
    yield "... against the bare route", ratio_of(medians["ours"], medians["bare"]), "at most 1.25"
    yield "... against the static mock", ratio_of(medians["ours"], medians["static"]), "the lower the better"


def _seconds(function: Callable[[], object]) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def _p50(batches: list[list[float]]) -> str:
    return f"p50 {microseconds(percentile(sorted(each for batch in batches for each in batch), 50))}"


def follow(fake: FakeJobs, size: Size) -> Iterator[Row]:
    """A six-hour job followed to its end, a line a minute, against the same frames that are there at once."""
    lines = [[60 * number, f"step {number} of {LINES}, loss 0.{number}"] for number in range(LINES)]
    fake.when(name="followed").then(scheduling=0, running="6h", logs=lines)
    job_id = _followed_job(fake)
    texts = list(_log(fake.api, job_id))
    body = _body(fake, f"/api/jobs/{USER}/{job_id}/logs")
    frames = [frame + b"\n\n" for frame in body.split(b"\n\n")[:-1]]
    bare = under_ours(_app_with_log(frames, _body(fake, f"/api/jobs/{USER}/{job_id}")))
    kinds = {"ours": ours(fake), "bare": bare}
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(size.follows):
        for kind in sorted(kinds, reverse=number % 2 == 1):
            job_id = _followed_job(fake)
            with answered_by(kinds[kind], fake):
                fake.api.inspect_job(job_id=job_id, namespace=USER)  # makes the session
                begin = time.perf_counter()
                got = list(_log(fake.api, job_id))
                took[kind].append(time.perf_counter() - begin)
            if got != texts or len(got) < LINES:
                raise SystemExit(
                    f"{kind}: not the lines that were wanted: {len(got)} {got[:2]} {got[-2:]} != {len(texts)} {texts[-2:]}"
                )
            fake.clock.advance("1d")
    what = f"A 6-hour job followed, {len(texts)} events"
    yield f"{what}: static frames, same transport", f"p50 {_ms(took['bare'])}", ""
    yield f"{what}: `fakejobs`", f"p50 {_ms(took['ours'])}", ""
    yield "... against the static frames", ratio_of(took["ours"], took["bare"]), "at most 2"


def _followed_job(fake: FakeJobs) -> str:
    job = fake.api.run_job(
        image="python:3.12", command=["python", "-u", "x.py"], labels={"name": "followed"}, timeout="12h"
    )
    return job.id


def _log(api: HfApi, job_id: str) -> Iterator[str]:
    yield from api.fetch_job_logs(job_id=job_id, namespace=USER, follow=True)


def _app_with_log(frames: list[bytes], body: bytes) -> Flask:
    app = bare_app(body)

    @app.get("/api/jobs/<namespace>/<job_id>/logs")
    def logs(namespace: str, job_id: str) -> Response:
        return Response(iter(frames), headers=_EVENTS, direct_passthrough=True)

    return app


def _ms(took: list[float]) -> str:
    return f"{median(took) * 1000:.1f} ms"


def wait(fake: FakeJobs, size: Size) -> Row:
    """`wait_for_job` at its default poll, against as many calls to the bare route, half of them before it and half after."""
    seconds = int(size.hours * 3600)
    fake.when(name="awaited").then(scheduling=0, running=seconds)
    job_id, body = _finished(fake)
    bare = under_ours(bare_app(body))
    polls, half = seconds + 1, seconds // 2
    ratios, waited = [], []
    for _ in range(size.waits):
        first = _calls(fake, bare, job_id, half)
        job = fake.api.run_job(
            image="python:3.12", command=["true"], labels={"name": "awaited"}, timeout="12h"
        )
        start = fake.clock.now()
        waited.append(_seconds(functools.partial(fake.api.wait_for_job, job_id=job.id, namespace=USER)))
        passed = (fake.clock.now() - start).total_seconds()
        if passed != seconds:
            raise SystemExit(f"wait_for_job took {passed} virtual seconds, not {seconds}")
        ratios.append(waited[-1] / (first + _calls(fake, bare, job_id, polls - half)))
    return (
        f"`wait_for_job`, {polls:,} polls in {size.hours:g} virtual hours, against as many calls to the bare route",
        f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f} of {len(ratios)}); {median(waited):.1f} s",
        "at most 1.3",
    )


def _calls(fake: FakeJobs, transport: Transport, job_id: str, count: int) -> float:
    with answered_by(transport, fake):
        fake.api.inspect_job(job_id=job_id, namespace=USER)  # makes the session
        begin = time.perf_counter()
        for _ in range(count):
            fake.api.inspect_job(job_id=job_id, namespace=USER)
        return time.perf_counter() - begin
