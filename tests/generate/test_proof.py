"""A share of the proofs of `tests.nightly`: a fiftieth of the payloads, a twenty-fifth of the mistakes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fakejobs.generate.invalid import body_rules, query_rules, scheduled_rules
from fakejobs.hub import FakeHub
from tests.nightly import invalid, payloads
from tests.support.clients import skip_unless_in_ci
from tests.support.play import submit

SHARE = 2_000
SEED = 7


@pytest.fixture(scope="module")
def jobs() -> list[payloads.Payload]:
    return list(payloads.jobs(SHARE, SEED))


def test_payloads_are_valid_and_job_info_gives_them_back_exactly(jobs: list[payloads.Payload]) -> None:
    assert payloads.check_schema(jobs) == SHARE


def test_payloads_are_valid_by_the_document_of_the_hub(jobs: list[payloads.Payload]) -> None:
    schema = payloads.hub_schema()
    if schema is None:
        pytest.skip("the Hub's OpenAPI document does not lie beside this checkout")
    assert payloads.check_document(jobs, schema) == SHARE


def test_every_key_is_there_and_missing_and_every_value_comes(jobs: list[payloads.Payload]) -> None:
    assert payloads.unseen(jobs) == set()


@pytest.mark.parametrize("release", ["here", *payloads.RELEASES])
def test_every_client_parses_them(release: str, jobs: list[payloads.Payload]) -> None:
    pytest.importorskip("huggingface_hub")
    python = Path(sys.executable)
    if release != "here":
        home = payloads.ROOT / ".venv-clients" / release
        if not (home / "complete").exists():
            skip_unless_in_ci(
                f"huggingface_hub {release} is not installed; install it: .ci/clients {release}"
            )
        python = home / "bin/python"
    answer = payloads.parse_with(python, jobs)
    assert (answer["failure"], answer["parsed"]) == (None, SHARE)


def test_every_invalid_body_is_refused_for_what_is_broken(hub: FakeHub) -> None:
    seen = invalid.refuse_bodies(hub, SHARE, SEED)
    assert seen.keys() == {(rule.keyword, rule.place) for rule in body_rules()}


def test_every_invalid_body_of_a_scheduled_job_is_refused_for_what_is_broken(hub: FakeHub) -> None:
    seen = invalid.refuse_scheduled(hub, SHARE, SEED)
    own = {(rule.keyword, rule.place) for rule in scheduled_rules()}
    assert own <= seen.keys()
    inside = {(rule, place.removeprefix("jobSpec.")) for rule, place in seen.keys() - own}
    assert inside - {("image", "jobSpec"), ("type", "jobSpec")} <= {
        (rule.keyword, rule.place) for rule in body_rules()
    }


def test_every_valid_body_of_a_scheduled_job_is_taken(hub: FakeHub) -> None:
    assert invalid.take_scheduled(hub, SHARE // 10, SEED) == SHARE // 10


def test_every_invalid_query_is_refused_for_what_is_broken(hub: FakeHub) -> None:
    seen = invalid.refuse_queries(hub, submit(hub), SHARE // 4, SEED)
    assert seen.keys() == {(rule.route, rule.keyword, rule.place) for rule in query_rules()}
