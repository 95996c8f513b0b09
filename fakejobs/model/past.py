"""Jobs from the past: the words of ``add_job``, and the plan of a job that was submitted before anybody looked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fakejobs.model.cron import cron_from
from fakejobs.model.draws import between, draw
from fakejobs.model.flavors import FLAVORS, UNLISTED, Flavor
from fakejobs.model.job import DEFAULT_TIMEOUT_MS, Spec, command_words, timeout_ms
from fakejobs.model.outcomes import WORDS as THEN_WORDS
from fakejobs.model.outcomes import Outcome, Script, outcome_from, script_for, spread
from fakejobs.model.plan import NEVER, Plan
from fakejobs.model.planning import plan_for
from fakejobs.model.printed import printed_by
from fakejobs.model.quirks import Quirks
from fakejobs.model.stages import TERMINAL, JobStage
from fakejobs.model.units import check_text, did_you_mean, in_milliseconds, milliseconds, short
from fakejobs.model.units import words as said

SPEC_WORDS = (
    "image",
    "space",
    "command",
    "arguments",
    "flavor",
    "labels",
    "name",
    "environment",
    "secrets",
    "timeout",
    "attempts",
    "namespace",
)
"""What the job was asked for."""

ALIASES = {
    "env": "environment",
    "dockerImage": "image",
    "docker_image": "image",
    "spaceId": "space",
    "space_id": "space",
    "timeoutSeconds": "timeout",
}

ADD_JOB_WORDS = (
    "stage",
    "age",
    *SPEC_WORDS,
    *(word for word in THEN_WORDS if word not in ("stage", "attempts")),
)
"""The words of ``add_job``."""

_HOUR = 3_600_000
_DEFAULT_AGE = "1h"


@dataclass(frozen=True)
class PastJob:
    """A job from the past, as its words say.

    Attributes:
        stage: its stage now.
        age: how long ago it was submitted, in milliseconds.
        spec: what was asked for.
        labels: its labels.
        namespace: whose it is; None: the first user's.
        outcome: how long it waited and ran, its log, and how it ended, or will.
    """

    stage: JobStage
    age: int
    spec: Spec
    labels: Mapping[str, str]
    namespace: str | None
    outcome: Outcome


def past_job_from(given: Mapping[str, object]) -> PastJob:
    """Read the words of ``add_job``.

    - ``stage``: its stage now (default COMPLETED); ``age``: how long ago it was submitted (default ``"1h"``);
    - what it was asked for, with few defaults: ``image`` (``python:3.12``; or ``space``), ``command``, ``arguments``, ``flavor``
      (``cpu-basic``), ``labels``, ``name`` (the label ``name``), ``environment`` (or ``env``), ``secrets`` (names only), ``timeout`` (a
      length of time), ``attempts``, ``namespace`` (the first user's); the API's own keys (``dockerImage``, ``timeoutSeconds``, ...) do
      as well;
    - ``scheduling``, ``running``, ``logs``, ``exit_code``, ``message``, ``oom``, ``image_pull_error``, ``cancel_reason``: as in ``then``.

    Raises:
        ValueError: an unknown word, an impossible value, or words that contradict each other; the message names them.
    """
    words: dict[str, object] = {}
    for word, value in given.items():
        name = ALIASES.get(word, word)
        if name not in ADD_JOB_WORDS:
            raise ValueError(f"{word}: unknown word{did_you_mean(str(word), (*ADD_JOB_WORDS, *ALIASES))}")
        if name in words:
            raise ValueError(f"{word}: `{name}` is given twice, by two names; give it once")
        words[name] = value
    stage = _stage(words.get("stage", "COMPLETED"))
    labels = _labels(words)
    namespace = words.get("namespace")
    if namespace is not None and not isinstance(namespace, str):
        raise ValueError("namespace: give the name of a user or an organisation")
    return PastJob(
        stage, _age(words.get("age", _DEFAULT_AGE)), _spec(words), labels, namespace, _outcome(words, stage)
    )


@dataclass(frozen=True)
class PastSchedule:
    """A scheduled job from the past, as its words say.

    Attributes:
        schedule: when it runs.
        age: how long ago it was made, in milliseconds.
        suspend: whether it is paused.
        concurrency: whether a job of it may begin while another is not over.
        job: what its jobs are asked for.
    """

    schedule: str
    age: int
    suspend: bool
    concurrency: bool
    job: PastJob


SCHEDULE_WORDS = ("schedule", "age", "suspend", "concurrency")
"""The words of ``add_scheduled_job`` beside `SPEC_WORDS`."""


def past_schedule_from(given: Mapping[str, object], sixth: str) -> PastSchedule:
    """Read the words of ``add_scheduled_job``: `SCHEDULE_WORDS`, and of `past_job_from` those for what is asked for.

    Args:
        given: the words.
        sixth: what the sixth field of a schedule is: see `fakejobs.model.cron.cron_from`.

    Raises:
        ValueError: an unknown word or an impossible value; the message names it.
    """
    known = (*SCHEDULE_WORDS, *SPEC_WORDS, *ALIASES)
    for word in given:
        if word not in known:
            raise ValueError(f"{word}: unknown word{did_you_mean(str(word), known)}")
    schedule = given.get("schedule")
    if not isinstance(schedule, str):
        raise ValueError('schedule: say when it runs, such as "@daily" or "*/5 * * * *"')
    try:
        cron_from(schedule, sixth)
    except ValueError as error:
        raise ValueError(f"schedule: {error}") from None
    for word in ("suspend", "concurrency"):
        if not isinstance(given.get(word, False), bool):
            raise ValueError(f"{word}: give true or false")
    return PastSchedule(
        schedule,
        _age(given.get("age", 0)),
        given.get("suspend", False) is True,
        given.get("concurrency", False) is True,
        past_job_from({word: value for word, value in given.items() if word not in SCHEDULE_WORDS}),
    )


def past_plan(
    job: PastJob, flavor: Flavor, quirks: Quirks, *, seed: int, key: str, now: int, queues: bool = False
) -> tuple[Spec, Script, Plan]:
    """The spec, script and plan of a job from the past that is in its stage at ``now``.

    Lengths that are not given follow from the flavor, and from stage and age: what is over fits into the age, what goes on has as
    much before it as its flavor takes. A job that runs longer than the default timeout and has none of its own gets one.

    Args:
        queues: whether it has no start until it gets a slot.

    Raises:
        ValueError: it cannot be in that stage; the message says why.
    """
    outcome, age, over = job.outcome, job.age, job.stage in TERMINAL
    if age > now:
        raise ValueError(f"age: {said(age)} ago was before 1970")
    script = script_for(outcome, flavor, seed=seed, key=key, printed=printed_by(command_words(job.spec)))
    if outcome.scheduling is None:
        scheduling = between(*in_milliseconds(flavor.scheduling), draw(seed, key, "scheduling"))
        still = job.stage is JobStage.SCHEDULING
        script = replace(script, scheduling=age + max(scheduling, 1) if still else min(scheduling, age))
    if outcome.running is None and not script.image_pull_error and job.stage is not JobStage.SCHEDULING:
        has_run = max(age - script.scheduling, 0)
        running = min(script.running, has_run) if over else has_run + max(script.running, 1)
        if outcome.timed_lines:
            running = max(running, outcome.timed_lines[-1][0])
            lines = outcome.timed_lines
        else:
            lines = spread([line for _, line in script.lines], running)
        script = replace(script, running=running, lines=lines)
    created = now - age
    start = NEVER if queues else min(created + script.scheduling, NEVER)
    spec = job.spec
    if "timeoutSeconds" not in spec and not script.image_pull_error:
        # What runs for ever needs no more than to run still.
        needed = script.running if script.running < NEVER else max(now - start, 0) + 1
        if quirks.timeout_counts_from == "creation":
            needed += min(script.scheduling, age)
        if needed > DEFAULT_TIMEOUT_MS:
            spec = {**spec, "timeoutSeconds": -(-needed // _HOUR) * 3600}
    plan = plan_for(script, spec, quirks, created=created, start=start)
    if plan.stage_at(now) is not job.stage:
        raise ValueError(_why_not(job, script, spec, plan, now))
    return spec, script, plan


def _why_not(job: PastJob, script: Script, spec: Spec, plan: Plan, now: int) -> str:
    is_now = plan.stage_at(now)
    waited, age = f"it waits {said(script.scheduling)}", f"was submitted {said(job.age)} ago"
    if is_now is JobStage.SCHEDULING:
        why = f"{waited} and {age}"
    elif is_now is JobStage.RUNNING:
        why = f"{waited}, runs {said(script.running)} and {age}"
    elif plan.end - min(plan.start, plan.end) < script.running and not script.image_pull_error:
        why = f"{waited}, {age}, and its timeout of {said(timeout_ms(spec))} has ended it"
    else:
        why = f"{waited}, runs {said(script.running)} and {age}"
    return f"stage: such a job is in {is_now} now, not in {job.stage}: {why}; change age, scheduling, running or timeout"


def _stage(value: object) -> JobStage:
    known = [stage.value for stage in JobStage]
    if not isinstance(value, str) or value not in known:
        hint = (
            did_you_mean(value.upper(), known)
            if isinstance(value, str)
            else f"; there are: {', '.join(known)}"
        )
        raise ValueError(f"stage: {short(value)} is no stage{hint}")
    return JobStage(value)


def _age(value: object) -> int:
    try:
        return milliseconds(value)
    except ValueError as error:
        raise ValueError(f"age: {error}") from None


def _outcome(words: Mapping[str, object], stage: JobStage) -> Outcome:
    then = {word: words[word] for word in THEN_WORDS if word in words and word not in ("stage", "attempts")}
    if stage in TERMINAL:
        then["stage"] = stage.value
    elif "cancel_reason" in then:
        raise ValueError(f"cancel_reason: only a job in CANCELED has one, not one in {stage}")
    try:
        return outcome_from(then)
    except ValueError as error:
        raise ValueError(str(error).removeprefix("then.")) from None


def _spec(words: Mapping[str, object]) -> Spec:
    spec: dict[str, object] = {}
    if words.get("space") is not None:
        if words.get("image") is not None:
            raise ValueError("space: a job has an image or a Space; give one of the two")
        spec["spaceId"] = _text("space", words["space"])
    else:
        spec["dockerImage"] = _text("image", words.get("image", "python:3.12"))
    if "arguments" in words:
        spec["arguments"] = _texts("arguments", words["arguments"])
    if "command" in words:
        spec["command"] = _texts("command", words["command"])
        if not spec["command"] or not all(spec["command"]):  # type: ignore[arg-type]  # a list of texts by now
            raise ValueError("command: give at least one word, and none that is empty")
    spec["environment"] = _mapping("environment", words.get("environment", {}), r"[a-zA-Z][_a-zA-Z0-9]+")
    spec["flavor"] = _flavor(words.get("flavor", "cpu-basic"))
    if words.get("timeout") is not None:
        spec["timeoutSeconds"] = _timeout(words["timeout"])
    if "attempts" in words:
        attempts = words["attempts"]
        if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts < 2**53:
            raise ValueError(
                f"attempts: {short(attempts)} is no number of runs; give a whole number from 1 on"
            )
        spec["attempts"] = attempts
    if words.get("secrets"):
        secrets = words["secrets"]
        if not isinstance(secrets, (list, tuple)):
            raise ValueError("secrets: give a list of names; values are never kept")
        spec["secrets"] = names = _texts("secrets", secrets)
        for name in names:
            if not re.fullmatch(r"[a-zA-Z][_a-zA-Z0-9]*", name):
                raise ValueError("secrets: there is a name that no secret can have; give names, not values")
    return spec


def _labels(words: Mapping[str, object]) -> dict[str, str]:
    labels = _mapping("labels", words.get("labels", {}), r"[a-zA-Z0-9._-]{1,100}")
    if "name" in words:
        name = _text("name", words["name"])
        if labels.get("name", name) != name:
            raise ValueError("name: `labels` has another name; give one of the two")
        labels = {**labels, "name": name}
    for key, value in labels.items():
        if not re.fullmatch(r"[a-zA-Z0-9._-]{0,100}", value):
            raise ValueError(
                f"labels.{key}: {short(value)} is no value of a label; at most 100 letters, digits, dots, dashes, underscores"
            )
    return labels


def _mapping(word: str, value: object, grammar: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{word}: give a mapping from names to texts")
    for key, each in value.items():
        if not isinstance(key, str) or not re.fullmatch(grammar, key):
            raise ValueError(f"{word}: {short(key)} cannot be a name there; it must match ^{grammar}$")
        if not isinstance(each, str):
            raise ValueError(f"{word}.{key}: {short(each)} is no text")
        check_text(f"{word}.{key}", each)
    return dict(value)


def _text(word: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{word}: {short(value)} is no text; give one")
    check_text(word, value)
    return value


def _texts(word: str, value: object) -> list[str]:
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise ValueError(f'{word}: give a list of words, such as ["python", "train.py"]')
    for index, each in enumerate(value):
        if not isinstance(each, str):
            raise ValueError(f"{word}[{index}]: {short(each)} is no text")
        check_text(f"{word}[{index}]", each)
    return list(value)


def _flavor(value: object) -> str:
    known = [flavor.name for flavor in FLAVORS] + list(UNLISTED)
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"flavor: {short(value)} is no flavor{did_you_mean(str(value), known)}")
    return value


def _timeout(value: object) -> int:
    try:
        length = milliseconds(value)
    except ValueError as error:
        raise ValueError(f"timeout: {error}") from None
    if length < 1000 or length % 1000:
        raise ValueError(f"timeout: {short(value)}; a timeout is a whole number of seconds, at least one")
    return length // 1000
