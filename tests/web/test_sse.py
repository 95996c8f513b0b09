"""The streams on the wire: frames, escaping, and the order at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pytest
from werkzeug.test import Client

from fakejobs.clock import Stream, WaitUntil
from fakejobs.hub import FakeHub
from fakejobs.model.plan import NEVER
from fakejobs.web.app import wsgi_app
from fakejobs.web.context import DRIVE_KEY
from tests.conftest import START, TOKEN, frozen_hub
from tests.support.play import ME, create, get, post, stage


def follow(hub: FakeHub, path: str, until: int = NEVER) -> list[tuple[int, str]]:
    """What a follower gets on the wire, with the milliseconds since `START`; the clock is set to each wait's instant."""

    def drive(stream: Stream) -> Iterable[bytes]:
        def chunks() -> Iterator[bytes]:
            for step in stream.steps:
                if isinstance(step, bytes):
                    yield step
                elif not isinstance(step, WaitUntil) or step.instant > until or step.instant >= NEVER:
                    break
                else:
                    hub.clock.set(step.instant)
            stream.steps.close()

        return chunks()

    web = Client(wsgi_app(hub))
    answer = web.get(path, headers=TOKEN, environ_overrides={DRIVE_KEY: drive}, buffered=False)
    assert answer.status_code == 200
    return [(hub.clock.now() - START, chunk.decode("ascii")) for chunk in answer.iter_encoded()]


def test_the_frames_of_a_log(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling="6079ms", logs=[[0.5, "Hello"], [2, "  indented"], [2, ""]], running=3)
    job = create(web)
    hub.clock.advance(60_000)
    answer = get(web, f"/api/jobs/{ME}/{job}/logs", Accept="text/event-stream")
    assert answer.data.decode("ascii") == (
        'data: {"data":"===== Job started at 2026-05-28 20:26:46 =====","timestamp":"2026-05-28T20:26:46Z"}\n\n'
        'data: {"data":"Hello","timestamp":"2026-05-28T20:26:46.579Z"}\n\n'
        'data: {"data":"  indented","timestamp":"2026-05-28T20:26:48.079Z"}\n\n'
        'data: {"data":"","timestamp":"2026-05-28T20:26:48.079Z"}\n\n'
    )
    assert answer.content_type.startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Content-Length" not in answer.headers
    assert "Content-Encoding" not in answer.headers
    assert answer.headers.getlist("Date") == ["Thu, 28 May 2026 20:27:40 GMT"]


def test_lines_come_when_they_are_due(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=5, logs=[[1, "one"], [2, "two"]], running=4)
    job = create(web)
    came = follow(hub, f"/api/jobs/{ME}/{job}/logs")
    assert [at for at, _ in came] == [5_000, 6_000, 7_000]
    assert hub.clock.now() == START + 9_000
    assert stage(hub, job) == "COMPLETED", "when the response ends, the stage is terminal for everybody"


def test_every_connection_gets_the_same_bytes(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=60, logs=[f"line {number}" for number in range(50)])
    job = create(web)
    live = "".join(text for _, text in follow(hub, f"/api/jobs/{ME}/{job}/logs"))
    assert live == get(web, f"/api/jobs/{ME}/{job}/logs").text
    assert live.count("\n\n") == 51


@pytest.mark.parametrize(
    "text", ["\u2028", "\u2029", "\x85", "\x0b\x0c", "\r", "é", "💥", '"\\', "\x1b[31mred\x1b[0m"]
)
def test_a_frame_is_one_line_of_ascii(web: Client, hub: FakeHub, text: str) -> None:
    hub.when().then(scheduling=0, running=1, logs=[f"a{text}b"], message=text)
    job = create(web)
    hub.clock.advance(1_000)
    for way, key in (("logs", "data"), ("events", "message")):
        raw = get(web, f"/api/jobs/{ME}/{job}/{way}").data
        assert raw.isascii()
        frames = raw.decode().split("\n\n")[:-1]
        assert all(len(frame.splitlines()) == 1 for frame in frames)
        assert text in json.loads(frames[-1].removeprefix("data: "))[key]


