"""What a fact tries a server with: jobs, schedules and webhooks that are kept account of, and what only a fakejobs can be told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import quote

from fakejobs.contract.verify.asking import WEBHOOKS
from fakejobs.contract.verify.findings import Undecided
from fakejobs.contract.verify.jobs import LEAVE_OUT, MARK, Jobs
from fakejobs.contract.verify.money import Purse
from fakejobs.contract.verify.server import Fakejobs, Pace
from fakejobs.contract.verify.transport import Answer, NoAnswer, NotAsExpected, Transport
from fakejobs.model.quirks import Quirks
from fakejobs.wire.json_types import Json


class Probe(Jobs):
    """A server, as facts try it.

    Args:
        transport: how it is reached.
        token: whose jobs they are.
        namespace: where jobs are submitted.
        me: the answer of whoami-v2.
        quirks: what is expected where nothing is certain.
        pace: how time passes there.
        purse: what may be spent.
        run_id: as `Jobs` has it.
        foreign: a namespace of somebody else, in which the token may do nothing.
        fakejobs: its admin API, if it is a fakejobs.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        token: str,
        namespace: str,
        me: Mapping[str, Json],
        quirks: Quirks,
        pace: Pace,
        purse: Purse,
        run_id: str,
        foreign: str | None = None,
        fakejobs: Fakejobs | None = None,
    ) -> None:
        super().__init__(
            transport,
            token=token,
            namespace=namespace,
            me=me,
            quirks=quirks,
            pace=pace,
            purse=purse,
            run_id=run_id,
        )
        self.foreign = foreign
        self._fakejobs = fakejobs
        self._left: list[str] = []
        self._schedules = self._webhooks = False
        self._arrangements = 1

    # --------------------------------------------------------------------------------- schedules, webhooks

    @property
    def schedules_path(self) -> str:
        """``/api/scheduled-jobs/{namespace}``."""
        return f"/api/scheduled-jobs/{quote(self.namespace, safe='')}"

    def schedule(
        self,
        schedule: str,
        program: str = "sleeps",
        *,
        suspend: bool = True,
        concurrency: bool = False,
        ticks: int = 0,
        **changes: object,
    ) -> Answer:
        """Ask for a scheduled job, which is deleted in the end; `body` says what its jobs are.

        Args:
            schedule: when it runs.
            program: what its jobs run.
            suspend: whether it begins paused.
            concurrency: whether its jobs may overlap.
            ticks: how often it may come to run by itself until it is deleted.
            changes: of the jobs.

        Raises:
            TooDear: its jobs could cost more than is left; then nothing is sent.
        """
        body: dict[str, object] = {"jobSpec": self.body(program, **changes), "schedule": schedule}
        if suspend:
            body["suspend"] = True
        if concurrency:
            body["concurrency"] = True
        return self.schedule_as_it_is(body, ticks=ticks)

    def schedule_as_it_is(self, body: object, *, ticks: int = 0) -> Answer:
        """The same with a whole body."""
        if ticks:
            self._upkeep.hold("ticks of a schedule", ticks * self.purse.upper("cpu-basic", 120))
            self.trial.submitted += ticks
        self._schedules = True
        answer = self.send("POST", self.schedules_path, body)
        if answer.status == 200:
            made = str(answer.object["id"])
            target = f"{self.schedules_path}/{quote(made, safe='')}"
            self._upkeep.to_remove(
                f"scheduled job {made}", lambda: self.send("DELETE", target), shared=self._making_shared
            )
        return answer

    def scheduled(self, path: str, method: str = "GET", body: object = None) -> Answer:
        """A request below ``/api/scheduled-jobs/{namespace}``. New ones come from `schedule`, jobs from `run`."""
        assert method != "POST" or (path and not path.endswith("/run"))
        return self.send(method, f"{self.schedules_path}{path}", body)

    def run(self, scheduled_id: str) -> Answer:
        """Ask for a job of a schedule now.

        Raises:
            TooDear: as for `submit`.
        """
        target = f"{self.schedules_path}/{scheduled_id}/run"
        return self._make(target, None, flavor="cpu-basic", timeout=120, attempts=1, exposed=False)

    def hook(self, body: Mapping[str, object]) -> Answer:
        """Ask for a webhook, which is deleted in the end. `hook_body` watches what nothing happens to."""
        self._webhooks = True
        answer = self.send("POST", WEBHOOKS, body)
        if answer.status == 200:
            webhook = answer.object["webhook"]
            assert isinstance(webhook, dict)
            target = f"{WEBHOOKS}/{quote(str(webhook['id']), safe='')}"
            self._upkeep.to_remove(
                f"webhook {webhook['id']}", lambda: self.send("DELETE", target), shared=self._making_shared
            )
        return answer

    @property
    def nowhere(self) -> str:
        """The name of a repository that there is not, so that nothing happens to it."""
        return f"{self.me['name']}/fakejobs-verify-{self.run_id}"

    def hook_body(self, **changes: object) -> dict[str, object]:
        """The body of a webhook for what happens to the content of `nowhere`; with ``changes``."""
        watched = [{"type": "dataset", "name": self.nowhere}]
        body = {"watched": watched, "domains": ["repo"], **changes}
        return {key: value for key, value in body.items() if value is not LEAVE_OUT}

    # ---------------------------------------------------------------------------- what a fakejobs is told

    @property
    def next_org(self) -> str:
        """The name of the organisation that `arranged` will give next; nothing has happened there."""
        return f"verify-{self.run_id}-{self._arrangements}"

    @contextmanager
    def arranged(
        self,
        *,
        groups: Sequence[Mapping[str, object]] = (),
        limits: Mapping[str, object] | None = None,
        tokens: Sequence[Mapping[str, object]] = (),
    ) -> Iterator[str]:
        """In the block, there are an organisation of the caller's and further tokens. Gives the organisation's name.

        Args:
            groups: the resource groups of the organisation, as a scenario file has them.
            limits: what its jobs may do and cost, likewise.
            tokens: the tokens, likewise.

        Raises:
            Undecided: the server is no fakejobs.
        """
        if self._fakejobs is None:
            raise Undecided("only a fakejobs can be given an organisation, tokens and limits for it")
        org, user = self.next_org, self.me["name"]
        self._arrangements += 1
        self._fakejobs.arrange(
            org={"name": org, "groups": list(groups)},
            limits=limits or {},
            mine={"token": self._token, "user": user},
            tokens=[{"user": user, **each} for each in tokens],
        )
        try:
            yield org
        finally:
            self._left += self._upkeep.tidy(shared=False)
            self._fakejobs.as_before()

    def fire(self, **words: object) -> list[dict[str, Json]]:
        """Let something happen to `nowhere`; the deliveries. Their jobs have to be among those that the fact asks for.

        Raises:
            Undecided: the server is no fakejobs.
        """
        if self._fakejobs is None:
            raise Undecided("something would have to happen to a repository")
        deliveries = self._fakejobs.fire({"repo": self.nowhere, "type": "dataset", **words})
        self.trial.submitted += len([each for each in deliveries if each.get("job") is not None])
        return deliveries

    # ---------------------------------------------------------------------------------------- cleaning up

    def tidy(self, *, shared: bool) -> list[str]:
        """Remove what facts have made, and cancel their jobs; what is for several facts only if ``shared``.

        Returns:
            What went wrong.
        """
        left, self._left = self._left, []
        return left + self._upkeep.tidy(shared=shared)

    def left_over(self) -> list[str]:
        """Remove and cancel what has the label of this run, and no answer told of. Returns what went wrong."""
        wrong: list[str] = []
        if self._schedules:
            target = f"{self.schedules_path}?label={MARK}%3D{self.run_id}"
            for each in self._list(target, "scheduled jobs", wrong):
                self._remove("scheduled job", f"{self.schedules_path}/{each.get('id')}", wrong)
        if self._webhooks:
            for each in self._list(WEBHOOKS, "webhooks", wrong):
                if self.nowhere in json.dumps(each.get("watched")):
                    self._remove("webhook", f"{WEBHOOKS}/{each.get('id')}", wrong)
        seen: set[str] = set()
        for _page in range(10):
            try:
                jobs = self.get("", label=[f"{MARK}={self.run_id}"], stage=["SCHEDULING", "RUNNING"]).items
            except (NoAnswer, NotAsExpected) as error:
                wrong.append(f"could not list the jobs labelled {MARK}={self.run_id}: {error}")
                break
            found = [str(job.get("id")) for job in jobs if str(job.get("id")) not in seen]
            if not found:
                break
            for job_id in found:
                self._upkeep.cancel(job_id, wrong)
            seen.update(found)
        return wrong

    def _list(self, target: str, what: str, wrong: list[str]) -> list[dict[str, Json]]:
        try:
            return self.send("GET", target).items
        except (NoAnswer, NotAsExpected) as error:
            wrong.append(f"could not list the {what}: {error}")
            return []

    def _remove(self, what: str, target: str, wrong: list[str]) -> None:
        name = f"{what} {target.rpartition('/')[2]}"
        self._upkeep.remove(name, lambda: self.send("DELETE", target), wrong)
