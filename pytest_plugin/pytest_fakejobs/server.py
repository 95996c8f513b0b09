"""The live server of a session: one socket, and the fake of whichever test runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.handle import FakeJobs
from fakejobs.live import live_app


@dataclass
class LiveServer:
    """Where it is, and whose turn it is.

    Attributes:
        url: its address, without a slash at the end.
        current: the fake that answers; None between tests.
    """

    url: str = ""
    current: FakeJobs | None = None


@contextmanager
def live_server() -> Iterator[LiveServer]:
    """Serve on a free port of the loopback interface while the block runs."""
    live = LiveServer()
    with serve_in_thread(live_app(lambda: live.current)) as server:
        live.url = server.url
        yield live
