"""Keeping exchanges while they happen, and writing them down without anybody's name."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from fakejobs.contract.anonymous import Anonymiser, anonymous
from fakejobs.contract.recording import (
    BODY_LIMIT,
    MOST_EXCHANGES,
    BadRecording,
    Exchange,
    Frame,
    file_name,
    file_text,
    write_file,
)

_ENDS = (b"\r\n\r\n", b"\n\n", b"\r\r")


class Framer:
    """Puts the chunks of a stream together to frames: events, or lines.

    Args:
        events: whether a frame ends at a blank line, or at each line.
    """

    def __init__(self, *, events: bool) -> None:
        self.frames: list[Frame] = []
        self.truncated = False
        self._ends = _ENDS if events else (b"\n",)
        self._rest = b""
        self._size = 0
        self._at = 0

    def feed(self, chunk: bytes, at: int) -> None:
        """The next bytes, which came ``at`` milliseconds after the headers."""
        if self.truncated:
            return
        self._at = at
        self._size += len(chunk)
        if self._size > BODY_LIMIT:
            self.truncated, self._rest = True, b""
            return
        self._rest += chunk
        while (end := self._end()) is not None:
            self._add(self._rest[:end])
            self._rest = self._rest[end:]

    def finish(self) -> None:
        """The stream is over: what is left is a frame, too."""
        if self._rest:
            self._add(self._rest)
            self._rest = b""

    def _end(self) -> int | None:
        ends = [index + len(mark) for mark in self._ends if (index := self._rest.find(mark)) >= 0]
        return min(ends, default=None)

    def _add(self, frame: bytes) -> None:
        self.frames.append(Frame(self._at, frame.decode("utf-8", "replace")))


class Recorder:
    """Takes exchanges from any thread, and writes a file for each.

    While it runs, a file is written when its exchange is over, with all replaced that is known by then; tokens and secrets of requests
    always are. `close` writes again those in which somebody has been recognised since.

    Args:
        directory: where; made if it is not there, and it may not hold recordings yet.
        places: addresses of the server that is recorded.

    Raises:
        BadRecording: the directory has recordings, or cannot be made.
    """

    def __init__(self, directory: str | Path, places: Iterable[str]) -> None:
        self.directory = Path(directory)
        self._places = tuple(places)
        self._lock = threading.Lock()
        self._started = 0
        self._kept: dict[int, Exchange] = {}
        self._written: dict[int, tuple[str, str]] = {}
        self._anonymiser = Anonymiser(self._places)
        self.problem: str | None = None
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadRecording(f"{directory}: cannot be made ({error.strerror})") from None
        if any(self.directory.glob("[0-9][0-9][0-9][0-9]-*.json")):
            raise BadRecording(
                f"{directory}: has recordings already; give another --dir, or delete them first"
            )

    def add_place(self, place: str) -> None:
        """One more address of what is recorded: the proxy's own."""
        self._places = (*self._places, place)
        self._anonymiser = Anonymiser(self._places)

    def begin(self) -> int | None:
        """The number of a new exchange; None: there are too many, and it will not be kept."""
        with self._lock:
            self._started += 1
            if self._started > MOST_EXCHANGES:
                self.problem = f"only the first {MOST_EXCHANGES:,} exchanges were kept"
                return None
            return self._started

    def finish(self, number: int | None, exchange: Exchange) -> None:
        """An exchange is over."""
        if number is None:
            return
        with self._lock:
            self._kept[number] = exchange
            self._anonymiser.learn(exchange)
            self._write(number, self._anonymiser.exchange(exchange))

    def close(self) -> None:
        """Write what has changed now that all is known."""
        with self._lock:
            numbers = sorted(self._kept)
            finished = anonymous([self._kept[number] for number in numbers], self._places)
            for number, exchange in zip(numbers, finished, strict=True):
                self._write(number, exchange)

    def __len__(self) -> int:
        """How many exchanges were kept."""
        return len(self._kept)

    @property
    def streams(self) -> int:
        """How many of them are streams."""
        return sum(each.response.frames is not None for each in self._kept.values())

    def _write(self, number: int, exchange: Exchange) -> None:
        file = file_name(number, exchange.request), file_text(exchange)
        before = self._written.get(number)
        if before == file:
            return
        try:
            write_file(self.directory, *file)
            if before is not None and before[0] != file[0]:
                (self.directory / before[0]).unlink(missing_ok=True)
        except OSError as error:
            self.problem = f"{self.directory}: cannot be written ({error.strerror})"
            return
        self._written[number] = file
