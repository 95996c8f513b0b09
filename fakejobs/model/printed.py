"""What a simulated command prints: the output of ``echo`` and of ``python -c "print(...)"``, for the rest a note."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

_SHELLS = {"sh", "bash", "ash", "dash", "zsh"}
_PYTHONS = ("python", "python3")
_PRINT_OPTIONS = {"sep", "end", "flush"}


def printed_by(words: Sequence[str]) -> tuple[str, ...]:
    """The lines that a job with this command (and its arguments) logs when no rule scripts them."""
    return _printed_by(tuple(words))


@lru_cache(maxsize=256)  # suites and queues submit the same again and again
def _printed_by(words: tuple[str, ...]) -> tuple[str, ...]:
    output = _output(words)
    if output is None:
        command = " ".join(words) or "the command of the image"
        return (
            f"[fakejobs] simulated, not run: {command if len(command) <= 200 else command[:197] + '...'}",
        )
    return tuple(output.removesuffix("\n").split("\n")) if output else ()


def _output(words: Sequence[str]) -> str | None:
    if not words:
        return None
    name, rest = PurePosixPath(words[0]).name, list(words[1:])
    if name == "echo":
        return _echo(rest)
    if name in _SHELLS and len(rest) == 2 and rest[0] in ("-c", "-lc"):
        return _shell(rest[1])
    if name.startswith(_PYTHONS) and rest[:1] == ["-u"]:
        rest = rest[1:]
    if name.startswith(_PYTHONS) and len(rest) >= 2 and rest[0] == "-c":
        return _python(rest[1])
    return None


def _echo(words: list[str]) -> str | None:
    newline = "\n"
    escapes = False
    while words[:1] in (["-n"], ["-e"], ["-E"], ["-ne"], ["-en"]):
        newline = "" if "n" in words[0] else newline
        escapes = words[0] != "-E" and (escapes or "e" in words[0])
        words = words[1:]
    line = " ".join(words)
    return None if escapes and "\\" in line else line + newline


def _shell(script: str) -> str | None:
    # One plain command only: anything that a shell would expand, chain or redirect is beyond a simulation.
    if any(sign in script for sign in "$`|&;<>*?(){}\n"):
        return None
    try:
        words = shlex.split(script)
    except ValueError:
        return None
    return _output(words)


def _python(code: str) -> str | None:
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    output = ""
    for statement in body:
        match statement:
            case ast.Expr(ast.Call(ast.Name("print"), args, keywords)):
                try:
                    values = [str(ast.literal_eval(each)) for each in args]
                    options = {each.arg: ast.literal_eval(each.value) for each in keywords}
                except (ValueError, TypeError, RecursionError, MemoryError):
                    return None
                if not _PRINT_OPTIONS.issuperset(options):
                    return None
                output += str(options.get("sep", " ")).join(values) + str(options.get("end", "\n"))
            case _:
                return None
    return output
