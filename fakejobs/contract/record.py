"""``fakejobs record``: a command whose environment points at a proxy that records what it asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from fakejobs.contract.proxy import proxy_app
from fakejobs.contract.recorder import Recorder
from fakejobs.contract.upstream import Upstream
from fakejobs.drivers.sockets import listen, url_of
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.execute import LOOPBACK, QUIET, run_child


def record(command: Sequence[str], upstream: str, directory: str, say: Callable[[str], None]) -> int:
    """Run a command and record what it asks a server for; returns its exit code, as `fakejobs.execute.run_child` does.

    Args:
        command: program and arguments.
        upstream: the address of the server.
        directory: where the recordings go.
        say: prints a line of the summary.

    Raises:
        ValueError: the address or the directory cannot be used.
    """
    server = Upstream.at(upstream)
    recorder = Recorder(directory, [server.url])
    sock = listen()
    own = url_of(sock)
    recorder.add_place(own)
    try:
        with serve_in_thread(proxy_app(server, recorder), sock=sock):
            return run_child(command, recording_environment(own, os.environ), say)
    finally:
        recorder.close()
        for line in recorder.summary():
            say(f"fakejobs: {line}")


def recording_environment(url: str, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of the command: the user's own, token and cache included, but for the address of the Hub."""
    without = [given[name] for name in ("no_proxy", "NO_PROXY") if given.get(name)][:1]
    no_proxy = ",".join([*without, LOOPBACK])
    return {**given, **QUIET, "HF_ENDPOINT": url, "NO_PROXY": no_proxy, "no_proxy": no_proxy}
