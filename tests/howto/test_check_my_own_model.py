"""How-to: Check my own model.

Code that talks to the Jobs API sooner or later has a class of its own for a job, and perhaps a reader of its own for logs. Both work with the
two or three jobs that somebody looked at. What they do to all the others, one line each finds out:

| what do you have?                                  | what the test says                                              |
|----------------------------------------------------|-----------------------------------------------------------------|
| a class that keeps everything                      | ``roundtrips(Job.parse, Job.dump)``                             |
| a class that leaves keys out on purpose            | ``roundtrips(Job.parse, Job.dump, ignore=["owner.avatarUrl"])`` |
| a class that writes null where nothing was         | ``roundtrips(Job.parse, Job.dump, null_is_absent=True)``        |
| a class that never meets some stages               | ``roundtrips(Job.parse, Job.dump, stage="RUNNING")``            |
| a class that only reads                            | ``@given(job_payloads())``, and what must hold                  |
| a reader of log streams                            | ``reads_streams(read_log)``                                     |
| a reader for everything that the standard allows   | ``reads_streams(read_log, any_sse=True)``                       |
| code that makes bodies, and checks them itself     | ``@given(invalid_create_bodies())``: it must refuse each        |

Each row is a test below. None needs the fake server, or any server.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given

from fakejobs.strategies import invalid_create_bodies, job_payloads
from fakejobs.testing import reads_streams, roundtrips

# A class of our own: what the code works with are attributes, and the rest stays as it came.


@dataclass
class Job:
    id: str
    stage: str
    created: datetime
    rest: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, payload: dict[str, Any]) -> Job:
        created = datetime.fromisoformat(payload["createdAt"].replace("Z", "+00:00"))
        return cls(payload["id"], payload["status"]["stage"], created, payload)

    def dump(self) -> dict[str, Any]:
        created = self.created.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {**self.rest, "id": self.id, "createdAt": created}


def test_it_keeps_everything() -> None:
    roundtrips(Job.parse, Job.dump)


# Here is one that somebody wrote with the job before them that they had: with a command, and created at some odd millisecond.


def careless_dump(job: Job) -> dict[str, Any]:
    return {**job.rest, "createdAt": job.created.isoformat().replace("+00:00", "Z")}


def test_the_key_that_it_mangles_is_named() -> None:
    with pytest.raises(AssertionError) as caught:
        roundtrips(Job.parse, careless_dump)
    sentence, _title, payload = str(caught.value).split("\n", 2)
    assert sentence == (
        "createdAt is mangled: it was '2026-01-01T00:00:00.000Z', and became '2026-01-01T00:00:00Z'"
    )
    assert "command" not in json.loads(payload)  # the simplest job with that has none


# What is left out on purpose is said by its path; a slip of the pen there is an error too.


def small_dump(job: Job) -> dict[str, Any]:
    small = job.dump()
    del small["owner"]["avatarUrl"]
    for volume in small.get("volumes", ()):
        volume.pop("revision", None)
    return small


def test_what_is_left_out_on_purpose() -> None:
    roundtrips(Job.parse, small_dump, ignore=["owner.avatarUrl", "volumes[].revision"])
    with pytest.raises(ValueError, match=r"did you mean 'owner.avatarUrl'"):
        roundtrips(Job.parse, small_dump, ignore=["owner.avatarUrl", "volumes[].revision", "owner.avatarURL"])


def test_null_where_nothing_was() -> None:
    def dump(job: Job) -> dict[str, Any]:
        return {"arch": None, "labels": None, **job.dump()}

    roundtrips(Job.parse, dump, null_is_absent=True)


def test_only_jobs_that_run() -> None:
    def dump(job: Job) -> dict[str, Any]:
        assert "startedAt" in job.rest
        return job.dump()

    roundtrips(Job.parse, dump, stage="RUNNING")


# A class that only reads has nothing to compare; but something must hold for every job.


@given(job_payloads())
def test_every_job_is_read(payload: dict[str, Any]) -> None:
    job = Job.parse(payload)
    assert job.created.tzinfo is not None
    assert job.stage.isupper()


# A reader of logs gets bytes as they arrive, and they arrive in any pieces: a character of three bytes may come in two of them.


def read_log(chunks: Iterator[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    rest = ""
    for chunk in chunks:
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))["data"]


def test_the_reader_gives_every_line() -> None:
    reads_streams(read_log)


def test_what_happens_to_one_that_decodes_each_piece_alone() -> None:
    def careless(chunks: Iterator[bytes]) -> Iterator[str]:
        return read_log(chunk.decode(errors="replace").encode() for chunk in chunks)

    with pytest.raises(
        AssertionError, match=r"The first ends inside a character. In one piece the reader gets it right."
    ):
        reads_streams(careless)


# ``read_log`` knows what the Hub sends. A proxy in between may send the same in another form that the standard allows.


def test_it_is_no_reader_for_everything() -> None:
    with pytest.raises(AssertionError):
        reads_streams(read_log, any_sse=True)


# Code that checks what it is about to submit must refuse what the API would refuse. This one checks two things, and nothing else.


def check(body: Any) -> None:
    if not isinstance(body, dict):
        raise ValueError("a body is an object")
    if not isinstance(body.get("flavor"), str):
        raise ValueError("a job needs a flavor")


@given(invalid_create_bodies())
def test_every_mistake_of_the_two_kinds_is_refused(case: tuple[Any, Any]) -> None:
    body, broken = case
    if str(broken) in ("type", "required at flavor"):
        with pytest.raises(ValueError):
            check(body)
