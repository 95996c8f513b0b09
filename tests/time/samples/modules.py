"""Waits by the names of modules."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable


def poll(is_over: Callable[[], bool], interval: float, timeout: float | None = None) -> float:
    """Poll; says how many seconds that took."""
    began = time.monotonic()
    while not is_over():
        if timeout is not None and time.monotonic() - began >= timeout:
            raise TimeoutError
        time.sleep(interval)
    return time.monotonic() - began


async def apoll(is_over: Callable[[], bool], interval: float) -> float:
    """Poll without blocking the loop for longer than a call takes."""
    began = time.monotonic()
    while not await asyncio.to_thread(is_over):
        await asyncio.sleep(interval)
    return time.monotonic() - began


def wait_for_stop(stop: threading.Event, interval: float, rounds: int) -> int:
    """Sleep in a way that can be stopped; says after how many rounds it was."""
    for done in range(rounds):
        if stop.wait(interval):
            return done
    return rounds


def wait_for_news(news: threading.Condition, timeout: float) -> bool:
    """Wait for a notification."""
    with news:
        return news.wait(timeout)


def wait_until(news: threading.Condition, is_so: Callable[[], bool], timeout: float) -> bool:
    """Wait until something is so."""
    with news:
        return news.wait_for(is_so, timeout)
