"""The use cases around dataset repositories, as far as clients before 1.3 need them to run a local script.

A repository has one branch, ``main``. It begins with an empty commit; every commit can be read for ever.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fakejobs.hub.identity import allow_ungrouped
from fakejobs.model.identity import Caller
from fakejobs.model.refusal import Refusal
from fakejobs.model.repositories import (
    MAIN,
    AddFile,
    Commit,
    Entry,
    Message,
    Operation,
    Repository,
    file_and_folder,
    insert_path,
    oid_of_blob,
    oid_of_commit,
    remove_below,
)
from fakejobs.store import repositories as rows
from fakejobs.store.files import MOST_BYTES

if TYPE_CHECKING:
    from fakejobs.hub.state import State

COMMIT_LIMIT = MOST_BYTES // 3 * 4 + 1_048_576
"""Bytes of a commit that are read at most: all that a hub keeps, in base64."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")


def create(
    state: State, caller: Caller, name: str, organization: str | None, *, private: bool
) -> tuple[Repository, bool]:
    """Make a dataset repository; returns it, and whether it is new.

    Args:
        state: of the hub.
        caller: who.
        name: its name, without the namespace.
        organization: the namespace; None: the caller's own.
        private: whether only those who may read the namespace see it.

    Raises:
        Refusal: 400 for an impossible name; 403 if the caller may not write in the namespace, or there is none.
    """
    namespace = caller.user.name if organization is None else organization
    if not _NAME.fullmatch(name) or ".." in name or "--" in name or name.endswith(".git"):
        raise Refusal(
            400,
            "Invalid repo name: 1 to 96 letters, digits and '-', '_', '.'; no '--', no '..', no '.git' at the end",
        )
    try:
        owner = allow_ungrouped(state, caller, namespace, "write")
    except Refusal as refusal:
        raise Refusal(
            403,
            f'You don\'t have the rights to create a dataset under the namespace "{namespace}"',
            hint=refusal.hint,
        ) from None
    with state.act() as now:
        repository = Repository(f"{owner.name}/{name}", private, now)
        if (known := rows.find_repository(state.database, repository.id)) is not None:
            return known, False
        rows.put_repository(state.database, repository)
        first = Message("initial commit")
        oid = oid_of_commit(repository.id, "", now, first, ())
        rows.put_commit(state.database, repository.id, Commit(oid, 0, now, first.title))
        return repository, True


def read(
    state: State, caller: Caller | None, repository_id: str, revision: str = MAIN
) -> tuple[Repository, Commit]:
    """A repository, and the commit that a revision stands for.

    Args:
        state: of the hub.
        caller: who; None: nobody is logged in.
        repository_id: ``namespace/name``.
        revision: ``main``, or the id of a commit.

    Raises:
        Refusal: 404, if there is no such repository, the caller may not know of it, or there is no such revision; without a caller, 401
            for the first two.
    """
    with state.look():
        repository = _visible(state, caller, repository_id)
        if revision == MAIN:
            commit = rows.newest_commit(state.database, repository_id)
        else:
            commit = rows.find_commit(state.database, repository_id, revision)
        if commit is None:
            raise Refusal(
                404,
                f"Invalid rev id: {revision}",
                code="RevisionNotFound",
                hint=f"revisions here are {MAIN} and the ids of commits",
            )
        return repository, commit


def entries(state: State, caller: Caller | None, repository_id: str, revision: str) -> list[Entry]:
    """Every file as of a revision, in the order of paths.

    Raises:
        Refusal: 404, as for `read`.
    """
    with state.look():
        _, commit = read(state, caller, repository_id, revision)
        return rows.all_entries(state.database, repository_id, commit.number)


def file(
    state: State, caller: Caller | None, repository_id: str, revision: str, path: str
) -> tuple[Commit, Entry, bytes]:
    """A file as of a revision: the commit, the file, its bytes.

    Raises:
        Refusal: 404, as for `read`, or if there is no such file.
    """
    with state.look():
        _, commit = read(state, caller, repository_id, revision)
        entry = rows.find_entry(state.database, repository_id, commit.number, path)
        if entry is None:
            raise Refusal(404, "Entry not found", code="EntryNotFound")
        return commit, entry, rows.data_of(state.database, entry)


def check_write(state: State, caller: Caller, repository_id: str, revision: str) -> Commit:
    """The newest commit of the branch, if the caller may commit to it.

    Raises:
        Refusal: 404 as for `read`, 403 without the permission, 501 for anything but the branch.
    """
    with state.look():
        repository, commit = read(state, caller, repository_id, revision)
        try:
            allow_ungrouped(state, caller, repository.namespace, "write")
        except Refusal as refusal:
            raise Refusal(
                403, f"You don't have the rights to write to the dataset {repository_id}", hint=refusal.hint
            ) from None
        if revision != MAIN:
            raise Refusal(501, f"fakejobs emulates commits to {MAIN} only, not to {revision}")
        return commit


def commit(
    state: State,
    caller: Caller,
    repository_id: str,
    revision: str,
    message: Message,
    operations: Sequence[Operation],
) -> Commit:
    """Change files: all that the operations say, or nothing.

    Raises:
        Refusal: as for `check_write`; 400 if a path would be a file and a folder; 404 for a file to delete that is not there; 412 if it
            does not follow the commit that it names; 413 if there is no room.
    """
    with state.act() as now:
        newest = check_write(state, caller, repository_id, revision)
        if message.parent is not None and message.parent != newest.oid:
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        oid = oid_of_commit(repository_id, newest.oid, now, message, operations)
        made = Commit(oid, newest.number + 1, now, message.title)
        rows.put_commit(state.database, repository_id, made)
        there = [entry.path for entry in rows.all_entries(state.database, repository_id, newest.number)]
        for each in operations:
            if isinstance(each, AddFile):
                entry = Entry(each.path, oid_of_blob(each.data), len(each.data))
                rows.put_entry(state.database, repository_id, made.number, entry, each.data)
                insert_path(there, each.path)
                continue
            gone = remove_below(there, each.path)
            if not gone:
                raise Refusal(404, f"Entry not found: {each.path}", code="EntryNotFound")
            for path in gone:
                rows.put_deletion(state.database, repository_id, made.number, path)
        if (clash := file_and_folder(there)) is not None:
            raise Refusal(
                400,
                f"{clash} would be a file and a folder at once: delete the file, or what is in the folder, in the same commit",
            )
        return made


def _visible(state: State, caller: Caller | None, repository_id: str) -> Repository:
    """A repository that the caller may know of."""
    repository = rows.find_repository(state.database, repository_id)
    if repository is not None and not repository.private:
        return repository
    if caller is None:  # the Hub does not say which of them there are
        raise Refusal(401, "Invalid username or password.", code="RepoNotFound")
    hint: str | None = "no such dataset was created in this fake"
    if repository is not None:
        try:
            allow_ungrouped(state, caller, repository.namespace, "read")
        except Refusal as refusal:
            hint = refusal.hint
        else:
            return repository
    raise Refusal(404, "Repository not found", code="RepoNotFound", hint=hint)
