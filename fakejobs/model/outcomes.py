"""What a job is scripted to do: the words of ``then``, and the script that a job gets from them at submission."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from fakejobs.model.draws import between, draw
from fakejobs.model.flavors import Flavor
from fakejobs.model.plan import NEVER
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.model.units import check_text, did_you_mean, in_milliseconds, length_range, milliseconds, short

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
        stage: the terminal stage it ends in; None: as the exit code says.
        cancel_reason: ``status.cancelReason`` of a job that ends in CANCELED.
        call: in Python, a function that plays the job. See `fakejobs.hub.calls`.
        status_lag: how long its status lags behind the end of its program, in milliseconds, from - to.
        later: what the second attempt does, the third, ..., and the last of these for all others; empty: every attempt does the same.
        said: the words that were given, also those that say what is so anyway (``exit_code=0``).
    """

    scheduling: tuple[int, int] | None = None
    running: tuple[int, int] | None = None
    lines: tuple[str, ...] | None = None
    timed_lines: tuple[Line, ...] | None = None
    exit_code: int = 0
    message: str | None = None
    oom: bool = False
    image_pull_error: bool = False
    stage: JobStage | None = None
    cancel_reason: str | None = None
    call: Call | None = None
    status_lag: tuple[int, int] = (0, 0)
    later: tuple[Outcome, ...] = ()
    said: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def attempt(self, index: int) -> Outcome:
        """What an attempt does, counted from 0."""
        return self if index == 0 or not self.later else self.later[min(index, len(self.later)) - 1]


Call = Callable[[object], object]
"""What ``call=`` takes: it gets the job; it returns None, or a mapping with words of ``then``."""

WORDS = (
    "scheduling",
    "running",
    "logs",
    "exit_code",
    "message",
    "oom",
    "image_pull_error",
    "stage",
    "cancel_reason",
    "status_lag",
    "attempts",
)
"""The words of ``then``."""

PYTHON_WORDS = ("call",)
"""Words of ``then`` that only Python can say."""

ENDING_WORDS = ("exit_code", "message", "oom", "stage", "cancel_reason")
"""The words that say how a job ends."""

Then = Mapping[str, object] | Sequence[Mapping[str, object]]
"""What a rule's ``then`` is: the words of one outcome, or a list of them, for the first matching job, the second, ..."""


def outcome_from(words: Mapping[str, object]) -> Outcome:
    """Read the words of ``then``.

    - ``scheduling``, ``running``: a length of time (seconds, ``"5h"``), ``{"between": [from, to]}``, or ``"forever"``
      (which the timeout of the job still ends);
    - ``logs``: lines, or ``[offset, line]`` pairs with offsets from the start of running;
    - ``exit_code``: 0 to 255; ``message``: a text; ``oom``, ``image_pull_error``: true or false;
    - ``stage``: how it ends (COMPLETED, ERROR, CANCELED, DELETED), if the exit code does not say so already; ERROR alone is
      exit code 1;
    - ``cancel_reason``: a text, with ``stage`` CANCELED; the Hub's are ``NO_CREDITS``, ``NO_SUBSCRIPTION`` and
      ``RESOURCE_GROUP_LIMIT`` (Hub OpenAPI, August 2026);
    - ``status_lag``: a length of time, or ``{"between": [from, to]}``: the program ends and the log with it, and for so long the job reads RUNNING
      all the same, is billed, and keeps its hardware (users met seconds: huggingface/ml-intern polls after the log's end; lerobot waits 30 s);
    - ``attempts``: a list of tables with the words above, for the first attempt of a job that is retried, the second, ..., and
      the last for all others; what a table does not say is as the words beside ``attempts`` say;
    - ``call``, in Python only: a function of the job that plays it. What it prints is the log.

    Raises:
        ValueError: an unknown word, an impossible value, or words that contradict each other; the message names them.
    """
    if "attempts" in words:
        return _attempts(words)
    for word in words:
        if word not in (*WORDS, *PYTHON_WORDS):
            raise ValueError(f"then.{word}: unknown word{did_you_mean(str(word), (*WORDS, *PYTHON_WORDS))}")
    try:
        scheduling = length_range(words["scheduling"], forever=True) if "scheduling" in words else None
    except ValueError as error:
        raise ValueError(f"then.scheduling: {error}") from None
    try:
        running = length_range(words["running"], forever=True) if "running" in words else None
    except ValueError as error:
        raise ValueError(f"then.running: {error}") from None
    lines, timed_lines = _logs(words["logs"]) if "logs" in words else (None, None)
    oom, stage = _flag("oom", words), _stage(words.get("stage"))
    # A job that is only said to end in ERROR fails as most do.
    unsaid = 1 if stage is JobStage.ERROR and not oom else 0
    outcome = Outcome(
        scheduling=scheduling,
        running=running,
        lines=lines,
        timed_lines=timed_lines,
        exit_code=_exit_code(words.get("exit_code", unsaid)),
        message=_text("message", words),
        oom=oom,
        image_pull_error=_flag("image_pull_error", words),
        stage=stage,
        cancel_reason=_text("cancel_reason", words),
        call=_call(words.get("call")),
        status_lag=_status_lag(words.get("status_lag", 0)),
        said=frozenset(word for word, value in words.items() if value is not None),
    )
    _check_consistent(outcome, words)
    return outcome


