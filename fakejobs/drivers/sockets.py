"""The listening socket: bound by us, so that a taken port is a clear error and port 0 a number at once."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct

_BACKLOG = 1024


class CannotListen(OSError):
    """The address cannot be listened on; the message says which one, why, and what to do."""


class PortTaken(CannotListen):
    """Another program listens on that port already."""


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A TCP socket that listens on ``host`` (a name or address, IPv4 or IPv6) and ``port`` (0: a free one).

    Raises:
        PortTaken: something listens there already.
        CannotListen: the host is unknown or not this machine's, or the port is not allowed or no port.
    """
    if not 0 <= port <= 65535:
        raise CannotListen(errno.EINVAL, f"{port} is not a port: use 1 to 65535, or 0 for any free one")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        raise CannotListen(
            errno.EADDRNOTAVAIL,
            f"no such host: {host!r}; use 127.0.0.1 for this machine only, 0.0.0.0 for all",
        ) from None
    # IPv4 first: for "localhost" that is the address printed everywhere else.
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    sock = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # Else the port of a server that was just stopped stays refused for a minute. (On Windows the same
            # option would share the port with whoever has it.)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it: two writes must not wait for a delayed acknowledgement (44 ms).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise _explained(error, host, port) from None
    return sock


def reset(sock: socket.socket) -> None:
    """End a connection with a TCP reset. What was sent before still arrives; the socket is closed, whoever else holds it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(sock.detach())


def url_of(sock: socket.socket) -> str:
    """The URL at which a client on this machine reaches ``sock``, without a slash at its end."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  not bound here
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _explained(error: OSError, host: str, port: int) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(
            errno.EADDRINUSE,
            f"port {port} on {host} is taken: something else listens there. "
            "Stop it, or choose another port (0 picks a free one)",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return CannotListen(
            errno.EACCES,
            f"not allowed to listen on port {port} of {host}: ports below 1024 are often for administrators. "
            "Choose a higher port (0 picks a free one)",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return CannotListen(
            errno.EADDRNOTAVAIL,
            f"{host} is not an address of this machine; use 127.0.0.1 for this machine only, 0.0.0.0 for all",
        )
    return CannotListen(
        error.errno or 0, f"cannot listen on port {port} of {host}: {error.strerror or error}"
    )
