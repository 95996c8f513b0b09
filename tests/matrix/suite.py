"""Calls every Jobs method of the client that is installed here, and writes what came of it, as JSON.

``python -m tests.matrix.suite DOOR OUT API ...``, in the environment of a release: `OUT` gets API date → row → outcome. In process, the
scenario of each date is beside `OUT`; over loopback it runs below ``fakejobs exec``, and API is the date that this serves. An outcome is ``works``, ``absent`` (the release has no such method), or
the error that it ended in.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import cast

from tests.matrix import cli, jobs, scheduled, streams, uv
from tests.matrix import hfjobs as older
from tests.matrix.client import Absent, Client, Row
from tests.matrix.doors import IN_PROCESS, in_process, over_loopback
from tests.matrix.scenario import scenario_file

WORKS, ABSENT = "works", "absent"
LONGEST = 240
"""Characters of an error that are kept."""

_CHANGING = [
    (re.compile(r"http://127\.0\.0\.1:\d+"), "https://huggingface.co"),
    (re.compile(r"127\.0\.0\.1:\d+|127\.0\.0\.1', port=\d+"), "huggingface.co"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "…"),
    (re.compile(r"\(Request ID: [^)]*\)"), "(Request ID: …)"),
    (re.compile(r"\b[0-9a-f]{24,}\b"), "…"),
    (re.compile(r"\b\d{8}T\d{6}-[0-9a-f]{6}\b"), "…"),
    (re.compile(r"\b0x[0-9a-f]+\b"), "0x…"),
    (re.compile(r"/(?:tmp|var/folders)/[\w./-]+"), "/tmp/…"),
]
"""What differs between two runs, or two doors, and what stands for it."""


def rows() -> dict[str, Row]:
    """The rows for what is installed here."""
    if hfjobs_is_here():
        return older.ROWS
    return {**jobs.ROWS, **streams.ROWS, **scheduled.ROWS, **uv.ROWS, **cli.ROWS}


def hfjobs_is_here() -> bool:
    """Whether this is an environment of ``hfjobs``."""
    return importlib.util.find_spec("hfjobs") is not None


def outcome(row: Row, client: Client) -> str:
    """What comes of a row."""
    try:
        row(client)
    except Absent:
        return ABSENT
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        return plain(error)
    return WORKS


def plain(error: BaseException) -> str:
    """An error, in one line that is the same in every run."""
    text = f"{type(error).__name__}: {error}"
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    text = " / ".join(line.strip() for line in text.splitlines() if line.strip())
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def outcomes(client: Client, problems: list[Exception]) -> dict[str, str]:
    """What comes of every row; a problem that the fake notes makes one fail that has not.

    Args:
        client: what is called.
        problems: where the fake notes them; they are taken out of it.
    """
    found: dict[str, str] = {}
    for name, row in rows().items():
        found[name] = outcome(row, client)
        if problems and found[name] == WORKS:
            found[name] = plain(problems[0])
        problems.clear()
    return found


def main() -> None:
    door, out, *dates = sys.argv[1:]
    for name in ("huggingface_hub.utils", "huggingface_hub.cli.hf", "huggingface_hub.cli.jobs"):
        importlib.import_module(
            name
        )  # a fake in process moves time for the modules that are there when it begins
    sys.modules["huggingface_hub.utils"].disable_progress_bars()
    found: dict[str, dict[str, str]] = {}
    for date in dates:
        if door == IN_PROCESS:
            with in_process(str(scenario_file(Path(out).parent, date)), hfjobs=hfjobs_is_here()) as fake:
                cli.do_not_ask_for_updates()
                found[date] = outcomes(Client.of_this_release(), cast("list[Exception]", fake.problems))
        else:
            client = Client.of_this_release()
            cli.do_not_ask_for_updates()
            with over_loopback(client.endpoint, hfjobs=hfjobs_is_here()):
                found[date] = outcomes(client, [])
    Path(out).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
