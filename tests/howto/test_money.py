"""How-to: What happens when the money runs out?

On the Hub, jobs are paid from prepaid credits, even those on cpu-basic. Code that launches jobs meets that in two ways: a submission is refused with 402, or a
job that runs is cancelled. Here each is one line: ``credits=0`` in the marker, or ``fakejobs.set_credits(0.05)`` in the test.

What jobs cost is known all the time: ``fakejobs.cost`` of all jobs, ``fakejobs.credits()`` of what is left. More in fakejobs/docs/money.md.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from huggingface_hub import JobInfo, inspect_job, list_jobs, run_job, wait_for_job
from huggingface_hub.errors import HfHubHTTPError

from fakejobs import FakeJobs


def train(**options: object) -> JobInfo:
    """Code under test."""
    return run_job(image="python:3.12", command=["python", "train.py"], flavor="t4-small", **options)  # type: ignore[arg-type]


def advice(error: HfHubHTTPError) -> str:
    """Code under test: what to tell the user."""
    return {402: "Buy credits.", 403: "Ask an admin."}.get(error.response.status_code, "Try again later.")


# Nobody can pay. Nothing is created, and everything that only reads works.


@pytest.mark.fakejobs(credits=0)
def test_without_credits(fakejobs: FakeJobs) -> None:
    with pytest.raises(HfHubHTTPError, match="Pre-paid credit balance is insufficient") as refused:
        train()
    assert advice(refused.value) == "Buy credits."
    assert list(list_jobs()) == []
    fakejobs.add_credits(10)
    train()


# It runs out on the way: the job is cancelled, at the end of the last minute that was paid for.


def test_it_runs_out_on_the_way(fakejobs: FakeJobs) -> None:
    fakejobs.set_credits("0.05")
    fakejobs.when().then(scheduling=0, running="6h")
    job = wait_for_job(train(timeout="8h").id, poll_interval=10)
    # No release of the client reads why: to your code, somebody has cancelled it.
    assert job.status.stage == "CANCELED"
    (submitted,) = fakejobs.submitted()
    assert submitted.cost == 8 * Decimal("0.006667")
    assert fakejobs.credits() == Decimal("0.05") - fakejobs.cost
    with pytest.raises(HfHubHTTPError, match="402"):
        train()


def test_somebody_adds_credits_in_time(fakejobs: FakeJobs) -> None:
    fakejobs.set_credits("0.05")
    fakejobs.when().then(scheduling=0, running="1h")
    fakejobs.clock.call_at("5m", lambda: fakejobs.add_credits(5))
    assert wait_for_job(train(timeout="2h").id, poll_interval=10).status.stage == "COMPLETED"


# One job takes from the other what both were to live on.


def test_all_jobs_of_a_namespace_are_paid_from_the_same_credits(fakejobs: FakeJobs) -> None:
    fakejobs.set_credits("0.05")
    fakejobs.when().then(scheduling=0, running="1h")
    first, second = train(), train()
    assert wait_for_job(first.id, poll_interval=10).status.stage == "CANCELED"
    assert inspect_job(job_id=second.id).status.stage == "CANCELED"
    assert fakejobs.cost == 2 * 4 * Decimal("0.006667")


# An organisation pays for itself, and each of its resource groups may have a limit.


@pytest.mark.fakejobs(orgs=["acme"])
def test_an_organisation_has_its_own(fakejobs: FakeJobs) -> None:
    fakejobs.set_credits(0, "acme")
    train()
    with pytest.raises(HfHubHTTPError, match="402"):
        train(namespace="acme")


@pytest.mark.fakejobs(orgs=[{"name": "acme", "groups": [{"name": "vision", "limit": 0.0}]}])
def test_a_resource_group_that_has_spent_what_it_may(fakejobs: FakeJobs) -> None:
    (group,) = fakejobs.hub.settings.identity.orgs[0].groups
    with pytest.raises(HfHubHTTPError, match="Resource group spend limit reached") as refused:
        train(namespace=group.id)
    assert advice(refused.value) == "Ask an admin."


# A budget of your own: assert what a whole run costs.


def test_a_sweep_stays_within_its_budget(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(scheduling="5m", running="40m")
    for _ in range(4):
        wait_for_job(train(timeout="1h").id, poll_interval=10)
    assert fakejobs.cost <= Decimal("1.10"), fakejobs.cost.by_flavor
