"""The routes of buckets and of the content store, as they are on the wire."""

from __future__ import annotations

import contextlib
import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from fakejobs.drivers.threads import serve_in_thread
from fakejobs.hub import FakeHub
from fakejobs.model.xet import FileParts, Segment, chunks_of, cut, file_hash, pack, xorb_hash
from fakejobs.web.app import wsgi_app
from fakejobs.wire.xet import write_shard
from tests.conftest import TOKEN, frozen_hub
from tests.support.raw import ask

BUCKET = "/api/buckets/fake-user/data"
WHEN = "2026-05-28T20:26:40.000Z"
HUB_DOCUMENT = Path(__file__).parents[3] / "shared" / "facts" / "hub-jobs.openapi.json"


@pytest.fixture(autouse=True)
def bucket(web: Client) -> None:
    assert web.post(BUCKET, json={"private": True}, headers=TOKEN).status_code == 200


class Store:
    """The content store, for somebody with a token."""

    def __init__(self, web: Client, access: str = "write") -> None:
        token = web.get(f"{BUCKET}/xet-{access}-token", headers=TOKEN).get_json()
        self.web = web
        self.address = token["casUrl"].removeprefix("http://localhost")
        self.headers = {"Authorization": f"Bearer {token['accessToken']}"}

    def post(self, path: str, body: bytes) -> TestResponse:
        return self.web.post(self.address + path, data=body, headers=self.headers)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.web.get(self.address + path, headers={**self.headers, **headers})

    def upload(self, content: bytes) -> str:
        """Upload a file as a client does; returns its hash."""
        xorb = pack(cut(content))
        chunks = chunks_of(xorb)
        name = xorb_hash(chunks)
        assert self.post(f"/v1/xorbs/default/{name}", xorb).status_code == 200
        file = FileParts(file_hash(chunks), (Segment(name, 0, len(chunks), len(content)),))
        assert self.post("/v1/shards", write_shard([file])).status_code == 200
        return file.hash


def batch(web: Client, *operations: dict[str, Any]) -> TestResponse:
    lines = "".join(json.dumps(each) + "\n" for each in operations)
    headers = {**TOKEN, "Content-Type": "application/x-ndjson"}
    return web.post(f"{BUCKET}/batch", data=lines.encode(), headers=headers)


def added(path: str, name: str, **more: object) -> dict[str, object]:
    return {"type": "addFile", "path": path, "xetHash": name, **more}


def refused(answer: TestResponse, status: int, text: str, code: str | None = None) -> None:
    assert (answer.status_code, answer.headers.get("X-Error-Code")) == (status, code), answer.text
    assert text in answer.get_json()["error"]


def test_a_new_bucket(web: Client) -> None:
    answer = web.post("/api/buckets/me/more", json={}, headers=TOKEN)
    made = answer.get_json()
    assert made == {
        "url": "http://localhost/buckets/fake-user/more",
        "name": "fake-user/more",
        "id": made["id"],
    }
    again = web.post("/api/buckets/fake-user/more", json={"visibility": "private"}, headers=TOKEN)
    assert again.status_code == 409
    assert again.get_json() == {
        "error": "You already created this bucket repo: fake-user/more",
        "url": "http://localhost/buckets/fake-user/more",
        "id": made["id"],
    }
    assert web.get("/api/buckets/fake-user/more", headers=TOKEN).get_json() == {
        "author": "fake-user",
        "id": "fake-user/more",
        "private": False,
        "createdAt": WHEN,
        "updatedAt": WHEN,
        "size": 0,
        "totalFiles": 0,
        "repoType": "bucket",
        "cdnRegions": [],
    }


@pytest.mark.parametrize(
    ("body", "private"),
    [
        ({}, False),
        ({"private": None}, False),
        ({"private": True}, True),
        ({"private": False, "region": "eu"}, False),
        ({"visibility": "private"}, True),
        ({"visibility": "public"}, False),
    ],
)
def test_who_may_see_a_new_bucket(web: Client, body: dict[str, object], private: bool) -> None:
    web.post("/api/buckets/me/more", json=body, headers=TOKEN)
    assert web.get("/api/buckets/fake-user/more", headers=TOKEN).get_json()["private"] is private


