"""Dataset repositories: commits one after the other, the files as of each, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.datasets import COMMIT_LIMIT
from fakejobs.model.identity import Caller
from fakejobs.model.refusal import Refusal
from fakejobs.model.repositories import AddFile, Commit, DeleteFile, Message, Operation, oid_of_blob
from fakejobs.store import files
from tests.conftest import START, frozen_hub

REPO = "fake-user/scripts"
TRAIN = AddFile("train.py", b"print('hello')\n")


@pytest.fixture
def scripts(hub: FakeHub, caller: Caller) -> str:
    """A private dataset of the default user."""
    return hub.create_dataset(caller, "scripts", private=True)[0].id


def commit(hub: FakeHub, *operations: Operation, repository: str = REPO, parent: str | None = None) -> Commit:
    message = Message("Upload with huggingface_hub", parent=parent)
    return hub.commit(hub.caller("hf_any"), repository, message, operations)


def paths(hub: FakeHub, revision: str = "main") -> list[str]:
    return [entry.path for entry in hub.dataset_files(hub.caller("hf_any"), REPO, revision)]


def refusal(call: object, status: int, code: str | None = None) -> Refusal:
    assert callable(call)
    with pytest.raises(Refusal) as refused:
        call()
    assert (refused.value.status, refused.value.code) == (status, code), refused.value
    return refused.value


@pytest.mark.usefixtures("scripts")
def test_a_file_as_of_each_commit(hub: FakeHub, caller: Caller) -> None:
    first = commit(hub, TRAIN)
    second = commit(hub, AddFile("train.py", b"print('bye')\n"), AddFile("data/läuft.csv", b""))
    third = commit(hub, DeleteFile("train.py"))
    for each, revision, data in (
        (first, first.oid, b"print('hello')\n"),
        (second, second.oid, b"print('bye')\n"),
    ):
        made, entry, found = hub.dataset_file(caller, REPO, revision, "train.py")
        assert (made, found) == (each, data)
        assert (entry.oid, entry.size) == (oid_of_blob(data), len(data))
    refusal(lambda: hub.dataset_file(caller, REPO, "main", "train.py"), 404, "EntryNotFound")
    assert hub.dataset(caller, REPO)[1] == third
    assert [paths(hub, each.oid) for each in (first, second, third)] == [
        ["train.py"],
        ["data/läuft.csv", "train.py"],
        ["data/läuft.csv"],
    ]


def test_ids_are_those_of_git() -> None:
    assert oid_of_blob(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object


@pytest.mark.usefixtures("scripts")
def test_a_folder_is_deleted_with_all_that_is_in_it(hub: FakeHub) -> None:
    commit(hub, TRAIN, AddFile("data/a", b"1"), AddFile("data/more/b", b"2"), AddFile("data2", b"3"))
    commit(hub, DeleteFile("data/"))
    assert paths(hub) == ["data2", "train.py"]


def test_a_repository_begins_with_an_empty_commit(hub: FakeHub, caller: Caller, scripts: str) -> None:
    _, first = hub.dataset(caller, scripts)
    assert (first.number, first.created, paths(hub)) == (0, START, [])
    assert hub.create_dataset(caller, "scripts", private=False) == (hub.dataset(caller, scripts)[0], False)


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        ("Upload train.py", "Upload train.py"),
        ("Upload\n\nand more", "Upload"),
        ("x" * 5_000, "x" * 300),
        ("", ""),
    ],
)
@pytest.mark.usefixtures("scripts")
def test_of_a_message_the_first_line_is_kept(hub: FakeHub, caller: Caller, summary: str, title: str) -> None:
    made = hub.commit(caller, REPO, Message(summary), [TRAIN])
    assert hub.dataset(caller, REPO)[1] == made
    assert made.title == title


@pytest.mark.parametrize(
    "commits",
    [
        pytest.param([["a", "a/b"]], id="in one commit"),
        pytest.param([["a"], ["a/b"]], id="a folder where a file is"),
        pytest.param([["a/b/c"], ["a"]], id="a file where a folder is"),
        pytest.param([["a!", "a", "a-/b"], ["a/b", "a0"]], id="with others between"),
    ],
)
@pytest.mark.usefixtures("scripts")
def test_a_path_is_a_file_or_a_folder(hub: FakeHub, commits: list[list[str]]) -> None:
    *first, last = commits
    for names in first:
        commit(hub, *(AddFile(name, b"") for name in names))
    before = hub.snapshot()
    refused = refusal(lambda: commit(hub, *(AddFile(name, b"") for name in last)), 400)
    assert refused.message.startswith("a would be a file and a folder at once: delete")
    assert hub.snapshot() == before


@pytest.mark.usefixtures("scripts")
def test_a_file_becomes_a_folder_and_back(hub: FakeHub) -> None:
    commit(hub, AddFile("a", b""), AddFile("a.py", b""))
    commit(hub, AddFile("a/b", b""), DeleteFile("a"))
    assert paths(hub) == ["a.py", "a/b"]
    commit(hub, DeleteFile("a/"), AddFile("a", b""))
    assert paths(hub) == ["a", "a.py"]


@pytest.mark.usefixtures("scripts")
def test_all_of_a_commit_or_nothing(hub: FakeHub) -> None:
    commit(hub, TRAIN)
    before = hub.snapshot()
    refusal(lambda: commit(hub, AddFile("x", b"x"), DeleteFile("gone.py")), 404, "EntryNotFound")
    assert hub.snapshot() == before


@pytest.mark.usefixtures("scripts")
def test_beyond_the_limit_of_bytes(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    commit(hub, AddFile("a", b"a" * 60))
    commit(hub, AddFile("again", b"a" * 60))  # the same bytes are kept once
    before = hub.snapshot()
    refused = refusal(lambda: commit(hub, AddFile("b", b"b" * 30), AddFile("c", b"c" * 30)), 413)
    assert refused.message.startswith("fakejobs keeps 100 bytes of files at most: 90 are there")
    assert hub.snapshot() == before


def test_the_largest_commit_has_room_for_all_that_a_hub_keeps() -> None:
    assert files.MOST_BYTES * 4 / 3 < COMMIT_LIMIT


@pytest.mark.usefixtures("scripts")
def test_a_commit_that_does_not_follow(hub: FakeHub) -> None:
    first = commit(hub, TRAIN)
    second = commit(hub, AddFile("b", b""), parent=first.oid)
    refused = refusal(lambda: commit(hub, AddFile("c", b""), parent=first.oid), 412)
    assert refused.message == "A commit has happened since. Please refresh and try again."
    assert second.number == 2


@pytest.mark.usefixtures("scripts")
def test_revisions(hub: FakeHub, caller: Caller) -> None:
    oid = commit(hub, TRAIN).oid
    for unknown in ("master", "0" * 40, oid[:7], ""):
        refused = refusal(lambda name=unknown: hub.dataset(caller, REPO, name), 404, "RevisionNotFound")
        assert refused.message == f"Invalid rev id: {unknown}"
    refusal(lambda: hub.commit(caller, REPO, Message("x"), [TRAIN], oid), 501)


NAMES = ["", "-x", "x-", "a--b", "a..b", "a/b", "x.git", "läuft", "x" * 97, "a b"]


@pytest.mark.parametrize("name", NAMES)
def test_impossible_names(hub: FakeHub, caller: Caller, name: str) -> None:
    refusal(lambda: hub.create_dataset(caller, name), 400)


@pytest.fixture
def people() -> Iterator[FakeHub]:
    """Ada owns a private and a public dataset; Bob is somebody else; Eve may only read with her token of Ada's."""
    hub = frozen_hub(
        users=["ada", "bob"],
        orgs=["acme"],
        tokens=[
            {"token": "hf_ada", "user": "ada"},
            {"token": "hf_eve", "user": "ada", "role": "read"},
            {"token": "hf_bob", "user": "bob"},
        ],
    )
    ada = hub.caller("hf_ada")
    for name, private in (("secret", True), ("open", False)):
        hub.create_dataset(ada, name, private=private)
        hub.commit(ada, f"ada/{name}", Message("x"), [TRAIN])
    yield hub
    hub.close()


