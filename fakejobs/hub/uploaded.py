"""What was uploaded, for whoever looks from outside, such as a test: whoever's it is, and without a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakejobs.hub.contents import read_content
from fakejobs.model.repositories import MAIN
from fakejobs.store import files, repositories

if TYPE_CHECKING:
    from fakejobs.hub.state import State


def in_bucket(state: State, bucket_id: str, folder: str) -> dict[str, bytes]:
    """The files in a folder of a bucket (empty: in all of it), by their paths within it. Empty without such a bucket."""
    within = f"{folder.strip('/')}/".removeprefix("/")
    with state.look(runs=False):
        found = {
            file.path[len(within) :]: file.hash
            for file in files.all_files(state.database, bucket_id)
            if file.path.startswith(within)
        }
        # Many files may have the same bytes: these are there once.
        data = {name: read_content(state, name) or b"" for name in set(found.values())}
        return {path: data[name] for path, name in found.items()}


def in_dataset(state: State, repository_id: str, revision: str, path: str) -> bytes | None:
    """A file of a dataset repository as of a revision, or None if there is none."""
    with state.look(runs=False):
        if revision == MAIN:
            commit = repositories.newest_commit(state.database, repository_id)
        else:
            commit = repositories.find_commit(state.database, repository_id, revision)
        if commit is None:
            return None
        entry = repositories.find_entry(state.database, repository_id, commit.number, path)
        return None if entry is None else repositories.data_of(state.database, entry)
