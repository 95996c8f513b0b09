"""`fakejobs payloads`: lines of JSON for suites in other languages."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from fakejobs.cli import main
from fakejobs.generate.kinds import KINDS
from fakejobs.wire.pieces import MAX_SAFE_INTEGER
from fakejobs.wire.validate import problems


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["payloads", *words], prog_name="fakejobs")


def made(*words: str) -> bytes:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_line_of_json_each(kind: str) -> None:
    lines = made("--kind", kind, "--count", "300").splitlines()
    assert len(lines) == 300
    for line in lines:
        json.loads(line)


def test_the_same_seed_gives_the_same_bytes_and_a_lower_count_their_beginning() -> None:
    all_of_it = made("--count", "1100", "--seed", "7")
    assert made("--count", "1100", "--seed", "7") == all_of_it
    assert all_of_it.startswith(made("--count", "3", "--seed", "7"))
    assert made("--count", "1100", "--seed", "8") != all_of_it


def test_ten_jobs_are_printed_when_nothing_is_said() -> None:
    jobs = [json.loads(line) for line in made().splitlines()]
    assert len(jobs) == 10
    assert all(problems("job", job) == [] for job in jobs)


def test_nothing_is_printed_for_a_count_of_nothing() -> None:
    assert made("--count", "0") == b""


def test_jobs_in_one_stage_as_they_were_on_a_day() -> None:
    lines = made("--stage", "RUNNING", "--date", "2026-05-10", "--count", "50").splitlines()
    for line in lines:
        job = json.loads(line)
        assert job["status"]["stage"] == "RUNNING"
        assert "startedAt" in job
        assert problems("job", job, date="2026-05-10") == []


def test_a_number_beyond_64_bits_is_printed_too() -> None:
    lines = made("--kind", "invalid-create-body", "--count", "2000").splitlines()
    timeouts = [case["body"]["timeoutSeconds"] for case in map(json.loads, lines) if too_long(case["broken"])]
    assert MAX_SAFE_INTEGER + 10**30 in timeouts
    assert all(timeout > MAX_SAFE_INTEGER for timeout in timeouts)


def too_long(broken: dict[str, str]) -> bool:
    return (broken["rule"], broken["path"]) == ("maximum", "timeoutSeconds")


def test_all_kinds_are_listed() -> None:
    assert made("--kind", "list").decode().split() == [*KINDS]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--kind", "jobb"], "--kind jobb: unknown; did you mean 'job'?"),
        (["--stage", "QUEUED"], "stage: 'QUEUED' is none of SCHEDULING, RUNNING"),
        (["--stage", "ERROR", "--kind", "whoami"], "--stage ERROR: only --kind job has stages"),
        (["--date", "tomorrow"], "not a date of the API: 'tomorrow'; write YYYY-MM-DD"),
        (["--date", "2026-03-01", "--stage", "SCHEDULING"], "'SCHEDULING' is none of"),
        (["--count", "-1"], "-1 is not in the range"),
        (["--seed", "x"], "'x' is not a valid integer range"),
    ],
)
def test_bad_arguments_are_explained(words: list[str], message: str) -> None:
    result = run(*words)
    assert result.exit_code in (1, 2)
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_reader_that_has_seen_enough_is_no_error_to_tell_of() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "fakejobs", "payloads", "--count", "200000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(30)
