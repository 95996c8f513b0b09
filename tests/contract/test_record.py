"""`fakejobs record`: the proxy passes everything on as it comes, and writes it down."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from fakejobs.contract import proxy
from fakejobs.contract import recorder as recorder_module
from fakejobs.contract.passed_on import Framer
from fakejobs.contract.record import recording_environment
from fakejobs.contract.recorder import Recorder
from fakejobs.contract.recording import BODY_LIMIT, BadRecording, Body, Exchange, Request, Response
from fakejobs.contract.recording_files import read_recordings
from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.web.app import wsgi_app
from tests.contract.recordings import JOB, recorded, recording, texts
from tests.support.clients import skip_unless_in_ci
from tests.support.programs import run_program
from tests.support.raw import ask, following

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE = 20


def app_of(answer: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]) -> WSGIApplication:
    return answer


def only(folder: Path) -> Response:
    (found,) = read_recordings(folder)
    return found.exchange.response


# Passing on


def test_what_comes_back_is_what_the_server_sent(hub: FakeHub, tmp_path: Path) -> None:
    with serve_in_thread(wsgi_app(hub)) as server, recording(server.url, tmp_path / "r") as url:
        for method, path, body in (
            ("POST", "/api/jobs/fake-user", JOB),
            ("GET", "/api/jobs/fake-user?stage=SCHEDULING", None),
            ("GET", "/api/jobs/fake-user/no-id", None),
            ("GET", "/api/whoami-v2", None),
            ("HEAD", "/api/whoami-v2", None),
            ("GET", "/api/jobs/%C3%A9%20x", None),
        ):
            if method != "POST":
                direct, through = ask(server.url, method, path, body), ask(url, method, path, body)
                assert (through.status, through.body) == (direct.status, direct.body)
                names = ("content-type", "content-length", "date", "x-error-message")
                assert [through.all(name) for name in names] == [direct.all(name) for name in names]
            else:
                assert ask(url, method, path, body).status == 200
    assert len(read_recordings(tmp_path / "r")) == 6
    assert hub.count_all() == 1


def test_a_stream_stays_a_stream_and_a_client_that_hangs_up_ends_it(tmp_path: Path) -> None:
    told, ended = threading.Semaphore(0), threading.Event()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        try:
            yield b""
            for number in range(1000):
                assert told.acquire(timeout=PATIENCE)
                yield f"data: {number}\n\n".encode()
        finally:
            ended.set()

    with serve_in_thread(app_of(answer)) as server, recording(server.url, tmp_path / "r") as url:
        with following(url, "/events") as response:  # the headers are there before the first event is
            for number in range(3):
                told.release()
                assert response.readline() == f"data: {number}\n".encode()
                assert response.readline() == b"\n"
        # Whoever wrote to a client that is gone has to notice; what the server writes next is for nobody.
        for _ in range(1000):
            told.release()
        assert ended.wait(PATIENCE)
    found = only(tmp_path / "r")
    assert [frame.text for frame in found.frames or ()][:3] == [
        "data: 0\n\n",
        "data: 1\n\n",
        "data: 2\n\n",
    ]
    assert len(found.frames or ()) < 1000
    assert found.cut is not None
    assert found.cut.by == "client"


def test_the_server_is_let_go_of_while_it_is_silent(tmp_path: Path) -> None:
    """Nothing has to be written to notice that the client is gone: the server sees its connection end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with recording(f"http://127.0.0.1:{port}", tmp_path / "r") as url:
            parts = urlsplit(url)
            client = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
            client.request("GET", "/events")
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(PATIENCE)
                assert connection.recv(65536).startswith(b"GET /events HTTP/1.1\r\n")
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                connection.sendall(head + b"9\r\ndata: 1\n\n\r\n")
                response = client.getresponse()
                assert response.readline() == b"data: 1\n"
                response.close()
                client.close()
                assert connection.recv(1) == b""
    assert only(tmp_path / "r").cut is not None


def test_a_stream_that_the_server_cuts_is_cut_for_the_client(tmp_path: Path) -> None:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield b"data: 1\n\ndata: 2"
        raise ConnectionAbortedError

    with (
        serve_in_thread(app_of(answer)) as server,
        recording(server.url, tmp_path / "r") as url,
        following(url, "/events") as response,
        pytest.raises(HTTPException),
    ):
        response.read()
    found = only(tmp_path / "r")
    assert [frame.text for frame in found.frames or ()] == ["data: 1\n\n", "data: 2"]
    assert found.cut is not None
    assert found.cut.by == "upstream"


