"""The handle of a test: a fake Hub under the client of this process, with time that only moves when somebody waits."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fakejobs import tally
from fakejobs.checks import add_problem, expecting, findings
from fakejobs.clock import Anchor, source_ms
from fakejobs.cost import Cost, cost_of_all, running_ms
from fakejobs.drivers.inprocess import Call, Reply, perform
from fakejobs.drivers.seams import (
    bridged,
    client_installed,
    client_modules,
    hidden_settings,
    keep_left_over_threads_in,
    under_the_client,
)
from fakejobs.drivers.xet_session import xet_replaced
from fakejobs.errors import ClockStuck, FakeClosed, FakeJobsError, LeftOverThread
from fakejobs.hub import AddedFault, FakeHub, RequestRecord, When
from fakejobs.hub.settings import settings_from, settings_to
from fakejobs.live import TICK, live_app
from fakejobs.model.chaos import Chaos
from fakejobs.model.plan import NEVER
from fakejobs.model.presets import Preset
from fakejobs.model.stages import TERMINAL
from fakejobs.model.times import from_datetime, from_iso
from fakejobs.model.units import milliseconds
from fakejobs.network import Network, RouteReply, Routes
from fakejobs.option_settings import settings_of, token_among
from fakejobs.options import START, Options
from fakejobs.polls import MOST_READS, Polls, reader_of
from fakejobs.report import again, fates, report, wrong
from fakejobs.scenario import (
    Scenario,
    add_faults,
    add_jobs,
    add_scheduled_jobs,
    add_webhooks,
    load_scenario,
    put_presets,
    with_presets,
)
from fakejobs.scheduled import ScheduledJob
from fakejobs.submitted import Book, Submissions, SubmittedJob
from fakejobs.virtual import VirtualClock, tick_of
from fakejobs.waits import Waits
from fakejobs.web.app import wsgi_app
from fakejobs.workers import Workers

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["START", "FakeJobs", "Options", "activated", "token_of"]


def token_of(user: str) -> str:
    """The token that stands for a user in a test: different for each, so that what a client caches by token is too."""
    return f"hf_fakejobs_{user}"


class FakeJobs:
    """A fake Hub for one test. Made by `activate` and by the fixtures; never directly."""

    def __init__(self, options: Options) -> None:
        scenario = load_scenario(options.scenario) if options.scenario is not None else Scenario()
        if options.presets or options.chaos is not None:
            scenario = with_presets(scenario, options.presets, options.chaos)
        now = source_ms()
        start = _start(options.start) if scenario.start is None or options.start != START else scenario.start
        self.options = options
        # The command that runs its test again, if pytest has opened it; and what went wrong on purpose, once it is closed.
        self.again: str | None = None
        self.wrong: list[str] | None = None
        self.fates: Mapping[str, Mapping[str, object]] | None = None
        self.hub = FakeHub(settings=settings_of(options, scenario), anchor=Anchor(start, now, frozen=True))
        for when, then in scenario.rules:
            self.hub.add_rule(when, then, source="scenario")
        add_faults(self.hub, scenario)
        if scenario.presets or scenario.chaos is not None:
            put_presets(self.hub, scenario, options.quirks)
        add_webhooks(self.hub, scenario)
        put_there = [seen.job.id for seen in add_jobs(self.hub, scenario)]
        add_scheduled_jobs(self.hub, scenario)
        self.token = token_among(options, scenario) or token_of(self.hub.settings.identity.users[0].name)
        self.start = self.hub.clock.now()
        self._waits = Waits(self.hub.clock)
        self._waits.problem = self._note
        self._polls = Polls(self.hub, self._waits, tick=tick_of(options.auto_tick))
        self.clock = VirtualClock(self.hub.clock, self._waits, self._polls)
        self._routes = Routes()
        self.book = Book(self.hub)
        self.book.put_there.update(put_there)
        self._workers = Workers(
            self.hub, self._waits, view=lambda seen: SubmittedJob(self.book, seen.job.id), problem=self._note
        )
        self.environment: dict[str, str] = {}
        self._network = Network.of(options.network, _endpoints(options))
        self._app = wsgi_app(self.hub)
        self._stack = ExitStack()
        self._url: str | None = None
        self._closed = False
        self.problems: list[FakeJobsError] = []
        # At which instant the last requests met faults, and how many in a row did.
        self._in_vain = (0, 0)

    @cached_property
    def api(self) -> HfApi:
        """A client of the user who is logged in."""
        from huggingface_hub import HfApi

        return HfApi()

    def when(self, **words: object) -> When:
        """Begin a rule: ``fakejobs.when(flavor="h200*").then(scheduling="12h")``."""
        self._check_open()
        return self.hub.when(**words)

    def fault(self, /, **words: object) -> AddedFault:
        """Let something go wrong from now on: ``fakejobs.fault(status=503, method="POST", path="/api/jobs/*", times=2)``.

        The words are on the page ``faults.md`` of the documentation. ``job`` may be a job instead of its id.

        Returns:
            The fault, which counts: ``.matched`` requests, ``.fired`` on how many. ``.delete()`` takes it away.

        Raises:
            ValueError: an unknown word, an impossible value, or words that do not go together; the message names them.
        """
        self._check_open()
        if (job := words.get("job")) is not None:
            words["job"] = getattr(job, "id", job)
        return self.hub.fault(**words)

    def add_job(self, /, **words: object) -> SubmittedJob:
        """Put a job from the past there: ``fakejobs.add_job(stage="ERROR", age="90m", message="out of disk")``.

        See `fakejobs.hub.FakeHub.add_job` for the words.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        self._check_open()
        job_id = self.hub.add_job(**words).job.id
        self.book.put_there.add(job_id)
        return SubmittedJob(self.book, job_id)

    def preset(self, name: str, /, **words: object) -> Preset:
        """Let happen what users have met: ``fakejobs.preset("stream_drop", cut_after=10)``; the page ``presets.md`` has all.

        A test's own rules win: of a job, a preset only says what its rule leaves unsaid.

        Args:
            name: which preset.
            words: other words than its own, for its faults or its rules.

        Raises:
            ValueError: there is no such preset, a word is not one of its own, or a value is impossible.
        """
        self._check_open()
        return self.hub.preset(name, **words)

    def chaos(self, seed: int | None = None, level: str = "medium") -> Chaos:
        """Let a mix of presets and of unlucky jobs hold from now on, instead of one of before; the report says which.

        Args:
            seed: what it is drawn from; None: the seed of the fake.
            level: ``low`` (what a retry mends), ``medium``, or ``high``.

        Raises:
            ValueError: there is no such level, or the seed is impossible.
        """
        self._check_open()
        return self.hub.chaos(seed, level)

    def configure(self, **words: object) -> None:
        """Change what the hub is like, from now on: ``fakejobs.configure(rate_limit=True)``; what is not named stays as it is.

        Args:
            words: the settings of a scenario file: ``users``, ``orgs``, ``tokens``, ``flavors``, ``namespaces``, ``quirks``, ``rate_limit``.
                Each replaces what there was of it.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        self._check_open()
        self.hub.configure(settings_from({**settings_to(self.hub.settings), **words}))

    def fire_event(self, /, **words: object) -> list[SubmittedJob]:
        """Let something happen to a repository, and its webhooks start their jobs.

        ``fakejobs.fire_event(repo="ada/data", type="dataset", scope="repo.content")``; see `fakejobs.hub.FakeHub.fire_event`.

        Returns:
            The jobs that were started, in the order of their webhooks.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        self._check_open()
        return [
            SubmittedJob(self.book, each.job) for each in self.hub.fire_event(**words) if each.job is not None
        ]

    def add_scheduled_job(self, /, **words: object) -> ScheduledJob:
        """Put a scheduled job there, perhaps from the past: ``fakejobs.add_scheduled_job(schedule="@daily", age="30d")``.

        See `fakejobs.hub.FakeHub.add_scheduled_job` for the words.

        Raises:
            ValueError: an unknown word or an impossible value; the message names it.
        """
        self._check_open()
        return ScheduledJob(self.book, self.hub.add_scheduled_job(**words))

    def route(self, method: str, path_pattern: str, reply: RouteReply) -> None:
        """Answer a route beside Jobs: ``fakejobs.route("GET", "/api/models/{owner}/{name}", {"id": "x"})``.

        Args:
            method: GET, POST, ..., or ``*``.
            path_pattern: the path, with ``{names}`` for segments and ``*`` for anything.
            reply: a status, JSON, a text, bytes, ``(status, one of these)``, or a function of the request
                (`fakejobs.RoutedRequest`) that gives one, or NotImplemented: then the next route answers, or the fake itself.
        """
        self._routes.add(method, path_pattern, reply)

    def submitted(self, **match: object) -> Submissions:
        """The jobs that were submitted, newest last; with words, those that match them, as in `when`.

        What `add_job` put there is not among them; `jobs` has all.

        Raises:
            ValueError: an unknown word or an impossible pattern; the message names it.
        """
        return self.book.submitted(match)

    @property
    def jobs(self) -> list[SubmittedJob]:
        """Every job, submitted or put there, oldest first."""
        return [SubmittedJob(self.book, seen.job.id) for seen in self.book.all()]

    @property
    def scheduled_jobs(self) -> list[ScheduledJob]:
        """Every scheduled job, oldest first. What they bring about is among `jobs`."""
        return [ScheduledJob(self.book, seen) for seen in self.book.scheduled()]

    @property
    def cost(self) -> Cost:
        """Dollars that all jobs would have cost so far; ``.by_flavor`` says on what hardware."""
        return cost_of_all(self.book.all(), self.hub.settings.flavors, self.hub.settings.quirks)

    def credits(self, namespace: str | None = None) -> Decimal | None:
        """The dollars that a namespace has left, by default that of the user who is logged in; None: as many as it likes.

        Raises:
            ValueError: there is no such namespace.
        """
        self._check_open()
        return self.hub.credits(namespace)

    def add_credits(self, amount: float | str | Decimal, namespace: str | None = None) -> Decimal:
        """Add dollars to the credits of a namespace; returns what it has then. See `fakejobs.hub.FakeHub.add_credits`."""
        self._check_open()
        return self.hub.add_credits(amount, namespace)

    def set_credits(self, amount: float | str | Decimal | None, namespace: str | None = None) -> None:
        """Let a namespace have so many dollars from now on, whatever it had; None: as many as it likes.

        ``fakejobs.set_credits(0)`` and the next submission is refused.
        """
        self._check_open()
        self.hub.set_credits(amount, namespace)

    @property
    def url(self) -> str:
        """The address of a live server on the same state, for code in other processes; it is started on first use.

        There, too, followed streams move the clock, and so do repeated reads of an unfinished job (`Options.auto_tick`).
        """
        self._check_open()
        if self._url is None:
            from fakejobs.drivers.threads import serve_in_thread

            self.served_at(self._stack.enter_context(serve_in_thread(live_app(lambda: self))).url)
            assert self._url is not None
        return self._url

    def served_at(self, url: str) -> None:
        """Be the Hub at this address, too: a live server passes on what it is asked."""
        self._url = url
        self._network = replace(self._network, hubs=self._network.hubs | {urlsplit(url).netloc})

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that point a subprocess at `url`: ``env={**os.environ, **fakejobs.env}``."""
        hub = {"HF_ENDPOINT": self.url, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
        return {**self.environment, **hub}

    def log_out(self) -> None:
        """Forget the token: from here on, nobody is logged in on this machine."""
        self._check_open()  # Afterwards, the environment is the developer's.
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
            os.environ.pop(name, None)
            self.environment.pop(name, None)
        for name in ("token", "stored_tokens"):
            (Path(self.environment["HF_HOME"]) / name).unlink(missing_ok=True)

    def assert_nothing_running(self) -> None:
        """Fail if a job is not over.

        Raises:
            AssertionError: there are some; it lists them.
        """
        if live := [job for job in self.jobs if job.stage not in TERMINAL]:
            raise AssertionError("\n".join(["these jobs are not over:", *(f"- {job!r}" for job in live)]))

    def expect_problems(self, *kinds: type[FakeJobsError]) -> AbstractContextManager[list[FakeJobsError]]:
        """Say that the block meets refused hosts, a stuck clock, or other errors of the fake: the test does not fail of them.

        One that the block raises is caught, as by ``pytest.raises``; the list that ``as`` gives has all of them at the end.

        Args:
            kinds: which ones, such as `NetworkRefused`; by default any.

        Raises:
            AssertionError: there was none.
        """
        return expecting(self.problems, kinds or (FakeJobsError,))

    def report(self) -> str:
        """The clock, the jobs with their timelines and rules, and the last requests, for people. No secret is in it."""
        return report(self)

    def findings(self, raised: BaseException | None = None) -> list[str]:
        """Unexpected problems so far, and with ``strict`` what else is wrong.

        Args:
            raised: what the test failed with already. It is not said again, and a test that stopped half-way is not blamed for what is left.
        """
        if not self.problems and not self.options.strict:
            return []
        found = findings(
            self.problems,
            raised,
            strict=self.options.strict and raised is None,
            jobs=self.book.all(),
            rules=self.hub.rules(),
            # Those of a preset are meant for whatever comes.
            faults=[
                each.name
                for each in self.hub.faults()
                if each.source in ("user", "scenario") and not each.matched and not each.fired
            ],
            put_there=self.book.put_there,
            named=lambda seen: repr(SubmittedJob(self.book, seen.job.id)),
        )
        return [self.book.redact(each) for each in found]

    @property
    def requests(self) -> list[RequestRecord]:
        """The last requests, oldest first, without tokens and secrets."""
        return [
            each._replace(path=self.book.redact(each.path), body=self.book.redact_json(each.body))
            for each in self.hub.requests
        ]

    def answer(self, call: Call) -> Reply | None:
        """Answer a request of the client; None if it may really go out.

        Raises:
            NetworkRefused: it may not.
            ClockStuck: it asks for what will never change.
        """
        try:
            self._check_open()
            if not self._network.is_hub(call):
                self._network.check(call)
                return None
            if reply := self._routes.reply(call):
                return reply
            self._polls.before(call.method, call.target)
            self._workers.run()
            try:
                return perform(self._app, call, self._waits, over=self._polls.over)
            finally:
                if self.hub.state.faults:
                    self._met_faults(self._polls.tick)
        except FakeJobsError as error:
            self._note(error)
            raise

    def answer_live(self, call: Call) -> Reply:
        """Answer a request that came over a socket.

        Raises:
            FakeClosed: the test is over.
            ClockStuck: it asks for what will never change.
        """
        try:
            self._check_open()
            if reply := self._routes.reply(call):
                return reply
            reader = reader_of(call.host, dict(call.headers).get("User-Agent", ""))
            self._polls.before(call.method, call.target, reader=reader, tick=milliseconds(TICK))
            self._workers.run()
            try:
                return perform(self._app, call, self._waits, over=self._polls.over)
            finally:
                if self.hub.state.faults:
                    # Nobody can see how such a client waits, and it comes again only so often.
                    self._met_faults(self._polls.tick or milliseconds(TICK))
        except FakeJobsError as error:
            self._note(error)
            raise

    def _met_faults(self, tick: int | None) -> None:
        """See to it that nobody tries again for ever while time stands still, after a request that may have met a fault.

        Args:
            tick: how far time moves then, if there is a fault that only time ends; None: attempts are counted.

        Raises:
            ClockStuck: it has been tried again and again, and time does not move.
        """
        journal, now = self.hub.state.journal, self.hub.clock.now()
        if not journal or journal[-1].fault is None:
            self._in_vain = (0, 0)
            return
        if tick is not None:
            if self.hub.outage.on or any(fault.lasts < NEVER for fault in self.hub.state.faults):
                self._waits.until(now + tick, lambda: "the end of a fault")
            return
        at, times = self._in_vain
        self._in_vain = now, times + 1 if at == now else 1
        if self._in_vain[1] > MOST_READS:
            raise ClockStuck(
                f"{times + 1} requests in a row have met faults while the fake's clock stood still; the last: {journal[-1].fault}. Let time pass "
                'between attempts: clock.patch("your_package") makes its sleeps virtual, clock.auto_tick("10s") moves time by itself; or '
                "let the fault fire only so often: times=3"
            )

    def _check_open(self) -> None:
        if self._closed:
            raise FakeClosed("the test that this fake belongs to is over")

    def _note(self, error: FakeJobsError) -> None:
        add_problem(self.problems, error)

    def close(self) -> None:
        """End open streams, refuse late callers, and let go of everything. The jobs can still be looked at."""
        if self._closed:
            return
        self._closed = True
        self.book.close()
        self.wrong, self.fates = wrong(self.hub, again(self)), fates(self)
        if tally.current is not None:
            _add(tally.current, self)
        waiting = self._waits.close("the test that this fake belongs to is over")
        self.clock.close()
        self._stack.close()
        self.hub.close()
        if waiting:
            keep_left_over_threads_in()
        # In one warning: where warnings are errors, the first would hide the others.
        if said := [
            f"thread {wait.thread.name!r} is left over from a test that has ended: {wait.what()}"
            for wait in waiting
            if wait.thread.name != "fakejobs connection"
        ]:
            warnings.warn(self.book.redact("\n".join(said)), LeftOverThread, stacklevel=2)


@contextmanager
def activated(options: Options, *, url: str | None = None) -> Iterator[FakeJobs]:
    """A fake under the client of this process, until the block ends; all is put back then, whatever happened.

    Args:
        options: how it is made.
        url: where it is served already.
    """
    fake = FakeJobs(options)
    with ExitStack() as stack:
        stack.callback(fake.close)
        home = _new_home()
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        fake.environment = stack.enter_context(hidden_settings(home, fake.token, url))
        if url is not None:
            fake.served_at(url)
        if client_installed():
            bridge_new_modules = stack.enter_context(bridged(client_modules, fake.clock.bridge))

            def answer(call: Call) -> Reply | None:
                bridge_new_modules()
                return fake.answer(call)

            stack.enter_context(under_the_client(answer))
            stack.enter_context(xet_replaced(fake.hub, fake.answer))
        yield fake


_numbers = count(1)


def _new_home() -> Path:
    # Its folder is made by whoever first writes there, which few tests do.
    return _homes(os.getpid()) / str(next(_numbers))


@cache
def _homes(_process: int) -> Path:
    folder = tempfile.mkdtemp(prefix="fakejobs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _add(sums: tally.Tally, fake: FakeJobs) -> None:
    sums.fakes += 1
    for seen in fake.book.all():
        if seen.job.id not in fake.book.put_there:
            sums.add(seen.job.flavor, 1, running_ms(seen), int(fake.book.cost(seen) * 1_000_000))


def _start(start: str | datetime) -> int:
    try:
        if isinstance(start, datetime):
            return from_datetime(start)
        return source_ms() if start == "now" else from_iso(start)
    except ValueError as error:
        raise FakeJobsError(f"start: {error}") from None


def _endpoints(options: Options) -> list[str]:
    endpoints = [options.endpoint, os.environ.get("HF_ENDPOINT")]
    if client_installed():
        from huggingface_hub import constants

        endpoints.append(constants.ENDPOINT)
    return [endpoint for endpoint in endpoints if endpoint]
