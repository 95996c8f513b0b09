"""The routes of dataset repositories: those through which clients before 1.3 ship a local script, and through which one reads it back."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, request

from fakejobs.hub import FakeHub
from fakejobs.hub.datasets import COMMIT_LIMIT
from fakejobs.model.identity import Caller
from fakejobs.model.refusal import Refusal
from fakejobs.model.repositories import MAIN
from fakejobs.web.answers import error_answer
from fakejobs.web.context import BODY_KEY, caller, hub, json_answer, json_body, raw_body, whoever
from fakejobs.wire.buckets import read_paths
from fakejobs.wire.commits import read_commit, read_creation, read_preupload, without_samples
from fakejobs.wire.repositories import dataset_body, tree_body

datasets = Blueprint("datasets", __name__)

SITE = "https://huggingface.co"
"""How the addresses of repositories begin in answers: every client can read these, whatever endpoint it was given."""

_DATASET = "/api/datasets/<namespace>/<name>"
_FILE = "/datasets/<namespace>/<name>/resolve/<revision>/<path:path>"


@datasets.post("/api/repos/create")
def create() -> Response:
    """Make a dataset repository."""
    who, fake = caller(), hub()
    kind, name, organization, private = read_creation(json_body())
    if kind != "dataset":
        return error_answer(
            501,
            f"fakejobs emulates dataset repositories only, not POST /api/repos/create of a {kind}: answer it in the test, with "
            'fakejobs.route("POST", "/api/repos/create", ...), or leave the call out',
        )
    repository, new = fake.create_dataset(who, name, organization, private=private)
    body = {"url": f"{SITE}/datasets/{repository.id}", "name": repository.id}
    if new:
        return json_answer(body)
    message = f"You already created this dataset repo: {repository.id}"
    answer = json_answer({"error": message, **body}, 409)  # clients read the address of either answer
    answer.headers["X-Error-Message"] = message
    return answer


@datasets.post("/api/validate-yaml")
def validate() -> Response:
    """The metadata in a README are taken as they are."""
    caller()
    json_body()
    return json_answer({"errors": [], "warnings": []})


@datasets.get(_DATASET)
@datasets.get(f"{_DATASET}/revision/<revision>")
def inspect(namespace: str, name: str, revision: str = MAIN) -> Response:
    """A repository, as of a revision."""
    fake, who = hub(), whoever()
    repository, commit = fake.dataset(who, f"{namespace}/{name}", revision)
    entries = fake.dataset_files(who, repository.id, commit.oid)
    blobs = request.args.get("blobs", "").lower() in ("1", "true")
    body = dataset_body(repository, commit, entries, blobs=blobs)
    if wanted := request.args.getlist("expand"):
        body = {key: value for key, value in body.items() if key == "id" or key in wanted}
    return json_answer(body)


@datasets.post(f"{_DATASET}/preupload/<revision>")
def preupload(namespace: str, name: str, revision: str) -> Response:
    """How files would have to be sent: all as regular ones. Those that are there have their ids."""
    fake, who, repository = _writer(namespace, name)
    fake.check_commit(who, repository, revision)
    body = json_body()
    request.environ[BODY_KEY] = without_samples(request.environ[BODY_KEY])
    paths = read_preupload(body)
    there = {entry.path: entry.oid for entry in fake.dataset_files(who, repository, revision)}
    files = [
        {"path": path, "uploadMode": "regular", "shouldIgnore": False}
        | ({"oid": there[path]} if path in there else {})
        for path in paths
    ]
    return json_answer({"files": files})


@datasets.post(f"{_DATASET}/commit/<revision>")
def commit(namespace: str, name: str, revision: str) -> Response:
    """Change files: all that the lines of the body say, or nothing."""
    fake, who, repository = _writer(namespace, name)
    fake.check_commit(who, repository, revision)
    message, operations = read_commit(raw_body(COMMIT_LIMIT))
    made = fake.commit(who, repository, message, operations, revision)
    return json_answer(
        {
            "success": True,
            "commitOid": made.oid,
            "commitUrl": f"{SITE}/datasets/{repository}/commit/{made.oid}",
            "hookOutput": "",
        }
    )


@datasets.get(f"{_DATASET}/tree/<revision>")
@datasets.get(f"{_DATASET}/tree/<revision>/<path:path>")
def tree(namespace: str, name: str, revision: str, path: str = "") -> Response:
    """The files and folders in a folder, or in all of the repository."""
    entries = hub().dataset_files(whoever(), f"{namespace}/{name}", revision)
    recursive = request.args.get("recursive", "").lower() in ("1", "true")
    found = tree_body(entries, path.strip("/"), recursive=recursive)
    if path and not found:
        raise Refusal(404, f"{path} does not exist on {revision!r}", code="EntryNotFound")
    return json_answer(found)


@datasets.post(f"{_DATASET}/paths-info/<revision>")
def paths_info(namespace: str, name: str, revision: str) -> Response:
    """Those of some paths that are there."""
    entries = hub().dataset_files(whoever(), f"{namespace}/{name}", revision)
    wanted = set(read_paths(json_body() if request.is_json else {"paths": [*request.form.getlist("paths")]}))
    everything = tree_body(entries, "", recursive=True)
    return json_answer([each for each in everything if each["path"] in wanted])


@datasets.get(_FILE)
def resolve(namespace: str, name: str, revision: str, path: str) -> Response:
    """The bytes of a file."""
    made, entry, data = hub().dataset_file(whoever(), f"{namespace}/{name}", revision, path)
    answer = Response(data, content_type="application/octet-stream")
    answer.headers["X-Repo-Commit"] = made.oid
    answer.headers["Content-Disposition"] = (
        f"inline; filename*=UTF-8''{quote(path.rpartition('/')[2], safe='')}"
    )
    answer.set_etag(entry.oid)
    answer.make_conditional(request, accept_ranges=True, complete_length=entry.size)
    del answer.headers["Date"]  # of this machine; each answer gets the hub's
    return answer


def _writer(namespace: str, name: str) -> tuple[FakeHub, Caller, str]:
    """Whoever wants to change a repository."""
    who = caller()
    if request.args.get("create_pr"):
        raise Refusal(501, "fakejobs does not emulate pull requests: commit without create_pr")
    return hub(), who, f"{namespace}/{name}"
