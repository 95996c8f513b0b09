"""`fakejobs contract verify`, as it is typed: what it prints, writes, and refuses."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from fakejobs.cli import main
from fakejobs.contract.fetch import get
from fakejobs.contract.verify import ledger, table
from fakejobs.contract.verify.run import Result as RunResult
from fakejobs.contract.verify.suite import FACTS
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.version import VERSION
from fakejobs.web.app import wsgi_app
from tests.contract.verifying import STRANGER, TOKEN, a_hub
from tests.support.server import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = (Path(__file__).parents[2] / "fakejobs" / "docs" / "contract.md").read_text(encoding="utf-8")


def verify(*options: str, token: str | None = TOKEN) -> Result:
    """Run the command."""
    return CliRunner(env={"HF_TOKEN": token}).invoke(
        main, ["contract", "verify", *options], prog_name="fakejobs"
    )


@contextmanager
def served(hub: FakeHub) -> Iterator[str]:
    """The address of a fakejobs."""
    with serve_in_thread(wsgi_app(hub), keep_alive=0.01) as server:
        yield server.url


class Strange:
    """A server that is no fakejobs, as far as can be seen.

    Attributes:
        asked: method, path and whether a token was sent, of each request.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.asked: list[tuple[str, str, bool]] = []
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append((environ["REQUEST_METHOD"], path, "HTTP_AUTHORIZATION" in environ))
        if path.startswith("/_fakejobs"):
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"nothing here"]
        return self._app(environ, start)


