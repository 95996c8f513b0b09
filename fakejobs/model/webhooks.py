"""Webhooks that start jobs, the events of repositories that trigger them, and what such a job is told.

Source: the Hub's OpenAPI (August 2026) and its documentation, "Webhooks", "Webhooks Automation" (of Jobs) and "Process new files
in a bucket with Jobs".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fakejobs.model.draws import digest, entity_id
from fakejobs.model.units import did_you_mean, short

DOMAINS = ("repo", "discussion")
REPO_TYPES = ("model", "dataset", "space", "bucket", "kernel")
WATCHED_TYPES = ("dataset", "model", "space", "bucket", "kernel", "user", "org")
ACTIONS = ("create", "delete", "move", "update")

ALIASES: Mapping[str, str | None] = {
    "event": None,
    "headSha": "head_sha",
    "updatedRefs": "updated_refs",
    "updatedFiles": "updated_files",
    "updatedConfig": "updated_config",
}
"""The words of a payload, and what each is here; ``event`` holds two of them."""

DAY_MS = 86_400_000
TRIGGERS_PER_DAY = 1000
"""Each webhook is triggered so often in 24 hours, and not once more (Hub documentation, "Webhooks", "Rate limiting")."""

PAYLOAD_VERSION = 3
KEPT = ("dockerImage", "spaceId", "environment", "arguments", "command", "flavor", "timeoutSeconds")
"""What of a job's spec its webhook runs again; neither its volumes nor its secrets (Hub documentation, "Process new files in a bucket
with Jobs"). These are also the keys that the Hub answers, in its order; labels are kept too."""

_HUB = "https://huggingface.co"
_PATHS = {
    "model": "",
    "dataset": "datasets/",
    "space": "spaces/",
    "bucket": "buckets/",
    "kernel": "kernels/",
}
_SCOPES = ("repo", "repo.content", "repo.config", "discussion", "discussion.comment")
_ONLY: Mapping[str, tuple[str, ...]] = {
    "repo": ACTIONS,
    "discussion": ("create", "delete", "update"),
    "discussion.comment": ("create", "update"),
}
EVENT_WORDS = (
    "repo", "type", "action", "scope", "private", "head_sha", "tags",
    "updated_refs", "updated_files", "updated_config", "discussion", "comment",
)  # fmt: skip


@dataclass(frozen=True)
class Watched:
    """What a webhook watches: a repository, or all those of a user or an organisation.

    Attributes:
        type: ``model``, ``dataset``, ``space``, ``bucket``, ``kernel``, ``user`` or ``org``.
        name: ``owner/name`` of a repository, or the name of the owner.
    """

    type: str
    name: str


@dataclass(frozen=True)
class Webhook:
    """A webhook of a user.

    Attributes:
        id: 24 hex digits.
        user: the name of whose it is; an organisation has none of its own.
        created: when, in milliseconds.
        watched: what it watches.
        domains: ``repo``, ``discussion`` or both.
        url: the address that the Hub would call; here nothing is called.
        job: the spec that it runs, with the keys of `KEPT`; None if it has a ``url``.
        labels: the labels of its jobs.
        secrets: the names of its jobs' secrets.
        namespace: where its jobs run.
        source: the id of the job, or of the scheduled job, that the spec was taken from.
        has_secret: whether it has a secret, which its jobs find in ``WEBHOOK_SECRET``.
        disabled: whether events pass it by.
        last_trigger: when it was triggered last, in milliseconds.
    """

    id: str
    user: str
    created: int
    watched: tuple[Watched, ...]
    domains: tuple[str, ...]
    url: str | None = None
    job: Mapping[str, object] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    namespace: str = ""
    source: str | None = None
    has_secret: bool = False
    disabled: bool = False
    last_trigger: int | None = None

    def wants(self, event: RepoEvent) -> bool:
        """Whether an event triggers it."""
        if self.disabled or event.domain not in self.domains:
            return False
        return any(
            each.name == event.owner
            if each.type in ("user", "org")
            else (each.type, each.name) == (event.type, event.repo)
            for each in self.watched
        )


