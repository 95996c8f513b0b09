"""Webhooks over time: restarts, looking, and whatever the order of changes and events."""

from __future__ import annotations

from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fakejobs.clock import Anchor
from fakejobs.hub import FakeHub
from fakejobs.hub.webhooks import WebhookChange
from fakejobs.model.identity import Caller
from fakejobs.model.webhooks import Watched, Webhook
from fakejobs.wire.encode import job_body
from tests.conftest import START, frozen_hub
from tests.support.play import ME

SPEC = {"flavor": "cpu-basic", "dockerImage": "python:3.12", "environment": {"MODE": "fast"}}
ADA = Watched("user", "ada")


def change(*watched: Watched, secret: str | None = None, **secrets: str) -> WebhookChange:
    return WebhookChange(watched or (ADA,), ("repo", "discussion"), job=SPEC, secret=secret, secrets=secrets)


def test_after_a_restart_everything_is_there_but_the_values(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.db")
    anchor = Anchor(START, START, frozen=True)
    hub = FakeHub(path, anchor=anchor)
    told: list[tuple[str, dict[str, str]]] = []
    hub.state.secrets_listener = lambda job, values: told.append((job, dict(values)))
    who = hub.caller("hf_any")
    hook = hub.add_webhook(who, change(secret="hush-hush", KEY="hf_the_value"))
    (before,) = hub.fire_event(repo="ada/m")
    assert told == [(before.job, {"KEY": "hf_the_value", "WEBHOOK_SECRET": "hush-hush"})]
    hub.close()
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"hush-hush" not in content
    assert b"hf_the_value" not in content

    hub = FakeHub(path)
    hub.state.secrets_listener = lambda job, values: told.append((job, dict(values)))
    assert hub.webhooks(who) == [hub.webhook(who, hook.id)]
    assert hub.webhook(who, hook.id).last_trigger == START
    assert hub.deliveries() == [before]
    (after,) = hub.fire_event(repo="ada/m")
    assert after.job is not None
    job = job_body(hub.job(who, ME, after.job), hub.settings.quirks)
    assert job["secrets"] == ["KEY", "WEBHOOK_SECRET"], "the names are known, the values are not"
    assert len(told) == 1
    hub.close()


def test_a_reset_forgets_them(hub: FakeHub, caller: Caller) -> None:
    hub.add_webhook(caller, change(KEY="value"))
    hub.reset()
    assert hub.webhooks(caller) == []
    assert hub.fire_event(repo="ada/m") == []
    assert hub.state.webhook_secrets == {}


def test_the_same_calls_give_the_same_bytes() -> None:
    def play() -> dict[str, list[tuple[object, ...]]]:
        hub = frozen_hub(seed=3)
        who = hub.caller("hf_any")
        for _ in range(2):
            hub.add_webhook(who, change())
        for repo in ("ada/m", "bob/m", "ada/m"):
            hub.fire_event(repo=repo)
            hub.clock.advance(5000)
        snapshot = hub.snapshot()
        hub.close()
        return snapshot

    assert play() == play()


def test_looking_changes_nothing(hub: FakeHub, caller: Caller) -> None:
    hook = hub.add_webhook(caller, change())
    hub.fire_event(repo="ada/m")
    before = hub.snapshot()
    hub.webhooks(caller)
    hub.webhook(caller, hook.id)
    hub.deliveries()
    assert hub.snapshot() == before


REPOS = ("ada/m", "ada/n", "bob/m")
watched = st.lists(
    st.sampled_from(
        [Watched("user", "ada"), Watched("org", "bob"), *(Watched("model", repo) for repo in REPOS)]
    ),
    min_size=1,
    max_size=2,
).map(tuple)
domains = st.sampled_from([("repo",), ("discussion",), ("repo", "discussion")])


class Webhooks(RuleBasedStateMachine):
    """Beside the hub, a list of what each webhook wants: every event starts exactly one job for each that wants it."""

    @initialize()
    def start(self) -> None:
        self.hub = frozen_hub()
        self.who = self.hub.caller("hf_any")
        self.there: list[Webhook] = []
        self.started: list[tuple[str, str]] = []

    def teardown(self) -> None:
        if hasattr(self, "hub"):
            self.hub.close()

    @rule(watched=watched, domains=domains)
    def add(self, watched: tuple[Watched, ...], domains: tuple[str, ...]) -> None:
        self.there.append(self.hub.add_webhook(self.who, WebhookChange(watched, domains, job=SPEC)))

    @precondition(lambda self: self.there)
    @rule(data=st.data(), watched=watched, domains=domains)
    def update(self, data: st.DataObject, watched: tuple[Watched, ...], domains: tuple[str, ...]) -> None:
        index = data.draw(st.integers(0, len(self.there) - 1))
        said = WebhookChange(watched, domains)
        self.there[index] = self.hub.update_webhook(self.who, self.there[index].id, said)

    @precondition(lambda self: self.there)
    @rule(data=st.data(), enabled=st.booleans())
    def enable(self, data: st.DataObject, enabled: bool) -> None:
        index = data.draw(st.integers(0, len(self.there) - 1))
        self.there[index] = self.hub.enable_webhook(self.who, self.there[index].id, enabled=enabled)

    @precondition(lambda self: self.there)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.there) - 1))
        self.hub.delete_webhook(self.who, self.there.pop(index).id)

    @rule(repo=st.sampled_from(REPOS), scope=st.sampled_from(["repo.content", "discussion"]))
    def fire(self, repo: str, scope: str) -> None:
        wanted = [
            each.id
            for each in self.there
            if not each.disabled
            and scope.split(".")[0] in each.domains
            and any(item.name in (repo, repo.split("/")[0]) for item in each.watched)
        ]
        delivered = self.hub.fire_event(repo=repo, scope=scope)
        assert [each.webhook for each in delivered] == wanted
        self.started += [(str(each.job), repo) for each in delivered]
        self.hub.clock.advance(1000)

    @invariant()
    def every_event_has_its_jobs_and_no_others(self) -> None:
        if not hasattr(self, "hub"):
            return
        jobs = self.hub.all_jobs()
        told = [(seen.job.id, seen.job.spec["environment"]) for seen in jobs]
        assert [(job, env["WEBHOOK_REPO_ID"], env["MODE"]) for job, env in told if isinstance(env, dict)] == [
            (job, repo, "fast") for job, repo in self.started
        ]
        assert [each.id for each in self.hub.webhooks(self.who)] == [each.id for each in self.there]


TestWebhooks = Webhooks.TestCase
TestWebhooks.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
