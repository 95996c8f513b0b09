"""The scenario that every cell begins with."""

from __future__ import annotations

from pathlib import Path

from tests.matrix.client import CROWD, CROWD_SIZE, PLAIN, USER

START = "2026-08-01T00:00:00Z"

_HEAD = f"""\
api = "{{api}}"
start = "{START}"

[[users]]
name = "{USER}"

[[orgs]]
name = "{CROWD}"

[[orgs]]
name = "{PLAIN}"

[[rules]]
when = {{}}
then = {{ scheduling = 0, running = "1m", logs = ["done"] }}

[[rules]]
when = {{ command = "python brief.py" }}
then = {{ scheduling = 0, running = "30s", logs = ["done"] }}

[[rules]]
when = {{ command = "python train.py" }}
then = {{ scheduling = "1m", running = "2m", logs = ["one", "two 🤗"] }}

[[rules]]
when = {{ command = "python serve.py" }}
then = {{ scheduling = 0, running = "forever", logs = ["up"] }}
"""


def scenario_text(api: str) -> str:
    """A scenario file that serves the API of a date: users, rules, and `CROWD_SIZE` jobs of `CROWD`."""
    jobs = (
        f'\n[[jobs]]\nnamespace = "{CROWD}"\nage = "{2 + number}h"\nlogs = []\n'
        for number in range(CROWD_SIZE)
    )
    return _HEAD.replace("{api}", api) + "".join(jobs)


def scenario_file(folder: Path, api: str) -> Path:
    """Where the scenario that serves the API of a date is."""
    return folder / f"{api}.toml"