@pytest.mark.parametrize(
    ("token", "repository", "may_read", "may_write"),
    [
        ("hf_ada", "ada/secret", True, True),
        ("hf_eve", "ada/secret", True, 403),
        ("hf_bob", "ada/secret", 404, 404),
        ("hf_bob", "ada/open", True, 403),
        ("hf_ada", "ada/none", 404, 404),
        ("hf_ada", "nobody/none", 404, 404),
    ],
)
def test_who_may_do_what(
    people: FakeHub, token: str, repository: str, may_read: bool | int, may_write: bool | int
) -> None:
    who = people.caller(token)
    if may_read is True:
        assert people.dataset_file(who, repository, "main", "train.py")[2] == TRAIN.data
    else:
        refusal(lambda: people.dataset_file(who, repository, "main", "train.py"), may_read, "RepoNotFound")
    before = people.snapshot()
    if may_write is True:
        people.commit(who, repository, Message("x"), [AddFile("x", b"")])
    else:
        code = "RepoNotFound" if may_write == 404 else None
        refusal(lambda: people.commit(who, repository, Message("x"), [AddFile("x", b"")]), may_write, code)
        assert people.snapshot() == before


def test_whoever_is_not_logged_in(people: FakeHub) -> None:
    assert people.dataset_file(None, "ada/open", "main", "train.py")[2] == TRAIN.data
    private = refusal(lambda: people.dataset(None, "ada/secret"), 401, "RepoNotFound")
    missing = refusal(lambda: people.dataset(None, "ada/none"), 401, "RepoNotFound")
    assert (private.message, private.hint) == (missing.message, missing.hint), (
        "nothing tells one from the other"
    )


