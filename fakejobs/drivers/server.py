"""`fakejobs serve`: one app on one socket until a signal comes."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Literal

from fakejobs.clock import Outage
from fakejobs.drivers.door import bound, is_closed
from fakejobs.drivers.pace import KEEP_ALIVE_SECONDS, monotonic
from fakejobs.drivers.sockets import CannotListen, PortTaken, listen, url_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["CannotListen", "PortTaken", "ServerMissing", "listen", "run", "url_of"]

Kind = Literal["auto", "uvicorn", "werkzeug"]

# Wrappers (npm and the like) pass on a Ctrl-C that the terminal has sent to us already: one signal, not two.
_SAME_SIGNAL = 0.5

_OPEN_FILES = 10_000

# How long open responses may take to end when the server stops.
_GRACE = 0.3


class ServerMissing(RuntimeError):
    """The server that was asked for is not installed."""


def run(
    app: WSGIApplication,
    *,
    sock: socket.socket,
    server: Kind = "auto",
    on_ready: Callable[[str], None] = lambda _url: None,
    keep_alive: float = KEEP_ALIVE_SECONDS,
    outage: Outage | None = None,
) -> None:
    """Serve ``app`` until SIGINT or SIGTERM, then end open streams and return, within a fraction of a second.

    A second signal, half a second later or more, ends the process on the spot.

    Args:
        app: the WSGI app; it sends its own ``Date`` header, no server adds one.
        sock: where to listen, from `listen`; it is closed at the end.
        server: ``auto`` is uvicorn when it is installed, else werkzeug's threaded server.
        on_ready: called with the URL once connections are accepted. What it raises ends the server.
        keep_alive: seconds of silence before an event stream sends a keep-alive.
        outage: while this is on and time runs, connections are refused. (While time stands still they are reset, for the API only: nobody
            could reach the server to move time.)

    Raises:
        ServerMissing: uvicorn was asked for and is not installed.
    """
    installed = importlib.util.find_spec("uvicorn") is not None
    if server == "uvicorn" and not installed:
        sock.close()
        raise ServerMissing(
            "uvicorn is not installed: `pip install 'fakejobs[serve]'`, or serve with werkzeug instead"
        )
    _allow_many_connections()
    serve = _uvicorn if server != "werkzeug" and installed else _werkzeug
    serve(app, sock, on_ready, keep_alive, outage)


def _allow_many_connections() -> None:
    """Raise the limit of open files, where there is one, as each follower is one: often 1024, on macOS 256."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _werkzeug(
    app: WSGIApplication,
    sock: socket.socket,
    on_ready: Callable[[str], None],
    keep_alive: float,
    outage: Outage | None,
) -> None:
    from fakejobs.drivers.threads import serve_in_thread

    stopped = threading.Event()
    serving = serve_in_thread(
        app, sock=sock, keep_alive=keep_alive, outage=outage, closed_in_frozen_time=False
    )
    with _signals(stopped.set), serving as server:
        on_ready(server.url)
        while not stopped.wait(0.2):  # in pieces: on Windows a signal does not end a wait
            pass


def _uvicorn(
    app: WSGIApplication,
    sock: socket.socket,
    on_ready: Callable[[str], None],
    keep_alive: float,
    outage: Outage | None,
) -> None:
    import uvicorn

    from fakejobs.drivers.asgi import Bridge

    bridge = Bridge(app, keep_alive=keep_alive)
    url = url_of(sock)
    address = sock.family, sock.getsockname()
    failures: list[BaseException] = []

    class Server(uvicorn.Server):
        closed = False
        held: socket.socket | None = None  # has the address meanwhile

        def look(self) -> None:
            """Close the listener if it is to be closed now. On the event loop only, where the app is called."""
            if outage is None or self.closed or not is_closed(outage, always=False):
                return
            self.closed = True
            for server in self.servers:
                server.close()
            with contextlib.suppress(OSError):  # a loop that closes a little later
                self.held = bound(*address)
            for connection in list(self.server_state.connections):
                connection.shutdown()  # an idle one; of the others, what is being answered is the last

        async def on_tick(self, counter: int) -> bool:
            """Ten times a second: open the listener when it is time."""
            self.look()
            if self.closed and outage is not None and not is_closed(outage, always=False):
                loop = asyncio.get_running_loop()

                def connection() -> asyncio.Protocol:
                    made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn does
                        config=config,
                        server_state=self.server_state,
                        app_state=self.lifespan.state,
                        _loop=loop,
                    )
                    return made

                # Somebody else may have taken the port: it may be free at the next tick.
                with contextlib.suppress(OSError):
                    held, self.held = self.held or bound(*address), None
                    self.servers = [await loop.create_server(connection, sock=held, backlog=config.backlog)]
                    self.closed = False
            return await super().on_tick(counter)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            try:
                on_ready(url)
            except BaseException as error:  # noqa: BLE001  raised again below
                failures.append(error)
                self.should_exit = True

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # uvicorn waits for open connections, and streams have no end: so they are ended first, and what
            # is still open then (a client that reads nothing) is cut off.
            for server in self.servers:
                server.close()
            bridge.stop()
            connections = self.server_state.connections
            for connection in list(connections):
                connection.shutdown()
            until = monotonic() + _GRACE
            while connections and monotonic() < until:
                await asyncio.sleep(0.01)
            for connection in list(connections):
                connection.transport.abort()
            await super().shutdown(sockets)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn raises the signals again when it is done: a traceback, or a bad exit code. Ours do not.
            yield

        def leave(self) -> None:
            self.should_exit = True

    config = uvicorn.Config(
        bridge,
        interface="asgi3",
        http=_protocol(),
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        # Clients that poll once a minute find their connection still open.
        timeout_keep_alive=75,
        backlog=1024,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = Server(config)
    leave = outage.subscribe(server.look) if outage is not None else lambda: None
    with sock, _signals(server.leave):
        server.run(sockets=[sock])
    leave()
    if server.held is not None:
        server.held.close()
    if failures:
        raise failures[0]


def _protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    if importlib.util.find_spec("httptools") is None:
        return "h11"  # which has its own limit, given above
    from fakejobs.drivers.heads import BoundedHeads

    return BoundedHeads


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` at SIGINT or SIGTERM while the block runs (in the main thread; others never get them)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    first: list[float] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if not first:
            first.append(monotonic())
            stop()
        elif monotonic() - first[0] >= _SAME_SIGNAL:
            os._exit(128 + number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    before = [signal.signal(number, handle) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
