"""Reading a stream of events, with limits on how long."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from fakejobs.contract.verify.transport import Following, NotAsExpected
from fakejobs.wire.json_types import Json

PATIENCE = 20.0
"""Real seconds in which something that is due has to come."""


@dataclass(frozen=True)
class Frame:
    """One event, up to the empty line.

    Attributes:
        raw: its bytes, with the empty line.
    """

    raw: bytes

    @property
    def data(self) -> dict[str, Json]:
        """What is in its ``data:`` line.

        Raises:
            NotAsExpected: it is no JSON object.
        """
        lines = [line for line in self.raw.decode("utf-8", "replace").split("\n") if line.startswith("data:")]
        try:
            value: Json = json.loads(lines[0].removeprefix("data:")) if lines else None
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise NotAsExpected("a frame with a JSON object", repr(self.raw[:100]))
        return value


class Reading:
    """A stream that is read frame by frame. Comments are kept apart; they are no frames."""

    def __init__(self, following: Following) -> None:
        self.status = following.status
        self.content_type = next(
            (value for key, value in following.headers if key.lower() == "content-type"), None
        )
        self.comments: list[bytes] = []
        self._following = following
        self._lines: list[bytes] = []
        self._comment = False
        self.ended = False

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._following.close()

    def next(self, seconds: float = PATIENCE) -> Frame | None:
        """The next frame; None if the stream ends, or nothing comes for that many real seconds."""
        until = time.monotonic() + seconds
        while not self.ended and (left := until - time.monotonic()) > 0:
            kind = self._step(left)
            if kind == "frame":
                return self._take()
        return None

    def rest(self, seconds: float = PATIENCE) -> list[Frame]:
        """All frames to the end of the stream.

        Raises:
            NotAsExpected: it does not end in that many real seconds.
        """
        frames: list[Frame] = []
        until = time.monotonic() + seconds
        while not self.ended:
            frame = self.next(until - time.monotonic())
            if frame is not None:
                frames.append(frame)
            elif not self.ended:
                raise NotAsExpected("a stream that ends", f"still open after {len(frames)} frames")
        return frames

    def comment(self, seconds: float) -> bytes | None:
        """The next comment with its empty line; None if none comes for that many real seconds."""
        until = time.monotonic() + seconds
        while not self.ended and (left := until - time.monotonic()) > 0:
            kind = self._step(left)
            if kind == "comment":
                return self.comments[-1]
            if kind == "frame":
                self._take()
        return None

    def still_open(self, seconds: float) -> bool:
        """Whether the stream goes on: a comment is proof, else that it does not end for that many real seconds."""
        until = time.monotonic() + seconds
        while not self.ended and (left := until - time.monotonic()) > 0:
            kind = self._step(left)
            if kind == "comment":
                return True
            if kind == "frame":
                self._take()
        return not self.ended

    def _take(self) -> Frame:
        raw, self._lines = b"".join(self._lines), []
        return Frame(raw)

    def _step(self, seconds: float) -> Literal["nothing", "part", "frame", "comment"]:
        line = self._following.line(seconds)
        if line is None:
            return "nothing"
        if line == b"":
            self.ended = True
            # A frame that its end cut off is no frame; but it is to be seen.
            return "frame" if self._lines else "nothing"
        if line.startswith(b":") and not self._lines:
            self.comments.append(line)
            self._comment = True
            return "part"
        if self._comment and not line.strip():
            self.comments[-1] += line
            self._comment = False
            return "comment"
        self._comment = False
        self._lines.append(line)
        return "frame" if not line.strip() else "part"
