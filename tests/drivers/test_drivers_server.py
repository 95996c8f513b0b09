"""Listening, and what goes wrong before the first request."""

from __future__ import annotations

import errno
import importlib.util
import os
import signal
import socket
import threading
from typing import Any

import pytest

from fakejobs.drivers import server as server_module
from fakejobs.drivers.server import CannotListen, PortTaken, ServerMissing, listen, run, url_of
from tests.drivers.streaming_app import App


def test_port_0_is_a_free_port_with_a_url() -> None:
    with listen() as sock:
        host, port = sock.getsockname()
        assert (host, url_of(sock)) == ("127.0.0.1", f"http://127.0.0.1:{port}")
        assert port > 0
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_all_addresses_have_a_url_that_works_here() -> None:
    with listen("0.0.0.0") as sock:
        assert url_of(sock).startswith("http://127.0.0.1:")


def test_localhost_is_the_ipv4_one() -> None:
    with listen("localhost") as sock:
        assert sock.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with listen() as sock:
        port = sock.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} on 127\.0\.0\.1 is taken.*another port") as caught:
            listen("127.0.0.1", port)
    assert isinstance(caught.value, OSError)
    assert caught.value.errno == errno.EADDRINUSE
    with listen("127.0.0.1", port):  # free again at once
        pass


@pytest.mark.parametrize("port", [-1, 65536, 10**30])
def test_what_is_no_port_is_said_to_be_none(port: int) -> None:
    with pytest.raises(CannotListen, match=f"{port} is not a port"):
        listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["", "not a host", "a" * 300, "ü..x"])
def test_an_unknown_host(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # no test asks a name server
    with pytest.raises(CannotListen, match="no such host"):
        listen(host)


def test_somebody_elses_address() -> None:
    with pytest.raises(CannotListen, match=r"203\.0\.113\.1 is not an address of this machine"):
        listen("203.0.113.1")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EMFILE])
def test_other_refusals_name_host_and_port(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(socket.socket):
        def bind(self, _address: Any, /) -> None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(CannotListen, match=r"port 80 of 127\.0\.0\.1"):
        listen("127.0.0.1", 80)


def test_uvicorn_that_is_not_installed_is_an_error_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    sock = listen()
    with pytest.raises(ServerMissing, match=r"fakejobs\[serve\]"):
        run(App(), sock=sock, server="uvicorn")
    assert sock.fileno() == -1


@pytest.mark.parametrize("server", ["uvicorn", "werkzeug"])
def test_what_on_ready_raises_ends_the_server(server: Any) -> None:
    if server == "uvicorn":
        pytest.importorskip("uvicorn")

    def unwritable(url: str) -> None:
        raise PermissionError(url)

    sock = listen()
    url = url_of(sock)
    with pytest.raises(PermissionError, match=url):
        run(App(), sock=sock, server=server, on_ready=unwritable)
    assert sock.fileno() == -1


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals come to the main thread"
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_half_a_second_later_forces(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    happened: list[object] = []
    monkeypatch.setattr(server_module, "monotonic", lambda: now[0])
    monkeypatch.setattr(os, "_exit", happened.append)
    before = signal.getsignal(number)
    with server_module._signals(lambda: happened.append("stop")):
        signal.raise_signal(number)
        now[0] += 0.1  # a wrapper that passes the same Ctrl-C on
        signal.raise_signal(number)
        assert happened == ["stop"]
        now[0] += 0.5
        signal.raise_signal(number)
        assert happened == ["stop", 128 + number]
    assert signal.getsignal(number) is before
