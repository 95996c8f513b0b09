"""Servers and load generators, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.figures import Followed, Round
from tests.benchmarks.follow_load import Wanted as WantedFollowers
from tests.benchmarks.get_load import Wanted as WantedRound

ROOT = Path(__file__).parents[2]

# Proxies of the environment are for other hosts.
_opener = build_opener(ProxyHandler({}))


class Server:
    """A server in a process of its own, which accepts connections.

    Attributes:
        url: where it serves.
        port: its port.
        process: the process.
    """

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process = process
        self.url = url
        self.port = urlsplit(url).port or 0

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        """One call of the API; the body of the answer."""
        headers = {"Authorization": "Bearer hf_benchmark", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with _opener.open(Request(self.url + path, data, headers, method=method), timeout=30) as response:
            return cast(bytes, response.read())


@contextlib.contextmanager
def started(module: str, *arguments: str, ready: Path) -> Iterator[Server]:
    """``python -m module`` until the block ends; it writes its URL to ``ready`` once it accepts connections."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 30
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{module} did not start")
            time.sleep(0.02)
        yield Server(process, ready.read_text().strip())
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(10)


def serving(folder: Path, *options: str) -> contextlib.AbstractContextManager[Server]:
    """`fakejobs serve` with further options."""
    ready = folder / f"ready-{time.monotonic_ns()}"
    return started("fakejobs", "serve", "--port", "0", "--ready-file", str(ready), *options, ready=ready)


def serving_bare(folder: Path, body: bytes) -> contextlib.AbstractContextManager[Server]:
    """The app of `tests.benchmarks.bare`."""
    ready, file = folder / "ready-bare", folder / "body"
    file.write_bytes(body)
    return started("tests.benchmarks.bare", str(file), str(ready), ready=ready)


def get_round(server: Server, wanted: WantedRound) -> Round:
    """One round of GETs, of which ``server`` is to answer all."""
    before = _cpu_seconds(server)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.get_load"],
        input=json.dumps(wanted).encode(),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        check=True,
    )
    return cast(Round, {**json.loads(done.stdout), "cpu": _cpu_seconds(server) - before})


def _cpu_seconds(server: Server) -> float:
    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


class Followers:
    """A generator whose followers are all connected."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def poll(self) -> None:
        """Let it begin to poll."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def result(self) -> Followed:
        """What it saw, once all streams have ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the load generator failed")
        return cast(Followed, json.loads(line))


@contextlib.contextmanager
def following(wanted: WantedFollowers) -> Iterator[Followers]:
    """Connect all followers; the block begins when they are."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.follow_load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
            if process.stdout.readline().strip() != "connected":
                raise SystemExit("the load generator failed to connect its followers")
            yield Followers(process)
        finally:
            process.kill()


class Watch:
    """Looks at a process every tenth of a second, from a thread.

    Attributes:
        threads: the most threads that it had.
        memory: the most resident bytes that it had.
    """

    def __init__(self, pid: int) -> None:
        self.threads = 0
        self.memory = 0
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self._look()

    def _look(self) -> None:
        self.threads = max(self.threads, self._process.num_threads())
        self.memory = max(self.memory, self._process.memory_info().rss)