def _attempts(words: Mapping[str, object]) -> Outcome:
    """The outcome of the first attempt, with those of the others as its ``later``."""
    tables = words["attempts"]
    if isinstance(tables, (str, bytes)) or not isinstance(tables, Sequence) or not tables:
        raise ValueError("then.attempts: give a list with at least one table of words")
    if "call" in words:
        raise ValueError(
            "then.attempts: the function of `call` is called for every attempt; give one of the two"
        )
    attempts = []
    for index, table in enumerate(tables):
        if not isinstance(table, Mapping):
            raise ValueError(f"then.attempts[{index}]: give a table of words")
        for word in ("attempts", *PYTHON_WORDS):
            if word in table:
                raise ValueError(f"then.attempts[{index}].{word}: cannot be said of a single attempt")
        try:
            attempts.append(outcome_from(_over(words, table, but="attempts")))
        except ValueError as error:
            raise ValueError(f"then.attempts[{index}]{str(error).removeprefix('then')}") from None
    return replace(attempts[0], later=tuple(attempts[1:]))


def _over(words: Mapping[str, object], table: Mapping[str, object], *, but: str) -> dict[str, object]:
    """``words`` with those of ``table`` on top. If that says how a job ends, nothing of what ``words`` say of it is left."""
    gone = {but, *(ENDING_WORDS if any(word in table for word in ENDING_WORDS) else ())}
    return {**{word: value for word, value in words.items() if word not in gone}, **table}


def outcomes_from(then: object) -> tuple[Outcome, ...]:
    """Read a ``then``: a mapping with the words of one outcome, or a list of such mappings.

    Raises:
        ValueError: as `outcome_from`; in a list, the message says which one (``then[1].running: ...``).
    """
    if isinstance(then, Mapping):
        return (outcome_from(then),)
    if isinstance(then, (str, bytes)) or not isinstance(then, Sequence) or not then:
        raise ValueError("then: give a table of words, or a list with at least one such table")
    outcomes = []
    for index, words in enumerate(then):
        if not isinstance(words, Mapping):
            raise ValueError(f"then[{index}]: give a table of words")
        try:
            outcomes.append(outcome_from(words))
        except ValueError as error:
            raise ValueError(f"then[{index}]{str(error).removeprefix('then')}") from None
    return tuple(outcomes)


def outcome_after_call(then: Mapping[str, object], returned: object, printed: Sequence[str]) -> Outcome:
    """The outcome of a job whose function has returned: the rule's, with what was returned on top, and its output as log.

    If what was returned says how the job ends (``exit_code``, ``oom``, ``message``, ``stage``, ``cancel_reason``), nothing of what the
    rule says of that is left.

    Raises:
        ValueError: it returned something else than None or a mapping, or words that a job which runs cannot have.
    """
    if returned is not None and not isinstance(returned, Mapping):
        raise ValueError(
            f"call: the function returned {short(returned)}; return nothing, or a mapping with words of `then`"
        )
    over: Mapping[str, object] = returned or {}
    for word in ("call", "scheduling", "image_pull_error"):
        if word in over:
            raise ValueError(f"call: the function returned `{word}`, and its job runs already")
    gone = {"call", "scheduling", *(ENDING_WORDS if any(word in over for word in ENDING_WORDS) else ())}
    words = {"logs": list(printed), **{word: each for word, each in then.items() if word not in gone}, **over}
    try:
        return outcome_from(words)
    except ValueError as error:
        raise ValueError(f"call: the function returned {error!s}") from None


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


