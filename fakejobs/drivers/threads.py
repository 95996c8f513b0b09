"""Streams driven by a blocking thread each, and a small server of such threads (werkzeug's).

`block_drive` is what the app falls back to under any WSGI server that does not drive streams itself.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler

from fakejobs.clock import Abort, Breaking, Outage, Pause, Step, Stream
from fakejobs.drivers.door import Door
from fakejobs.drivers.pace import KEEP_ALIVE, KEEP_ALIVE_SECONDS, in_batches, monotonic, seconds_to_wait
from fakejobs.drivers.sockets import listen, reset, url_of
from fakejobs.drivers.waiters import EventWaiter, SocketWaiter, Waiter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_log = logging.getLogger("fakejobs.server")

# A server that stops: how long requests may go on, and how long they have to notice that they were cut off.
_GRACE = 0.5
_LAST_GRACE = 1.0
_ACCEPT_POLL = 0.02


class Following:
    """The response's iterable: one stream, as bytes, taking the time that it takes.

    Args:
        stream: what to send. Its steps are closed, and its bell is left, when this is closed or at its end.
        waiter: makes what the thread waits with, when the first bytes are asked for.
        keep_alive: seconds of silence before a keep-alive.
        monotonic: real seconds; for tests.
        breaking: told how the connection is to break, before the error that ends the response.
    """

    def __init__(
        self,
        stream: Stream,
        waiter: Callable[[], Waiter],
        *,
        keep_alive: float = KEEP_ALIVE_SECONDS,
        monotonic: Callable[[], float] = monotonic,
        breaking: Callable[[Breaking], object] = lambda _how: None,
    ) -> None:
        self._stream = stream
        self._chunks = _chunks(stream, waiter, keep_alive, monotonic, breaking)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Leave the bell and close the stream's steps, at whatever point they are."""
        self._chunks.close()
        self._stream.steps.close()


def _chunks(
    stream: Stream,
    make_waiter: Callable[[], Waiter],
    keep_alive: float,
    monotonic: Callable[[], float],
    breaking: Callable[[Breaking], object],
) -> Generator[bytes, None, None]:
    waiter = make_waiter()
    # Subscribe, then look, then wait: a ring in between is kept by the waiter.
    unsubscribe = stream.clock.bell.subscribe(stream.topic, waiter.wake)
    try:
        sent = monotonic()
        begun = False
        steps: Generator[Step, None, None] = in_batches(stream.steps)
        for step in steps:
            if waiter.over and (begun or isinstance(step, bytes)):
                return
            if isinstance(step, bytes):
                begun = True
                yield step
                sent = monotonic()
                continue
            if isinstance(step, Abort):
                breaking(step.how)
                raise ConnectionAbortedError("a fault broke the connection")
            if isinstance(step, Pause):
                while not waiter.over and stream.clock.seconds_until(step.instant) != 0:
                    waiter.wait(seconds_to_wait(stream.clock, step.instant, keep_alive))
                if waiter.over and not begun:
                    raise ConnectionAbortedError("the client did not wait for the answer")
                continue
            if not begun:
                # WSGI servers send the headers with the first chunk; this one may be long in coming.
                begun = True
                yield b""
            while not waiter.over:
                silence = sent + keep_alive - monotonic()
                if silence <= 0:
                    yield KEEP_ALIVE
                    sent = monotonic()
                    continue
                woken = waiter.wait(seconds_to_wait(stream.clock, step.instant, silence))
                if woken or stream.clock.seconds_until(step.instant) == 0:
                    break
            if waiter.over:
                return
    finally:
        unsubscribe()
        waiter.close()
        stream.steps.close()


BREAK_KEY = "fakejobs.break"
"""Key of the WSGI environ under which a server takes how a connection is to break, when its response ends with a `ConnectionError`."""


def block_drive(
    environ: WSGIEnvironment, *, keep_alive: float = KEEP_ALIVE_SECONDS
) -> Callable[[Stream], Following]:
    """The drive that blocks the thread which asks for the next bytes: right under any threaded WSGI server.

    Under werkzeug's server (``werkzeug.socket`` in the environ) a client that hangs up is noticed at once,
    elsewhere by the next write, which is a keep-alive at the latest.
    """
    client = environ.get("werkzeug.socket")

    breaking: Callable[[Breaking], object] = environ.get(BREAK_KEY) or (lambda _how: None)

    def drive(stream: Stream) -> Following:
        return Following(stream, lambda: _waiter(client), keep_alive=keep_alive, breaking=breaking)

    return drive


