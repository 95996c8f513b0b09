"""Waits by names that were imported from modules."""

from __future__ import annotations

from asyncio import sleep as asleep
from threading import Event
from time import monotonic, perf_counter, sleep, time, time_ns
from time import sleep as nap

DONE = Event()


def times() -> tuple[float, float, float, int]:
    """What time it is, in every way."""
    return monotonic(), perf_counter(), time(), time_ns()


def rest(seconds: float) -> None:
    """Sleep, by both names."""
    sleep(seconds / 2)
    nap(seconds / 2)


async def arest(seconds: float) -> str:
    """Sleep and get a result."""
    return await asleep(seconds, "rested")


def wait_for_done(seconds: float) -> bool:
    """Wait for an event that was made before anything was patched."""
    return DONE.wait(timeout=seconds)
