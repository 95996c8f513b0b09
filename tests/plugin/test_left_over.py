"""A thread that outlives its test can reach neither the next fake nor the real Hub."""

from __future__ import annotations

import pytest

TESTS = """
import threading
from huggingface_hub import fetch_job_logs, inspect_job, run_job

go, done, said = threading.Event(), threading.Event(), []

def tell(call):
    try:
        call()
    except BaseException as error:
        said.append(repr(error))

def test_leaves_a_follower_behind(fakejobs):
    fakejobs.when().then(scheduling="forever")
    job = run_job(image="python:3.12", command=["python", "train.py"])
    following = threading.Event()

    def follow():
        lines = fetch_job_logs(job_id=job.id, follow=True)
        following.set()
        tell(lambda: list(lines))
        go.wait()
        tell(lambda: inspect_job(job_id=job.id, namespace="fake-user", token="hf_any"))
        done.set()

    threading.Thread(target=follow, name="follower", daemon=True).start()
    assert following.wait(5)
    while not any("/logs" in request.path for request in fakejobs.requests):
        pass

def test_comes_next():
    go.set()
    assert done.wait(5)
    assert len(said) == 2 and all("FakeClosed" in each for each in said), said
"""


def test_a_left_over_thread_is_named_and_refused(pytester: pytest.Pytester) -> None:
    pytest.importorskip("huggingface_hub")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:asyncio")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(["*LeftOverThread: thread 'follower' is left over*"])
