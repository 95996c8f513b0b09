"""What whatever release of huggingface_hub runs this makes of refusals and of webhooks, as JSON, for test_outcomes.py.

``python -m tests.clients.outcomes process`` has a fake of its own under the client; ``socket`` asks the server at HF_ENDPOINT, which has
the same people.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import huggingface_hub

# As of the release, whichever it is: a type checker knows one only.
hub: Any = huggingface_hub

ME = "ada"
PEOPLE: Mapping[str, Any] = {
    "users": ["bob"],
    "orgs": [{"name": "acme", "members": {"ada": "write", "bob": "read"}}],
    "tokens": [
        {"token": "hf_ada", "user": "ada"},
        {"token": "hf_reads", "user": "ada", "role": "read"},
        {"token": "hf_nothing", "user": "ada", "permissions": {"ada": ["repo.write"]}},
        {"token": "hf_expired", "user": "ada", "name": "laptop", "expires": "2020-01-01T00:00:00Z"},
        {"token": "hf_bob", "user": "bob"},
    ],
}
"""Who there is beside ada."""

MISSING = "0123456789abcdef01234567"
DATA = {"type": "dataset", "name": "ada/data"}

Fire = Callable[..., Any]


@contextmanager
def process() -> Iterator[Fire]:
    """A fake in this process; gives what fires an event."""
    import fakejobs

    start = "2026-05-28T20:26:40Z"
    with fakejobs.activate(user=ME, start=start, **PEOPLE) as fake:
        yield fake.hub.fire_event


@contextmanager
def socket() -> Iterator[Fire]:
    """The server at HF_ENDPOINT; gives what fires an event."""
    from fakejobs.remote import RemoteHub

    if hasattr(hub, "configure_http_backend"):
        importlib.import_module("tests.clients.generation").send_everything_to_the_fake()
    yield RemoteHub(os.environ["HF_ENDPOINT"]).fire_event


def outcome(call: Callable[[], Any]) -> str:
    """What a call gives, or its error, without what differs from run to run."""
    try:
        given = call()
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        status = getattr(getattr(error, "response", None), "status_code", None)
        text = " ".join(str(error).split())
        text = re.sub(r"https?://[^/\s']+", "", text)
        text = re.sub(r"\(?Request ID: [^)\s]*\)?", "", text)
        text = re.sub(r"\b[0-9a-f]{24}\b", "ID", text)
        return f"{type(error).__name__} {status}: {' '.join(text.split())}"
    return "ok" if given is None or not isinstance(given, (str, int, list)) else f"ok {given}"


def refusals() -> dict[str, str]:
    api = {
        name: hub.HfApi(token=f"hf_{name}") for name in ("ada", "reads", "nothing", "expired", "bob", "wrong")
    }
    ran = {"image": "python:3.12", "command": ["true"]}
    job = api["ada"].run_job(**ran).id

    def listed(name: str, **where: str) -> Callable[[], Any]:
        return lambda: len(list(api[name].list_jobs(**where)))

    calls: dict[str, Callable[[], Any]] = {
        "anonymous list": lambda: len(list(hub.HfApi(token=False).list_jobs(namespace="ada"))),
        "wrong token runs": lambda: api["wrong"].run_job(**ran),
        "wrong token lists": listed("wrong", namespace="ada"),
        "expired token runs": lambda: api["expired"].run_job(**ran),
        "expired token inspects": lambda: api["expired"].inspect_job(job_id=job, namespace="ada"),
        "read token runs": lambda: api["reads"].run_job(**ran),
        "read token inspects": lambda: api["reads"].inspect_job(job_id=job),
        "read token cancels": lambda: api["reads"].cancel_job(job_id=job),
        "token without jobs lists": listed("nothing"),
        "stranger lists": listed("bob", namespace="ada"),
        "stranger inspects": lambda: api["bob"].inspect_job(job_id=job, namespace="ada"),
        "stranger looks at home": lambda: api["bob"].inspect_job(job_id=job),
        "stranger cancels": lambda: api["bob"].cancel_job(job_id=job, namespace="ada"),
        "reader of an organisation runs": lambda: api["bob"].run_job(**ran, namespace="acme"),
        "no such namespace": lambda: api["ada"].run_job(**ran, namespace="nowhere"),
        "no such job": lambda: api["ada"].inspect_job(job_id=MISSING),
        "cancelling it": lambda: api["ada"].cancel_job(job_id=MISSING),
        "who": lambda: api["ada"].whoami()["name"],
        "who is expired": lambda: api["expired"].whoami()["name"],
    }
    if (
        "follow" in inspect.signature(hub.HfApi.fetch_job_logs).parameters
    ):  # before, it tried for fifteen seconds
        calls["its logs"] = lambda: list(api["ada"].fetch_job_logs(job_id=MISSING))
    if hasattr(api["ada"], "list_jobs_hardware"):
        calls["anonymous hardware"] = lambda: len(hub.HfApi(token=False).list_jobs_hardware())
    return {name: outcome(call) for name, call in calls.items()}


def webhooks(fire: Fire) -> dict[str, Any]:
    """The life of a webhook that starts a job."""
    api = hub.HfApi(token="hf_ada")
    source = api.run_job(image="python:3.12", command=["python", "train.py"], env={"MODE": "fast"}).id
    known = inspect.signature(hub.HfApi.create_webhook).parameters
    more = {"secrets": {"HF_TOKEN": "hf_ada"}} if "secrets" in known else {}
    hook = api.create_webhook(job_id=source, watched=[DATA], domains=["repo"], secret="hush", **more)
    seen: dict[str, Any] = {
        "made": [hook.url, hook.job.command, hook.job.secrets, hook.domains, hook.secret, hook.disabled],
        "watched": [[each.type, each.name] for each in hook.watched],
    }
    before = [job.id for job in api.list_jobs()]
    fire(repo="ada/data", type="dataset")
    (started,) = [job for job in api.list_jobs() if job.id not in before]
    seen["started"] = [started.command, sorted(started.environment), started.environment["WEBHOOK_REPO_ID"]]
    seen["payload"] = json.loads(started.environment["WEBHOOK_PAYLOAD"])["webhook"]["id"] == hook.id
    initiator = getattr(started, "initiator", None)
    if initiator is not None:
        seen["initiator"] = [initiator.type, initiator.id == hook.id]
    seen["listed"] = [each.id == hook.id for each in api.list_webhooks()]
    seen["got"] = api.get_webhook(hook.id) == hook
    seen["disabled"] = api.disable_webhook(hook.id).disabled
    fire(repo="ada/data", type="dataset")
    seen["enabled"] = api.enable_webhook(hook.id).disabled
    seen["jobs"] = len(list(api.list_jobs())) - len(before)
    updated = {"watched": [{"type": "user", "name": "ada"}], "domains": ["discussion"]}
    seen["updated"] = outcome(lambda: api.update_webhook(hook.id, **updated).domains)
    seen["half an update"] = outcome(lambda: api.update_webhook(hook.id, secret="new"))
    seen["without domains"] = outcome(
        lambda: api.create_webhook(job_id=source, watched=[DATA]).domains,
    )
    seen["of another"] = outcome(lambda: hub.HfApi(token="hf_bob").get_webhook(hook.id))
    seen["read token"] = outcome(lambda: hub.HfApi(token="hf_reads").delete_webhook(hook.id))
    seen["deleted"] = outcome(lambda: api.delete_webhook(hook.id))
    seen["gone"] = outcome(lambda: api.get_webhook(hook.id))
    return seen


def main() -> None:
    where = {"process": process, "socket": socket}[sys.argv[1]]
    with where() as fire:
        seen = {"release": hub.__version__, "refusals": refusals(), "webhooks": webhooks(fire)}
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
