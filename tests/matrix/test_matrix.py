"""The matrix that is checked in holds, for the releases that are installed here; `.ci/matrix` runs it for more of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix import page, results
from tests.matrix.__main__ import main
from tests.matrix.environments import AUTO, COLUMNS, LATEST, OWN_DAY, Outcomes, is_installed, run
from tests.matrix.releases import RELEASES, SUBSET, release
from tests.matrix.results import Results
from tests.support.clients import skip_unless_in_ci

HERE = ("0.34.0", "0.36.2", "2.4.0", "@huggingface/hub-2.17.5")
"""Some of what `.ci/clients` and `.ci/node` install unless told otherwise; `.ci/matrix` has those on httpx as well."""


@pytest.mark.parametrize("name", HERE)
def test_what_worked_still_works(name: str) -> None:
    chosen = release(name)
    if not is_installed(chosen):
        skip_unless_in_ci(f"{name} is not installed; install it: .ci/clients {name}, or .ci/node")
    assert results.problems(results.load(), {name: run(chosen)}) == []


def test_every_release_is_there_and_every_failure_has_a_reason() -> None:
    checked_in = results.load()
    assert list(checked_in) == [each.name for each in RELEASES]
    assert results.problems(checked_in, checked_in) == []


def test_page_is_what_the_results_give() -> None:
    written = page.FILE.read_text(encoding="utf-8")
    assert written == page.page(results.load()), "run: python -m tests.matrix"


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "matrix.json"
    results.save(results.load(), file)
    assert file.read_text(encoding="utf-8") == results.FILE.read_text(encoding="utf-8")


def made_up(**outcomes: str) -> Results:
    """A matrix of one release, with the same outcomes everywhere."""
    columns: Outcomes = {"over loopback": dict.fromkeys(COLUMNS, outcomes)}
    return {"2.4.0": columns}


def test_a_cell_that_worked_and_does_not_is_a_problem() -> None:
    before, now = made_up(run_job="works"), made_up(run_job="TypeError: no")
    assert results.problems(before, now) == [
        f"worked before: 2.4.0, run_job, over loopback, API {column}: TypeError: no"
        for column in (LATEST, AUTO, OWN_DAY)
    ]
    gone = results.problems(before, made_up())
    assert len(gone) == 3
    assert gone[0].startswith("is gone: 2.4.0, run_job, over loopback, API ")


def test_a_failure_without_a_reason_is_a_problem() -> None:
    found = results.problems(made_up(), made_up(run_job="TypeError: no", cancel_job="absent"))
    assert found[0] == "has no reason: 2.4.0, run_job, over loopback, API latest: TypeError: no"
    assert len(found) == 3


def test_what_is_better_than_before_is_no_problem() -> None:
    assert results.problems(made_up(run_job="TypeError: no"), made_up(run_job="works")) == []


def test_subset_has_the_first_the_last_and_each_generation() -> None:
    chosen = [release(name) for name in SUBSET]
    assert {each.generation for each in chosen} == {each.generation for each in RELEASES}
    for generation in ("requests", "httpx", "httpx2"):
        of_it = [
            each for each in RELEASES if each.generation == generation and each.client == "huggingface_hub"
        ]
        assert {of_it[0], of_it[-1]} <= set(chosen)


def test_unknown_release_is_an_error_that_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--releases", "9.9.9", "--check"]) == 2
    assert "9.9.9 is not in the matrix; there are hfjobs-0.5.3, " in capsys.readouterr().err
