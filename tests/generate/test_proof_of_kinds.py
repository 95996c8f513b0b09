"""A share of `tests.nightly payloads` for what is no job: a fifth of what it checks of each kind."""

from __future__ import annotations

import pytest

from tests.nightly import others, payloads

SHARE = 2_000
SEED = 7
OTHERS = tuple(kind for kind in payloads.KINDS if kind != "job")


@pytest.fixture(scope="module", params=OTHERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(kind: str) -> list[payloads.Payload]:
    return list(payloads.made(kind, SHARE, SEED))


def test_all_are_valid(kind: str, made: list[payloads.Payload]) -> None:
    assert payloads.check_kind(kind, made) == SHARE


def test_all_are_valid_by_the_document_of_the_hub(kind: str, made: list[payloads.Payload]) -> None:
    schema = payloads.hub_schema(kind)
    if schema is None:
        pytest.skip("the Hub's OpenAPI document does not lie beside this checkout")
    assert payloads.check_document(made, schema) == SHARE


def test_every_key_is_there_and_missing_and_every_value_comes(
    kind: str, made: list[payloads.Payload]
) -> None:
    expected = {place for place in payloads.NEVER_SEEN if place.startswith(f"{kind}.")}
    assert payloads.unseen(made, kind) == expected


@pytest.mark.parametrize("kind", others.CHECKS)
def test_all_are_right(kind: str) -> None:
    sorts = others.check(kind, SHARE, SEED)
    assert sum(sorts.values()) == SHARE
    assert len(sorts) > 1
