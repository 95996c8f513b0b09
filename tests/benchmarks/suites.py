"""What a fixture costs each test, and what an installed plugin costs a collection: pytest runs over generated files, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import Row, milliseconds
from tests.benchmarks.processes import ROOT

WARM_UP = 10
"""Tests at the beginning of a file that do not count: the first one imports what its fixture needs."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        tests: tests of a file.
        runs: runs of each file.
        collected: tests that are collected.
        collections: collections with the plugin, and as many without.
    """

    tests: int
    runs: int
    collected: int
    collections: int


@dataclass(frozen=True)
class Kind:
    """One way of testing.

    Attributes:
        name: as the table has it.
        head: the beginning of the file.
        test: a test, without its number.
        plugin: the module that pytest is to load for it.
        needs: modules that must be installed.
        stateful: whether it keeps what it was told.
    """

    name: str
    head: str
    test: str
    plugin: str | None = None
    needs: tuple[str, ...] = ()
    stateful: bool = False


NOTHING = Kind("no fixture", "", "def test_{}():\n    pass\n")

# The peers are spared what a careful user can share: one session, or one client, for the whole file.
KINDS = (
    Kind(
        "a fixture that does nothing",
        "import pytest\n\n@pytest.fixture\ndef nothing():\n    yield\n\n",
        "def test_{}(nothing):\n    pass\n",
    ),
    Kind(
        "`fakejobs`, one `inspect_job` of a job that `add_job` made",
        "from huggingface_hub import HfApi\nAPI = HfApi()\n",
        "def test_{}(fakejobs):\n"
        "    job = fakejobs.add_job(stage='COMPLETED')\n"
        "    assert API.inspect_job(job_id=job.id, namespace='fake-user').status.stage == 'COMPLETED'\n",
        plugin="pytest_fakejobs",
    ),
    Kind(
        "`fakejobs`, one `list_jobs`",
        "from huggingface_hub import HfApi\nAPI = HfApi()\n",
        "def test_{}(fakejobs):\n    assert list(API.list_jobs(namespace='fake-user')) == []\n",
        plugin="pytest_fakejobs",
    ),
    Kind(
        "`fakejobs`, no call",
        "",
        "def test_{}(fakejobs):\n    pass\n",
        plugin="pytest_fakejobs",
    ),
    Kind(
        "`respx`, one GET",
        "import httpx\nSESSION = httpx.Client(trust_env=False)\nURL = 'https://huggingface.co/api/jobs/fake-user'\n",
        "def test_{}(respx_mock):\n"
        "    respx_mock.get(URL).respond(json=[])\n"
        "    assert SESSION.get(URL).json() == []\n",
        plugin="respx.plugin",
        needs=("respx", "httpx"),
    ),
    Kind(
        "`pytest-httpserver`, one GET",
        "import httpx\nSESSION = httpx.Client(trust_env=False)\n",
        "def test_{}(httpserver):\n"
        "    httpserver.expect_request('/api/jobs/fake-user').respond_with_json([])\n"
        "    assert SESSION.get(httpserver.url_for('/api/jobs/fake-user')).json() == []\n",
        plugin="pytest_httpserver.pytest_plugin",
        needs=("pytest_httpserver", "httpx"),
        stateful=True,
    ),
    Kind(
        "`moto`, one `list_buckets`",
        "import boto3\nimport pytest\nfrom moto import mock_aws\n"
        "with mock_aws():\n    S3 = boto3.client('s3', region_name='us-east-1')\n\n"
        "@pytest.fixture\ndef aws():\n    with mock_aws():\n        yield\n\n",
        "def test_{}(aws):\n    assert S3.list_buckets()['Buckets'] == []\n",
        needs=("moto", "boto3"),
        stateful=True,
    ),
)

_CONFTEST = f"""
import json, os, time

seen, begin = 0, 0.0

def pytest_runtest_logfinish():
    global seen, begin
    seen += 1
    if seen == {WARM_UP}:
        begin = time.perf_counter()

def pytest_sessionfinish(session, exitstatus):
    with open("took.json", "w") as file:
        json.dump({{"seconds": time.perf_counter() - begin, "tests": seen - {WARM_UP}}}, file)
