"""uvicorn in a thread of this process, as `fakejobs serve` sets it up in its own."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fakejobs.drivers.asgi import Bridge
from fakejobs.drivers.sockets import listen
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@contextmanager
def in_uvicorn(current: Callable[[], FakeHub]) -> Iterator[tuple[str, int]]:
    """Serve whatever hub is the current one while the block runs; gives host and port. It does not close its listener."""
    uvicorn: Any = importlib.import_module("uvicorn")  # not there with older clients

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return wsgi_app(current())(environ, start)

    quiet = {
        "lifespan": "off",
        "ws": "none",
        "log_config": None,
        "log_level": "critical",
        "access_log": False,
    }
    config = uvicorn.Config(Bridge(app), interface="asgi3", date_header=False, server_header=False, **quiet)
    server = uvicorn.Server(config)
    with listen() as sock:
        host, port = sock.getsockname()[:2]
        thread = threading.Thread(target=server.run, args=([sock],))
        thread.start()
        try:
            yield host, port
        finally:
            server.should_exit = True
            thread.join()
