"""My code runs with tokens that may do less than mine.

The token of a developer may do everything; that of a pipeline often may not, and its user is an admin nowhere. Below, the tokens and the
people that a test wants are words of the marker; a scenario file and a server take the same ones.
"""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi, JobInfo
from huggingface_hub.errors import HfHubHTTPError, JobNotFoundError

from fakejobs import FakeJobs

ACME = {
    "name": "acme",
    "plan": "enterprise",
    "members": {"ada": "admin", "bob": "read"},
    "groups": [{"name": "vision", "members": {"bob": "write"}}],
}
TOKENS = [
    {"token": "hf_ada", "user": "ada"},
    {"token": "hf_ci", "user": "ada", "permissions": {"acme": ["job.write"]}},
    {"token": "hf_dashboard", "user": "ada", "role": "read"},
    {"token": "hf_bob", "user": "bob"},
]
people = pytest.mark.fakejobs(user="ada", users=["bob"], orgs=[ACME], tokens=TOKENS)


class Launcher:
    """Code under test: it starts a training where it is told to, and says what to do if it may not."""

    def __init__(self, token: str, namespace: str) -> None:
        self._api = HfApi(token=token)
        self._namespace = namespace

    def train(self) -> JobInfo:
        try:
            return self._api.run_job(
                image="python:3.12", command=["python", "train.py"], namespace=self._namespace
            )
        except HfHubHTTPError as error:
            if error.response.status_code == 403:
                raise PermissionError(f"give the token job.write in {self._namespace}") from error
            raise


@people
def test_the_token_of_the_pipeline_is_enough(fakejobs: FakeJobs) -> None:
    assert Launcher("hf_ci", "acme").train().owner.name == "acme"


@people
@pytest.mark.parametrize(
    ("token", "namespace"),
    [
        pytest.param("hf_ci", "ada", id="a fine-grained token of another namespace"),
        pytest.param("hf_dashboard", "acme", id="a token that only reads"),
        pytest.param("hf_bob", "acme", id="a member who only reads"),
        pytest.param("hf_bob", "ada", id="somebody else"),
    ],
)
def test_a_token_that_is_not_is_told_so(fakejobs: FakeJobs, token: str, namespace: str) -> None:
    with pytest.raises(PermissionError, match=f"give the token job.write in {namespace}"):
        Launcher(token, namespace).train()
    assert fakejobs.submitted() == []


@people
def test_a_member_of_a_resource_group_trains_there(fakejobs: FakeJobs) -> None:
    vision = fakejobs.hub.settings.identity.orgs[0].groups[0]
    job = Launcher("hf_bob", vision.id).train()
    assert fakejobs.submitted(namespace="acme")[0].resource_group_id == vision.id
    assert [each.id for each in HfApi(token="hf_bob").list_jobs(namespace="acme")] == [job.id]


# A 404 can mean three things, and code that retries on it should know which: no such job, no such namespace, or the job of somebody else
# looked for in one's own namespace, which is what happens when the namespace is left out.


@people
def test_a_job_of_the_organisation_is_not_in_ones_own_namespace(fakejobs: FakeJobs) -> None:
    job = Launcher("hf_ada", "acme").train()
    api = HfApi(token="hf_ada")
    assert api.inspect_job(job_id=job.id, namespace="acme").id == job.id
    with pytest.raises(JobNotFoundError, match="correct job ID and namespace"):
        api.inspect_job(job_id=job.id)


# Tokens expire while code runs. With `expires`, this one does so by the clock of the fake, in the middle of a wait.


@pytest.mark.fakejobs(tokens=[{"token": "hf_short", "name": "short", "expires": "2026-01-01T01:00:00Z"}])
def test_a_token_that_expires_during_a_long_job(fakejobs: FakeJobs) -> None:
    fakejobs.when().then(running="3h")
    api = HfApi(token="hf_short")
    job = api.run_job(image="python:3.12", command=["python", "train.py"], timeout="8h")
    fakejobs.clock.advance("2h")
    with pytest.raises(HfHubHTTPError, match='User Access Token "short" is expired') as refused:
        api.inspect_job(job_id=job.id, namespace="fake-user")
    assert refused.value.response.status_code == 401
    assert fakejobs.jobs[0].stage == "RUNNING", "the job does not mind"


def test_nobody_is_logged_in(fakejobs: FakeJobs) -> None:
    with pytest.raises(HfHubHTTPError, match="Invalid username or password"):
        list(HfApi(token=False).list_jobs(namespace="fake-user"))
    assert len(HfApi(token=False).list_jobs_hardware()) == 26, "the hardware is public"
