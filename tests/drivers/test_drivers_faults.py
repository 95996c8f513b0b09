"""What drivers make of the steps of a fault: silence, an answer whose head comes late, and the end of a connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING

import pytest

from fakejobs.clock import Abort, Anchor, Breaking, Clock, Outage, Pause, Step, Stream
from fakejobs.drivers.asgi import Bridge
from fakejobs.drivers.door import Door
from fakejobs.drivers.sockets import listen, reset
from fakejobs.drivers.threads import Following, block_drive
from fakejobs.model.plan import NEVER
from tests.drivers.streaming_app import START
from tests.drivers.test_drivers_bridge import Client, play
from tests.drivers.test_drivers_threads import Pretended

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def frozen_clock() -> Clock:
    return Clock(Anchor(at=START, source=0, frozen=True), source=lambda: 0)


def stream(clock: Clock, *steps: Step) -> Stream:
    def made() -> Generator[Step, None, None]:
        yield from steps

    return Stream(made(), "", clock)


# Threads.


def test_a_pause_has_no_keep_alive_and_no_ring_ends_it() -> None:
    clock = frozen_clock()
    waiter = Pretended(lambda: None, clock.bell.ring, lambda: clock.advance(3_600_000))
    steps = stream(clock, b"", Pause(START + 3_600_000), b"at last")
    chunks = Following(steps, lambda: waiter, monotonic=lambda: waiter.now)
    assert list(chunks) == [b"", b"at last"]
    assert len(waiter.waits) == 3


def test_a_pause_before_the_head_sends_no_head() -> None:
    clock = frozen_clock()
    waiter = Pretended(lambda: clock.advance(1_000))
    chunks = Following(stream(clock, Pause(START + 1_000), b"", b"body"), lambda: waiter)
    assert list(chunks) == [b"body"]


def test_who_does_not_wait_for_the_head_gets_none() -> None:
    clock = frozen_clock()
    waiter = Pretended()
    waiter.over = True
    with pytest.raises(ConnectionAbortedError, match="did not wait"):
        list(Following(stream(clock, Pause(NEVER), b"body"), lambda: waiter))
    assert waiter.closed
    assert len(clock.bell) == 0


def test_an_abort_is_an_error_and_the_server_is_told_how_to_break() -> None:
    how: list[Breaking] = []
    waiter = Pretended()
    chunks = iter(
        Following(
            stream(frozen_clock(), b"half", Abort("reset"), b"never"), lambda: waiter, breaking=how.append
        )
    )
    assert next(chunks) == b"half"
    with pytest.raises(ConnectionAbortedError):
        next(chunks)
    assert how == ["reset"]
    assert waiter.closed


def test_a_server_that_knows_nothing_of_faults_breaks_as_it_can() -> None:
    drive = block_drive({})
    with pytest.raises(ConnectionAbortedError):
        list(drive(stream(frozen_clock(), Abort("closed"))))


# asyncio.


def late_app(clock: Clock, *steps: Step, headers: Sequence[tuple[str, str]] = ()) -> Bridge:
    """An app whose answer begins after the first step."""

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        def made() -> Generator[Step, None, None]:
            first, *rest = steps
            yield first
            start("200 OK", [("Content-Type", "text/plain"), *headers])
            yield from rest

        made_drive = environ["fakejobs.drive"]
        chunks: Iterable[bytes] = made_drive(Stream(made(), "", clock))
        return chunks

    return Bridge(app)


def test_asyncio_sends_the_head_when_it_is_there() -> None:
    clock = frozen_clock()

    async def scene() -> None:
        client = Client(late_app(clock, Pause(START + 5_000), b"body"), "/")
        answering = asyncio.create_task(client.answer())
        await asyncio.sleep(0)
        assert client.sent == []
        clock.advance(5_000)
        await answering
        assert (client.status, client.body) == (200, b"body")

    play(scene())


def test_asyncio_answers_nobody_who_does_not_wait() -> None:
    clock = frozen_clock()

    async def scene() -> None:
        client = Client(late_app(clock, Pause(NEVER), b"body"), "/")
        client.incoming.put_nowait({"type": "http.disconnect"})
        await client.answer()
        assert client.sent == []
        assert len(clock.bell) == 0

    play(scene())


def test_asyncio_breaks_an_answer_that_the_end_of_the_server_cuts_short() -> None:
    """It has said how long it will be, or has said nothing: an end would be none."""
    clock = frozen_clock()

    async def scene() -> None:
        measured = late_app(clock, Pause(START), b"half", Pause(NEVER), headers=[("Content-Length", "8")])
        for bridge, body in ((measured, b"half"), (late_app(clock, Pause(NEVER)), b"")):
            client = Client(bridge, "/")
            answering = asyncio.create_task(client.answer())
            while not len(clock.bell) or client.body != body:
                await asyncio.sleep(0)
            bridge.stop()
            await answering
            assert client.body == body
            assert all(message.get("more_body") for message in client.sent[1:])

    play(scene())


class Gone(Client):
    """A client that was quicker than the server. It is its own transport, and its socket: uvloop has none any more."""

    aborted = False

    @property
    def transport(self) -> Gone:
        return self

    def get_extra_info(self, _name: str) -> Gone:
        return self

    def setsockopt(self, *_option: object) -> None:
        raise ValueError("negative file descriptor")

    def abort(self) -> None:
        self.aborted = True
        self.incoming.put_nowait({"type": "http.disconnect"})


def test_asyncio_need_not_reset_what_is_gone() -> None:
    async def scene() -> None:
        client = Gone(late_app(frozen_clock(), Pause(START), b"half", Abort("reset")), "/")
        await client.answer()
        assert client.aborted

    play(scene())


def test_asyncio_ends_no_response_that_is_to_break() -> None:
    async def scene() -> None:
        client = Client(late_app(frozen_clock(), Pause(START), b"half", Abort("closed")), "/")
        await client.answer()
        assert (client.status, client.body) == (200, b"half")
        assert client.sent[-1]["more_body"]  # the server sees a response without an end

    play(scene())


# Sockets.


def refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, 5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_door_is_closed_while_the_outage_is_on() -> None:
    clock = frozen_clock()
    outage = Outage(clock)
    with listen() as sock:
        address = sock.getsockname()
        door = Door(sock, always=True)
        door.follow(outage)
        assert not refused(address)
        outage.last(START + 1_000)
        assert (door.is_open, refused(address)) == (False, True)
        clock.advance(999)
        assert refused(address)
        clock.advance(1)
        assert (door.is_open, refused(address)) == (True, False)
        outage.last(START + 9_000)
        outage.last(0)
        assert not refused(address)
        outage.last(START + 9_000)
        door.follow(None)  # whatever it was, it is nobody's any more
        assert not refused(address)
    assert len(clock.bell) == 0


class Overtaken(Outage):
    """An outage that changes between being asked and being acted upon."""

    answers: list[bool]

    @property
    def on(self) -> bool:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize("is_on", [True, False])
def test_a_door_is_as_the_outage_is_and_not_as_it_was(is_on: bool) -> None:
    outage = Overtaken(frozen_clock())
    outage.answers = [is_on]
    with listen() as sock:
        door = Door(sock, always=True)
        door.follow(outage)
        outage.answers = [not is_on, is_on]
        door.look()
        assert (door.is_open, refused(sock.getsockname())) == (not is_on, is_on)
        door.leave()


def test_a_door_of_others_stays_open_while_time_stands_still() -> None:
    clock = Clock(Anchor(at=START, source=0), source=lambda: 0)
    outage = Outage(clock)
    with listen() as sock:
        door = Door(sock, always=False)
        door.follow(outage)
        outage.last(START + 1_000)
        assert not door.is_open
        clock.freeze()
        assert door.is_open
        clock.unfreeze()
        assert not door.is_open
        door.leave()
        assert sock.fileno() != -1


def test_a_reset_is_one() -> None:
    with listen() as sock, socket.create_connection(sock.getsockname(), 5) as client:
        server, _ = sock.accept()
        server.sendall(b"half")
        reset(server)
        assert client.recv(100) == b"half"  # what was sent before arrives
        with pytest.raises(ConnectionResetError):
            client.recv(100)
        reset(server)  # a second time does nothing
