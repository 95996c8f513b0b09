"""Closing the network to a process, for the proof that it is not needed."""

from __future__ import annotations

import ctypes
import platform
import socket
import struct
import sys
from typing import NoReturn

_SYSTEM_CALL = {"x86_64": 41, "aarch64": 198}
"""The number of ``socket(2)`` on Linux, by architecture."""


def refuse_python_sockets() -> None:
    """Make every connection and name lookup that Python code begins an error."""

    def refused(*args: object, **_: object) -> NoReturn:
        raise AssertionError(f"something wanted to connect: {args[1:]}")

    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, refused)
    for name in ("create_connection", "getaddrinfo"):
        setattr(socket, name, refused)


def kill_on_internet_sockets() -> bool:
    """Let the kernel end this process as soon as anything in it, Rust libraries too, makes an internet socket.

    There is no way back. Returns whether this system can do it: Linux on the usual two architectures.
    """
    number = _SYSTEM_CALL.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return False
    load, equal, give_back = 0x20, 0x15, 0x06
    kill, allow = 0x80000000, 0x7FFF0000
    # The program of seccomp(2): `equal` skips as many of the next lines as its two middle numbers say, if so and if not.
    program = b"".join(
        struct.pack("HBBI", *line)
        for line in (
            (load, 0, 0, 0),  # the number of the system call
            (equal, 0, 4, number),
            (load, 0, 0, 16),  # its first argument: the family of the socket
            (equal, 1, 0, int(socket.AF_INET)),
            (equal, 0, 1, int(socket.AF_INET6)),
            (give_back, 0, 0, kill),
            (give_back, 0, 0, allow),
        )
    )
    held = ctypes.create_string_buffer(program, len(program))
    address = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
    accepted: bool = libc.prctl(no_new_privileges, 1, 0, 0, 0) == 0
    return accepted and libc.prctl(set_seccomp, filter_mode, ctypes.create_string_buffer(address), 0, 0) == 0