def test_from_upload_to_download(web: Client) -> None:
    content = bytes(range(256)) * 1_000
    store = Store(web)
    name = store.upload(content)
    assert web.get(f"{BUCKET}/tree", headers=TOKEN).get_json() == []

    answer = batch(web, added("a/ü.bin", name, mtime=1_780_000_000_123, contentType="text/x-odd"))
    assert answer.status_code == 200
    assert answer.get_json() == {"success": True, "processed": 1, "succeeded": 1, "failed": []}

    file = {
        "type": "file",
        "path": "a/ü.bin",
        "size": 256_000,
        "xetHash": name,
        "mtime": "2026-05-28T20:26:40.123Z",
        "uploadedAt": WHEN,
        "contentType": "text/x-odd",
    }
    assert web.get(f"{BUCKET}/tree", headers=TOKEN).get_json() == [file]
    assert web.get(f"{BUCKET}/tree/a", headers=TOKEN).get_json() == [file]
    assert web.get(f"{BUCKET}/tree?recursive=false", headers=TOKEN).get_json() == [
        {"type": "directory", "path": "a", "uploadedAt": WHEN}
    ]
    for paths in (["a/ü.bin", "none"], "a/ü.bin"):
        assert web.post(f"{BUCKET}/paths-info", json={"paths": paths}, headers=TOKEN).get_json() == [file]

    reader = Store(web, "read")
    plan = reader.get(f"/v1/reconstructions/{name}").get_json()
    found = b""
    for term in plan["terms"]:
        (fetch,) = plan["fetch_info"][term["hash"]]
        first, last = fetch["url_range"]["start"], fetch["url_range"]["end"]
        answer = web.get(fetch["url"], headers={"Range": f"bytes={first}-{last}"})
        assert (answer.status_code, answer.headers["Content-Range"]) == (
            206,
            f"bytes {first}-{last}/{last + 1}",
        )
        found += answer.data
    assert found == pack(cut(content))

    resolved = f"/buckets/fake-user/data/resolve/{quote('a/ü.bin', safe='')}"
    head = web.head(resolved, headers=TOKEN)
    assert head.headers["X-Xet-Hash"] == name
    assert head.headers["X-Xet-Refresh-Route"] == f"http://localhost{BUCKET}/xet-read-token"
    assert head.headers["X-Linked-Size"] == head.headers["Content-Length"] == "256000"
    assert web.get(resolved, headers=TOKEN).data == content
    info = web.get(resolved, headers={**TOKEN, "Accept": "application/vnd.xet-fileinfo+json"}).get_json()
    assert (info["hash"], info["size"], info["contentType"]) == (name, 256_000, "text/x-odd")
    assert reader.get(info["reconstructionUrl"].split(reader.address)[1]).status_code == 200


def test_tokens(web: Client, hub: FakeHub) -> None:
    for access in ("read", "write"):
        answer = web.get(f"{BUCKET}/xet-{access}-token", headers={**TOKEN, "Host": "127.0.0.1:8000"})
        body = answer.get_json()
        assert body == {
            "casUrl": f"http://127.0.0.1:8000/_xet/{hub.state.content_store}",
            "exp": 1_780_003_600,
            "accessToken": body["accessToken"],
        }
        assert answer.headers["X-Xet-Cas-Url"] == body["casUrl"]
        assert answer.headers["X-Xet-Access-Token"] == body["accessToken"]
        assert answer.headers["X-Xet-Token-Expiration"] == "1780003600"
        assert "hf_any" not in body["accessToken"]


def test_the_content_store_looks_at_tokens(web: Client, hub: FakeHub) -> None:
    name, xorb = "ab" * 32, pack([b"x"])
    reader, writer = Store(web, "read"), Store(web)
    refused(reader.post(f"/v1/xorbs/default/{name}", xorb), 403, "for reading only")
    refused(reader.post("/v1/shards", b""), 403, "for reading only")
    hub.clock.advance(3_600_000)
    for store in (reader, writer):
        for answer in (
            store.post(f"/v1/xorbs/default/{name}", xorb),
            store.post("/v1/shards", b""),
            store.get(f"/v1/reconstructions/{name}"),
        ):
            refused(answer, 401, "the token has expired")
    refused(web.post(f"{writer.address}/v1/shards", headers=TOKEN), 401, "this is no token")
    refused(web.post(f"{writer.address}/v1/shards"), 401, "this is no token")