def test_a_server_that_is_down_is_a_502(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with recording(nobody, tmp_path / "r") as url:
        answer = ask(url, "GET", "/api/whoami-v2")
    assert answer.status == 502
    assert answer.json()["error"].startswith(f"fakejobs record: {nobody} cannot be reached (")
    found = only(tmp_path / "r")
    assert (found.status, found.failed) == (
        502,
        "https://huggingface.co cannot be reached (Connection refused)",
    )


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
)
def test_a_server_that_breaks_off_is_a_502(tmp_path: Path, sent: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(sent)

        thread = threading.Thread(target=serve)
        thread.start()
        with recording(f"http://127.0.0.1:{listening.getsockname()[1]}", tmp_path / "r") as url:
            answer = ask(url, "GET", "/api/whoami-v2")
        thread.join()
    assert answer.status == 502
    assert only(tmp_path / "r").failed is not None


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts, and its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        skip_unless_in_ci("openssl is not installed")
    file = tmp_path / "certificate.pem"
    subprocess.run(
        [str(openssl), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", str(tmp_path / "public.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + (tmp_path / "public.pem").read_text())
    return file


@contextlib.contextmanager
def secure(file: Path, answers: int) -> Iterator[str]:
    """A server behind TLS, which answers so many connections with an event that is followed by silence."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def serve() -> None:
        for _ in range(answers):
            plain, _ = listening.accept()
            with (
                plain,
                contextlib.suppress(OSError),
                context.wrap_socket(plain, server_side=True) as connection,
            ):
                connection.settimeout(PATIENCE)
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
                connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a connection to the server stayed open"


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path, certificate: Path) -> None:
    with secure(certificate, 1) as server, recording(server, tmp_path / "r") as url:
        answer = ask(url, "GET", "/events")
    assert answer.status == 502
    assert "has a certificate that cannot be trusted (self-signed certificate" in answer.json()[
        "error"
    ].replace("self signed", "self-signed")


def test_streams_over_tls(tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "public.pem"))
    with (
        secure(certificate, 1) as server,
        recording(server, tmp_path / "r") as url,
        following(url, "/events") as response,
    ):
        assert response.readline() == b"data: 1\n"
    found = only(tmp_path / "r")
    assert found.cut is not None
    assert [frame.text for frame in found.frames or ()] == ["data: 1\n\n"]


def test_headers_bodies_and_redirects(tmp_path: Path) -> None:
    seen: list[tuple[str, str, bytes, dict[str, str]]] = []

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH")
        body = environ["wsgi.input"].read(int(length)) if length else b""
        if environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read()
        host = f"http://{environ['HTTP_HOST']}"
        seen.append(
            (
                environ["REQUEST_METHOD"],
                environ["RAW_URI"],
                body,
                {key: value for key, value in environ.items() if key.startswith("HTTP_")},
            )
        )
        if environ["PATH_INFO"] == "/old":
            start_response(
                "307 Temporary Redirect",
                [("Location", f"{host}/new?x=1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
            )
            return []
        start_response(
            "200 OK",
            [("Content-Type", "application/json"), ("Link", f'<{host}/next?cursor=Zm9v>; rel="next"')],
        )
        return [
            json.dumps(
                {"url": f"{host}/here", "say": f"see {host}/there", "avatarUrl": f"{host}/a.svg"}
            ).encode()
        ]

    with serve_in_thread(app_of(answer)) as server, recording(server.url, tmp_path / "r") as url:
        moved = ask(
            url,
            "GET",
            "/old",
            headers={"Cookie": "secret=1", "Connection": "x-hop", "X-Hop": "1", "X-Amzn-Trace-Id": "abc"},
        )
        assert (moved.status, moved.all("location"), moved.all("set-cookie")) == (
            307,
            [f"{url}/new?x=1"],
            ["a=1", "b=2"],
        )
        there = ask(
            url, "POST", "/a%2Fb?q=%C3%A9", {"endpoint": f"{url}/x"}, headers={"Expect": "100-continue"}
        )
        # Whole values are addresses of ours for the client; what is a text stays one.
        assert there.json() == {
            "url": f"{url}/here",
            "say": f"see {server.url}/there",
            "avatarUrl": f"{server.url}/a.svg",
        }
        assert there.all("link") == [f'<{url}/next?cursor=Zm9v>; rel="next"']
        connection = HTTPConnection(urlsplit(url).hostname or "", urlsplit(url).port, timeout=PATIENCE)
        connection.request(
            "POST",
            "/chunked",
            iter([b"one", b"two"]),
            encode_chunked=True,
            headers={"Transfer-Encoding": "chunked"},
        )
        connection.getresponse().read()
        connection.close()
    assert [(method, target, body) for method, target, body, _ in seen] == [
        ("GET", "/old", b""),
        ("POST", "/a%2Fb?q=%C3%A9", json.dumps({"endpoint": f"{server.url}/x"}).encode()),
        ("POST", "/chunked", b"onetwo"),
    ]
    assert seen[0][3]["HTTP_COOKIE"] == "secret=1"
    assert seen[0][3]["HTTP_X_AMZN_TRACE_ID"] == "abc"
    assert "HTTP_X_HOP" not in seen[0][3]
    assert seen[0][3]["HTTP_ACCEPT_ENCODING"] == "identity"
    assert seen[0][3]["HTTP_HOST"] == urlsplit(server.url).netloc
    kept = texts(tmp_path / "r")
    for word in ("secret=1", "a=1", "abc", urlsplit(server.url).netloc, urlsplit(url).netloc, "Zm9v"):
        assert word not in kept
    assert '<https://huggingface.co/next?cursor=cursor-1>; rel=\\"next\\"' in kept


def test_bodies_that_are_not_kept(tmp_path: Path) -> None:
    large = b"x" * (BODY_LIMIT + 1)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/large":
            assert environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])) == large
            start_response("200 OK", [("Content-Type", "application/octet-stream")])
            return [large[:1000], large[1000:]]
        if environ["PATH_INFO"] == "/gzip":
            body = gzip.compress(b'{"name": "ada"}')
            start_response(
                "200 OK",
                [
                    ("Content-Type", "application/json"),
                    ("Content-Encoding", "gzip"),
                    ("Content-Length", str(len(body))),
                ],
            )
            return [body]
        start_response("200 OK", [("Content-Type", "image/png"), ("Content-Length", "4")])
        return [b"\x89PNG"]

    with serve_in_thread(app_of(answer)) as server, recording(server.url, tmp_path / "r") as url:
        connection = HTTPConnection(urlsplit(url).hostname or "", urlsplit(url).port, timeout=PATIENCE)
        connection.request("POST", "/large", large)
        assert connection.getresponse().read() == large
        connection.close()
        assert gzip.decompress(ask(url, "GET", "/gzip").body) == b'{"name": "ada"}'
        assert ask(url, "GET", "/png").body == b"\x89PNG"
    first, second, third = (found.exchange for found in read_recordings(tmp_path / "r"))
    assert first.request.body is not None
    assert first.request.body.value == "it has 8,388,609 bytes; at most 8,388,608 bytes are kept"
    assert first.response.body is not None
    assert first.response.body.kind == "omitted"
    assert second.response.body is not None
    assert "compressed (gzip)" in str(second.response.body.value)
    assert third.response.body is not None
    assert (third.response.body.kind, third.response.body.raw()) == ("base64", b"\x89PNG")


@pytest.mark.parametrize(
    ("sent", "cut_by", "kept"),
    [
        (b"\x89PNG", None, Body("base64", "iVBORw==")),
        (b"\x89P", "client", Body("omitted", "it was cut off")),
    ],
)
def test_a_client_that_hangs_up_has_all_of_it_or_not(
    tmp_path: Path, sent: bytes, cut_by: str | None, kept: Body
) -> None:
    """That an answer is whole follows from its length: neither how long the server stays nor when the client leaves counts."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n"
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        recording(f"http://127.0.0.1:{listening.getsockname()[1]}", tmp_path / "r") as url,
    ):
        client = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        client.request("GET", "/png")
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(PATIENCE)
            assert connection.recv(65536)
            connection.sendall(head + sent)
            response = client.getresponse()
            assert response.read(len(sent)) == sent
            response.close()
            client.close()
            assert connection.recv(1) == b"", "the proxy has let go of the server"
    found = only(tmp_path / "r")
    assert (found.cut.by if found.cut is not None else None, found.body) == (cut_by, kept)


def test_files_are_numbered_as_requests_arrive(tmp_path: Path) -> None:
    """However long their answers take."""
    go = threading.Event()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield b"data: 1\n\n"
        if environ["PATH_INFO"] == "/slow":
            go.wait(PATIENCE)

    with (
        serve_in_thread(app_of(answer)) as server,
        recording(server.url, tmp_path / "r") as url,
        following(url, "/slow") as response,
    ):
        assert response.readline() == b"data: 1\n"
        assert ask(url, "GET", "/quick").body == b"data: 1\n\n"
        go.set()
        response.read()
    assert [found.name for found in read_recordings(tmp_path / "r")] == [
        "0001-GET-slow.json",
        "0002-GET-quick.json",
    ]


def test_what_did_not_end_and_what_came_too_late(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, [])
    first, second = recorder.begin(), recorder.begin()
    recorder.finish(second, Exchange(Request("GET", "/two"), Response(200)))
    recorder.close()
    recorder.finish(first, Exchange(Request("GET", "/one"), Response(200)))
    assert [file.name for file in tmp_path.iterdir()] == ["0002-GET-two.json"]
    assert recorder.summary() == [
        f"1 exchange recorded in {tmp_path}",
        "not kept: 1 exchange that was still under way",
    ]


def test_only_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "MOST_EXCHANGES", 2)
    recorder = Recorder(tmp_path, [])
    for _ in range(3):
        recorder.finish(recorder.begin(), Exchange(Request("GET", "/"), Response(200)))
    recorder.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0001-GET-root.json", "0002-GET-root.json"]
    assert recorder.summary()[1] == "only the first 2 exchanges are kept; there were 3"


