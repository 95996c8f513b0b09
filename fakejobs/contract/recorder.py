"""Keeping exchanges while they happen, and writing them down without anybody's name."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from fakejobs.contract.anonymous import anonymous
from fakejobs.contract.recording import MOST_EXCHANGES, BadRecording, Exchange
from fakejobs.contract.recording_files import file_name, file_text, has_recordings, write_file


class Recorder:
    """Takes exchanges from any thread, and writes a file for each in the end, when everybody in them is known.

    Args:
        directory: where; made if it is not there, and it may not hold recordings yet.
        places: addresses of the server that is recorded.

    Raises:
        BadRecording: the directory has recordings, or cannot be made.
    """

    def __init__(self, directory: str | Path, places: Iterable[str]) -> None:
        self.directory = Path(directory)
        self._places = list(places)
        self._lock = threading.Lock()
        self._begun = 0
        self._closed = False
        self._kept: dict[int, Exchange] = {}
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            taken = has_recordings(self.directory)
        except OSError as error:
            raise BadRecording(f"{directory}: cannot be made ({error.strerror})") from None
        if taken:
            raise BadRecording(
                f"{directory}: has recordings already; give another --dir, or delete them first"
            )

    def add_place(self, place: str) -> None:
        """One more address of what is recorded: the proxy's own."""
        self._places.append(place)

    def begin(self) -> int:
        """The number of an exchange that begins; its file will have it."""
        with self._lock:
            self._begun += 1
            return self._begun

    def finish(self, number: int, exchange: Exchange) -> None:
        """An exchange is over. Those above `MOST_EXCHANGES`, and those that are late, are not kept."""
        with self._lock:
            if number <= MOST_EXCHANGES and not self._closed:
                self._kept[number] = exchange

    def close(self) -> None:
        """Write the files.

        Raises:
            BadRecording: they cannot be written.
        """
        with self._lock:
            self._closed = True
        numbers = sorted(self._kept)
        finished = anonymous([self._kept[number] for number in numbers], self._places)
        try:
            for number, exchange in zip(numbers, finished, strict=True):
                write_file(self.directory, file_name(number, exchange.request), file_text(exchange))
        except OSError as error:
            raise BadRecording(f"{self.directory}: cannot be written ({error.strerror})") from None

    def summary(self) -> list[str]:
        """What was recorded, and what was not, in lines for people."""
        count = len(self._kept)
        if not self._begun:
            return ["nothing was recorded: the command asked for nothing at HF_ENDPOINT"]
        streams = sum(each.response.frames is not None for each in self._kept.values())
        of_these = f", {_counted(streams, 'of them a stream', 'of them streams')}" if streams else ""
        lines = [f"{_counted(count, 'exchange', 'exchanges')} recorded in {self.directory}{of_these}"]
        failed = [each.response.failed for each in self._kept.values() if each.response.failed is not None]
        if failed:
            lines.append(f"{_counted(len(failed), 'request', 'requests')} got no answer: {failed[0]}")
        if self._begun > MOST_EXCHANGES:
            lines.append(f"only the first {MOST_EXCHANGES:,} exchanges are kept; there were {self._begun:,}")
        elif count < self._begun:
            missing = _counted(self._begun - count, "exchange that was", "exchanges that were")
            lines.append(f"not kept: {missing} still under way")
        return lines


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