"""


def rows(folder: Path, size: Size) -> Iterator[Row]:
    """All rows of this module."""
    yield from per_test(folder, size)
    yield collection(folder / "collection", size)


def _pytest(folder: Path, *arguments: str, plugin: str | None = None) -> str:
    environment = {
        **_environment(folder),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "pytest_plugin")]),
    }
    loaded = [] if plugin is None else ["-p", plugin]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *loaded, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"pytest in {folder}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _environment(folder: Path) -> dict[str, str]:
    """Compiled modules are kept, as on most machines, but not in the source tree."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
    given = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**given, "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled")}


def per_test(folder: Path, size: Size) -> Iterator[Row]:
    """Seconds that each test takes, less those of one that does nothing."""
    installed = [kind for kind in KINDS if all(find_spec(name) for name in kind.needs)]
    folders = {
        kind: _written(folder / str(number), kind, size) for number, kind in enumerate([NOTHING, *installed])
    }
    net: dict[Kind, list[float]] = {kind: [] for kind in installed}
    for number in range(size.runs):
        plain = _per_test(NOTHING, folders[NOTHING])
        for kind in installed if number % 2 == 0 else reversed(installed):
            net[kind].append(_per_test(kind, folders[kind]) - plain)
    stateful = [median(net[kind]) for kind in installed if kind.stateful]
    for kind in KINDS:
        aim = ""
        if kind.name.startswith("`fakejobs`"):
            below = f", below {milliseconds(min(stateful))}" if stateful else ""
            aim = f"at most 0.50 ms{below}"
        yield f"Net cost per test: {kind.name}", _spread(net.get(kind)), aim


def _spread(values: list[float] | None) -> str:
    if not values:
        return "not installed"
    return f"{milliseconds(median(values))} ({milliseconds(min(values))} to {milliseconds(max(values))})"


def _written(folder: Path, kind: Kind, size: Size) -> Path:
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(_CONFTEST)
    tests = [kind.test.format(number) for number in range(WARM_UP + size.tests)]
    (folder / "test_generated.py").write_text("\n".join([kind.head, *tests]))
    return folder


def _per_test(kind: Kind, folder: Path) -> float:
    _pytest(folder, plugin=kind.plugin)
    took: Mapping[str, float] = json.loads((folder / "took.json").read_text())
    return took["seconds"] / took["tests"]


_COLLECT = """
import contextlib, gc, importlib.metadata, io, json, sys, time
import pytest

others = [
    each.name for each in importlib.metadata.entry_points(group="pytest11") if each.name != "fakejobs"
]
arguments = ["--collect-only", "-q", "-p", "no:cacheprovider"]
for name in others:
    arguments += ["-p", "no:" + name]


def collect(*more):
    # As in a new process: the plugin is imported anew.
    for name in list(sys.modules):
        if name.partition(".")[0] in ("fakejobs", "pytest_fakejobs", "test_generated", "conftest"):
            del sys.modules[name]
    gc.collect()
    with contextlib.redirect_stdout(io.StringIO()):
        # Of the processor, as other work of the machine costs more than what is looked for.
        begin = time.process_time()
        code = pytest.main([*arguments, *more])
        took = time.process_time() - begin
    assert code == 0, code
    assert ("pytest_fakejobs" in sys.modules) is not bool(more)
    return took


def both(number):
    if number % 2:
        without = collect("-p", "no:fakejobs")
        return collect(), without
    return collect(), collect("-p", "no:fakejobs")


both(0)
print("took", json.dumps([both(number) for number in range(int(sys.argv[1]))]))
"""


def collection(folder: Path, size: Size) -> Row:
    """``pytest --collect-only`` with the plugin and without, in one process that imports the plugin anew each time."""
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_generated.py").write_text(
        "\n".join(NOTHING.test.format(number) for number in range(size.collected))
    )
    done = subprocess.run(
        [sys.executable, "-c", _COLLECT, str(size.collections)],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"collection: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    pairs: list[list[float]] = json.loads(done.stdout.rpartition("took ")[2])
    differences = [ours - without for ours, without in pairs]
    plain = median(without for _, without in pairs)
    fastest = min(ours for ours, _ in pairs) - min(without for _, without in pairs)
    rest = f"median of {len(pairs)} pairs, of {milliseconds(plain)}; fastest less fastest: {milliseconds(fastest)}"
    return (
        f"Collecting {size.collected:,} tests with the plugin unused, less the same without it (CPU time)",
        f"{milliseconds(median(differences))} ({rest})",
        "at most 1.00 ms",
    )