def answering(status: str, body: bytes) -> WSGIApplication:
    """A server that has one answer."""

    def app(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start(status, [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
        return [body]

    return app


def refused(result: Result) -> str:
    """The sentence of a refusal."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    lines = result.output.splitlines()
    assert len(lines) == 1, result.output
    assert lines[0].startswith("Error: ")
    return lines[0].removeprefix("Error: ")


# ---------------------------------------------------------------------------------------------- the report


def test_all_facts_hold_over_http() -> None:
    with a_hub() as hub, served(hub) as url:
        hub.clock.unfreeze()
        result = verify("--url", url, "--patience", "60", "--foreign", STRANGER)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert len(lines) == len(FACTS) + 1
    not_run = [line for line in lines if not line.startswith("holds ")]
    assert not_run[0].startswith("not run  message-of-a-job-in-a-queue: no limit makes a job wait")
    assert not_run[1].startswith("fakejobs ")
    assert f" at {url}: {len(FACTS) - 1} facts hold, 1 not run (" in not_run[1]


def test_a_served_fakejobs_in_real_time_takes_seconds(tmp_path: Path) -> None:
    """Its clock is stopped, moved, and set going again; what takes real time is left out."""
    with serving(tmp_path, "--speed", "2") as server:
        result = verify("--url", server.url)
        assert result.exit_code == 0, result.output
        assert "not run  keep-alive: may take 40 seconds; --patience 40 allows that" in result.output
        clock = json.loads(get(f"{server.url}/_fakejobs/clock").body)
        assert (clock["frozen"], clock["speed"]) == (False, 2.0)


def test_another_quirk_comes_out_as_fact_expected_seen() -> None:
    with a_hub(cancel_finished="200") as hub, served(hub) as url:
        result = verify("--url", url, "--only", "cancelling*")
        assert result.exit_code == 1, result.output
        lines = result.output.splitlines()
        assert lines[:10] == [
            "holds    cancelling",
            "differs  cancelling-what-is-over",
            "holds    cancelling-nothing",
            "",
            "fact                                               expected  seen",
            "-------------------------------------------------  --------  ----",
            "cancelling-what-is-over: status, job in COMPLETED  409       200",
            "cancelling-what-is-over: status, job in CANCELED   409       200",
            "",
            'quirks.cancel_finished = "200" matches what was seen (cancelling-what-is-over)',
        ]
        assert "\n".join(lines[:10]) in PAGE, "the documentation shows this"
        assert lines[10:] == [f"fakejobs {VERSION} at {url}: 2 facts hold, 1 differ (3 requests for jobs)"]
        again = verify("--url", url, "--only", "cancelling*", "--quirk", "cancel_finished=200")
        assert again.exit_code == 0, again.output


def test_the_same_for_machines() -> None:
    with a_hub(cancel_finished="200") as hub, served(hub) as url:
        result = verify("--url", url, "--only", "cancelling*", "--json")
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert report["server"] == {"kind": "fakejobs", "name": f"fakejobs {VERSION}", "address": url}
    assert [(each["fact"], each["outcome"]) for each in report["facts"]] == [
        ("cancelling", "holds"),
        ("cancelling-what-is-over", "differs"),
        ("cancelling-nothing", "holds"),
    ]
    assert report["facts"][1]["differences"][0] == {
        "what": "status, job in COMPLETED",
        "expected": "409",
        "seen": "200",
        "quirk": "cancel_finished",
        "matches": ["200"],
    }
    assert (report["left"], report["stopped"]) == ([], None)


# ------------------------------------------------------------------------------------------- money, safety


def test_a_dry_run_says_what_would_be_and_touches_nothing() -> None:
    with a_hub() as hub:
        strange = Strange(wsgi_app(hub))
        with serve_in_thread(strange) as server:
            result = verify("--url", server.url, "--dry-run")
        assert hub.count_all() == 0
    assert result.exit_code == 0, result.output
    assert strange.asked == [("GET", "/_fakejobs/health", False), ("GET", "/api/jobs/hardware", False)]
    assert result.output.splitlines()[-1] == (
        f"a server that is no fakejobs at {server.url}: 150 of 173 facts, at most 216 jobs on cpu-basic, each cancelled when "
        "its facts are done; together at most $0.1194 (limit $0.2000)"
    )
    for line in (
        "stages-of-a-success: A job is SCHEDULING, then RUNNING, then COMPLETED, and in no stage twice.",
        "    1 job “prints”, timeout 2m, at most $0.0005, shared with other facts",
        "    not run: needs --foreign, a namespace of somebody else",
        "    not run: may take 2000 seconds; --patience 2000 allows that",
    ):
        assert line in result.output.splitlines()


def test_a_dry_run_says_that_the_limit_is_too_small() -> None:
    with a_hub() as hub, serve_in_thread(Strange(wsgi_app(hub))) as server:
        result = verify("--url", server.url, "--dry-run", "--limit", "0.04")
    assert "would be refused: the jobs of these facts could cost $0." in result.output.splitlines()[-1]


def test_what_is_no_fakejobs_is_not_tried_without_a_word_that_it_costs_money() -> None:
    with a_hub() as hub:
        strange = Strange(wsgi_app(hub))
        with serve_in_thread(strange) as server:
            sentence = refused(verify("--url", server.url))
            assert sentence == (
                f"{server.url} is a server that is no fakejobs, so its jobs cost money: --dry-run says how much at most, and "
                "--yes-this-costs-money lets it"
            )
            assert strange.asked == [
                ("GET", "/_fakejobs/health", False),
                ("GET", "/api/jobs/hardware", False),
            ]
            result = verify("--url", server.url, "--yes-this-costs-money", "--only", "created*")
            assert result.exit_code == 0, result.output
            assert "2 facts hold (1 requests for jobs, at most $0.000" in result.output


def test_the_limit_holds_before_the_first_request() -> None:
    with a_hub() as hub:
        strange = Strange(wsgi_app(hub))
        with serve_in_thread(strange) as server:
            sentence = refused(verify("--url", server.url, "--yes-this-costs-money", "--limit", "0.04"))
        assert sentence.startswith("the jobs of these facts could cost $0.")
        assert sentence.endswith(
            "limit is $0.0400: raise --limit, or choose fewer facts with --only or --skip"
        )
        assert hub.count_all() == 0
        assert not any(with_token for _method, _path, with_token in strange.asked)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_says_so(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = table.print_result

    def interrupt(result: RunResult, echo: table.Echo) -> None:
        printed(result, echo)
        signal.raise_signal(number)

    monkeypatch.setattr(table, "print_result", interrupt)
    with a_hub() as hub, served(hub) as url:
        result = verify("--url", url, "--only", "created*")
        assert [job.stage.value for job in hub.all_jobs()] == ["CANCELED"]
        assert not hub.rules()
    assert result.exit_code == 130, result.output
    assert "stopped: interrupted" in result.output


def test_a_server_that_dies_in_the_middle_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = table.print_result
    with a_hub() as hub:
        server = serve_in_thread(wsgi_app(hub))
        url = server.__enter__().url

        def dies(result: RunResult, echo: table.Echo) -> None:
            printed(result, echo)
            if result.fact.name == "created-with-200":
                server.__exit__(None, None, None)

        monkeypatch.setattr(table, "print_result", dies)
        result = verify("--url", url)
        (job,) = [job.job.id for job in hub.all_jobs() if job.stage.value == "SCHEDULING"]
    assert result.exit_code == 2, result.output
    assert f"stopped: {url} answers no more" in result.output
    assert f"not cleaned up: job {job} may still run: POST " in result.output
    assert "not cleaned up: its clock may still stand, and have rules of this run" in result.output


def test_the_token_is_shown_nowhere(tmp_path: Path) -> None:
    """Not even if the server sends it back in everything it says."""
    record = tmp_path / "record.json"
    with a_hub() as hub:
        app = wsgi_app(hub)

        def echoing(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"] in (
                "/api/whoami-v2",
                "/api/jobs/hardware",
            ):
                return app(environ, start)
            token = environ.get("HTTP_AUTHORIZATION", "")
            # So long that what is shown of it ends in the middle of the token.
            body = json.dumps({"error": "x" * 165 + token, "id": token}).encode()
            length = ("Content-Length", str(len(body)))
            start("418 Teapot", [("Content-Type", "application/json"), ("X-Error-Message", token), length])
            return [body]

        with serve_in_thread(echoing) as server:
            options = ["--url", server.url, "--yes-this-costs-money", "--record", str(record)]
            options += [
                f"--only={name}"
                for name in ("created*", "no-such-job", "head*", "cancelling", "type-of-logs")
            ]
            for result in (
                verify(*options),
                verify(*options, "--json"),
                verify(*options, "--namespace", "x"),
            ):
                assert result.exit_code in (1, 2)
                assert TOKEN[:8] not in result.output
    assert TOKEN[:8] not in record.read_text()


def test_a_token_that_is_a_part_of_many_words_spoils_nothing() -> None:
    """A fakejobs without tokens of its own takes any."""
    with closing(FakeHub()) as hub, served(hub) as url:
        result = verify("--url", url, "--only", "flavors", "--only", "created*", token="a")
    assert result.exit_code == 0, result.output


# ----------------------------------------------------------------------------------------------- the record


def test_a_record_of_what_was_tried_when_against_what(tmp_path: Path) -> None:
    path = tmp_path / "verified.json"
    with a_hub(cancel_finished="200") as hub, served(hub) as url:
        verify("--url", url, "--only", "cancelling*", "--record", str(path))
        before = json.loads(path.read_text())["facts"]
        verify("--url", url, "--only", "flavors", "--record", str(path))
    facts = json.loads(path.read_text())["facts"]
    assert list(facts) == [fact.name for fact in FACTS]
    tried = {name for name, entry in facts.items() if entry["fakejobs"] is not None}
    assert tried == {"cancelling", "cancelling-what-is-over", "cancelling-nothing", "flavors"}
    assert all(entry["hub"] is None for entry in facts.values())
    assert facts["cancelling"] == before["cancelling"]
    assert facts["cancelling"]["fakejobs"]["outcome"] == "holds"
    assert set(facts["cancelling"]["fakejobs"]) == {"date", "outcome", "version"}
    differs = facts["cancelling-what-is-over"]
    assert differs["quirks"] == ["cancel_finished", "job_not_found"]
    assert differs["fakejobs"]["differences"][0] == {
        "what": "status, job in COMPLETED",
        "expected": "409",
        "seen": "200",
    }


def test_a_record_forgets_facts_that_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "verified.json"
    old = ledger.empty(FACTS)
    assert isinstance(old["facts"], dict)
    old["facts"]["a-fact-of-old"] = {"hub": None}
    path.write_text(json.dumps(old))
    with a_hub() as hub, served(hub) as url:
        verify("--url", url, "--only", "flavors", "--record", str(path))
    assert list(json.loads(path.read_text())["facts"]) == [fact.name for fact in FACTS]


@pytest.mark.parametrize("text", ["{", "[]", '{"facts": []}', '{"facts": {"flavors": 1}}'])
def test_what_is_no_record_is_not_overwritten(text: str, tmp_path: Path) -> None:
    path = tmp_path / "verified.json"
    path.write_text(text)
    assert str(path) in refused(verify("--url", "http://127.0.0.1:1", "--record", str(path)))
    assert path.read_text() == text


def test_a_record_needs_a_directory(tmp_path: Path) -> None:
    path = tmp_path / "none" / "verified.json"
    sentence = refused(verify("--url", "http://127.0.0.1:1", "--record", str(path)))
    assert sentence == f"{path}: there is no such directory to write to"


# --------------------------------------------------------------------------------------------------- errors


def test_nobody_there() -> None:
    sentence = refused(verify("--url", "http://127.0.0.1:1"))
    assert sentence.startswith("http://127.0.0.1:1: GET /_fakejobs/health: no answer (")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("127.0.0.1:8484", "give an address that begins with http://"),
        ("ftp://127.0.0.1", "give an address that begins with http://"),
        ("http://", "give an address that begins with http://"),
        ("http://127.0.0.1:port", "that is no address"),
        (f"http://me:{TOKEN}@127.0.0.1", "leave user and password out of the address"),
    ],
)
def test_addresses_that_are_none(url: str, says: str) -> None:
    sentence = refused(verify("--url", url))
    assert says in sentence
    assert TOKEN not in sentence


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", b"<html>a page</html>"),
        ("200 OK", b'{"a": 1}'),
        ("404 Not Found", b"{}"),
        ("502 Bad Gateway", b""),
    ],
)
def test_what_is_no_hub(status: str, body: bytes) -> None:
    with serve_in_thread(answering(status, body)) as server:
        sentence = refused(verify("--url", server.url))
    assert sentence.startswith(
        f"{server.url}: is no Hub: GET /api/jobs/hardware gave no hardware list ({status[:3]}"
    )


@pytest.mark.parametrize("token", [None, "", "two words"])
def test_a_token_is_needed(token: str | None) -> None:
    with a_hub() as hub, served(hub) as url:
        assert refused(verify("--url", url, token=token)).startswith(
            "a token is needed: --token, or HF_TOKEN"
        )


def test_a_token_that_nobody_has() -> None:
    with a_hub() as hub, served(hub) as url:
        sentence = refused(verify("--url", url, "--token", "hf_of_nobody"))
    assert sentence.startswith(f"{url}: GET /api/whoami-v2 does not say who is calling (401 ")
    assert sentence.endswith("is the token right?")
    assert "hf_of_nobody" not in sentence


@pytest.mark.parametrize(("namespace", "status"), [("nowhere", 404), (STRANGER, 403)])
def test_a_namespace_where_the_token_may_not_submit(namespace: str, status: int) -> None:
    with a_hub() as hub, served(hub) as url:
        sentence = refused(verify("--url", url, "--namespace", namespace))
        assert hub.count_all() == 0
    assert sentence.startswith(f"--namespace {namespace}: the token may not submit jobs there ({status} ")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--only", "cancelllling"), "no fact is called 'cancelllling'; did you mean 'cancelling'?"),
        (("--only", "flavors", "--skip", "*"), "no fact is left"),
        (("--quirk", "cancel_finished"), "--quirk cancel_finished: write NAME=VALUE"),
        (("--quirk", "cancel_finishd=200"), "unknown quirk"),
        (("--quirk", "cancel_finished=201"), "is not allowed"),
        (("--dry-run", "--json"), "--dry-run prints text"),
    ],
)
def test_mistakes_in_options(options: tuple[str, ...], says: str) -> None:
    with a_hub() as hub, served(hub) as url:
        assert says in refused(verify("--url", url, *options))