def _waiter(client: socket.socket | None) -> Waiter:
    return EventWaiter() if client is None else SocketWaiter(client)


class _WholeChunks:
    """What werkzeug reads the chunks of a body from. One that is cut off is an error here.

    werkzeug 3.1 says that it has read all that the chunk was to have. CPython believes it, and takes what lies behind the buffer
    in memory for the rest of the body, or ends with a segmentation fault.
    """

    def __init__(self, rfile: BinaryIO) -> None:
        self._rfile = rfile
        self.readline = rfile.readline

    def read(self, size: int) -> bytes:
        data = self._rfile.read(size)
        if len(data) < size:
            raise OSError("the body ended within a chunk")
        return data


class _Handler(WSGIRequestHandler):
    """One connection of the threaded server: quiet, and every response a single write."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    _breaks: Breaking | None = None
    wbufsize = 64 * 1024  # werkzeug flushes after each chunk; unbuffered, each would be four packets

    def parse_request(self) -> bool:
        """Read the head; HTTP/0.9, whose answers have neither status nor headers, is refused."""
        if not super().parse_request():
            return False
        if self.request_version == "HTTP/0.9":
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def make_environ(self) -> WSGIEnvironment:
        self.wfile.flush()  # "100 Continue", if werkzeug has just written one
        environ = super().make_environ()
        if "wsgi.input_terminated" in environ:
            environ["wsgi.input"] = DechunkedInput(_WholeChunks(self.rfile))  # type: ignore[arg-type]  # all that it uses
        environ["fakejobs.drive"] = self._drive
        environ[BREAK_KEY] = self._break
        return environ

    def _drive(self, stream: Stream) -> Following:
        return Following(
            stream,
            lambda: self.server.followed_by(self.connection),
            keep_alive=self.server.keep_alive,
            breaking=self._break,
        )

    def _break(self, how: Breaking) -> None:
        self.close_connection = True
        self._breaks = how

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """The response ended with a `ConnectionError`: if that is a fault's, break the connection as it says."""
        super().connection_dropped(error, environ)
        if self._breaks in ("reset", "refused"):
            self.wfile.flush()
            reset(self.connection)

    def handle_expect_100(self) -> bool:
        return True  # werkzeug answers that itself; clients need not hear it twice

    def send_response(self, code: int, _message: str | None = None) -> None:
        # No Server, and above all no Date: the app sends its own, of the hub's clock. And the reason as everybody writes it: werkzeug's is in
        # capitals, and clients on requests show it.
        self.send_response_only(code)

    def send_error(self, code: int, *_details: object) -> None:
        """Answer what is no HTTP, in JSON; the client's bytes are not repeated."""
        status = HTTPStatus(code)
        text = f"{status.phrase}: {status.description}" if status.description else status.phrase
        body = json.dumps({"error": text}).encode()
        self.request_version = "HTTP/1.1"  # it may not have got so far, and 0.9 has no headers
        self.send_response_only(code, status.phrase)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Error-Message", text)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log(self, _type: str, message: str, *args: object) -> None:
        _log.debug(message, *args)

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:  # the client went away before the buffer's last bytes
            self.rfile.close()


