"""A small WSGI app with one event stream, made by hand: what the tests of the drivers serve.

As a script (`python -m tests.drivers.streaming_app uvicorn`) it serves itself, and prints its URL when it is ready.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from fakejobs.clock import Anchor, Clock, Stream, WaitUntil
from fakejobs.drivers.server import listen, run
from fakejobs.drivers.threads import block_drive
from fakejobs.model.plan import NEVER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

START = 1_750_000_000_000
TOPIC = "0123456789abcdef01234567"
DATE = "Sun, 15 Jun 2025 15:06:40 GMT"


class Log:
    """A job's log, on a clock that stands still until it is advanced: frames with the instants that they come at."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock(Anchor(at=START, source=0, frozen=True), source=lambda: 0)
        self.frames: list[tuple[int, bytes]] = []
        self.end = NEVER
        self.open = 0

    def say(self, frame: bytes, after: int = 0) -> None:
        """Add a frame, `after` milliseconds from now, and ring."""
        self.frames.append((self.clock.now() + after, frame))
        self.frames.sort(key=lambda entry: entry[0])
        self.clock.bell.ring(TOPIC)

    def stream(self) -> Stream:
        """One connection's stream: everything from the start."""
        return Stream(self._steps(), TOPIC, self.clock)

    def _steps(self) -> Generator[bytes | WaitUntil, None, None]:
        self.open += 1
        try:
            sent = 0
            while True:
                now = self.clock.now()
                while sent < len(self.frames) and self.frames[sent][0] <= now:
                    yield self.frames[sent][1]
                    sent += 1
                if now >= self.end:
                    return
                yield WaitUntil(self.frames[sent][0] if sent < len(self.frames) else self.end)
        finally:
            self.open -= 1


class Closing:
    """An app's iterable that knows whether it was closed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        self.closed += 1


class App:
    """The app; every route is a method, every answer has the one Date header of the clock."""

    def __init__(self, log: Log | None = None) -> None:
        self.log = log or Log()
        self.last = Closing(())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        route = environ["PATH_INFO"].strip("/").split("/")[0]
        handler: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]] = getattr(
            self, f"do_{route}", self.do_echo
        )
        return handler(environ, start_response)

    def _answer(self, start_response: StartResponse, answer: object) -> Iterable[bytes]:
        body = json.dumps(answer).encode()
        headers = [
            ("Date", DATE),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ]
        start_response("200 OK", headers)
        self.last = Closing([body])
        return self.last

    def do_echo(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        texts = {key: value for key, value in environ.items() if isinstance(value, str)}
        return self._answer(start_response, {"environ": texts, "body": body.decode("latin-1")})

    def do_stream(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Date", DATE), ("Content-Type", "text/event-stream")])
        drive = environ.get("fakejobs.drive") or block_drive(environ)
        chunks: Iterable[bytes] = drive(self.log.stream())
        return () if environ["REQUEST_METHOD"] == "HEAD" else chunks

    def do_say(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.log.say(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        return self._answer(start_response, None)

    def do_advance(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(start_response, self.log.clock.advance(int(environ["QUERY_STRING"])))

    def do_end(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.log.end = self.log.clock.now()
        self.log.clock.bell.ring(TOPIC)
        return self._answer(start_response, None)

    def do_reset(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.log.frames = []
        self.log.end = NEVER
        return self._answer(start_response, None)

    def do_state(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        state = {
            "subscribed": len(self.log.clock.bell),
            "open": self.log.open,
            "threads": threading.active_count(),
        }
        return self._answer(start_response, state)

    def do_flood(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def steps() -> Generator[bytes | WaitUntil, None, None]:
            while True:
                yield b"data: flood\n\n" * 1000

        start_response("200 OK", [("Date", DATE)])
        chunks: Iterable[bytes] = environ["fakejobs.drive"](Stream(steps(), TOPIC, self.log.clock))
        return chunks

    def do_fail(self, _environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("a mistake of the app")

    def do_break(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def steps() -> Generator[bytes | WaitUntil, None, None]:
            yield b"data: 1\n\n"
            raise LookupError("a mistake of a stream")

        start_response("200 OK", [("Date", DATE)])
        chunks: Iterable[bytes] = environ["fakejobs.drive"](Stream(steps(), TOPIC, self.log.clock))
        return chunks

    def do_write(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [("Date", DATE)])
        write(b"written, ")
        return [b"then ", b"given"]

    def do_second(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Date", DATE)])
        try:
            int("before anything was sent")
        except ValueError:
            start_response("418 I'm a teapot", [("Date", DATE)], sys.exc_info())
        return [b"second thoughts"]

    def do_empty(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("204 No Content", [("Date", DATE)])
        return ()


if __name__ == "__main__":
    run(
        App(),
        sock=listen("127.0.0.1", 0),
        server=sys.argv[1],  # type: ignore[arg-type]
        on_ready=lambda url: print(url, flush=True),
        keep_alive=float(sys.argv[2]) if len(sys.argv) > 2 else 30.0,
    )
