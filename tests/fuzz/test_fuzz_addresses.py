"""Addresses that are nearly right: paths, queries, cursors, and the headers and parameters of streams."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from functools import cache
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from tests.conftest import TOKEN, frozen_hub
from tests.fuzz.bytes_of import SPLINTERS, damaged
from tests.fuzz.served import check_answer, in_virtual_time, refused_or_done, unharmed
from tests.fuzz.size import share
from tests.support.play import ME, submit

JOBS = 101
"""One more than is on a page, so that there is a cursor."""


@cache
def full() -> tuple[FakeHub, Client, str, str]:
    """A hub with two namespaces of more than a page each, and a cursor of each. Nothing here changes it."""
    hub = frozen_hub(orgs=["acme"])
    hub.when().then(scheduling=0, running=1, logs=["a", "b"])
    for namespace in (ME, "acme"):
        for _ in range(JOBS):
            submit(hub, namespace=namespace, labels={"a": "b"})
    hub.clock.advance(60_000)
    web = Client(in_virtual_time(hub))
    return hub, web, cursor_of(web, ME), cursor_of(web, "acme")


def cursor_of(web: Client, namespace: str) -> str:
    link = web.get(f"/api/jobs/{namespace}", headers=TOKEN).headers["Link"]
    return parse_qs(urlsplit(link.partition(">")[0].lstrip("<")).query)["cursor"][0]


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    yield
    full()[0].close()
    full.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def nothing_happens() -> Iterator[None]:
    """None of all these requests has done anything."""
    hub = full()[0]
    before = hub.snapshot()
    yield
    assert hub.snapshot() == before
    unharmed(full()[1])


def ask(path: bytes, query: bytes = b"", method: str = "GET", **headers: str) -> TestResponse:
    """A request whose address is in bytes, as servers give them to a WSGI app."""
    answer = full()[1].open(
        "/",
        method=method,
        headers=TOKEN,
        environ_overrides={
            "PATH_INFO": path.decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        },
    )
    check_answer(answer)
    return answer


# ----------------------------------------------------------------------------------------------------- cursors


@st.composite
def cursors(draw: st.DrawFn) -> bytes:
    _hub, _web, mine, theirs = full()
    good = draw(st.sampled_from([mine, theirs])).encode()
    position = b"1780000000000.6a18a500465605444a000001"
    inner = draw(
        st.one_of(
            damaged(position),
            st.builds(lambda at, end: f"{at}.{end}".encode(), st.integers(-5, 10**18), st.text("0123456789abcdefG.", max_size=26)),
            st.binary(max_size=30),
        )
    )  # fmt: skip
    packed = urlsafe_b64encode(inner)
    return draw(
        st.one_of(
            damaged(good), st.just(good + b"="), st.just(packed), st.just(packed.rstrip(b"=")), st.just(inner)
        )
    )


@share(200)
@given(cursor=cursors(), other=st.sampled_from([b"", b"&stage=ERROR", b"&label=a%3Db"]))
def test_cursors(cursor: bytes, other: bytes) -> None:
    for namespace in (ME, "acme"):
        answer = ask(f"/api/jobs/{namespace}".encode(), b"cursor=" + quote(cursor).encode() + other)
        assert answer.status_code in (200, 400)
        if answer.status_code == 200:
            assert {job["owner"]["name"] for job in answer.get_json()} <= {namespace}


def test_the_cursor_of_another_namespace_shows_nothing_of_it() -> None:
    _hub, _web, mine, theirs = full()
    assert mine != theirs
    answer = ask(f"/api/jobs/{ME}".encode(), f"cursor={theirs}".encode())
    assert {job["owner"]["name"] for job in answer.get_json()} == {ME}


# ----------------------------------------------------------------------------------------- queries and streams

_PIECES = st.one_of(
    st.sampled_from(SPLINTERS),
    st.sampled_from([b"label", b"stage", b"cursor", b"tail", b"=", b"&", b";", b"RUNNING", b"ERROR", b"a%3Db", b"a=b", b"%26", b"1", b"+"]),
    st.binary(max_size=3),
)  # fmt: skip
_QUERIES = st.lists(_PIECES, max_size=8).map(b"".join)


@share(150)
@given(query=_QUERIES, way=st.sampled_from(["", "/count"]), method=st.sampled_from(["GET", "HEAD"]))
def test_queries_of_lists(query: bytes, way: str, method: str) -> None:
    assert ask(f"/api/jobs/{ME}{way}".encode(), query, method).status_code in (200, 400)


@share(100)
@given(
    tail=st.one_of(_PIECES, st.integers(-2, 2**70).map(lambda number: str(number).encode())),
    query=_QUERIES,
    way=st.sampled_from(["logs", "metrics", "events"]),
    headers=st.dictionaries(
        st.sampled_from(["last_event_id", "range", "accept", "if_none_match", "accept_encoding", "cache_control", "te"]),
        st.one_of(
            st.sampled_from(["bytes=0-", "bytes=5-1", "*/*;q=x", "text/html", "-1", "9" * 400, "\xff", "a, b;", ""]),
            st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20),
        ),
        max_size=3,
    ),
)  # fmt: skip
def test_parameters_and_headers_of_streams(
    tail: bytes, query: bytes, way: str, headers: dict[str, str]
) -> None:
    job = full()[0].all_jobs()[0].job.id
    answer = ask(f"/api/jobs/{ME}/{job}/{way}".encode(), b"tail=" + tail + b"&" + query, **headers)
    assert answer.status_code in (200, 400, 406)
    if answer.status_code == 200:
        assert answer.content_type.startswith("text/event-stream")


# -------------------------------------------------------------------------------------------------------- paths


@st.composite
def paths(draw: st.DrawFn) -> bytes:
    job = full()[0].all_jobs()[0].job.id
    good = draw(
        st.sampled_from(
            [f"/api/jobs/{ME}", f"/api/jobs/{ME}/{job}", f"/api/jobs/{ME}/{job}/logs", f"/api/jobs/{ME}/{job}/labels",
             f"/api/jobs/{ME}/{job}/auth-check/read", f"/api/scheduled-jobs/{ME}", "/api/whoami-v2", "/openapi.json",
             "/_fakejobs/health", "/_fakejobs/rules/1", f"/_fakejobs/jobs/{job}/transition", "/api/jobs/hardware"]
        )
    ).encode()  # fmt: skip
    if draw(st.booleans()):
        return draw(damaged(good))
    parts = good.split(b"/")
    at = draw(st.integers(1, len(parts) - 1))
    parts[at] = draw(st.one_of(st.sampled_from(SPLINTERS), st.binary(max_size=30), damaged(parts[at])))
    return b"/".join(parts)


@share(200)
@given(path=paths(), method=st.sampled_from(["GET", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", ""]))
def test_paths(path: bytes, method: str) -> None:
    ask(path, method=method)


@share(50)
@given(path=paths(), method=st.sampled_from(["POST", "PUT", "DELETE"]), hub=st.builds(frozen_hub))
def test_paths_that_would_do_something(path: bytes, method: str, hub: FakeHub) -> None:
    web, address = Client(in_virtual_time(hub)), {"PATH_INFO": path.decode("latin-1")}
    refused_or_done(hub, lambda: web.open("/", method=method, headers=TOKEN, environ_overrides=address))
    hub.close()