def test_too_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "MOST_AT_ONCE", 1)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield b"data: 1\n\n"
        go.wait(PATIENCE)

    go = threading.Event()
    with serve_in_thread(app_of(answer)) as server, recording(server.url, tmp_path / "r") as url:
        with following(url, "/events") as response:
            assert response.readline() == b"data: 1\n"
            assert ask(url, "GET", "/more").status == 503
            go.set()
            response.read()
        go.set()
        # The place is free again as soon as the first one is over, which it is when it has been written down.
        assert any(ask(url, "GET", "/more").status == 200 for _ in range(100))


# Frames


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_frames_are_events_whatever_the_chunks_are(size: int) -> None:
    events = ["data: é\n\n", ": keep-alive\n\n", "event: metric\r\ndata: 1\r\n\r\n", "data: cut"]
    raw = "".join(events).encode()
    framer = Framer(events=True)
    for at, begin in enumerate(range(0, len(raw), size)):
        framer.feed(raw[begin : begin + size], at)
    framer.finish()
    assert [frame.text for frame in framer.frames] == events
    assert [frame.at for frame in framer.frames] == sorted(frame.at for frame in framer.frames)


def test_a_stream_that_never_ends_is_kept_up_to_a_limit() -> None:
    framer = Framer(events=True)
    for at in range(20):
        framer.feed(b"data: " + b"x" * 1_000_000 + b"\n\n", at)
    framer.finish()
    assert framer.truncated
    assert len(framer.frames) == 8