@dataclass(frozen=True)
class Delivery:
    """That an event reached a webhook.

    Attributes:
        id: of this entry: what a replay asks for.
        webhook: the id of the webhook.
        at: when, in milliseconds.
        status: 200, or with what status the Hub would have refused the job.
        job: the id of the job that it started, or None.
        event: what happened, without what depends on the webhook.
        key: ``WEBHOOK_ID`` of the job: the same for an event and its replays.
    """

    id: str
    webhook: str
    at: int
    status: int
    job: str | None
    event: Mapping[str, object]
    key: str


@dataclass(frozen=True)
class RepoEvent:
    """Something that happens to a repository.

    Attributes:
        repo: its name, ``owner/name``.
        type: ``model``, ``dataset``, ``space``, ``bucket`` or ``kernel``.
        action: ``create``, ``delete``, ``move`` or ``update``.
        scope: ``repo``, ``repo.content``, ``repo.config``, ``discussion``, ``discussion.comment``, or a narrower one.
        private: whether the repository is private.
        head_sha: the last commit on ``main``; None: one that is drawn.
        tags: the tags of the repository; None: not said.
        updated_refs: as in the payload; None: for changed content, a commit on ``main``.
        updated_files: of a bucket, as in the payload.
        updated_config: as in the payload.
        discussion: what differs from a discussion that was opened just now.
        comment: likewise.
    """

    repo: str
    type: str = "model"
    action: str = "update"
    scope: str = "repo.content"
    private: bool = False
    head_sha: str | None = None
    tags: tuple[str, ...] | None = None
    updated_refs: tuple[Mapping[str, object], ...] | None = None
    updated_files: tuple[Mapping[str, object], ...] | None = None
    updated_config: Mapping[str, object] | None = None
    discussion: Mapping[str, object] | None = None
    comment: Mapping[str, object] | None = None

    @property
    def domain(self) -> str:
        """``repo`` or ``discussion``."""
        return self.scope.partition(".")[0]

    @property
    def owner(self) -> str | None:
        """The name of the owner; the oldest repositories have none in their name."""
        owner, slash, _ = self.repo.partition("/")
        return owner if slash else None


def event_from(words: Mapping[str, object]) -> RepoEvent:
    """An event from words: ``repo="ada/data", type="dataset", scope="repo.content", action="update"``.

    The shape of the payload is understood as well: ``{"repo": {"type": ..., "name": ..., "headSha": ...}, "event": {"action": ...,
    "scope": ...}, "updatedFiles": [...]}``.

    Raises:
        ValueError: an unknown word or an impossible value; the message names it.
    """
    given = _flat(words)
    for word in given:
        if word not in EVENT_WORDS:
            raise ValueError(f"{word}: unknown word{did_you_mean(word, EVENT_WORDS)}")
    repo, kind, scope = given.get("repo"), given.get("type", "model"), given.get("scope", "repo.content")
    if not isinstance(repo, str) or not repo or repo.count("/") > 1:
        raise ValueError(f'repo: give the name of a repository, such as "ada/data", not {short(repo)}')
    if kind not in REPO_TYPES:
        raise ValueError(f"type: {short(kind)} is none of {', '.join(REPO_TYPES)}")
    if not isinstance(scope, str) or not any(
        scope == each or scope.startswith(f"{each}.") for each in _SCOPES
    ):
        raise ValueError(f"scope: {short(scope)} is none of {', '.join(_SCOPES)}")
    if kind == "bucket" and scope.startswith("discussion"):
        raise ValueError("scope: buckets have no discussions")
    action, allowed = given.get("action", "update"), _ONLY.get(scope, ("update",))
    if action not in allowed:
        raise ValueError(f"action: {short(action)} is none of {', '.join(allowed)}, which {scope} allows")
    if not isinstance(given.get("private", False), bool):
        raise ValueError("private: give true or false")
    if not isinstance(given.get("head_sha", ""), str):
        raise ValueError("head_sha: give a text")
    for word in ("updated_config", "discussion", "comment"):
        if not isinstance(given.get(word, {}), Mapping):
            raise ValueError(f"{word}: give a table")
    for word, item in (("tags", str), ("updated_refs", Mapping), ("updated_files", Mapping)):
        each = given.get(word, ())
        if not isinstance(each, (list, tuple)) or not all(isinstance(one, item) for one in each):
            raise ValueError(f"{word}: give a list of {'texts' if item is str else 'tables'}")
        if word in given:
            given[word] = tuple(each)
    return RepoEvent(**given)  # type: ignore[arg-type]  # the words were checked