def test_wrong_hashes_are_refused(web: Client) -> None:
    store = Store(web)
    refused(store.post(f"/v1/xorbs/default/{'ab' * 32}", pack([b"x"])), 400, "Xorb hash mismatch")
    refused(store.post(f"/v1/xorbs/default/{'ab' * 32}", b"x"), 400, "Malformed xorb")
    refused(store.post("/v1/xorbs/default/odd", pack([b"x"])), 400, "64 hex digits")
    refused(
        store.post(f"/v1/xorbs/other/{'ab' * 32}", pack([b"x"])), 400, "the one prefix of xorbs is default"
    )
    refused(store.post("/v1/shards", b"x"), 400, "Malformed shard: it is shorter than its header")
    shard = write_shard([FileParts("ab" * 32, (Segment("cd" * 32, 0, 1, 1),))])
    for route in ("/v1/shards", "/shards"):
        refused(store.post(route, shard), 400, f"xorb {'cd' * 32} was not uploaded")
    refused(store.get("/v1/reconstructions/odd"), 400, "64 hex digits")
    refused(store.get(f"/v1/reconstructions/{'ab' * 32}"), 404, "File not found")
    refused(store.get(f"/xorbs/default/{'ab' * 32}"), 404, "Xorb not found")


def test_ranges(web: Client) -> None:
    store = Store(web)
    name = store.upload(b"x" * 100_000)

    def part(header: str) -> tuple[int, int]:
        body = store.get(f"/v1/reconstructions/{name}", Range=header).get_json()
        return body["offset_into_first_range"], len(body["terms"])

    assert part("bytes=0-") == part("bytes=0-5") == part("odd") == part("bytes=0-999999999999999") == (0, 1)
    assert part("bytes=70000-70001") == (70_000, 1)
    for header in ("bytes=100000-", "bytes=5-4"):
        refused(store.get(f"/v1/reconstructions/{name}", Range=header), 416, "there are 100,000 bytes")
    (xorb,) = store.get(f"/v1/reconstructions/{name}").get_json()["fetch_info"]
    assert len(store.get(f"/xorbs/default/{xorb}").data) == 100_016
    assert len(store.get(f"/xorbs/default/{xorb}", Range="bytes=16-").data) == 100_000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/chunks/default/{'ab' * 32}"),
        ("POST", f"/v1/xorb-grants/default/{'ab' * 32}"),
        ("POST", "/v2/shards"),
        ("GET", f"/v2/reconstructions/{'ab' * 32}"),
        ("POST", "/v1/telemetry"),
        ("GET", "/v1/shards"),
        ("PUT", f"/v1/xorbs/default/{'ab' * 32}"),
        ("DELETE", "/what/ever"),
    ],
)
def test_unknown_routes_of_the_store_are_not_there(web: Client, method: str, path: str) -> None:
    store = Store(web)
    refused(web.open(store.address + path, method=method, headers=store.headers), 404, "Not Found")


