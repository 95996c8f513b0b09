"""Both servers, each in a process of its own, over real sockets: they have to behave alike."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from fakejobs.drivers.asgi import BODY_LIMIT
from tests.drivers.live import PATIENCE, Live, frame, served

SERVERS = ["uvicorn", "werkzeug"]


@pytest.fixture(scope="module", params=SERVERS)
def running(request: pytest.FixtureRequest) -> Iterator[Live]:
    if request.param == "uvicorn":
        pytest.importorskip("uvicorn")
    with served(request.param) as live:
        yield live


@pytest.fixture
def live(running: Live) -> Live:
    running.ask("POST", "/reset")
    running.wait_for(subscribed=0)
    return running


@pytest.mark.parametrize("path", ["/echo", "/stream", "/empty", "/write"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_there_is_one_date_and_it_is_the_apps(live: Live, method: str, path: str) -> None:
    live.ask("POST", "/end")
    answer = live.ask(method, path)
    assert answer.header("Date") == ["Sun, 15 Jun 2025 15:06:40 GMT"]
    assert answer.header("Server") == []
    assert method == "GET" or answer.body == b""


def test_paths_queries_and_bodies_arrive_as_they_were_sent(live: Live) -> None:
    answer = live.ask(
        "POST",
        "/echo/%C3%BC%20%F0%9F%A4%97?label=a%3Db&x",
        b"\x00\xff",
        {"X-One": "1", "Content-Type": "a/b"},
    ).json()
    environ = answer["environ"]
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/echo/ü 🤗"
    assert environ["QUERY_STRING"] == "label=a%3Db&x"
    assert (environ["HTTP_X_ONE"], environ["CONTENT_TYPE"]) == ("1", "a/b")
    assert answer["body"] == "\x00\xff"
    assert environ["SERVER_PORT"] == str(live.address[1])


def test_expect_continue(live: Live) -> None:
    with socket.create_connection(live.address, PATIENCE) as sock, sock.makefile("rb") as reader:
        sock.sendall(
            b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        sock.sendall(b"hi")
        answer = reader.read()
        assert b'"body": "hi"' in answer
        assert b"100 Continue" not in answer  # once is enough


def test_frames_arrive_one_by_one_and_the_end_is_a_proper_one(live: Live) -> None:
    with live.following() as response:
        assert response.getheader("Transfer-Encoding") == "chunked"
        live.ask("POST", "/say", b"data: 1\n\n")
        assert frame(response) == b"data: 1\n\n"
        live.ask("POST", "/say", b"data: 2\n\n")
        assert frame(response) == b"data: 2\n\n"
        live.ask("POST", "/end")
        assert response.read() == b""
    live.wait_for(subscribed=0, open=0)


def test_small_frames_do_not_wait_for_acknowledgements(live: Live) -> None:
    with live.following() as response:
        live.wait_for(subscribed=1)
        before = time.monotonic()
        for number in range(20):
            live.ask("POST", "/say", b"data: %d\n\n" % number)
            frame(response)
        # With Nagle's algorithm each would take 40 ms more.
        assert time.monotonic() - before < 0.6


def test_a_follower_that_hangs_up_is_noticed_though_nothing_is_said(live: Live) -> None:
    with contextlib.ExitStack() as followers:
        for _ in range(5):
            followers.enter_context(live.following())
        live.wait_for(subscribed=5)
    live.wait_for(subscribed=0, open=0)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # somebody tries TLS
        b"GET\r\n\r\n",
        b"GET / HTTP/9.x\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_400_and_hurts_nobody(live: Live, request_bytes: bytes) -> None:
    with socket.create_connection(live.address, PATIENCE) as sock, sock.makefile("rb") as reader:
        sock.sendall(request_bytes)
        assert reader.readline().split()[1:2] in ([b"400"], [b"414"], [b"505"])
        assert b"<html" not in reader.read().lower()
    assert live.ask("GET", "/echo").status == 200


def test_no_answer_is_without_a_status(live: Live) -> None:
    """In HTTP/0.9, which werkzeug would speak, answers have neither status nor headers."""
    with socket.create_connection(live.address, PATIENCE) as sock, sock.makefile("rb") as reader:
        sock.sendall(b"GET /echo\r\n\r\n")
        assert reader.readline().startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("trailers", [False, True])
def test_heads_and_trailers_without_an_end_are_cut_off(trailers: bool) -> None:
    """uvicorn would keep all of it."""
    pytest.importorskip("httptools")
    with served("uvicorn") as live:
        with socket.create_connection(live.address, PATIENCE) as sock, sock.makefile("rb") as reader:
            if trailers:
                sock.sendall(
                    b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                assert reader.readline() == b"HTTP/1.1 100 Continue\r\n"
                reader.readline()
                sock.sendall(b"0\r\n" + b"X: y\r\n" * 11_000)
            else:
                sock.sendall(b"GET /echo HTTP/1.1\r\n" + b"X: y\r\n" * 11_000)
            assert reader.readline() == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            assert b'{"error": "Request Header Fields Too Large' in reader.read()
        assert live.ask("GET", "/echo", headers={"X": "y" * 60_000}).status == 200


def test_an_enormous_body_is_refused_by_the_bridge() -> None:
    pytest.importorskip("uvicorn")
    with served("uvicorn") as live:
        connection = http.client.HTTPConnection(*live.address, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", "/echo", bytes(BODY_LIMIT + 1))
            response = connection.getresponse()
            assert response.status == 413
            assert b"error" in response.read()
            connection.request("GET", "/echo")  # and the connection is as good as before
            assert connection.getresponse().read()


def test_polling_clients_keep_their_connection() -> None:
    pytest.importorskip("uvicorn")
    with served("uvicorn") as live:
        connection = http.client.HTTPConnection(*live.address, timeout=PATIENCE)
        with contextlib.closing(connection):
            ports = set()
            for _ in range(3):
                connection.request("GET", "/echo")
                connection.getresponse().read()
                ports.add(connection.sock.getsockname()[1])
            assert len(ports) == 1


def test_two_hundred_followers_need_no_threads() -> None:
    pytest.importorskip("uvicorn")
    with served("uvicorn") as live, contextlib.ExitStack() as followers:
        responses = [followers.enter_context(live.following()) for _ in range(200)]
        live.wait_for(subscribed=200)
        assert live.state()["threads"] <= 4
        live.ask("POST", "/say", b"data: to all\n\n")
        assert {frame(response) for response in responses} == {b"data: to all\n\n"}
        followers.close()
        live.wait_for(subscribed=0, open=0)


@pytest.mark.parametrize("server", SERVERS)
def test_keep_alives_on_the_wire(server: str) -> None:
    if server == "uvicorn":
        pytest.importorskip("uvicorn")
    with served(server, "0.01") as live, live.following() as response:
        assert [frame(response) for _ in range(3)] == [b": keep-alive\n\n"] * 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("server", SERVERS)
def test_a_signal_ends_open_streams_and_the_server_cleanly(server: str, number: signal.Signals) -> None:
    if server == "uvicorn":
        pytest.importorskip("uvicorn")
    with served(server) as live, contextlib.ExitStack() as clients:
        followers = [clients.enter_context(live.following()) for _ in range(5)]
        clients.enter_context(socket.create_connection(live.address))  # connected, and says nothing
        clients.enter_context(live.following("/flood"))  # asks for much, and reads nothing
        live.wait_for(subscribed=6)
        assert live.process is not None
        before = time.monotonic()
        live.process.send_signal(number)
        live.process.send_signal(number)  # as a terminal and a wrapper would, both
        assert [response.read() for response in followers] == [b""] * 5
        assert live.process.wait(PATIENCE) == 0
        assert time.monotonic() - before < 2
        assert live.process.stderr is not None
        assert live.process.stderr.read() == ""
