"""Generated payloads against the schema, the Hub's document, our `JobInfo` and those of huggingface_hub."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs

from fakejobs.generate import specs
from fakejobs.generate.kinds import endless
from fakejobs.generate.source import Seeded, Source
from fakejobs.wire.info import JobInfo
from fakejobs.wire.json_types import Schema
from fakejobs.wire.schema import schema_at
from fakejobs.wire.validate import problems
from tests.support.programs import run_program

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT.parent / "shared" / "facts" / "hub-jobs.openapi.json"
SCRIPT = Path(__file__).with_name("parse_jobs.py")
NEWER_THAN_THE_DOCUMENT = ("network",)
RELEASES = ("1.33.0", "0.36.2")
Payload = dict[str, Any]

# The piece of our schema of each kind of payload, and where the Hub's document has its own.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "job": ("job", ("/api/jobs/{namespace}/{jobId}", "get", "responses", "200")),
    "scheduled-job": (
        "scheduled-job",
        ("/api/scheduled-jobs/{namespace}/{jobId}", "get", "responses", "200"),
    ),
    "hardware": ("hardware-list", ("/api/jobs/hardware", "get", "responses", "200")),
    "whoami": ("whoami", ("/api/whoami-v2", "get", "responses", "200")),
    "create-body": ("job-spec", ("/api/jobs/{namespace}", "post", "requestBody")),
    "job-spec": ("job-spec", ("/api/jobs/{namespace}", "post", "requestBody")),
    "scheduled-body": ("scheduled-job-body", ("/api/scheduled-jobs/{namespace}", "post", "requestBody")),
    "webhook": ("webhook", ("/api/settings/webhooks/{webhookId}", "get", "responses", "200")),
    "webhook-body": ("webhook-body", ("/api/settings/webhooks", "post", "requestBody")),
    "usage": ("jobs-usage", ("/api/settings/billing/usage/jobs", "get", "responses", "200")),
    "labels-body": ("labels-body", ("/api/jobs/{namespace}/{jobId}/labels", "put", "requestBody")),
    "expose-body": ("expose-body", ("/api/jobs/{namespace}/{jobId}/expose", "put", "requestBody")),
    "schedule-body": (
        "schedule-body",
        ("/api/scheduled-jobs/{namespace}/{jobId}/schedule", "post", "requestBody"),
    ),
}
# Those that `fakejobs payloads` does not print.
NOT_PRINTED: dict[str, Callable[[Source], Payload]] = {
    "labels-body": specs.labels_body,
    "expose-body": specs.expose_body,
    "schedule-body": specs.schedule_body,
}
# What no payload of a kind has, and why.
NEVER_SEEN = {
    **dict.fromkeys(
        (
            "scheduled-job.jobSpec.startedAt present",
            "scheduled-job.jobSpec.finishedAt present",
            "scheduled-job.jobSpec.durations present",
            "scheduled-job.jobSpec.durations.schedulingSecs present",
            "scheduled-job.jobSpec.durations.schedulingSecs absent",
            "scheduled-job.jobSpec.durations.runningSecs present",
            "scheduled-job.jobSpec.durations.runningSecs absent",
            "scheduled-job.jobSpec.durations.totalSecs present",
            "scheduled-job.jobSpec.durations.totalSecs absent",
        ),
        "the times of a job that runs, in the schema of a spec, which does not",
    ),
    "scheduled-job.initiator.type = org": "a scheduled job is started by a user",
    "create-body.flavor = sprx8": "not offered",
    "create-body.flavor = zero-a10g": "not offered",
    "create-body.flavor = inf2x6": "not offered",
    **{
        f"{kind}.job.flavor = {flavor}": "not offered"
        for kind in ("webhook", "webhook-body")
        for flavor in ("sprx8", "zero-a10g", "inf2x6")
    },
    "scheduled-body.jobSpec.flavor = sprx8": "not offered",
    "scheduled-body.jobSpec.flavor = zero-a10g": "not offered",
    "scheduled-body.jobSpec.flavor = inf2x6": "not offered",
}


def jobs(count: int, seed: int = 0) -> Iterator[Payload]:
    return made("job", count, seed)


def made(kind: str, count: int, seed: int = 0) -> Iterator[Payload]:
    if kind in NOT_PRINTED:
        source = Seeded(seed)
        return (NOT_PRINTED[kind](source) for _ in range(count))
    return islice(endless(kind, seed=seed), count)  # type: ignore[arg-type]  # they are objects


def check_kind(kind: str, payloads: Iterable[Payload]) -> int:
    """Every payload of a kind is valid. Returns how many that were."""
    piece, count = KINDS[kind][0], 0
    for payload in payloads:
        count += 1
        assert problems(piece, [payload] if kind == "hardware" else payload) == [], payload
    return count


def check_schema(payloads: Iterable[Payload]) -> int:
    """Every payload is valid, and `JobInfo` gives back exactly what it read. Returns how many that were."""
    count = 0
    for payload in payloads:
        count += 1
        assert problems("job", payload) == [], payload
        assert json.dumps(JobInfo.from_wire(payload).to_wire()) == json.dumps(payload)
    return count


def hub_schema(kind: str = "job") -> Schema | None:
    """The Hub's own schema of a kind, where its document lies beside this checkout."""
    if not DOCUMENT.exists():
        return None
    part = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    for step in KINDS[kind][1]:
        part = part[step]
    schema: Schema = part["content"]["application/json"]["schema"]
    if kind == "webhook":
        schema = schema["properties"]["webhook"]
    return schema["items"] if kind == "hardware" else schema