def test_a_batch_that_fails(web: Client) -> None:
    missing = added("x", "ab" * 32)
    failed = [{"path": "x", "error": f"Xet file not found: {'ab' * 32}"}]
    answer = batch(web, missing)
    assert answer.status_code == 422
    assert answer.get_json() == {"success": False, "processed": 1, "succeeded": 0, "failed": failed}
    answer = batch(web, missing, added("y", "0" * 64))
    assert answer.status_code == 200
    assert answer.get_json() == {"success": False, "processed": 2, "succeeded": 1, "failed": failed}
    assert [file["path"] for file in web.get(f"{BUCKET}/tree", headers=TOKEN).get_json()] == ["y"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("odd", "line 2: The body is not valid JSON"),
        ("[]", "line 2: a JSON object was expected"),
        ("{}", 'line 2: "type" has to be a string'),
        ('{"type": "addFile"}', 'line 2: "path" has to be a string'),
        ('{"type": "move", "path": "x"}', 'line 2: unknown "type" "move"'),
        ('{"type": "addFile", "path": "x", "xetHash": "ab"}', 'line 2: "xetHash" has to be 64 hex digits'),
        (json.dumps(added("x", "0" * 64, mtime="now")), 'line 2: "mtime" has to be a number of milliseconds'),
        (json.dumps(added("x", "0" * 64, mtime=1e300)), 'line 2: "mtime" is outside the years 1 to 9999'),
        (json.dumps(added("x", "0" * 64, contentType=1)), 'line 2: "contentType" has to be a string'),
        *(
            (
                json.dumps(added("x", "0" * 64, contentType=odd)),
                'line 2: "contentType" has to be 1 to 255 print',
            )
            for odd in ("text/plain\r\nX-Odd: 1", "текст", "a\0b", " a", "x" * 256)
        ),
    ],
)
def test_a_batch_that_is_none(web: Client, line: str, why: str) -> None:
    body = json.dumps(added("fine", "0" * 64)) + "\n" + line
    refused(web.post(f"{BUCKET}/batch", data=body.encode(), headers=TOKEN), 400, why)
    assert web.get(f"{BUCKET}/tree", headers=TOKEN).get_json() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/buckets/fake-user/none", None),
        ("GET", "/api/buckets/fake-user/none/tree/x", None),
        ("GET", "/api/buckets/nobody/none/xet-write-token", None),
        ("POST", "/api/buckets/fake-user/none/paths-info", {"paths": []}),
        ("POST", "/api/buckets/fake-user/none/batch", {"type": "deleteFile", "path": "x"}),
        ("GET", "/buckets/fake-user/none/resolve/x", None),
    ],
)
def test_an_unknown_bucket(web: Client, method: str, path: str, body: object) -> None:
    refused(
        web.open(path, method=method, json=body, headers=TOKEN), 404, "Repository not found", "RepoNotFound"
    )


def test_an_unknown_file(web: Client) -> None:
    answer = web.get("/buckets/fake-user/data/resolve/x", headers=TOKEN)
    refused(answer, 404, "Entry not found", "EntryNotFound")


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/api/buckets/me/x", {"private": 1}, '"private" has to be true or false'),
        ("/api/buckets/me/x", {"visibility": "odd"}, '"visibility" has to be "public" or "private"'),
        ("/api/buckets/me/x", {"resourceGroupId": 1}, '"resourceGroupId" has to be a string'),
        ("/api/buckets/me/x", [], "a JSON object was expected"),
        ("/api/buckets/me/x--y", {}, "Invalid bucket name"),
        (f"{BUCKET}/paths-info", {}, '"paths" has to be a list of at most 2,000 paths'),
        (f"{BUCKET}/paths-info", {"paths": [1]}, '"paths" has to be a list of strings'),
        (f"{BUCKET}/paths-info", {"paths": ["x"] * 2_001}, "at most 2,000"),
    ],
)
def test_bodies_that_are_none(web: Client, path: str, body: object, why: str) -> None:
    refused(web.post(path, json=body, headers=TOKEN), 400, why)


def test_a_bucket_in_a_resource_group_is_refused(web: Client) -> None:
    answer = web.post("/api/buckets/me/x", json={"resourceGroupId": "ab" * 12}, headers=TOKEN)
    refused(answer, 501, "fakejobs does not emulate buckets in resource groups")
    assert web.get("/api/buckets/fake-user/x", headers=TOKEN).status_code == 404


def test_a_body_in_chunks_is_read(hub: FakeHub) -> None:
    with serve_in_thread(wsgi_app(hub)) as server:
        connection = HTTPConnection(*address_of(server.url), timeout=20)
        with contextlib.closing(connection):
            for name, body, private in (("c", b'{"visibility":"private"}', True), ("e", b"", False)):
                headers = {**TOKEN, "Content-Type": "application/json"}
                pieces = iter([body] if body else [])
                connection.request("POST", f"/api/buckets/me/{name}", pieces, headers, encode_chunked=True)
                answer = connection.getresponse()
                assert (answer.status, bool(answer.read())) == (200, True)
                assert hub.bucket(hub.caller("hf_any"), f"fake-user/{name}").private is private


def address_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0


RESOLVE = "/buckets/fake-user/data/resolve/x"


