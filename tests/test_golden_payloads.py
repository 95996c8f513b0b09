"""The golden payloads in fixtures/payloads: that they are what the fake answers, what their day's schema says, and what each client release
reads as we do."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from click.testing import CliRunner

from fakejobs.cli import main
from fakejobs.golden import DAYS, payloads, readme, text
from fakejobs.model.api_dates import LATEST
from fakejobs.wire.dialects import dialect_of
from fakejobs.wire.history import CHANGES
from fakejobs.wire.info import JobInfo
from fakejobs.wire.validate import problems
from tests.matrix.releases import RELEASES
from tests.support.clients import ROOT, skip_unless_in_ci
from tests.support.programs import run_program

FOLDER = ROOT / "fixtures" / "payloads"
PIECES = {"job-list": "job-list", "count": "count", "hardware": "hardware-list", "whoami": "whoami"}
STREAMS = {"logs": "log-event", "metrics": "metric-event"}


def piece_of(name: str) -> str:
    if name.startswith("scheduled-job"):
        return "scheduled-job-list" if name.endswith("list") else "scheduled-job"
    return PIECES.get(name, "job")


@pytest.mark.parametrize("day", DAYS)
def test_the_files_are_what_the_fake_answers(day: str) -> None:
    made = payloads(day)
    files = {path.stem: path.read_text(encoding="utf-8") for path in (FOLDER / day).glob("*.json")}
    assert files == {name: text(payload) for name, payload in made.items()}, (
        "fakejobs answers otherwise now; if that is right: fakejobs api payloads fixtures/payloads"
    )


def test_there_is_a_folder_for_each_day_and_a_page_that_says_what_is_certain() -> None:
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == list(DAYS)
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == readme()
    assert {change.day: change.certain for change in CHANGES}["2026-06-09"] is True
    assert {change.day: change.certain for change in CHANGES}["2026-02-04"] is False


@pytest.mark.parametrize("day", DAYS)
def test_they_keep_the_schema_of_their_day(day: str) -> None:
    made: dict[str, Any] = payloads(day)
    errors = made.pop("errors")
    assert all(problems("error", each["body"], date=day) == [] for each in errors)
    for name, piece in STREAMS.items():
        for frame in made.pop(name)["frames"]:
            data = next(line for line in frame.splitlines() if line.startswith("data: "))
            assert problems(piece, json.loads(data.removeprefix("data: ")), date=day) == []
    for name, payload in made.items():
        assert problems(piece_of(name), payload, date=day) == [], name


def test_the_last_day_is_todays_api() -> None:
    last: Any = payloads(DAYS[-1])
    assert payloads(LATEST) == last
    assert last["job-with-everything"].keys() > {
        "volumes",
        "expose",
        "network",
        "resourceGroup",
        "labels",
        "hfToken",
    }


def test_no_secret_is_in_any_file() -> None:
    for path in FOLDER.rglob("*.json"):
        found = path.read_text(encoding="utf-8")
        assert "never shown" not in found
        assert "hf_golden" not in found


def test_the_command_writes_them_and_removes_what_there_is_no_more(tmp_path: Path) -> None:
    old = tmp_path / DAYS[0] / "job-pondering.json"
    old.parent.mkdir()
    old.write_text("{}")
    done = CliRunner().invoke(main, ["api", "payloads", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert f"payloads of {len(DAYS)} days" in done.output
    assert not old.exists()
    assert (tmp_path / DAYS[-1] / "job-running.json").exists()
    (tmp_path / "2026-01-01").mkdir()  # no day of a change
    (tmp_path / "2026-01-01" / "mine.json").write_text("{}")
    (tmp_path / "file").write_text("")
    assert CliRunner().invoke(main, ["api", "payloads", str(tmp_path)]).exit_code == 0
    assert (tmp_path / "2026-01-01" / "mine.json").exists()
    refused = CliRunner().invoke(main, ["api", "payloads", str(tmp_path / "file" / "below")])
    assert refused.exit_code != 0
    assert "Traceback" not in refused.output


def test_the_command_leaves_a_folder_of_something_else_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# My project\n")
    refused = CliRunner().invoke(main, ["api", "payloads", str(tmp_path)])
    assert (refused.exit_code, "is not about golden payloads" in refused.output) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


# --------------------------------------------------------------------------------------------- what clients read in them

READER = Path(__file__).with_name("support") / "reader.py"


def jobs_of(day: str) -> dict[str, Any]:
    made: dict[str, Any] = payloads(day)
    jobs = {name: job for name, job in made.items() if name.startswith("job-") and name != "job-list"}
    return {**jobs, **{f"job-list {index}": job for index, job in enumerate(made["job-list"])}}


def read_by(python: Path, home: Path, bodies: dict[str, Any]) -> Any:
    """What the client in ``python``'s environment makes of each body: its attributes as JSON, or the error."""
    environment = {"HF_HOME": str(home), "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1", "PATH": "/usr/bin:/bin"}
    done = run_program(
        [python, READER],
        stdin=json.dumps(bodies),
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def installed() -> list[tuple[str, Path]]:
    """Every release of the matrix that is installed here, this environment's included."""
    there = {huggingface_hub.__version__: Path(sys.executable)}
    there |= {
        home.parent.name: home.parent / "bin/python" for home in (ROOT / ".venv-clients").glob("*/complete")
    }
    return [
        (each.name, there[each.name])
        for each in RELEASES
        if each.name in there and each.client == "huggingface_hub"
    ]


def ours(body: dict[str, Any]) -> Any:
    """The same, as our own `JobInfo` has it."""
    return plain(JobInfo.from_wire(body))


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return value


def assert_alike(theirs: Any, own: Any, at: str) -> None:
    """Every attribute that the client's object has, ours has with the same value."""
    if isinstance(theirs, dict):
        assert isinstance(own, dict), at
        for key, value in theirs.items():
            if key in ("url", "endpoint"):  # made from the client's own endpoint
                continue
            assert_alike(value, own.get(key), f"{at}.{key}")
    elif isinstance(theirs, list) and own is not None:
        assert len(theirs) == len(own), at
        for index, (each, other) in enumerate(zip(theirs, own, strict=True)):
            assert_alike(each, other, f"{at}[{index}]")
    else:
        assert theirs == own or (not theirs and not own), f"{at}: {theirs!r}, and ours {own!r}"


@pytest.mark.parametrize(("release", "python"), installed(), ids=[release for release, _ in installed()])
def test_each_release_reads_its_own_day_and_auto_as_we_do(release: str, python: Path, tmp_path: Path) -> None:
    published = {each.name: each.day for each in RELEASES}[release]
    day = max(each for each in DAYS if each <= published)
    dialect = dialect_of("auto", f"unknown/None; hf_hub/{release}; python/3.11")
    bodies = {
        **{f"own day, {name}": job for name, job in jobs_of(day).items()},
        **{f"auto, {name}": dialect.body("job", job) for name, job in jobs_of(LATEST).items()},
    }
    for name, theirs in read_by(python, tmp_path, bodies).items():
        assert not isinstance(theirs, str), f"{release}, {name}: {theirs}"
        assert_alike(theirs, ours(bodies[name]), f"{release}, {name}")


def test_todays_api_is_more_than_the_first_releases_can_read(tmp_path: Path) -> None:
    there = dict(installed())
    if "0.34.0" not in there:
        skip_unless_in_ci("huggingface_hub 0.34.0 is not installed; install it: .ci/clients 0.34.0")
    found = read_by(there["0.34.0"], tmp_path, jobs_of(LATEST))
    assert set(found.values()) == {"TypeError: JobOwner.__init__() got an unexpected keyword argument 'type'"}
    week = read_by(there["0.34.0"], tmp_path, jobs_of("2025-08-02"))
    assert {each.partition("'")[0] for each in week.values()} == {
        "TypeError: JobOwner.__init__() got an unexpected keyword argument "
    }
