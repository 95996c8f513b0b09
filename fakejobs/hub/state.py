"""What the use cases work on: one database, one clock, one lock, the settings."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from secrets import token_hex
from typing import NamedTuple

from fakejobs.clock import Anchor, Clock, Outage, source_ms
from fakejobs.hub import accounts
from fakejobs.hub.faults import note_outage
from fakejobs.hub.pending import PendingCalls
from fakejobs.hub.queue import Running, adapt
from fakejobs.hub.settings import Settings, settings_from
from fakejobs.hub.settle import settle
from fakejobs.hub.ticks import adapt_to_limits, write_runs
from fakejobs.model.draws import digest
from fakejobs.model.faults import Fault
from fakejobs.model.identity import Caller, token_digest
from fakejobs.model.outcomes import Script
from fakejobs.model.plan import NEVER
from fakejobs.model.refusal import Refusal
from fakejobs.model.rules import Rule
from fakejobs.model.times import to_iso
from fakejobs.store.database import DatabaseUnusable, empty, open_database, transaction
from fakejobs.store.faults import all_faults
from fakejobs.store.jobs import any_job, find_script, latest_creation, set_script
from fakejobs.store.schedules import next_tick
from fakejobs.store.settings import all_rules, get_meta, next_due, set_meta

JOURNAL_LENGTH = 1000
"""How many requests a hub remembers."""

_SCRIPTS_KEPT = 256
_CALLERS_KEPT = 256


class RequestRecord(NamedTuple):
    """One request in the journal; tokens and the values of secrets are not in it.

    Attributes:
        at: the hub's time, in milliseconds.
        request_id: as in the ``X-Request-Id`` header of the answer.
        method: GET, POST, ...
        path: the path, with the query.
        status: the status of the answer; 0 if the connection broke before there was one.
        user_agent: the ``User-Agent`` header.
        body: the redacted JSON body of the request, or None without one.
        fault: the faults that fired on it, for people; None without any.
    """

    at: int
    request_id: str
    method: str
    path: str
    status: int
    user_agent: str
    body: object = None
    fault: str | None = None


class Look:
    """A read, as a context manager. A class, as every read pays for it and a generator costs more."""

    __slots__ = ("_runs", "_state")

    def __init__(self, state: State, runs: bool) -> None:
        self._state = state
        self._runs = runs

    def __enter__(self) -> int:
        state = self._state
        state.lock.acquire()
        try:
            now = state.clock.now()
            if now >= state.next_due or (self._runs and now >= state.next_tick):
                with state._changing():
                    settle(state, now)
                    if self._runs:
                        write_runs(state, now)
        except BaseException:
            state.lock.release()
            raise
        return now

    def __exit__(self, *_error: object) -> None:
        self._state.lock.release()


class State:
    """A hub's state and the way to work on it: `look` to read, `act` to change.

    Args:
        path: the database file, or ``":memory:"``.
        settings: what the hub is like. None: as the file says, or the defaults for a new one.
        anchor: where the clock starts, for a new database.

    Raises:
        DatabaseUnusable: the file cannot be used.
        ValueError: the file was made with another seed than ``settings`` say.
    """

    def __init__(
        self, path: str = ":memory:", settings: Settings | None = None, anchor: Anchor | None = None
    ) -> None:
        self.lock = threading.RLock()
        self.path = path
        self.resets = 0
        # How often something was changed: who has read a row since need not read it again.
        self.changes = 0
        self.calls = PendingCalls()
        # Told the values of a new job's secrets, which are nowhere else; the handle of a test keeps them in memory.
        self.secrets_listener: Callable[[str, Mapping[str, str]], None] | None = None
        # The values of the secrets that webhooks hand to their jobs, by webhook: like all secrets, in memory alone.
        self.webhook_secrets: dict[str, dict[str, str]] = {}
        self.database = open_database(path)
        # Closes it for whoever forgets to, or could not: a hub that nobody holds any more leaves no open file behind.
        weakref.finalize(self, self.database.close)
        try:
            self._load(settings, anchor)
        except (sqlite3.OperationalError, Refusal) as error:
            self.database.close()
            raise DatabaseUnusable(f"{path}: cannot be used ({error})") from None
        except sqlite3.DatabaseError:
            self.database.close()
            raise DatabaseUnusable(
                f"{path}: this database is damaged; bring back a copy, or give another file"
            ) from None
        except BaseException:
            self.database.close()
            raise

    def _load(self, settings: Settings | None, anchor: Anchor | None) -> None:
        in_memory = self.path == ":memory:"  # so there is nothing in it, and nobody will open it again
        kept = None if in_memory else get_meta(self.database, "settings")
        self.settings = settings_from(kept) if isinstance(kept, dict) else settings or Settings()
        self.flavors = self.settings.flavors
        kept_anchor = None if in_memory else get_meta(self.database, "clock")
        if isinstance(kept_anchor, dict):
            anchor = Anchor(**kept_anchor)
        self.clock = Clock(
            anchor,
            keep=self._keep_anchor,
            may_go_back=lambda: not any_job(self.database),
            lock=self.lock,
            not_before=0 if in_memory else latest_creation(self.database),
        )
        self.outage = Outage(self.clock)
        self._forget()
        with transaction(self.database):
            self.configure(settings or self.settings)
            self._keep_anchor(self.clock.anchor)

    def configure(self, settings: Settings) -> None:
        """Take on other settings; jobs that are there keep their plans.

        Raises:
            ValueError: another seed, while there are jobs that were made with this one.
        """
        with self.lock, self._changing():
            now = self.clock.now()
            settle(self, now)  # what is due was due under the settings of before
            write_runs(self, now)
            if settings.seed != self.settings.seed and any_job(self.database):
                raise ValueError(
                    f"the jobs in {self.path} were made with seed {self.settings.seed}, not {settings.seed}; "
                    "leave the seed out, or give another file"
                )
            accounts.before_change(self, settings, now)
            set_meta(self.database, "settings", settings.words)
            before, self.settings = self.settings, settings
            self.flavors = settings.flavors
            self._callers.clear()
            self.planned.clear()
            adapt_to_limits(self, now)
            adapt(self, now)
            accounts.adapt(self, before, now)

    def _forget(self) -> None:
        """Drop what is only kept in memory."""
        self.journal: deque[RequestRecord] = deque(maxlen=JOURNAL_LENGTH)
        self.rules: list[Rule] = all_rules(self.database)
        self.faults: list[Fault] = all_faults(self.database)
        note_outage(self)
        # Part of the content store's address. Clients remember for weeks what they uploaded to an address, and upload it no more:
        # what was there before a reset, or in another server on this port, has to have been elsewhere.
        self.content_store = token_hex(6)
        self._requests = 0
        self._news: list[str] = []
        self._scripts: dict[str, Script] = {}
        self.running = Running()
        # What all plans of the jobs of an account come to, by its name; see `fakejobs.hub.accounts`.
        self.planned: dict[str, int] = {}
        # No entry has been put into the agenda, since this was last said, that is due before this.
        self.soonest = NEVER
        self._callers: dict[str, Caller] = {}
        self.calls.clear()
        self.webhook_secrets.clear()
        self._note_due()

    def look(self, *, runs: bool = True) -> Look:
        """Read at the instant that this gives, with all done that is due by then.

        Args:
            runs: also write the jobs that schedules have brought about; False for a read that does not look at jobs.
        """
        return Look(self, runs)

    @contextmanager
    def act(self) -> Iterator[int]:
        """Change something at the instant that this gives: all of it, or nothing. Commands come after what is due."""
        # What is due is done, also if the command is then refused.
        with self.look() as now, self._changing():
            yield now

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            with transaction(self.database):
                yield
        except sqlite3.OperationalError as error:  # a full disk, for one; it is no bug
            self._forget_counts()
            raise Refusal(
                500,
                f"Internal Error: the database of fakejobs cannot be written ({error})",
                hint="nothing was changed",
            ) from error
        except BaseException:
            self._forget_counts()
            raise
        finally:
            self.changes += 1
            self._note_due()
        news, self._news = self._news, []
        for topic in news:
            self.clock.bell.ring(topic)
        self.calls.tell(self.next_due)

    def _forget_counts(self) -> None:
        """Drop what was reckoned from rows that are not there any more, or not yet."""
        self._news.clear()
        self.running.clear()
        self.planned.clear()

    def _note_due(self) -> None:
        due = next_due(self.database)
        self.next_due = NEVER if due is None else due.at
        self.next_tick = next_tick(self.database)

    def caller(self, token: str | None) -> Caller:
        """Who calls with this token; `Refusal` 401 if nobody does, or if it has expired."""
        if not token:
            return self.settings.identity.caller(token)
        digest = token_digest(token)
        caller = self._callers.get(digest)
        if caller is None:
            if len(self._callers) >= _CALLERS_KEPT:
                self._callers.clear()
            caller = self._callers[digest] = self.settings.identity.caller(token)
        expires = caller.token.expires
        if expires is not None and self.clock.now() >= expires:
            text = self.settings.quirks.expired_token.replace("{name}", caller.token.name)
            raise Refusal(401, text, hint=f"it expired at {to_iso(expires)}; give it another `expires`")
        return caller

    def ring(self, topic: str) -> None:
        """Wake the followers of a job as soon as the change is made."""
        self._news.append(topic)

    def script_of(self, job_id: str) -> Script:
        """The script of a job that exists. It changes only when a function has played the job, so followers of one job share one."""
        script = self._scripts.get(job_id)
        if script is None:
            if len(self._scripts) >= _SCRIPTS_KEPT:
                self._scripts.clear()
            script = self._scripts[job_id] = find_script(self.database, job_id)
        return script

    def set_script(self, job_id: str, script: Script) -> None:
        """Give a job another script, within an act."""
        set_script(self.database, job_id, script)
        self._scripts.pop(job_id, None)
        self.ring(job_id)

    def next_request_id(self, now: int) -> str:
        """A new ``X-Request-Id``, of the form that the Hub's have (huggingface_hub#3972)."""
        with self.lock:
            self._requests += 1
            number = self._requests
        return f"Root=1-{now // 1000:08x}-{digest(self.settings.seed, str(number), 'request', size=12).hex()}"

    def reset(self, settings: Settings | None = None, anchor: Anchor | None = None) -> None:
        """Forget all jobs, rules and requests, and start anew; streams that are open end, but for those that a fault keeps silent.

        Args:
            settings: the new settings; by default those of before.
            anchor: where the clock starts; by default it goes on.
        """
        with self.lock:
            with transaction(self.database):
                empty(self.database)
                self.configure(settings or self.settings)
                self._forget()
            self.resets += 1
            self.clock.restart(anchor or replace(self.clock.anchor, at=self.clock.now(), source=source_ms()))

    def close(self) -> None:
        """Let go of the database; streams that are open end."""
        with self.lock:
            self.database.close()
        self.clock.bell.ring()

    def _keep_anchor(self, anchor: Anchor) -> None:
        if self.path != ":memory:":
            set_meta(self.database, "clock", vars(anchor))
