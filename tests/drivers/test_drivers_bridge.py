"""The bridge for asyncio servers, spoken to in ASGI: no socket, no server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, Response, request
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.clock import Anchor, Clock, Stream, WaitUntil
from fakejobs.drivers.asgi import Bridge
from fakejobs.drivers.environ import Message, environ_of
from fakejobs.drivers.pace import KEEP_ALIVE
from fakejobs.drivers.threads import block_drive
from tests.drivers.streaming_app import App, Log

SCOPE: dict[str, Any] = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/echo",
    "raw_path": b"/echo",
    "query_string": b"",
    "root_path": "",
    "headers": [],
    "client": ("127.0.0.9", 51000),
    "server": ("127.0.0.1", 8484),
}


class Client:
    """One request, as a server would put it to the bridge, and what came back."""

    def __init__(self, bridge: Bridge, path: str, **scope: Any) -> None:
        self._scope = {**SCOPE, "path": path, "raw_path": path.encode(), **scope}
        self._bridge = bridge
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self._news = asyncio.Event()

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        self._news.set()

    async def answer(self) -> None:
        await self._bridge(self._scope, self.incoming.get, self._send)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    def header(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.sent[0]["headers"] if key == name]

    async def until(self, ready: Callable[[], bool]) -> None:
        while not ready():
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)


def play(scene: Awaitable[None]) -> None:
    async def within_reason() -> None:
        await asyncio.wait_for(scene, 20)

    asyncio.run(within_reason())


def ask(app: App, path: str, body: bytes = b"", **scope: Any) -> Client:
    client = Client(Bridge(app), path, **scope)

    async def scene() -> None:
        client.incoming.put_nowait({"type": "http.request", "body": body, "more_body": False})
        await client.answer()

    play(scene())
    return client


def test_a_small_answer_is_two_messages_with_its_length_and_the_apps_own_date() -> None:
    client = ask(App(), "/echo")
    assert [message["type"] for message in client.sent] == ["http.response.start", "http.response.body"]
    assert client.header(b"content-length") == [str(len(client.body)).encode()]
    assert len(client.header(b"date")) == 1


def test_the_environ_is_what_pep_3333_asks_for() -> None:
    headers = [
        (b"host", b"localhost:8484"),
        (b"content-type", b"application/json"),
        (b"content-length", b"7"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x-thing", b"1"),
        (b"x-thing", b"2"),
        (b"x_thing", b"smuggled"),
    ]
    client = ask(App(), "/echo", b'{"a":1}', method="POST", query_string=b"stage=RUNNING", headers=headers)
    answer = json.loads(client.body)
    environ = answer["environ"]
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/echo",
        "QUERY_STRING": "stage=RUNNING",
        "RAW_URI": "/echo?stage=RUNNING",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "7",
        "REMOTE_ADDR": "127.0.0.9",
        "SERVER_PORT": "8484",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:8484",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_THING": "1,2",
        "wsgi.url_scheme": "http",
    }
    assert {key: environ[key] for key in expected} == expected
    assert answer["body"] == '{"a":1}'


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1))
def test_any_path_arrives_intact(text: str) -> None:
    raw = f"/{quote(text, safe='')}".encode()
    environ = environ_of({**SCOPE, "path": f"/{text}", "raw_path": raw}, b"")
    assert environ["PATH_INFO"].encode("latin-1").decode() == f"/{text}"
    without_raw = {key: value for key, value in SCOPE.items() if key != "raw_path"}
    assert environ_of({**without_raw, "path": f"/{text}"}, b"")["PATH_INFO"] == environ["PATH_INFO"]


def test_mounted_below_a_path_and_asked_as_a_proxy() -> None:
    environ = environ_of({**SCOPE, "root_path": "/ü", "raw_path": b"/%C3%BC/api"}, b"")
    assert (environ["SCRIPT_NAME"].encode("latin-1").decode(), environ["PATH_INFO"]) == ("/ü", "/api")
    assert environ_of({**SCOPE, "raw_path": b"http://huggingface.co/api"}, b"")["PATH_INFO"] == "/api"
    assert environ_of({**SCOPE, "raw_path": b"http://huggingface.co"}, b"")["PATH_INFO"] == "/"


def test_a_body_without_a_length_gets_one() -> None:
    client = Client(Bridge(App()), "/echo", method="POST", headers=[(b"transfer-encoding", b"chunked")])

    async def scene() -> None:
        for part in (b"a", b"", b"bc"):
            client.incoming.put_nowait({"type": "http.request", "body": part, "more_body": part != b"bc"})
        await client.answer()

    play(scene())
    answer = json.loads(client.body)
    assert answer["body"] == "abc"
    assert answer["environ"]["CONTENT_LENGTH"] == "3"
    assert "HTTP_TRANSFER_ENCODING" not in answer["environ"]


@pytest.mark.parametrize("length", [b"101", b"9" * 5000])
def test_a_body_that_says_it_is_too_large_is_refused_unread(length: bytes) -> None:
    client = Client(Bridge(App(), body_limit=100), "/echo", headers=[(b"content-length", length)])
    play(client.answer())
    assert client.status == 413
    assert "too large" in json.loads(client.body)["error"]


def test_a_body_that_turns_out_to_be_too_large_is_refused_when_it_does() -> None:
    client = Client(Bridge(App(), body_limit=100), "/echo", headers=[(b"transfer-encoding", b"chunked")])

    async def scene() -> None:
        for _ in range(3):
            client.incoming.put_nowait({"type": "http.request", "body": b"x" * 60, "more_body": True})
        await client.answer()

    play(scene())
    assert client.status == 413
    assert client.incoming.qsize() == 1


def test_who_leaves_before_the_body_is_sent_gets_no_answer() -> None:
    client = Client(Bridge(App()), "/say", method="POST", headers=[(b"content-length", b"7")])

    async def scene() -> None:
        client.incoming.put_nowait({"type": "http.disconnect"})
        await client.answer()

    play(scene())
    assert client.sent == []


def test_the_apps_iterable_is_closed() -> None:
    app = App()
    ask(app, "/echo")
    assert app.last.closed == 1


def test_the_write_function_and_second_thoughts() -> None:
    assert ask(App(), "/write").body == b"written, then given"
    client = ask(App(), "/second")
    assert (client.status, client.body) == (418, b"second thoughts")


def test_no_body_no_length() -> None:
    client = ask(App(), "/empty")
    assert (client.status, client.body, client.header(b"content-length")) == (204, b"", [])


def test_an_app_that_fails_is_a_500_in_json(caplog: pytest.LogCaptureFixture) -> None:
    client = ask(App(), "/fail")
    assert (client.status, json.loads(client.body)) == (500, {"error": "Internal Server Error"})
    assert "a mistake of the app" in caplog.text
    assert "a mistake" not in client.body.decode()


def test_a_stream_that_fails_is_cut_off_not_ended(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(Bridge(app := App()), "/break")
    with pytest.raises(LookupError):
        play(client.answer())
    assert client.body == b"data: 1\n\n"
    assert client.sent[-1]["more_body"]
    assert len(app.log.clock.bell) == 0


def test_head_of_a_stream_has_headers_and_releases_it() -> None:
    client = ask(app := App(), "/stream", method="HEAD")
    assert (client.status, client.body) == (200, b"")
    assert client.header(b"content-type") == [b"text/event-stream"]
    assert (app.log.open, len(app.log.clock.bell)) == (0, 0)


def test_other_protocols_are_turned_away() -> None:
    client = Client(Bridge(App()), "/", type="websocket")
    with pytest.raises(ValueError, match="only HTTP"):
        play(client.answer())


def test_a_stream_is_woken_by_the_bell_from_any_thread_and_ends_with_the_log() -> None:
    app = App()
    client = Client(Bridge(app), "/stream")

    async def scene() -> None:
        following = asyncio.ensure_future(client.answer())
        await client.until(lambda: len(client.sent) == 1)  # the headers, with nothing to say yet
        app.log.say(b"data: 1\n\n")
        await client.until(lambda: client.body == b"data: 1\n\n")
        speaking = threading.Thread(target=app.log.say, args=(b"data: 2\n\n",))
        speaking.start()
        await client.until(lambda: client.body.endswith(b"data: 2\n\n"))
        speaking.join()
        app.log.say(b"data: 3\n\n", after=3_600_000)
        app.log.end = app.log.clock.now() + 3_600_000
        app.log.clock.advance(3_600_000)
        await following

    play(scene())
    assert client.body == b"data: 1\n\ndata: 2\n\ndata: 3\n\n"
    assert client.header(b"content-length") == []
    assert not client.sent[-1].get("more_body")
    assert (app.log.open, len(app.log.clock.bell)) == (0, 0)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_flask_view_answers_with_a_stream(method: str) -> None:
    log = Log()
    log.say(b"data: 1\n\n")
    log.end = log.clock.now()
    app = Flask(__name__)

    @app.get("/logs")
    def logs() -> Response:
        drive = request.environ.get("fakejobs.drive") or block_drive(request.environ)
        return Response(drive(log.stream()), content_type="text/event-stream")

    client = Client(Bridge(app), "/logs", method=method)
    play(client.answer())
    assert client.body == (b"data: 1\n\n" if method == "GET" else b"")
    assert client.header(b"content-length") == []
    blocking = app.test_client().open("/logs", method=method)
    assert blocking.data == client.body
    assert (log.open, len(log.clock.bell)) == (0, 0)


def test_a_running_clock_delivers_by_itself() -> None:
    log = Log(Clock())
    log.clock.run_at(1000)
    for number in range(5):
        log.say(b"data: %d\n\n" % number, after=number * 10_000)
    log.end = log.clock.now() + 50_000
    client = ask(App(log), "/stream")
    assert client.body == b"".join(b"data: %d\n\n" % number for number in range(5))


def test_keep_alives_while_the_clock_is_frozen() -> None:
    app = App()
    client = Client(Bridge(app, keep_alive=0.005), "/stream")

    async def scene() -> None:
        following = asyncio.ensure_future(client.answer())
        await client.until(lambda: client.body == KEEP_ALIVE * 3)
        client.incoming.put_nowait({"type": "http.disconnect"})
        await following

    play(scene())


def test_who_hangs_up_is_noticed_at_once() -> None:
    app = App()
    client = Client(Bridge(app), "/stream")

    async def scene() -> None:
        following = asyncio.ensure_future(client.answer())
        await client.until(lambda: len(client.sent) == 1)
        assert len(app.log.clock.bell) == 1
        client.incoming.put_nowait({"type": "http.disconnect"})
        await following

    play(scene())
    assert (app.log.open, len(app.log.clock.bell)) == (0, 0)


def test_stopping_ends_streams_and_those_that_come_later() -> None:
    bridge = Bridge(App())
    first, second = Client(bridge, "/stream"), Client(bridge, "/stream")

    async def scene() -> None:
        following = asyncio.ensure_future(first.answer())
        await first.until(lambda: len(first.sent) == 1)
        bridge.stop()
        await following
        await second.answer()

    play(scene())
    assert not first.sent[-1].get("more_body")
    assert not second.sent[-1].get("more_body")


def test_at_great_speed_a_frame_a_second_does_not_spin() -> None:
    looks = 0
    clock = Clock()
    clock.run_at(1_000_000)
    until = clock.now() + 200_000_000  # a fifth of a real second

    def steps() -> Any:
        nonlocal looks
        while (now := clock.now()) < until:
            looks += 1
            yield WaitUntil(now + 1000)

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return environ["fakejobs.drive"](Stream(steps(), "metrics", clock))

    play(Client(Bridge(app), "/").answer())
    assert looks <= 41  # one every five milliseconds


def test_a_long_replay_leaves_room_for_others() -> None:
    app = App()
    app.log.frames = [(0, b"data: a line of an ordinary length, more or less\n\n")] * 20_000
    app.log.end = app.log.clock.now()
    bridge = Bridge(app)
    long, short = Client(bridge, "/stream"), Client(bridge, "/echo")
    order = []

    async def scene() -> None:
        following = asyncio.ensure_future(long.answer())
        following.add_done_callback(lambda _: order.append("long"))
        await long.until(lambda: len(long.sent) > 1)
        await short.answer()
        order.append("short")
        await following

    play(scene())
    assert order == ["short", "long"]
    assert long.body.count(b"\n\n") == 20_000
    assert len(long.sent) < 1_000


def test_a_ring_after_the_loop_is_gone_hurts_nobody() -> None:
    clock = Clock(Anchor(at=0, source=0, frozen=True), source=lambda: 0)
    wakes: list[Callable[[], None]] = []
    subscribe = clock.bell.subscribe

    def remembered(topic: str, wake: Callable[[], None]) -> Callable[[], None]:
        wakes.append(wake)
        return subscribe(topic, wake)

    clock.bell.subscribe = remembered  # type: ignore[method-assign]
    app = App(Log(clock))
    app.log.end = 0
    ask(app, "/stream")
    ringing = threading.Thread(target=wakes[0])
    ringing.start()
    ringing.join()
