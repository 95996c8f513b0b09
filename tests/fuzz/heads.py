"""Raw HTTP: requests as bytes, good ones and others, and a connection that says what a server makes of them."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from hypothesis import strategies as st

from tests.fuzz.bytes_of import damaged

PATIENCE = 10.0
"""Seconds after which a server that says nothing and does not close is hanging."""

MOST_BYTES = 4 * 1024 * 1024

ENDED, RUNNING = "0" * 24, "1" * 24
"""What is sent instead of the ids of two jobs, which are not known before the server has made them."""

JOB = json.dumps({"flavor": "cpu-basic", "dockerImage": "x"}).encode()
_SUBMIT = b"POST /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hf_x\r\nContent-Type: application/json\r\n"
GOOD: Sequence[bytes] = (
    b"GET /api/jobs/hardware HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /_fakejobs/health HTTP/1.0\r\n\r\n",
    b"HEAD /api/jobs/fake-user HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hf_x\r\n\r\n",
    _SUBMIT + b"Content-Length: %d\r\n\r\n%s" % (len(JOB), JOB),
    _SUBMIT + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(JOB), JOB),
    b"GET /api/jobs/fake-user/%s/logs?tail=2 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hf_x\r\n"
    b"Last-Event-ID: 1\r\n\r\n" % ENDED.encode(),
    b"GET /api/jobs/fake-user/%s/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hf_x\r\n\r\n"
    % RUNNING.encode(),
)

_METHODS = st.sampled_from(
    [
        b"GET",
        b"POST",
        b"PUT",
        b"HEAD",
        b"OPTIONS",
        b"CONNECT",
        b"PRI",
        b"get",
        b"",
        b"G\x00T",
        b"\xff",
        b"M" * 3000,
    ]
)
_TARGETS = st.sampled_from(
    [b"/api/jobs/hardware", b"/api/jobs/fake-user", b"/_fakejobs/health", b"*", b"", b"/", b"//", b"http://evil.example/api/jobs/hardware",
     b"/api/jobs/fake-user/%s/metrics" % RUNNING.encode(), b"/%00", b"/\x00", b"/\xff\xfe", b"/a b", b"/api/jobs/fake-user?stage=\xff", b"/?" + b"x" * 70_000, b"/" + b"y" * 70_000, b"a:1", b"/#x"]
)  # fmt: skip
_VERSIONS = st.sampled_from(
    [b"HTTP/1.1"] * 4
    + [
        b"HTTP/1.0",
        b"HTTP/2",
        b"HTTP/0.9",
        b"HTTP/9.9",
        b"HTTP/1.1.1",
        b"HTTP/",
        b"",
        b"http/1.1",
        b"HTTP/1.\xff",
    ]
)
_ENDS = st.sampled_from([b"\r\n"] * 6 + [b"\n", b"\r", b"\r\r\n", b"\x0b\r\n"])
_LENGTHS = [
    b"0",
    b"5",
    b"-1",
    b"+5",
    b"0x5",
    b"5, 5",
    b"5,6",
    b" 5 ",
    b"",
    b"5.0",
    b"\xd9\xa5",
    b"9" * 18,
    b"9" * 19,
    b"9" * 400,
    b"1_0",
    b"abc",
    b"1048577",
    b"9000000",
]
_SIZES = st.one_of(
    st.builds(lambda value: b"Content-Length: " + value, st.sampled_from(_LENGTHS)),
    st.builds(
        lambda value: b"Transfer-Encoding: " + value,
        st.sampled_from([b"chunked", b"Chunked", b"chunked, chunked", b"gzip, chunked", b"identity", b"\x0bchunked", b"chunked;x", b"x", b""]),
    ),
)  # fmt: skip
_HEADERS = st.one_of(
    _SIZES,
    st.sampled_from(
        [b"Host: a", b"Host:", b"Host: a\r\nHost: b", b"Host: \xff", b"Expect: 100-continue", b"Expect: x", b"Connection: close",
         b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13", b"Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x",
         b"Content-Type: application/json", b"Authorization: Bearer \xff\xfe", b"Authorization:", b"Bad Name: x", b"Bad\x00Name: x",
         b": x", b"NoColon", b" folded", b"\tfolded: x", b"X: a\r\n b", b"X: \x00", b"X: \x7f\x80", b"X:" + b" " * 5000, b"X: " + b"v" * 70_000,
         b"\r\n".join(b"H%d: v" % number for number in range(300)), b"Cookie: " + b"a=b;" * 2000, b"Content_Length: 7"]
    ),
)  # fmt: skip
_PAYLOADS = st.one_of(
    st.sampled_from(
        [b"", b"hello", JOB, b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b"-1\r\n", b"ffffffffffffffffff\r\nx", b"5;" + b"e" * 5000 + b"\r\nhello\r\n0\r\n\r\n",
         b"5\nhello\n0\n\n", b"zz\r\n", b"200001\r\n{", b"7fffffff\r\n{", b"0\r\nTrailer: \xff\r\n\r\n", b"0\r\n" + b"T: x\r\n" * 200 + b"\r\n", b"\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"00000000000000000005\r\nhello\r\n0\r\n\r\n"]
    ),
    st.binary(max_size=40),
)  # fmt: skip


@st.composite
def _written(draw: st.DrawFn) -> bytes:
    """A request put together of odd parts."""
    end = draw(_ENDS)
    line = draw(_METHODS) + b" " + draw(_TARGETS) + b" " + draw(_VERSIONS)
    headers = draw(st.lists(_HEADERS, max_size=4))
    return end.join([line, *headers, b"", b""]) + draw(_PAYLOADS)


_SUBMITTED = st.builds(lambda size, body: _SUBMIT + size + b"\r\n\r\n" + body, _SIZES, _PAYLOADS)
"""A head that is good up to the size of its body, so that the app reads that body."""

REQUESTS = st.one_of(
    _written(),
    _SUBMITTED,
    st.sampled_from(GOOD).flatmap(damaged),
    st.sampled_from(GOOD),
    st.binary(max_size=60),
)
"""One request, or what is none."""


@dataclass(frozen=True)
class Conversation:
    """What a server said until it closed.

    Attributes:
        heads: status and headers of each answer, in small letters.
        said: all bytes.
    """

    heads: list[tuple[int, bytes]]
    said: bytes

    @property
    def statuses(self) -> list[int]:
        return [status for status, _headers in self.heads]


_STREAM = b"content-type: text/event-stream"
_HEAD = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")


def talk(url: str, pieces: Sequence[bytes], *, half_closed: bool = True) -> Conversation:
    """Send pieces, say that there is no more (``half_closed``), and listen until the server closes.

    Raises:
        AssertionError: it does not.
    """
    said = b""
    with connected(url) as sock:
        try:
            for piece in pieces:
                sock.sendall(piece)
            if half_closed:
                sock.shutdown(socket.SHUT_WR)
            while (chunk := sock.recv(65536)) and len(said) < MOST_BYTES:
                said += chunk
                if _STREAM in said.lower():
                    sock.settimeout(0.1)
        except TimeoutError:
            if _STREAM not in said.lower():  # which has no end while the job runs
                raise AssertionError(
                    f"the server hangs after {pieces!r:.2000}; it said {said[:500]!r}"
                ) from None
        except OSError:
            pass  # it closed while there was still something to read, or to send
    return Conversation([(int(status), headers.lower()) for status, headers in _HEAD.findall(said)], said)


def connected(url: str) -> contextlib.closing[socket.socket]:
    parts = urlsplit(url)
    return contextlib.closing(socket.create_connection((parts.hostname or "", parts.port or 0), PATIENCE))
