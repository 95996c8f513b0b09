"""The plugin, as pytest runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.strict import STRICT

JOB = """
import pytest
from huggingface_hub import HfApi, run_job, list_jobs, wait_for_job, fetch_job_logs

def train(flavor="cpu-basic", **more):
    return run_job(image="python:3.12", command=["python", "train.py"], flavor=flavor, **more)
"""


def run(pytester: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    """Run a test module in this process; all warnings are errors."""
    pytester.makepyfile(JOB + body)
    return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", *STRICT, *arguments)


def test_both_fixtures_and_a_fresh_state_for_each_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        @pytest.mark.parametrize("name", ["fakejobs", "fakejobs", "fakejobs_server", "fakejobs_server"])
        def test_it(name, request):
            fake = request.getfixturevalue(name)
            job = train()
            assert [each.id for each in list_jobs()] == [job.id]
            assert len(list(fetch_job_logs(job_id=job.id, follow=True))) == 1
            assert fake.submitted()[0].stage == "COMPLETED"
        """.replace("\n        ", "\n"),
    )
    result.assert_outcomes(passed=4)


def test_a_failure_explains_itself_without_secrets(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_it(fakejobs):
    fakejobs.when(flavor="a10g-small").then(scheduling="1m", running="6h")
    train("a10g-small", timeout="1h", secrets={"KEY": "correct-horse-" + "battery"}, env={"NOTE": "correct-horse-" + "battery"})
    run_job(image="x", command=["echo", "correct-horse-" + "battery"])
    list(HfApi(token="hf_" + "abcdefghijklmnop").list_jobs())
    fakejobs.clock.advance("2h")
    assert fakejobs.submitted()[0].stage == "COMPLETED"
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- fakejobs -*",
            "clock: 2026-01-01T02:00:00.000Z (2h after the start)",
            "jobs: 2",
            "* ERROR      a10g-small  python train.py",
            "*+0s submitted · +1m RUNNING · +1h 1m ERROR (Job timeout)",
            "*cut by timeout: scripted to run 6h, allowed 1h",
            "*rule 1: when(flavor='a10g-small')",
            "* COMPLETED  cpu-basic  echo <secret KEY>",
            "*matched no rule",
            "*POST   /api/jobs/fake-user -> 200",
        ]
    )
    text = result.stdout.str()
    assert "correct-horse-battery" not in text
    assert "hf_abcdefghijklmnop" not in text


