"""`fakejobs.activate`: a fake as a context manager and as a decorator, with or without pytest."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast, overload

from fakejobs.checks import check
from fakejobs.errors import FakeJobsError
from fakejobs.handle import FakeJobs, activated
from fakejobs.options import Options, options_from

P = ParamSpec("P")
R = TypeVar("R")

PARAMETER = "fakejobs"
"""A decorated function that has a parameter of this name is given the handle in it."""


class Activation:
    """Opens a fake for a ``with`` block, or for each call of what it decorates. Made by `activate`."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._open: list[tuple[FakeJobs, AbstractContextManager[FakeJobs]]] = []

    def __enter__(self) -> FakeJobs:
        context = activated(self.options)
        fake = context.__enter__()
        self._open.append((fake, context))
        return fake

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        fake, context = self._open.pop()
        with ExitStack() as stack:
            stack.callback(context.__exit__, None, None, None)
            if isinstance(error, Exception):
                _add_note(error, fake)
            elif error is None:
                check(fake.findings())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Open a new fake for each call of a function, a method, or an async function.

        Raises:
            FakeJobsError: it is a class or a generator.
        """
        if inspect.isclass(function):
            raise FakeJobsError("activate decorates functions and methods; decorate each test of the class")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise FakeJobsError(
                "activate cannot decorate a generator; write `with fakejobs.activate():` in it"
            )
        signature = inspect.signature(function)
        wanted = PARAMETER in signature.parameters
        names = list(signature.parameters)

        def given(fake: FakeJobs, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            """The positional arguments, the handle among them if its place is; otherwise it is put into ``kwargs``."""
            if not wanted or PARAMETER in kwargs:
                return args
            place = names.index(PARAMETER)
            if (
                place < len(args)
                and signature.parameters[PARAMETER].kind is not inspect.Parameter.KEYWORD_ONLY
            ):
                return (*args[:place], fake, *args[place:])
            kwargs[PARAMETER] = fake
            return args

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper(*args: P.args, **kwargs: P.kwargs) -> object:
                __tracebackhide__ = True
                with Activation(self.options) as fake:
                    return await cast(Awaitable[object], function(*given(fake, args, kwargs), **kwargs))

        else:

            @functools.wraps(function)
            def wrapper(*args: P.args, **kwargs: P.kwargs) -> object:
                __tracebackhide__ = True
                with Activation(self.options) as fake:
                    return function(*given(fake, args, kwargs), **kwargs)

        if wanted:
            # Neither pytest nor Hypothesis is to look for a value of this parameter.
            others = [each for name, each in signature.parameters.items() if name != PARAMETER]
            vars(wrapper)["__signature__"] = signature.replace(parameters=others)
        return cast("Callable[P, R]", wrapper)


@overload
def activate(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def activate(
    *,
    seed: int = ...,
    api: str | None = ...,
    user: str = ...,
    orgs: Sequence[str | Mapping[str, object]] = ...,
    users: Sequence[str | Mapping[str, object]] = ...,
    tokens: Sequence[Mapping[str, object]] = ...,
    start: str | datetime = ...,
    auto_tick: float | str | None = ...,
    network: str | Sequence[str] = ...,
    scenario: str | Path | None = ...,
    strict: bool = ...,
    endpoint: str | None = ...,
    quirks: Mapping[str, object] = ...,
    credits: float | str | None = ...,
    presets: Sequence[str | Mapping[str, object]] = ...,
    chaos: str | Mapping[str, object] | None = ...,
) -> Activation: ...


def activate(function: Callable[P, R] | None = None, /, **options: object) -> Callable[P, R] | Activation:
    """A fake under the huggingface_hub of this process: ``with fakejobs.activate() as fake:`` or ``@fakejobs.activate()``.

    A decorated function gets the handle if it has a parameter ``fakejobs``. At the end, everything is put back; problems that
    nobody expected, and with ``strict`` what is left, are an `AssertionError`.

    Args:
        function: what to decorate, where there is nothing to say (``@fakejobs.activate``).
        options: see `fakejobs.options.Options`.

    Raises:
        ValueError: an unknown option, or an impossible value; the message names it.
    """
    activation = Activation(options_from(options))
    return activation if function is None else activation(function)


def _add_note(error: Exception, fake: FakeJobs) -> None:
    """Let the error say what the fake has seen, as `BaseException.add_note` does from Python 3.11 on (pytest shows it on 3.10, too)."""
    notes: list[str] = [*getattr(error, "__notes__", []), f"fakejobs:\n{fake.report()}"]
    error.__notes__ = notes  # type: ignore[attr-defined,unused-ignore]  # typed from Python 3.11 on