# The directory


def test_a_directory_with_recordings_is_not_written_to(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, [])
    (tmp_path / "0001-GET-api.json").write_text("{}")
    recorder.close()
    with pytest.raises(BadRecording, match="has recordings already; give another --dir"):
        Recorder(tmp_path, [])
    with pytest.raises(BadRecording, match="cannot be made"):
        Recorder(tmp_path / "0001-GET-api.json", [])


def test_files_are_the_same_every_time(hub: FakeHub, tmp_path: Path) -> None:
    def play(url: str) -> None:
        ask(url, "GET", "/api/whoami-v2")
        ask(url, "GET", "/api/jobs/fake-user?label=a%3Db")

    for name in ("one", "two"):
        recorded(wsgi_app(hub), tmp_path / name, play)
    assert texts(tmp_path / "one") == texts(tmp_path / "two")
    assert [file.name for file in sorted((tmp_path / "one").iterdir())] == [
        "0001-GET-api-whoami-v2.json",
        "0002-GET-api-jobs-user-1.json",
    ]


def test_somebody_recognised_later_is_replaced_in_earlier_files(hub: FakeHub, tmp_path: Path) -> None:
    def play(url: str) -> None:
        ask(url, "GET", "/api/models/fake-user/model")
        ask(url, "GET", "/api/whoami-v2")

    first, _ = recorded(wsgi_app(hub), tmp_path / "r", play)
    assert first.name == "0001-GET-api-models-user-1-model.json"
    assert len(list((tmp_path / "r").iterdir())) == 2