@pytest.fixture
def grouped() -> Iterator[FakeHub]:
    """Bob may read in acme, and write in its resource group g1; Eve's token is for that group alone."""
    hub = frozen_hub(
        users=["ada", "bob"],
        orgs=[
            {
                "name": "acme",
                "members": {"ada": "admin", "bob": "read"},
                "groups": [{"name": "g1", "members": {"bob": "write"}}],
            }
        ],
        tokens=[
            {"token": "hf_ada", "user": "ada"},
            {"token": "hf_bob", "user": "bob"},
            {
                "token": "hf_eve",
                "user": "bob",
                "role": "fineGrained",
                "permissions": {"acme/g1": ["job.read", "job.write"]},
            },
        ],
    )
    hub.create_dataset(hub.caller("hf_ada"), "scripts", "acme", private=True)
    yield hub
    hub.close()


def test_a_resource_group_is_not_the_organisation(grouped: FakeHub) -> None:
    bob, eve = grouped.caller("hf_bob"), grouped.caller("hf_eve")
    before = grouped.snapshot()
    assert grouped.dataset(bob, "acme/scripts")[0].private
    for who, status, code in ((bob, 403, None), (eve, 404, "RepoNotFound")):
        refusal(lambda who=who: grouped.commit(who, "acme/scripts", Message("x"), [TRAIN]), status, code)
        refusal(lambda who=who: grouped.check_commit(who, "acme/scripts"), status, code)
        refusal(lambda who=who: grouped.create_dataset(who, "new", "acme"), 403)
    refusal(lambda: grouped.dataset(eve, "acme/scripts"), 404, "RepoNotFound")
    assert grouped.snapshot() == before