def test_the_tail(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=10, logs=["a", "b", "c"])
    job = create(web)
    hub.clock.advance(10_000)

    def tail(query: str) -> list[str]:
        frames = get(web, f"/api/jobs/{ME}/{job}/logs{query}").text.split("\n\n")[:-1]
        return [json.loads(frame.removeprefix("data: "))["data"] for frame in frames]

    assert tail("?tail=0")[1:] == []
    assert tail("?tail=2")[1:] == ["b", "c"]
    assert tail("?tail=02")[1:] == ["b", "c"]
    assert tail("?tail=99")[1:] == tail("")[1:] == ["a", "b", "c"]


def test_metrics_once_a_second(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=60)
    job = create(web, flavor="a10g-small")
    came = follow(hub, f"/api/jobs/{ME}/{job}/metrics", until=START + 10_000)
    assert [at for at, _ in came] == [5_000, 6_000, 7_000, 8_000, 9_000, 10_000]
    event, data, *rest = came[3][1].split("\n")
    assert (event, rest) == ("event: metric", ["", ""])
    sample = json.loads(data.removeprefix("data: "))
    assert list(sample) == [
        "cpu_usage_pct", "cpu_millicores", "memory_used_bytes", "memory_total_bytes", "rx_bps", "tx_bps", "gpus", "replica",
    ]  # fmt: skip
    assert sample["cpu_millicores"] == 3500
    assert sample["memory_total_bytes"] == 15_032_385_536
    (card,) = sample["gpus"].items()
    assert len(card[0]) == 8
    assert len(sample["replica"]) == 5
    again = follow(hub, f"/api/jobs/{ME}/{job}/metrics", until=START + 10_000)
    assert again == came[-1:], "only from now on, and the same for everybody"


def test_metrics_do_not_end_with_the_job(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=0, running=3)
    job = create(web)
    waits: list[int] = []

    def drive(stream: Stream) -> Iterable[bytes]:
        for step in stream.steps:
            if isinstance(step, WaitUntil):
                waits.append(step.instant)
                if step.instant >= NEVER:
                    break
                hub.clock.set(step.instant)
        stream.steps.close()
        return [b""]

    web.get(f"/api/jobs/{ME}/{job}/metrics", headers=TOKEN, environ_overrides={DRIVE_KEY: drive})
    assert stage(hub, job) == "COMPLETED"
    assert waits[-1] == NEVER, "it is over, and the stream still waits"


def test_events(web: Client, hub: FakeHub) -> None:
    hub.when().then(scheduling=5, running=10, exit_code=1)
    job = create(web)
    assert [text for _, text in follow(hub, f"/api/jobs/{ME}/{job}/events")] == [
        'data: {"stage":"SCHEDULING","message":null,"timestamp":"2026-05-28T20:26:40.000Z"}\n\n',
        'data: {"stage":"RUNNING","message":null,"timestamp":"2026-05-28T20:26:45.000Z"}\n\n',
        (
            'data: {"stage":"ERROR","message":"Job failed with exit code: 1. Reason: Error",'
            '"timestamp":"2026-05-28T20:26:55.000Z"}\n\n'
        ),
    ]


def test_a_cancelled_job_without_a_start_has_an_empty_log(web: Client) -> None:
    job = create(web)
    post(web, f"/api/jobs/{ME}/{job}/cancel")
    answer = get(web, f"/api/jobs/{ME}/{job}/logs")
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_follower_that_goes_away_is_forgotten() -> None:
    hub = frozen_hub()
    hub.when().then(scheduling=0, running="forever", logs=["a"])
    web = Client(wsgi_app(hub))
    job = create(web)
    answer = web.get(f"/api/jobs/{ME}/{job}/logs", headers=TOKEN, buffered=False)
    chunks = answer.iter_encoded()
    assert next(chunk for chunk in chunks if chunk).startswith(b"data: ")
    assert len(hub.clock.bell) == 1
    answer.close()
    assert len(hub.clock.bell) == 0