# The command


def record(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return run_program(
        [sys.executable, "-m", "fakejobs", "record", *arguments],
        env={**os.environ, **more},
    )


ASKS = """
import os, urllib.request
request = urllib.request.Request(os.environ["HF_ENDPOINT"] + "/api/whoami-v2", headers={"Authorization": "Bearer " + os.environ["HF_TOKEN"]})
print(urllib.request.urlopen(request).status, os.environ.get("HF_HOME"), os.environ["NO_PROXY"])
raise SystemExit(3)
"""


def test_the_command_has_the_users_own_token(hub: FakeHub, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    with serve_in_thread(wsgi_app(hub)) as server:
        done = record(
            "--upstream", server.url, "--dir", str(folder), "--", sys.executable, "-c", ASKS,
            HF_TOKEN="hf_my_very_own", HF_HOME="/my/home", NO_PROXY="intranet", no_proxy="intranet",
        )  # fmt: skip
    assert done.stdout == "200 /my/home intranet,127.0.0.1,localhost\n"
    assert done.stderr == f"fakejobs: 1 exchange recorded in {folder}\n"
    assert done.returncode == 3
    assert "very_own" not in texts(folder)


def test_the_rest_of_the_environment_stays() -> None:
    given = {"HF_TOKEN_PATH": "/t", "HUGGING_FACE_HUB_TOKEN": "hf_a", "HF_ENDPOINT": "https://hub.example"}
    made = recording_environment("http://127.0.0.1:1", given)
    assert {**given, "HF_ENDPOINT": "http://127.0.0.1:1"}.items() <= made.items()


def test_mistakes_are_told_before_the_command_is_run(tmp_path: Path) -> None:
    done = record(
        "--upstream", "huggingface.co", "--dir", str(tmp_path), "--", sys.executable, "-c", "print(1)"
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "--upstream huggingface.co" in done.stderr
    (tmp_path / "0001-GET-a.json").write_text("")
    done = record("--dir", str(tmp_path), "--", sys.executable, "-c", "print(1)")
    assert (done.returncode, done.stdout) == (1, "")
    assert "has recordings already" in done.stderr
    done = record("--dir", str(tmp_path / "x"), "--", "no-such-program")
    assert (done.returncode, done.stdout) == (127, "")
    assert "fakejobs: no-such-program: command not found" in done.stderr
    assert record("--dir", str(tmp_path / "y"), "--", str(tmp_path)).returncode == 126


def test_a_server_that_is_down_is_told_at_the_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    asks = "import os, urllib.request as r\ntry: r.urlopen(os.environ['HF_ENDPOINT'])\nexcept OSError: raise SystemExit(4)"
    done = record("--upstream", nobody, "--dir", str(tmp_path / "r"), "--", sys.executable, "-c", asks)
    assert done.returncode == 4
    assert (
        f"fakejobs: 1 request got no answer: {nobody} cannot be reached (Connection refused)" in done.stderr
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signals_are_passed_on_and_what_was_recorded_stays(hub: FakeHub, tmp_path: Path, name: str) -> None:
    child = (
        "import os, signal, sys, urllib.request\n"
        f"signal.signal(signal.{name}, lambda *_: sys.exit(7))\n"
        "urllib.request.urlopen(os.environ['HF_ENDPOINT'] + '/api/jobs/hardware').read()\n"
        "print('ready', flush=True)\nsignal.pause()"
    )
    with serve_in_thread(wsgi_app(hub)) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "fakejobs", "record", "--upstream", server.url, "--dir", str(tmp_path / "r"), "--",
             sys.executable, "-c", child],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        with process, contextlib.ExitStack() as stack:
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(getattr(signal, name))
            assert process.wait(timeout=PATIENCE) == 7
    assert len(read_recordings(tmp_path / "r")) == 1