def _flat(words: Mapping[str, object]) -> dict[str, object]:
    flat = dict(words)
    event = flat.pop("event", {})
    if not isinstance(event, Mapping):
        raise ValueError("event: give a table with `action` and `scope`")
    if isinstance(repo := flat.get("repo"), Mapping):
        del flat["repo"]
        flat.update({"repo" if key == "name" else str(key): value for key, value in repo.items()})
    flat.update(event)
    for shown, word in ALIASES.items():
        if word is not None and shown in flat:
            flat[word] = flat.pop(shown)
    return flat


def describe(event: RepoEvent, owner_id: str, *, seed: int, number: int) -> dict[str, object]:
    """The payload of an event, without ``webhook``: the same for every webhook that it triggers.

    Args:
        event: what happened.
        owner_id: the id of the repository's owner.
        seed: of the hub, for what is drawn.
        number: the how-manieth event of this repository it is, from 1 on.
    """
    path = f"{_PATHS[event.type]}{event.repo}"
    web, api = f"{_HUB}/{path}", f"{_HUB}/api/{event.type}s/{event.repo}"
    repo: dict[str, object] = {
        "type": event.type,
        "name": event.repo,
        "id": entity_id(event.type, event.repo),
        "private": event.private,
        "url": {"web": web, "api": api},
    }
    shas = [
        digest(seed, f"{event.type}/{event.repo}", "commit", each, size=20).hex()
        for each in (number - 1, number)
    ]
    head = event.head_sha or shas[1]
    git = event.type != "bucket"
    if event.domain == "repo" and git:
        repo["headSha"] = head
    if event.tags is not None:
        repo["tags"] = list(event.tags)
    repo["owner"] = {"id": owner_id}
    payload: dict[str, object] = {"event": {"action": event.action, "scope": event.scope}, "repo": repo}
    if event.domain == "discussion":
        _add_discussion(payload, event, web, api, owner_id)
    if event.updated_refs is not None:
        payload["updatedRefs"] = [dict(each) for each in event.updated_refs]
    elif event.scope == "repo.content" and git:
        payload["updatedRefs"] = [{"ref": "refs/heads/main", "oldSha": shas[0], "newSha": head}]
    if event.updated_files is not None:
        payload["updatedFiles"] = [dict(each) for each in event.updated_files]
    if event.updated_config is not None or event.scope.startswith("repo.config"):
        payload["updatedConfig"] = dict(event.updated_config or {})
    return payload


def _add_discussion(payload: dict[str, object], event: RepoEvent, web: str, api: str, author: str) -> None:
    given = dict(event.discussion or {})
    num = given.get("num", 1)
    discussion: dict[str, object] = {
        "id": entity_id("discussion", f"{event.type}/{event.repo}/{num}"),
        "title": "A discussion",
        "url": {"web": f"{web}/discussions/{num}", "api": f"{api}/discussions/{num}"},
        "status": "open",
        "author": {"id": author},
        "num": num,
        "isPullRequest": False,
    }
    discussion.update(given)
    payload["discussion"] = discussion
    opened = event.scope == "discussion" and event.action == "create"
    if event.comment is not None or opened or event.scope.startswith("discussion.comment"):
        comment_id = entity_id("comment", f"{event.type}/{event.repo}/{num}")
        comment: dict[str, object] = {
            "id": comment_id,
            "author": {"id": author},
            "content": "A comment",
            "hidden": False,
            "url": {"web": f"{web}/discussions/{num}#{comment_id}"},
        }
        comment.update(event.comment or {})
        payload["comment"] = comment


def payload_for(webhook_id: str, event: Mapping[str, object]) -> dict[str, object]:
    """What a webhook is sent of an event: the whole of ``WEBHOOK_PAYLOAD``."""
    return {**event, "webhook": {"id": webhook_id, "version": PAYLOAD_VERSION}}
