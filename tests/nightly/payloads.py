"""Generated payloads against the schema, the Hub's document, our `JobInfo` and those of huggingface_hub."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs

from fakejobs.generate.kinds import endless
from fakejobs.generate.specs import listed_flavors
from fakejobs.wire.info import JobInfo
from fakejobs.wire.json_types import Schema
from fakejobs.wire.schema import schema_at
from fakejobs.wire.validate import problems

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT.parent / "shared" / "facts" / "hub-jobs.openapi.json"
SCRIPT = Path(__file__).with_name("parse_jobs.py")
NEWER_THAN_THE_DOCUMENT = ("network",)
RELEASES = ("1.33.0", "0.36.2")
Payload = dict[str, Any]


def jobs(count: int, seed: int = 0) -> Iterator[Payload]:
    return islice(endless("job", seed=seed), count)  # type: ignore[arg-type]  # they are objects


def check_schema(payloads: Iterable[Payload]) -> int:
    """Every payload is valid, and `JobInfo` gives back exactly what it read. Returns how many that were."""
    count = 0
    for payload in payloads:
        count += 1
        assert problems("job", payload) == [], payload
        assert json.dumps(JobInfo.from_wire(payload).to_wire()) == json.dumps(payload)
    return count


def hub_schema() -> Schema | None:
    """The Hub's own schema of a job, where its document lies beside this checkout."""
    if not DOCUMENT.exists():
        return None
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    operation = document["paths"]["/api/jobs/{namespace}/{jobId}"]["get"]
    schema: Schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def check_document(payloads: Iterable[Payload], schema: Schema) -> int:
    """Every payload is valid by the Hub's document, but for the keys that are newer than it."""
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    count = 0
    for payload in payloads:
        count += 1
        known = {key: each for key, each in payload.items() if key not in NEWER_THAN_THE_DOCUMENT}
        assert validator.is_valid(known), payload
    return count


def unseen(payloads: Iterable[Payload]) -> set[str]:
    """What of the schema never came: optional keys that were always there or never, values of enums, flavors that are offered."""
    seen: Counter[str] = Counter()
    wanted: set[str] = set()
    schema = schema_at("job")
    for payload in payloads:
        _see(payload, schema, "job", seen)
    _want(schema, "job", wanted)
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
        members = listed_flavors(schema) if place == "job.flavor" else schema["enum"]
        wanted.update(f"{place} = {member}" for member in members)
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
    done = subprocess.run(
        [python, SCRIPT],
        input=lines,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: Payload = json.loads(done.stdout)
    return answer