def _status_lag(value: object) -> tuple[int, int]:
    try:
        return length_range(value)
    except ValueError as error:
        raise ValueError(f"then.status_lag: {error}") from None


def _exit_code(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
        raise ValueError(f"then.exit_code: {short(value)} is no exit code; give a whole number from 0 to 255")
    return value


def _text(word: str, words: Mapping[str, object]) -> str | None:
    value = words.get(word)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"then.{word}: {short(value)} is no text")
    check_text(f"then.{word}", value)
    return value


def _stage(value: object) -> JobStage | None:
    ends = [stage.value for stage in JobStage if stage in TERMINAL]
    if value is None:
        return None
    if not isinstance(value, str) or value not in ends:
        known = f"; did you mean {near!r}?" if (near := _nearest(value, ends)) else ""
        raise ValueError(
            f"then.stage: {short(value)} is no stage that a job ends in ({', '.join(ends)}){known}"
        )
    return JobStage(value)


def _nearest(value: object, known: Sequence[str]) -> str | None:
    near = get_close_matches(value.upper()[:100], known, n=1) if isinstance(value, str) else []
    return near[0] if near else None


def _call(value: object) -> Call | None:
    if value is not None and not callable(value):
        raise ValueError(f"then.call: {short(value)} is no function; `call` can only be given in Python")
    return value


def _flag(word: str, words: Mapping[str, object]) -> bool:
    value = words.get(word, False)
    if not isinstance(value, bool):
        raise ValueError(f"then.{word}: {short(value)} is neither true nor false")
    return value


def _check_consistent(outcome: Outcome, words: Mapping[str, object]) -> None:
    _check_ending(outcome, words)
    if outcome.call is not None:
        if "logs" in words:
            raise ValueError("then.logs: what the function of `call` prints is the log; give one of the two")
        if outcome.image_pull_error:
            raise ValueError(
                "then.call: a job with `image_pull_error` never runs, so nothing would be called"
            )
    if outcome.oom and outcome.exit_code not in (0, 137):
        raise ValueError(f"then.oom: a job out of memory exits with 137, not {outcome.exit_code}")
    if outcome.image_pull_error:
        for word in ("running", "logs", "exit_code", "oom", "status_lag"):
            if words.get(word) not in (None, False):
                raise ValueError(f"then.image_pull_error: such a job never runs, so it has no `{word}`")
    if outcome.running is not None and outcome.timed_lines:
        last = outcome.timed_lines[-1][0]
        if last > outcome.running[1]:
            raise ValueError(
                f"then.logs: the line at {last / 1000:g}s comes after the end of running "
                f"({outcome.running[1] / 1000:g}s) and would never be seen"
            )


