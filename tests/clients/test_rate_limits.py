"""What real clients do when the Hub's rate limiter refuses them: the same in process and over a socket.

Each release in an environment of its own (`.ci/clients`). None of them starts a job twice, and only 2.4.0 waits, and that for lists only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.test_generations import python_with
from tests.clients.test_in_process_generations import run

YOU = (
    "We had to rate limit you, you hit the quota of {} api requests per 5 minutes period. Upgrade to a PRO user or Team/Enterprise organization "
    "account (/pricing) to get higher limits. See /docs/hub/rate-limits"
)
YOUR_IP = (
    "We had to rate limit your IP (127.0.0.1). To continue using our service, create a HF account or login to your existing account, and make "
    "sure you pass a HF_TOKEN if you're using the API."
)
WHO = (
    "HfHubHTTPError 429: You've hit the rate limit for the /whoami-v2 endpoint, which is intentionally strict for security reasons. If you're "
    "calling it often, consider caching the response with `whoami(..., cache=True)`."
)


def raised(path: str, *, said: str = YOU, quota: int = 2, seconds: int = 300) -> str:
    """What 1.33.0 and 2.4.0 read in the headers, and pass on of the answer."""
    return (
        f"HfHubHTTPError 429: 429 Too Many Requests: you have reached your 'api' rate limit. Retry after {seconds} seconds "
        f"(0/{quota} requests remaining in current 300s window). Url: {path}. {said.format(quota)}"
    )


def on_requests(path: str, *, kind: str = "HTTPError", said: str = "") -> str:
    """What 0.36.2 says, which knows nothing of the headers."""
    return f"{kind} 429: 429 Client Error: Too Many Requests for url: {path} {said.format(2)}".strip()


def once(gives: str, seconds: int = 0) -> dict[str, object]:
    """Refused once, and no job was made."""
    return {"gives": gives, "refused": 1, "jobs": 1, "seconds": seconds}


JOBS, JOB = "/api/jobs/fake-user", "/api/jobs/fake-user/ID"

IN_1_33: dict[str, dict[str, object]] = {
    "starting a job": once(raised(JOBS)),
    "looking at a job": once(raised(JOB)),
    "a list": {**once(raised(JOBS)), "anonymous": raised(JOB, said=YOUR_IP, quota=0)},
    "following a log": once(raised(f"{JOB}/logs")),
    "who am I": once(WHO),
    # Every minute it looks; the sixth time is too many, and nobody knows the end of the job.
    "waiting for a job": once(raised(JOB, quota=5, seconds=120), seconds=180),
}
IN_2_4: dict[str, dict[str, object]] = {
    **IN_1_33,
    # It waits until the window is over, as `RateLimit` says, and a second more; then it has the list.
    "a list": {**once("ok 1", seconds=301), "anonymous": raised(JOB, said=YOUR_IP, quota=0, seconds=299)},
}
IN_0_36: dict[str, dict[str, object]] = {
    "starting a job": once(on_requests(JOBS, kind="HfHubHTTPError", said=YOU)),
    "looking at a job": once(on_requests(JOB)),
    "a list": {**once(on_requests(JOBS)), "anonymous": on_requests(JOB)},
    # It never looks at the status: ten times it takes the refusal for a log without lines.
    "following a log": {"gives": "ok []", "refused": 10, "jobs": 1, "seconds": 15},
    "who am I": once(on_requests("/api/whoami-v2", kind="HfHubHTTPError", said=YOU)),
}


def seen_by(python: Path, home: Path, door: str) -> Any:
    done = run(python, "-m", "tests.clients.rate_limits", door, home=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])[1]


@pytest.mark.parametrize("door", ["in process", "over a socket"])
def test_the_installed_release(door: str, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    assert seen_by(Path(sys.executable), tmp_path, door) == IN_2_4


@pytest.mark.parametrize("door", ["in process", "over a socket"])
@pytest.mark.parametrize(("release", "expected"), [("1.33.0", IN_1_33), ("0.36.2", IN_0_36)])
def test_other_releases(release: str, expected: object, door: str, tmp_path: Path) -> None:
    assert seen_by(python_with(release), tmp_path, door) == expected