def check_document(payloads: Iterable[Payload], schema: Schema) -> int:
    """Every payload is valid by the Hub's document, but for the keys that are newer than it."""
    # The plain regex engine takes linear time, also for the pattern of schedules.
    validator = jsonschema_rs.validator_for(
        schema, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
    )
    count = 0
    for payload in payloads:
        count += 1
        known = _known_to_the_document(payload)
        for key in ("jobSpec", "job"):
            if key in known:
                known[key] = _known_to_the_document(known[key])
        assert validator.is_valid(known), payload
    return count


def _known_to_the_document(payload: Payload) -> Payload:
    return {key: each for key, each in payload.items() if key not in NEWER_THAN_THE_DOCUMENT}


def unseen(payloads: Iterable[Payload], kind: str = "job") -> set[str]:
    """What of the schema never came: optional keys that were always there or never, values of enums."""
    seen: Counter[str] = Counter()
    wanted: set[str] = set()
    schema = schema_at(KINDS[kind][0])
    if kind == "hardware":
        schema = schema["items"]
    for payload in payloads:
        _see(payload, schema, kind, seen)
    _want(schema, kind, wanted)
    return wanted - seen.keys()


def _see(each: Any, schema: Schema, place: str, seen: Counter[str]) -> None:
    if "enum" in schema:
        seen[f"{place} = {each}"] += 1
    for number, member in enumerate(schema.get("anyOf", ())):
        if jsonschema_rs.is_valid(member, each):
            seen[f"{place} is {number}"] += 1
            _see(each, member, place, seen)
            break
    if isinstance(each, dict):
        for key, member in schema.get("properties", {}).items():
            seen[f"{place}.{key} {'present' if key in each else 'absent'}"] += 1
            if key in each:
                _see(each[key], member, f"{place}.{key}", seen)
    if isinstance(each, list) and "items" in schema:
        for item in each:
            _see(item, schema["items"], f"{place}[]", seen)


def _want(schema: Schema, place: str, wanted: set[str]) -> None:
    if "enum" in schema:
        wanted.update(f"{place} = {member}" for member in schema["enum"])
    for number, member in enumerate(schema.get("anyOf", ())):
        wanted.add(f"{place} is {number}")
        _want(member, place, wanted)
    for key, member in schema.get("properties", {}).items():
        wanted.add(f"{place}.{key} present")
        if key not in schema.get("required", ()):
            wanted.add(f"{place}.{key} absent")
        _want(member, f"{place}.{key}", wanted)
    if "items" in schema:
        _want(schema["items"], f"{place}[]", wanted)


def parse_with(python: Path, payloads: Iterable[Payload]) -> Payload:
    """What the `JobInfo` of another release says: ``parsed``, ``release``, and the first ``failure``."""
    lines = "".join(json.dumps(payload) + "\n" for payload in payloads)
    done = run_program(
        [python, SCRIPT],
        stdin=lines,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    answer: Payload = json.loads(done.stdout)
    return answer
