"""A job that recordings tell of, and how a fake's job comes to do the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fakejobs.clock import LAST_INSTANT
from fakejobs.model.job import DEFAULT_TIMEOUT_MS
from fakejobs.model.times import from_iso
from fakejobs.wire.json_types import Json

MARKER = re.compile(r"===== Job started at (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) =====")
"""The platform's own line at the start of an attempt (huggingface_hub#4202)."""

_EXIT_CODE = re.compile(r"exit code:? ?(\d{1,3})", re.IGNORECASE)
_YEAR = 365 * 86_400_000

JobBody = Mapping[str, Json]


@dataclass
class Attempt:
    """An attempt of a job, as its log tells.

    Attributes:
        start: when it began to run, in milliseconds; as the log says, a whole second.
        lines: its lines, as (instant in milliseconds, text).
    """

    start: int
    lines: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class KnownJob:
    """A job, as all answers about it together tell.

    Attributes:
        id: its recorded id.
        first: its body in the first answer that has it.
        created: when it was submitted, in milliseconds.
        started: when it began to run, as far as that was seen.
        finished: when it ended, as far as that was seen; a cancelled job does not say.
        stage: its stage in the last answer.
        message: ``status.message`` there.
        cancel_reason: ``status.cancelReason`` there.
        over_by: the first instant at which it was seen to be over.
        over_in: the recording that showed it to be over first.
        made_here: whether its submission was recorded.
        ended_by_request: whether a recorded request cancelled it.
        failures: the most failed attempts that an answer counted.
        attempts: what its log tells of each attempt; None: never seen.
        ran: the last instant at which it was seen to run, by ``startedAt``.
    """

    id: str
    first: JobBody
    created: int
    started: int | None = None
    finished: int | None = None
    stage: str = "SCHEDULING"
    message: str | None = None
    cancel_reason: str | None = None
    over_by: int | None = None
    over_in: str | None = None
    made_here: bool = False
    ended_by_request: bool = False
    failures: int = 0
    attempts: list[Attempt] | None = None
    ran: dict[int, int] = field(default_factory=dict)

    @property
    def ends_from_outside(self) -> bool:
        """Whether the platform cancelled or deleted it, at an instant that no answer tells."""
        return self.stage in ("CANCELED", "DELETED") and not self.ended_by_request

    def outcome(self) -> dict[str, object]:
        """The words of ``then`` by which a fake's job does the same.

        Of a message that the platform makes of an exit code, a timeout or an image that cannot be pulled only the cause is taken: the
        fake's own words are held against it.
        """
        earlier = self._earlier()
        if not earlier:
            return self._last(self.created)
        tables: list[dict[str, object]] = []
        base = self.created
        starts = [each.start for each in earlier[1:]] + [self.started or earlier[-1].start + _YEAR]
        for attempt, following in zip(earlier, starts, strict=True):
            # The log does not say when an attempt ended: after all that was seen of it, and before the next one.
            seen = [*(at for at, _ in attempt.lines), self.ran.get(attempt.start, attempt.start) + 1000]
            end = max(min(max(seen), following - 1), attempt.start + 1)
            running: object = _length(end - attempt.start)
            if self._timed_out() and following - attempt.start >= self._timeout():
                # It had the time to run into its timeout, as the last one did.
                end, running = attempt.start + self._timeout(), "forever"
            tables.append(
                {
                    "scheduling": _length(attempt.start - base),
                    "running": running,
                    "exit_code": 1,
                    "logs": _offsets(attempt, end - attempt.start),
                }
            )
            base = end
        return {"attempts": [*tables, self._last(base)]}

    def _earlier(self) -> list[Attempt]:
        """The attempts before the last one."""
        waits = self.stage == "SCHEDULING"
        if self.attempts is not None:
            logged = self.attempts if waits else self.attempts[:-1]
            return [Attempt(self._exactly(each.start), each.lines) for each in logged]
        retry = self.first.get("retry")
        count = min(self.failures, retry if isinstance(retry, int) else 0)
        # Nothing is known of them but that they were: they may as well have failed at once.
        return [Attempt(self.created + 2 * index + 1) for index in range(count)]

    def _exactly(self, second: int) -> int:
        """The start of the attempt whose log begins in this second."""
        return next((each for each in self.ran if second <= each < second + 1000), second)

    def _last(self, base: int) -> dict[str, object]:
        """The words for the last attempt, whose waiting began at ``base``."""
        words: dict[str, object] = {"scheduling": "forever", "running": "forever"}
        started = self.started if self.stage != "SCHEDULING" else None
        if started is not None:
            words["scheduling"] = _length(started - base)
        length = None
        if self.stage in ("COMPLETED", "ERROR") and self.finished is not None:
            if started is None:
                return self._never_ran(base, self.finished)
            if not self._timed_out():
                length = self.finished - started
                words |= {"running": _length(length), **self._ending()}
        logged = self.attempts[-1].lines if self.attempts and started is not None else []
        return words | {"logs": _offsets(Attempt(started or base, logged), length)}

    def past(self, now: int) -> dict[str, object]:
        """The words of ``add_job`` that put it there at ``now``, for a job from before the recording."""
        body = self.first
        stage = self.stage_at(now)
        words: dict[str, object] = {"stage": stage, "age": _length(now - self.created)}
        for key, word in (
            ("dockerImage", "image"),
            ("spaceId", "space"),
            ("command", "command"),
            ("arguments", "arguments"),
            ("flavor", "flavor"),
            ("labels", "labels"),
            ("environment", "environment"),
            ("secrets", "secrets"),
            ("timeout", "timeout"),
        ):
            if key in body:
                words[word] = body[key]
        if isinstance(retry := body.get("retry"), int):
            words["attempts"] = retry + 1
        if isinstance(owner := body.get("owner"), dict):
            words["namespace"] = owner.get("name")
        outcome = self._last(self.created)
        if stage in ("CANCELED", "DELETED"):
            outcome = {word: outcome[word] for word in ("scheduling", "logs") if self.started is not None}
            if self.started is not None:
                outcome["running"] = _length(min(self.over_by or now, now) - self.started)
            words["cancel_reason"] = self.cancel_reason if stage == "CANCELED" else None
            words["message"] = self.message
        return {word: value for word, value in (words | outcome).items() if value is not None}

    def shown_in(self, body: JobBody) -> tuple[int, int]:
        """Between which instants it is as ``body`` shows it."""
        status = body.get("status")
        stage = status.get("stage") if isinstance(status, dict) else None
        low, high = self.created, LAST_INSTANT
        started, finished = instant(body, "startedAt"), instant(body, "finishedAt")
        if stage == "SCHEDULING":
            high = (
                min(each for each in (self.started, self.finished, LAST_INSTANT + 1) if each is not None) - 1
            )
        elif stage == "RUNNING":
            low = started if started is not None else low
            # A later attempt, or the end, comes after it.
            after = [each for each in (*self.ran, self.finished) if each is not None and each > low]
            high = min([*after, LAST_INSTANT + 1]) - 1
        elif finished is not None:
            return finished, high
        if stage in ("SCHEDULING", "RUNNING") and isinstance(durations := body.get("durations"), dict):
            for since, key in ((self.created, "totalSecs"), (started, "runningSecs")):
                seconds = durations.get(key)
                if since is not None and isinstance(seconds, int) and 0 <= seconds * 1000 < _YEAR * 100:
                    low, high = max(low, since + seconds * 1000), min(high, since + seconds * 1000 + 999)
        return low, high

    def stage_at(self, now: int) -> str:
        """Its stage at an instant, as far as the answers tell."""
        status = self.first.get("status")
        first = status.get("stage") if isinstance(status, dict) else None
        if first == self.stage in ("CANCELED", "DELETED") or (
            self.finished is not None and self.finished <= now
        ):
            return self.stage
        return "RUNNING" if self.started is not None and self.started <= now else "SCHEDULING"

    def _never_ran(self, base: int, finished: int) -> dict[str, object]:
        if self._timed_out():
            return {"scheduling": "forever"}
        said = {} if self.message is None or "pull" in self.message.lower() else {"message": self.message}
        return {"scheduling": _length(finished - base), "image_pull_error": True, **said}

    def _timeout(self) -> int:
        timeout = self.first.get("timeout")
        return timeout * 1000 if isinstance(timeout, int) else DEFAULT_TIMEOUT_MS

    def _timed_out(self) -> bool:
        return self.stage == "ERROR" and "timeout" in (self.message or "").lower()

    def _ending(self) -> dict[str, object]:
        message = self.message or ""
        if self.stage == "COMPLETED":
            return {"message": message} if message else {}
        code = _EXIT_CODE.search(message)
        if code is None or not 1 <= int(code[1]) <= 255:
            return {"exit_code": 1, **({"message": message} if message else {})}
        return {"oom": True} if code[1] == "137" and "oom" in message.lower() else {"exit_code": int(code[1])}


def instant(body: JobBody, key: str) -> int | None:
    """A time of a job, in milliseconds; None if it has none."""
    value = body.get(key)
    try:
        return from_iso(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _offsets(attempt: Attempt, longest: int | None) -> list[list[object]]:
    """The lines of an attempt as ``logs`` has them; none of them comes after its end."""
    offsets: list[list[object]] = []
    last = 0
    for at, text in attempt.lines:
        last = max(last, at - attempt.start)
        if longest is not None:
            last = min(last, longest)
        offsets.append([_length(last), text])
    return offsets


def _length(milliseconds: int) -> str:
    return f"{max(milliseconds, 0)}ms"
