"""What the tests of time share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from huggingface_hub import JobInfo

from fakejobs.handle import FakeJobs


class In(threading.Thread):
    """A thread that keeps what its function returned or raised."""

    def __init__(self, function: Callable[..., object], *args: object, name: str) -> None:
        super().__init__(name=name)
        self._work = function, args
        self.result: object = None
        self.error: BaseException | None = None

    def run(self) -> None:
        function, args = self._work
        try:
            self.result = function(*args)
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            self.error = error

    def done(self) -> object:
        """What it returned; raises what it raised."""
        self.join(10)
        assert not self.is_alive(), f"{self.name} has not ended"
        if self.error is not None:
            raise self.error
        return self.result


def submit(fake: FakeJobs, **words: object) -> JobInfo:
    """A job with this outcome."""
    fake.when(flavor="cpu-basic").then(**words)
    return fake.api.run_job(image="python:3.12", command=["python", "train.py"], timeout="30d")


def elapsed(fake: FakeJobs) -> float:
    """Virtual seconds since the fake began."""
    return fake.clock.now().timestamp() - 1_767_225_600


@contextmanager
def real_seconds_below(limit: float) -> Iterator[None]:
    """Fail if the block takes longer, in real time."""
    began = perf_counter()
    yield
    took = perf_counter() - began
    assert took < limit, f"took {took:.2f} real seconds"
