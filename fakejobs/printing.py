"""Catching what one thread prints, while the others go on printing as before."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class _Switch(io.TextIOBase):
    """Stands in for ``sys.stdout`` while somebody is being listened to: each thread's output goes where it belongs."""

    def __init__(self, real: TextIO) -> None:
        self.real = real
        self.caught: dict[int, list[io.StringIO]] = {}

    def write(self, text: str) -> int:
        caught = self.caught.get(threading.get_ident())
        return caught[-1].write(text) if caught else self.real.write(text)

    def flush(self) -> None:
        if threading.get_ident() not in self.caught:
            self.real.flush()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute that is only read
        return self.real.encoding

    def isatty(self) -> bool:
        return False


_lock = threading.Lock()


@contextmanager
def caught_stdout() -> Iterator[io.StringIO]:
    """What this thread prints to ``sys.stdout`` within the block. It is not printed; within another such block, the inner one has it.

    Only what goes through ``sys.stdout`` is seen: not what subprocesses or other threads write, nor what goes to stderr.
    """
    text, me = io.StringIO(), threading.get_ident()
    with _lock:
        switch = sys.stdout if isinstance(sys.stdout, _Switch) else _Switch(sys.stdout)
        switch.caught.setdefault(me, []).append(text)
        sys.stdout = switch
    try:
        yield text
    finally:
        with _lock:
            switch.caught[me].pop()
            if not switch.caught[me]:
                del switch.caught[me]
            if not switch.caught and sys.stdout is switch:
                sys.stdout = switch.real