@pytest.mark.parametrize(
    ("assertion", "said"),
    [
        (
            'assert fakejobs.submitted(flavor="h200")',
            "*assert [[]] (nearest *: flavor is 'cpu-basic', not 'h200')*",
        ),
        (
            'assert fakejobs.submitted(flavor="cpu-basic") == []',
            "*1 of 1 submitted jobs match flavor='cpu-basic'*",
        ),
        (
            'assert len(fakejobs.submitted(flavor="h200")) == 1',
            "*where 0 = len([[]] (nearest *: flavor is 'cpu-basic', not *",
        ),
        ('(job,) = fakejobs.submitted(flavor="h200")', "*flavor is 'cpu-basic', not 'h200'*"),
        (
            'assert fakejobs.submitted()[0] == "COMPLETED"',
            "*a job is not a stage: its stage is 'SCHEDULING' (.stage)*",
        ),
    ],
)
def test_a_failing_assertion_names_the_nearest_job(
    pytester: pytest.Pytester, assertion: str, said: str
) -> None:
    result = run(pytester, f"def test_it(fakejobs):\n    train()\n    {assertion}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([said])


def test_problems_that_the_code_swallowed_fail_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def swallow():
    for host in ("one", "two"):
        try:
            HfApi(endpoint=f"https://{host}.example").whoami()
        except Exception:
            pass

def test_swallowed(fakejobs):
    swallow()

def test_meant(fakejobs):
    with fakejobs.expect_problems():
        swallow()

def test_meant_and_did_not_happen(fakejobs):
    with fakejobs.expect_problems():
        pass

def test_said_once(fakejobs):
    HfApi(endpoint="https://three.example").whoami()
""",
        "-rA",
    )
    result.assert_outcomes(passed=2, errors=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_swallowed*",
            "fakejobs: 2 problems while this test ran*",
            "- NetworkRefused: GET https://one.example*",
            "- NetworkRefused: GET https://two.example*",
            "*expect_problems: there was no FakeJobsError in this block*",
        ]
    )


def test_strict(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
pytestmark = pytest.mark.fakejobs(strict=True)

def test_all_is_well(fakejobs):
    fakejobs.when().then(running="1m")
    wait_for_job(train().id)

def test_nothing_is(fakejobs):
    fakejobs.when(flavor="h200").then(running="1m")
    train()

@pytest.mark.fakejobs(strict=False)
def test_the_nearest_marker_wins(fakejobs):
    train()
""",
    )
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        [
            "fakejobs: 3 problems*",
            "- strict: still SCHEDULING: <job *",
            "- strict: no rule matched <job *",
            "- strict: no job matched rule 1: when(flavor='h200')",
        ]
    )


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("seeed=1", "*@pytest.mark.fakejobs: seeed: unknown option; did you mean 'seed'?*"),
        ("strict='yes'", "*@pytest.mark.fakejobs: strict: give True or False, not 'yes'*"),
        ("5", "*@pytest.mark.fakejobs takes keywords only*"),
    ],
)
def test_a_misspelt_marker_is_an_error(pytester: pytest.Pytester, marker: str, said: str) -> None:
    result = run(pytester, f"@pytest.mark.fakejobs({marker})\ndef test_it():\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


def test_impossible_values_are_errors(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.fakejobs(start="yesterday")
def test_start(fakejobs): pass

@pytest.mark.fakejobs(network="open")
def test_network(fakejobs): pass

@pytest.mark.fakejobs(auto_tick="soon")
def test_tick(fakejobs): pass

@pytest.mark.fakejobs(scenario="missing.toml")
def test_scenario(fakejobs): pass
""",
    )
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(
        ["fakejobs: start:*", "fakejobs: network:*", "*'soon' is no length of time*", "*missing.toml*"]
    )


SHOWS = """
def test_it(fakejobs):
    options = fakejobs.options
    print("got", options.seed, options.user, list(options.orgs), options.network, options.strict, fakejobs.clock.now().year)
"""


def test_options_of_the_ini_file_and_the_command_line(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\nfakejobs_seed = 7\nfakejobs_user = ada\nfakejobs_orgs = acme, beta\nfakejobs_network = a.example b.example\n"
        "fakejobs_strict = true\nfakejobs_start = 2030-05-01T00:00:00Z\n"
    )
    result = run(pytester, SHOWS, "-s")
    result.stdout.fnmatch_lines(["*got 7 ada [[]'acme', 'beta'] [[]'a.example', 'b.example'] True 2030*"])
    result = run(
        pytester, SHOWS, "-s", "--fakejobs-seed", "8", "--fakejobs-user=eve", "--fakejobs-network=localhost"
    )
    result.stdout.fnmatch_lines(["*got 8 eve [[]'acme', 'beta'] localhost True 2030*"])
    marked = "\n@pytest.mark.fakejobs(user='bob')" + SHOWS
    result = run(pytester, marked, "-s", "--fakejobs-seed", "8", "--fakejobs-user=eve")
    result.stdout.fnmatch_lines(["*got 8 bob [[]'acme', 'beta'] *"])


@pytest.mark.parametrize("where", ["ini", "override"])
def test_a_misspelt_ini_option_is_an_error(pytester: pytest.Pytester, where: str) -> None:
    if where == "ini":
        pytester.makeini("[pytest]\nfakejobs_sed = 7\n")
    result = run(pytester, SHOWS, *(["-o", "fakejobs_sed=7"] if where == "override" else []))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*fakejobs_sed: unknown ini option; did you mean 'fakejobs_seed'?*"])


def test_an_impossible_ini_value_is_an_error(pytester: pytest.Pytester) -> None:
    result = run(pytester, SHOWS, "--fakejobs-seed=x")
    result.stdout.fnmatch_lines(["*--fakejobs-seed: give a whole number, not 'x'*"])


def test_a_scenario_is_found_beside_the_test_file(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("inner")
    (folder / "slow.toml").write_text('[[rules]]\nwhen = {}\nthen = { running = "5h" }\n')
    (folder / "test_slow.py").write_text(
        JOB
        + """
@pytest.mark.fakejobs(scenario="slow.toml")
def test_it(fakejobs):
    list(fetch_job_logs(job_id=train(timeout="9h").id, follow=True))
    assert fakejobs.submitted()[0].durations.running_secs == 5 * 3600
"""
    )
    pytester.runpytest_inprocess("-p", "no:randomly", *STRICT).assert_outcomes(passed=1)


def test_help_markers_and_fixtures_read_well(pytester: pytest.Pytester) -> None:
    pytester.runpytest_inprocess("--markers", *STRICT).stdout.fnmatch_lines(
        ["@pytest.mark.fakejobs(seed=..., api=..., user=..., *"]
    )
    pytester.runpytest_inprocess("--fixtures", *STRICT).stdout.fnmatch_lines(
        [
            "fakejobs -- *",
            "    A fake Hub with Jobs under the huggingface_hub of this process*",
            "fakejobs_server -- *",
        ]
    )
    pytester.runpytest_inprocess("--help", *STRICT).stdout.fnmatch_lines(
        [
            "*the Hugging Face Jobs API, offline (fakejobs):",
            "*--fakejobs-seed=NUMBER*",
            "*--fakejobs-summary*",
            "*fakejobs_auto_tick*",
        ]
    )


SUMMARY = """
@pytest.mark.parametrize("number", range(6))
def test_it(fakejobs, number):
    fakejobs.when().then(scheduling=1, running="30m")
    list(fetch_job_logs(job_id=train("a10g-small" if number % 2 else "cpu-basic").id, follow=True))
"""


@pytest.mark.parametrize("arguments", [(), ("-n", "4")], ids=["alone", "xdist"])
def test_summary(pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    pytester.makepyfile(JOB + SUMMARY)
    result = pytester.runpytest_subprocess(*STRICT, "--fakejobs-summary", *arguments)
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(
        [
            "*= fakejobs =*",
            "6 jobs ran for 3.00 virtual hours and would have cost $1.52, in 6 fakes",
            "  a10g-small      3 jobs        1.50 h  $1.50",
            "  cpu-basic       3 jobs        1.50 h  $0.02",
        ]
    )


def test_the_report_of_a_failing_test_under_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(JOB + "def test_it(fakejobs):\n    train()\n    assert 0\n")
    result = pytester.runpytest_subprocess("-n", "4", "-p", "randomly")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- fakejobs -*", "*matched no rule"])


HEAVY = (
    "flask",
    "hypothesis",
    "freezegun",
    "jsonschema_rs",
    "huggingface_hub",
    "orjson",
    "sqlite3",
    "httpx",
    "werkzeug",
)


def test_collecting_loads_nothing_of_weight(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest(
        f"""
import sys

def pytest_sessionfinish():
    print("loaded:", [name for name in {HEAVY!r} if name in sys.modules], "pytest_fakejobs" in sys.modules)
"""
    )
    pytester.makepyfile("def test_it(fakejobs):\n    pass\n")
    # Plugins of others load some of these by themselves, so only ours is there.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_subprocess("--collect-only", "-q", "-s", "-p", "pytest_fakejobs")
    result.stdout.fnmatch_lines(["*loaded: [[]] True*"])


def test_beside_freezegun_and_a_client_factory_of_the_user(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import huggingface_hub
from freezegun import freeze_time
from huggingface_hub.utils import _http

@pytest.fixture(autouse=True)
def own_factory():
    own = lambda: _http.httpx2.Client()
    before = _http._GLOBAL_CLIENT_FACTORY
    huggingface_hub.set_client_factory(own)
    yield
    assert _http._GLOBAL_CLIENT_FACTORY is own
    huggingface_hub.set_client_factory(before)

@pytest.mark.parametrize("fails", [False, True])
@freeze_time("2030-01-01")
def test_it(fakejobs, fails):
    wait_for_job(train().id)
    assert not fails
""",
    )
    result.assert_outcomes(passed=1, failed=1)


def test_everything_is_put_back(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import os, time
from huggingface_hub import constants, hf_api
from huggingface_hub.utils import _http, _xet

def state():
    return (dict(os.environ), dict(vars(constants)), hf_api.api.endpoint, hf_api.time is time, _http._GLOBAL_CLIENT_FACTORY,
            _http._GLOBAL_CLIENT, _xet.get_xet_session)

@pytest.fixture(autouse=True)
def same_before_and_after():
    before = state()
    yield
    after = state()
    before[0].pop("PYTEST_CURRENT_TEST"); after[0].pop("PYTEST_CURRENT_TEST")
    assert after == before

@pytest.mark.parametrize("name", ["fakejobs", "fakejobs_server"])
@pytest.mark.parametrize("fails", [False, True])
def test_it(name, fails, request):
    fake = request.getfixturevalue(name)
    assert os.environ["HF_TOKEN"] == "hf_fakejobs_fake-user"
    if name == "fakejobs_server":
        assert fake.api.endpoint == constants.ENDPOINT == os.environ["HF_ENDPOINT"] == fake.url
    train()
    fake.log_out()
    assert "HF_TOKEN" not in os.environ
    assert not fails
""",
    )
    result.assert_outcomes(passed=2, failed=2)


def test_unittest_classes_use_activate(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import unittest
import fakejobs as package

class TestIt(unittest.TestCase):
    @package.activate(user="ada")
    def test_it(self, fakejobs):
        train()
        self.assertEqual(fakejobs.submitted()[0].owner.name, "ada")

    @package.activate()
    def test_problem(self):
        try:
            HfApi(endpoint="https://one.example").whoami()
        except Exception:
            pass

    @package.activate
    def test_fails(self):
        train()
        self.fail("so be it")
""",
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*so be it*", "*matched no rule*", "*CheckFailed: fakejobs: 1 problem*"])


def test_async_tests(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_asyncio")
    result = run(
        pytester,
        """
import asyncio

@pytest.mark.asyncio
async def test_it(fakejobs):
    job = await asyncio.to_thread(train)
    await fakejobs.clock.asleep(3600)
    assert fakejobs.submitted()[0].stage == "COMPLETED"
""",
    )
    result.assert_outcomes(passed=1)


def test_beside_respx(pytester: pytest.Pytester) -> None:
    pytest.importorskip("respx")
    result = run(
        pytester,
        """
import httpx

def test_it(fakejobs, respx_mock):
    respx_mock.get("https://elsewhere.example/").respond(204)
    assert httpx.get("https://elsewhere.example/").status_code == 204
    train()
    assert len(fakejobs.submitted()) == 1
""",
    )
    result.assert_outcomes(passed=1)


def test_the_fixtures_can_be_switched_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(fakejobs):\n    pass\n")
    result = pytester.runpytest_subprocess("-p", "no:fakejobs")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'fakejobs' not found*"])


def test_no_folder_is_left_behind(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pytester.makepyfile(
        JOB
        + "def test_it(fakejobs):\n    open(fakejobs.environment['HF_HOME'] + '.x', 'w').close()\n    train()\n"
    )
    pytester.runpytest_subprocess("--basetemp", str(pytester.path / "t")).assert_outcomes(passed=1)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("fakejobs")] == []


def test_a_left_over_thread_is_named(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import contextlib
import threading

@pytest.fixture
def finished():
    yield []

def test_it(finished, fakejobs):
    fakejobs.when().then(scheduling=1, running="1h", logs=["first", "last"])
    job, began = train(timeout="9h"), threading.Event()

    def follow():
        # What is left of it goes on in the tests to come, whose runs must not be told of its error.
        with contextlib.suppress(BaseException):
            for line in fetch_job_logs(job_id=job.id, follow=True):
                began.set()
                threading.Event().wait(60)

    threading.Thread(target=follow, name="follower", daemon=True).start()
    began.wait(5)
""",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*LeftOverThread: thread 'follower' is left over from a test that has ended: *"]
    )


def test_a_test_has_one_hub(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(fakejobs, fakejobs_server):\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a test has one Hub: take `fakejobs` or `fakejobs_server`, not both*"])


def test_what_a_fixture_finds_is_said_once_and_after_a_failure_no_more_than_that(
    pytester: pytest.Pytester,
) -> None:
    result = run(
        pytester,
        """
import contextlib, threading
from huggingface_hub import HfApi

@pytest.mark.fakejobs(strict=True)
def test_fails_half_way(fakejobs):
    train()
    assert not "done"

def test_leaves_threads_and_a_problem(fakejobs):
    def stay(begun):
        fakejobs.api.whoami()
        begun.set()
        end.wait()

    for name in ("one", "two"):
        begun = threading.Event()
        threading.Thread(target=stay, args=[begun], name=name).start()
        begun.wait()
    with contextlib.suppress(Exception):
        HfApi(endpoint="https://elsewhere.example").whoami()

end = threading.Event()

@pytest.fixture(autouse=True, scope="module")
def at_the_end():
    yield
    end.set()
""",
    )
    result.assert_outcomes(failed=1, passed=1, errors=1)
    text = result.stdout.str()
    assert "strict:" not in text
    assert "another exception" not in text
    for found in ("NetworkRefused", "thread 'one' is left over", "thread 'two' is left over"):
        assert found in text
