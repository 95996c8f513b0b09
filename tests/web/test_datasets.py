"""The routes of dataset repositories: what clients before 1.3 ask when they ship a local script, and how it is read back."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from fakejobs.hub import FakeHub
from fakejobs.model.repositories import oid_of_blob
from fakejobs.web.app import wsgi_app
from tests.conftest import TOKEN, frozen_hub
from tests.support.play import get, post

REPO = "fake-user/hf-cli-jobs-uv-run-scripts"
API = f"/api/datasets/{REPO}"
DATA = "print('läuft')\n".encode()
START = "2026-05-28T20:26:40.000Z"


@pytest.fixture
def made(web: Client) -> str:
    """A dataset of the default user; its first commit."""
    answer = post(
        web, "/api/repos/create", {"name": REPO.partition("/")[2], "type": "dataset", "private": True}
    )
    assert answer.get_json() == {"url": f"https://huggingface.co/datasets/{REPO}", "name": REPO}
    sha: str = get(web, API).get_json()["sha"]
    return sha


def line(key: str, **value: object) -> bytes:
    return json.dumps({"key": key, "value": value}).encode()


def file(path: str, data: bytes) -> bytes:
    return line("file", path=path, content=base64.b64encode(data).decode(), encoding="base64")


HEADER = line("header", summary="Upload train.py with huggingface_hub", description="")


def commit(web: Client, *lines: bytes, revision: str = "main", search: str = "") -> TestResponse:
    return web.post(
        f"{API}/commit/{revision}{search}",
        data=b"\n".join(lines),
        headers={**TOKEN, "Content-Type": "application/x-ndjson"},
    )


def check(answer: TestResponse, status: int, text: str, code: str | None = None) -> None:
    assert (answer.status_code, answer.headers.get("X-Error-Code")) == (status, code), answer.text
    assert text in answer.get_json()["error"]
    assert answer.headers["X-Error-Message"]


def test_what_a_client_does_to_ship_a_script(web: Client) -> None:
    check(get(web, API), 404, "Repository not found", "RepoNotFound")
    new = {"name": REPO.partition("/")[2], "organization": "fake-user", "private": True, "type": "dataset"}
    assert post(web, "/api/repos/create", new).status_code == 200
    again = post(web, "/api/repos/create", new)
    check(again, 409, "You already created this dataset repo")
    assert again.get_json()["url"] == f"https://huggingface.co/datasets/{REPO}"

    asked = {"files": [{"path": "train.py", "sample": "", "size": len(DATA)}]}
    regular = {"path": "train.py", "uploadMode": "regular", "shouldIgnore": False}
    assert post(web, f"{API}/preupload/main", asked).get_json() == {"files": [regular]}
    assert get(web, f"{API}/revision/main?expand=xetEnabled").get_json() == {"id": REPO, "xetEnabled": False}
    yaml = {"content": "---\ntags: [x]\n---", "repoType": "dataset"}
    assert post(web, "/api/validate-yaml", yaml).get_json() == {"errors": [], "warnings": []}

    body = commit(web, HEADER, file("train.py", DATA)).get_json()
    oid = body["commitOid"]
    assert body == {
        "success": True,
        "commitOid": oid,
        "commitUrl": f"https://huggingface.co/datasets/{REPO}/commit/{oid}",
        "hookOutput": "",
    }
    # The next time, a client that has the same file need not send it.
    assert post(web, f"{API}/preupload/main", asked).get_json()["files"] == [
        {**regular, "oid": oid_of_blob(DATA)}
    ]
    assert get(web, f"/datasets/{REPO}/resolve/{oid}/train.py").data == DATA


def test_a_repository(web: Client, made: str) -> None:
    oid = commit(web, HEADER, file("data/b.csv", b"1"), file("a.py", DATA)).get_json()["commitOid"]
    body = get(web, API).get_json()
    assert body == {
        "id": REPO,
        "author": "fake-user",
        "sha": oid,
        "lastModified": START,
        "private": True,
        "gated": False,
        "disabled": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "createdAt": START,
        "siblings": [{"rfilename": "a.py"}, {"rfilename": "data/b.csv"}],
        "xetEnabled": False,
    }
    assert get(web, f"{API}/revision/{made}").get_json() == {**body, "sha": made, "siblings": []}
    assert get(web, f"{API}?blobs=true").get_json()["siblings"][1] == {
        "rfilename": "data/b.csv",
        "size": 1,
        "blobId": oid_of_blob(b"1"),
    }


@pytest.mark.usefixtures("made")
def test_trees(web: Client) -> None:
    commit(web, HEADER, file("data/more/c", b"22"), file("data/b.csv", b"1"), file("a.py", DATA))

    def tree(path: str = "") -> list[list[object]]:
        return [
            [each["type"], each["path"], each["size"]]
            for each in get(web, f"{API}/tree/main{path}").get_json()
        ]

    data, more = ["directory", "data", 0], ["directory", "data/more", 0]
    top = ["file", "a.py", len(DATA)]
    assert tree() == [top, data]
    assert tree("/data") == [["file", "data/b.csv", 1], more]
    below = [["file", "data/b.csv", 1], more, ["file", "data/more/c", 2]]
    assert tree("/data?recursive=True") == below
    assert tree("?recursive=true&expand=false") == [top, data, *below]
    check(get(web, f"{API}/tree/main/none"), 404, "none does not exist", "EntryNotFound")
    check(get(web, f"{API}/tree/nightly"), 404, "Invalid rev id: nightly", "RevisionNotFound")
    as_form = web.post(f"{API}/paths-info/main", data={"paths": ["a.py", "none"]}, headers=TOKEN)
    as_json = post(web, f"{API}/paths-info/main", {"paths": ["a.py", "none"]})
    oid = oid_of_blob(DATA)
    assert (
        as_form.get_json()
        == as_json.get_json()
        == [{"type": "file", "oid": oid, "size": len(DATA), "path": "a.py"}]
    )


@pytest.mark.usefixtures("made")
def test_the_bytes_of_a_file(web: Client) -> None:
    oid = commit(web, HEADER, file("data/läuft.py", DATA)).get_json()["commitOid"]
    url = f"/datasets/{REPO}/resolve/main/data/l%C3%A4uft.py"
    whole = get(web, url)
    head = web.head(url, headers=TOKEN)
    for answer, data in ((whole, DATA), (head, b"")):
        assert (answer.status_code, answer.data) == (200, data)
        assert answer.headers["ETag"] == f'"{oid_of_blob(DATA)}"'
        assert answer.headers["X-Repo-Commit"] == oid
        assert answer.headers["Content-Length"] == str(len(DATA))
        assert answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''l%C3%A4uft.py"
    part = web.get(url, headers={**TOKEN, "Range": "bytes=6-"})
    assert (part.status_code, part.data) == (206, DATA[6:])
    assert part.headers["Content-Range"] == f"bytes 6-{len(DATA) - 1}/{len(DATA)}"
    assert web.get(url, headers={**TOKEN, "If-None-Match": whole.headers["ETag"]}).status_code == 304
    check(get(web, f"/datasets/{REPO}/resolve/main/none"), 404, "Entry not found", "EntryNotFound")
    check(get(web, f"/datasets/{REPO}/resolve/v1/none"), 404, "Invalid rev id: v1", "RevisionNotFound")
    check(get(web, "/datasets/fake-user/none/resolve/main/x"), 404, "Repository not found", "RepoNotFound")
    for unseen in (url, "/datasets/fake-user/none/resolve/main/x", API, "/api/datasets/fake-user/none"):
        check(web.get(unseen), 401, "Invalid username or password.", "RepoNotFound")


@pytest.mark.usefixtures("made")
def test_the_one_date_of_an_answer_is_the_hubs(web: Client) -> None:
    commit(web, HEADER, file("a", DATA))
    url = f"/datasets/{REPO}/resolve/main/a"
    etag = get(web, url).headers["ETag"]
    for method, headers, status in (
        ("GET", {}, 200),
        ("HEAD", {}, 200),
        ("GET", {"Range": "bytes=0-3"}, 206),
        ("GET", {"Range": "bytes=99-"}, 416),
        ("GET", {"If-None-Match": etag}, 304),
        ("HEAD", {"If-None-Match": etag}, 304),
    ):
        answer = web.open(url, method=method, headers={**TOKEN, **headers})
        assert answer.status_code == status
        assert answer.headers.getlist("Date") == ["Thu, 28 May 2026 20:26:40 GMT"]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)


@example("a\nb")
@example("\x7f/%2F?#")
@given(st.lists(names, min_size=1, max_size=3).map("/".join))
def test_every_file_that_is_accepted_can_be_read(path: str) -> None:
    hub = frozen_hub()
    hub.create_dataset(hub.caller("hf_any"), REPO.partition("/")[2])
    web = Client(wsgi_app(hub))
    answer = commit(web, HEADER, file(path, DATA))
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        (entry,) = get(web, f"{API}/tree/main?recursive=true").get_json()[-1:]
        assert entry["path"] == path
        assert get(web, f"/datasets/{REPO}/resolve/main/{quote(path)}").data == DATA
    hub.close()


@pytest.mark.usefixtures("made")
def test_a_long_message_is_not_kept(web: Client, hub: FakeHub) -> None:
    assert commit(web, line("header", summary="S" * 65_536), file("a", DATA)).status_code == 200
    assert hub.dataset(hub.caller("hf_any"), REPO)[1].title == "S" * 300


@pytest.mark.usefixtures("made")
def test_the_journal_has_no_beginnings_of_files(web: Client, hub: FakeHub) -> None:
    sample = base64.b64encode(DATA).decode()
    for asked, status, shown in (
        (
            {"files": [{"path": "a", "sample": sample, "size": 1}]},
            200,
            {"files": [{"path": "a", "size": 1}]},
        ),
        ({"files": [{"sample": sample}]}, 400, {"files": [{}]}),
        ({"files": {"a": [{"sample": [sample]}]}}, 400, {"files": {"a": [{}]}}),
        ({"files": [{"path": "a", "sample": sample * 9_000, "size": 1}]}, 200, None),
    ):
        assert post(web, f"{API}/preupload/main", asked).status_code == status
        body = hub.requests[-1].body
        if shown is None:
            assert re.fullmatch(r"<[0-9]{3},[0-9]{3} bytes>", str(body))
        else:
            assert body == shown
        assert sample not in json.dumps(body)


@pytest.mark.usefixtures("made")
def test_many_files(web: Client, hub: FakeHub) -> None:
    """Work that grew with the square of their number, or with all folders around each of them, would show here as a slow test."""
    many = [f"{'d/' * 100}{number}" for number in range(5_000)]
    assert commit(web, HEADER, *(line("file", path=path, content="") for path in many)).status_code == 200
    found = get(web, f"{API}/tree/main?recursive=true").get_json()
    assert [each["path"] for each in found if each["type"] == "file"] == sorted(many)
    assert len(found) == len(many) + 100
    assert commit(web, HEADER, *(line("deletedFile", path=path) for path in many)).status_code == 200
    assert hub.dataset_files(hub.caller("hf_any"), REPO) == []


@pytest.mark.usefixtures("made")
def test_too_many_paths(web: Client) -> None:
    commit(web, HEADER, file("a", DATA))
    asked = {"paths": ["a"] * 2_001}
    check(post(web, f"{API}/paths-info/main", asked), 400, "at most 2,000 paths")
    as_form = web.post(f"{API}/paths-info/main", data=asked, headers=TOKEN)
    check(as_form, 400, "at most 2,000 paths")
    check(post(web, f"{API}/paths-info/main", {"paths": [None]}), 400, '"paths" has to be a list of strings')
    assert len(post(web, f"{API}/paths-info/main", {"paths": "a"}).get_json()) == 1


@pytest.mark.usefixtures("made")
def test_what_a_commit_deletes(web: Client, hub: FakeHub) -> None:
    commit(web, HEADER, file("a", b""), file("d/a", b""), file("d/e/b", b""), file("keep", b""))
    commit(web, HEADER, line("deletedFile", path="a"), line("deletedFolder", path="d/"))
    assert [entry.path for entry in hub.dataset_files(hub.caller("hf_any"), REPO)] == ["keep"]
    check(commit(web, HEADER, line("deletedFile", path="a")), 404, "Entry not found: a", "EntryNotFound")


WRONG: list[tuple[list[bytes], int, str]] = [
    ([], 400, "the commit has no header"),
    ([file("a", b"")], 400, "the commit has no header"),
    ([b"{"], 400, "line 1: The body is not valid JSON"),
    ([HEADER, b"[]"], 400, "line 2: a JSON object was expected"),
    ([HEADER, b"{}"], 400, 'line 2: "key" has to be a string'),
    ([HEADER, b"", b'{"key": "file"}'], 400, "line 3: value: a JSON object was expected"),
    ([line("header")], 400, '"summary" has to be a string'),
    ([HEADER, line("file", path="a", content=1)], 400, '"content" has to be a string'),
    ([HEADER, line("file", path="a", content="?", encoding="base64")], 400, "content is not valid base64"),
    ([HEADER, line("file", path="a", content="x", encoding="rot13")], 400, 'not "rot13"'),
    ([HEADER, file("../a", b"")], 400, '"../a" is no path of a file'),
    ([HEADER, file("", b"")], 400, "a path has 1 to 1,024 characters"),
    ([HEADER, file(".git/config", b"")], 400, "the folder .git is git's own"),
    *(
        ([HEADER, file(path, b"")], 400, "a path has no control characters")
        for path in ("a\0", "a\nb", "\x7f", "d\t/a")
    ),
    ([HEADER, line("deletedFolder", path="a\nb/")], 400, "a path has no control characters"),
    ([line("header", summary="x" * 65_537)], 400, "a message has at most 65,536 characters"),
    (
        [line("header", summary="x", description="y" * 65_536)],
        400,
        "line 1: a message has at most 65,536 characters",
    ),
    ([HEADER, line("deletedFile", path="x" * 1_000_000)], 400, "a path has 1 to 1,024 characters"),
    ([HEADER, file("a", b""), file("a/b", b"")], 400, "a would be a file and a folder at once"),
    (
        [HEADER, line("lfsFile", path="a", algo="sha256", oid="0" * 64, size=1)],
        501,
        'does not emulate "lfsFile"',
    ),
    ([HEADER, line("copyFile", path="a")], 501, 'does not emulate "copyFile"'),
    (
        [line("header", summary="x", parentCommit="0" * 40), file("a", b"")],
        412,
        "A commit has happened since",
    ),
]


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(("lines", "status", "text"), WRONG)
def test_what_is_no_commit(web: Client, hub: FakeHub, lines: list[bytes], status: int, text: str) -> None:
    before = hub.snapshot()
    check(commit(web, *lines), status, text)
    assert hub.snapshot() == before


@pytest.mark.usefixtures("made")
def test_an_utf8_file(web: Client) -> None:
    commit(web, HEADER, line("file", path="a", content="läuft"))
    assert get(web, f"/datasets/{REPO}/resolve/main/a").data == "läuft".encode()


@pytest.mark.usefixtures("made")
def test_a_commit_that_is_too_large(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakejobs.web.datasets.COMMIT_LIMIT", 1000)
    check(
        commit(web, HEADER, file("a", b"x" * 1000)),
        413,
        "Request body is too large: at most 1,000 bytes are read",
    )


@pytest.mark.usefixtures("made")
def test_a_commit_that_is_cut_in_the_middle(web: Client, hub: FakeHub) -> None:
    body = b"\n".join([HEADER, file("a", b"1"), file("b", b"2")])
    before = hub.snapshot()
    for end in (len(HEADER) + 1, len(body) // 2, body.rindex(b"\n")):
        answer = web.post(
            f"{API}/commit/main",
            data=body[:end],
            headers=TOKEN,
            environ_overrides={"CONTENT_LENGTH": str(len(body))},
        )
        assert answer.status_code == 400
    assert hub.snapshot() == before


@pytest.mark.usefixtures("made")
def test_what_is_not_emulated(web: Client) -> None:
    check(commit(web, HEADER, file("a", b""), search="?create_pr=1"), 501, "does not emulate pull requests")
    for body, kind in (({"name": "x"}, "model"), ({"name": "x", "type": "space"}, "space")):
        answer = post(web, "/api/repos/create", body)
        check(
            answer,
            501,
            f"fakejobs emulates dataset repositories only, not POST /api/repos/create of a {kind}",
        )
        assert 'fakejobs.route("POST", "/api/repos/create", ...)' in answer.get_json()["error"]
    for method, path in (
        ("DELETE", "/api/repos/delete"),
        ("POST", "/api/repos/move"),
        ("GET", "/api/datasets"),
        ("DELETE", API),
        ("GET", f"{API}/commits/main"),
        ("GET", f"{API}/refs"),
        ("POST", f"{API}/branch/x"),
        ("GET", f"{API}/xet-write-token/main"),
        ("PUT", f"{API}/settings"),
    ):
        check(web.open(path, method=method, headers=TOKEN), 501, f"not {method} {path}")


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/api/repos/create", {"type": "dataset"}, '"name" has to be a string'),
        (
            "/api/repos/create",
            {"type": "dataset", "name": "x", "organization": 1},
            '"organization" has to be a string',
        ),
        ("/api/repos/create", [], "the body: a JSON object was expected"),
        ("/api/repos/create", {"type": "dataset", "name": "a/b"}, "Invalid repo name"),
        (
            "/api/repos/create",
            {"type": "dataset", "name": "x", "private": "yes"},
            '"private" has to be true or false',
        ),
        (
            "/api/repos/create",
            {"type": "dataset", "name": "x", "visibility": "bogus"},
            '"visibility" has to be "public" or "private"',
        ),
        (f"{API}/preupload/main", {}, '"files" has to be an array'),
        (f"{API}/preupload/main", {"files": [1]}, "files[0]: a JSON object was expected"),
        (f"{API}/preupload/main", {"files": [{"path": "/x"}]}, 'files[0]: "/x" is no path of a file'),
    ],
)
def test_bodies_that_say_something_else(web: Client, hub: FakeHub, path: str, body: Any, text: str) -> None:
    before = hub.snapshot()
    check(post(web, path, body), 400, text)
    assert hub.snapshot() == before


def test_a_visibility(web: Client, hub: FakeHub) -> None:
    for name, visibility in (("a", "private"), ("b", "public")):
        post(web, "/api/repos/create", {"name": name, "type": "dataset", "visibility": visibility})
    who = hub.caller("hf_any")
    assert [hub.dataset(who, f"fake-user/{name}")[0].private for name in "ab"] == [True, False]
    assert web.get("/api/datasets/fake-user/b").status_code == 200, "whoever is not logged in may see it"
