"""What a job is scripted to do: the words of ``then``, and the script that a job gets from them at submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fakejobs.model.draws import between, draw
from fakejobs.model.flavors import Flavor
from fakejobs.model.plan import NEVER
from fakejobs.model.stages import JobStage
from fakejobs.model.units import check_text, did_you_mean, length_range, milliseconds

Line = tuple[int, str]
"""A log line: its offset from the start of running in milliseconds, and its text."""


@dataclass(frozen=True)
class Outcome:
    """What ``then`` says, with None for what it leaves to the flavor.

    Attributes:
        scheduling: how long the job waits, in milliseconds, from - to; `NEVER` for ever.
        running: how long it runs, likewise.
        lines: log lines without offsets, to be spread evenly over the time of running.
        timed_lines: log lines with offsets.
        exit_code: 0 (success) to 255.
        message: ``status.message`` at the end, instead of the Hub's own text.
        oom: whether it is killed for want of memory: exit code 137, ``OOMKilled``.
        image_pull_error: whether it fails instead of starting to run.
    """

    scheduling: tuple[int, int] | None = None
    running: tuple[int, int] | None = None
    lines: tuple[str, ...] | None = None
    timed_lines: tuple[Line, ...] | None = None
    exit_code: int = 0
    message: str | None = None
    oom: bool = False
    image_pull_error: bool = False


WORDS = ("scheduling", "running", "logs", "exit_code", "message", "oom", "image_pull_error")
"""The words of ``then``."""


def outcome_from(words: Mapping[str, object]) -> Outcome:
    """Read the words of ``then``.

    - ``scheduling``, ``running``: a length of time (seconds, ``"5h"``), ``{"between": [from, to]}``, or ``"forever"``
      (which the timeout of the job still ends);
    - ``logs``: lines, or ``[offset, line]`` pairs with offsets from the start of running;
    - ``exit_code``: 0 to 255; ``message``: a text; ``oom``, ``image_pull_error``: true or false.

    Raises:
        ValueError: an unknown word, an impossible value, or words that contradict each other; the message names them.
    """
    for word in words:
        if word not in WORDS:
            raise ValueError(f"then.{word}: unknown word{did_you_mean(word, WORDS)}")
    try:
        scheduling = length_range(words["scheduling"], forever=True) if "scheduling" in words else None
    except ValueError as error:
        raise ValueError(f"then.scheduling: {error}") from None
    try:
        running = length_range(words["running"], forever=True) if "running" in words else None
    except ValueError as error:
        raise ValueError(f"then.running: {error}") from None
    lines, timed_lines = _logs(words["logs"]) if "logs" in words else (None, None)
    outcome = Outcome(
        scheduling=scheduling,
        running=running,
        lines=lines,
        timed_lines=timed_lines,
        exit_code=_exit_code(words.get("exit_code", 0)),
        message=_message(words.get("message")),
        oom=_flag("oom", words),
        image_pull_error=_flag("image_pull_error", words),
    )
    _check_consistent(outcome, words)
    return outcome


def _logs(value: object) -> tuple[tuple[str, ...] | None, tuple[Line, ...] | None]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError("then.logs: give a list of lines, or of [offset, line] pairs")
    for index, each in enumerate(value):
        for part in [each] if isinstance(each, str) else each if isinstance(each, (list, tuple)) else []:
            if isinstance(part, str):
                check_text(f"then.logs[{index}]", part)
    if all(isinstance(each, str) for each in value):
        return tuple(value), None
    timed: list[Line] = []
    for index, each in enumerate(value):
        match each:
            case [offset, str() as line] if not isinstance(each, str):
                try:
                    timed.append((milliseconds(offset), line))
                except ValueError as error:
                    raise ValueError(f"then.logs[{index}][0]: {error}") from None
            case _:
                raise ValueError(
                    f"then.logs[{index}]: give either only lines, or only [offset, line] pairs (offset in "
                    "seconds from the start of running)"
                )
    if timed != sorted(timed, key=lambda line: line[0]):
        raise ValueError("then.logs: the offsets must not go backwards")
    return None, tuple(timed)


def _exit_code(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
        raise ValueError(
            f"then.exit_code: {_short(value)} is no exit code; give a whole number from 0 to 255"
        )
    return value


def _message(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"then.message: {_short(value)} is no text")
    check_text("then.message", value)
    return value


def _flag(word: str, words: Mapping[str, object]) -> bool:
    value = words.get(word, False)
    if not isinstance(value, bool):
        raise ValueError(f"then.{word}: {_short(value)} is neither true nor false")
    return value


def _check_consistent(outcome: Outcome, words: Mapping[str, object]) -> None:
    if outcome.oom and outcome.exit_code not in (0, 137):
        raise ValueError(f"then.oom: a job out of memory exits with 137, not {outcome.exit_code}")
    if outcome.image_pull_error:
        for word in ("running", "logs", "exit_code", "oom"):
            if words.get(word) not in (None, False):
                raise ValueError(f"then.image_pull_error: such a job never runs, so it has no `{word}`")
    if outcome.running is not None and outcome.timed_lines:
        last = outcome.timed_lines[-1][0]
        if last > outcome.running[1]:
            raise ValueError(
                f"then.logs: the line at {last / 1000:g}s comes after the end of running "
                f"({outcome.running[1] / 1000:g}s) and would never be seen"
            )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(frozen=True)
class Script:
    """An outcome bound to one job: nothing is left to draw.

    Attributes:
        scheduling: how long the job waits, in milliseconds.
        running: how long it would run if nothing cut it short, in milliseconds.
        exit_code: how it exits; 0 is success.
        message: ``status.message`` at the end, if scripted.
        oom: whether it is killed for want of memory.
        image_pull_error: whether it fails instead of starting to run.
        lines: its log.
    """

    scheduling: int
    running: int
    exit_code: int
    message: str | None
    oom: bool
    image_pull_error: bool
    lines: tuple[Line, ...]


def script_for(outcome: Outcome, flavor: Flavor, *, seed: int, key: str, printed: tuple[str, ...]) -> Script:
    """The script of the job with the order key ``key``: ranges drawn, lines spread.

    Args:
        outcome: what the matching rule says; ``Outcome()`` without one.
        printed: what the job's command would print, for an outcome that has no log of its own.
    """
    scheduling = outcome.scheduling or _milliseconds(flavor.scheduling)
    running = outcome.running or _milliseconds(flavor.running)
    if outcome.running is None and outcome.timed_lines:
        # Unscripted lengths follow the log, so that every line is seen.
        last = outcome.timed_lines[-1][0]
        running = max(running[0], last), max(running[1], last)
    length = between(*running, draw(seed, key, "running"))
    if outcome.timed_lines is not None:
        lines = outcome.timed_lines
    else:
        lines = spread(printed if outcome.lines is None else outcome.lines, length)
    return Script(
        scheduling=between(*scheduling, draw(seed, key, "scheduling")),
        running=length,
        exit_code=137 if outcome.oom else outcome.exit_code,
        message=outcome.message,
        oom=outcome.oom,
        image_pull_error=outcome.image_pull_error,
        lines=() if outcome.image_pull_error else lines,
    )


def spread(lines: Sequence[str], length: int) -> tuple[Line, ...]:
    """Give ``lines`` offsets: evenly over ``length`` milliseconds, or one a second if it never ends."""
    if length >= NEVER:
        return tuple((1000 * (index + 1), line) for index, line in enumerate(lines))
    return tuple((length * (index + 1) // (len(lines) + 1), line) for index, line in enumerate(lines))


def ending(script: Script, *, image_pull_message: str) -> tuple[JobStage, str | None]:
    """The stage and message of a job that ends by itself.

    The texts are the Hub's: ``Job failed with exit code: 1. Reason: Error`` and ``... 137. Reason: OOMKilled``.
    """
    if script.image_pull_error:
        return JobStage.ERROR, script.message or image_pull_message
    if script.exit_code == 0:
        return JobStage.COMPLETED, script.message
    reason = "OOMKilled" if script.oom else "Error"
    message = f"Job failed with exit code: {script.exit_code}. Reason: {reason}"
    return JobStage.ERROR, script.message or message


def _milliseconds(seconds: tuple[float, float]) -> tuple[int, int]:
    return round(seconds[0] * 1000), round(seconds[1] * 1000)