def test_parts_of_a_file(web: Client) -> None:
    name = Store(web).upload(b"0123456789")
    batch(web, added("x", name))
    for header, status, content in (
        ("bytes=2-4", 206, b"234"),
        ("bytes=8-", 206, b"89"),
        ("bytes=-1", 206, b"9"),
    ):
        answer = web.get(RESOLVE, headers={**TOKEN, "Range": header})
        assert (answer.status_code, answer.data) == (status, content)
    assert (
        web.get(RESOLVE, headers={**TOKEN, "Range": "bytes=2-4"}).headers["Content-Range"] == "bytes 2-4/10"
    )
    assert web.get(RESOLVE, headers={**TOKEN, "Range": "bytes=10-"}).status_code == 416
    assert web.get(RESOLVE, headers={**TOKEN, "If-None-Match": f'"{name}"'}).status_code == 304
    for method in ("GET", "HEAD"):
        answer = web.open(RESOLVE, method=method, headers=TOKEN)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers.getlist("Date") == ["Thu, 28 May 2026 20:26:40 GMT"]


def test_without_a_token(web: Client) -> None:
    web.post("/api/buckets/me/open", json={}, headers=TOKEN)
    open_files = "/buckets/fake-user/open/resolve/x"
    assert web.get("/api/buckets/fake-user/open").status_code == 200
    assert web.get("/api/buckets/fake-user/open/tree").get_json() == []
    refused(web.get(open_files), 404, "Entry not found", "EntryNotFound")
    web.post("/api/buckets/fake-user/open/batch", data=json.dumps(added("x", "0" * 64)), headers=TOKEN)
    assert (web.get(open_files).status_code, web.get(open_files).data) == (200, b"")
    assert web.post("/api/buckets/fake-user/open/batch", data=b"").status_code == 401

    batch(web, added("x", "0" * 64))
    seen = set()
    for bucket in ("data", "none"):
        for path in (
            *(f"/api/buckets/fake-user/{bucket}{more}" for more in ("", "/tree", "/xet-read-token")),
            *(f"/buckets/fake-user/{bucket}/resolve/{file}" for file in ("x", "y")),
        ):
            answer = web.get(path)
            seen.add((answer.status_code, answer.headers.get("X-Error-Code"), answer.text))
    assert seen == {(401, "RepoNotFound", '{"error":"Invalid username or password."}')}


def test_a_long_tree_comes_in_pages(web: Client) -> None:
    paths = sorted(f"{number % 7}/ü {number}" for number in range(25))
    batch(web, *(added(path, "0" * 64) for path in paths))
    found: list[str] = []
    url = f"{BUCKET}/tree?limit=10"
    for expected in (10, 10, 5):
        answer = web.get(url, headers=TOKEN)
        page = [file["path"] for file in answer.get_json()]
        assert len(page) == expected
        found += page
        url = answer.headers.get("Link", "<").split("<")[1].split(">")[0]
    assert found == paths
    assert url == ""
    for query in ("limit=0", "limit=5001", "limit=x", "limit=%C2%B2", "cursor=x", "cursor=%FF"):
        assert web.get(f"{BUCKET}/tree?{query}", headers=TOKEN).status_code == 400


def test_the_journal_keeps_no_uploads_and_no_tokens(web: Client, hub: FakeHub) -> None:
    batch(web, added("secret-name", Store(web).upload(b"secret content")))
    kept = repr(hub.requests)
    assert "/v1/xorbs/default/" in kept
    assert "secret" not in kept
    assert "xet_write_" not in kept


