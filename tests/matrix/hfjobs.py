"""The rows of ``hfjobs``, the command line of before July 2025: its own calls, over requests."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from tests.matrix.cli import has, printed
from tests.matrix.client import IMAGE, USER, Absent, Client, Row, expect, id_of
from tests.matrix.jobs import LOG, SERVE, TRAIN


def hfjobs(*words: str) -> str:
    """What a command of it prints. What goes wrong it mostly prints, too."""
    main: Callable[[], object] = importlib.import_module("hfjobs.cli").main
    return printed(main, "hfjobs", *words)


def run(client: Client) -> None:
    has(hfjobs("run", "--flavor", "t4-small", IMAGE, *TRAIN), *LOG)


def run_detached(client: Client) -> None:
    said = hfjobs("run", "-d", IMAGE, *SERVE)
    has(said, id_of(client.get(f"/api/jobs/{USER}")[0]))


def ps(client: Client) -> None:
    running, over = client.submit(*SERVE), client.submit(*SERVE)
    client.post(f"/api/jobs/{USER}/{over}/cancel", {})
    said = hfjobs("ps")
    has(said, running)
    expect("a cancelled job among them", over in said, False)


def ps_all(client: Client) -> None:
    job_id = client.submit(*SERVE)
    has(hfjobs("ps", "-a"), job_id)


def logs(client: Client) -> None:
    has(hfjobs("logs", client.submit(*TRAIN)), *LOG)


def inspect(client: Client) -> None:
    job_id = client.submit(*SERVE)
    has(hfjobs("inspect", job_id), job_id, "serve.py")


def cancel(client: Client) -> None:
    folder = Path(str(importlib.import_module("hfjobs.commands").__file__)).parent
    if not (folder / "cancel.py").exists():
        raise Absent("cancel")
    job_id = client.submit(*SERVE)
    hfjobs("cancel", job_id)
    expect("stage", client.stage(job_id), "CANCELED")


ROWS: dict[str, Row] = {
    "hfjobs run": run,
    "hfjobs run -d": run_detached,
    "hfjobs ps": ps,
    "hfjobs ps -a": ps_all,
    "hfjobs logs": logs,
    "hfjobs inspect": inspect,
    "hfjobs cancel": cancel,
}
