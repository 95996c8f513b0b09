"""Rooms import only what lies below them, so that a request walks straight down and straight back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "fakejobs"

MAY_IMPORT = {
    "model": set(),
    "clock": {"model"},
    "store": {"model"},
    "hub": {"model", "clock", "store"},
    "wire": {"model", "version"},
    # Views get instants, jobs and refusals from the hub, so they may name what these are.
    "web": {"hub", "wire", "model", "clock", "version"},
    "generate": {"model", "wire"},
    "strategies": {"generate", "model", "wire"},
    # Loaded with Hypothesis, in every project that has it: only what a `JobInfo` is, until one is asked for.
    "from_type": {"wire", "strategies"},
    "comparison": {"model", "wire"},
    "machine": {"handle", "activation", "drivers", "errors", "strategies", "generate", "wire", "model"},
    "testing": {"machine", "strategies", "generate", "comparison", "wire", "model"},
    # It asks a hub of its own, and serves and starts what it records; the handle of a test is not its business.
    "contract": {
        *("execute", "drivers", "web", "hub", "clock", "generate", "comparison", "wire", "model"),
        *("errors", "version"),
    },
}

EXCEPTIONS = {
    # Under a WSGI server that drives no streams itself, the app blocks a thread for each.
    ("web/context.py", "fakejobs.drivers.threads"),
}

FORBIDDEN = {
    "model": {
        "flask",
        "werkzeug",
        "sqlite3",
        "time",
        "threading",
        "socket",
        "random",
        "asyncio",
        "subprocess",
        "os",
    },
    "store": {"flask", "werkzeug", "time", "socket", "random"},
    "hub": {"flask", "werkzeug", "time", "socket", "random"},
    "wire": {"flask", "werkzeug", "sqlite3", "time", "socket", "random"},
    "web": {"sqlite3", "time", "socket", "random"},
    # `random` is what a seeded source is made of.
    "generate": {"hypothesis", "flask", "werkzeug", "sqlite3", "time", "socket"},
    "strategies": {"flask", "werkzeug", "sqlite3", "time", "socket", "random"},
    "machine": {"flask", "werkzeug", "sqlite3", "time", "socket", "random", "huggingface_hub"},
    "testing": {"flask", "werkzeug", "sqlite3", "time", "socket", "random", "huggingface_hub"},
    # The commands work where nothing is tested.
    "contract": {"hypothesis", "pytest", "flask", "sqlite3", "huggingface_hub"},
}


def modules(room: str) -> list[Path]:
    found = sorted((PACKAGE / room).rglob("*.py")) if (PACKAGE / room).is_dir() else [PACKAGE / f"{room}.py"]
    assert found
    return found


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            if node.module == "fakejobs":
                yield from ((node.lineno, f"fakejobs.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, str(node.module)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    broken = []
    for path in modules(room):
        where = path.relative_to(PACKAGE).as_posix()
        for line, name in imports(path):
            top, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if top != "fakejobs" or other == room or other in MAY_IMPORT[room] or (where, name) in EXCEPTIONS:
                continue
            broken.append(f"{where}:{line} imports {name}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_has_no_business_with_certain_libraries(room: str) -> None:
    broken = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for path in modules(room)
        for line, name in imports(path)
        if name.partition(".")[0] in FORBIDDEN[room]
    ]
    # The hub tells a damaged file from other errors, and holds the one lock.
    broken = [each for each in broken if not each.startswith("hub/state.py") or "sqlite3" not in each]
    assert not broken, "\n".join(broken)


def test_the_exceptions_are_still_needed() -> None:
    for where, name in EXCEPTIONS:
        assert name in {imported for _, imported in imports(PACKAGE / where)}, (where, name)


def test_the_model_of_the_machine_shares_nothing_with_the_fake() -> None:
    """But the names of the quirks, and a type: or else both could be wrong in the same way."""
    shared = {
        name
        for path in ("machine/model.py", "machine/scripted.py", "machine/ticks.py")
        for _line, name in imports(PACKAGE / path)
        if name.startswith("fakejobs.") and not name.startswith("fakejobs.machine.")
    }
    assert shared == {"fakejobs.model.quirks", "fakejobs.generate.values"}