hostile = st.binary(max_size=200) | st.builds(
    lambda kept, more: write_shard([FileParts("ab" * 32, (Segment("cd" * 32, 0, 1, 1),) * 2)])[:kept] + more,
    st.integers(0, 300),
    st.binary(max_size=100),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([f"/v1/xorbs/default/{'ab' * 32}", "/v1/shards", "/shards", "/v1/reconstructions/x"]),
    st.sampled_from(["GET", "POST", "PUT"]),
    hostile,
    st.dictionaries(
        st.sampled_from(["Range", "Authorization", "Content-Type", "Host"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
    ),
)
def test_hostile_bytes_are_never_a_500(
    web: Client, path: str, method: str, body: bytes, headers: dict[str, str]
) -> None:
    store = Store(web)
    answer = web.open(store.address + path, method=method, data=body, headers={**store.headers, **headers})
    assert answer.status_code in (400, 401, 404), answer.text


hostile_operation = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["addFile", "copyFile", "deleteFile"]),
        "path": st.sampled_from(["x", "x/y"]) | st.text(max_size=5),
        "xetHash": st.just("0" * 64),
    },
    optional={
        "mtime": st.floats(),
        "contentType": st.text(max_size=20) | st.text(st.characters(max_codepoint=255), max_size=20),
        "sourceRepoType": st.just("bucket"),
        "sourceRepoId": st.just("fake-user/data"),
    },
)
hostile_body = (
    st.binary(max_size=50)
    | st.dictionaries(
        st.sampled_from(
            ["type", "path", "xetHash", "mtime", "sourceRepoId", "paths", "private", "contentType"]
        ),
        st.none()
        | st.booleans()
        | st.floats()
        | st.text(max_size=5)
        | st.sampled_from(["addFile", "0" * 64]),
    ).map(lambda fields: json.dumps(fields).encode())
    | hostile_operation.map(lambda fields: json.dumps(fields).encode())
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["/batch", "/paths-info", ""]), hostile_body)
def test_hostile_bodies_are_never_a_500(web: Client, path: str, body: bytes) -> None:
    answer = web.post(BUCKET + path, data=body, headers={**TOKEN, "Content-Type": "application/json"})
    assert answer.status_code in (200, 400, 409, 422), answer.text
    tree = web.get(f"{BUCKET}/tree", headers=TOKEN)
    assert tree.status_code == 200
    for file in tree.get_json():
        found = web.get(f"/buckets/fake-user/data/resolve/{quote(file['path'], safe='')}", headers=TOKEN)
        assert found.status_code == 200, found.text
        assert found.content_type == file.get("contentType", "application/octet-stream")


def test_hostile_types_are_never_a_500_over_a_socket() -> None:
    hub = frozen_hub()
    hub.create_bucket(hub.caller("hf_any"), "me", "data")
    with serve_in_thread(wsgi_app(hub)) as server:

        @settings(max_examples=30)
        @given(st.text(max_size=20) | st.text(st.characters(max_codepoint=255), max_size=20))
        def check(content_type: str) -> None:
            made = ask(server.url, "POST", f"{BUCKET}/batch", added("x", "0" * 64, contentType=content_type))
            assert made.status in (200, 400)
            found = ask(server.url, "GET", RESOLVE)
            assert found.status in (200, 404)
            assert len(found.all("Date")) == len(found.all("Content-Type")) == 1

        check()
    hub.close()


@pytest.mark.skipif(not HUB_DOCUMENT.exists(), reason="the Hub's document is not here")
def test_answers_are_as_the_hub_documents_them(web: Client) -> None:
    import jsonschema_rs

    paths = json.loads(HUB_DOCUMENT.read_text())["paths"]
    root = "/api/buckets/{namespace}/{repo}"

    def check(answer: TestResponse, path: str, method: str) -> None:
        schema = paths[path][method]["responses"][str(answer.status_code)]["content"]["application/json"][
            "schema"
        ]
        jsonschema_rs.validate(schema, answer.get_json())

    name = Store(web).upload(b"content")
    check(web.post("/api/buckets/me/more", json={}, headers=TOKEN), root, "post")
    check(web.post("/api/buckets/me/more", json={}, headers=TOKEN), root, "post")
    check(
        batch(web, added("a/x", name, mtime=5, contentType="a/b"), added("y", "0" * 64)),
        f"{root}/batch",
        "post",
    )
    check(batch(web, added("a/x", "ab" * 32)), f"{root}/batch", "post")
    check(web.get(BUCKET, headers=TOKEN), root, "get")
    check(web.get(f"{BUCKET}/tree", headers=TOKEN), f"{root}/tree/{{path}}", "get")
    check(web.get(f"{BUCKET}/tree?recursive=false", headers=TOKEN), f"{root}/tree/{{path}}", "get")
    check(
        web.post(f"{BUCKET}/paths-info", json={"paths": ["y"]}, headers=TOKEN), f"{root}/paths-info", "post"
    )
    for access in ("read", "write"):
        check(web.get(f"{BUCKET}/xet-{access}-token", headers=TOKEN), f"{root}/xet-{access}-token", "get")
    info = web.get(
        "/buckets/fake-user/data/resolve/a/x",
        headers={**TOKEN, "Accept": "application/vnd.xet-fileinfo+json"},
    )
    check(info, "/buckets/{namespace}/{repo}/resolve/{path}", "get")