def _check_ending(outcome: Outcome, words: Mapping[str, object]) -> None:
    stage = outcome.stage
    if outcome.cancel_reason is not None and stage is not JobStage.CANCELED:
        raise ValueError(
            'then.cancel_reason: only a job that ends in CANCELED has one; add stage = "CANCELED", or leave it out'
        )
    if stage is None:
        return
    if stage is JobStage.ERROR:
        if words.get("exit_code") == 0 and not outcome.oom and not outcome.image_pull_error:
            raise ValueError(
                "then.stage: a job that ends in ERROR has no exit_code 0; leave one of the two out"
            )
        return
    for word in ("exit_code", "oom", "image_pull_error"):
        if words.get(word) not in (None, False, 0):
            raise ValueError(
                f"then.stage: a job with `{word}` = {short(words[word])} ends in ERROR, not in {stage}; leave one of the two out"
            )


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
        stage: the terminal stage it ends in; None: as the exit code says.
        cancel_reason: ``status.cancelReason`` of a job that ends in CANCELED.
        status_lag: how long its status lags behind the end of its program, in milliseconds.
        later: the scripts of the second attempt, the third, ..., the last of these for all others; empty: every attempt has this one.
    """

    scheduling: int
    running: int
    exit_code: int
    message: str | None
    oom: bool
    image_pull_error: bool
    lines: tuple[Line, ...]
    stage: JobStage | None = None
    cancel_reason: str | None = None
    status_lag: int = 0
    later: tuple[Script, ...] = ()

    def attempt(self, index: int) -> Script:
        """The script of an attempt, counted from 0."""
        return self if index == 0 or not self.later else self.later[min(index, len(self.later)) - 1]

    def with_attempt(self, index: int, script: Script) -> Script:
        """The same, with another script for one attempt."""
        if index == 0:
            return replace(script, later=self.later)
        later = [self.attempt(each) for each in range(1, max(index, len(self.later)) + 1)]
        later[index - 1] = replace(script, later=())
        return replace(self, later=tuple(replace(each, later=()) for each in later))


def script_for(
    outcome: Outcome, flavor: Flavor, *, seed: int, key: str, printed: tuple[str, ...], attempt: int = 0
) -> Script:
    """The script of the job with the order key ``key``: ranges drawn, lines spread, for it and the attempts after it.

    Args:
        outcome: what the matching rule says; ``Outcome()`` without one.
        printed: what the job's command would print, for an outcome that has no log of its own.
        attempt: which attempt this is, counted from 0: each draws for itself.
    """
    scheduling = outcome.scheduling or in_milliseconds(flavor.scheduling)
    running = outcome.running or in_milliseconds(flavor.running)
    if outcome.running is None and outcome.timed_lines:
        # Unscripted lengths follow the log, so that every line is seen.
        last = outcome.timed_lines[-1][0]
        running = max(running[0], last), max(running[1], last)

    def drawn(lengths: tuple[int, int], purpose: str) -> int:
        low, high = lengths
        return low if low >= high else between(low, high, draw(seed, key, purpose, attempt))

    length = drawn(running, "running")
    if outcome.timed_lines is not None:
        lines = outcome.timed_lines
    else:
        lines = spread(printed if outcome.lines is None else outcome.lines, length)
    return Script(
        scheduling=drawn(scheduling, "scheduling"),
        running=length,
        exit_code=137 if outcome.oom else outcome.exit_code,
        message=outcome.message,
        oom=outcome.oom,
        image_pull_error=outcome.image_pull_error,
        lines=() if outcome.image_pull_error else lines,
        stage=outcome.stage,
        cancel_reason=outcome.cancel_reason,
        status_lag=drawn(outcome.status_lag, "status lag"),
        later=tuple(
            script_for(each, flavor, seed=seed, key=key, printed=printed, attempt=attempt + 1 + index)
            for index, each in enumerate(outcome.later)
        ),
    )


def with_rest(outcome: Outcome, rest: Outcome) -> Outcome:
    """``outcome``, and of what it leaves unsaid, what ``rest`` says, attempt by attempt.

    How a job ends is one thing: who says anything of it has said all. A function that plays the job says what its log is, too, how long
    it runs, and how it ends.
    """
    first = _with_rest(outcome, rest)
    attempts = max(len(outcome.later), 0 if outcome.call is not None else len(rest.later))
    later = (_with_rest(outcome.attempt(index), rest.attempt(index)) for index in range(1, attempts + 1))
    return replace(first, later=tuple(later))


def _with_rest(outcome: Outcome, rest: Outcome) -> Outcome:
    """The same, of one attempt."""
    said = set(outcome.said)
    if outcome.call is not None:
        said |= {"running", "logs", *_ENDS}
    if "logs" in said and outcome.timed_lines is not None:
        said.add("running")  # it is as long as the log
    names: list[tuple[str, ...]] = [_NAMES.get(word, (word,)) for word in sorted(rest.said - said - _ENDS)]
    if said.isdisjoint(_ENDS):
        names.append(tuple(sorted(_ENDS)))
    taken: dict[str, Any] = {name: getattr(rest, name) for each in names for name in each}
    if outcome.image_pull_error or taken.get("image_pull_error"):  # it never runs
        taken["status_lag"] = Outcome.status_lag
    return replace(outcome, **taken, said=outcome.said | rest.said, later=())


_ENDS = frozenset((*ENDING_WORDS, "image_pull_error"))
_NAMES: Mapping[str, tuple[str, ...]] = {"logs": ("lines", "timed_lines")}
"""Of words: the attributes of an outcome that they say."""


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
    if script.stage not in (None, JobStage.ERROR):
        return script.stage, script.message
    if script.exit_code == 0 and script.stage is None:
        return JobStage.COMPLETED, script.message
    reason = "OOMKilled" if script.oom else "Error"
    message = f"Job failed with exit code: {script.exit_code}. Reason: {reason}"
    return JobStage.ERROR, script.message or message