@pytest.mark.parametrize("token", ["hf_ada", "hf_bob", "hf_eve"])
def test_the_id_of_a_resource_group_is_no_namespace(grouped: FakeHub, token: str) -> None:
    org = grouped.settings.identity.org("acme")
    assert org is not None
    (group,) = org.groups
    refusal(lambda: grouped.create_dataset(grouped.caller(token), "x", group.id), 403)


@pytest.mark.parametrize(("token", "namespace"), [("hf_eve", None), ("hf_bob", "ada"), ("hf_ada", "nobody")])
def test_who_may_not_make_one(people: FakeHub, token: str, namespace: str | None) -> None:
    refused = refusal(lambda: people.create_dataset(people.caller(token), "x", namespace), 403)
    assert refused.message.startswith("You don't have the rights to create a dataset under the namespace")


def test_for_whoever_looks_from_outside(people: FakeHub) -> None:
    assert people.uploaded_in_dataset("ada/secret", "train.py") == TRAIN.data
    for repository, path, revision in (
        ("ada/none", "train.py", "main"),
        ("ada/secret", "none", "main"),
        ("ada/secret", "train.py", "0" * 40),
    ):
        assert people.uploaded_in_dataset(repository, path, revision) is None


# Whatever is committed

some_paths = st.sampled_from(["a", "b.py", "d", "d.py", "d/a", "d/b", "d/e", "d/e/f"])
changes = st.lists(
    st.one_of(
        st.builds(AddFile, some_paths, st.binary(max_size=5)),
        st.builds(DeleteFile, st.one_of(some_paths, st.just("d/"))),
    ),
    max_size=4,
)


def applied(files_before: dict[str, bytes], operations: Sequence[Operation]) -> dict[str, bytes] | None:
    """What a commit makes of files; None if it is refused: something to delete is not there, or a path is a file and a folder."""
    found = dict(files_before)
    for each in operations:
        if isinstance(each, AddFile):
            found[each.path] = each.data
            continue
        gone = [path for path in found if path == each.path or (each.path == "d/" and path.startswith("d/"))]
        if not gone:
            return None
        for path in gone:
            del found[path]
    both = any(other.startswith(f"{path}/") for path in found for other in found)
    return None if both else found


@example([[AddFile("d/a", b"1")], [AddFile("d", b"2")], [AddFile("d", b"3"), DeleteFile("d/")]])
@given(st.lists(changes, max_size=6))
def test_every_commit_can_be_read_for_ever(commits: list[list[Operation]]) -> None:
    hub = frozen_hub()
    who = hub.caller("hf_any")
    hub.create_dataset(who, "scripts")
    wanted: dict[str, dict[str, bytes]] = {hub.dataset(who, REPO)[1].oid: {}}
    newest: dict[str, bytes] = {}
    for operations in commits:
        after = applied(newest, operations)
        if after is None:
            with pytest.raises(Refusal) as refused:
                commit(hub, *operations)
            assert refused.value.status in (400, 404)
            continue
        wanted[commit(hub, *operations).oid] = newest = after
    before = hub.snapshot()
    for oid, kept in wanted.items():
        assert paths(hub, oid) == sorted(kept)
        assert {path: hub.dataset_file(who, REPO, oid, path)[2] for path in kept} == kept
    assert hub.snapshot() == before, "looking changes nothing"
    hub.close()


def test_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    hub = FakeHub(path, anchor=Anchor(START, START, frozen=True))
    hub.create_dataset(hub.caller("hf_any"), "scripts")
    oid = commit(hub, TRAIN).oid
    hub.close()
    hub = FakeHub(path)
    assert hub.uploaded_in_dataset(REPO, "train.py", oid) == TRAIN.data
    hub.reset()
    refusal(lambda: hub.dataset(hub.caller("hf_any"), REPO), 404, "RepoNotFound")
    assert hub.uploaded_in_dataset(REPO, "train.py", oid) is None
    hub.close()