class _Server(ThreadedWSGIServer):
    """A thread for each connection, all of which end when the server does."""

    def __init__(self, app: WSGIApplication, sock: socket.socket, keep_alive: float, always: bool) -> None:
        host, port = sock.getsockname()[:2]
        self.keep_alive = keep_alive
        self._lock = threading.Lock()
        self._stopping = False
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._waiters: list[Waiter] = []
        # werkzeug serves a duplicate of the descriptor, so ours is done with.
        with sock:
            super().__init__(host, port, app, handler=_Handler, fd=sock.fileno())
        self.socket.settimeout(
            _ACCEPT_POLL
        )  # who was to be accepted may have gone with a door that was closed
        self.door = Door(self.socket, always=always)

    def service_actions(self) -> None:
        """Called in every round of the loop: outside, where a wait is noticed by nobody."""
        super().service_actions()
        if not self.door.is_open:
            self.door.wait(_ACCEPT_POLL)  # a socket that does not listen is always "ready"

    def followed_by(self, client: socket.socket) -> Waiter:
        """What a follower's thread waits with; over as soon as the server stops."""
        waiter = _Follower(client, self._forget)
        with self._lock:
            self._waiters.append(waiter)
            waiter.over = self._stopping
        return waiter

    def _forget(self, waiter: Waiter) -> None:
        with self._lock:
            self._waiters.remove(waiter)

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        thread = threading.Thread(
            target=self._connection, args=(request, client_address), name="fakejobs connection", daemon=True
        )
        with self._lock:
            self._connections[thread] = request
        try:
            thread.start()
        except BaseException:
            del self._connections[thread]
            raise

    def _connection(self, request: socket.socket, client_address: object) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._connections[threading.current_thread()]

    def handle_error(self, _request: object, _client_address: object) -> None:
        _log.debug("a connection failed", exc_info=True)

    def log(self, kind: str, message: str, *args: object) -> None:
        # Only an app that raised is worth a line.
        _log.log(logging.ERROR if kind == "error" else logging.DEBUG, message, *args)

    def stop(self) -> None:
        """End all streams, then all connections, and close the socket. Not for the server's own thread."""
        self.door.leave()
        with self._lock:
            self._stopping = True
            waiters = list(self._waiters)
        for waiter in waiters:
            waiter.end()
        self.shutdown()
        # Nothing more is read, which frees idle connections at once; what is being answered may end.
        self._cut(socket.SHUT_RD)
        if not self._joined(_GRACE):
            self._cut(socket.SHUT_RDWR)
            self._joined(_LAST_GRACE)
        self.server_close()

    def _cut(self, how: int) -> None:
        with self._lock:
            connections = list(self._connections.values())
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(how)

    def _joined(self, seconds: float) -> bool:
        until = monotonic() + seconds
        with self._lock:
            threads = list(self._connections)
        for thread in threads:
            thread.join(max(until - monotonic(), 0))
        return not any(thread.is_alive() for thread in threads)


class _Follower(SocketWaiter):
    def __init__(self, client: socket.socket, forget: Callable[[Waiter], None]) -> None:
        super().__init__(client)
        self._forget = forget

    def close(self) -> None:
        super().close()
        self._forget(self)


class RunningServer:
    """A server that accepts connections.

    Attributes:
        url: where, without a slash at its end.
        host: the address that it is bound to.
        port: the port, the real one when 0 was asked for.
    """

    def __init__(
        self,
        app: WSGIApplication,
        sock: socket.socket,
        *,
        keep_alive: float,
        closed_in_frozen_time: bool = True,
    ) -> None:
        self.url = url_of(sock)
        self.host: str
        self.port: int
        self.host, self.port = sock.getsockname()[:2]
        self._server = _Server(app, sock, keep_alive, closed_in_frozen_time)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_ACCEPT_POLL,), name="fakejobs server", daemon=True
        )
        self._thread.start()

    def follow(self, outage: Outage | None) -> None:
        """Refuse connections whenever this one is on; None: never."""
        self._server.door.follow(outage)

    def stop(self) -> None:
        """End open streams and connections, and close the socket: a fraction of a second."""
        self._server.stop()
        self._thread.join()


@contextlib.contextmanager
def serve_in_thread(
    app: WSGIApplication,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    sock: socket.socket | None = None,
    keep_alive: float = KEEP_ALIVE_SECONDS,
    outage: Outage | None = None,
    closed_in_frozen_time: bool = True,
) -> Iterator[RunningServer]:
    """Serve ``app`` from threads of this process while the ``with`` block runs.

    Args:
        app: the WSGI app.
        host: where to listen; a name, or an address of either family.
        port: the port; 0 picks a free one.
        sock: a socket that listens already, instead of ``host`` and ``port``; it is closed in any case.
        keep_alive: seconds of silence before an event stream sends a keep-alive.
        outage: while this is on, connections are refused; otherwise, by the hub behind ``app`` at most reset.
        closed_in_frozen_time: whether that holds while time stands still, which only this process can end then.

    Raises:
        CannotListen: the address cannot be used (`PortTaken`: the port is).
    """
    server = RunningServer(
        app,
        sock or listen(host, port),
        keep_alive=keep_alive,
        closed_in_frozen_time=closed_in_frozen_time,
    )
    server.follow(outage)
    try:
        yield server
    finally:
        server.stop()
