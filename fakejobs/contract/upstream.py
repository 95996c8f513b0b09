"""The server that is recorded: its address, connections to it, and why it cannot be asked."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from fakejobs.contract.fetch import check_url, shown

CONNECT_SECONDS = 30.0
"""Real seconds that a connection to the server may take."""

READ_SECONDS = 600.0
"""Real seconds that the server may be silent: a follower of a log gets a keep-alive every half minute."""


@dataclass(frozen=True)
class Upstream:
    """The server that is recorded.

    Attributes:
        url: its address, without a slash at its end.
        secure: whether it is ``https``; its certificate is verified then.
        host: its name.
        port: its port.
        prefix: what its paths begin with, if it is not at the root.
    """

    url: str
    secure: bool
    host: str
    port: int
    prefix: str

    @classmethod
    def at(cls, url: str) -> Upstream:
        """The server at this address.

        Raises:
            ValueError: it is no address, or has a user or a query in it.
        """
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"--upstream {shown(url)}: give an address such as https://huggingface.co")
        check_url(url)
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            raise ValueError("--upstream: give an address without ? and #, such as https://huggingface.co")
        secure = parts.scheme == "https"
        return cls(
            url.rstrip("/"),
            secure,
            parts.hostname or "",
            parts.port or (443 if secure else 80),
            parts.path.rstrip("/"),
        )

    def connect(self) -> HTTPConnection:
        """A new connection.

        Raises:
            OSError: it cannot be had.
        """
        connection = (
            HTTPSConnection(
                self.host, self.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
            )
            if self.secure
            else HTTPConnection(self.host, self.port, timeout=CONNECT_SECONDS)
        )
        connection.connect()
        connection.sock.settimeout(READ_SECONDS)
        return connection


def reason(error: Exception) -> str:
    """Why a server could not be asked, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that cannot be trusted ({error.verify_message})"
    if isinstance(error, socket.gaierror):
        return "cannot be found: no such host"
    if isinstance(error, TimeoutError):
        return "does not answer"
    if isinstance(error, OSError):
        return f"cannot be reached ({error.strerror or type(error).__name__})"
    return f"broke off its answer ({type(error).__name__})"
