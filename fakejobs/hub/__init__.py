"""The fake Hub: the one door to the model for every front."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from fakejobs.clock import Anchor, Clock, Outage
from fakejobs.hub import (
    buckets,
    contents,
    datasets,
    faults,
    identity,
    jobs,
    money,
    past,
    presets,
    queue,
    rate_limits,
    rules,
    schedules,
    streams,
    uploaded,
    webhooks,
)
from fakejobs.hub.contents import Access
from fakejobs.hub.faults import AddedFault
from fakejobs.hub.jobs import Page
from fakejobs.hub.queue import Queued
from fakejobs.hub.rules import AddedRule, When
from fakejobs.hub.settings import Settings
from fakejobs.hub.state import RequestRecord, State
from fakejobs.hub.streams import EventSteps, LogSteps, MetricSteps
from fakejobs.hub.webhooks import WebhookChange
from fakejobs.model.api_dates import api_from
from fakejobs.model.billing import JobsUsage
from fakejobs.model.chaos import Chaos
from fakejobs.model.files import AccessToken, BatchResult, Bucket, BucketFile, Folder, Operation
from fakejobs.model.flavors import Flavor
from fakejobs.model.identity import Caller, Owner
from fakejobs.model.job import Job, JobAt, Spec
from fakejobs.model.outcomes import Then
from fakejobs.model.planning import cut_by_timeout
from fakejobs.model.presets import Preset
from fakejobs.model.rate_limits import RateLimit, Usage
from fakejobs.model.refusal import Refusal
from fakejobs.model.repositories import MAIN, Commit, Entry, Message, Repository
from fakejobs.model.repositories import Operation as FileChange
from fakejobs.model.rules import Rule
from fakejobs.model.schedules import ScheduleAt
from fakejobs.model.stages import JobStage
from fakejobs.model.webhooks import Delivery, Webhook
from fakejobs.model.xet import FileParts, Term
from fakejobs.store.database import dump
from fakejobs.store.jobs import Position, all_jobs, count_all_jobs, find_job

__all__ = ["AddedFault", "AddedRule", "FakeHub", "Page", "Queued", "RequestRecord", "Settings", "When"]


class FakeHub:
    """A Hub with Jobs and what they need, and nothing else.

    Args:
        path: the database file; by default everything is in memory.
        settings: seed, quirks, identities, hardware. None: as an existing file says, or the defaults.
        anchor: where the clock of a new hub starts; by default now, at speed 1.
        api: as of which day the API is, if not as the settings say: an ISO date, ``latest`` or ``auto``.

    Raises:
        DatabaseUnusable: the file cannot be used.
        ValueError: the jobs of the file were made with another seed, or ``api`` is no date of the API.
    """

    def __init__(
        self,
        path: str = ":memory:",
        *,
        settings: Settings | None = None,
        anchor: Anchor | None = None,
        api: str | None = None,
    ) -> None:
        as_of = None if api is None else api_from(api)
        self.state = State(path, settings, anchor)
        if as_of is not None:
            self.configure(replace(self.settings, api=as_of))

    @property
    def clock(self) -> Clock:
        """The hub's clock."""
        return self.state.clock

    @property
    def outage(self) -> Outage:
        """Whether a fault keeps the listener closed, for whoever listens on a socket."""
        return self.state.outage

    @property
    def settings(self) -> Settings:
        """What the hub is like."""
        return self.state.settings

    @property
    def hardware(self) -> list[Flavor]:
        """The flavors, in the Hub's order."""
        return list(self.state.flavors.values())

    # What tests script

    def when(self, /, **words: object) -> When:
        """Begin a rule: ``hub.when(flavor="h200*").then(scheduling="12h")``; see `fakejobs.model.rules.rule_from`.

        A second ``.then`` is for the second matching job, and so on: `AddedRule.then`.
        """
        return When(self.state, words)

    def add_rule(self, when: Mapping[str, object], then: Then, source: str = "user") -> Rule:
        """Add a rule; it holds for jobs that are submitted from now on.

        Args:
            when: what a job must be.
            then: what it does; or a list, for the first matching job, the second, ..., and the last for all others.
            source: who put it there.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        return rules.add(self.state, when, then, source)

    def extend_rule(self, rule_id: int, then: Mapping[str, object]) -> Rule:
        """Give a rule one more outcome, for the matching jobs after those that it has outcomes for.

        Raises:
            ValueError: an unknown word or an impossible value, or there is no such rule.
        """
        return rules.extend(self.state, rule_id, then)

    def matched(self, rule_id: int) -> int:
        """How many jobs follow a rule."""
        return rules.matched(self.state, rule_id)

    def rules(self) -> list[Rule]:
        """All rules, oldest first."""
        return list(self.state.rules)

    def delete_rules(self, rule_id: int | None = None, *, source: str | None = None) -> int:
        """Delete one rule, those of one source, or all; returns how many. Jobs keep the outcome that they have."""
        return rules.delete(self.state, rule_id, source)

    def fault(self, /, **words: object) -> AddedFault:
        """Let something go wrong from now on: ``hub.fault(status=503, method="POST", path="/api/jobs/*", times=2)``.

        The words are those of `fakejobs.model.faults.fault_from`. Of faults that change the same answer, the newest does.

        Raises:
            ValueError: an unknown word, an impossible value, or words that do not go together; the message names them.
        """
        return self.add_fault(words)

    def add_fault(self, words: Mapping[str, object], source: str = "user") -> AddedFault:
        """The same, with the words as a mapping.

        Args:
            words: what goes wrong, and when.
            source: who put it there; `delete_faults` can take away all of one source.
        """
        return AddedFault(self.state, faults.add(self.state, words, source))

    def faults(self) -> list[AddedFault]:
        """All faults, oldest first."""
        return [AddedFault(self.state, fault) for fault in self.state.faults]

    def delete_faults(self, fault_id: int | None = None, *, source: str | None = None) -> int:
        """Delete one fault, those of one source, or all; returns how many. What is under way goes on."""
        return faults.delete(self.state, fault_id, source)

    def add_job(self, /, **words: object) -> JobAt:
        """Put a job from the past there: ``hub.add_job(stage="ERROR", age="90m", message="out of disk")``.

        The words are those of `fakejobs.model.past.past_job_from`. It follows no rule, and goes on from now on like any other job.

        Raises:
            ValueError: an unknown word, an impossible value, or words that contradict each other; the message names them.
        """
        return past.add_job(self.state, words)

    def add_scheduled_job(self, /, **words: object) -> ScheduleAt:
        """Put a scheduled job there, perhaps from the past: ``hub.add_scheduled_job(schedule="@daily", age="30d")``.

        - ``schedule``: when it runs; ``age``: how long ago it was made (default 0); ``suspend``, ``concurrency``: true or false;
        - what its jobs are asked for: as in `add_job`.

        Its ticks since then have brought about jobs, unless it is suspended, or what they do depends on other jobs (a limit, credits, a
        rule with several outcomes, a function): then it begins to run now.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        return past.add_scheduled_job(self.state, words)

    def cut_by_timeout(self, job_id: str) -> bool:
        """Whether its timeout ends a job, or has ended it, before what it is scripted to do is over.

        Not said of a job that a function plays, before that has returned.

        Raises:
            Refusal: 404 without such a job.
        """
        with self.state.look() as now:
            job = find_job(self.state.database, job_id)
            if job is None:
                raise Refusal(404, self.settings.quirks.job_not_found)
            if job_id in self.state.calls and now < job.plan.end:
                return False
            script = self.state.script_of(job_id).attempt(len(job.plan.earlier))
            return cut_by_timeout(job.plan, script, job.spec, self.settings.quirks)

    def preset(self, name: str, /, **words: object) -> Preset:
        """Let happen what users have met: ``hub.preset("stream_drop", cut_after=10)``; `fakejobs.model.presets.PRESETS` has all.

        Args:
            name: which preset.
            words: other words than its own, for its faults or its rules.

        Raises:
            ValueError: there is no such preset, a word is not one of its own, or a value is impossible. Then nothing has changed.
        """
        return presets.add(self.state, name, words)

    def put_presets(
        self,
        wanted: Sequence[tuple[str, Mapping[str, object]]],
        mix: tuple[str, int | None] | None = None,
        own_quirks: Collection[str] = (),
    ) -> None:
        """Let the presets and the chaos of a scenario hold, instead of those of the one before. See `fakejobs.hub.presets.put`."""
        presets.put(self.state, wanted, mix, own_quirks)

    def chaos(self, seed: int | None = None, level: str = "medium") -> Chaos:
        """Let a mix of presets and of unlucky jobs hold from now on, instead of one of before.

        Args:
            seed: what it is drawn from; None: the hub's own.
            level: ``low``, ``medium`` or ``high``.

        Raises:
            ValueError: there is no such level, or the seed is impossible.
        """
        return presets.add_chaos(self.state, seed, level)

    def delete_chaos(self) -> None:
        """Let no mix hold any more; jobs that were submitted meanwhile keep their fate."""
        presets.delete_chaos(self.state)

    @property
    def drawn_chaos(self) -> Chaos | None:
        """The mix that holds, or None."""
        return presets.chaos_of(self.state)

    def fate_of(self, job: Job) -> Mapping[str, object]:
        """What the mix that holds has drawn for a job that was submitted, as words of ``then``; its own rule goes before them."""
        return presets.fate_of(self.state, job)

    def fire_event(self, /, **words: object) -> list[Delivery]:
        """Let something happen to a repository: ``hub.fire_event(repo="ada/data", type="dataset", scope="repo.content")``.

        Every webhook that watches it gets the event, and starts its job now. The words are those of
        `fakejobs.model.webhooks.event_from`, or the Hub's own: ``repo={"type": ..., "name": ...}, event={"action": ..., "scope": ...}``.

        Returns:
            What was delivered; the job of each is in ``job``.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        return webhooks.fire(self.state, words)

    def deliveries(self, webhook_id: str | None = None) -> list[Delivery]:
        """What was delivered to a webhook, or to all, oldest first."""
        return webhooks.deliveries(self.state, webhook_id)

    def transition(
        self, job_id: str, stage: JobStage, *, message: str | None = None, cancel_reason: str | None = None
    ) -> JobAt:
        """Put a job into another stage now. See `fakejobs.hub.jobs.transition`."""
        return jobs.transition(self.state, job_id, stage, message=message, cancel_reason=cancel_reason)

    def credits(self, namespace: str | None = None) -> Decimal | None:
        """The dollars that a namespace has left, exactly; None: as many as it likes.

        Below zero, if the minutes that run now have cost more than there was.

        Args:
            namespace: by default that of the first user.

        Raises:
            ValueError: there is no such namespace.
        """
        return money.credits_of(self.state, namespace or self.settings.identity.users[0].name)

    def add_credits(self, amount: float | str | Decimal, namespace: str | None = None) -> Decimal:
        """Add dollars to the credits of a namespace; returns what it has then. Jobs that were cancelled stay so.

        Raises:
            ValueError: it has no limited credits that could be added to, there is no such namespace, or it is no amount.
        """
        return money.add_credits(self.state, namespace or self.settings.identity.users[0].name, amount)

    def set_credits(self, amount: float | str | Decimal | None, namespace: str | None = None) -> None:
        """Let a namespace have so many dollars from now on, whatever it had; None: as many as it likes.

        Raises:
            ValueError: there is no such namespace, or it is no amount.
        """
        money.set_credits(self.state, namespace or self.settings.identity.users[0].name, amount)

    def configure(self, settings: Settings) -> None:
        """Take on other settings. See `fakejobs.hub.state.State.configure`."""
        self.state.configure(settings)

    def reset(self, settings: Settings | None = None, anchor: Anchor | None = None) -> None:
        """Forget all jobs, rules and requests. See `fakejobs.hub.state.State.reset`."""
        self.state.reset(settings, anchor)

    def close(self) -> None:
        """Let go of the database."""
        self.state.close()

    # What the API does

    def caller(self, token: str | None) -> Caller:
        """Who calls with this token; `Refusal` 401 if nobody does."""
        return self.state.caller(token)

    def use(self, limit: RateLimit, caller: Caller | None, address: str) -> Usage:
        """Count a request of a caller against a rate limit. See `fakejobs.hub.rate_limits.use`."""
        return rate_limits.use(self.state, limit, caller, address)

    def allow(self, caller: Caller, namespace: str, permission: str) -> Owner:
        """The owner of a namespace, if the caller may ``read`` or ``write`` there; else `Refusal` 404 or 403."""
        return identity.allow(self.state, caller, namespace, permission)

    def submit(
        self,
        caller: Caller,
        namespace: str,
        spec: Spec,
        *,
        labels: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> JobAt:
        """Make a job of a valid spec. See `fakejobs.hub.jobs.submit`."""
        return jobs.submit(self.state, caller, namespace, spec, labels=labels or {}, secrets=secrets or {})

    def job(self, caller: Caller, namespace: str, job_id: str) -> JobAt:
        """One job, as it is now."""
        return jobs.read(self.state, caller, namespace, job_id)

    def jobs(
        self,
        caller: Caller,
        namespace: str,
        *,
        stages: Iterable[JobStage] = (),
        labels: Sequence[tuple[str, str]] = (),
        before: Position | None = None,
        limit: int = jobs.PAGE_SIZE,
    ) -> Page:
        """A page of the jobs of a namespace, newest first."""
        return jobs.newest(
            self.state, caller, namespace, stages=stages, labels=labels, before=before, limit=limit
        )

    def count(self, caller: Caller, namespace: str, stages: Iterable[JobStage] = ()) -> int:
        """How many jobs of a namespace are in one of ``stages``; none given: in any."""
        return jobs.count(self.state, caller, namespace, stages)

    def check_access(
        self, caller: Caller, namespace: str, permission: str, job_id: str | None = None
    ) -> tuple[Owner, Owner]:
        """The owner of the namespace and the caller, if the caller has the permission there."""
        return jobs.check_access(self.state, caller, namespace, permission, job_id)

    def cancel(self, caller: Caller, namespace: str, job_id: str) -> JobAt:
        """Cancel a job."""
        return jobs.cancel(self.state, caller, namespace, job_id)

    def duplicate(self, caller: Caller, namespace: str, job_id: str) -> JobAt:
        """Make a new job with the spec of another."""
        return jobs.duplicate(self.state, caller, namespace, job_id)

    def relabel(self, caller: Caller, namespace: str, job_id: str, labels: Mapping[str, str]) -> JobAt:
        """Replace the labels of a job."""
        return jobs.relabel(self.state, caller, namespace, job_id, labels)

    def expose(
        self, caller: Caller, namespace: str, job_id: str, expose: Mapping[str, Sequence[int]]
    ) -> JobAt:
        """Replace the exposed ports of a running job."""
        return jobs.expose(self.state, caller, namespace, job_id, expose)

    def schedule(
        self,
        caller: Caller,
        namespace: str,
        spec: Spec,
        schedule: str,
        *,
        suspend: bool = False,
        concurrency: bool = False,
        labels: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> ScheduleAt:
        """Make a scheduled job of a valid spec. See `fakejobs.hub.schedules.create`."""
        return schedules.create(
            self.state,
            caller,
            namespace,
            spec,
            schedule,
            suspend=suspend,
            concurrency=concurrency,
            labels=labels or {},
            secrets=secrets or {},
        )

    def scheduled_job(self, caller: Caller, namespace: str, schedule_id: str) -> ScheduleAt:
        """One scheduled job, as it is now."""
        return schedules.read(self.state, caller, namespace, schedule_id)

    def scheduled_jobs(
        self, caller: Caller, namespace: str, *, label: tuple[str, str] | None = None
    ) -> list[ScheduleAt]:
        """The scheduled jobs of a namespace, newest first."""
        return schedules.listed(self.state, caller, namespace, label)

    def delete_scheduled_job(self, caller: Caller, namespace: str, schedule_id: str) -> None:
        """Delete a scheduled job; its jobs stay, and what runs goes on."""
        schedules.delete(self.state, caller, namespace, schedule_id)

    def suspend(self, caller: Caller, namespace: str, schedule_id: str) -> None:
        """Pause a scheduled job."""
        schedules.suspend(self.state, caller, namespace, schedule_id)

    def resume(self, caller: Caller, namespace: str, schedule_id: str) -> None:
        """Go on with a scheduled job, from now on."""
        schedules.resume(self.state, caller, namespace, schedule_id)

    def run_scheduled(self, caller: Caller, namespace: str, schedule_id: str) -> JobAt:
        """Make a job of a scheduled one now."""
        return schedules.run(self.state, caller, namespace, schedule_id)

    def reschedule(self, caller: Caller, namespace: str, schedule_id: str, schedule: str) -> ScheduleAt:
        """Give a scheduled job another schedule."""
        return schedules.reschedule(self.state, caller, namespace, schedule_id, schedule)

    def relabel_scheduled(
        self, caller: Caller, namespace: str, schedule_id: str, labels: Mapping[str, str]
    ) -> ScheduleAt:
        """Replace the labels of the jobs that a scheduled one will make."""
        return schedules.relabel(self.state, caller, namespace, schedule_id, labels)

    def logs(self, caller: Caller, namespace: str, job_id: str, *, tail: int | None = None) -> LogSteps:
        """The log of a job, as steps. See `fakejobs.hub.streams.logs`."""
        return streams.logs(self.state, caller, namespace, job_id, tail=tail)

    def metrics(
        self, caller: Caller, namespace: str, job_id: str, *, refusal: int | None = None
    ) -> MetricSteps:
        """The metrics of a running job, as steps. See `fakejobs.hub.streams.metrics`."""
        return streams.metrics(self.state, caller, namespace, job_id, refusal=refusal)

    def events(self, caller: Caller, namespace: str, job_id: str) -> EventSteps:
        """The changes of a job's stage, as steps. See `fakejobs.hub.streams.events`."""
        return streams.events(self.state, caller, namespace, job_id)

    def usage(self, caller: Caller) -> JobsUsage:
        """What the caller's own jobs have used in this month. See `fakejobs.hub.money.usage`."""
        return money.usage(self.state, caller)

    def webhooks(self, caller: Caller) -> list[Webhook]:
        """The caller's webhooks, oldest first."""
        return webhooks.listed(self.state, caller)

    def webhook(self, caller: Caller, webhook_id: str) -> Webhook:
        """One of the caller's webhooks."""
        return webhooks.read(self.state, caller, webhook_id)

    def add_webhook(self, caller: Caller, change: WebhookChange) -> Webhook:
        """Make a webhook. See `fakejobs.hub.webhooks.add`."""
        return webhooks.add(self.state, caller, change)

    def update_webhook(self, caller: Caller, webhook_id: str, change: WebhookChange) -> Webhook:
        """Change a webhook. See `fakejobs.hub.webhooks.update`."""
        return webhooks.update(self.state, caller, webhook_id, change)

    def enable_webhook(self, caller: Caller, webhook_id: str, *, enabled: bool) -> Webhook:
        """Let events reach a webhook, or pass it by."""
        return webhooks.enable(self.state, caller, webhook_id, enabled=enabled)

    def delete_webhook(self, caller: Caller, webhook_id: str) -> None:
        """Delete a webhook; its jobs stay."""
        webhooks.delete(self.state, caller, webhook_id)

    def replay_webhook(self, caller: Caller, webhook_id: str, delivery_id: str) -> Delivery:
        """Deliver an event again. See `fakejobs.hub.webhooks.replay`."""
        return webhooks.replay(self.state, caller, webhook_id, delivery_id)

    # Buckets, and the content store under them

    def create_bucket(
        self, caller: Caller, namespace: str, name: str, *, private: bool = True
    ) -> tuple[Bucket, bool]:
        """Make a bucket; also says whether it is a new one. See `fakejobs.hub.buckets.create`."""
        return buckets.create(self.state, caller, namespace, name, private=private)

    def bucket(self, caller: Caller | None, bucket_id: str) -> Bucket:
        """The bucket ``namespace/name``, as it is now."""
        return buckets.info(self.state, caller, bucket_id)

    def bucket_tree(
        self, caller: Caller | None, bucket_id: str, prefix: str = "", *, recursive: bool = True
    ) -> list[BucketFile | Folder]:
        """What is in a bucket, or in a folder of it."""
        return buckets.tree(self.state, caller, bucket_id, prefix, recursive=recursive)

    def bucket_paths(self, caller: Caller | None, bucket_id: str, paths: Iterable[str]) -> list[BucketFile]:
        """Those files of a bucket that are there."""
        return buckets.paths_info(self.state, caller, bucket_id, paths)

    def bucket_file(self, caller: Caller | None, bucket_id: str, path: str) -> BucketFile:
        """A file of a bucket."""
        return buckets.stat(self.state, caller, bucket_id, path)

    def download_bucket_file(
        self, caller: Caller | None, bucket_id: str, path: str
    ) -> tuple[BucketFile, bytes]:
        """A file of a bucket, and its bytes."""
        return buckets.download(self.state, caller, bucket_id, path)

    def batch_bucket(self, caller: Caller, bucket_id: str, operations: Sequence[Operation]) -> BatchResult:
        """Add, copy and delete files."""
        return buckets.batch(self.state, caller, bucket_id, operations)

    def read_bucket_file(self, bucket_id: str, path: str) -> bytes | None:
        """The bytes of a file, or None if it is not there."""
        return buckets.read_file(self.state, bucket_id, path)

    def xet_token(self, caller: Caller | None, bucket_id: str, access: Access) -> AccessToken:
        """Let somebody into the content store for an hour."""
        return buckets.token(self.state, caller, bucket_id, access)

    def check_xet_token(self, token: str | None, access: Access) -> None:
        """Whether a token lets its bearer in; `Refusal` 401 or 403 if not."""
        contents.check_token(self.state, token, access)

    def keep_file(self, data: bytes) -> str:
        """Keep the bytes of a file; returns the hash by which `batch_bucket` can name it."""
        return contents.keep_file(self.state, data)

    def put_xorb(self, name: str, data: bytes) -> bool:
        """Keep a xorb; False if it is there already."""
        return contents.put_xorb(self.state, name, data)

    def put_xet_files(self, files: Sequence[FileParts]) -> bool:
        """Remember what files consist of; False if all of them are known."""
        return contents.put_files(self.state, files)

    def xet_terms(self, name: str) -> list[Term]:
        """Where the bytes of the file with this hash are."""
        return contents.terms(self.state, name)

    def xorb(self, name: str) -> bytes:
        """The bytes of a xorb."""
        return contents.xorb(self.state, name)

    # Dataset repositories

    def create_dataset(
        self, caller: Caller, name: str, organization: str | None = None, *, private: bool = False
    ) -> tuple[Repository, bool]:
        """Make a dataset repository; also says whether it is a new one. See `fakejobs.hub.datasets.create`."""
        return datasets.create(self.state, caller, name, organization, private=private)

    def dataset(
        self, caller: Caller | None, repository_id: str, revision: str = MAIN
    ) -> tuple[Repository, Commit]:
        """A dataset repository, and the commit that a revision stands for."""
        return datasets.read(self.state, caller, repository_id, revision)

    def dataset_files(self, caller: Caller | None, repository_id: str, revision: str = MAIN) -> list[Entry]:
        """Every file as of a revision, in the order of paths."""
        return datasets.entries(self.state, caller, repository_id, revision)

    def dataset_file(
        self, caller: Caller | None, repository_id: str, revision: str, path: str
    ) -> tuple[Commit, Entry, bytes]:
        """A file as of a revision, with its bytes."""
        return datasets.file(self.state, caller, repository_id, revision, path)

    def check_commit(self, caller: Caller, repository_id: str, revision: str = MAIN) -> Commit:
        """The commit that another would follow, if the caller may commit; else `Refusal` 404, 403 or 501."""
        return datasets.check_write(self.state, caller, repository_id, revision)

    def commit(
        self,
        caller: Caller,
        repository_id: str,
        message: Message,
        operations: Sequence[FileChange],
        revision: str = MAIN,
    ) -> Commit:
        """Change files of a dataset repository: all of it, or nothing. See `fakejobs.hub.datasets.commit`."""
        return datasets.commit(self.state, caller, repository_id, revision, message, operations)

    # What reports and tests look at

    def uploaded_in_bucket(self, bucket_id: str, folder: str = "") -> dict[str, bytes]:
        """The files in a folder of a bucket, by their paths within it, whoever's they are."""
        return uploaded.in_bucket(self.state, bucket_id, folder)

    def uploaded_in_dataset(self, repository_id: str, path: str, revision: str = MAIN) -> bytes | None:
        """A file of a dataset repository, whoever's it is; None if there is none."""
        return uploaded.in_dataset(self.state, repository_id, revision, path)

    def queue(self, flavor: str | None = None) -> list[Queued]:
        """Who waits for a slot, first come first; of one flavor, or of all. See `fakejobs.hub.queue`."""
        with self.state.look() as now:
            return queue.queue(self.state, now, flavor)

    @property
    def requests(self) -> list[RequestRecord]:
        """The last requests, oldest first, without tokens and secrets."""
        return list(self.state.journal)

    def all_scheduled_jobs(self) -> list[ScheduleAt]:
        """Every scheduled job of every namespace, oldest first."""
        return schedules.everywhere(self.state)

    def all_jobs(self) -> list[JobAt]:
        """Every job of every namespace, oldest first."""
        with self.state.look() as now:
            return jobs.all_seen(self.state, all_jobs(self.state.database), now)

    def count_all(self) -> int:
        """How many jobs there are in all namespaces."""
        with self.state.look():
            return count_all_jobs(self.state.database)

    def snapshot(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of the store. Hubs with equal snapshots behave the same; looking never changes it."""
        with self.state.look():
            return dump(self.state.database)
