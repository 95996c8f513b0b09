"""The listening socket of the threaded server, which a fault closes for a while: connections are refused meanwhile."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable

from fakejobs.clock import Outage

BACKLOG = 1024


class Door:
    """Closes a listening socket while an outage is on, and opens it again; its descriptor stays the same.

    Args:
        sock: the socket; it listens.
        always: whether it is closed also while time stands still. Somebody in this process must be able to move time then, as through the
            socket nobody can.
    """

    def __init__(self, sock: socket.socket, *, always: bool) -> None:
        self._sock = sock
        self._always = always
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._outage: Outage | None = None
        self._leave: list[Callable[[], None]] = []
        self._shut = False
        self.is_open = True

    def follow(self, outage: Outage | None) -> None:
        """Be closed when this one is on; None: never."""
        for leave in self._leave:
            leave()
        self._leave = []
        self._outage = outage
        if outage is not None:
            # Both in the thread that changes something, so that whoever calls after it finds things as they are.
            self._leave = [outage.subscribe(self.look), outage.clock.bell.subscribe("", self.look)]
        self.look()

    def look(self) -> None:
        """Open or close, as it is to be now."""
        # The clock is asked without the lock, as who holds the clock's may wait for this one; so it is asked again after a change.
        while (to_be_open := self._is_to_be_open()) != self.is_open:
            with self._lock:
                if self._shut or os.name != "posix":
                    return
                if to_be_open != self.is_open:
                    self.is_open = to_be_open
                    if to_be_open:
                        self._sock.listen(BACKLOG)
                    else:
                        _stop_listening(self._sock)
                    self._changed.set()

    def _is_to_be_open(self) -> bool:
        return self._outage is None or not is_closed(self._outage, always=self._always)

    def wait(self, seconds: float) -> None:
        """Wait that long, or until it is opened."""
        self._changed.clear()
        self.look()
        if not self.is_open:
            self._changed.wait(seconds)

    def leave(self) -> None:
        """Leave the socket alone from now on."""
        with self._lock:
            self._shut = True
        self.follow(None)


def is_closed(outage: Outage, *, always: bool) -> bool:
    """Whether a listener is to be closed now."""
    return outage.on and (always or not outage.clock.frozen)


def bound(family: int, address: object) -> socket.socket:
    """A socket that holds an address and refuses connections until it listens.

    Raises:
        OSError: somebody else has it.
    """
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # see `fakejobs.drivers.sockets.listen`
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        held.bind(address)  # type: ignore[arg-type]  # as getsockname() gave it
    except OSError:
        held.close()
        raise
    return held


def _stop_listening(sock: socket.socket) -> None:
    address = sock.getsockname()
    with contextlib.suppress(
        OSError
    ):  # Linux stops listening at once, also while another thread polls the socket
        sock.shutdown(socket.SHUT_RDWR)
    with contextlib.closing(socket.socket(sock.family, sock.type, sock.proto)) as fresh:
        fresh.settimeout(sock.gettimeout())
        os.dup2(fresh.fileno(), sock.fileno(), inheritable=False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Held, so that nobody else takes the port; without listen(), the system refuses who comes.
    sock.bind(address)
