"""Drives a fake in process with whatever release of huggingface_hub runs this, with no network at all, and prints what it saw.

For test_in_process_generations.py, as JSON. Run it as a module from the root of the repository, with HF_HUB_OFFLINE=1.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import huggingface_hub

import fakejobs
from tests.clients.sealed import kill_on_internet_sockets, refuse_python_sockets

# As of the release, whichever it is: a type checker knows one only.
hub: Any = huggingface_hub
http: Any = importlib.import_module("huggingface_hub.utils._http")
hf_api: Any = importlib.import_module("huggingface_hub.hf_api")
constants: Any = importlib.import_module("huggingface_hub.constants")

made_before = hub.HfApi()

SCRIPT = "print('fine-tuning 🤗')\n"


def what_is_patched() -> tuple[dict[str, object], dict[str, str]]:
    """Everything that a fake may exchange, and the environment."""
    seams = ("_GLOBAL_CLIENT_FACTORY", "_GLOBAL_CLIENT", "_GLOBAL_BACKEND_FACTORY")
    found = {name: getattr(http, name, None) for name in seams}
    found |= {f"constants.{name}": value for name, value in vars(constants).items() if name.isupper()}
    found["the endpoint of module-level functions"] = hf_api.api.endpoint
    for name, module in list(sys.modules.items()):
        if name.startswith("huggingface_hub") and hasattr(module, "time"):
            found[f"time of {name}"] = module.time
    with suppress(ImportError):  # older releases have none
        xet = vars(importlib.import_module("huggingface_hub.utils._xet"))
        names = ("get_xet_session", "_GLOBAL_XET_HOLDER", "XET_CONNECTION_INFO_CACHE")
        found |= {f"xet.{name}": xet.get(name) for name in names}
    return found, dict(os.environ)


def differences(before: tuple[dict[str, object], dict[str, str]]) -> list[str]:
    """What is not the very object that it was, or (environment) not equal."""
    (found, variables), (found_now, variables_now) = before, what_is_patched()
    names = {name for name, value in found.items() if found_now.get(name) is not value}
    return sorted(names | {name for name, _ in variables.items() ^ variables_now.items()})


def short(job: Any) -> list[Any]:
    return [job.status.stage, job.owner.name, job.docker_image, job.flavor]


def error_of(call: Callable[[], object]) -> str:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return "no error"


def life_of_jobs(fake: Any, seen: dict[str, Any]) -> None:
    """What Jobs offer in every release: module-level functions, with nothing that says namespace, token or endpoint."""
    following = {"follow": True} if "follow" in hub.HfApi.fetch_job_logs.__code__.co_varnames else {}

    job = hub.run_job(image="python:3.12", command=["python", "train.py"], flavor="t4-small", timeout="8h")
    seen["submitted"] = short(job)
    seen["by one made before"] = short(made_before.inspect_job(job_id=job.id))
    if following:
        fake.clock.advance("2h")
        seen["log so far"] = list(hub.fetch_job_logs(job_id=job.id))
        seen["moved by that"] = fake.clock.now().isoformat()
    seen["followed"] = list(hub.fetch_job_logs(job_id=job.id, **following))
    seen["then"] = fake.clock.now().isoformat()
    seen["finished"] = short(hub.inspect_job(job_id=job.id))

    other = hub.run_job(image="python:3.12", command=["sleep", "infinity"])
    if hasattr(hub, "wait_for_job"):
        seen["waited"] = error_of(lambda: hub.wait_for_job(other.id, timeout=100))
        seen["waited until"] = fake.clock.now().isoformat()
    hub.cancel_job(job_id=other.id)
    seen["listed"] = [each.status.stage for each in hub.list_jobs()]


def local_script(fake: Any, seen: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "finetune.py"
        script.write_text(SCRIPT, encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "experimental"
            hub.run_uv_job(str(script), script_args=["--lr", "3e-4"], dependencies=["trl"], flavor="l4x1")
    (job,) = fake.submitted(flavor="l4x1")
    assert job.uv is not None
    seen["uv"] = [job.uv.script, job.uv.arguments, job.uv.dependencies]


def token_sent(fake: Any) -> str:
    """What a route beside Jobs is told about who asks."""
    sent: list[str] = []
    fake.route(
        "GET",
        "/api/models/{owner}/{name}/auth-check",
        lambda request: sent.append(request.headers["authorization"]),
    )
    hub.HfApi().auth_check("somebody/model")
    return sent[0]


def main() -> None:
    sockets_kill = kill_on_internet_sockets()
    refuse_python_sockets()
    held = http.get_session()  # by the user's code, say
    before = what_is_patched()
    seen: dict[str, Any] = {"release": hub.__version__, "offline": constants.HF_HUB_OFFLINE}
    try:
        with fakejobs.activate(start="2026-01-01T00:00:00Z") as fake:
            fake.when(command="*train.py").then(
                scheduling="1h", running="5h", logs=[[0, "one"], ["2h", "two 🤗"], ["5h", "three"]]
            )
            fake.when(command="sleep *").then(scheduling=0, running="forever")
            life_of_jobs(fake, seen)
            local_script(fake, seen)
            seen["token"] = token_sent(fake)
            with fake.expect_problems() as problems:
                http.get_session().get("https://example.org/model.bin")
            seen["other hosts"] = [type(problem).__name__ for problem in problems]
            raise KeyError("as a test that fails would")
    except KeyError:
        seen["changed afterwards"] = differences(before)
    seen["session was closed"] = getattr(held, "is_closed", False)
    print(json.dumps({**seen, "sockets kill": sockets_kill}))


if __name__ == "__main__":
    main()
