"""How a thread waits for its stream: woken by the bell, by the end of the connection, or by the time."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Protocol


class Waiter(Protocol):
    """How one thread waits for its stream. All but `wait` and `close` may be called from any thread."""

    over: bool
    """Whether there is nobody to send to any more: the client hung up, or the server stops."""

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until woken; says whether it was woken since the last wait."""

    def wake(self) -> None:
        """End the wait, or the next one."""

    def end(self) -> None:
        """Make it `over`, and wake it."""

    def close(self) -> None:
        """Free what it holds; waking it afterwards has no effect."""


class EventWaiter:
    """Waits on an event. A client that hangs up is noticed by the next write, a keep-alive at the latest."""

    def __init__(self) -> None:
        self.over = False
        self._woken = threading.Event()

    def wait(self, seconds: float) -> bool:
        """See `Waiter`."""
        woken = self._woken.wait(seconds)
        if woken:  # else a ring of this very moment would be lost
            self._woken.clear()
        return woken

    def wake(self) -> None:
        """See `Waiter`."""
        self._woken.set()

    def end(self) -> None:
        """See `Waiter`."""
        self.over = True
        self.wake()

    def close(self) -> None:
        """See `Waiter`."""


class SocketWaiter:
    """Waits on the connection's socket as well, so that a client that hangs up frees its thread at once."""

    def __init__(self, client: socket.socket) -> None:
        self.over = False
        self._client = client
        self._lock = threading.Lock()
        self._closed = False
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        # poll, where there is one: it needs no descriptor of its own, and select refuses those above 1023.
        self._selector: selectors.BaseSelector = getattr(
            selectors, "PollSelector", selectors.SelectSelector
        )()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._selector.register(client, selectors.EVENT_READ)

    def wait(self, seconds: float) -> bool:
        """See `Waiter`."""
        woken = False
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._bell:
                with contextlib.suppress(BlockingIOError):
                    self._bell.recv(4096)
                woken = True
            else:
                self._look_at_client()
        return woken

    def _look_at_client(self) -> None:
        try:
            if self._client.recv(1, socket.MSG_PEEK) == b"":
                self.over = True
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.over = True
        except ValueError:
            pass  # TLS cannot peek.
        # Either it is gone, or it sends what nobody asked for: in both cases looking again would only spin.
        self._selector.unregister(self._client)

    def wake(self) -> None:
        """See `Waiter`."""
        with self._lock:
            if not self._closed:
                with contextlib.suppress(BlockingIOError):  # full: it is woken already
                    self._rope.send(b"!")

    def end(self) -> None:
        """See `Waiter`."""
        self.over = True
        self.wake()

    def close(self) -> None:
        """See `Waiter`."""
        with self._lock:
            self._closed = True
            self._selector.close()
            self._bell.close()
            self._rope.close()
