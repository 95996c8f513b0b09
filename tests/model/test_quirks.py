"""Quirks: one setting for each behaviour that nobody has documented."""

from __future__ import annotations

from dataclasses import fields

import pytest

from fakejobs.model.quirks import Quirks, quirks_from, quirks_to


def test_every_quirk_has_evidence_and_a_default_among_its_choices() -> None:
    for quirk in fields(Quirks):
        assert quirk.metadata["evidence"].strip()
        if quirk.metadata["choices"]:
            assert quirk.default == quirk.metadata["choices"][0]
            assert len(set(quirk.metadata["choices"])) == len(quirk.metadata["choices"]) > 1


def test_every_choice_can_be_made_and_goes_round() -> None:
    for quirk in fields(Quirks):
        for choice in quirk.metadata["choices"] or ("any text", ""):
            made = quirks_from({quirk.name: choice})
            assert getattr(made, quirk.name) == choice
            assert quirks_from(quirks_to(made)) == made
            assert set(quirks_to(made)) <= {quirk.name}


def test_statuses_may_be_numbers() -> None:
    assert quirks_from({"cancel_finished": 404}).cancel_finished == "404"


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"cancel": "200"}, r"quirks\.cancel: unknown quirk"),
        ({"cancel_finishd": "200"}, "did you mean 'cancel_finished'"),
        (
            {"cancel_finished": "201"},
            r"quirks\.cancel_finished: '201' is not allowed; give '409', '200', '400', '404'",
        ),
        ({"cancel_finished": None}, "None is not allowed"),
        ({"cancel_finished": True}, "'True' is not allowed"),
        ({"image": ["one"]}, r"\['one'\] is not allowed"),
        ({"job_not_found": None}, "None is not allowed; give a text"),
    ],
)
def test_what_is_no_choice(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        quirks_from(values)


def test_the_constructor_checks_too() -> None:
    with pytest.raises(ValueError, match=r"quirks\.image: 'two' is not allowed; give 'one', 'any'"):
        Quirks(image="two")
