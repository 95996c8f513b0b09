"""``python -m tests.benchmarks.follow_load``: many log followers, and one poller among them, in a process of its own.

It reads what is wanted as one line of JSON, connects all followers, says ``connected``, waits for a line, polls for as
long as it is told to, and reports when the last stream has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import time
from collections.abc import Sequence
from typing import TypedDict

from tests.benchmarks.figures import Followed

_DATA = re.compile(r'^data: (\{"data":.*\})$', re.MULTILINE)
_AT_ONCE = 64


class Wanted(TypedDict):
    """One run.

    Attributes:
        port: where, on 127.0.0.1.
        paths: the log of each follower's job.
        lines: the lines that each follower should get, in order, after the start marker.
        poll_path: what to poll.
        polls_a_second: how often.
        poll_seconds: for how long; 0 polls nothing.
    """

    port: int
    paths: list[str]
    lines: list[list[str]]
    poll_path: str
    polls_a_second: float
    poll_seconds: float


class _Follower:
    """One connection that reads a stream to its end."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._text = b""
        self.closed_cleanly = False

    async def connect(self, port: int, path: str) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(_request(port, path))
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 ") or b"transfer-encoding: chunked" not in head.lower():
            raise SystemExit(f"not the answer that was wanted: {head.decode('latin-1')}")

    async def read(self) -> None:
        """Read up to the empty chunk (a clean end) or to where the connection breaks off."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                self._text += (await self._reader.readexactly(size + 2))[:-2]
            self.closed_cleanly = True
        self._writer.close()

    @property
    def got(self) -> list[str]:
        """The texts of all frames."""
        return [json.loads(frame)["data"] for frame in _DATA.findall(self._text.decode())]

    @property
    def complete(self) -> bool:
        marker, *lines = self.got or [""]
        return self.closed_cleanly and marker.startswith("===== Job started at ") and lines == self._lines


def _request(port: int, path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer hf_benchmark\r\n\r\n"
    ).encode()


async def _poll(wanted: Wanted) -> list[float]:
    """Ask at regular instants; what comes too late for its instant because the answer before was slow counts from it."""
    if not wanted["poll_seconds"]:
        return []
    reader, writer = await asyncio.open_connection("127.0.0.1", wanted["port"])
    request = _request(wanted["port"], wanted["poll_path"])
    took: list[float] = []
    begin = time.perf_counter()
    for number in range(int(wanted["poll_seconds"] * wanted["polls_a_second"])):
        due = begin + number / wanted["polls_a_second"]
        late = time.perf_counter() > due
        if not late:
            await asyncio.sleep(due - time.perf_counter())
        asked = due if late else time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise SystemExit(f"not the answer that was wanted: {head.decode('latin-1')}")
        await reader.readexactly(int(length[1]))
        took.append(time.perf_counter() - asked)
    writer.close()
    return sorted(took)


async def follow(wanted: Wanted) -> Followed:
    """One run."""
    followers = [_Follower(lines) for lines in wanted["lines"]]
    gate = asyncio.Semaphore(_AT_ONCE)

    async def connect(follower: _Follower, path: str) -> None:
        async with gate:
            await follower.connect(wanted["port"], path)

    await asyncio.gather(*map(connect, followers, wanted["paths"]))
    reading = asyncio.gather(*(follower.read() for follower in followers))
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    polls = await _poll(wanted)
    await reading
    incomplete = next((follower for follower in followers if not follower.complete), None)
    return {
        "followers": len(followers),
        "complete": sum(follower.complete for follower in followers),
        "ended": sum(follower.closed_cleanly for follower in followers),
        "first_gap": "" if incomplete is None else f"{incomplete.got}",
        "polls": polls,
    }


def _allow_many_connections() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 10_000) if hard > 0 else 10_000, hard))


if __name__ == "__main__":
    _allow_many_connections()
    print(json.dumps(asyncio.run(follow(json.loads(sys.stdin.readline())))))
