"""The blocking drive: first with a waiter that only pretends to wait, then on threads and sockets."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.clock import Anchor, Clock
from fakejobs.drivers.pace import KEEP_ALIVE
from fakejobs.drivers.threads import Following, block_drive, serve_in_thread
from fakejobs.drivers.waiters import EventWaiter, SocketWaiter, Waiter
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from tests.drivers.live import PATIENCE, Live, frame
from tests.drivers.streaming_app import App, Log


class Pretended:
    """A waiter that passes the time instead of spending it: what a test wants to happen, happens in `wait`."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        self.over = False
        self.now = 1000.0
        self.waits: list[float] = []
        self._happenings = list(happenings)
        self._woken = False
        self.closed = False

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        if self._happenings:
            self._happenings.pop(0)()
        if not self._woken:
            self.now += seconds
        woken, self._woken = self._woken, False
        return woken

    def wake(self) -> None:
        self._woken = True

    def end(self) -> None:
        self.over = True

    def close(self) -> None:
        self.closed = True

    def follow(self, log: Log) -> Following:
        return Following(log.stream(), lambda: self, monotonic=lambda: self.now)


def nothing() -> None:
    """Time passes."""


def test_a_silent_stream_on_a_frozen_clock_sends_a_keep_alive_every_thirty_seconds() -> None:
    log = Log()
    waiter = Pretended()
    chunks = iter(waiter.follow(log))
    assert next(chunks) == b""  # the headers go out although there is nothing to say
    assert [next(chunks) for _ in range(3)] == [KEEP_ALIVE] * 3
    assert waiter.waits == [30.0] * 3
    assert KEEP_ALIVE == b": keep-alive\n\n"


def test_bytes_put_the_keep_alive_off() -> None:
    log = Log()
    waiter = Pretended()

    def speak_after_ten_seconds() -> None:
        waiter.now += 10
        log.say(b"data: 1\n\n")

    waiter._happenings = [speak_after_ten_seconds]
    chunks = iter(waiter.follow(log))
    assert [next(chunks) for _ in range(3)] == [b"", b"data: 1\n\n", KEEP_ALIVE]
    assert waiter.waits == [30.0, 30.0]


def test_rings_that_bring_no_bytes_do_not_put_the_keep_alive_off() -> None:
    log = Log()
    waiter = Pretended()

    def ring_after_twenty_seconds() -> None:
        waiter.now += 20
        log.clock.bell.ring()

    waiter._happenings = [ring_after_twenty_seconds] * 4
    chunks = iter(waiter.follow(log))
    assert [next(chunks) for _ in range(2)] == [b"", KEEP_ALIVE]
    assert waiter.now == 1040


def test_at_speed_3600_keep_alives_still_count_the_connections_seconds() -> None:
    waiter = Pretended()
    clock = Clock(Anchor(at=0, source=0, speed=3600), source=lambda: int(waiter.now * 1000))
    log = Log(clock)
    log.say(b"data: late\n\n", after=3_600_000 * 100)  # a hundred seconds later, at that speed
    chunks = iter(waiter.follow(log))
    assert [next(chunks) for _ in range(5)] == [b"", KEEP_ALIVE, KEEP_ALIVE, KEEP_ALIVE, b"data: late\n\n"]
    assert waiter.now == pytest.approx(1100, abs=0.1)


def test_advancing_the_clock_delivers_what_has_come_due() -> None:
    log = Log()
    log.say(b"data: 1\n\n")
    log.say(b"data: 2\n\n", after=60_000)
    log.end = log.clock.now() + 120_000
    waiter = Pretended(lambda: log.clock.advance(60_000), nothing, lambda: log.clock.advance(60_000))
    assert list(waiter.follow(log)) == [b"data: 1\n\n", b"data: 2\n\n", KEEP_ALIVE]
    assert waiter.closed
    assert len(log.clock.bell) == 0


def test_who_hangs_up_while_it_is_silent_releases_the_stream() -> None:
    log = Log()
    waiter = Pretended()
    waiter._happenings = [waiter.end]
    assert list(waiter.follow(log)) == [b""]
    assert (log.open, len(log.clock.bell), waiter.closed) == (0, 0, True)


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_closing_releases_the_stream_wherever_it_is(taken: int) -> None:
    log = Log()
    log.say(b"data: 1\n\n")
    following = Pretended().follow(log)
    chunks = iter(following)
    for _ in range(taken):
        next(chunks)
    following.close()
    assert (log.open, len(log.clock.bell)) == (0, 0)
    assert list(chunks) == []


@given(
    st.lists(st.integers(0, 400_000), max_size=30),
    st.lists(st.integers(0, 200_000), max_size=20),
    st.integers(0, 500_000),
)
def test_however_time_moves_every_frame_comes_once_and_in_order(
    frames: list[int], moves: list[int], end: int
) -> None:
    log = Log()
    for number, after in enumerate(sorted(frames)):
        log.say(b"data: %d\n\n" % number, after=after)
    log.end = log.clock.now() + end
    happenings = [lambda by=by: log.clock.advance(by) for by in moves]
    waiter = Pretended(*happenings, lambda: log.clock.advance(1_000_000))
    got = b"".join(chunk for chunk in waiter.follow(log) if chunk != KEEP_ALIVE)
    assert got.startswith(b"".join(b"data: %d\n\n" % n for n in range(sum(after <= end for after in frames))))
    assert got == b"".join(b"data: %d\n\n" % n for n in range(got.count(b"\n\n")))
    assert len(log.clock.bell) == 0


