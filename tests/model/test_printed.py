"""What simulated commands print, against real shells and Pythons where there are any."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.printed import printed_by


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["echo"], [""]),
        (["echo", "hello", "world"], ["hello world"]),
        (["/bin/echo", "-n", "x"], ["x"]),
        (["echo", "-x", "y"], ["-x y"]),
        (["echo", "-e", "plain"], ["plain"]),
        (["echo", "-e", "-E", "a\\nb"], ["a\\nb"]),
        (["python", "-c", "print('hi')"], ["hi"]),
        (["python3.12", "-u", "-c", "print('a', 1, None)\nprint()\nprint('b')"], ["a 1 None", "", "b"]),
        (["python", "-c", "print('a', 'b', sep='-', end='!\\n')"], ["a-b!"]),
        (["python", "-c", "print('two\\nlines')"], ["two", "lines"]),
        (["python", "-c", ""], []),
        (["bash", "-c", "echo hello"], ["hello"]),
        (["sh", "-lc", "echo 1"], ["1"]),
        (["bash", "-c", "echo 'a  b' c"], ["a  b c"]),
    ],
)
def test_what_can_be_simulated(words: list[str], lines: list[str]) -> None:
    assert list(printed_by(words)) == lines


@pytest.mark.parametrize(
    "words",
    [
        [], ["make"], ["python", "train.py"], ["python", "-c", "import os; print(os.getcwd())"], ["python", "-c", "print(x)"],
        ["python", "-c", "print('a'"], ["python", "-c", "print(file=None)"], ["python", "-m", "x"], ["python", "-c"],
        ["bash", "-c", "echo $HOME"], ["bash", "-c", "echo a && echo b"], ["bash", "-c", "echo 'unclosed"],
        ["bash", "script.sh"], ["bash", "-c", "echo ~; ls"], ["python", "-c", "print(*[1, 2])"], ["python", "-c", "print(" + "(" * 500],
        ["python", "-c", "-" * 100_000 + "1"], ["python", "-c", "print('\x00')"],
        ["echo", "-e", "a\\nb"], ["bash", "-c", r"echo -ne 'a\tb'"],
    ],
)  # fmt: skip
def test_the_rest_says_that_it_was_simulated(words: list[str]) -> None:
    (line,) = printed_by(words)
    assert line.startswith("[fakejobs] simulated, not run: ")
    assert len(line) <= 240


@pytest.mark.parametrize(
    "code",
    [
        "print('a', 'b')",
        "print(1.0, 2, True, None, (1,), [2], {'a': 1})",
        "print('x', end='')\nprint('y')",
        "print()",
        "print('\\t|\\u00e9')",
    ],
)
def test_it_is_what_python_prints(code: str) -> None:
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert list(printed_by(["python", "-c", code])) == run.stdout.split("\n")[:-1]


@given(st.lists(st.text(max_size=20), max_size=5))
def test_no_command_is_too_strange(words: list[str]) -> None:
    assert all(isinstance(line, str) for line in printed_by(words))


@given(st.text(alphabet="print()'\"\\n,= []{}*-+0129abc#;:\n", max_size=40))
def test_no_code_is_too_strange(code: str) -> None:
    printed_by(["python", "-c", code])
    printed_by(["sh", "-c", code])
