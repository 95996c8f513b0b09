"""The rows of the command line, ``hf jobs``: in the same process, for the time that it takes to start hundreds of others."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from tests.matrix.client import IMAGE, USER, Absent, Client, Row, Wrong, expect
from tests.matrix.jobs import BRIEF, LOG, SERVE, TRAIN
from tests.matrix.uv import SCRIPT, SETTINGS, from_bucket, in_this_release

TERMINAL = os.terminal_size((250, 50))


def hf(*words: str) -> str:
    """What a command prints.

    Raises:
        Wrong: its exit code is not 0.
    """
    main: Callable[[], object] = importlib.import_module("huggingface_hub.cli.hf").main
    return printed(main, "hf", *words)


def printed(main: Callable[[], object], *words: str) -> str:
    """What the main function of a command prints, with these words for `sys.argv`.

    Raises:
        Wrong: its exit code is not 0.
    """
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", list(words)),
        # Releases up to 0.36 cannot print a table where there is no terminal.
        mock.patch.object(os, "get_terminal_size", return_value=TERMINAL),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    if code not in (0, None):
        said = [line for line in (out.getvalue() + err.getvalue()).splitlines() if line.strip()]
        raise Wrong(f"exit code {code}: {' / '.join(said[-2:])}")
    return out.getvalue()


def do_not_ask_for_updates() -> None:
    """Up to 1.12 nothing but a recent file keeps the command line from asking the package index for a newer release."""
    constants: Any = importlib.import_module("huggingface_hub.constants")
    stamp = Path(getattr(constants, "CHECK_FOR_UPDATE_DONE_PATH", os.devnull))
    if str(stamp) != os.devnull:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()


def has(text: str, *pieces: str) -> None:
    """Check that a command has printed these.

    Raises:
        Wrong: one is missing.
    """
    for piece in pieces:
        if piece not in text:
            last = " / ".join(text.split("\n")[-3:])
            raise Wrong(f"{piece!r} is not in what it printed, which ends with {last!r}")


def run(client: Client) -> None:
    has(hf("jobs", "run", "--flavor", "t4-small", IMAGE, *TRAIN), *LOG)


def run_detached(client: Client) -> None:
    said = hf("jobs", "run", "-d", IMAGE, *SERVE)
    newest = client.newest()
    has(said, newest["id"])
    expect("command", newest["command"], list(SERVE))


def run_with_folder(client: Client) -> None:
    since(client, "1.22.0")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
        hf("jobs", "run", "-d", "-v", f"{folder}:/data", IMAGE, *SERVE)
    job = client.api.inspect_job(job_id=client.newest()["id"])
    expect("where it is mounted", [each.mount_path for each in job.volumes], ["/data"])
    expect("the file", from_bucket(client, job.volumes[0], "settings.yaml"), SETTINGS.encode())


def ps(client: Client) -> None:
    job_id = client.submit(*SERVE)
    has(hf("jobs", "ps", "-a"), job_id)


def ps_running(client: Client) -> None:
    running, over = client.submit(*SERVE), client.submit(*SERVE)
    client.post(f"/api/jobs/{USER}/{over}/cancel", {})
    said = hf("jobs", "ps")
    has(said, running)
    expect("a cancelled job among them", over in said, False)


def logs(client: Client) -> None:
    job_id = client.submit(*TRAIN)
    follow = ["-f"] if client.takes("fetch_job_logs", "follow") else []
    has(hf("jobs", "logs", *follow, job_id), *LOG)


def inspect(client: Client) -> None:
    job_id = client.submit(*SERVE)
    has(hf("jobs", "inspect", job_id), job_id, "serve.py")


def cancel(client: Client) -> None:
    job_id = client.submit(*SERVE)
    hf("jobs", "cancel", job_id)
    expect("stage", client.stage(job_id), "CANCELED")


def uv_run(client: Client) -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "finetune.py"
        script.write_text(SCRIPT, encoding="utf-8")
        said = hf("jobs", "uv", "run", "-d", str(script), "fast")
    newest = client.newest()
    has(said, newest["id"])
    has(" ".join(newest["command"]), "fast")


def hardware(client: Client) -> None:
    since(client, "1.3.3")
    has(hf("jobs", "hardware"), "cpu-basic", "t4-small")


def stats(client: Client) -> None:
    since(client, "1.3.0")
    job_id = client.submit(*BRIEF)  # up to 2.1 it follows, to the end
    has(hf("jobs", "stats", job_id), job_id)


def wait(client: Client) -> None:
    since(client, "1.20.0")
    job_id = client.submit(*TRAIN)
    hf("jobs", "wait", job_id)
    expect("stage", client.stage(job_id), "COMPLETED")


def labels(client: Client) -> None:
    since(client, "1.17.0")
    job_id = client.submit(*SERVE)
    hf("jobs", "labels", job_id, "--label", "run=7")
    expect("labels", client.get(f"/api/jobs/{USER}/{job_id}")["labels"], {"run": "7"})


def scheduled_run(client: Client) -> None:
    since(client, "0.35.0")
    said = hf("jobs", "scheduled", "run", "@hourly", IMAGE, "python", "hourly.py")
    made = [
        each
        for each in client.get(f"/api/scheduled-jobs/{USER}")
        if each["jobSpec"].get("command") == ["python", "hourly.py"]
    ]
    expect("how many it made", len(made), 1)
    has(said, made[0]["id"])


def scheduled_ps(client: Client) -> None:
    since(client, "0.35.0")
    made = client.schedule()
    has(hf("jobs", "scheduled", "ps"), made)


def since(client: Client, first: str) -> None:
    """Check that the release is new enough to have a command.

    Raises:
        Absent: it is not.
    """
    if not in_this_release(client, first):
        raise Absent(first)


ROWS: dict[str, Row] = {
    "hf jobs run": run,
    "hf jobs run -d": run_detached,
    "hf jobs run -v": run_with_folder,
    "hf jobs ps": ps_running,
    "hf jobs ps -a": ps,
    "hf jobs logs -f": logs,
    "hf jobs inspect": inspect,
    "hf jobs cancel": cancel,
    "hf jobs uv run": uv_run,
    "hf jobs hardware": hardware,
    "hf jobs stats": stats,
    "hf jobs wait": wait,
    "hf jobs labels": labels,
    "hf jobs scheduled run": scheduled_run,
    "hf jobs scheduled ps": scheduled_ps,
}
