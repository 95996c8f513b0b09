"""`clock.patch`: making the waits of somebody's package virtual, for as long as a fake is open.

Names are replaced in the package's own modules and nowhere else. Only the waiting methods of `threading.Event` and `threading.Condition` are
replaced for everybody, since their objects go from hand to hand: they look who calls, and are the real ones for all but the package.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from difflib import get_close_matches
from types import MethodType, ModuleType
from typing import Any

from fakejobs.bridge import BridgedTime, whole_milliseconds
from fakejobs.clock import Clock
from fakejobs.errors import FakeJobsError
from fakejobs.loops import Loops
from fakejobs.waits import Wait, Waits

_TIME_NAMES = (
    "sleep",
    "time",
    "monotonic",
    "perf_counter",
    "time_ns",
    "monotonic_ns",
    "perf_counter_ns",
)


class BridgedAsyncio(ModuleType):
    """`asyncio`, with a virtual ``sleep``; the rest is the real one's."""

    def __init__(self, waits: Waits, loops: Loops) -> None:
        super().__init__("asyncio", "The module asyncio, with a virtual sleep.")
        self._waits = waits
        self._loops = loops

    async def sleep(self, delay: float, result: object = None) -> object:
        """Let ``delay`` seconds of virtual time pass."""
        if self._waits.is_over_for_me():
            await asyncio.sleep(delay)
        else:
            await self._loops.sleep(delay)
        return result

    def __getattr__(self, name: str) -> object:
        return getattr(asyncio, name)


class Patches:
    """What `clock.patch` has replaced, and the way back."""

    def __init__(self, clock: Clock, waits: Waits, bridge: BridgedTime, loops: Loops) -> None:
        self._clock = clock
        self._waits = waits
        self._bridge = bridge
        self._undo = ExitStack()
        self._packages: list[str] = []
        self._asyncio = BridgedAsyncio(waits, loops)

    def patch(self, package: str) -> list[str]:
        """See `fakejobs.virtual.VirtualClock.patch`."""
        modules = list(_loaded(package))
        if not modules:
            raise FakeJobsError(f"clock.patch({package!r}): {_missing(package)}")
        stand_ins = self._stand_ins()
        replaced: list[str] = []
        for module in modules:
            for name, value in list(vars(module).items()):
                # By identity: what is compared may be of any kind, and its `==` anything.
                stand_in = next((new for old, new in stand_ins if old is value), None) or self._instead_of(
                    value
                )
                if stand_in is not None and stand_in != value:
                    self._undo.callback(_restore, module, name, stand_in, value)
                    setattr(module, name, stand_in)
                    replaced.append(f"{module.__name__}.{name}")
        if not self._packages:
            self._patch_threading()
        self._packages.append(package)
        return sorted(replaced)

    def close(self) -> None:
        """Put everything back."""
        self._undo.close()
        self._packages.clear()

    def _stand_ins(self) -> list[tuple[object, object]]:
        pairs: list[tuple[object, object]] = [(time, self._bridge), (asyncio, self._asyncio)]
        pairs.append((asyncio.sleep, self._asyncio.sleep))
        freezegun = sys.modules.get("freezegun.api")
        for name in _TIME_NAMES:
            virtual = getattr(self._bridge, name)
            pairs.append((getattr(time, name), virtual))
            # While freezegun is at work, what was imported from `time` is one of its own, or the real one still.
            pairs += [
                (getattr(freezegun, f"{prefix}_{name}"), virtual)
                for prefix in ("real", "fake")
                if hasattr(freezegun, f"{prefix}_{name}")
            ]
        return pairs

    def _instead_of(self, value: object) -> object:
        """What stands in for a stand-in of a fake around this one; None for anything else."""
        if isinstance(value, MethodType) and isinstance(value.__self__, (BridgedTime, BridgedAsyncio)):
            return getattr(self._instead_of(value.__self__), value.__name__)
        kinds: dict[type, object] = {BridgedTime: self._bridge, BridgedAsyncio: self._asyncio}
        return kinds.get(type(value))

    def _patch_threading(self) -> None:
        event_wait = threading.Event.wait
        condition_wait, condition_wait_for = threading.Condition.wait, threading.Condition.wait_for

        def wait_of_event(self_: threading.Event, timeout: float | None = None) -> bool:
            if timeout is None or not self._is_patched(sys._getframe(1).f_globals.get("__name__")):
                return event_wait(self_, timeout)
            if not self_.is_set():
                self._wait(
                    timeout,
                    f"Event.wait({timeout:g})",
                    lambda seconds: event_wait(self_, seconds),
                    self_.is_set,
                )
            return self_.is_set()

        def wait_of_condition(self_: threading.Condition, timeout: float | None = None) -> bool:
            if timeout is None or not self._is_patched(sys._getframe(1).f_globals.get("__name__")):
                return condition_wait(self_, timeout)
            return self._wait(
                timeout, f"Condition.wait({timeout:g})", lambda seconds: condition_wait(self_, seconds), None
            )

        def wait_for_of_condition(
            self_: threading.Condition, predicate: Callable[[], Any], timeout: float | None = None
        ) -> Any:
            if timeout is None or not self._is_patched(sys._getframe(1).f_globals.get("__name__")):
                return condition_wait_for(self_, predicate, timeout)
            end = self._clock.now() + whole_milliseconds(max(timeout, 0.0))[0]
            while not (result := predicate()) and (left := end - self._clock.now()) > 0:
                self._wait(
                    left / 1000,
                    f"Condition.wait_for({timeout:g})",
                    lambda seconds: condition_wait(self_, seconds),
                    None,
                )
            return result

        for owner, name, stand_in in (
            (threading.Event, "wait", wait_of_event),
            (threading.Condition, "wait", wait_of_condition),
            (threading.Condition, "wait_for", wait_for_of_condition),
        ):
            self._undo.callback(_restore, owner, name, stand_in, getattr(owner, name))
            setattr(owner, name, stand_in)

    def _wait(
        self,
        seconds: float,
        what: str,
        pause: Callable[[float], bool],
        ready: Callable[[], bool] | None,
    ) -> bool:
        """Wait in virtual time for something that a real thread may do; says whether it did."""
        self._waits.seen()
        length = whole_milliseconds(max(seconds, 0.0))[0]
        wait = Wait(
            self._waits.me(),
            self._clock.now() + length,
            lambda: what,
            pause=pause,
            poke=_nothing,
            ready=ready,
        )
        self._waits.wait(wait)
        return wait.interrupted

    def _is_patched(self, module: object) -> bool:
        return isinstance(module, str) and any(
            module == package or module.startswith(f"{package}.") for package in self._packages
        )


def _loaded(package: str) -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if (name == package or name.startswith(f"{package}.")) and isinstance(module, ModuleType):
            yield module


def _missing(package: str) -> str:
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        found = None
    if found is not None:
        return "none of its modules is loaded yet; import it first"
    known = {name for name in sys.modules if not name.startswith("_") and ("." in package or "." not in name)}
    near = get_close_matches(package, known, n=1)
    return f"there is no such module; did you mean {near[0]!r}?" if near else "there is no such module"


def _restore(owner: object, name: str, stand_in: object, value: object) -> None:
    # Unless somebody else has put something there meanwhile.
    if vars(owner).get(name) == stand_in:
        setattr(owner, name, value)


def _nothing() -> None:
    pass
