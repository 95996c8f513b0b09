"""Our contract against the Hub's own OpenAPI document, where a copy lies beside the checkout.

`fakejobs contract check` does the comparing; here its findings must be exactly those of `EXPLAINED`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fakejobs.contract.document import Document, load_document
from fakejobs.contract.drift import drift
from fakejobs.contract.explained import EXPLAINED, explain, routes_named
from fakejobs.wire.schema import ROUTES

DOCUMENT = Path(__file__).resolve().parents[3] / "shared" / "facts" / "hub-jobs.openapi.json"


@pytest.fixture(scope="module")
def document() -> Document:
    if not DOCUMENT.exists():
        pytest.skip("the Hub's OpenAPI document does not lie beside this checkout")
    return load_document(str(DOCUMENT), routes_named(EXPLAINED))


def test_every_difference_from_the_hub_is_explained_and_every_explanation_is_needed(
    document: Document,
) -> None:
    surprises, _explained, stale = explain(drift(document), EXPLAINED)

    assert [finding.key for finding in surprises] == []
    assert [finding.at for finding in stale] == []


def test_every_route_of_the_document_was_looked_at(document: Document) -> None:
    not_ours = [key for key in EXPLAINED if key.startswith("added ")]

    assert document.others == 0
    assert len(document.operations) == len(ROUTES) + len(not_ours)
