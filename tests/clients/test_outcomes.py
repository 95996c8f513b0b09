"""What other releases of huggingface_hub make of refusals and of webhooks: the same in process and over a socket.

Each in an environment of its own (`.ci/clients`). What a release cannot read or send as the API of today wants it, it cannot here either.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakejobs.remote import RemoteHub
from tests.clients.outcomes import ME, PEOPLE
from tests.clients.test_generations import python_with
from tests.clients.test_in_process_generations import run
from tests.support.clients import ROOT, client_environment, start_over
from tests.support.programs import run_program

MODULE = "tests.clients.outcomes"

_DOCS = "For more information check: /en-US/docs/Web/HTTP/Status"
_NO_JOB = "Please make sure you specified the correct job ID and namespace."
_NO_PAGE = "Sorry, we can't find the page you are looking for."
_NO_WEBHOOK = "/api/settings/webhooks/ID"


def forbidden(permission: str, path: str, namespace: str = "ada") -> str:
    """What releases print that read `X-Error-Message`."""
    return (
        f"HfHubHTTPError 403: 403 Forbidden: You don't have the required permissions to complete this action on namespace {namespace}, "
        f"missing permissions: {permission}. Cannot access content at: {path}. Make sure your token has the correct permissions."
    )


def unauthorized(path: str, text: str) -> str:
    return f"HfHubHTTPError 401: Client error '401 Unauthorized' for url '{path}' {_DOCS}/401 {text}"


def not_found(path: str) -> str:
    return f"JobNotFoundError 404: 404 Client Error. Job Not Found for url: {path}. {_NO_JOB}"


TODAY = {
    "anonymous list": unauthorized("/api/jobs/ada", "Invalid username or password."),
    "wrong token runs": "HfHubHTTPError 401: Invalid user token.",
    "wrong token lists": unauthorized("/api/jobs/ada", "Invalid credentials in Authorization header"),
    "expired token runs": "HfHubHTTPError 401: Invalid user token.",
    "expired token inspects": unauthorized("/api/jobs/ada/ID", 'User Access Token "laptop" is expired'),
    "read token runs": forbidden("job.write", "/api/jobs/ada"),
    "read token inspects": "ok",
    "read token cancels": forbidden("job.write", "/api/jobs/ada/ID/cancel"),
    "token without jobs lists": forbidden("job.read", "/api/jobs/ada"),
    "stranger lists": forbidden("job.read", "/api/jobs/ada"),
    "stranger inspects": forbidden("job.read", "/api/jobs/ada/ID"),
    "stranger looks at home": not_found("/api/jobs/bob/ID"),
    "stranger cancels": forbidden("job.write", "/api/jobs/ada/ID/cancel"),
    "reader of an organisation runs": forbidden("job.write", "/api/jobs/acme", "acme"),
    "no such namespace": f"HfHubHTTPError 404: Client error '404 Not Found' for url '/api/jobs/nowhere' {_DOCS}/404 {_NO_PAGE}",
    "no such job": not_found("/api/jobs/ada/ID"),
    "its logs": not_found("/api/jobs/ada/ID/logs"),
    "cancelling it": not_found("/api/jobs/ada/ID/cancel"),
    "who": "ok ada",
    "who is expired": "HfHubHTTPError 401: Invalid user token.",
    "anonymous hardware": "ok 26",
}
"""What 1.33.0 and 2.4.0 say: the reason is in the text, and a job that is not there has a class of its own."""

ON_REQUESTS = {
    **TODAY,
    "anonymous list": "HTTPError 401: 401 Client Error: Unauthorized for url: /api/jobs/ada",
    "wrong token runs": "HTTPError 401: Invalid user token.",
    "wrong token lists": "HTTPError 401: 401 Client Error: Unauthorized for url: /api/jobs/ada",
    "expired token runs": "HTTPError 401: Invalid user token.",
    "expired token inspects": "HTTPError 401: 401 Client Error: Unauthorized for url: /api/jobs/ada/ID",
    "read token cancels": "HTTPError 403: 403 Client Error: Forbidden for url: /api/jobs/ada/ID/cancel",
    "token without jobs lists": "HTTPError 403: 403 Client Error: Forbidden for url: /api/jobs/ada",
    "stranger lists": "HTTPError 403: 403 Client Error: Forbidden for url: /api/jobs/ada",
    "stranger inspects": "HTTPError 403: 403 Client Error: Forbidden for url: /api/jobs/ada/ID",
    "stranger looks at home": "HTTPError 404: 404 Client Error: Not Found for url: /api/jobs/bob/ID",
    "stranger cancels": "HTTPError 403: 403 Client Error: Forbidden for url: /api/jobs/ada/ID/cancel",
    "no such namespace": f"HfHubHTTPError 404: 404 Client Error: Not Found for url: /api/jobs/nowhere {_NO_PAGE}",
    "no such job": "HTTPError 404: 404 Client Error: Not Found for url: /api/jobs/ada/ID",
    "cancelling it": "HTTPError 404: 404 Client Error: Not Found for url: /api/jobs/ada/ID/cancel",
    "who is expired": "HTTPError 401: Invalid user token.",
}
"""What 0.36.2 says: without the reason, except where a job is submitted."""
for each in ("anonymous hardware", "its logs"):
    del ON_REQUESTS[each]


def in_process(python: Path, home: Path) -> Any:
    return read(run(python, "-m", MODULE, "process", home=home))


def over_a_socket(python: Path, hub: RemoteHub, home: Path) -> Any:
    start_over(hub, users=[ME, *PEOPLE["users"]], orgs=PEOPLE["orgs"], tokens=PEOPLE["tokens"])
    return read(
        run_program(
            [python, "-m", MODULE, "socket"],
            cwd=ROOT,
            # `list_jobs` asks with this one who it is, whatever token its `HfApi` has.
            env={**client_environment(hub.url, home), "HF_TOKEN": "hf_ada"},
        )
    )


def read(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def seen_by(python: Path, hub: RemoteHub, home: Path) -> Any:
    """What both doors show, which has to be the same."""
    seen = in_process(python, home)
    assert over_a_socket(python, hub, home) == seen
    return seen


def life_of_a_webhook(seen: Any, secrets: list[str] | None) -> Any:
    """Check what every release has to see of a webhook; returns the rest."""
    assert seen.pop("made") == [None, ["python", "train.py"], secrets, ["repo"], None, False]
    assert seen.pop("watched") == [["dataset", "ada/data"]]
    variables = ["MODE", "WEBHOOK_ID", "WEBHOOK_PAYLOAD", "WEBHOOK_REPO_ID", "WEBHOOK_REPO_TYPE"]
    assert seen.pop("started") == [["python", "train.py"], variables, "ada/data"]
    assert seen.pop("payload") is True
    assert seen.pop("initiator", ["webhook", True]) == ["webhook", True]
    assert (seen.pop("listed"), seen.pop("got")) == ([True], True)
    assert (seen.pop("disabled"), seen.pop("enabled")) == (True, False)
    assert seen.pop("jobs") == 1, "the disabled one did nothing"
    assert seen.pop("read token") == forbidden("user.webhooks.write", _NO_WEBHOOK)
    assert seen.pop("deleted") == "ok"
    return seen


def of_another(status_line: str) -> dict[str, str]:
    return dict.fromkeys(("of another", "gone"), f"HfHubHTTPError 404: {status_line} Webhook not found")


def problems(outcome: str) -> list[str]:
    """The places that a 400 names, each of them once."""
    assert outcome.startswith("BadRequestError 400: "), outcome
    return [each.split(" ")[0] for each in outcome.split("→ at ")[1:]]


def test_the_installed_release(hub: RemoteHub, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", minversion="2.4.0")
    seen = seen_by(Path(sys.executable), hub, tmp_path)
    assert seen["refusals"] == TODAY
    rest = life_of_a_webhook(seen["webhooks"], ["HF_TOKEN"])
    assert rest.pop("updated") == "ok ['discussion']"
    # Its documentation says that what is not given stays; the Hub's document demands both.
    assert problems(rest.pop("half an update")) == ["watched", "domains"]
    assert rest.pop("without domains") == "ok ['repo', 'discussion']"
    assert rest == of_another(f"Client error '404 Not Found' for url '{_NO_WEBHOOK}' {_DOCS}/404")


def test_1_33_the_last_on_httpx(hub: RemoteHub, tmp_path: Path) -> None:
    seen = seen_by(python_with("1.33.0"), hub, tmp_path)
    assert seen["refusals"] == TODAY
    rest = life_of_a_webhook(seen["webhooks"], None)
    assert rest.pop("updated") == "ok ['discussion']"
    assert problems(rest.pop("half an update")) == ["watched", "domains"]
    assert problems(rest.pop("without domains")) == ["domains"], "left out where 2.4.0 sends both"
    assert rest == of_another(f"Client error '404 Not Found' for url '{_NO_WEBHOOK}' {_DOCS}/404")


def test_0_36_the_last_on_requests(hub: RemoteHub, tmp_path: Path) -> None:
    seen = seen_by(python_with("0.36.2"), hub, tmp_path)
    assert seen["refusals"] == ON_REQUESTS
    rest = life_of_a_webhook(seen["webhooks"], None)
    # It sends null for whatever is not given, which the Hub's document of today allows nowhere.
    assert problems(rest.pop("updated")) == ["url", "secret"]
    assert problems(rest.pop("half an update")) == ["watched", "url", "domains"]
    assert problems(rest.pop("without domains")) == ["domains", "secret"]
    assert rest == of_another(f"404 Client Error: Not Found for url: {_NO_WEBHOOK}")
