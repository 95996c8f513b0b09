"""Buckets and the content store, without the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.contents import Access
from fakejobs.model.files import AddFile, CopyFile, DeleteFile, Folder
from fakejobs.model.identity import Caller
from fakejobs.model.refusal import Refusal
from fakejobs.model.xet import (
    EMPTY_FILE,
    FileParts,
    Segment,
    chunks_of,
    file_hash,
    pack,
    range_hash,
    xorb_hash,
)
from fakejobs.store import files as rows
from tests.conftest import START, frozen_hub

DATA = "fake-user/data"
HOUR = 3_600_000


@pytest.fixture(autouse=True)
def bucket(hub: FakeHub, caller: Caller) -> None:
    hub.create_bucket(caller, "fake-user", "data")


def add(hub: FakeHub, caller: Caller, path: str, content: bytes, bucket: str = DATA) -> str:
    name = hub.keep_file(content)
    assert hub.batch_bucket(caller, bucket, [AddFile(path, name)]).failed == []
    return name


def test_a_file_comes_back(hub: FakeHub, caller: Caller) -> None:
    content = "print('café')\n".encode() * 10_000
    name = hub.keep_file(content)
    result = hub.batch_bucket(caller, DATA, [AddFile("a/été.py", name, START - 5, "text/x-python")])
    assert (result.processed, result.failed) == (1, [])

    assert hub.read_bucket_file(DATA, "a/été.py") == content
    file = hub.bucket_file(caller, DATA, "a/été.py")
    assert (file.size, file.mtime, file.uploaded) == (150_000, START - 5, START)
    assert file.content_type == "text/x-python"
    found = hub.bucket(caller, DATA)
    assert (found.size, found.files, found.private) == (150_000, 1, True)
    assert hub.read_bucket_file(DATA, "a") is None


@settings(max_examples=20)
@given(st.dictionaries(st.sampled_from(["a", "b/c", "b/d", "e/f/g"]), st.binary(max_size=300)))
def test_whatever_is_kept_comes_back(files: dict[str, bytes]) -> None:
    hub = frozen_hub()
    caller = hub.caller("hf_any")
    hub.create_bucket(caller, "me", "data", private=False)
    hub.batch_bucket(caller, DATA, [AddFile(path, hub.keep_file(data)) for path, data in files.items()])
    assert [file.path for file in hub.bucket_tree(caller, DATA)] == sorted(files)
    assert {path: hub.read_bucket_file(DATA, path) for path in files} == files
    assert hub.bucket(caller, DATA).size == sum(map(len, files.values()))
    hub.close()


def test_an_empty_file_needs_no_upload(hub: FakeHub, caller: Caller) -> None:
    hub.batch_bucket(caller, DATA, [AddFile(".keep", EMPTY_FILE)])
    assert hub.keep_file(b"") == EMPTY_FILE
    assert hub.read_bucket_file(DATA, ".keep") == b""


def test_a_tree(hub: FakeHub, caller: Caller) -> None:
    for path in ("b/x", "a", "b/c/y", "bb"):
        add(hub, caller, path, path.encode())

    def shown(prefix: str, *, recursive: bool) -> list[str]:
        tree = hub.bucket_tree(caller, DATA, prefix, recursive=recursive)
        return [each.path + "/" * isinstance(each, Folder) for each in tree]

    assert shown("", recursive=True) == ["a", "b/c/y", "b/x", "bb"]
    assert shown("b", recursive=True) == ["b/c/y", "b/x", "bb"]
    assert shown("b/", recursive=True) == ["b/c/y", "b/x"]
    assert shown("", recursive=False) == ["a", "b/", "bb"]
    assert shown("b", recursive=False) == shown("b/", recursive=False) == ["b/c/", "b/x"]
    assert shown("a", recursive=False) == ["a"]
    assert shown("none", recursive=False) == shown("none", recursive=True) == []
    assert [each.path for each in hub.bucket_paths(caller, DATA, ["b/x", "c", "a", "b/x"])] == ["b/x", "a"]


def test_files_are_replaced_copied_and_deleted(hub: FakeHub, caller: Caller) -> None:
    old, new = add(hub, caller, "x", b"old"), add(hub, caller, "x", b"new")
    hub.create_bucket(caller, "fake-user", "other")
    result = hub.batch_bucket(
        caller, "fake-user/other", [CopyFile("y", new, "bucket", DATA), CopyFile("z", old, "bucket", DATA)]
    )
    assert result.failed == [("z", f"Source file not found in {DATA}")]
    assert hub.read_bucket_file("fake-user/other", "y") == b"new"

    assert hub.batch_bucket(caller, DATA, [DeleteFile("x"), DeleteFile("never there")]).failed == []
    assert hub.read_bucket_file(DATA, "x") is None
    assert hub.read_bucket_file("fake-user/other", "y") == b"new"


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (AddFile("x", "ab" * 32), f"Xet file not found: {'ab' * 32}"),
        (AddFile("", EMPTY_FILE), "Invalid path"),
        (AddFile("/x", EMPTY_FILE), "Invalid path"),
        (AddFile("a/../x", EMPTY_FILE), "Invalid path"),
        (AddFile("a//x", EMPTY_FILE), "Invalid path"),
        (AddFile("a\nx", EMPTY_FILE), "Invalid path"),
        (AddFile("x" * 2000, EMPTY_FILE), "Invalid path"),
        (CopyFile("x", EMPTY_FILE, "bucket", "fake-user/none"), "Source bucket not found: fake-user/none"),
        (CopyFile("x", EMPTY_FILE, "bucket", "odd"), "Source bucket not found: odd"),
        (CopyFile("x", EMPTY_FILE, "model", "a/b"), "fakejobs copies from buckets only, not from a model"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_rest_is_done(
    hub: FakeHub, caller: Caller, operation: AddFile | CopyFile, why: str
) -> None:
    result = hub.batch_bucket(caller, DATA, [operation, AddFile("fine", EMPTY_FILE)])
    assert (result.processed, result.failed) == (2, [(operation.path, why)])
    assert [file.path for file in hub.bucket_tree(caller, DATA)] == ["fine"]


def test_a_bucket_is_made_once(hub: FakeHub, caller: Caller) -> None:
    first, made = hub.create_bucket(caller, "me", "new", private=False)
    again, made_again = hub.create_bucket(caller, "fake-user", "new", private=True)
    assert (first, made, again, made_again) == (again, True, first, False)
    for name in ("", "-a", "a--b", "a..b", "a b", "x" * 97, "ä", "a."):
        with pytest.raises(Refusal, match="Invalid bucket name"):
            hub.create_bucket(caller, "me", name)


def test_who_may() -> None:
    hub = frozen_hub(
        users=["ada", "bob"],
        tokens=[
            {"token": "hf_ada", "user": "ada"},
            {"token": "hf_ada_reads", "user": "ada", "role": "read"},
            {"token": "hf_bob", "user": "bob"},
        ],
    )
    ada, reader, bob = (hub.caller(token) for token in ("hf_ada", "hf_ada_reads", "hf_bob"))
    hub.create_bucket(ada, "ada", "hidden", private=True)
    hub.create_bucket(ada, "ada", "open", private=False)

    with refused(403):
        hub.create_bucket(bob, "ada", "new")
    with refused(403):
        hub.create_bucket(reader, "ada", "new")
    with refused(404):
        hub.create_bucket(bob, "nobody", "new")

    for who, bucket in ((reader, "ada/hidden"), (reader, "ada/open"), (bob, "ada/open")):
        assert hub.bucket(who, bucket).id == bucket
        assert hub.xet_token(who, bucket, "read").value.startswith("xet_read_")
        with refused(403):
            hub.xet_token(who, bucket, "write")
        with refused(403):
            hub.batch_bucket(who, bucket, [DeleteFile("x")])

    hidden: list[Refusal] = []
    for bucket in ("ada/hidden", "ada/none", "nobody/none"):
        with pytest.raises(Refusal) as caught:
            hub.bucket_tree(bob, bucket)
        hidden.append(caught.value)
    assert {(each.status, each.code, each.message) for each in hidden} == {
        (404, "RepoNotFound", "Repository not found")
    }
    hub.close()


def test_tokens_of_the_content_store(hub: FakeHub, caller: Caller) -> None:
    read, write = hub.xet_token(caller, DATA, "read"), hub.xet_token(caller, DATA, "write")
    assert read == hub.xet_token(caller, DATA, "read")
    assert (read.expires, write.expires) == (START + HOUR, START + HOUR)
    hub.check_xet_token(read.value, "read")
    hub.check_xet_token(write.value, "write")
    hub.check_xet_token(write.value, "read")

    def status(token: str | None, access: Access = "read") -> tuple[int, str]:
        with pytest.raises(Refusal) as caught:
            hub.check_xet_token(token, access)
        return caught.value.status, caught.value.message

    assert status(read.value, "write") == (403, "Forbidden: the token is for reading only")
    forged = write.value.replace(str(write.expires), str(write.expires + 1))
    for other in (None, "", "hf_any", forged, read.value.replace("read", "write"), "xet_read_" + "9" * 9_999):
        assert status(other) == (401, "Unauthorized: this is no token of the content store")
    hub.clock.advance(HOUR)
    assert status(read.value) == status(write.value, "write") == (401, "Unauthorized: the token has expired")


@contextmanager
def refused(status: int) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.status == status


def uploaded(*pieces: bytes) -> tuple[str, bytes, list[Segment]]:
    """Hash and bytes of a xorb, and a segment of all of it."""
    xorb = pack(pieces)
    chunks = chunks_of(xorb)
    name = xorb_hash(chunks)
    return name, xorb, [Segment(name, 0, len(pieces), sum(map(len, pieces)))]


def test_an_upload_as_clients_make_it(hub: FakeHub, caller: Caller) -> None:
    first, second = uploaded(b"one", b"two", b"three"), uploaded(b"four")
    chunks = [*chunks_of(first[1])[1:], *chunks_of(second[1])]
    segments = (Segment(first[0], 1, 3, 8), *second[2])
    file = FileParts(file_hash(chunks), segments, (range_hash(chunks[:2]), range_hash(chunks[2:])))

    with pytest.raises(Refusal, match=f"xorb {first[0]} was not uploaded") as caught:
        hub.put_xet_files([file])
    assert caught.value.status == 400
    assert [hub.put_xorb(first[0], first[1]), hub.put_xorb(first[0], first[1])] == [True, False]
    with pytest.raises(Refusal, match=f"xorb {second[0]} was not uploaded"):
        hub.put_xet_files([file])
    hub.put_xorb(second[0], second[1] + b"XETBLOB, a footer")
    assert hub.xorb(second[0]) == second[1]

    # Cut here, nothing is in the bucket, and nothing can be put there.
    assert hub.batch_bucket(caller, DATA, [AddFile("x", file.hash)]).failed
    assert hub.bucket_tree(caller, DATA) == []

    assert [hub.put_xet_files([file]), hub.put_xet_files([file])] == [True, False]
    assert hub.bucket_tree(caller, DATA) == []
    hub.batch_bucket(caller, DATA, [AddFile("x", file.hash)])
    assert hub.read_bucket_file(DATA, "x") == b"twothreefour"
    assert [(term.first, term.after) for term in hub.xet_terms(file.hash)] == [(11, 35), (0, 12)]


def test_what_is_not_what_it_is_said_to_be_is_refused(hub: FakeHub) -> None:
    name, xorb, segments = uploaded(b"one", b"two")
    right = FileParts(file_hash(chunks_of(xorb)), tuple(segments))
    with pytest.raises(Refusal, match=f"Xorb hash mismatch: the content has the hash {name}, not {'0' * 64}"):
        hub.put_xorb("0" * 64, xorb)
    with pytest.raises(Refusal, match="Malformed xorb: the xorb ends within the chunk at byte 11"):
        hub.put_xorb(name, xorb[:-1])
    with pytest.raises(Refusal, match="Malformed xorb: there is no chunk in it"):
        hub.put_xorb(EMPTY_FILE, b"")
    hub.put_xorb(name, xorb)
    for wrong in (
        right._replace(hash="0" * 64),
        right._replace(segments=(Segment(name, 0, 2, 7),)),
        right._replace(segments=(Segment(name, 0, 3, 6),)),
        right._replace(segments=(Segment(name, 1, 1, 0),)),
        right._replace(proofs=("0" * 64,)),
    ):
        with pytest.raises(Refusal, match="Shard verification failed") as caught:
            hub.put_xet_files([wrong])
        assert caught.value.status == 400
    assert hub.put_xet_files([right])
    with pytest.raises(Refusal, match="File not found"):
        hub.xet_terms("0" * 64)
    with pytest.raises(Refusal, match="Xorb not found"):
        hub.xorb("0" * 64)


def test_there_is_a_limit_for_all_of_it(
    hub: FakeHub, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_BYTES", 1_000)
    add(hub, caller, "x", b"a" * 600)
    add(hub, caller, "same", b"a" * 600)
    with pytest.raises(Refusal, match="fakejobs keeps 1,000 bytes of files at most: 692 are there") as caught:
        hub.keep_file(b"b" * 500)
    assert caught.value.status == 413
    name, xorb, _ = uploaded(b"c" * 500)
    with pytest.raises(Refusal, match="these would be 508 more"):
        hub.put_xorb(name, xorb)
    hub.reset()
    assert hub.keep_file(b"b" * 500)


def test_what_is_known_of_files_counts_as_well(hub: FakeHub) -> None:
    name, xorb, _ = uploaded(*(b"%d" % number for number in range(1_000)))
    hub.put_xorb(name, xorb)
    kept = rows.stored_bytes(hub.state.database)
    assert kept == len(xorb) + 40 * 1_000
    chunks = chunks_of(xorb)
    segments = tuple(Segment(name, at, at + 1, chunk.size) for at, chunk in enumerate(chunks))
    assert hub.put_xet_files([FileParts(file_hash(chunks), segments)])
    assert rows.stored_bytes(hub.state.database) == kept + 44 * 1_000
    assert hub.put_xet_files([FileParts(file_hash(chunks), segments)]) is False
    assert rows.stored_bytes(hub.state.database) == kept + 44 * 1_000


def test_what_is_refused_takes_no_room(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    name, xorb, _ = uploaded(b"c" * 500)
    # The bytes would fit, what is to be known of them would not.
    monkeypatch.setattr(rows, "MOST_BYTES", len(xorb) + 10)
    with refused(413):
        hub.put_xorb(name, xorb)
    assert rows.stored_bytes(hub.state.database) == 0
    with refused(404):
        hub.xorb(name)


def test_a_shard_of_a_few_bytes_makes_no_huge_file(hub: FakeHub) -> None:
    name, xorb, _ = uploaded(b"q" * 131_072)
    hub.put_xorb(name, xorb)
    with pytest.raises(
        Refusal, match="keeps files of at most 67,108,864 bytes, not of 131,072,000"
    ) as caught:
        hub.put_xet_files([FileParts("ab" * 32, (Segment(name, 0, 1, 131_072),) * 1_000)])
    assert caught.value.status == 413
    with pytest.raises(Refusal, match="keeps files of at most 67,108,864 bytes, not of 67,108,865"):
        hub.keep_file(bytes(rows.MOST_BYTES + 1))


def test_a_shard_of_a_few_bytes_makes_no_long_work(hub: FakeHub) -> None:
    name, xorb, segments = uploaded(*[b"x"] * 1_000)
    hub.put_xorb(name, xorb)
    with pytest.raises(Refusal, match="a file has 9,000 chunks; at most 8,193 are allowed") as caught:
        hub.put_xet_files([FileParts("ab" * 32, tuple(segments * 9))])
    assert caught.value.status == 413
    file = FileParts(file_hash(chunks_of(xorb) * 8), tuple(segments * 8))
    with pytest.raises(Refusal, match="its files have 72,000 chunks; at most 65,536 are allowed"):
        hub.put_xet_files([file] * 9)
    assert hub.put_xet_files([file] * 8)


def test_a_path_is_a_file_or_a_folder(hub: FakeHub, caller: Caller) -> None:
    add(hub, caller, "d", b"x")
    add(hub, caller, "e/f/g", b"x")
    paths = ("d/e", "d/e/f", "e", "e/f", "d", "d0", "e.f")
    result = hub.batch_bucket(caller, DATA, [AddFile(path, EMPTY_FILE) for path in paths])
    assert result.failed == [
        ("d/e", "There is a file d: one path cannot be a file and a folder"),
        ("d/e/f", "There is a file d: one path cannot be a file and a folder"),
        ("e", "There is a file e/f/g: one path cannot be a file and a folder"),
        ("e/f", "There is a file e/f/g: one path cannot be a file and a folder"),
    ]
    assert hub.batch_bucket(caller, DATA, [DeleteFile("d"), AddFile("d/e", EMPTY_FILE)]).failed == []
    copied = hub.batch_bucket(caller, DATA, [CopyFile("e", EMPTY_FILE, "bucket", DATA)])
    assert [path for path, _ in copied.failed] == ["e"]
    assert [file.path for file in hub.bucket_tree(caller, DATA)] == ["d/e", "d0", "e.f", "e/f/g"]


def test_nobody_reads_what_is_public(hub: FakeHub, caller: Caller) -> None:
    hub.create_bucket(caller, "me", "open", private=False)
    add(hub, caller, "x", b"for all", "fake-user/open")
    assert hub.bucket(None, "fake-user/open").files == 1
    assert hub.download_bucket_file(None, "fake-user/open", "x")[1] == b"for all"
    assert hub.xet_token(None, "fake-user/open", "read").value.startswith("xet_read_")
    with refused(401):
        hub.xet_token(None, "fake-user/open", "write")
    hidden = []
    for bucket in (DATA, "fake-user/none", "nobody/none"):
        with pytest.raises(Refusal) as caught:
            hub.bucket_tree(None, bucket)
        hidden.append((caught.value.status, caught.value.code, caught.value.message, caught.value.hint))
    assert set(hidden) == {(401, "RepoNotFound", "Invalid username or password.", None)}


def test_a_role_in_a_resource_group_opens_no_bucket() -> None:
    """Buckets are the whole organisation's."""
    hub = frozen_hub(
        users=["ada", "bob", "eve"],
        orgs=[
            {
                "name": "acme",
                "members": {"ada": "admin", "bob": "read", "eve": "no_access"},
                "groups": [{"name": "g1", "members": {"bob": "write", "eve": "write"}}, {"name": "g2"}],
            }
        ],
        tokens=[
            {"token": "hf_ada", "user": "ada"},
            {"token": "hf_bob", "user": "bob"},
            {"token": "hf_eve", "user": "eve"},
            {
                "token": "hf_group",
                "user": "ada",
                "role": "fineGrained",
                "permissions": {"acme/g1": ["job.read", "job.write"]},
            },
        ],
    )
    ada, bob, eve, group = (hub.caller(token) for token in ("hf_ada", "hf_bob", "hf_eve", "hf_group"))
    hub.create_bucket(ada, "acme", "data", private=True)
    assert hub.bucket(bob, "acme/data").private
    for call in (
        lambda: hub.create_bucket(bob, "acme", "more"),
        lambda: hub.xet_token(bob, "acme/data", "write"),
        lambda: hub.batch_bucket(bob, "acme/data", [DeleteFile("x")]),
    ):
        with refused(403):
            call()
    for who in (eve, group):
        with refused(404):
            hub.bucket(who, "acme/data")
        with refused(403):
            hub.create_bucket(who, "acme", "more")
    org = hub.settings.identity.org("acme")
    assert org is not None
    with refused(404):
        hub.create_bucket(bob, org.groups[0].id, "more")
    hub.close()


def test_a_restart_keeps_the_files_and_a_reset_forgets_them(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    anchor = Anchor(START, START, frozen=True)
    hub = FakeHub(path, anchor=anchor)
    caller = hub.caller("hf_any")
    hub.create_bucket(caller, "me", "data")
    name = add(hub, caller, "a/x", b"content" * 1000)
    store = hub.state.content_store
    hub.close()

    hub = FakeHub(path)
    assert hub.read_bucket_file(DATA, "a/x") == b"content" * 1000
    assert hub.bucket_file(caller, DATA, "a/x").hash == name
    # Clients remember what is at an address, and this one might be another database.
    assert hub.state.content_store != store
    store = hub.state.content_store
    hub.reset()
    assert hub.state.content_store != store
    assert hub.read_bucket_file(DATA, "a/x") is None
    with pytest.raises(Refusal, match="Repository not found"):
        hub.bucket(caller, DATA)
    hub.close()
