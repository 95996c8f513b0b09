"""The page about API dates, and the commands that it names."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

import fakejobs
from fakejobs.cli import main
from fakejobs.wire.history import CHANGES
from fakejobs.wire.schema import change_days

PAGE = (Path(fakejobs.__file__).parent / "docs" / "api-dates.md").read_text(encoding="utf-8")


def run(*words: str) -> str:
    done = CliRunner().invoke(main, ["api", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_table_has_every_change() -> None:
    rows = [f"| {change.day} | {change.text} | {change.source} |" for change in CHANGES]
    shown = re.search(r"<!-- changes -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines()[2:] == rows


def test_the_list_tells_each_change_with_its_source() -> None:
    lines = run("list").splitlines()
    assert lines[0].startswith("2025-04-09  The record begins.")
    assert [line[:10] for line in lines[::2]] == [change.day for change in CHANGES]
    assert lines[-1].strip() == "(huggingface_hub 2.2.0)"


def test_the_difference_of_two_days() -> None:
    assert run("diff", "2026-06-08", "2026-06-09").splitlines() == [
        "Body job-spec",
        "  + expose.ports (required)",
        "  - expose.enabled",
        "Answer job",
        "  + status.exposeUrls",
        "In words",
        "  ~ 2026-06-09  `expose.ports` instead of `expose.enabled`; `status.exposeUrls`.",
    ]


def test_the_other_way_round_what_came_goes() -> None:
    there, back = run("diff", "2025-08-01", "latest"), run("diff", "latest", "2025-08-01")
    assert "  + PUT /api/jobs/{namespace}/{jobId}/labels" in there
    assert "  - PUT /api/jobs/{namespace}/{jobId}/labels" in back
    assert "  + labels" in there
    # What is below a key that came is not told again.
    assert "volumes[].source" not in there


def test_every_day_of_a_change_differs_from_the_day_before() -> None:
    days = ("2025-04-09", *change_days())
    for before, day in pairwise(days):
        assert re.search(r"^  [-+!] ", run("diff", before, day), re.MULTILINE), day


def test_two_days_may_be_the_same() -> None:
    assert run("diff", "2026-10-09") == "The API of 2026-10-09 and that of latest are the same.\n"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ["2025-01-01"],
            "too little is known of the API before 2025-04-09; give a later date than 2025-01-01",
        ),
        (["latest", "auto"], "auto is not one API, but one for each client"),
        (["tomorrow"], "not a date of the API: 'tomorrow'; write YYYY-MM-DD"),
    ],
)
def test_what_is_no_date_is_said(words: list[str], problem: str) -> None:
    done = CliRunner().invoke(main, ["api", "diff", *words])
    assert (done.exit_code, problem in done.output) == (1, True), done.output


def test_a_test_may_be_of_another_day() -> None:
    with fakejobs.activate(api="2026-01-01") as fake:
        assert fake.hub.settings.api == "2026-01-01"
    with (
        pytest.raises(ValueError, match=r"api: not a date of the API: '1\.1\.2026'"),
        fakejobs.activate(api="1.1.2026"),
    ):
        pass


def test_latest_may_be_said_instead_of_a_scenarios_day(tmp_path: Path) -> None:
    scenario = tmp_path / "s.toml"
    scenario.write_text('api = "2025-09-01"\n')
    for given, holds in ((None, "2025-09-01"), ("latest", "latest"), ("auto", "auto")):
        with fakejobs.activate(scenario=scenario, api=given) as fake:
            assert fake.hub.settings.api == holds