@pytest.fixture(params=["event", "socket"])
def waiter(request: pytest.FixtureRequest) -> Iterator[Waiter]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        made: Waiter = EventWaiter() if request.param == "event" else SocketWaiter(ours)
        yield made
        made.close()
        made.wake()  # too late, and harmless


def test_a_ring_before_the_wait_is_not_lost(waiter: Waiter) -> None:
    waiter.wake()
    waiter.wake()
    assert waiter.wait(PATIENCE)
    assert not waiter.wait(0)


def test_a_ring_from_another_thread_ends_the_wait(waiter: Waiter) -> None:
    ringing = threading.Timer(0.01, waiter.wake)
    ringing.start()
    assert waiter.wait(PATIENCE)
    ringing.join()


def test_a_client_that_hangs_up_ends_the_wait() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        waiter = SocketWaiter(ours)
        theirs.close()
        assert not waiter.wait(PATIENCE)
        assert waiter.over
        waiter.close()


def test_a_client_that_goes_on_talking_is_not_gone_and_not_looked_at_again() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        waiter = SocketWaiter(ours)
        theirs.send(b"GET / HTTP/1.1")
        assert not waiter.wait(PATIENCE)
        assert not waiter.over
        waiter.wake()
        assert waiter.wait(PATIENCE)
        waiter.close()
        assert ours.recv(100) == b"GET / HTTP/1.1"  # nothing was taken from it


def test_any_wsgi_server_can_drive_a_stream_by_blocking() -> None:
    log = Log()
    log.say(b"data: 1\n\n")
    drive = block_drive({}, keep_alive=0.01)
    following = drive(log.stream())
    chunks = iter(following)
    assert [next(chunks), next(chunks)] == [b"data: 1\n\n", KEEP_ALIVE]
    log.end = log.clock.now()
    log.clock.bell.ring()
    assert set(chunks) <= {KEEP_ALIVE}
    assert len(log.clock.bell) == 0


def test_a_server_in_a_thread_leaves_nothing_behind() -> None:
    threads = set(threading.enumerate())
    app = App()
    with contextlib.ExitStack() as clients:
        with serve_in_thread(app) as server:
            live = Live(server.url)
            assert server.url == f"http://{server.host}:{server.port}"
            responses = [clients.enter_context(live.following()) for _ in range(3)]
            idle = clients.enter_context(socket.create_connection(live.address))
            live.wait_for(subscribed=3)
            before = time.monotonic()
        assert time.monotonic() - before < 1
        assert [response.read() for response in responses] == [b"", b"", b""]  # a proper end
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(live.address)
    assert len(app.log.clock.bell) == 0
    assert set(threading.enumerate()) == threads
    gc.collect()  # a socket left open would be a ResourceWarning, and here an error


def test_a_client_that_reads_nothing_does_not_keep_the_server() -> None:
    with contextlib.ExitStack() as clients:
        with serve_in_thread(App()) as server:
            live = Live(server.url)
            clients.enter_context(live.following("/flood"))
            live.wait_for(subscribed=1)
            before = time.monotonic()
        assert time.monotonic() - before < 1.5


@pytest.mark.parametrize("size", [b"2", b"2000", b"200001", b"7fffffff"])
def test_a_chunk_that_is_cut_off_is_no_body(hub: FakeHub, size: bytes) -> None:
    """werkzeug takes the rest from the memory of the process."""
    head = b"POST /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hf_x\r\nTransfer-Encoding: chunked\r\n"
    with serve_in_thread(wsgi_app(hub)) as server:
        with socket.create_connection((server.host, server.port), PATIENCE) as sock:
            sock.sendall(head + b"Content-Type: application/json\r\n\r\n" + size + b"\r\n{")
            sock.shutdown(socket.SHUT_WR)
            with sock.makefile("rb") as reader:
                answer = reader.read()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"its chunks are malformed" in answer
    assert hub.count_all() == 0


@pytest.mark.parametrize("words", [{"reset": True}, {"down": "1h"}])
def test_who_hangs_up_while_sending_to_a_fault_is_no_failure(
    hub: FakeHub, words: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    hub.fault(**words)
    with (
        serve_in_thread(wsgi_app(hub)) as server,
        socket.create_connection((server.host, server.port), PATIENCE) as sock,
    ):
        sock.sendall(b"POST /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        sock.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionResetError):
            sock.recv(100)
    assert caplog.records == []


def test_a_server_ends_when_the_block_fails() -> None:
    with pytest.raises(LookupError), serve_in_thread(App()) as server:
        raise LookupError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port))


def test_ipv6() -> None:
    try:
        with serve_in_thread(App(), "::1") as server:
            assert server.url == f"http://[::1]:{server.port}"
            assert Live(server.url).ask("GET", "/echo").json()["environ"]["SERVER_NAME"] == "::1"
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        pytest.skip(f"no IPv6 here: {error}")


def test_frames_arrive_while_the_test_goes_on() -> None:
    app = App()
    with serve_in_thread(app) as server, Live(server.url).following() as response:
        for number in range(20):
            app.log.say(b"data: %d\n\n" % number)
            assert frame(response) == b"data: %d\n\n" % number
