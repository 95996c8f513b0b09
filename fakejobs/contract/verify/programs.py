"""What the jobs of the facts run: for a real container its image and command, for a fakejobs what that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PYTHON = "python:3.12-slim"

PRINTED = ("one", "  two, indented: héllo → 語 🎉", "", 'three "quoted" \\ {"a": 1}', "four", "five")
"""What the program ``prints`` prints."""

ODD = (
    "\x1b[31mred\x1b[0m",
    "10%|#  |\r100%|###|",
    "line\u2028separator\u2029 and \x85 next",
    "tab\tand \x01 control",
    "data: x",
    ": no comment",
    "x" * 5000,
)
"""What the program ``odd`` prints: colours, a progress bar, what some clients take for the end of a line, a long line."""


@dataclass(frozen=True)
class Program:
    """What a job runs.

    Attributes:
        image: the Docker image.
        command: the words of the command.
        then: what a fakejobs is told that it does, in the words of a rule. Their times are those of a real container,
            about: cpu-basic starts within some seconds (huggingface_hub#4211).
    """

    image: str
    command: tuple[str, ...]
    then: Mapping[str, object] = field(default_factory=dict)


# So that durations say how they are rounded: waiting has 0.4 s more than whole seconds, running 0.7, both together 1.1.
_SCHEDULING = "5.4s"
_RUNNING = "7.7s"


def _python(code: str) -> tuple[str, ...]:
    return ("python", "-u", "-c", code)


def _printing(lines: tuple[str, ...], rest: str) -> tuple[str, ...]:
    # UTF-8 whatever the locale of the image; ascii() so that the command itself is.
    words = ascii(list(lines))
    return _python(
        f"import sys,time\nfor x in {words}:sys.stdout.buffer.write((x+chr(10)).encode())\nsys.stdout.flush()\n{rest}"
    )


def _then(**words: object) -> dict[str, object]:
    return {"scheduling": _SCHEDULING, "running": _RUNNING, "logs": [], **words}


PROGRAMS: Mapping[str, Program] = {
    "prints": Program(
        PYTHON,
        _printing(PRINTED, "time.sleep(7)"),
        _then(logs=[[0.25 + 0.125 * number, line] for number, line in enumerate(PRINTED)]),
    ),
    "odd": Program(PYTHON, _printing(ODD, "time.sleep(1)"), _then(logs=list(ODD))),
    "fails": Program(
        PYTHON,
        _python("import sys,time\nprint('about to fail')\ntime.sleep(5)\nsys.exit(3)"),
        _then(logs=["about to fail"], exit_code=3),
    ),
    "fails-late": Program(
        PYTHON, _python("import sys,time\ntime.sleep(40)\nsys.exit(4)"), _then(running="40s", exit_code=4)
    ),
    "eats": Program(
        PYTHON,
        _python("print('eating')\nfood=[]\nwhile True:food.append(b'x'*(1<<28))"),
        _then(logs=["eating"], oom=True),
    ),
    "sleeps": Program(PYTHON, ("sleep", "3600"), _then(running="forever")),
    # With the waiting more than a minute, without it less.
    "minute": Program(PYTHON, ("sleep", "57"), _then(running="57s")),
    "waits": Program(PYTHON, ("sleep", "3601"), _then(scheduling="1h", running="forever")),
    "quick": Program(PYTHON, ("true",), _then(running="1.2s")),
    # A name that no registry has (RFC 6761).
    "no-image": Program(
        "registry.invalid/none:none", ("true",), {"scheduling": "8s", "image_pull_error": True}
    ),
    # Nothing that a container does deletes its job.
    "deleted": Program(PYTHON, ("python", "-c", "pass"), _then(stage="DELETED")),
}
"""Every program by name."""
