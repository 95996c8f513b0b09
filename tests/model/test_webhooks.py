"""Events of repositories, what a webhook makes of them, and what its job is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakejobs.model.webhooks import (
    ACTIONS,
    REPO_TYPES,
    RepoEvent,
    Watched,
    Webhook,
    describe,
    event_from,
    payload_for,
)

OWNER = "61d2000c3c2083e1c08af22d"


def described(number: int = 1, **words: object) -> dict[str, object]:
    return describe(event_from(words), OWNER, seed=0, number=number)


def hook(
    *watched: tuple[str, str], domains: tuple[str, ...] = ("repo", "discussion"), disabled: bool = False
) -> Webhook:
    return Webhook("a" * 24, "ada", 0, tuple(Watched(*each) for each in watched), domains, disabled=disabled)


def test_the_payload_of_a_commit() -> None:
    payload = described(repo="ada/data", type="dataset", head_sha="f" * 40, tags=["license:mit"])
    repo = payload["repo"]
    assert isinstance(repo, dict)
    assert list(payload) == ["event", "repo", "updatedRefs"]
    assert payload["event"] == {"action": "update", "scope": "repo.content"}
    assert list(repo) == ["type", "name", "id", "private", "url", "headSha", "tags", "owner"]
    assert (repo["type"], repo["name"], repo["private"]) == ("dataset", "ada/data", False)
    assert repo["url"] == {
        "web": "https://huggingface.co/datasets/ada/data",
        "api": "https://huggingface.co/api/datasets/ada/data",
    }
    assert repo["owner"] == {"id": OWNER}
    (updated,) = payload["updatedRefs"] if isinstance(payload["updatedRefs"], list) else []
    assert (updated["ref"], updated["newSha"]) == ("refs/heads/main", "f" * 40)
    whole = payload_for("b" * 24, payload)
    assert list(whole)[-1] == "webhook"
    assert whole["webhook"] == {"id": "b" * 24, "version": 3}


def test_one_commit_follows_the_other() -> None:
    first, second = (described(number, repo="ada/m")["updatedRefs"] for number in (1, 2))
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert second[0]["oldSha"] == first[0]["newSha"] != second[0]["newSha"]


def test_a_bucket_has_files_and_no_commits() -> None:
    files = [{"path": "data.csv", "action": "add", "xetHash": "433b53b8", "size": 10983}]
    payload = described(repo="ada/raw", type="bucket", updated_files=files)
    assert payload["updatedFiles"] == files
    assert "updatedRefs" not in payload
    assert isinstance(payload["repo"], dict)
    assert "headSha" not in payload["repo"]
    assert payload["repo"]["url"]["web"] == "https://huggingface.co/buckets/ada/raw"


def test_a_discussion_and_its_comment() -> None:
    payload = described(
        repo="ada/m",
        scope="discussion",
        action="create",
        discussion={"title": "Hello!", "num": 3, "isPullRequest": True},
    )
    assert list(payload) == ["event", "repo", "discussion", "comment"]
    discussion = payload["discussion"]
    assert isinstance(discussion, dict)
    assert (discussion["title"], discussion["num"], discussion["status"]) == ("Hello!", 3, "open")
    assert discussion["url"]["web"] == "https://huggingface.co/ada/m/discussions/3"
    assert isinstance(payload["repo"], dict)
    assert "headSha" not in payload["repo"], "only sent with events of the repository"
    assert "comment" not in described(repo="ada/m", scope="discussion", discussion={"status": "closed"})


def test_a_changed_setting() -> None:
    payload = described(repo="ada/m", scope="repo.config", updated_config={"private": False})
    assert payload["updatedConfig"] == {"private": False}
    assert described(repo="ada/m", scope="repo.config.dois")["updatedConfig"] == {}


def test_the_hubs_own_words() -> None:
    ours = event_from({"repo": "ada/m", "type": "space", "action": "move", "scope": "repo", "head_sha": "c1"})
    hubs = event_from(
        {
            "repo": {"type": "space", "name": "ada/m", "headSha": "c1"},
            "event": {"action": "move", "scope": "repo"},
        }
    )
    assert ours == hubs == RepoEvent("ada/m", "space", "move", "repo", head_sha="c1")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({}, 'repo: give the name of a repository, such as "ada/data", not None'),
        ({"repo": "a/b/c"}, "repo: give the name"),
        ({"repo": "ada/m", "typ": "model"}, "typ: unknown word; did you mean 'type'"),
        ({"repo": "ada/m", "type": "user"}, "type: 'user' is none of model, dataset"),
        ({"repo": "ada/m", "scope": "content"}, "scope: 'content' is none of repo, repo.content"),
        ({"repo": "ada/m", "scope": "repository"}, "scope: 'repository' is none of"),
        (
            {"repo": "ada/m", "action": "delete"},
            "action: 'delete' is none of update, which repo.content allows",
        ),
        ({"repo": "ada/m", "scope": "discussion", "action": "move"}, "is none of create, delete, update"),
        ({"repo": "ada/b", "type": "bucket", "scope": "discussion"}, "buckets have no discussions"),
        ({"repo": "ada/m", "private": "yes"}, "private: give true or false"),
        ({"repo": "ada/m", "head_sha": 5}, "head_sha: give a text"),
        ({"repo": "ada/m", "tags": "x"}, "tags: give a list of texts"),
        ({"repo": "ada/m", "updated_refs": ["x"]}, "updated_refs: give a list of tables"),
        ({"repo": "ada/m", "updatedConfig": []}, "updated_config: give a table"),
        ({"repo": "ada/m", "event": "update"}, "event: give a table"),
    ],
)
def test_what_cannot_happen(words: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        event_from(words)


@pytest.mark.parametrize(
    ("watched", "wants"),
    [
        (("dataset", "ada/data"), True),
        (("model", "ada/data"), False),
        (("dataset", "ada/other"), False),
        (("dataset", "ada"), False),
        (("user", "ada"), True),
        (("org", "ada"), True),
        (("user", "ada/data"), False),
        (("user", "bob"), False),
    ],
)
def test_what_is_watched(watched: tuple[str, str], wants: bool) -> None:
    event = event_from({"repo": "ada/data", "type": "dataset"})
    assert hook(watched).wants(event) is wants
    assert hook(("user", "nobody"), watched).wants(event) is wants, "one of them is enough"
    assert not hook(watched, domains=("discussion",)).wants(event)
    assert not hook(watched, disabled=True).wants(event)


scopes = st.sampled_from(
    ["repo", "repo.content", "repo.config", "repo.content.x", "discussion", "discussion.comment"]
)


@given(
    st.sampled_from(REPO_TYPES),
    st.sampled_from(ACTIONS),
    scopes,
    st.sets(st.sampled_from(["repo", "discussion"]), min_size=1),
)
def test_domains_are_the_beginning_of_scopes(kind: str, action: str, scope: str, domains: set[str]) -> None:
    words = {"repo": "ada/x", "type": kind, "action": action, "scope": scope}
    try:
        event = event_from(words)
    except ValueError:
        return
    assert hook(("user", "ada"), domains=tuple(domains)).wants(event) is (scope.split(".")[0] in domains)
    payload = describe(event, OWNER, seed=1, number=1)
    assert payload["event"] == {"action": action, "scope": scope}
    assert ("discussion" in payload) is scope.startswith("discussion")


def test_the_oldest_repositories_have_no_owner_in_their_name() -> None:
    event = event_from({"repo": "gpt2"})
    assert event.owner is None
    assert hook(("model", "gpt2")).wants(event)
    assert not hook(("user", "gpt2")).wants(event)
